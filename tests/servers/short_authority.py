"""A time-stamp authority whose certificates, its root's included, are over after some seconds.

OpenSSL 3.0 issues certificates by the day only, so these are made with ``cryptography`` (X.509 as RFC 5280 has it);
the answers are ``openssl ts -reply``'s own.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.servers.stamp_server import StampAuthority


class ShortAuthority(StampAuthority):
    """``over_at``: the last whole second, UTC, in which its certificates are in force."""

    def __init__(self, folder: Path, life_s: int) -> None:
        super().__init__(folder)
        begin = datetime.now(UTC).replace(microsecond=0)
        self.over_at = begin + timedelta(seconds=life_s)
        times = begin - timedelta(minutes=1), self.over_at
        for name, by in (("root", "root"), ("inter", "root"), ("tsa", "inter")):
            self._shorten(name, by, times)
        (folder / "chain.pem").write_bytes((folder / "inter.pem").read_bytes() + self.root.read_bytes())

    def wait(self) -> None:
        """Until they are over."""
        while (left := self.over_at.timestamp() + 1.1 - time.time()) > 0:
            time.sleep(left)

    def _shorten(self, name: str, by: str, times: tuple[datetime, datetime]) -> None:
        own = load_pem_private_key((self.folder / f"{name}.key").read_bytes(), None)
        key = load_pem_private_key((self.folder / f"{by}.key").read_bytes(), None)
        authority = name != "tsa"
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(by))
            .public_key(own.public_key())  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(times[0])
            .not_valid_after(times[1])
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            made = made.add_extension(usage, critical=True)
        signed = made.sign(key, hashes.SHA256())  # type: ignore[arg-type]
        (self.folder / f"{name}.pem").write_bytes(signed.public_bytes(Encoding.PEM))


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Brief Trust"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Brief {name}"),
        ]
    )
