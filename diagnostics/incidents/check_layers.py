"""The layers of one look, from this computer outwards: each by itself, before anybody is blamed."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.incidents.check_delay import PAGE_TRIPS, SLOW_NS, is_slow
from diagnostics.incidents.check_heard import slow_mark_ns
from diagnostics.incidents.check_partial import silent_anchors
from diagnostics.incidents.look import LOSS_DEGRADED, Layer, Look, detail_of, median_ns, minutes_of, tally
from diagnostics.incidents.method import Method
from diagnostics.model import MILLISECOND, Outcome, Remark, Role, Sample
from diagnostics.witnesses import Wifi, WifiState


def layers_of(look: Look, method: Method) -> tuple[Layer, ...]:
    """Every layer that was looked at; those that need a witness are left out where there is none."""
    return tuple(_layers(look, method))


def _layers(look: Look, method: Method) -> Iterator[Layer]:
    yield _link(look)
    if look.link.by_wifi and look.link.wifi is not None:
        yield _wifi(look.link.wifi, weak=look.link.weak(method.wifi_weak_dbm))
    yield _pings(look, "box", Role.GATEWAY, method)
    if look.box is not None and look.box.wan_up is not None:
        yield _box_line(look)
    yield _pings(look, "first_hop", Role.FIRST_HOP, method)
    yield _pings(look, "internet", Role.ANCHOR, method)
    if look.of(Role.TCP_CHECK):
        yield _connections(look, method)
    yield _names(look, method)
    yield _page(look, "web", Role.WEB)
    if look.of(Role.LARGE):
        yield _page(look, "large", Role.LARGE)
    if look.tunnels:
        yield _tunnel(look)


def _link(look: Look) -> Layer:
    link = look.link
    if link.carrier is False:
        return Layer("link", "failed", Remark.of("layer_link_down", interface=link.interface or "?"))
    if not link.gateway:
        return Layer("link", "failed", Remark.of("layer_no_route"))
    state = "degraded" if link.duplex == "half" else "ok"
    if link.by_wifi or link.speed_bps is None or link.duplex is None or link.mtu is None:
        return Layer("link", state, Remark.of("layer_link", interface=link.interface, gateway=link.gateway))
    remark = Remark.of(
        "layer_cable",
        interface=link.interface,
        gateway=link.gateway,
        speed_bps=link.speed_bps,
        duplex=link.duplex,
        mtu=str(link.mtu),
    )
    return Layer("link", state, remark)


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


def _box_line(look: Look) -> Layer:
    assert look.box is not None
    if not look.box.wan_up:
        return Layer("box_line", "failed", Remark.of("layer_box_line_down"))
    if look.line_restarted:
        since = Remark.of("layer_box_line_young", minutes=minutes_of(look.box.uptime_s))
        return Layer("box_line", "ok", since)
    return Layer("box_line", "ok", Remark.of("layer_box_line_up"))


def _pings(look: Look, name: str, role: Role, method: Method) -> Layer:
    own = look.of(role)
    if not own:
        return Layer(name, "unknown", Remark.of("layer_not_tried"))
    median = median_ns(own)
    if median is None:
        # A box or a router may leave pings alone: its silence tells nothing while what lies beyond answers.
        passes = role is Role.GATEWAY and any(
            s.outcome.answered for s in look.of(Role.FIRST_HOP, Role.ANCHOR, Role.TCP_CHECK)
        )
        state = "unknown" if role is Role.FIRST_HOP or passes else "failed"
        return Layer(name, state, Remark.of("layer_silent", tries=len(own)))
    seen = tally(own)
    silent = silent_anchors(look) if role is Role.ANCHOR else {}
    figures = {"answered": seen.answered, "tries": seen.tries, "median_ms": median / MILLISECOND}
    remark = Remark.of("layer_answers", **figures)
    if silent:
        addresses = len({s.target.address for s in own})
        remark = Remark.of("layer_some_silent", **figures, silent=len(silent), anchors=addresses)
    lossy = seen.missed > LOSS_DEGRADED * seen.tries
    bad = lossy or is_slow(own, look.habits.usual_ns, method, slow_mark_ns(look, method))
    return Layer(name, "degraded" if bad else "ok", remark)


def _connections(look: Look, method: Method) -> Layer:
    """Pings are no traffic that anybody uses: these are connections as a browser makes them."""
    own = look.of(Role.TCP_CHECK)
    answered = [s for s in own if s.outcome.answered]
    median = median_ns(answered)
    if median is None:
        # Some far ends take none at this port: with a page that came, that is no failure of the line.
        passes = any(s.outcome is Outcome.OK for s in look.of(Role.WEB))
        return Layer("connections", "degraded" if passes else "failed", Remark.of("layer_no_connection"))
    remark = Remark.of("layer_made", answered=len(answered), tries=len(own), median_ms=median / MILLISECOND)
    bad = len(answered) < len(own) or is_slow(answered, look.habits.usual_ns, method)
    return Layer("connections", "degraded" if bad else "ok", remark)


def _names(look: Look, method: Method) -> Layer:
    system = look.of(Role.SYSTEM_RESOLVER)
    if not system:
        return Layer("dns", "unknown", Remark.of("layer_not_tried"))
    lies = [s for s in system if s.outcome is Outcome.PORTAL]
    if lies:
        return Layer("dns", "degraded", Remark.of("layer_names_lie", detail=lies[0].detail))
    good = [s.rtt_ns or 0 for s in system if s.outcome is Outcome.OK]
    if not good:
        return Layer("dns", "failed", Remark.of("layer_failed", detail=detail_of(system[0])))
    state = "degraded" if min(good) >= method.dns_slow_ns else "ok"
    return Layer("dns", state, Remark.of("layer_answered_in", ms=min(good) / MILLISECOND))


def _page(look: Look, name: str, role: Role) -> Layer:
    pages = look.of(role)
    if not pages:
        return Layer(name, "unknown", Remark.of("layer_not_tried"))
    good = [s for s in pages if s.outcome is Outcome.OK]
    if good:
        took = good[0].rtt_ns or 0
        state = "degraded" if took >= PAGE_TRIPS * SLOW_NS else "ok"
        return Layer(name, state, Remark.of("layer_answered_in", ms=took / MILLISECOND))
    return _no_page(look, name, pages[0])


def _no_page(look: Look, name: str, page: Sample) -> Layer:
    if page.outcome is Outcome.PORTAL:
        code = "layer_wrong_page" if look.resolver_lies else "layer_portal"
        return Layer(name, "degraded", Remark.of(code, detail=page.detail))
    return Layer(name, "failed", Remark.of("layer_failed", detail=detail_of(page)))


def _tunnel(look: Look) -> Layer:
    names = ", ".join(look.tunnels)
    tried = look.of(Role.VPN)
    if look.tunnel:
        return Layer("vpn", "unknown", Remark.of("layer_tunnel_all", tunnel=look.tunnel))
    if not tried:
        return Layer("vpn", "unknown", Remark.of("layer_tunnel_untried", tunnel=names))
    seen = tally(tried)
    if seen.answered:
        code = "layer_tunnel_full" if look.full_tunnel else "layer_tunnel"
        remark = Remark.of(code, tunnel=names, answered=seen.answered, tries=seen.tries)
        return Layer("vpn", "degraded" if seen.missed > LOSS_DEGRADED * seen.tries else "ok", remark)
    usual = any(s.target.id in look.habits.tunnels for s in tried)
    broken = usual or (
        look.full_tunnel and not any(s.outcome is Outcome.OK for s in look.of(Role.SYSTEM_RESOLVER))
    )
    remark = Remark.of("layer_tunnel_silent", tunnel=names, tries=seen.tries)
    return Layer("vpn", "failed" if broken else "unknown", remark)
