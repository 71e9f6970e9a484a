"""Honest bundles for tests: small made-up chains, whole, and the key they were signed with."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from diagnostics.journal import chain, codec, legacy, rollups, seals
from diagnostics.model import MINUTE, SECOND, Outcome, Role, Sample, Target
from diagnostics.model import Protocol as ProbeProtocol
from jalerte_desktop.documents.bundle import archive, hidden, manifest, records, rows, verify_alone
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.manifest import About, Link
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldHidden, FieldShown, WholeShown

BEGIN_NS = 1_795_334_400 * SECOND
"""22 November 2026, 08:00 UTC."""
SECRET = b"\x07" * 32
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFY = "verify.py"
WHOLE, BROKEN, NOT_ALL = 0, 1, 2
"""How ``verify.py`` ends."""
TARGETS = tuple(
    Target(role, ProbeProtocol.ICMP, address, 4, "")
    for role, address in (
        (Role.GATEWAY, "192.0.2.1"),
        (Role.ANCHOR, "198.51.100.1"),
        (Role.ANCHOR, "203.0.113.1"),
    )
)

TOLD: list[dict[str, Any]] = [
    {"number": number, "role": str(one.role), "protocol": str(one.protocol), "address": one.address}
    for number, one in enumerate(TARGETS, 1)
]
"""What ``bundle.json`` says of them."""


@dataclass
class Chain:
    """Records as they are made one after the other. ``shown`` lets a test leave fields out."""

    before: bytes = chain.GENESIS
    first_seq: int = 1
    records: list[BundleRecord] = field(default_factory=list)

    @property
    def link(self) -> bytes:
        return self.records[-1].link if self.records else self.before

    @property
    def next_seq(self) -> int:
        return self.first_seq + len(self.records)

    def add(
        self, kind: str, start_ns: int, end_ns: int, values: dict[str, bytes], hidden: Sequence[str] = ()
    ) -> BundleRecord:
        """Chain a record; of the fields in ``hidden`` only the digest stays."""
        seq = self.next_seq
        salts = {name: chain.salt(SECRET, seq, name) for name in values}
        digests = chain.digests(SECRET, seq, values)
        link = chain.link(self.link, chain.record_digest(seq, kind, start_ns, end_ns, digests))
        fields = {
            name: FieldHidden(digest) if name in hidden else FieldShown(salts[name], values[name])
            for name, digest in digests
        }
        record = BundleRecord(seq, kind, start_ns, end_ns, link, fields)
        self.records.append(record)
        return record

    def event(self, kind: str, at_ns: int, data: dict[str, Any], hidden: Sequence[str] = ()) -> BundleRecord:
        values = {name: records.canonical(value) for name, value in data.items()}
        return self.add(kind, at_ns, at_ns, values, hidden)

    def seal(self, at_ns: int, key: Ed25519PrivateKey = KEY) -> BundleRecord:
        seq, link = self.next_seq - 1, self.link
        return self.event(
            "seal",
            at_ns,
            {
                "seq": seq,
                "link": link.hex(),
                "key": key.public_key().public_bytes_raw().hex(),
                "signature": key.sign(seals.message(seq, link)).hex(),
            },
        )


def minute(chance: random.Random, start_ns: int, *, bad: bool) -> list[Sample]:
    """A minute of three targets, one try every five seconds; a bad one loses most and says why."""
    samples = []
    for target in TARGETS:
        for second in range(0, 60, 5):
            sent = start_ns + second * SECOND + chance.randrange(9000) * codec.TICK_NS
            lost = bad and target.role is Role.ANCHOR and chance.random() < 0.8
            samples.append(
                Sample(
                    target,
                    sent,
                    sent - start_ns,
                    Outcome.UNREACHABLE if lost else Outcome.OK,
                    None if lost else chance.randrange(200, 900) * codec.FINE_NS,
                    "192.0.2.1 code 1" if lost else "",
                )
            )
    return samples


def batch(chain_: Chain, chance: random.Random, start_ns: int, *, bad: bool) -> BundleRecord:
    number = {target: place for place, target in enumerate(TARGETS, 1)}
    values = codec.encode_samples(minute(chance, start_ns, bad=bad), number.__getitem__)
    values["line"] = b"line-of-the-home"
    values["rollup"] = rollups.rollup_of(codec.unpack(values["samples"]))
    hidden = ("line",) if bad else ("line", "samples")
    record = chain_.add("samples", start_ns, start_ns + MINUTE, values, hidden)
    chain_.records[-1] = replace(record, shown_line="A")
    return chain_.records[-1]


@dataclass
class Made:
    """The parts of a bundle; a test changes one and puts them together again."""

    chain: Chain
    incidents: list[tuple[str, list[tuple[int, int]]]]
    more: list[Member]
    demo: bool = False
    key: Ed25519PrivateKey = KEY
    removed: dict[str, Any] = field(default_factory=dict)
    tokens: dict[int, bytes] = field(default_factory=dict)
    targets: list[dict[str, Any]] = field(default_factory=lambda: list(TOLD))

    def about(self) -> About:
        found = self.chain.records
        sealed = [record for record in found if record.type == "seal"]
        last_seal = None
        if sealed:
            data = {
                name: records.parse(shown.value)
                for name, shown in sealed[-1].fields.items()
                if isinstance(shown, FieldShown)
            }
            last_seal = Link(data["seq"], bytes.fromhex(data["link"]))
        return About(
            made_ns=max(BEGIN_NS + 3600 * SECOND, found[-1].end_ns),
            program="0.1.0",
            copy="public",
            since_ns=found[0].start_ns,
            until_ns=found[-1].end_ns,
            demo=self.demo,
            rules="2026-11-22",
            first=Link(self.chain.first_seq, self.chain.before),
            last=Link(found[-1].seq, found[-1].link),
            seal=last_seal,
            counts={
                "records": len(found),
                "samples": sum(len(_samples(record)) for record in found),
                "rollups": sum(len(rows.rollup_rows(record, str)) for record in found),
                "stamps": len(self.tokens),
            },
            more={"language": "fr", "line": "A", "targets": self.targets},
        )

    def members(self) -> list[Member]:
        """Everything but listing and signature, in order."""
        found = self.chain.records
        public = self.key.public_key().public_bytes_raw()
        incidents = [incident(*one) for one in self.incidents]
        names = Names(self.targets, found)
        stamps = []
        for seq, token in sorted(self.tokens.items()):
            link = found[seq - self.chain.first_seq].link
            stamps += [Member(f"stamps/{seq:08d}.tsr", token), Member(f"stamps/{seq:08d}.link", link)]
        return [
            Member("LISEZMOI.txt", "À lire : comment vérifier.\n".encode()),
            Member("README.txt", b"How to check.\n"),
            Member("key.pem", manifest.key_pem(public)),
            Member("bundle.json", self.about().to_bytes()),
            Member("report.pdf", b"%PDF-1.7\n" + bytes(200)),
            Member("incidents.json", records.canonical({"incidents": incidents, **self.told_of_incidents()})),
            Member("incidents.csv", b"".join(rows.incidents_table(incidents))),
            Member(records.MEMBER, records.write(found)),
            Member(
                "rollups.csv.gz",
                table(rows.ROLLUPS_HEAD, [row for r in found for row in rows.rollup_rows(r, names.of(r))]),
            ),
            Member(
                "samples.csv.gz",
                table(rows.SAMPLES_HEAD, [row for r in found for row in rows.sample_rows(r, names.here)]),
            ),
            *stamps,
            *self.more,
            Member("removed.json", records.canonical({**self.told_of_hidden(), **self.removed})),
            Member(VERIFY, Path(verify_alone.__file__).read_bytes()),
        ]

    def told_of_incidents(self) -> dict[str, Any]:
        about = self.about()
        period = {"start_ns": about.since_ns, "end_ns": about.until_ns}
        return {"period": period, "line": about.more["line"]}

    def told_of_hidden(self) -> dict[str, Any]:
        """What ``removed.json`` has to say, with one rule for all."""
        found = [record for record in self.chain.records if isinstance(record, BundleRecord)]
        counts = hidden.Hidden(one for record in found for one in hidden.hidden_of(record))
        what = {f"record:{kind}.{name}": count for (kind, name), count in counts.items()}
        return {
            "copy": "public",
            "rules": "2026-11-22",
            "hidden": hidden.hidden_json(counts),
            "taken_out": [{"rule": "all", "what": what}],
            "quiet_minutes_without_samples": 0,
            "minutes_removed_by_age": 0,
        }

    def bundle(self, change: Callable[[list[Member]], list[Member]] = lambda members: members) -> bytes:
        """The ZIP; ``change`` may alter the members before they are listed and signed."""
        return archive.write(manifest.assemble(change(self.members()), self.key.sign))


def shows(record: BundleRecord, name: str) -> bool:
    return record.type == "samples" and isinstance(record.fields.get(name), FieldShown)


class Names:
    """Whom numbers stand for: as ``bundle.json`` tells, and the chain's records of format 1."""

    def __init__(self, told: Sequence[dict[str, Any]], found: Sequence[BundleRecord]) -> None:
        self.told = {one["number"]: one for one in told}
        for record in found:
            if record.type == "targets" and isinstance(record.whole, WholeShown):
                one = records.parse(record.whole.body)
                self.told.setdefault(one["number"], one)

    def of(self, record: BundleRecord) -> rows.Name:
        return self.here if rows.line_of(record) == "A" else self.elsewhere

    def here(self, number: int) -> str:
        one = self.told.get(number, {})
        return rows.target_cells(one.get("role", ""), one.get("protocol", ""), one.get("address", ""))

    def elsewhere(self, number: int) -> str:
        one = self.told.get(number, {})
        return rows.target_cells(one.get("role", ""), one.get("protocol", ""), "")


