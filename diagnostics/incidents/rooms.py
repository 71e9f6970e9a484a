"""Rooms compared: the same line looked at from several places. Is it the Wi-Fi of one of them?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from diagnostics.incidents.look import Checkup, Look, median_ns
from diagnostics.incidents.method import Method
from diagnostics.incidents.surroundings import Tally
from diagnostics.model import MILLISECOND, SECOND, Cause, Remark, Role

SAME_TIME_NS = 3600 * SECOND
"""Looks further apart than this say little of each other: Wi-Fi changes with the hour."""
CLEAR_LOSS = 0.05
"""More lost up to the box than this, and than in the best room besides, is a difference between rooms."""
CLEAR_TIMES, CLEAR_NS = 3, 20 * MILLISECOND
"""Up to the box so many times slower, and by so much more, is one as well."""
CLEAR_DB = 10
FEW_TRIES = 10


@dataclass(frozen=True, slots=True)
class Reach:
    """Tries at the box, or at the anchors, and the median time of the answers in nanoseconds."""

    tries: int
    missed: int
    median_ns: int | None

    @property
    def share_missed(self) -> float:
        return self.missed / self.tries if self.tries else 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """One look from one room. ``box_id`` tells one home's box from another's; ``at_ns`` is wall-clock time."""

    name: str
    at_ns: int
    box_id: str
    medium: str
    box: Reach
    internet: Reach
    cause: str | None
    ok: bool
    signal_dbm: int | None = None
    tx_bps: int | None = None
    band_ghz: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the rooms say together. ``cause`` is None where no room stands out; ``room`` is the one that does."""

    cause: Cause | None
    room: str | None
    confidence: float
    summary: Remark
    reasons: tuple[Remark, ...]
    counter_evidence: tuple[Remark, ...]
    advice: tuple[Remark, ...]


def room_of(name: str, at_ns: int, box_id: str, look: Look, checkup: Checkup) -> Room:
    """What is kept of one look."""
    wifi = look.link.wifi if look.link.by_wifi else None
    return Room(
        name=name,
        at_ns=at_ns,
        box_id=box_id,
        medium=look.link.medium,
        box=_reach(look, Role.GATEWAY),
        internet=_reach(look, Role.ANCHOR),
        cause=None if checkup.cause is None else str(checkup.cause),
        ok=checkup.ok,
        signal_dbm=wifi.signal_dbm if wifi else None,
        tx_bps=wifi.tx_bps if wifi else None,
        band_ghz=wifi.band_ghz if wifi else None,
    )


def _reach(look: Look, role: Role) -> Reach:
    seen: Tally = look.tally(role)
    return Reach(seen.tries, seen.missed, median_ns(look.of(role)))


def compare(rooms: Iterable[Room], here: str, method: Method) -> Comparison | None:
    """Compare the room ``here`` with the others of the same box; None while there is no other.

    The room that does worst up to the box is named, and the one that does best.
    """
    now = next(room for room in rooms if room.name == here)
    others = [room for room in rooms if room.name != here and room.box_id == now.box_id]
    # In the order of their names: of two that do alike, the answer shall always name the same.
    known = sorted(
        (room for room in (now, *others) if room.box.tries >= FEW_TRIES), key=lambda room: room.name
    )
    if now not in known or len(known) < 2:
        return None
    deaf = all(room.box.missed == room.box.tries for room in known)
    if deaf:
        # A box that answers no pings: what came through it is compared.
        known = [replace(room, box=room.internet) for room in known]
    worst = max(known, key=lambda room: (room.box.share_missed, _time(room)))
    best = min(known, key=lambda room: (room.box.share_missed, _time(room)))
    found = _stands_out(worst, best, known, method) if _differs(worst, best) else _alike(known, method, deaf)
    if not deaf:
        return found
    counter = (Remark.of("rooms_by_internet"), *found.counter_evidence)
    return replace(found, confidence=min(found.confidence, 0.5), counter_evidence=counter)


def _time(room: Room) -> int:
    return room.box.median_ns or 0


def _differs(worst: Room, best: Room) -> bool:
    if worst.box.share_missed - best.box.share_missed > CLEAR_LOSS:
        return True
    slow, quick = worst.box.median_ns, best.box.median_ns
    return slow is not None and quick is not None and slow - quick > CLEAR_NS and slow > CLEAR_TIMES * quick


