"""The alert page as a person meets it: words, files, ways out, what is agreed to, what came of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import filing_examples as examples
import pytest
from conftest import Windows, calls
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget
from test_window_case import new_case
from test_window_main import assert_fits, assert_nothing_is_cut

from jalerte_desktop.window.alert_dialog import AlertDialog
from jalerte_desktop.window.alert_draft import MOST_TEXT
from jalerte_desktop.window.alert_files import kind_of
from jalerte_desktop.window.alert_outbox import SHOWN
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.filing_advice import AdviceDialog
from jalerte_desktop.window.filing_closing import ClosingQuestion
from jalerte_desktop.window.filing_dialogs import DeskDialog, EmailDialog, NumberDialog
from jalerte_desktop.window.filing_preview import PreviewDialog
from jalerte_desktop.window.main_window import ALERT, CASE
from jalerte_desktop.window.theme import DARK
from jalerte_desktop.words import language

STUB = (sys.executable, "-P", str(Path(__file__).with_name("stub_filing.py")))


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


@pytest.fixture
def caller(home: Path) -> Caller:
    return Caller(home, program=STUB)


@pytest.fixture
def filled(home: Path) -> Path:
    """A case, and answers to what the page asks."""
    new_case(home)
    examples.answers(home, **examples.OUTBOX)
    return home


def opened(windows: Windows):
    """The page, with everything read."""
    window = windows.open()
    window.activateWindow()
    window.go(ALERT)
    idle(windows, window)
    return window, window.alert


def idle(windows: Windows, window) -> None:
    windows.qtbot.waitUntil(
        lambda: window.desk.known and len(window.filing.known) >= 4 and not window.filing.busy, timeout=30_000
    )


def asked(home: Path, beginning: str) -> list[str]:
    return [one for one in calls(home) if one.startswith(beginning)]


def also(home: Path, **more: object) -> None:
    examples.answers(home, **{**examples.OUTBOX, **more})


# --- what it says ---


def test_the_page_is_made_when_it_is_first_wanted(windows, filled):
    window = windows.open()
    assert window.alert is None
    assert not asked(filled, "alert")


def test_what_is_missing_leads_to_its_field(windows, qtbot, filled):
    window, page = opened(windows)
    assert page.answer.answer.text() == "2 things are still missing."
    assert 'href="person.postcode"' in page.answer.missing.text()
    page.answer.missing.linkActivated.emit("alert.service_contacted")
    wanted = page.service.fields["alert.service_contacted"].editor
    qtbot.waitUntil(lambda: window.focusWidget() is wanted)
    page.answer.fill_in.click()
    assert window.pages.currentIndex() == CASE


def test_without_a_case_the_page_asks_for_one_and_changes_nothing(windows, qtbot, home):
    examples.answers(home)
    window, page = opened(windows)
    assert page.answer.answer.text() == "Your case comes first."
    assert not page.draft.isVisible()
    assert not page.routes.isVisible()
    page.answer.begin_button.click()
    assert window.pages.currentIndex() == CASE


def test_without_a_recording_it_says_why_and_tries_again(windows, qtbot, home):
    new_case(home)
    _window, page = opened(windows)
    assert page.answer.answer.text() == "There is no alert to show yet."
    assert page.answer.explanation.text()
    assert page.routes.isVisible()
    examples.answers(home)
    page.answer.again_button.click()
    qtbot.waitUntil(lambda: page.draft.isVisible(), timeout=20_000)


def test_the_counter_counts_as_a_form_does(windows, filled):
    _window, page = opened(windows)
    page.draft.editor.setPlainText("a\n😀")
    # A line break is two, a face is two.
    assert page.draft.counter.text() == "5 of 2,000 characters"
    page.draft.editor.setPlainText("x" * 2001)
    assert page.draft.over.isVisible()
    assert page.draft.over.text().startswith("1 character too many")


def test_words_are_kept_when_the_editor_is_left(windows, qtbot, filled):
    own = examples.ALERT | {
        "description": "-Mes mots",
        "draft": examples.ALERT["draft"] | {"own_words": True},
    }
    also(
        filled,
        **{"alert edit --description=-Mes mots --json": own, "alert edit --redraft --json": examples.ALERT},
    )
    window, page = opened(windows)
    page.draft.editor.setFocus()
    page.draft.editor.setPlainText("-Mes mots")
    page.files.add_button.setFocus()
    qtbot.waitUntil(lambda: page.draft.whose.text() == "These are your words.", timeout=20_000)
    page.draft.redraft.click()
    qtbot.waitUntil(lambda: page.draft.editor.read() == examples.ALERT["description"], timeout=20_000)
    page.draft.take_back.click()
    idle(windows, window)
    assert page.draft.editor.read() == "-Mes mots"
    assert len(asked(filled, "alert edit --description=-Mes mots")) == 2


def test_a_text_beyond_all_measure_is_said_and_not_cut(windows, qtbot, filled):
    window, page = opened(windows)
    long = "é" * (MOST_TEXT + 1)
    page.draft.editor.setPlainText(long)
    page.draft.commit()
    idle(windows, window)
    assert not asked(filled, "alert edit")
    assert page.draft.problem.text() == "A text of more than 20,000 characters is not kept: shorten it."
    assert page.draft.editor.read() == long


def test_what_is_being_typed_is_never_replaced(windows, filled):
    window, page = opened(windows)
    page.draft.editor.setPlainText("half a sent")
    window.filing.load("alert")
    idle(windows, window)
    assert page.draft.editor.read() == "half a sent"


def test_the_words_are_kept_when_the_window_closes(windows, qtbot, filled):
    also(filled, **{"alert edit --description=X --json": examples.ALERT})
    window, page = opened(windows)
    page.draft.editor.setPlainText("X")
    window.shut()
    assert asked(filled, "alert edit") == ["alert edit --description=X --json"]


def test_a_period_of_whole_days(windows, filled):
    later = examples.ALERT["period"] | {"start": "2026-11-01T00:00:00.000+01:00"}
    command = "alert edit --since=2026-11-01 --until=2026-11-19 --json"
    also(filled, **{command: examples.ALERT | {"period": later}})
    window, page = opened(windows)
    assert (page.draft.since.editor.read(), page.draft.until.editor.read()) == ("2026-10-20", "2026-11-18")
    page.draft.since.editor.put("soon")
    page.draft.since.editor.left.emit()
    assert page.draft.since.problem.isVisible()
    page.draft.since.editor.put("01/11/2026")
    page.draft.since.editor.left.emit()
    idle(windows, window)
    assert asked(filled, "alert edit") == [command]
    page.draft.until.editor.put("2026-10-31")
    page.draft.until.editor.left.emit()
    assert page.draft.until.problem.isVisible()


def test_the_rating_is_never_set_beforehand(windows, filled):
    _window, page = opened(windows)
    assert page.service.fields["alert.rating"].editor.read() == ""
    assert page.service.fields["alert.service_contacted"].editor.read() == ""
    assert not asked(filled, "case set")


def test_the_service_is_answered_here(windows, qtbot, filled):
    window, page = opened(windows)
    editor = page.service.fields["alert.rating"].editor
    editor.put("2")
    editor.left.emit()
    qtbot.waitUntil(lambda: not window.desk.writing and not window.filing.busy, timeout=20_000)
    assert asked(filled, "case set") == ["case set --json -- alert.rating 2"]
    assert window.desk.case.fields["alert.rating"] == "2"


def test_files_are_dropped_and_taken_out(windows, qtbot, filled, tmp_path):
    photo = tmp_path / "voyants.png"
    also(filled, **{
        f"alert edit --attach={photo} --kind=photo --json": examples.ALERT,
        "alert edit --detach=voyants de la box.jpg --json": examples.ALERT | {"draft": {"id": "a"}},
    })  # fmt: skip
    window, page = opened(windows)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo)), QUrl("https://elsewhere.example/x.png")])
    drop = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.files.dropEvent(drop)
    idle(windows, window)
    assert asked(filled, "alert edit") == [f"alert edit --attach={photo} --kind=photo --json"]
    page.files.remove_buttons["voyants de la box.jpg"].click()
    idle(windows, window)
    assert page.files.remove_buttons == {}


def test_a_file_that_is_refused_is_said_and_nothing_is_lost(windows, qtbot, filled):
    (filled / "failures.json").write_text(
        json.dumps({"alert edit --attach=/x.pdf --kind=other --json": "It is empty."}), "utf-8"
    )
    window, page = opened(windows)
    page.files.add([Path("/x.pdf")])
    idle(windows, window)
    assert page.files.problem.text() == "It is empty."
    assert len(page.files.remove_buttons) == 1


def test_what_a_file_most_likely_is():
    assert [kind_of(Path(one)) for one in ("a.JPG", "b.png", "c.pdf", "d")] == [
        "photo",
        "photo",
        "other",
        "other",
    ]


def test_every_field_can_be_seen(windows, filled):
    window, page = opened(windows)
    page.draft.fields_button.click()
    assert isinstance(window.dialog, AlertDialog)
    window.dialog.accept()


# --- where it goes ---


def test_who_takes_it_and_who_refuses(windows, filled):
    def route(channel: str, takes: bool, by: list[str], form: str = "") -> dict[str, object]:
        return {
            "channel": channel,
            "title": channel,
            "takes": takes,
            "why": "Because.",
            "by": by,
            "form": form,
        }

    also(filled, **{"alert routes --json": {"routes": [
        route("customer-service", True, ["email", "registered"]),
        route("jalerte", True, ["jalerte"], "jalerte"),
        route("mediator", True, ["mediator", "registered"], "mediator"),
        route("signalconso", False, ["signalconso"], "signalconso"),
    ]}})  # fmt: skip
    _window, page = opened(windows)
    assert set(page.routes.buttons) == {
        ("customer-service", "email"),
        ("customer-service", "registered"),
        ("jalerte", "form"),
        ("jalerte", "copy"),
        # The letter speaks to customer service: it is not offered for the mediator.
        ("mediator", "form"),
        ("mediator", "copy"),
    }


def test_the_real_routes_can_be_read(windows, filled):
    _window, page = opened(windows)
    assert ("jalerte", "form") in page.routes.buttons
    assert not page.routes.waiting.isVisible()


def test_the_form_runs_beside_and_tells_what_it_did(windows, qtbot, filled):
    told = {
        "filled": [{"name": "profil", "label": "Profil", "value": "x"}],
        "left": [{"name": "note", "label": "Note", "why": "it is yours", "code": "fill_yours"}],
        "drift": [{"name": "neuf", "label": "Nouveau champ", "why": "it is not known", "code": "x"}],
        "stopped_at": "consents",
        "why": "what follows is yours",
        "receipt": None,
    }
    also(filled, **{"alert open": told})
    window, page = opened(windows)
    page.routes.buttons["jalerte", "form"].click()
    assert page.routes.running.isVisible()
    assert not page.routes.buttons["jalerte", "copy"].isEnabled()
    # It would be lost with the window: that is asked.
    window.close()
    assert isinstance(window.dialog, ClosingQuestion)
    window.dialog.stay_button.click()
    assert window.isVisible()
    assert window.filing.form_run is not None
    (filled / "go").touch()
    qtbot.waitUntil(lambda: page.form.isVisible(), timeout=20_000)
    assert asked(filled, "alert open") == ["alert open --form=jalerte --json"]
    assert page.form.words.text().startswith("1 field was filled.")
    assert "Nothing is known to have been sent." in page.form.words.text()
    page.form.close_button.click()
    assert not page.form.isVisible()


def test_copying_it_oneself(windows, qtbot, filled):
    (filled / "go").touch()
    also(filled, **{"alert open": {"filled": [], "receipt": {"id": "r"}}})
    _window, page = opened(windows)
    page.routes.buttons["jalerte", "copy"].click()
    qtbot.waitUntil(lambda: page.form.isVisible(), timeout=20_000)
    assert asked(filled, "alert open") == ["alert open --form=jalerte --copy --json"]
    assert page.form.words.text().startswith("It is sent, and the proof is kept.")


SEND = "alert send --via=desk --url=https://c.example --consent-processing=yes --consent-third-parties=no"


def desk_shown(windows, window, page) -> PreviewDialog:
    page.routes.desk_button.click()
    dialog = window.dialog
    assert isinstance(dialog, DeskDialog)
    # Nothing is answered beforehand, and without answers nothing is asked for.
    assert (dialog.processing.editor.read(), dialog.third.editor.read()) == ("", "")
    dialog.go.click()
    assert dialog.processing.problem.isVisible()
    dialog.url.editor.put("https://c.example")
    dialog.processing.editor.put("yes")
    dialog.third.editor.put("no")
    dialog.go.click()
    windows.qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=20_000)
    return window.dialog


def test_nothing_is_sent_before_it_was_shown_and_agreed_to(windows, qtbot, filled):
    digest, name = examples.SHOWN["shown"]["sha256"], examples.SHOWN["filing"]["id"]
    sent = {"filing": examples.SHOWN["filing"] | {"state": "sent"}}
    also(
        filled,
        **{f"{SEND} --prepare --json": examples.SHOWN, f"alert send {name} --yes={digest} --json": sent},
    )
    window, page = opened(windows)
    preview = desk_shown(windows, window, page)
    assert not [one for one in asked(filled, "alert send") if "--yes" in one]
    preview.later.click()
    idle(windows, window)
    assert not [one for one in asked(filled, "alert send") if "--yes" in one]
    preview = desk_shown(windows, window, page)
    preview.send.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=20_000)
    assert [one for one in asked(filled, "alert send") if "--yes" in one] == [
        f"alert send {name} --yes={digest} --json"
    ]


def test_while_something_leaves_it_is_said_and_closing_asks(windows, qtbot, filled, monkeypatch):
    also(filled, **{f"{SEND} --prepare --json": examples.SHOWN})
    window, page = opened(windows)
    preview = desk_shown(windows, window, page)
    assert not preview.leaving.isVisible()
    held: list[tuple[str, ...]] = []
    window.filing.send = lambda *told: held.append(told)
    preview.send.click()
    assert len(held) == 1
    assert preview.leaving.isVisible()
    assert preview.later.text() == "&Close"
    preview.say_problem("No.")
    assert not preview.leaving.isVisible()
    assert preview.later.text() == "Not &now"
    preview.reject()
    with monkeypatch.context() as leaving:
        leaving.setattr(type(window.filing), "leaving", True)
        window.close()
        assert isinstance(window.dialog, ClosingQuestion)
        assert window.dialog.defaultButton() is window.dialog.stay_button
        window.dialog.stay_button.click()
        assert window.isVisible()


def test_what_goes_wrong_is_seen_even_where_nothing_was_ever_sent(windows, qtbot, filled):
    also(filled, **{"alert queue --json": {"filings": []}})
    (filled / "failures.json").write_text(json.dumps({"alert advice --json": "No advice today."}), "utf-8")
    _window, page = opened(windows)
    assert not page.outbox.isVisible()
    page.after.advice_button.click()
    qtbot.waitUntil(lambda: page.outbox.problem.isVisible(), timeout=20_000)
    assert page.outbox.problem.text() == "No advice today."
    qtbot.waitUntil(lambda: not page.outbox.problem.visibleRegion().isEmpty())


def test_a_refusal_after_the_preview_was_closed_is_said_on_the_page(windows, qtbot, filled):
    _window, page = opened(windows)
    page.sending._sent, page.sending._refusal = "f" * 32, "Not like this."
    page.sending._follow()
    assert page.outbox.problem.text() == "Not like this."


def test_return_in_a_field_asks_for_nothing(windows, qtbot, filled):
    window, page = opened(windows)
    page.routes.desk_button.click()
    dialog = window.dialog
    # The focus is where writing begins, and Tab goes on from there.
    qtbot.waitUntil(lambda: dialog.focusWidget() is dialog.url.editor)
    dialog.url.editor.put("https://c.example")
    dialog.processing.editor.put("yes")
    dialog.third.editor.put("no")
    before = len(asked(filled, "alert send"))
    for place in (dialog.url.editor, dialog.third.editor, dialog):
        qtbot.keyClick(place, Qt.Key.Key_Return)
    idle(windows, window)
    assert len(asked(filled, "alert send")) == before
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.dialog is None


def test_return_in_the_preview_sends_nothing(windows, qtbot, filled):
    window, page = opened(windows)
    page.sending._show(examples.SHOWN)
    for place in (window.dialog, window.dialog.area, window.dialog.later):
        qtbot.keyClick(place, Qt.Key.Key_Return)
    assert window.dialog.isVisible()
    assert window.dialog.send.isEnabled()
    window.dialog.reject()


def test_who_cancels_before_the_preview_is_not_shown_it(windows, qtbot, filled):
    also(filled, **{f"{SEND} --prepare --json": examples.SHOWN})
    window, page = opened(windows)
    page.routes.desk_button.click()
    page.sending._asking.reject()
    page.sending._prepared(examples.SHOWN)
    idle(windows, window)
    assert window.dialog is None


def test_a_yes_that_does_not_fit_keeps_the_preview(windows, qtbot, filled):
    digest, name = examples.SHOWN["shown"]["sha256"], examples.SHOWN["filing"]["id"]
    also(filled, **{f"{SEND} --prepare --json": examples.SHOWN})
    (filled / "failures.json").write_text(
        json.dumps({f"alert send {name} --yes={digest} --json": "That is something else."}), "utf-8"
    )
    window, page = opened(windows)
    preview = desk_shown(windows, window, page)
    preview.send.click()
    qtbot.waitUntil(lambda: preview.problem.text() == "That is something else.", timeout=20_000)
    assert preview.send.isEnabled()
    # When it did go to the outbox, its row says what became of it.
    failed = examples.filing("f", "desk", "failed", problem="Not like this.")
    also(filled, **{f"{SEND} --prepare --json": examples.SHOWN, "alert queue --json": {"filings": [failed]}})
    preview.send.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=20_000)
    assert ("f" * 32, "retry") in page.outbox.buttons


def test_an_email_by_the_persons_own_program(windows, qtbot, filled):
    written = filled / "files" / "alerte-1.eml"
    also(filled, **{
        "alert mail show --json": {"account": None},
        f"alert send --via=email --to=a@b.example --for=operator --eml={written} --json": examples.SHOWN,
    })  # fmt: skip
    window, page = opened(windows)
    given: list[Path] = []
    page.sending.opener = given.append
    page.routes.buttons["customer-service", "email"].click()
    dialog = window.dialog
    assert isinstance(dialog, EmailDialog)
    qtbot.waitUntil(lambda: dialog.hint.isVisible(), timeout=20_000)
    assert not dialog.send.isVisible()
    dialog.draft.click()
    assert dialog.to.problem.isVisible()
    dialog.to.editor.put("a@b.example")
    dialog.draft.click()
    qtbot.waitUntil(lambda: given == [written], timeout=20_000)


def test_an_email_from_here_is_shown_first(windows, qtbot, filled):
    also(filled, **{
        "alert mail show --json": {"account": {"sender": "c@d.example"}},
        "alert send --via=email --to=a@b.example --for=operator --subject=-Non --prepare --json": examples.SHOWN,
    })  # fmt: skip
    window, page = opened(windows)
    page.routes.buttons["customer-service", "email"].click()
    dialog = window.dialog
    qtbot.waitUntil(lambda: dialog.send.isVisible(), timeout=20_000)
    assert "c@d.example" in dialog.hint.text()
    dialog.to.editor.put("a@b.example")
    dialog.subject.editor.put("-Non")
    dialog.send.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=20_000)
    assert window.dialog._shown.whom == "service@operateur.example"


def test_the_registered_letter_is_saved_and_its_steps_told(windows, qtbot, filled, tmp_path):
    path = tmp_path / "lettre.pdf"
    shown = examples.SHOWN["shown"] | {"advice": [{"code": "x", "text": "Print it and sign it."}]}
    also(filled, **{f"alert send --via=registered --out={path} --json": examples.SHOWN | {"shown": shown}})
    window, page = opened(windows)
    page.sending.save_letter_as(path)
    qtbot.waitUntil(lambda: isinstance(window.dialog, QMessageBox), timeout=20_000)
    assert "Print it and sign it." in window.dialog.informativeText()
    window.dialog.reject()


# --- what came of it ---


@pytest.mark.parametrize(
    ("filing", "way", "command"),
    [
        ("b", "cancel", "alert queue cancel {id} --json"),
        ("b", "retry", "alert queue retry {id} --json"),
        ("c", "left", "alert queue settle {id} sent --json"),
        ("c", "not-left", "alert queue settle {id} not-sent --json"),
        ("d", "left", "alert queue settle {id} sent --json"),
        ("e", "retry", "alert queue retry {id} --json"),
    ],
)
def test_what_can_be_done_about_a_sending(windows, qtbot, filled, filing, way, command):
    wanted = command.format(id=filing * 32)
    also(filled, **{wanted: {"filing": examples.filing(filing, "desk", "waiting")}})
    window, page = opened(windows)
    page.outbox.buttons[filing * 32, way].click()
    idle(windows, window)
    assert wanted in calls(filled)
    assert not page.outbox.problem.isVisible()


def test_no_sending_is_out_of_reach(windows, filled):
    many = [examples.filing(f"{n:x}", "desk", "waiting") for n in range(SHOWN + 2)]
    also(filled, **{"alert queue --json": {"filings": many}})
    _window, page = opened(windows)
    assert len({name for name, _way in page.outbox.buttons}) == SHOWN
    page.outbox.all_button.click()
    assert len({name for name, _way in page.outbox.buttons}) == SHOWN + 2
    assert not page.outbox.all_button.isVisible()


def test_what_was_shown_and_not_agreed_to_can_be_read_again_and_sent(windows, filled):
    also(filled, **{"alert queue --json": {"filings": [examples.filing("a", "desk", "prepared")]}})
    _window, page = opened(windows)
    assert page.outbox.buttons["a" * 32, "show"].text() == "Read it, then send…"


def test_a_button_that_sends_again_says_so(windows, filled):
    _window, page = opened(windows)
    assert page.outbox.buttons["c" * 32, "not-left"].text() == "It was not sent: send it again"
    assert page.outbox.buttons["d" * 32, "not-left"].text() == "It was not sent"


def test_what_was_sent_cannot_be_cancelled(windows, filled):
    _window, page = opened(windows)
    assert {way for name, way in page.outbox.buttons if name == "a" * 32} == {"number", "save", "show"}
    unsure = {way for name, way in page.outbox.buttons if name == "c" * 32}
    assert unsure == {"left", "not-left", "cancel", "show"}
    assert page.outbox.buttons["c" * 32, "cancel"].text() == "do not send it again"


def test_a_refusal_of_the_outbox_is_said(windows, qtbot, filled):
    (filled / "failures.json").write_text(
        json.dumps({f"alert queue cancel {'b' * 32} --json": "It has left."}), "utf-8"
    )
    _window, page = opened(windows)
    page.outbox.buttons["b" * 32, "cancel"].click()
    qtbot.waitUntil(lambda: page.outbox.problem.text() == "It has left.", timeout=20_000)


def test_a_number_is_noted(windows, qtbot, filled):
    wanted = f"alert receipts add {'d' * 32} --reference=1A 234 --json"
    also(filled, **{wanted: {"receipt": {}, "doubt": "It looks unlike a number of La Poste."}})
    window, page = opened(windows)
    page.outbox.buttons["d" * 32, "number"].click()
    dialog = window.dialog
    assert isinstance(dialog, NumberDialog)
    dialog.go.click()
    assert dialog.number.problem.isVisible()
    dialog.number.editor.put("1A 234")
    dialog.go.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=20_000)
    assert wanted in calls(filled)
    assert page.outbox.problem.text() == "It looks unlike a number of La Poste."


def test_a_proof_is_saved(windows, qtbot, filled, tmp_path):
    path = tmp_path / "preuve.html"
    also(filled, **{f"alert receipts show r1 --out={path} --json": {"receipt": {}}})
    window, page = opened(windows)
    page.sending.save_proof_as("r1", path)
    idle(windows, window)
    assert f"alert receipts show r1 --out={path} --json" in calls(filled)
    assert not page.outbox.problem.text()


def test_what_was_sent_can_be_looked_at_and_not_sent_again(windows, qtbot, filled):
    shown = examples.SHOWN | {"filing": examples.FILINGS[0]}
    also(filled, **{f"alert send {'a' * 32} --prepare --json": shown})
    window, page = opened(windows)
    page.outbox.buttons["a" * 32, "show"].click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=20_000)
    assert not window.dialog.send.isVisible()


def test_the_advice_sheet(windows, qtbot, filled):
    window, page = opened(windows)
    page.after.advice_button.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, AdviceDialog), timeout=20_000)


# --- keyboard, sizes, both appearances ---


def test_the_page_has_its_keys_and_tab_reaches_all_of_it(windows, qtbot, filled):
    window = windows.open()
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentIndex() == ALERT
    idle(windows, window)
    page = window.alert
    window.nav[0].setFocus()
    seen: list[QWidget] = []
    while (now := window.focusWidget()) not in seen:
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    buttons = [one for one in window.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    assert set(buttons) <= set(seen)
    # In the order of the eye: who takes it, what became of it, and only then what comes after.
    ways = [page.routes.buttons["jalerte", "form"], page.routes.desk_button,
            *page.outbox.buttons.values(), page.after.advice_button]  # fmt: skip
    assert [seen.index(one) for one in ways] == sorted(seen.index(one) for one in ways)
    for widget in seen:
        said = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert said or widget.accessibleName(), widget


@pytest.mark.parametrize(("width", "height"), [(600, 380), (1280, 800)])
@pytest.mark.parametrize("code", ["fr", "en"])
def test_no_text_is_cut_at_any_size(windows, qtbot, theme, filled, width, height, code):
    language.use(code)
    theme.force(DARK)
    window, page = opened(windows)
    window.resize(width, height)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (width, height)
    assert_nothing_is_cut(page)
    for ask in (page.sending.to_desk, lambda: page.sending._show(examples.SHOWN)):
        ask()
        window.dialog.resize(window.dialog.minimumSize())
        QApplication.processEvents()
        assert_fits(window.dialog)
        window.dialog.reject()


def test_another_language_keeps_what_is_typed(windows, filled):
    window, page = opened(windows)
    page.draft.editor.setPlainText("X")
    kept = examples.ALERT | {"description": "X"}
    also(filled, **{"alert edit --description=X --json": kept, "alert preview --json": kept})
    language.use("fr")
    window.speak_anew()
    idle(windows, window)
    assert asked(filled, "alert edit") == ["alert edit --description=X --json"]
    assert window.alert.draft.editor.read() == "X"
