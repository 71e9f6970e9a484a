"""Interface facts and counters, on this machine's loopback and on constructed readings."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links.counters import Counters, difference, read_counters
from diagnostics.links.interfaces import NOTHING_TOLD, InterfaceFacts, read_interface, system_name
from diagnostics.links.linux_interfaces import Negotiated, carried, negotiated, parse_carried


def facts(**changes: Any) -> InterfaceFacts:
    told = SimpleNamespace(**({"isup": True, "duplex": 2, "speed": 1000, "mtu": 1500} | changes))
    return read_interface("eth0", {"eth0": told}.get)


def test_facts_of_a_cable() -> None:
    assert facts() == InterfaceFacts(1_000_000_000, "full", 1500)
    assert facts(duplex=1, speed=10) == InterfaceFacts(10_000_000, "half", 1500)


def test_what_the_system_does_not_tell_is_none() -> None:
    assert facts(duplex=0, speed=0, mtu=0) == NOTHING_TOLD
    assert facts(speed=65535) == InterfaceFacts(None, "full", 1500)
    assert facts(speed=-1) == InterfaceFacts(None, "full", 1500)
    assert facts(speed=None) == NOTHING_TOLD
    assert read_interface("eth1", lambda _: None) == NOTHING_TOLD


def refuse(_: str) -> Any:
    raise PermissionError("not for you")


def test_a_refusal_is_nothing_known() -> None:
    assert read_interface("eth0", refuse) == NOTHING_TOLD
    assert read_counters("eth0", refuse) is None


def loopback() -> str:
    return next(name for _, name in socket.if_nameindex() if name.startswith("lo"))


def test_the_loopback_of_this_machine() -> None:
    found = read_interface(loopback())
    assert found.mtu is not None
    assert found.mtu >= 1500
    assert read_interface("no-such-0") == NOTHING_TOLD


def test_names_differ_on_windows_only() -> None:
    assert system_name("wlan0", "linux") == "wlan0"
    # Elsewhere than on Windows there is nobody to ask: the name stays.
    assert system_name("wireless_32768", "win32") == "wireless_32768"


def test_counters_grow_by_what_is_sent() -> None:
    before = read_counters(loopback())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(3):
                sender.sendto(bytes(1000), receiver.getsockname())
                assert len(receiver.recv(2000)) == 1000
    after = read_counters(loopback())
    assert before is not None
    assert after is not None
    grown = difference(before, after)
    assert grown is not None
    assert grown.bytes_up >= 3000
    assert grown.bytes_down >= 3000
    assert grown.packets_up >= 3


def test_an_interface_that_is_not_there_has_no_counters() -> None:
    assert read_counters("no-such-0") is None


def test_both_directions_of_errors_and_drops_are_summed() -> None:
    told = SimpleNamespace(
        bytes_recv=1, bytes_sent=2, packets_recv=3, packets_sent=4, errin=5, errout=6, dropin=7, dropout=8
    )
    found = read_counters(loopback(), {loopback(): told}.get)
    assert found == Counters(socket.if_nametoindex(loopback()), 1, 2, 3, 4, 11, 15)


# --- Linux's own files ----------------------------------------------------------------------------------------------

# constructed from: net/core/net-procfs.c (Linux 6.1), dev_seq_show and dev_seq_printf_stats
PROC_NET_DEV = """\
Inter-|   Receive                                       |  Transmit
 face |bytes packets errs drop fifo frame comp multicast|bytes packets errs drop fifo colls carrier comp
    lo: 9000      90    0    0    0     0    0         0 9000       90    0    0    0     0       0    0
  eth0: 4000000000 5000000 2 7    1     3    0        12 1000000000 3000000 4 9  0     5       0    0
