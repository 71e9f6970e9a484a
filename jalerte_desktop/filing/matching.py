"""Which control of a page is which field of the form map, and how that is known. Pure functions; labels win over names.

A consent is anything that could be one: whoever is in doubt does not touch it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from diagnostics.model import Remark
from jalerte_desktop.filing.form import Choice, Form, FormField
from jalerte_desktop.filing.form_words import closeness, content, plain, same, same_content, word_set, words
from jalerte_desktop.filing.page import Control, Page, Role
from jalerte_desktop.filing.picking import answers, pick_choice, pick_star


class By(IntEnum):
    """How a field was recognised, the surest first."""

    LABEL = 1
    NEAR_LABEL = 2
    """But for articles."""
    NAME_AND_OPTIONS = 3
    """Its HTML name, and two choices or more that are its own."""
    NAME = 4
    OPTIONS = 5


@dataclass(frozen=True, slots=True)
class Match:
    """This control is this field, for certain. ``before`` is to be written first: a postcode brings the communes."""

    field: FormField
    control: Control
    by: By
    before: Control | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A control that may be a field of the map, but not for certain: it is left."""

    field: FormField
    control: Control
    why: Remark


@dataclass(frozen=True, slots=True)
class Matched:
    """All controls of a page but buttons. ``consents`` and ``ratings`` come with the map's field where it is known.

    ``ratings`` are scales that only the person may use; a rating that may be filled is among ``sure``.
    """

    sure: tuple[Match, ...]
    doubts: tuple[Doubt, ...]
    consents: tuple[tuple[Control, FormField | None], ...]
    ratings: tuple[Control, ...]
    unknown: tuple[Control, ...]

    @property
    def known(self) -> int:
        """How many controls look like the form."""
        return len(self.sure) + sum(1 for _control, field in self.consents if field) + len(self.doubts)


_ROLES = {
    "radio": (Role.RADIO, Role.SELECT, Role.SEARCH),
    "select": (Role.SELECT, Role.SEARCH, Role.RADIO),
    "search": (Role.SEARCH, Role.SELECT, Role.TEXT),
    "text": (Role.TEXT,),
    "textarea": (Role.TEXTAREA,),
    "file": (Role.FILE,),
    "rating": (Role.RADIO, Role.SELECT),
    "checkbox": (Role.CHECKBOX, Role.RADIO, Role.SELECT, Role.CHECKBOXES),
    "checkboxes": (Role.CHECKBOXES,),
}
_INPUT_TYPES = {"email": ("email", "text", ""), "phone": ("tel", "text", "")}
_PLAIN_TYPES = ("text", "")
# "Ancien opérateur", "Confirmez votre e-mail": the field's own word, but another question.
_TURNING = word_set(
    "ancien ancienne anciens precedent precedente futur future prochain prochaine nouveau nouvel nouvelle souhaite "
    "souhaitee souhaitez voulez voudriez desire desirez disponible disponibles eligible voisin voisins avant apres "
    "conjoint second seconde secondaire confirmez confirmer confirmation autre autres entreprise societe raison"
)
# What a label may hold beside the field's own words, where a text field is known by its name alone.
_HARMLESS = word_set(
    "ou vous nous on peut joindre contacter contact personnel personnelle principal principale actuel actuelle "
    "declarant demandeur usager personne complet complete exact exacte valide etre recontacte pouvoir afin svp"
)
_CONSENT_WORDS = re.compile(
    r"\b(consen(s|t|te|tez|tement|tements)|accept\w*|autoris\w*|certifi\w*|attest\w*|rgpd|gdpr|cgu|cgv|j accorde|"
    r"accord pour|mon accord|votre accord|conditions generales|conditions d utilisation|donnees personnelles|"
    r"j ai lu|j ai pris connaissance|reconnais|m engage|sur l honneur|newsletter|lettre d information)\b"
)
_CONSENT_NAME = re.compile(
    r"consent|rgpd|gdpr|cgu\b|cgv\b|accept|autoris|certif|newsletter|optin", re.IGNORECASE
)
_CONSENT_OPTION = re.compile(
    r"^(oui |non )?(j|je n|je) ?(accepte|autorise|consens|certifie|atteste|refuse)\b"
)
_RATING_WORDS = word_set("note noter notez satisfaction satisfait evaluez evaluation evaluer etoiles etoile")
_NEWSLETTER = re.compile(r"newsletter|lettreinfo|infolettre", re.IGNORECASE)
_SITE_SEARCH = ("rechercher", "recherche", "search", "rechercher sur le site", "rechercher dans le site")
_WRITING = (Role.TEXT, Role.TEXTAREA, Role.FILE)


