from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import pytest
from box_fixtures import xml_fixture
from stub_box import Asked, StubBox, http, refusal, soap, stub_box

from diagnostics.box.reading import BoxReading
from diagnostics.box.ssdp import Place
from diagnostics.box.upnp import ASK_LIMIT_S, Services, Upnp, read_description
from diagnostics.clock import SystemClock

GATEWAY = "127.0.0.1"
STATUS = {"NewLastConnectionError": "ERROR_NONE", "NewUptime": 3600}
CONNECTED = soap("GetStatusInfo", NewConnectionStatus="Connected", **STATUS)
DISCONNECTED = soap("GetStatusInfo", NewConnectionStatus="Disconnected", **STATUS)


def link(status: str, down: int = 50_000_000, up: int = 10_000_000) -> bytes:
    return soap(
        "GetCommonLinkProperties",
        NewWANAccessType="DSL",
        NewLayer1UpstreamMaxBitRate=up,
        NewLayer1DownstreamMaxBitRate=down,
        NewPhysicalLinkStatus=status,
    )


WHOLE: Mapping[str, bytes | None] = {
    "/d.xml": http(xml_fixture("miniupnpd-rootDesc.xml")),
    "GetStatusInfo": CONNECTED,
    "GetExternalIPAddress": soap("GetExternalIPAddress", NewExternalIPAddress="9.9.9.9"),
    "GetTotalBytesReceived": soap("GetTotalBytesReceived", NewTotalBytesReceived=4_000_000_000),
    "GetTotalBytesSent": soap("GetTotalBytesSent", NewTotalBytesSent=7),
    "GetCommonLinkProperties": link("Up"),
    "GetAddonInfos": refusal(401),
}


def upnp(box: StubBox, path: str = "/d.xml") -> Upnp:
    """The adapter, told where to look: what the search itself finds is tested in namespaces."""

    def search(_gateway: str, _interface: str, _deadline: float) -> Iterator[Place]:
        yield Place(box.port, path)

    return Upnp(GATEWAY, SystemClock(), search=search)


def ask(answers: Mapping[str, bytes | None]) -> BoxReading | None:
    with stub_box(answers) as box:
        return upnp(box).ask()


def services(name: str, gateway: str, place: Place) -> Services:
    return read_description(xml_fixture(name), gateway, place)


def test_description_of_a_real_miniupnpd() -> None:
    found = services("miniupnpd-rootDesc.xml", "192.168.1.1", Place(5000, "/rootDesc.xml"))
    (connection,) = found.connections
    assert connection.type == "urn:schemas-upnp-org:service:WANIPConnection:2"
    assert connection.place == Place(5000, "/ctl/IPConn")
    assert found.common is not None
    assert found.common.place == Place(5000, "/ctl/CmnIfCfg")
    assert found.forwarding is not None


def test_description_of_a_fritzbox() -> None:
    found = services("fritzbox-igddesc.xml", "192.168.178.1", Place(49000, "/igddesc.xml"))
    assert [connection.place.path for connection in found.connections] == ["/igdupnp/control/WANIPConn1"]
    assert found.common is not None
    assert found.common.place == Place(49000, "/igdupnp/control/WANCommonIFC1")


def test_base_address_counts_on_the_gateway_only() -> None:
    place = Place(2869, "/upnp/desc.xml")
    here = services("two-connections.xml", "192.168.1.254", place)
    assert [connection.place for connection in here.connections] == [Place(80, "/ip"), Place(80, "/ppp")]
    assert here.common is not None
    assert here.common.place == Place(80, "/common")
    elsewhere = services("two-connections.xml", "192.168.1.1", place)
    assert [connection.place for connection in elsewhere.connections] == [
        Place(2869, "/ip"),
        Place(2869, "/ppp"),
    ]
    assert elsewhere.common is not None
    assert elsewhere.common.place == Place(2869, "/upnp/common")


