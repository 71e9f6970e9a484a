"""Mail servers on loopback: a real one (aiosmtpd) with STARTTLS or TLS, and one that misbehaves by a script."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "marie@exemple.fr", "sésame très-secret 7731"


@dataclass(frozen=True)
class Authority:
    """A certificate authority made for one test. ``trusting`` is a client's context that knows no other."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    folder: Path

    @property
    def trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=_pem(self.certificate).decode())
        return context

    def serving(self, *names: str, days: int = 30) -> ssl.SSLContext:
        """A server's context for these names or addresses; valid until ``days`` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        alternatives = [_name(one) for one in names]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"server-{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + _pem(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def authority(folder: Path) -> Authority:
    """A new certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=60))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key, folder)


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@dataclass
class Got:
    """One message that a server took."""

    content: bytes
    sender: str
    recipients: list[str]
    hello: str


@dataclass
class Box:
    """What a server has taken, and its answers to come for some commands."""

    messages: list[Got] = field(default_factory=list)
    logins: list[tuple[str, bool]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    """By ``RCPT``, ``DATA``: said once each in place of "250 OK"."""

    def _said(self, command: str) -> str | None:
        waiting = self.answers.get(command)
        return waiting.pop(0) if waiting else None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        said = self._said("RCPT")
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        said = self._said("DATA")
        if said:
            return said
        got = Got(envelope.original_content, envelope.mail_from, list(envelope.rcpt_tos), session.host_name)
        self.messages.append(got)
        return f"250 2.0.0 OK: queued as {len(self.messages):06d}"

    def check(self, server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (
            USER,
            PASSWORD,
        )
        self.logins.append((mechanism, right))
        return AuthResult(success=right, handled=right)


@contextmanager
def real_server(
    box: Box, context: ssl.SSLContext | None, security: str, login: bool = True, **more: object
) -> Iterator[int]:
    """aiosmtpd on 127.0.0.1; gives its port."""
    options: dict[str, object] = {"hostname": "127.0.0.1", "port": free_port(), **more}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    elif security == "tls":
        options |= {"ssl_context": context}
    if login:
        options |= {"authenticator": box.check, "auth_required": True, "auth_require_tls": security != "tls"}
    controller = Controller(box, **options)
    with warnings.catch_warnings():
        # aiosmtpd does not count TLS from the first byte on as TLS.
        warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
        controller.start()
        try:
            yield controller.port
        finally:
            controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "content", "end", "answered", "QUIT")
"""The points of a talk at which a scripted server can be asked to do something: before it answers to them; ``content``
in the middle of the message, ``end`` before the answer to all of it, ``answered`` after that."""


class ScriptedServer:
    """A mail server without encryption, in threads, that follows the rules except where it is told not to.

    ``answers`` replaces its answer to a step by these bytes, or by what this gives piece by piece. ``at`` is called at
    each step, and may cut the talk by raising ``Cut``. ``messages`` are those it had whole, whatever it answered.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[], Iterator[bytes]]] = {}
        self.extensions = ["8BITMIME", "SMTPUTF8", "SIZE 20000000"]
        self.at: Callable[[str], None] = lambda step: None
        self.messages: list[bytes] = []
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            one.close()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            self._talk(peer)
        except (Cut, OSError):
            pass
        finally:
            peer.close()

    def _talk(self, peer: socket.socket) -> None:
        lines = peer.makefile("rb")
        self._answer(peer, "connect", b"220 scripted ESMTP\r\n")
        while line := lines.readline():
            self.heard.append(line)
            command = line[:4].strip().upper().decode("latin-1")
            if command == "EHLO":
                said = "".join(f"250-{one}\r\n" for one in self.extensions) + "250 HELP\r\n"
                self._answer(peer, "EHLO", b"250-scripted\r\n" + said.encode())
            elif command == "DATA":
                self._answer(peer, "DATA", b"354 go on\r\n")
                if not self.answers.get("DATA"):
                    self._take(peer, lines)
            else:
                known = command if command in STEPS else "other"
                self._answer(peer, known, b"221 bye\r\n" if command == "QUIT" else b"250 OK\r\n")

    def _take(self, peer, lines) -> None:
        content = [lines.readline()]
        self.at("content")
        while content[-1] and content[-1] != b".\r\n":
            content.append(lines.readline())
        if not content[-1]:
            return
        whole = b"".join(line[1:] if line.startswith(b".") else line for line in content[:-1])
        self.messages.append(whole)
        answer = self.answers.get("end", b"250 2.0.0 OK: taken\r\n")
        self.at("end")
        self._say(peer, answer)
        self.at("answered")

    def _answer(self, peer: socket.socket, step: str, usual: bytes) -> None:
        self.at(step)
        self._say(peer, self.answers.get(step, usual))

    def _say(self, peer: socket.socket, answer: bytes | Callable[[], Iterator[bytes]]) -> None:
        for piece in [answer] if isinstance(answer, bytes) else answer():
            peer.sendall(piece)


class Cut(Exception):
    """Hang up."""
