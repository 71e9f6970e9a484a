"""``chain/records.jsonl.gz``: the chain's records, one JSON object a line, each field shown or only its digest.

A line has ``seq type start_ns end_ns link``, perhaps ``shown_line``, and ``fields``: for each name ``{"digest": hex}``,
or ``{"salt": hex}`` with the value as ``json`` or ``base64``. A record of a format-1 journal has ``whole`` instead of
``fields``: ``{"digest": hex}``, or ``{"salt", "line", "rollup", "body"}``, the two last in base64. Records that could
not be read any more are one line together, ``{"hole": {"first", "last", "start_ns", "end_ns", "link"}}``. All
hexadecimal is in small letters. What is read comes from anybody: sizes, depths and numbers are bounded.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import json
import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from diagnostics.journal import chain
from jalerte_desktop.documents.bundle.archive import Broken

MEMBER = "chain/records.jsonl.gz"
LONGEST_LINE = 4 << 20
LARGEST_UNPACKED = 4 << 30
_SPARE_BYTES, _MOST_TIMES = 16 << 20, 30
_PIECE_BYTES = 1 << 20
_DEEPEST = 32
_MOST_VALUES = 500_000
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WHOLE_HEAD = struct.Struct("<qqqI")
_I64 = 1 << 63


@dataclass(frozen=True, slots=True)
class FieldHidden:
    """A field of which only the digest (32 bytes) is there."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field with its salt (16 bytes) and its bytes: for an event canonical JSON."""

    salt: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class WholeHidden:
    """A format-1 record's digest (32 bytes): it can be hidden only as a whole."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class WholeShown:
    """A format-1 record, with its salt (16 bytes); ``body`` as it lay in the journal."""

    salt: bytes
    line: str
    rollup: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class BundleRecord:
    """One record. ``link`` is the chain's after it, 32 bytes.

    ``whole`` is None but for records of a format-1 journal, which have no ``fields``. ``shown_line`` names a line whose
    id was taken out ("A"); it is a claim and no part of the chain.
    """

    seq: int
    type: str
    start_ns: int
    end_ns: int
    link: bytes
    fields: Mapping[str, FieldShown | FieldHidden]
    whole: WholeShown | WholeHidden | None = None
    shown_line: str = ""

    def digest(self) -> bytes:
        """What the chain runs over: see ``diagnostics.journal.chain``."""
        if isinstance(self.whole, WholeHidden):
            return self.whole.digest
        if self.whole is not None:
            return self._whole_digest(self.whole)
        return chain.record_digest(
            self.seq,
            self.type,
            self.start_ns,
            self.end_ns,
            (
                (name, field.digest)
                if isinstance(field, FieldHidden)
                else (name, chain.field_digest(field.salt, name, field.value))
                for name, field in sorted(self.fields.items(), key=lambda item: item[0].encode())
            ),
        )

    def _whole_digest(self, whole: WholeShown) -> bytes:
        kind, line = self.type.encode(), whole.line.encode()
        head = _WHOLE_HEAD.pack(self.seq, self.start_ns, self.end_ns, len(kind))
        parts = [whole.salt, head, kind]
        for part in (line, whole.rollup, whole.body):
            parts += (struct.pack("<I", len(part)), part)
        return hashlib.sha256(b"".join(parts)).digest()


@dataclass(frozen=True, slots=True)
class Hole:
    """Records that could not be read when the bundle was made, by number, both included; times in UTC ns.

    ``link`` is the chain's after the last, 32 bytes: a claim, until a seal behind it vouches for it.
    """

    first: int
    last: int
    start_ns: int
    end_ns: int
    link: bytes


def canonical(value: Any) -> bytes:
    """JSON as the journal keeps it: sorted keys, no spaces, UTF-8. Raises ValueError for NaN and lone surrogates."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def write(records: Iterable[BundleRecord | Hole]) -> bytes:
    """The member's bytes; the same records give the same bytes with one version of zlib."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=out, mtime=0) as packed:
        for record in records:
            packed.write(canonical(_document(record)) + b"\n")
    return out.getvalue()


def _document(record: BundleRecord | Hole) -> dict[str, Any]:
    if isinstance(record, Hole):
        return {"hole": {**asdict(record), "link": record.link.hex()}}
    document: dict[str, Any] = {
        "seq": record.seq,
        "type": record.type,
        "start_ns": record.start_ns,
        "end_ns": record.end_ns,
        "link": record.link.hex(),
    }
    if record.shown_line:
        document["shown_line"] = record.shown_line
    match record.whole:
        case None:
            event = record.type != chain.SAMPLES
            document["fields"] = {name: _field(field, event) for name, field in record.fields.items()}
        case WholeHidden(digest):
            document["whole"] = {"digest": digest.hex()}
        case WholeShown(salt, line, rollup, body):
            document["whole"] = {
                "salt": salt.hex(),
                "line": line,
                "rollup": _base64(rollup),
                "body": _base64(body),
            }
    return document


def _field(field: FieldShown | FieldHidden, event: bool) -> dict[str, Any]:
    if isinstance(field, FieldHidden):
        return {"digest": field.digest.hex()}
    value = _same_as_json(field.value) if event else None
    if value is not None:
        return {"salt": field.salt.hex(), "json": value[0]}
    return {"salt": field.salt.hex(), "base64": _base64(field.value)}


def _same_as_json(data: bytes) -> tuple[Any] | None:
    """The value, in a tuple, where reading and writing it again gives the same bytes."""
    try:
        value = parse(data)
        return (value,) if canonical(value) == data else None
    except ValueError:
        return None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read(chunks: Iterable[bytes], largest: int = LARGEST_UNPACKED) -> Iterator[BundleRecord | Hole]:
    """The records, one after the other, from the packed member in pieces; raises Broken for anything else.

    Nothing here compares with the chain. Memory: one line and two pieces.
    """
    for number, line in enumerate(lines(chunks, MEMBER, largest), 1):
        try:
            yield _record(parse(line))
        except (ValueError, RecursionError) as error:
            raise Broken("bundle_record", member=MEMBER, line=number, why=str(error)[:200]) from error


def bound(packed_bytes: int) -> int:
    """How much a member of this size may unpack to: digests and measurements pack to a tenth at best."""
    return min(_SPARE_BYTES + _MOST_TIMES * packed_bytes, LARGEST_UNPACKED)


def lines(
    chunks: Iterable[bytes], member: str, largest: int = LARGEST_UNPACKED, longest: int = LONGEST_LINE
) -> Iterator[bytes]:
    """The lines of a packed text, without their ends; raises Broken: not gzip, no end of line, too long, too much."""
    rest = b""
    for piece in unpack(chunks, member, largest):
        rest += piece
        *whole, rest = rest.split(b"\n")
        for line in (*whole, rest):
            if len(line) > longest:
                raise Broken("bundle_line_too_long", member=member)
        yield from whole
    if rest:
        raise Broken("bundle_packed", member=member)


def unpack(chunks: Iterable[bytes], member: str, largest: int = LARGEST_UNPACKED) -> Iterator[bytes]:
    """What one gzip stream holds, in pieces of a megabyte; raises Broken for a damaged, longer or larger one."""
    reader = zlib.decompressobj(wbits=31)
    total = 0
    for chunk in chunks:
        waiting, piece = chunk, b""
        while waiting or (len(piece) == _PIECE_BYTES and not reader.eof):
            if reader.eof:
                raise Broken("bundle_packed", member=member)
            try:
                piece = reader.decompress(waiting, _PIECE_BYTES)
            except zlib.error:
                raise Broken("bundle_packed", member=member) from None
            waiting = reader.unconsumed_tail or reader.unused_data
            total += len(piece)
            if total > largest:
                raise Broken("bundle_member_too_large", member=member)
            if piece:
                yield piece
    if not reader.eof:
        raise Broken("bundle_packed", member=member)


def parse(data: bytes) -> Any:
    """Strict JSON: no NaN, no key twice, integers of 64 bits, 32 levels, at most half a million values.

    Raises ValueError or RecursionError. Memory: some ten times the text at most.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError("too many values")
    value = json.loads(
        data.decode("utf-8"),
        object_pairs_hook=_once,
        parse_int=_integer,
        parse_float=_decimal,
        parse_constant=_no_number,
    )
    _bounded(value, _DEEPEST)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _integer(text: str) -> int:
    if len(text) > 20 or not -_I64 <= (value := int(text)) < 2 * _I64:
        raise ValueError("a number beyond 64 bits")
    return value


