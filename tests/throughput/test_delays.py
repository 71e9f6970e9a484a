"""Round trips beside a measurement: the figures, the choice of a method, and networks that misbehave."""

from __future__ import annotations

import contextlib
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import Namespace, connect, namespaces, needs_namespaces

from diagnostics.clock import SystemClock
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    MachineCannot,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
)
from diagnostics.probes.fake import FakePinger, Script, always_ok
from diagnostics.probes.ping_tcp import TcpPinger
from diagnostics.throughput import delays
from diagnostics.throughput.delays import DelayWatch, Fate, fate_of, nearest_rank, summed_up
from diagnostics.throughput.model import DelayMethod, Delays, Place, Way

ANCHOR = Target(Role.ANCHOR, Protocol.ICMP, "192.0.2.1", 4)
CLOCK = SystemClock()
TRAFFIC = Path(__file__).parents[1] / "lab" / "traffic.py"


def now() -> int:
    return CLOCK.mono_ns()


def sample(outcome: Outcome, rtt_ms: float | None = None, detail: str = "") -> Sample:
    rtt = None if rtt_ms is None else round(rtt_ms * MILLISECOND)
    return Sample(ANCHOR, 0, 0, outcome, rtt, detail)


@contextlib.contextmanager
def watching(place: Place, way: Way | None = None, **options: Any) -> Iterator[DelayWatch]:
    watch = DelayWatch(place, way or Way(), CLOCK, **options)
    watch.start()
    try:
        yield watch
    finally:
        watch.close()


def fake(script: Script = always_ok) -> Callable[..., FakePinger]:
    def open_pinger(clock: Any, *, timeout_ns: int, late_ns: int, binding: Any) -> FakePinger:
        return FakePinger(clock, script, timeout_ns=timeout_ns, late_ns=late_ns)

    return open_pinger


def no_icmp(*_: Any, **__: Any) -> FakePinger:
    raise MachineCannot("ping_impossible", method="")


@contextlib.contextmanager
def listening(address: str = "127.0.0.1", port: int = 0, backlog: int = 64) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family, backlog=backlog) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


# --- what one try tells, and the figures -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "given_sample", "fate"),
    [
        (DelayMethod.ICMP, sample(Outcome.OK, 12.5), Fate(False, 12_500_000)),
        (DelayMethod.ICMP, sample(Outcome.LOST), Fate(True)),
        (DelayMethod.ICMP, sample(Outcome.LATE, 1200), Fate(True)),
        (DelayMethod.ICMP, sample(Outcome.UNREACHABLE, detail="192.0.2.9 host-unreachable"), Fate(True)),
        (DelayMethod.ICMP, sample(Outcome.SEND_ERROR, detail="ENOBUFS"), Fate(True)),
        (DelayMethod.ICMP, sample(Outcome.SEND_ERROR, detail="ENODEV"), None),
        (DelayMethod.TCP, sample(Outcome.OK, 999), Fate(False, 999_000_000)),
        (DelayMethod.TCP, sample(Outcome.OK, 1000), Fate(True)),
        (DelayMethod.TCP, sample(Outcome.REFUSED, 3), Fate(False)),
    ],
)
def test_what_a_sample_says_of_a_try(method: DelayMethod, given_sample: Sample, fate: Fate | None) -> None:
    assert fate_of(given_sample, method) == fate


