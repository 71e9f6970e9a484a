"""Answers of a real ``openssl ts`` responder, honest and tampered with: what is taken, and why the rest is not."""

from __future__ import annotations

import random
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ObjectIdentifier, load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import BadInput
from diagnostics.stamps.der import CONTEXT_0, INTEGER, SEQUENCE, oid_text, read_all, read_one
from diagnostics.stamps.model import MOST_TOKEN, Failed, Token
from diagnostics.stamps.reading import load_roots, read_response
from diagnostics.stamps.request import Query, make_query
from diagnostics.stamps.signature import in_order
from tests.servers.stamp_server import StampAuthority, openssl, sequence, token_content


@pytest.fixture
def query(link: bytes) -> Query:
    return make_query(link)


def test_a_query_asks_for_the_hash_with_nonce_and_certificates(
    authority: StampAuthority, link: bytes
) -> None:
    query = make_query(link)
    (authority.folder / "asked.tsq").write_bytes(query.body)
    text = openssl("ts", "-query", "-in", "asked.tsq", "-text", folder=authority.folder).decode()
    assert "Hash Algorithm: sha256" in text
    assert "Certificate required: yes" in text
    told = next(line for line in text.splitlines() if line.startswith("Nonce: "))
    assert int(told.removeprefix("Nonce: "), 16) == query.nonce
    assert make_query(link).nonce != query.nonce
    assert link not in query.body


def test_a_link_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_query(b"short")


@pytest.mark.parametrize(("signer", "digest"), [("tsa", "sha256"), ("tsa", "sha512"), ("rsa", "sha384")])
def test_an_honest_answer_is_taken(
    authority: StampAuthority, query: Query, link: bytes, signer: str, digest: str
) -> None:
    answer = authority.answer(query.body, signer, digest)
    found = read_response(answer, link, query.nonce)
    assert isinstance(found, Token)
    assert (found.authority, found.root) == (f"Test {signer} (Test Trust)", "Test Root (Test Trust)")
    assert not found.rooted
    assert authority.accepts(answer, link)


def test_the_older_name_of_the_certificate_is_taken_too(tmp_path: Path, query: Query, link: bytes) -> None:
    answer = StampAuthority(tmp_path / "old", identity="sha1").answer(query.body)
    assert isinstance(read_response(answer, link, query.nonce), Token)


def test_the_time_is_the_authority_s(authority: StampAuthority, query: Query, link: bytes) -> None:
    answer = authority.answer(query.body)
    text = openssl("ts", "-reply", "-in", "reply.tsr", "-text", folder=authority.folder).decode()
    found = read_response(answer, link, query.nonce)
    assert isinstance(found, Token)
    told = datetime.fromtimestamp(found.at_ns // 10**9, UTC).strftime("Time stamp: %b %e %H:%M:%S %Y GMT")
    assert told in text


@pytest.mark.parametrize("order", [("inter.pem", "root.pem"), ("root.pem", "inter.pem"), ("inter.pem",), ()])
def test_certificates_come_in_any_order_and_number(
    authority: StampAuthority, query: Query, link: bytes, order: tuple[str, ...]
) -> None:
    (authority.folder / "some.pem").write_bytes(
        b"".join((authority.folder / one).read_bytes() for one in order)
    )
    chain = "some.pem" if order else "tsa.pem"
    answer = authority.answer(query.body, chain=chain)
    found = read_response(answer, link, query.nonce)
    assert isinstance(found, Token)
    # Where nothing above is there, at least who signed the certificate is told.
    assert found.root == ("Test Root (Test Trust)" if order else "Test inter (Test Trust)")


def test_roots_that_are_given_decide(
    authority: StampAuthority, query: Query, link: bytes, tmp_path: Path
) -> None:
    answer = authority.answer(query.body)
    rooted = read_response(answer, link, query.nonce, load_roots(authority.root))
    assert isinstance(rooted, Token)
    assert rooted.rooted
    stranger = StampAuthority(tmp_path / "stranger")
    refused = read_response(answer, link, query.nonce, load_roots(stranger.root))
    assert refused == Failed("stamp_other_root", "Test Root (Test Trust)")


def test_roots_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    for name in ("none.pem", "missing.pem"):
        with pytest.raises(BadInput) as caught:
            load_roots(tmp_path / name)
        assert caught.value.remark.code == "stamp_roots_unreadable"


def test_another_link_is_refused(authority: StampAuthority, query: Query, link: bytes) -> None:
    answer = authority.answer(query.body)
    assert read_response(answer, link[::-1], query.nonce) == Failed("stamp_other_link")


def test_another_digest_of_the_same_link_is_refused(authority: StampAuthority, link: bytes) -> None:
    (authority.folder / "link").write_bytes(link)
    asked = openssl("ts", "-query", "-data", "link", "-sha512", "-cert", folder=authority.folder)
    assert read_response(authority.answer(asked), link) == Failed("stamp_other_link", "another digest")


def test_another_nonce_is_refused(authority: StampAuthority, query: Query, link: bytes) -> None:
    answer = authority.answer(make_query(link).body)
    assert read_response(answer, link, query.nonce) == Failed("stamp_other_nonce")
    assert isinstance(read_response(answer, link), Token), "read again later, nobody knows what was asked"


def test_an_answer_without_the_nonce_is_refused(authority: StampAuthority, query: Query, link: bytes) -> None:
    (authority.folder / "link").write_bytes(link)
    asked = openssl("ts", "-query", "-data", "link", "-sha256", "-cert", "-no_nonce", folder=authority.folder)
    assert read_response(authority.answer(asked), link, query.nonce) == Failed("stamp_other_nonce")


def test_a_refusal_is_told_with_its_status(authority: StampAuthority, link: bytes) -> None:
    (authority.folder / "link").write_bytes(link)
    asked = openssl("ts", "-query", "-data", "link", "-sha1", "-cert", folder=authority.folder)
    found = read_response(authority.answer(asked), link)
    assert isinstance(found, Failed)
    assert found.code == "stamp_not_granted"
    assert found.why.startswith("2 ")


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5])
def test_only_granted_is_granted(authority: StampAuthority, query: Query, link: bytes, status: int) -> None:
    answer = authority.answer(query.body)
    head = read_one(answer).parts()[0]
    place = head.begin
    assert answer[place : place + 3] == bytes([INTEGER, 1, 0])
    changed = answer[: place + 2] + bytes([status]) + answer[place + 3 :]
    found = read_response(changed, link, query.nonce)
    assert isinstance(found, Failed)
    assert found.code == "stamp_not_granted"


