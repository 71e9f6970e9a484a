"""The stamp desk on a clock by hand: when it has a stamp made, and what it does when that fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from diagnostics.clock import SystemClock
from diagnostics.config import parse
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind
from diagnostics.recorder.notes import check_note
from diagnostics.recorder.speed_process import start_process
from diagnostics.recorder.stamp_desk import LONGEST_S, REREAD_NS, StampDesk, StampParts
from diagnostics.stamps import tries
from diagnostics.stamps.model import Stamp
from diagnostics.stamps.plan import DAY, HOUR, SPREAD_NS
from diagnostics.stamps.record import choice_event, kept_stamps, stamp_event
from tests.probes.manual_clock import ManualClock

MIDNIGHT = 1_795_305_600 * SECOND
SERVER = "http://127.0.0.1/tsr"
COMMAND = ("jalerte", "stamp", "now", "--recorder")


class MadeChild:
    """A process that does ``work`` when it is first looked at, then has ended with ``code``; None: it hangs."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.asked = self.killed = False

    def ended(self) -> int | None:
        if self.killed:
            return -9
        if self.rig.code is None:
            self.rig.clock.advance(10 * SECOND)
            return None
        self.rig.behave()
        return self.rig.code

    def ask_to_end(self) -> None:
        self.asked = True

    def kill(self) -> None:
        self.killed = True


