"""Outside time stamps in a bundle, with the real ``openssl ts``: which go along, and what ``verify.py --ca`` says."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, EventKind
from diagnostics.stamps.model import Stamp, Token
from diagnostics.stamps.reading import read_response
from diagnostics.stamps.record import stamp_event
from diagnostics.stamps.request import make_query
from jalerte_desktop.documents.bundle import verify_alone
from jalerte_desktop.documents.bundle.check import check_bundle
from tests.documents.bundle_made import BROKEN, NOT_ALL, WHOLE, Made, made, put
from tests.documents.report_journal import moment
from tests.documents.test_bundle_contents import bundle_of, content, facts_of, journal, written
from tests.servers.short_authority import ShortAuthority
from tests.servers.stamp_server import StampAuthority

__all__ = ["journal"]
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None,
    reason="openssl is not installed: there is no real time-stamp responder to test against",
)
SERVER = "http://127.0.0.1:3161/tsr"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampAuthority:
    return StampAuthority(tmp_path_factory.mktemp("authority"))


# --- which stamps go along -------------------------------------------------------------------------------------------


def seals(path: Path) -> list[tuple[int, bytes]]:
    with Reader(path) as reader:
        found = [event.data for event in reader.events(EventKind.SEAL)]
    return [(int(str(one["seq"])), bytes.fromhex(str(one["link"]))) for one in found]


def honest(authority: StampAuthority, seq: int, link: bytes) -> Stamp:
    token = authority.answer(make_query(link).body)
    said = read_response(token, link)
    assert isinstance(said, Token)
    return Stamp(seq, link, said.at_ns, said.authority, SERVER, token, said.at_ns)


def keep(path: Path, *stamps: Stamp, second: float = 4 * 3600 + 60, sign: bool = False) -> None:
    with closing(Writer(path)) as writer:
        for stamp in stamps:
            writer.append(stamp_event(stamp, moment(second)))
        if sign:
            writer.sign(moment(second + 1))


def test_a_time_stamp_of_a_seal_in_the_bundle_goes_along(
    journal: Path, tmp_path: Path, authority: StampAuthority
) -> None:
    seq, link = seals(journal)[-1]
    stamp = honest(authority, seq, link)
    keep(journal, stamp)
    bundle = bundle_of(journal)
    name = f"stamps/{seq:08d}"
    assert content(bundle, f"{name}.tsr") == stamp.token
    assert content(bundle, f"{name}.link") == link
    for text in ("LISEZMOI.txt", "README.txt"):
        told = content(bundle, text).decode()
        assert f"openssl ts -verify -data {name}.link -in {name}.tsr" in told
        assert "-attime" in told
    path = written(bundle, tmp_path / "b.zip")
    assert check_bundle(path).ok
    assert verify_alone.main([str(path), "--ca", str(authority.root)]) == WHOLE


def test_forged_stamps_of_the_same_link_take_nobody_s_place(
    journal: Path, tmp_path: Path, authority: StampAuthority
) -> None:
    seq, link = seals(journal)[-1]
    real = honest(authority, seq, link)
    broken = replace(real, token=real.token[:-1] + bytes([real.token[-1] ^ 1]))
    renamed = replace(real, authority="Bureau of Time")
    for place, order in enumerate(([real, broken, renamed], [broken, real], [broken])):
        path = tmp_path / f"{place}" / "journal.sqlite"
        shutil.copytree(journal.parent, path.parent)
        keep(path, *order, sign=True)
        bundle = bundle_of(path)
        stamps = [member for member in bundle.members if member.name.startswith("stamps/")]
        assert [one.data for one in stamps[:1]] == ([real.token] if real in order else [])
        assert check_bundle(written(bundle, tmp_path / f"{place}.zip")).ok
        assert verify_alone.main([str(tmp_path / f"{place}.zip")]) == WHOLE


def test_of_two_honest_stamps_the_first_goes_along(
    journal: Path, tmp_path: Path, authority: StampAuthority
) -> None:
    seq, link = seals(journal)[0]
    one, two = honest(authority, seq, link), honest(authority, seq, link)
    facts = facts_of(journal)
    keep(journal, one, sign=True)
    keep(journal, two, second=4 * 3600 + 90)
    bundle = bundle_of(journal, facts=facts)
    assert content(bundle, f"stamps/{seq:08d}.tsr") == one.token
    assert check_bundle(written(bundle, tmp_path / "b.zip")).ok


def test_only_a_stamp_that_holds_makes_a_bundle_reach_further(
    journal: Path, authority: StampAuthority
) -> None:
    facts = facts_of(journal, moment(600), moment(1200))
    short = (
        len(bundle_of(journal, facts=facts).members),
        about(bundle_of(journal, facts=facts))["last"]["seq"],
    )
    seq, link = seals(journal)[-1]
    assert seq > short[1]
    real = honest(authority, seq, link)
    keep(journal, replace(real, token=b"no token"))
    assert about(bundle_of(journal, facts=facts))["last"]["seq"] == short[1]
    keep(journal, real)
    assert about(bundle_of(journal, facts=facts))["last"]["seq"] == seq


def about(bundle: Any) -> Any:
    return json.loads(content(bundle, "bundle.json"))


# --- verify.py --ca --------------------------------------------------------------------------------------------------


def dated(answer: Callable[[bytes], bytes]) -> tuple[Made, int]:
    """A made-up bundle whose seal is dated, and the number of the record."""
    parts = made(3, demo=False)
    parts.tokens = {}
    sealed = parts.chain.seal(parts.chain.records[-1].end_ns)
    link = parts.chain.records[-2].link
    seq = sealed.seq - 1
    token = answer(make_query(link).body)
    data = {"seq": seq, "link": link.hex(), "token": base64.b64encode(token).decode()}
    parts.chain.event("stamp", sealed.end_ns + SECOND, data)
    parts.chain.seal(sealed.end_ns + 2 * SECOND)
    parts.tokens = {seq: token}
    return parts, seq


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    error: str


def alone(path: Path, root: Path | str, **environment: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-I", "-S", verify_alone.__file__, str(path), "--ca", str(root)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_the_verified_time_and_the_authority_are_told(tmp_path: Path, authority: StampAuthority) -> None:
    parts, seq = dated(authority.answer)
    said = alone(put(tmp_path, parts.bundle()), authority.root)
    token = read_response(parts.tokens[seq], parts.chain.records[seq - parts.chain.first_seq].link)
    assert isinstance(token, Token)
    at = datetime.fromtimestamp(token.at_ns // SECOND, UTC)
    assert said.code == WHOLE, said
    assert f"stamps/{seq:08d}.tsr: {at:%Y-%m-%dT%H:%M:%S}Z" in said.out
    assert "Test tsa" in said.out


def test_an_authority_that_is_over_breaks_nothing(tmp_path: Path) -> None:
    for life_s in (4, 16, 64):  # a slow machine may need longer than the certificates last
        brief = ShortAuthority(tmp_path / f"brief{life_s}", life_s)
        parts, _seq = dated(brief.answer)
        if time.time() < brief.over_at.timestamp():
            break
    brief.wait()
    path = put(tmp_path, parts.bundle())
    assert alone(path, brief.root).code == WHOLE
    for seq, token in parts.tokens.items():
        link = parts.chain.records[seq - parts.chain.first_seq].link
        assert not brief.accepts(token, link)  # which is what openssl says without -attime


def test_another_root_is_told_so_and_the_bundle_is_not_called_altered(
    tmp_path: Path, authority: StampAuthority
) -> None:
    parts, seq = dated(authority.answer)
    stranger = StampAuthority(tmp_path / "stranger")
    said = alone(put(tmp_path, parts.bundle()), stranger.root)
    assert said.code == NOT_ALL
    assert f"stamps/{seq:08d}.tsr" in said.out
    assert "do NOT vouch" in said.out
    for word in ("BROKEN", "WHOLE", "chain /", "ALTÉRÉ"):
        assert word not in said.out
    assert "Dated by" not in said.out


def test_a_stamp_that_dates_something_else_is_broken(tmp_path: Path, authority: StampAuthority) -> None:
    parts, seq = dated(authority.answer)
    link = parts.chain.records[seq - parts.chain.first_seq].link
    other = authority.answer(make_query(b"x" * 32).body)

    def lie(token: bytes) -> Said:
        parts.chain.records = parts.chain.records[:-2]
        data = {"seq": seq, "link": link.hex(), "token": base64.b64encode(token).decode()}
        parts.chain.event("stamp", parts.chain.records[-1].end_ns + SECOND, data)
        parts.chain.seal(parts.chain.records[-1].end_ns + SECOND)
        parts.tokens = {seq: token}
        return alone(put(tmp_path, parts.bundle()), authority.root)

    digest = hashlib.sha256(link).digest()
    for token in (other + digest, b"garbage" + digest):
        said = lie(token)
        assert said.code == BROKEN, said
        assert "WHOLE" not in said.out


def test_a_time_told_by_nobody_s_signature_is_not_believed(tmp_path: Path, authority: StampAuthority) -> None:
    """The answer's status may hold any text: it is signed by nobody."""
    parts, seq = dated(authority.answer)
    text = b"x\nTST info:\nHash Algorithm: sha256\nTime stamp: Jan  1 00:00:00 2020 GMT\n"
    token = parts.tokens[seq]
    body = token[token.index(b"\x30\x03\x02\x01\x00") + 5 :]
    words = b"\x0c" + bytes([len(text)]) + text
    status = b"\x02\x01\x00" + b"\x30" + bytes([len(words)]) + words
    inner = b"\x30" + bytes([len(status)]) + status + body
    forged = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    openssl = verify_alone.OpenSsl(str(tmp_path))
    assert openssl.stamp(forged) == openssl.stamp(token)
    shown = subprocess.run(
        ["openssl", "ts", "-reply", "-in", openssl.put("forged", forged), "-text"],
        capture_output=True,
        check=True,
    )
    assert b"2020 GMT" in shown.stdout


