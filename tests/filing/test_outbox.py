"""The outbox: what the person may do with a filing and when; receipts and the diary."""

import sqlite3
from dataclasses import replace

import pytest

from diagnostics.model import SECOND, BadInput
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing import outbox_store as store
from jalerte_desktop.filing.outbox_model import Envelope, FilingState, Receipt
from tests.filing.post import never

NOW = 1_790_000_000 * SECOND


@pytest.fixture
def file(tmp_path):
    with open_case_file(tmp_path / "case.sqlite", lambda: NOW) as opened:
        opened.new("fixed-internet-cut", "FR", "Orange")
        yield opened


def an_envelope(
    channel="email", content=b"From: a\r\n\r\nhello\r\n", destination="service@operateur.example"
):
    return Envelope(channel, destination, content, {"from": "marie@exemple.fr", "more": "é\n“x”"})


def prepared(file, **more):
    return outbox.prepare(file, an_envelope(**more), "alert1", None)


def waiting(file, **more):
    filing = prepared(file, **more)
    return outbox.agree(file, filing.id, filing.envelope.sha256, never)


def refused(code, act, *words):
    with pytest.raises(BadInput) as caught:
        act(*words)
    assert caught.value.remark.code == code
    assert caught.value.exit_code == 2


def states(file):
    return [one.state for one in outbox.filings(file)]


def test_what_is_kept_is_what_was_given(file):
    filing = prepared(file, content=bytes(range(256)))
    kept = outbox.filing(file, filing.id)
    assert kept == filing
    assert kept.envelope.facts == an_envelope().facts
    assert kept.case_id == file.show().id
    assert kept.state is FilingState.PREPARED
    assert [one.id for one in outbox.filings(file)] == [filing.id]


def test_only_the_digest_that_was_shown_is_a_yes(file):
    filing = prepared(file)
    for wrong in ("", "0" * 64, filing.envelope.sha256[:-1], filing.envelope.sha256 + "0", "é"):
        refused("filing_digest", outbox.agree, file, filing.id, wrong, never)
    assert states(file) == [FilingState.PREPARED]
    agreed = outbox.agree(file, filing.id, filing.envelope.sha256.upper(), never)
    assert (agreed.state, agreed.agreed_ns, agreed.next_ns) == (FilingState.WAITING, NOW, NOW)
    refused("filing_is_waiting", outbox.agree, file, filing.id, filing.envelope.sha256, never)


def test_an_id_may_be_shortened_but_not_guessed(file):
    filing = prepared(file)
    assert outbox.filing(file, outbox.short(filing.id)).id == filing.id
    for given in ("", filing.id[:5], "%" * 6, "______", filing.id + "0", "' OR 1"):
        refused("filing_unknown", outbox.filing, file, given)


def test_what_was_shown_before_for_the_same_purpose_is_forgotten(file):
    first = prepared(file, content=b"one")
    other = prepared(file, content=b"two", destination="other@b.example")
    second = prepared(file, content=b"three")
    assert [one.id for one in outbox.filings(file)] == [other.id, second.id]
    refused("filing_unknown", outbox.agree, file, first.id, first.envelope.sha256, never)
    agreed = outbox.agree(file, second.id, second.envelope.sha256, never)
    prepared(file, content=b"four")
    assert agreed.id in {one.id for one in outbox.filings(file)}


def test_what_leaves_is_frozen_in_the_file_itself(file):
    filing = waiting(file)
    for column, value in (("content", b"other"), ("destination", "x@y.fr"), ("facts", "{}"), ("sha256", "0")):
        with pytest.raises(sqlite3.IntegrityError), file.writing() as db:
            db.execute(f"UPDATE filings SET {column} = ? WHERE id = ?", (value, filing.id))
    with pytest.raises(sqlite3.IntegrityError), file.writing() as db:
        db.execute("DELETE FROM filings")


def test_cancelled_until_sent(file):
    shown = prepared(file, destination="other@b.example")
    for filing in (shown, waiting(file), outbox.keep_handed(file, an_envelope(), "", None)):
        assert outbox.cancel(file, filing.id).state is FilingState.CANCELLED
        refused("filing_is_cancelled", outbox.cancel, file, filing.id)
        refused("filing_is_cancelled", outbox.retry, file, filing.id)
        refused("filing_is_cancelled", outbox.settle, file, filing.id, True)
        refused("filing_is_cancelled", outbox.agree, file, filing.id, filing.envelope.sha256, never)


