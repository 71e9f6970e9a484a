"""A stamp outlives its authority's certificates: it is judged at its own time, here and with openssl's ``-attime``."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnostics.model import SECOND
from diagnostics.stamps.model import Failed, Token
from diagnostics.stamps.reading import load_roots, read_response
from diagnostics.stamps.request import make_query
from tests.servers.short_authority import ShortAuthority
from tests.servers.stamp_server import StampAuthority, certificate_digest, openssl

LINK = bytes(range(32))


@dataclass(frozen=True)
class Kept:
    authority: ShortAuthority
    answer: bytes


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """An answer made while its certificates were in force; they no longer are."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: there is no real time-stamp responder to test against")
    for life_s in (4, 16, 64):  # a slow machine may need longer than the certificates last
        authority = ShortAuthority(tmp_path_factory.mktemp("brief"), life_s)
        answer = authority.answer(make_query(LINK).body)
        if time.time() < authority.over_at.timestamp():
            authority.wait()
            return Kept(authority, answer)
    raise AssertionError("no answer within a minute")


def openssl_says(kept: Kept, *more: str) -> tuple[int, str]:
    folder = kept.authority.folder
    (folder / "00000042.tsr").write_bytes(kept.answer)
    (folder / "00000042.link").write_bytes(LINK)
    words = ["ts", "-verify", "-in", "00000042.tsr", "-data", "00000042.link", "-CAfile", "root.pem"]
    done = subprocess.run(["openssl", *words, *more], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_it_holds_after_its_certificates_are_over(kept: Kept) -> None:
    assert time.time() > kept.authority.over_at.timestamp()
    found = read_response(kept.answer, LINK)
    assert isinstance(found, Token)
    assert (found.authority, found.root, found.rooted) == (
        "Brief tsa (Brief Trust)", "Brief root (Brief Trust)", False,
    )  # fmt: skip
    assert found.at_ns <= kept.authority.over_at.timestamp() * SECOND
    assert (found.top, found.top_is_root) == (certificate_digest(kept.authority.root), True)


def test_it_holds_up_to_a_root_that_is_over_and_to_no_other(kept: Kept, tmp_path: Path) -> None:
    found = read_response(kept.answer, LINK, roots=load_roots(kept.authority.root))
    assert isinstance(found, Token)
    assert found.rooted
    strangers = load_roots(StampAuthority(tmp_path / "stranger").root)
    assert read_response(kept.answer, LINK, roots=strangers) == Failed(
        "stamp_other_root", "Brief root (Brief Trust)"
    )


def test_openssl_wants_to_be_told_the_time_of_the_stamp(kept: Kept) -> None:
    """The commands of docs/stamps.md."""
    code, said = openssl_says(kept)
    assert (code, "certificate has expired" in said) == (1, True), said
    text = openssl("ts", "-reply", "-in", "00000042.tsr", "-text", folder=kept.authority.folder).decode()
    told = next(line for line in text.splitlines() if line.startswith("Time stamp: "))
    spoken = told.removeprefix("Time stamp: ")
    done = subprocess.run(["date", "-d", spoken, "+%s"], capture_output=True, text=True, check=True)
    code, said = openssl_says(kept, "-attime", done.stdout.strip())
    assert (code, "Verification: OK" in said) == (0, True), said


def test_one_made_after_they_were_over_does_not_hold(kept: Kept) -> None:
    late = kept.authority.answer_by("tsa", make_query(LINK).body)
    found = read_response(late, LINK)
    assert isinstance(found, Failed)
    assert found.code == "stamp_expired"
