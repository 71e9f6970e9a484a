"""The thresholds, read from ``resources/method.toml``: one dated place, mirrored in ``docs/method.md``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from diagnostics.model import MILLISECOND, SECOND
from diagnostics.shipped import read_shipped


@dataclass(frozen=True, slots=True)
class Method:
    """Thresholds by name, ``section_key`` of the file.

    Times are in nanoseconds where the name says ``_ns``, rates in bits a second where it says ``_bps``.
    """

    version: str
    gap_ns: int
    outage_min_rounds: float
    outage_min_misses: int
    outage_min_span_ns: int
    dead_after_misses: int
    dead_peer_answers: int
    loss_usual: float
    loss_suspect: float
    loss_alarm: float
    loss_clear: float
    loss_one_anchor_share: float
    latency_window_ns: int
    latency_min_excess_ns: int
    latency_min_excess_ratio: float
    latency_open_windows: int
    latency_close_windows: int
    latency_usual_minutes: int
    dns_min_failures: int
    dns_slow_ns: int
    dns_outage_margin_ns: int
    large_min_failures: int
    vpn_min_misses: int
    traffic_busy_bps: int
    traffic_busy_ratio: float
    traffic_quiet_bps: int
    traffic_quiet_ratio: float
    traffic_rise_ratio: float
    traffic_share: float
    traffic_quiet_share: float
    traffic_covered: float
    traffic_steady: float
    wifi_weak_dbm: int
    phase_min_ns: int
    blame: float
    inseparable: float
    household: float


@cache
def default_method() -> Method:
    """The dated default thresholds: the only ones that papers use."""
    raw = tomllib.loads(read_shipped("method.toml"))
    outage, loss, latency, dns = raw["outage"], raw["loss"], raw["latency"], raw["dns"]
    traffic = raw["traffic"]
    return Method(
        version=raw["version"],
        gap_ns=round(raw["observation"]["gap_s"] * SECOND),
        outage_min_rounds=outage["min_rounds"],
        outage_min_misses=outage["min_misses"],
        outage_min_span_ns=round(outage["min_span_s"] * SECOND),
        dead_after_misses=raw["anchors"]["dead_after_misses"],
        dead_peer_answers=raw["anchors"]["dead_peer_answers"],
        loss_usual=loss["usual"],
        loss_suspect=loss["suspect"],
        loss_alarm=loss["alarm"],
        loss_clear=loss["clear"],
        loss_one_anchor_share=loss["one_anchor_share"],
        latency_window_ns=round(latency["window_s"] * SECOND),
        latency_min_excess_ns=round(latency["min_excess_ms"] * MILLISECOND),
        latency_min_excess_ratio=latency["min_excess_ratio"],
        latency_open_windows=latency["open_windows"],
        latency_close_windows=latency["close_windows"],
        latency_usual_minutes=latency["usual_minutes"],
        dns_min_failures=dns["min_failures"],
        dns_slow_ns=round(dns["slow_ms"] * MILLISECOND),
        dns_outage_margin_ns=round(dns["outage_margin_s"] * SECOND),
        large_min_failures=raw["large"]["min_failures"],
        vpn_min_misses=raw["vpn"]["min_misses"],
        traffic_busy_bps=round(traffic["busy_mbps"] * 1_000_000),
        traffic_busy_ratio=traffic["busy_ratio"],
        traffic_quiet_bps=round(traffic["quiet_mbps"] * 1_000_000),
        traffic_quiet_ratio=traffic["quiet_ratio"],
        traffic_rise_ratio=traffic["rise_ratio"],
        traffic_share=traffic["share"],
        traffic_quiet_share=traffic["quiet_share"],
        traffic_covered=traffic["covered"],
        traffic_steady=traffic["steady"],
        wifi_weak_dbm=raw["wifi"]["weak_dbm"],
        phase_min_ns=round(outage["phase_min_s"] * SECOND),
        blame=raw["confidence"]["blame"],
        inseparable=raw["confidence"]["inseparable"],
        household=raw["confidence"]["household"],
    )