def test_figures_by_hand() -> None:
    answered = [Fate(False, ms * MILLISECOND) for ms in range(20, 0, -1)]
    summary = summed_up(DelayMethod.ICMP, [*answered, Fate(True), Fate(False)])
    assert summary == Delays(DelayMethod.ICMP, sent=22, lost=1, min_ms=1.0, median_ms=10.5, p95_ms=19.0)
    assert summed_up(DelayMethod.TCP, [Fate(False, 1_234_567)]).median_ms == 1.23
    assert summed_up(DelayMethod.TCP, [Fate(True)]) == Delays(DelayMethod.TCP, 1, 1)
    assert summed_up(DelayMethod.TCP, []) == Delays(DelayMethod.TCP, 0, 0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    found = nearest_rank(sorted(values), percent)

    def share(limit: float) -> int:
        return sum(value <= limit for value in values) * 100

    assert found in values
    assert share(found) >= percent * len(values)
    assert all(share(value) < percent * len(values) for value in values if value < found)


fates = st.one_of(
    st.just(Fate(True)), st.just(Fate(False)), st.builds(Fate, st.just(False), st.integers(0, 2 * SECOND))
)


@given(st.lists(fates, max_size=50))
def test_figures_are_in_order_and_nothing_is_counted_twice(given_fates: list[Fate]) -> None:
    summary = summed_up(DelayMethod.ICMP, given_fates)
    assert summary.sent == len(given_fates)
    assert 0 <= summary.lost <= summary.sent
    times = (summary.min_ms, summary.median_ms, summary.p95_ms)
    if any(fate.rtt_ns is not None for fate in given_fates):
        assert None not in times
        assert summary.min_ms <= summary.median_ms  # type: ignore[operator]
        assert summary.min_ms <= summary.p95_ms  # type: ignore[operator]
    else:
        assert times == (None, None, None)


# --- windows of time -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past() -> tuple[DelayWatch, int, int]:
    """A watch that is over: every third try was lost."""
    count = iter(range(1000))

    def script(_target: Target, _sent_ns: int) -> tuple[Outcome, int | None]:
        return (Outcome.LOST, None) if next(count) % 3 == 2 else (Outcome.OK, 5 * MILLISECOND)

    start = now()
    with watching(Place("127.0.0.1", 9), open_pinger=fake(script)) as watch:
        time.sleep(1.0)
        end = now()
        watch.between(start, end)
    return watch, start, end


@given(st.floats(0, 1), st.floats(0, 1))
def test_neighbouring_windows_share_no_try_and_miss_none(
    past: tuple[DelayWatch, int, int], first: float, second: float
) -> None:
    watch, start, end = past
    low, high = sorted((start + round((end - start) * part)) for part in (first, second))
    pieces = [watch.between(*edges) for edges in ((start, low), (low, high), (high, end))]
    whole = watch.between(start, end)
    assert whole.sent >= 8
    assert whole.lost in (whole.sent // 3, whole.sent // 3 + 1)
    assert sum(piece.sent for piece in pieces) == whole.sent
    assert sum(piece.lost for piece in pieces) == whole.lost


def test_what_is_under_way_when_asked_is_waited_for() -> None:
    slow = fake(lambda _target, _sent_ns: (Outcome.OK, 250 * MILLISECOND))
    with watching(Place("127.0.0.1", 9), open_pinger=slow) as watch:
        start = now()
        time.sleep(0.4)
        end = now()
        found = watch.between(start, end)
        took_ms = (now() - end) / 1e6
    assert found.sent >= 3
    assert (found.lost, found.median_ms) == (0, 250.0)
    assert 100 < took_ms < 500


def test_what_gets_no_answer_is_waited_for_three_seconds_and_lost() -> None:
    answers = iter([(Outcome.OK, MILLISECOND)])
    silent = fake(lambda _target, _sent_ns: next(answers, (Outcome.LOST, None)))
    with watching(Place("127.0.0.1", 9), open_pinger=silent) as watch:
        start = now()
        time.sleep(0.35)
        end = now()
        found = watch.between(start, end)
        took_ms = (now() - end) / 1e6
    assert found.sent == found.lost >= 3
    assert found.median_ms is None
    assert 2800 < took_ms < 3600


def test_close_does_not_wait_for_answers_and_leaves_out_what_is_not_known() -> None:
    first = iter([(Outcome.OK, MILLISECOND)])
    silent = fake(lambda _target, _sent_ns: next(first, (Outcome.LOST, None)))
    watch = DelayWatch(Place("127.0.0.1", 9), Way(), CLOCK, open_pinger=silent)
    start = now()
    watch.start()
    time.sleep(0.3)
    before = now()
    watch.close()
    assert watch.between(start, now()).sent == 1
    assert now() - before < 300 * MILLISECOND
    assert not [thread for thread in threading.enumerate() if thread.name == "speed-delays"]


# --- the choice of a method ------------------------------------------------------------------------------------------


@needs_namespaces
@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", 4), ("::1", 6)])
def test_a_server_that_answers_pings_is_pinged_ten_times_a_second(address: str, family: int) -> None:
    with namespaces(1) as (namespace,), namespace.entered(), watching(Place(address, 9)) as watch:
        start = now()
        time.sleep(1.5)
        found = watch.between(start, now())
    assert watch.address == (family, address)
    assert (found.method, found.lost) == (DelayMethod.ICMP, 0)
    assert 13 <= found.sent <= 16
    assert found.median_ms is not None
    assert 0 < found.median_ms < 5


@needs_namespaces
def test_a_server_that_answers_no_ping_is_tried_at_its_own_port() -> None:
    with namespaces(1) as (namespace,):
        namespace.sysctl("net/ipv4/icmp_echo_ignore_all", "1")
        with namespace.entered(), listening() as server:
            before = now()
            with watching(Place("127.0.0.1", port_of(server))) as watch:
                settled_ms = (now() - before) / 1e6
                start = now()
                time.sleep(1.5)
                found = watch.between(start, now())
            connection, _ = server.accept()
            with connection, pytest.raises(ConnectionResetError):
                connection.recv(1)
    assert 590 < settled_ms < 900
    assert (found.method, found.lost) == (DelayMethod.TCP, 0)
    assert 6 <= found.sent <= 9
    assert found.median_ms is not None
    assert 0 < found.median_ms < 5


def test_where_no_icmp_is_allowed_tcp_stands_in_at_once() -> None:
    with listening() as server:
        before = now()
        with watching(Place("127.0.0.1", port_of(server)), open_pinger=no_icmp) as watch:
            settled_ms = (now() - before) / 1e6
            time.sleep(0.5)
            found = watch.between(before, now())
    assert settled_ms < 300
    assert (found.method, found.lost) == (DelayMethod.TCP, 0)
    assert found.sent >= 2


def test_a_pinger_that_only_knows_tcp_is_not_used_since_its_port_is_another() -> None:
    opened: list[TcpPinger] = []

    def tcp_only(clock: Any, *, timeout_ns: int, late_ns: int, binding: Any) -> TcpPinger:
        opened.append(TcpPinger(clock, timeout_ns, late_ns, 1, binding=binding))
        return opened[-1]

    with listening() as server:
        start = now()
        with watching(Place("127.0.0.1", port_of(server)), open_pinger=tcp_only) as watch:
            time.sleep(0.3)
            found = watch.between(start, now())
    assert opened
    assert found.median_ms is not None


def test_of_two_addresses_the_one_that_takes_a_connection_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listening() as server:
        rows = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port_of(server), 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port_of(server))),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows)
        place = Place("speed.example.net", port_of(server))
        with watching(place, open_pinger=no_icmp) as watch:
            assert watch.address == (4, "127.0.0.1")


