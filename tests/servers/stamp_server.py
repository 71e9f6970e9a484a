"""A time-stamp server on loopback: a few lines of HTTP around the real ``openssl ts -reply``, and ways to go wrong.

``StampAuthority`` makes the certificates with openssl in a folder of the test's. Made after RFC 3161 and openssl-ts(1).
"""

from __future__ import annotations

import http.server
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from diagnostics.stamps.der import OCTETS, read_one

CONTENT_TYPE = "application/timestamp-reply"
_CONFIG = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = {identity}
"""
TSA = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"


def openssl(*words: str | Path, folder: Path, data: bytes | None = None) -> bytes:
    """Run openssl; its standard output. Raises CalledProcessError with what it said."""
    done = subprocess.run(
        ["openssl", *map(str, words)], cwd=folder, input=data, capture_output=True, check=True, timeout=60
    )
    return done.stdout


class StampAuthority:
    """Root, intermediate and signers, in ``folder``. ``answer`` is an honest one to a query."""

    def __init__(self, folder: Path, identity: str = "sha256") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder, identity=identity))
        self._key("root", "ec")
        openssl(
            "req", "-x509", "-new", "-key", "root.key", "-subj", "/O=Test Trust/CN=Test Root", "-days", "3650",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
            "-out", "root.pem", folder=folder,
        )  # fmt: skip
        self.issue("inter", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        self.issue("tsa", "inter", TSA)
        (folder / "chain.pem").write_bytes((folder / "inter.pem").read_bytes() + self.root.read_bytes())

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def _key(self, name: str, kind: str) -> None:
        options = {
            "ec": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        }[kind]
        openssl("genpkey", *options, "-out", f"{name}.key", folder=self.folder)

    def issue(self, name: str, by: str, extensions: str, *, days: int = 365, kind: str = "ec") -> None:
        """A certificate ``name.pem`` with its key, signed by another; over already with negative ``days``."""
        self._key(name, kind)
        (self.folder / f"{name}.ext").write_text(extensions)
        openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/O=Test Trust/CN=Test {name}", "-out", f"{name}.csr",
                folder=self.folder)  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
                "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=self.folder)  # fmt: skip

    def answer(
        self, query: bytes, signer: str = "tsa", digest: str = "sha256", chain: str = "chain.pem"
    ) -> bytes:
        """What ``openssl ts -reply`` says to a query."""
        (self.folder / "query.tsq").write_bytes(query)
        openssl("ts", "-reply", "-config", "ts.cnf", "-queryfile", "query.tsq", "-signer", f"{signer}.pem",
                "-inkey", f"{signer}.key", f"-{digest}", "-chain", chain, "-out", "reply.tsr",
                folder=self.folder)  # fmt: skip
        return (self.folder / "reply.tsr").read_bytes()

    def answer_by(self, signer: str, query: bytes, *, names_itself: bool = True) -> bytes:
        """An honest answer's content signed by a certificate that ``openssl ts`` would refuse to sign with."""
        content = token_content(self.answer(query))
        identity = ["-cades"] if names_itself else []
        token = openssl(
            "cms", "-sign", "-binary", "-nodetach", *identity, "-econtent_type", "1.2.840.113549.1.9.16.1.4",
            "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-md", "sha256", "-certfile", "inter.pem",
            "-outform", "DER", folder=self.folder, data=content,
        )  # fmt: skip
        return sequence(bytes.fromhex("3003020100") + token)

    def accepts(self, answer: bytes, link: bytes) -> bool:
        """Whether ``openssl ts -verify`` takes a kept answer for the 32 bytes that it dates."""
        (self.folder / "kept.tsr").write_bytes(answer)
        (self.folder / "kept.link").write_bytes(link)
        words = ["ts", "-verify", "-in", "kept.tsr", "-data", "kept.link", "-CAfile", "root.pem"]
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, timeout=60)
        return done.returncode == 0 and b"Verification: OK" in done.stdout + done.stderr


def certificate_digest(path: Path) -> str:
    """What openssl says is the SHA-256 of a certificate, in small letters without colons."""
    told = openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256", folder=path.parent).decode()
    return told.partition("=")[2].strip().replace(":", "").lower()


def token_content(answer: bytes) -> bytes:
    """The TSTInfo (DER) within an answer."""
    signed = read_one(answer).parts()[1].parts()[1].parts()[0].parts()
    return signed[2].parts()[1].parts()[0].expect(OCTETS).content


def sequence(content: bytes) -> bytes:
    size = len(content).to_bytes(2, "big")
    return b"\x30\x82" + size + content


Answer = Callable[[bytes], bytes]


class StampServer:
    """Serves on a free port of the loopback until it is closed. ``way`` is how it answers: see ``_Handler``."""

    def __init__(self, answer: Answer, way: str = "honest", certificate: Path | None = None) -> None:
        self.answer, self.way = answer, way
        self.queries: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.over = threading.Event()
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.daemon_threads = True
        vars(self._http)["desk"] = self
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_address[1]}/tsr"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> StampServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    """The ways: honest, hangs, drips, drips_head, killed, endless, short, redirects, status."""

    timeout = 20

    @property
    def desk(self) -> StampServer:
        return vars(self.server)["desk"]  # type: ignore[no-any-return]

    def do_GET(self) -> None:  # whoever was sent elsewhere would come by here
        self.desk.queries.append(b"GET")
        self.send_error(404)

    def do_POST(self) -> None:
        desk = self.desk
        query = self.rfile.read(int(self.headers["Content-Length"]))
        desk.queries.append(query)
        desk.headers.append({name.lower(): value for name, value in self.headers.items()})
        getattr(self, f"_{desk.way}")(query)
        self.close_connection = True

    def _honest(self, query: bytes) -> None:
        self._send(self.desk.answer(query))

    def _hangs(self, _query: bytes) -> None:
        self.desk.over.wait(20)

    def _drips_head(self, _query: bytes) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\n")

    def _drips(self, _query: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        self._drip(b"")

    def _drip(self, begin: bytes) -> None:
        self.wfile.write(begin)
        until = time.monotonic() + 20
        while time.monotonic() < until and not self.desk.over.wait(0.05):
            try:
                self.wfile.write(b"X")
            except OSError:
                return

    def _killed(self, _query: bytes) -> None:
        self.connection.close()

    def _endless(self, _query: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        piece = b"0" * 65536
        for _ in range(16_000):  # a gigabyte
            try:
                self.wfile.write(piece)
            except OSError:
                return

    def _short(self, query: bytes) -> None:
        self._send(self.desk.answer(query), claimed=50_000)

    def _redirects(self, _query: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", self.desk.url.replace("/tsr", "/elsewhere"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _status(self, _query: bytes) -> None:
        self.send_error(503)

    def _send(self, body: bytes, claimed: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
