"""What goes into an evidence bundle: records, tables, report, stamps, files of a period, as one copy may have them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from diagnostics.journal.chain import GENESIS
from diagnostics.journal.codec import DamagedBatch, decode_samples
from diagnostics.journal.format import target_of
from diagnostics.journal.legacy import decode_batch, decompress
from diagnostics.journal.reader import Reader, StoredRecord
from diagnostics.machine_key import MachineKey
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Problem, Sample, Span, Target
from jalerte_desktop.casefile.text import fold
from jalerte_desktop.documents.bundle import manifest, preview, readme, records, shown, tables
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.preview import Preview
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown
from jalerte_desktop.documents.bundle.redacted_facts import redact_facts
from jalerte_desktop.documents.bundle.redaction import Redaction
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.filing import photos
from jalerte_desktop.filing.photo_copy import without_metadata
from jalerte_desktop.words.language import speaking

AROUND_NS = 2 * MINUTE
"""So much before and after an incident is shown with its samples."""
LATE_NS = 5 * MINUTE
"""Minutes are sealed some seconds after their end: so long after the period's end none of its own can come any more."""
MOST_MORE = 5000
"""So many records more at most, for an outside time stamp to cover the whole period."""
_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of the case: ``kind`` as in ``filing.model.Attachment``."""

    kind: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Making:
    """What a bundle is made by and when. ``render`` makes the report's PDF of facts and a language ("fr", "en")."""

    language: str
    made_ns: int
    program: str
    key: MachineKey
    render: Callable[[ReportFacts, str], bytes]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The members in their order, signed, and what was taken out."""

    members: tuple[Member, ...]
    preview: Preview


@dataclass(slots=True)
class _Walk:
    """What the pass over the chain brings together."""

    first: manifest.Link | None = None
    last: manifest.Link | None = None
    seal: manifest.Link | None = None
    count: int = 0
    samples: int = 0
    batches: list[tuple[int, Span, bool, bool]] = field(default_factory=list)
    """Number, times, whether of the bundle's line, whether its samples are shown."""
    gone: list[int] = field(default_factory=list)
    """Batches of incidents whose samples were not there any more, or may not be shown."""


