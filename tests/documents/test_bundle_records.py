"""The chain's records as lines of JSON: what is written is read, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.journal import chain, legacy
from jalerte_desktop.documents.bundle import records
from jalerte_desktop.documents.bundle.archive import Broken
from jalerte_desktop.documents.bundle.records import (
    BundleRecord,
    FieldHidden,
    FieldShown,
    WholeHidden,
    WholeShown,
)

I64 = st.integers(-(1 << 63), (1 << 63) - 1)
BYTES32, SALT = st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.none() | st.booleans() | I64 | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
FIELD = (
    st.builds(FieldHidden, BYTES32)
    | st.builds(FieldShown, SALT, st.binary(max_size=50))
    | st.builds(FieldShown, SALT, JSON.map(records.canonical))
)
RECORD = st.builds(
    BundleRecord,
    st.integers(1, (1 << 63) - 1),
    st.sampled_from(["samples", "seal", "witness", "hour"]),
    I64,
    I64,
    BYTES32,
    st.dictionaries(TEXT.filter(bool), FIELD, max_size=4),
    st.none(),
    TEXT,
)
OLD = st.builds(
    BundleRecord,
    st.integers(1, (1 << 63) - 1),
    st.sampled_from(["samples", "line"]),
    I64,
    I64,
    BYTES32,
    st.just({}),
    st.builds(WholeHidden, BYTES32)
    | st.builds(WholeShown, SALT, TEXT, st.binary(max_size=30), st.binary(max_size=30)),
)
HEAD: dict[str, Any] = {"seq": 1, "type": "seal", "start_ns": 0, "end_ns": 0, "link": "00" * 32}


def read(data: bytes, piece: int = 1 << 16) -> list[BundleRecord]:
    def pieces() -> Iterator[bytes]:
        for at in range(0, len(data), piece):
            yield data[at : at + piece]

    return list(records.read(pieces()))


@given(st.lists(RECORD | OLD, max_size=6), st.integers(1, 500))
def test_what_is_written_is_read(found: list[BundleRecord], piece: int) -> None:
    data = records.write(found)
    assert read(data, piece) == found
    assert records.write(found) == data


@given(
    st.dictionaries(TEXT.filter(bool), st.binary(max_size=40), max_size=5), st.integers(1, 1 << 40), st.data()
)
def test_the_digest_is_the_chains_whatever_is_hidden(
    values: dict[str, bytes], seq: int, data: st.DataObject
) -> None:
    secret = b"s" * 32
    digests = chain.digests(secret, seq, values)
    hidden = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    fields: dict[str, FieldShown | FieldHidden] = {
        name: FieldHidden(digest)
        if name in hidden
        else FieldShown(chain.salt(secret, seq, name), values[name])
        for name, digest in reversed(digests)
    }
    record = BundleRecord(seq, "witness", 5, 6, bytes(32), fields)
    assert record.digest() == chain.record_digest(seq, "witness", 5, 6, digests)


def test_the_digest_of_an_old_record_is_that_of_format_1() -> None:
    secret = b"s" * 32
    right = legacy.digest(secret, 7, "samples", 1, 2, "ligne é", b"rollup", b"body")
    salt = records.chain.hmac.digest(secret, (7).to_bytes(8, "little"), "sha256")[:16]
    shown = WholeShown(salt, "ligne é", b"rollup", b"body")
    assert BundleRecord(7, "samples", 1, 2, bytes(32), {}, shown).digest() == right
    assert BundleRecord(7, "samples", 1, 2, bytes(32), {}, WholeHidden(right)).digest() == right


def test_events_are_shown_as_json_and_bytes_as_base64() -> None:
    fields: dict[str, FieldShown | FieldHidden] = {"why": FieldShown(bytes(16), '"é"'.encode())}
    fields["odd"] = FieldShown(bytes(16), b'{"b": 1}')
    (line,) = gzip.decompress(records.write([BundleRecord(1, "gap", 0, 0, bytes(32), fields)])).splitlines()
    found = json.loads(line)["fields"]
    assert found["why"] == {"salt": "00" * 16, "json": "é"}
    assert found["odd"] == {"salt": "00" * 16, "base64": "eyJiIjogMX0="}


LINES: dict[str, bytes] = {
    "no json": b"{",
    "no utf-8": b'{"seq":"\xff"}',
    "no object": b"[]",
    "an empty line": b"",
    "nothing but a head": json.dumps(HEAD).encode(),
    "both bodies": json.dumps({**HEAD, "fields": {}, "whole": {"digest": "00" * 32}}).encode(),
    "another key": json.dumps({**HEAD, "fields": {}, "more": 1}).encode(),
    "a key twice": json.dumps({**HEAD, "fields": {}}).encode().replace(b'"seq": 1', b'"seq": 1, "seq": 1'),
    "not a number": json.dumps({**HEAD, "fields": {}, "start_ns": float("nan")}).encode(),
    "infinite": json.dumps({**HEAD, "fields": {}}).encode().replace(b'"end_ns": 0', b'"end_ns": 1e999'),
    "a float": json.dumps({**HEAD, "fields": {}, "start_ns": 1.0}).encode(),
    "true for a number": json.dumps({**HEAD, "fields": {}, "seq": True}).encode(),
    "no record": json.dumps({**HEAD, "fields": {}, "seq": 0}).encode(),
    "beyond 64 bits": json.dumps({**HEAD, "fields": {}, "seq": 1 << 63}).encode(),
    "thousands of digits": json.dumps({**HEAD, "fields": {}})
    .encode()
    .replace(b'"seq": 1', b'"seq": ' + b"9" * 9000),
    "capital hexadecimal": json.dumps({**HEAD, "fields": {}, "link": "AB" * 32}).encode(),
    "short hexadecimal": json.dumps({**HEAD, "fields": {}, "link": "ab" * 31}).encode(),
    "base64 with bits left over": json.dumps(
        {**HEAD, "fields": {"a": {"salt": "00" * 16, "base64": "eyJ="}}}
    ).encode(),
    "no base64": json.dumps({**HEAD, "fields": {"a": {"salt": "00" * 16, "base64": "a b="}}}).encode(),
    "value and digest": json.dumps({**HEAD, "fields": {"a": {"digest": "00" * 32, "json": 1}}}).encode(),
    "a name too long": json.dumps({**HEAD, "fields": {"é" * 128: {"digest": "00" * 32}}}).encode(),
    "a name of nothing": json.dumps({**HEAD, "fields": {"": {"digest": "00" * 32}}}).encode(),
    "half a letter": json.dumps({**HEAD, "fields": {"\ud800": {"digest": "00" * 32}}}).encode(),
    "too deep": json.dumps({**HEAD, "fields": {}}).encode().replace(b"{}", b"[" * 40 + b"]" * 40),
    "far too deep": b"[" * 400_000,
    "too many values": b"[" + b"0," * 600_000 + b"0]",
    "a strange type": json.dumps({**HEAD, "fields": {}, "type": "Seal"}).encode(),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_that_is_no_record_is_refused(kind: str) -> None:
    with pytest.raises(Broken) as raised:
        read(gzip.compress(LINES[kind] + b"\n"))
    assert raised.value.remark.code == "bundle_record"
    assert raised.value.remark["line"] == 1


PACKED: dict[str, bytes] = {
    "nothing": b"",
    "no gzip": b"hello",
    "cut": gzip.compress(b"x\n" * 999)[:-1],
    "another checksum": gzip.compress(b"x\n")[:-5] + b"\0" + gzip.compress(b"x\n")[-4:],
    "something after": gzip.compress(b"") + b"\0",
    "two streams": gzip.compress(b"") * 2,
    "zlib": zlib.compress(b""),
    "no end of line": gzip.compress(b"{}"),
    "an endless line": gzip.compress(bytes(5 << 20)),
}


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_not_packed_as_it_should_is_refused(kind: str) -> None:
    with pytest.raises(Broken) as raised:
        list(records.lines([PACKED[kind]], "m"))
    assert raised.value.remark.code in ("bundle_packed", "bundle_line_too_long")


def test_unpacking_stops_at_its_bound() -> None:
    bomb = gzip.compress(b"x\n" * (20 << 20))
    seen = 0

    def count() -> None:
        nonlocal seen
        for _ in records.lines([bomb], "m", records.bound(len(bomb))):
            seen += 1

    with pytest.raises(Broken) as raised:
        count()
    assert raised.value.remark.code == "bundle_member_too_large"
    assert 0 < seen < 10 << 20


@pytest.mark.parametrize("size", [0, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, 3_000_000])
def test_no_size_of_pieces_loses_the_end(size: int) -> None:
    text = hashlib.shake_256(b"x").digest(size).replace(b"\n", b" ")
    data = gzip.compress(text, mtime=0)
    for step in (1 << 20, 1000):
        found = records.unpack((data[at : at + step] for at in range(0, len(data), step)), "m")
        assert b"".join(found) == text
    zeros = gzip.compress(bytes(size))
    assert b"".join(records.unpack([zeros], "m")) == bytes(size)
