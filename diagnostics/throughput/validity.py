"""Whether a result may speak for the line, and why not: pure functions of the result.

A *reason* makes a result indicative. A *note* only has to be known beside it. More trouble never takes a reason away.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.model import SECOND, Remark
from diagnostics.throughput.model import Counted, Direction, Ended, Flow, OtherTraffic, SpeedResult
from diagnostics.throughput.rules import SpeedRules

PAYLOAD_SHARE = 0.94
"""What TCP over IPv4 leaves of a cable's rate: 1,448 payload bytes in each 1,538 that a frame takes on the wire."""
COARSE = 2
"""So many times the share is allowed to others at home: boxes bring their counters up to date when they like."""
IN_FLIGHT_SHARE = 0.25
"""By so much of its length a queue may have grown within the window."""
NO_QUEUE_MS = 2.0
"""A full line delays; one that adds less than this was not seen to be full."""
LOOKS_LIKE_SHARE = 0.01
_COPPER_BPS = (100_000_000, 1_000_000_000)
"""Rates that links fall back to (IEEE 802.3, 100BASE-TX and 1000BASE-T)."""

INHERENT = frozenset(
    {
        "speed_wifi",
        "speed_server_at_home",
        "speed_cable_limits",
        "speed_half_duplex",
        "speed_no_line",
        "speed_provider_indicative",
    }
)
"""Reasons that say what was measured: such a result is sound in itself, and may be compared with others."""
SPOILT = frozenset(
    {
        "speed_tunnel",
        "speed_loopback",
        "speed_other_machine",
        "speed_other_home",
        "speed_busy_machine",
        "speed_busy_engine",
        "speed_far",
        "speed_unsettled",
        "speed_other_reverse",
        "speed_streams_lost",
        "speed_capped",
        "speed_cancelled",
        "speed_stopped",
        "speed_failed",
        "speed_nothing",
        "speed_counted_sent",
    }
)
"""Reasons by which the figures themselves are in doubt."""
REASONS = INHERENT | SPOILT
"""The codes that make a result indicative. Every other code of ``judge`` is a note."""


def judge(
    result: SpeedResult, rules: SpeedRules, *, label_indicative: bool = False
) -> tuple[bool, tuple[Remark, ...]]:
    """Whether the result is indicative only; then the reasons for that, and after them what else has to be known.

    ``label_indicative``: the provider's figures never speak for a line. The result's own ``indicative`` and ``notes``
    are not read.
    """
    reasons = tuple(_reasons(result, rules, label_indicative))
    return bool(reasons), (*reasons, *_notes(result, rules))


def _reasons(result: SpeedResult, rules: SpeedRules, label_indicative: bool) -> Iterator[Remark]:
    yield from _of_the_way(result, rules)
    if label_indicative:
        yield Remark.of("speed_provider_indicative", provider=result.provider)
    share = result.circumstances.cpu_share
    if share is not None and share >= rules.cpu_share:
        yield Remark.of("speed_busy_machine", share=share)
    flows = _flows(result)
    if not flows:
        yield Remark.of("speed_nothing")
    if result.cancelled and not any(flow.ended is Ended.CANCELLED for flow in flows):
        yield Remark.of("speed_stopped")
    for flow in flows:
        yield from _of_the_flow(flow, rules)
        yield from _of_the_cable(flow, result, rules)
        yield from _of_others(flow, result, rules)


def _flows(result: SpeedResult) -> list[Flow]:
    return [flow for flow in (result.down, result.up) if flow is not None]


def _of_the_way(result: SpeedResult, rules: SpeedRules) -> Iterator[Remark]:
    around = result.circumstances
    if around.medium.kind == "wifi":
        yield Remark.of("speed_wifi")
    if around.tunnel and not around.beside_tunnel:
        yield Remark.of("speed_tunnel", tunnel=around.tunnel)
    if around.loopback:
        yield Remark.of("speed_loopback")
    if around.at_home:
        yield Remark.of("speed_server_at_home")
    if not around.line_id:
        yield Remark.of("speed_no_line")
    if around.medium.kind == "ethernet" and around.medium.duplex == "half":
        yield Remark.of("speed_half_duplex")
    distance_ms = result.server.distance_ms
    if distance_ms is not None and distance_ms > rules.distance_ms:
        yield Remark.of("speed_far", ms=distance_ms)