def compose(
    reader: Reader,
    facts: ReportFacts,
    copy: str,
    making: Making,
    attached: Sequence[AttachedFile] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Bundle:
    """The bundle of the facts' period for ``copy`` (one of ``redaction.COPIES``). ``progress`` is told records done.

    The report within is made from the facts that this copy may tell. Raises Problem("bundle_nothing") where nothing of
    the period is sealed yet, and what the reader and ``making.render`` raise.
    """
    redaction = Redaction(copy, datetime.fromtimestamp(making.made_ns // SECOND, UTC).date())
    with speaking(making.language):
        told = redact_facts(facts, redaction)
        findings = facts.account.findings
        after, until = _range(reader, findings.span)
        windows = _windows(facts)
        walk = _Walk()
        targets = dict(_targets(reader))
        made_tables = tables.Tables(targets, redaction)
        shower = shown.Shower(redaction, findings.line, reader.salt_of, _line_before(reader, findings.span))
        chain = records.write(
            _watched(
                _walked(reader, after, until, walk, windows, shower, made_tables, targets, facts, told),
                progress,
                until - after,
            )
        )
        if walk.first is None or walk.last is None:
            raise Problem("bundle_nothing")
        rollups, samples = made_tables.finish()
        references = _references(facts, walk)
        stamps = _stamps(reader, walk)
        files = tuple(_files(attached, redaction))
        about = manifest.About(
            made_ns=making.made_ns,
            program=making.program,
            copy=copy,
            since_ns=findings.span.start_ns,
            until_ns=findings.span.end_ns,
            demo=facts.demo,
            rules=redaction.rules.version,
            first=walk.first,
            last=walk.last,
            seal=walk.seal,
            counts={
                "records": walk.count,
                "samples": walk.samples,
                "rollups": rollups.rows,
                "stamps": len(stamps) // 2,
            },
            more={
                "language": making.language,
                "line": told.account.findings.line.id,
                "targets": [
                    {
                        "number": number,
                        "role": str(target.role),
                        "protocol": str(target.protocol),
                        "address": made_tables.target(target),
                    }
                    for number, target in sorted(targets.items())
                    if made_tables.tells(target)
                ],
            },
        )
        body = [
            Member(manifest.KEY, manifest.key_pem(making.key.public_bytes)),
            Member(manifest.ABOUT, about.to_bytes()),
            Member("report.pdf", making.render(told, making.language)),
            Member("incidents.json", tables.incidents_json(told, references, making.language)),
            Member("incidents.csv", tables.incidents_csv(told, references)),
            Member(records.MEMBER, chain),
            Member("rollups.csv.gz", rollups.data),
            Member("samples.csv.gz", samples.data),
            *stamps,
            *files,
        ]
        removed = preview.removed_of(redaction, shower.left)
        body.append(
            Member(
                preview.REMOVED, preview.removed_json(copy, redaction, removed, _joined(sorted(walk.gone)))
            )
        )
        body.append(Member("verify.py", _verify_alone()))
        told_of = readme.Told(
            told,
            copy,
            making.key.fingerprint,
            walk.last.seq,
            walk.last.link.hex(),
            tuple(m.name for m in stamps),
            making.program,
        )
        members = manifest.assemble(
            [
                Member("LISEZMOI.txt", readme.text(told_of, "fr")),
                Member("README.txt", readme.text(told_of, "en")),
                *body,
            ],
            making.key.sign,
        )
        return Bundle(
            members, preview.Preview(copy, facts.demo, findings.span, preview.shown_members(members), removed)
        )


def _watched(
    found: Iterator[BundleRecord], progress: Callable[[int, int], None] | None, of: int
) -> Iterator[BundleRecord]:
    for number, record in enumerate(found, 1):
        yield record
        if progress is not None and not number % 500:
            progress(number, max(of, number))


def _targets(reader: Reader) -> Iterator[tuple[int, Target]]:
    for event in reader.events(EventKind.TARGETS):
        yield target_of(event)


def _line_before(reader: Reader, span: Span) -> str:
    """The line in use as the period begins."""
    line = ""
    for event in reader.events(EventKind.LINE):
        if event.at_ns > span.start_ns:
            break
        line = str(event.data.get("id") or "")
    return line


def _range(reader: Reader, span: Span) -> tuple[int, int]:
    """The number before the first record, and the last one's.

    From the first that touches the period to the first seal after the last that does; and on to the first seal with an
    outside time stamp, where that is near.
    """
    head = reader.head()
    if head is None:
        raise Problem("bundle_nothing")
    recorded = reader.record_span()
    if recorded is None or recorded.start_ns >= span.start_ns:
        after = 0  # nothing was measured before: how the recording began belongs to it
    else:
        after = reader.seq_before(span.start_ns)
        for record in reader.records(after, head.seq):
            if record.end_ns >= span.start_ns:
                after = record.seq - 1
                break
    last = until = 0
    for record in reader.records(max(after, reader.seq_before(span.end_ns) - 1), head.seq):
        if record.start_ns < span.end_ns and record.end_ns >= span.start_ns:
            last, until = record.seq, 0
        elif record.type == EventKind.SEAL and record.end_ns >= span.end_ns and not until:
            until = record.seq
        if until and record.start_ns > span.end_ns + LATE_NS:
            break
    until = until or head.seq
    stamped = sorted(
        seq for seq in (_whole(event, "seq") for event in reader.events(EventKind.STAMP)) if seq >= last
    )
    if stamped and until < stamped[0] <= min(head.seq, until + MOST_MORE):
        until = stamped[0]
    return after, until


def _whole(event: Event, name: str) -> int:
    value = event.data.get(name)
    return value if isinstance(value, int) else -1


def _windows(facts: ReportFacts) -> tuple[Span, ...]:
    """The times whose samples are shown: the line's incidents, with something around them; none overlap."""
    findings = facts.account.findings
    found: list[Span] = []
    for incident in sorted(findings.incidents, key=lambda one: one.span.start_ns):
        if incident.line.id != findings.line.id:
            continue
        span = Span(incident.span.start_ns - AROUND_NS, incident.span.end_ns + AROUND_NS)
        if found and span.start_ns <= found[-1].end_ns:
            found[-1] = Span(found[-1].start_ns, max(found[-1].end_ns, span.end_ns))
        else:
            found.append(span)
    return tuple(found)


def _walked(
    reader: Reader,
    after: int,
    until: int,
    walk: _Walk,
    windows: tuple[Span, ...],
    shower: shown.Shower,
    made_tables: tables.Tables,
    targets: Mapping[int, Target],
    facts: ReportFacts,
    told: ReportFacts,
) -> Iterator[BundleRecord]:
    """The records one after the other; tables and counts are filled as they pass."""
    findings = facts.account.findings
    before = _link_before(reader, after)
    here = told.account.findings.line.id
    for stored in reader.records(after, until):
        walk.first = walk.first or manifest.Link(stored.seq, before)
        walk.last = manifest.Link(stored.seq, stored.link)
        walk.count += 1
        batch = stored.type == shown.SAMPLES
        line_id = stored.fields["line"].decode() if batch else ""
        ours = line_id == findings.line.id
        whole = ours and any(_touches(stored, window) for window in windows) if batch else False
        record = shower.show(stored, whole)
        if stored.type == EventKind.SEAL:
            walk.seal = _sealed(record) or walk.seal
        if batch:
            letter = here if ours else record.shown_line
            samples = _shown_samples(record, targets)
            rollup = _shown_rollup(record)
            if rollup is not None:
                made_tables.rollup(stored.seq, stored.start_ns, letter, rollup, ours)
            if samples is not None:
                walk.samples += made_tables.samples(stored.seq, letter, samples)
            elif whole:
                walk.gone.append(stored.seq)
            span = Span(stored.start_ns, stored.end_ns)
            walk.batches.append((stored.seq, span, ours, samples is not None or whole))
        yield record


def _link_before(reader: Reader, after: int) -> bytes:
    return GENESIS if not after else reader.link_at(after) or GENESIS


def _touches(record: StoredRecord, span: Span) -> bool:
    return record.start_ns < span.end_ns and record.end_ns >= span.start_ns


def _sealed(record: BundleRecord) -> manifest.Link | None:
    fields = record.fields
    if isinstance(record.whole, WholeShown) or "seq" not in fields or "link" not in fields:
        return None
    seq, link = fields["seq"], fields["link"]
    if not isinstance(seq, FieldShown) or not isinstance(link, FieldShown):
        return None
    return manifest.Link(int(seq.value), bytes.fromhex(link.value.decode().strip('"')))


def _shown_rollup(record: BundleRecord) -> bytes | None:
    if isinstance(record.whole, WholeShown):
        return record.whole.rollup
    found = record.fields.get("rollup")
    return found.value if isinstance(found, FieldShown) else None


def _shown_samples(record: BundleRecord, targets: Mapping[int, Target]) -> list[Sample] | None:
    """The samples that the copy shows of a batch; None where it shows none. Raises Problem for a damaged one."""
    try:
        if isinstance(record.whole, WholeShown):
            return decode_batch(decompress(record.whole.body), targets.__getitem__)
        if not isinstance(record.fields.get("samples"), FieldShown):
            return None
        values = {name: one.value for name, one in record.fields.items() if isinstance(one, FieldShown)}
        return decode_samples(values, targets.__getitem__)
    except DamagedBatch as error:
        raise Problem("block_damaged", seq=record.seq) from error


def _references(facts: ReportFacts, walk: _Walk) -> tuple[tables.Ranges, ...]:
    """For each incident of the line the ranges of batches that it stands on."""
    found = []
    for incident in tables.incidents_of(facts):
        around = Span(incident.span.start_ns - AROUND_NS, incident.span.end_ns + AROUND_NS)
        ranges: list[tuple[int, int]] = []
        broken = True
        for seq, span, ours, there in walk.batches:
            touches = ours and there and span.start_ns < around.end_ns and span.end_ns >= around.start_ns
            if touches and broken:
                ranges.append((seq, seq))
            elif touches:
                ranges[-1] = (ranges[-1][0], seq)
            broken = not touches
        found.append(tuple(ranges))
    return tuple(found)


def _joined(numbers: Sequence[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _stamps(reader: Reader, walk: _Walk) -> tuple[Member, ...]:
    """Each outside time stamp of a link that is in the bundle: the answer, and the 32 bytes it dates."""
    found: dict[int, tuple[bytes, bytes]] = {}
    first, last = walk.first, walk.last
    assert first is not None
    assert last is not None
    for event in reader.events(EventKind.STAMP):
        seq = _whole(event, "seq")
        try:
            token = base64.b64decode(str(event.data.get("token")), validate=True)
            link = bytes.fromhex(str(event.data.get("link")))
        except (binascii.Error, ValueError):
            continue
        if first.seq <= seq <= last.seq:
            found[seq] = token, link
    return tuple(
        Member(f"stamps/{seq:08d}.{kind}", content)
        for seq, pair in sorted(found.items())
        for kind, content in zip(("tsr", "link"), pair, strict=True)
    )


def _files(attached: Sequence[AttachedFile], redaction: Redaction) -> Iterator[Member]:
    for number, one in enumerate(attached[:_MOST_FILES], 1):
        if not redaction.shows(f"attachment:{one.kind}", value=one.name):
            continue
        content = without_metadata(one.content)
        if content is None:
            content = one.content
            picture = one.kind == "photo" or photos.place_of(content) is not photos.Place.NONE
            if (
                picture
                and not content.startswith(b"%PDF")
                and not redaction.shows("attachment:photo_with_metadata", value=one.name)
            ):
                continue
        yield Member(f"attachments/{_file_name(number, one.name)}", content)


def _file_name(number: int, name: str) -> str:
    """``01-photo-box.jpg``: plain letters and digits, never two alike."""
    stem, suffix = Path(name).stem, Path(name).suffix
    plain = re.sub(r"[^a-z0-9]+", "-", fold(stem)).strip("-")[:40] or "file"
    ending = re.sub(r"[^a-z0-9]", "", suffix.casefold())[:8]
    return f"{number:02d}-{plain}" + (f".{ending}" if ending else "")


def _verify_alone() -> bytes:
    """The stand-alone checker, as it ships."""
    return Path(__file__).with_name("verify_alone.py").read_bytes()


__all__ = ["AttachedFile", "Bundle", "Making", "compose"]
