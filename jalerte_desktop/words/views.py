"""Sentences for the views beside the incidents: calls, rows of several incidents, thresholds of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jalerte_desktop.words.figures import duration, number
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


def row_words(count: int, span_s: float, total_s: float) -> str:
    """``12 times in 9 min, 1 min 14 s in all``."""
    return _("{n} times in {span}, {time} in all").format(
        n=number(count), span=duration(span_s), time=duration(total_s)
    )


def thresholds_words(own: Iterable[tuple[str, float]], defaults: Mapping[str, float]) -> str:
    """``loss.suspect 0.02 instead of 0.03``, one after the other."""
    return ", ".join(
        _("{key} {own} instead of {default}").format(
            key=key, own=_plain(value), default=_plain(defaults[key])
        )
        for key, value in own
    )


def _plain(value: float) -> str:
    text = f"{value:g}"
    return text.replace(".", ",").replace("-", "\u2212") if current() == "fr" else text
