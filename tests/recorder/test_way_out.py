"""Binding beside a tunnel has to prove itself before the line's silence counts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.clock import Reading
from diagnostics.config import parse
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.links.route import RouteState
from diagnostics.model import MILLISECOND, SECOND, EventKind, Outcome, Protocol, Role, Sample, Target, line_id
from diagnostics.probes.binding import Binding
from diagnostics.probes.fake import FakePinger
from diagnostics.recorder.loop import Recorder
from diagnostics.recorder.parts import Identity, LineIdentity, NoIdentity, Parts
from diagnostics.recorder.way_out import ENOUGH_THROUGH, PROOF_NS, WayOut

HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")
VPN = replace(HOME, tunnel="tun0", tunnels=("tun0",))
ANCHOR = Target(Role.ANCHOR, Protocol.ICMP, "203.0.113.11", 4)
ANCHOR6 = Target(Role.ANCHOR, Protocol.ICMP, "2001:db8::11", 6)
THROUGH = Target(Role.VPN, Protocol.ICMP, "tun0>203.0.113.11", 4)
START = 100 * SECOND


def sample(target: Target, mono_ns: int, outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(target, mono_ns, mono_ns, outcome, MILLISECOND)


def under_vpn() -> tuple[WayOut, Binding]:
    binding = Binding(possible=lambda _: True)
    way = WayOut(binding)
    way.follow(HOME, 0)
    way.follow(VPN, START)
    return way, binding


def test_without_a_tunnel_nothing_is_bound() -> None:
    binding = Binding(possible=lambda _: True)
    way = WayOut(binding)
    way.follow(replace(HOME, tunnels=("tun0",)), 0)
    assert (binding.interface, way.bound(0), way.waiting(0), way.tries_ipv6) == ("", True, False, True)


def test_one_answer_proves_it_for_good() -> None:
    way, binding = under_vpn()
    assert (binding.interface, way.waiting(START), way.bound(START)) == ("eth0", True, True)
    way.note(sample(ANCHOR, START + SECOND))
    assert not way.waiting(START + SECOND)
    for now in (START + SECOND, START + 3600 * SECOND):
        assert way.bound(now)
    way.follow(HOME, START + 4000 * SECOND)
    assert binding.interface == ""
    way.follow(VPN, START + 5000 * SECOND)
    assert binding.interface == "eth0"
    assert way.bound(START + 6000 * SECOND), "proved before"


def test_without_an_answer_the_line_is_not_spoken_of() -> None:
    way, binding = under_vpn()
    after = START + PROOF_NS + 1
    assert not way.news(START)
    assert way.news(after)
    assert not way.news(after)
    assert (way.bound(after), way.waiting(after), binding.interface) == (False, False, "eth0")
    way.note(sample(ANCHOR, after))
    assert way.news(after)
    assert way.bound(after)


def test_what_was_sent_before_the_binding_proves_nothing() -> None:
    way, _ = under_vpn()
    for target, at, outcome in (
        (ANCHOR, START - SECOND, Outcome.OK),
        (ANCHOR, START + MILLISECOND, Outcome.OK),
        (ANCHOR, START + SECOND, Outcome.LOST),
        (ANCHOR, START + SECOND, Outcome.SEND_ERROR),
        (ANCHOR6, START + SECOND, Outcome.OK),
        (THROUGH, START + SECOND, Outcome.OK),
    ):
        way.note(sample(target, at, outcome))
    assert not way.bound(START + PROOF_NS + 1)


def test_answers_through_the_tunnel_alone_end_the_binding() -> None:
    way, binding = under_vpn()
    for number in range(ENOUGH_THROUGH):
        assert binding.interface == "eth0"
        way.note(sample(ANCHOR, START + SECOND + number, Outcome.LOST))
        way.note(sample(THROUGH, START + SECOND + number))
    assert (binding.interface, way.bound(START + SECOND)) == ("", False)
    way.note(sample(ANCHOR, START + 2 * SECOND))
    assert not way.bound(START + 2 * SECOND), "that answer came through the tunnel"
    way.follow(replace(VPN, tunnel="tun1"), START + 3 * SECOND)
    assert binding.interface == "eth0", "another tunnel is another trial"


def test_once_proved_the_tunnel_does_not_speak_for_the_line() -> None:
    way, binding = under_vpn()
    way.note(sample(ANCHOR, START + SECOND))
    for number in range(50):
        way.note(sample(ANCHOR, START + (2 + number) * SECOND, Outcome.LOST))
        way.note(sample(THROUGH, START + (2 + number) * SECOND))
    assert binding.interface == "eth0"
    assert way.bound(START + 60 * SECOND)


def test_what_cannot_be_bound_is_not_the_lines() -> None:
    binding = Binding(possible=lambda _: False)
    way = WayOut(binding)
    way.follow(VPN, START)
    assert (binding.interface, way.bound(START), way.waiting(START)) == ("", False, False)
    nothing_beneath = RouteState(tunnel="wg0", tunnels=("wg0",))
    way = WayOut(Binding(possible=lambda _: True))
    way.follow(nothing_beneath, START)
    assert not way.bound(START)


def test_only_what_was_not_bound_in_vain_is_kept() -> None:
    way, _ = under_vpn()
    lost, through = sample(ANCHOR, START + SECOND, Outcome.LOST), sample(THROUGH, START + SECOND)
    assert way.worth_keeping([lost, through], START + SECOND) == [lost, through], "not decided yet"
    after = START + PROOF_NS + 1
    assert way.worth_keeping([lost, through], after) == [through]
    for _ in range(ENOUGH_THROUGH):
        way.note(through)
    assert not way.bound(after)
    unbound = sample(ANCHOR, after + SECOND)
    assert way.worth_keeping([lost, unbound], after + 2 * SECOND) == [unbound]


def test_a_pulled_cable_changes_nothing() -> None:
    way, binding = under_vpn()
    way.note(sample(ANCHOR, START + SECOND))
    way.follow(RouteState(carrier=False, tunnel="tun0", tunnels=("tun0",)), START + 2 * SECOND)
    assert (binding.interface, way.bound(START + 10 * SECOND)) == ("eth0", True)


def test_ipv6_is_not_tried_beside_a_tunnel_unless_there_is_nothing_else() -> None:
    way, _ = under_vpn()
    assert not way.tries_ipv6
    way = WayOut(Binding(possible=lambda _: True))
    way.follow(replace(VPN, gateway="", gateway6="fe80::1"), START)
    assert way.tries_ipv6
    way.note(sample(ANCHOR6, START + SECOND))
    assert way.bound(START + PROOF_NS + 1)


ROUTES = st.sampled_from([HOME, VPN, replace(VPN, tunnel="tun1"), replace(VPN, interface="wlan0")])
HEARD = st.tuples(st.sampled_from([ANCHOR, THROUGH]), st.booleans())


@given(st.lists(st.one_of(ROUTES, HEARD), max_size=30))
def test_silence_counts_only_where_something_answered_beside_this_tunnel(
    steps: list[RouteState | tuple[Target, bool]],
) -> None:
    binding = Binding(possible=lambda _: True)
    way = WayOut(binding)
    now, route = START, HOME
    answered: set[tuple[str, str]] = set()
    for step in steps:
        now += 3 * SECOND
        if isinstance(step, RouteState):
            route = step
            way.follow(route, now)
            now += 3 * SECOND
        else:
            target, ok = step
            if ok and target is ANCHOR and binding.interface:
                answered.add((route.interface, route.tunnel))
            way.note(sample(target, now, Outcome.OK if ok else Outcome.LOST))
        assert way.bound(now) == (not route.tunnel or (route.interface, route.tunnel) in answered)


# --- in the recorder ------------------------------------------------------------------------------------------------

T0 = 1_795_000_020 * SECOND
CONFIG = '[targets]\nanchors = ["203.0.113.11", "203.0.113.22"]\n[home]\nline = "first"\n'
HOME_ID = line_id("02:00:00:00:00:01", "eth0")


class Clock:
    def __init__(self) -> None:
        self.ns = 0

    def read(self) -> Reading:
        return Reading(T0 + self.ns, START + self.ns, START + self.ns)

    def mono_ns(self) -> int:
        return START + self.ns


class Routes:
    state = HOME

    def read(self) -> RouteState:
        return self.state


class NoChecks:
    def start(self) -> None: ...
    def alarm(self, active: bool) -> None: ...
    def collect(self) -> list[Sample]:
        return []

    def stop(self) -> None: ...


class NoHop:
    def look(self, gateway: str) -> None: ...
    def found(self) -> str | None:
        return None


class Knows:
    """Has one answer, at once; remembers what it was asked to look at."""

    def __init__(self) -> None:
        self.looked: list[tuple[str, str]] = []
        self.told = False

    def look(self, line: str, way: str) -> None:
        if not self.looked or self.looked[-1] != (line, way):
            self.looked.append((line, way))

    def collect(self) -> list[tuple[str, Mapping[str, str]]]:
        if self.told or not self.looked:
            return []
        self.told = True
        return [(HOME_ID, {"network": "82.64.1.0/24", "operator": "Free"})]


def record(
    path: Path, *, works: bool, identity: LineIdentity | None = None
) -> tuple[dict[str, list[Sample]], list[str]]:
    """Ten seconds at home, twenty under a VPN, ten at home; ``works``: bound probes are answered.

    Returns the samples by line, and the lines of the events in order.
    """
    clock, routes, binding = Clock(), Routes(), Binding(possible=lambda _: True)

    def script(target: Target, _sent_ns: int) -> tuple[Outcome, int | None]:
        through = target.role is Role.VPN or not routes.state.tunnel or not binding.interface
        answered = works or through
        return (Outcome.OK, 20 * MILLISECOND) if answered else (Outcome.LOST, None)

    with closing(Writer(path)) as writer:
        parts = Parts(
            clock=clock,
            pinger=FakePinger(clock, script),
            checks=NoChecks(),
            routes=routes,
            hops=NoHop(),
            clock_state=dict,
            route_every_ns=SECOND,
            warn=lambda problem: None,
            binding=binding,
            identity=identity or NoIdentity(),
        )
        recorder = Recorder(writer, parse(CONFIG, "config.toml"), parts, Identity("0", "0", "test"))
        recorder.start(None, False, ())
        while clock.ns < 40 * SECOND:
            tunnel = 10 * SECOND <= clock.ns < 30 * SECOND
            if (routes.state is VPN) != tunnel:
                routes.state = VPN if tunnel else HOME
                recorder.route_changed()
            recorder.step()
            clock.ns += 20 * MILLISECOND
        recorder.stop()
    with Reader(path) as reader:
        samples: dict[str, list[Sample]] = {}
        for block in reader.blocks():
            samples.setdefault(block.line.id, []).extend(block.samples)
        return samples, [str(event.data["id"]) for event in reader.events(EventKind.LINE)]


def test_home_is_observed_under_a_vpn(tmp_path: Path) -> None:
    samples, lines = record(tmp_path / "journal.sqlite", works=True)
    assert lines == [HOME_ID]
    assert {one.outcome for one in samples[HOME_ID]} == {Outcome.OK}
    anchors = [one for one in samples[HOME_ID] if one.target.address == "203.0.113.11"]
    assert len(anchors) >= 38
    assert 18 <= sum(one.target.role is Role.VPN for one in samples[HOME_ID]) <= 21


def test_a_kill_switch_is_never_the_lines_fault(tmp_path: Path) -> None:
    samples, lines = record(tmp_path / "journal.sqlite", works=False)
    tunnel = line_id("", "tun0")
    assert lines == [HOME_ID, tunnel, HOME_ID]
    assert {one.outcome for one in samples[HOME_ID]} == {Outcome.OK}
    assert {one.outcome for one in samples[tunnel]} == {Outcome.OK}, "what was stopped here says nothing"
    anchors = [one for one in samples[tunnel] if one.target.role is Role.ANCHOR]
    assert len(anchors) > 20, "the binding was given up"


def test_what_is_learnt_of_the_line_is_chained(tmp_path: Path) -> None:
    path, identity = tmp_path / "journal.sqlite", Knows()
    record(path, works=False, identity=identity)
    assert identity.looked == [(HOME_ID, ""), (HOME_ID, "tun0"), ("", "tun0"), (HOME_ID, "")]
    with Reader(path) as reader:
        home = reader.lines[HOME_ID]
    assert (home.network, home.operator, home.home) == ("82.64.1.0/24", "Free", True)
