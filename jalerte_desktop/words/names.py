"""The names of kinds, causes and gaps."""

from __future__ import annotations

from diagnostics.model import Cause, GapReason, Kind
from jalerte_desktop.words.language import N_, _

_KINDS = {
    Kind.OUTAGE: N_("outage"),
    Kind.LOSS: N_("loss"),
    Kind.LATENCY: N_("high delay"),
    Kind.SLOW: N_("low speed"),
    Kind.DNS: N_("names (DNS)"),
    Kind.WIFI: N_("Wi-Fi"),
    Kind.PARTIAL: N_("partial"),
}
_CAUSES = {
    Cause.WIFI: N_("your Wi-Fi"),
    Cause.LAN: N_("your local network (cable or interface)"),
    Cause.BOX: N_("the box"),
    Cause.ACCESS: N_("the operator’s access line"),
    Cause.ISP_CORE: N_("the operator’s network beyond the access line"),
    Cause.DNS: N_("the name resolver (DNS)"),
    Cause.REMOTE: N_("a distant service"),
    Cause.VPN: N_("the VPN"),
    Cause.OWN_TRAFFIC: N_("your own traffic"),
    Cause.CAPTIVE_PORTAL: N_("a captive portal"),
    Cause.IPV6: N_("IPv6 only"),
    Cause.MTU: N_("large packets"),
    Cause.LOCAL_MACHINE: N_("this computer"),
    Cause.UNKNOWN: N_("not determined"),
}
_SHORT_CAUSES = {
    **_CAUSES,
    Cause.LAN: N_("your local network"),
    Cause.ACCESS: N_("operator’s line"),
    Cause.ISP_CORE: N_("operator’s network"),
    Cause.DNS: N_("DNS"),
}
_GAPS = {
    GapReason.ASLEEP: N_("computer asleep"),
    GapReason.STOPPED: N_("recording stopped"),
    GapReason.CRASHED: N_("recording ended unexpectedly"),
    GapReason.STALLED: N_("computer overloaded or paused"),
    GapReason.DISK_FULL: N_("disk full"),
    GapReason.OTHER_LINE: N_("another network"),
    GapReason.CLOCK_STEPPED: N_("clock set forward"),
    GapReason.NOT_STARTED: N_("before the first recording"),
    GapReason.DAMAGED: N_("recorded, but damaged"),
    GapReason.REMOVED: N_("samples removed by age"),
    GapReason.UNKNOWN: N_("reason unknown"),
}


def kind_name(kind: Kind) -> str:
    return _(_KINDS[kind])


def cause_name(cause: Cause) -> str:
    """A cause in full: "the operator’s access line"."""
    return _(_CAUSES[cause])


def cause_short(cause: Cause) -> str:
    """A cause for a badge: "operator’s line"."""
    return _(_SHORT_CAUSES[cause])


def gap_name(reason: GapReason) -> str:
    return _(_GAPS[reason])
