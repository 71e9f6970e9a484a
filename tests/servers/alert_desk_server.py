"""A small alert desk after docs/alert-api, real enough to lose nothing: HTTPS, SQLite, one transaction an alert.

``AlertDesk`` starts it as a process of its own, which can be told to die (SIGKILL) or to cut connections at chosen
moments of chosen requests. ``TestAuthority`` makes the certificates.

    python -m tests.servers.alert_desk_server '{"database": …, "certificate": …, "port": …, "faults": {…}}'
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import ipaddress
import json
import os
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alert_desk import schema
from alert_desk.errors import NotAsAgreed
from alert_desk.model import Desk, DeskReceipt, ProblemDetails
from alert_desk.reading import parse
from alert_desk.signing import verify_signature
from alert_desk.writing import dump

MOMENTS = ("before_reading", "mid_body", "before_commit", "after_commit", "mid_answer")
"""Of one request, in their order."""
_TABLE = """
CREATE TABLE IF NOT EXISTS alerts (
    key TEXT PRIMARY KEY, sha256 TEXT NOT NULL, body BLOB NOT NULL, receipt BLOB NOT NULL, headers TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stored (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS asked (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, status INTEGER NOT NULL);
"""


class _Cut(Exception):
    """The connection ends here."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, task: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", task["port"]), _Handler)
        self.database: str = task["database"]
        self.faults: dict[str, list[str]] = task["faults"]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(task["certificate"])
        self.count = 0
        self.lock = threading.Lock()

    def fault(self) -> list[str]:
        """What is to happen to the next request: [moment, "die" or "cut"], or nothing."""
        with self.lock:
            self.count += 1
            return self.faults.get(str(self.count), [])

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.database, timeout=20, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            yield db

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that end early are everyday."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: _Server

    def setup(self) -> None:
        # Here and not in the accepting thread: a client that says nothing must not hold up the others.
        self.request.settimeout(self.timeout)
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_POST(self) -> None:
        self._fault = self.server.fault()
        try:
            self._moment("before_reading")
            self._post()
        except _Cut:
            self.close_connection = True
            # Cut off, not closed: a reset, as from a box that lost its line's state.
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.shutdown(self.request, socket.SHUT_RDWR)

    def do_GET(self) -> None:
        prefix = "/v1/receipts/"
        if not self.path.startswith(prefix):
            return self._refuse(404, "Not here")
        with self.server.open() as db:
            row = db.execute(
                "SELECT receipt FROM alerts WHERE key = ?", (self.path[len(prefix) :],)
            ).fetchone()
        if row is None:
            return self._refuse(404, "Nothing was kept under this key")
        return self._answer(200, row[0], "application/json")

    def _moment(self, name: str) -> None:
        if self._fault and self._fault[0] == name:
            if self._fault[1] == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            raise _Cut

    def _post(self) -> None:
        key = self.headers.get("Idempotency-Key", "")
        length = self.headers.get("Content-Length", "")
        if self.path != "/v1/alerts":
            return self._refuse(404, "Not here")
        if not length.isdigit():
            return self._refuse(411, "Content-Length is missing")
        if int(length) > schema.LARGEST_ALERT_BYTES:
            return self._refuse(413, "The alert is too large")
        body = self.rfile.read(int(length) // 2)
        self._moment("mid_body")
        body += self.rfile.read(int(length) - len(body))
        if len(body) != int(length):
            raise _Cut
        if self.headers.get_content_type() != "application/json" or self.headers.get("Content-Encoding"):
            return self._refuse(415, "The content is not application/json")
        try:
            schema.RECEIPT.members[1].shape.read(key, "Idempotency-Key")
        except NotAsAgreed as error:
            return self._refuse(400, "The Idempotency-Key is missing or not of its form", str(error))
        try:
            alert = parse(body)
        except NotAsAgreed as error:
            return self._refuse(422, "The alert is not as the schema says", str(error), error.pointer)
        if not verify_signature(alert):
            return self._refuse(422, "The signature does not hold", None, "/evidence/signature/value")
        return self._keep(key, body)

    def _keep(self, key: str, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        receipt = self._receipt(key, digest)
        with self.server.open() as db:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT sha256, receipt FROM alerts WHERE key = ?", (key,)).fetchone()
            if row is None:
                headers = json.dumps(dict(self.headers.items()))
                db.execute("INSERT INTO alerts VALUES (?, ?, ?, ?, ?)", (key, digest, body, receipt, headers))
                db.execute("INSERT INTO stored (key) VALUES (?)", (key,))
            self._moment("before_commit")
            db.execute("COMMIT")
        self._moment("after_commit")
        if row is None:
            return self._answer(201, receipt, "application/json", key)
        if row[0] != digest:
            return self._refuse(409, "This key was used for another alert")
        return self._answer(200, row[1], "application/json", key)

    def _receipt(self, key: str, digest: str) -> bytes:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        desk = Desk("Bureau d’essai", "https://desk.example/")
        return dump(DeskReceipt(f"R-{digest[:8]}", key, now, digest, desk, ("Rien à faire.",)))

    def _refuse(self, status: int, title: str, detail: str | None = None, pointer: str | None = None) -> None:
        body = dump(ProblemDetails(title, status, detail=detail, pointer=pointer))
        self.close_connection = True
        self._answer(status, body, "application/problem+json")

    def _answer(self, status: int, body: bytes, media_type: str, key: str | None = None) -> None:
        with self.server.open() as db:
            db.execute("INSERT INTO asked (key, status) VALUES (?, ?)", (key, status))
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if getattr(self, "_fault", None) and self._fault[0] == "mid_answer":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._moment("mid_answer")
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing to say."""


@dataclass(frozen=True)
class Kept:
    """One stored alert: the request's body and headers as they came, and the receipt that was given."""

    key: str
    body: bytes
    receipt: bytes
    headers: dict[str, str]


class AlertDesk:
    """The desk as a process on loopback, at ``https://localhost:PORT``; ``faults`` of ``start`` are of that run."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        self._database = folder / "desk.sqlite"
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        with sqlite3.connect(self._database) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLE)
        db.close()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, faults: dict[int, tuple[str, str]] | None = None) -> AlertDesk:
        """Start or restart at the same port. ``faults``: of the n-th request from now, [moment, "die" or "cut"]."""
        self.stop()
        task = {
            "database": str(self._database),
            "certificate": str(self._certificate),
            "port": self.port,
            "faults": {str(number): list(fault) for number, fault in (faults or {}).items()},
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.alert_desk_server", json.dumps(task)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parent.parent.parent,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the desk did not start"
        self.port = int(line)
        return self

    def wait_dead(self) -> int:
        """The exit code of a process that was told to die."""
        assert self._process is not None
        return self._process.wait(20)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> AlertDesk:
        return self if self.running else self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def kept(self) -> list[Kept]:
        """Every stored alert, in the order in which they were stored; twice stored would be twice here."""
        rows = self._rows(
            "SELECT key, body, receipt, headers FROM stored JOIN alerts USING (key) ORDER BY number"
        )
        return [Kept(key, body, receipt, json.loads(headers)) for key, body, receipt, headers in rows]

    def statuses(self) -> list[int]:
        """The status of each answer that was begun, in order."""
        return [status for (status,) in self._rows("SELECT status FROM asked ORDER BY number")]

    def _rows(self, query: str) -> list[Any]:
        db = sqlite3.connect(self._database)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()


class TestAuthority:
    """A certificate authority for a test, its certificate in ``path``."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self._identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        certificate = (
            self._begun(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(self._identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / "authority.pem"
        self.path.write_bytes(_pem(certificate))

    def certificate(self, *names: str, days: int = 2) -> Path:
        """A file with certificate and key for these host names and addresses; negative ``days``: expired."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signed = (
            self._begun(subject, key.public_key(), days)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{names[0]}{days}.pem"
        path.write_bytes(_pem(signed) + private)
        return path

    def _begun(self, subject: Any, public_key: Any, days: int = 2) -> Any:
        from cryptography import x509

        end = datetime.now(UTC) + timedelta(days=days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=abs(days) + 10))
            .not_valid_after(end)
        )


def _alternative(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    found: bytes = certificate.public_bytes(Encoding.PEM)
    return found


def main() -> None:
    server = _Server(json.loads(sys.argv[1]))
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