@pytest.mark.parametrize(
    "control", ["http://203.0.113.9/ctl", "//203.0.113.9/ctl", "https://192.168.1.1/ctl", "http://[", "/a b"]
)
def test_actions_are_called_on_the_gateway_only(control: str) -> None:
    document = (
        "<root><device><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1"
        f"</serviceType><controlURL>{control}</controlURL></service></serviceList></device></root>"
    )
    with pytest.raises(ValueError, match="no connection"):
        read_description(document.encode(), "192.168.1.1", Place(80, "/d.xml"))


def test_reading_of_a_whole_box() -> None:
    reading = ask(WHOLE)
    assert reading is not None
    account = reading.account
    assert (account.adapter, account.wan_up, account.uptime_s, account.boot_s) == ("upnp", True, 3600, None)
    assert (account.link_down_bps, account.link_up_bps) == (50_000_000, 10_000_000)
    assert account.network == "9.9.9.0/24"
    assert (reading.down_bytes, reading.up_bytes, reading.wide) == (4_000_000_000, 7, False)
    assert reading.external_address == "9.9.9.9"
    assert abs(reading.at.wall_ns - time.time_ns()) < 5_000_000_000


def test_counters_of_64_bits_are_preferred() -> None:
    addon = soap(
        "GetAddonInfos",
        NewByteSendRate=1,
        NewTotalBytesSent=615295140,
        NewTotalBytesReceived=217715745,
        NewX_AVM_DE_TotalBytesSent64=30680066212,
        NewX_AVM_DE_TotalBytesReceived64=197786211361,
    )
    reading = ask({**WHOLE, "GetAddonInfos": addon})
    assert reading is not None
    assert (reading.down_bytes, reading.up_bytes, reading.wide) == (197786211361, 30680066212, True)


@pytest.mark.parametrize(
    ("status", "up"),
    [
        ("Connected", True),
        ("PendingDisconnect", True),
        ("Disconnected", False),
        ("Connecting", False),
        ("Authenticating", False),
        ("Disconnecting", None),
        ("Unconfigured", None),
        ("", None),
        ("connected to nothing", None),
    ],
)
def test_what_the_states_say(status: str, up: bool | None) -> None:
    reading = ask({**WHOLE, "GetStatusInfo": soap("GetStatusInfo", NewConnectionStatus=status, NewUptime=9)})
    assert reading is not None
    assert reading.account.wan_up is up
    assert reading.account.uptime_s == (9 if up else None)


def test_link_that_went_down_counts_and_one_that_never_was_up_does_not() -> None:
    answers = dict(WHOLE)
    with stub_box(answers) as box:
        adapter = upnp(box)

        def up_when(status: str) -> bool | None:
            answers["GetCommonLinkProperties"] = link(status)
            reading = adapter.ask()
            assert reading is not None
            return reading.account.wan_up

        assert up_when("Down") is True
        assert up_when("Up") is True
        assert up_when("Initializing") is True
        assert up_when("Down") is False
        assert up_when("Up") is True


@pytest.mark.parametrize(
    ("default", "ip", "ppp", "up"),
    [
        ("uuid:x:WANConnectionDevice:1,urn:upnp-org:serviceId:WANPPPConn1", True, False, False),
        ("uuid:x:WANConnectionDevice:1,urn:upnp-org:serviceId:WANIPConn1", True, False, True),
        ("", True, False, True),
        ("nonsense", False, False, False),
        (None, False, True, True),
        (None, False, None, None),
        (None, None, None, None),
    ],
)
def test_of_several_connections_the_default_one_counts(
    default: str | None, ip: bool | None, ppp: bool | None, up: bool | None
) -> None:
    states = {
        True: CONNECTED,
        False: DISCONNECTED,
        None: soap("GetStatusInfo", NewConnectionStatus="Unconfigured"),
    }

    def answer(request: Asked) -> bytes:
        if request.path == "/d.xml":
            return http(xml_fixture("two-connections.xml"))
        if request.key == "GetDefaultConnectionService":
            return refusal() if default is None else soap(request.key, NewDefaultConnectionService=default)
        if request.key == "GetStatusInfo":
            return states[ip if request.path == "/ip" else ppp]
        return refusal()

    with stub_box(answer) as box:
        reading = upnp(box).ask()
    assert reading is not None
    assert reading.account.wan_up is up


