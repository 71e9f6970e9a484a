"""The few words of HTTP/1.1 that the speed server at home understands, and what it answers. Reads and writes nothing.

The layout is LibreSpeed's, so that its clients can use it too: ``garbage.php``, ``empty.php``, ``getIP.php``, each also
under ``backend/`` and without ``.php``. Grammar after RFC 9110 and RFC 9112; what is not certain is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

MIB = 1 << 20
DEFAULT_MIB, MOST_MIB = 4, 1024
"""What ``garbage.php`` sends without ``ckSize``, and at most, as LibreSpeed's does."""
RECEIVED_HEADER = "X-Received-Bytes"
"""In the answer to an upload: how many bytes of its body arrived."""
_MOST_FIELDS = 100
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_METHOD = re.compile(r"[A-Z]{1,16}")
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?")

PAGE_TEXT = """\
Serveur de débit de jalerte
===========================
Ce programme mesure la vitesse entre deux appareils de la maison : rien d’autre ne se trouve ici, et aucun
fichier de cet ordinateur n’est servi. Depuis l’autre appareil :
    jalerte speed --provider http --server (cette adresse)

jalerte’s speed server
======================
This program measures the speed between two devices at home: there is nothing else here, and no file of
this computer is served. From the other device:
    jalerte speed --provider http --server (this address)
"""


class Refused(Exception):
    """A request that is not answered with what it wanted. ``status`` says why."""

    def __init__(self, status: int, fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.fields = fields


class Thing(Enum):
    """What can be asked for."""

    PAGE = ""
    GARBAGE = "garbage"
    EMPTY = "empty"
    ADDRESS = "getIP"

    @property
    def methods(self) -> tuple[str, ...]:
        reading = ("GET", "HEAD", "OPTIONS")
        return (*reading, "POST") if self is Thing.EMPTY else reading


_THINGS = {"/": Thing.PAGE} | {
    f"{folder}{thing.value}{ending}": thing
    for folder in ("/", "/backend/")
    for ending in ("", ".php")
    for thing in Thing
    if thing is not Thing.PAGE
}


@dataclass(frozen=True, slots=True)
class Request:
    """``length`` is that of the body in bytes; None when it comes in chunks."""

    method: str
    thing: Thing
    query: dict[str, str] = field(default_factory=dict)
    keep: bool = True
    length: int | None = 0
    waits: bool = False
    """The client sends the body only when told to go on (``Expect: 100-continue``)."""

    @property
    def has_body(self) -> bool:
        return self.length != 0

    @property
    def garbage_bytes(self) -> int:
        """How much is wanted of ``garbage.php``: ``ckSize`` MiB, 4 where that is missing or no number above zero."""
        asked = self.query.get("ckSize", "")
        wanted = int(asked) if _DIGITS.fullmatch(asked) else 0
        return min(wanted or DEFAULT_MIB, MOST_MIB) * MIB


def read_request(head: bytes) -> Request:
    """The request whose head this is, without the empty line at its end. Raises Refused."""
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not _METHOD.fullmatch(words[0]) or not words[1]:
        raise Refused(400)
    method, target, version = words
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(505 if version.startswith("HTTP/") else 400)
    fields = _fields(rest)
    modern = version == "HTTP/1.1"
    if modern and len(fields.get("host", [])) != 1:
        raise Refused(400)
    length = _length(fields, modern)
    thing, query = _target(target)
    if method not in thing.methods:
        raise Refused(405, (("Allow", ", ".join(thing.methods)),))
    connection = {word.strip().lower() for entry in fields.get("connection", []) for word in entry.split(",")}
    keep = "close" not in connection and (modern or "keep-alive" in connection)
    expected = [entry.lower() for entry in fields.get("expect", [])]
    if expected and expected != ["100-continue"]:
        raise Refused(417)
    return Request(method, thing, query, keep, length, bool(expected) and modern)


def _fields(lines: Sequence[str]) -> dict[str, list[str]]:
    if len(lines) > _MOST_FIELDS:
        raise Refused(431)
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name) or any(sign in value for sign in "\r\n\0"):
            raise Refused(400)
        found.setdefault(name.lower(), []).append(value.strip(" \t"))
    return found


def _length(fields: dict[str, list[str]], modern: bool) -> int | None:
    coding = fields.get("transfer-encoding", [])
    lengths = set(fields.get("content-length", []))
    if coding:
        # Two ways of saying where a body ends: a trap more often than a mistake (RFC 9112 6.3).
        if lengths or not modern:
            raise Refused(400)
        if [entry.lower() for entry in coding] != ["chunked"]:
            raise Refused(501)
        return None
    if not lengths:
        return 0
    if len(lengths) > 1:
        raise Refused(400)
    (text,) = lengths
    if not _DIGITS.fullmatch(text):
        raise Refused(413 if text.isascii() and text.isdigit() else 400)
    return int(text)


def _target(target: str) -> tuple[Thing, dict[str, str]]:
    try:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError as error:
        raise Refused(400) from error
    if not parts.path.startswith("/") or (parts.scheme and parts.scheme.lower() != "http"):
        raise Refused(400)
    thing = _THINGS.get(parts.path)
    if thing is None:
        raise Refused(404)
    return thing, query


def chunk_size(line: bytes) -> int:
    """The size that stands before a chunk. Raises Refused for what is none."""
    found = _CHUNK.fullmatch(line)
    if found is None:
        raise Refused(400)
    return int(found[1], 16)


def answer_head(status: int, length: int, fields: Sequence[tuple[str, str]] = (), *, keep: bool) -> bytes:
    """The head of an answer, with its empty line."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    always = (
        ("Server", "jalerte"),
        ("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0, s-maxage=0"),
        ("Pragma", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "keep-alive" if keep else "close"),
    )
    lines += [f"{name}: {value}" for name, value in (*always, *fields)]
    if status != 204:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def sharing(request: Request) -> tuple[tuple[str, str], ...]:
    """What lets a page of another origin read the answer: sent when asked for by ``cors=true``, as LibreSpeed does."""
    if "cors" not in request.query and request.method != "OPTIONS":
        return ()
    return (
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
        ("Access-Control-Allow-Headers", "Content-Encoding, Content-Type"),
        ("Access-Control-Expose-Headers", RECEIVED_HEADER),
    )


def small_answer(request: Request, client: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The body and the fields of an answer that is no garbage. ``client`` is the address to tell the client."""
    if request.thing is Thing.PAGE:
        return PAGE_TEXT.encode(), (("Content-Type", "text/plain; charset=utf-8"),)
    if request.thing is Thing.ADDRESS:
        body = json.dumps({"processedString": client, "rawIspInfo": ""})
        return body.encode(), (("Content-Type", "application/json; charset=utf-8"),)
    return b"", ()
