"""What to try next after one look, each step with its reason: by cause, by the way to the box, by what was tried."""

from __future__ import annotations

from diagnostics.incidents.check_heard import heard_of
from diagnostics.incidents.look import Look
from diagnostics.incidents.method import Method
from diagnostics.model import Cause, Kind, Remark

_ALWAYS: dict[Cause, tuple[str, ...]] = {
    Cause.DNS: ("advise_resolver",),
    Cause.CAPTIVE_PORTAL: ("advise_portal",),
    Cause.LOCAL_MACHINE: ("advise_firewall",),
    Cause.VPN: ("advise_vpn",),
    Cause.OWN_TRAFFIC: ("advise_pause",),
}
CROWDED_GHZ = 2.4
SLOW_CABLE_BPS = 100_000_000


def advice_for(
    cause: Cause, confidence: float, look: Look, method: Method, kind: Kind | None = None
) -> tuple[Remark, ...]:
    """At least one step; never one that was taken already: a cable for who is on one, a restart right after one."""
    vpn = (Remark.of("advise_vpn_off"),) if look.tunnel else ()
    return (*vpn, *_by_cause(cause, confidence, look, method, kind))


def _by_cause(
    cause: Cause, confidence: float, look: Look, method: Method, kind: Kind | None
) -> tuple[Remark, ...]:
    if cause in _ALWAYS:
        return tuple(Remark.of(code) for code in _ALWAYS[cause])
    if cause is Cause.REMOTE:
        return (Remark.of("advise_other_page"), _recording(look))
    if cause is Cause.IPV6:
        return (Remark.of("advise_ipv6_off"), _recording(look))
    if cause in (Cause.WIFI, Cause.LAN):
        return _home_network(look, method)
    if cause is Cause.BOX:
        return (*_restart(look, "advise_box"), *_other_way(look))
    if cause is Cause.MTU:
        return (Remark.of("advise_mtu"), *_restart(look, "advise_box_mtu"))
    if cause in (Cause.ACCESS, Cause.ISP_CORE):
        return _operator(cause, confidence, look, method, kind)
    return (
        *_cable(look),
        *_restart(look, "advise_box"),
        *_pause(look, method),
        _recording(look),
    )


def advice_when_well(look: Look, method: Method) -> tuple[Remark, ...]:
    weak = (Remark.of("advise_nearer"),) if look.link.by_wifi and look.link.weak(method.wifi_weak_dbm) else ()
    vpn = (Remark.of("advise_vpn_off"),) if look.tunnel else ()
    return (*vpn, *weak, *_cable_state(look), _recording(look))


def _recording(look: Look) -> Remark:
    return Remark.of("advise_record" if look.recording else "advise_record_start")


def _cable_state(look: Look) -> tuple[Remark, ...]:
    """What the cable's two ends agreed on is worth a look when it is less than any computer of today can do."""
    link = look.link
    if link.by_wifi or link.carrier is False:
        return ()
    if link.duplex == "half":
        return (Remark.of("advise_half_duplex", interface=link.interface),)
    if link.speed_bps is not None and link.speed_bps <= SLOW_CABLE_BPS:
        return (Remark.of("advise_slow_cable", interface=link.interface, speed_bps=link.speed_bps),)
    return ()


def _home_network(look: Look, method: Method) -> tuple[Remark, ...]:
    if not look.link.by_wifi:
        return (*_cable_state(look), Remark.of("advise_other_cable"), Remark.of("advise_wifi_instead"))
    steps = [*_cable(look)]
    if look.link.weak(method.wifi_weak_dbm):
        steps.append(Remark.of("advise_nearer"))
    steps.append(Remark.of("advise_rooms"))
    if look.link.wifi is not None and look.link.wifi.band_ghz == CROWDED_GHZ:
        steps.append(Remark.of("advise_band"))
    return tuple(steps)


def _operator(
    cause: Cause, confidence: float, look: Look, method: Method, kind: Kind | None
) -> tuple[Remark, ...]:
    """Nothing is said to be in vain for the person to do, except where only the operator can do something."""
    if kind is Kind.PARTIAL and cause is Cause.ISP_CORE:
        return (Remark.of("advise_other_sites"), _recording(look))
    restart = _restart(look, "advise_box_line") if cause is Cause.ACCESS else ()
    if kind is Kind.PARTIAL:
        return (*restart, _recording(look), Remark.of("advise_call_trouble"))
    if confidence <= method.blame:
        return (
            *_cable(look),
            *_pause(look, method),
            *restart,
            _recording(look),
            Remark.of("advise_call_trouble"),
        )
    if cause is Cause.ISP_CORE:
        restart = (Remark.of("advise_operator_alone"),)
    if kind not in (None, Kind.OUTAGE):
        return (_recording(look), *restart, Remark.of("advise_call_trouble"))
    # The recording comes first: a restart would wipe out what it could still see.
    kept = Remark.of("advise_keep_recording" if look.recording else "advise_start_recording")
    return (kept, *restart, Remark.of("advise_call"))


def _pause(look: Look, method: Method) -> tuple[Remark, ...]:
    return () if heard_of(look, method).household_out(method) else (Remark.of("advise_pause"),)


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
