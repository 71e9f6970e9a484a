"""Whose fault an outage was: the ladder from this machine outwards, argued both ways."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.incidents.found import Judged
from diagnostics.incidents.method import Method
from diagnostics.incidents.surroundings import Tally
from diagnostics.incidents.testimony import NOTHING_HEARD, Heard, Load
from diagnostics.model import Cause, Kind, Remark, Role, Verdict

NO_WAY_OUT = frozenset({"ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "ENODEV", "ENXIO", "EAFNOSUPPORT"})
FORBIDDEN = frozenset({"EPERM", "EACCES"})
HOME_NETWORK = "192.168."
"""Where homes number their own devices, and operators do not: a first hop there may be a second box at home."""
FEW_TRIES = 3
SHORT_S = 30.0
"""The household's own traffic may fill a line; it does not silence everything for longer than this."""


SAID_UP = 0.8
"""The most while the box itself says that its line is up; its "up" is weak, often it only means a plugged cable."""
FEW_ON_WIFI = 6
"""On a radio link a few answers of the box may have been lucky."""
ALIVE_BPS = 200_000
"""What came in at this rate did not come over a dead line; the program's own tries make a tenth of it."""


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """What was seen during one outage. ``checks_*`` name the checks (resolver, web, TCP) that failed or were answered.

    ``box_came_back``: the box answered again at its end, the internet did not yet. ``after_box_silence``: the box had
    been silent until its beginning, ``box_fell_silent`` at its end. ``never_answered``: anchors were tried in a
    way (ping, connection) in which none has ever answered on this line.
    """

    duration_s: float
    anchors: int
    networks: int
    misses: int
    own_anchors: bool
    send_errors: int
    send_error: str
    unreachable_by_gateway: int
    gateway: Tally
    gateway_usually_answers: bool
    hop: Tally
    hop_address: str
    hop_usually_answers: bool
    checks_failed: frozenset[Role]
    checks_answered: frozenset[Role]
    carrier_lost: bool
    carrier_held: bool
    route_lost: bool
    medium: str
    trouble_before: bool
    portal: bool = False
    never_answered: bool = False
    box_came_back: bool = False
    after_box_silence: bool = False
    box_fell_silent: bool = False

    def judge(self, heard: Heard, method: Method) -> Judged | None:
        """None for a portal's doing, which is told as such, and where nothing has stopped working."""
        if self.portal and not self.checks_failed:
            return None
        if self.never_answered and self.checks_answered:
            return None
        return judge_outage(self, method, heard)


def judge_outage(facts: OutageFacts, method: Method, heard: Heard = NOTHING_HEARD) -> Judged:
    """Climb the ladder: own machine, link, box, own traffic, access, core. The first rung that failed is the cause."""
    for rung in (_pings_only, _own_machine, _box_restart, _link, _box, _unsent):
        judged = rung(facts, method, heard)
        if judged is not None:
            return judged
    return _own_traffic(facts, method, heard) or (Kind.OUTAGE, _operator(facts, method, heard))


def _anchors(facts: OutageFacts) -> Remark:
    if facts.own_anchors:
        return Remark.of("own_anchors_silent", anchors=facts.anchors, tries=facts.misses)
    return Remark.of("anchors_silent", anchors=facts.anchors, networks=facts.networks, tries=facts.misses)


def _pings_only(facts: OutageFacts, _method: Method, _heard: Heard) -> Judged | None:
    # TCP goes to the anchors themselves: when all of them are gone it fails with them.
    beside = frozenset({Role.TCP_CHECK})
    if not facts.checks_answered - beside or facts.checks_failed - facts.checks_answered - beside:
        return None
    # Somebody on the way drops pings, but the internet works: no outage for the person.
    return Kind.PARTIAL, Verdict(
        Cause.UNKNOWN,
        0.3,
        (_anchors(facts),),
        (Remark.of("other_probes_answered", probes=_roles(facts.checks_answered)),),
    )


def _own_machine(facts: OutageFacts, _method: Method, _heard: Heard) -> Judged | None:
    if facts.send_errors * 2 <= facts.misses or facts.send_error not in FORBIDDEN:
        return None
    return Kind.OUTAGE, Verdict(
        Cause.LOCAL_MACHINE,
        0.9,
        (Remark.of("sending_forbidden", error=facts.send_error, tries=facts.send_errors),),
        (Remark.of("not_the_operator"),),
    )


def _box_restart(facts: OutageFacts, _method: Method, heard: Heard) -> Judged | None:
    """The box fell silent, or the link to it, and answered again before the internet did: a restart looks like that."""
    blinked = (facts.carrier_lost or facts.route_lost) and _alive(facts.gateway)
    if not facts.box_came_back and not blinked:
        return None
    reasons = [Remark.of("box_came_back_first", missed=facts.gateway.missed), _anchors(facts)]
    if facts.carrier_lost:
        reasons.insert(0, Remark.of("carrier_lost"))
    if heard.box_restarted:
        reasons.insert(0, Remark.of("box_says_restarted"))
    counter = (Remark.of("line_may_have_failed_too"), Remark.of("one_machine_observes"))
    confidence = 0.9 if heard.box_restarted else 0.75 if facts.box_came_back else 0.6
    return Kind.OUTAGE, Verdict(Cause.BOX, confidence, tuple(reasons), counter)


