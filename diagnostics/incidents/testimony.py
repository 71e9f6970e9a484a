"""What the witnesses said, kept for a while, and asked about one incident's time."""

from __future__ import annotations

import copy
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from diagnostics.incidents.method import Method
from diagnostics.model import SECOND, Span
from diagnostics.witnesses import BoxAccount, Origin, Statement, Traffic, Wifi, WifiState

KEPT = 20_000
"""Traffic steps, box accounts and Wi-Fi readings kept, each: a day of busy minutes, weeks of quiet ones."""
BEFORE_NS = 60 * SECOND
MARGIN_NS = 10 * SECOND
"""Traffic of the minute before is compared with that of the incident, save the last seconds: a queue fills first."""
AFTER_NS = 180 * SECOND
"""How long after an incident the box's account of its uptime still speaks of it."""

ROUNDED_NS = 2 * SECOND
"""Boxes tell their ages in whole seconds, and are asked a moment later."""


@dataclass(frozen=True, slots=True)
class Load:
    """Traffic by one counter during an incident.

    ``covered`` is the share of the incident's time that the counter speaks of; ``busy`` and ``quiet`` are shares of
    that. Rates are means over it, bits a second. ``rose``: the busier direction carried clearly less just before.
    """

    covered: float
    busy: float
    quiet: float
    rose: bool
    down_bps: int
    up_bps: int
    best_down_bps: int
    best_up_bps: int
    inside_down_bps: int = 0
    """Mean over the steps that lie wholly within: only these cannot have come before or after."""
    direction: str = "down"
    """The busier direction: ``down`` or ``up``."""

    def fills(self, method: Method) -> bool:
        """True when this traffic explains slow answers: near the most that the line ever carried, and newly so."""
        return self.covered >= method.traffic_covered and self.busy >= method.traffic_share and self.rose

    def rules_out(self, method: Method) -> bool:
        """True when there was too little traffic to disturb anything."""
        return self.covered >= method.traffic_covered and self.quiet >= method.traffic_quiet_share


@dataclass(frozen=True, slots=True)
class Heard:
    """What the witnesses say of one incident; nothing at all by default."""

    machine: Load | None = None
    home: Load | None = None
    box_says_down: int = 0
    """Times that the box told its line was down."""
    box_says_up: int = 0
    line_restarted: bool = False
    """The box's connection began anew during the incident."""
    box_restarted: bool = False
    interface_errors: int = 0
    """Packets that came broken, or could not be sent, by this machine's own counter."""
    wifi: Wifi | None = None
    """The weakest reading."""
    wifi_left: bool = False
    """The adapter was in no network."""
    wifi_moves: int = 0
    """Changes of access point."""

    def household_out(self, method: Method) -> bool:
        """True when the home's own traffic is ruled out, by the box's counters."""
        return self.home is not None and self.home.rules_out(method)

    def filled(self, method: Method) -> Load | None:
        """The counters by which the household itself filled the line, if any do."""
        if self.home is not None and self.home.covered >= method.traffic_covered:
            return self.home if self.home.fills(method) else None
        return self.machine if self.machine is not None and self.machine.fills(method) else None


NOTHING_HEARD = Heard()


@dataclass(frozen=True, slots=True, order=True)
class _Rates:
    start_ns: int
    end_ns: int
    down_bps: int
    up_bps: int


@dataclass(frozen=True, slots=True)
class _Best:
    """The two highest rates seen each way. The second is what counts: one step alone may be a counter's mistake."""

    down: tuple[int, int] = (0, 0)
    up: tuple[int, int] = (0, 0)

    def and_also(self, rates: _Rates) -> _Best:
        def highest(known: tuple[int, int], new: int) -> tuple[int, int]:
            first, second, _ = sorted((*known, new), reverse=True)
            return first, second

        return _Best(highest(self.down, rates.down_bps), highest(self.up, rates.up_bps))


