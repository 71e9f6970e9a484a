"""The attended form: what the person sees beside it, what stays theirs, and the receipt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWebEngineCore import QWebEngineScript
from PySide6.QtWidgets import QLabel, QPushButton
from webform_runs import EXPECTED, NOISE_LEVEL, a_task, an_alert, wait_for

from jalerte_desktop.window.theme import Theme
from jalerte_desktop.window.webform_actions import call
from jalerte_desktop.window.webform_browser import WORLD
from jalerte_desktop.window.webform_reading import Round, round_of, state_of
from jalerte_desktop.window.webform_run import Session
from jalerte_desktop.window.webform_window import FormWindow
from tests.servers.jalerte_form import StandIn, Variant

pytestmark = pytest.mark.qt_log_level_fail(NOISE_LEVEL)
MAIN = QWebEngineScript.ScriptWorldId.MainWorld
LEFT = Qt.MouseButton.LeftButton


class Attended:
    """A window over the stand-in."""

    def __init__(self, stand_in: StandIn, automatic: bool = True) -> None:
        self.stand_in = stand_in
        self.alert = an_alert()
        self.session = Session(a_task(stand_in.url, self.alert, unattended=False), automatic)
        self.window = FormWindow(self.session)
        self.panel = self.window.panel
        self.panel.automatic.setChecked(automatic)
        self.window.show()
        self.session.begin()

    @property
    def driver(self):
        return self.session.driver

    def rests(self) -> None:
        assert wait_for(lambda: self.driver.stop is not None or self.driver.held is not None, 60)

    def script(self, text: str) -> object:
        answers: list[object] = []
        self.session.page.runJavaScript(text, MAIN, answers.append)
        assert wait_for(lambda: bool(answers))
        return answers[0]

    def settles(self) -> None:
        """The form's own round trip is over."""

        def over() -> bool:
            answers: list[object] = []
            self.session.page.runJavaScript(call("state"), WORLD, answers.append)
            assert wait_for(lambda: bool(answers))
            state = state_of(answers[0])
            return state is not None and round_of(state, 0, attended=False) is Round.OVER

        assert wait_for(over)

    def texts(self) -> list[str]:
        return [one.text() for one in self.panel.findChildren(QLabel) if one.isVisibleTo(self.panel)]

    def free(self) -> None:
        self.window.close()
        self.window.free()
        self.session.free()


@pytest.fixture
def open_form(qapp, theme: Theme) -> Iterator:
    opened: list[Attended] = []
    servers: list[StandIn] = []

    def make(variant: str = "plain", **more: bool) -> Attended:
        servers.append(StandIn(7, variant, 0.1))
        opened.append(Attended(servers[-1], **more))
        return opened[-1]

    yield make
    for one in opened:
        one.free()
    for server in servers:
        server.__exit__(None, None, None)


def test_it_fills_what_is_sure_then_it_is_the_persons_turn_and_the_page_of_the_success_is_the_receipt(
    open_form,
):
    form = open_form()
    form.rests()
    assert form.driver.stop.at == "consents"
    assert form.stand_in.values == EXPECTED | {"verbatim": form.alert.description.strip()}
    texts = form.texts()
    assert "Marie" in texts
    assert "Lyon 3e Arrondissement (69003)" in texts
    assert not form.stand_in.consents
    copy = next(
        one for one in form.panel.findChildren(QPushButton) if "Adresse électronique" in one.accessibleName()
    )
    QTest.mouseClick(copy, LEFT)
    assert QGuiApplication.clipboard().text() == "marie.dupont@exemple.fr"
    # What only the person may do, as their hand would.
    form.script("document.querySelector('[name=consentementTiers]').click(); 1")
    assert wait_for(lambda: len(form.stand_in.consents) == 1)
    form.settles()
    form.script("document.querySelector('[name=consentementTraitement]').click(); 1")
    assert wait_for(lambda: len(form.stand_in.consents) == 2)
    assert form.session.receipt is None
    form.settles()
    form.script("document.querySelector('[name=\"navigation:envoyer\"]').click(); 1")
    assert wait_for(lambda: form.session.receipt is not None)
    receipt = form.session.receipt
    assert "Votre alerte a été soumise" in receipt.html
    assert "Votre alerte a été soumise" in receipt.text
    assert receipt.url.startswith(form.stand_in.url)
    assert len(form.stand_in.sends) == 1
    assert form.stand_in.ratings == []
    result = form.session.result()
    assert result.receipt == receipt
    assert result.stopped_at.startswith("success")
    assert form.panel.done.isVisibleTo(form.panel)


