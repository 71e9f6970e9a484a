"""One authority for all tests of this room: its certificates take a second to make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.stamp_server import TSA, StampAuthority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampAuthority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: there is no real time-stamp responder to test against")
    made = StampAuthority(tmp_path_factory.mktemp("authority"))
    made.issue("rsa", "inter", TSA, kind="rsa")
    made.issue("expired", "inter", TSA, days=-1)
    made.issue("plain", "inter", "keyUsage=critical,digitalSignature\n")
    made.issue("loose", "inter", "extendedKeyUsage=timeStamping\nkeyUsage=critical,digitalSignature\n")
    made.issue("both", "inter", "extendedKeyUsage=critical,timeStamping,codeSigning\n")
    made.issue("under_leaf", "tsa", TSA)
    return made


@pytest.fixture
def link() -> bytes:
    return bytes(range(32))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "chez moi é"
