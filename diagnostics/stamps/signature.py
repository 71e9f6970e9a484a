"""The signature of a time-stamp token (CMS SignedData, RFC 5652; ESS certificate identifiers, RFC 5035).

The library that reads the token verifies it only up to a root that it is given, and a token seldom brings its own. So
the signature itself is checked here: that the signer's certificate signed just this content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnostics.stamps.der import CONTEXT_0, INTEGER, OCTETS, OID, SEQUENCE, SET, Part, oid_text, read_one

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47"
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
_ED25519 = "1.3.101.112"
_RSA_WITH = {
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA_WITH = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}


class BadSignature(Exception):
    """The signature, or what it must cover, is not as it has to be."""


@dataclass(frozen=True, slots=True)
class _Signed:
    content: bytes
    digest: str
    """Name of the digest of ``content``, as hashlib knows it."""
    attributes: Part
    algorithm: str
    signature: bytes


def in_order(answer: bytes) -> bytes:
    """The same answer with its certificates in the order that DER wants.

    OpenSSL's own ``ts -reply`` leaves them as configured, and the library refuses that. The set is not signed.
    Returns what was given where there is nothing to put in order, or where this is no answer.
    """
    try:
        held = next(part for part in _signed_data(answer) if part.tag == CONTEXT_0)
        ordered = b"".join(sorted(part.whole for part in held.parts()))
    except (ValueError, StopIteration):
        return answer
    return answer[: held.begin] + ordered + answer[held.begin + len(held.content) :]


def check_signature(answer: bytes, signer: Certificate) -> None:
    """Raises BadSignature unless the token was signed with this certificate's key, over its content and its identity.

    Raises ValueError for what is no signed token. Signatures: RSA (PKCS #1 1.5 and PSS), ECDSA, Ed25519; digests:
    SHA-256, SHA-384, SHA-512.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding

    signed = _read(answer)
    held = _attributes(signed.attributes)
    if oid_text(_only(held, _CONTENT_TYPE).expect(OID).content) != _TST_INFO:
        raise BadSignature("signed as something else")
    if (
        _only(held, _MESSAGE_DIGEST).expect(OCTETS).content
        != hashlib.new(signed.digest, signed.content).digest()
    ):
        raise BadSignature("the content is not what was signed")
    _check_identity(held, signer.public_bytes(Encoding.DER))
    # Signed is the set itself, under its own tag (RFC 5652, 5.4).
    message = bytes([SET]) + signed.attributes.whole[1:]
    try:
        _verify(signer, signed, message)
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise BadSignature(type(error).__name__) from error


def _signed_data(answer: bytes) -> list[Part]:
    """The parts of the SignedData in a TimeStampResp."""
    status_and_token = read_one(answer).expect(SEQUENCE).parts()
    if len(status_and_token) != 2:
        raise ValueError("no token")
    kind, wrapped = status_and_token[1].expect(SEQUENCE).parts()
    if oid_text(kind.expect(OID).content) != _SIGNED_DATA:
        raise ValueError("not signed data")
    (data,) = wrapped.expect(CONTEXT_0).parts()
    return data.expect(SEQUENCE).parts()


def _read(answer: bytes) -> _Signed:
    parts = _signed_data(answer)
    content_kind, wrapped = parts[2].expect(SEQUENCE).parts()
    if oid_text(content_kind.expect(OID).content) != _TST_INFO:
        raise ValueError("no time-stamp token")
    (content,) = wrapped.expect(CONTEXT_0).parts()
    signers = parts[-1].expect(SET).parts()
    if len(signers) != 1:
        raise BadSignature("not one signer")
    version, _who, digest, attributes, algorithm, signature, *_more = signers[0].expect(SEQUENCE).parts()
    version.expect(INTEGER)
    name = _DIGESTS.get(_algorithm(digest))
    if name is None:
        raise BadSignature("a digest that is not taken")
    return _Signed(
        content.expect(OCTETS).content,
        name,
        attributes.expect(CONTEXT_0),
        _algorithm(algorithm),
        signature.expect(OCTETS).content,
    )


def _algorithm(part: Part) -> str:
    return oid_text(part.expect(SEQUENCE).parts()[0].expect(OID).content)


def _attributes(part: Part) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for attribute in part.parts():
        kind, values = attribute.expect(SEQUENCE).parts()
        name = oid_text(kind.expect(OID).content)
        if name in found:
            raise BadSignature("an attribute twice")
        found[name] = values.expect(SET).parts()
    return found


def _only(held: dict[str, list[Part]], name: str) -> Part:
    values = held.get(name, [])
    if len(values) != 1:
        raise BadSignature("a signed attribute is missing")
    return values[0]


def _check_identity(held: dict[str, list[Part]], signer: bytes) -> None:
    """The token must name the certificate it was signed with: another with the same key will not do."""
    if _SIGNING_CERTIFICATE_2 in held:
        first = _first_identifier(_only(held, _SIGNING_CERTIFICATE_2))
        digest = "sha256"
        if first[0].tag == SEQUENCE:
            digest = _DIGESTS.get(_algorithm(first[0]), "")
            first = first[1:]
    else:
        first = _first_identifier(_only(held, _SIGNING_CERTIFICATE))
        digest = "sha1"  # what RFC 2634 fixed for the first version
    if not digest or first[0].expect(OCTETS).content != hashlib.new(digest, signer).digest():
        raise BadSignature("it names another certificate")


def _first_identifier(attribute: Part) -> list[Part]:
    identifiers = attribute.expect(SEQUENCE).parts()[0].expect(SEQUENCE).parts()
    parts = identifiers[0].expect(SEQUENCE).parts() if identifiers else []
    if not parts:
        raise BadSignature("it names no certificate")
    return parts


def _verify(signer: Certificate, signed: _Signed, message: bytes) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    made: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    key, algorithm = signer.public_key(), signed.algorithm
    if isinstance(key, rsa.RSAPublicKey) and algorithm in (_RSA, *_RSA_WITH):
        digest = made[_RSA_WITH.get(algorithm, signed.digest)]
        key.verify(signed.signature, message, padding.PKCS1v15(), digest)
    elif isinstance(key, rsa.RSAPublicKey) and algorithm == _RSA_PSS:
        digest = made[signed.digest]
        wanted = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
        key.verify(signed.signature, message, wanted, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _ECDSA_WITH:
        key.verify(signed.signature, message, ec.ECDSA(made[_ECDSA_WITH[algorithm]]))
    elif isinstance(key, ed25519.Ed25519PublicKey) and algorithm == _ED25519:
        key.verify(signed.signature, message)
    else:
        raise BadSignature("a way of signing that is not taken")
