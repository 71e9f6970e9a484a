"""The desk of filing and its two lasting children: what is asked, in which order, and that nothing runs twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import filing_examples as examples
import pytest
from conftest import calls

from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.filing_desk import ALERT, QUEUE, FilingDesk
from jalerte_desktop.words import language

STUB = (sys.executable, "-P", str(Path(__file__).with_name("stub_filing.py")))


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


@pytest.fixture
def desk(qtbot, home):
    caller = Caller(home, program=STUB)
    case = CaseDesk(caller)
    desk = FilingDesk(caller, case)
    yield desk
    desk.finish()
    case.finish()


def idle(qtbot, desk: FilingDesk) -> None:
    qtbot.waitUntil(lambda: not desk.busy, timeout=20_000)


def watches(home: Path) -> list[str]:
    return [one for one in calls(home) if one.startswith("watch")]


def test_the_first_edit_begins_a_draft(qtbot, home, desk):
    without = examples.ALERT | {"draft": None}
    examples.answers(home, **{"alert preview --json": without, "alert new --json": examples.ALERT,
                              "alert edit --description=Mes mots --json": examples.ALERT,
                              "alert edit --redraft --json": examples.ALERT})  # fmt: skip
    desk.load(ALERT)
    idle(qtbot, desk)
    desk.edit("--description=Mes mots")
    desk.edit("--redraft")
    idle(qtbot, desk)
    assert calls(home)[1:] == [
        "alert new --json",
        "alert edit --description=Mes mots --json",
        "alert edit --redraft --json",
    ]
    assert desk.alert is not None
    assert desk.alert.draft == "a1b2c3d4e5f6"


def test_a_refused_edit_keeps_what_is_known(qtbot, home, desk):
    examples.answers(home)
    (home / "failures.json").write_text(
        json.dumps({"alert edit --attach=/x --json": "No such file."}), "utf-8"
    )
    desk.load(ALERT)
    idle(qtbot, desk)
    with qtbot.waitSignal(desk.refused) as told:
        desk.edit("--attach=/x")
    assert told.args == ["edit", "No such file."]
    assert desk.alert is not None


def test_an_answer_that_is_no_alert_is_a_problem(qtbot, home, desk):
    examples.answers(home, **{"alert preview --json": ["what"]})
    desk.load(ALERT)
    idle(qtbot, desk)
    assert desk.alert is None
    assert desk.problems[ALERT] == "The command gave an answer that cannot be read."


def test_what_waits_is_watched_by_one_child_that_ends_with_the_desk(qtbot, home, desk):
    examples.answers(home, **examples.OUTBOX)
    desk.load(QUEUE)
    idle(qtbot, desk)
    desk.load(QUEUE)
    idle(qtbot, desk)
    qtbot.waitUntil(lambda: len(watches(home)) == 1, timeout=20_000)
    desk.finish()
    assert [one.split()[1] for one in watches(home)] == ["began", "ended"]


def test_nothing_waits_nothing_runs(qtbot, home, desk):
    sent = [one for one in examples.FILINGS if one["state"] != "waiting"]
    examples.answers(home, **{"alert queue --json": {"filings": sent}})
    desk.load(QUEUE)
    idle(qtbot, desk)
    assert not desk.watch.running


def test_what_the_child_tells_makes_the_queue_read_again(qtbot, home, desk):
    (home / "watch").write_text('{"event": "round"}\n{"event": "filing", "id": "b"}\n', "utf-8")
    examples.answers(home, **examples.OUTBOX)
    desk.load(QUEUE)
    qtbot.waitUntil(lambda: calls(home).count("alert queue --json") == 2, timeout=20_000)
    qtbot.waitUntil(lambda: calls(home).count("alert receipts --json") == 1, timeout=20_000)
    idle(qtbot, desk)
    # Once everything has left, the child is let go.
    examples.answers(home, **{"alert queue --json": {"filings": []}})
    desk.load(QUEUE)
    qtbot.waitUntil(lambda: not desk.watch.running, timeout=20_000)
    assert [one.split()[1] for one in watches(home)] == ["began", "ended"]


def test_after_the_start_what_waits_is_looked_for(qtbot, home, desk, monkeypatch):
    examples.answers(home, **examples.OUTBOX)
    desk._first_look()
    assert calls(home) == []
    (home / "case.sqlite").touch()
    desk._first_look()
    qtbot.waitUntil(lambda: desk.watch.running, timeout=20_000)


def test_one_form_at_a_time_and_its_result(qtbot, home, desk):
    told = {
        "filled": [{"name": "profil", "value": "Particulier"}],
        "stopped_at": "consents",
        "left": [],
        "drift": [],
    }
    examples.answers(home, **{"alert open": told}, **examples.OUTBOX)
    desk.open_form("--form=jalerte")
    desk.open_form("--form=jalerte", "--copy")
    assert desk.form_run is not None
    qtbot.waitUntil(lambda: "alert open --form=jalerte --json" in calls(home), timeout=20_000)
    (home / "go").touch()
    qtbot.waitUntil(lambda: desk.form_run is None, timeout=20_000)
    assert desk.form_result is not None
    assert desk.form_result.answer == told
    assert len([one for one in calls(home) if one.startswith("alert open")]) == 1
    idle(qtbot, desk)
    assert "alert receipts --json" in calls(home)


def test_the_form_ends_with_the_window_and_is_asked_to(qtbot, home, desk):
    desk.open_form("--form=jalerte")
    qtbot.waitUntil(lambda: any(one.startswith("alert open") for one in calls(home)), timeout=20_000)
    qtbot.wait(200)  # its way of being stopped is set up after it has said so
    desk.finish()
    assert calls(home)[-1] == "form stopped"


def test_a_form_that_cannot_be_opened_says_why(qtbot, home, desk):
    (home / "failures.json").write_text(
        json.dumps({"alert open --form=jalerte --json": "No display."}), "utf-8"
    )
    desk.open_form("--form=jalerte")
    qtbot.waitUntil(lambda: desk.form_run is None, timeout=20_000)
    assert desk.form_result is not None
    assert desk.form_result.problem == "No display."


def test_a_sending_holds_up_nothing(qtbot, home, desk):
    examples.answers(home, **{"alert open": {}, "alert queue --json": {"filings": []}})
    # The stand-in's form lasts until the file "go" is there, as a slow sending would.
    desk.send("agree", "alert", "open")
    desk.load(QUEUE)
    qtbot.waitUntil(lambda: QUEUE in desk.known, timeout=20_000)
    assert desk.busy
    assert desk.leaving
    with qtbot.waitSignal(desk.answered, timeout=20_000) as told:
        (home / "go").touch()
    assert told.args == ["agree", {}]
    assert not desk.busy
    assert not desk.leaving


def test_a_change_on_its_way_is_kept_when_the_window_closes(qtbot, home, desk):
    examples.answers(home, **{"alert edit --description=X --json": examples.ALERT})
    desk.load(ALERT)
    idle(qtbot, desk)
    desk.edit("--description=X")
    desk.finish()
    assert calls(home)[-1] == "alert edit --description=X --json"
    desk.edit("--description=Y")
    assert calls(home)[-1] == "alert edit --description=X --json"
