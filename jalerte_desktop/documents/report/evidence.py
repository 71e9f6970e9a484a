"""What a report can be checked against: the newest seal, the signing key, outside time stamps, tails that were lost."""

from __future__ import annotations

import hashlib

from diagnostics.journal.reader import Reader
from diagnostics.model import Event, EventKind, Span
from jalerte_desktop.documents.report.model import Evidence, Stamp
from jalerte_desktop.documents.report.told import LeftOut, digest, facts, text, whole
from jalerte_desktop.findings.model import Seal


def evidence_of(reader: Reader, seal: Seal | None, span: Span, left_out: LeftOut) -> Evidence | None:
    """None where nothing is sealed yet. What was recorded after ``seal`` is not looked at.

    A time stamp counts where the journal holds the signed seal that it is said to be of, and the newest of them only
    where the chain itself goes through it; whether tokens and signatures hold is for ``verify`` to say. Damaged entries
    are left out and counted.
    """
    if seal is None:
        return None
    key = ""
    sealed: dict[tuple[int, str], int] = {}
    for sequence, link, at_ns, public in facts(reader.events(EventKind.SEAL), _seal, left_out):
        if sequence <= seal.sequence:
            key = public
            sealed[sequence, link] = at_ns
    found: list[tuple[int, Stamp]] = []
    for stamp in facts(reader.events(EventKind.STAMP), _stamp, left_out):
        if stamp.sequence > seal.sequence:
            continue
        until_ns = sealed.get((stamp.sequence, stamp.link))
        if until_ns is None:
            left_out.count += 1
        elif until_ns > span.start_ns:
            found.append((until_ns, stamp))
    found.sort(key=lambda one: one[0])
    # The first stamp after the period dates all of it; those after that one say less.
    after = [n for n, (until_ns, _) in enumerate(found) if until_ns >= span.end_ns]
    kept = found[: after[0] + 1] if after else found
    while kept and not _in_chain(reader, kept[-1][1]):
        kept.pop()
        left_out.count += 1
    lost = sorted(facts(reader.events(EventKind.HEAD_LOST), _lost, left_out))
    return Evidence(
        sequence=seal.sequence,
        link=seal.link,
        at_ns=seal.at_ns,
        key=hashlib.sha256(bytes.fromhex(key)).hexdigest() if key else "",
        stamps=tuple(stamp for _, stamp in kept),
        dated_until_ns=kept[-1][0] if kept else None,
        lost_tails=tuple(lost),
    )


def _in_chain(reader: Reader, stamp: Stamp) -> bool:
    link = reader.link_at(stamp.sequence)
    return link is not None and link.hex() == stamp.link


def _seal(event: Event) -> tuple[int, str, int, str]:
    return whole(event, "seq"), digest(event, "link"), event.at_ns, digest(event, "key")


def _stamp(event: Event) -> Stamp:
    return Stamp(whole(event, "seq"), digest(event, "link"), whole(event, "at_ns"), text(event, "authority"))


def _lost(event: Event) -> int:
    whole(event, "head_seq")
    return event.at_ns
