"""What the commands of filing answer, as facts: the alert, routes, filings, receipts. Broken parts are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from diagnostics.model import SECOND
from jalerte_desktop.casefile.fields import FIELDS

Answer = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AttachmentFacts:
    """A file of the draft."""

    name: str
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A field of the form without a value. ``kind``: missing optional reserved; ``key`` is the case's, or ""."""

    label: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """The alert as it stands. ``draft`` is "" before one was begun. Times are UTC ns.

    ``letters`` are files that go along by themselves. ``whole`` is the command's answer as it came.
    """

    draft: str
    own_words: bool
    start_ns: int | None
    end_ns: int | None
    description: str
    limit: int | None
    attachments: tuple[AttachmentFacts, ...]
    letters: tuple[str, ...]
    gaps: tuple[Gap, ...]
    warnings: tuple[str, ...]
    nature: str
    notice: str
    whole: Answer

    @property
    def missing(self) -> tuple[Gap, ...]:
        """What the form will not be taken without."""
        return tuple(gap for gap in self.gaps if gap.kind == "missing")


def alert_of(answer: object) -> AlertFacts | None:
    """The alert from what ``alert preview|new|edit --json`` printed; None where that is something else."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("fields"), list):
        return None
    draft = part(answer, "draft")
    form, period = part(answer, "form"), part(answer, "period")
    own = each(draft.get("attachments"), _attachment)
    names = {one.name for one in own}
    paths = texts(answer.get("attachments"))[len(own) :]
    return AlertFacts(
        text(draft.get("id")),
        draft.get("own_words") is True,
        moment(period.get("start")),
        moment(period.get("end")),
        text(answer.get("description")),
        whole(answer.get("description_limit")),
        own,
        tuple(path for path in paths if path not in names),
        each(answer.get("missing_details"), _gap),
        sentences(answer.get("warnings")),
        text(form.get("nature")),
        text(answer.get("notice")),
        answer,
    )


def _attachment(entry: Answer) -> AttachmentFacts:
    return AttachmentFacts(str(entry["name"]), text(entry.get("kind")), whole(entry.get("bytes")) or 0)


def _gap(entry: Answer) -> Gap:
    key = text(entry.get("key"))
    return Gap(
        text(entry.get("label")) or str(entry["name"]), text(entry.get("kind")), key if key in FIELDS else ""
    )


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """Somebody who takes the problem, or refuses it. ``by``: channels that can carry it; ``form`` its map, or ""."""

    channel: str
    title: str
    takes: bool
    why: str
    before: str
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    by: tuple[str, ...]
    form: str
    url: str
    email: str
    address: tuple[str, ...]


def routes_of(answer: object) -> tuple[RouteFacts, ...]:
    """What ``alert routes --json`` printed, in its order."""
    return each(answer.get("routes") if isinstance(answer, Mapping) else None, _route)


def _route(entry: Answer) -> RouteFacts:
    return RouteFacts(
        str(entry["channel"]),
        text(entry.get("title")) or str(entry["channel"]),
        entry.get("takes") is not False,
        words(entry.get("why")),
        words(entry.get("before")),
        sentences(entry.get("notes")),
        sentences(entry.get("doubts")),
        texts(entry.get("by")),
        text(entry.get("form")),
        text(entry.get("url")),
        text(entry.get("email")),
        texts(entry.get("address")),
    )


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """One sending and how far it is; times are UTC ns, None where there is none.

    ``withdrawn`` says why it must not leave any more, "" where it may: what it holds no longer stands.
    """

    id: str
    channel: str
    destination: str
    state: str
    prepared_ns: int
    attempts: int
    next_ns: int | None
    ended_ns: int | None
    problem: str
    withdrawn: str = ""

    @property
    def stopped(self) -> bool:
        """The program did not let it leave, and will not."""
        return self.state == "failed" and bool(self.withdrawn)

    @property
    def waits(self) -> bool:
        """Has the program something to do for it?"""
        return self.state in ("waiting", "sending")


def filings_of(answer: object) -> tuple[FilingFacts, ...]:
    """What ``alert queue --json`` printed, newest first."""
    found = each(answer.get("filings") if isinstance(answer, Mapping) else None, _filing)
    return tuple(sorted(found, key=lambda one: one.prepared_ns, reverse=True))


def _filing(entry: Answer) -> FilingFacts:
    return FilingFacts(
        str(entry["id"]),
        str(entry["channel"]),
        text(entry.get("destination")),
        str(entry["state"]),
        moment(entry.get("prepared")) or 0,
        whole(entry.get("attempts")) or 0,
        moment(entry.get("next")),
        moment(entry.get("ended")),
        words(entry.get("problem")),
        words(entry.get("withdrawn")),
    )


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """The proof that a filing left or arrived. ``bytes`` of its file, 0 where it has none."""

    id: str
    filing: str
    at_ns: int
    kind: str
    reference: str
    text: str
    bytes: int
    media_type: str


def receipts_of(answer: object) -> tuple[ReceiptFacts, ...]:
    """What ``alert receipts --json`` printed, newest first."""
    found = each(answer.get("receipts") if isinstance(answer, Mapping) else None, _receipt)
    return tuple(sorted(found, key=lambda one: one.at_ns, reverse=True))


def _receipt(entry: Answer) -> ReceiptFacts:
    return ReceiptFacts(
        str(entry["id"]),
        text(entry.get("filing")),
        moment(entry.get("at")) or 0,
        text(entry.get("kind")),
        text(entry.get("reference")),
        text(entry.get("text")),
        whole(entry.get("bytes")) or 0,
        text(entry.get("media_type")),
    )


@dataclass(frozen=True, slots=True)
class DiaryFacts:
    """One entry of the diary. ``source``: person, or filing for what a receipt put there."""

    id: str
    kind: str
    at_ns: int
    until_ns: int | None
    with_whom: str
    text: str
    promise: str
    due: date | None
    source: str


def diary_of(answer: object) -> tuple[DiaryFacts, ...]:
    """What ``diary list --json`` printed, newest first."""
    found = each(answer.get("entries") if isinstance(answer, Mapping) else None, _entry)
    return tuple(sorted(found, key=lambda one: one.at_ns, reverse=True))


def _entry(entry: Answer) -> DiaryFacts:
    at_ns = moment(entry["at"])
    if at_ns is None:
        raise ValueError
    due = text(entry.get("due"))
    return DiaryFacts(
        str(entry["id"]),
        str(entry["kind"]),
        at_ns,
        moment(entry.get("until")),
        text(entry.get("with")),
        text(entry.get("text")),
        text(entry.get("promise")),
        date.fromisoformat(due) if due else None,
        text(entry.get("source")),
    )


# --- reading with care ---


def each(value: object, read: Callable[[Answer], T]) -> tuple[T, ...]:
    """Every entry of a list that can be read."""
    found: list[T] = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, Mapping):
            try:
                found.append(read(entry))
            except (KeyError, TypeError, ValueError):
                continue
    return tuple(found)


def part(answer: object, name: str) -> Answer:
    """A document inside a document; an empty one where it is missing."""
    value = answer.get(name) if isinstance(answer, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def words(value: object) -> str:
    """A sentence, as it is or with its code beside it."""
    return text(value.get("text")) if isinstance(value, Mapping) else text(value)


def sentences(value: object) -> tuple[str, ...]:
    found = (words(one) for one in (value if isinstance(value, list) else ()))
    return tuple(one for one in found if one)


def whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: object) -> int | None:
    """UTC ns from ISO 8601 with offset; None for anything else, and for what no calendar could show everywhere."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is None or at.tzinfo is None or not 1970 < at.year < 9999:
            return None
        return round(at.timestamp() * 1000) * (SECOND // 1000)
    except (ValueError, OverflowError):
        return None
