"""The bundle's container: one sequence of bytes for given members, and nothing else is read."""

from __future__ import annotations

import hashlib
import io
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalerte_desktop.documents.bundle import archive
from jalerte_desktop.documents.bundle.archive import Archive, Broken, Limits, Member

MEMBERS = (
    Member("README.txt", b"one\n"),
    Member("chain/records.jsonl.gz", bytes(range(256))),
    Member("a", b""),
)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return path


def refused(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Broken) as raised, Archive(path, limits):
        pass
    return raised.value.remark.code


def test_the_same_members_give_these_bytes_on_every_system() -> None:
    """A change of this digest is a change of the format: bundles made before would not be read any more."""
    found = hashlib.sha256(archive.write(MEMBERS)).hexdigest()
    assert found == "50f64730b5415e857aca196a0a4b3a0bd4cfb413083fef2e934338cb03f0c4dd"


def test_other_programs_read_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(put(tmp_path, archive.write(MEMBERS))) as opened:
        assert opened.testzip() is None
        assert [(one.filename, opened.read(one)) for one in opened.infolist()] == [
            (member.name, member.data) for member in MEMBERS
        ]
        for one in opened.infolist():
            assert one.date_time == (1980, 1, 1, 0, 0, 0)
            assert one.external_attr >> 16 == stat.S_IFREG | 0o644


NAMES = st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9_-]{0,6}[a-z0-9]\.[a-z]{3})?", fullmatch=True)


@given(st.dictionaries(NAMES.filter(archive.name_fits), st.binary(max_size=300), min_size=1, max_size=9))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]
) -> None:
    members = tuple(Member(name, data) for name, data in contents.items())
    path = put(tmp_path_factory.mktemp("read"), archive.write(members))
    assert archive.read(path) == members
    with Archive(path) as opened:
        for member in members:
            assert opened.sha256(member.name) == hashlib.sha256(member.data).hexdigest()
            assert opened.size(member.name) == len(member.data)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a/./b",
        "C:/x",
        "C:x",
        "a\\b",
        "a\0b",
        "a//b",
        "a/",
        ".hidden",
        "end.",
        "end ",
        "nul",
        "NUL.txt",
        "a/con.b.c",
        "Com1",
        "é",
        "a:stream",
        "a*",
        "x" * 121,
        "a/b/c/d/e",
    ],
)
def test_names_that_lead_astray_are_neither_written_nor_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        archive.write([Member(name, b"")])
    if not name or "\0" in name:
        return
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr(zipfile.ZipInfo(name), b"content")
    assert refused(put(tmp_path, out.getvalue())).startswith("bundle_")


def test_names_that_one_file_system_takes_for_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two members"):
        archive.write([Member("a.txt", b""), Member("A.TXT", b"")])


def _zip(compression: int = zipfile.ZIP_STORED, **attributes: object) -> Callable[[], bytes]:
    def make() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as opened:
            info = zipfile.ZipInfo("README.txt")
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            info.compress_type = compression
            for name, value in attributes.items():
                setattr(info, name, value)
            opened.writestr(info, b"x" * 500)
        return out.getvalue()

    return make


def _twice() -> bytes:
    """Two entries of the directory for one member: they overlap."""
    right = archive.write([Member("a", b"x")])
    local, entry = right[:32], right[32:79]
    end = archive._end(2, 94, 32)
    return local + entry + entry + end


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "short": lambda: b"PK\x05\x06",
    "no member": lambda: archive._end(0, 0, 0),
    "no zip": lambda: random.Random(1).randbytes(5000),
    "compressed": _zip(zipfile.ZIP_DEFLATED),
    "symbolic link": _zip(external_attr=(stat.S_IFLNK | 0o777) << 16),
    "may be run": _zip(external_attr=(stat.S_IFREG | 0o4755) << 16),
    "a folder": _zip(external_attr=0x10),
    "another date": _zip(date_time=(2026, 11, 22, 8, 0, 0)),
    "a comment on a member": _zip(comment=b"hello"),
    "an extra field": _zip(extra=b"\x99\x99\x04\x00abcd"),
    "made elsewhere": _zip(create_system=0),
    "put before": lambda: b"#!/bin/sh\n" + archive.write(MEMBERS),
    "put after": lambda: archive.write(MEMBERS) + b"\0",
    "a comment": lambda: archive.write(MEMBERS)[:-2] + b"\x05\x00hello",
    "a gap": lambda: _gap(archive.write(MEMBERS)),
    "listed twice": _twice,
    "more than there is": lambda: (
        archive.write(MEMBERS)[:-14] + b"\xff\xff" * 2 + archive.write(MEMBERS)[-10:]
    ),
    "zip64": lambda: archive.write(MEMBERS)[:-14] + b"\xff" * 12 + b"\0\0",
}


def _gap(data: bytes) -> bytes:
    start = int.from_bytes(data[-6:-2], "little")
    return data[:start] + b"hidden" + data[start:-6] + (start + 6).to_bytes(4, "little") + data[-2:]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_container_of_any_other_making_is_refused(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, HOSTILE[kind]())
    assert refused(path).startswith("bundle_")
    assert [one.name for one in tmp_path.iterdir()] == ["bundle.zip"]


def test_every_single_changed_byte_of_a_small_container_is_found_or_is_content(tmp_path: Path) -> None:
    """All bytes, all eight bits: the checksums find changed content, the rebuilt headers the rest."""
    right = archive.write([Member("a", b"x"), Member("b.txt", b"yz")])
    for place in range(len(right)):
        for bit in range(8):
            wrong = bytearray(right)
            wrong[place] ^= 1 << bit
            refused(put(tmp_path, bytes(wrong)))


def test_too_many_members_and_too_large_files_are_not_looked_into(tmp_path: Path) -> None:
    path = put(tmp_path, archive.write(MEMBERS))
    assert refused(path, Limits(members=2)) == "bundle_too_many"
    assert refused(path, Limits(file_bytes=100)) == "bundle_too_large"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == "bundle_no_file"


def test_a_member_larger_than_asked_for_is_not_read(tmp_path: Path) -> None:
    with Archive(put(tmp_path, archive.write(MEMBERS))) as opened, pytest.raises(Broken):
        opened.read("chain/records.jsonl.gz", 255)