def incident(name: str, spans: list[tuple[int, int]]) -> dict[str, Any]:
    """An incident as ``incidents.json`` has it."""
    return {
        "id": name,
        "kind": "outage",
        "kind_words": "coupure",
        "cause": "operator",
        "cause_words": "l’opérateur, son réseau",
        "confidence": 0.85,
        "role": "counted",
        "start": "2026-11-22T08:03:00.000+00:00",
        "end": "2026-11-22T08:06:00.000+00:00",
        "duration_s": 180.0,
        "ongoing": False,
        "excluded": None,
        "reasons": [{"code": "beyond_box", "values": {}, "words": "La box répondait, rien au-delà."}],
        "counter_evidence": [{"code": "one_machine", "values": {"n": 1}, "words": "Une seule machine."}],
        "records": spans,
    }


def _samples(record: BundleRecord) -> list[Sample]:
    if isinstance(record.whole, WholeShown) and record.type == "samples":
        return legacy.decode_batch(legacy.decompress(record.whole.body), rows.number_only)
    if not shows(record, "samples"):
        return []
    values = {name: shown.value for name, shown in record.fields.items() if isinstance(shown, FieldShown)}
    return codec.decode_samples(values, rows.number_only)


def table(head: str, lines: Sequence[str]) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in (head, *lines)).encode(), mtime=0)


