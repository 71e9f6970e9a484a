"""Bundles from a hostile hand: refused within two seconds and 200 MB, and nothing is written anywhere.

Each is checked in a process of its own that may not have more memory than that beyond what the program itself takes.
"""

from __future__ import annotations

import gzip
import hmac
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from diagnostics.model import MINUTE
from jalerte_desktop.documents.bundle import archive, manifest, records, verify_alone
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown
from tests.documents.bundle_made import BEGIN_NS, SECRET, made
from tests.documents.test_bundle_archive import HOSTILE as CONTAINERS

MOST_S = 2.0
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="a process's memory is limited and measured the way Linux does it"
)

PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jalerte_desktop.documents.bundle.check import check_bundle
Ed25519PublicKey.from_public_bytes(bytes(32))
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (200 << 20),) * 2)
begin = time.process_time()
found = check_bundle(Path(sys.argv[1]))
print(json.dumps([found.ok, found.first_fault and found.first_fault.code, time.process_time() - begin]))
"""
ALONE = """
import json, resource, runpy, sys, time
from pathlib import Path
module = runpy.run_path(sys.argv[2])
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (200 << 20),) * 2)
begin = time.process_time()
code = module["main"]([sys.argv[1]])
print(json.dumps([code == 0, f"code {code}", time.process_time() - begin]))
"""


@dataclass(frozen=True)
class Judged:
    ok: bool
    code: str | None
    seconds: float


def judge(path: Path, script: str) -> Judged:
    """What one of the checks makes of it. The processor's time is taken: how busy the machine is, is not its fault."""
    work = path.parent / "work"
    work.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), verify_alone.__file__],
        cwd=work,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Judged(*json.loads(done.stdout.splitlines()[-1]))


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _member(name: str, data: bytes) -> bytes:
    return made(1).bundle(
        lambda members: [Member(one.name, data if one.name == name else one.data) for one in members]
    )


def _lines(*lines: bytes, times: int = 1) -> bytes:
    return gzip.compress(b"".join(line + b"\n" for line in lines) * times, compresslevel=1, mtime=0)


