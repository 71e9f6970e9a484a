"""Two hundred alerts to a desk that dies ten times and cuts off twenty: each kept exactly once, its receipt right.

Through the real outbox: case file, lock, back-off, receipts and diary. Time is moved on, not waited for.
"""

import hashlib
import random
import time

import pytest

from alert_desk.reading import parse_receipt
from diagnostics.model import SECOND
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.desk_send import DeskSender
from jalerte_desktop.filing.outbox_model import FilingState
from tests.filing.desk_cases import envelope, only_trust
from tests.filing.post import never
from tests.servers.alert_desk_server import MOMENTS, AlertDesk, TestAuthority


def chosen_faults(seed, alerts, deaths, cuts):
    """Which request since the start of each run of the desk meets what: a mapping for each run, by number."""
    seeded = random.Random(seed)
    # A death or a cut costs a try, which is one more request.
    at = sorted(seeded.sample(range(1, alerts + deaths + cuts), deaths + cuts))
    # Each moment has its turn, by death and by cut.
    faults = [(MOMENTS[n % len(MOMENTS)], "die") for n in range(deaths)]
    faults += [(MOMENTS[n % len(MOMENTS)], "cut") for n in range(cuts)]
    seeded.shuffle(faults)
    runs, begun = [{}], 0
    for number, fault in zip(at, faults, strict=True):
        runs[-1][number - begun] = fault
        if fault[1] == "die":
            runs.append({})
            begun = number
    return runs


def deliver_all(tmp_path, seed, alerts, deaths, cuts):
    authority = TestAuthority(tmp_path)
    desk = AlertDesk(tmp_path, authority.certificate("localhost"))
    runs = chosen_faults(seed, alerts, deaths, cuts)
    clock = Clock()

    def open_file():
        return open_case_file(tmp_path / "case.sqlite", clock.ns)

    with pytest.MonkeyPatch.context() as patch, desk.start(runs.pop(0)):
        only_trust(patch, authority)
        shown = {}
        with open_file() as file:
            for number in range(alerts):
                made = outbox.prepare(file, envelope(desk.url, number), f"alert-{number}", None)
                outbox.agree(file, made.id, made.envelope.sha256, never)
                shown[made.id] = made.envelope
        tries = 0
        problems = []

        def tell(filing):
            nonlocal tries
            if filing.state is FilingState.SENDING:
                tries += 1
            elif filing.problem is not None:
                problems.append(filing.problem.code)

        met_dead = 0
        for _ in range(alerts):
            due = outbox.deliver_due(
                open_file, {"desk": DeskSender()}, clock.ns, random.Random(seed), never, tell=tell
            )
            if due is None:
                break
            clock.to(due)
            if not desk.running:
                met_dead += 1
                desk.start(runs.pop(0))
        with open_file() as file:
            return desk, shown, tuple(outbox.filings(file)), outbox.receipts(file), tries, problems, met_dead


class Clock:
    """Real time and a lead that grows."""

    def __init__(self):
        self._lead_ns = 0

    def ns(self):
        return time.time_ns() + self._lead_ns

    def to(self, at_ns):
        self._lead_ns += max(0, at_ns - self.ns()) + SECOND


def check(tmp_path, seed, alerts, deaths, cuts):
    desk, shown, filings, receipts, tries, problems, met_dead = deliver_all(
        tmp_path, seed, alerts, deaths, cuts
    )
    assert met_dead == deaths
    assert [one.state for one in filings] == [FilingState.SENT] * alerts
    kept = desk.kept()
    assert sorted(one.key for one in kept) == sorted(shown)
    assert len(receipts) == alerts
    by_filing = {receipt.filing_id: receipt for receipt in receipts}
    for one in kept:
        envelope_shown = shown[one.key]
        assert one.body == envelope_shown.content
        assert one.headers == {
            name: value.replace("{filing}", one.key) for name, value in envelope_shown.facts.items()
        }
        assert by_filing[one.key].content == one.receipt
        receipt = parse_receipt(one.receipt)
        assert (receipt.idempotency_key, receipt.sha256) == (one.key, hashlib.sha256(one.body).hexdigest())
    # Every death and every cut cost a try; while the desk was dead nothing left.
    assert tries >= alerts + deaths + cuts
    assert problems.count("desk_cut_off") == deaths + cuts
    return desk


def test_each_alert_is_kept_exactly_once_whatever_the_desk_suffers(tmp_path):
    check(tmp_path, seed=20261122, alerts=200, deaths=10, cuts=20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_twenty_more_seeds(tmp_path, seed):
    check(tmp_path, seed, alerts=200, deaths=10, cuts=20)
