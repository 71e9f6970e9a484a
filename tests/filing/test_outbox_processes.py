"""Real processes that deliver to a real server, several at once and killed at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from random import Random

import pytest

from jalerte_desktop.filing import mail, outbox
from jalerte_desktop.filing.outbox_model import FilingState
from tests import examples
from tests.filing.post import never, post
from tests.filing.test_mail import an_alert
from tests.servers.mail_server import STEPS, ScriptedServer

__all__ = ["post"]


def real_filings(post, many):
    """So many messages that wait; gives ids by Message-ID."""
    found = {}
    with post.open() as file:
        for n in range(many):
            envelope = mail.compose(
                an_alert(),
                to=("service@operateur.example",),
                sender="marie@exemple.fr",
                made_ns=examples.NOW,
                unique=f"{n:04x}",
            )
            filing = outbox.prepare(file, envelope, f"a{n}", None)
            outbox.agree(file, filing.id, envelope.sha256, never)
            found[envelope.content] = filing.id
    return found


def process(post, server, seed=0):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.filing.outbox_run", str(post.path.parent), str(server.port), str(seed)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finished(child):
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors.decode()


def test_two_processes_at_once_send_each_message_once(post):
    post.now = time.time_ns()
    wanted = real_filings(post, 12)
    with ScriptedServer() as server:
        children = [process(post, server, seed) for seed in range(3)]
        for child in children:
            finished(child)
    assert sorted(server.messages) == sorted(wanted)
    assert {post.state(one) for one in wanted.values()} == {FilingState.SENT}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_moment_nothing_is_sent_twice_and_nothing_is_lost(post, step):
    """SIGKILL while the server is at that step of the second message; then the program runs again."""
    post.now = time.time_ns()
    wanted = real_filings(post, 3)
    children, passed = [], []

    def at(now):
        if now == step:
            passed.append(now)
            if len(passed) == 2:
                os.kill(children[0].pid, signal.SIGKILL)
                children[0].wait(10)

    with ScriptedServer() as server:
        server.at = at
        children.append(process(post, server))
        children[0].communicate(timeout=60)
        assert children[0].returncode == -signal.SIGKILL
        finished(process(post, server))
        finished(process(post, server))
    got = {filing: server.messages.count(content) for content, filing in wanted.items()}
    assert max(got.values()) == 1
    for filing, count in got.items():
        state = post.state(filing)
        assert state in (FilingState.SENT, FilingState.UNSURE)
        if state is FilingState.SENT:
            assert count == 1
    assert [post.state(one) for one in wanted.values()].count(FilingState.UNSURE) <= 1


@pytest.mark.parametrize("seed", range(6))
def test_killed_after_any_time_nothing_is_sent_twice_and_nothing_is_lost(post, seed):
    """SIGKILL after a time drawn from the seed, again and again, until a run ends by itself."""
    random = Random(seed)
    post.now = time.time_ns()
    wanted = real_filings(post, 8)
    with ScriptedServer() as server:
        begun = threading.Event()

        def at(step):
            begun.set()
            time.sleep(0.002)

        server.at = at
        for _ in range(4):
            begun.clear()
            child = process(post, server, seed)
            begun.wait(20)
            time.sleep(random.uniform(0, 0.08))
            child.kill()
            child.communicate(timeout=20)
        finished(process(post, server))
    for content, filing in wanted.items():
        count, state = server.messages.count(content), post.state(filing)
        assert (count, state) in {(1, FilingState.SENT), (0, FilingState.UNSURE), (1, FilingState.UNSURE)}
