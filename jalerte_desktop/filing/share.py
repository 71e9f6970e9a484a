"""The share: a short text, a longer one and a picture of what was measured, nothing personal in them. It posts nothing.

Nothing that a person typed gets in: an operator is named by the name that ships with the program, the place by its
département, times by their days. So no rule of redaction can be forgotten; there is nothing to redact. Neither operator
nor place is named for a line that is not confirmed.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from diagnostics.model import SECOND, Incident, Problem, Span
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.complaint import operator_name
from jalerte_desktop.documents.french import french
from jalerte_desktop.filing.alert import department
from jalerte_desktop.findings.model import total_within_s, within_s
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import speaking

SHORT_LIMIT = 280
"""Characters of the short text: what the narrowest of the well-known networks takes."""
_MOST_DAYS = 92
_LEAST_BAR = 0.06
_DAY_MARKS = 8
"""So many days at most are named below the bars."""


@dataclass(frozen=True, slots=True)
class Day:
    """One bar: ``height`` from 0 to 1 of the worst day's time; ``observed`` False where nothing was observed.

    ``mark`` names the day below some of the bars.
    """

    height: float
    observed: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that stands on the picture."""

    language: str
    where: str
    period: str
    count: str
    count_words: str
    duration: str
    duration_words: str
    days: tuple[Day, ...]
    legend: str
    method: str


@dataclass(frozen=True, slots=True)
class Share:
    """``short`` has at most ``SHORT_LIMIT`` characters."""

    short: str
    text: str
    card: Card


def share(case: Case, account: Account, language: str, zone: tzinfo | None = None) -> Share:
    """The share of what the account holds against the operator, in "fr" or "en".

    An operator is named only on a confirmed line, and only one that ships with the program.
    :raises Problem: ``share_nothing_held`` where nothing is held: sharing would accuse without evidence.
    """
    if not account.held:
        raise Problem("share_nothing_held", uncertain=len(account.uncertain))
    with speaking(language):
        return _share(case, account, language, zone)


_WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "mine": "ma connexion internet",
        "measured": "la connexion internet mesurée",
        "cuts_1": "coupure attribuée",
        "cuts_n": "coupures attribuées",
        "spells_1": "dégradation attribuée",
        "spells_n": "dégradations attribuées",
        "to": "au réseau de l’opérateur",
        "lost": "sans internet",
        "lost_all": "sans internet au total",
        "worse": "de service dégradé",
        "worse_all": "de service dégradé au total",
        "least": "au moins {duration}",
        "instant": "moins d’une seconde",
        "period": "Du {start} au {end}",
        "one_day": "Le {start}",
        "text": "{period}, {line}{where} a connu {count} {to} : {duration} {lost}. "
        "La ligne a été observée {coverage} du temps ; le reste n’est compté ni en panne ni en service. "
        "Mesuré avec un logiciel indépendant (jalerte) ; ce n’est pas une mesure certifiée.",
        "short": "{period}, {line}{where} : {count} {to}, {duration} {lost} (observée {coverage} du temps). "
        "Mesure non certifiée, logiciel indépendant (jalerte).",
        "legend_cuts": "Une barre par jour, la plus haute : {worst} sans internet. En pointillés : jour non observé.",
        "legend_spells": "Une barre par jour, la plus haute : {worst} de service dégradé. "
        "En pointillés : jour non observé.",
        "method": "Mesuré avec un logiciel indépendant, ligne observée {coverage} du temps. "
        "Attribution selon la méthode {method} ; ce n’est pas une mesure certifiée.",
        "card_line": "Une connexion internet",
    },
    "en": {
        "mine": "my internet connection",
        "measured": "the internet connection measured",
        "cuts_1": "cut attributed",
        "cuts_n": "cuts attributed",
        "spells_1": "degradation attributed",
        "spells_n": "degradations attributed",
        "to": "to the operator’s network",
        "lost": "without internet",
        "lost_all": "without internet in all",
        "worse": "of degraded service",
        "worse_all": "of degraded service in all",
        "least": "at least {duration}",
        "instant": "less than a second",
        "period": "From {start} to {end}",
        "one_day": "On {start}",
        "text": "{period}, {line}{where} had {count} {to}: {duration} {lost}. "
        "The line was observed {coverage} of the time; the rest counts neither as up nor as down. "
        "Measured with independent software (jalerte); not a certified measurement.",
        "short": "{period}, {line}{where}: {count} {to}, {duration} {lost} (observed {coverage} of the time). "
        "Not a certified measurement; independent software (jalerte).",
        "legend_cuts": "One bar a day, the tallest: {worst} without internet. Dotted: a day not observed.",
        "legend_spells": "One bar a day, the tallest: {worst} of degraded service. Dotted: a day not observed.",
        "method": "Measured with independent software, line observed {coverage} of the time. "
        "Attributed by method {method}; not a certified measurement.",
        "card_line": "An internet connection",
    },
}


