"""A filing that would accuse wrongly by now is neither agreed to nor tried, and says why."""

import json
from dataclasses import replace

import pytest

from diagnostics.model import SECOND, BadInput, Cause, Exclusion, Problem, Remark, Verdict
from jalerte_desktop.commands._papers import frozen
from jalerte_desktop.documents.account import account
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.outbox_model import Envelope, FilingState
from jalerte_desktop.filing.still_held import WITHDRAWN, by_the_findings, by_the_person
from jalerte_desktop.words import language
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.errors_filing import say_remark
from tests import examples
from tests.filing.post import UNREACHABLE, never, post

__all__ = ["post"]
CUTS = examples.two_cuts_a_day(3)
WAS = examples.findings(
    [*CUTS, examples.incident("2026-11-11 10:00:00", 45, cause=Cause.WIFI)],
    lines=(examples.HOME, examples.OTHER),
)


def a_paper(found):
    return frozen("alert", "test", examples.NOW, account(found), "text")


def excluding(found, *cuts):
    """The findings after these incidents were excluded, as ``jalerte exclude`` brings it about."""
    gone = {cut.id for cut in cuts}
    taken_out = tuple(Exclusion(cut.span, "travaux", examples.NOW) for cut in cuts)
    marked = tuple(replace(one, excluded="travaux") if one.id in gone else one for one in found.incidents)
    return replace(found, incidents=marked, exclusions=(*found.exclusions, *taken_out))


def judged(found, cut, cause, confidence):
    """The findings with another verdict on one incident."""
    other = replace(cut, verdict=Verdict(cause, confidence, (), ()))
    return replace(found, incidents=tuple(other if one.id == cut.id else one for one in found.incidents))


def lines(found, *others):
    """The findings once the person said something else of the lines."""
    return replace(found, line=others[0], lines=others)


HOME, OTHER = examples.HOME, examples.OTHER
LATER = examples.incident("2026-11-21 10:00:00", 60)


@pytest.mark.parametrize(
    ("now", "code", "n"),
    [
        (WAS, None, None),
        (replace(WAS, incidents=(*WAS.incidents, LATER)), None, None),
        (excluding(replace(WAS, incidents=(*WAS.incidents, LATER)), LATER), None, None),
        # What no paper held against anybody may be excluded.
        (excluding(WAS, WAS.incidents[-1]), None, None),
        (excluding(WAS, CUTS[0]), "withdrawn_excluded", 1),
        (excluding(WAS, *CUTS), "withdrawn_excluded", len(CUTS)),
        (judged(WAS, CUTS[1], Cause.WIFI, 0.9), "withdrawn_verdict", 1),
        (judged(WAS, CUTS[1], Cause.ACCESS, 0.6), "withdrawn_verdict", 1),
        (judged(WAS, CUTS[1], Cause.ISP_CORE, 0.7), None, None),
        (replace(WAS, incidents=WAS.incidents[2:]), "withdrawn_verdict", 2),
        (lines(WAS, replace(HOME, home=False), OTHER), "withdrawn_line", None),
        (lines(WAS, replace(HOME, home=None), OTHER), "withdrawn_line", None),
        (lines(WAS, OTHER), "withdrawn_line", None),
        # In use is another line, at a friend's: what was measured at home stands, and may leave from there.
        (lines(WAS, OTHER, HOME), None, None),
        (lines(WAS, replace(OTHER, home=True), HOME), None, None),
    ],
)
def test_a_paper_stands_or_says_why_not(now, code, n):
    why = by_the_findings(a_paper(WAS), now)
    if code is None:
        assert why is None
    else:
        assert (why.code, dict(why.values).get("n")) == (code, n)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((replace(HOME, home=None), OTHER), None),
        ((OTHER, replace(HOME, home=None)), None),
        ((HOME, OTHER), None),
        ((replace(HOME, home=False), OTHER), "withdrawn_line"),
        ((replace(HOME, home=None), replace(OTHER, home=True)), "withdrawn_other_line"),
    ],
)
def test_a_paper_about_an_unconfirmed_line_waits_for_no_confirmation(said, code):
    unconfirmed = examples.findings(
        examples.two_cuts_a_day(1, line=examples.UNCONFIRMED), examples.UNCONFIRMED
    )
    why = by_the_person(a_paper(unconfirmed), said, ())
    assert (why and why.code) == code


