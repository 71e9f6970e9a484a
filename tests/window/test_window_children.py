"""Commands in child processes: what comes back is JSON or one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import STUB, calls

from jalerte_desktop.window import children
from jalerte_desktop.window.children import Caller, Command, sentence_of


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
