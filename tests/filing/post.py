"""An outbox with a clock and senders of the test's own."""

from random import Random

import pytest

from diagnostics.model import SECOND, Remark
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.outbox_model import Delivered, Envelope, Receipt, TryAgain

WHY = Remark.of("mail_unreachable", host="h", why="w")
UNREACHABLE = TryAgain(WHY, unreachable=True)


def never():
    """The findings of a test whose filings stand on no paper."""
    raise AssertionError("nobody needs the findings here")


class Crash(BaseException):
    """The program ends here."""


class Post:
    """An outbox with a clock and senders of the test's own."""

    def __init__(self, folder):
        self.path = folder / "case.sqlite"
        self.now = 1_790_000_000 * SECOND
        self.random = Random(7)
        self.made = 0
        self.senders = {"email": FakeSender(False), "desk": FakeSender(True)}

    def open(self):
        return open_case_file(self.path, lambda: self.now)

    def waiting(self, channel="email", destination="a@b.example"):
        with self.open() as file:
            filing = self.prepared(file, channel, destination)
            outbox.agree(file, filing.id, filing.envelope.sha256, never)
        return filing.id

    def prepared(self, file, channel="email", destination="a@b.example"):
        self.made += 1
        content = f"message {self.made}\r\n".encode()
        return outbox.prepare(file, Envelope(channel, destination, content, {}), f"a{self.made}", None)

    def deliver(self, **more):
        return outbox.deliver_due(self.open, self.senders, lambda: self.now, self.random, never, **more)

    def filing(self, filing_id):
        with self.open() as file:
            return outbox.filing(file, filing_id)

    def state(self, filing_id):
        return self.filing(filing_id).state


class FakeSender:
    """Sends as it is told to, and remembers what reached it."""

    def __init__(self, repeatable):
        self.repeatable = repeatable
        self.plan = []
        self.reached = []

    def send(self, filing, now_ns):
        self.reached.append(filing.id)
        outcome = self.plan.pop(0) if self.plan else "delivered"
        if outcome == "delivered":
            return Delivered(Receipt(filing.id, now_ns, "smtp", "R", "250 OK"))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    with made.open() as file:
        file.new("fixed-internet-cut", "FR", "Orange")
    return made
