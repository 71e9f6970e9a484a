"""What a report can be checked against: the newest seal, the signing key, outside time stamps, tails that were lost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diagnostics.journal.reader import Reader
from diagnostics.model import Event, EventKind, Span
from jalerte_desktop.documents.report.model import Evidence, FalseStamp, Stamp
from jalerte_desktop.documents.report.told import LeftOut, digest, facts, whole
from jalerte_desktop.findings.model import Seal

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from diagnostics.stamps.model import StampFact


def evidence_of(
    reader: Reader, seal: Seal | None, span: Span, left_out: LeftOut, roots: Sequence[Certificate] = ()
) -> Evidence | None:
    """None where nothing is sealed yet. What was recorded after ``seal`` is not looked at.

    A time stamp counts where it holds (``diagnostics.stamps.record.stamps_of``, with the person's ``roots``); one that
    does not is told, and dates nothing. Damaged entries are left out and counted.
    """
    # The library that reads tokens is dear, and few journals have any.
    from diagnostics.stamps.record import damaged_stamps, stamps_of

    if seal is None:
        return None
    key = ""
    sealed: dict[tuple[int, str], int] = {}
    for sequence, link, at_ns, public in facts(reader.events(EventKind.SEAL), _seal, left_out):
        if sequence <= seal.sequence:
            key = public
            sealed[sequence, link] = at_ns
    left_out.count += damaged_stamps(reader)
    found: list[tuple[int, Stamp]] = []
    false: list[FalseStamp] = []
    for fact in stamps_of(reader, roots):
        until_ns = sealed.get((fact.sequence, fact.link.hex()))
        if until_ns is not None and until_ns <= span.start_ns:
            continue
        if not fact.valid:
            false.append(FalseStamp(fact.sequence, fact.at_ns, fact.authority, fact.why))
        elif until_ns is not None:
            found.append((until_ns, _stamp(fact)))
    found.sort(key=lambda one: one[0])
    # The first stamp after the period dates all of it; those after that one say less.
    after = [n for n, (until_ns, _) in enumerate(found) if until_ns >= span.end_ns]
    kept = found[: after[0] + 1] if after else found
    lost = sorted(facts(reader.events(EventKind.HEAD_LOST), _lost, left_out))
    return Evidence(
        sequence=seal.sequence,
        link=seal.link,
        at_ns=seal.at_ns,
        key=hashlib.sha256(bytes.fromhex(key)).hexdigest() if key else "",
        stamps=tuple(stamp for _, stamp in kept),
        dated_until_ns=kept[-1][0] if kept else None,
        lost_tails=tuple(lost),
        false_stamps=tuple(false),
    )


def _stamp(fact: StampFact) -> Stamp:
    return Stamp(
        fact.sequence,
        fact.link.hex(),
        fact.at_ns,
        fact.authority,
        fact.server,
        fact.root,
        fact.rooted,
        fact.top,
        fact.top_is_root,
    )


def _seal(event: Event) -> tuple[int, str, int, str]:
    return whole(event, "seq"), digest(event, "link"), event.at_ns, digest(event, "key")


def _lost(event: Event) -> int:
    whole(event, "head_seq")
    return event.at_ns
