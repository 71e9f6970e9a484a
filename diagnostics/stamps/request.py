"""The question to a time-stamp server: please date these 32 bytes."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.stamps.model import LINK_BYTES


@dataclass(frozen=True, slots=True)
class Query:
    """``body``: DER of a TimeStampReq (RFC 3161, 2.4.1). ``nonce``: what the answer must repeat."""

    body: bytes
    nonce: int


def make_query(link: bytes) -> Query:
    """Ask for the SHA-256 of a link to be dated, with a nonce and with the certificates in the answer.

    Raises ValueError for anything but 32 bytes.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    if len(link) != LINK_BYTES:
        raise ValueError("a link has 32 bytes")
    request = (
        TimestampRequestBuilder()
        .data(link)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    if request.nonce is None:
        raise ValueError("the library made no nonce")
    return Query(request.as_bytes(), request.nonce)