def _stands_out(worst: Room, best: Room, known: Sequence[Room], method: Method) -> Comparison:
    wifi = worst.medium == "wifi"
    reasons = [_to_box(worst), _to_box(best)]
    reasons += [_signal(room) for room in (worst, best) if room.signal_dbm is not None]
    counter = _doubts(known, worst, best)
    confidence = 0.8
    if best.medium and best.medium != "wifi" and wifi:
        reasons.append(Remark.of("room_by_cable", room=best.name))
        confidence = 0.85
    if _weaker(worst, best):
        reasons.append(Remark.of("room_weaker", room=worst.name, by_db=_by_db(worst, best)))
        confidence = 0.9
    elif wifi and worst.signal_dbm is not None and worst.signal_dbm > method.wifi_weak_dbm:
        counter.append(Remark.of("room_signal_good", room=worst.name, signal_dbm=worst.signal_dbm))
        confidence = 0.7
    if any(remark.code == "rooms_other_times" for remark in counter):
        confidence = min(confidence, 0.6)
    cause = Cause.WIFI if wifi else Cause.LAN
    summary = Remark.of(
        "rooms_wifi" if wifi else "rooms_cable",
        room=worst.name,
        share=round(worst.box.share_missed, 4),
        other=best.name,
        other_share=round(best.box.share_missed, 4),
    )
    if worst.box.share_missed - best.box.share_missed <= CLEAR_LOSS:
        summary = Remark.of(
            "rooms_slow_wifi" if wifi else "rooms_slow_cable",
            room=worst.name,
            room_ms=_time(worst) / MILLISECOND,
            other=best.name,
            other_ms=_time(best) / MILLISECOND,
        )
    advice = (Remark.of("advise_room_wifi", room=worst.name),) if wifi else (Remark.of("advise_other_cable"),)
    return Comparison(cause, worst.name, confidence, summary, tuple(reasons), tuple(counter), advice)


def _alike(known: Sequence[Room], method: Method, deaf: bool) -> Comparison:
    """No room stands out: what is wrong, if anything, is wrong in all."""
    counter = _doubts(known, known[0], known[1])
    reasons = tuple(_to_box(room) for room in known)
    troubled = [room for room in known if not room.ok]
    weak = [room for room in known if room.signal_dbm is not None and room.signal_dbm <= method.wifi_weak_dbm]
    if not troubled:
        counter += [_signal(room) for room in weak]
        return Comparison(
            None,
            None,
            0.7,
            Remark.of("rooms_all_well"),
            reasons,
            tuple(counter),
            (Remark.of("advise_record_hours"),),
        )
    lossy = not deaf and min(room.box.share_missed for room in known) > CLEAR_LOSS
    summary = Remark.of("rooms_all_lose" if lossy else "rooms_beyond" if len(troubled) > 1 else "rooms_once")
    cables = any(room.medium not in ("", "wifi") for room in known)
    advice = Remark.of("advise_record_hours" if cables else "advise_cable")
    return Comparison(None, None, 0.6, summary, reasons, tuple(counter), (advice,))


def _doubts(known: Sequence[Room], first: Room, second: Room) -> list[Remark]:
    doubts = []
    apart = abs(first.at_ns - second.at_ns)
    if apart > SAME_TIME_NS:
        doubts.append(Remark.of("rooms_other_times", hours=round(apart / (3600 * SECOND))))
    doubts.append(Remark.of("rooms_looked_once", rooms=len(known)))
    return doubts


def _to_box(room: Room) -> Remark:
    share = round(room.box.share_missed, 4)
    if room.box.median_ns is None:
        return Remark.of("room_box_silent", room=room.name, share=share, tries=room.box.tries)
    return Remark.of(
        "room_to_box",
        room=room.name,
        share=share,
        tries=room.box.tries,
        median_ms=room.box.median_ns / MILLISECOND,
    )


def _signal(room: Room) -> Remark:
    assert room.signal_dbm is not None
    return Remark.of("room_signal", room=room.name, signal_dbm=room.signal_dbm)


def _by_db(worst: Room, best: Room) -> int:
    return (best.signal_dbm or 0) - (worst.signal_dbm or 0)


def _weaker(worst: Room, best: Room) -> bool:
    if worst.signal_dbm is None or best.signal_dbm is None:
        return False
    return _by_db(worst, best) >= CLEAR_DB
