"""``jalerte stamp`` as scripts and people meet it: processes of its own against a real responder on loopback."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import selectors
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from diagnostics.clock import SystemClock
from diagnostics.config import parse
from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind
from diagnostics.recorder.control import Server
from diagnostics.recorder.notes import LOCK_NAME, check_note
from diagnostics.recorder.stamp_desk import StampDesk, StampParts
from diagnostics.stamps.known import find, load_known
from diagnostics.stamps.record import kept_stamps, seals_of, stamps_of
from diagnostics.stamps.request import make_query
from jalerte_desktop.commands._speed_child import stamp_command
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.words.errors import sentences
from jalerte_desktop.words.stamps import WHY_NOT_VALID
from tests.servers.stamp_server import StampAuthority, StampServer


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampAuthority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: there is no real time-stamp responder to test against")
    return StampAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: StampAuthority) -> Iterator[StampServer]:
    with StampServer(authority.answer) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "chez moi é"


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "jalerte_desktop", "--home", str(home), "stamp", *words]


def run(home: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "JALERTE_LANG": "en", "TZ": "UTC"}
    done = subprocess.run(
        command(home, *words),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done


def run_json(home: Path, *words: str) -> Any:
    return json.loads(run(home, *words, "--json").stdout)


def seal(home: Path) -> bytes:
    """Have the journal sealed as the recorder does at its start; returns the link that was signed."""
    home.mkdir(exist_ok=True)
    with Lock(home / LOCK_NAME), closing(Writer(home / "journal.sqlite")) as writer:
        writer.append(Event(EventKind.STARTED, time.time_ns(), {"version": "test"}))
        writer.sign(time.time_ns())
    with Reader(home / "journal.sqlite") as reader:
        return list(seals_of(reader.events(EventKind.SEAL)))[-1].link


def test_before_anything_is_chosen(home: Path) -> None:
    assert run(home, "show").stdout.splitlines() == [
        "Nobody dates the seals: “jalerte stamp choose” lists who can be asked.",
        "No day is dated from outside yet.",
    ]
    assert run_json(home, "show") == {
        "server": None, "agreed": False, "due": None, "days": [], "stamps": [], "failed": None,
    }  # fmt: skip
    assert "No time-stamp server is chosen" in run(home, "now", code=2).stderr
    assert not home.exists(), "nothing was written"


def test_the_known_servers_are_listed_and_none_is_chosen(home: Path) -> None:
    text = run(home, "choose").stdout
    for known in load_known():
        assert known.url in text
    assert text.count("comes from others") == sum(not known.sure for known in load_known()) > 0
    assert len(run_json(home, "choose")["servers"]) == len(load_known())
    assert not home.exists()


def test_nothing_is_chosen_without_a_yes(home: Path, server: StampServer) -> None:
    done = run(home, "choose", "--server", server.url, code=2)
    assert "public address" in done.stderr
    assert "Nothing was agreed to" in done.stderr
    assert not home.exists()
    assert server.queries == []


@pytest.mark.parametrize(("typed", "agreed"), [("o", True), ("yes", True), ("", False), ("n", False)])
def test_a_person_is_asked(home: Path, server: StampServer, typed: str, agreed: bool) -> None:
    """At a real terminal: the terms come first, then the question."""
    mine, theirs = pty.openpty()
    environment = {**os.environ, "JALERTE_LANG": "en"}
    child = subprocess.Popen(
        command(home, "choose", "--server", server.url),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    seen = b""
    with selectors.DefaultSelector() as selector:
        selector.register(mine, selectors.EVENT_READ)
        while b"[y/N]" not in seen:
            assert selector.select(30), seen
            seen += os.read(mine, 4096)
    os.write(mine, typed.encode() + b"\n")
    assert child.wait(30) == (0 if agreed else 2)
    os.close(mine)
    assert b"public address" in seen
    assert b"http: whoever is on the way" in seen
    assert b"not in the list" in seen
    assert run_json(home, "show")["agreed"] is agreed


def test_a_stamp_from_beginning_to_end(home: Path, server: StampServer, authority: StampAuthority) -> None:
    assert run_json(home, "choose", "--server", server.url, "--yes") == {"server": server.url, "agreed": True}
    assert "Nothing is sealed yet" in run(home, "now", code=1).stderr
    link = seal(home)
    made = run_json(home, "now")
    assert made["made"] is True
    assert made["stamp"]["link"] == link.hex()
    assert made["stamp"]["authority"] == "Test tsa (Test Trust)"
    assert len(server.queries) == 1

    # What is kept satisfies openssl, and the journal.
    with Reader(home / "journal.sqlite") as reader:
        (kept,) = kept_stamps(reader.events(EventKind.STAMP))
        (fact,) = stamps_of(reader)
    assert fact.valid
    assert authority.accepts(kept.token, link)
    assert not authority.accepts(kept.token, link[::-1])
    assert verify(home / "journal.sqlite").first_fault is None

    shown = run_json(home, "show")
    assert shown["days"] == [made["stamp"]["at"][:10]]
    assert [stamp["valid"] for stamp in shown["stamps"]] == [True]
    assert shown["due"] is None
    text = run(home, "show").stdout
    assert "1 day is dated from outside" in text
    assert "whether that is to be trusted is not checked" in text

    again = run_json(home, "now")
    assert again["made"] is False
    assert len(server.queries) == 1, "a seal is dated once"
    assert "dated already" in run(home, "now").stdout
    seal(home)
    assert run_json(home, "now")["made"] is True
    assert len(server.queries) == 2


def test_roots_of_one_s_own(
    home: Path, server: StampServer, authority: StampAuthority, tmp_path: Path
) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    (home / "roots.pem").write_bytes(StampAuthority(tmp_path / "stranger").root.read_bytes())
    (home / "config.toml").write_text('[stamp]\nroots = "roots.pem"\n')
    refused = run(home, "now", code=1).stderr
    assert "goes up to Test Root (Test Trust), none of your roots" in refused
    (home / "roots.pem").write_bytes(authority.root.read_bytes())
    run(home, "now")
    assert "Checked up to your root: Test Root (Test Trust)." in run(home, "show").stdout
    (home / "roots.pem").write_text("nothing")
    assert "cannot be read as certificates" in run(home, "show", code=2).stderr


def test_the_file_decides_and_wants_a_yes(home: Path, server: StampServer) -> None:
    home.mkdir()
    (home / "config.toml").write_text(f'[stamp]\nserver = "{server.url}"\n')
    seal(home)
    assert "not agreed to it yet" in run(home, "now", code=2).stderr
    assert "not agreed to it yet" in run(home, "show").stdout
    other = run(home, "choose", "--server", "http://127.0.0.1:1/", "--yes", code=2).stderr
    assert "the file decides" in other
    assert server.queries == []
    run(home, "choose", "--yes")
    run(home, "now")
    assert len(server.queries) == 1


def test_taking_back(home: Path, server: StampServer) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    run(home, "now")
    assert "Nobody is asked any more" in run(home, "choose", "--none").stdout
    seal(home)
    assert "No time-stamp server is chosen" in run(home, "now", code=2).stderr
    shown = run_json(home, "show")
    assert (shown["server"], len(shown["stamps"])) == (None, 1)
    assert len(server.queries) == 1


@pytest.mark.parametrize("url", ["tsa.example", "http://me:secret@a/", "http://a/#b", "ftp://a/"])
def test_what_is_no_address(home: Path, url: str) -> None:
    assert (
        "is no address of a time-stamp server" in run(home, "choose", "--server", url, "--yes", code=2).stderr
    )
    assert not home.exists()


def test_what_failed_is_kept_and_shown(home: Path, server: StampServer) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    server.way = "status"
    for _ in range(2):
        assert "refuses (HTTP 503)" in run(home, "now", code=1).stderr
    shown = run_json(home, "show")
    assert (shown["failed"]["count"], shown["failed"]["code"]) == (2, "stamp_http_status")
    assert shown["due"] > shown["failed"]["at"]
    text = run(home, "show").stdout
    assert "refuses (HTTP 503)" in text
    assert "Tried again: " in text
    server.way = "honest"
    run(home, "now")
    assert run_json(home, "show")["failed"] is None


def test_an_answer_of_another_hand_is_thrown_away(
    home: Path, authority: StampAuthority, server: StampServer
) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    link = seal(home)
    other = make_query(link[::-1]).body
    replies = {
        "stamp_other_link": lambda _query: authority.answer(other),
        "stamp_other_nonce": lambda _query: authority.answer(make_query(link).body),
        "stamp_not_understood": lambda query: authority.answer(query) + b"\0",
        "stamp_too_large": lambda _query: b"\x30" * 50_000,
    }
    for code, reply in replies.items():
        server.answer = reply
        run(home, "now", code=1)
        assert run_json(home, "show")["failed"]["code"] == code
    assert run_json(home, "show")["stamps"] == []


def test_hostile_words_reach_no_terminal(home: Path, server: StampServer) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    bad = {"version": 1, "server": server.url, "count": 1, "at_ns": time.time_ns(), "code": "stamp_cut_off",
           "why": "\x1b[2J{host}"}  # fmt: skip
    (home / "stamp.json").write_text(json.dumps(bad))
    text = run(home, "show").stdout
    assert "\x1b" not in text
    assert "broke off its answer" in text


def test_the_recorder_has_it_done(home: Path, server: StampServer, authority: StampAuthority) -> None:
    """The desk, the socket and the command together, as in the recorder, without its probes."""
    run(home, "choose", "--server", server.url, "--yes")
    link = seal(home)
    with Lock(home / LOCK_NAME), closing(Writer(home / "journal.sqlite")) as writer:

        def handle(message: Any) -> dict[str, Any]:
            if message.get("op") == "note":
                writer.append(check_note(message, time.time_ns()))
            return {"ok": True}

        words = stamp_command(Context(Home(home)))
        assert words[-3:] == ("stamp", "now", "--recorder")
        desk = StampDesk(StampParts(SystemClock(), home, home / "journal.sqlite", parse("", "c"), words))
        with closing(Server(home, desk.listening(handle))) as socket, selectors.DefaultSelector() as selector:
            socket.register(selector)
            desk.start()
            until = time.monotonic() + 30
            stamps: list[Any] = []
            while not stamps:
                assert time.monotonic() < until, "no stamp came"
                for key, _ in selector.select(0.1):
                    key.data(selector, key.fileobj)
                with Reader(home / "journal.sqlite") as reader:
                    stamps = list(kept_stamps(reader.events(EventKind.STAMP)))
            desk.close()
            assert desk.left
    assert authority.accepts(stamps[0].token, link)
    assert len(server.queries) == 1


def test_started_by_the_recorder_it_stops_with_its_input(home: Path, server: StampServer) -> None:
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    server.way = "hangs"
    child = subprocess.Popen(
        command(home, "now", "--recorder"), stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 20
    while not server.queries:
        assert time.monotonic() < until
        threading.Event().wait(0.02)
    assert child.stdin is not None
    child.stdin.close()
    began = time.monotonic()
    assert child.wait(10) != 0
    assert time.monotonic() - began < 3


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_list_is_dated_and_sourced() -> None:
    for known in load_known():
        assert known.confidence in ("V", "T", "M")
        assert known.source
        assert known.checked_on >= "2026"
        assert known.asks in ("", "spaced")
    assert find("https://freetsa.org/tsr/") == find("https://freetsa.org/tsr")
    assert find("http://unknown.example") is None


def test_every_failure_has_its_sentence() -> None:
    root = Path(__file__).resolve().parents[2]
    used: set[str] = set()
    for path in [*(root / "diagnostics/stamps").glob("*.py"), root / "diagnostics/recorder/stamp_desk.py"]:
        used |= set(re.findall(r'"(stamp_[a-z_]+)"', path.read_text("utf-8")))
    assert len(used) > 15
    assert used <= {*sentences(), *WHY_NOT_VALID}
    # Of a kept stamp nothing is said that was true only when it came in.
    room = root / "diagnostics/stamps"
    found = set(re.findall(r'Failed\("(stamp_[a-z_]+)"', (room / "reading.py").read_text("utf-8")))
    found |= set(re.findall(r'why = "(stamp_[a-z_]+)"', (room / "record.py").read_text("utf-8")))
    assert found - {"stamp_other_nonce"} == set(WHY_NOT_VALID)


def test_a_kept_token_is_plain_base64(home: Path, server: StampServer) -> None:
    """Whoever has only the journal gets at it with standard tools."""
    run(home, "choose", "--server", server.url, "--yes")
    seal(home)
    run(home, "now")
    with Reader(home / "journal.sqlite") as reader:
        (event,) = reader.events(EventKind.STAMP)
    assert base64.b64decode(str(event.data["token"]), validate=True)[0] == 0x30
