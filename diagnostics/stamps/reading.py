"""What a time-stamp server answered: read as from a hostile hand, and checked as far as the answer itself allows.

Good is an answer that was granted, over SHA-256 of this link, with our nonce, signed by a certificate that it brings
along, made for time stamps alone (RFC 3161, 2.3) and valid at that time, as were those above it. Certificates are
judged at the time that the token names, whenever it is read: a stamp outlives its authority's certificate. Up to which
root that goes is told by name and SHA-256; it is checked up to a root only where roots are given.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.model import MINUTE, BadInput
from diagnostics.stamps.model import MOST_NAME, MOST_TOKEN, Failed, Token
from diagnostics.stamps.signature import BadSignature, check_signature, in_order

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from rfc3161_client import TimeStampResponse

AHEAD_NS = MINUTE
"""A stamp that names a time so much after this machine's is told to be ahead of it."""
LONGEST_CHAIN = 8
LARGEST_ROOTS = 1_000_000
"""Bytes of a file of roots."""
_SHA256 = "2.16.840.1.101.3.4.2.1"
_GRANTED = 0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_response(
    answer: bytes, link: bytes, nonce: int | None = None, roots: Sequence[Certificate] = ()
) -> Token | Failed:
    """Check an answer. ``nonce`` None: a kept answer is read again, and what was asked is no longer known.

    Raises nothing: whatever is wrong with the answer is a Failed.
    """
    import warnings

    if len(answer) > MOST_TOKEN:
        return Failed("stamp_too_large", str(MOST_TOKEN))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(in_order(answer), link, nonce, roots)
    except BadSignature as error:
        return Failed("stamp_signature", str(error))
    except Exception as error:
        # The libraries look at names, numbers and keys when asked, and raise whatever comes of it: KeyError, too.
        return Failed("stamp_not_understood", f"{type(error).__name__}: {error}"[:200])


def load_roots(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a PEM file. Raises BadInput("stamp_roots_unreadable")."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with path.open("rb") as opened:
            text = opened.read(LARGEST_ROOTS + 1)
        if len(text) > LARGEST_ROOTS:
            raise ValueError("too large")
        return tuple(load_pem_x509_certificates(text))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput("stamp_roots_unreadable", path=str(path), why=why[:100]) from error


def _checked(answer: bytes, link: bytes, nonce: int | None, roots: Sequence[Certificate]) -> Token | Failed:
    from cryptography.hazmat.primitives.hashes import SHA256
    from rfc3161_client import decode_timestamp_response

    response = decode_timestamp_response(answer)
    if response.status != _GRANTED:
        said = " ".join(response.status_string or ())
        return Failed("stamp_not_granted", f"{response.status} {said}".strip()[:200])
    info = response.tst_info
    if info.message_imprint.hash_algorithm.dotted_string != _SHA256:
        return Failed("stamp_other_link", "another digest")
    if info.message_imprint.message != hashlib.sha256(link).digest():
        return Failed("stamp_other_link")
    if nonce is not None and info.nonce != nonce:
        return Failed("stamp_other_nonce")
    chain = _chain(response)
    check_signature(answer, chain[0])
    at = info.gen_time
    failed = _certificates_trouble(chain, at)
    if failed is not None:
        return failed
    top = chain[-1]
    if roots and not _goes_up_to(response, link, roots):
        return Failed("stamp_other_root", _name(top.issuer))
    given = _given_root(chain, roots)
    top = given or top
    at_ns = (at - _EPOCH) // timedelta(microseconds=1) * 1000
    return Token(
        at_ns,
        _name(chain[0].subject),
        _name(given.subject if given else top.issuer),
        bool(roots),
        top.fingerprint(SHA256()).hex(),
        given is not None or top.issuer == top.subject,
    )


def _chain(response: TimeStampResponse) -> list[Certificate]:
    """The signer's certificate, and above it those that signed each other, as far as the answer brings them."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509 import load_der_x509_certificate

    held = [load_der_x509_certificate(one) for one in response.signed_data.certificates]
    signers = list(response.signed_data.signer_infos)
    if len(signers) != 1:
        raise BadSignature("not one signer")
    who = signers[0]
    chain = [one for one in held if one.issuer == who.issuer and one.serial_number == who.serial_number][:1]
    if not chain:
        raise BadSignature("the signer’s certificate is missing")
    while chain[-1].issuer != chain[-1].subject and len(chain) < LONGEST_CHAIN:
        for above in held:
            if above.subject == chain[-1].issuer and above not in chain:
                try:
                    chain[-1].verify_directly_issued_by(above)
                except InvalidSignature as error:
                    raise BadSignature("a certificate is not signed by the one above it") from error
                chain.append(above)
                break
        else:
            break
    return chain


def _given_root(chain: Sequence[Certificate], roots: Sequence[Certificate]) -> Certificate | None:
    """The one of the person's roots that these certificates are of, None where none is, or the way there is longer."""
    from cryptography.exceptions import InvalidSignature

    for root in roots:
        if root in chain:
            return root
        with contextlib.suppress(InvalidSignature, ValueError, TypeError):
            chain[-1].verify_directly_issued_by(root)
            return root
    return None


def _certificates_trouble(chain: Sequence[Certificate], at: datetime) -> Failed | None:
    from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = chain[0].extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        return Failed("stamp_certificate_use", _name(chain[0].subject))
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return Failed("stamp_certificate_use", _name(chain[0].subject))
    for above in chain[1:]:
        try:
            authority = above.extensions.get_extension_for_class(BasicConstraints).value.ca
        except ExtensionNotFound:
            authority = False
        if not authority:
            return Failed("stamp_certificate_use", _name(above.subject))
    for one in chain:
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            return Failed("stamp_expired", _name(one.subject))
    return None


def _goes_up_to(response: TimeStampResponse, link: bytes, roots: Sequence[Certificate]) -> bool:
    """Whether the library, by OpenSSL's rules, verifies the whole of it up to one of these."""
    from rfc3161_client import VerificationError, VerifierBuilder

    verifier = VerifierBuilder(roots=list(roots)).build()
    try:
        return verifier.verify_message(response, link)
    except VerificationError:
        return False


def _name(name: Name) -> str:
    """``Common name (Organisation)``, or what there is of it, on one line."""
    from cryptography.x509.oid import NameOID

    def first(kind: object) -> str:
        found = [one.value for one in name if one.oid == kind]
        text = found[0] if found and isinstance(found[0], str) else ""
        return "".join(sign if sign.isprintable() else " " for sign in text).strip()

    common, organisation = first(NameOID.COMMON_NAME), first(NameOID.ORGANIZATION_NAME)
    text = f"{common} ({organisation})" if common and organisation else common or organisation
    return (text or name.rfc4514_string().encode("ascii", "replace").decode() or "?")[:MOST_NAME]
