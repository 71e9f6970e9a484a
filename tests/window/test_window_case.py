"""The case page over the real commands, in a home of its own: none of them uses the network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import window_examples as examples
from conftest import Windows
from PySide6.QtCore import QDate, QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QCalendarWidget, QWidget
from test_window_main import assert_nothing_is_cut

from jalerte_desktop.casefile.fields import COUNTRIES, FIELDS
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.complaint import compose_complaint
from jalerte_desktop.documents.french import blank
from jalerte_desktop.filing.alert import compose_alert, preview_alert
from jalerte_desktop.filing.values import State as FieldState
from jalerte_desktop.window import case_words
from jalerte_desktop.window.alert_dialog import first_missing_key
from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.case_page import CasePage
from jalerte_desktop.window.case_words import CaseFacts, sent, shown
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.main_window import ALERT, CASE, SETTINGS, MainWindow
from jalerte_desktop.window.theme import DARK, LIGHT
from jalerte_desktop.words import language

LEFT = Qt.MouseButton.LeftButton
REAL = (sys.executable, "-m", "jalerte_desktop")
FULL = {
    "person.name": "Camille Exemple",
    "person.profile": "individual",
    "person.address": "12 rue des Essais\nBâtiment B",
    "person.postcode": "69001",
    "person.city": "Lyon",
    "person.email": "camille@example.org",
    "line.technology": "fibre",
    "line.number": "0465710012",
    "contract.offer": "Série limitée",
    "contract.customer_number": "123",
    "contract.monthly_price_eur": "25.99",
    "contract.started_on": "2024-03-31",
    "contract.download_max_bps": "500000000",
    "alert.service_contacted": "yes",
}


def command(home: Path, *arguments: str) -> dict:
    result = subprocess.run(
        [*REAL, "--home", str(home), *arguments, "--json"], capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


def stored(home: Path) -> dict:
    return command(home, "case", "show")["fields"]


def new_case(home: Path, **fields: str) -> None:
    command(home, "case", "new", "--problem=fixed-internet-cut", "--country=FR", "--operator=Sosh")
    for key, value in fields.items():
        command(home, "case", "set", key, value)


@pytest.fixture
def caller(home: Path) -> Caller:
    return Caller(home, program=REAL)


def opened(windows: Windows, qtbot) -> tuple[MainWindow, CasePage]:
    window = windows.open()
    window.activateWindow()
    window.go(CASE)
    qtbot.waitUntil(lambda: window.desk.known, timeout=20_000)
    return window, window.case


def write(target: QWidget, text: str) -> None:
    """As an input method does: QTest's own key clicks crash on é."""
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(target, event)


def fill(qtbot, page: CasePage, key: str, text: str) -> None:
    """Type as a person does, and leave the field with Tab."""
    editor = page.fields[key].editor
    page.jump(key)
    target = editor.focusProxy() or editor
    qtbot.waitUntil(target.hasFocus)
    target.selectAll() if hasattr(target, "selectAll") else target.lineEdit().selectAll()
    qtbot.keyClick(target, Qt.Key.Key_Delete)
    write(target, text)
    qtbot.keyClick(target, Qt.Key.Key_Tab)


def settled(qtbot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.writing, timeout=20_000)


# --- the first case ---


