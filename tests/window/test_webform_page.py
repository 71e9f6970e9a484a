"""What the script in the page reads of it, and what it does to it, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

import shiboken6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWebEngineCore import QWebEngineScript
from PySide6.QtWebEngineWidgets import QWebEngineView
from webform_runs import NOISE_LEVEL, wait_for
from webform_site import Site, site

from jalerte_desktop.filing.page import Attach, Control, Page, Role
from jalerte_desktop.window.webform_actions import call, steps_of
from jalerte_desktop.window.webform_browser import WORLD, FormPage, PrivateProfile
from jalerte_desktop.window.webform_reading import PageState, Seen, seen_of, state_of

pytestmark = pytest.mark.qt_log_level_fail(NOISE_LEVEL)
MAIN = QWebEngineScript.ScriptWorldId.MainWorld


class Browser:
    """One private page and what it holds."""

    def __init__(self, home: str) -> None:
        self.profile = PrivateProfile(QUrl(home))
        self.page = FormPage(self.profile, QUrl(home), attended=False)
        self.view = QWebEngineView()
        self.view.setPage(self.page)
        self.view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.view.resize(900, 700)
        self.view.show()
        self.problems: list[object] = []
        self.refused: list[str] = []
        self.arrived = 0
        self.page.broke.connect(self.problems.append)
        self.page.refused.connect(lambda url: self.refused.append(url.toString()))
        self.page.loadFinished.connect(self._arrive)

    def _arrive(self, _whole: bool) -> None:
        self.arrived += 1

    def load(self, url: str) -> None:
        before = self.arrived
        self.page.load(QUrl(url))
        assert wait_for(lambda: self.arrived > before or bool(self.problems))

    def run(self, script: str, world: QWebEngineScript.ScriptWorldId = WORLD) -> object:
        answers: list[object] = []
        self.page.runJavaScript(script, world, answers.append)
        assert wait_for(lambda: bool(answers)), script[:200]
        return answers[0]

    def act(self, name: str, *given: object) -> object:
        return json.loads(str(self.run(call(name, *given))))

    @property
    def state(self) -> PageState:
        found = state_of(self.run(call("state")))
        assert found is not None
        return found

    @property
    def seen(self) -> Seen:
        found = seen_of(self.run(call("snapshot")))
        assert found is not None
        return found

    @property
    def shown(self) -> Page:
        return self.seen.page

    def free(self) -> None:
        shiboken6.delete(self.view)
        shiboken6.delete(self.page)
        shiboken6.delete(self.profile)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as found:
        yield found


@pytest.fixture
def browser(qapp, web: Site) -> Iterator[Browser]:
    found = Browser(web.url)
    yield found
    found.free()


def named(page: Page) -> dict[str, Control]:
    return {control.name or control.label: control for control in page.controls}


def opened(browser: Browser, web: Site, html: str) -> dict[str, Control]:
    browser.load(
        web.page("/", f'<!DOCTYPE html><html lang="fr"><meta charset="utf-8"><title>Essai</title>{html}')
    )
    return named(browser.shown)


def test_names_are_those_that_a_screen_reader_says(browser, web):
    found = opened(
        browser,
        web,
        """<label for=a>Prénom <span aria-hidden=true>*</span></label><input id=a name=a>
        <label>Nom <input name=b></label>
        <input name=c aria-label="Téléphone" placeholder="06…">
        <span id=x hidden>Adresse</span><span id=y>postale</span><input name=d aria-labelledby="x y" title="non">
        <input name=e title="Courriel" placeholder="nom@exemple.fr">
        <input name=f placeholder="Code postal">
        <button><img alt="Poursuivre"></button><input type=submit name=g value="Étape suivante">
        <a href="/suite">Je lance une alerte</a><a href="https://example.org/">ailleurs</a>""",
    )
    assert {name: control.label for name, control in found.items()} == {
        "a": "Prénom",
        "b": "Nom",
        "c": "Téléphone",
        "d": "Adresse postale",
        "e": "Courriel",
        "f": "Code postal",
        "Poursuivre": "Poursuivre",
        "g": "Étape suivante",
        "Je lance une alerte": "Je lance une alerte",
    }
    assert found["a"].required
    assert not found["b"].required


def test_groups_are_one_control_with_their_question(browser, web):
    found = opened(
        browser,
        web,
        """<fieldset><legend>Vous êtes *</legend><label><input type=radio name=r value=1>Particulier</label>
        <input type=radio name=r value=2 id=r2 checked><label for=r2>Entreprise</label></fieldset>
        <div role=radiogroup aria-label="Secteur" aria-required=true>
        <label><input type=radio name=s value=1>Fixe</label>
        <label><input type=radio name=s value=2 disabled>Mobile</label></div>
        <p>À quels moments ?</p><div><label><input type=checkbox name=m value=1>Matin</label>
        <label><input type=checkbox name=m value=2>Soir</label></div>
        <label><input type=checkbox name=c>J’accepte les conditions</label>""",
    )
    assert [(one.role, one.label, one.required) for one in found.values()] == [
        (Role.RADIO, "Vous êtes", True),
        (Role.RADIO, "Secteur", True),
        (Role.CHECKBOXES, "À quels moments ?", False),
        (Role.CHECKBOX, "J’accepte les conditions", False),
    ]
    assert [(one.label, one.chosen) for one in found["r"].options] == [
        ("Particulier", False),
        ("Entreprise", True),
    ]
    assert found["r"].value == "Entreprise"
    assert [one.enabled for one in found["s"].options] == [True, False]


def test_what_a_person_cannot_see_is_not_there_but_what_its_label_draws_is(browser, web):
    found = opened(
        browser,
        web,
        """<input name=trap1 style="position:absolute;left:-5000px"><input name=trap2 style="opacity:0">
        <input name=trap3 type=hidden><div style="display:none"><input name=trap4></div>
        <div aria-hidden=true><input name=trap5></div><input name=trap6 style="width:1px;height:1px;padding:0;border:0">
        <label>Photo <input type=file name=file style="display:none" accept="image/png"></label>
        <style>.h{position:absolute;opacity:0;width:1px;height:1px}</style>
        <fieldset><legend>Note</legend><input class=h type=radio name=star id=s1 value=1>
        <label for=s1 title=x><span aria-hidden=true>★</span><span class=h>1 étoile</span></label></fieldset>
        <input name=seen>""",
    )
    assert set(found) == {"file", "star", "seen"}
    assert found["file"].accepts == "image/png"
    assert found["star"].options[0].label == "1 étoile"


def test_a_dialog_over_the_page_is_all_there_is(browser, web):
    html = """<input name=behind><div role=dialog aria-modal=true style="position:fixed;inset:0">
        <button>Tout accepter</button><button>Continuer sans accepter</button></div>"""
    assert set(opened(browser, web, html)) == {"Tout accepter", "Continuer sans accepter"}


def test_messages_limits_and_odd_things_are_noticed(browser, web):
    found = opened(
        browser,
        web,
        """<ul role=alert><li class=feedbackPanelERROR>Le nom manque.</li></ul>
        <input name=n aria-invalid=true aria-describedby=e><p id=e>Nom obligatoire</p>
        <p class=fr-error-text style="display:none">pas montré</p>
        <textarea name=t maxlength=500></textarea><div id=h></div><iframe title="Carte" width=300 height=200></iframe>
        <div contenteditable=true aria-label="Texte riche">x</div>
        <script>h.attachShadow({mode: "open"}).innerHTML = "<label for=s>Ombre</label><input id=s name=s>"</script>""",
    )
    assert browser.shown.errors == ("Le nom manque.", "Nom obligatoire")
    assert found["t"].max_length == 500
    assert found["n"].max_length is None
    assert found["s"].label == "Ombre"
    assert (found["Carte"].role, found["Carte"].input_type) == (Role.OTHER, "iframe")
    assert found["Texte riche"].role is Role.OTHER
    assert not browser.shown.captcha


@pytest.mark.parametrize(
    "html",
    [
        '<div class="g-recaptcha" style="height:78px">.</div>',
        '<div class="h-captcha" style="height:78px">.</div>',
        '<div class="cf-turnstile" style="height:78px">.</div>',
        '<div class="frc-captcha" style="height:78px">.</div>',
        '<iframe title="reCAPTCHA" width=300 height=80></iframe>',
        '<img src="/captcha.png" width=100 height=40 alt="">',
        "<label for=k>Recopiez le captcha</label><input id=k>",
    ],
)
def test_a_captcha_is_seen(browser, web, html):
    opened(browser, web, html)
    assert browser.shown.captcha


def test_an_invisible_captcha_asks_nobody(browser, web):
    opened(browser, web, '<div class="g-recaptcha" data-size="invisible" style="height:9px">.</div>')
    assert not browser.shown.captcha


def test_after_an_answer_a_page_is_given_a_moment_to_redraw(browser, web):
    opened(browser, web, "<input name=a>")
    assert wait_for(lambda: browser.state.quiet_ms > 1000)
    browser.run("document.dispatchEvent(new Event('jalerte:answer')); 1", MAIN)
    assert browser.state.quiet_ms < 1000


def test_what_a_combobox_shows_is_no_control_of_its_own(browser, web):
    found = opened(
        browser,
        web,
        """<label>Ville <input name=c role=combobox aria-controls=l></label>
        <ul id=l role=listbox><li role=option>Lyon</li></ul><ul id=m role=listbox><li role=option>Un</li></ul>""",
    )
    assert set(found) == {"c", "m"}


def test_a_page_is_over_when_its_requests_and_late_parts_are(browser, web):
    web.answers["/slow"] = (200, {}, b"x")
    opened(
        browser,
        web,
        """<input name=a><p id=out></p><script>
        function trip() { const r = new XMLHttpRequest(); r.open("POST", "/slow"); r.onload = () => setTimeout(() => {
            fetch("/slow").then(() => setTimeout(() => { out.textContent = "fini" }, 300)) }, 300); r.send() }
        document.querySelector("input").addEventListener("change", trip)</script>""",
    )
    assert wait_for(lambda: browser.state.quiet_ms > 150)
    assert (browser.state.requests, browser.state.timers) == (0, 0)
    handle = named(browser.shown)["a"].handle
    assert browser.act("type", handle, "x") == "done"
    quiet_before = []
    while not (state := browser.state).quiet_ms > 150 or state.requests or state.timers:
        quiet_before.append((state.requests, state.timers))
    assert any(quiet_before)
    assert "fini" in browser.shown.text


def test_what_is_done_is_heard_like_a_persons_doing_and_lands_in_the_right_place(
    browser, web, tmp_path: Path
):
    found = opened(
        browser,
        web,
        """<label><input type=radio name=r value=1>Un</label><label><input type=radio name=r value=2>Deux</label>
        <select name=s><option value="">Choisissez</option><option value=a>Sosh · Orange</option></select>
        <textarea name=t></textarea><input type=file name=f accept=".png">
        <script>window.heard = []; for (const k of ["focus", "click", "input", "change", "blur"])
        addEventListener(k, (e) => heard.push(k + " " + (e.target.name || "")), true)</script>""",
    )
    content = bytes(range(256)) * 4000
    path = tmp_path / "0001"
    path.write_bytes(content)
    assert browser.act("click", found["r"].options[1].handle) == "done"
    assert browser.act("choose", found["s"].handle, "a", "Sosh · Orange") == "done"
    assert browser.act("choose", found["s"].handle, "a", "Orange") == "refused"
    text = "Deux lignes\nde « texte », l’été \u2028 \U0001f600 </script> ${x} \\n \" '"
    assert browser.act("type", found["t"].handle, text) == "done"
    for step in steps_of(Attach(found["f"], ((str(path), "boîtier été.png"),))):
        assert browser.run(step) == '"done"'
    now = named(browser.shown)
    assert (now["r"].value, now["s"].value, now["t"].value, now["f"].value) == (
        "Deux",
        "Sosh · Orange",
        text,
        "boîtier été.png",
    )
    summing = """(async () => { const file = document.querySelector("[name=f]").files[0];
        window.sum = new Uint8Array(await file.arrayBuffer()).reduce((a, b) => a + b) })(); 1"""
    browser.run(summing, MAIN)
    assert wait_for(lambda: browser.run("window.sum", MAIN) == sum(content))
    heard = browser.run("heard.join()", MAIN)
    assert heard == (
        "focus r,click r,input r,change r,focus s,input s,change s,blur s,focus t,input t,change t,blur t,"
        "input f,change f"
    )


def test_a_handle_of_before_a_redraw_does_nothing(browser, web):
    found = opened(browser, web, "<form id=f><input name=a></form>")
    browser.run("f.innerHTML = '<input name=a>'", MAIN)
    assert browser.act("type", found["a"].handle, "x") == "gone"
    assert named(browser.shown)["a"].value == ""


def test_the_pages_scripts_neither_see_nor_reach_the_program(browser, web):
    opened(browser, web, "<input name=a>")
    assert browser.run("typeof jalerte", MAIN) == "undefined"
    browser.run("Array.prototype.map = JSON.stringify = () => 'no'", MAIN)
    assert set(named(browser.shown)) == {"a"}
