"""What was decided about measuring the speed, and what the month has cost, by configuration and journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diagnostics.model import BadInput, EventKind, Problem
from jalerte_desktop.words.errors import say_problem


@dataclass(frozen=True, slots=True)
class Standing:
    """``provider`` is empty where none was chosen; ``agreed``: it may be used as it stands. Sizes in payload bytes.

    ``usual_bytes`` is what the last measurements with that provider cost, None where nothing tells; then one takes
    ``most_bytes`` at most. ``fixed`` names the keys that the configuration file decides. ``mark`` changes whenever the
    journal has more to tell of speed. ``problem`` says why something could not be read.
    """

    provider: str = ""
    servers: tuple[str, ...] = ()
    agreed: bool = False
    per_day: int = 0
    cap_bytes: int = 0
    used_bytes: int = 0
    usual_bytes: int | None = None
    most_bytes: int = 0
    fixed: frozenset[str] = frozenset()
    mark: tuple[int, int] = (0, 0)
    problem: str = ""


def read_standing(journal: Path, config: Path, now_ns: int) -> Standing:
    """Read configuration and journal; what cannot be read becomes the standing's ``problem``."""
    try:
        return _read(journal, config, now_ns)
    except Problem as problem:
        return Standing(problem=say_problem(problem))


def _read(journal: Path, config: Path, now_ns: int) -> Standing:
    # Dear imports: the window needs the class at its start, and this on its reader's thread.
    from diagnostics.config import load
    from diagnostics.journal.reader import Reader
    from diagnostics.throughput.budget import Basis, estimate, used
    from diagnostics.throughput.choice import read_choice, usable
    from diagnostics.throughput.record import read_results
    from diagnostics.throughput.rules import default_rules

    settings, events = load(config), []
    if journal.exists():
        with Reader(journal) as reader:
            events = list(
                reader.events(
                    EventKind.SPEED, EventKind.SPEED_CHOICE, EventKind.SPEED_HELD, EventKind.CAMPAIGN
                )
            )
    mark = (len(events), events[-1].at_ns if events else 0)
    fixed = frozenset(settings.given)
    choice = read_choice(settings, events)
    rules = default_rules()
    month = used(events, now_ns, None)
    if choice is None:
        return Standing(cap_bytes=round(rules.monthly_gb * 1e9), used_bytes=month, fixed=fixed, mark=mark)
    results = read_results(events)
    line = next((one.circumstances.line_id for one in reversed(results)), "")
    cost = estimate(results, choice.provider, line, rules)
    try:
        usable(choice)
        agreed = True
    except BadInput:
        agreed = False
    known = cost.basis is Basis.RESULTS
    return Standing(
        provider=choice.provider,
        servers=choice.servers,
        agreed=agreed,
        per_day=choice.per_day,
        cap_bytes=choice.cap_bytes,
        used_bytes=month,
        usual_bytes=cost.usual_bytes if known else None,
        most_bytes=cost.high_bytes,
        fixed=fixed,
        mark=mark,
    )
