"""What the evidence page says, as plain functions over facts."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import SECOND, Exclusion, Kind
from jalerte_desktop.findings.evidence import Backing
from jalerte_desktop.window.case_diary_words import shown_day, when
from jalerte_desktop.window.evidence_facts import (
    HOLE,
    PreviewFacts,
    ReportFacts,
    ServerFacts,
    StampFacts,
    TouchedFacts,
    UnreadableFacts,
    VerifyFacts,
)
from jalerte_desktop.window.filing_facts import moment
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.window.parts import Tone
from jalerte_desktop.words.figures import clock_time, day, duration, local, number, percent
from jalerte_desktop.words.language import N_, _, ngettext
from jalerte_desktop.words.names import kind_name

STAGES = {
    "study": N_("Studying the whole record …"),
    "figures": N_("Reading the figures by hour …"),
    "events": N_("Reading what the recorder noted …"),
    "witnesses": N_("Comparing other machines’ records …"),
    "records": N_("Gathering the records …"),
    "pages": N_("Setting the pages …"),
}
COPIES = {
    "operator": N_("the operator"),
    "mediator": N_("the mediator"),
    "arcep": N_("Arcep"),
    "public": N_("the public"),
}
COPY_HINTS = {
    "operator": N_(
        "Your operator knows you: name, numbers of line and customer, and what you wrote stay in."
    ),
    "mediator": N_("The mediator has to know whose line it is: name, numbers and what you wrote stay in."),
    "arcep": N_(
        "The regulator needs the line’s behaviour, not you: name, numbers, your own words and files go."
    ),
    "public": N_("For a forum, a newspaper, anybody: nothing that tells who or where you are stays in."),
}
TOLD_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its sign and tone, and what stands below it: ``warnings`` before all else."""

    sign: str
    sentence: str
    tone: Tone
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        return " ".join((self.sentence, *self.warnings, *self.lines))


# --- the page's answer ---


def answer_of(backing: Backing | None, stamps: StampFacts | None) -> tuple[str, str]:
    """The page's one sentence, and what stands below it."""
    if backing is None:
        return _("Reading the record…"), ""
    if backing.problem:
        return _("The record cannot be read."), backing.problem
    if backing.record is None:
        return _("There is no evidence yet."), _(
            "Start recording: from then on each minute is kept, chained to the one before and signed."
        )
    days = max(1, round((backing.record.end_ns - backing.record.start_ns) / (86_400 * SECOND)))
    kept = ngettext("{n} day of record, since {start}.", "{n} days of record, since {start}.", days).format(
        n=number(days), start=day(local(backing.record.start_ns), weekday=False)
    )
    explanation = f"{kept} {dated_words(stamps)}"
    if backing.cut_off or backing.unsound or (backing.sealed is not None and not backing.sealed.holds):
        return _("The journal is damaged: check it before you hand anything over."), explanation
    if backing.sealed is None:
        return _("Recorded, but not sealed yet."), explanation
    return _("Sealed up to {time}: ready to be handed over.").format(
        time=when(backing.sealed.at_ns)
    ), explanation


def dated_words(stamps: StampFacts | None) -> str:
    """How many days are dated from outside; what that means for the rest."""
    if stamps is None:
        return ""
    if not stamps.days:
        return _("No day is dated from outside yet.")
    return ngettext(
        "{n} day is dated from outside.", "{n} days are dated from outside.", len(stamps.days)
    ).format(n=number(len(stamps.days)))


# --- the journal's own state ---


def groups(digest: str) -> str:
    """A fingerprint in groups of four, as one reads it aloud."""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def seal_words(backing: Backing) -> str:
    sealed = backing.sealed
    if sealed is None:
        return _("Nothing is sealed yet: let the recorder run for a minute.")
    words = _("{time}, record {n}").format(time=when(sealed.at_ns), n=number(sealed.sequence))
    return words if sealed.holds else f"{words}. " + _("Its signature does not hold: the file was changed.")


def damage_words(backing: Backing) -> tuple[str, ...]:
    """What is known to be wrong with the journal; one quiet sentence where nothing is."""
    lines = []
    if backing.cut_off:
        lines.append(_("The end of the journal is missing: more was signed than is there."))
    if backing.unsound:
        lines.append(
            _("The check at the recorder’s start found the file damaged: {why}").format(
                why=_(backing.unsound)
            )
        )
    for at_ns in backing.lost_ends[-TOLD_AT_MOST:]:
        lines.append(
            _("On {time} the recorder found the journal shorter than it had been signed.").format(
                time=when(at_ns)
            )
        )
    if not lines and backing.checked_ns is not None:
        lines.append(
            _("None found; the recorder last looked on {time}.").format(time=when(backing.checked_ns))
        )
    return tuple(lines) or (_("None known. “Check this journal” looks at everything."),)


