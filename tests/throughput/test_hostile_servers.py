"""``jalerte speed`` against web servers that do everything wrong: one clear outcome, in time, and nothing left over.

The real command, in a network namespace of its own, with ``tests/servers/hostile_web.py`` on its loopback. All cases
run side by side, once; the tests look at what came of them. Beside a decent server, which is 4 ms farther away and so
comes second, a bad one has to be given up for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import EventKind
from tests.servers import hostile_web as web
from tests.servers.hostile_web import BINARY, Certificates, HostileWeb
from tests.servers.namespaces import Namespace, connect, namespaces, needs_namespaces
from tests.servers.stub_web import Handler

pytestmark = needs_namespaces

ROOT = Path(__file__).parents[2]
WIRE = ROOT / "tests" / "lab" / "wire.py"
AT_ONCE = 10
LIMIT_S = 25.0
"""The promise is 15 s; ten of them run here at once, on a machine that may be busy otherwise."""
RACING = "resets at once"
GOOD_ADDRESS = "10.81.0.2"
BRIEF = ("--seconds", "3")
HUGE = b"Content-Length: 1000000000000000000000000000000\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """``code``: what the command fails with; empty where it has a result. ``failure`` is then its flow's, or empty.

    Where there is a ``failure``, it is the command's own when too little had passed before to name a rate.
    """

    handler: Handler | None
    code: str = ""
    failure: str = ""
    scheme: str = "http"
    only: tuple[str, ...] = ("--down-only",)


def refused(answer: web.Answer, code: str) -> Case:
    return Case(web.downloads(answer), code)


def chunked(body: bytes, then: web.Answer = web.hold) -> web.Answer:
    return web.says(BINARY + b"Transfer-Encoding: chunked\r\n\r\n" + body, then=then)


def upload(answer: web.Answer, *, code: str = "", failure: str = "") -> Case:
    return Case(web.uploads(answer), code, failure, only=("--up-only",))


PLAIN: dict[str, Case] = {
    "decent": Case(web.decent, only=BRIEF),
    "nobody there": Case(None, "speed_unreachable"),
    "closes at once": Case(web.at_once(web.says(b"")), "speed_closed"),
    "resets at once": Case(web.at_once(web.reset), "speed_closed"),
    "silent before the head": refused(web.hold, "speed_stalled"),
    "silent in the head": refused(web.says(BINARY, then=web.hold), "speed_stalled"),
    "drips the head": refused(web.drip(BINARY), "speed_stalled"),
    "resets in the head": refused(web.says(BINARY, then=web.reset), "speed_closed"),
    "closes in the head": refused(web.says(BINARY), "speed_not_http"),
    "garbage": Case(web.at_once(web.repeat(web.PIECE)), "speed_not_http"),
    "binary zeros": Case(web.at_once(web.repeat(bytes(4096))), "speed_not_http"),
    "another protocol": Case(
        web.at_once(web.says(b"220 mail.example ESMTP\r\n", then=web.hold)), "speed_not_http"
    ),
    "endless header": refused(
        web.says(b"HTTP/1.1 200 OK\r\n", then=web.repeat(b"X-More: and more\r\n" * 100)), "speed_not_http"
    ),
    "endless header line": refused(
        web.says(b"HTTP/1.1 200 OK\r\nX-Long: ", then=web.repeat(b"a" * 4096)), "speed_not_http"
    ),
    "goes on for ever": refused(web.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), "speed_stalled"),
    "bad status line": refused(web.says(b"HTTP/1.1 2000 FINE\r\n\r\n"), "speed_not_http"),
    "negative length": refused(web.says(BINARY + b"Content-Length: -5\r\n\r\n"), "speed_not_http"),
    "length without end": refused(web.says(BINARY + HUGE), "speed_not_http"),
    "no content": refused(web.says(b"HTTP/1.1 204 No Content\r\n\r\n"), "speed_not_compatible"),
    "empty": refused(web.says(web.status("200 OK")), "speed_not_compatible"),
    "a page": refused(
        web.says(web.status("200 OK", "Content-Type: text/html", body=b"<h1>Welcome</h1>" * 9999)),
        "speed_not_compatible",
    ),
    "a redirect loop": refused(
        web.says(web.status("302 Found", "Location: /garbage.php?ckSize=1")), "speed_redirected"
    ),
    "a redirect to nowhere": refused(web.says(web.status("301 Moved", "Location: ::::")), "speed_redirected"),
    "403": refused(web.says(web.status("403 Forbidden")), "speed_refused"),
    "404": refused(web.says(web.status("404 Not Found")), "speed_not_compatible"),
    "413": refused(web.says(web.status("413 Content Too Large")), "speed_refused"),
    "429": refused(web.says(web.status("429 Too Many Requests", "Retry-After: 60")), "speed_too_many"),
    "500": refused(web.says(web.status("500 Internal Server Error")), "speed_refused"),
    "503": refused(web.says(web.status("503 Service Unavailable")), "speed_refused"),
    "stalls before the body": Case(web.downloads(web.pours(0, then=web.hold)), "speed_stalled"),
    "length too short": refused(
        web.says(BINARY + b"Content-Length: 99\r\n\r\n" + bytes(99999), then=web.hold), "speed_not_http"
    ),
    "broken chunk size": refused(chunked(b"zz\r\nabc"), "speed_not_http"),
    "chunk too long for a number": refused(chunked(b"f" * 40 + b"\r\nabc"), "speed_not_http"),
    "endless chunk size": refused(chunked(b"", web.repeat(b"0" * 4096)), "speed_not_http"),
    "chunk of a wrong length": refused(chunked(b"3\r\nabcdefgh\r\n"), "speed_not_http"),
    "stalls in the body": Case(web.downloads(web.pours(1 << 20, then=web.hold)), failure="speed_stalled"),
    "drips the body": Case(
        web.downloads(web.says(BINARY + b"Content-Length: 99999999\r\n\r\n", then=web.drip(bytes(99)))),
        failure="speed_stalled",
    ),
    "resets soon in the body": Case(web.downloads(web.pours(9999, then=web.reset)), failure="speed_closed"),
    "small bodies only": Case(
        web.downloads(web.says(web.status("200 OK", body=bytes(99)), then=web.hold)),
        failure="speed_not_compatible",
    ),
    # A rate comes of these: many short connections are slow, and honest.
    "resets now and then": Case(web.downloads(web.pours(1 << 20, then=web.reset))),
    "one answer a connection": Case(
        web.downloads(
            web.says(web.status("200 OK", "Connection: close", "Content-Type: a/b", body=web.PIECE * 4))
        )
    ),
    "a packed bomb": Case(
        web.downloads(
            web.says(
                BINARY + b"Content-Encoding: gzip\r\nContent-Length: 1073741824\r\n\r\n",
                then=lambda connection, end: web.repeat(web.bomb())(connection, end),
            )
        )
    ),
    "never reads the upload": upload(web.hold, failure="speed_stalled"),
    "resets the upload": upload(web.reset, failure="speed_closed"),
    "agrees to the upload at once, closes": upload(
        web.says(web.status("200 OK", "Connection: close")), failure="speed_closed"
    ),
    "refuses the upload": upload(
        web.says(web.status("500 Internal Server Error"), then=web.hold), failure="speed_refused"
    ),
    "finds any upload too large": upload(
        web.says(web.status("413 Content Too Large"), then=web.hold), failure="speed_refused"
    ),
    "answers the upload without end": upload(
        web.says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", then=web.repeat(bytes(9999))),
        code="speed_not_compatible",
        failure="speed_not_compatible",
    ),
    "plain where TLS is wanted": Case(web.decent, "speed_tls", scheme="https"),
    "silent where TLS is wanted": Case(web.at_once(web.hold), "speed_tls", scheme="https"),
    "garbage where TLS is wanted": Case(web.at_once(web.repeat(web.PIECE)), "speed_tls", scheme="https"),
}
ELSEWHERE = "a redirect to another host"
OF_TLS: dict[str, tuple[Callable[[Certificates], Any], str, str]] = {
    "a good certificate": (lambda made: made.issued("localhost"), "https", ""),
    "a certificate by nobody": (lambda made: made.self_signed("localhost"), "https", "speed_certificate"),
    "another's certificate": (lambda made: made.issued("elsewhere.example"), "https", "speed_certificate"),
    "an expired certificate": (
        lambda made: made.issued("localhost", days="-1"),
        "https",
        "speed_certificate",
    ),
    "TLS 1.0": (lambda made: made.old_protocol("localhost"), "https", "speed_tls"),
    "TLS where plain is wanted": (lambda made: made.issued("localhost"), "http", "speed_closed"),
}
NAMES = (*PLAIN, ELSEWHERE, *OF_TLS)
REFUSED = (
    *(name for name, case in PLAIN.items() if case.code and case.handler and case.only == ("--down-only",)),
    ELSEWHERE,
    *(name for name, (_, _, code) in OF_TLS.items() if code),
)


@dataclass
class Outcome:
    """What a run of the command said, and left behind in ``home``."""

    code: int
    took_s: float
    out: str
    err: str
    home: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    """Of ``--progress``."""

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def said(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry["event"] == event]


class Field:
    """The namespace with all servers, and the command run in it."""

    def __init__(self, folder: Path, here: Namespace, stack: ExitStack) -> None:
        self.folder, self.here = folder, here
        self.certificates = Certificates(folder)
        self.cases: dict[str, Case] = dict(PLAIN)
        self.elsewhere: list[bytes] = []
        for name, (context, scheme, code) in OF_TLS.items():
            handler = web.secured(web.decent, context(self.certificates))
            self.cases[name] = Case(handler, code, scheme=scheme, only=BRIEF)
        with here.entered():
            other = stack.enter_context(_closing(HostileWeb(self._note, "127.0.0.2")))
            away = web.status("302 Found", f"Location: http://127.0.0.2:{other.port}/garbage.php")
            self.cases[ELSEWHERE] = refused(web.says(away), "speed_redirected")
            self.urls = {name: self._open(case, stack) for name, case in self.cases.items()}

    def _note(self, connection: Any, _end: Any) -> None:
        self.elsewhere.append(connection.recv(4096))

    @staticmethod
    def _open(case: Case, stack: ExitStack) -> str:
        host = "localhost" if case.scheme == "https" else "127.0.0.1"
        if case.handler is None:
            return f"{case.scheme}://{host}:9/"
        server = stack.enter_context(_closing(HostileWeb(case.handler)))
        return f"{case.scheme}://{host}:{server.port}/"

    def measure(self, name: str, *servers: str, more: tuple[str, ...] = ()) -> Outcome:
        home = self.folder / "".join(sign if sign.isalnum() else "-" for sign in name)
        home.mkdir()
        words = [sys.executable, "-m", "jalerte_desktop", "--home", str(home), "speed", "--provider", "http"]
        words += [word for server in servers for word in ("--server", server)]
        environment = {**os.environ, "JALERTE_LANG": "en", "SSL_CERT_FILE": str(self.certificates.root)}
        began = time.monotonic()
        done = subprocess.run(
            ["ip", "netns", "exec", self.here.name, *words, "--ipv4", "--json", "--progress", *more],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        outcome = Outcome(done.returncode, time.monotonic() - began, done.stdout, done.stderr, home)
        lines = [line for line in done.stderr.splitlines() if line.startswith("{")]
        outcome.events += [json.loads(line) for line in lines]
        return outcome


class _closing:  # noqa: N801 - like contextlib's
    """Ends a server with the field."""

    def __init__(self, server: HostileWeb) -> None:
        self._server = server

    def __enter__(self) -> HostileWeb:
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with namespaces(1) as (here,), ExitStack() as stack:
        yield Field(tmp_path_factory.mktemp("hostile"), here, stack)


@pytest.fixture(scope="module")
def outcomes(there: Field) -> dict[str, Outcome]:
    """Each server alone."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {
            name: pool.submit(
                there.measure, name, there.urls[name], more=("--seconds", "5", *there.cases[name].only)
            )
            for name in NAMES
        }
        return {name: run.result() for name, run in runs.items()}


