"""Envelopes for an alert desk, and desks that answer by a script, for the tests of sending."""

import contextlib
import functools
import socket
import ssl
import threading
import uuid

from diagnostics.machine_key import MachineKey
from jalerte_desktop.filing.alert import compose_alert
from jalerte_desktop.filing.desk import compose
from jalerte_desktop.filing.model import Consents
from jalerte_desktop.filing.outbox_model import Filing, FilingState
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS

YES = Consents(processing=True, third_parties=False)


def example_key():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return MachineKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


KEY = example_key()


def alert(case=MARIE, findings=None, **more):
    return compose_alert(case, findings or examples.ordinary(), PARIS, **more)


@functools.cache
def small_alert():
    return alert(findings=examples.findings(examples.two_cuts_a_day(1)))


def envelope(url, number=0):
    """A small alert, another document for each number."""
    return compose(small_alert(), YES, url, KEY, examples.NOW + number * 10**9)


def filing(url, number=0, prepared_ns=None):
    return Filing(
        id=uuid.uuid4().hex,
        case_id=MARIE.id,
        alert_id="",
        paper_id=None,
        envelope=envelope(url, number),
        prepared_ns=examples.NOW if prepared_ns is None else prepared_ns,
        state=FilingState.SENDING,
    )


def only_trust(patch, authority):
    """No proxy, and this test's authority in the place of all others, whatever this machine is set to."""
    for name in (
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        patch.delenv(name, raising=False)
    patch.setenv("NO_PROXY", "")
    patch.setenv("SSL_CERT_FILE", str(authority.path))


class ScriptedDesk:
    """TLS on loopback; ``play(connection, body)`` answers once the whole request is there.

    ``connections`` counts them, ``received`` holds what came in after each handshake. ``before`` takes the place of
    all: it gets the bare socket.
    """

    def __init__(self, certificate, play=None, before=None):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._play, self._before = play, before
        self.connections = 0
        self.received = []
        self.end = threading.Event()

    @contextlib.contextmanager
    def running(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.end.set()
                with contextlib.suppress(OSError):
                    listening.shutdown(socket.SHUT_RDWR)
                thread.join(10)
                assert not thread.is_alive()

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def _serve(self, listening):
        while not self.end.is_set():
            try:
                bare, _address = listening.accept()
            except OSError:
                return
            self.connections += 1
            bare.settimeout(10)
            with bare, contextlib.suppress(OSError):
                if self._before is not None:
                    self._before(bare)
                    continue
                with self._context.wrap_socket(bare, server_side=True) as secured:
                    self._converse(secured)

    def _converse(self, secured):
        got = b""
        self.received.append(got)
        while b"\r\n\r\n" not in got:
            part = secured.recv(65_536)
            if not part:
                return
            got += part
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        while len(body) < length:
            body += secured.recv(65_536)
        self.received[-1] = head + b"\r\n\r\n" + body
        if self._play is not None:
            self._play(secured, body)


def answering(status, body=b"", *headers):
    """A play: one answer, whole."""

    def play(connection, _body):
        head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    return play