def removed_words(backing: Backing) -> str:
    """Which samples are gone by age; empty where all are there."""
    if backing.removed_before_ns is None:
        return ""
    return _(
        "Samples before {day} were removed by your choice; their figures, events and seals stay."
    ).format(day=shown_day(local(backing.removed_before_ns).date()))


def exclusion_head(one: Exclusion) -> str:
    """From when to when, and how long."""
    return f"{between(one.span.start_ns, one.span.end_ns)} ({duration(one.span.duration_s)})"


def between(start_ns: int, end_ns: int) -> str:
    """``22/11/2026, 08:00 – 09:30``; the second day only where it is another one."""
    start, end = local(start_ns), local(end_ns)
    until = clock_time(end, seconds=False) if start.date() == end.date() else when(end_ns)
    return f"{when(start_ns)} – {until}"


# --- report and bundle ---


def report_words(told: ReportFacts) -> Said:
    cuts = ngettext(
        "{n} cut attributed to the operator’s network, {time} in all; {ratio} observed.",
        "{n} cuts attributed to the operator’s network, {time} in all; {ratio} observed.",
        told.cuts,
    ).format(
        n=number(told.cuts),
        time=duration(told.cut_s),
        ratio="–" if told.observed is None else percent(told.observed),
    )
    lines = [cuts, told.path]
    if told.left_out:
        lines.append(
            ngettext(
                "{n} damaged entry of the journal is in no figure; the report says so.",
                "{n} damaged entries of the journal are in no figure; the report says so.",
                told.left_out,
            ).format(n=number(told.left_out))
        )
    if not told.paper and not told.not_kept:
        lines.append(_("There is no case: the report names nobody."))
    if told.demo:
        lines.append(demo_words())
    return Said("✓", _("The report is saved."), "fine", tuple(lines), not_kept_words(told.not_kept))


def not_kept_words(why: str) -> tuple[str, ...]:
    """What was written is not kept in the case as well; nothing where it is, or there is no case."""
    return (_("It was not kept in the case. {why}").format(why=why),) if why else ()


def demo_words() -> str:
    return _("Made-up demonstration data: it says so itself.")


def taken_words(preview: PreviewFacts) -> tuple[str, ...]:
    """What is not in the bundle, and why."""
    lines = []
    for one in preview.taken:
        values = ngettext("{n} value", "{n} values", one.count).format(n=number(one.count))
        lines.append(f"{one.reason} ({values})")
    if preview.quiet:
        lines.append(
            ngettext(
                "{n} quiet minute has its figures and digests, not its samples.",
                "{n} quiet minutes have their figures and digests, not their samples.",
                preview.quiet,
            ).format(n=number(preview.quiet))
        )
    if preview.aged:
        lines.append(
            ngettext(
                "The samples of {n} minute had been removed by age before.",
                "The samples of {n} minutes had been removed by age before.",
                preview.aged,
            ).format(n=number(preview.aged))
        )
    return tuple(lines) or (_("Nothing was taken out."),)


def unreadable_words(preview: PreviewFacts, most: int) -> tuple[str, ...]:
    """What the journal could not give, place by place, so many at most; nothing where all could be read."""
    lines = [_unreadable_line(one) for one in preview.unreadable[:most]]
    if len(preview.unreadable) > most:
        lines.append(_("and {n} more").format(n=number(len(preview.unreadable) - most)))
    return tuple(lines)


def _unreadable_line(one: UnreadableFacts) -> str:
    start_ns, end_ns = moment(one.start), moment(one.end)
    if start_ns is None or end_ns is None:
        return _(
            "Records {first} to {last} of the journal could not be read: they are not in the bundle."
        ).format(first=number(one.first), last=number(one.last))
    count = max(1, one.last - one.first + 1)
    records = ngettext("{n} record", "{n} records", count).format(n=number(count))
    since, until = when(start_ns), when(end_ns)
    if since == until:
        return _(
            "The minute of {at} could not be read in the journal ({records}): it is not in the bundle."
        ).format(at=since, records=records)
    return _(
        "Minutes from {since} to {until} could not be read in the journal ({records}): they are not in the bundle."
    ).format(since=since, until=until, records=records)


# --- checking ---