def made(seed: int = 0, minutes: int = 12, *, demo: bool | None = None) -> Made:
    """An honest bundle's parts: quiet minutes and one bad stretch.

    By the seed also seals, a stamp, attachments, a later beginning, hidden fields of events.
    """
    chance = random.Random(seed)
    first = chance.choice((1, 1, 41, 123_456))
    made_chain = Chain(chain.GENESIS if first == 1 else chance.randbytes(32), first)
    demo = random.Random(f"{seed} demo").random() < 0.3 if demo is None else demo
    begun = {"program": "0.1.0", "host": "home-pc", **({"made_up": True} if demo else {})}
    made_chain.event("started", BEGIN_NS, begun, hidden=("host",))
    for number, target in enumerate(TARGETS, 1):
        data = {"number": number, "role": str(target.role), "address": target.address, "share": 0.1}
        made_chain.event("targets", BEGIN_NS, data, hidden=("address",) if chance.random() < 0.5 else ())
    begin = chance.randrange(2, max(3, minutes - 4))
    spans: list[tuple[int, int]] = []
    for place in range(minutes):
        bad = begin <= place < begin + 3
        record = batch(made_chain, chance, BEGIN_NS + place * MINUTE, bad=bad)
        if bad:
            spans.append((record.seq, record.seq))
        if chance.random() < 0.2:
            made_chain.event(
                "witness", record.end_ns, {"what": "é“quoted”\n", "deep": [{"a": [1, -2, 1e16]}]}
            )
    tokens: dict[int, bytes] = {}
    if chance.random() < 0.8:
        sealed = made_chain.seal(BEGIN_NS + minutes * MINUTE)
        if chance.random() < 0.5:
            seq, link = sealed.seq - 1, made_chain.records[-2].link
            token = b"\x30\x82" + chance.randbytes(50) + hashlib.sha256(link).digest() + chance.randbytes(40)
            text = {"seq": seq, "link": link.hex(), "token": base64.b64encode(token).decode()}
            made_chain.event("stamp", BEGIN_NS + (minutes + 1) * MINUTE, text)
            made_chain.seal(BEGIN_NS + (minutes + 2) * MINUTE)
            tokens[seq] = token
    attached = [
        Member(f"attachments/{place:02d}.jpg", chance.randbytes(chance.randrange(400)))
        for place in range(chance.randrange(3))
    ]
    incidents = [("outage-1", spans)] if chance.random() < 0.9 else []
    return Made(made_chain, incidents, attached, tokens=tokens, demo=demo)


needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="there is no openssl: verify.py checks signatures with it"
)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return path


def alone(path: Path) -> int:
    """What the bundle's own verify.py ends with."""
    return verify_alone.main([str(path)])


def signed_again(members: Sequence[Member], key: Ed25519PrivateKey = KEY) -> bytes:
    """With its own listing and signature: what only the holder of the key can make."""
    body = [member for member in members if member.name not in (manifest.LISTING, manifest.SIGNATURE)]
    return archive.write(manifest.assemble(body, key.sign))
