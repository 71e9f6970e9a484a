"""Fields that no label is tied to, and lists of a page's own making, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

from test_webform_page import Browser, named, opened
from webform_runs import NOISE_LEVEL
from webform_site import Site, site

from jalerte_desktop.filing.page import Role

pytestmark = pytest.mark.qt_log_level_fail(NOISE_LEVEL)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as found:
        yield found


@pytest.fixture
def browser(qapp, web: Site) -> Iterator[Browser]:
    found = Browser(web.url)
    yield found
    found.free()


def test_a_line_before_a_field_is_its_name_where_no_label_is(browser, web):
    found = opened(
        browser,
        web,
        """<form><h1>Étape 5</h1><table><tr><td>Nom :</td><td><input name=nom placeholder="Dupont"></td></tr>
        <tr><td>Opérateur</td><td><select name=op><option>Free<option>Orange</select></td></tr></table>
        <div class=q>Prénom <span>*</span></div><div><input name=prenom></div>
        <label>Téléphone</label><input name=tel>
        <p><input name=mail placeholder="Adresse mail"></p>
        <p>Ville : <input name=ville> Pays : <input name=pays></p>
        <select name=alone><option>Un</select><input name=bare>
        <h2>Quel est votre accès ?</h2><select name=tech><option>Fibre</select>
        <h2>Vous</h2><input name=x1><input name=x2>""",
    )
    assert {name: control.label for name, control in found.items()} == {
        "nom": "Nom :",
        "op": "Opérateur",
        "prenom": "Prénom",
        "tel": "Téléphone",
        "mail": "Adresse mail",
        "ville": "Ville :",
        "pays": "Pays :",
        "alone": "",
        "bare": "",
        "tech": "Quel est votre accès ?",
        "x1": "",
        "x2": "",
    }


@pytest.mark.parametrize(
    "html",
    [
        "<input name=a> Nom<br><input name=b> Prénom<br>",
        "<div><input name=a> <b>Nom</b></div><div><input name=b> <b>Prénom</b></div>",
        "<p><input name=a></p><p>Nom</p><p><input name=b></p><p>Prénom</p>",
        "<p><input name=a> Nom <input name=b> Prénom</p>",
        "<input type=checkbox id=c name=c><label for=c>Nom</label><input name=b>",
    ],
)
def test_words_behind_a_field_are_not_the_next_one_s(browser, web, html):
    assert opened(browser, web, f"<form>{html}</form>")["b"].label == ""


def test_words_beside_a_radio_are_its_own_where_no_label_is(browser, web):
    found = opened(
        browser,
        web,
        """<form><table><tr><td>Vous êtes :</td><td><input type=radio name=r value=0> Particulier<br>
        <input type=radio name=r value=1> Entreprise</td></tr></table>
        <p>Secteur</p><ul><li><input type=radio name=s value=0> <b>Fixe</b></li>
        <li><input type=radio name=s value=1> Mobile</li></ul>
        <p class=q>Contacté ?</p><input type=radio name=t id=t1><label for=t1>Oui</label>
        <input type=radio name=t id=t2><label for=t2>Non</label>
        <p>Oui <input type=radio name=u> Non <input type=radio name=u></p>
        <p>Oui <input type=radio name=v> Non <input type=radio name=v> une réponse</p>""",
    )
    told = {name: (one.label, [option.label for option in one.options]) for name, one in found.items()}
    assert told["r"] == ("Vous êtes :", ["Particulier", "Entreprise"])
    assert told["s"] == ("Secteur", ["Fixe", "Mobile"])
    assert told["t"] == ("Contacté ?", ["Oui", "Non"])
    assert told["u"][1] == told["v"][1] == ["", ""]


def test_links_that_scripts_use_as_buttons_are_buttons(browser, web):
    found = opened(
        browser,
        web,
        """<a href="javascript:;">Poursuivre</a><a href="#">Suivant</a><a onclick="x()">Suite</a>""",
    )
    assert [(one.role, one.input_type == "link") for one in found.values()] == [(Role.BUTTON, False)] * 3


LISTS = {
    "named": """<input name=c role=combobox aria-controls=l><ul id=l role=listbox></ul>""",
    "free": """<input name=c><ul id=l></ul>""",
    "linked": """<input name=c><div id=l class=suggestions></div>""",
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_the_page_s_own_making_is_searched(browser, web, kind):
    line = {"named": "<li role=option>%</li>", "free": "<li>%</li>", "linked": "<div><a>%</a></div>"}[kind]
    opened(
        browser,
        web,
        f"""<ul><li>Étape 1</li></ul>{LISTS[kind]}<script>
        const c = document.querySelector("input"), l = document.getElementById("l");
        const lines = ["Lyon 3e (69003)", "Lyon 1er (69001)"].map((one) => "{line}".replace("%", one)).join("");
        c.addEventListener("input", () => l.innerHTML = c.value ? lines : "");
        l.addEventListener("click", (event) => {{ c.value = event.target.textContent; l.innerHTML = "" }});
        </script>""",
    )
    handle = named(browser.shown)["c"].handle
    assert browser.act("openSearch", handle, "69003") == "done"
    assert browser.act("results", handle)["labels"] == ["Lyon 3e (69003)", "Lyon 1er (69001)"]
    assert browser.act("takeResult", handle, 0, "Lyon 3e (69003)") == "done"
    told = named(browser.shown)["c"]
    assert (told.role, told.value) == (Role.SEARCH, "Lyon 3e (69003)")


def test_a_list_that_is_no_field_is_opened_and_searched(browser, web):
    opened(
        browser,
        web,
        """<b>Commune</b><div id=c role=combobox tabindex=0 aria-expanded=false>Rechercher…</div>
        <div id=p hidden><input type=search id=s><ul id=l></ul></div><script>
        const [c, p, s, l] = ["c", "p", "s", "l"].map((id) => document.getElementById(id));
        c.onclick = () => { p.hidden = false; c.setAttribute("aria-expanded", "true"); s.focus() };
        s.oninput = () => { l.innerHTML = `<li role=option>Lyon (${s.value})</li>` };
        l.onmousedown = (event) => { c.textContent = event.target.textContent; p.hidden = true };
        </script>""",
    )
    field = named(browser.shown)["c"]
    assert (field.role, field.label, field.value) == (Role.SEARCH, "Commune", "Rechercher…")
    assert browser.act("openSearch", field.handle, "69003") == "done"
    assert browser.act("results", field.handle)["labels"] == ["Lyon (69003)"]
    assert browser.act("takeResult", field.handle, 0, "Lyon (69003)") == "done"
    assert named(browser.shown)["c"].value == "Lyon (69003)"


def test_the_list_of_an_input_is_searched(browser, web):
    opened(
        browser,
        web,
        """<input name=c list=l><datalist id=l><option value="Lyon (69003)"><option value="Paris (75011)">
        </datalist>""",
    )
    field = named(browser.shown)["c"]
    assert field.role is Role.SEARCH
    assert browser.act("openSearch", field.handle, "69003") == "done"
    assert browser.act("results", field.handle)["labels"] == ["Lyon (69003)"]
    assert browser.act("takeResult", field.handle, 0, "Lyon (69003)") == "done"
    assert named(browser.shown)["c"].value == "Lyon (69003)"
