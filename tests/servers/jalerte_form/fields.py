"""The plain form: its five steps, fields, choices, and what shows or asks for what.

Constructed from document: shared facts on J'alerte l'Arcep (HTML names, the steps, the wording of profile, sector,
"Sosh · Orange", "Paris 11e Arrondissement (75011)", the question on third parties, the success text). All other
wording and the branch Fixe/Internet are plausible inventions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.servers.jalerte_form.operators import OPERATORS, OTHER

Values = Mapping[str, tuple[str, ...]]
"""Codes or texts by the field's plain name; nothing for an empty field."""

STEPS = {1: "Contexte", 2: "Diagnostic", 3: "Détails", 4: "Compléments", 5: "Validation"}
TEXT_LIMIT = 2000


class Kind(StrEnum):
    RADIO = "radio"
    SELECT = "select"
    CHECKBOXES = "checkboxes"
    CHECKBOX = "checkbox"
    TEXT = "text"
    EMAIL = "email"
    TELEPHONE = "tel"
    TEXTAREA = "textarea"
    COMMUNE = "commune"
    FILE = "file"
    RATING = "rating"


CHOICES = frozenset({Kind.RADIO, Kind.SELECT, Kind.CHECKBOXES, Kind.CHECKBOX, Kind.RATING, Kind.COMMUNE})
"""Kinds whose round trip draws the whole form anew."""
TEXTS = frozenset({Kind.TEXT, Kind.EMAIL, Kind.TELEPHONE, Kind.TEXTAREA})


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str


def options(**labels: str) -> tuple[Option, ...]:
    return tuple(Option(code, label) for code, label in labels.items())


def _always(_values: Values) -> bool:
    return True


def _never(_values: Values) -> bool:
    return False


def given(name: str, *codes: str) -> Callable[[Values], bool]:
    """True when a field has one of these codes, or any value where none is named."""

    def shown(values: Values) -> bool:
        held = values.get(name, ())
        return bool(held) if not codes else bool(set(held) & set(codes))

    return shown


def _by(name: str, choices: Mapping[str, tuple[Option, ...]]) -> Callable[[Values], tuple[Option, ...]]:
    return lambda values: choices.get(next(iter(values.get(name, ())), ""), ())


@dataclass(frozen=True, slots=True)
class Field:
    """``late``: the field's place is shown first and asks for its content a moment later, in a round trip of its own.

    ``resets`` names fields that are emptied when this one changes. ``consent``: only a person may answer it.
    """

    name: str
    step: int
    kind: Kind
    label: str
    required: Callable[[Values], bool] = _always
    choices: tuple[Option, ...] | Callable[[Values], tuple[Option, ...]] = ()
    shown: Callable[[Values], bool] = _always
    late: bool = False
    resets: tuple[str, ...] = ()
    hint: str = ""
    consent: bool = False

    def options(self, values: Values) -> tuple[Option, ...]:
        return self.choices(values) if callable(self.choices) else self.choices


_YES_NO = options(oui="Oui", non="Non")

_PRECISIONS = {
    "fixe": options(INTERNET="Accès à internet", TELEPHONE="Téléphone fixe", TELEVISION="Télévision"),
    "mobile": options(FORFAIT="Forfait", PREPAYE="Carte prépayée"),
    "postal": options(COURRIER="Courrier", COLIS="Colis"),
    "fraude": options(
        DEMARCHAGE="Démarchage téléphonique", SMS="SMS frauduleux", USURPATION="Usurpation de numéro"
    ),
}

_PROBLEMS = {
    "fixe": options(
        panne="Panne, coupure ou qualité de service",
        raccordement="Raccordement à la fibre",
        telephone="Téléphone fixe",
        facturation="Facturation",
        resiliation="Résiliation ou changement d’opérateur",
        autre="Autre problème",
    ),
    "mobile": options(
        couverture="Couverture mobile",
        qualite="Qualité de service ou débit",
        facturation="Facturation",
        autre="Autre problème",
    ),
    "postal": options(retard="Retard", perte="Perte", autre="Autre problème"),
    "fraude": options(appels="Appels non sollicités", messages="Messages frauduleux", autre="Autre problème"),
}