# --- networks and servers that misbehave -----------------------------------------------------------------------------


def test_a_place_without_an_address_of_that_family_gives_nothing() -> None:
    before = now()
    with watching(Place("127.0.0.1", 80), Way(family=6)) as watch:
        assert watch.address is None
        assert watch.between(before, now()) == Delays(DelayMethod.TCP, 0, 0)
        assert watch.bytes == 0
    assert now() - before < SECOND


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def hang(*_: Any) -> list[Any]:
        end.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(delays, "ADDRESS_S", 0.2)
    before = now()
    try:
        with watching(Place("speed.example.net", 80)) as watch:
            assert watch.between(before, now()).sent == 0
        assert now() - before < SECOND
    finally:
        end.set()


@needs_namespaces
def test_a_server_that_falls_silent_in_the_middle_loses_what_comes_after() -> None:
    with namespaces(1) as (namespace,), namespace.entered(), watching(Place("127.0.0.1", 9)) as watch:
        first = now()
        time.sleep(0.55)  # between two tries, which are sent each tenth of a second
        middle = now()
        namespace.sysctl("net/ipv4/icmp_echo_ignore_all", "1")
        second = now()
        time.sleep(0.5)
        alive, dead = watch.between(first, middle), watch.between(second, now())
    assert (alive.method, alive.lost) == (DelayMethod.ICMP, 0)
    assert dead.method is DelayMethod.ICMP
    assert dead.sent == dead.lost >= 3