def _share(case: Case, account: Account, language: str, zone: tzinfo | None) -> Share:
    words = _WORDS[language]
    told = account.outages or account.held
    what = "cuts" if account.outages else "spells"
    findings = account.findings
    many = len(told) > 1
    lost = {"cuts": "lost", "spells": "worse"}[what] + ("_all" if many else "")
    start, end = (local(ns, zone) for ns in (findings.span.start_ns, findings.span.end_ns))
    one_day = start.date() == end.date()
    # Only what lies within the period can be set beside it; a touch of its edge still lasted a moment.
    lost_s = total_within_s(told, findings.span)
    duration = figures.duration(lost_s) if lost_s >= 1 else words["instant"]
    if lost_s >= 1 and any(incident.ongoing for incident in told):
        duration = _say(words, "least", duration=duration)
    counted = words[f"{what}_n" if many else f"{what}_1"]
    place = [name for name in (_operator(case, account), _place(case, account)) if name]
    values = {
        "period": _say(
            words,
            "one_day" if one_day else "period",
            start=figures.plain_date(start.date()),
            end=figures.plain_date(end.date()),
        ),
        "line": words["mine" if findings.confirmed else "measured"],
        "where": f" ({', '.join(place)})" if place else "",
        "count": figures.number(len(told)) + figures.NO_BREAK + counted,
        "to": words["to"],
        "duration": duration,
        "lost": words[lost],
        "coverage": figures.percent(findings.coverage.ratio, 0 if findings.coverage.ratio >= 1 else 1),
    }
    days, worst_s = _days(told, account, zone)
    card = Card(
        language,
        " – ".join((words["card_line"], *place)),
        str(values["period"]),
        figures.number(len(told)),
        f"{counted} {values['to']}",
        duration,
        str(values["lost"]),
        days,
        _say(words, f"legend_{what}", worst=figures.duration(worst_s)) if worst_s else "",
        _say(words, "method", coverage=values["coverage"], method=_version(findings.method)),
    )
    # Very long names have to give way, one after the other, for the text to fit.
    shorter = (values, values | {"where": f" ({place[0]})" if place else ""}, values | {"where": ""})
    short = next(text for each in shorter if len(text := _say(words, "short", **each)) <= SHORT_LIMIT)
    return Share(short, _say(words, "text", **values), card)


def _say(words: dict[str, str], name: str, **values: object) -> str:
    text = words[name]
    return (french(text) if words is _WORDS["fr"] else text).format(**values)


def _version(method: str) -> str:
    """The method's version is a date of ours; anything else is not printed."""
    return method if len(method) <= 12 and all(c.isdigit() or c in "-." for c in method) else "–"


def _operator(case: Case, account: Account) -> str:
    """The shipped name of the operator that may be named; "" for a name that only the person knows."""
    typed = operator_name(case, account)
    known = knowledge.find_operator(typed, case.country) if typed else None
    return known.name if known else ""


def _place(case: Case, account: Account) -> str:
    """Where the person lives says nothing of a line that is not confirmed as theirs."""
    if not account.findings.confirmed:
        return ""
    number = department(case.country, case.get("person.postcode") or "")
    return department_name(number)


def department_name(number: str) -> str:
    """The département of that number; "" for one that does not exist."""
    return knowledge.departments().get(number, "")


def _days(told: tuple[Incident, ...], account: Account, zone: tzinfo | None) -> tuple[tuple[Day, ...], float]:
    """A bar for each local day of the period, and the seconds of the tallest.

    None for a single day or a long period.
    """
    span = account.findings.span
    first, last = (
        local(span.start_ns, zone).date(),
        local(max(span.end_ns - SECOND, span.start_ns), zone).date(),
    )
    number = (last - first).days + 1
    if not 2 <= number <= _MOST_DAYS:
        return (), 0.0
    edges = [_midnight(first + timedelta(days=n), zone) for n in range(number + 1)]
    days = [Span(left, right) for left, right in pairwise(edges)]
    lost = [sum(within_s(incident, day) for incident in told) for day in days]
    seen = [_observed_s(day, account) >= 1 for day in days]
    worst = max(lost)
    step = -(-number // _DAY_MARKS)
    marks = ["" if n % step else _day_mark(first + timedelta(days=n)) for n in range(number)]
    return tuple(
        Day(round(max(_LEAST_BAR, s / worst), 3) if s else 0.0, ok or s > 0, mark)
        for s, ok, mark in zip(lost, seen, marks, strict=True)
    ), worst


def _day_mark(day: date) -> str:
    """``01/11`` or ``1 Nov``."""
    return figures.plain_date(day)[:-5]


def _observed_s(day: Span, account: Account) -> float:
    """Seconds of the day that lie in the period and in no gap."""
    part = day.clip(account.findings.span)
    gaps = (gap.span.clip(part) for gap in account.findings.gaps) if part else ()
    return (part.duration_s if part else 0.0) - sum(gap.duration_s for gap in gaps if gap)


def _midnight(day: date, zone: tzinfo | None) -> int:
    """When that local day begins, in UTC ns."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone)
    moment = moment.astimezone() if zone is None else moment
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND


def picture(card: Card, kind: Literal["png", "svg"]) -> bytes:
    """The card as "png" or "svg": the same card gives the same bytes, and they hold nothing but the picture."""
    import typst

    drawn = typst.compile(
        (files("resources") / "share" / "card.typ").read_bytes(),
        format=kind,
        ppi=72,
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=True),
        sys_inputs={"card": json.dumps(asdict(card), ensure_ascii=False)},
        timestamp=0,
    )
    return bare_png(drawn) if kind == "png" else drawn


def bare_png(content: bytes) -> bytes:
    """A PNG with nothing but its picture: no text, time, place or colour profile.

    :raises ValueError: for what is no whole PNG.
    """
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    kept, at = [content[:8]], 8
    while at < len(content):
        if at + 12 > len(content):
            raise ValueError("cut off")
        (size,) = struct.unpack(">I", content[at : at + 4])
        chunk = content[at : at + 12 + size]
        if len(chunk) < 12 + size:
            raise ValueError("cut off")
        if chunk[4:8] in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(chunk)
        at += 12 + size
    return b"".join(kept)
