"""What is signed, how a signature is put on, and how it is checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from alert_desk.json_text import canonical
from alert_desk.model import Signature, WireAlert
from alert_desk.schema import ALGORITHM, SIGNED_PREFIX
from alert_desk.writing import as_json


def signed_bytes(alert: WireAlert) -> bytes:
    """The bytes that the signature is over: a prefix, and the canonical alert without the signature's value."""
    document: Any = as_json(alert)
    del document["evidence"]["signature"]["value"]
    return SIGNED_PREFIX + canonical(document)


def unsigned(public_key: bytes) -> Signature:
    """What an alert carries while it is being signed: all but the value."""
    return Signature(ALGORITHM, public_key, hashlib.sha256(public_key).hexdigest(), b"")


def signed(alert: WireAlert, sign: Callable[[bytes], bytes]) -> WireAlert:
    """The alert with its signature's value filled in; ``sign`` is the private key's half."""
    evidence = alert.evidence
    whole = replace(evidence.signature, value=sign(signed_bytes(alert)))
    return replace(alert, evidence=replace(evidence, signature=whole))


def verify_signature(alert: WireAlert) -> bool:
    """True when the key in the alert signed the alert exactly as it is, and the fingerprint is that key's."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = alert.evidence.signature
    if hashlib.sha256(signature.public_key).hexdigest() != signature.fingerprint:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(signature.public_key).verify(signature.value, signed_bytes(alert))
    except (InvalidSignature, ValueError):
        return False
    return True
