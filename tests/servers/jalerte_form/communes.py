"""Communes that the stand-in knows. A choice for tests: real names and postcodes, made-up numbers."""

from __future__ import annotations

from dataclasses import dataclass

_BY_POSTCODE = {
    "01000": ("Bourg-en-Bresse", "Saint-Denis-lès-Bourg"),
    "03000": ("Moulins", "Avermes"),
    "05100": ("Briançon", "Cervières", "Montgenèvre", "Val-des-Prés"),
    "06000": ("Nice",),
    "13001": ("Marseille 1er Arrondissement",),
    "13100": ("Aix-en-Provence", "Le Tholonet", "Saint-Marc-Jaumegarde"),
    "14000": ("Caen",),
    "17000": ("La Rochelle",),
    "20000": ("Ajaccio",),
    "21000": ("Dijon",),
    "22000": ("Saint-Brieuc",),
    "25000": ("Besançon",),
    "29200": ("Brest",),
    "31000": ("Toulouse",),
    "33000": ("Bordeaux",),
    "34000": ("Montpellier",),
    "35000": ("Rennes",),
    "35200": ("Rennes",),
    "37000": ("Tours",),
    "38000": ("Grenoble", "Saint-Martin-le-Vinoux"),
    "38250": ("Corrençon-en-Vercors", "Lans-en-Vercors", "Saint-Nizier-du-Moucherotte", "Villard-de-Lans"),
    "42000": ("Saint-Étienne",),
    "44000": ("Nantes",),
    "45000": ("Orléans",),
    "51100": ("Reims",),
    "54000": ("Nancy",),
    "57000": ("Metz",),
    "59000": ("Lille",),
    "63000": ("Clermont-Ferrand",),
    "64260": ("Arudy", "Buzy", "Castet", "Izeste", "Louvie-Juzon"),
    "67000": ("Strasbourg",),
    "69003": ("Lyon", "Lyon 3e Arrondissement"),
    "73000": ("Barberaz", "Bassens", "Chambéry", "Sonnaz"),
    "75011": ("Paris 11e Arrondissement",),
    "76000": ("Rouen",),
    "80000": ("Amiens",),
    "83000": ("Toulon",),
    "86000": ("Poitiers",),
    "93200": ("Saint-Denis",),
    "97400": ("Saint-Denis",),
    "97417": ("Saint-Denis",),
}


@dataclass(frozen=True, slots=True)
class Commune:
    """``id`` is the select's code for it."""

    id: str
    name: str
    postcode: str

    @property
    def label(self) -> str:
        return f"{self.name} ({self.postcode})"


COMMUNES = tuple(
    Commune(f"c{number:03}", name, postcode)
    for number, (name, postcode) in enumerate(
        ((name, postcode) for postcode, names in _BY_POSTCODE.items() for name in names), start=1
    )
)


def find_communes(beginning: str) -> tuple[Commune, ...]:
    """Communes whose postcode begins so: the form searches by postcode, never by name."""
    wanted = beginning.strip()
    return tuple(commune for commune in COMMUNES if wanted and commune.postcode.startswith(wanted))


def twins(commune: Commune) -> tuple[Commune, Commune]:
    """The commune and another one that nobody can tell from it, for the variant "two-communes"."""
    return commune, Commune(f"{commune.id}-2", commune.name, commune.postcode)