_DETAILS = {
    "panne": options(
        coupures="Coupures fréquentes",
        totale="Coupure totale depuis plus de 48 heures",
        debit="Débit insuffisant",
        instable="Connexion instable",
        latence="Latence élevée",
        site="Un site ou un service inaccessible",
    ),
    "raccordement": options(
        delai="Délai de raccordement trop long",
        echec="Échec du raccordement",
        degats="Dégâts causés par l’intervention",
        armoire="Armoire ou câbles endommagés",
    ),
    "telephone": options(muet="Pas de tonalité", qualite_voix="Mauvaise qualité des appels"),
    "facturation": options(
        erreur="Erreur de facturation", frais="Frais contestés", prelevement="Prélèvement indu"
    ),
    "resiliation": options(
        refus="Résiliation refusée", portabilite="Portabilité du numéro", materiel="Matériel rendu"
    ),
    "couverture": options(aucune="Aucun réseau", interieur="Pas de réseau à l’intérieur"),
    "qualite": options(debit_mobile="Débit insuffisant", appels_coupes="Appels coupés"),
    "retard": options(retard_lettre="Courrier en retard", retard_colis="Colis en retard"),
    "perte": options(perdu="Envoi perdu"),
    "appels": options(repetes="Appels répétés", silencieux="Appels silencieux"),
    "messages": options(lien="Lien frauduleux"),
    "autre": options(divers="Autre"),
}

_MOMENTS = options(
    matin="Le matin", journee="En journée", soir="Le soir", nuit="La nuit", continu="En permanence"
)

_TECHNOLOGIES = {
    "fixe": options(
        FIBRE="Fibre optique (FTTH)",
        ADSL="ADSL",
        VDSL="VDSL2",
        CABLE="Câble ou fibre avec terminaison coaxiale",
        QUATRE_G_FIXE="4G fixe (box 4G)",
        CINQ_G_FIXE="5G fixe (box 5G)",
        SATELLITE="Satellite",
        RADIO="Radio (THD radio, WiMAX)",
        NE_SAIT_PAS="Je ne sais pas",
    ),
    "mobile": options(DEUX_G="2G", TROIS_G="3G", QUATRE_G="4G", CINQ_G="5G", NE_SAIT_PAS="Je ne sais pas"),
}

_OPERATORS = (*(Option(name, name) for name in OPERATORS), Option(OTHER, OTHER))
_STARS = tuple(Option(str(n), f"{n} étoile sur 5" if n == 1 else f"{n} étoiles sur 5") for n in range(1, 6))

_BY_SECTOR = ("marcheContainer:precision", "problematique", "technologieContainer:technologie")

