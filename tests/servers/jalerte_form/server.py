"""The stand-in as a web server on loopback: addresses, cookies, delays, and its start and end."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.jalerte_form import log, pages
from tests.servers.jalerte_form.bodies import Body, read_body
from tests.servers.jalerte_form.fields import TEXTS, Kind
from tests.servers.jalerte_form.session import FILE_LIMIT, Failed, Gone, Session
from tests.servers.jalerte_form.shape import DEFAULT_REMOVED, shape
from tests.servers.jalerte_form.variants import variants

HOME = "/jalerte/"
COOKIE = "JSESSIONID"
_BODY_LIMIT = FILE_LIMIT + 3 * 1024 * 1024
_IDLE_S = 60
_COMPONENT = re.compile(r"(\d+)-(\d+)\.(\d*)-(form|cookies)(?:-(.*))?")
_MESSAGE_ID = re.compile(r"id[0-9a-f]+")
_HTML, _XML = "text/html; charset=UTF-8", "text/xml; charset=UTF-8"
_JSON = "application/json; charset=UTF-8"
_STATIC = {
    "jquery.min.js": "js/vendor/jquery/jquery.min.js",
    "select2.full.min.js": "js/vendor/select2/select2.full.min.js",
    "select2-fr.js": "js/vendor/select2/i18n/fr.js",
    "select2.min.css": "css/vendor/select2/select2.min.css",
}
"""What the wheel of Django brings, by our name."""
_OWN = ("form.js", "form.css")


class StandIn:
    """The form at ``url`` until the ``with`` block ends. Several may run at once; each serves many sessions.

    ``variant``: one name or several. ``removed``: labels that the variants "removed-…" no longer offer. Answers to
    round trips take up to ``longest_delay_s``, pages and files a quarter of that; all is drawn from ``seed``.
    ``log`` only grows. The end does not wait for delays; it raises what went wrong inside the server, if anything did.
    """

    def __init__(
        self,
        seed: int = 0,
        variant: str | Iterable[str] = "plain",
        longest_delay_s: float = 2.0,
        *,
        port: int = 0,
        removed: Iterable[str] = DEFAULT_REMOVED,
    ) -> None:
        self.form = shape(variants(variant), seed, removed)
        self.removed = self.form.removed
        self.log: list[log.Entry] = []
        self.sessions: dict[str, Session] = {}
        self.ended = threading.Event()
        self._began = time.monotonic()
        self._longest_s = longest_delay_s
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}{HOME}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="stand-in")
        self._thread.start()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None and self._server.faults:
            raise self._server.faults[0]

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join(10)

    # --- what tests ask ---

    def of(self, kind: type[Any]) -> list[Any]:
        """The log's entries of one class, in order."""
        return [entry for entry in tuple(self.log) if isinstance(entry, kind)]

    @property
    def last_session(self) -> Session | None:
        return max(tuple(self.sessions.values()), key=lambda session: session.number, default=None)

    @property
    def held(self) -> dict[str, str]:
        """All that the server holds for the last session, in the plain form's words, by plain name."""
        session = self.last_session
        return {} if session is None else session.held()

    @property
    def values(self) -> dict[str, str]:
        """``held`` without consents and rating: what a program may have filled."""
        personal = {field.name for field in self.form.fields if field.consent or field.kind is Kind.RATING}
        return {name: value for name, value in self.held.items() if name not in personal}

    @property
    def ever(self) -> dict[str, list[str]]:
        """Each value that was ever taken over, in order, by plain name: a wrong value is not undone by a right one."""
        found: dict[str, list[str]] = {}
        for entry in self.of(log.Value):
            found.setdefault(entry.name, []).append(entry.value)
        return found

    @property
    def sends(self) -> list[log.Send]:
        """Each press of the button that sends, also those that were refused."""
        return self.of(log.Send)

    @property
    def consents(self) -> list[log.Consent]:
        """Each consent that the client answered."""
        return self.of(log.Consent)

    @property
    def ratings(self) -> list[int]:
        return [entry.stars for entry in self.of(log.Rating)]

    # --- what the handler asks ---

    def note(self, entry: type[log.Entry], **facts: Any) -> None:
        with self._lock:
            self.log.append(entry(at_s=time.monotonic() - self._began, **facts))

    def new_session(self) -> tuple[str, Session]:
        with self._lock:
            number = len(self.sessions) + 1
            key = f"{number:04X}{self.form.seed:08X}"
            self.sessions[key] = Session(number, self.form, self.note, self._longest_s, self.port)
            return key, self.sessions[key]


class _Server(ThreadingHTTPServer):
    # Threads are joined at the end: nothing of a stand-in outlives its block.
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], stand_in: StandIn) -> None:
        super().__init__(address, _Handler)
        self.stand_in = stand_in
        self.faults: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        # Browsers drop connections as they like.
        if error is not None and not isinstance(error, OSError):
            self.faults.append(error)


