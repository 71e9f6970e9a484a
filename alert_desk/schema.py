"""The schema of the open alert interface, version 1: every member with its shape, limits and meaning.

Lists of codes written out here are closed: a new code is a new version. ``problem``, ``detail``, reasons and
counter-evidence are open: a receiver keeps codes it does not know.
"""

from __future__ import annotations

from alert_desk.model import (
    VERSION,
    Desk,
    DeskReceipt,
    Evidence,
    Figures,
    Operator,
    Period,
    Place,
    ProblemDetails,
    Signature,
    WireAlert,
    WireAttachment,
    WireConsents,
    WireContact,
    WireIncident,
    WireSeal,
)
from alert_desk.shapes import Choice, Each, Flag, Member, Moment, Number, Octets, Record, Schema, Text, Whole

LARGEST_ALERT_BYTES = 20_000_000
LARGEST_ANSWER_BYTES = 64_000
LARGEST_ATTACHMENT_BYTES = 10_000_000
MOST_ATTACHMENTS = 10
MOST_INCIDENTS = 2_000
MOST_REASONS = 24
LONGEST_DESCRIPTION = 20_000

PROFILES = ("individual", "elected", "company", "association", "developer")
SECTORS = ("fixed", "mobile", "postal", "fraud")
TECHNOLOGIES = ("fibre", "cable", "vdsl", "adsl", "4g", "5g", "satellite", "radio", "other")
KINDS = ("outage", "loss", "latency", "slow", "dns", "wifi", "partial")
CAUSES = (
    *("wifi", "lan", "box", "access", "isp_core", "dns", "remote", "vpn", "own_traffic", "captive_portal"),
    *("ipv6", "mtu", "local_machine", "unknown"),
)
ROLES = ("held", "uncertain", "dns", "set_aside", "excluded")
ATTACHMENT_KINDS = ("photo", "letter", "report", "evidence", "other")
MEDIA_TYPES = (
    *("image/jpeg", "image/png", "image/webp", "application/pdf", "application/zip", "application/json"),
    *("text/plain", "text/csv"),
)
ALGORITHM = "Ed25519"
SIGNED_PREFIX = b"jalerte alert 1\n"
"""Stands before the canonical bytes that are signed: a signature for one purpose is none for another."""
IDEMPOTENCY_KEY = r"[A-Za-z0-9_-]{8,64}"

_CODE = Text(40, r"[a-z0-9][a-z0-9_-]*")
_DIGEST = Text(64, r"[0-9a-f]{64}")
_SECONDS = Number(0, 4_000_000_000)
_COUNT = Whole(0, 10_000_000)
_LINE = Text(120)