@pytest.fixture(scope="module")
def beside(there: Field, outcomes: dict[str, Outcome]) -> Iterator[dict[str, Outcome]]:
    """Two bad servers and a decent one, in a third namespace at the end of a slow wire."""
    with namespaces(2) as (middle, far), ExitStack() as stack:
        _, near = connect(there.here, "10.81.0.1/24", middle, "10.82.0.1/24")
        other, _ = connect(middle, "10.83.0.1/24", far, f"{GOOD_ADDRESS}/24")
        wire = subprocess.Popen(
            ["ip", "netns", "exec", middle.name, sys.executable, str(WIRE), near, other],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(wire.communicate)
        assert wire.stdin is not None
        assert wire.stdout is not None
        assert wire.stdout.readline() == "ready\n"
        print("delay 4", file=wire.stdin, flush=True)
        assert wire.stdout.readline() == "ready\n"
        with far.entered():
            good = stack.enter_context(_closing(HostileWeb(web.decent, GOOD_ADDRESS)))
        url = f"http://{GOOD_ADDRESS}:{good.port}/"
        more = ("--seconds", "1", "--most-mb", "4", "--down-only")
        pairs = [REFUSED[start : start + 2] for start in range(0, len(REFUSED), 2)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = {
                pair: pool.submit(
                    there.measure, f"beside {pair[0]}", *(there.urls[name] for name in pair), url, more=more
                )
                for pair in pairs
            }
            yield {name: run.result() for pair, run in runs.items() for name in pair}


@pytest.mark.parametrize("name", NAMES)
def test_each_server_alone_comes_to_one_clear_end(
    name: str, there: Field, outcomes: dict[str, Outcome]
) -> None:
    case, outcome = there.cases[name], outcomes[name]
    assert "Traceback" not in outcome.err
    assert outcome.took_s < LIMIT_S
    if outcome.code == 1 or (not case.failure and case.code):
        assert outcome.code == 1, outcome.out
        assert outcome.out == ""
        (event,) = outcome.said("failed")
        assert event["code"]
        assert event["code"] in (case.code, case.failure)
        # The last line of all, in words and for the person.
        assert outcome.err.splitlines()[-1] == outcome.said("failed")[0]["problem"]
        return
    assert outcome.code == 0, outcome.err
    assert outcome.document["indicative"] is True
    assert outcome.said("completed")[0]["result"] == outcome.document


@pytest.mark.parametrize("name", [name for name, case in PLAIN.items() if case.failure or not case.code])
def test_what_was_measured_is_kept_with_the_reason_for_its_end(
    name: str, there: Field, outcomes: dict[str, Outcome]
) -> None:
    case, outcome = there.cases[name], outcomes[name]
    if outcome.code == 1:
        return  # too little to name a rate: that it failed in one clear way is seen above
    document = outcome.document
    flow = document["upload" if case.only == ("--up-only",) else "download"]
    assert (flow["ended"] == "failed") == bool(case.failure), flow
    assert (flow["failure"] or "") == case.failure
    assert ("speed_failed" in document["note_codes"]) == bool(case.failure)


def test_a_certificate_that_is_trusted_lets_both_directions_be_measured(outcomes: dict[str, Outcome]) -> None:
    document = outcomes["a good certificate"].document
    assert document["download"]["bps"]
    assert document["upload"]["bps"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_half_written(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    left = {path.name for path in outcome.home.iterdir()}
    assert left <= {"journal.sqlite", "keys", "recorder.lock", "speed.lock"}
    journal = outcome.home / "journal.sqlite"
    if outcome.code == 1:
        assert not journal.exists()
        return
    assert verify(journal).first_fault is None
    with Reader(journal) as reader:
        assert len(list(reader.events(EventKind.SPEED))) == 1


def test_a_redirect_to_another_host_is_not_followed(there: Field, outcomes: dict[str, Outcome]) -> None:
    assert outcomes[ELSEWHERE].code == 1
    assert there.elsewhere == []


@pytest.mark.parametrize("name", REFUSED)
def test_beside_a_decent_server_the_bad_one_is_replaced_and_that_is_said(
    name: str, there: Field, beside: dict[str, Outcome]
) -> None:
    outcome = beside[name]
    assert outcome.code == 0, outcome.err
    # Two of them are tried before the decent one.
    assert outcome.took_s < 2 * LIMIT_S
    document = outcome.document
    assert GOOD_ADDRESS in document["server"]
    assert document["download"]["failure"] is None
    assert document["download"]["bytes"] > 1 << 20
    left = [event for event in outcome.said("server_left") if event["server"] == there.urls[name]]
    if name == RACING and not left:
        return  # its reset overtook the handshake: as one that does not answer it came last, and was not needed
    assert "speed_server_replaced" in document["note_codes"]
    assert len(left) == 1
    assert left[0]["why"]
    assert any(there.urls[name] in note for note in document["notes"])


def test_no_process_is_left_behind(there: Field, outcomes: dict[str, Outcome]) -> None:
    assert _processes(there.here) == []


def _processes(namespace: Namespace) -> list[str]:
    done = subprocess.run(
        ["ip", "netns", "pids", namespace.name], capture_output=True, text=True, check=True, timeout=10
    )
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in done.stdout.split()]
