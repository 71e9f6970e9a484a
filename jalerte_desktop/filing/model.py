"""An alert: what any channel can carry, as facts. Nothing here decides, and nothing here is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnostics.model import Span
from jalerte_desktop.documents.account import Account


@dataclass(frozen=True, slots=True)
class Contact:
    """The person, as far as they told; "" where they did not."""

    first_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""

    @property
    def whole_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.family_name) if part)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the line is, as typed; ``department`` follows from a French postcode ("" elsewhere)."""

    country: str
    postcode: str = ""
    commune: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class NamedOperator:
    """Who is named. ``network`` is the host network where brand and network differ and both are known, else "".

    ``listed`` is False for a name that the program does not know: it goes where the person may write one. ``aliases``
    are other names of the same brand.
    """

    brand: str
    network: str
    listed: bool
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along. ``path`` is our copy of it: what the person saw is what leaves.

    ``kind``: photo letter report evidence other. ``name`` is what the receiver sees.
    """

    kind: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True)
class Consents:
    """What only the person may answer; None until they do. Never filled in from anything else."""

    processing: bool | None = None
    third_parties: bool | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Codes, not labels: what a form calls them stands in its map.

    ``sector``, ``problem`` and ``detail`` are the codes of the case's problem (resources/problems.toml).
    ``operator`` is None where nobody may be named; ``operator_source`` is the key that named it. ``period`` is what the
    measurements span. ``listed`` of ``listable`` incidents stand in the description with date and time; ``own_words``
    says that the person wrote it.
    """

    id: str
    case_id: str
    profile: str
    sector: str
    problem: str
    detail: str
    technology: str
    operator: NamedOperator | None
    operator_source: str
    place: Place
    period: Span
    description: str
    description_limit: int
    own_words: bool
    listed: int
    listable: int
    attachments: tuple[Attachment, ...]
    service_contacted: bool | None
    rating: int | None
    contact: Contact
    customer_number: str
    line_number: str
    address: str
    account: Account
    consents: Consents = field(default_factory=Consents)
