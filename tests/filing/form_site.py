"""A form in memory, as pages: enough of a wizard to fill in, with what a hostile day can do to it.

constructed from document: resources/forms/jalerte.toml (steps, names, wordings); nothing was recorded at the real site.
"""

from dataclasses import dataclass, field, replace

from jalerte_desktop.filing.filler import Filling, Stop, Wait
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.form_words import plain
from jalerte_desktop.filing.model import Alert, Attachment, Contact, NamedOperator, Place
from jalerte_desktop.filing.page import Attach, Choose, Control, Page, PageOption, Press, Role, Search, Type
from jalerte_desktop.filing.values import field_values

FORM = form("jalerte")
FIELDS = {entry.name: entry for entry in FORM.fields}
OPERATOR = "operateurPrincipalContainer:operateurPrincipal"
OTHER_OPERATOR = "operateurPrincipalAutreContainer:operateurPrincipalAutre"
COMMUNE = "localisationContainer:commune"
TECHNOLOGY = "technologieContainer:technologie"
CONTACTED = "serviceClientContainer:contacte"
EMAIL, FAMILY_NAME, FIRST_NAME, PHONE = (
    f"utilisateurContainer:{name}" for name in ("email", "nom", "prenom", "telephone")
)
CONSENT_THIRD, CONSENT_ARCEP = "consentementTiers", "consentementArcep"
RATING = "noteServiceClient"

_ROLES = {
    "radio": Role.RADIO,
    "select": Role.SELECT,
    "text": Role.TEXT,
    "textarea": Role.TEXTAREA,
    "search": Role.SEARCH,
    "file": Role.FILE,
    "rating": Role.RADIO,
    "checkbox": Role.CHECKBOX,
    "checkboxes": Role.CHECKBOXES,
}
OPERATORS = (
    "Orange",
    "Sosh · Orange",
    "SFR",
    "RED · SFR",
    "Free",
    "Free Mobile",
    "Bouygues Telecom",
    "Autre",
)
PHOTO = Attachment("photo", "photo.jpg", "image/jpeg", 1000, "00" * 32, "/nowhere/photo.jpg")
LETTER = Attachment("letter", "lettre.pdf", "application/pdf", 2000, "11" * 32, "/nowhere/lettre.pdf")


def options(*labels):
    """Options of a select or radio group; none chosen."""
    return tuple(
        PageOption(label, f"v{place}", False, handle=f"o{place}") for place, label in enumerate(labels)
    )


def known_options(entry):
    if entry.fill == "operator":
        return options("Choisissez", *OPERATORS)
    if entry.control == "rating":
        return options("1 étoile", "2 étoiles", "3 étoiles", "4 étoiles", "5 étoiles")
    if entry.fill in ("transports", "person") and entry.control == "radio":
        return options("Oui", "Non")
    return options(*(choice.labels[0] for choice in entry.choices))


def control(name, /, **changed):
    """The control of a map's field as the map has it."""
    entry = FIELDS[name]
    plainly = Control(
        f"h-{name}",
        _ROLES[entry.control],
        name,
        entry.label,
        options=known_options(entry),
        required=entry.required,
        input_type="text" if entry.control == "text" else "",
    )
    return replace(plainly, **changed)


def button(label, **changed):
    return replace(Control(f"b-{label}", Role.BUTTON, "", label, input_type="submit"), **changed)


def page(*controls, text="", title="Formulaire", **more):
    return Page("https://formulaire.example/?1", title, text, tuple(controls), **more)


def alert(**changed):
    """Marie's alert: a fibre of Orange's that is cut again and again."""
    plainly = Alert(
        id="a1",
        case_id="c1",
        profile="individual",
        sector="fixed",
        problem="service-quality",
        detail="cuts",
        technology="fibre",
        operator=NamedOperator("Orange", "", True, ("orange france", "orange sa")),
        operator_source="contract.operator",
        place=Place("FR", "35000", "Rennes", "35"),
        period=None,
        description="Douze coupures en un mois.\nLa plus longue a duré trois heures.",
        description_limit=2000,
        own_words=False,
        listed=12,
        listable=12,
        attachments=(),
        service_contacted=True,
        rating=None,
        contact=Contact("Marie", "Dupont", "marie.dupont@exemple.fr", "06 12 34 56 78"),
        customer_number="",
        line_number="",
        address="",
        account=None,
    )
    return replace(plainly, **changed)


def filling(given=None, *, unattended=True):
    given = given or alert()
    return Filling(FORM, field_values(given, FORM), given.attachments, unattended)


STEPS = (
    ("profil", "marche"),
    ("problematique", "sousProblematique"),
    (TECHNOLOGY, OPERATOR, OTHER_OPERATOR, COMMUNE),
    ("verbatim", "pieceJointe"),
    (CONTACTED, RATING, EMAIL, FAMILY_NAME, FIRST_NAME, PHONE, CONSENT_THIRD, CONSENT_ARCEP),
)


def plain_steps():
    return [
        [control(name) for name in names] + [button("Envoyer mon alerte" if number == 5 else "Poursuivre")]
        for number, names in enumerate(STEPS, start=1)
    ]


@dataclass
class Site:
    """Steps of controls; answers actions as a browser and server would. ``lose(action, nth)`` says that this one is
    lost in a redraw."""

    steps: list
    communes: tuple = ("Rennes (35000)", "Rennes (35200)")
    lose: object = None
    position: int = 0
    log: list = field(default_factory=list)
    sent: bool = False
    redraws: int = 0

    def page(self):
        here = [replace(one, handle=f"{one.handle}/{self.redraws}") for one in self.steps[self.position]]
        return page(*here, text=f"Étape {self.position + 1}")

    def do(self, action):
        self.redraws += 1
        self.log.append(action)
        if self.lose is not None and self.lose(action, len(self.log)):
            return
        step = self.steps[self.position]
        place = next(
            n for n, one in enumerate(step) if f"{one.handle}/{self.redraws - 1}" == action.control.handle
        )
        step[place] = self._after(step[place], action)

    def _after(self, one, action):
        match action:
            case Press():
                if plain(one.label) in {plain(label) for label in FORM.wordings.send}:
                    self.sent = True
                else:
                    self.position += 1
                return one
            case Choose(_control, option):
                chosen = tuple(replace(o, chosen=o.value == option.value) for o in one.options)
                return replace(one, options=chosen, value=option.label)
            case Type(_control, text):
                return replace(one, value=text)
            case Search(_control) if one.role is Role.TEXT:
                return one
            case Search(_control, query, wanted):
                found = [c for c in self.communes if query in c and plain(c) in {plain(w) for w in wanted}]
                return replace(one, value=found[0]) if len(found) == 1 else one
            case Attach(_control, files):
                return replace(one, value=", ".join(name for _path, name in files))
        raise AssertionError(action)

    def values(self):
        """What stands in each control that was filled, by name."""
        return {
            one.name or one.label: one.value or [o.label for o in one.options if o.chosen]
            for step in self.steps
            for one in step
            if one.value or any(o.chosen for o in one.options)
        }


def run(fill, site, limit=1000):
    """Until it stops. Each action must be about a control of the page."""
    for _ in range(limit):
        now = site.page()
        decided = fill.next(now)
        if isinstance(decided, Stop):
            return decided
        if isinstance(decided, Wait):
            continue
        assert decided.control in now.controls
        if isinstance(decided, Choose):
            assert decided.option in decided.control.options
        site.do(decided)
    raise AssertionError("it does not end")
