"""The layers of one look, from this computer outwards: each by itself, before anybody is blamed."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.incidents.look import LOSS_DEGRADED, Layer, Look, detail_of, median_ns
from diagnostics.incidents.method import Method
from diagnostics.model import MILLISECOND, Outcome, Remark, Role
from diagnostics.witnesses import Wifi, WifiState


def layers_of(look: Look, method: Method) -> tuple[Layer, ...]:
    """Every layer that was looked at; those that need a witness are left out where there is none."""
    return tuple(_layers(look, method))


def _layers(look: Look, method: Method) -> Iterator[Layer]:
    yield _link(look)
    if look.link.by_wifi and look.link.wifi is not None:
        yield _wifi(look.link.wifi, weak=look.link.weak(method.wifi_weak_dbm))
    yield _pings(look, "box", Role.GATEWAY)
    if look.box is not None and look.box.wan_up is not None:
        yield Layer(
            "box_line",
            "ok" if look.box.wan_up else "failed",
            Remark.of("layer_box_line_up" if look.box.wan_up else "layer_box_line_down"),
        )
    yield _pings(look, "first_hop", Role.FIRST_HOP)
    yield _pings(look, "internet", Role.ANCHOR)
    if look.of(Role.TCP_CHECK):
        yield _connections(look)
    yield _names(look)
    yield _web(look)
    if look.of(Role.LARGE):
        yield _large(look)


def _link(look: Look) -> Layer:
    link = look.link
    if link.carrier is False:
        return Layer("link", "failed", Remark.of("layer_link_down", interface=link.interface or "?"))
    if not link.gateway:
        return Layer("link", "failed", Remark.of("layer_no_route"))
    return Layer("link", "ok", Remark.of("layer_link", interface=link.interface, gateway=link.gateway))


def _wifi(wifi: Wifi, *, weak: bool) -> Layer:
    if wifi.state is WifiState.NOT_CONNECTED:
        return Layer("wifi", "failed", Remark.of("layer_wifi_left"))
    if wifi.state is not WifiState.CONNECTED or wifi.signal_dbm is None:
        return Layer("wifi", "unknown", Remark.of("layer_wifi_unknown"))
    state = "degraded" if weak else "ok"
    if wifi.tx_bps is None or wifi.band_ghz is None:
        return Layer("wifi", state, Remark.of("layer_wifi_signal", signal_dbm=wifi.signal_dbm))
    remark = Remark.of(
        "layer_wifi", signal_dbm=wifi.signal_dbm, rate_bps=wifi.tx_bps, band_ghz=f"{wifi.band_ghz:g}"
    )
    return Layer("wifi", state, remark)


def _pings(look: Look, name: str, role: Role) -> Layer:
    own = look.anchors if role is Role.ANCHOR else look.of(role)
    if not own:
        return Layer(name, "unknown", Remark.of("layer_not_tried"))
    median = median_ns(own)
    if median is None:
        state = "unknown" if role is Role.FIRST_HOP else "failed"
        return Layer(name, state, Remark.of("layer_silent", tries=len(own)))
    answered = sum(s.outcome.answered for s in own)
    remark = Remark.of("layer_answers", answered=answered, tries=len(own), median_ms=median / MILLISECOND)
    return Layer(name, "degraded" if len(own) - answered > LOSS_DEGRADED * len(own) else "ok", remark)


def _connections(look: Look) -> Layer:
    """Pings are no traffic that anybody uses: these are connections as a browser makes them."""
    own = look.of(Role.TCP_CHECK)
    answered = [s for s in own if s.outcome.answered]
    median = median_ns(answered)
    if median is None:
        return Layer("connections", "failed", Remark.of("layer_no_connection"))
    remark = Remark.of(
        "layer_connections", answered=len(answered), tries=len(own), median_ms=median / MILLISECOND
    )
    return Layer("connections", "ok" if len(answered) * 2 > len(own) else "degraded", remark)


def _names(look: Look) -> Layer:
    system = look.of(Role.SYSTEM_RESOLVER)
    if not system:
        return Layer("dns", "unknown", Remark.of("layer_not_tried"))
    lies = [s for s in system if s.outcome is Outcome.PORTAL]
    if lies:
        return Layer("dns", "degraded", Remark.of("layer_names_lie", detail=lies[0].detail))
    good = [s for s in system if s.outcome is Outcome.OK]
    if not good:
        return Layer("dns", "failed", Remark.of("layer_failed", detail=detail_of(system[0])))
    return Layer("dns", "ok", Remark.of("layer_answered_in", ms=(good[0].rtt_ns or 0) / MILLISECOND))


def _web(look: Look) -> Layer:
    web = look.of(Role.WEB)
    if not web:
        return Layer("web", "unknown", Remark.of("layer_not_tried"))
    if web[0].outcome is Outcome.OK:
        return Layer("web", "ok", Remark.of("layer_answered_in", ms=(web[0].rtt_ns or 0) / MILLISECOND))
    if web[0].outcome is Outcome.PORTAL:
        return Layer("web", "degraded", Remark.of("layer_portal", detail=web[0].detail))
    return Layer("web", "failed", Remark.of("layer_failed", detail=detail_of(web[0])))


def _large(look: Look) -> Layer:
    large = look.of(Role.LARGE)
    good = [s for s in large if s.outcome is Outcome.OK]
    if good:
        return Layer("large", "ok", Remark.of("layer_answered_in", ms=(good[0].rtt_ns or 0) / MILLISECOND))
    if large[0].outcome is Outcome.PORTAL:
        return Layer("large", "degraded", Remark.of("layer_portal", detail=large[0].detail))
    return Layer("large", "failed", Remark.of("layer_failed", detail=detail_of(large[0])))
