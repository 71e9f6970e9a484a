"""What variants make of the plain form: one form with its own names, labels, choices and order."""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.servers.jalerte_form.communes import Commune, find_communes, twins
from tests.servers.jalerte_form.fields import (
    CUSTOMER_NUMBER,
    FIELDS,
    HABITAT,
    ORIGIN,
    STEPS,
    TEXT_LIMIT,
    Field,
    Kind,
    Values,
)
from tests.servers.jalerte_form.variants import Variant

DEFAULT_REMOVED = ("Coupures fréquentes", "Sosh · Orange", "Orange", "Free")

_PROBLEM, _DETAIL = "problematique", "sousProblematique"
_OPERATOR = "operateurPrincipalContainer:operateurPrincipal"
_FAMILY_NAME, _FIRST_NAME = "utilisateurContainer:nom", "utilisateurContainer:prenom"
_TELEPHONE = "utilisateurContainer:telephone"

_SYNONYMS = {
    "profil": "VOUS ETES",
    "marche": "Domaine concerne",
    "marcheContainer:precision": "Precisez le domaine",
    _PROBLEM: "NATURE DU PROBLEME",
    _DETAIL: "Detail du probleme",
    "technologieContainer:technologie": "Type d'acces (technologie)",
    _OPERATOR: "Fournisseur d'accès",
    "operateurPrincipalAutreContainer:operateurPrincipalAutre": "Nom de votre operateur s'il n'est pas dans la liste",
    "localisationContainer:transports": "DANS LES TRANSPORTS",
    "localisationContainer:commune": "Ville (code postal)",
    "verbatim": "DESCRIPTION DU PROBLEME",
    "pieceJointe": "Joindre un document",
    "serviceClientContainer:contacte": "SERVICE CLIENT DEJA CONTACTE",
    "serviceClientContainer:note": "Evaluation du service client",
    "utilisateurContainer:email": "Courriel",
    _FAMILY_NAME: "Nom de famille",
    _FIRST_NAME: "PRENOM",
    _TELEPHONE: "Numero de telephone",
}


@dataclass(frozen=True, slots=True)
class Buttons:
    next: str = "Poursuivre"
    back: str = "Précédent"
    send: str = "Envoyer mon alerte"


@dataclass(frozen=True, slots=True)
class Offered:
    """A choice as this form offers it: ``wire`` is what comes back, ``label`` the plain words, ``shown`` these ones."""

    wire: str
    code: str
    label: str
    shown: str


@dataclass(frozen=True, slots=True)
class Form:
    """``steps``: the plain numbers in this form's order. ``wires``: the HTML name of each field."""

    variants: frozenset[Variant]
    seed: int
    removed: frozenset[str]
    fields: tuple[Field, ...]
    steps: tuple[int, ...]
    wires: Mapping[str, str]
    text_limit: int
    buttons: Buttons
    captcha_step: int | None

    def has(self, variant: Variant) -> bool:
        return variant in self.variants

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def field_at(self, path: str) -> Field | None:
        """The field of a component's path: its HTML name with "-" for ":"."""
        return next((one for one in self.fields if self.wires[one.name].replace(":", "-") == path), None)

    def step_fields(self, step: int, values: Values) -> tuple[Field, ...]:
        """The fields that a step shows with these values, those included that come late."""
        return tuple(field for field in self.fields if field.step == step and field.shown(values))

    def title(self, step: int) -> str:
        return self.words(STEPS[step])

    def words(self, text: str) -> str:
        """A choice or title as this form writes it."""
        return without_accents(text).upper() if self.has(Variant.CHANGED_LABELS) else text

    def label(self, field: Field) -> str:
        if not self.has(Variant.CHANGED_LABELS):
            return field.label
        return _SYNONYMS.get(field.name) or without_accents(field.label)

    def offered(self, field: Field, values: Values) -> tuple[Offered, ...]:
        """The choices of a field in this form's order. A commune has to be searched for."""
        found = [option for option in field.options(values) if not self._is_removed(field, option.label)]
        if field.kind is not Kind.RATING:
            self._mix(found, field.name)
        # Wicket numbers the choices of radios and of lists that bring no codes.
        by_code = (field.kind is Kind.SELECT and field.name != _OPERATOR) or field.kind is Kind.CHECKBOX
        return tuple(
            Offered(
                option.code if by_code else f"{_WIRE.get(field.kind, '')}{number}",
                option.code,
                option.label,
                self.words(option.label),
            )
            for number, option in enumerate(found)
        )

    def communes(self, beginning: str) -> tuple[Offered, ...]:
        found: list[Commune] = list(find_communes(beginning))
        if self.has(Variant.TWO_COMMUNES):
            found = [twin for commune in found for twin in twins(commune)]
        self._mix(found, beginning)
        return tuple(self._commune(commune) for commune in found)

    def commune(self, code: str) -> Offered | None:
        """The commune with this code, if the form has offered it."""
        return next((one for one in self.communes_all() if one.code == code), None)

    def communes_all(self) -> tuple[Offered, ...]:
        return tuple(one for digit in "0123456789" for one in self.communes(digit))

    def button_name(self, button: str) -> str:
        """The HTML name of "suivant", "precedent" or "envoyer"."""
        plain = f"navigation:{button}"
        return meaningless(plain, self.seed) if self.has(Variant.RENAMED_NAMES) else plain

    def _commune(self, commune: Commune) -> Offered:
        ambiguous = self.has(Variant.TWO_COMMUNES)
        label = f"{commune.label} [{commune.id}]" if ambiguous else commune.label
        return Offered(commune.id, commune.id, label, self.words(commune.label))

    def _is_removed(self, field: Field, label: str) -> bool:
        gone = (field.name == _DETAIL and self.has(Variant.REMOVED_OPTION)) or (
            field.name == _OPERATOR and self.has(Variant.REMOVED_OPERATOR)
        )
        return gone and label in self.removed

    def _mix(self, found: list[Any], key: str) -> None:
        if self.has(Variant.REORDERED_OPTIONS):
            random.Random(f"{self.seed}/{key}").shuffle(found)


