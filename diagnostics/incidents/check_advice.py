"""What to try next after one look, each step with its reason: by cause, by the way to the box, by what was tried."""

from __future__ import annotations

from diagnostics.incidents.look import Look
from diagnostics.incidents.method import Method
from diagnostics.model import Cause, Remark

_ALWAYS: dict[Cause, tuple[str, ...]] = {
    Cause.DNS: ("advise_resolver",),
    Cause.CAPTIVE_PORTAL: ("advise_portal",),
    Cause.LOCAL_MACHINE: ("advise_firewall",),
    Cause.REMOTE: ("advise_other_page", "advise_record"),
    Cause.VPN: ("advise_vpn",),
    Cause.OWN_TRAFFIC: ("advise_pause",),
    Cause.IPV6: ("advise_ipv6_off", "advise_record"),
}
CROWDED_GHZ = 2.4


def advice_for(cause: Cause, confidence: float, look: Look, method: Method) -> tuple[Remark, ...]:
    """At least one step; never one that was taken already: a cable for who is on one, a restart right after one."""
    vpn = (Remark.of("advise_vpn_off"),) if look.tunnel else ()
    return (*vpn, *_by_cause(cause, confidence, look, method))


def _by_cause(cause: Cause, confidence: float, look: Look, method: Method) -> tuple[Remark, ...]:
    if cause in _ALWAYS:
        return tuple(Remark.of(code) for code in _ALWAYS[cause])
    if cause in (Cause.WIFI, Cause.LAN):
        return _home_network(look, method)
    if cause is Cause.BOX:
        return (*_restart(look, "advise_box"), *_other_way(look))
    if cause is Cause.MTU:
        return (Remark.of("advise_mtu"), *_restart(look, "advise_box_mtu"))
    if cause in (Cause.ACCESS, Cause.ISP_CORE):
        return _operator(cause, confidence, look, method)
    return (
        *_cable(look),
        *_restart(look, "advise_box"),
        Remark.of("advise_pause"),
        Remark.of("advise_record"),
    )


def advice_when_well(look: Look, method: Method) -> tuple[Remark, ...]:
    weak = (Remark.of("advise_nearer"),) if look.link.by_wifi and look.link.weak(method.wifi_weak_dbm) else ()
    vpn = (Remark.of("advise_vpn_off"),) if look.tunnel else ()
    return (*vpn, *weak, Remark.of("advise_record"))


def _home_network(look: Look, method: Method) -> tuple[Remark, ...]:
    if not look.link.by_wifi:
        return (Remark.of("advise_other_cable"), Remark.of("advise_wifi_instead"))
    steps = [*_cable(look)]
    if look.link.weak(method.wifi_weak_dbm):
        steps.append(Remark.of("advise_nearer"))
    steps.append(Remark.of("advise_rooms"))
    if look.link.wifi is not None and look.link.wifi.band_ghz == CROWDED_GHZ:
        steps.append(Remark.of("advise_band"))
    return tuple(steps)


def _operator(cause: Cause, confidence: float, look: Look, method: Method) -> tuple[Remark, ...]:
    steps = [Remark.of("advise_wait_and_record")]
    if confidence <= method.blame:
        steps = [*_cable(look), Remark.of("advise_pause"), Remark.of("advise_record")]
    if cause is Cause.ACCESS:
        steps += _restart(look, "advise_box_line")
    return (*steps, Remark.of("advise_call"))


def _cable(look: Look) -> tuple[Remark, ...]:
    """On Wi-Fi a cable tells most; where nobody knows, it may be one already."""
    if not look.link.by_wifi or look.cable_tried:
        return ()
    return (Remark.of("advise_cable"),)


def _other_way(look: Look) -> tuple[Remark, ...]:
    return _cable(look) if look.link.by_wifi else (Remark.of("advise_other_cable"),)


def _restart(look: Look, code: str) -> tuple[Remark, ...]:
    if look.box_restarted:
        return (Remark.of("advise_box_again"),)
    return (Remark.of(code),)
