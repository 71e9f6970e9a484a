"""What else moved during a measurement: by made-up counters, and on a shaped line of the lab with a second flow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.fake import Said
from diagnostics.box.reading import BoxReading
from diagnostics.clock import Reading
from diagnostics.links.counters import Counters
from diagnostics.model import MILLISECOND, SECOND
from diagnostics.throughput.model import CURVE_NS, Direction, OtherTraffic
from diagnostics.throughput.watch import (
    HEADERS,
    SEGMENT,
    TrafficWatch,
    parse_snmp,
    parse_stat,
    read_cpu,
    read_resent,
)
from diagnostics.witnesses import BoxAccount
from tests.lab.network import BOX, ROOT, SPEED, Lab, Layout, build, missing
from tests.playing.scenario import Network
from tests.throughput.results import steady

DOWN, UP = Direction.DOWN, Direction.UP
MEGA = 1_000_000
Rate = Callable[[float], float]
"""Payload bits a second, by seconds."""


def along(other: OtherTraffic) -> tuple[int | None, int | None]:
    """What moved in the flow's own direction: of this machine, and of the home."""
    return other.machine_bps, other.home_bps


class World:
    """A machine and a box whose counters come from rates, on a clock that is set by hand."""

    def __init__(self, *, merged: int = 1, family: int = 4) -> None:
        self.now_ns = 0
        self.index = 2
        self.merged = merged
        """Segments that the system counts as one packet."""
        self.header = HEADERS[family]
        self.payload = {DOWN: 0.0, UP: 0.0}
        self.outside = {DOWN: 5e6, UP: 7e6}
        self.resent = 0
        self.cpu = (0.0, 0.0)
        self.busy = 0.1
        self.gone = False
        self.held: tuple[int, int] | None = None
        """What the box goes on saying, while it does not bring its counters up to date."""
        self.wide = True
        self.uptime_s: int | None = 1000

    def pass_time(self, step_ns: int, machine: dict[Direction, float], home: dict[Direction, float]) -> None:
        """Let time pass at rates of payload: of all on this machine, and of the other devices."""
        self.now_ns += step_ns
        self.cpu = (self.cpu[0] + self.busy * step_ns, self.cpu[1] + step_ns)
        wire = (SEGMENT + self.header) / SEGMENT
        for way in Direction:
            moved = machine.get(way, 0) * step_ns / (8 * SECOND)
            self.payload[way] += moved
            self.outside[way] += (moved + home.get(way, 0) * step_ns / (8 * SECOND)) * wire

    def counters(self, name: str) -> Counters | None:
        assert name == "eth0"
        if self.gone:
            return None
        packets = {way: round(moved / (SEGMENT * self.merged)) for way, moved in self.payload.items()}
        counted = {way: round(moved + self.header * packets[way]) for way, moved in self.payload.items()}
        return Counters(self.index, counted[DOWN], counted[UP], packets[DOWN], packets[UP])

    def ask(self) -> BoxReading | None:
        turn = 2**64 if self.wide else 2**32
        number = self.held or (round(self.outside[DOWN]) % turn, round(self.outside[UP]) % turn)
        said = Said(BoxAccount("fake", True, uptime_s=self.uptime_s), *number)
        at = Reading(self.now_ns, self.now_ns, self.now_ns)
        return BoxReading(said.account, said.down_bytes, said.up_bytes, None, at, self.wide)

    name = "fake"

    def watch(self, family: int = 4, *, box: bool = True, resent: bool = True) -> TrafficWatch:
        return TrafficWatch(
            "eth0",
            family=family,
            box=self if box else None,
            counters=self.counters,
            cpu=lambda: self.cpu,
            resent=lambda: self.resent if resent else None,
            clock=lambda: self.now_ns,
        )

    def run(
        self,
        watch: TrafficWatch,
        seconds: float,
        machine: dict[Direction, float],
        home: dict[Direction, float] | None = None,
        during: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Ten readings a second, and two questions."""
        begun_ns = self.now_ns
        watch.look()
        watch.ask()
        for tenth in range(1, round(seconds * 10) + 1):
            during((self.now_ns - begun_ns) / SECOND)
            self.pass_time(100 * MILLISECOND, machine, home or {})
            watch.look()
            if tenth % 5 == 0:
                watch.ask()


@pytest.mark.parametrize("way", list(Direction))
@pytest.mark.parametrize(("merged", "family"), [(1, 4), (40, 4), (1, 6), (40, 6)])
def test_what_others_moved_is_told_with_its_direction(way: Direction, merged: int, family: int) -> None:
    world = World(merged=merged, family=family)
    watch = world.watch(family)
    world.run(watch, 5, {way: 60 * MEGA}, {way: 20 * MEGA})
    own = steady(way, 40 * MEGA, 5)
    found = watch.other(own)
    assert found.machine_bps == pytest.approx(20 * MEGA, rel=0.01)
    # As the box counts, headers included.
    wire = (SEGMENT + HEADERS[family]) / SEGMENT
    assert found.home_bps == pytest.approx(20 * MEGA * wire, rel=0.01)
    assert watch.other(steady(DOWN if way is UP else UP, 40 * MEGA, 5)).machine_bps == 0


def test_alone_there_are_no_others() -> None:
    world = World()
    watch = world.watch()
    world.run(watch, 5, {DOWN: 40 * MEGA})
    found = watch.other(steady(DOWN, 40 * MEGA, 5))
    assert found.machine_bps is not None
    assert found.home_bps is not None
    assert max(found.machine_bps, found.home_bps) < 0.001 * 40 * MEGA


def test_acknowledgements_count_for_nothing() -> None:
    world = World()
    watch = world.watch(box=False)
    packets = 0

    def counters(_: str) -> Counters:
        # 20,000 bare acknowledgements a second.
        return Counters(2, 66 * packets, 0, packets, 0)

    watch._counters = counters
    for _ in range(50):
        watch.look()
        world.pass_time(100 * MILLISECOND, {}, {})
        packets += 2000
    assert along(watch.other(steady(DOWN, 0, 4))) == (0, None)


def test_what_tcp_sends_again_is_the_flows_own() -> None:
    world = World()
    watch = world.watch()
    again = 2 * MEGA / 8 / SEGMENT / 10

    def during(_: float) -> None:
        world.resent += round(again)
        # It was dropped before the box counted it.
        world.outside[UP] -= round(again) * (SEGMENT + 66)

    world.run(watch, 5, {UP: 22 * MEGA}, {UP: 5 * MEGA}, during)
    own = steady(UP, 20 * MEGA, 5)
    found = watch.other(own)
    assert found.machine_bps is not None
    assert found.machine_bps < 0.01 * 20 * MEGA
    assert found.home_bps == pytest.approx(5 * MEGA * 1514 / 1448, rel=0.05)
    # Where the system does not count, the flow's own count does.
    blind = World()
    watch = blind.watch(box=False, resent=False)
    blind.run(watch, 5, {UP: 22 * MEGA})
    told = watch.other(replace(own, resent=round(again * 50)))
    assert told.machine_bps is not None
    assert told.machine_bps < 0.01 * 20 * MEGA
    assert (watch.other(own).machine_bps or 0) > 1.5 * MEGA


def test_only_the_counted_window_counts() -> None:
    world = World()
    watch = world.watch(box=False)
    world.run(watch, 1, {DOWN: 90 * MEGA})
    world.run(watch, 4, {DOWN: 40 * MEGA})
    world.run(watch, 3, {DOWN: 90 * MEGA})
    own = steady(DOWN, 40 * MEGA, 5)
    found = watch.other(own)
    assert found.machine_bps is not None
    assert found.machine_bps < 0.001 * 40 * MEGA


def test_a_flow_without_a_curve_is_taken_by_its_rate() -> None:
    world = World()
    watch = world.watch(box=False)
    world.run(watch, 5, {DOWN: 60 * MEGA})
    own = replace(steady(DOWN, 40 * MEGA, 5), curve=())
    assert watch.other(own).machine_bps == pytest.approx(20 * MEGA, rel=0.01)
    assert along(watch.other(replace(own, bps=None))) == (None, None)


def test_a_last_step_that_is_shorter_counts_whole() -> None:
    world = World()
    watch = world.watch(box=False)
    world.run(watch, 5, {DOWN: 40 * MEGA})
    own = steady(DOWN, 40 * MEGA, 4)
    short = (*own.curve[:-1], own.curve[-1] // 2)
    found = watch.other(replace(own, curve=short, duration_ns=4 * SECOND - CURVE_NS // 2))
    assert found.machine_bps is not None
    assert found.machine_bps < 0.001 * 40 * MEGA


def test_nothing_is_told_where_counters_began_anew_or_are_missing() -> None:
    def anew(world: World, at_s: float) -> None:
        world.index = 3 if at_s > 2.5 else 2

    def away(world: World, at_s: float) -> None:
        world.gone = 2.4 < at_s < 2.8

    for trouble in (anew, away):
        world = World()
        watch = world.watch()
        world.run(watch, 5, {DOWN: 60 * MEGA}, during=lambda at_s, w=world, t=trouble: t(w, at_s))  # type: ignore[misc]
        assert along(watch.other(steady(DOWN, 40 * MEGA, 5))) == (None, None), trouble
    world = World()
    world.gone = True
    watch = world.watch(box=False)
    world.run(watch, 5, {DOWN: 60 * MEGA})
    assert along(watch.other(steady(DOWN, 40 * MEGA, 5))) == (None, None)


def test_a_watch_that_began_late_or_never_tells_nothing() -> None:
    world = World()
    assert along(world.watch().other(steady(DOWN, 40 * MEGA, 5))) == (None, None)
    watch = world.watch(box=False)
    world.now_ns = 4 * SECOND
    world.run(watch, 1, {DOWN: 60 * MEGA})
    assert along(watch.other(steady(DOWN, 40 * MEGA, 5))) == (None, None)


def test_a_box_that_rests_is_believed_for_what_must_be_so() -> None:
    for home, most in ((0, 0.0), (40 * MEGA, 42 * MEGA)):
        world = World()
        watch = world.watch()

        def during(at_s: float, world: World = world) -> None:
            # Brought up to date at every third second only.
            if round(at_s * 10) % 30 == 0:
                world.held = (round(world.outside[DOWN]), round(world.outside[UP]))

        world.run(watch, 12, {DOWN: 40 * MEGA}, {DOWN: home}, during)
        found = watch.other(steady(DOWN, 40 * MEGA, 12)).home_bps
        assert found is not None
        assert found <= most
        assert found >= home // 2


def test_a_box_without_counters_or_with_doubtful_ones_tells_nothing() -> None:
    own = steady(DOWN, 40 * MEGA, 5)

    def silent(world: World) -> None:
        world.ask = lambda: None  # type: ignore[method-assign]

    def countless(world: World) -> None:
        ask = World.ask
        world.ask = lambda: replace(ask(world), down_bytes=None)  # type: ignore[method-assign,type-var]

    def restarted(world: World) -> None:
        world.uptime_s = None if world.uptime_s is None else world.uptime_s - 100

    def dead(world: World) -> None:
        world.held = (0, 0)

    for trouble in (silent, countless, restarted, dead):
        world = World()
        watch = world.watch()
        world.run(watch, 5, {DOWN: 40 * MEGA}, during=lambda _, w=world, t=trouble: t(w))  # type: ignore[misc]
        found = watch.other(own)
        assert found.home_bps is None, trouble
        assert found.machine_bps == 0


def test_a_counter_of_32_bits_may_turn() -> None:
    world = World()
    world.wide = False
    world.outside[DOWN] = 2**32 - 10e6
    watch = world.watch()
    world.run(watch, 5, {DOWN: 40 * MEGA}, {DOWN: 40 * MEGA})
    assert world.outside[DOWN] > 2**32
    assert watch.other(steady(DOWN, 40 * MEGA, 5)).home_bps == pytest.approx(41.8 * MEGA, rel=0.01)


def test_too_short_a_time_for_the_box() -> None:
    world = World()
    watch = world.watch()
    world.run(watch, 5, {DOWN: 40 * MEGA})
    assert along(watch.other(steady(DOWN, 40 * MEGA, 2))) == (0, None)


@given(
    own=st.integers(0, 10**10),
    all_of_it=st.integers(0, 10**10),
    outside=st.integers(0, 10**10),
    merged=st.integers(1, 45),
    start_ns=st.integers(0, 2 * SECOND),
    ramp_ns=st.integers(0, 6 * SECOND),
    cut=st.integers(0, 50),
)
def test_never_below_nothing_and_never_more_than_there_was(
    own: int, all_of_it: int, outside: int, merged: int, start_ns: int, ramp_ns: int, cut: int
) -> None:
    world = World(merged=merged)
    watch = world.watch()
    world.run(watch, 5, {DOWN: all_of_it}, {DOWN: outside})
    flow = steady(DOWN, own, 4, ramp_ns)
    flow = replace(flow, start_mono_ns=start_ns, curve=flow.curve[: len(flow.curve) - cut])
    found = watch.other(flow)
    if found.machine_bps is not None:
        assert 0 <= found.machine_bps <= all_of_it * 1.01 + 10**6
    if found.home_bps is not None:
        assert 0 <= found.home_bps <= (all_of_it + outside) * 1.06 + 10**6


def test_the_busiest_second_within_the_flows() -> None:
    world = World()
    watch = world.watch(box=False)

    def busy(at_s: float) -> None:
        world.busy = 0.9 if 2 <= at_s < 3 else 1.0 if at_s >= 6 else 0.2

    world.run(watch, 8, {}, during=busy)
    first = steady(DOWN, MEGA, 5)
    assert watch.cpu_share([first]) == pytest.approx(0.9, abs=0.001)
    assert watch.cpu_share([replace(first, start_mono_ns=round(3.2 * SECOND), duration_ns=2 * SECOND)]) == (
        pytest.approx(0.2, abs=0.001)
    )
    last = replace(first, start_mono_ns=6 * SECOND, duration_ns=2 * SECOND)
    assert watch.cpu_share([first, last]) == pytest.approx(1.0, abs=0.001)
    assert watch.cpu_share([]) is None
    assert watch.cpu_share([replace(first, start_mono_ns=20 * SECOND)]) is None


def test_a_machine_too_busy_to_watch_itself_is_seen_by_the_hole() -> None:
    world = World()
    watch = world.watch(box=False)
    world.run(watch, 2, {})
    world.busy = 1.0
    world.pass_time(3 * SECOND, {}, {})
    world.busy = 0.1
    world.run(watch, 2, {})
    assert watch.cpu_share([steady(DOWN, MEGA, 7)]) == pytest.approx(1.0, abs=0.05)


STAT = "cpu  100 5 50 1000 20 3 7 15 40 0\ncpu0 50 2 25 500 10 1 3 7 20 0\nintr 1\n"


def test_the_kernels_times() -> None:
    assert parse_stat(STAT) == (180.0, 1200.0)
    for text in ("", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4", "cpu a b c d e", "cpu 1 2 3 -4 5"):
        assert parse_stat(text) is None
    if sys.platform == "linux":
        before = read_cpu()
        assert before is not None
        assert 0 < before[0] < before[1]
    plain = read_cpu("other")
    assert plain is not None
    assert 0 < plain[0] < plain[1]


SNMP = "Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm MaxConn RetransSegs InErrs\nTcp: 1 -1 4711 0\nUdp: NoPorts\nUdp: 0\n"


def test_the_kernels_count_of_what_was_sent_again() -> None:
    assert parse_snmp(SNMP) == 4711
    for text in (
        "",
        "Tcp: a\n",
        SNMP.replace("4711", "-1"),
        SNMP.replace("4711 0", "4711"),
        SNMP.replace("Retrans", "x"),
    ):
        assert parse_snmp(text) is None
    assert read_resent("win32") is None
    if sys.platform == "linux":
        assert isinstance(read_resent(), int)


@given(st.text(max_size=80), st.text(max_size=200))
def test_foreign_files_never_raise(one: str, other: str) -> None:
    parse_stat(f"cpu {one}")
    parse_snmp(f"Tcp: {one}\nTcp: {other}")


def test_the_threads_sample_and_end() -> None:
    looks, asks = threading.Semaphore(0), threading.Semaphore(0)

    class Box:
        name = "fake"

        def ask(self) -> BoxReading | None:
            asks.release()
            return None

    def counters(_: str) -> Counters | None:
        looks.release()
        return None

    watch = TrafficWatch("eth0", box=Box(), counters=counters)
    watch.start()
    try:
        assert all(looks.acquire(timeout=10) for _ in range(6))
        assert all(asks.acquire(timeout=10) for _ in range(2))
    finally:
        watch.close()
    names = {thread.name for thread in threading.enumerate()}
    assert "speed-watch" not in names
    watch.close()


def test_a_box_that_hangs_holds_nobody_up() -> None:
    hang = threading.Event()

    class Box:
        name = "fake"

        def ask(self) -> BoxReading | None:
            hang.wait(30)
            return None

    watch = TrafficWatch("lo", box=Box())
    watch.start()
    try:
        begun = time.monotonic()
        watch.other(steady(DOWN, MEGA, 4))
        watch.close()
        assert time.monotonic() - begun < 5
    finally:
        hang.set()


# --- On a real network ------------------------------------------------------------------------------------------------

lab_only = pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")
RATE_MBIT, QUEUE_MS = 40.0, 50.0


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    network = Network(igd=True, down_mbit=RATE_MBIT, up_mbit=RATE_MBIT, queue_ms=QUEUE_MS)
    layout = Layout(network, tv=True, speed=True)
    with build(f"{os.getpid()}-watch", tmp_path_factory.mktemp("watch"), layout) as lab:
        # The search for the box is sent to a group of hosts.
        lab.ip("pc", "route add 239.0.0.0/8 dev eth0")
        yield lab


def mover(
    lab: Lab, place: str, role: str, way: Direction, number: float, *more: str
) -> subprocess.Popen[bytes]:
    command = (
        sys.executable,
        "-m",
        "tests.throughput.moving",
        role,
        str(way),
        SPEED,
        "5201",
        str(number),
        *more,
    )
    return lab.start(place, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=str(ROOT))


def told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What it prints in the end; its input ends now."""
    answer: dict[str, Any] = json.loads(process.communicate(timeout=60)[0])
    return answer


def rate_within(other: dict[str, Any], flow: dict[str, Any]) -> float:
    """What the second flow really carried during the first one's counted window; all clocks are one."""
    curve, start_ns = other["curve"], other["start_mono_ns"]
    first = (flow["start_mono_ns"] + flow["ramp_ns"] - start_ns) // CURVE_NS
    last = (flow["start_mono_ns"] + flow["duration_ns"] - start_ns) // CURVE_NS
    assert 0 <= first < last <= len(curve), "the second flow did not last as long"
    return float(sum(curve[first:last]) * 8 / ((last - first) / 10))


@lab_only
@pytest.mark.lab
@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", list(Direction))
def test_alone_on_a_shaped_line(shaped: Lab, way: Direction) -> None:
    answer = told(mover(shaped, "pc", "watched", way, 5, BOX))
    rate = answer["flow"]["bps"]
    assert answer["box"]
    assert 0.85 * RATE_MBIT * MEGA < rate < RATE_MBIT * MEGA
    assert answer["other"]["machine_bps"] < 0.01 * rate
    assert answer["other"]["home_bps"] < 0.05 * rate
    assert 0 < answer["cpu"] <= 1


@lab_only
@pytest.mark.lab
@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", list(Direction))
@pytest.mark.parametrize("place", ["pc", "tv"])
def test_a_second_flow_on_a_shaped_line(shaped: Lab, place: str, way: Direction) -> None:
    # Half of the line: held back by the second one's own program.
    second = mover(shaped, place, "second", way, RATE_MBIT * MEGA / 2)
    assert second.stdout is not None
    assert second.stdout.readline() == b"ready\n"
    first = told(mover(shaped, "pc", "watched", way, 5, BOX))
    truth = rate_within(told(second)["flow"], first["flow"])
    assert truth > 0.25 * RATE_MBIT * MEGA
    machine, home = first["other"]["machine_bps"], first["other"]["home_bps"]
    if place == "pc":
        assert machine == pytest.approx(truth, rel=0.1)
        assert home < 0.05 * RATE_MBIT * MEGA
    else:
        assert home == pytest.approx(truth, rel=0.1)
        assert machine < 0.03 * RATE_MBIT * MEGA
