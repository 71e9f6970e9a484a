"""Commands in child processes: what comes back is JSON or one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import STUB, calls

from jalerte_desktop.window import children
from jalerte_desktop.window.children import Caller, Command, CommandQueue, sentence_of

# Says that it began, then waits for a file that lets it go; "no…" is refused.
HELD = (
    sys.executable,
    "-S",
    "-E",
    "-c",
    """
import json, pathlib, sys, time
home, name = pathlib.Path(sys.argv[2]), sys.argv[-1]
with (home / "calls").open("a", encoding="utf-8") as calls:
    calls.write(name + chr(10))
while not (home / f"go {name}").exists():
    time.sleep(0.01)
if name.startswith("no"):
    sys.exit("Refused: " + name)
print(json.dumps(name))
""",
)


def script(home: Path, code: str) -> Caller:
    return Caller(home, program=(sys.executable, "-S", "-E", "-c", code))


def test_json_comes_back(qtbot, caller):
    command = Command(caller, "status", "--json")
    with qtbot.waitSignal(command.done) as signal:
        command.start()
    assert signal.args == [{"recorder": {"running": False, "pid": None}}]
    assert calls(caller.home) == ["status --json"]


def test_a_command_without_json_is_just_done(qtbot, caller):
    command = Command(caller, "line", "confirm")
    with qtbot.waitSignal(command.done) as signal:
        command.start()
    assert signal.args == [None]


@pytest.mark.parametrize(
    ("errors", "code", "sentence"),
    [
        ("Le disque est plein : faites de la place.\n", 1, "Le disque est plein : faites de la place."),
        ("avertissement\n\njalerte: option inconnue\n", 2, "option inconnue"),
        ("", 3, "La commande a échoué (code 3)."),
        (
            "Traceback (most recent call last):\n  File x\nValueError: y\n",
            1,
            "La commande a échoué (code 1).",
        ),
    ],
)
def test_errors_become_one_sentence(errors, code, sentence):
    assert sentence_of(errors, code) == sentence


def test_the_real_error_output_is_read(qtbot, home):
    command = Command(
        script(home, "import sys; sys.exit('Rien à écrire : choisissez un dossier.')"), "letter"
    )
    with qtbot.waitSignal(command.failed) as signal:
        command.start()
    assert signal.args == ["Rien à écrire : choisissez un dossier."]


def test_an_answer_that_is_no_json(qtbot, home):
    command = Command(script(home, "print('oui')"), "status", "--json")
    with qtbot.waitSignal(command.failed) as signal:
        command.start()
    assert signal.args == ["La commande a donné une réponse illisible."]


def test_a_program_that_is_not_there(qtbot, home):
    command = Command(Caller(home, program=("/nowhere/jalerte",)), "status")
    with qtbot.waitSignal(command.failed) as signal:
        command.start()
    assert signal.args[0].startswith("Le programme n’a pas pu démarrer")


def test_one_that_never_ends_is_stopped(qtbot, home, monkeypatch):
    monkeypatch.setattr(children, "PATIENCE_MS", 100)
    command = Command(script(home, "import signal; signal.pause()"), "status")
    with qtbot.waitSignal(command.failed) as signal:
        command.start()
    assert signal.args == ["La commande a mis trop de temps et a été arrêtée."]


def test_giving_up_is_silent(qtbot, home):
    command = Command(script(home, "import signal; signal.pause()"), "status")
    with qtbot.assertNotEmitted(command.failed), qtbot.assertNotEmitted(command.done):
        command.start()
        command.stop()


def test_one_that_may_take_its_time_is_waited_for(qtbot, home, monkeypatch):
    monkeypatch.setattr(children, "PATIENCE_MS", 1)
    command = Command(Caller(home, program=HELD), "--json", "send", unhurried=True)
    with qtbot.waitSignal(command.done, timeout=20_000) as signal:
        command.start()
        qtbot.waitUntil(lambda: calls(home) == ["send"], timeout=20_000)
        (home / "go send").touch()
    assert signal.args == ["send"]


def test_an_answer_nested_beyond_reason_is_no_answer(qtbot, home):
    command = Command(script(home, "print('[' * 200_000)"), "status", "--json")
    with qtbot.waitSignal(command.failed) as signal:
        command.start()
    assert signal.args == ["La commande a donné une réponse illisible."]


def test_the_child_speaks_the_windows_language(qtbot, home):
    code = "import json, os; print(json.dumps(os.environ['JALERTE_LANG']))"
    command = Command(script(home, code), "--json")
    with qtbot.waitSignal(command.done) as signal:
        command.start()
    assert signal.args == ["fr"]


def test_the_call_is_made_on_this_home(home):
    assert Caller(home, program=STUB).line(["status"])[-3:] == ["--home", str(home), "status"]
    assert Caller(home).line(["status"]) == [
        sys.executable,
        "-P",
        "-m",
        "jalerte_desktop",
        "--home",
        str(home),
        "status",
    ]


# --- several ---


class Told:
    """What a queue told, in order."""

    def __init__(self, queue: CommandQueue) -> None:
        self.all: list[tuple[str, ...]] = []
        queue.answered.connect(self._answered)
        queue.refused.connect(self._refused)
        queue.went_on.connect(self._went_on)

    def _answered(self, name: str, answer: object, about: str) -> None:
        self.all.append(("answered", name, str(answer), about))

    def _refused(self, name: str, sentence: str, about: str) -> None:
        self.all.append(("refused", name, sentence, about))

    def _went_on(self, name: str) -> None:
        self.all.append(("went on", name))


@pytest.fixture
def queue(home):
    queue = CommandQueue(Caller(home, program=HELD))
    yield queue
    queue.finish()


@pytest.fixture
def beside(home):
    queue = CommandQueue(Caller(home, program=HELD), beside=True)
    yield queue
    queue.finish()


def began(qtbot, home: Path, *names: str) -> None:
    qtbot.waitUntil(lambda: sorted(calls(home)) == sorted(names), timeout=20_000)


def rest(qtbot, queue: CommandQueue) -> None:
    qtbot.waitUntil(lambda: not queue.busy, timeout=20_000)


def go(home: Path, *names: str) -> None:
    for name in names:
        (home / f"go {name}").touch()


def test_a_queue_runs_one_after_the_other_and_tells_by_name(qtbot, home, queue):
    told = Told(queue)
    queue.ask("first", "--json", "a", about="this")
    queue.ask("second", "--json", "no", writes=True)
    queue.ask("third", "--json", "c")
    began(qtbot, home, "a")
    assert queue.pending("third")
    assert queue.writing
    go(home, "no", "c", "a")
    rest(qtbot, queue)
    assert calls(home) == ["a", "no", "c"]
    assert told.all == [
        ("answered", "first", "a", "this"),
        ("went on", "first"),
        ("refused", "second", "Refused: no", ""),
        ("went on", "second"),
        ("answered", "third", "c", ""),
        ("went on", "third"),
    ]
    assert not queue.pending("third")
    assert not queue.writing


def test_what_waits_to_be_read_is_not_asked_for_twice_and_can_be_forgotten(qtbot, home, queue):
    queue.ask("one", "--json", "a")
    for _time in range(2):
        queue.ask("read", "--json", "b")
        queue.ask("stale", "--json", "c")
        queue.ask("write", "--json", "d", writes=True)
    queue.forget("stale")
    go(home, "a", "b", "c", "d")
    rest(qtbot, queue)
    assert calls(home) == ["a", "b", "d", "d"]


def test_what_is_asked_by_whoever_is_answered_comes_in_its_turn(qtbot, home, queue):
    queue.answered.connect(lambda name, *_more: queue.ask("last", "--json", "c") if name == "first" else None)
    queue.ask("first", "--json", "a")
    queue.ask("second", "--json", "b")
    go(home, "a", "b", "c")
    rest(qtbot, queue)
    assert calls(home) == ["a", "b", "c"]


def test_beside_each_other_all_begin_at_once(qtbot, home, beside):
    told = Told(beside)
    beside.ask("first", "--json", "a")
    beside.ask("second", "--json", "b", writes=True)
    beside.ask("second", "--json", "b", writes=True)
    began(qtbot, home, "a", "b", "b")
    go(home, "b")
    qtbot.waitUntil(lambda: not beside.pending("second"), timeout=20_000)
    assert beside.busy
    go(home, "a")
    rest(qtbot, beside)
    assert [one[1] for one in told.all if one[0] == "answered"] == ["second", "second", "first"]


def test_a_reading_that_was_asked_for_while_it_ran_is_read_once_more(qtbot, home, beside):
    told = Told(beside)
    for _time in range(3):
        beside.ask("read", "--json", "a")
    began(qtbot, home, "a")
    go(home, "a")
    rest(qtbot, beside)
    assert calls(home) == ["a", "a"]
    assert told.all == [("answered", "read", "a", ""), ("went on", "read")] * 2


@pytest.mark.parametrize("side_by_side", [False, True])
def test_at_the_end_changes_are_waited_for_and_nothing_else(qtbot, home, side_by_side):
    queue = CommandQueue(Caller(home, program=HELD), beside=side_by_side)
    told = Told(queue)
    queue.ask("write", "--json", "a", writes=True)
    queue.ask("read", "--json", "never")
    go(home, "a")
    queue.finish(20_000)
    queue.ask("late", "--json", "a", writes=True)
    assert told.all[0] == ("answered", "write", "a", "")
    assert ("answered", "late", "a", "") not in told.all
    assert not queue.busy
    assert not queue.writing


def test_a_change_that_does_not_end_is_waited_for_so_long_at_most(qtbot, home, queue):
    told = Told(queue)
    queue.ask("write", "--json", "a", writes=True)
    began(qtbot, home, "a")
    queue.finish(50)
    go(home, "a")
    qtbot.wait(50)
    assert told.all == []
    assert not queue.busy