@dataclass
class Testimony:
    """All witnesses' statements, by time, and what each line was ever seen to carry."""

    method: Method
    _rates: dict[Origin, list[_Rates]] = field(default_factory=lambda: {origin: [] for origin in Origin})
    _seen: dict[Origin, int] = field(default_factory=lambda: dict.fromkeys(Origin, 0))
    _best: dict[tuple[str, Origin], _Best] = field(default_factory=dict)
    _boxes: list[tuple[int, BoxAccount]] = field(default_factory=list)
    _wifi: list[tuple[int, Wifi]] = field(default_factory=list)
    _errors: list[tuple[int, int]] = field(default_factory=list)
    _in_use: list[tuple[int, str]] = field(default_factory=list)
    """Until when each line was in use, one after the other."""

    def fork(self) -> Testimony:
        other = copy.copy(self)
        other._rates = {origin: list(rates) for origin, rates in self._rates.items()}
        other._seen, other._best = dict(self._seen), dict(self._best)
        other._boxes, other._wifi, other._errors = list(self._boxes), list(self._wifi), list(self._errors)
        other._in_use = list(self._in_use)
        return other

    def note(self, statement: Statement, at_ns: int) -> None:
        """Take in a statement made at ``at_ns``."""
        if isinstance(statement, Traffic):
            self._note_traffic(statement)
        elif isinstance(statement, Wifi):
            insort(self._wifi, (at_ns, statement), key=lambda entry: entry[0])
            del self._wifi[: len(self._wifi) - KEPT]
        else:
            insort(self._boxes, (at_ns, statement), key=lambda entry: entry[0])
            del self._boxes[: len(self._boxes) - KEPT]

    def _note_traffic(self, traffic: Traffic) -> None:
        rates, start = self._rates[traffic.origin], traffic.start_ns
        if traffic.errors:
            insort(self._errors, ((traffic.start_ns + traffic.end_ns) // 2, traffic.errors))
            del self._errors[: len(self._errors) - KEPT]
        for step in traffic.steps:
            end = start + step.duration_ns
            place = bisect_left(rates, start, key=lambda one: one.start_ns)
            rates.insert(place, _Rates(start, end, step.down_bps, step.up_bps))
            if place < self._seen[traffic.origin]:
                self._seen[traffic.origin] += 1
                self._told_late(traffic.origin, rates[place])
            start = end
        if len(rates) > 2 * KEPT:
            gone = len(rates) - KEPT
            del rates[:gone]
            self._seen[traffic.origin] = max(0, self._seen[traffic.origin] - gone)

    def _told_late(self, origin: Origin, rates: _Rates) -> None:
        """Told when its time was over: the line that was in use then carried it."""
        place = bisect_left(self._in_use, rates.end_ns, key=lambda entry: entry[0])
        if place < len(self._in_use):
            self._carried(self._in_use[place][1], origin, rates)

    def _carried(self, line_id: str, origin: Origin, rates: _Rates) -> None:
        self._best[line_id, origin] = self._best.get((line_id, origin), _Best()).and_also(rates)

    def advance(self, line_id: str, now_ns: int) -> None:
        """Time has come to ``now_ns`` on a line: what was carried until then was carried by it."""
        if self._in_use and self._in_use[-1][1] == line_id:
            now_ns = max(now_ns, self._in_use.pop()[0])
        self._in_use.append((now_ns, line_id))
        for origin, rates in self._rates.items():
            at = self._seen[origin]
            while at < len(rates) and rates[at].end_ns <= now_ns:
                self._carried(line_id, origin, rates[at])
                at += 1
            self._seen[origin] = at

    def hear(self, line_id: str, span: Span, windows: Sequence[Span] = ()) -> Heard:
        """What was said of an incident; ``windows`` are the stretches in which it showed, the whole span by default."""
        stretches = windows or (span,)
        said = [box for at, box in _during(self._boxes, span)]
        after = [
            (at, box)
            for at, box in _during(self._boxes, Span(span.start_ns, span.end_ns + AFTER_NS))
            if at > span.start_ns
        ]
        readings = [wifi for _, wifi in _during(self._wifi, Span(span.start_ns - BEFORE_NS, span.end_ns))]
        weakest = min(
            (one for one in readings if one.signal_dbm is not None),
            key=lambda one: one.signal_dbm or 0,
            default=readings[-1] if readings else None,
        )
        points = [one.bssid for one in readings if one.bssid]
        return Heard(
            machine=self._load(line_id, Origin.MACHINE, span, stretches),
            home=self._load(line_id, Origin.HOME, span, stretches),
            # A box that never said "up" may know no other word.
            box_says_down=sum(one.wan_up is False for one in said) if self._ever_up(span.end_ns) else 0,
            box_says_up=sum(one.wan_up is True for one in said),
            line_restarted=any(_began_in(one.uptime_s, at, span) for at, one in after),
            box_restarted=any(_began_in(one.boot_s, at, span) for at, one in after),
            interface_errors=sum(count for at, count in _during(self._errors, span) if count),
            wifi=weakest,
            wifi_left=any(
                one.state is WifiState.NOT_CONNECTED
                for at, one in _during(self._wifi, Span(span.start_ns, span.end_ns))
            ),
            wifi_moves=sum(one != other for one, other in pairwise(points)),
        )

    def _ever_up(self, until_ns: int) -> bool:
        return any(box.wan_up for at, box in self._boxes if at <= until_ns + AFTER_NS)

    def _load(self, line_id: str, origin: Origin, span: Span, windows: Sequence[Span]) -> Load | None:
        rates = self._rates[origin]
        if not rates:
            return None
        method = self.method
        overlaps = [piece for window in windows for piece in self._overlaps(rates, window)]
        total = sum(ns for ns, _ in overlaps)
        if not total:
            return None
        best = self._best.get((line_id, origin), _Best())
        best_down = max(best.down[1], *(one.down_bps for _, one in overlaps))
        best_up = max(best.up[1], *(one.up_bps for _, one in overlaps))
        busy_down = max(method.traffic_busy_bps, best_down * method.traffic_busy_ratio)
        busy_up = max(method.traffic_busy_bps, best_up * method.traffic_busy_ratio)
        quiet_down = max(method.traffic_quiet_bps, best_down * method.traffic_quiet_ratio)
        quiet_up = max(method.traffic_quiet_bps, best_up * method.traffic_quiet_ratio)
        busy = sum(ns for ns, one in overlaps if one.down_bps >= busy_down or one.up_bps >= busy_up)
        upwards = sum(ns for ns, one in overlaps if one.up_bps >= busy_up)
        downwards = sum(ns for ns, one in overlaps if one.down_bps >= busy_down)
        calm = [(ns, one) for ns, one in overlaps if one.down_bps < quiet_down and one.up_bps < quiet_up]
        # All that a step carried may have been carried in the part of it that is asked about: then it tells nothing.
        sure = sum(
            ns
            for ns, one in calm
            if one.down_bps * (one.end_ns - one.start_ns) < quiet_down * max(ns, SECOND)
            and one.up_bps * (one.end_ns - one.start_ns) < quiet_up * max(ns, SECOND)
        )
        telling = total - sum(ns for ns, _ in calm) + sure
        quiet = sure / telling if telling * 2 >= total else 0.0
        inside = [(ns, one) for ns, one in overlaps if ns == one.end_ns - one.start_ns]
        down, up = _means(overlaps)
        before = self._overlaps(rates, Span(span.start_ns - BEFORE_NS, span.start_ns - MARGIN_NS))
        before_down, before_up = _means(before)
        filling_up = upwards > downwards or (upwards == downwards and up > down)
        now, then = (up, before_up) if filling_up else (down, before_down)
        return Load(
            covered=min(1.0, total / sum(window.end_ns - window.start_ns for window in windows)),
            busy=busy / total,
            quiet=quiet,
            rose=bool(before) and then <= now * method.traffic_rise_ratio,
            down_bps=down,
            up_bps=up,
            best_down_bps=best_down,
            best_up_bps=best_up,
            inside_down_bps=_means(inside)[0],
            direction="up" if filling_up else "down",
        )

    @staticmethod
    def _overlaps(rates: Sequence[_Rates], span: Span) -> list[tuple[int, _Rates]]:
        """The steps that touch a span, each with how many nanoseconds of it lie within."""
        first = bisect_left(rates, span.start_ns, key=lambda one: one.end_ns)
        found = []
        for one in rates[first:]:
            if one.start_ns >= span.end_ns:
                break
            width = min(one.end_ns, span.end_ns) - max(one.start_ns, span.start_ns)
            if width > 0:
                found.append((width, one))
        return found


Said = TypeVar("Said")


def _during(entries: Sequence[tuple[int, Said]], span: Span) -> Sequence[tuple[int, Said]]:
    first = bisect_left(entries, span.start_ns, key=lambda entry: entry[0])
    last = bisect_left(entries, span.end_ns, key=lambda entry: entry[0])
    return entries[first:last]


def _means(overlaps: Iterable[tuple[int, _Rates]]) -> tuple[int, int]:
    total = down = up = 0
    for ns, one in overlaps:
        total, down, up = total + ns, down + one.down_bps * ns, up + one.up_bps * ns
    return (down // total, up // total) if total else (0, 0)


def _began_in(age_s: int | None, at_ns: int, span: Span) -> bool:
    """True when something that is ``age_s`` old at ``at_ns`` began during the incident, or hardly after."""
    if age_s is None:
        return False
    began_ns = at_ns - age_s * SECOND
    return span.start_ns - ROUNDED_NS <= began_ns <= span.end_ns + ROUNDED_NS
