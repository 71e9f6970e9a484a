"""How long the recording machine was on Wi-Fi, and behind a VPN, by what the journal says of its link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diagnostics.model import Event, EventKind, Span
from jalerte_desktop.documents.report.model import Share
from jalerte_desktop.documents.report.stretches import overlap, seconds, union
from jalerte_desktop.documents.report.told import LARGEST, LeftOut, facts, text

LINK_EVENTS = (EventKind.LINK, EventKind.STARTED, EventKind.STOPPED)


@dataclass(frozen=True, slots=True)
class LinkShares:
    """Shares of the observed time."""

    wifi: Share
    vpn: Share


@dataclass(frozen=True, slots=True)
class _State:
    """What holds from ``at_ns`` on. ``wifi`` and ``vpn`` are None where nothing tells."""

    at_ns: int
    wifi: bool | None = None
    vpn: bool | None = None


def link_shares(events: Iterable[Event], observed: Sequence[Span], left_out: LeftOut) -> LinkShares:
    """What events of the kinds ``LINK_EVENTS`` tell; a run that begins knows nothing of the link yet."""
    states = sorted(facts(events, _state, left_out), key=lambda state: state.at_ns)
    spans = [Span(one.at_ns, other.at_ns) for one, other in pairwise([*states, _State(LARGEST)])]

    def share(told: Sequence[bool | None]) -> Share:
        known = union(span for span, one in zip(spans, told, strict=True) if one is not None)
        true = union(span for span, one in zip(spans, told, strict=True) if one)
        told_s = seconds(overlap(observed, known))
        return Share(seconds(overlap(observed, true)) / told_s if told_s else None, told_s)

    return LinkShares(share([state.wifi for state in states]), share([state.vpn for state in states]))


def _state(event: Event) -> _State | None:
    if event.kind is not EventKind.LINK:
        return _State(event.at_ns)
    medium, tunnel = text(event, "medium"), text(event, "tunnel")
    if not text(event, "interface"):
        return _State(event.at_ns)
    vpn = bool(tunnel) or medium == "vpn"
    return _State(event.at_ns, None if medium in ("", "vpn") else medium == "wifi", vpn)
