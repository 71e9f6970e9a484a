"""What each threshold of the method, and each key of the configuration, means in words, with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jalerte_desktop.words.figures import NO_BREAK, number, percent
from jalerte_desktop.words.language import N_, _


class Unit(StrEnum):
    """What a threshold counts; ``COUNT`` is of what its words name."""

    COUNT = "count"
    TIMES = "times"
    SHARE = "share"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MINUTES = "min"
    SPEED = "Mbit/s"
    SIGNAL = "dBm"
    WEIGHT = "nats"


@dataclass(frozen=True, slots=True)
class Threshold:
    """``words`` (English) stand alone, without the ones before; the value follows them."""

    words: str
    unit: Unit


THRESHOLDS: Mapping[str, Threshold] = {
    "observation.gap_s": Threshold(N_("Not observed: no try for longer than"), Unit.SECONDS),
    "outage.min_rounds": Threshold(
        N_("Cut: tries missed in a row, as a multiple of the reference servers in use, at least"), Unit.TIMES
    ),
    "outage.min_misses": Threshold(N_("Cut: tries missed in a row, at least"), Unit.COUNT),
    "outage.min_span_s": Threshold(N_("Cut: from the first missed try to the last, at least"), Unit.SECONDS),
    "outage.phase_min_s": Threshold(
        N_("Cut: told apart in parts where the box is silent, or back, for longer than"), Unit.SECONDS
    ),
    "anchors.dead_after_misses": Threshold(
        N_("Reference server left out: tries missed in a row, at least"), Unit.COUNT
    ),
    "anchors.dead_peer_answers": Threshold(
        N_("Reference server left out: answers of the others meanwhile, at least"), Unit.COUNT
    ),
    "loss.usual": Threshold(N_("Loss: share of the tries lost that is nobody’s fault"), Unit.SHARE),
    "loss.suspect": Threshold(N_("Loss: share of the tries lost that is suspicious"), Unit.SHARE),
    "loss.alarm": Threshold(
        N_("Loss: begins where the weight of the missed tries (cumulative sum) reaches"), Unit.WEIGHT
    ),
    "loss.clear": Threshold(
        N_("Loss: ends where the weight of the answers (cumulative sum) reaches"), Unit.WEIGHT
    ),
    "loss.one_anchor_share": Threshold(
        N_("Loss: that of one reference server alone, if it has this share of it"), Unit.SHARE
    ),
    "latency.window_s": Threshold(N_("Delay: its median is taken over"), Unit.SECONDS),
    "latency.min_excess_ms": Threshold(
        N_("High delay: median above the usual value by at least"), Unit.MILLISECONDS
    ),
    "latency.min_excess_ratio": Threshold(
        N_("High delay: median above the usual value by at least this share of it"), Unit.SHARE
    ),
    "latency.open_windows": Threshold(N_("High delay: medians in a row for it to begin"), Unit.COUNT),
    "latency.close_windows": Threshold(N_("High delay: medians in a row for it to end"), Unit.COUNT),
    "latency.usual_minutes": Threshold(
        N_("Delay: the usual value is the median of quiet minutes, so many"), Unit.MINUTES
    ),
    "dns.min_failures": Threshold(N_("Names (DNS): failures in a row, at least"), Unit.COUNT),
    "dns.slow_ms": Threshold(N_("Names (DNS): an answer is slow from"), Unit.MILLISECONDS),
    "dns.outage_margin_s": Threshold(N_("Names (DNS): failures belong to a cut up to"), Unit.SECONDS),
    "large.min_failures": Threshold(
        N_("Large packets: large answers that hang in a row while small ones pass, at least"), Unit.COUNT
    ),
    "vpn.min_misses": Threshold(
        N_("VPN: tries through it missed in a row while the line answers, at least"), Unit.COUNT
    ),
    "wifi.weak_dbm": Threshold(N_("Wi-Fi: the signal is weak at, and below"), Unit.SIGNAL),
    "traffic.busy_mbps": Threshold(N_("The home fills the line: traffic of at least"), Unit.SPEED),
    "traffic.busy_ratio": Threshold(
        N_("The home fills the line: at least this share of the most ever seen"), Unit.SHARE
    ),
    "traffic.share": Threshold(
        N_("The home fills the line: for this share of the slow time, at least"), Unit.SHARE
    ),
    "traffic.rise_ratio": Threshold(
        N_("The home fills the line: in the minute before at most this share of that traffic"), Unit.SHARE
    ),
    "traffic.quiet_mbps": Threshold(N_("The home is ruled out: traffic below"), Unit.SPEED),
    "traffic.quiet_ratio": Threshold(
        N_("The home is ruled out: or traffic below this share of the most ever seen"), Unit.SHARE
    ),
    "traffic.quiet_share": Threshold(
        N_("The home is ruled out: for this share of the time, at least"), Unit.SHARE
    ),
    "traffic.covered": Threshold(
        N_("Counters of traffic: share of the time that they tell of, at least"), Unit.SHARE
    ),
    "traffic.steady": Threshold(
        N_("Delay: steady, so not of a full line, where it varies by no more than"), Unit.SHARE
    ),
    "confidence.blame": Threshold(N_("Confidence: the operator is held responsible only above"), Unit.SHARE),
    "confidence.inseparable": Threshold(
        N_("Confidence: at most, where access line and network beyond cannot be told apart"), Unit.SHARE
    ),
    "confidence.household": Threshold(
        N_("Confidence: at most, where the home’s own traffic cannot be ruled out"), Unit.SHARE
    ),
}
"""By their keys in ``resources/method.toml``, in its order."""

SETTINGS: Mapping[str, str] = {
    "targets.gateway": N_("address of the box"),
    "targets.anchors": N_("reference servers"),
    "targets.anchors6": N_("reference servers over IPv6"),
    "targets.resolvers": N_("name servers"),
    "targets.web_check": N_("web page tried"),
    "targets.large_check": N_("large page tried"),
    "speed.provider": N_("how the speed is measured"),
    "speed.servers": N_("servers of the speed measurements"),
    "speed.per_day": N_("speed measurements a day"),
    "speed.monthly_gb": N_("data volume for speed measurements"),
    "speed.metered": N_("speed measurements over a link paid by volume"),
    "home.line": N_("which line is the home’s"),
    "home.working_hours": N_("working hours"),
    "stamp.server": N_("time-stamp server"),
    "stamp.roots": N_("roots of the time stamps"),
}
"""By their keys in ``config.toml``."""


def threshold_name(key: str) -> str:
    """What a threshold says, in words; another version's stays its key."""
    known = THRESHOLDS.get(key)
    return key if known is None else _(known.words)


