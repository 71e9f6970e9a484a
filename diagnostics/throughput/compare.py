"""Results side by side: cable and Wi-Fi, to a server at home and over the line. Where the speed is lost, and where not.

Pure functions of kept results. A verdict says what a difference rules out or points at in the home; it accuses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model import SECOND, Line, Remark
from diagnostics.throughput.model import Direction, Medium, Server, SpeedResult
from diagnostics.throughput.validity import SPOILT

LESS = 0.8
"""Below this share of another rate, a rate is less. What differs by less than that differs from hour to hour too."""
HOUR_NS = 3600 * SECOND
OLD_NS = 30 * 24 * HOUR_NS
APART_NS = 24 * HOUR_NS


class Kind(StrEnum):
    """What a result measured, in the order in which they are shown."""

    HOME_CABLE = "home_cable"
    """By cable to a server at home."""
    HOME_WIFI = "home_wifi"
    LINE_CABLE = "line_cable"
    """By cable over the line."""
    LINE_WIFI = "line_wifi"


@dataclass(frozen=True, slots=True)
class Row:
    """One result of the comparison.

    ``sound``: nothing but its kind keeps it from being believed. ``old``: from more than 30 days before. Nothing is
    concluded from a row that is not sound, or old.
    """

    kind: Kind
    result_id: str
    at_ns: int
    down_bps: int | None
    up_bps: int | None
    medium: Medium
    server: Server
    line_id: str
    sound: bool
    old: bool

    def bps(self, direction: Direction) -> int | None:
        return self.down_bps if direction is Direction.DOWN else self.up_bps


@dataclass(frozen=True, slots=True)
class Comparison:
    """The newest result of each kind that there is, what they say together, and what to measure next."""

    rows: tuple[Row, ...]
    verdict: tuple[Remark, ...]


def kind_of(result: SpeedResult) -> Kind | None:
    """What a result measured; None for one that fits in no comparison (through a VPN, nothing measured, and so on)."""
    around = result.circumstances
    rates = [flow.bps for flow in (result.down, result.up) if flow is not None]
    if around.loopback or (around.tunnel and not around.beside_tunnel) or not any(rates):
        return None
    if around.medium.kind == "wifi":
        return Kind.HOME_WIFI if around.at_home else Kind.LINE_WIFI
    if around.medium.kind == "ethernet":
        return Kind.HOME_CABLE if around.at_home else Kind.LINE_CABLE
    return None


def compare(
    results: Sequence[SpeedResult], now_ns: int, lines: Mapping[str, Line] | None = None
) -> Comparison:
    """The newest results of one home side by side: that of the newest result over a line.

    ``results`` in any order, with their notes as ``validity.judge`` made them. ``lines`` by id tell which belong
    together: cable and Wi-Fi have lines of their own, behind the same box.
    """
    known = lines or {}
    fitting = sorted(
        ((kind, result) for result in results if (kind := kind_of(result)) is not None),
        key=lambda pair: pair[1].at_ns,
    )
    if not fitting:
        return Comparison((), (Remark.of("speed_compare_next_line_cable"),))
    over_line = [result for kind, result in fitting if kind in (Kind.LINE_CABLE, Kind.LINE_WIFI)]
    anchor = (over_line or [result for _, result in fitting])[-1].circumstances.line_id
    alike = [_alike(anchor, result.circumstances.line_id, known) for _, result in fitting]
    ours = [pair for pair, same in zip(fitting, alike, strict=True) if same is not False]
    rows = tuple(row for kind in Kind if (row := _newest(kind, ours, now_ns)) is not None)
    verdict = (
        *_verdict([row for row in rows if row.sound and not row.old]),
        *_reserves(rows, known, anchor, alike.count(False)),
        *_next(rows),
    )
    return Comparison(rows, verdict)


def _alike(one: str, other: str, lines: Mapping[str, Line]) -> bool | None:
    """Whether two lines are of one home; None where that cannot be told."""
    if one == other:
        return True if one else None
    first, second = lines.get(one), lines.get(other)
    if first is None or second is None:
        return None
    if first.home and second.home:
        return True
    if not first.gateway_mac or not second.gateway_mac:
        return None
    return first.gateway_mac == second.gateway_mac


def _newest(kind: Kind, fitting: Sequence[tuple[Kind, SpeedResult]], now_ns: int) -> Row | None:
    """The newest sound result of a kind, or where there is none, the newest."""
    found = [result for its, result in fitting if its is kind]
    sound = [result for result in found if not any(note.code in SPOILT for note in result.notes)]
    if not found:
        return None
    result = (sound or found)[-1]
    return Row(
        kind,
        result.id,
        result.at_ns,
        result.down.bps if result.down is not None else None,
        result.up.bps if result.up is not None else None,
        result.circumstances.medium,
        result.server,
        result.circumstances.line_id,
        bool(sound),
        now_ns - result.at_ns > OLD_NS,
    )


def _verdict(rows: Sequence[Row]) -> Iterator[Remark]:
    by_kind = {row.kind: row for row in rows}
    for direction in Direction:
        rates = {kind: row.bps(direction) or 0 for kind, row in by_kind.items()}
        way = str(direction)
        yield from _of_the_wifi(
            rates.get(Kind.LINE_WIFI, 0),
            rates.get(Kind.LINE_CABLE, 0),
            rates.get(Kind.HOME_WIFI, 0),
            rates.get(Kind.HOME_CABLE, 0),
            way,
        )
        yield from _of_the_wiring(rates.get(Kind.LINE_CABLE, 0), rates.get(Kind.HOME_CABLE, 0), way)


def _of_the_wifi(line: int, line_cable: int, home: int, home_cable: int, way: str) -> Iterator[Remark]:
    """What the Wi-Fi takes away. Rates in bits a second, 0 where not known; ``line`` and ``home`` are by Wi-Fi."""
    if home and home < LESS * home_cable:
        yield Remark.of("speed_compare_wifi_below_cable", direction=way, rate_bps=home, best_bps=home_cable)
    if not line:
        return
    below_cable, below_home = line < LESS * line_cable, line < LESS * home
    if below_cable and below_home:
        # At home the same Wi-Fi carried more: it changed in between, or the line did.
        best = min(line_cable, home)
        yield Remark.of("speed_compare_wifi_unclear", direction=way, rate_bps=line, best_bps=best)
    elif below_cable:
        yield Remark.of("speed_compare_wifi_loses", direction=way, rate_bps=line, best_bps=line_cable)
    elif line_cable:
        yield Remark.of("speed_compare_wifi_keeps", direction=way, rate_bps=line, best_bps=line_cable)
    elif below_home:
        yield Remark.of("speed_compare_not_wifi", direction=way, rate_bps=line, best_bps=home)
    elif home and home < LESS * home_cable:
        yield Remark.of("speed_compare_wifi_limits", direction=way, rate_bps=line, best_bps=home)
    elif home:
        yield Remark.of("speed_compare_wifi_may_limit", direction=way, rate_bps=line, best_bps=home)


def _of_the_wiring(line: int, home: int, way: str) -> Iterator[Remark]:
    """What cable, switches and this computer take away; both rates by cable."""
    if not line or not home:
        return
    if line < LESS * home:
        yield Remark.of("speed_compare_not_wiring", direction=way, rate_bps=line, best_bps=home)
    else:
        yield Remark.of("speed_compare_wiring_may_limit", direction=way, rate_bps=line, best_bps=home)


def _reserves(
    rows: Sequence[Row], lines: Mapping[str, Line], anchor: str, strangers: int
) -> Iterator[Remark]:
    """What has to be known of the comparison itself."""
    if strangers:
        yield Remark.of("speed_compare_other_lines", results=strangers)
    if len(rows) > 1 and any(_alike(anchor, row.line_id, lines) is None for row in rows):
        yield Remark.of("speed_compare_lines_unsure")
    used = [row for row in rows if row.sound and not row.old]
    for kinds in ((Kind.HOME_CABLE, Kind.HOME_WIFI), (Kind.LINE_CABLE, Kind.LINE_WIFI)):
        if len({row.server.url for row in used if row.kind in kinds}) > 1:
            yield Remark.of("speed_compare_servers")
            break
    times = [row.at_ns for row in used]
    if times and max(times) - min(times) > APART_NS:
        yield Remark.of("speed_compare_apart", days=(max(times) - min(times)) // (24 * HOUR_NS))
    old = sum(row.old for row in rows)
    if old:
        yield Remark.of("speed_compare_old", results=old, days=OLD_NS // (24 * HOUR_NS))
    doubtful = sum(not row.sound and not row.old for row in rows)
    if doubtful:
        yield Remark.of("speed_compare_doubtful", results=doubtful)


def _next(rows: Sequence[Row]) -> Iterator[Remark]:
    """What to measure next: the first that is missing, old or in doubt. Wi-Fi only where Wi-Fi is in use."""
    usable = {row.kind for row in rows if row.sound and not row.old}
    radio = any(row.kind in (Kind.LINE_WIFI, Kind.HOME_WIFI) for row in rows)
    if Kind.LINE_CABLE not in usable:
        yield Remark.of("speed_compare_next_line_cable")
    elif Kind.HOME_CABLE not in usable:
        yield Remark.of("speed_compare_next_home_cable")
    elif radio and Kind.LINE_WIFI not in usable:
        yield Remark.of("speed_compare_next_line_wifi")
    elif radio and Kind.HOME_WIFI not in usable:
        yield Remark.of("speed_compare_next_home_wifi")
