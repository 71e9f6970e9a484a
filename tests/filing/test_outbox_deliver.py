"""Delivery from the outbox: order, back-off, what a crash leaves; nothing twice and nothing lost."""

from random import Random

import pytest

from diagnostics.journal.lock import Held, Lock
from diagnostics.model import SECOND, BadInput, Problem, Remark
from jalerte_desktop.filing import channels, outbox
from jalerte_desktop.filing.deliver import is_due, pause_s, wake
from jalerte_desktop.filing.desk_send import DeskSender
from jalerte_desktop.filing.mail_send import MailSender
from jalerte_desktop.filing.outbox_model import Delivered, FilingState, Receipt, Refused, TryAgain, Unsure
from jalerte_desktop.words.errors_filing import say_remark
from tests.filing.post import UNREACHABLE, WHY, Crash, FakeSender, post

__all__ = ["post"]


def test_the_oldest_goes_first_and_each_only_once(post):
    wanted = []
    for _ in range(3):
        wanted.append(post.waiting())
        post.now += SECOND
    assert post.deliver() is None
    assert post.deliver() is None
    assert post.senders["email"].reached == wanted
    assert {post.state(one) for one in wanted} == {FilingState.SENT}
    with post.open() as file:
        assert [one.filing_id for one in outbox.receipts(file)] == wanted


def test_what_was_not_agreed_to_stays(post):
    with post.open() as file:
        filing = post.prepared(file)
    assert post.deliver() is None
    assert post.deliver(only=filing.id) is None
    assert post.senders["email"].reached == []


def test_a_channel_nobody_sends_stays_and_is_no_reason_to_wake(post):
    filing = post.waiting("desk", "https://desk.example/v1/alerts")
    del post.senders["desk"]
    assert post.deliver() is None
    assert post.state(filing) is FilingState.WAITING


def test_one_given_up_after_a_try_still_tells_what_went_wrong(post):
    filing = post.waiting("desk", "https://desk.example/v1/alerts")
    post.senders["desk"].plan = [UNREACHABLE]
    post.deliver()
    with post.open() as file:
        given_up = outbox.cancel(file, filing)
    assert (given_up.state, given_up.problem) == (FilingState.CANCELLED, UNREACHABLE.problem)


def test_while_it_is_sent_the_file_says_so(post):
    filing = post.waiting()
    seen = []

    class Looking(FakeSender):
        def send(self, sent, now_ns):
            seen.append((post.state(filing), post.filing(filing).attempts))
            return super().send(sent, now_ns)

    post.senders["email"] = Looking(False)
    post.deliver()
    assert seen == [(FilingState.SENDING, 1)]


def test_a_file_that_takes_no_more_stops_the_try_before_it_is_made(post):
    post.waiting()
    with post.open() as file, file.writing() as db:
        db.execute("CREATE TRIGGER full BEFORE UPDATE ON filings BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        post.deliver()
    assert post.senders["email"].reached == []


def test_unreachable_waits_longer_each_time_and_never_gives_up(post):
    filing = post.waiting()
    pauses = []
    for _ in range(12):
        post.senders["email"].plan = [UNREACHABLE]
        due = post.deliver()
        pauses.append((due - post.now) / SECOND)
        post.now = due
    for n, pause in enumerate(pauses):
        base = min(300.0, 5.0 * 2**n)
        assert 0.8 * base <= pause <= 1.2 * base
    assert len({round(pause, 3) for pause in pauses[6:]}) > 1
    assert post.state(filing) is FilingState.WAITING
    post.deliver()
    assert post.state(filing) is FilingState.SENT
    assert post.filing(filing).attempts == 13


def test_before_its_time_nothing_is_tried(post):
    post.waiting()
    post.senders["email"].plan = [UNREACHABLE]
    due = post.deliver()
    post.now = due - 1
    assert post.deliver() == due
    assert len(post.senders["email"].reached) == 1


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        (90.0, 90, 90),
        (7200.0, 3600, 3600),
        (None, 24, 36),
        (0.0, 24, 36),
        (-5.0, 24, 36),
        (float("nan"), 24, 36),
    ],
)
def test_a_server_that_asks_for_patience_gets_it(asked, low, high):
    assert low <= pause_s(TryAgain(WHY, False, asked), 1, Random(1)) <= high


def test_without_a_time_the_servers_patience_grows_to_an_hour():
    assert pause_s(TryAgain(WHY, False), 40, Random(1)) <= 3600 * 1.2
    assert pause_s(TryAgain(WHY, False), 40, Random(1)) >= 3600 * 0.8