_OPERATOR = Record(
    "Operator",
    Operator,
    "Who is named. Absent where the line is not confirmed or the operator is not known.",
    (
        Member("brand", _LINE, "The brand that the contract is with."),
        Member("network", _LINE, "Whose network it runs on, where that differs and is known.", False),
    ),
)
_PLACE = Record(
    "Place",
    Place,
    "Where the line is, as the person wrote it; never more precise than the commune.",
    (
        Member("country", Text(2, "[A-Z]{2}"), "ISO 3166-1 alpha-2."),
        Member("postcode", Text(12, "[A-Z0-9][A-Z0-9 -]*"), "The postcode.", False),
        Member("commune", _LINE, "The town.", False),
        Member(
            "department",
            Text(3, "[0-9]{2,3}|2[AB]"),
            "The French département of the postcode: 69, 2A, 974.",
            False,
        ),
    ),
)
_PERIOD = Record(
    "Period",
    Period,
    "What the alert is about; incidents may begin before it or end after it.",
    (
        Member("start", Moment(), "Its start."),
        Member("end", Moment(), "Its end, not before its start."),
    ),
)
_FIGURES = Record(
    "Figures",
    Figures,
    "The sums, made from all incidents of the period, also from those that are not listed.",
    (
        Member("outages", _COUNT, "Cuts attributed to the operator's network (role held, kind outage)."),
        Member(
            "outage_s",
            _SECONDS,
            "Seconds without service: of these cuts, what lies within the period, added up.",
        ),
        Member("observed_s", _SECONDS, "Seconds of the period in which the line was observed."),
        Member(
            "coverage",
            Number(0, 1),
            "Observed time over the whole period. What was not observed counts as nothing.",
        ),
        Member(
            "incidents", _COUNT, "All incidents of this line in the period; more than listed where too many."
        ),
        Member("method", _LINE, "The version of the method that found and judged them."),
    ),
)
_INCIDENT = Record(
    "Incident",
    WireIncident,
    "A time where something was wrong, and the verdict, argued both ways.",
    (
        Member("id", _CODE, "The same measurements give the same id."),
        Member("start", Moment(), "When it began, by the measuring machine's clock."),
        Member("end", Moment(), "When it ended; absent while it lasts.", False),
        Member("duration_s", _SECONDS, "How long, on a clock that no clock change disturbs."),
        Member("kind", Choice(KINDS), "What was wrong."),
        Member("cause", Choice(CAUSES), "Whose fault, as far as the method can tell."),
        Member(
            "confidence", Number(0, 1), "How sure the method is of the cause; not a measured probability."
        ),
        Member(
            "role",
            Choice(ROLES),
            "held: attributed to the operator's network. uncertain: beyond the box, not surely the operator's. "
            "dns: names were not resolved. set_aside: another cause. excluded: taken out by the person.",
        ),
        Member("reasons", Each(_CODE, MOST_REASONS), "What speaks for the cause, as codes."),
        Member("counter_evidence", Each(_CODE, MOST_REASONS), "What speaks against it, as codes."),
        Member("excluded", Text(300), "Why the person took it out of the count (role excluded).", False),
    ),
)
_ATTACHMENT = Record(
    "Attachment",
    WireAttachment,
    "A file that goes along.",
    (
        Member("kind", Choice(ATTACHMENT_KINDS), "What it is."),
        Member("name", Text(120, r"[^\u0000-\u001f\u007f/\\]+"), "Its name; never to be used as a path."),
        Member("media_type", Choice(MEDIA_TYPES), "What it says it is; the receiver checks."),
        Member("sha256", _DIGEST, "SHA-256 of the file's bytes, in hexadecimal."),
        Member("content", Octets(1, LARGEST_ATTACHMENT_BYTES), "The file."),
    ),
)
_CONTACT = Record(
    "Contact",
    WireContact,
    "The person, as far as they wish to be reached. Absent: the alert has no name.",
    (
        Member("first_name", _LINE, "First name.", False),
        Member("family_name", _LINE, "Family name.", False),
        Member("email", Text(254, r"[^\s@]+@[^\s@]+"), "E-mail address.", False),
        Member("phone", Text(40), "Telephone number, as the person writes it.", False),
    ),
)
_CONSENTS = Record(
    "Consents",
    WireConsents,
    "What the person answered; nobody answers for them.",
    (
        Member(
            "processing", Flag(only=True), "The receiver may process this alert. Without it nothing is sent."
        ),
        Member(
            "third_parties",
            Flag(),
            "The receiver may hand alert and personal data to others. Absent: not answered, which is no.",
            False,
        ),
    ),
)
_SEAL = Record(
    "Seal",
    WireSeal,
    "The newest link of the chain that the measurements are kept in, when the alert was made.",
    (
        Member("sequence", Whole(0, 2**53 - 1), "Its number in the chain."),
        Member("link", _DIGEST, "Its SHA-256, in hexadecimal."),
        Member("at", Moment(), "When it was made, by the measuring machine's clock."),
    ),
)
_SIGNATURE = Record(
    "Signature",
    Signature,
    "Ed25519 (RFC 8032) over the bytes “jalerte alert 1”, a line feed, and the whole document in its canonical form "
    "(RFC 8785) without the member /evidence/signature/value. It proves that whoever holds the private key made the "
    "document exactly so, and that two alerts with one fingerprint come from one machine. It does not prove who the "
    "person is, when it was made, nor that the measurements are true.",
    (
        Member("algorithm", Choice((ALGORITHM,)), "The way of signing."),
        Member("public_key", Octets(32, 32), "The machine's public key, 32 bytes."),
        Member("fingerprint", _DIGEST, "SHA-256 of these 32 bytes, in hexadecimal."),
        Member("value", Octets(64, 64), "The signature, 64 bytes."),
    ),
)
_EVIDENCE = Record(
    "Evidence",
    Evidence,
    "What ties the alert to the machine's own record.",
    (
        Member("seal", _SEAL, "Absent where nothing was sealed yet.", False),
        Member("signature", _SIGNATURE, "Of the whole alert."),
    ),
)
ALERT = Record(
    "Alert",
    WireAlert,
    "One alert about one line. Measurements are ordinary evidence: there is no certified mechanism behind them.",
    (
        Member("version", Whole(VERSION, VERSION), "Of this schema."),
        Member("reference", _CODE, "The sender's own id of the alert: the same in each filing of it.", False),
        Member("made_at", Moment(), "When the document was made, by the sender's clock."),
        Member("program", _LINE, "What made it, with its version."),
        Member("profile", Choice(PROFILES), "Who alerts.", False),
        Member("sector", Choice(SECTORS), "What it is about.", False),
        Member("problem", _CODE, "The problem: service-quality, fibre-connection, billing…", False),
        Member("detail", _CODE, "More precisely: cuts, slow, unstable, telephone…", False),
        Member("technology", Choice(TECHNOLOGIES), "Of the line.", False),
        Member("line_confirmed", Flag(), "The person confirmed that the measured line is theirs at home."),
        Member("operator", _OPERATOR, "Only with line_confirmed true.", False),
        Member("place", _PLACE, "Where the line is."),
        Member("period", _PERIOD, "What it is about."),
        Member(
            "description", Text(LONGEST_DESCRIPTION, lines=True), "The alert in words; lines end with LF."
        ),
        Member(
            "own_words", Flag(), "True when the person wrote the description, false when the program did."
        ),
        Member("figures", _FIGURES, "The sums."),
        Member(
            "incidents",
            Each(_INCIDENT, MOST_INCIDENTS),
            "Oldest first; where too many, those held come first.",
        ),
        Member("attachments", Each(_ATTACHMENT, MOST_ATTACHMENTS), "Files that go along."),
        Member("service_contacted", Flag(), "Whether the person had contacted customer service.", False),
        Member("rating", Whole(1, 5), "The person's rating of customer service, 5 the best.", False),
        Member("contact", _CONTACT, "The person.", False),
        Member("consents", _CONSENTS, "What the person agreed to."),
        Member("evidence", _EVIDENCE, "Seal and signature."),
    ),
)
_DESK = Record(
    "Desk",
    Desk,
    "Who received.",
    (
        Member("name", Text(200), "Its name, for people."),
        Member("url", Text(500, r"https://[!-~]+"), "Where people can read about it."),
    ),
    open=True,
)
RECEIPT = Record(
    "Receipt",
    DeskReceipt,
    "The receiver's word that it keeps the alert. The same key and body give the same receipt, for ever. Readers let "
    "unknown members pass.",
    (
        Member("receipt_id", Text(200), "The receiver's own reference, for people."),
        Member("idempotency_key", Text(64, IDEMPOTENCY_KEY), "The request's Idempotency-Key."),
        Member("received_at", Moment(), "When it was kept, by the receiver's clock."),
        Member("sha256", _DIGEST, "SHA-256 of the request's body as it came, in hexadecimal."),
        Member("desk", _DESK, "Who received."),
        Member("next_steps", Each(Text(500), 10), "What happens now, for people.", False),
    ),
    open=True,
)
PROBLEM = Record(
    "Problem",
    ProblemDetails,
    "Why a request was not taken (RFC 9457). Readers let unknown members pass.",
    (
        Member("type", Text(500), "A URI of the kind of problem.", False),
        Member("title", Text(200), "What is wrong, in a line."),
        Member("status", Whole(400, 599), "The status code."),
        Member("detail", Text(2000), "What is wrong with this request.", False),
        Member("pointer", Text(400, r"(?:/[^\u0000-\u001f]*)?"), "Where in the document (RFC 6901).", False),
    ),
    open=True,
)


def json_schema() -> Schema:
    """The alert's JSON Schema (2020-12), as one document."""
    prefix = "#/$defs/"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "jalerte open alert interface, version 1",
        **ALERT.schema(prefix),
        "$defs": {record.name: record.definition(prefix) for record in ALERT.records()},
    }
