"""What goes into an evidence bundle: records, tables, report, stamps, files of a period, as one copy may have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.journal.reader import Reader
from diagnostics.machine_key import MachineKey
from diagnostics.model import SECOND, Problem
from jalerte_desktop.casefile.text import fold
from jalerte_desktop.documents.bundle import manifest, preview, readme, records, tables
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import VERIFY, verify_alone
from jalerte_desktop.documents.bundle.preview import Preview, Unreadable
from jalerte_desktop.documents.bundle.redacted_facts import redact_facts
from jalerte_desktop.documents.bundle.redaction import Redaction
from jalerte_desktop.documents.bundle.shown import Shower
from jalerte_desktop.documents.bundle.walk import (
    Walk,
    Walked,
    dated_links,
    joined,
    line_before,
    range_of,
    stamps_of,
    windows_of,
)
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.words.language import speaking

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of the case: ``kind`` as in ``filing.model.Attachment``."""

    kind: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Making:
    """What a bundle is made by and when. ``render`` makes the report's PDF of facts and a language ("fr", "en").

    ``bare`` gives a file's content without what a camera wrote beside the picture, for its kind and content; None where
    that cannot be taken out. ``stamp_roots``: those that the person named for time stamps, if any.
    """

    language: str
    made_ns: int
    program: str
    key: MachineKey
    render: Callable[[ReportFacts, str], bytes]
    bare: Callable[[str, bytes], bytes | None]
    stamp_roots: Sequence[Certificate] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """The members in their order, signed, and what was taken out."""

    members: tuple[Member, ...]
    preview: Preview


def compose(
    reader: Reader,
    facts: ReportFacts,
    copy: str,
    making: Making,
    attached: Sequence[AttachedFile] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Bundle:
    """The bundle of the facts' period for ``copy``, one of ``redaction.COPIES``. ``progress``: records done, of all.

    The report within is made from the facts that this copy may tell. Raises Problem("bundle_nothing") where nothing of
    the period is sealed yet, and what the reader and ``making.render`` raise.
    """
    redaction = Redaction(copy, datetime.fromtimestamp(making.made_ns // SECOND, UTC).date())
    with speaking(making.language):
        return _composed(reader, facts, redaction, making, attached, progress)


def _composed(
    reader: Reader,
    facts: ReportFacts,
    redaction: Redaction,
    making: Making,
    attached: Sequence[AttachedFile],
    progress: Callable[[int, int], None] | None,
) -> Bundle:
    findings = facts.account.findings
    told = redact_facts(facts, redaction)
    incidents = tables.incidents_of(facts)
    made = tables.Tables(reader.numbers, redaction)
    shower = Shower(redaction, findings.line, reader.salt_of, line_before(reader, findings.span.start_ns))
    called = told.account.findings.line.id
    walk = Walk(reader, shower, made, findings.line.id, windows_of(incidents))
    walked = Walked()
    dated = dated_links(reader, making.stamp_roots)
    reach = range_of(reader, findings.span, making.key.public_bytes.hex(), dated)
    chain = records.write(walk.records(*reach, walked, progress))
    if walked.first is None or walked.last is None:
        raise Problem("bundle_nothing")
    rollups, samples = made.finish()
    incidents_told = tables.incidents_told(told, walked.references(incidents))
    stamps = stamps_of(reader, dated, walked.first, walked.last, walked.holes)
    about = manifest.About(
        # A clock that was set back in between made records that are of later.
        made_ns=max(making.made_ns, walked.end_ns, findings.span.end_ns),
        program=making.program,
        copy=redaction.copy,
        since_ns=findings.span.start_ns,
        until_ns=findings.span.end_ns,
        demo=facts.demo,
        rules=redaction.rules.version,
        first=walked.first,
        last=walked.last,
        seal=walked.seal,
        counts={
            "records": walked.records,
            "samples": walked.samples,
            "rollups": rollups.rows,
            "stamps": len(stamps) // 2,
        },
        more={
            "language": making.language,
            "line": called,
            "targets": made.told(),
            "complete": all(one.link for one in walked.holes),
        },
        holes=tuple(
            (one.first_seq, one.last_seq, one.span.start_ns, one.span.end_ns)
            for one in walked.holes
            if one.link
        ),
    )
    body = [
        Member(manifest.KEY, manifest.key_pem(making.key.public_bytes)),
        Member(manifest.ABOUT, about.to_bytes()),
        Member("report.pdf", making.render(told, making.language)),
        Member("incidents.json", tables.incidents_json(told, incidents_told, making.language)),
        Member("incidents.csv", tables.incidents_csv(incidents_told)),
        Member(records.MEMBER, chain),
        Member("rollups.csv.gz", rollups.data),
        Member("samples.csv.gz", samples.data),
        *stamps,
        *_files(attached, redaction, making.bare),
    ]
    # Only now is everything decided.
    unreadable = tuple(Unreadable(one.first_seq, one.last_seq, one.span) for one in walked.holes)
    taken = preview.removed_of(redaction, shower.left, unreadable)
    body.append(
        Member(preview.REMOVED, preview.removed_json(redaction, taken, joined(walked.gone), walked.hidden))
    )
    body.append(Member(VERIFY, verify_alone()))
    names = tuple(member.name for member in stamps)
    read_me = readme.Told(
        told,
        redaction.copy,
        making.key.fingerprint,
        walked.last.seq,
        walked.last.link.hex(),
        names,
        making.program,
        unreadable,
    )
    first = [
        Member(name, readme.text(read_me, code))
        for name, code in zip(manifest.FIRST, ("fr", "en"), strict=True)
    ]
    members = manifest.assemble([*first, *body], making.key.sign)
    shown_members = preview.shown_members(members)
    return Bundle(members, Preview(redaction.copy, facts.demo, findings.span, shown_members, taken))


def _files(
    attached: Sequence[AttachedFile], redaction: Redaction, bare: Callable[[str, bytes], bytes | None]
) -> Iterator[Member]:
    for number, one in enumerate(attached[:_MOST_FILES], 1):
        if not redaction.shows(f"attachment:{one.kind}", value=one.name):
            continue
        content = bare(one.kind, one.content)
        if content is not None:
            yield Member(f"attachments/{_file_name(number, one.name)}", content)
        elif redaction.shows("attachment:photo_with_metadata", value=one.name):
            yield Member(f"attachments/{_file_name(number, one.name)}", one.content)


def _file_name(number: int, name: str) -> str:
    """``01-photo-box.jpg``: plain letters and digits, never two alike."""
    stem, suffix = Path(name).stem, Path(name).suffix
    plain = re.sub(r"[^a-z0-9]+", "-", fold(stem)).strip("-")[:40] or "file"
    ending = re.sub(r"[^a-z0-9]", "", suffix.casefold())[:8]
    return f"{number:02d}-{plain}" + (f".{ending}" if ending else "")