def test_another_way_out_makes_due_what_waits_for_a_line_and_nothing_else(post):
    for_line = post.waiting("desk", "https://one.example/")
    for_server = post.waiting("desk", "https://two.example/")
    post.senders["desk"].plan = [UNREACHABLE, TryAgain(WHY, False, 600.0)] + [UNREACHABLE] * 3
    post.deliver()
    for _ in range(3):
        post.now = post.filing(for_line).next_ns
        post.deliver(only=for_line)
    with post.open() as file:
        wake(file)
    assert post.filing(for_line).next_ns == post.now
    assert post.filing(for_server).next_ns > post.now
    post.senders["desk"].plan = [UNREACHABLE]
    post.deliver()
    assert post.filing(for_line).next_ns - post.now <= 6 * SECOND


def test_one_that_cannot_get_through_speaks_for_all_of_its_server(post):
    mails = [post.waiting() for _ in range(5)]
    desks = [post.waiting("desk", f"https://{name}.example/") for name in ("one", "one", "two")]
    post.senders["email"].plan = [UNREACHABLE]
    post.senders["desk"].plan = [UNREACHABLE]
    due = post.deliver()
    assert post.senders["email"].reached == mails[:1]
    assert post.senders["desk"].reached == [desks[0], desks[2]]
    assert due > post.now
    post.now += 10 * SECOND
    post.deliver()
    assert {post.state(one) for one in mails + desks} == {FilingState.SENT}


@pytest.mark.parametrize("step_s", [-86_400 * 400, -3600, -30, 86_400 * 400])
def test_a_clock_that_was_set_does_not_hold_it_up_for_ever(post, step_s):
    filing = post.waiting()
    post.senders["email"].plan = [UNREACHABLE]
    post.deliver()
    post.now += step_s * SECOND
    post.deliver()
    assert post.state(filing) is FilingState.SENT


def test_due_is_due():
    hour = 3600 * SECOND
    assert is_due(5, 0, 5)
    assert not is_due(5 + SECOND, 0, 5)
    assert is_due(10 * hour, 0, 5)
    assert is_due(hour, 3 * SECOND, 2 * SECOND)


def test_a_refusal_ends_it_until_the_person_mends_the_cause(post):
    filing = post.waiting()
    post.senders["email"].plan = [Refused(WHY)]
    assert post.deliver() is None
    assert (post.state(filing), post.filing(filing).problem) == (FilingState.FAILED, WHY)
    assert post.deliver() is None
    with post.open() as file:
        outbox.retry(file, filing)
    post.deliver()
    assert post.state(filing) is FilingState.SENT


def test_unsure_is_never_repeated_by_itself(post):
    filing = post.waiting()
    post.senders["email"].plan = [Unsure(WHY)]
    post.deliver()
    for _ in range(3):
        post.now += 86_400 * SECOND
        assert post.deliver() is None
        assert post.deliver(only=filing) is None
    assert len(post.senders["email"].reached) == 1
    with post.open() as file:
        with pytest.raises(BadInput, match="filing_is_unsure"):
            outbox.retry(file, filing)
        assert outbox.settle(file, filing, False).state is FilingState.WAITING
    post.deliver()
    assert post.state(filing) is FilingState.SENT


def test_unsure_can_be_left_at_that_and_still_says_that_it_may_have_left(post):
    filing = post.waiting()
    post.senders["email"].plan = [Unsure(WHY)]
    post.deliver()
    with post.open() as file:
        given_up = outbox.cancel(file, filing)
    assert (given_up.state, given_up.problem) == (FilingState.CANCELLED, WHY)
    post.now += 86_400 * SECOND
    post.deliver()
    assert len(post.senders["email"].reached) == 1


def test_unsure_that_the_person_knows_to_have_left_is_sent(post):
    filing = post.waiting()
    post.senders["email"].plan = [Unsure(WHY)]
    post.deliver()
    with post.open() as file:
        assert outbox.settle(file, filing, True).state is FilingState.SENT
    post.deliver()
    assert len(post.senders["email"].reached) == 1


def test_a_try_cut_off_by_the_programs_end(post):
    by_mail, by_desk = post.waiting(), post.waiting("desk", "https://one.example/")
    post.senders["email"].plan = [Crash()]
    post.senders["desk"].plan = [Crash()]
    for _ in range(2):
        with pytest.raises(Crash):
            post.deliver()
    post.deliver()
    assert post.state(by_mail) is FilingState.UNSURE
    assert post.filing(by_mail).problem == Remark.of("send_cut_off")
    assert post.state(by_desk) is FilingState.SENT
    assert post.senders["email"].reached == [by_mail]


def test_what_left_but_could_not_be_noted_is_not_sent_again(post):
    filing = post.waiting()
    with post.open() as file, file.writing() as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        post.deliver()
    with post.open() as file, file.writing() as db:
        db.execute("DROP TRIGGER full")
    post.deliver()
    assert post.state(filing) is FilingState.UNSURE
    assert post.senders["email"].reached == [filing]


def test_a_try_cut_off_can_be_settled_at_once(post):
    filing = post.waiting()
    post.senders["email"].plan = [Crash()]
    with pytest.raises(Crash):
        post.deliver()
    with post.open() as file:
        assert outbox.settle(file, filing, True).state is FilingState.SENT