@pytest.mark.parametrize("what", ["missing", "folder", "text", "key"])
def test_what_is_no_certificate_is_wrong_use(tmp_path: Path, authority: StampAuthority, what: str) -> None:
    parts, _seq = dated(authority.answer)
    text = tmp_path / "text.pem"
    text.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    root = {
        "missing": tmp_path / "none.pem",
        "folder": tmp_path,
        "text": text,
        "key": authority.folder / "root.key",
    }[what]
    said = alone(put(tmp_path, parts.bundle()), root)
    assert (said.code, said.out) == (NOT_ALL, "")
    assert len(said.error.splitlines()) == 1
    assert str(root) in said.error


def test_without_openssl_a_stamp_is_not_called_dated(tmp_path: Path, authority: StampAuthority) -> None:
    parts, _seq = dated(authority.answer)
    said = alone(put(tmp_path, parts.bundle()), authority.root, PATH=str(tmp_path))
    assert said.code == NOT_ALL
    assert "Dated by" not in said.out
    assert "WHOLE" not in said.out


def test_an_event_of_a_stamp_needs_no_file(tmp_path: Path, authority: StampAuthority) -> None:
    parts, _seq = dated(authority.answer)
    parts.tokens = {}
    assert alone(put(tmp_path, parts.bundle()), authority.root).code == WHOLE
