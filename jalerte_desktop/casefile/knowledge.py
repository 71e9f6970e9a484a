"""What ``resources/`` says of problems, operators, law and delays: dated data, with the doubt that goes with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from jalerte_desktop.casefile.text import fold

_STALE_AFTER_DAYS = 550
_NOTES = "project notes"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a fact comes from and how far it can be trusted.

    ``confidence``: "V" read in a page of the source, "T" weak third party, "M" from memory.
    """

    country: str
    source: str
    checked_on: date
    confidence: str
    valid_from: date | None = None
    valid_to: date | None = None

    def printable(self, today: date) -> bool:
        """False for what is from memory only, expired, or not yet in force: that never reaches a paper."""
        if self.valid_from is not None and today < self.valid_from:
            return False
        return self.confidence in ("V", "T") and (self.valid_to is None or today <= self.valid_to)

    def doubtful(self, today: date) -> bool:
        """True when a printed fact needs a warning beside it."""
        return self.confidence != "V" or (today - self.checked_on).days > _STALE_AFTER_DAYS

    @property
    def page(self) -> str:
        """The source as a reader can look it up; "" where no page was kept, only the project's notes of it."""
        return "" if self.source.startswith(_NOTES) else self.source


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where one of the operator's ``step``s (``diary.OPERATOR_STEPS``) takes letters about these accesses; (): all."""

    step: str
    lines: tuple[str, ...]
    technologies: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Operator:
    """A brand in one country. ``network`` names whose network it runs on, where that is another's; else ""."""

    id: str
    name: str
    aliases: tuple[str, ...]
    network: str
    addresses: tuple[PostalAddress, ...]
    provenance: Provenance

    @property
    def country(self) -> str:
        return self.provenance.country

    def address_for(
        self, technology: str | None, today: date, step: str = "customer-service"
    ) -> PostalAddress | None:
        """Where that step takes letters about this access; None when that is not known well enough."""
        for address in self.addresses:
            fits = not address.technologies or technology in address.technologies
            if fits and address.step == step and address.provenance.printable(today):
                return address
        return None


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A rule in our own words. ``recheck`` says, by language, what is still open about it; empty where nothing is."""

    id: str
    label: str
    wording: str
    consumers_only: bool
    internet_access: bool
    use: tuple[str, ...]
    recheck: Mapping[str, str]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What can be wrong; ``problem`` and ``detail`` are our words for what to tick in the form."""

    id: str
    label_fr: str
    label_en: str
    sector: str
    problem: str
    detail: str
    verified: bool


@cache
def problems() -> Mapping[str, ProblemKind]:
    """By id, in the order of the file."""
    return {entry["id"]: ProblemKind(**entry) for entry in _read("problems.toml")["problem"]}


@cache
def operators() -> tuple[Operator, ...]:
    return tuple(
        Operator(
            entry["id"],
            entry["name"],
            tuple(entry["aliases"]),
            entry.get("network", ""),
            tuple(
                PostalAddress(
                    address.get("step", "customer-service"),
                    tuple(address["lines"]),
                    tuple(address["technologies"]),
                    _provenance(address, entry["country"]),
                )
                for address in entry.get("address", ())
            ),
            _provenance(entry),
        )
        for entry in _read("operators.toml")["operator"]
    )


def find_operator(typed: str, country: str) -> Operator | None:
    """The operator of that name or alias in that country; accents, case and hyphens do not matter.

    A brand of the same name elsewhere is another company.
    """
    wanted = fold(typed)
    for operator in operators():
        if operator.country == country and wanted in map(fold, (operator.name, *operator.aliases)):
            return operator
    return None


@cache
def departments() -> Mapping[str, str]:
    """The names of the French départements and overseas territories, by their number: "69", "2A", "974"."""
    return {str(number): str(name) for number, name in _read("departments.toml")["names"].items()}


def legal_bases(letter: str, country: str, today: date, professional: bool) -> tuple[LegalBasis, ...]:
    """What a letter of that kind may rest on: in force, not from memory, and meant for this person and this country."""
    return tuple(
        basis
        for basis in all_legal_bases()
        if letter in basis.use
        and basis.internet_access
        and basis.provenance.country == country
        and basis.provenance.printable(today)
        and not (professional and basis.consumers_only)
    )


@cache
def all_legal_bases() -> tuple[LegalBasis, ...]:
    return tuple(
        LegalBasis(
            entry["id"],
            entry["label"],
            entry["wording"],
            entry["scope"] == "consumer",
            entry["internet_access"],
            tuple(entry["use"]),
            {code: entry[f"recheck_{code}"] for code in ("fr", "en") if f"recheck_{code}" in entry},
            _provenance(entry),
        )
        for entry in _read("legal.toml")["basis"]
    )


def answer_days(delay_id: str) -> int:
    """How many days a letter gives for an answer."""
    return int(next(entry["days"] for entry in _read("legal.toml")["delay"] if entry["id"] == delay_id))


def next_step(path_id: str, country: str, today: date, professional: bool) -> str | None:
    """What follows without agreement, as the end of a French sentence; None where we know no path well enough."""
    for entry in _read("legal.toml")["path"]:
        if entry["id"] == path_id and entry["country"] == country and _provenance(entry).printable(today):
            return str(entry["next_professional" if professional else "next"])
    return None


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("resources") / name).read_text(encoding="utf-8"))


def _provenance(entry: Mapping[str, Any], country: str = "") -> Provenance:
    return Provenance(
        entry.get("country", country),
        entry["source"],
        entry["checked_on"],
        entry["confidence"],
        entry.get("valid_from"),
        entry.get("valid_to"),
    )