@cache
def _static(name: str) -> bytes | None:
    if name in _OWN:
        return (Path(__file__).parent / "static" / name).read_bytes()
    if name not in _STATIC:
        return None
    django = find_spec("django")
    assert django is not None, "the stand-in takes jQuery and select2 out of Django's wheel"
    assert django.origin is not None
    return (Path(django.origin).parent / "contrib/admin/static/admin" / _STATIC[name]).read_bytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Apache"
    sys_version = ""
    timeout = _IDLE_S
    # Head and body in one packet: else each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    server: _Server

    @property
    def stand_in(self) -> StandIn:
        return self.server.stand_in

    def log_message(self, *_: Any) -> None:
        pass

    # --- reading ---

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/static/"):
            self._send_static(parts.path.removeprefix("/static/"))
        elif parts.path == "/captcha/anchor":
            self._answer(200, _HTML, pages.captcha_page())
        elif parts.path == HOME + "session-expiree":
            self._answer(410, _HTML, pages.trouble_page("expired"))
        elif parts.path == HOME + "erreur":
            self._answer(500, _HTML, pages.trouble_page("error"))
        elif parts.path in ("/", HOME.rstrip("/")):
            self._redirect(HOME)
        elif parts.path != HOME:
            self._answer(404, _HTML, "<!DOCTYPE html><title>404</title><p>Page introuvable</p>")
        elif not parts.query or (parts.query.isdecimal() and self._key() is None):
            # A visitor with no session begins, whatever the n: other programs link the form as "?2".
            self._begin()
        else:
            self._get_instance(unquote(parts.query))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            self._answer(413, _HTML, "<!DOCTYPE html><title>413</title><p>Requête trop volumineuse</p>")
            return
        body = read_body(self.headers.get("Content-Type", ""), self.rfile.read(int(length)))
        asked = _COMPONENT.fullmatch(unquote(urlsplit(self.path).query))

        def work(session: Session) -> None:
            if asked is None:
                raise Gone
            session.check(int(asked[1]), int(asked[2]))
            if asked[3]:
                self._round_trip(session, int(asked[3]), asked[5] or "", body)
            elif asked[4] == "cookies":
                self._cookies(session, body)
            else:
                self._press(session, body)

        self._in_session(work, quarter=asked is None or not asked[3])

    def _get_instance(self, query: str) -> None:
        component, _, search = query.partition("&")
        asked = _COMPONENT.fullmatch(component)

        def work(session: Session) -> None:
            if asked is not None:
                session.check(int(asked[1]), int(asked[2]))
                wanted = parse_qs(search).get("q", [""])[0]
                self._answer(200, _JSON, pages.found(session.form.communes(wanted)))
            elif component.isdecimal():
                session.check(int(component))
                self._answer(200, _HTML, self._instance(session))
            else:
                raise Gone

        self._in_session(work, quarter=asked is None)

    def _in_session(self, work: Callable[[Session], None], quarter: bool) -> None:
        """Does it with the visitor's session and its lock, after its delay; or says that the session is gone."""
        session = self.stand_in.sessions.get(self._key() or "")
        try:
            if session is None:
                self.stand_in.note(log.Trouble, session=0, page=-1, what="lost")
                raise Gone
            with session.lock:
                if self.stand_in.ended.wait(session.delay_s() * (0.25 if quarter else 1)):
                    raise ConnectionAbortedError
                work(session)
        except Gone:
            self._trouble(session, "expired")
        except Failed:
            self._trouble(session, "error")

    def _key(self) -> str | None:
        with contextlib.suppress(CookieError):
            found = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
            return None if found is None else found.value
        return None

    # --- doing ---

    def _begin(self) -> None:
        key = self._key() or ""
        session = self.stand_in.sessions.get(key)
        cookie = ""
        if session is None or not session.alive:
            key, session = self.stand_in.new_session()
            cookie = f"{COOKIE}={key}; Path=/; HttpOnly; SameSite=Lax"
        with session.lock:
            session.begin()
            self._redirect(f"{HOME}?{session.page}", cookie)

    def _instance(self, session: Session) -> str:
        if session.wizard.place == "step":
            return pages.step_page(session)
        return pages.plain_page(f"{session.wizard.place}.html", session)

    def _cookies(self, session: Session, body: Body) -> None:
        session.answer_cookies("".join(body.values.get("cookies", [])))
        session.open("step", session.wizard.position)
        self._redirect(f"{HOME}?{session.page}")

    def _press(self, session: Session, body: Body) -> None:
        for _, name, data in body.files:
            session.upload(name, data)
        if session.form.button_name("precedent") in body.values:
            session.back()
        else:
            session.forward(body.values)
        self._redirect(f"{HOME}?{session.page}")

    def _round_trip(self, session: Session, asked: int, path: str, body: Body) -> None:
        if asked == pages.REMOVE:
            session.remove_file(int(path) if path.isdecimal() else -1)
            self._answer(200, _XML, pages.redrawn(session))
            return
        field = session.form.field_at(path)
        if field is None:
            raise Gone
        if asked == pages.LOAD:
            session.load(field)
        elif asked == pages.UPLOAD:
            for _, name, data in body.files:
                session.upload(name, data)
        else:
            session.take(field, body.values.get(session.form.wires[field.name], []))
        message_id = "".join(body.values.get("message", []))
        if field.kind in TEXTS and _MESSAGE_ID.fullmatch(message_id):
            self._answer(200, _XML, pages.text_answer(session, field, message_id))
        else:
            self._answer(200, _XML, pages.redrawn(session))

    # --- answering ---

    def _trouble(self, session: Session | None, what: str) -> None:
        if session is not None:
            session.note(log.PageShown, what=what)
        address = "/jalerte/session-expiree" if what == "expired" else "/jalerte/erreur"
        if self.headers.get("Wicket-Ajax") == "true":
            self._answer(200, _XML, pages.elsewhere(address), {"Ajax-Location": address})
        else:
            self._answer(410 if what == "expired" else 500, _HTML, pages.trouble_page(what))

    def _send_static(self, name: str) -> None:
        data = _static(name)
        if data is None:
            self._answer(404, _HTML, "")
            return
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        self._answer(200, f"{kind}; charset=UTF-8", data, {"Cache-Control": "max-age=3600"})

    def _redirect(self, address: str, cookie: str = "") -> None:
        self._answer(302, _HTML, "", {"Location": address, **({"Set-Cookie": cookie} if cookie else {})})

    def _answer(
        self, status: int, kind: str, body: str | bytes, headers: dict[str, str] | None = None
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in {"Cache-Control": "no-store", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
