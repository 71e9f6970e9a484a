"""The copy assistant: one key a field, nothing for the person's own answers, and the clipboard left as it should be."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from test_window_main import assert_fits

from jalerte_desktop.filing.assisted import Task, result_of, task_line
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.values import FieldValue, State, Value
from jalerte_desktop.window.copy_assistant import CopyAssistant
from jalerte_desktop.window.filing_copy import How, items_of
from jalerte_desktop.window.theme import DARK
from jalerte_desktop.words import language

FORM = form("jalerte")


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


def task() -> Task:
    """Every field of the map: all known but the rating, which was not given."""
    values = []
    for field in FORM.fields:
        state = State.RESERVED if field.reserved else State.FILLED
        text = "" if field.reserved else f"valeur de {field.name}"
        if field.control == "rating":
            state, text = State.OPTIONAL, ""
        values.append(FieldValue(field, Value(text, "", "case", state), state))
    photo = Attachment("photo", "voyants.jpg", "image/jpeg", 9, "00", "/maison/files/voyants.jpg")
    return Task(FORM, "https://form.example/", tuple(values), (photo,), "en", False)


@pytest.fixture
def opened():
    return []


@pytest.fixture
def assistant(qtbot, theme, opened):
    window = CopyAssistant(task(), opened.append)
    qtbot.addWidget(window)
    window.begin()
    qtbot.waitExposed(window)
    yield window
    window.close()


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def test_it_opens_the_form_and_stays_on_top(assistant, opened):
    assert opened == ["https://form.example/"]
    assert assistant.windowFlags() & Qt.WindowType.WindowStaysOnTopHint


def test_consents_rating_and_sending_have_no_value():
    items = items_of(task())
    consents = {field.name for field in FORM.fields if field.reserved}
    assert consents
    for item in items:
        if item.name in consents or not item.name:
            assert (item.how, item.value) == (How.ALONE, "")
    rating = next(field.name for field in FORM.fields if field.control == "rating")
    assert [(one.how, one.value) for one in items if one.name == rating] == [(How.OPEN, "")]
    assert items[-1].how is How.ALONE
    assert [item.name for item in items[:-1]] == [field.name for field in FORM.fields]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_one_key_hands_over_and_goes_on(qtbot, assistant, key):
    first = assistant.items[0]
    qtbot.keyClick(assistant.focusWidget(), key)
    assert clipboard() == first.value
    assert assistant.place == 1
    assert first.label in assistant.done.text()
    assert assistant.name.text() == assistant.items[1].label


def test_up_down_and_copy_again(qtbot, assistant):
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Space)
    QGuiApplication.clipboard().setText("somebody else’s")
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_C)
    assert clipboard() == assistant.items[0].value
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Down)
    assert (assistant.place, clipboard()) == (2, assistant.items[0].value)
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Up)
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Up)
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Up)
    assert assistant.place == 0
    assert assistant.copied == {0}


def test_what_is_for_the_person_alone_copies_nothing(qtbot, assistant):
    while assistant.item.how is not How.ALONE:
        assistant.move_by(1)
    QGuiApplication.clipboard().setText("untouched")
    qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Space)
    assert clipboard() == "untouched"
    assert assistant.value.isHidden() == (not assistant.item.value)


def test_a_file_is_its_path_and_its_folder(assistant, opened):
    while assistant.item.how is not How.FILE:
        assistant.move_by(1)
    assert assistant.item.value == "/maison/files/voyants.jpg"
    assert assistant.folder.isVisible()
    assistant.folder.click()
    assert opened[-1] == "file:///maison/files"


def test_at_the_end_the_person_says_whether_it_was_sent(qtbot, assistant):
    while assistant.item is not None:
        qtbot.keyClick(assistant.focusWidget(), Qt.Key.Key_Space)
    assert assistant.result.sent is None
    assistant.given.editor.put(" 2026-1234 ")
    with qtbot.waitSignal(assistant.ended):
        assistant.yes.click()
    result = assistant.result
    assert (result.sent, result.reference, result.stopped_at) == (True, "2026-1234", "success")
    consents = {field.name for field in FORM.fields if field.reserved}
    assert not consents & {one.name for one in result.filled}
    assert consents <= {one.name for one in result.left}


def test_closing_early_says_nothing_of_sending(qtbot, assistant):
    assistant.hand_over()
    with qtbot.waitSignal(assistant.ended):
        assistant.close()
    assert (assistant.result.sent, assistant.result.stopped_at) == (None, "closed")
    assert [one.name for one in assistant.result.filled] == [FORM.fields[0].name]


@pytest.mark.parametrize(("later", "left"), [(None, ""), ("another text", "another text")])
def test_our_last_value_does_not_stay_in_the_clipboard(assistant, later, left):
    assistant.hand_over()
    if later is not None:
        QGuiApplication.clipboard().setText(later)
    assistant.close()
    assert clipboard() == left


@pytest.mark.parametrize("code", ["fr", "en"])
def test_nothing_is_cut(qtbot, theme, code):
    language.use(code)
    theme.force(DARK)
    window = CopyAssistant(task(), lambda _url: None)
    qtbot.addWidget(window)
    window.show()
    window.resize(window.minimumSize())
    while window.item is not None:
        qtbot.wait(1)
        assert_fits(window)
        window.hand_over()
    qtbot.wait(1)
    assert_fits(window)
    window.close()


def run(given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "jalerte_desktop.window.copy_assistant"],
        input=given,
        capture_output=True,
        timeout=60,
    )


def test_without_a_task_it_says_so_and_ends():
    for given in (b"", b"{}\n", b"\xff\xfe\n", b'{"form": "none"}\n'):
        told = run(given)
        assert (told.returncode, told.stdout) == (2, b"")
        assert b"Traceback" not in told.stderr


def test_the_end_of_its_input_closes_it_and_it_still_answers():
    unsent = task()
    # No address: a test opens no browser.
    told = run(task_line(Task(unsent.form, "", unsent.values, (), "fr", False)).encode())
    assert told.returncode == 0, told.stderr
    result = result_of(told.stdout.decode())
    assert (result.sent, result.filled) == (None, ())
