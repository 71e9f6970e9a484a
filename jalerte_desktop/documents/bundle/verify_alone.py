#!/usr/bin/env python3
"""Checks a bundle of evidence made by jalerte. / Vérifie un dossier de preuves fait par jalerte.

    python3 verify.py BUNDLE.zip [--ca AUTHORITY.pem]

Needs Python 3.8 or newer and nothing else; signatures are checked by the program ``openssl`` (3.0 or newer), and
without it this never says that a bundle is whole. ``--ca``: the root certificate of the time-stamping authority (PEM),
to check the outside time stamps as well. Writes nothing but a few temporary files for openssl.

Ends with 0 (whole), 1 (not as it was made, or made of a journal that was damaged before), 2 (wrong use, or not
everything could be checked).
"""

# ruff: noqa: B905, RUF007, SIM905, UP017 - it runs on Python 3.8
from __future__ import annotations

import base64
import collections
import csv
import datetime
import functools
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
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_FILE, MOST_MEMBERS, LARGEST_TEXT, LONGEST_LINE = 1 << 30, 1000, 12 << 20, 4 << 20
PIECE, MOST_VALUES, MOST_LOST = 1 << 20, 500000, 1 << 20
LOCAL, ENTRY, END = (struct.Struct(f) for f in ("<IHHHHHIIIHH", "<IHHHHHHIIIHHHHHII", "<IHHHHIIH"))
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.I)
FIRST = ["LISEZMOI.txt", "README.txt"]
LISTING, SIGNATURE, KEY, ABOUT = "manifest.sha256", "manifest.sig", "key.pem", "bundle.json"
CHAIN, ROLLUPS, SAMPLES = "chain/records.jsonl.gz", "rollups.csv.gz", "samples.csv.gz"
NEEDED = [*FIRST, KEY, ABOUT, "incidents.json", "incidents.csv", CHAIN, ROLLUPS, SAMPLES, "removed.json"]
ALLOWED = re.compile(
    "|".join([*map(re.escape, NEEDED), r"report\.pdf", r"verify\.py", "stamps/.+", "attachments/.+"])
)
WHOLE_RECORD, MOST_SORTS = "whole record", 10000
TOLD = ("role", "protocol", "address")
FIGURES = "record,start,line,role,protocol,address,tries,missed,min_ms,median_ms,p95_ms,max_ms"
TRIES = "record,sent,line,role,protocol,address,outcome,rtt_ms,extra,detail"
INCIDENTS = (
    "id records kind kind_words cause cause_words confidence role start end duration_s ongoing excluded reasons "
    "counter_evidence codes"
).split()
OUTCOMES = "OK LATE LOST UNREACHABLE SEND_ERROR REFUSED PORTAL UNRESOLVED".split()
HOLE = {"first", "last", "start_ns", "end_ns"}
RECORD = {"seq", "type", "start_ns", "end_ns", "link"}
KEY_HEAD = bytes.fromhex("302a300506032b6570032100")
NONE = 0xFFFFFFFF
DAMAGES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    struct.error,
    csv.Error,
)
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
        for piece in self.unpacked(name):
            rest += piece
            whole = rest.split(b"\n")
            rest = whole.pop()
            yield from whole
            require(len(rest) <= LONGEST_LINE, f"{name}: line too long", f"{name} : ligne trop longue")
        require(not rest, f"{name}: no end of line", f"{name} : fin de ligne manquante")

    def unpacked(self, name: str) -> Iterator[bytes]:
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

    def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        quiet, heard = subprocess.DEVNULL, subprocess.PIPE
        try:
            return subprocess.run([self.program, *words], stdin=quiet, stdout=heard, stderr=quiet, timeout=30)
        except subprocess.TimeoutExpired:
            raise OSError("openssl does not end / openssl ne finit pas") from None

    def signed(self, key: bytes, signature: bytes, message: bytes) -> bool:
        words = ["-inkey", self.put("key", key_pem(key)), "-sigfile", self.put("signature", signature)]
        words += ["-in", self.put("message", message)]
        return not self.run("pkeyutl", "-verify", "-rawin", "-pubin", *words).returncode

    def stamp(self, token: bytes) -> tuple[bytes, int]:
        """The SHA-256 that a time stamp dates, and when (seconds since 1970); raises ValueError for what is none."""
        text = self.run("ts", "-reply", "-in", self.put("token", token), "-text").stdout
        # What comes before is signed by nobody.
        told = text.decode(errors="replace").replace("\r", "").rpartition("\nTST info:\n")[2]
        data = re.search(r"^Hash Algorithm: sha256\nMessage data:\n(.*?)^Serial", told, re.M | re.S)
        when = re.search(r"^Time stamp: (\w+ +\d+ [\d:]+)\S* (\d+) GMT$", told, re.M)
        if data is None or when is None:
            raise ValueError("no time stamp / pas un horodatage")
        digest = "".join(row[11:58] for row in data.group(1).splitlines())
        at = datetime.datetime.strptime(" ".join(when.groups()) + " +0000", "%b %d %H:%M:%S %Y %z")
        return bytes.fromhex(re.sub("[ -]", "", digest)), int(at.timestamp())

    def stamped(self, token: bytes, link: bytes, authority: str, at: int) -> str:
        """Who signed it, where the root in ``authority`` vouches for that at that time; else nothing."""
        words = ["-data", self.put("link", link), "-in", self.put("token", token), "-CAfile", authority]
        if self.run("ts", "-verify", *words, "-attime", str(at)).returncode:
            return ""
        signed, signer = (self.put(name, b"") for name in ("signed", "signer"))
        self.run("ts", "-reply", "-in", self.put("token", token), "-token_out", "-out", signed)
        self.run("cms", "-verify", "-noverify", "-inform", "DER", "-in", signed, "-signer", signer)
        name = self.run("x509", "-noout", "-subject", "-nameopt", "oneline,utf8,-esc_msb", "-in", signer)
        return name.stdout.decode(errors="replace").partition("=")[2].strip()[:300] or "?"


