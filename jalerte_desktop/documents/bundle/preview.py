"""What is in a bundle and what was taken out, before it is written: for people, for scripts, and in the bundle."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from diagnostics.model import Span
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.hidden import Hidden, hidden_json
from jalerte_desktop.documents.bundle.redaction import LANGUAGES, UNKNOWN, Redaction, Rule
from jalerte_desktop.documents.bundle.shown import AGED, QUIET
from jalerte_desktop.words.figures import iso, local, number
from jalerte_desktop.words.language import N_, _, current, ngettext

REMOVED = "removed.json"
_WHAT = {
    "LISEZMOI.txt": N_("how to check it, in French"),
    "README.txt": N_("how to check it, in English"),
    "manifest.sha256": N_("the SHA-256 of every file"),
    "manifest.sig": N_("this computer’s signature of that list"),
    "key.pem": N_("the public key that the signature is checked with"),
    "bundle.json": N_("period, copy, first and last record, seal"),
    "report.pdf": N_("the report, made for this copy"),
    "incidents.json": N_("the incidents, with reasons and counter-evidence"),
    "incidents.csv": N_("the same, for a spreadsheet"),
    "chain/records.jsonl.gz": N_("the journal’s records of the period, what is hidden as digests"),
    "rollups.csv.gz": N_("figures minute by minute"),
    "samples.csv.gz": N_("every sample of the incidents and two minutes around"),
    REMOVED: N_("what was taken out, and by which rule"),
    "verify.py": N_("a small program that checks all this"),
}
_FOLDERS = {
    "stamps/": N_("an outside time stamp, and what it dates"),
    "attachments/": N_("a file of your case"),
}


@dataclass(frozen=True, slots=True)
class ShownMember:
    """One file of the bundle: its name and size in bytes."""

    name: str
    size: int

    @property
    def what(self) -> str:
        """What it holds, in the active language."""
        if self.name in _WHAT:
            return _(_WHAT[self.name])
        return next((_(words) for folder, words in _FOLDERS.items() if self.name.startswith(folder)), "")


@dataclass(frozen=True, slots=True)
class Removed:
    """What one rule took out: how many values, and of what (a rule's path with its count)."""

    rule: Rule
    count: int
    what: tuple[tuple[str, int], ...]

    def reason(self, language: str) -> str:
        return self.rule.reason[language]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Records that could not be read in the journal, by number (both included), and their time as far as known."""

    first: int
    last: int
    span: Span


@dataclass(frozen=True, slots=True)
class Taken:
    """All that is not in the bundle. ``quiet`` and ``aged`` are minutes without their samples: nothing happened in

    them, or retention had removed the samples before. ``unreadable``: what was damaged in the journal.
    """

    by_rule: tuple[Removed, ...]
    quiet: int
    aged: int
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be handed over: for whom, of which period, which files, and what is lacking."""

    copy: str
    demo: bool
    span: Span
    members: tuple[ShownMember, ...]
    taken: Taken

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(member.size for member in self.members)


def shown_members(members: Sequence[Member]) -> tuple[ShownMember, ...]:
    return tuple(ShownMember(member.name, len(member.data)) for member in members)


def removed_of(redaction: Redaction, left: Counter[str], unreadable: tuple[Unreadable, ...] = ()) -> Taken:
    """What a copy's decisions took out so far, rule by rule in the order of the file."""
    by_rule = []
    for rule in (*redaction.rules.rules, UNKNOWN):
        what = tuple(
            sorted((path, n) for (rule_id, path), n in redaction.removed.items() if rule_id == rule.id)
        )
        if what:
            by_rule.append(Removed(rule, sum(n for _path, n in what), what))
    return Taken(tuple(by_rule), left[QUIET], left[AGED], unreadable)


def removed_json(
    redaction: Redaction, taken: Taken, records: Sequence[Sequence[int]], hidden: Hidden
) -> bytes:
    """``removed.json``: also where nothing was taken out. ``records``: ranges of incidents' batches without samples.

    ``hidden``: how often each field of the chain is a digest alone, whatever the reason.
    """
    document = {
        "version": 1,
        "copy": redaction.copy,
        "rules": redaction.rules.version,
        "records": [list(one) for one in records],
        "quiet_minutes_without_samples": taken.quiet,
        "minutes_removed_by_age": taken.aged,
        "unreadable": [_unreadable(one) for one in taken.unreadable],
        "hidden": hidden_json(hidden),
        "taken_out": [_rule(one) for one in taken.by_rule],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _rule(one: Removed) -> dict[str, Any]:
    rule = one.rule
    return {
        "rule": rule.id,
        "count": one.count,
        "what": dict(one.what),
        **{f"reason_{language}": rule.reason[language] for language in LANGUAGES},
        "valid_from": rule.valid_from.isoformat(),
        "checked_on": rule.checked_on.isoformat(),
        "source": rule.source,
    }


def preview_json(preview: Preview) -> dict[str, Any]:
    """The preview as a document for scripts."""
    return {
        "copy": preview.copy,
        "demo": preview.demo,
        "bytes": preview.size,
        "members": [{"name": m.name, "bytes": m.size, "what": m.what} for m in preview.members],
        "taken_out": [_told(one) for one in preview.taken.by_rule],
        "quiet_minutes_without_samples": preview.taken.quiet,
        "minutes_removed_by_age": preview.taken.aged,
        "unreadable": [_unreadable(one) for one in preview.taken.unreadable],
    }


def _unreadable(one: Unreadable) -> dict[str, Any]:
    return {
        "first": one.first,
        "last": one.last,
        "start": iso(one.span.start_ns),
        "end": iso(one.span.end_ns),
    }


def _told(one: Removed) -> Mapping[str, Any]:
    return {"rule": one.rule.id, "count": one.count, "what": dict(one.what), "reason": one.reason(current())}


def preview_lines(preview: Preview) -> Iterator[str]:
    """The preview for a terminal."""
    yield _("In it:")
    width = max(len(member.name) for member in preview.members)
    for member in preview.members:
        yield f"  {member.name:<{width}}  {_size(member.size):>9}  {member.what}"
    yield ""
    taken = preview.taken
    if taken.unreadable:
        yield _("Warning: a part of the journal was damaged. It is not in the bundle, which says so:")
    for hole in taken.unreadable:
        words = _("Minutes from {since} to {until} could not be read ({records}).")
        count = hole.last - hole.first + 1
        yield "  " + words.format(
            since=minute(hole.span.start_ns),
            until=minute(hole.span.end_ns),
            records=ngettext("{n} record", "{n} records", count).format(n=number(count)),
        )
    if taken.unreadable:
        yield ""
    if not taken.by_rule:
        yield _("Nothing was taken out.")
    else:
        yield _("Taken out:")
    for one in taken.by_rule:
        values = ngettext("{n} value", "{n} values", one.count).format(n=number(one.count))
        yield f"  {one.reason(current())}"
        yield f"      {values} ({one.rule.id})"
    if taken.quiet:
        words = ngettext(
            "{n} quiet minute has its figures and digests, not its samples.",
            "{n} quiet minutes have their figures and digests, not their samples.",
            taken.quiet,
        )
        yield "  " + words.format(n=number(taken.quiet))
    if taken.aged:
        words = ngettext(
            "The samples of {n} minute had been removed by age before.",
            "The samples of {n} minutes had been removed by age before.",
            taken.aged,
        )
        yield "  " + words.format(n=number(taken.aged))


def minute(ns: int, zone: tzinfo | None = None) -> str:
    """``17/11/2026 08:12``, local or as in ``zone``."""
    return f"{local(ns, zone):%d/%m/%Y %H:%M}"


def _size(size: int) -> str:
    return _("{size} kB").format(size=number(size / 1000, 1 if size < 100_000 else 0))
