from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from box_fixtures import json_fixture, xml_fixture
from namespaces import Namespace, connect, namespaces, needs_namespaces
from stub_box import StubBox, http, soap, stub_box

from diagnostics.box import ssdp
from diagnostics.box.adapter import find_box, is_at_home, look_for_box
from diagnostics.box.local_web import LocalWeb, Request
from diagnostics.box.ssdp import Place
from diagnostics.clock import SystemClock

GATEWAY, OTHER = "192.168.1.1", "192.168.1.66"
BBOX: Mapping[str, bytes | None] = {
    "/api/v1/wan/ip": http(json_fixture("bbox-wan-ip.json")),
    "/api/v1/wan/ip/stats": http(json_fixture("bbox-wan-ip-stats.json")),
}
FREEBOX: Mapping[str, bytes | None] = {
    "/api_version": http(json_fixture("freebox-api-version.json")),
    "/api/v4/connection/": http(json_fixture("freebox-closed.json"), 403),
}
UPNP: Mapping[str, bytes | None] = {
    "/d.xml": http(xml_fixture("miniupnpd-rootDesc.xml")),
    "GetStatusInfo": soap("GetStatusInfo", NewConnectionStatus="Connected", NewUptime=5),
}
COUNTERS: Mapping[str, bytes | None] = {
    "GetTotalBytesReceived": soap("GetTotalBytesReceived", NewTotalBytesReceived=1),
    "GetTotalBytesSent": soap("GetTotalBytesSent", NewTotalBytesSent=1),
}


@pytest.mark.parametrize(
    ("gateway", "at_home"),
    [
        ("192.168.1.1", True),
        ("10.0.0.138", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("100.64.0.1", False),
        ("81.2.69.160", False),
        ("203.0.113.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("box.lan", False),
        ("192.168.1.1; reboot", False),
    ],
)
def test_only_a_box_at_home_is_asked(gateway: str, at_home: bool) -> None:
    assert is_at_home(gateway) is at_home
    if not at_home:
        assert find_box(gateway, SystemClock()) is None


@dataclass
class Home:
    """The pc is where the test runs. The box's side also has a second address, as another machine at home would."""

    box: Namespace
    interface: str

    @contextlib.contextmanager
    def server(self, answers: Mapping[str, bytes | None], address: str, port: int = 0) -> Iterator[StubBox]:
        with contextlib.ExitStack() as stack:
            with self.box.entered():
                server = stack.enter_context(stub_box(answers, address, port))
            yield server

    @contextlib.contextmanager
    def responder(self, sender: str, url: str) -> Iterator[None]:
        """Answers each search from ``sender``, naming ``url``."""
        with self.box.entered():
            ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            ear.bind(("", ssdp.PORT))
            group = struct.pack("4s4s", socket.inet_aton(ssdp.GROUP), socket.inet_aton(GATEWAY))
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            mouth.bind((sender, 0))

        def serve() -> None:
            while True:
                search, client = ear.recvfrom(2048)
                if search == b"stop":
                    return
                mouth.sendto(f"HTTP/1.1 200 OK\r\nLOCATION: {url}\r\n\r\n".encode(), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self.box.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"stop", (GATEWAY, ssdp.PORT))
            thread.join(5)
            assert not thread.is_alive()
            ear.close()
            mouth.close()


@pytest.fixture
def home() -> Iterator[Home]:
    with namespaces(2) as (pc, box):
        interface, lan = connect(pc, "192.168.1.10/24", box, f"{GATEWAY}/24")
        box.ip(f"addr add {OTHER}/24 dev {lan}")
        # In here to the end: the guard against leaving this machine looks where the main thread is.
        with pc.entered():
            yield Home(box, interface)


@needs_namespaces
@pytest.mark.parametrize("sender", [GATEWAY, OTHER])
@pytest.mark.parametrize("host", [GATEWAY, OTHER])
def test_only_the_gateways_own_answer_about_itself_is_believed(home: Home, sender: str, host: str) -> None:
    with (
        home.server({**UPNP, **COUNTERS}, host) as server,
        home.responder(sender, f"http://{host}:{server.port}/d.xml"),
    ):
        box = find_box(GATEWAY, SystemClock(), home.interface)
        if sender == host == GATEWAY:
            assert box is not None
        else:
            assert box is None
            assert server.asked == []


@needs_namespaces
def test_search_ends_in_time_under_a_flood_of_answers(home: Home) -> None:
    with home.box.entered():
        flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        flood.bind((GATEWAY, ssdp.PORT))
    places: list[Place] = []
    end = threading.Event()

    def serve() -> None:
        _, client = flood.recvfrom(2048)
        number = 0
        while not end.is_set():
            number += 1
            url = f"http://{GATEWAY}/{number}" if number % 100 == 0 else "rubbish"
            flood.sendto(f"HTTP/1.1 200 OK\r\nLOCATION: {url}\r\n\r\n".encode(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    start = time.monotonic()
    places.extend(ssdp.search(GATEWAY, home.interface, start + 1))
    took_s = time.monotonic() - start
    end.set()
    thread.join(5)
    flood.close()
    assert took_s < 1.3
    assert len(places) <= ssdp.MOST_LOCATIONS


@needs_namespaces
def test_box_of_a_maker_is_found_where_upnp_is_off(home: Home) -> None:
    with home.server(BBOX, GATEWAY, 80):
        box = find_box(GATEWAY, SystemClock(), home.interface)
        assert box is not None
        assert box.name == "bbox"
        reading = box.ask()
        assert reading is not None
        assert reading.account.wan_up is True


@needs_namespaces
def test_counters_decide_between_two_ways(home: Home) -> None:
    with (
        home.server(BBOX, GATEWAY, 80),
        home.server(UPNP, GATEWAY) as plain,
        home.server({**UPNP, **COUNTERS}, GATEWAY) as counting,
    ):
        for server, name in ((plain, "bbox"), (counting, "upnp")):
            with home.responder(GATEWAY, f"http://{GATEWAY}:{server.port}/d.xml"):
                box = find_box(GATEWAY, SystemClock(), home.interface)
                assert box is not None
                assert box.name == name


@needs_namespaces
def test_box_without_counters_is_better_than_none(home: Home) -> None:
    with (
        home.server(UPNP, GATEWAY) as server,
        home.responder(GATEWAY, f"http://{GATEWAY}:{server.port}/d.xml"),
    ):
        box = find_box(GATEWAY, SystemClock(), home.interface)
        assert box is not None
        assert box.name == "upnp"


@needs_namespaces
def test_closed_box_is_told_as_such(home: Home) -> None:
    with home.server(FREEBOX, GATEWAY, 80):
        found = look_for_box(GATEWAY, SystemClock(), home.interface)
    assert found.box is None
    assert found.closed == ("freebox",)


@needs_namespaces
def test_requests_take_the_interface_they_are_told(home: Home) -> None:
    with home.server({"/": http(b"hi")}, GATEWAY, 80):
        for interface, answers in ((home.interface, True), ("lo", False), ("", True)):
            web = LocalWeb(GATEWAY, interface=interface)
            assert (web.ask(Request("/"), time.monotonic() + 0.5) is not None) is answers
