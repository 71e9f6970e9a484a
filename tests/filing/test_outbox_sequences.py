"""Any sequence of events in the outbox: ends stay, and nothing is sent again that may have left."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from diagnostics.model import SECOND, BadInput
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.deliver import wake
from jalerte_desktop.filing.outbox_model import FilingState, Refused, TryAgain, Unsure
from tests.filing.post import UNREACHABLE, WHY, Crash, FakeSender, Post, never

OUTCOMES = st.sampled_from(["delivered", "again", "patience", "refused", "unsure", "crash"])
ENDS = (FilingState.SENT, FilingState.CANCELLED)


class AnySequence(RuleBasedStateMachine):
    """Whatever happens in whatever order: ends stay, and nothing is sent again that may have left."""

    folder = None

    def __init__(self):
        super().__init__()
        self.post = Post(next(self.folder))
        self.ended = {}
        self.may_have_left = set()
        self.accepted = []
        with self.post.open() as file:
            file.new("fixed-internet-cut", "FR", "Orange")
        machine = self

        class Watched(FakeSender):
            def send(self, filing, now_ns):
                if not self.repeatable:
                    assert filing.id not in machine.may_have_left
                assert filing.id not in machine.ended
                outcome = machine.outcome
                if outcome in ("unsure", "crash", "delivered"):
                    machine.may_have_left.add(filing.id)
                if outcome == "delivered":
                    machine.accepted.append(filing.id)
                self.plan = [
                    {
                        "delivered": "delivered",
                        "again": UNREACHABLE,
                        "patience": TryAgain(WHY, False, 40.0),
                        "refused": Refused(WHY),
                        "unsure": Unsure(WHY),
                        "crash": Crash(),
                    }[outcome]
                ]
                return super().send(filing, now_ns)

        self.post.senders = {"email": Watched(False), "desk": Watched(True)}

    def _pick(self, data):
        with self.post.open() as file:
            known = list(outbox.filings(file))
        return data.draw(st.sampled_from(known)) if known else None

    def _act(self, data, act):
        filing = self._pick(data)
        if filing is None:
            return None
        with self.post.open() as file:
            try:
                return act(file, filing)
            except BadInput:
                return None

    @rule(
        channel=st.sampled_from(["email", "desk"]), destination=st.sampled_from(["https://a/", "https://b/"])
    )
    def prepare(self, channel, destination):
        with self.post.open() as file:
            self.post.prepared(file, channel, destination)

    @rule(channel=st.sampled_from(["email", "desk"]))
    def prepare_and_agree(self, channel):
        self.post.waiting(channel, "https://a/")

    @rule(data=st.data(), right=st.booleans())
    def agree(self, data, right):
        self._act(
            data, lambda f, one: outbox.agree(f, one.id, one.envelope.sha256 if right else "0" * 64, never)
        )

    @rule(data=st.data())
    def cancel(self, data):
        self._act(data, lambda f, one: outbox.cancel(f, one.id))

    @rule(data=st.data())
    def retry(self, data):
        self._act(data, lambda f, one: outbox.retry(f, one.id))

    @rule(data=st.data(), left=st.booleans())
    def settle(self, data, left):
        settled = self._act(data, lambda f, one: outbox.settle(f, one.id, left))
        if settled is not None and not left:
            self.may_have_left.discard(settled.id)

    @rule(seconds=st.integers(-7200, 7200))
    def time_passes(self, seconds):
        self.post.now += seconds * SECOND

    @rule()
    def another_line(self):
        with self.post.open() as file:
            wake(file)

    @rule(outcome=OUTCOMES)
    def deliver(self, outcome):
        self.outcome = outcome
        try:
            self.post.deliver()
        except Crash:
            assert outcome == "crash"

    @rule(outcome=OUTCOMES, data=st.data())
    def deliver_one(self, outcome, data):
        filing = self._pick(data)
        self.outcome = outcome
        try:
            self.post.deliver(only=filing.id if filing else None)
        except Crash:
            assert outcome == "crash"

    @invariant()
    def ends_stay_and_nothing_arrives_twice(self):
        with self.post.open() as file:
            now = {one.id: one.state for one in outbox.filings(file)}
            receipts = [one.filing_id for one in outbox.receipts(file)]
        for filing_id, state in self.ended.items():
            assert now[filing_id] is state
        self.ended |= {filing_id: state for filing_id, state in now.items() if state in ENDS}
        assert len(self.accepted) == len(set(self.accepted))
        assert len(receipts) == len(set(receipts))
        assert set(self.accepted) <= {one for one, state in now.items() if state is FilingState.SENT}
        assert set(receipts) == {one for one, state in now.items() if state is FilingState.SENT}


def test_any_sequence_of_events(tmp_path_factory):
    def folders():
        while True:
            yield tmp_path_factory.mktemp("post")

    class Machine(AnySequence):
        folder = folders()

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=20, stateful_step_count=20, deadline=None)
    )
