"""The lab does what its scenarios say: each fault acts, on what it should and nothing else, and leaves no trace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.lab.faults import moves
from tests.lab.network import ANCHORS, ANCHORS6, BOX, HOP, RESOLVER, TUNNEL, WEB, Lab, Layout, build, missing
from tests.lab.view import View
from tests.playing.faults import KINDS, SIMULATOR_ALONE, Fault
from tests.playing.scenario import Network

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")]

A, B = ANCHORS[:2]
A6 = ANCHORS6[0]
SLOW_MS = 700

ALL_WELL = [[204, 0], [200, 58_000]]
PAGES = (("page", "/generate_204"), ("page", "/large"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    layout = Layout(
        Network(ipv6=True),
        wires=("lan", "access", "core"),
        impostors=True,
        slow_ms=SLOW_MS,
        vpn=True,
    )
    with build(f"{os.getpid()}-faults", tmp_path_factory.mktemp("servers"), layout) as built:
        yield built


def _until_all_answer(seen: View, addresses: Sequence[str]) -> None:
    """Every address answers three pings in a row, within five seconds: what was undone may take a moment to be gone."""
    deadline = time.monotonic() + 5
    while silent := {one for one in addresses if seen.ping(one, 3, "-i0.005", "-W2")[0] < 3}:
        assert time.monotonic() < deadline, silent


@pytest.fixture
def view(lab: Lab) -> Iterator[View]:
    """A network on which all is well, before and after."""
    seen = View(lab)
    yield seen
    well = (BOX, HOP, *ANCHORS, *ANCHORS6)
    _until_all_answer(seen, well)
    names = [("name", None), ("name", RESOLVER)]
    pages, (name, direct) = (found := seen.look(*PAGES, *names))[:2], found[2:]
    assert pages == ALL_WELL
    assert [name[0], direct[0]] == [WEB, WEB]


class Acting:
    """A fault while it acts; its moves are made one after the other, without their waits."""

    def __init__(self, lab: Lab, what: str, **said: object) -> None:
        self._moves = iter(moves(lab, Fault(what, 0.0, 1.0, **said), 7))  # type: ignore[arg-type]

    def __enter__(self) -> Acting:
        self.go_on()
        return self

    def go_on(self) -> None:
        before = time.time_ns()
        assert before <= next(self._moves).act() <= time.time_ns()

    def __exit__(self, *_: object) -> None:
        for move in self._moves:
            move.act()


SILENT = {
    # what is silent, and what still answers
    "access-cut": ((HOP, A, B, A6), (BOX,)),
    "core-cut": ((A, B, A6), (BOX, HOP)),
    "cable-out": ((BOX, HOP, A, A6), ()),
    "interface-down": ((BOX, HOP, A, A6), ()),
    "box-hangs": ((HOP, A, A6), (BOX,)),
    "network-out": ((B, ANCHORS6[1]), (BOX, HOP, A, A6)),
    "anchor-dead": ((B, ANCHORS6[1]), (BOX, HOP, A, A6)),
    "ipv4-out": ((HOP, A, B), (BOX, A6)),
    "ipv6-out": ((A6, ANCHORS6[1]), (BOX, HOP, A, B)),
}


@pytest.mark.parametrize("what", SILENT)
def test_what_is_silent(lab: Lab, view: View, what: str) -> None:
    silent, alive = SILENT[what]
    with Acting(lab, what, which=(1,)):
        assert [address for address in silent if view.answers(address)] == []
        assert [address for address in alive if not view.answers(address)] == []
        if what == "network-out":
            with pytest.raises(RuntimeError):
                lab.run("pc", "ping", "-c1", "-W1", B)


def test_every_fault_of_the_lab_is_played() -> None:
    from tests.lab.faults import _PLAYED

    assert set(_PLAYED) == set(KINDS) - SIMULATOR_ALONE - {"recorder-stops"}


@pytest.mark.parametrize(
    ("what", "lossy", "whole"),
    [("lan-loss", BOX, ()), ("access-loss", HOP, (BOX,)), ("core-loss", A, (BOX, HOP))],
)
def test_losses(lab: Lab, view: View, what: str, lossy: str, whole: tuple[str, ...]) -> None:
    """Of 300 tries a fifth is lost: 60 with a deviation of 7."""
    with Acting(lab, what, share=0.2):
        received, _ = view.ping(lossy, 300, "-i0.003")
        assert 300 - 90 < received < 300 - 30
        assert [view.ping(address, 30)[0] for address in whole] == [30 for _ in whole]


@pytest.mark.parametrize(
    ("what", "later", "usual"),
    [("lan-delay", (BOX, A6), ()), ("access-delay", (HOP, A), (BOX,)), ("core-delay", (A, A6), (BOX, HOP))],
)
def test_delays(lab: Lab, view: View, what: str, later: tuple[str, ...], usual: tuple[str, ...]) -> None:
    with Acting(lab, what, ms=80.0):
        for address in later:
            # A first answer may come later still: the neighbour's address is asked for through the same delay.
            view.ping(address, 1, "-W2")
            received, ms = view.ping(address)
            assert received == 5
            assert 80 <= ms < 100
        assert all(view.ping(address)[1] < 20 for address in usual)


def test_spikes(lab: Lab, view: View) -> None:
    """One answer in five comes 200 ms later: 20 of 100, with a deviation of 4."""
    lab.tell("wire-access", "spikes 0.2 200 1")
    out = lab.run("pc", "ping", "-n", "-c100", "-i0.01", "-W1", A)
    lab.tell("wire-access", "spikes 0 0 1")
    times = [float(ms) for ms in re.findall(r"time=([\d.]+)", out)]
    assert len(times) == 100
    late = [ms for ms in times if ms > 100]
    assert 4 < len(late) < 36
    assert all(200 <= ms < 230 for ms in late)


def test_large_packets_are_lost(lab: Lab, view: View) -> None:
    with Acting(lab, "large-lost"):
        assert view.look(*PAGES) == [[204, 0], None]
        assert view.ping(A, 3, "-s1300")[0] == 3
        assert view.ping(A, 3, "-s1400")[0] == 0


def test_resolvers(lab: Lab, view: View) -> None:
    asked = (("name", None), ("name", RESOLVER))
    with Acting(lab, "resolver-dead"):
        system, direct = view.look(*asked)
        assert system is None
        assert direct[0] == WEB
    with Acting(lab, "resolver-slow"):
        system, direct = view.look(*asked)
        assert system[0] == WEB
        assert SLOW_MS / 1000 <= system[1] < SLOW_MS / 1000 + 0.5
        assert direct[1] < 0.5
    with Acting(lab, "resolver-lies"):
        system, direct = view.look(*asked)
        assert system[0] == BOX
        assert direct[0] == WEB
        assert view.look(PAGES[0])[0][0] == 200


def test_portal(lab: Lab, view: View) -> None:
    with Acting(lab, "portal"):
        system, direct = view.look(("name", None), ("name", RESOLVER))
        assert [system[0], direct[0]] == [BOX, BOX]
        # A port that an earlier connection had used may still be known to the box, with the way it took then.
        pages = [view.look(PAGES[0])[0][0] for _ in range(4)]
        assert set(pages[1:]) <= {200, 302}
        assert view.answers(A)
    assert view.look(("tcp", A)) == ["open"]


@pytest.mark.parametrize(("where", "address"), [("box", BOX), ("hop", HOP), ("anchor", B)])
def test_rate_limits(lab: Lab, view: View, where: str, address: str) -> None:
    with Acting(lab, "rate-limit", where=where, per_s=0.5, which=(1,)):
        assert view.ping(address, 20)[0] <= 2
        assert view.ping(A, 5)[0] == 5


@pytest.fixture(scope="module")
def busy_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    layout = Layout(Network(), tv=True, speed=True)
    with build(f"{os.getpid()}-busy", tmp_path_factory.mktemp("servers"), layout) as built:
        yield built


@pytest.mark.parametrize(
    ("what", "place", "least_ms"),
    [
        ("own-upload", "pc", 150),
        ("own-download", "pc", 50),
        ("home-upload", "tv", 150),
        ("home-download", "tv", 50),
    ],
)
def test_bulk_fills_the_line(busy_home: Lab, what: str, place: str, least_ms: float) -> None:
    view = View(busy_home)
    with Acting(busy_home, what):
        time.sleep(1)  # the queue fills
        before, own = _bytes(busy_home, "box", "wan"), sum(_bytes(busy_home, "pc", "eth0"))
        start = time.monotonic()
        time.sleep(2)
        after, passed_s = _bytes(busy_home, "box", "wan"), time.monotonic() - start
        down, up = ((b - a) * 8e-6 / passed_s for a, b in zip(before, after, strict=True))
        received, ms = view.ping(A, 20, "-W1")
        assert received >= 10
        assert ms > least_ms
        assert 40 < down < 53 if "download" in what else 8 < up < 10.6
        assert (sum(_bytes(busy_home, "pc", "eth0")) - own > 1_000_000) is (place == "pc")
        assert view.ping(BOX)[1] < 20
    time.sleep(0.5)  # what the queue still holds
    assert view.ping(A)[1] < 20


def _bytes(lab: Lab, place: str, interface: str) -> list[int]:
    """Received and sent since the interface was made."""
    words = lab.run(place, "cat", "/proc/net/dev").split(f"{interface}:")[1].split()
    return [int(words[0]), int(words[8])]


def test_box_restart(lab: Lab, view: View) -> None:
    with Acting(lab, "box-restart", silent=0.2, sync=0.2) as restart:
        assert not view.answers(BOX)
        restart.go_on()
        time.sleep(1.1)  # the pc asks for the box's hardware address once a second
        assert view.answers(BOX)
        assert not view.answers(A)
        assert not view.answers(HOP)


def test_flapping(lab: Lab, view: View) -> None:
    with Acting(lab, "flapping", off=0.2, every=0.5) as flapping:
        for first in (True, False):
            if not first:
                flapping.go_on()
            assert not view.answers(A)
            flapping.go_on()
            assert view.answers(A)


def test_the_box_tells_what_it_notices(lab: Lab, view: View) -> None:
    assert _box_says(lab) == ("Connected", "Up")
    with Acting(lab, "access-cut"):
        assert _box_says(lab) == ("Connected", "Up")
    with Acting(lab, "access-cut", noticed=True):
        assert _box_says(lab) == ("Disconnected", "Down")
        assert (
            "Unreachable"
            not in subprocess.run(
                ["ip", "netns", "exec", lab.ns("pc"), "ping", "-c3", "-i0.1", "-W0.3", A],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
        )
    assert _box_says(lab) == ("Connected", "Up")


def _box_says(lab: Lab) -> tuple[str, str]:
    return (
        _asked(lab, "WANIPConnection:2", "IPConn", "GetStatusInfo", "NewConnectionStatus"),
        _asked(
            lab, "WANCommonInterfaceConfig:1", "CmnIfCfg", "GetCommonLinkProperties", "NewPhysicalLinkStatus"
        ),
    )


def _asked(lab: Lab, service: str, control: str, action: str, wanted: str) -> str:
    kind = f"urn:schemas-upnp-org:service:{service}"
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    body = f'<s:Envelope xmlns:s="{soap}"><s:Body><u:{action} xmlns:u="{kind}"/></s:Body></s:Envelope>'
    ask = (
        "import sys, urllib.request as r\n"
        "asked = r.Request(sys.argv[1], sys.argv[2].encode(), {'SOAPAction': sys.argv[3]})\n"
        "print(r.urlopen(asked, timeout=3).read().decode())"
    )
    url = f"http://{BOX}:5000/ctl/{control}"
    answer = lab.run("pc", sys.executable, "-c", ask, url, body, f'"{kind}#{action}"')
    found = re.search(f"<{wanted}>(.*?)<", answer)
    assert found is not None
    return found[1]


def test_vpn(lab: Lab, view: View) -> None:
    with Acting(lab, "vpn", mode="split"):
        assert view.answers(TUNNEL)
        assert "dev eth0" in lab.run("pc", "ip", "route", "get", A)
        with Acting(lab, "vpn-server-dead"):
            assert not view.answers(TUNNEL)
            assert view.answers(A)
        assert view.answers(TUNNEL)
    with Acting(lab, "vpn", mode="full"):
        assert "dev tun0" in lab.run("pc", "ip", "route", "get", A)
        assert view.ping(A)[0] == 5
        assert view.look(PAGES[0], ("name", None))[1][0] == WEB
        with Acting(lab, "vpn-server-dead"):
            assert not view.answers(A)
            assert view.ping(A, 3, "-Ieth0")[0] == 3
            assert view.look(("name", None)) == [None]