def test_what_the_person_sends_is_sent_when_they_say_so_or_bring_a_receipt(file):
    said, proved, given_up = (outbox.keep_handed(file, an_envelope("jalerte"), "a", None) for _ in range(3))
    assert said.state is FilingState.HANDED
    assert outbox.settle(file, said.id, True).state is FilingState.SENT
    outbox.add_receipt(
        file, Receipt(proved.id[:8], NOW - SECOND, "page", "A-77", "Merci", b"<html>", "text/html")
    )
    assert outbox.filing(file, proved.id).state is FilingState.SENT
    assert outbox.settle(file, given_up.id, False).state is FilingState.CANCELLED
    kinds = {one.filing_id: one.kind for one in outbox.receipts(file)}
    assert kinds == {said.id: "person", proved.id: "page"}
    found = next(one for one in outbox.receipts(file) if one.kind == "page")
    assert (found.content, found.media_type, found.reference) == (b"<html>", "text/html", "A-77")


@pytest.mark.parametrize(
    ("channel", "kind"), [("email", "email"), ("registered", "letter"), ("jalerte", "note"), ("desk", "note")]
)
def test_each_receipt_is_an_entry_of_the_diary(file, channel, kind):
    filing = outbox.keep_handed(file, an_envelope(channel), "a", None)
    outbox.add_receipt(file, Receipt(filing.id, NOW - 5 * SECOND, "tracking", "RR123456785FR", "déposé"))
    (entry,) = diary.entries(file)
    assert (entry.kind, entry.source, entry.at_ns) == (kind, "filing", NOW - 5 * SECOND)
    assert entry.with_whom == "service@operateur.example"
    assert "RR123456785FR" in entry.text
    assert "déposé" in entry.text


@pytest.mark.parametrize(
    ("step", "whom"), [("consumer-service", "consumer-service"), ("the king", "service@operateur.example")]
)
def test_the_entry_is_of_the_step_that_the_envelope_names(file, step, whom):
    letter = replace(an_envelope("registered"), facts={"step": step})
    filing = outbox.keep_handed(file, letter, "a", None)
    outbox.add_receipt(file, Receipt(filing.id, NOW, "tracking", "RR1", ""))
    (entry,) = diary.entries(file)
    assert entry.with_whom == whom
    assert ("service@operateur.example" in entry.text) == (whom == step)


def test_the_entry_goes_into_the_filings_own_case(file):
    filing = outbox.keep_handed(file, an_envelope(), "a", None)
    first = file.show().id
    file.new("mobile", "FR", "Free")
    outbox.add_receipt(file, Receipt(filing.id, NOW, "person", "R1", ""))
    assert diary.entries(file) == ()
    with file.reading() as db:
        assert db.execute("SELECT case_id FROM diary").fetchall() == [(first,)]


def test_without_a_case_there_is_a_receipt_and_no_entry(tmp_path):
    with open_case_file(tmp_path / "case.sqlite", lambda: NOW) as file:
        filing = outbox.keep_handed(file, an_envelope(), "", None)
        outbox.add_receipt(file, Receipt(filing.id, NOW, "person", "R1", ""))
        assert len(outbox.receipts(file)) == 1


def test_receipts_that_do_not_fit_are_refused(file):
    handed = outbox.keep_handed(file, an_envelope(), "", None)
    for receipt, code in (
        (Receipt(handed.id, NOW + 1, "person", "R", ""), "receipt_future"),
        (Receipt(handed.id, NOW, "person", " ", "\n"), "receipt_empty"),
        (Receipt(handed.id, NOW, "person", "R" * 201, ""), "receipt_long"),
        (Receipt("nothing", NOW, "person", "R", ""), "filing_unknown"),
        (Receipt(waiting(file).id, NOW, "person", "R", ""), "filing_is_waiting"),
        (
            Receipt(prepared(file, destination="other@b.example").id, NOW, "person", "R", ""),
            "filing_is_prepared",
        ),
    ):
        refused(code, outbox.add_receipt, file, receipt)
    assert outbox.receipts(file) == ()
    assert diary.entries(file) == ()


def test_a_receipt_and_its_entry_come_together_or_not_at_all(file):
    handed = outbox.keep_handed(file, an_envelope(), "", None)
    with file.writing() as db:
        db.execute("CREATE TRIGGER no BEFORE INSERT ON diary BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        outbox.add_receipt(file, Receipt(handed.id, NOW, "person", "R", ""))
    assert outbox.receipts(file) == ()
    assert states(file) == [FilingState.HANDED]


def test_only_what_waits_is_taken_for_a_try_and_only_once(file):
    shown, filing = prepared(file, destination="other@b.example"), waiting(file)
    with file.writing() as db:
        assert store.claim(db, filing.id, NOW)
        assert not store.claim(db, filing.id, NOW)
        assert not store.claim(db, shown.id, NOW)
    assert outbox.filing(file, filing.id).attempts == 1
    refused("filing_is_sending", outbox.retry, file, filing.id)


def test_what_is_too_large_is_not_kept(file):
    refused("filing_large", outbox.prepare, file, an_envelope(content=bytes(30_000_001)), "", None)