def test_box_that_tells_its_state_alone() -> None:
    reading = ask({"/d.xml": WHOLE["/d.xml"], "GetStatusInfo": DISCONNECTED})
    assert reading is not None
    assert reading.account.wan_up is False
    assert (reading.down_bytes, reading.up_bytes, reading.external_address) == (None, None, None)
    assert (reading.account.network, reading.account.link_down_bps) == (None, None)


def test_refused_actions_are_not_asked_again() -> None:
    with stub_box(WHOLE) as box:
        adapter = upnp(box)
        for _ in range(3):
            assert adapter.ask() is not None
        assert box.called().count("GetAddonInfos") == 1
        assert box.called().count("GetStatusInfo") == 3
        assert box.called().count("/d.xml") == 1


def test_an_action_that_hangs_costs_little_and_is_given_up() -> None:
    with stub_box({**WHOLE, "GetAddonInfos": None}) as box:
        adapter = upnp(box)
        for _ in range(4):
            start = time.monotonic()
            reading = adapter.ask()
            assert reading is not None
            assert reading.down_bytes == 4_000_000_000
            assert time.monotonic() - start < ASK_LIMIT_S
        assert box.called().count("GetAddonInfos") == 3


def test_box_that_hangs_is_left_after_two_seconds() -> None:
    with stub_box({**WHOLE, "GetStatusInfo": None}) as box:
        start = time.monotonic()
        assert upnp(box).ask() is None
        assert time.monotonic() - start < ASK_LIMIT_S + 0.3


def test_box_that_came_back_at_another_place_is_found_again() -> None:
    with stub_box(WHOLE) as after:
        with stub_box(WHOLE) as before:
            places = iter([Place(before.port, "/d.xml"), Place(after.port, "/d.xml")])
            adapter = Upnp(GATEWAY, SystemClock(), search=lambda *_: iter([next(places)]))
            assert adapter.ask() is not None
        assert adapter.ask() is None
        assert adapter.ask() is not None
        assert "GetStatusInfo" in after.called()


@pytest.mark.parametrize(
    "status",
    [
        http(b""),
        http(b"<html>"),
        http(b"<html><body>log in</body></html>"),
        http(b"", 302, "Location: http://127.0.0.1:9/\r\n"),
        http(b'<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>'),
        refusal(501),
        http(b"", 500),
        soap("GetSomethingElse", NewConnectionStatus="Connected"),
        soap("GetStatusInfo"),
        http(b"x" * 100_000),
    ],
)
def test_nonsense_in_place_of_the_state_is_no_reading(status: bytes) -> None:
    assert ask({**WHOLE, "GetStatusInfo": status}) is None


@pytest.mark.parametrize(
    "description", [http(b""), http(b"<root/>"), http(b"{}"), http(b"", 302), http(b"x" * 1_000_000)]
)
def test_nonsense_in_place_of_the_description_is_no_box(description: bytes) -> None:
    with stub_box({**WHOLE, "/d.xml": description}) as box:
        assert not upnp(box).look(time.monotonic() + 1)
        assert "GetStatusInfo" not in box.called()


def test_nonsense_in_single_values_is_not_told() -> None:
    answers = {
        **WHOLE,
        "GetStatusInfo": soap("GetStatusInfo", NewConnectionStatus="Connected", NewUptime="-1"),
        "GetExternalIPAddress": soap("GetExternalIPAddress", NewExternalIPAddress="not yet"),
        "GetTotalBytesReceived": soap("GetTotalBytesReceived", NewTotalBytesReceived="-294967296"),
        "GetCommonLinkProperties": link("Up", 0, 10**30),
    }
    reading = ask(answers)
    assert reading is not None
    assert reading.account.uptime_s is None
    assert reading.account.network is None
    assert reading.down_bytes is None
    assert (reading.account.link_down_bps, reading.account.link_up_bps) == (None, None)


def test_home_address_outside_is_no_network() -> None:
    answer = soap("GetExternalIPAddress", NewExternalIPAddress="100.64.7.2")
    reading = ask({**WHOLE, "GetExternalIPAddress": answer})
    assert reading is not None
    assert (reading.external_address, reading.account.network) == ("100.64.7.2", None)