eth0:1: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0
"""


def test_the_kernels_table_is_read_by_its_columns() -> None:
    assert parse_carried(PROC_NET_DEV, "eth0") == (
        4_000_000_000,
        5_000_000,
        2,
        7,
        1_000_000_000,
        3_000_000,
        4,
        9,
    )
    assert parse_carried(PROC_NET_DEV, "eth0:1") == (1, 2, 3, 4, 5, 6, 7, 8)
    assert parse_carried(PROC_NET_DEV, "eth1") is None
    assert parse_carried("", "eth0") is None


@pytest.mark.parametrize("row", ["eth0: 1 2 3", "eth0:", "eth0: " + "many " * 16])
def test_a_broken_row_is_refused_and_then_nothing_is_known(row: str) -> None:
    text = f"one\ntwo\n{row}\n"
    with pytest.raises(ValueError):  # noqa: PT011 the text of int's error is Python's own
        parse_carried(text, "eth0")
    assert read_counters("eth0", lambda name: parse_carried(text, name)) is None


@given(st.text(), st.text(max_size=5))
def test_any_text_is_counters_nothing_or_refused(text: str, name: str) -> None:
    found = None
    try:
        found = parse_carried("\n\n" + text, name)
    except ValueError:
        return
    assert found is None or len(found) == 8


def test_the_kernels_table_and_psutil_agree(tmp_path: Path) -> None:
    if not Path("/proc/net/dev").exists():
        pytest.skip("no /proc/net/dev here")
    name = loopback()
    (tmp_path / "proc/net").mkdir(parents=True)
    # What psutil says before and after, and the file in between: others may use the loopback meanwhile.
    before = psutil.net_io_counters(pernic=True, nowrap=False)[name]
    (tmp_path / "proc/net/dev").write_text(Path("/proc/net/dev").read_text())
    after = psutil.net_io_counters(pernic=True, nowrap=False)[name]
    ours = carried(name, tmp_path)
    assert ours is not None
    for field, count in ours._asdict().items():
        assert getattr(before, field) <= count <= getattr(after, field), field


def test_the_links_files_are_read_also_where_the_driver_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "sys/class/net/eth0"
    folder.mkdir(parents=True)
    assert negotiated("eth0", tmp_path) == Negotiated(0, 0, 0)
    for name, text in (("speed", "100\n"), ("duplex", "half\n"), ("mtu", "1492\n")):
        (folder / name).write_text(text)
    assert negotiated("eth0", tmp_path) == Negotiated(100, 1, 1492)
    assert read_interface("eth0", lambda name: negotiated(name, tmp_path)) == InterfaceFacts(
        100_000_000, "half", 1492
    )
    for name, text in (("speed", "-1\n"), ("duplex", "unknown\n"), ("mtu", "9" * 5000)):
        (folder / name).write_text(text)
    assert negotiated("eth0", tmp_path) == Negotiated(0, 0, 0)
    (folder / "speed").unlink()
    (folder / "speed").mkdir()
    assert negotiated("eth0", tmp_path) == Negotiated(0, 0, 0)
    assert negotiated("eth1", tmp_path) is None


# --- between two readings -------------------------------------------------------------------------------------------

THEN = Counters(2, 4_000_000_000, 1_000_000_000, 5_000_000, 3_000_000, 2, 7)


def test_a_counter_of_32_bits_wraps() -> None:
    now = replace(THEN, bytes_down=100_000_000, bytes_up=1_000_500_000, packets_down=5_300_000)
    grown = difference(THEN, now)
    assert grown is not None
    assert (grown.bytes_down, grown.bytes_up) == (2**32 - 3_900_000_000, 500_000)


@pytest.mark.parametrize(
    "now",
    [
        replace(THEN, index=3),
        Counters(2, 0, 0, 0, 0),
        replace(THEN, bytes_down=100_000_000, packets_down=20),
        replace(THEN, bytes_down=3_999_999_999),
        replace(THEN, bytes_up=10),
    ],
)
def test_counters_that_began_anew_tell_nothing(now: Counters) -> None:
    assert difference(THEN, now) is None


def test_a_counter_beyond_32_bits_does_not_wrap() -> None:
    assert difference(replace(THEN, bytes_down=2**40), replace(THEN, bytes_down=5)) is None


NUMBERS = st.integers(0, 2**64 - 1)
COUNTERS = st.builds(Counters, st.integers(0, 2), *[NUMBERS] * 6)


@given(COUNTERS, COUNTERS)
def test_a_difference_is_never_negative(before: Counters, after: Counters) -> None:
    grown = difference(before, after)
    if grown is not None:
        assert before.index == after.index
        told = (
            grown.bytes_down,
            grown.bytes_up,
            grown.packets_down,
            grown.packets_up,
            grown.errors,
            grown.dropped,
        )
        assert min(told) >= 0


@given(COUNTERS)
def test_nothing_is_carried_between_equal_readings(reading: Counters) -> None:
    assert difference(reading, reading) == Counters(reading.index, 0, 0, 0, 0)
