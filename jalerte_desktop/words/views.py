"""Sentences for the views beside the incidents: calls, rows of several incidents, thresholds of one's own."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.witnesses import BoxAccount
from jalerte_desktop.words.figures import clock_time, duration, local, number
from jalerte_desktop.words.language import _, current, ngettext

_FRENCH_DAYS = {
    "Mon": "lun.",
    "Tue": "mar.",
    "Wed": "mer.",
    "Thu": "jeu.",
    "Fri": "ven.",
    "Sat": "sam.",
    "Sun": "dim.",
}


def working_hours_words(entries: Iterable[str]) -> str:
    """``Mon-Fri 09:00-18:00`` as the reader's language writes it."""
    words = "; ".join(entries).replace("-", "–").replace(",", ", ")
    if current() == "fr":
        words = words.replace("; ", "\u202f; ")
        for day, french in _FRENCH_DAYS.items():
            words = words.replace(day, french)
    return words


def calls_words(breaking_s: int, lost: int, working_lost: int | None, hours: Iterable[str]) -> str:
    """What a period would have been for calls, in a sentence or two. ``working_lost`` is None without working hours."""
    if not breaking_s:
        return _("Calls: no second in which one would have broken up.")
    words = _("Calls: {time} in which one would have broken up, whoever’s fault.").format(
        time=duration(breaking_s)
    )
    if working_lost is None:
        return f"{words} " + ngettext("{n} minute lost.", "{n} minutes lost.", lost).format(n=number(lost))
    text = ngettext(
        "{n} minute lost, {working} of them within your working hours ({hours}).",
        "{n} minutes lost, {working} of them within your working hours ({hours}).",
        lost,
    )
    return f"{words} " + text.format(
        n=number(lost), working=number(working_lost), hours=working_hours_words(hours)
    )


BOX_NAMES = {"upnp": "UPnP", "freebox": "Freebox", "bbox": "Bbox", "livebox": "Livebox"}


def box_words(account: BoxAccount, at_ns: int) -> str:
    """``The box (UPnP) said at 16:02: line up for 2 h 5 min, 1,000 Mbit/s down.`` Rates are the access link's."""
    parts = []
    if account.wan_up is not None:
        if not account.wan_up:
            parts.append(_("line down"))
        elif account.uptime_s is not None:
            parts.append(_("line up for {time}").format(time=duration(account.uptime_s)))
        else:
            parts.append(_("line up"))
    rates = ((_("{rate} Mbit/s down"), account.link_down_bps), (_("{rate} Mbit/s up"), account.link_up_bps))
    parts += [text.format(rate=_mbits(value)) for text, value in rates if value]
    if account.boot_s is not None:
        parts.append(_("running for {time}").format(time=duration(account.boot_s)))
    return _("The box ({adapter}) said at {time}: {words}.").format(
        time=clock_time(local(at_ns), seconds=False),
        adapter=BOX_NAMES.get(account.adapter, account.adapter),
        words=", ".join(parts) or _("nothing of its line"),
    )


def _mbits(bps: int) -> str:
    return number(bps / 1_000_000, 0 if bps >= 10_000_000 else 1)


def row_words(count: int, span_s: float, total_s: float) -> str:
    """``12 times in 9 min, 1 min 14 s in all``."""
    return _("{n} times in {span}, {time} in all").format(
        n=number(count), span=duration(span_s), time=duration(total_s)
    )
