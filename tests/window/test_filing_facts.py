"""What commands answer, whatever it is, becomes facts and words; what cannot be read is left out, never raised."""

from __future__ import annotations

import base64
import json
from datetime import date, time

import filing_examples as examples
import pytest
from hypothesis import given
from hypothesis import strategies as any_

from jalerte_desktop.filing.outbox_model import FilingState
from jalerte_desktop.window.alert_form import form_words
from jalerte_desktop.window.alert_outbox import ways_of
from jalerte_desktop.window.case_diary_words import (
    day_of,
    diary_head,
    diary_when,
    last_day_of,
    promise_words,
    read_day,
    read_time,
)
from jalerte_desktop.window.filing_advice import sheet_of
from jalerte_desktop.window.filing_document import document_rows, head_value
from jalerte_desktop.window.filing_facts import (
    alert_of,
    diary_of,
    filings_of,
    moment,
    receipts_of,
    routes_of,
)
from jalerte_desktop.window.filing_preview import LONGEST_LINE, in_lines
from jalerte_desktop.window.filing_run import FormResult
from jalerte_desktop.window.filing_shown import shown_of
from jalerte_desktop.window.filing_words import (
    alert_sentence,
    counter,
    filing_badge,
    filing_words,
    gaps_markup,
    period_arguments,
    size,
    state_badge,
)
from jalerte_desktop.words import language
from jalerte_desktop.words.shape import breakable