def _decimal(text: str) -> float:
    if len(text) > 40 or not math.isfinite(value := float(text)):
        raise ValueError("no number")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _bounded(value: Any, deeper: int) -> None:
    if isinstance(value, dict | list):
        if not deeper:
            raise ValueError("too deep")
        for part in value.values() if isinstance(value, dict) else value:
            _bounded(part, deeper - 1)


def _record(document: Any) -> BundleRecord | Hole:
    found = _object(document)
    if found.keys() == {"hole"}:
        return _hole(_object(found["hole"]))
    body = {"fields", "whole"} & found.keys()
    if not found.keys() - {"shown_line"} - body == {"seq", "type", "start_ns", "end_ns", "link"}:
        raise ValueError("other keys than a record has")
    if len(body) != 1:
        raise ValueError("neither fields nor a whole record")
    kind = found["type"]
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ValueError("no type")
    return BundleRecord(
        _count(found["seq"], 1),
        kind,
        _count(found["start_ns"], -_I64),
        _count(found["end_ns"], -_I64),
        unhex(found["link"], 32),
        {name: _read_field(name, field) for name, field in _object(found.get("fields", {})).items()},
        _read_whole(_object(found["whole"])) if "whole" in found else None,
        _short(found["shown_line"]) if "shown_line" in found else "",
    )


