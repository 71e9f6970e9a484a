#!/usr/bin/env python3
"""Checks a bundle of evidence made by jalerte. / Vérifie un dossier de preuves fait par jalerte.

    python3 verify.py BUNDLE.zip [--ca AUTHORITY.pem]

Needs Python 3.8 or newer and nothing else; signatures are checked by the program ``openssl`` (3.0 or newer), and
without it this never says that a bundle is whole. ``--ca``: the certificates of the time-stamping authority, to check
the outside time stamps as well. Writes nothing but a few temporary files for openssl.

Ends with 0 (whole), 1 (not as it was made), 2 (wrong use, or not everything could be checked).
"""

# ruff: noqa: B905, RUF007, UP017 - it runs on Python 3.8
from __future__ import annotations

import base64
import csv
import datetime
import hashlib
import io
import itertools
import json
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_FILE, MOST_MEMBERS, LARGEST_TEXT, LONGEST_LINE = 1 << 30, 1000, 12 << 20, 4 << 20
PIECE, MOST_VALUES = 1 << 20, 500000
LOCAL, ENTRY, END = (struct.Struct(f) for f in ("<IHHHHHIIIHH", "<IHHHHHHIIIHHHHHII", "<IHHHHIIH"))
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.I)
FIRST = ["LISEZMOI.txt", "README.txt"]
LISTING, SIGNATURE, KEY, ABOUT = "manifest.sha256", "manifest.sig", "key.pem", "bundle.json"
CHAIN, ROLLUPS, SAMPLES = "chain/records.jsonl.gz", "rollups.csv.gz", "samples.csv.gz"
NEEDED = [*FIRST, KEY, ABOUT, "incidents.json", "incidents.csv", CHAIN, ROLLUPS, SAMPLES, "removed.json"]
TOLD = ("kind", "cause", "start", "end")
RECORD = {"seq", "type", "start_ns", "end_ns", "link"}
KEY_HEAD = bytes.fromhex("302a300506032b6570032100")
NONE = 0xFFFFFFFF
# RFC 8032, section 7.1, test 2: does this openssl know Ed25519?
KNOWN_KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
KNOWN_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


class Broken(Exception):
    """The first thing that is not right, in English and in French."""


def require(right: object, english: str, french: str) -> None:
    if not right:
        raise Broken(f"{english} / {french}")


def say(english: str, french: str) -> None:
    print(f"{english} / {french}")


# --- the container: every byte that is not a member's content is rebuilt and compared --------------------------------