SCALARS = any_.none() | any_.booleans() | any_.integers() | any_.floats() | any_.text(max_size=8)
_KNOWN = (
    "draft form period fields missing_details warnings attachments name label kind key bytes filings id channel state"
    " prepared next problem text receipts filing at reference entries due with promise routes why by doubts filled"
    " left drift receipt sent shown sha256 content_base64 facts headers value advice now"
)
NAMES = any_.sampled_from(_KNOWN.split())
JSON = any_.recursive(
    SCALARS,
    lambda inner: any_.lists(inner, max_size=4) | any_.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


@given(JSON)
def test_no_answer_is_too_strange(answer):
    alert = alert_of(answer)
    alert_sentence(alert, "")
    if alert is not None:
        gaps_markup(alert.gaps)
    for one in filings_of(answer):
        state_badge(one.state)
        filing_words(one)
        ways_of(one, receipts_of(answer))
    for entry in diary_of(answer):
        diary_head(entry)
        diary_when(entry)
        promise_words(entry, date(2026, 11, 18))
    routes_of(answer)
    shown_of(answer)
    sheet_of(answer)
    form_words(FormResult(answer))


@given(JSON, any_.binary(max_size=60))
def test_nothing_unreadable_can_be_agreed_to(extra, content):
    answer = examples.SHOWN | {
        "shown": {
            "sha256": "ab",
            "content_base64": base64.b64encode(content).decode(),
            "facts": extra,
            "headers": extra,
        }
    }
    shown = shown_of(answer)
    assert shown is not None
    assert shown.bytes == len(content)
    for broken in ({"sha256": "ab"}, {"sha256": "ab", "content_base64": "*"}, {"content_base64": ""}):
        assert shown_of(examples.SHOWN | {"shown": broken}) is None
    assert shown_of({"shown": answer["shown"]}) is None


def test_the_example_is_read_whole():
    alert = alert_of(examples.ALERT)
    assert alert is not None
    assert [one.name for one in alert.attachments] == ["voyants de la box.jpg"]
    assert alert.letters == ("/maison/reclamation.pdf",)
    assert [gap.key for gap in alert.missing] == ["person.postcode", "alert.service_contacted"]
    assert alert.warnings[0].startswith("La limite")
    assert [one.id[0] for one in filings_of({"filings": examples.FILINGS})] == ["a", "b", "c", "d", "e"]


def test_a_message_is_shown_with_all_of_its_bytes():
    shown = shown_of(examples.SHOWN)
    assert shown is not None
    assert shown.content.encode() == examples.MESSAGE
    assert ("To", "service@operateur.example") in shown.summary
    assert shown.attachments == ("voyants.jpg (1.2\u00a0MB)",)
    # What the mail server is told beside the message stands with the bytes.
    assert ("Sender", "camille@example.org") in shown.facts


def test_an_emails_head_is_in_the_readers_words():
    language.use("fr")
    headers = [
        {"name": "From", "value": "a@b.example"},
        {"name": "Date", "value": "Wed, 18 Nov 2026 15:30:00 +0000"},
        {"name": "MIME-Version", "value": "1.0"},
    ]
    shown = shown_of(examples.SHOWN | {"shown": examples.SHOWN["shown"] | {"headers": headers}})
    assert shown is not None
    assert dict(shown.summary)["Date"] == "18/11/2026, 16:30"
    assert "From" not in dict(shown.summary)
    # What machines tell each other is shown too, with the bytes.
    assert ("MIME-Version", "1.0") in shown.facts
    assert head_value("Date", "some day") == "some day"


def test_a_documents_codes_times_and_durations_are_in_words():
    document = {
        "profile": "individual",
        "problem": "service-quality",
        "detail": "unheard",
        "period": {"end": "2026-11-18T11:12:00.833Z", "start": "2026-11-18T11:07:00.000Z"},
        "figures": {"observed_s": 300.834, "coverage": 1, "outages": 1e300},
    }
    rows = dict(document_rows(document))
    assert rows["Profile"] == "private person"
    assert rows["Problem"] == "Panne ou qualité de service"
    assert rows["More exactly"] == "unheard"
    assert rows["Period"] == "start: 2026-11-18, 12:07, end: 2026-11-18, 12:12"
    assert rows["Figures"].startswith("outages: ")
    assert rows["Figures"].endswith("observed: 5\u00a0min 1\u00a0s, share observed: 100%")


@given(any_.text(max_size=300))
def test_a_long_word_may_break_and_loses_nothing(said):
    assert breakable(said).replace("\u200b", "") == said.replace("\u200b", "")
    assert max(map(len, breakable("x" * 90).split("\u200b"))) == 1


def test_of_a_document_no_name_is_left_out():
    document = {
        "description": "D.",
        "unheard": {"of": 1},
        "incidents": [{"id": "x"}],
        "consents": {"processing": True},
    }
    content = json.dumps(document).encode()
    told = examples.SHOWN["shown"] | {
        "content_base64": base64.b64encode(content).decode(),
        "attachments": None,
    }
    shown = shown_of({"filing": examples.filing("a", "desk", "prepared"), "shown": told})
    assert shown is not None
    assert dict(shown.summary) == {
        "Description": "D.",
        "unheard": "of: 1",
        "Incidents": "1 entry, to be read below, byte for byte",
        "Your consents": "processing: yes",
    }


@given(any_.text(alphabet="ab\n", max_size=9000), any_.integers(min_value=1, max_value=5000))
def test_breaking_long_lines_loses_no_character(content, more):
    whole = content + "x" * more
    shown = in_lines(whole)
    assert shown.replace("↩\n", "") == whole
    assert max(len(line) for line in shown.split("\n")) <= LONGEST_LINE + 1


def test_every_state_has_words_and_a_sign():
    badges = [state_badge(state.value)[0] for state in FilingState]
    assert len(set(badges)) == len(badges)
    assert [badge for badge in badges if badge.startswith("?")] == [state_badge("unsure")[0]]


def test_a_reason_is_a_sentence_of_its_own():
    (waiting,) = filings_of(
        {"filings": [examples.filing("b", "desk", "waiting", problem="the site is not there", attempts=1,
                                     next="2026-11-18T16:20:00.000+01:00")]}
    )  # fmt: skip
    assert filing_words(waiting) == "The site is not there. Next try: 2026-11-18, 16:20."


WITHDRAWN = {"code": "withdrawn_excluded", "text": "you have excluded it since: prepare a new one"}


def test_one_that_was_stopped_says_that_nobody_refused_it_and_is_not_tried_again():
    (stopped,) = filings_of(
        {"filings": [examples.filing("b", "email", "failed", problem=WITHDRAWN["text"], withdrawn=WITHDRAWN)]}
    )
    assert filing_badge(stopped)[0].endswith("was stopped")
    assert filing_words(stopped) == f"It did not leave, and will not: {WITHDRAWN['text']}."
    assert ways_of(stopped, ()) == ["cancel", "show"]
    (refused,) = filings_of({"filings": [examples.filing("b", "email", "failed", problem="no")]})
    assert filing_badge(refused) == state_badge("failed")
    assert ways_of(refused, ()) == ["retry", "cancel", "show"]


@pytest.mark.parametrize("state", ["prepared", "waiting", "handed"])
def test_one_that_has_not_left_says_that_it_must_not(state):
    (one,) = filings_of({"filings": [examples.filing("b", "email", state, withdrawn=WITHDRAWN)]})
    assert filing_words(one) == f"Do not send it: {WITHDRAWN['text']}."
    assert filing_badge(one) == state_badge(state)


def test_one_that_waits_untried_says_why_where_there_is_a_reason():
    (one,) = filings_of({"filings": [examples.filing("b", "email", "waiting", problem="nothing to compare")]})
    assert filing_words(one).startswith("Nothing to compare.")


def test_where_the_form_stopped_is_said_whatever_step_it_was():
    said, _lists = form_words(FormResult({"filled": [], "stopped_at": "consents: Validation", "why": "x"}))
    assert "It stopped before your consents" in said


def test_the_form_that_was_sent_and_the_one_that_was_not():
    sentence, lists = form_words(FormResult({"filled": [], "receipt": {"id": "r"}}))
    assert sentence.startswith("It is sent")
    assert lists == []
    sentence, _lists = form_words(FormResult({"filled": [], "stopped_at": "captcha"}))
    assert "for people only" in sentence
    assert sentence.endswith("Nothing is known to have been sent.")
    assert form_words(FormResult(problem="No display."))[0] == "No display."


# --- days, times, lengths ---


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31/12/2024", date(2024, 12, 31)),
        (" 2024-12-31 ", date(2024, 12, 31)),
        ("31/02/2024", None),
        ("", None),
        ("demain", None),
        ("2024-12-31T10:00", None),
    ],
)
def test_a_day_as_it_is_written(written, day):
    assert read_day(written) == day


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("16:02", time(16, 2)),
        ("16h02", time(16, 2)),
        ("16 h 02", time(16, 2)),
        ("16h", time(16, 0)),
        ("24:00", None),
        ("16", None),
        ("", None),
        ("1:2:3", None),
        ("x:y", None),
    ],
)
def test_a_time_as_it_is_written(written, hour):
    assert read_time(written) == hour


