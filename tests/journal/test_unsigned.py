"""What is added behind the last signature, by somebody who can write the file and has not the key."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.journal import chain, format, opening, store
from diagnostics.journal.reader import Reader
from diagnostics.journal.retention import chosen
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind, Span
from tests.journal.honest import DAY, Story, copy, honest
from tests.journal.tampering import without_samples


@pytest.fixture(scope="module")
def finished(quick: Path) -> Path:
    return honest(quick / "finished" / "journal.sqlite", 5).path


def add(path: Path, *events: Event) -> None:
    """Go on with the chain as the recorder does, but for the signature: the secret is in the file."""
    with closing(sqlite3.connect(path)) as db, db:
        secret, (seq, link) = opening.secret(db), opening.end(db)
        for event in events:
            seq += 1
            fields = format.event_fields(event)
            row = store.Row(seq, str(event.kind), event.at_ns, event.at_ns, fields, b"")
            link = chain.link(link, store.record_digest(secret, row))
            db.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
                (seq, row.type, event.at_ns, event.at_ns, format.pack_fields(fields), link),
            )


def end_of(path: Path) -> int:
    with Reader(path) as reader:
        span = reader.record_span()
    assert span is not None
    return span.end_ns


def exclusion(span: Span) -> Event:
    data = {"since_ns": span.start_ns, "until_ns": span.end_ns, "reason": "?"}
    return Event(EventKind.EXCLUSION, span.end_ns, data)


def codes(path: Path) -> list[str]:
    check = verify(path)
    assert check.first_fault is None
    return [note.code for note in check.notes]


def test_what_was_added_without_the_key_is_told_and_stays_told(finished: Path, quick: Path) -> None:
    path = copy(finished, quick / "added")
    end = end_of(path)
    honest_notes = codes(path)
    assert "note_tail_unsigned" not in honest_notes
    before = verify(path).records
    add(path, exclusion(Span(end - DAY, end)), exclusion(Span(end - DAY, end - 1)))
    check = verify(path)
    assert check.first_fault is None
    note = check.notes[-1]
    assert (note.code, dict(note.values)) == (
        "note_tail_unsigned",
        {"count": 2, "first": before + 1, "last": before + 2, "at_ns": end, "kinds": "exclusion"},
    )
    with closing(Writer(path)) as writer:
        writer.recover(end + 5)
        writer.sign(end + 5)
    with Reader(path) as reader:
        (told,) = reader.events(EventKind.UNSIGNED)
    assert told.at_ns == end + 5
    assert told.data == {"first_seq": before + 1, "last_seq": before + 2, "kinds": ["exclusion"]}
    assert codes(path) == [*honest_notes, "note_unsigned_found"]
    with closing(Writer(path)) as writer:
        writer.recover(end + 6)
    assert codes(path) == [*honest_notes, "note_unsigned_found"]


def test_samples_are_not_removed_under_a_retention_that_nobody_signed(finished: Path, quick: Path) -> None:
    path = copy(finished, quick / "retained")
    end = end_of(path)
    add(path, Event(EventKind.RETENTION, end, {"keep_days": 400, "before_ns": end + DAY}))
    assert codes(path)[-1] == "note_tail_unsigned"
    with closing(sqlite3.connect(path)) as db, db:
        (first,) = db.execute("SELECT min(first) FROM pages WHERE body <> x''").fetchone()
        without_samples(db, first)
    fault = verify(path).first_fault
    assert fault is not None
    assert fault.why == "samples are missing, and no retention says so"


def test_while_nothing_can_be_signed_nothing_is_removed(quick: Path) -> None:
    story = Story(quick / "unsigned" / "journal.sqlite", 3)
    story.days(1.2)
    folder = story.path.parent / "keys"
    kept = folder.rename(folder.with_name("keys.elsewhere"))
    folder.write_text("no folder")
    late = story.wall + 500 * DAY
    story.writer.append(chosen(400, late))
    assert story.writer.unsigned is not None

    def removed() -> int:
        story.writer.seal_due(story.wall - story.offset)
        with Reader(story.path) as reader:
            return reader.pages_without_samples()

    assert removed() == 0
    folder.unlink()
    kept.rename(folder)
    story.writer.sign(late)
    assert removed() == 1
    story.writer.close()


@pytest.mark.parametrize("seed", range(4))
def test_the_newest_witnesses_are_usual_and_older_ones_are_not(quick: Path, seed: int) -> None:
    story = Story(quick / f"killed{seed}" / "journal.sqlite", seed)
    for count in (2, 0, 1):
        story.days(0.02)
        for _ in range(count):
            story.witness()
        story.killed()
    story.stop()
    assert codes(story.path) == []
    end = end_of(story.path)
    add(story.path, Event(EventKind.WITNESS, end - DAY, {"source": "traffic", "origin": "home"}))
    assert codes(story.path) == ["note_tail_unsigned"]
    with closing(Writer(story.path)) as writer:
        writer.recover(end + 5)
        writer.sign(end + 5)
    assert codes(story.path) == ["note_unsigned_found"]


def test_a_seal_that_somebody_made_up_covers_nothing(finished: Path, quick: Path) -> None:
    path = copy(finished, quick / "forged")
    end = end_of(path)
    with Reader(path) as reader:
        (seal, *_) = reader.events(EventKind.SEAL)
        head = reader.head()
    assert head is not None
    forged = {"seq": head.seq + 1, "link": "00" * 32, "signature": "00" * 64}
    add(path, exclusion(Span(end - DAY, end)), Event(EventKind.SEAL, end, {**seal.data, **forged}))
    with closing(sqlite3.connect(path)) as db, db:
        deep = format.pack_fields({"seq": b"[" * 100_000})
        db.execute(
            "INSERT INTO entries VALUES (?, 'seal', ?, ?, ?, ?)", (head.seq + 3, end, end, deep, b"\0" * 32)
        )
    assert verify(path).first_fault is not None
    with closing(Writer(path)) as writer:
        writer.recover(end + 5)
    with Reader(path) as reader:
        (told,) = reader.events(EventKind.UNSIGNED)
    assert told.data["kinds"] == ["exclusion", "seal"]


@pytest.mark.parametrize(
    "data", [{}, {"first_seq": 1, "last_seq": 2, "kinds": "exclusion"}, {"first_seq": "x", "kinds": ["seal"]}]
)
def test_a_remark_that_is_none_is_a_fault(
    finished: Path, quick: Path, data: dict[str, str | int | list[str]]
) -> None:
    path = copy(finished, quick / "odd")
    with closing(Writer(path)) as writer:
        writer.append(Event(EventKind.UNSIGNED, end_of(path), json.loads(json.dumps(data))))
    assert verify(path).first_fault is not None
