"""The recorder's parts, each on its own."""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links.route import RouteState
from diagnostics.model import SECOND, EventKind, Flag, Outcome, Protocol, Role, Sample, Target, line_id
from diagnostics.recorder import control
from diagnostics.recorder.checks import ALARM_S, Plan, Runner
from diagnostics.recorder.lines import UNDECIDED_NS, LineKeeper
from diagnostics.recorder.notes import check_note
from diagnostics.recorder.schedule import Schedule

TARGETS = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4) for n in range(6))


@given(st.integers(0, 10**13), st.lists(st.integers(0, 3 * SECOND), max_size=60))
def test_tries_lie_on_the_fixed_points_whenever_one_wakes(start: int, waits: list[int]) -> None:
    schedule = Schedule(TARGETS, start)
    now = start
    for wait in waits:
        now += wait
        due = schedule.due(now)
        assert len(due) == len(set(due))
        assert schedule.next_ns is not None
        assert schedule.next_ns > now or len(due) == len(TARGETS)
        assert (schedule.next_ns * 6 + 6) % SECOND <= 12


def test_each_target_once_a_second_evenly_spread() -> None:
    schedule = Schedule(TARGETS, 0)
    sent = []
    while (at := schedule.next_ns) is not None and at < 10 * SECOND:
        sent += [(at, target) for target in schedule.due(at)]
    assert len(sent) == 60
    for target in TARGETS:
        times = [at for at, one in sent if one == target]
        assert [after - before for before, after in itertools.pairwise(times)] == [SECOND] * 9
    assert {after[0] - before[0] for before, after in itertools.pairwise(sent)} <= {
        166_666_666,
        166_666_667,
    }


def test_after_sleep_the_missed_points_are_left_out() -> None:
    schedule = Schedule(TARGETS, 0)
    assert schedule.due(0) == [TARGETS[0]]
    assert len(schedule.due(3600 * SECOND)) == 6
    assert schedule.next_ns is not None
    assert schedule.next_ns >= 3600 * SECOND


def test_no_target_is_no_schedule() -> None:
    assert Schedule((), 5).next_ns is None
    assert Schedule((), 5).due(10**12) == []


HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")


def test_a_line_is_its_gateways_mac_and_interface() -> None:
    keeper = LineKeeper()
    events = keeper.update(HOME, 10, 10)
    assert [event.kind for event in events] == [EventKind.LINK, EventKind.LINE]
    assert keeper.line.id == line_id("02:00:00:00:00:01", "eth0")
    assert keeper.update(HOME, 20, 20) == []


def test_a_pulled_cable_stays_the_same_lines_trouble() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    before = keeper.line
    down = RouteState("eth0", "", "", "", False, "ethernet")
    assert [event.kind for event in keeper.update(down, 20, 20)] == [EventKind.LINK]
    assert keeper.line == before
    assert [event.kind for event in keeper.update(HOME, 30, 30)] == [EventKind.LINK]
    assert keeper.line == before


