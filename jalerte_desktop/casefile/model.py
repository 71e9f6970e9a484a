"""The case and its frozen papers, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.model import Span
from jalerte_desktop.findings.model import Seal

PROFESSIONAL = ("elected", "company", "association")
"""Profiles whose contract is not a private one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute. ``fields`` holds the known keys that have a value, in canonical form (see ``fields.FIELDS``)."""

    id: str
    problem: str
    country: str
    created_ns: int
    fields: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        return self.fields.get(key)

    @property
    def operator(self) -> str | None:
        return self.get("contract.operator")

    @property
    def professional(self) -> bool:
        """True when the person said that the contract is not a private one."""
        return self.get("person.profile") in PROFESSIONAL


NO_CASE = Case(id="", problem="", country="FR", created_ns=0)
"""Stands in before `jalerte case new`: nothing is known of the person, so every paper shows what is missing."""


@dataclass(frozen=True, slots=True)
class UsedIncident:
    """An incident as a paper used it: ``role`` is the part it played there, ``snapshot`` all of it as JSON."""

    incident_id: str
    role: str
    snapshot: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PaperFile:
    """A file that was written: where, its SHA-256 in hexadecimal, its length in bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FrozenPaper:
    """What a paper stood on when it was made (promise 8). ``text`` is its whole content, as text or JSON.

    ``template`` names the version of the wording. ``id`` is given by the case file.
    """

    kind: str
    template: str
    made_ns: int
    method: str
    span: Span
    observed_s: float
    line_id: str
    line_confirmed: bool
    seal: Seal | None
    incidents: tuple[UsedIncident, ...]
    text: str
    files: tuple[PaperFile, ...] = ()
    id: str = ""
    case_id: str | None = None