# --- the chain -------------------------------------------------------------------------------------------------------


class Chain:
    def __init__(self, archive: Archive, about: Any, openssl: OpenSsl) -> None:
        self.first, self.last = about["first"]["seq"], about["last"]["seq"]
        self.links, self.kinds = bytearray(), bytearray()
        self.before = self.previous = unhex(about["first"]["link_before"], 32)
        self.samples, self.old, self.lost = 0, 0, 0
        self.holes: list[Any] = []
        self.vouched = True
        self.key = b""
        self.keys: set[bytes] = set()
        self.seal: object = None
        self.tokens: dict[int, set[bytes]] = {}
        self.hidden: collections.Counter[tuple[str, str]] = collections.Counter()
        self.made_up, self.started, self.end_ns = False, False, 0
        self.dated: list[str] = []
        self.not_dated: list[str] = []
        self.openssl = openssl
        self.tables = Tables(archive, about)
        if type(self.first) is not int or self.first < 1 or (self.first == 1 and any(self.before)):
            raise ValueError("the chain’s first record")
        for line in archive.lines(CHAIN):
            self._follow(line)
            if not len(self.kinds) % 1000 and sys.stderr.isatty():
                print(f"{len(self.kinds)}…", end="\r", file=sys.stderr)
        end = {"seq": self.first + len(self.kinds) - 1, "link": self.previous.hex()}
        counts = about["counts"]
        records = len(self.kinds) - self.lost
        self._require_seal()
        right = about["last"] == end and about["seal"] == self.seal and counts["records"] == records
        right = right and about.get("holes", []) == self.holes
        right = right and counts["samples"] == self.samples
        require(right, "the chain does not end where it should", "la chaîne ne finit pas où elle devrait")

    def _follow(self, line: bytes) -> None:
        expected = self.first + len(self.kinds)
        place = f"record {expected} / enregistrement {expected}"
        try:
            record = parse(line)
            if record.keys() == {"hole"}:
                self._leave_out(record["hole"], expected)
                return
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
            self.end_ns = record["end_ns"]
            self._content(record["type"], values, expected)
            self.tables.follow(place, record, values)
        except DAMAGES as error:
            raise Broken(f"{place}: {error}"[:400]) from None

    def _leave_out(self, hole: Any, expected: int) -> None:
        """Records that could not be read: the chain goes on from the link after them, for which a seal must vouch."""
        self._require_seal()
        link = unhex(hole.pop("link"), 32)
        if hole.keys() != HOLE or any(type(value) is not int for value in hole.values()):
            raise ValueError("no hole of ours / ce n’est pas un trou")
        count = hole["last"] - hole["first"] + 1
        wrong = hole["first"] != expected or count < 1 or hole["start_ns"] > hole["end_ns"]
        if wrong or self.lost + count > MOST_LOST:
            raise ValueError("no hole can be so / un trou ne peut être ainsi")
        self.links += bytes(32 * (count - 1)) + link
        self.kinds += b"\3" * count
        self.lost += count
        self.holes.append(hole)
        self.previous, self.vouched = link, False

    def _require_seal(self) -> None:
        if not self.vouched:
            place = f"record {self.holes[-1]['first']} / enregistrement {self.holes[-1]['first']}"
            raise Broken(f"{place}: no seal vouches for what follows / aucun scellé ne garantit la suite")

    def _fields(self, record: Any) -> tuple[dict[str, bytes], bytes]:
        values, parts = {}, []
        for name in sorted(record["fields"], key=str.encode):
            field, label = record["fields"][name], name.encode()
            head = struct.pack("<B", len(label)) + label
            if field.keys() == {"digest"}:
                parts.append(head + unhex(field["digest"], 32))
                self._hides(record["type"], name)
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
            self._hides(record["type"], WHOLE_RECORD)
            return {}, unhex(whole["digest"], 32)
        kind, line = record["type"].encode(), whole["line"].encode()
        rollup, body = unbase64(whole["rollup"]), unbase64(whole["body"])
        parts = unhex(whole["salt"], 16) + struct.pack(
            "<qqq", record["seq"], record["start_ns"], record["end_ns"]
        )
        for part in (kind, line, rollup, body):
            parts += struct.pack("<I", len(part)) + part
        if record["type"] == "samples":
            return {"line": line, "rollup": rollup, "old": body}, hashlib.sha256(parts).digest()
        values = {name: canonical(value) for name, value in parse(body).items()}
        return values, hashlib.sha256(parts).digest()

    def _hides(self, kind: str, name: str) -> None:
        self.hidden[kind, name] += 1
        if name == "made_up" or len(self.hidden) > MOST_SORTS:
            raise ValueError("this cannot be hidden / ceci ne peut être masqué")

    def _content(self, kind: str, values: dict[str, bytes], seq: int) -> None:
        self.started |= kind == "started" and bool(values)
        self.made_up |= values.get("made_up") == b"true"
        self.kinds.append(0 if kind != "samples" else 2 if {"samples", "old"} & values.keys() else 1)
        if kind == "samples":
            if "old" in values:
                self.old += 1
                self.samples += len(old_tries(values["old"]))
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
                self.tokens.setdefault(number, set()).add(unbase64(parse(values["token"])))
                return
            key, signature = unhex(parse(values["key"]), 32), unhex(parse(values["signature"]), 64)
            message = b"jalerte seal 1\n" + struct.pack("<q", number) + unhex(link, 32)
            if self.openssl.works and not self.openssl.signed(key, signature, message):
                raise ValueError("the seal’s signature is wrong / la signature du scellé est fausse")
            self.key, self.seal, self.vouched = key, {"seq": number, "link": link}, True
            self.keys.add(key)

    def link(self, seq: int) -> bytes | None:
        place = seq - self.first
        if place == -1:
            return self.before
        found = bytes(self.links[32 * place : 32 * place + 32]) if place >= 0 else b""
        return found if any(found) else None

    def kind(self, seq: int) -> int:
        """3: could not be read, 2: a minute with its samples, 1: without, 0: an event, or not in the bundle."""
        return self.kinds[seq - self.first] if 0 <= seq - self.first < len(self.kinds) else 0


