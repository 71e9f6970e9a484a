"""An alert as the wire carries it, and the receipt that answers it. Names are those of the JSON members.

None is an absent member. Times are UTC texts (``shapes.moment_ns`` reads them), durations seconds. What each member
means stands in ``schema.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 1


@dataclass(frozen=True, slots=True)
class Operator:
    brand: str
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    country: str
    postcode: str | None = None
    commune: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Figures:
    outages: int
    outage_s: float
    observed_s: float
    coverage: float
    incidents: int
    method: str


@dataclass(frozen=True, slots=True)
class WireIncident:
    id: str
    start: str
    duration_s: float
    kind: str
    cause: str
    confidence: float
    role: str
    reasons: tuple[str, ...]
    counter_evidence: tuple[str, ...]
    end: str | None = None
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class WireAttachment:
    """``content`` is the file itself; on the wire it is base64."""

    kind: str
    name: str
    media_type: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class WireContact:
    first_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class WireConsents:
    processing: bool
    third_parties: bool | None = None


@dataclass(frozen=True, slots=True)
class WireSeal:
    sequence: int
    link: str
    at: str


@dataclass(frozen=True, slots=True)
class Signature:
    """``value`` is b"" only while the alert is being signed."""

    algorithm: str
    public_key: bytes
    fingerprint: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    signature: Signature
    seal: WireSeal | None = None


@dataclass(frozen=True, slots=True)
class WireAlert:
    version: int
    made_at: str
    program: str
    line_confirmed: bool
    place: Place
    period: Period
    description: str
    own_words: bool
    figures: Figures
    incidents: tuple[WireIncident, ...]
    attachments: tuple[WireAttachment, ...]
    consents: WireConsents
    evidence: Evidence
    reference: str | None = None
    profile: str | None = None
    sector: str | None = None
    problem: str | None = None
    detail: str | None = None
    technology: str | None = None
    operator: Operator | None = None
    service_contacted: bool | None = None
    rating: int | None = None
    contact: WireContact | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Who received."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class DeskReceipt:
    """The receiver's word that it keeps an alert. ``sha256`` is of the body's bytes as they came."""

    receipt_id: str
    idempotency_key: str
    received_at: str
    sha256: str
    desk: Desk
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Why a request was not taken (RFC 9457). ``pointer`` says where in the document, by a JSON pointer."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str | None = None
    pointer: str | None = None
