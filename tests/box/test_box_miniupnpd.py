"""The adapter against a real miniupnpd, in network namespaces: pc 192.168.1.10, box 192.168.1.1, isp 100.64.7.1."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from namespaces import Namespace, connect, namespaces, why_not

from diagnostics.box.adapter import Box, BoxReading, find_box
from diagnostics.box.counters import TrafficMeter
from diagnostics.clock import SystemClock
from diagnostics.witnesses import Origin

_reason = why_not() or ("" if shutil.which("miniupnpd") else "miniupnpd is not installed")
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(_reason), reason=_reason or "-"),
]
GATEWAY = "192.168.1.1"
PUBLIC = "8.8.4.4"  # miniupnpd refuses documentation addresses as reserved ones


@dataclass
class Home:
    """A pc behind a box behind an operator."""

    pc: Namespace
    box: Namespace
    interface: str
    lan: str
    wan: str
    folder: Path

    @contextlib.contextmanager
    def miniupnpd(self) -> Iterator[None]:
        """Runs one, with a port of the system's choice, from when it listens on."""
        config = self.folder / "miniupnpd.conf"
        config.write_text(
            f"ext_ifname={self.wan}\next_ip={PUBLIC}\nlistening_ip={self.lan}\nhttp_port=0\nenable_upnp=yes\n"
            "enable_natpmp=no\nuuid=00000000-0000-0000-0000-000000000001\n"
            "bitrate_down=50000000\nbitrate_up=10000000\n",
            "ascii",
        )
        words = ["ip", "netns", "exec", self.box.name, "miniupnpd", "-d", "-f", str(config)]
        words += ["-P", str(self.folder / "pid")]
        log = self.folder / "miniupnpd.log"
        with log.open("wb") as output:
            server = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 10
            while ":1900" not in self.box.run("ss", "-lnuH"):
                assert server.poll() is None, log.read_text("utf-8", "replace")
                assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
                time.sleep(0.02)
            yield
        finally:
            server.terminate()
            server.wait(10)

    def find(self) -> Box | None:
        with self.pc.entered():
            return find_box(GATEWAY, SystemClock(), self.interface)

    def ask(self, box: Box) -> BoxReading | None:
        with self.pc.entered():
            return box.ask()

    def said(self, box: Box) -> BoxReading:
        reading = self.ask(box)
        assert reading is not None
        return reading


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with namespaces(3) as (pc, box, isp):
        interface, lan = connect(pc, "192.168.1.10/24", box, f"{GATEWAY}/24")
        wan, _ = connect(box, "100.64.7.2/30", isp, "100.64.7.1/30")
        yield Home(pc, box, interface, lan, wan, tmp_path)


def test_what_a_box_tells(home: Home) -> None:
    with home.miniupnpd():
        box = home.find()
        assert box is not None
        assert box.name == "upnp"
        reading = home.said(box)
    account = reading.account
    assert (account.wan_up, account.network) == (True, "8.8.4.0/24")
    assert account.uptime_s is not None
    assert account.uptime_s < 60
    assert (account.link_down_bps, account.link_up_bps) == (50_000_000, 10_000_000)
    assert reading.external_address == PUBLIC
    assert reading.down_bytes is not None


@pytest.mark.parametrize("dropped", [GATEWAY, "239.255.255.250"])
def test_a_search_of_either_kind_is_enough(home: Home, dropped: str) -> None:
    rule = (
        "table ip t {{ chain c {{ type filter hook input priority 0; ip daddr {0} udp dport 1900 drop; }}; }}"
    )
    home.box.run("nft", rule.format(dropped))
    with home.miniupnpd():
        assert home.find() is not None


def test_counters_count_the_outer_side(home: Home) -> None:
    with home.miniupnpd():
        box, meter = home.find(), TrafficMeter()
        assert box is not None
        before = home.said(box)
        assert meter.step(before) is None
        home.box.run("ping", "-q", "-c", "5", "-i", "0.05", "-s", "1000", "100.64.7.1")
        after = home.said(box)
    assert before.down_bytes is not None
    assert before.up_bytes is not None
    assert after.down_bytes is not None
    assert after.up_bytes is not None
    # 1,000 bytes of data in a ping make 1,042 on Ethernet; neighbour discovery may add a little
    assert 5 * 1042 <= after.down_bytes - before.down_bytes <= 5 * 1042 + 2000
    assert 5 * 1042 <= after.up_bytes - before.up_bytes <= 5 * 1042 + 2000
    traffic = meter.step(after)
    assert traffic is not None
    assert traffic.origin is Origin.HOME
    elapsed_s = (after.at.mono_ns - before.at.mono_ns) / 1e9
    (step,) = traffic.steps
    assert step.down_bps == pytest.approx((after.down_bytes - before.down_bytes) * 8 / elapsed_s, rel=0.001)


def test_line_that_is_down_and_comes_back(home: Home) -> None:
    with home.miniupnpd():
        box = home.find()
        assert box is not None
        home.box.ip(f"link set {home.wan} down")
        down = home.said(box)
        assert down.account.wan_up is False
        assert down.account.uptime_s is None
        home.box.ip(f"link set {home.wan} up")
        assert home.said(box).account.wan_up is True


def test_box_that_restarts_is_found_again_by_the_same_adapter(home: Home) -> None:
    with home.miniupnpd():
        box = home.find()
        assert box is not None
    start = time.monotonic()
    assert home.ask(box) is None
    assert time.monotonic() - start < 2.5
    with home.miniupnpd():
        assert home.said(box).account.wan_up is True


def test_no_service_is_no_box_and_takes_a_few_seconds_at_most(home: Home) -> None:
    start = time.monotonic()
    assert home.find() is None
    assert time.monotonic() - start < 7


def test_box_that_does_not_exist_is_none_in_time(home: Home) -> None:
    start = time.monotonic()
    with home.pc.entered():
        assert find_box("192.168.1.99", SystemClock(), home.interface) is None
    assert time.monotonic() - start < 7