class Archive:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size
        self.places: dict[str, tuple[int, int]] = {}
        try:
            self._container()
        except (struct.error, UnicodeDecodeError):
            require(False, "the file is no bundle", "le fichier n’est pas un dossier de preuves")

    def at(self, offset: int, size: int) -> bytes:
        self.file.seek(offset)
        found = self.file.read(size)
        require(len(found) == size, "the file ends too soon", "le fichier s’arrête trop tôt")
        return found

    def pieces(self, name: str) -> Iterator[bytes]:
        offset, size = self.places[name]
        while size:
            piece = self.at(offset, min(size, PIECE))
            yield piece
            offset, size = offset + len(piece), size - len(piece)

    def read(self, name: str, largest: int) -> bytes:
        require(self.places[name][1] <= largest, f"{name} is too large", f"{name} est trop grand")
        return b"".join(self.pieces(name))

    def _container(self) -> None:
        no_bundle = ("the file is no bundle", "le fichier n’est pas un dossier de preuves")
        require(self.size >= END.size, *no_bundle)
        end = self.at(self.size - END.size, END.size)
        _, _, _, count, _, length, start, _ = END.unpack(end)
        right = END.pack(0x06054B50, 0, 0, count, count, length, start, 0)
        require(end == right and start + length + END.size == self.size, *no_bundle)
        require(0 < count <= MOST_MEMBERS and length <= count * (ENTRY.size + 120), *no_bundle)
        directory, at, offset = self.at(start, length), 0, 0
        seen: set[str] = set()
        for _ in range(count):
            entry = ENTRY.unpack_from(directory, at)
            crc, size, label = entry[7], entry[8], directory[at + ENTRY.size : at + ENTRY.size + entry[10]]
            name = label.decode("ascii")
            parts = name.split("/")
            fits = len(name) <= 120 and len(parts) <= 4 and name.lower() not in seen
            fits = fits and all(PART.fullmatch(p) and not RESERVED.fullmatch(p) for p in parts)
            require(fits, "a member’s name is none of ours", "un nom de membre n’est pas des nôtres")
            frame = (f"what frames {name} was changed", f"ce qui entoure {name} a été modifié")
            common = (20, 0, 0, 0, 33, crc, size, size, len(label), 0)
            mode = (stat.S_IFREG | 0o644) << 16
            right = ENTRY.pack(0x02014B50, 788, *common, 0, 0, 0, mode, offset) + label
            require(directory[at : at + len(right)] == right, *frame)
            local = LOCAL.pack(0x04034B50, *common) + label
            begin = offset + len(local)
            require(begin + size <= start and self.at(offset, len(local)) == local, *frame)
            self.places[name] = (begin, size)
            found = 0
            for piece in self.pieces(name):
                found = zlib.crc32(piece, found)
            require(found == crc, *frame)
            seen.add(name.lower())
            at, offset = at + len(right), begin + size
        require(at == length and offset == start, *no_bundle)

    def lines(self, name: str) -> Iterator[bytes]:
        rest = b""
        for piece in self._unpacked(name):
            rest += piece
            whole = rest.split(b"\n")
            rest = whole.pop()
            yield from whole
            require(len(rest) <= LONGEST_LINE, f"{name}: line too long", f"{name} : ligne trop longue")
        require(not rest, f"{name}: no end of line", f"{name} : fin de ligne manquante")

    def _unpacked(self, name: str) -> Iterator[bytes]:
        damaged = (f"{name} cannot be unpacked", f"{name} ne peut pas être décompressé")
        reader, total = zlib.decompressobj(wbits=31), 0
        for chunk in self.pieces(name):
            waiting, piece = chunk, b""
            while waiting or (len(piece) == PIECE and not reader.eof):
                require(not reader.eof, *damaged)
                try:
                    piece = reader.decompress(waiting, PIECE)
                except zlib.error:
                    require(False, *damaged)
                waiting = reader.unconsumed_tail or reader.unused_data
                total += len(piece)
                require(
                    total <= (16 << 20) + 30 * self.places[name][1],
                    f"{name} is too large",
                    f"{name} est trop grand",
                )
                yield piece
        require(reader.eof, *damaged)


# --- strict JSON -----------------------------------------------------------------------------------------------------


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def integer(text: str) -> int:
    if len(text) > 20 or not -(1 << 63) <= int(text) < 1 << 64:
        raise ValueError("a number beyond 64 bits")
    return int(text)