def verify_words(found: VerifyFacts, subject: str, own_key: str = "") -> Said:
    """What a check found, in words. ``subject``: the file's name, empty for the own journal.

    ``own_key``: the fingerprint of this machine's key, empty where it has none.
    """
    lines: list[str] = []
    tone: Tone
    hole = bool(subject) and found.fault == HOLE
    if hole:
        sign, tone = "◐", "loss"
        sentence = (
            _("“{name}” is as it was signed, but not complete.")
            if found.signature == "ok"
            else _("“{name}” is not complete, and not all could be checked.")
        ).format(name=subject)
        lines.append(found.first_fault)
    elif found.first_fault:
        sign, tone = "✕", "outage"
        sentence = (
            _("“{name}” is NOT as it was made.").format(name=subject)
            if subject
            else _("This journal is NOT as it was recorded.")
        )
        lines.append(found.first_fault)
    elif found.ok:
        sign, tone = "✓", "fine"
        sentence = (
            _("“{name}” is whole, as it was made.").format(name=subject)
            if subject
            else _("This journal is whole, as it was recorded.")
        )
    else:
        sign, tone = "◐", "loss"
        sentence = _("Nothing wrong was found, but not all could be checked.")
    if found.first_fault and not found.blocks and not hole:
        lines.append(_("What comes after it was not looked at."))
        return Said(sign, sentence, tone, (*lines, *found.notes))
    counts = ngettext("{n} record checked", "{n} records checked", found.blocks).format(
        n=number(found.blocks)
    )
    samples = ngettext("{n} sample", "{n} samples", found.samples).format(n=number(found.samples))
    lines.append(f"{counts}, {samples}. {signature_words(found.signature)}")
    signed = found.ok or (hole and found.signature == "ok")
    if subject and own_key and signed and found.fingerprint == own_key:
        lines.append(_("It was signed with this machine’s own key."))
    lines += found.notes
    return Said(sign, sentence, tone, tuple(lines))


def signature_words(signature: str) -> str:
    return {
        "ok": _("Every signature holds."),
        "failed": _("A signature does not hold."),
    }.get(signature, _("The signature was NOT checked."))


# --- time stamps ---


def stamp_words(stamps: StampFacts | None) -> tuple[str, tuple[str, ...]]:
    """Who dates the seals, and what came of it."""
    if stamps is None:
        return _("One moment."), ()
    if not stamps.server:
        head = _("Nobody dates the seals.")
    elif stamps.agreed:
        head = _("Seals are dated by {server}, once a day.").format(server=stamps.server)
    else:
        head = _("{server} stands in config.toml, and you have not agreed to it yet.").format(
            server=stamps.server
        )
    lines = []
    if stamps.newest is not None and (at_ns := moment(stamps.newest[0])) is not None:
        lines.append(
            _("Newest: {time}, by {authority}.").format(time=when(at_ns), authority=stamps.newest[1])
        )
    lines.append(dated_words(stamps))
    if stamps.newest is not None and not stamps.rooted:
        lines.append(_("Whether that authority is to be trusted is not checked here ([stamp] roots)."))
    if stamps.ahead:
        lines.append(_("It names a later time than this machine’s clock did: one of the two is wrong."))
    if stamps.invalid:
        lines.append(
            ngettext("{n} time stamp does not hold.", "{n} time stamps do not hold.", stamps.invalid).format(
                n=number(stamps.invalid)
            )
        )
    if (at_ns := moment(stamps.failed)) is not None:
        lines.append(
            _("The last try, on {time}, failed; it is tried again while the recorder runs.").format(
                time=when(at_ns)
            )
        )
    return head, tuple(lines)


def server_name(server: ServerFacts) -> str:
    """As it stands in the list."""
    parts = [server.runs or server.url, server.country]
    if server.qualified:
        parts.append(_("said to be qualified"))
    return " · ".join(part for part in parts if part)


# --- taking out of the count ---


def touched_words(touched: tuple[TouchedFacts, ...]) -> tuple[str, ...]:
    """The incidents that would no longer count: how many, and the first of them."""
    counting = [one for one in touched if not one.excluded]
    if not counting:
        return (_("No incident that counts lies in this period."),)
    head = ngettext(
        "{n} incident would no longer count:", "{n} incidents would no longer count:", len(counting)
    ).format(n=number(len(counting)))
    lines = [head, *(_touched_line(one) for one in counting[:TOLD_AT_MOST])]
    if len(counting) > TOLD_AT_MOST:
        lines.append(_("and {n} more").format(n=number(len(counting) - TOLD_AT_MOST)))
    return tuple(lines)


def _touched_line(one: TouchedFacts) -> str:
    at_ns = moment(one.start)
    known = kind_name(Kind(one.kind)) if one.kind in tuple(Kind) else one.kind
    start = when(at_ns) if at_ns is not None else one.start
    return f"– {start} · {known} · {duration(one.seconds)}"


def written_size(count: int, sha256: str) -> str:
    """``6,2 MB · SHA-256 …``"""
    return f"{size(count)} · SHA-256 {' '.join(sha256[at : at + 8] for at in range(0, len(sha256), 8))}"
