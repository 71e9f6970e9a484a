"""The marks of a state: which colour, pattern, sign and word stand for it. Never the colour alone."""

from __future__ import annotations

from enum import StrEnum

from diagnostics.model import Cause, Kind
from jalerte_desktop.findings.blame import is_sure
from jalerte_desktop.window.theme import Scheme
from jalerte_desktop.words.language import _


class Mark(StrEnum):
    """A state as it is drawn. The order is the order of precedence where several hold at once."""

    UNOBSERVED = "unobserved"
    OUTAGE = "outage"
    LOSS = "loss"
    LATENCY = "latency"
    OTHER = "other"
    EXCLUDED = "excluded"
    FINE = "fine"


class Fault(StrEnum):
    """Whose side a cause lies on."""

    OPERATOR = "operator"
    HOME = "home"
    ELSEWHERE = "elsewhere"
    ANYBODY = "anybody"
    """What fails is known, whose it is is not: the person's resolver or the operator's, the box or the way beyond."""
    UNKNOWN = "unknown"


_MARK_OF = {Kind.OUTAGE: Mark.OUTAGE, Kind.LOSS: Mark.LOSS, Kind.LATENCY: Mark.LATENCY}
_FAULT_OF = {
    Cause.ACCESS: Fault.OPERATOR,
    Cause.ISP_CORE: Fault.OPERATOR,
    Cause.WIFI: Fault.HOME,
    Cause.LAN: Fault.HOME,
    Cause.BOX: Fault.HOME,
    Cause.OWN_TRAFFIC: Fault.HOME,
    Cause.LOCAL_MACHINE: Fault.HOME,
    Cause.VPN: Fault.HOME,
    Cause.DNS: Fault.ANYBODY,
    Cause.IPV6: Fault.ANYBODY,
    Cause.MTU: Fault.ANYBODY,
    Cause.UNKNOWN: Fault.UNKNOWN,
}
_SIGN_OF = {Fault.OPERATOR: "✕", Fault.HOME: "◌", Fault.ELSEWHERE: "◇", Fault.ANYBODY: "◇"}


def mark_of(kind: Kind) -> Mark:
    return _MARK_OF.get(kind, Mark.OTHER)


def fault_of(cause: Cause) -> Fault:
    return _FAULT_OF.get(cause, Fault.ELSEWHERE)


def sign_of(cause: Cause, confidence: float) -> str:
    """The badge's sign: a question mark for what is possible and no more."""
    return _SIGN_OF.get(fault_of(cause), "?") if is_sure(confidence) else "?"


def badge_tone(cause: Cause, confidence: float) -> str:
    """The badge's colour: only what is surely the operator's is loud."""
    if not is_sure(confidence):
        return "soft"
    tones = {Fault.OPERATOR: "outage", Fault.ELSEWHERE: "accent", Fault.ANYBODY: "accent"}
    return tones.get(fault_of(cause), "soft")


def mark_name(mark: Mark) -> str:
    """The word of a mark, as in the legend."""
    return {
        Mark.UNOBSERVED: _("not observed"),
        Mark.OUTAGE: _("outage"),
        Mark.LOSS: _("losses"),
        Mark.LATENCY: _("high delay"),
        Mark.OTHER: _("other trouble"),
        Mark.EXCLUDED: _("taken out of the count"),
        Mark.FINE: _("normal"),
    }[mark]


def colour_of(mark: Mark, scheme: Scheme) -> str:
    return {
        Mark.UNOBSERVED: scheme.unobserved,
        Mark.OUTAGE: scheme.outage,
        Mark.LOSS: scheme.loss,
        Mark.LATENCY: scheme.latency,
        Mark.OTHER: scheme.accent,
        Mark.EXCLUDED: scheme.unobserved,
        Mark.FINE: scheme.fine,
    }[mark]