def test_an_exclusion_that_only_touches_takes_nothing_back():
    """The same edges as the method's own marking of excluded incidents."""
    first = CUTS[0].span
    before = Exclusion(replace(first, start_ns=first.start_ns - SECOND, end_ns=first.start_ns), "", 0)
    inside = Exclusion(replace(first, start_ns=first.start_ns - SECOND, end_ns=first.start_ns + 1), "", 0)
    assert by_the_person(a_paper(WAS), WAS.lines, [before]) is None
    assert by_the_person(a_paper(WAS), WAS.lines, [before, inside]).code == "withdrawn_excluded"


def test_one_that_went_on_after_the_preview_may_be_excluded_for_what_came_then():
    short = examples.incident("2026-11-21 10:00:00", 60, ongoing=True)
    long = replace(examples.incident("2026-11-21 10:00:00", 7200), id=short.id)
    then = Exclusion(replace(long.span, start_ns=short.span.end_ns + SECOND), "travaux", 0)
    now = examples.findings([replace(long, excluded="travaux")], exclusions=[then])
    assert by_the_findings(a_paper(examples.findings([short])), now).code == "withdrawn_excluded"


def test_every_reason_has_its_sentences():
    language.use("en")
    for code in WITHDRAWN:
        told = say_problem(BadInput(f"filing_{code}", id="0123456789", n=2))
        assert "0123456789" in told
        for words in (told, say_remark(Remark.of(code, n=2))):
            assert "prepare a new one" in words
            assert "{" not in words


class Journal:
    """The findings of now, as the outbox asks for them; counts how often."""

    def __init__(self, now=WAS):
        self.now = now
        self.asked = 0

    def __call__(self):
        self.asked += 1
        if isinstance(self.now, Problem):
            raise self.now
        return self.now


def shown(post, found=WAS, channel="email"):
    with post.open() as file:
        paper_id = file.freeze(a_paper(found))
        return outbox.prepare(file, Envelope(channel, "a@b.example", b"bytes", {}), "alert", paper_id)


def agree(post, filing, journal):
    with post.open() as file:
        return outbox.agree(file, filing.id, filing.envelope.sha256, journal)


def deliver(post, journal, **more):
    told = []
    due = outbox.deliver_due(
        post.open, post.senders, lambda: post.now, post.random, journal, tell=told.append, **more
    )
    return due, [(one.state.value, one.problem and one.problem.code) for one in told]


def test_what_was_excluded_since_is_not_agreed_to(post):
    filing, journal = shown(post), Journal(excluding(WAS, CUTS[0]))
    with pytest.raises(BadInput) as caught:
        agree(post, filing, journal)
    assert (caught.value.remark.code, caught.value.exit_code) == ("filing_withdrawn_excluded", 2)
    assert post.state(filing.id) is FilingState.PREPARED
    assert deliver(post, journal) == (None, [])
    assert post.senders["email"].reached == []
    # Nothing was excluded after all: the same yes counts.
    assert agree(post, filing, Journal()).state is FilingState.WAITING


def test_without_the_journal_nothing_is_agreed_to(post):
    filing = shown(post)
    with pytest.raises(Problem) as caught:
        agree(post, filing, Journal(Problem("no_journal")))
    assert caught.value.remark.code == "no_journal"
    assert post.state(filing.id) is FilingState.PREPARED


def test_a_wrong_digest_is_told_before_anything_is_read(post):
    filing = shown(post)
    with post.open() as file, pytest.raises(BadInput) as caught:
        outbox.agree(file, filing.id, "0" * 64, never)
    assert caught.value.remark.code == "filing_digest"