_WIRE = {Kind.RADIO: "radio", Kind.RATING: "radio", Kind.CHECKBOXES: "check"}


def without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).replace("’", "'")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def meaningless(name: str, seed: int) -> str:
    return "f" + hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()[:8]


def shape(variants: Iterable[Variant], seed: int, removed: Iterable[str] = DEFAULT_REMOVED) -> Form:
    """The form of these variants. ValueError for two captchas at once."""
    chosen = frozenset(variants)
    if {Variant.CAPTCHA, Variant.CAPTCHA_MIDDLE} <= chosen:
        raise ValueError("one captcha is enough")
    fields = _fields(chosen)
    return Form(
        chosen,
        seed,
        frozenset(removed),
        fields,
        _steps(chosen, seed),
        _wires(fields, chosen, seed),
        500 if Variant.SHORT_TEXT in chosen else TEXT_LIMIT,
        _buttons(chosen),
        5 if Variant.CAPTCHA in chosen else 3 if Variant.CAPTCHA_MIDDLE in chosen else None,
    )


def _fields(chosen: frozenset[Variant]) -> tuple[Field, ...]:
    fields = []
    for field in FIELDS:
        if field.kind is Kind.FILE and Variant.NO_FILE in chosen:
            continue
        if Variant.RELABELLED_TRAP in chosen and field.name == "marche":
            fields.append(ORIGIN)
        if Variant.RELABELLED_TRAP in chosen and field.name == _TELEPHONE:
            field = CUSTOMER_NUMBER
        if Variant.NEW_MANDATORY_FIELD in chosen and field.kind is Kind.COMMUNE:
            fields.append(HABITAT)
        fields.append(field)
    return tuple(fields)


def _steps(chosen: frozenset[Variant], seed: int) -> tuple[int, ...]:
    if Variant.REORDERED_STEPS not in chosen:
        return tuple(STEPS)
    orders = ((1, 3, 2, 4, 5), (1, 4, 2, 3, 5), (1, 3, 4, 2, 5), (1, 2, 4, 3, 5), (1, 4, 3, 2, 5))
    return random.Random(f"{seed}/steps").choice(orders)


def _wires(fields: tuple[Field, ...], chosen: frozenset[Variant], seed: int) -> dict[str, str]:
    wires = {field.name: field.name for field in fields}
    if Variant.SWAPPED_NAMES in chosen:
        wires[_FAMILY_NAME], wires[_FIRST_NAME] = wires[_FIRST_NAME], wires[_FAMILY_NAME]
    if Variant.RELABELLED_TRAP in chosen:
        wires |= {"marche": "secteurContainer:choix", "origine": "marche", "numeroClient": _TELEPHONE}
    if Variant.RENAMED_NAMES in chosen:
        wires = {name: meaningless(name, seed) for name in wires}
    return wires


def _buttons(chosen: frozenset[Variant]) -> Buttons:
    if Variant.CHANGED_LABELS in chosen:
        return Buttons("ETAPE SUIVANTE", "ETAPE PRECEDENTE", "VALIDER MON SIGNALEMENT")
    return Buttons()