def test_while_another_process_delivers_nothing_is_taken_for_a_crash(post):
    filing = post.waiting()

    class Busy(FakeSender):
        def send(self, sent, now_ns):
            with pytest.raises(Held):
                post.deliver()
            with post.open() as file, pytest.raises(BadInput, match="filing_is_sending"):
                outbox.cancel(file, filing)
            return super().send(sent, now_ns)

    post.senders["email"] = Busy(False)
    post.deliver()
    assert post.state(filing) is FilingState.SENT


def test_cancelled_between_two_tries(post):
    first, second = post.waiting(), post.waiting()

    class Cancelling(FakeSender):
        def send(self, sent, now_ns):
            with post.open() as file:
                outbox.cancel(file, second)
            return super().send(sent, now_ns)

    post.senders["email"] = Cancelling(False)
    post.deliver()
    assert post.senders["email"].reached == [first]
    assert post.state(second) is FilingState.CANCELLED


def test_told_to_stop_it_stops_between_two_tries(post):
    filings = [post.waiting() for _ in range(3)]
    post.deliver(stopping=lambda: len(post.senders["email"].reached) == 1)
    assert [post.state(one) for one in filings].count(FilingState.SENT) == 1


def test_what_the_other_side_says_is_bounded(post):
    post.waiting()

    class Wordy(FakeSender):
        def send(self, sent, now_ns):
            return Delivered(Receipt("other", now_ns, "smtp", "R\n" * 5000, "x\0" * 100_000, None))

    post.senders["email"] = Wordy(False)
    post.deliver()
    with post.open() as file:
        (receipt,) = outbox.receipts(file)
    assert len(receipt.reference) <= 200
    assert len(receipt.text) <= 2000
    assert "\0" not in receipt.text


def test_the_senders_say_of_themselves_what_the_channels_say_of_them():
    assert channels.CHANNELS["email"].repeatable == MailSender.repeatable
    assert channels.CHANNELS["desk"].repeatable == DeskSender.repeatable


def test_the_lock_is_let_go_when_the_round_ends(post):
    post.waiting()
    post.deliver()
    with Lock(post.path.with_name("outbox.lock")):
        pass


@pytest.mark.parametrize(
    ("channel", "destination", "state"),
    [
        ("desk", "https://desk.example/v1/alerts", FilingState.WAITING),
        ("email", "a@b.example", FilingState.UNSURE),
    ],
)
def test_a_sender_that_breaks_down_holds_up_nobody_else(post, channel, destination, state):
    broken = post.waiting(channel, destination)
    post.now += SECOND
    others = [post.waiting(), post.waiting("desk", "https://other.example/v1/alerts")]
    post.senders[channel].plan = [ValueError("Invalid IPv6 URL")]
    due = post.deliver()
    assert post.state(broken) is state
    assert post.filing(broken).problem.code == "send_broke"
    assert "{" not in say_remark(post.filing(broken).problem)
    assert [post.state(one) for one in others] == [FilingState.SENT] * 2
    assert (due is not None and due > post.now) == (state is FilingState.WAITING)


def test_the_persons_own_end_of_the_program_is_no_break_down(post):
    filing = post.waiting()
    post.senders["email"].plan = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        post.deliver()
    assert post.state(filing) is FilingState.SENDING


def test_nothing_has_left_where_nobody_could_be_told_that_a_try_begins(post):
    filing = post.waiting()

    def gone(_filing):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        post.deliver(tell=gone)
    assert post.senders["email"].reached == []
    assert post.state(filing) is FilingState.WAITING
    post.deliver()
    assert post.state(filing) is FilingState.SENT


def test_what_was_changed_behind_our_back_does_not_leave(post):
    filing = post.waiting()
    with post.open() as file, file.writing() as db:
        db.execute("DROP TRIGGER filings_stay")
        db.execute("UPDATE filings SET content = ?", (b"something else",))
    post.deliver()
    assert post.senders["email"].reached == []
    assert post.state(filing) is FilingState.FAILED
    assert say_remark(post.filing(filing).problem)


@pytest.mark.parametrize(
    "change",
    [
        "facts = '{'",
        "facts = '[1]'",
        "facts = '{\"from\": 3}'",
        "problem = '{}'",
        "content = 'text'",
        "state = 'odd'",
    ],
)
def test_a_row_that_nobody_here_wrote_is_told_as_damage(post, change):
    filing = post.waiting()
    with post.open() as file, file.writing() as db:
        db.execute("DROP TRIGGER filings_stay")
        db.execute(f"UPDATE filings SET {change}")
    with pytest.raises(Problem) as caught:
        post.filing(filing)
    assert caught.value.remark.code == "case_damaged"


def test_a_problem_of_another_version_is_no_break_down():
    assert say_remark(Remark.of("not_yet_known", why="x")) == "not_yet_known"
