"""Changed bytes of bundles: every one is found, at whatever depth it is made; and honest bundles are whole."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jalerte_desktop.documents.bundle import archive, check, manifest, records
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import check_bundle
from tests.documents.bundle_made import BROKEN, WHOLE, alone, made, needs_openssl, put, signed_again

FLIPS, HONEST = 1000, 100
Change = Callable[[random.Random, bytes], bytes]


# --- honest ones -----------------------------------------------------------------------------------------------------


def honest(folder: Path, seeds: range) -> None:
    for seed in seeds:
        path = put(folder, made(seed, minutes=6 + seed % 9).bundle())
        found = check_bundle(path)
        assert (found.ok, found.first_fault, found.signature) == (True, None, check.OK), seed
        assert alone(path) == WHOLE, seed


@needs_openssl
def test_honest_bundles_are_whole(tmp_path: Path) -> None:
    honest(tmp_path, range(HONEST // 10))


@needs_openssl
@pytest.mark.soak
def test_a_hundred_honest_bundles_are_whole(tmp_path: Path) -> None:
    honest(tmp_path, range(HONEST))


# --- changed bytes ---------------------------------------------------------------------------------------------------


def _flip(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1 :]


def _remove(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + data[place + 1 :]


def _insert(chance: random.Random, data: bytes) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(1) + data[place:]


def _swap(chance: random.Random, data: bytes) -> bytes:
    while True:
        one, other = sorted(chance.sample(range(len(data)), 2))
        if data[one] != data[other]:
            break
    changed = bytearray(data)
    changed[one], changed[other] = changed[other], changed[one]
    return bytes(changed)


CHANGES: tuple[Change, ...] = (_flip, _flip, _flip, _remove, _insert, _swap)


def bytes_of_the_file(folder: Path, count: int) -> None:
    """Changes over the whole file, half of them in the headers, which are few bytes beside the contents."""
    right = made(1).bundle()
    path = put(folder, right)
    with archive.Archive(path) as opened:
        contents = [range(place.offset, place.offset + place.size) for place in opened._places.values()]
    inside = {place for one in contents for place in one}
    headers = [place for place in range(len(right)) if place not in inside]
    chance = random.Random(2026)
    for number in range(count):
        if number % 2:
            place = chance.choice(headers)
            wrong = right[:place] + bytes([right[place] ^ chance.randrange(1, 256)]) + right[place + 1 :]
        else:
            wrong = chance.choice(CHANGES)(chance, right)
        path.write_bytes(wrong)
        assert check_bundle(path).first_fault is not None, number
        assert alone(path) == BROKEN, number


def members_in_a_right_container(folder: Path, count: int) -> None:
    """Changes of each member in turn, the container made anew around them: checksums and lengths fit."""
    right = archive.read(put(folder, made(1).bundle()))
    chance = random.Random(2027)
    for number in range(count):
        place = number % len(right)
        changed = chance.choice(CHANGES)(chance, right[place].data)
        members = [*right[:place], Member(right[place].name, changed), *right[place + 1 :]]
        path = put(folder, archive.write(members))
        assert check_bundle(path).first_fault is not None, (number, right[place].name)
        assert alone(path) == BROKEN, (number, right[place].name)


def members_in_a_right_listing(folder: Path, count: int) -> None:
    """The same with the listing made anew: only the signature is not."""
    right = archive.read(put(folder, made(1).bundle()))
    signature = next(member.data for member in right if member.name == manifest.SIGNATURE)
    body = [member for member in right if member.name not in (manifest.LISTING, manifest.SIGNATURE)]
    chance = random.Random(2028)
    for number in range(count):
        place = number % len(body)
        changed = chance.choice(CHANGES)(chance, body[place].data)
        members = [*body[:place], Member(body[place].name, changed), *body[place + 1 :]]
        path = put(folder, archive.write(manifest.assemble(members, lambda listing: signature)))
        assert check_bundle(path).first_fault is not None, (number, body[place].name)
        assert alone(path) == BROKEN, (number, body[place].name)


def records_signed_anew(folder: Path, count: int) -> None:
    """Changes of the records' text, all else signed anew by the key's holder: the chain itself finds them.

    What is only written in another way and means the same record, or is the claim ``shown_line``, is no change of it.
    """
    parts = made(1)
    text = gzip.decompress(records.write(parts.chain.records))
    meant = [replace(record, shown_line="") for record in parts.chain.records]
    chance = random.Random(2029)
    for number in range(count):
        packed = gzip.compress(chance.choice(CHANGES)(chance, text), mtime=0)
        try:
            if [replace(record, shown_line="") for record in records.read([packed])] == meant:
                continue
        except archive.Broken:
            pass
        members = [
            Member(member.name, packed if member.name == records.MEMBER else member.data)
            for member in parts.members()
        ]
        path = put(folder, signed_again(members))
        assert check_bundle(path).first_fault is not None, number
        assert alone(path) == BROKEN, number


LAYERS = (
    bytes_of_the_file,
    members_in_a_right_container,
    members_in_a_right_listing,
    records_signed_anew,
)


@needs_openssl
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_changed_bytes_are_found(tmp_path: Path, layer: Callable[[Path, int], None]) -> None:
    layer(tmp_path, FLIPS // 10)


@needs_openssl
@pytest.mark.soak
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_a_thousand_changed_bytes_are_found(tmp_path: Path, layer: Callable[[Path, int], None]) -> None:
    layer(tmp_path, FLIPS)