def test_trailing_bytes_are_refused(authority: StampAuthority, query: Query, link: bytes) -> None:
    answer = authority.answer(query.body)
    for more in (b"\0", answer):
        found = read_response(answer + more, link, query.nonce)
        assert isinstance(found, Failed)
        assert found.code == "stamp_not_understood"


def test_more_than_can_be_kept_is_refused(link: bytes) -> None:
    assert read_response(b"0" * (MOST_TOKEN + 1), link) == Failed("stamp_too_large", str(MOST_TOKEN))


@pytest.mark.parametrize("signer", ["plain", "loose", "both"])
def test_a_certificate_for_something_else_is_refused(
    authority: StampAuthority, query: Query, link: bytes, signer: str
) -> None:
    """None at all, not critical, or not for time stamps alone (RFC 3161, 2.3)."""
    answer = authority.answer_by(signer, query.body)
    assert read_response(answer, link, query.nonce) == Failed(
        "stamp_certificate_use", f"Test {signer} (Test Trust)"
    )


def test_the_same_way_of_signing_is_taken_by_a_good_certificate(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    """Else the test above would show nothing of certificates."""
    answer = authority.answer_by("tsa", query.body)
    assert isinstance(read_response(answer, link, query.nonce), Token)


def test_a_certificate_out_of_its_time_is_refused(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    answer = authority.answer(query.body, "expired")
    assert read_response(answer, link, query.nonce) == Failed("stamp_expired", "Test expired (Test Trust)")
    assert not authority.accepts(answer, link)


def test_a_certificate_signed_by_one_that_is_no_authority_is_refused(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    answer = authority.answer(query.body, "under_leaf", chain="tsa.pem")
    found = read_response(answer, link, query.nonce)
    assert found == Failed("stamp_certificate_use", "Test tsa (Test Trust)")


def test_a_token_that_names_no_certificate_is_refused(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    answer = authority.answer_by("tsa", query.body, names_itself=False)
    assert read_response(answer, link, query.nonce) == Failed(
        "stamp_signature", "a signed attribute is missing"
    )


def test_a_twin_of_the_certificate_will_not_do(authority: StampAuthority, query: Query, link: bytes) -> None:
    """The same key, issuer and serial number, longer valid: the token names the certificate by its digest."""
    answer = authority.answer(query.body)
    true = load_pem_x509_certificate((authority.folder / "tsa.pem").read_bytes())
    old = true.public_bytes(Encoding.DER)
    twin = twin_of(authority, true.serial_number, len(old))
    found = read_response(answer.replace(old, twin), link, query.nonce)
    assert found == Failed("stamp_signature", "it names another certificate")


def twin_of(authority: StampAuthority, serial: int, length: int) -> bytes:
    """One as long as the true one, so that no length above it changes: signatures vary by a byte or two."""
    for days in range(400, 500):
        openssl("x509", "-req", "-in", "tsa.csr", "-CA", "inter.pem", "-CAkey", "inter.key", "-set_serial",
                str(serial), "-days", str(days), "-extfile", "tsa.ext", "-out", "twin.pem",
                folder=authority.folder)  # fmt: skip
        twin = openssl("x509", "-in", "twin.pem", "-outform", "DER", folder=authority.folder)
        if len(twin) == length:
            return twin
    raise AssertionError("no twin of that length in a hundred")


def test_a_changed_time_breaks_the_signature(authority: StampAuthority, query: Query, link: bytes) -> None:
    """The most tempting change: the same answer, a year earlier."""
    answer = authority.answer(query.body)
    content = token_content(answer)
    when = read_one(content).parts()[4].content
    assert when.startswith(b"20")
    earlier = str(int(when[:4]) - 1).encode() + when[4:]
    found = read_response(answer.replace(when, earlier), link, query.nonce)
    assert isinstance(found, Failed)
    assert found.code == "stamp_signature"


def test_the_content_of_one_answer_does_not_fit_the_signature_of_another(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    first, second = authority.answer(query.body), authority.answer(query.body)
    inside, other = token_content(first), token_content(second)
    assert inside != other
    assert len(inside) == len(other)
    found = read_response(first.replace(inside, other), link, query.nonce)
    assert isinstance(found, Failed)
    assert found.code == "stamp_signature"


def test_no_changed_byte_of_what_is_signed_passes(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    """Content, signed attributes and signature: any one byte. The rest of the message is not signed by anybody."""
    answer = in_order(authority.answer(query.body))
    signed = read_one(answer).parts()[1].parts()[1].parts()[0].parts()
    signer = signed[-1].parts()[0].parts()
    protected = [signed[2].parts()[1].parts()[0], signer[3], signer[5]]
    chance = random.Random(3161)
    for part in protected:
        for place in range(part.begin, part.begin + len(part.content)):
            changed = bytearray(answer)
            changed[place] ^= chance.randrange(1, 256)
            assert isinstance(read_response(bytes(changed), link, query.nonce), Failed), place


def test_every_changed_or_missing_byte_is_survived(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    answer = authority.answer(query.body)
    chance = random.Random(6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in range(0, len(answer), 3):
            changed = bytearray(answer)
            changed[place] ^= chance.randrange(1, 256)
            assert isinstance(read_response(bytes(changed), link, query.nonce), Token | Failed)
            assert isinstance(read_response(answer[:place], link, query.nonce), Failed)


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    found = read_response(data, bytes(32))
    assert isinstance(found, Failed)
    assert found.code in ("stamp_not_understood", "stamp_not_granted", "stamp_signature")


@given(st.binary(max_size=80), st.sampled_from([0x30, 0x31, 0xA0, 0x02, 0x04, 0x06]))
def test_der_is_read_as_it_was_written_or_refused(data: bytes, tag: int) -> None:
    written = bytes([tag, len(data)]) + data if len(data) < 128 else b""
    part = read_one(written)
    assert (part.tag, part.content, part.whole, part.begin) == (tag, data, written, 2)
    try:
        parts = read_all(data, 0)
    except ValueError:
        return
    assert b"".join(one.whole for one in parts) == data
    for one in parts:
        assert data[one.begin : one.begin + len(one.content)] == one.content


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x1f\x81\x01\x00",
        b"\x30\x02\x00",
    ],
)
def test_lengths_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_one(data)


def test_a_million_values_are_refused_quickly() -> None:
    with pytest.raises(ValueError, match="too many"):
        read_all(b"\x05\x00" * 1_000_000, 0)


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 1 << 40), max_size=6))
def test_object_identifiers_are_read(first: int, second: int, more: list[int]) -> None:
    text = ".".join(map(str, [first, second, *more]))
    try:
        ObjectIdentifier(text)
    except ValueError:
        return
    content = b""
    for number in (first * 40 + second, *more):
        pieces = [number & 0x7F]
        while number := number >> 7:
            pieces.append(number & 0x7F | 0x80)
        content += bytes(reversed(pieces))
    assert oid_text(content) == text


def test_the_order_of_certificates_changes_nothing_else(
    authority: StampAuthority, query: Query, link: bytes
) -> None:
    answer = authority.answer(query.body)
    ordered = in_order(answer)
    assert sorted(ordered) == sorted(answer)
    assert in_order(ordered) == ordered
    assert in_order(b"nothing of the kind") == b"nothing of the kind"
    signed = read_one(ordered).parts()[1].parts()[1].parts()[0].parts()
    held = [part.whole for part in next(part for part in signed if part.tag == CONTEXT_0).parts()]
    assert held == sorted(held)
    assert len(held) == 3


def test_an_answer_without_a_token_is_refused(link: bytes) -> None:
    granted = sequence(bytes([SEQUENCE, 3, INTEGER, 1, 0]))
    found = read_response(granted, link)
    assert isinstance(found, Failed)
    assert found.code == "stamp_not_understood"
