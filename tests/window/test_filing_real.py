"""The alert page and the diary over the real commands; only the findings are made up, and mail goes to this machine."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import calls
from PySide6.QtGui import QGuiApplication
from test_alert_page import idle
from test_window_case import new_case

from jalerte_desktop.window.case_diary_dialog import OTHER, EntryDialog
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.filing_advice import AdviceDialog
from jalerte_desktop.window.filing_dialogs import DeskDialog
from jalerte_desktop.window.filing_preview import PreviewDialog
from jalerte_desktop.window.filing_share import ShareDialog
from jalerte_desktop.window.main_window import ALERT, CASE
from jalerte_desktop.words import language
from tests.servers.mail_server import ScriptedServer, free_port

PROGRAM = (sys.executable, str(Path(__file__).with_name("stub_found.py")))
TO = "service@operateur.example"


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


@pytest.fixture
def caller(home: Path) -> Caller:
    return Caller(home, program=PROGRAM)


@pytest.fixture
def server():
    with ScriptedServer() as made:
        yield made


def run(home: Path, *arguments: str) -> dict:
    told = subprocess.run(
        [*PROGRAM, "--home", str(home), *arguments, "--json"], capture_output=True, check=True
    )
    return json.loads(told.stdout)


@pytest.fixture
def page(windows, home):
    new_case(home)
    run(home, "case", "set", "person.name", "Camille Exemple")
    run(home, "case", "set", "person.email", "camille@exemple.fr")
    window = windows.open()
    window.activateWindow()
    window.go(ALERT)
    idle(windows, window)
    return window.alert


def test_the_draft_is_written_and_kept(windows, qtbot, home, page, tmp_path):
    window = page.window()
    assert page.draft.isVisible()
    assert window.filing.alert.draft == ""
    page.draft.editor.setPlainText("Mes mots à moi.")
    page.draft.commit()
    photo = tmp_path / "voyants de la box.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n of a box")
    page.files.add([photo])
    idle(windows, window)
    assert page.draft.problem.text() == ""
    told = run(home, "alert", "preview")
    assert told["description"] == "Mes mots à moi."
    assert [one["name"] for one in told["draft"]["attachments"]] == ["voyants de la box.png"]
    assert page.draft.whose.text() == "These are your words."
    assert list(page.files.remove_buttons) == ["voyants de la box.png"]
    page.files.remove_buttons["voyants de la box.png"].click()
    page.draft.redraft.click()
    idle(windows, window)
    told = run(home, "alert", "preview")
    assert told["draft"]["attachments"] == []
    assert told["description"] == page.draft.editor.read() != "Mes mots à moi."
    # Its no-break spaces are no change of the person's.
    assert "\u00a0" in told["description"]
    edits = len([one for one in calls(home) if one.startswith("alert edit")])
    page.draft.commit()
    idle(windows, window)
    assert len([one for one in calls(home) if one.startswith("alert edit")]) == edits


def test_what_the_preview_shows_is_what_the_server_gets(windows, qtbot, home, page, server):
    window = page.window()
    run(home, "alert", "mail", "set", "--host=127.0.0.1", f"--port={server.port}", "--security=plain",
        "--sender=camille@exemple.fr")  # fmt: skip
    page.routes.buttons["customer-service", "email"].click()
    dialog = window.dialog
    qtbot.waitUntil(lambda: dialog.send.isVisible(), timeout=20_000)
    dialog.to.editor.put(TO)
    dialog.send.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=30_000)
    preview = window.dialog
    preview.more.click()
    seen = preview.bytes.toPlainText()
    assert server.heard == []
    preview.send.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=60_000)
    (got,) = server.messages
    assert got.replace(b"\r\n", b"\n").decode() == seen
    idle(windows, window)
    (filing,) = window.filing.filings
    assert (filing.state, filing.destination) == ("sent", TO)
    assert [one.kind for one in window.filing.receipts] == ["smtp"]
    # And the diary knows.
    window.go(CASE)
    qtbot.waitUntil(lambda: len(window.filing.diary) == 1, timeout=20_000)
    assert window.filing.diary[0].source == "filing"


def test_what_could_not_be_sent_now_waits_and_can_be_cancelled(windows, qtbot, home, page):
    window = page.window()
    run(home, "alert", "mail", "set", "--host=127.0.0.1", f"--port={free_port()}", "--security=plain",
        "--sender=camille@exemple.fr")  # fmt: skip
    page.sending._desk.ask(
        "look", "alert", "send", "--via=email", f"--to={TO}", "--for=operator", "--prepare", writes=True
    )
    qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=30_000)
    window.dialog.send.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=60_000)
    idle(windows, window)
    (filing,) = window.filing.filings
    assert filing.state == "waiting"
    assert window.filing.watch.running
    page.outbox.buttons[filing.id, "cancel"].click()
    qtbot.waitUntil(lambda: window.filing.filings[0].state == "cancelled", timeout=30_000)
    qtbot.waitUntil(lambda: not window.filing.watch.running, timeout=30_000)


def test_the_desks_document_is_shown_whole(windows, qtbot, home, page):
    window = page.window()
    page.routes.desk_button.click()
    dialog = window.dialog
    assert isinstance(dialog, DeskDialog)
    dialog.url.editor.put("http://insecure.example")
    dialog.processing.editor.put("yes")
    dialog.third.editor.put("no")
    dialog.go.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=30_000)
    dialog.url.editor.put("https://collecte.example")
    dialog.go.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, PreviewDialog), timeout=30_000)
    shown = window.dialog._shown
    told = run(home, "alert", "send", shown.filing, "--prepare")
    assert shown.content.encode() == base64.b64decode(told["shown"]["content_base64"])
    assert shown.sha256 == told["filing"]["sha256"]
    summary = dict(shown.summary)
    assert summary["Description"]
    assert "passing on to others: no" in summary["Your consents"]


def test_a_letter_a_number_and_the_receipt(windows, qtbot, home, page, tmp_path):
    window = page.window()
    page.sending.save_letter_as(tmp_path / "lettre.pdf")
    qtbot.waitUntil(lambda: window.dialog is not None, timeout=30_000)
    assert (tmp_path / "lettre.pdf").read_bytes().startswith(b"%PDF-")
    window.dialog.reject()
    idle(windows, window)
    (filing,) = window.filing.filings
    assert filing.state == "handed"
    page.outbox.buttons[filing.id, "number"].click()
    window.dialog.number.editor.put("RK 12 345 678 5 FR")
    window.dialog.go.click()
    qtbot.waitUntil(lambda: window.dialog is None, timeout=30_000)
    idle(windows, window)
    assert window.filing.filings[0].state == "sent"
    assert [one.kind for one in window.filing.receipts] == ["tracking"]


def test_advice_and_share(windows, qtbot, home, page, tmp_path):
    window = page.window()
    page.after.advice_button.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, AdviceDialog), timeout=30_000)
    window.dialog.accept()
    page.after.share_button.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, ShareDialog), timeout=30_000)
    dialog = window.dialog
    dialog.copy_buttons["short"].click()
    assert QGuiApplication.clipboard().text() == run(home, "alert", "share", "--language=en")["short"]
    dialog.copy_picture.click()
    assert not QGuiApplication.clipboard().pixmap().isNull()
    dialog.save.emit(str(tmp_path / "image.svg"))
    qtbot.waitUntil(lambda: (tmp_path / "image.svg").exists(), timeout=30_000)
    # The picture that was only shown leaves nothing behind.
    qtbot.waitUntil(lambda: "image.svg" in dialog.said.text(), timeout=30_000)


def test_an_exchange_is_noted(windows, qtbot, home, page):
    window = page.window()
    window.go(CASE)
    window.case.diary.add_button.click()
    dialog = window.dialog
    assert isinstance(dialog, EntryDialog)
    dialog.kind.editor.put("call")
    dialog.whom.editor.put(OTHER)
    dialog.whom.editor.touched.emit()
    dialog.other.editor.put("-Madame Exemple")
    dialog.text.editor.put("On attend.\nEt encore.")
    dialog.promise.editor.put("Un rappel")
    dialog.promise.editor.touched.emit()
    dialog.due.editor.put("soon")
    dialog.keep.click()
    assert dialog.due.problem.isVisible()
    dialog.due.editor.put("2026-11-20")
    dialog.day.editor.put("2999-01-01")
    dialog.keep.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=20_000)
    dialog.day.editor.put("2026-11-18")
    dialog.keep.click()
    qtbot.waitUntil(lambda: len(window.filing.diary) == 1, timeout=20_000)
    (entry,) = run(home, "diary", "list")["entries"]
    assert (entry["kind"], entry["with"], entry["due"]) == ("call", "-Madame Exemple", "2026-11-20")
    assert entry["text"] == "On attend.\nEt encore."
    assert window.dialog is None
    assert [one for one in calls(home) if one.startswith("diary add")]
