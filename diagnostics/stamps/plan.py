"""When the newest seal is to be dated from outside: once a day (UTC), and again after a while when it did not work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from diagnostics.model import MINUTE
from diagnostics.stamps.model import Seal, Stamp
from diagnostics.stamps.tries import Tries

HOUR = 60 * MINUTE
DAY = 24 * HOUR
WAITS_NS = (15 * MINUTE, HOUR, 4 * HOUR)
"""How long to wait after the first, the second, and every later try in vain."""
SPREAD_NS = HOUR
"""A day's first try comes within this time after midnight, each machine at its own: not all of them at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the plan goes by: the agreed server (empty: none), the newest seal, the newest stamp, what failed since."""

    server: str
    seal: Seal | None
    stamp: Stamp | None
    tries: Tries | None = None


def due_at(known: Known, now_ns: int) -> int | None:
    """When a stamp is to be made (UTC ns); in the past or now: at once. None: not before something changes.

    That is: no server was agreed to, nothing is sealed, or the newest seal is dated already.
    """
    seal, stamp = known.seal, known.stamp
    if not known.server or seal is None:
        return None
    if stamp is not None and (stamp.seq, stamp.link) == (seal.seq, seal.link):
        return None
    at_ns = 0
    if stamp is not None and _day(stamp.taken_ns) == _day(now_ns):
        at_ns = (_day(now_ns) + 1) * DAY + _own_time(seal)
    elif stamp is not None:
        at_ns = _day(now_ns) * DAY + _own_time(seal)
    return max(at_ns, retry_at(known, now_ns))


def retry_at(known: Known, now_ns: int) -> int:
    """Not before this time, after tries in vain; 0 where nothing holds it back.

    A failure that lies in the future, by a clock that was set back since, holds nothing back.
    """
    tries = known.tries
    if tries is None or tries.server != known.server or tries.at_ns > now_ns:
        return 0
    return tries.at_ns + WAITS_NS[min(tries.count, len(WAITS_NS)) - 1]


def _day(at_ns: int) -> int:
    return at_ns // DAY


def _own_time(seal: Seal) -> int:
    """A machine's own time within the spread: always the same, from its key."""
    return int.from_bytes(hashlib.sha256(seal.key.encode()).digest()[:4], "big") * SPREAD_NS // (1 << 32)