def minute(ns: int) -> str:
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return f"{begin + datetime.timedelta(seconds=ns // 10**9):%Y-%m-%d %H:%M}"


def packed(blob: bytes) -> tuple[int, list[tuple[int, bytes, Any, bytes, Any]]]:
    """The first second of a minute, and for each target: number, seconds, phases, keys, round trips."""
    layout, base, _, columns = struct.unpack_from("<BqqH", blob)
    sizes = [struct.unpack_from("<HHH", blob, 19 + 6 * place) for place in range(columns)]
    at, found = 19 + 6 * columns, []
    for number, tries, answered in sizes:
        seconds, phases = blob[at : at + tries], struct.unpack_from(f"<{tries}H", blob, at + tries)
        keys, at = blob[at + 3 * tries : at + 4 * tries], at + 4 * tries
        rtts = struct.unpack_from(f"<{answered}I", blob, at)
        at += 4 * answered
        if sum(key >> 7 for key in keys) != answered or any(phase > 9999 for phase in phases):
            raise ValueError("samples are damaged / mesures abîmées")
        found.append((number, seconds, phases, keys, rtts))
    if layout != 2 or at != len(blob):
        raise ValueError("samples are damaged / mesures abîmées")
    return base, found


def units(step: int) -> int:
    """A place on the grid of round trips in 10 µs."""
    return step if step < 1000 else 1000 + (step - 1000) * 10


