"""Which line samples belong to, what is told of it, and what is tried through tunnels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links.interfaces import NOTHING_TOLD, InterfaceFacts
from diagnostics.links.route import RouteState
from diagnostics.model import NO_LINE, SECOND, Event, EventKind, Protocol, Role, Target, line_id
from diagnostics.recorder.lines import LINK_READ_NS, UNDECIDED_NS, LineKeeper, LinkWatch, tunnel_targets

HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")
UNDER_VPN = replace(HOME, tunnel="tun0", tunnels=("tun0",), peers=("tun0>10.8.0.1",))
SPLIT = replace(HOME, tunnels=("tun0", "wg0"), peers=("tun0>10.8.0.1",))
HOME_ID = line_id("02:00:00:00:00:01", "eth0")
ANCHORS = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4, f"AS{n}") for n in (11, 22))
ANCHOR6 = Target(Role.ANCHOR, Protocol.ICMP, "2001:db8::11", 6, "AS11")


def kinds(events: list[Event]) -> list[EventKind]:
    return [event.kind for event in events]


def test_home_stays_home_under_a_vpn_and_the_tunnel_is_told() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    (event,) = keeper.update(UNDER_VPN, 20, 20)
    assert keeper.line.id == HOME_ID
    assert event.kind is EventKind.LINK
    assert (event.data["interface"], event.data["tunnel"], event.data["tunnels"]) == (
        "eth0",
        "tun0",
        ["tun0"],
    )
    (event,) = keeper.update(SPLIT, 30, 30)
    assert "tunnel" not in event.data
    assert event.data["tunnels"] == ["tun0", "wg0"]
    (event,) = keeper.update(HOME, 40, 40)
    assert not {"tunnel", "tunnels"} & event.data.keys()
    assert keeper.line.id == HOME_ID
    assert keeper.update(HOME, 50, 50) == []


def test_what_goes_through_the_tunnel_is_not_homes() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    assert kinds(keeper.update(UNDER_VPN, 20, 20, bound=False)) == [EventKind.LINK, EventKind.LINE]
    assert keeper.line.id == line_id("", "tun0")
    assert kinds(keeper.update(UNDER_VPN, 30, 30, bound=True)) == [EventKind.LINE]
    assert keeper.line.id == HOME_ID
    keeper.update(UNDER_VPN, 40, 40, bound=False)
    keeper.update(HOME, 50, 50)
    assert keeper.line.id == HOME_ID


def test_a_pulled_cable_under_a_vpn_stays_the_lines_trouble() -> None:
    keeper = LineKeeper()
    keeper.update(UNDER_VPN, 10, 10)
    out = RouteState(carrier=False, tunnel="tun0", tunnels=("tun0",))
    for bound in (True, False):
        keeper.update(out, 20, 20, bound=bound)
        assert keeper.line.id == HOME_ID


def test_another_network_under_the_same_vpn_is_another_line() -> None:
    keeper = LineKeeper()
    keeper.update(UNDER_VPN, 10, 10)
    cafe = replace(UNDER_VPN, gateway="10.0.0.1", gateway_mac="")
    keeper.update(cafe, 20, 20)
    assert keeper.waiting(20)
    keeper.update(cafe, 30, 21 + UNDECIDED_NS)
    assert keeper.line == NO_LINE
    keeper.update(replace(cafe, gateway_mac="02:00:00:00:00:77"), 40, 40 + UNDECIDED_NS)
    assert keeper.line.id == line_id("02:00:00:00:00:77", "eth0")


def test_a_tunnel_with_nothing_beneath_it_is_a_line_of_its_own() -> None:
    keeper = LineKeeper()
    keeper.update(RouteState(tunnel="wg0", tunnels=("wg0",)), 10, 10, bound=False)
    assert keeper.line.id == line_id("", "wg0")
    assert keeper.line.gateway_mac == ""


# --- what the link's ends agreed on ---------------------------------------------------------------------------------

GIGABIT = InterfaceFacts(1_000_000_000, "full", 1500)
SLOW = InterfaceFacts(100_000_000, "half", 1500)


def test_a_link_that_got_slower_is_told_and_what_is_not_known_left_out() -> None:
    keeper = LineKeeper()
    first, _ = keeper.update(HOME, 10, 10, link=GIGABIT)
    assert (first.data["speed_bps"], first.data["duplex"], first.data["mtu"]) == (1_000_000_000, "full", 1500)
    assert keeper.update(HOME, 20, 20, link=GIGABIT) == []
    (event,) = keeper.update(HOME, 30, 30, link=SLOW)
    assert event.kind is EventKind.LINK
    assert (event.data["speed_bps"], event.data["duplex"]) == (100_000_000, "half")
    (event,) = keeper.update(HOME, 40, 40)
    assert not {"speed_bps", "duplex", "mtu"} & event.data.keys()


def test_the_link_is_read_seldom_and_at_once_when_the_carrier_changed() -> None:
    says, asked = [GIGABIT], list[str]()

    def read(interface: str) -> InterfaceFacts:
        asked.append(interface)
        return says[0]

    watch = LinkWatch(read)
    assert watch.facts(HOME, 0) == GIGABIT
    says[0] = SLOW
    assert watch.facts(HOME, LINK_READ_NS - 1) == GIGABIT
    assert asked == ["eth0"]
    assert watch.facts(HOME, LINK_READ_NS) == SLOW
    says[0] = NOTHING_TOLD
    pulled = replace(HOME, carrier=False)
    assert watch.facts(pulled, LINK_READ_NS + 1) == NOTHING_TOLD
    says[0] = GIGABIT
    assert watch.facts(HOME, LINK_READ_NS + 2) == GIGABIT
    assert asked == ["eth0"] * 4
    assert watch.facts(RouteState(), LINK_READ_NS + 3) == NOTHING_TOLD
    assert asked == ["eth0"] * 4, "without a route there is nothing to ask about"


def test_on_wifi_the_system_is_not_believed_about_rates() -> None:
    radio = replace(HOME, interface="wlan0", medium="wifi")
    assert LinkWatch(lambda _: GIGABIT).facts(radio, 0) == InterfaceFacts(mtu=1500)


MACS = st.sampled_from(["", "02:00:00:00:00:01", "02:00:00:00:00:02"])
TUNNELS = st.sampled_from(["", "tun0", "wg0"])
ROUTES = st.builds(
    RouteState,
    interface=st.sampled_from(["", "eth0", "wlan0"]),
    gateway=st.sampled_from(["", "192.168.1.1", "10.0.0.1"]),
    gateway_mac=MACS,
    gateway6=st.sampled_from(["", "fe80::1"]),
    carrier=st.sampled_from([True, False, None]),
    medium=st.sampled_from(["ethernet", "wifi", "vpn", ""]),
    tunnel=TUNNELS,
)


@given(st.lists(st.tuples(ROUTES, st.booleans(), st.integers(0, 3 * SECOND)), max_size=12))
def test_no_sample_goes_to_a_line_whose_gateway_was_not_seen(
    steps: list[tuple[RouteState, bool, int]],
) -> None:
    keeper = LineKeeper()
    now = 0
    seen: set[tuple[str, str]] = set()
    told: dict[str, object] = {"id": ""}
    for route, bound, wait in steps:
        now += wait
        events = keeper.update(route, now, now, bound=bound)
        if route.gateway_mac:
            seen.add((route.gateway_mac, route.interface))
        for event in events:
            if event.kind is EventKind.LINE:
                told = dict(event.data)
        line = keeper.line
        assert told["id"] == line.id, "the journal knows which line it is"
        if line.gateway_mac:
            assert (line.gateway_mac, line.interface) in seen
            assert line.id == line_id(line.gateway_mac, line.interface)
        else:
            assert line.id in ("", line_id("", line.interface))
        if route.tunnel and not bound and route.carrier is not False:
            assert not line.gateway_mac, "what goes through a tunnel belongs to nobody's box"


# --- facts ----------------------------------------------------------------------------------------------------------

FREE = {"network": "82.64.1.0/24", "operator": "Free", "secret": "no"}


def test_facts_are_told_once_and_again_when_the_line_comes_back() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    (event,) = keeper.learn(HOME_ID, FREE, 20)
    assert event.kind is EventKind.LINE
    assert (event.data["id"], event.data["network"], event.data["operator"]) == (
        HOME_ID,
        "82.64.1.0/24",
        "Free",
    )
    assert "secret" not in event.data
    assert keeper.learn(HOME_ID, FREE, 30) == []
    assert keeper.learn(HOME_ID, {"network": "", "operator": ""}, 30) == []
    assert len(keeper.learn(HOME_ID, {"operator": "Orange"}, 40)) == 1
    keeper.update(replace(HOME, gateway_mac="02:00:00:00:00:77", gateway="10.0.0.1"), 50, 50)
    back = keeper.update(HOME, 60, 60)[-1]
    assert (back.data["network"], back.data["operator"]) == ("82.64.1.0/24", "Orange")


def test_what_is_learnt_of_another_line_is_kept_for_it() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    elsewhere = line_id("02:00:00:00:00:77", "eth0")
    assert keeper.learn(elsewhere, FREE, 20) == []
    assert keeper.learn("", FREE, 20) == []
    entered = keeper.update(replace(HOME, gateway_mac="02:00:00:00:00:77", gateway="10.0.0.1"), 30, 30)
    assert entered[-1].data["operator"] == "Free"


def said(**data: str) -> Event:
    return Event(EventKind.WITNESS, 99, data)


def test_the_name_of_the_wifi_network_comes_from_the_adapter_of_the_line() -> None:
    keeper = LineKeeper()
    keeper.update(replace(HOME, medium="wifi"), 10, 10)
    assert keeper.hear([said(source="wifi", interface="wlan9", ssid="Other")]) == []
    assert keeper.hear([said(source="box", interface="eth0", ssid="Box")]) == []
    assert keeper.hear([said(source="wifi", interface="eth0")]) == []
    (event,) = keeper.hear([said(source="wifi", interface="eth0", ssid="Maison")] * 2)
    assert (event.data["ssid"], event.at_ns) == ("Maison", 99)


# --- targets through tunnels ----------------------------------------------------------------------------------------


def addresses(route: RouteState, *anchors: Target) -> list[str]:
    return [target.address for target in tunnel_targets(route, anchors)]


def test_through_a_full_tunnel_the_first_anchor_is_tried() -> None:
    assert tunnel_targets(HOME, ANCHORS) == ()
    (target,) = tunnel_targets(UNDER_VPN, ANCHORS)
    assert target == Target(Role.VPN, Protocol.ICMP, "tun0>203.0.113.11", 4, "AS11")
    by_tcp = tuple(replace(anchor, protocol=Protocol.TCP) for anchor in ANCHORS)
    assert tunnel_targets(UNDER_VPN, by_tcp)[0].protocol is Protocol.TCP
    assert addresses(UNDER_VPN) == []


def test_through_an_ipv6_tunnel_an_ipv6_anchor_is_tried() -> None:
    route = RouteState("eth0", "", "", "fe80::1", True, "ethernet", "wg0", ("wg0",))
    assert addresses(route, *ANCHORS, ANCHOR6) == ["wg0>2001:db8::11"]


def test_through_a_split_tunnel_its_other_end_is_tried() -> None:
    assert addresses(SPLIT, *ANCHORS) == ["tun0>10.8.0.1"]
    both = replace(UNDER_VPN, tunnels=("tun0", "tun1"), peers=("tun0>10.8.0.1", "tun1>10.9.0.1"))
    assert addresses(both, *ANCHORS) == ["tun0>203.0.113.11", "tun1>10.9.0.1"]


@pytest.mark.parametrize("count", [1, 9])
def test_the_number_of_tunnels_tried_is_bounded(count: int) -> None:
    names = tuple(f"tun{n}" for n in range(count))
    route = replace(HOME, tunnels=names, peers=tuple(f"{name}>10.8.0.1" for name in names))
    assert len(addresses(route, *ANCHORS)) == min(count, 3)