def _of_the_flow(flow: Flow, rules: SpeedRules) -> Iterator[Remark]:
    way = str(flow.direction)
    if flow.ended is Ended.CAP:
        yield Remark.of("speed_capped", direction=way)
    if flow.ended is Ended.CANCELLED:
        yield Remark.of("speed_cancelled", direction=way)
    if flow.ended is Ended.FAILED or (flow.bps is None and flow.ended is not Ended.CANCELLED):
        yield Remark.of("speed_failed", direction=way)
    if flow.ended is Ended.TIME and flow.error is not None and flow.error > rules.unsettled_error:
        yield Remark.of("speed_unsettled", direction=way, share=flow.error)
    if flow.engine_share is not None and flow.engine_share >= rules.engine_share:
        yield Remark.of("speed_busy_engine", direction=way, share=flow.engine_share)
    if flow.counted is Counted.SENT:
        yield Remark.of("speed_counted_sent", direction=way)
    if flow.failure is not None and flow.ended is not Ended.FAILED:
        yield Remark.of("speed_streams_lost", direction=way)


def _of_the_cable(flow: Flow, result: SpeedResult, rules: SpeedRules) -> Iterator[Remark]:
    medium = result.circumstances.medium
    if medium.kind != "ethernet" or not medium.speed_bps or flow.bps is None:
        return
    if flow.bps >= rules.link_share * PAYLOAD_SHARE * medium.speed_bps:
        yield Remark.of(
            "speed_cable_limits", direction=str(flow.direction), rate_bps=flow.bps, speed_bps=medium.speed_bps
        )


def _of_others(flow: Flow, result: SpeedResult, rules: SpeedRules) -> Iterator[Remark]:
    around = result.circumstances
    other = around.down if flow.direction is Direction.DOWN else around.up
    own_bps = flow.bps or 0
    machine_bps = max(0, (other.machine_bps or 0) - _in_flight_bps(flow, result))
    if _weighs(machine_bps, own_bps, rules.other_share, rules):
        share = machine_bps / (own_bps + machine_bps)
        yield Remark.of(
            "speed_other_machine", direction=str(flow.direction), rate_bps=machine_bps, share=share
        )
    home_bps = other.home_bps or 0
    if _weighs(home_bps, own_bps, COARSE * rules.other_share, rules):
        share = home_bps / (own_bps + home_bps)
        yield Remark.of("speed_other_home", direction=str(flow.direction), rate_bps=home_bps, share=share)
    yield from _of_the_reverse(flow, other, result, rules)


def _of_the_reverse(
    flow: Flow, other: OtherTraffic, result: SpeedResult, rules: SpeedRules
) -> Iterator[Remark]:
    """What filled the opposite direction meanwhile: acknowledgements that wait behind it hold the flow up."""
    against = Direction.UP if flow.direction is Direction.DOWN else Direction.DOWN
    measured = result.flow(against)
    whole_bps = measured.bps if measured is not None and measured.bps else 0
    reverse_bps = max(other.reverse_machine_bps or 0, other.reverse_home_bps or 0)
    if reverse_bps > rules.other_bps and reverse_bps > rules.reverse_share * whole_bps:
        yield Remark.of("speed_other_reverse", direction=str(flow.direction), rate_bps=reverse_bps)


def _weighs(other_bps: int, own_bps: int, share: float, rules: SpeedRules) -> bool:
    return other_bps > rules.other_bps and other_bps > share * (own_bps + other_bps)


def _in_flight_bps(flow: Flow, result: SpeedResult) -> int:
    """What an upload may have had more on the way at the end of its window than at the beginning, as a rate.

    It was counted at the interface and not yet acknowledged: a part of the queue, which is filled before the window
    begins and is as long as the delays under load.
    """
    loaded = result.loaded(flow.direction)
    window_ns = flow.duration_ns - flow.ramp_ns
    if (
        flow.direction is Direction.DOWN
        or not flow.bps
        or loaded is None
        or not loaded.median_ms
        or window_ns <= 0
    ):
        return 0
    return round(IN_FLIGHT_SHARE * flow.bps * min(1.0, loaded.median_ms * SECOND / 1000 / window_ns))