def _bomb(piece: bytes, megabytes: int) -> bytes:
    return gzip.compress(piece * ((megabytes << 20) // len(piece)), compresslevel=1, mtime=0)


def _chain_of(change: Callable[[list[BundleRecord]], list[BundleRecord]]) -> bytes:
    return _member(records.MEMBER, records.write(change(list(made(1).chain.records))))


def _many_samples() -> bytes:
    """A right chain whose minutes each hold as many samples as a record can."""
    parts = made(1)
    columns = 5
    head = (2).to_bytes(1, "little") + bytes(16) + columns.to_bytes(2, "little")
    column = b"".join(n.to_bytes(2, "little") + b"\xff\xff\0\0" for n in range(columns))
    samples = head + column + (bytes(65535 * 3) + b"\2" * 65535) * columns
    for place in range(30):
        values = {"line": b"x", "rollup": b"", "samples": samples}
        parts.chain.add("samples", BEGIN_NS + place * MINUTE, BEGIN_NS + place * MINUTE, values)
    about = made(1).about()
    parts.about = lambda: about  # type: ignore[method-assign]
    text = records.write(parts.chain.records)
    members = [
        Member(one.name, text if one.name == records.MEMBER else one.data) for one in made(1).members()
    ]
    return archive.write(manifest.assemble(members, parts.key.sign))


def _old_bomb(body: bytes) -> bytes:
    """A record of format 1 as the first, whose body unpacks to very much."""
    packed = zlib.compress(body, 9)
    salt = hmac.digest(SECRET, (1).to_bytes(8, "little"), "sha256")[:16]
    record = BundleRecord(1, "samples", 0, 0, bytes(32), {}, WholeShown(salt, "x", b"", packed))
    record = replace(record, link=records.chain.link(bytes(32), record.digest()))
    parts = made(1)
    parts.chain.before, parts.chain.first_seq, parts.chain.records = bytes(32), 1, [record]
    about = replace(made(1).about(), first=manifest.Link(1, bytes(32)))
    parts.about = lambda: about  # type: ignore[method-assign]
    text = records.write([record])
    members = [
        Member(one.name, text if one.name == records.MEMBER else one.data) for one in made(1).members()
    ]
    members = [
        Member(one.name, about.to_bytes() if one.name == "bundle.json" else one.data) for one in members
    ]
    return archive.write(manifest.assemble(members, parts.key.sign))


def _endless_runs() -> bytes:
    """One column of one try, with runs of outcomes for four thousand million: layout 1 of docs/journal.md."""
    head = struct.pack("<BqqH", 1, 0, 0, 1) + struct.pack("<HHqqB", 1, 1, 0, 1, 0)
    return (
        head + struct.pack("<BHB", 1, 1, 0) + struct.pack("<H", 65535) + struct.pack("<BH", 0, 65535) * 65535
    )


def _holes(first: int, last: int, times: int) -> bytes:
    """Holes one behind the other, each of so many records."""
    about = replace(made(1).about(), first=manifest.Link(first, bytes(32) if first == 1 else b"x" * 32))
    lines, count = [], last - first + 1
    for place in range(times):
        begin = first + place * count
        lines.append(records.Hole(begin, min(begin + count - 1, (1 << 63) - 1), 0, 0, b"y" * 32))
    text = records.write(lines)
    named = {records.MEMBER: text, "bundle.json": about.to_bytes()}
    return made(1).bundle(
        lambda members: [Member(one.name, named.get(one.name, one.data)) for one in members]
    )


def _sealed_holes(count: int, times: int) -> bytes:
    """Holes of so many records, with a seal behind each: as many as may lie in holes, and more."""
    parts = made(1)
    parts.incidents, parts.tokens, parts.more = [], {}, []
    chain = parts.chain
    chain.before, chain.first_seq, chain.records = bytes(32), 1, []
    lines: list[BundleRecord | records.Hole] = []
    seq = 1
    for _ in range(times):
        link = b"z" * 32
        lines.append(records.Hole(seq, seq + count - 1, 0, 0, link))
        seq += count
        chain.before, chain.first_seq, chain.records = link, seq, []
        lines.append(chain.seal(BEGIN_NS))
        seq += 1
    about = replace(parts.about(), first=manifest.Link(1, bytes(32)))
    named = {records.MEMBER: records.write(lines), "bundle.json": about.to_bytes()}
    chain.records = [one for one in lines if isinstance(one, BundleRecord)]
    return parts.bundle(lambda members: [Member(one.name, named.get(one.name, one.data)) for one in members])


def _targets(count: int) -> bytes:
    one = b'{"number":%d,"role":"anchor","protocol":"icmp","address":"192.0.2.1"}'
    told = b"[" + b",".join(one % number for number in range(count)) + b"]"
    right = made(1).about().to_bytes()
    begin = right.index(b'"targets":') + len(b'"targets":')
    end = right.index(b"]", begin) + 1
    return _member("bundle.json", right[:begin] + told + right[end:])


def _row() -> bytes:
    seq = next(one.seq for one in made(1).chain.records if isinstance(one.fields.get("samples"), FieldShown))
    return b"%d,x\n" % seq


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a bomb of zeros": lambda: _member(records.MEMBER, _bomb(bytes(1 << 20), 600)),
    "a bomb of empty lines": lambda: _member(records.MEMBER, _bomb(b"\n" * (1 << 20), 400)),
    "a bomb of long lines": lambda: _member(records.MEMBER, _bomb(b" " * (3 << 20) + b"\n", 400)),
    "the first record again and again": lambda: _member(
        records.MEMBER,
        _lines(gzip.decompress(records.write(made(1).chain.records[:1])).strip(), times=400_000),
    ),
    "a bomb of rows": lambda: _member("samples.csv.gz", _bomb(_row() * 1000, 300)),
    "a bomb of rows of figures": lambda: _member("rollups.csv.gz", _bomb(_row() * 1000, 300)),
    "a bomb for a table": lambda: _member("samples.csv.gz", _bomb(bytes(1 << 20), 300)),
    "many samples": _many_samples,
    "huge numbers": lambda: _member(
        "bundle.json", made(1).about().to_bytes().replace(b'"seq":', b'"seq":' + b"9" * 90_000)
    ),
    "numbers of 64 bits": lambda: _member(
        "incidents.json", b'{"incidents":[{"id":"a","records":[[1,18446744073709551615]]}]}'
    ),
    "ranges over ranges": lambda: _member(
        "incidents.json",
        b'{"incidents":[' + b'{"id":"a","records":[[1,9]]},' * 80_000 + b'{"id":"a","records":[]}]}',
    ),
    "removals over removals": lambda: _member(
        "removed.json", b'{"records":[' + b"[1,9000000000]," * 80_000 + b"[1,2]]}x"
    ),
    "brackets": lambda: _member("incidents.json", b"[" * 450_000),
    "a forest of brackets": lambda: _member("incidents.json", b"[" + b"[]," * 3_000_000 + b"[]]"),
    "a large text": lambda: _member("incidents.json", ('{"incidents":"' + "😀" * 2_900_000 + '"}').encode()),
    "a text too large": lambda: _member("incidents.json", b" " * (13 << 20)),
    "a table in quotes": lambda: _member("incidents.csv", b'id,records\n"' + b"x" * (11 << 20)),
    "many ranges": lambda: _member(
        "incidents.csv", b"id,records\n" + (b"a," + b"1-1 " * 30_000 + b"\n") * 90
    ),
    "a listing of members that are not there": lambda: archive.write(
        [
            Member(manifest.LISTING, b"".join(b"0" * 64 + b"  m%04d\n" % n for n in range(900))),
            Member(manifest.SIGNATURE, bytes(64)),
        ]
    ),
    "a listing too large": lambda: archive.write(
        [Member(manifest.LISTING, bytes(50 << 20)), Member(manifest.SIGNATURE, bytes(64))]
    ),
    "a signature too large": lambda: _signature(bytes(60 << 20)),
    "a hole as long as numbers go": lambda: _holes(1, (1 << 63) - 1, 1),
    "a hole of two years": lambda: _holes(1, 1 << 20, 1),
    "holes over holes": lambda: _holes(1, 1, 200_000),
    "holes of a year, sealed": lambda: _sealed_holes(500_000, 4),
    "many small holes, sealed": lambda: _sealed_holes(2, 60),
    "targets over targets": lambda: _targets(12_000),
    "targets that are none": lambda: _member(
        "bundle.json", made(1).about().to_bytes().replace(b'"targets":[', b'"targets":[7,')
    ),
    "incidents of long texts": lambda: _member(
        "incidents.json",
        b'{"incidents":[{"id":"a","records":[],"reasons":['
        + b'{"code":"a","words":"b"},' * 80_000
        + b"1]}]}",
    ),
    "an old batch of zeros": lambda: _old_bomb(bytes(200 << 20)),
    "an old batch of endless runs": lambda: _old_bomb(_endless_runs()),
    **{f"container: {name}": make for name, make in CONTAINERS.items()},
}


def _signature(data: bytes) -> bytes:
    right = list(manifest.assemble(made(1).members(), lambda listing: data))
    return archive.write(right)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """What a check leaves behind would be found here: the bundle's folder, and the one that it is checked in."""
    (tmp_path / "work").mkdir()
    (tmp_path / "bundle.zip").touch()
    before = listing(tmp_path)
    yield tmp_path
    assert listing(tmp_path) == before
    assert not (tmp_path.parent / "up").exists()


@pytest.mark.parametrize("script", [PROGRAM, ALONE], ids=["program", "alone"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_refused_soon_and_small(folder: Path, kind: str, script: str) -> None:
    path = folder / "bundle.zip"
    path.write_bytes(HOSTILE[kind]())
    found = judge(path, script)
    assert not found.ok
    assert found.code in ("code 1", "code 2") if script is ALONE else found.code is not None
    assert found.seconds <= MOST_S


@pytest.mark.parametrize("script", [PROGRAM, ALONE], ids=["program", "alone"])
def test_ten_gigabytes_are_refused_by_their_size(folder: Path, script: str) -> None:
    path = folder / "bundle.zip"
    with path.open("wb") as opened:
        opened.truncate(10 << 30)
        opened.seek(-22, 2)
        opened.write(made(1).bundle()[-22:])
    found = judge(path, script)
    assert not found.ok
    assert found.seconds <= MOST_S / 4


@pytest.mark.parametrize("script", [PROGRAM, ALONE], ids=["program", "alone"])
def test_a_pipe_is_not_waited_for(folder: Path, script: str) -> None:
    path = folder / "bundle.zip"
    path.unlink()
    os.mkfifo(path)
    assert not judge(path, script).ok


def test_an_honest_bundle_fits_well_within_these_limits(folder: Path) -> None:
    """So that the tests above cannot pass for want of memory alone."""
    path = folder / "bundle.zip"
    path.write_bytes(made(1).bundle())
    assert judge(path, PROGRAM).ok