def match_page(page: Page, form: Form) -> Matched:
    """Every control of the page but buttons, put to a field or to none."""
    consents: list[tuple[Control, FormField | None]] = []
    ratings: list[Control] = []
    doubts: list[Doubt] = []
    unknown: list[Control] = []
    claims: list[Match] = []
    for control in page.fields:
        if is_consent(control, form):
            consents.append((control, _reserved_field(control, form)))
            continue
        if _is_site_search(control):
            continue
        found = _claim(control, form)
        if isinstance(found, Match):
            claims.append(found)
        elif _is_rating(control, form):
            ratings.append(control)
        elif isinstance(found, Doubt):
            doubts.append(found)
        else:
            unknown.append(control)
    sure, more_doubts = _settled(_paired(claims))
    return Matched(sure, (*doubts, *more_doubts), tuple(consents), tuple(ratings), tuple(unknown))


def is_consent(control: Control, form: Form) -> bool:
    """True for anything that may ask for a consent: nobody but the person answers it."""
    if _reserved_field(control, form) is not None or _CONSENT_NAME.search(control.name):
        return True
    if control.role in _WRITING:
        return False
    if _CONSENT_WORDS.search(" ".join(words(control.label))):
        return True
    return any(_CONSENT_OPTION.match(plain(option.label)) for option in control.options[:50])


def name_fits(name: str, field: FormField) -> bool:
    """True where an HTML name is the field's, alone or within a longer path ("form:profil")."""
    return bool(name) and f":{field.name}:" in f":{name}:"


def role_fits(control: Control, field: FormField) -> bool:
    if control.role not in _ROLES.get(field.control, ()):
        return False
    if control.role is Role.TEXT:
        types = _PLAIN_TYPES if field.control == "text" else (*_PLAIN_TYPES, "search", "tel", "number")
        return control.input_type in _INPUT_TYPES.get(field.fill, types)
    return True


def _reserved_field(control: Control, form: Form) -> FormField | None:
    for field in form.fields:
        if field.reserved and (name_fits(control.name, field) or same(control.label, field.labels)):
            return field
    return None


def _is_site_search(control: Control) -> bool:
    if control.role not in (Role.TEXT, Role.SEARCH) or control.required:
        return False
    return plain(control.label) in _SITE_SEARCH


def _is_rating(control: Control, form: Form) -> bool:
    """A scale of stars, or a control that has the words of one."""
    field = next((one for one in form.fields if one.control == "rating"), None)
    if field is not None and (name_fits(control.name, field) or same_content(control.label, field.labels)):
        return control.role not in (Role.TEXT, Role.TEXTAREA, Role.FILE)
    if control.role in (Role.RADIO, Role.SELECT) and pick_star(control, 1):
        return True
    return control.role in (Role.OTHER, Role.RADIO) and bool(_RATING_WORDS.intersection(words(control.label)))


def _claim(control: Control, form: Form) -> Match | Doubt | None:
    """The field that the control is, as far as it alone can tell."""
    fields = [field for field in form.fields if not field.reserved]
    named = next((field for field in fields if name_fits(control.name, field)), None)
    misplaced: Doubt | None = None
    for by, alike in ((By.LABEL, same), (By.NEAR_LABEL, same_content)):
        labelled = [field for field in fields if alike(control.label, field.labels)]
        fitting = [field for field in labelled if role_fits(control, field)]
        if len(fitting) > 1 and named in fitting:
            fitting = [field for field in fitting if field is named]
        if len(fitting) == 1 and not _NEWSLETTER.search(control.name):
            return Match(fitting[0], control, by)
        if fitting or (labelled and _NEWSLETTER.search(control.name)):
            return Doubt(labelled[0], control, Remark.of("drift_role", label=labelled[0].label))
        if labelled and misplaced is None:
            misplaced = Doubt(labelled[0], control, Remark.of("drift_role", label=labelled[0].label))
    by_itself = _claim_by_itself(control, named, fields)
    # "Précisions" is also what a text field is called: only where nothing else tells what this is, it is that one.
    if misplaced is not None and (by_itself is None or isinstance(by_itself, Doubt)):
        return misplaced
    return by_itself


def _claim_by_itself(
    control: Control, named: FormField | None, fields: list[FormField]
) -> Match | Doubt | None:
    """By its HTML name and what it offers, where no label of the map is its own."""
    unfilled = _never_filled(control, named, fields)
    if unfilled is not None:
        return Match(unfilled, control, By.NAME)
    by_options = _by_options(control, fields)
    if named is not None and _offers(control, named) and by_options in (None, named):
        others = _rivals(control, named, fields)
        if _holds_word(control.label, named) or not any(_holds_word(control.label, one) for one in others):
            return Match(named, control, By.NAME_AND_OPTIONS)
    if named is None:
        return Match(by_options, control, By.OPTIONS) if by_options else None
    if by_options is named:
        return Match(named, control, By.OPTIONS)
    if not role_fits(control, named):
        return Doubt(named, control, Remark.of("drift_role", label=named.label))
    if by_options is None and _label_allows(control.label, named, _rivals(control, named, fields)):
        return Match(named, control, By.NAME)
    return Doubt(named, control, Remark.of("drift_label", label=named.label, seen=control.label[:100] or "–"))