class Rig:
    """A desk with a journal, a clock by hand, and processes that do what the test says."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.folder = folder
        self.clock = ManualClock(MIDNIGHT + 9 * HOUR)
        self.writer = Writer(folder / "journal.sqlite")
        self.started: list[int] = []
        self.children: list[MadeChild] = []
        self.behave: Callable[[], None] = self.stamped
        self.code: int | None = 0
        self.seals = 0
        self.config = parse(config, "config.toml")
        self.desk = self.open()

    def open(self) -> StampDesk:
        return StampDesk(
            StampParts(self.clock, self.folder, self.writer.path, self.config, COMMAND, self.start)
        )

    def start(self, command: Sequence[str]) -> MadeChild:
        assert tuple(command) == COMMAND
        self.started.append(self.clock.wall_ns)
        self.children.append(MadeChild(self))
        return self.children[-1]

    def append(self, event: Event) -> None:
        self.writer.append(event)

    def agree(self, server: str = SERVER) -> None:
        self.append(choice_event(server, self.clock.wall_ns))

    def seal(self) -> None:
        self.seals += 1
        link = self.seals.to_bytes(32, "big")
        data: dict[str, Any] = {
            "seq": self.seals,
            "link": link.hex(),
            "key": "ab" * 32,
            "signature": "cd" * 64,
        }
        self.append(Event(EventKind.SEAL, self.clock.wall_ns, data))

    def stamped(self) -> None:
        """What a process does that finds its server."""
        now = self.clock.wall_ns
        stamp = Stamp(self.seals, self.seals.to_bytes(32, "big"), now, "Authority", SERVER, b"token", now)
        self.append(stamp_event(stamp, now))
        tries.clear(self.folder)

    def unreachable(self) -> None:
        self.code = 1
        tries.add(self.folder, SERVER, self.clock.wall_ns, "stamp_unreachable", "no route")

    def run(self, until_ns: int) -> None:
        """Let the time go by, sealing every hour, with the desk looking when it wants to."""
        while self.clock.wall_ns < until_ns:
            wait_s = self.desk.step()
            assert 0 <= wait_s <= 60
            before = self.clock.wall_ns
            self.clock.advance(max(1, round(wait_s * SECOND)))
            if before // HOUR != self.clock.wall_ns // HOUR:
                self.seal()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    with closing(made.writer):
        yield made
        made.desk.close()


def test_nothing_is_done_without_a_yes(rig: Rig) -> None:
    rig.run(MIDNIGHT + 2 * DAY)
    assert rig.started == []
    rig.desk.start()
    assert rig.desk.left, "not even a thread runs"


def test_a_server_in_the_file_alone_is_not_asked(tmp_path: Path) -> None:
    rig = Rig(tmp_path, f'[stamp]\nserver = "{SERVER}"\n')
    with closing(rig.writer):
        rig.run(MIDNIGHT + 2 * DAY)
        assert rig.started == []
        rig.agree()
        rig.run(MIDNIGHT + 2 * DAY + HOUR)
        assert len(rig.started) == 1


def test_one_stamp_a_day(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.run(MIDNIGHT + 5 * DAY)
    assert len(rig.started) == 5
    assert rig.started[0] == MIDNIGHT + 9 * HOUR, "the first at once"
    for day, at_ns in enumerate(rig.started[1:], 1):
        assert 0 <= at_ns - MIDNIGHT - day * DAY <= SPREAD_NS + MINUTE
    assert not any(child.killed for child in rig.children)
    with Reader(rig.writer.path) as reader:
        assert len(list(kept_stamps(reader.events(EventKind.STAMP)))) == 5


def test_nothing_new_is_sealed(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.desk.step()
    for _ in range(72):
        rig.clock.advance(HOUR)
        rig.desk.step()
    assert len(rig.started) == 1


def test_offline_it_tries_more_and_more_seldom_and_succeeds_when_back(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.behave = rig.unreachable
    rig.run(MIDNIGHT + 17 * HOUR)
    waits = [later - before for before, later in zip(rig.started, rig.started[1:], strict=False)]
    assert [round(wait / (15 * MINUTE)) for wait in waits] == [1, 4, 16]
    rig.behave, rig.code = rig.stamped, 0
    rig.run(MIDNIGHT + 23 * HOUR)
    assert len(rig.started) == 5
    assert tries.load(rig.folder) is None
    rig.run(MIDNIGHT + DAY + 2 * HOUR)
    assert len(rig.started) == 6


def test_a_new_recorder_goes_on_waiting(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.behave = rig.unreachable
    rig.desk.step()
    rig.desk = rig.open()
    rig.clock.advance(10 * MINUTE)
    rig.desk.step()
    assert len(rig.started) == 1
    rig.clock.advance(5 * MINUTE)
    rig.desk.step()
    assert len(rig.started) == 2


def test_a_process_that_dies_silently_counts_as_a_try(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.behave, rig.code = (lambda: None), 70
    rig.desk.step()
    kept = tries.load(rig.folder)
    assert kept is not None
    assert (kept.server, kept.count, kept.code) == (SERVER, 1, "stamp_process")
    rig.desk.step()
    assert len(rig.started) == 1


def test_a_process_that_hangs_is_killed(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.code = None
    began = rig.clock.mono_ns()
    rig.desk.step()
    assert rig.children[0].asked
    assert rig.children[0].killed
    assert rig.clock.mono_ns() - began < (LONGEST_S + 60) * SECOND
    kept = tries.load(rig.folder)
    assert kept is not None
    assert kept.code == "stamp_process"


def test_a_process_that_cannot_start_counts_as_a_try(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.agree()
    rig.seal()

    def refuse(_self: Rig, _command: Sequence[str]) -> MadeChild:
        raise OSError("no such program")

    monkeypatch.setattr(Rig, "start", refuse)
    rig.desk = rig.open()
    rig.desk.step()
    assert tries.load(rig.folder) is not None


def test_taking_back_stops_it(rig: Rig) -> None:
    rig.agree()
    rig.seal()
    rig.run(MIDNIGHT + 10 * HOUR)
    rig.append(choice_event("", rig.clock.wall_ns))
    rig.run(MIDNIGHT + 3 * DAY)
    assert len(rig.started) == 1


def test_the_journal_is_read_seldom(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    original = Reader.__init__

    def counted(self: Reader, path: Path) -> None:
        opened.append(path)
        original(self, path)

    monkeypatch.setattr(Reader, "__init__", counted)
    rig.agree()
    rig.seal()
    rig.run(MIDNIGHT + 19 * HOUR)
    assert len(opened) <= 10 * HOUR // REREAD_NS + 5


def test_a_journal_that_cannot_be_read_is_waited_for(tmp_path: Path) -> None:
    desk = StampDesk(
        StampParts(ManualClock(), tmp_path, tmp_path / "journal.sqlite", parse("", "c"), COMMAND)
    )
    desk.start()
    assert desk.left
    assert desk.step() == 60.0


def test_a_note_wakes_the_desk_and_leaving_ends_a_real_process(tmp_path: Path) -> None:
    """A real thread and a real process that would run for a minute."""
    writer = Writer(tmp_path / "journal.sqlite")
    pids: list[int] = []

    def start(command: Sequence[str]) -> Any:
        child = start_process(command)
        pids.append(vars(child)["_process"].pid)
        return child

    waits = "import sys; sys.stdin.read()"
    desk = StampDesk(
        StampParts(SystemClock(), tmp_path, writer.path, parse("", "c"), (sys.executable, "-c", waits), start)
    )

    def handle(message: Any) -> dict[str, Any]:
        writer.append(check_note(message, time.time_ns()))
        return {"ok": True}

    with closing(writer):
        seal = {"seq": 1, "link": "00" * 32, "key": "ab" * 32, "signature": "cd" * 64}
        writer.append(Event(EventKind.SEAL, time.time_ns(), seal))
        desk.start()
        assert desk.left
        data = dict(choice_event(SERVER, 0).data)
        answer = desk.listening(handle)({"op": "note", "kind": "stamp_choice", "data": data})
        assert answer == {"ok": True}
        until = time.monotonic() + 10
        while not pids:
            assert time.monotonic() < until, "the process was not started"
            time.sleep(0.02)
        began = time.monotonic()
        desk.close()
        assert desk.left
        assert time.monotonic() - began < 5
        assert not Path(f"/proc/{pids[0]}/exe").exists() or sys.platform != "linux"
        assert tries.load(tmp_path) is None, "being told to leave is no failure"


def test_the_recorder_s_part_imports_nothing_heavy() -> None:
    code = (
        "import sys, diagnostics.recorder.stamp_desk, diagnostics.stamps.record;"
        "print(sorted({'rfc3161_client', 'cryptography', 'requests', 'urllib3', 'http.client', 'ssl', 'tempfile'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