def test_the_first_case_needs_three_answers(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    assert page.new.isVisible()
    assert not page.new.cancel.isVisible()
    assert not page.summary.isVisible()
    assert (page.new.problem.editor.read(), page.new.country.editor.read()) == ("fixed-internet-cut", "FR")
    assert page.new.operator.editor.findText("Sosh") >= 0
    page.new.button.click()
    assert page.new.operator.problem.text() == "Choisissez votre opérateur, ou écrivez son nom."
    write(page.new.operator.editor, "-Réseau & fils")
    assert not page.new.operator.problem.isVisible()
    with qtbot.waitSignal(window.desk.created, timeout=20_000):
        page.new.button.click()
    assert not page.new.isVisible()
    assert page.summary.words.text() == "-Réseau & fils · Internet fixe : coupures · France"
    assert page.fields["person.name"].editor.hasFocus()
    case = command(home, "case", "show")
    assert (case["problem"], case["country"], case["operator"]) == (
        "fixed-internet-cut",
        "FR",
        "-Réseau & fils",
    )


def test_a_first_case_that_is_refused_says_why(windows, qtbot):
    window, page = opened(windows, qtbot)
    page.new.operator.editor.put("x" * 90)
    with qtbot.waitSignal(window.desk.not_created, timeout=20_000):
        page.new.button.click()
    assert "80" in page.new.operator.problem.text()
    assert "contract.operator" not in page.new.operator.problem.text()
    assert page.new.button.isEnabled()


def test_operators_follow_the_country(windows, qtbot):
    _window, page = opened(windows, qtbot)
    country = page.new.country.editor
    country.setCurrentIndex(country.findData("BE"))
    country.activated.emit(country.currentIndex())
    assert page.new.operator.editor.findText("Sosh") == -1


def test_another_case_keeps_the_person(windows, qtbot, home):
    new_case(home, **{"person.name": "Camille Exemple", "case.impact": "Examen manqué."})
    window, page = opened(windows, qtbot)
    page.summary.another_button.click()
    assert page.new.isVisible()
    assert not page.summary.isVisible()
    page.new.cancel.click()
    assert page.summary.isVisible()
    page.summary.another_button.click()
    assert page.new.operator.editor.read() == "Sosh"
    page.new.problem.editor.put("fixed-internet-slow")
    with qtbot.waitSignal(window.desk.created, timeout=20_000):
        page.new.button.click()
    assert page.fields["person.name"].editor.read() == "Camille Exemple"
    assert page.fields["case.impact"].editor.read() == ""
    assert command(home, "case", "show")["problem"] == "fixed-internet-slow"


# --- filling in ---


def test_every_field_has_its_place_and_its_words(windows, qtbot, home):
    new_case(home)
    for code in ("fr", "en"):
        language.use(code)
        _window, page = opened(windows, qtbot)
        assert set(page.fields) == set(FIELDS)
        for key, field in page.fields.items():
            speaker = field.editor.focusProxy() or field.editor
            assert speaker.accessibleName().startswith(case_words.field_name(key))
            assert len(case_words.choices_of(key)) == len(FIELDS[key].choices) + 1
    assert [code for code, _words in case_words.country_choices()] == list(COUNTRIES)


def test_what_is_typed_is_saved_when_the_field_is_left(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    fill(qtbot, page, "person.name", "Camille Exemple")
    fill(qtbot, page, "person.postcode", "69 001")
    fill(qtbot, page, "person.phone", "0639980012")
    fill(qtbot, page, "person.address", "12 rue d’Essai")
    fill(qtbot, page, "contract.download_max_bps", "500")
    fill(qtbot, page, "contract.upload_max_bps", "1 Gbit/s")
    fill(qtbot, page, "contract.monthly_price_eur", "25,9 €")
    fill(qtbot, page, "contract.started_on", "31/3/2024")
    fill(qtbot, page, "contract.operator", "Mon réseau")
    fill(qtbot, page, "case.impact", "-Examen « manqué ».")
    settled(qtbot, window)
    fields = stored(home)
    assert fields["person.name"] == "Camille Exemple"
    assert fields["person.postcode"] == "69001"
    assert fields["person.phone"] == "06 39 98 00 12"
    assert fields["person.address"] == "12 rue d’Essai"
    assert fields["contract.download_max_bps"] == 500_000_000
    assert fields["contract.upload_max_bps"] == 1_000_000_000
    assert fields["contract.monthly_price_eur"] == 25.9
    assert fields["contract.started_on"] == "2024-03-31"
    assert fields["contract.operator"] == "Mon réseau"
    assert fields["case.impact"] == "-Examen « manqué »."
    # What is kept is what stands there.
    assert page.fields["person.phone"].editor.read() == "06 39 98 00 12"
    assert page.fields["contract.upload_max_bps"].editor.read() == "1000"
    assert page.fields["contract.monthly_price_eur"].editor.read() == "25,90"
    assert page.fields["contract.started_on"].editor.read() == "31/03/2024"
    field = page.fields["person.phone"]
    assert field.mark.text() == "✓ enregistré"
    assert "enregistré" in field.editor.accessibleDescription()
    qtbot.keyClicks(field.editor, "9")
    assert field.mark.text() == ""


def test_choices_are_saved_at_once_and_taken_back(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    box = page.fields["line.technology"].editor
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    settled(qtbot, window)
    assert stored(home)["line.technology"] == "fibre"
    qtbot.keyClick(box, Qt.Key.Key_Up)
    settled(qtbot, window)
    assert stored(home)["line.technology"] is None


def test_nothing_is_written_that_did_not_change(windows, qtbot, home, monkeypatch):
    new_case(home, **FULL)
    window, page = opened(windows, qtbot)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(window.desk._queue, "ask", lambda *told, **_more: asked.append(told))
    for field in page.fields.values():
        field.editor.setFocus()
    page.flush()
    assert asked == []


def test_what_is_refused_says_why_and_stays(windows, qtbot, home):
    new_case(home, **{"person.postcode": "69001"})
    window, page = opened(windows, qtbot)
    field = page.fields["person.postcode"]
    fill(qtbot, page, "person.postcode", "6900")
    settled(qtbot, window)
    said = "« 6900 » ne convient pas à ce champ : écrivez les 5 chiffres du code postal."
    assert " ".join(field.problem.text().split()) == " ".join(said.split())
    assert field.problem.isVisible()
    assert field.problem.text() in field.editor.accessibleDescription()
    assert field.editor.read() == "6900"
    assert stored(home)["person.postcode"] == "69001"
    with qtbot.waitSignal(window.desk.changed, timeout=20_000):
        window.go(CASE)
    assert field.editor.read() == "6900"
    fill(qtbot, page, "person.postcode", "69002")
    settled(qtbot, window)
    assert not field.problem.isVisible()
    assert field.mark.text() == "✓ enregistré"


def test_an_emptied_field_is_emptied_in_the_case(windows, qtbot, home):
    new_case(home, **{"person.city": "Lyon"})
    window, page = opened(windows, qtbot)
    fill(qtbot, page, "person.city", "")
    settled(qtbot, window)
    assert stored(home)["person.city"] is None


def test_what_somebody_is_typing_is_not_replaced(windows, qtbot, home):
    new_case(home, **{"person.city": "Lyon"})
    window, page = opened(windows, qtbot)
    page.fields["person.city"].editor.setFocus()
    write(page.fields["person.city"].editor, " 1er")
    command(home, "case", "set", "person.city", "Paris")
    command(home, "case", "set", "person.name", "Alix")
    with qtbot.waitSignal(window.desk.changed, timeout=20_000):
        window.desk.load()
    assert page.fields["person.city"].editor.read() == " 1erLyon"
    assert page.fields["person.name"].editor.read() == "Alix"


def test_the_wheel_changes_no_answer(windows, qtbot, home):
    new_case(home, **{"line.technology": "fibre"})
    _window, page = opened(windows, qtbot)
    box = page.fields["line.technology"].editor
    box.setFocus()
    none, at = Qt.KeyboardModifier.NoModifier, QPointF(9, 9)
    turn = QWheelEvent(
        at,
        box.mapToGlobal(at),
        QPoint(),
        QPoint(0, -240),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, turn)
    assert box.read() == "fibre"


def test_a_day_is_taken_from_the_calendar(windows, qtbot, home):
    new_case(home, **{"contract.started_on": "2024-03-31"})
    window, page = opened(windows, qtbot)
    box = page.fields["contract.started_on"].editor
    settled(qtbot, window)
    box.calendar_button.click()
    calendar: QCalendarWidget = box.calendar
    assert calendar.selectedDate() == QDate(2024, 3, 31)
    calendar.clicked.emit(QDate(2023, 1, 2))
    settled(qtbot, window)
    assert box.popup is None
    assert box.read() == "02/01/2023"
    assert stored(home)["contract.started_on"] == "2023-01-02"


# --- what is missing ---


def test_what_is_missing_stands_in_words_and_leads_to_its_field(windows, qtbot, home):
    new_case(home, **{key: value for key, value in FULL.items() if key != "person.postcode"})
    window, page = opened(windows, qtbot)
    assert [one.accessibleName() for one in page.summary.missing if one.isVisible()] == [
        "Pour l’alerte, il manque\u00a0: code postal.",
        "Pour la lettre, il manque\u00a0: code postal.",
    ]
    page.summary.missing[0].linkActivated.emit("person.postcode")
    assert page.fields["person.postcode"].editor.hasFocus()
    page.fields["alert.rating"].editor.setFocus()
    page.verticalScrollBar().setValue(0)
    page.summary.next.click()
    assert page.fields["person.postcode"].editor.hasFocus()
    fill(qtbot, page, "person.postcode", "69001")
    settled(qtbot, window)
    assert not any(one.isVisible() for one in page.summary.missing)
    assert page.summary.complete.isVisible()
    assert not page.summary.next.isVisible()


def findings_of_the_week():
    return examples.FixedSource(*examples.day_and_week(ongoing=False)).refresh(0, examples.NOW)


@pytest.mark.parametrize(
    "known",
    [
        {},
        FULL,
        FULL | {"person.name": "Exemple"},
        {"person.name": "Exemple", "person.first_name": "Camille"},
        {"person.postcode": "69001", "person.city": "Lyon", "contract.offer": "X"},
    ],
)
def test_the_lists_are_those_of_the_papers(known):
    """What this page calls missing is what the alert and the letter lack."""
    findings = findings_of_the_week()
    fields = {key: value for key, value in known.items() if value}
    case = Case("x", "fixed-internet-cut", "FR", 0, fields)
    lacking = {
        "person.first_name"
        if one.name.endswith(":prenom") and known.get("person.name")
        else one.key or "contract.operator"
        for one in preview_alert(compose_alert(case, findings), case).fields
        if one.state is FieldState.MISSING
    }
    ours = set(case_words.missing_for(case_words.NEEDED_BY_ALERT, fields))
    assert ours == lacking
    letter = compose_complaint(case, account(findings), examples.NOW)
    text = repr(letter).replace("\\xa0", "\u00a0")
    for key, words in {
        "person.name": "prénom et nom",
        "person.address": "adresse",
        "person.postcode": "code postal",
        "person.city": "ville",
        "line.number": "numéro ou référence de la ligne",
        "contract.offer": "nom de l’offre",
        "contract.customer_number": "numéro de client",
        "contract.operator": "nom de l’opérateur",
        "contract.monthly_price_eur": "prix",
    }.items():
        missing = key in case_words.missing_for(case_words.NEEDED_BY_LETTER, fields)
        assert (blank(words) in text) is missing, key


def test_an_alert_is_for_france_only():
    abroad = CaseFacts("x", "fixed-internet-cut", "BE", {})
    assert [words for words, _keys in case_words.missing_lists(abroad)] == [
        "Pour la lettre, il manque\u00a0: {list}."
    ]


def test_the_alert_leads_to_the_page(windows, qtbot, home):
    new_case(home)
    window = windows.open()
    window.activateWindow()
    window.go(ALERT)
    window.alert.answer.jump.emit("person.postcode")
    assert window.pages.currentIndex() == CASE
    wanted = window.case.fields["person.postcode"].editor
    qtbot.waitUntil(lambda: window.focusWidget() is wanted, timeout=20_000)


def test_without_a_case_the_alert_leads_to_the_three_answers(windows, qtbot):
    window = windows.open()
    window.activateWindow()
    window.complete_case("person.postcode")
    qtbot.waitUntil(lambda: window.case.new.operator.editor.hasFocus(), timeout=20_000)


def test_the_first_missing_key():
    assert first_missing_key({}) == ""
    assert first_missing_key({"missing": ["commune", "person.email"]}) == "person.email"
    assert first_missing_key({"missing_details": [{"kind": "missing", "key": None}]}) == ""


# --- nothing is lost ---


def test_closing_writes_what_stands_in_a_field(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    page.fields["person.name"].editor.setFocus()
    write(page.fields["person.name"].editor, "Camille Exemple")
    fill(qtbot, page, "person.city", "Lyon")
    page.fields["case.impact"].editor.setFocus()
    write(page.fields["case.impact"].editor, "Deux journées.")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    fields = stored(home)
    assert fields["person.name"] == "Camille Exemple"
    assert fields["person.city"] == "Lyon"
    assert fields["case.impact"] == "Deux journées."


def test_closing_stops_once_before_a_refusal_nobody_saw(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    page.fields["person.postcode"].editor.setFocus()
    write(page.fields["person.postcode"].editor, "6900")
    window.go(SETTINGS)
    page.fields["person.email"].editor.put("camille")
    window.close()
    settled(qtbot, window)
    assert window.isVisible()
    assert window.pages.currentIndex() == CASE
    assert page.fields["person.email"].problem.isVisible()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)


def test_an_abrupt_end_writes_what_waits(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    page.fields["person.name"].editor.put("Camille Exemple")
    page.fields["person.city"].editor.put("Lyon")
    window.shut()
    fields = stored(home)
    assert (fields["person.name"], fields["person.city"]) == ("Camille Exemple", "Lyon")


def test_another_language_keeps_what_is_typed_and_refused(windows, qtbot, home):
    new_case(home)
    window, page = opened(windows, qtbot)
    fill(qtbot, page, "person.postcode", "6900")
    settled(qtbot, window)
    page.fields["person.city"].editor.put("Lyon")
    language.use("en")
    window.speak_anew()
    page = window.case
    assert page.fields["person.postcode"].editor.read() == "6900"
    qtbot.waitUntil(lambda: page.fields["person.postcode"].problem.isVisible())
    settled(qtbot, window)
    assert page.fields["person.city"].editor.read() == "Lyon"
    assert page.summary.another_button.text() == "open another case"


def test_commands_run_one_after_the_other_in_order(qtbot, home, caller):
    new_case(home)
    desk = CaseDesk(caller)
    order: list[str] = []
    desk.saved.connect(order.append)
    desk.refused.connect(lambda key: order.append(f"no {key}"))
    with qtbot.waitSignal(desk.written, timeout=20_000):
        for number, (key, value) in enumerate(
            (("person.city", "A"), ("person.email", "x"), ("person.city", "B"), ("person.name", "C"))
        ):
            desk.save(key, value)
            assert desk.writing, number
    # The first was on its way already; B then waited in its turn.
    assert order == ["person.city", "no person.email", "person.city", "person.name"]
    assert stored(home)["person.city"] == "B"


def test_of_values_that_wait_only_the_last_is_written(qtbot, home, caller):
    new_case(home)
    desk = CaseDesk(caller)
    order: list[str] = []
    desk.saved.connect(order.append)
    with qtbot.waitSignal(desk.written, timeout=20_000):
        desk.save("person.name", "X")
        for city in ("A", "B", "C"):
            desk.save("person.city", city)
    assert order == ["person.name", "person.city"]
    assert stored(home)["person.city"] == "C"


def test_a_case_that_cannot_be_read_is_said(windows, qtbot, home):
    (home / "case.sqlite").write_bytes(b"no database " * 300)
    window, page = opened(windows, qtbot)
    assert page.trouble.isVisible()
    assert "case.sqlite" in page.trouble.words.text()
    assert not page.new.isVisible()
    (home / "case.sqlite").unlink()
    with qtbot.waitSignal(window.desk.changed, timeout=20_000):
        page.retry.click()
    assert page.new.isVisible()


def test_a_program_that_cannot_be_started_is_said_and_ends(qtbot, home):
    desk = CaseDesk(Caller(home, program=("/nowhere/jalerte",)))
    with qtbot.waitSignal(desk.refused):
        desk.save("person.name", "X")
    desk.save("person.name", "Y")
    desk.finish()
    assert "X" not in desk.refusals["person.name"].sentence


# --- one form for a value ---


@pytest.mark.parametrize(
    ("code", "key", "typed", "told"),
    [
        ("fr", "contract.download_max_bps", "500", "500 Mbit/s"),
        ("fr", "contract.download_max_bps", "8,5", "8,5 Mbit/s"),
        ("fr", "contract.download_max_bps", "1\u202f000", "1000 Mbit/s"),
        ("en", "contract.download_max_bps", "1,000", "1000 Mbit/s"),
        ("fr", "contract.download_max_bps", "1,000", "1,000 Mbit/s"),
        ("fr", "contract.download_max_bps", "1 Gbit/s", "1 Gbit/s"),
        ("fr", "contract.download_max_bps", "vite", "vite"),
        ("fr", "contract.download_max_bps", "", ""),
        ("fr", "contract.monthly_price_eur", "1 025,50", "1025,50"),
        ("fr", "person.name", " a\0b ", "ab"),
    ],
)
def test_what_the_command_is_given(code, key, typed, told):
    language.use(code)
    assert sent(key, typed) == told


@pytest.mark.parametrize(
    ("key", "value", "french", "english"),
    [
        ("contract.download_max_bps", "1000000000", "1000", "1000"),
        ("contract.download_max_bps", "8500000", "8,5", "8.5"),
        ("contract.download_max_bps", "512000", "0,512", "0.512"),
        ("contract.monthly_price_eur", "25.90", "25,90", "25.90"),
        ("contract.started_on", "2024-03-31", "31/03/2024", "2024-03-31"),
        ("person.name", "A. B.", "A. B.", "A. B."),
        ("contract.started_on", "", "", ""),
    ],
)
def test_how_a_value_is_shown(key, value, french, english):
    assert shown(key, value) == french
    language.use("en")
    assert shown(key, value) == english


# --- keyboard, sizes, both appearances ---


@pytest.mark.parametrize("filled", [False, True])
def test_tab_reaches_everything_and_everything_has_a_name(windows, qtbot, home, filled):
    if filled:
        new_case(home)
    window, page = opened(windows, qtbot)
    window.nav[0].setFocus()
    seen: list[QWidget] = []
    while (now := window.focusWidget()) not in seen:
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    buttons = [one for one in window.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    assert set(buttons) <= set(seen)
    for widget in seen:
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert text or widget.accessibleName(), widget
    if filled:
        speakers = {field.editor.focusProxy() or field.editor for field in page.fields.values()}
        assert speakers <= set(seen)


def test_the_page_has_its_place_and_its_keys(windows, qtbot):
    window = windows.open()
    window.activateWindow()
    tops = {index: window.nav[index].mapToGlobal(QPoint(0, 0)).y() for index in range(3)}
    assert tops[0] < tops[CASE] < tops[SETTINGS]
    assert window.nav[CASE].text() == "Do&ssier"
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentIndex() == CASE


@pytest.mark.parametrize(("width", "height"), [(640, 400), (900, 600), (1280, 800), (2560, 1600)])
@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_no_text_is_cut_at_any_size(windows, qtbot, theme, home, width, height, code, scheme):
    language.use(code)
    theme.force(scheme)
    window, page = opened(windows, qtbot)
    window.resize(width, height)
    assert_nothing_is_cut(page)
    new_case(home)
    with qtbot.waitSignal(window.desk.changed, timeout=20_000):
        window.desk.load()
    for key in ("person.postcode", "person.email", "contract.download_min_bps", "contract.started_on"):
        window.desk.save(key, "x")
    window.desk.save("person.city", "Lyon")
    settled(qtbot, window)
    assert (window.width(), window.height()) == (width, height)
    assert_nothing_is_cut(page)
    page._offer_another(True)
    assert_nothing_is_cut(page)