def _hole(found: dict[str, Any]) -> Hole:
    if found.keys() != {"first", "last", "start_ns", "end_ns", "link"}:
        raise ValueError("no hole")
    first, start_ns = _count(found["first"], 1), _count(found["start_ns"], -_I64)
    last, end_ns = _count(found["last"], first), _count(found["end_ns"], start_ns)
    return Hole(first, last, start_ns, end_ns, unhex(found["link"], 32))


def _read_field(name: str, value: Any) -> FieldShown | FieldHidden:
    if not 0 < len(name.encode()) < 256:
        raise ValueError("no name of a field")
    field = _object(value)
    if field.keys() == {"digest"}:
        return FieldHidden(unhex(field["digest"], 32))
    if field.keys() == {"salt", "json"}:
        return FieldShown(unhex(field["salt"], chain.SALT_BYTES), canonical(field["json"]))
    if field.keys() == {"salt", "base64"}:
        return FieldShown(unhex(field["salt"], chain.SALT_BYTES), _unbase64(field["base64"]))
    raise ValueError("neither a digest nor a value")


def _read_whole(found: dict[str, Any]) -> WholeShown | WholeHidden:
    if found.keys() == {"digest"}:
        return WholeHidden(unhex(found["digest"], 32))
    if found.keys() == {"salt", "line", "rollup", "body"}:
        return WholeShown(
            unhex(found["salt"], chain.SALT_BYTES),
            _short(found["line"]),
            _unbase64(found["rollup"]),
            _unbase64(found["body"]),
        )
    raise ValueError("neither a digest nor a whole record")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _count(value: Any, least: int) -> int:
    if type(value) is not int or not least <= value < _I64:
        raise ValueError("no whole number of 64 bits")
    return value


def _short(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode()) > 200:
        raise ValueError("no short text")
    return value


def unhex(value: Any, size: int) -> bytes:
    """Exactly so many bytes in small hexadecimal letters; raises ValueError."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX.fullmatch(value):
        raise ValueError(f"no {size} bytes in hexadecimal")
    return bytes.fromhex(value)


def _unbase64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("no base64")
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
    if _base64(data) != value:
        raise ValueError("base64 with bits left over")
    return data