def test_it_goes_on_only_when_told_to_where_that_was_asked_for(open_form):
    form = open_form(automatic=False)
    form.rests()
    assert form.driver.held is not None
    assert form.driver.filling.report.steps == ("Contexte",)
    assert form.panel.go_on.isVisibleTo(form.panel)
    QTest.mouseClick(form.panel.go_on, LEFT)
    assert wait_for(
        lambda: form.driver.held is not None and "Diagnostic" in form.driver.filling.report.steps, 60
    )
    assert "technologieContainer:technologie" not in form.stand_in.values


def test_a_page_that_asks_something_else_is_the_persons_and_then_it_goes_on(open_form):
    form = open_form(Variant.NEW_MANDATORY_FIELD)
    form.rests()
    assert form.driver.stop.at == "drift"
    assert any("Type de logement" in text for text in form.texts())
    form.script(
        "const s = document.querySelector('[name=\"localisationContainer:habitat\"]');"
        "s.value = 'MAISON'; jQuery(s).trigger('change'); 1"
    )
    assert wait_for(lambda: "localisationContainer:habitat" in form.stand_in.values)
    form.settles()
    form.script("document.querySelector('[name=\"navigation:suivant\"]').click(); 1")
    assert wait_for(lambda: form.driver.stop is not None and form.driver.stop.at == "consents", 60)
    assert form.stand_in.values["localisationContainer:habitat"] == "Maison individuelle"


def test_what_the_person_writes_over_it_stays(open_form):
    form = open_form()
    form.rests()
    assert form.driver.stop.at == "consents"
    form.script("document.querySelector('[name=\"utilisateurContainer:prenom\"]').select(); 1")
    form.script("document.querySelector('[name=\"utilisateurContainer:prenom\"]').focus(); 1")
    target = form.window.view.focusProxy()
    QTest.keyClicks(target, "Anne")
    read = "document.querySelector('[name=\"utilisateurContainer:prenom\"]').value"
    assert wait_for(lambda: form.script(read) == "Anne")
    form.script("document.querySelector('[name=\"utilisateurContainer:prenom\"]').blur(); 1")
    assert wait_for(lambda: form.stand_in.values["utilisateurContainer:prenom"] == "Anne")
    QTest.mouseClick(form.panel.fill, LEFT)
    form.rests()
    assert form.script(read) == "Anne"
    assert form.stand_in.values["utilisateurContainer:prenom"] == "Anne"


def test_after_the_sessions_end_it_begins_again(open_form):
    form = open_form(Variant.SESSION_EXPIRY)
    form.rests()
    assert form.driver.stop.at == "expired"
    QTest.mouseClick(form.panel.again, LEFT)
    assert wait_for(lambda: form.driver.stop is not None and form.driver.stop.at == "consents", 60)
    assert form.stand_in.values == EXPECTED | {"verbatim": form.alert.description.strip()}


def test_the_window_speaks_french_and_says_what_it_never_does(open_form):
    form = open_form()
    form.rests()
    assert any("J’alerte l’Arcep" in text for text in form.texts())
    assert form.panel.fill.isVisibleTo(form.panel)
    assert not form.panel.done.isVisibleTo(form.panel)


def test_without_a_task_it_ends_in_one_result(tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-m", "jalerte_desktop.window.webform"],
        input=b"no task\n",
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert b'"webform_task"' in done.stdout
