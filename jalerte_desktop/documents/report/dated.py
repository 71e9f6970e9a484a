"""What of the period is dated from outside, by whom, and how far each of them can be believed."""

from __future__ import annotations

from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.letter import Bullets, Paragraph, Table
from jalerte_desktop.documents.report.model import Evidence, FalseStamp, ReportFacts, Stamp
from jalerte_desktop.documents.report.paper import Block, Codes
from jalerte_desktop.documents.report.sayings import clipped, date_time, put
from jalerte_desktop.words import figures
from jalerte_desktop.words.language import _
from jalerte_desktop.words.stamps import why_not_valid

_MOST_FALSE = 20
"""So many stamps that do not hold are told one by one."""
_DIGEST = 64
"""Characters of a SHA-256 in hexadecimal."""


def dated(evidence: Evidence, facts: ReportFacts) -> list[Block]:
    """The stamps that hold, by whom, and those that do not."""
    blocks: list[Block] = [Paragraph(_told(evidence, facts))]
    authorities = list(dict.fromkeys(_authority(stamp) for stamp in evidence.stamps))
    if evidence.stamps:
        rows = tuple(
            (
                date_time(stamp.at_ns, facts.zone),
                figures.number(stamp.sequence),
                clean(stamp.link)[:16] + "…",
                _numbered(authorities.index(_authority(stamp)) + 1, stamp.authority),
            )
            for stamp in evidence.stamps
        )
        blocks.append(Table((_("Stamped"), _("Up to link"), _("SHA-256"), _("By")), rows, (27, 18, 22, 33)))
    firsts = {_authority(stamp): stamp for stamp in reversed(evidence.stamps)}
    for number, authority in enumerate(authorities, 1):
        blocks += _vouched(number, firsts[authority])
    if evidence.false_stamps:
        blocks += _false(evidence.false_stamps, facts)
    return blocks


def _told(evidence: Evidence, facts: ReportFacts) -> str:
    if evidence.dated_until_ns is None:
        return _(
            "Nothing: no outside time stamp (RFC 3161) covers the period. The holder of the computer"
            " could have made the whole record anew until this report was handed over; the chain"
            " proves that nothing has been changed since then."
        )
    if evidence.dated_until_ns >= facts.account.findings.span.end_ns:
        words = _(
            "The whole period is dated from outside by time stamps (RFC 3161): since then nothing of it was"
            " changed, as far as the authorities named below are to be believed."
        )
    else:
        words = put(
            _(
                "The period is dated from outside up to {until} by time stamps (RFC 3161): nothing up to"
                " there was changed after its stamp, as far as the authorities named below are to be believed."
                " What comes later could have been made anew by the holder of the computer until this report"
                " was handed over."
            ),
            until=date_time(evidence.dated_until_ns, facts.zone),
        )
    return (
        words
        + " "
        + _(
            "No stamp proves that the measurements were right when they were made, only that they have not been"
            " changed since."
        )
    )


def _authority(stamp: Stamp) -> tuple[str, str, str, bool, str, bool]:
    """What tells one authority from another: two may bear one name."""
    return stamp.authority, stamp.server, stamp.root, stamp.rooted, stamp.top, stamp.top_is_root


def _numbered(number: int, name: str) -> str:
    return f"[{number}] {clipped(name)}"


def _vouched(number: int, stamp: Stamp) -> list[Block]:
    """Who signed, who was asked, and up to which root it goes, with what a reader must know of that root."""
    if stamp.top_is_root:
        digest = _(
            "{who}, so named in its certificate; asked, as the journal tells: {server}. It goes up to the root"
            " “{root}”; SHA-256 of that root’s certificate:"
        )
    else:
        digest = _(
            "{who}, so named in its certificate; asked, as the journal tells: {server}. It goes up to the root"
            " “{root}”, which the stamp does not hold; SHA-256 of the last certificate below it:"
        )
    if stamp.rooted:
        words = _(
            "The line’s holder named this root as one to be trusted. jalerte does not vouch for it: compare the SHA-256"
            " with the one that the authority publishes."
        )
    else:
        words = _(
            "Root not vouched for by jalerte: whoever reads must know it. Anybody can set up an authority of that name;"
            " compare the SHA-256 with the one that the authority publishes."
        )
    name = put(
        digest,
        who=_numbered(number, stamp.authority),
        server=clipped(stamp.server) or _("an unknown address"),
        root=clipped(stamp.root),
    )
    return [Codes(name, (clipped(stamp.top, _DIGEST) or "–",)), Paragraph(words, small=True)]


def _false(stamps: tuple[FalseStamp, ...], facts: ReportFacts) -> list[Block]:
    items = [
        put(
            _("Link {n}, which the journal says is stamped {at} by {authority}: not valid. {why}"),
            n=figures.number(stamp.sequence),
            at=date_time(stamp.at_ns, facts.zone),
            authority=clipped(stamp.authority),
            why=why_not_valid(stamp.why),
        )
        for stamp in stamps[:_MOST_FALSE]
    ]
    if len(stamps) > _MOST_FALSE:
        items.append(put(_("and {n} more"), n=len(stamps) - _MOST_FALSE))
    return [
        Paragraph(
            _("The journal also holds time stamps that are not valid; they date nothing and are not counted:")
        ),
        Bullets(tuple(items)),
    ]
