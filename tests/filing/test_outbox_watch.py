"""The watch: between two rounds it waits for what is due or for another way out, and it ends when it is told to."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from diagnostics.journal.lock import Held
from diagnostics.model import SECOND, Problem
from jalerte_desktop.commands import _alert_filings
from jalerte_desktop.filing import mail, outbox
from jalerte_desktop.filing.mail_send import Patience
from jalerte_desktop.filing.outbox_model import Envelope, FilingState
from jalerte_desktop.filing.outbox_watch import watch
from tests import examples
from tests.filing.post import never
from tests.filing.test_mail import an_alert
from tests.filing.test_paper_commands import desk
from tests.filing.test_send_commands import TO, filings, ready, server, typed

__all__ = ["desk", "ready", "server", "typed"]


def watched(rounds, ways, stop_after, due_in_s=None):
    """Run the watch with rounds that say when the next is due; gives how many rounds and wakings there were."""
    stop, made, wakings = threading.Event(), [], []

    def deliver():
        made.append(1)
        if len(made) >= stop_after:
            stop.set()
        answer = rounds[min(len(made), len(rounds)) - 1]
        if answer is Held:
            raise Held(1)
        if isinstance(answer, Problem):
            raise answer
        return answer

    routes = iter(ways)
    last = [()]

    def way_out():
        last[0] = next(routes, last[0])
        return last[0]

    begun = time.monotonic()
    watch(
        deliver, lambda: wakings.append(1), way_out, lambda: 0, stop, look_s=0.01, longest_s=due_in_s or 5.0
    )
    return len(made), len(wakings), time.monotonic() - begun


def test_another_way_out_wakes_it_at_once():
    rounds, wakings, took = watched([300 * SECOND], [("eth0",), ("eth0",), (), (), ("usb0",)], 2)
    assert (rounds, wakings) == (2, 1)
    assert took < 2


def test_a_way_out_that_goes_away_is_no_reason_to_try():
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    made, routes = [], iter([("eth0",), ()])
    watch(
        lambda: made.append(1) or 300 * SECOND,
        lambda: pytest.fail("woken"),
        lambda: next(routes, ()),
        lambda: 0,
        stop,
        look_s=0.01,
    )
    assert len(made) == 1


def test_what_is_overdue_does_not_spin():
    rounds, _, took = watched([-SECOND], [("eth0",)], 3)
    assert rounds == 3
    assert took >= 1.9


def test_it_looks_again_after_a_while_whatever_the_clock_says():
    rounds, _, took = watched([10**9 * SECOND], [("eth0",)], 2, due_in_s=0.2)
    assert rounds == 2
    assert took < 2


def test_while_another_process_delivers_it_waits_its_turn():
    rounds, _, _ = watched([Held, None], [("eth0",)], 2, due_in_s=0.2)
    assert rounds == 2


def test_a_busy_case_file_is_waited_for_and_a_damaged_one_is_told():
    rounds, _, _ = watched([Problem("case_busy", path="x"), None], [("eth0",)], 2, due_in_s=0.2)
    assert rounds == 2
    with pytest.raises(Problem, match="case_damaged"):
        watched([Problem("case_damaged", path="x", error="y")], [("eth0",)], 2, due_in_s=0.2)


def watching(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "jalerte_desktop", "--home", str(folder), "alert", "queue", "run", "--watch", "--stdin",
         "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def until(child, wanted):
    for line in child.stdout:
        document = json.loads(line)
        if wanted(document):
            return document
    raise AssertionError(child.stderr.read().decode())


@pytest.mark.parametrize("way", ["standard input", "signal"])
def test_the_watch_delivers_what_waits_and_ends_when_told(ready, server, way):
    with _alert_filings.case_file(ready) as file:
        envelope = mail.compose(
            an_alert(), to=(TO,), sender="marie@exemple.fr", made_ns=examples.NOW, unique="ab12"
        )
        filing = outbox.prepare(file, envelope, "", None)
        outbox.agree(file, filing.id, envelope.sha256, never)
    child = watching(ready.home.folder)
    try:
        sent = until(child, lambda one: one["event"] == "filing" and one["state"] != "sending")
        assert sent["state"] == "sent"
        until(child, lambda one: one["event"] == "round")
        begun = time.monotonic()
        if way == "signal":
            child.send_signal(signal.SIGTERM)
        child.stdin.close()
        assert child.wait(20) == 0
        assert time.monotonic() - begun < 10
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()
    assert server.messages == [envelope.content]


def test_told_to_stop_in_the_middle_of_a_try_it_ends_the_try_first(ready, server):
    with _alert_filings.case_file(ready) as file:
        filing = outbox.prepare(
            file, Envelope("email", TO, b"From: x\r\n\r\nhello\r\n", {"from": "marie@exemple.fr"}), "", None
        )
        outbox.agree(file, filing.id, filing.envelope.sha256, never)
    children = []

    def at(step):
        if step == "end":
            children[0].stdin.close()
            time.sleep(0.5)

    server.at = at
    children.append(watching(ready.home.folder))
    try:
        assert children[0].wait(30) == 0
    finally:
        children[0].kill()
        children[0].wait()
        children[0].stdout.close()
        children[0].stderr.close()
    assert filings(ready)[0]["state"] == FilingState.SENT


def test_nothing_waits_longer_than_it_may():
    """A try is bounded: the queue goes on, and the window may close."""
    patience = Patience()
    assert patience.connect_s * 4 + patience.talk_s + patience.final_s < 600