def test_another_box_at_the_same_address_is_another_line() -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    before = keeper.line
    keeper.update(RouteState("eth0", "", "", "", False, "ethernet"), 20, 20)
    unknown = RouteState("eth0", "192.168.1.1", "", "", True, "ethernet")
    keeper.update(unknown, 30, 30)
    assert keeper.waiting(30 + UNDECIDED_NS // 2)
    assert keeper.line == before
    keeper.update(unknown, 40, 31 + UNDECIDED_NS)
    assert keeper.line == before, "a box that is down shows no MAC address"
    elsewhere = RouteState("eth0", "10.0.0.1", "", "", True, "ethernet")
    keeper.update(elsewhere, 45, 40)
    keeper.update(elsewhere, 46, 41 + UNDECIDED_NS)
    assert keeper.line.id == ""
    cafe = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:77", "", True, "ethernet")
    keeper.update(cafe, 50, 50 + UNDECIDED_NS)
    assert keeper.line.id == line_id("02:00:00:00:00:77", "eth0")


@pytest.mark.parametrize(
    "tunnel",
    [
        RouteState("wg0", "", "", "", True, "vpn"),
        RouteState("tun0", "10.8.0.1", "", "", True, "vpn"),
        RouteState("wwan0", "", "", "", None, "other"),
    ],
)
def test_a_tunnel_is_never_the_home_line(tunnel: RouteState) -> None:
    keeper = LineKeeper()
    keeper.update(HOME, 10, 10)
    home = keeper.line
    keeper.update(tunnel, 20, 20)
    assert keeper.line.id not in ("", home.id)
    assert keeper.line.gateway_mac == ""
    keeper.update(HOME, 30, 30)
    assert keeper.line == home


class Canned:
    """A check that gives what it was told, and counts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.target = Target(Role.WEB, Protocol.HTTP, "http://203.0.113.80/")
        self.runs = threading.Semaphore(0)
        self.error = error

    def run(self) -> Sample:
        self.runs.release()
        if self.error:
            raise self.error
        return Sample(self.target, 0, 0, Outcome.OK, 1)


def test_an_alarm_runs_the_check_at_once_and_marks_it() -> None:
    check = Canned()
    runner = Runner([Plan(check, 3600, alarm_s=ALARM_S)], lambda target, error: None)
    runner.start()
    assert check.runs.acquire(timeout=5)
    runner.alarm(True)
    assert check.runs.acquire(timeout=5)
    runner.alarm(False)
    samples: list[Sample] = []
    while len(samples) < 2:
        samples += runner.collect()
    runner.stop()
    assert [sample.flags for sample in samples] == [Flag.NONE, Flag.EXTRA]


def test_a_broken_check_is_told_and_does_not_end_the_others() -> None:
    told: list[str] = []
    broken, good = Canned(RuntimeError("no")), Canned()
    runner = Runner([Plan(broken, 3600), Plan(good, 3600)], lambda target, error: told.append(str(error)))
    runner.start()
    samples: list[Sample] = []
    while not samples or not told:
        samples += runner.collect()
    runner.stop()
    assert told == ["no"]


@pytest.fixture
def served(tmp_path: Path):  # type: ignore[no-untyped-def]
    server = control.Server(tmp_path, lambda message: {"ok": True, "echo": message.get("word")})
    stop = threading.Event()

    def serve() -> None:
        with selectors.DefaultSelector() as selector:
            server.register(selector)
            while not stop.is_set():
                for key, _ in selector.select(0.05):
                    key.data(selector, key.fileobj)

    thread = threading.Thread(target=serve)
    thread.start()
    yield tmp_path
    stop.set()
    thread.join()
    server.close()


def test_the_socket_answers_and_survives_strangers(served: Path) -> None:
    for noise in (b"", b"\n", b"nonsense\n", b"[]\n", b"\xff\xfe\n", b"{" * 100_000 + b"\n", b"x" * 200_000):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(5)
            stranger.connect(str(served / "recorder.sock"))
            try:
                stranger.sendall(noise)
            except (BrokenPipeError, ConnectionResetError):
                continue
    assert control.ask(served, {"word": "été"}) == {"ok": True, "echo": "été"}


def test_several_messages_in_one_go_are_all_answered(served: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(served / "recorder.sock"))
        client.sendall(b'{"word": 1}\n{"word": 2}\n')
        answers = b""
        while answers.count(b"\n") < 2:
            answers += client.recv(4096)
    assert [json.loads(line)["echo"] for line in answers.splitlines()] == [1, 2]


def test_idle_clients_do_not_keep_others_out(served: Path) -> None:
    with ExitStack() as stack:
        for _ in range(control.MAX_CLIENTS + 4):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.settimeout(5)
            client.connect(str(served / "recorder.sock"))
            client.sendall(b"{")
        assert control.ask(served, {"word": "moi"}) == {"ok": True, "echo": "moi"}


def test_a_home_with_a_long_name_has_a_socket_too(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 120)
    home.mkdir()
    server = control.Server(home, lambda message: {"ok": True})
    assert (home / "recorder.sock").exists()
    assert (home / "recorder.sock").stat().st_mode & 0o077 == 0
    server.close()
    assert not (home / "recorder.sock").exists()


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(control.NotRunning):
        control.ask(tmp_path, {"op": "status"})


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "gap", "data": {"start_ns": 1, "reason": "stopped"}},
        {"kind": "exclusion", "data": {"since_ns": 5, "until_ns": 5, "reason": "x"}},
        {"kind": "exclusion", "data": {"since_ns": True, "until_ns": 5, "reason": "x"}},
        {"kind": "exclusion", "data": {"since_ns": 1, "until_ns": 5}},
        {"kind": "line_home", "data": {"id": "a", "home": "yes", "by": "person"}},
        {"kind": "line_named", "data": "no"},
    ],
)
def test_only_known_notes_are_taken(message: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_note(json.loads(json.dumps(message)), 1)
