"""What the alert page and its dialogs say, as plain functions."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date, timedelta

from jalerte_desktop.filing.channels import CHANNELS
from jalerte_desktop.filing.description import length
from jalerte_desktop.window.case_diary_words import when
from jalerte_desktop.window.filing_facts import AlertFacts, FilingFacts, Gap
from jalerte_desktop.words.figures import NO_BREAK, number
from jalerte_desktop.words.filings import RECEIPTS, STATES, STOPPED
from jalerte_desktop.words.language import N_, _, ngettext
from jalerte_desktop.words.shape import capital, sentence

FILES = {
    "photo": N_("photo"),
    "letter": N_("letter"),
    "report": N_("report"),
    "evidence": N_("evidence"),
    "other": N_("document"),
}
_SIGNS = {
    "prepared": ("◌", "soft"),
    "waiting": ("‖", "loss"),
    "sending": ("→", "accent"),
    "sent": ("✓", "accent"),
    "unsure": ("?", "loss"),
    "failed": ("✕", "outage"),
    "cancelled": ("–", "soft"),
    "handed": ("◐", "soft"),
}
"""A state's sign and tone."""


def channel_name(channel: str) -> str:
    return capital(CHANNELS[channel].words) if channel in CHANNELS else channel


def receipt_name(kind: str) -> str:
    return _(RECEIPTS[kind].badge) if kind in RECEIPTS else kind


def size(count: int) -> str:
    """A file's size, in decimal units."""
    if count < 1000:
        return ngettext("{n} byte", "{n} bytes", count).format(n=number(count))
    if count < 1_000_000:
        return f"{number(count / 1000)}{NO_BREAK}{_('kB')}"
    return f"{number(count / 1e6, 1)}{NO_BREAK}{_('MB')}"


# --- the alert ---


def counter(text: str, limit: int | None) -> tuple[str, str]:
    """How long the description is as forms count it, and what to know when it is too long ("" else)."""
    now = length(text)
    if limit is None:
        return ngettext("{n} character", "{n} characters", now).format(n=number(now)), ""
    words = _("{n} of {limit} characters").format(n=number(now), limit=number(limit))
    if now <= limit:
        return words, ""
    over = ngettext(
        "{n} character too many: shorten it, the form may cut it off.",
        "{n} characters too many: shorten it, the form may cut it off.",
        now - limit,
    )
    return words, over.format(n=number(now - limit))


def alert_sentence(alert: AlertFacts | None, problem: str) -> tuple[str, str]:
    """The page's answer, and its explanation."""
    if problem:
        return _("There is no alert to show yet."), problem
    if alert is None:
        return _("One moment."), ""
    if n := len(alert.missing):
        words = ngettext("{n} thing is still missing.", "{n} things are still missing.", n).format(n=n)
        return words, alert.nature
    return _("Your alert is ready to be read and sent."), alert.nature


def gaps_markup(gaps: Sequence[Gap]) -> str:
    """What is missing, each with a link to its field where it has one."""
    parts = [
        f'<a href="{gap.key}">{html.escape(gap.label)}</a>' if gap.key else html.escape(gap.label)
        for gap in gaps
    ]
    return html.escape(_("Missing: {list}.")).format(list=", ".join(parts))


def gaps_sentence(gaps: Sequence[Gap]) -> str:
    return _("Missing: {list}.").format(list=", ".join(gap.label for gap in gaps))


def period_arguments(since: date, until: date) -> tuple[str, ...]:
    """A period of whole days, the last one included, as the commands take it."""
    return f"--since={since.isoformat()}", f"--until={(until + timedelta(days=1)).isoformat()}"


# --- filings ---


def state_badge(state: str) -> tuple[str, str]:
    """Sign and word of a filing's state, and the badge's tone."""
    sign, tone = _SIGNS.get(state, ("?", "soft"))
    return sign + NO_BREAK + (_(STATES[state].badge) if state in STATES else state), tone


def filing_badge(one: FilingFacts) -> tuple[str, str]:
    """The badge of a filing: one that the program stopped was refused by nobody."""
    if one.stopped:
        return "✕" + NO_BREAK + _(STOPPED.badge), "outage"
    return state_badge(one.state)


def filing_words(one: FilingFacts) -> str:
    """What to know of a filing, in a sentence or two."""
    why = sentence(one.problem)
    if one.stopped:
        return _("It did not leave, and will not: {why}.").format(why=one.withdrawn)
    if one.withdrawn:
        return _("Do not send it: {why}.").format(why=one.withdrawn)
    if one.state == "waiting":
        if not one.attempts and not why:
            return _("It goes as soon as there is a line.")
        again = " " + _("Next try: {when}.").format(when=when(one.next_ns)) if one.next_ns is not None else ""
        return (why or _("No line yet.")) + again
    if one.state == "unsure":
        return _("It may have left or not: nobody can be asked. Look, then say which.") + (
            f" {why}" if why else ""
        )
    if one.state == "failed":
        return why or _("It was refused.")
    if one.state == "handed":
        return _("You send this one yourself. Once it has left, note its number here.")
    if one.state == "prepared":
        return _("You have not agreed to it: nothing left.")
    return why if one.state != "sent" else ""