@pytest.mark.parametrize("channel", ["email", "desk"])
def test_a_waiting_filing_is_stopped_untried_and_for_good(post, channel):
    filing, journal = shown(post, channel=channel), Journal()
    agree(post, filing, journal)
    post.senders[channel].plan = [UNREACHABLE]
    due, told = deliver(post, journal)
    assert told == [("sending", None), ("waiting", UNREACHABLE.problem.code)]
    journal.now = excluding(WAS, CUTS[0])
    post.now = due
    assert deliver(post, journal) == (None, [("failed", "withdrawn_excluded")])
    stopped = post.filing(filing.id)
    assert (stopped.attempts, stopped.ended_ns, stopped.next_ns) == (1, post.now, None)
    assert len(post.senders[channel].reached) == 1
    # Not even when the exclusion would be thought over: what was stopped is prepared anew.
    journal.now = WAS
    with post.open() as file:
        for act in (
            lambda: outbox.retry(file, filing.id),
            lambda: outbox.settle(file, filing.id, False),
            lambda: outbox.agree(file, filing.id, filing.envelope.sha256, journal),
        ):
            with pytest.raises(BadInput) as caught:
                act()
            assert caught.value.remark.code == "filing_withdrawn_excluded"
    assert deliver(post, journal, only=filing.id) == (None, [])
    assert len(post.senders[channel].reached) == 1
    with post.open() as file:
        assert outbox.cancel(file, filing.id).state is FilingState.CANCELLED


def test_one_that_perhaps_left_is_not_sent_again_after_an_exclusion(post):
    filing, journal = shown(post), Journal()
    agree(post, filing, journal)
    post.senders["email"].plan = [RuntimeError("broke in the middle")]
    deliver(post, journal)
    assert post.state(filing.id) is FilingState.UNSURE
    with post.open() as file:
        outbox.settle(file, filing.id, False)
    journal.now = excluding(WAS, CUTS[0])
    assert deliver(post, journal) == (None, [("failed", "withdrawn_excluded")])
    assert len(post.senders["email"].reached) == 1


def test_the_others_go_on_and_the_findings_are_asked_only_where_needed(post):
    journal = Journal()
    assert deliver(post, journal)[0] is None
    stands_on_nothing = post.waiting()
    deliver(post, journal)
    assert (post.state(stands_on_nothing), journal.asked) == (FilingState.SENT, 0)
    # An older paper holds what is excluded now, a newer one never did.
    old = shown(post)
    agree(post, old, journal)
    journal.now = excluding(WAS, CUTS[0])
    new = shown(post, journal.now, "desk")
    agree(post, new, journal)
    deliver(post, journal)
    assert (post.state(old.id), post.state(new.id)) == (FilingState.FAILED, FilingState.SENT)


def test_while_the_journal_cannot_be_read_nothing_leaves_and_nothing_is_given_up(post):
    filing, journal = shown(post), Journal()
    agree(post, filing, journal)
    journal.now = Problem("no_journal")
    due, told = deliver(post, journal)
    assert told == [("waiting", "send_unchecked")]
    assert due == post.now + 300 * SECOND
    assert (post.filing(filing.id).attempts, post.senders["email"].reached) == (0, [])
    journal.now, post.now = WAS, due
    deliver(post, journal)
    assert post.state(filing.id) is FilingState.SENT


def test_a_stop_leaves_the_frozen_paper_as_it_was(post):
    filing, journal = shown(post), Journal()
    agree(post, filing, journal)
    journal.now = excluding(WAS, CUTS[0])
    deliver(post, journal)
    with post.open() as file:
        (paper,) = file.papers()
        assert file.paper(filing.paper_id) == paper
        assert file.paper("0" * 16) is None
    assert json.loads(paper.incidents[0].snapshot)["excluded"] is None