def decimal(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or value != value:
        raise ValueError("no number")
    return value


def parse(data: bytes) -> Any:
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError("too many values")
    return json.loads(
        data.decode(), object_pairs_hook=once, parse_int=integer, parse_float=decimal, parse_constant=integer
    )


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def unhex(text: object, size: int) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise ValueError("no hexadecimal")
    return bytes.fromhex(text)


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("no base64")
    return data


# --- signatures ------------------------------------------------------------------------------------------------------


def key_pem(key: bytes) -> bytes:
    text = base64.b64encode(KEY_HEAD + key)
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"\n-----END PUBLIC KEY-----\n"


class OpenSsl:
    """``works`` is False without an openssl that knows Ed25519: then nothing is said of any signature."""

    def __init__(self, folder: str) -> None:
        self.folder, self.program = folder, shutil.which("openssl") or ""
        known = KNOWN_KEY, KNOWN_SIGNATURE
        try:
            self.works = (
                bool(self.program) and self.signed(*known, b"\x72") and not self.signed(*known, b"\x73")
            )
        except OSError:
            self.works = False

    def put(self, name: str, data: bytes) -> str:
        path = Path(self.folder) / name
        path.write_bytes(data)
        return str(path)

    def run(self, *words: str) -> bool:
        try:
            done = subprocess.run(
                [self.program, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=30,
            )
        except subprocess.TimeoutExpired:
            raise OSError("openssl does not end / openssl ne finit pas") from None
        return done.returncode == 0

    def signed(self, key: bytes, signature: bytes, message: bytes) -> bool:
        words = ["-inkey", self.put("key", key_pem(key)), "-sigfile", self.put("signature", signature)]
        return self.run("pkeyutl", "-verify", "-rawin", "-pubin", *words, "-in", self.put("message", message))

    def stamped(self, token: bytes, link: bytes, authority: str) -> bool:
        words = ["-data", self.put("link", link), "-in", self.put("token", token), "-CAfile", authority]
        return self.run("ts", "-verify", *words)


# --- the chain -------------------------------------------------------------------------------------------------------


class Chain:
    def __init__(self, archive: Archive, about: Any, openssl: OpenSsl) -> None:
        self.first, self.last = about["first"]["seq"], about["last"]["seq"]
        self.links, self.kinds, self.rolled = bytearray(), bytearray(), bytearray()
        self.before = self.previous = unhex(about["first"]["link_before"], 32)
        self.samples, self.rows, self.old = 0, 0, 0
        self.key = b""
        self.keys: set[bytes] = set()
        self.seal: object = None
        self.tokens: dict[int, bytes] = {}
        self.openssl = openssl
        if type(self.first) is not int or self.first < 1 or (self.first == 1 and any(self.before)):
            raise ValueError("the chain’s first record")
        for line in archive.lines(CHAIN):
            self._follow(line)
            if not len(self.kinds) % 1000 and sys.stderr.isatty():
                print(f"{len(self.kinds)}…", end="\r", file=sys.stderr)
        end = {"seq": self.first + len(self.kinds) - 1, "link": self.previous.hex()}
        counts = about["counts"]
        right = about["last"] == end and about["seal"] == self.seal and counts["records"] == len(self.kinds)
        right = right and (bool(self.old) or counts["samples"] == self.samples)
        self.samples = counts["samples"]
        require(right, "the chain does not end where it should", "la chaîne ne finit pas où elle devrait")

    def _follow(self, line: bytes) -> None:
        expected = self.first + len(self.kinds)
        place = f"record {expected} / enregistrement {expected}"
        try:
            record = parse(line)
            place += f" ({minute(record['start_ns'])} UTC)"
            body = {"fields", "whole"} & record.keys()
            if len(body) != 1 or record.keys() - body - {"shown_line"} != RECORD:
                raise ValueError("no record of ours / ce n’est pas un enregistrement")
            if type(record["seq"]) is not int or not isinstance(record.get("shown_line", ""), str):
                raise ValueError("no record of ours / ce n’est pas un enregistrement")
            if record["seq"] != expected:
                raise ValueError("records are missing / il manque des enregistrements")
            values, digest = self._whole(record) if "whole" in record else self._fields(record)
            self.previous = hashlib.sha256(self.previous + digest).digest()
            if record["link"] != self.previous.hex():
                raise ValueError("not the one of the chain / ce n’est pas celui de la chaîne")
            self.links += self.previous
            self._content(record["type"], values, expected)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            struct.error,
            RecursionError,
            OverflowError,
        ) as error:
            raise Broken(f"{place}: {error}"[:400]) from None

    def _fields(self, record: Any) -> tuple[dict[str, bytes], bytes]:
        values, parts = {}, []
        for name in sorted(record["fields"], key=str.encode):
            field, label = record["fields"][name], name.encode()
            head = struct.pack("<B", len(label)) + label
            if field.keys() == {"digest"}:
                parts.append(head + unhex(field["digest"], 32))
                continue
            if field.keys() not in ({"salt", "json"}, {"salt", "base64"}):
                raise ValueError("a field is none / un champ n’en est pas un")
            values[name] = canonical(field["json"]) if "json" in field else unbase64(field["base64"])
            parts.append(head + hashlib.sha256(unhex(field["salt"], 16) + head + values[name]).digest())
        kind = record["type"].encode()
        head = struct.pack("<qqqB", record["seq"], record["start_ns"], record["end_ns"], len(kind)) + kind
        return values, hashlib.sha256(b"jalerte record 2\n" + head + b"".join(parts)).digest()

    def _whole(self, record: Any) -> tuple[dict[str, bytes], bytes]:
        whole = record["whole"]
        if whole.keys() == {"digest"}:
            return {}, unhex(whole["digest"], 32)
        kind, line = record["type"].encode(), whole["line"].encode()
        rollup, body = unbase64(whole["rollup"]), unbase64(whole["body"])
        parts = unhex(whole["salt"], 16) + struct.pack(
            "<qqq", record["seq"], record["start_ns"], record["end_ns"]
        )
        for part in (kind, line, rollup, body):
            parts += struct.pack("<I", len(part)) + part
        values = {"rollup": rollup, "old": body} if record["type"] == "samples" else {}
        return values, hashlib.sha256(parts).digest()

    def _content(self, kind: str, values: dict[str, bytes], seq: int) -> None:
        self.rolled.append("rollup" in values)
        self.kinds.append(0 if kind != "samples" else 2 if {"samples", "old"} & values.keys() else 1)
        if kind == "samples":
            self.old += "old" in values
            self.rows += max(len(values.get("rollup", b"")) - 4, 0) // 26
            if "samples" in values:
                count, rollup = figures(values["samples"])
                self.samples += count
                if values.get("rollup", rollup) != rollup:
                    raise ValueError(
                        "figures are not those of the samples / chiffres et mesures ne concordent pas"
                    )
        elif kind in ("seal", "stamp"):
            number, link = parse(values["seq"]), parse(values["link"])
            known = self.link(number)
            if type(number) is not int or number >= seq or (known is not None and known.hex() != link):
                raise ValueError("the seal is of another chain / le scellé est d’une autre chaîne")
            if kind == "seal" and number != seq - 1:
                raise ValueError("the seal is of another record / le scellé est d’un autre enregistrement")
            if kind == "stamp":
                self.tokens[number] = unbase64(parse(values["token"]))
                return
            key, signature = unhex(parse(values["key"]), 32), unhex(parse(values["signature"]), 64)
            message = b"jalerte seal 1\n" + struct.pack("<q", number) + unhex(link, 32)
            if self.openssl.works and not self.openssl.signed(key, signature, message):
                raise ValueError("the seal’s signature is wrong / la signature du scellé est fausse")
            self.key, self.seal = key, {"seq": number, "link": link}
            self.keys.add(key)

    def link(self, seq: int) -> bytes | None:
        place = seq - self.first
        if place == -1:
            return self.before
        return bytes(self.links[32 * place : 32 * place + 32]) if 0 <= place < len(self.links) // 32 else None

    def kind(self, seq: int) -> int:
        """2: a minute with its samples, 1: without, 0: an event, or not in the bundle."""
        return self.kinds[seq - self.first] if 0 <= seq - self.first < len(self.kinds) else 0

    def has_rollup(self, seq: int) -> bool:
        return bool(self.kind(seq) and self.rolled[seq - self.first])


def minute(ns: int) -> str:
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return f"{begin + datetime.timedelta(seconds=ns // 10**9):%Y-%m-%d %H:%M}"


def figures(blob: bytes) -> tuple[int, bytes]:
    """How many tries a minute has, and their figures packed as the journal packs them."""
    layout, _, _, columns = struct.unpack_from("<BqqH", blob)
    sizes = [struct.unpack_from("<HHH", blob, 19 + 6 * place) for place in range(columns)]
    at, times, rows = 19 + 6 * columns, [], []
    for number, tries, answered in sizes:
        seconds, phases = blob[at : at + tries], struct.unpack_from(f"<{tries}H", blob, at + tries)
        keys, at = blob[at + 3 * tries : at + 4 * tries], at + 4 * tries
        steps = iter(struct.unpack_from(f"<{answered}I", blob, at))
        at += 4 * answered
        if sum(key >> 7 for key in keys) != answered or any(phase > 9999 for phase in phases):
            raise ValueError("samples are damaged / mesures abîmées")
        rtts = [(key, next(steps)) for key in keys if key & 0x80]
        good = sorted(s if s < 1000 else 1000 + (s - 1000) * 10 for key, s in rtts if not key & 15)
        rank, missed = len(good) - 1, sum(1 for key in keys if key & 15)
        chosen = [good[0], good[rank // 2], good[-(-rank * 95 // 100)], good[-1]] if good else [NONE] * 4
        chosen = [min(step, NONE - 1) for step in chosen] if good else chosen
        rows.append(struct.pack("<HIIIIII", number, tries, missed, *chosen))
        times += [second * 10000 + phase for second, phase in zip(seconds, phases)]
    if layout != 2 or at != len(blob):
        raise ValueError("samples are damaged / mesures abîmées")
    times.sort()
    gap = max((b - a for a, b in zip(times, times[1:])), default=0)
    return len(times), struct.pack("<I", min(gap, NONE)) + b"".join(rows)


# --- what refers to the chain ----------------------------------------------------------------------------------------


def check_contents(archive: Archive, chain: Chain) -> None:
    documents = [parse(archive.read(name, LARGEST_TEXT)) for name in ("incidents.json", "removed.json")]
    incidents = [
        (found["id"], [(a, b) for a, b in found["records"]], [found.get(name) for name in TOLD])
        for found in documents[0]["incidents"]
    ]
    count = len(chain.kinds)
    excused = [0] * (count + 1)
    for first, last in documents[1].get("records", []):
        require(first <= last, "removed.json is damaged", "removed.json est abîmé")
        excused[min(max(first - chain.first, 0), count)] += 1
        excused[min(max(last + 1 - chain.first, 0), count)] -= 1
    lacking, depth = [0], 0
    for kind, step in zip(chain.kinds, excused):
        depth += step
        lacking.append(lacking[-1] + (kind == 1 and not depth))
    for _, ranges, _ in incidents:
        for first, last in ranges:
            there = first <= last and chain.kind(first) and chain.kind(last)
            there = there and lacking[last - chain.first + 1] == lacking[first - chain.first]
            require(there, "an incident’s samples are missing", "les mesures d’un incident manquent")
    text = io.StringIO(archive.read("incidents.csv", LARGEST_TEXT).decode("utf-8-sig"), newline="")
    wrong = ("incidents.csv is not incidents.json", "incidents.csv n’est pas incidents.json")
    for row, one in itertools.zip_longest(csv.DictReader(text, strict=True), incidents):
        require(row and one and row["id"] == one[0], *wrong)
        require(row["records"] == " ".join(f"{a}-{b}" for a, b in one[1]), *wrong)
        require([row.get(name) for name in TOLD] == one[2], *wrong)
    rows(archive, ROLLUPS, chain.has_rollup, chain.rows)
    rows(archive, SAMPLES, lambda seq: chain.kind(seq) == 2, chain.samples)


def rows(archive: Archive, name: str, shown: Callable[[int], bool], expected: int) -> None:
    lines = archive.lines(name)
    head = next(lines, b"")
    head = head[3:] if head.startswith(b"\xef\xbb\xbf") else head
    count = before = 0
    for line in lines:
        found = re.match(rb"([0-9]{1,18}),", line)
        seq = int(found.group(1)) if found else 0
        require(seq >= before, f"{name}: rows", f"{name} : lignes")
        before, count = seq, count + 1
        require(count <= expected and shown(seq), f"{name}: rows", f"{name} : lignes")
    right = head.startswith(b"record,") and count == expected
    require(right, f"{name}: head or rows", f"{name} : en-tête ou lignes")


def check_stamps(archive: Archive, chain: Chain, openssl: OpenSsl, authority: str) -> int:
    """How many there are; with ``authority``, each was checked to be that authority's."""
    names = [name for name in archive.places if name.startswith("stamps/")]
    for name in names:
        wrong = (f"{name} is not of this chain", f"{name} n’est pas de cette chaîne")
        stem = name.rsplit(".", 1)[0]
        require(re.fullmatch(r"stamps/[0-9]{8,19}\.(tsr|link)", name), *wrong)
        require({f"{stem}.tsr", f"{stem}.link"} <= set(names), *wrong)
        link, token = archive.read(f"{stem}.link", PIECE), archive.read(f"{stem}.tsr", PIECE)
        seq = int(stem[7:])
        require(chain.link(seq) == link and hashlib.sha256(link).digest() in token, *wrong)
        require(chain.tokens.get(seq, token) == token, *wrong)
        if authority and name.endswith(".tsr"):
            require(openssl.stamped(token, link, authority), *wrong)
    return len(names) // 2


# --- all of it -------------------------------------------------------------------------------------------------------


def check(path: str, authority: str, openssl: OpenSsl) -> bool:
    """True when all is right; False when signatures or stamps could not be checked; raises Broken."""
    found = Path(path).stat()
    require(stat.S_ISREG(found.st_mode), "no file", "ce n’est pas un fichier")
    require(found.st_size <= LARGEST_FILE, "the file is too large", "le fichier est trop grand")
    with Path(path).open("rb") as file:
        archive = Archive(file, found.st_size)
        try:
            return check_archive(archive, authority, openssl)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            csv.Error,
            RecursionError,
            OverflowError,
        ) as error:
            raise Broken(f"a member is damaged / un membre est abîmé ({error})"[:300]) from None


def check_archive(archive: Archive, authority: str, openssl: OpenSsl) -> bool:
    names = list(archive.places)
    lacks = (
        "members are missing, too many or out of order",
        "des membres manquent, sont en trop ou déplacés",
    )
    require({LISTING, SIGNATURE, *NEEDED} <= set(names), *lacks)
    listing = archive.read(LISTING, MOST_MEMBERS * 200)
    listed = {}
    for line in listing.decode("ascii").split("\n")[:-1]:
        found = re.fullmatch(r"([0-9a-f]{64})  ([!-~]+)", line)
        if found is None or found.group(2) in listed:
            raise Broken(f"{LISTING} is damaged / {LISTING} est abîmé")
        listed[found.group(2)] = found.group(1)
    order = list(listed)
    require(listing.endswith(b"\n") and names == [*order[:2], LISTING, SIGNATURE, *order[2:]], *lacks)
    for name, digest in listed.items():
        sha256 = hashlib.sha256()
        for piece in archive.pieces(name):
            sha256.update(piece)
        require(sha256.hexdigest() == digest, f"{name} was changed", f"{name} a été modifié")
    pem, signature = archive.read(KEY, 1000), archive.read(SIGNATURE, 64)
    key = base64.b64decode(b"".join(pem.split(b"\n")[1:2]))[12:]
    require(len(key) == 32 and key_pem(key) == pem, f"{KEY} is no key of ours", f"{KEY} n’est pas une clé")
    if openssl.works:
        wrong = ("the signature is not this key’s", "la signature n’est pas de cette clé")
        require(openssl.signed(key, signature, listing), *wrong)
    about = parse(archive.read(ABOUT, PIECE))
    require(
        about["version"] == 1, "a newer jalerte made this", "fait par une version plus récente de jalerte"
    )
    chain = Chain(archive, about, openssl)
    require(
        not chain.keys or chain.key == key,
        f"{KEY} is not the seals’",
        f"{KEY} n’est pas celle des scellés",
    )
    check_contents(archive, chain)
    stamps = check_stamps(archive, chain, openssl, authority)
    if about["demo"] is not False:
        say("Made-up demonstration data", "Données de démonstration, inventées")
    say(f"Records: {len(chain.kinds)}, samples: {chain.samples}", "Enregistrements, mesures")
    print(f"SHA-256 {hashlib.sha256(key).hexdigest()}")
    say(
        "^ compare this fingerprint with the one in letters", "comparer cette empreinte à celle des courriers"
    )
    if not chain.keys:
        say(
            "No seal within: only the bundle itself is signed",
            "Aucun scellé dedans : seul le dossier est signé",
        )
    if len(chain.keys) > 1:
        say(f"The seals are of {len(chain.keys)} different keys", "Les scellés sont de clés différentes")
    if stamps and not authority:
        say("Dates from outside NOT checked (--ca)", "Dates extérieures NON vérifiées (--ca)")
    if chain.old:
        say("Minutes of format 1: figures not compared", "Minutes du format 1 : chiffres non comparés")
    return openssl.works


def main(words: list[str]) -> int:
    authority = ""
    if len(words) == 3 and words[1] == "--ca":
        words, authority = words[:1], words[2]
    if len(words) != 1 or words[0].startswith("-") or not Path(words[0]).exists():
        print((__doc__ or "").strip(), file=sys.stderr)
        if len(words) == 1 and not words[0].startswith("-"):
            print(f"\nThere is no file {words[0]} / Il n’y a pas de fichier {words[0]}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        openssl = OpenSsl(folder)
        try:
            whole = check(words[0], authority, openssl)
        except Broken as broken:
            say("BROKEN: the first thing found", "ALTÉRÉ : première chose trouvée")
            print(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", str(broken)))
            return 1
        except OSError as error:
            print(error, file=sys.stderr)
            return 2
    if not whole:
        say("signature NOT checked: openssl 3 is missing", "signature NON VÉRIFIÉE : il manque openssl 3")
        return 2
    say("WHOLE: nothing was changed since it was signed", "INTACT : rien n’a changé depuis la signature")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