def figures(blob: bytes) -> tuple[int, bytes]:
    """How many tries a minute has, and their figures packed as the journal packs them."""
    times, rows = [], []
    for number, seconds, phases, keys, rtts in packed(blob)[1]:
        steps = iter(rtts)
        answers = [(key, next(steps)) for key in keys if key & 0x80]
        good = sorted(units(step) for key, step in answers if not key & 15)
        rank, missed = len(good) - 1, sum(1 for key in keys if key & 15)
        chosen = [good[0], good[rank // 2], good[-(-rank * 95 // 100)], good[-1]] if good else [NONE] * 4
        chosen = [min(step, NONE - 1) for step in chosen] if good else chosen
        rows.append(struct.pack("<HIIIIII", number, len(keys), missed, *chosen))
        times += [second * 10000 + phase for second, phase in zip(seconds, phases)]
    times.sort()
    gap = max((b - a for a, b in zip(times, times[1:])), default=0)
    return len(times), struct.pack("<I", min(gap, NONE)) + b"".join(rows)


def tries_of(blob: bytes, details: bytes) -> Iterator[Any]:
    """Time (ns), target, key, round trip (ns) and text of each try, in the order of sending."""
    texts, at = {}, 0
    while at < len(details):
        place, index, size = struct.unpack_from("<HHH", details, at)
        at += 6 + size
        if at > len(details):
            raise ValueError("samples are damaged / mesures abîmées")
        if size:
            texts[place << 16 | index] = details[at - size : at].decode()
    base, columns = packed(blob)
    ticks, owners, indexes, steps = array("q"), array("H"), array("H"), array("q")
    for place, (_, seconds, phases, keys, rtts) in enumerate(columns):
        answers = iter(rtts)
        ticks.extend(second * 10000 + phase for second, phase in zip(seconds, phases))
        owners.extend([place] * len(keys))
        indexes.extend(range(len(keys)))
        steps.extend([next(answers) if key & 0x80 else -1 for key in keys])
    for one in sorted(range(len(ticks)), key=ticks.__getitem__):
        number, _, _, keys, _ = columns[owners[one]]
        rtt = units(steps[one]) * 10000 if steps[one] >= 0 else None
        text = texts.get(owners[one] << 16 | indexes[one], "")
        yield base * 10**9 + ticks[one] * 100000, number, keys[indexes[one]], rtt, text


def old_tries(body: bytes) -> list[Any]:
    """The same of a minute of format 1."""
    reader = zlib.decompressobj()
    blob = reader.decompress(body, 1 << 18)
    layout, base, _, columns = struct.unpack_from("<BqqH", blob)
    at, found = 19, []
    for _ in range(columns):
        number, length, least, unit, _ = struct.unpack_from("<HHqqB", blob, at)
        steps, at = old_numbers(blob, at + 21)
        runs, at, keys = struct.unpack_from("<H", blob, at)[0], at + 2, bytearray()
        for place in range(runs):
            key, repeat = struct.unpack_from("<BH", blob, at + 3 * place)
            keys += bytes([key]) * repeat
            if len(keys) > length:
                break
        rtts, at = old_numbers(blob, at + 3 * runs)
        texts, at, told = struct.unpack_from("<H", blob, at)[0], at + 2, {}
        for _ in range(texts):
            index, size = struct.unpack_from("<HH", blob, at)
            told[index], at = blob[at + 4 : at + 4 + size].decode(), at + 4 + size
        if not len(steps) == len(keys) == length or sum(key >> 7 for key in keys) != len(rtts):
            raise ValueError("samples are damaged / mesures abîmées")
        sent, answers = base, iter(rtts)
        for index, (step, key) in enumerate(zip(steps, keys)):
            sent += ((step >> 1) ^ -(step & 1)) * 100000 + (10**9 if index else 0)
            rtt = least + next(answers) * unit if key & 0x80 else None
            found.append((sent, number, key, rtt, told.get(index, "")))
    if layout != 1 or at != len(blob) or not reader.eof or reader.unused_data:
        raise ValueError("samples are damaged / mesures abîmées")
    found.sort(key=lambda one: one[0])
    return found


def old_numbers(blob: bytes, at: int) -> tuple[Any, int]:
    width, length = struct.unpack_from("<BH", blob, at)
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[width]
    return struct.unpack_from(f"<{length}{code}", blob, at + 3), at + 3 + width * length


# --- the tables: each row is written anew and compared ---------------------------------------------------------------


def harmless(text: str) -> str:
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@functools.lru_cache(maxsize=1 << 10)
def cell(text: str) -> str:
    plain = harmless(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return '"' + plain.replace('"', '""') + '"' if "," in plain or '"' in plain else plain


@functools.lru_cache(maxsize=1 << 14)
def ms(ns: int) -> str:
    return f"{ns / 1e6:.2f}"


@functools.lru_cache(maxsize=128)
def second(at_s: int) -> str:
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return f"{begin + datetime.timedelta(seconds=at_s):%Y-%m-%dT%H:%M:%S}"


def moment(ns: int) -> str:
    return f"{second(ns // 10**9)}.{ns % 10**9 // 100000:04d}Z"


class Table:
    """One table, read as far as its rows are asked for; the first thing that is not right is added to ``wrong``."""

    def __init__(self, archive: Archive, name: str, head: str, wrong: list[str]) -> None:
        self.name, self.pieces, self.waiting, self.at = name, archive.unpacked(name), b"", 0
        self.wrong, self.ended, self.rows = wrong, False, -1  # the head is none
        self.follow(name, [head])

    def follow(self, place: str, rows: Iterable[str]) -> None:
        waiting = iter(rows)
        try:
            while not self.ended:
                some = list(itertools.islice(waiting, 1000))
                if not some:
                    return
                right = "".join(row + "\n" for row in some).encode()
                row = f"{place}: {self.name}: a row is not what it says / une ligne dit autre chose"
                self._require(self._take(len(right)) == right, row)
                self.rows += len(some)
        except Broken as broken:
            self._require(False, str(broken))

    def end(self) -> None:
        try:
            self._require(self.ended or not self._take(1), f"{self.name}: too many rows / trop de lignes")
        except Broken as broken:
            self._require(False, str(broken))

    def _require(self, right: bool, text: str) -> None:
        if not right and not self.ended:
            self.ended = True
            self.wrong.append(text)

    def _take(self, size: int) -> bytes:
        while len(self.waiting) - self.at < size:
            piece = next(self.pieces, None)
            if piece is None:
                break
            self.waiting, self.at = self.waiting[self.at :] + piece, 0
        found = self.waiting[self.at : self.at + size]
        self.at += len(found)
        return found


class Tables:
    """Both tables beside the chain. A record that fails itself is told before a row that does not fit."""

    def __init__(self, archive: Archive, about: Any) -> None:
        self.line = about.get("line", "")
        self.told = {
            one["number"]: {name: str(one[name]) for name in TOLD if name in one}
            for one in about.get("targets", [])
        }
        self.cells: dict[tuple[int, bool], str] = {}
        self.wrong: list[str] = []
        self.rollups = Table(archive, ROLLUPS, FIGURES, self.wrong)
        self.samples = Table(archive, SAMPLES, TRIES, self.wrong)

    def name(self, number: int, here: bool) -> str:
        """Role, protocol, address; the address on the bundle's own line only."""
        if (number, here) not in self.cells:
            told = self.told.get(number, {})
            cells = [cell(told.get(name, "")) for name in TOLD]
            self.cells[number, here] = ",".join(cells if here else [*cells[:2], ""])
        return self.cells[number, here]

    def follow(self, place: str, record: Any, values: dict[str, bytes]) -> None:
        if record["type"] == "targets" and "number" in values:
            self._named(place, {name: parse(values[name]) for name in ("number", *TOLD) if name in values})
        elif record["type"] == "samples":
            line = values["line"].decode() if "line" in values else record.get("shown_line", "")
            here, line, seq = line == self.line, cell(line), record["seq"]
            if "rollup" in values:
                head = f"{seq},{moment(record['start_ns'])},{line},"
                self.rollups.follow(place, self._figures(head, values["rollup"], here))
            if "old" in values:
                self.samples.follow(place, self._tries(seq, line, old_tries(values["old"])))
            elif "samples" in values:
                tries = tries_of(values["samples"], values.get("details", b""))
                self.samples.follow(place, self._tries(seq, line, tries))

    def _named(self, place: str, shown: dict[str, Any]) -> None:
        told = self.told.setdefault(shown["number"], {})
        if any(told.setdefault(name, shown[name]) != shown[name] for name in TOLD if name in shown):
            self.wrong[1:] = [f"{place}: {ABOUT}: another target / une autre cible"]
        self.cells.clear()

    def _figures(self, head: str, blob: bytes, here: bool) -> Iterator[str]:
        for number, tries, missed, *times in struct.iter_unpack("<HIIIIII", blob[4:]):
            texts = ["" if times[0] == NONE else ms(time * 10000) for time in times]
            yield f"{head}{self.name(number, here)},{tries},{missed},{','.join(texts)}"

    def _tries(self, seq: int, line: str, tries: Iterable[Any]) -> Iterator[str]:
        for sent, number, key, rtt, text in tries:
            cells = [self.name(number, True), OUTCOMES[key & 15], "" if rtt is None else ms(rtt)]
            extra = "yes" if key >> 4 & 2 else "no"
            yield f"{seq},{moment(sent)},{line},{','.join(cells)},{extra},{cell(text)}"

    def end(self) -> None:
        self.rollups.end()
        self.samples.end()
        if self.wrong:
            raise Broken(self.wrong[0])


# --- what refers to the chain ----------------------------------------------------------------------------------------


def check_contents(archive: Archive, chain: Chain, about: Any) -> None:
    documents = [parse(archive.read(name, LARGEST_TEXT)) for name in ("incidents.json", "removed.json")]
    check_removed(chain, documents[1])
    incidents, period = documents[0]["incidents"], documents[0]["period"]
    alike = about["period"] == {"since_ns": period["start_ns"], "until_ns": period["end_ns"]}
    alike = alike and about["line"] == documents[0]["line"]
    alike = alike and all(about[name] == documents[1][name] for name in ("copy", "rules"))
    require(alike, f"{ABOUT} and others do not agree", f"{ABOUT} et d’autres ne s’accordent pas")
    count = len(chain.kinds)
    excused = [0] * (count + 1)
    for first, last in documents[1].get("records", []):
        require(first <= last, "removed.json is damaged", "removed.json est abîmé")
        excused[min(max(first - chain.first, 0), count)] += 1
        excused[min(max(last + 1 - chain.first, 0), count)] -= 1
    lacking, depth = [0], 0
    for kind, step in zip(chain.kinds, excused):
        depth += step
        lacking.append(lacking[-1] + (kind == 3 or (kind == 1 and not depth)))
    for incident in incidents:
        for first, last in incident["records"]:
            there = first <= last and chain.kind(first) and chain.kind(last)
            there = there and lacking[last - chain.first + 1] == lacking[first - chain.first]
            require(there, "an incident’s samples are missing", "les mesures d’un incident manquent")
    text, at = archive.read("incidents.csv", LARGEST_TEXT), 0
    wrong = ("incidents.csv is not incidents.json", "incidents.csv n’est pas incidents.json")
    for cells in itertools.chain([INCIDENTS], map(incident_cells, incidents)):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerow(cells)
        row = (out.getvalue() if at else "\ufeff" + out.getvalue()).encode()
        require(text.startswith(row, at), *wrong)
        at += len(row)
    require(at == len(text), *wrong)


def check_removed(chain: Chain, removed: Any) -> None:
    """What is hidden is said to be, as often, and by which rule or as which quiet or old minutes."""
    by_rule: collections.Counter[tuple[str, str]] = collections.Counter()
    for rule in removed["taken_out"]:
        for path, count in rule["what"].items():
            named = re.fullmatch(r"(?:record|other):(\w+)(?:/[^.]*)?\.(.+)", path)
            if named:
                by_rule[named.group(1), named.group(2)] += count
    for name in ("samples", "details"):
        by_rule["samples", name] += (
            removed["quiet_minutes_without_samples"] + removed["minutes_removed_by_age"]
        )
    said = {(kind, name): n for kind, fields in removed["hidden"].items() for name, n in fields.items()}
    for one in sorted({*said, *chain.hidden}):
        told, found, field = said.get(one, 0), chain.hidden[one], ".".join(one)[:80]
        require(
            told == found,
            f"removed.json: {field}: {told} said to be hidden, {found} are",
            f"removed.json : {field} : {told} masqués selon lui, {found} le sont",
        )
        ruled = found <= by_rule[one] or one[1] == WHOLE_RECORD
        require(
            ruled, f"removed.json: {field}: hidden by no rule", f"removed.json : {field} : masqué sans règle"
        )


def check_about(about: Any, chain: Chain, stamps: int) -> None:
    since, until = about["period"]["since_ns"], about["period"]["until_ns"]
    rows = {"rollups": chain.tables.rollups.rows, "stamps": stamps}
    right = {
        "copy": about["copy"] in ("operator", "mediator", "arcep", "public"),
        "rules": datetime.date.fromisoformat(about["rules"]).isoformat() == about["rules"],
        "counts": about["counts"]
        == {"records": len(chain.kinds) - chain.lost, "samples": chain.samples, **rows},
        "period": since < until <= about["made_ns"],
        "made_ns": about["made_ns"] >= chain.end_ns,
    }
    for what, holds in right.items():
        require(holds, f"{ABOUT}: “{what}” cannot be so", f"{ABOUT} : « {what} » ne peut être ainsi")
    marked = about["demo"] is chain.made_up or not (chain.made_up or chain.started)
    require(
        marked,
        "made-up data, or not? the records say otherwise",
        "données inventées ou non ? la chaîne dit autre chose",
    )


def incident_cells(one: Any) -> list[str]:
    said = [[remark["words"] for remark in one[name]] for name in ("reasons", "counter_evidence")]
    worked_out = {
        "records": " ".join(f"{first}-{last}" for first, last in one["records"]),
        "confidence": f"{one['confidence']:g}",
        "duration_s": f"{one['duration_s']:.3f}",
        "ongoing": "yes" if one["ongoing"] else "no",
        "excluded": harmless(one["excluded"] or ""),
        "reasons": harmless(" ".join(said[0])),
        "counter_evidence": harmless(" ".join(said[1])),
        "codes": " ".join(remark["code"] for remark in (*one["reasons"], *one["counter_evidence"])),
    }
    return [worked_out[name] if name in worked_out else one[name] for name in INCIDENTS]


def check_stamps(archive: Archive, chain: Chain, openssl: OpenSsl, authority: str) -> int:
    """How many there are; with ``authority``, which of them that root vouches for is noted in the chain."""
    names = [name for name in archive.places if name.startswith("stamps/")]
    for name in names:
        wrong = (f"{name} is not of this chain", f"{name} n’est pas de cette chaîne")
        stem = name.rsplit(".", 1)[0]
        require(re.fullmatch(r"stamps/[0-9]{8,19}\.(tsr|link)", name), *wrong)
        require({f"{stem}.tsr", f"{stem}.link"} <= set(names), *wrong)
        link, token = archive.read(f"{stem}.link", PIECE), archive.read(f"{stem}.tsr", PIECE)
        seq = int(stem[7:])
        require(chain.link(seq) == link and hashlib.sha256(link).digest() in token, *wrong)
        require(token in chain.tokens.get(seq, (token,)), *wrong)
        if authority and openssl.works and name.endswith(".tsr"):
            digest, at = openssl.stamp(token)
            require(digest == hashlib.sha256(link).digest(), *wrong)
            who = openssl.stamped(token, link, authority, at)
            if who:
                chain.dated.append(f"{name}: {second(at)}Z, {who}")
            else:
                chain.not_dated.append(name)
    return len(names) // 2


# --- all of it -------------------------------------------------------------------------------------------------------


def check(path: str, authority: str, openssl: OpenSsl) -> Chain:
    """The chain, when all that could be checked is right; raises Broken."""
    found = Path(path).stat()
    require(stat.S_ISREG(found.st_mode), "no file", "ce n’est pas un fichier")
    require(found.st_size <= LARGEST_FILE, "the file is too large", "le fichier est trop grand")
    with Path(path).open("rb") as file:
        archive = Archive(file, found.st_size)
        try:
            return check_archive(archive, authority, openssl)
        except DAMAGES as error:
            raise Broken(f"a member is damaged / un membre est abîmé ({error})"[:300]) from None


def check_archive(archive: Archive, authority: str, openssl: OpenSsl) -> Chain:
    names = list(archive.places)
    lacks = (
        "members are missing, too many or out of order",
        "des membres manquent, sont en trop ou déplacés",
    )
    require({LISTING, SIGNATURE, *NEEDED} <= set(names), *lacks)
    for name in names:
        known = ALLOWED.fullmatch(name) or name in (LISTING, SIGNATURE)
        require(known, f"{name} is no member of a bundle", f"{name} n’est pas un membre d’un dossier")
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
    check_contents(archive, chain, about)
    chain.tables.end()
    stamps = check_stamps(archive, chain, openssl, authority)
    check_about(about, chain, stamps)
    if about.get("complete") is False:
        say(
            "What came later could not be read: see removed.json",
            "La suite était illisible : voir removed.json",
        )
    if about["demo"] is not False:
        say("Made-up demonstration data", "Données de démonstration, inventées")
    say(f"Records: {len(chain.kinds) - chain.lost}, samples: {chain.samples}", "Enregistrements, mesures")
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
    for one in chain.dated:
        say(f"Dated by an outside service: {plain(one)}", "Daté par un service extérieur")
    if chain.old:
        say("Minutes of format 1: figures not compared", "Minutes du format 1 : chiffres non comparés")
    return chain


def tell_holes(holes: list[Any]) -> None:
    say(
        "AS IT WAS SIGNED, BUT NOT COMPLETE: the journal was already damaged when this was made.",
        "TEL QUE SIGNÉ, MAIS INCOMPLET : le journal était déjà abîmé quand ce dossier a été fait.",
    )
    for hole in holes:
        begin, end = minute(hole["start_ns"]), minute(hole["end_ns"])
        count = hole["last"] - hole["first"] + 1
        say(
            f"Not readable: records {hole['first']} to {hole['last']} ({count}), {begin} to {end} UTC",
            f"Illisible : enregistrements {hole['first']} à {hole['last']}, du {begin} au {end} UTC",
        )
    say(
        "Nothing proves what they held; all else is right.",
        "Rien ne prouve leur contenu ; tout le reste est juste.",
    )


def plain(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)


def check_certificate(path: str, openssl: OpenSsl) -> None:
    """Raises OSError where the file cannot be read, or has no certificate."""
    with Path(path).open("rb") as file:
        right = b"-----BEGIN CERTIFICATE-----" in file.read(PIECE)
    if openssl.works:
        right = right and not openssl.run("x509", "-noout", "-in", path).returncode
    if not right:
        raise OSError(f"{path}: no certificate (PEM) / pas de certificat (PEM)")


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
            if authority:
                check_certificate(authority, openssl)
            chain = check(words[0], authority, openssl)
            if chain.holes:
                tell_holes(chain.holes)
        except Broken as broken:
            say("BROKEN: the first thing found", "ALTÉRÉ : première chose trouvée")
            print(plain(str(broken)))
            return 1
        except (OSError, OverflowError) as error:
            print(error, file=sys.stderr)
            return 2
    if not openssl.works:
        say("signature NOT checked: openssl 3 is missing", "signature NON VÉRIFIÉE : il manque openssl 3")
        return 2
    for name in chain.not_dated:
        say(
            f"{name}: the certificates given with --ca do NOT vouch for this time stamp; its date is not proved",
            "les certificats donnés avec --ca ne garantissent PAS cet horodatage ; sa date n’est pas prouvée",
        )
    if chain.not_dated:
        return 2
    if chain.holes:
        return 1
    say("WHOLE: nothing was changed since it was signed", "INTACT : rien n’a changé depuis la signature")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