def _link(facts: OutageFacts, _method: Method, heard: Heard) -> Judged | None:
    no_way_out = facts.send_errors * 2 > facts.misses and facts.send_error in NO_WAY_OUT
    if not (facts.carrier_lost or facts.route_lost or no_way_out) or _alive(facts.gateway):
        return None
    reasons = []
    if facts.carrier_lost:
        reasons.append(Remark.of("carrier_lost"))
    if facts.route_lost:
        reasons.append(Remark.of("route_lost"))
    if no_way_out:
        reasons.append(Remark.of("no_way_out", error=facts.send_error, tries=facts.send_errors))
    confidence = 0.9 if facts.carrier_lost or (facts.route_lost and no_way_out) else 0.75
    if heard.box_restarted:
        reasons.append(Remark.of("box_says_restarted"))
        return Kind.OUTAGE, Verdict(
            Cause.BOX, 0.75, (*reasons, _anchors(facts)), (Remark.of("one_machine_observes"),)
        )
    cause = Cause.LAN
    if facts.medium == "wifi":
        cause = Cause.WIFI
        reasons += wifi_remarks(heard)
    return Kind.OUTAGE, Verdict(
        cause, confidence, (*reasons, _anchors(facts)), (Remark.of("box_restart_looks_alike"),)
    )


def wifi_remarks(heard: Heard) -> list[Remark]:
    """What the Wi-Fi adapter said of the time."""
    remarks = []
    if heard.wifi is not None and heard.wifi.signal_dbm is not None:
        remarks.append(Remark.of("wifi_signal", signal_dbm=heard.wifi.signal_dbm))
    if heard.wifi_left:
        remarks.append(Remark.of("wifi_left"))
    if heard.wifi_moves:
        remarks.append(Remark.of("wifi_moved", times=heard.wifi_moves))
    return remarks


def _box(facts: OutageFacts, method: Method, heard: Heard) -> Judged | None:
    if not facts.gateway_usually_answers or facts.unreachable_by_gateway or not facts.gateway.tries:
        return None
    if _alive(facts.gateway):
        return None
    if facts.gateway.answered:
        return Kind.OUTAGE, Verdict(
            Cause.UNKNOWN,
            0.4,
            (
                _anchors(facts),
                Remark.of("box_answers_badly", tries=facts.gateway.tries, missed=facts.gateway.missed),
            ),
            (Remark.of("box_and_line_both"),),
        )
    reasons = [Remark.of("box_silent", tries=facts.gateway.tries)]
    if heard.box_restarted:
        reasons.append(Remark.of("box_says_restarted"))
    if facts.carrier_held:
        reasons.append(Remark.of("carrier_held"))
    reasons.append(_anchors(facts))
    if facts.medium == "wifi" and not heard.box_restarted:
        confidence = 0.75 if heard.wifi_left or weak(heard, method) else 0.5
        return Kind.OUTAGE, Verdict(
            Cause.WIFI, confidence, (*reasons, *wifi_remarks(heard)), (Remark.of("wifi_or_box"),)
        )
    confidence = 0.9 if heard.box_restarted else 0.65 if facts.carrier_held else 0.5
    return Kind.OUTAGE, Verdict(
        Cause.BOX, confidence, tuple(reasons), (Remark.of("switch_or_cable_looks_alike"),)
    )


def _unsent(facts: OutageFacts, _method: Method, _heard: Heard) -> Judged | None:
    """Most tries never left this machine, for whatever reason: nothing is known of the line."""
    if facts.send_errors * 2 <= facts.misses:
        return None
    return Kind.OUTAGE, Verdict(
        Cause.LOCAL_MACHINE,
        0.6,
        (Remark.of("could_not_send", error=facts.send_error, tries=facts.send_errors),),
        (Remark.of("line_unknown_meanwhile"),),
    )


def weak(heard: Heard, method: Method) -> bool:
    """True when the Wi-Fi signal was so weak that packets are lost."""
    wifi = heard.wifi
    return wifi is not None and wifi.signal_dbm is not None and wifi.signal_dbm <= method.wifi_weak_dbm


def troubled_wifi(heard: Heard, method: Method) -> bool:
    """True when the Wi-Fi adapter itself tells of trouble."""
    return weak(heard, method) or heard.wifi_left or heard.wifi_moves > 0


