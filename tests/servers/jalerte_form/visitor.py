"""A visitor without a browser: fills the plain form by its labels, with the round trips that the pages name."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import lxml.html
import requests

from tests.servers.jalerte_form.server import StandIn

PROFILE, SECTOR = "Vous êtes (profil)", "Secteur concerné"
PROBLEM, DETAIL, MOMENTS = (
    "Problème rencontré",
    "Précisez votre problème",
    "À quels moments le problème se produit-il ?",
)
TECHNOLOGY, OPERATOR, COMMUNE = "Technologie d’accès", "Opérateur", "Commune"
TEXT, FILE = "Décrivez votre problème", "Pièce jointe"
CONTACTED = "Avez-vous déjà contacté le service clients de votre opérateur ?"
RATING = "Quelle note donnez-vous au service clients ?"
THIRD_PARTIES = (
    "Autorisez-vous l’Arcep à communiquer votre signalement et vos données personnelles à des tiers ?"
)
PROCESSING = "J’accepte que l’Arcep traite mes données personnelles pour l’examen de mon alerte"
EMAIL, NAME, FIRST_NAME = "Adresse électronique", "Nom", "Prénom"

EXPECTED = {
    "profil": "Particulier",
    "marche": "Fixe / Internet",
    "problematique": "Panne, coupure ou qualité de service",
    "sousProblematique": "Coupures fréquentes",
    "technologieContainer:technologie": "Fibre optique (FTTH)",
    "operateurPrincipalContainer:operateurPrincipal": "Sosh · Orange",
    "localisationContainer:commune": "Paris 11e Arrondissement (75011)",
    "verbatim": "Coupé tous les soirs.",
    "serviceClientContainer:contacte": "Oui",
    "utilisateurContainer:email": "camille@example.org",
    "utilisateurContainer:nom": "Durand",
    "utilisateurContainer:prenom": "Camille",
}


class Stopped(Exception):
    """The answer leads away from the form."""


class Visitor:
    """A browser without scripts: finds fields by their labels and makes the round trips that the page's calls name."""

    def __init__(self, stand_in: StandIn) -> None:
        self.url = stand_in.url
        self.http = requests.Session()
        self.answer = self.http.get(self.url, timeout=20)
        self.read(self.answer.text)

    def close(self) -> None:
        self.http.close()

    def read(self, html: str) -> None:
        self.page = lxml.html.fromstring(html)
        self.calls = [json.loads(call) for call in re.findall(r"Wicket\.Ajax\.ajax\((\{.*?\})\);", html)]
        self._load_late_fields()

    def _load_late_fields(self) -> None:
        late = next((call for call in self.calls if call["k"] == "late"), None)
        if late is not None:
            self.trip(late, {})

    @property
    def heading(self) -> str:
        return str(self.page.findtext(".//h1"))

    @property
    def messages(self) -> list[str]:
        return [item.text_content() for item in self.page.find_class("feedbackPanelERROR")]

    def labels(self) -> list[str]:
        return [
            bare(e)
            for e in self.page.xpath(
                "//legend | //*[@class='champ']/label | //*[@class='champ']/*[@class='choix']/label"
            )
        ]

    def component(self, label: str) -> lxml.html.HtmlElement:
        """The element whose id stands in the calls."""
        for legend in self.page.iter("legend"):
            if bare(legend) == label:
                return legend.getparent()
        element = self.page.get_element_by_id(self._labelled(label).get("for"))
        return element.getparent() if element.get("type") in ("radio", "checkbox") else element

    def _labelled(self, label: str) -> lxml.html.HtmlElement:
        return next(e for e in self.page.iter("label") if bare(e) == label)

    def call_of(self, label: str) -> dict[str, str]:
        identity = self.component(label).get("id")
        return next(call for call in self.calls if call["c"] == identity)

    def trip(self, call: dict[str, str], data: dict[str, str], files: object = None) -> str:
        url = requests.compat.urljoin(self.url, call["u"])
        answer = self.http.post(url, data=data, files=files, headers={"Wicket-Ajax": "true"}, timeout=20)
        self.answer = answer
        if "Ajax-Location" in answer.headers:
            raise Stopped(answer.headers["Ajax-Location"])
        root = ElementTree.fromstring(answer.text)
        form = "".join(element.text or "" for element in root.findall("component"))
        if "<form" in form:
            # What lies outside the form stays; all that the visitor had typed in it is gone.
            self.read(form + "".join(element.text or "" for element in root.findall("evaluate")))
        return answer.text

    def choose(self, label: str, option: str) -> str:
        component = self.component(label)
        if component.tag == "select":
            wire = next(o.get("value") for o in component.findall("option") if o.text == option)
            return self.trip(self.call_of(label), {component.get("name"): wire})
        chosen = self.page.get_element_by_id(
            next(e for e in component.iter("label") if bare(e) == option).get("for")
        )
        return self.trip(self.call_of(label), {chosen.get("name"): chosen.get("value")})

    def search(self, beginning: str) -> list[dict[str, str]]:
        url = requests.compat.urljoin(self.url, self.call_of(COMMUNE)["search"])
        got = self.http.get(url, params={"q": beginning}, timeout=20)
        if got.status_code != 200:
            raise Stopped(got.url)
        answer = got.json()
        assert answer["pagination"] == {"more": False}
        return list(answer["results"])

    def choose_commune(self, postcode: str, label: str) -> None:
        found = next(one for one in self.search(postcode) if one["text"] == label)
        self.trip(self.call_of(COMMUNE), {self.component(COMMUNE).get("name"): found["id"]})

    def write(self, label: str, text: str) -> str:
        call, element = self.call_of(label), self.component(label)
        element.value = text
        return self.trip(call, {element.get("name"): text, "message": call["message"]})

    def press(self, button: str, typed: dict[str, str] | None = None) -> None:
        """Presses a button: the browser posts the form as it stands, with what was ``typed`` by label."""
        form = next(self.page.iter("form"))
        data = dict(form.form_values())
        data |= {self.component(label).get("name"): text for label, text in (typed or {}).items()}
        pressed = next(e for e in self.page.iter("button") if e.text_content().strip() == button)
        data[pressed.get("name")] = pressed.get("value")
        self.answer = self.http.post(requests.compat.urljoin(self.url, form.get("action")), data, timeout=20)
        if self.answer.status_code != 200:
            raise Stopped(self.answer.url)
        self.read(self.answer.text)

    # --- the steps, as a person takes them ---

    def refuse_cookies(self) -> None:
        self.press("Continuer sans accepter")

    def fill(self) -> None:
        """Fills the open step with ``EXPECTED``."""
        shown = self.heading.split(" : ")[1]
        {
            "Contexte": self._context,
            "Diagnostic": self._diagnosis,
            "Détails": self._details,
            "Compléments": lambda: self.write(TEXT, EXPECTED["verbatim"]),
            "Validation": self._person,
        }[shown]()

    def _context(self) -> None:
        self.choose(PROFILE, "Particulier")
        self.choose(SECTOR, "Fixe / Internet")

    def _diagnosis(self) -> None:
        self.choose(PROBLEM, EXPECTED["problematique"])
        self.choose(DETAIL, "Coupures fréquentes")

    def _details(self) -> None:
        self.choose(TECHNOLOGY, "Fibre optique (FTTH)")
        self.choose(OPERATOR, "Sosh · Orange")
        self.choose_commune("75011", "Paris 11e Arrondissement (75011)")

    def _person(self) -> None:
        self.choose(CONTACTED, "Oui")
        self.write(EMAIL, "camille@example.org")
        self.write(NAME, "Durand")
        self.write(FIRST_NAME, "Camille")

    def consent(self) -> None:
        self.choose(THIRD_PARTIES, "Non")
        box = self.page.get_element_by_id(self._labelled(PROCESSING).get("for"))
        self.trip(self.call_of(PROCESSING), {box.get("name"): box.get("value")})

    def walk(self, until: str = "Validation") -> None:
        """Fills step after step up to the named one, which stays empty."""
        if self.heading == "Votre vie privée":
            self.refuse_cookies()
        while not self.heading.endswith(f" : {until}"):
            before = self.heading
            self.fill()
            self.press("Poursuivre")
            assert self.heading != before, self.messages


def bare(element: lxml.html.HtmlElement) -> str:
    """A label's words, without the asterisk of required fields."""
    return " ".join(element.text_content().replace("★", "").split()).removesuffix(" *")