def _of_the_rate(flow: Flow, result: SpeedResult) -> Iterator[Remark]:
    """What a rate looks like that something else than the line may have set."""
    way, loaded, idle = str(flow.direction), result.loaded(flow.direction), result.idle
    if flow.bps is None:
        return
    if (
        loaded
        and idle
        and loaded.median_ms is not None
        and idle.median_ms is not None
        and (loaded.median_ms - idle.median_ms < NO_QUEUE_MS and not flow.resent)
    ):
        yield Remark.of("speed_not_filled", direction=way)
    speed_bps = result.circumstances.medium.speed_bps or 0
    for nominal_bps in _COPPER_BPS:
        near = abs(flow.bps - PAYLOAD_SHARE * nominal_bps) <= LOOKS_LIKE_SHARE * nominal_bps
        if near and nominal_bps < speed_bps:
            yield Remark.of("speed_looks_like", direction=way, rate_bps=flow.bps, speed_bps=nominal_bps)


def _notes(result: SpeedResult, rules: SpeedRules) -> Iterator[Remark]:
    yield from _of_the_line(result, rules)
    yield from _of_the_unknown(result)
    if result.server.family:
        yield Remark.of("speed_family", family=str(result.server.family))
    for flow in _flows(result):
        if flow.bps is None:
            continue
        way = str(flow.direction)
        yield from _of_the_rate(flow, result)
        if flow.streams == 1:
            yield Remark.of("speed_one_stream", direction=way)
        if flow.ended is Ended.TIME and rules.settled_error < (flow.error or 0) <= rules.unsettled_error:
            yield Remark.of("speed_swung", direction=way, share=flow.error)
        if flow.counted in _HOW:
            yield Remark.of(_HOW[flow.counted], direction=way)


def _of_the_line(result: SpeedResult, rules: SpeedRules) -> Iterator[Remark]:
    around = result.circumstances
    if around.line_id and around.line_home is None:
        yield Remark.of("speed_line_not_confirmed")
    if around.line_id and around.line_home is False:
        yield Remark.of("speed_line_not_home")
    if around.tunnel and around.beside_tunnel:
        yield Remark.of("speed_beside_tunnel", tunnel=around.tunnel)
    if around.metered:
        yield Remark.of("speed_metered")
    if around.clock_synchronised is False:
        yield Remark.of("speed_clock_free")
    elif around.clock_error_ms is not None and around.clock_error_ms > rules.clock_error_ms:
        yield Remark.of("speed_clock_off", ms=around.clock_error_ms)


def _of_the_unknown(result: SpeedResult) -> Iterator[Remark]:
    around = result.circumstances
    wifi = around.medium.wifi
    if around.medium.kind == "wifi" and (wifi is None or wifi.ssid is None):
        yield Remark.of("speed_wifi_unnamed")
    if around.medium.kind == "wifi" and wifi is not None and wifi.signal_dbm is not None and wifi.tx_bps:
        yield Remark.of("speed_wifi_radio", signal_dbm=wifi.signal_dbm, speed_bps=wifi.tx_bps)
    measured = [flow.direction for flow in _flows(result) if flow.bps is not None]
    others = [around.down if way is Direction.DOWN else around.up for way in measured]
    if any(other.machine_bps is None for other in others):
        yield Remark.of("speed_machine_unknown")
    if any(other.home_bps is None for other in others) and not (around.at_home or around.loopback):
        yield Remark.of("speed_home_unknown")
    if measured and around.cpu_share is None:
        yield Remark.of("speed_cpu_unknown")
    if measured and result.server.distance_ms is None:
        yield Remark.of("speed_distance_unknown")


_HOW = {
    Counted.RECEIVED: "speed_counted_received",
    Counted.ACKNOWLEDGED: "speed_counted_acknowledged",
    Counted.SERVER: "speed_counted_server",
    Counted.REPORTED: "speed_counted_reported",
}
"""How bytes were counted. What was only sent is a reason, and said there."""