def _own_traffic(facts: OutageFacts, method: Method, heard: Heard) -> Judged | None:
    """Data kept coming in while all pings were lost: the line was full, not down."""
    load = _living(heard.home) or (_living(heard.machine) if heard.home is None else None)
    if load is None or load.busy < method.traffic_share or heard.box_says_down:
        return None
    if facts.duration_s >= SHORT_S and facts.checks_failed - facts.checks_answered:
        return None  # what came in did not come from where nothing could be reached for so long
    by_box = load is heard.home
    counter = Remark.of("one_machine_observes") if by_box else Remark.of("traffic_may_stay_at_home")
    return Kind.LATENCY, Verdict(
        Cause.OWN_TRAFFIC,
        0.75 if by_box else method.household,
        (_anchors(facts), traffic_remark(load, by_box=by_box)),
        (counter,),
    )


def _living(load: Load | None) -> Load | None:
    return load if load is not None and load.inside_down_bps >= ALIVE_BPS else None


def traffic_remark(load: Load, *, by_box: bool) -> Remark:
    """What a counter counted, for a sentence."""
    rate = load.up_bps if load.direction == "up" else load.down_bps
    return Remark.of(
        "home_traffic" if by_box else "machine_traffic",
        direction=load.direction,
        rate_bps=rate,
        best_bps=load.best_up_bps if load.direction == "up" else load.best_down_bps,
    )


def _operator(facts: OutageFacts, method: Method, heard: Heard) -> Verdict:
    hop_alive, hop_known = _alive(facts.hop), facts.hop_usually_answers and facts.hop.tries > 0
    box_proved = _alive(facts.gateway) or facts.unreachable_by_gateway > 0
    if not box_proved and not hop_alive:
        return Verdict(
            Cause.UNKNOWN,
            0.4,
            (_anchors(facts),),
            (Remark.of("box_never_answers"), *_second_kind_missing(facts)),
        )
    reasons: list[Remark] = []
    counter: list[Remark] = []
    if _alive(facts.gateway):
        reasons.append(Remark.of("box_answers", tries=facts.gateway.tries, answered=facts.gateway.answered))
    if facts.unreachable_by_gateway:
        reasons.append(Remark.of("box_says_unreachable", times=facts.unreachable_by_gateway))
    reasons.append(_anchors(facts))
    cause, confidence = Cause.ACCESS, 0.9
    if hop_alive:
        cause = Cause.ISP_CORE
        reasons.append(Remark.of("hop_answers", address=facts.hop_address, answered=facts.hop.answered))
    elif hop_known:
        reasons.append(Remark.of("hop_silent", address=facts.hop_address, tries=facts.hop.tries))
    elif heard.box_says_down:
        confidence = 0.8
        counter.append(Remark.of("hop_never_answers"))
    else:
        confidence = method.inseparable
        counter.append(Remark.of("hop_never_answers"))
    if heard.box_says_down:
        reasons.append(Remark.of("box_says_line_down", times=heard.box_says_down))
        if cause is Cause.ISP_CORE:
            confidence = min(confidence, method.inseparable)
    else:
        if heard.line_restarted and cause is Cause.ACCESS:
            reasons.append(Remark.of("box_line_restarted"))
        if heard.box_says_up:
            confidence = min(confidence, SAID_UP)
            counter.append(Remark.of("box_says_line_up"))
        if cause is Cause.ACCESS and not facts.unreachable_by_gateway and not heard.line_restarted:
            counter.append(Remark.of("hung_box_looks_alike"))
    if facts.box_fell_silent:
        confidence = min(confidence, method.inseparable)
        counter.append(Remark.of("box_restarted_after"))
    if facts.after_box_silence:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("box_had_been_silent"))
    if facts.medium == "wifi" and (facts.gateway.tries < FEW_ON_WIFI or troubled_wifi(heard, method)):
        confidence = min(confidence, method.blame)
        counter += wifi_remarks(heard) or [Remark.of("box_tells_little", tries=facts.gateway.tries)]
    if hop_alive and facts.hop.tries < FEW_TRIES:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("hop_tried_little", tries=facts.hop.tries))
    if facts.hop_address.startswith(HOME_NETWORK):
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("hop_may_be_at_home", address=facts.hop_address))
    if facts.checks_failed:
        reasons.append(Remark.of("other_probes_failed", probes=_roles(facts.checks_failed)))
    else:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("only_pings"))
    if heard.household_out(method):
        reasons.append(Remark.of("household_ruled_out"))
    elif facts.trouble_before and facts.duration_s < SHORT_S:
        confidence = min(confidence, method.household)
        counter.append(Remark.of("trouble_before"))
    if facts.own_anchors:
        counter.append(Remark.of("own_anchors"))
    if facts.networks < 3:
        confidence = min(confidence, method.blame if facts.networks < 2 else 0.8)
        counter.append(Remark.of("few_networks", networks=facts.networks))
    if facts.checks_answered:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("other_probes_answered", probes=_roles(facts.checks_answered)))
    counter.append(Remark.of("one_machine_observes"))
    return Verdict(cause, round(confidence, 2), tuple(reasons), tuple(counter))


def _second_kind_missing(facts: OutageFacts) -> tuple[Remark, ...]:
    return () if facts.checks_failed else (Remark.of("only_pings"),)


def _alive(tally: Tally) -> bool:
    return tally.answered > 0 and tally.answered * 2 >= tally.tries


def _roles(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))