def test_a_server_that_refuses_is_there_but_tells_no_time() -> None:
    with listening() as server:
        watch = DelayWatch(Place("127.0.0.1", port_of(server)), Way(), CLOCK, open_pinger=no_icmp)
        watch.start()
    closed = now()
    time.sleep(0.5)
    found = watch.between(closed, now())
    watch.close()
    assert found.sent >= 2
    assert (found.lost, found.median_ms) == (0, None)


def test_handshakes_that_the_server_drops_are_lost() -> None:
    """A full queue of connections that nobody accepts: the kernel drops further SYNs, and ours comes again."""
    with listening(backlog=0) as server:
        start = now()
        with watching(Place("127.0.0.1", port_of(server)), open_pinger=no_icmp) as watch:
            time.sleep(1.1)
            found = watch.between(start, now())
    assert 0 < found.lost < found.sent
    assert found.p95_ms is not None
    assert found.p95_ms < 100


@needs_namespaces
def test_an_interface_that_vanishes_ends_nothing() -> None:
    with namespaces(2) as (here, there):
        mine, _ = connect(here, "10.9.0.1/24", there, "10.9.0.2/24")
        way = Way(interface=mine)
        with here.entered(), watching(Place("10.9.0.2", 80), way) as watch:
            first = now()
            time.sleep(0.55)  # between two tries, which are sent each tenth of a second
            middle = now()
            here.ip(f"link del {mine}")
            second = now()
            time.sleep(0.5)
            before, after = watch.between(first, middle), watch.between(second, now())
            assert watch._running()
    assert (before.method, before.lost) == (DelayMethod.ICMP, 0)
    assert before.sent >= 4
    assert (after.sent, after.median_ms) == (0, None)


@needs_namespaces
def test_tries_leave_by_the_chosen_interface_alone() -> None:
    with namespaces(2) as (here, there):
        connect(here, "10.9.0.1/24", there, "10.9.0.2/24")
        with here.entered(), watching(Place("10.9.0.2", 80), Way(interface="lo")) as watch:
            start = now()
            time.sleep(0.5)
            found = watch.between(start, now())
    assert found.median_ms is None


# --- under load ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(namespace: Namespace, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A program in a namespace that says ``ready`` first, and is ended at the end."""
    command = ["ip", "netns", "exec", namespace.name, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        try:
            yield process
        finally:
            process.kill()


@needs_namespaces
@pytest.mark.skipif(shutil.which("tc") is None, reason="tc, which shapes the line, is not installed")
@pytest.mark.skipif(shutil.which("fping") is None, reason="fping, to compare with, is not installed")
def test_a_full_queue_is_seen_as_fping_sees_it() -> None:
    """20 Mbit/s with a queue of 80 ms, filled by four uploads."""
    with namespaces(2) as (here, there):
        mine, _ = connect(here, "10.9.0.1/24", there, "10.9.0.2/24")
        shape = f"tc qdisc add dev {mine} root tbf rate 20mbit burst 16kb latency 80ms"
        here.run(*shape.split())
        with (
            running(there, sys.executable, str(TRAFFIC), "serve", "10.9.0.2", "5000"),
            here.entered(),
            watching(Place("10.9.0.2", 5000)) as watch,
        ):
            start = now()
            time.sleep(1)
            idle = watch.between(start, now())
            with running(here, sys.executable, str(TRAFFIC), "up", "10.9.0.2", "5000"):
                time.sleep(1)
                start = now()
                done = subprocess.run(
                    # A period shorter than the round trip makes fping count all as lost.
                    ["fping", "-q", "-C", "25", "-p", "200", "-t", "1000", "10.9.0.2"],
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=30,
                )
                end = now()
            loaded = watch.between(start, end)
    theirs = sorted(float(word) for word in done.stderr.partition(":")[2].split() if word != "-")
    assert len(theirs) >= 20
    assert idle.median_ms is not None
    assert loaded.median_ms is not None
    assert idle.median_ms < 2
    assert 40 < loaded.median_ms < 100
    # The queue sways by ten milliseconds and more, and both look at it at moments of their own.
    assert abs(loaded.median_ms - statistics.median(theirs)) < 0.25 * statistics.median(theirs)