@given(any_.text(max_size=20))
def test_no_writing_is_too_strange(written):
    read_day(written)
    read_time(written)
    moment(written)


@pytest.mark.parametrize(
    "said",
    ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "2026-11-18", "", None, 7, "2026-11-18T10:00"],
)
def test_a_time_that_cannot_be_shown_is_none(said):
    assert moment(said) is None


def test_a_period_shows_its_last_day_and_not_the_next():
    midnight = moment("2026-11-19T00:00:00+01:00")
    assert midnight is not None
    assert (day_of(midnight), last_day_of(midnight)) == ("2026-11-19", "2026-11-18")
    assert period_arguments(date(2026, 11, 1), date(2026, 11, 18)) == (
        "--since=2026-11-01",
        "--until=2026-11-19",
    )


def test_lengths_are_a_forms():
    assert counter("😀\n", 3) == (
        "4 of 3 characters",
        "1 character too many: shorten it, the form may cut it off.",
    )
    assert counter("abc", 3) == ("3 of 3 characters", "")
    assert counter("abc", None) == ("3 characters", "")


def test_sizes_of_files():
    told = [size(one).replace("\u00a0", " ") for one in (1, 999, 1600, 2_340_000)]
    assert told == ["1 byte", "999 bytes", "2 kB", "2.3 MB"]