def threshold_value(key: str, value: float) -> str:
    """A threshold's value with its unit: ``30 ms``, ``0.2%``, ``1.5 times``."""
    known = THRESHOLDS.get(key)
    unit = Unit.COUNT if known is None else known.unit
    if unit is Unit.SHARE:
        return percent(value, _decimals(value * 100))
    figure = number(value, _decimals(value))
    if unit is Unit.COUNT:
        return figure
    return f"{figure}{NO_BREAK}{_('times') if unit is Unit.TIMES else unit.value}"


def thresholds_told(own: Iterable[tuple[str, float]], defaults: Mapping[str, float]) -> str:
    """A person's own thresholds beside the default ones, in words, each with its key."""
    return " · ".join(
        _("{words} (“{key}”): {own} instead of {default}").format(
            words=threshold_name(key),
            key=key,
            own=threshold_value(key, value),
            default=threshold_value(key, defaults[key]),
        )
        for key, value in own
    )


def setting_name(key: str) -> str:
    """A key of the configuration in words, with the key; a threshold's as well."""
    method = key.removeprefix("method.")
    if key != method and method in THRESHOLDS:
        words = threshold_name(method)
    elif key in SETTINGS:
        words = _(SETTINGS[key])
    else:
        return key
    return _("{words} (“{key}”)").format(words=words, key=key)


def _decimals(value: float) -> int:
    """As many as the value has, four at most."""
    return next((n for n in range(4) if abs(value - round(value, n)) < 1e-9), 4)
