"""What the last hours of recording know of this line: what usually answers, how soon, and how much was ever carried."""

from __future__ import annotations

from collections import defaultdict

from diagnostics.incidents.checkup import Habits
from diagnostics.incidents.look import median
from diagnostics.incidents.surroundings import Habit
from diagnostics.journal.reader import Reader
from diagnostics.model import SECOND, EventKind, Problem, Role
from diagnostics.witnesses import Origin, Step, Traffic, from_event
from jalerte_desktop.commands.context import Home

RECENT_NS = 4 * 3600 * SECOND
FEW_MINUTES = 3
"""A usual time needs so many minutes."""
_TIMED = (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR, Role.TCP_CHECK)


def remembered(home: Home, now_ns: int, line: str) -> tuple[Habits, str | None]:
    """What is known of the line with this id, and its first hop; nothing where there is no recording of it.

    ``line`` is empty where nobody can tell which it is, with the cable out: it is taken for the last one then.
    """
    habits: dict[str, Habit] = defaultdict(Habit)
    times: dict[str, list[int]] = defaultdict(list)
    gateway = hop = ""
    hop_address = ""
    tunnels: set[str] = set()
    try:
        with Reader(home.journal) as reader:
            place = reader.seq_before(now_ns - RECENT_NS)
            blocks = (*reader.sealed(after_seq=place), *reader.staged())
            line = line or (blocks[-1].line.id if blocks else "")
            for block in (one for one in blocks if one.line.id == line):
                for row in block.rollups.rows:
                    target = row.target
                    habits[target.id].note(block.span.start_ns, row.count, row.missed)
                    if target.role in _TIMED and row.median_ns is not None and row.missed * 2 < row.count:
                        times[target.id].append(row.median_ns)
                    if target.role is Role.GATEWAY:
                        gateway = target.id
                    elif target.role is Role.FIRST_HOP:
                        hop, hop_address = target.id, target.address
                    elif target.role is Role.VPN:
                        tunnels.add(target.id)
            said = [from_event(event) for event in reader.events(EventKind.WITNESS, after_seq=place)]
    except Problem:
        # No recording, or one that cannot be read: the check then stands on what it sees itself.
        return Habits(), None
    if not habits:
        return Habits(), None
    traffic = [one for one in said if isinstance(one, Traffic)]
    known = Habits(
        gateway=bool(gateway) and habits[gateway].usually_answers,
        hop=bool(hop) and habits[hop].usually_answers,
        known=True,
        tunnels=frozenset(one for one in tunnels if habits[one].usually_answers),
        usual_ns={key: _usual(medians) for key, medians in times.items() if len(medians) >= FEW_MINUTES},
        most_home=_most(traffic, Origin.HOME),
        most_machine=_most(traffic, Origin.MACHINE),
    )
    return known, hop_address if known.hop else None


def _usual(medians: list[int]) -> int:
    """The median of the quicker half of the minutes: slow answers that last for an hour or two do not move it."""
    quicker = sorted(medians)[: (len(medians) + 1) // 2]
    return median(quicker) or 0


def _most(traffic: list[Traffic], origin: Origin) -> Step | None:
    steps = [step for one in traffic if one.origin is origin for step in one.steps]
    if not steps:
        return None
    return Step(
        sum(step.duration_ns for step in steps),
        max(step.down_bps for step in steps),
        max(step.up_bps for step in steps),
    )
