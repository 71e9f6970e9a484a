"""Who is asked about a line, and when; and what the journal makes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.config import parse
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind
from diagnostics.probes.binding import Binding
from diagnostics.probes.public_address import PublicNetwork
from diagnostics.recorder.identity import REFRESH_S, RETRY_S, IdentityWatch
from diagnostics.recorder.parts import NoIdentity
from diagnostics.recorder.run import _identity

FREE = PublicNetwork("82.64.1.0/24", "Free", "opendns", "fbx.proxad.net")
FACTS = {"network": "82.64.1.0/24", "operator": "Free"}


class Asked:
    """Gives what it is told, and lets the test wait for being asked."""

    def __init__(self, *answers: PublicNetwork | None, meanwhile: Callable[[], None] | None = None) -> None:
        self.answers = list(answers)
        self.times = threading.Semaphore(0)
        self.count = 0
        self.meanwhile = meanwhile
        self.seconds = 0.0

    def __call__(self) -> PublicNetwork | None:
        self.count += 1
        if self.meanwhile is not None:
            self.meanwhile()
        answer = self.answers.pop(0) if self.answers else FREE
        self.times.release()
        return answer

    def now(self) -> float:
        return self.seconds


def wait_for(watch: IdentityWatch, count: int = 1) -> list[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    deadline = time.monotonic() + 5
    while len(found) < count:
        assert time.monotonic() < deadline
        found += watch.collect()
        time.sleep(0.002)
    return found


def test_a_line_is_asked_about_when_it_is_entered_and_not_again() -> None:
    asked = Asked()
    watch = IdentityWatch(asked, asked.now)
    watch.look("", "")
    assert asked.count == 0
    watch.look("home", "")
    assert wait_for(watch) == [("home", FACTS)]
    watch.look("home", "tun0")
    watch.look("", "")
    watch.look("home", "")
    watch.look("cafe", "")
    assert wait_for(watch) == [("cafe", FACTS)]
    assert asked.count == 2
    asked.seconds = REFRESH_S + 1
    watch.look("home", "")
    assert wait_for(watch) == [("home", FACTS)]


def test_without_an_answer_it_is_asked_again_later() -> None:
    asked = Asked(None)
    watch = IdentityWatch(asked, asked.now)
    watch.look("home", "")
    assert asked.times.acquire(timeout=5)
    asked.seconds = RETRY_S + 1
    watch.look("home", "tun0")
    assert wait_for(watch) == [("home", FACTS)]


def test_an_answer_that_may_be_another_lines_is_thrown_away() -> None:
    asked = Asked()
    watch = IdentityWatch(asked, asked.now)
    asked.meanwhile = lambda: watch.look("cafe", "") if asked.count == 1 else None
    watch.look("home", "")
    assert wait_for(watch) == [("cafe", FACTS)]
    assert watch.collect() == []


@pytest.mark.parametrize(
    ("config", "asks"),
    [
        ("", True),
        ('[home]\nline = "first"\n', True),
        ('[targets]\nresolvers = ["203.0.113.53"]\n', False),
        ('[targets]\nanchors = ["203.0.113.11"]\n', False),
        ("[targets]\nanchors6 = []\n", False),
    ],
)
def test_who_set_targets_of_their_own_wants_no_one_else_asked(config: str, asks: bool) -> None:
    watch = _identity(parse(config, "config.toml"), Binding())
    assert isinstance(watch, IdentityWatch if asks else NoIdentity)


def test_the_journal_keeps_what_was_learnt(tmp_path: Path) -> None:
    line = {"id": "abc", "gateway": "192.168.1.1", "gateway_mac": "02:00:00:00:00:01", "interface": "wlan0"}
    path = tmp_path / "journal.sqlite"
    with closing(Writer(path)) as writer:
        writer.append(Event(EventKind.LINE, 1, line))
        writer.append(Event(EventKind.LINE, 2, line | FACTS | {"ssid": "Maison"}))
        writer.append(Event(EventKind.LINE, 3, line))
        writer.append(Event(EventKind.LINE, 4, line | {"id": "other"}))
    with Reader(path) as reader:
        home, other = reader.lines["abc"], reader.lines["other"]
    assert (home.operator, home.network, home.ssid) == ("Free", "82.64.1.0/24", "Maison")
    assert (other.operator, other.network, other.ssid) == (None, "", "")