FIELDS = (
    Field(
        "profil",
        1,
        Kind.RADIO,
        "Vous êtes (profil)",
        choices=options(
            particulier="Particulier",
            elu="Collectivité / élu",
            entreprise="Entreprise",
            association="Association de consommateurs",
            developpeur="Développeur",
            operateur="Opérateur",
        ),
    ),
    Field(
        "marche",
        1,
        Kind.RADIO,
        "Secteur concerné",
        choices=options(
            fixe="Fixe / Internet", mobile="Mobile", postal="Postal", fraude="Fraudes et démarchage"
        ),
        resets=_BY_SECTOR,
    ),
    Field(
        "marcheContainer:precision",
        1,
        Kind.SELECT,
        "Précision sur le secteur",
        required=given("marche", "fraude"),
        choices=_by("marche", _PRECISIONS),
        shown=given("marche"),
    ),
    Field(
        "problematique",
        2,
        Kind.RADIO,
        "Problème rencontré",
        choices=_by("marche", _PROBLEMS),
        resets=("sousProblematique",),
    ),
    Field(
        "sousProblematique",
        2,
        Kind.RADIO,
        "Précisez votre problème",
        choices=_by("problematique", _DETAILS),
        shown=given("problematique"),
        late=True,
        resets=("choixMultipleContainer:choix",),
    ),
    Field(
        "choixMultipleContainer:choix",
        2,
        Kind.CHECKBOXES,
        "À quels moments le problème se produit-il ?",
        required=_never,
        choices=_MOMENTS,
        shown=given("sousProblematique", "coupures", "debit", "instable", "latence"),
    ),
    Field(
        "technologieContainer:technologie",
        3,
        Kind.SELECT,
        "Technologie d’accès",
        choices=_by("marche", _TECHNOLOGIES),
        shown=given("marche", "fixe", "mobile"),
        resets=("operateurPrincipalContainer:operateurPrincipal",),
    ),
    Field(
        "operateurPrincipalContainer:operateurPrincipal",
        3,
        Kind.SELECT,
        "Opérateur",
        choices=_OPERATORS,
        shown=lambda values: (
            given("marche", "postal", "fraude")(values) or given("technologieContainer:technologie")(values)
        ),
        late=True,
        resets=("operateurPrincipalAutreContainer:operateurPrincipalAutre",),
    ),
    Field(
        "operateurPrincipalAutreContainer:operateurPrincipalAutre",
        3,
        Kind.TEXT,
        "Autre opérateur",
        shown=given("operateurPrincipalContainer:operateurPrincipal", OTHER),
    ),
    Field(
        "localisationContainer:transports",
        3,
        Kind.RADIO,
        "Le problème a-t-il lieu dans les transports ?",
        choices=_YES_NO,
        shown=given("marche", "mobile"),
    ),
    Field(
        "localisationContainer:commune",
        3,
        Kind.COMMUNE,
        "Commune",
        hint="Saisissez le code postal, puis choisissez la commune dans la liste.",
    ),
    Field("verbatim", 4, Kind.TEXTAREA, "Décrivez votre problème"),
    Field(
        "pieceJointe",
        4,
        Kind.FILE,
        "Pièce jointe",
        required=_never,
        hint="Formats acceptés : JPG, PNG, PDF. Taille maximale : 5 Mo par fichier, 5 fichiers au plus.",
    ),
    Field(
        "serviceClientContainer:contacte",
        5,
        Kind.RADIO,
        "Avez-vous déjà contacté le service clients de votre opérateur ?",
        choices=_YES_NO,
        resets=("serviceClientContainer:note",),
    ),
    Field(
        "serviceClientContainer:note",
        5,
        Kind.RATING,
        "Quelle note donnez-vous au service clients ?",
        required=_never,
        choices=_STARS,
        shown=given("serviceClientContainer:contacte", "oui"),
        late=True,
    ),
    Field("utilisateurContainer:email", 5, Kind.EMAIL, "Adresse électronique"),
    Field("utilisateurContainer:nom", 5, Kind.TEXT, "Nom"),
    Field("utilisateurContainer:prenom", 5, Kind.TEXT, "Prénom"),
    Field("utilisateurContainer:telephone", 5, Kind.TELEPHONE, "Téléphone", required=_never),
    Field(
        "consentementTiers",
        5,
        Kind.RADIO,
        "Autorisez-vous l’Arcep à communiquer votre signalement et vos données personnelles à des tiers ?",
        choices=_YES_NO,
        consent=True,
    ),
    Field(
        "consentementTraitement",
        5,
        Kind.CHECKBOX,
        "J’accepte que l’Arcep traite mes données personnelles pour l’examen de mon alerte",
        choices=options(on="accepté"),
        consent=True,
    ),
)

HABITAT = Field(
    "localisationContainer:habitat",
    3,
    Kind.SELECT,
    "Type de logement",
    choices=options(MAISON="Maison individuelle", IMMEUBLE="Immeuble", LOCAL="Local professionnel"),
)
"""For the variant "new-mandatory-field"."""

ORIGIN = Field(
    "origine",
    1,
    Kind.RADIO,
    "Comment avez-vous connu ce service ?",
    required=_never,
    choices=options(
        moteur="Moteur de recherche", operateur="Mon opérateur", presse="Presse", mobile="Application mobile"
    ),
)
CUSTOMER_NUMBER = Field("numeroClient", 5, Kind.TEXT, "Numéro de client", required=_never)
"""Both for the variant "relabelled-trap"."""