def _never_filled(control: Control, named: FormField | None, fields: Iterable[FormField]) -> FormField | None:
    """Fields that nobody knows how to fill need no certainty. So is a group of boxes that may stay empty."""
    if named is not None:
        return named if named.fill == "unknown" else None
    if control.role is Role.CHECKBOXES and not control.required:
        return next((field for field in fields if field.control == "checkboxes"), None)
    return None


def _rivals(control: Control, field: FormField, fields: Iterable[FormField]) -> list[FormField]:
    return [other for other in fields if other is not field and role_fits(control, other)]


def _label_allows(label: str, field: FormField, rivals: Iterable[FormField]) -> bool:
    """True where a label that is not in the map does not speak against the field that the HTML name tells."""
    if not content(label):
        return True
    if not _holds_word(label, field) or _turned(label, field):
        return False
    if field.control == "text" and not _only_own_words(label, field):
        return False
    near = closeness(label, field.labels)
    return not any(_holds_word(label, other) and closeness(label, other.labels) >= near for other in rivals)


def _holds_word(label: str, field: FormField) -> bool:
    told = {word for one in field.words for word in words(one)}
    return bool(told.intersection(words(label)))


def _only_own_words(label: str, field: FormField) -> bool:
    """False for "Nom du chien": a short answer hangs on each word of its question."""
    own = {word for one in (*field.labels, *field.words) for word in words(one)}
    return not set(content(label)) - own - _HARMLESS


def _turned(label: str, field: FormField) -> bool:
    own = {word for one in field.labels for word in words(one)}
    return bool(_TURNING.intersection(words(label)) - own)


def _by_options(control: Control, fields: Iterable[FormField]) -> FormField | None:
    """The one field of which at least two choices are offered. Yes and no tell nothing."""
    fields = tuple(fields)
    rating = next((field for field in fields if field.control == "rating"), None)
    if rating is not None and role_fits(control, rating) and pick_star(control, 1):
        return rating if _holds_word(control.label, rating) and not _turned(control.label, rating) else None
    offered = {words(option.label) for option in answers(control)}
    found = [field for field in fields if role_fits(control, field) and len(_offered(offered, field)) >= 2]
    if len(found) != 1 or _turned(control.label, found[0]):
        return None
    if _holds_word(control.label, found[0]):
        return found[0]
    rivals = _rivals(control, found[0], fields)
    return None if any(_holds_word(control.label, other) for other in rivals) else found[0]


def _offers(control: Control, field: FormField) -> bool:
    """At least two of its choices, in whatever words mean them and no others."""
    if not role_fits(control, field) or _turned(control.label, field):
        return False
    meant = (
        pick_choice(control, field, choice.code) for choice in field.choices if not _is_yes_or_no(choice)
    )
    return len({option.handle or option.value for option in meant if option is not None}) >= 2


def _is_yes_or_no(choice: Choice) -> bool:
    return bool({"oui", "non"}.intersection(words(choice.labels[0])))


def _offered(offered: set[tuple[str, ...]], field: FormField) -> set[str]:
    telling = [choice for choice in field.choices if not _is_yes_or_no(choice)]
    return {choice.code for choice in telling if any(words(label) in offered for label in choice.labels)}


def _paired(claims: list[Match]) -> list[Match]:
    """A field for the postcode beside one for the commune goes before it, and is none of its own."""
    places = [claim for claim in claims if claim.field.fill == "commune"]
    codes = [
        claim for claim in places if claim.control.role is Role.TEXT and asks_postcode(claim.control.label)
    ]
    others = [claim for claim in places if claim not in codes]
    if len(codes) != 1 or len(others) != 1:
        return claims
    pair = replace(others[0], before=codes[0].control)
    return [pair if claim is others[0] else claim for claim in claims if claim is not codes[0]]


def asks_postcode(label: str) -> bool:
    """True for a postcode alone: no name of a commune."""
    return "postal" in (said := words(label)) and not {"commune", "ville", "localite"}.intersection(said)


def _settled(claims: list[Match]) -> tuple[tuple[Match, ...], tuple[Doubt, ...]]:
    """One control for each field: the surest claim wins, among equals the HTML name, else nobody."""
    sure: list[Match] = []
    doubts: list[Doubt] = []
    for field in dict.fromkeys(claim.field for claim in claims):
        rivals = [claim for claim in claims if claim.field is field]
        best = [claim for claim in rivals if claim.by is min(one.by for one in rivals)]
        if len(best) > 1:
            best = [claim for claim in best if name_fits(claim.control.name, field)]
        winner = best[0] if len(best) == 1 else None
        if winner is not None:
            sure.append(winner)
        doubts += [
            Doubt(field, claim.control, Remark.of("drift_two", label=field.label))
            for claim in rivals
            if claim is not winner
        ]
    order = {id(claim): place for place, claim in enumerate(claims)}
    return tuple(sorted(sure, key=lambda claim: order[id(claim)])), tuple(doubts)
