"""The alert's free text: what was measured, in plain French, within a set length.

Whole sentences only: those that matter most are kept when not all fit, and the list of cuts says how many it leaves
out. What was not observed, and what is not counted, comes before detail: the text may be short, never one-sided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby

from diagnostics.model import Incident, Kind
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, longest, not_observed_by_reason, rhythm
from jalerte_desktop.documents.french import (
    CAUSES,
    GAP_REASONS,
    TECHNOLOGIES,
    count,
    date,
    episodes,
    listing,
    read_out,
    say,
    share,
    zone_words,
)
from jalerte_desktop.filing.exchanges import broken_promises, exchanges
from jalerte_desktop.findings.model import Seal, total_within_s
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import speaking

SHORTEST = 300
"""No limit below this: the sentences that are never left out need the room."""
_DATES_AT_LEAST = 3
_DEGRADED = (Kind.LOSS, Kind.LATENCY, Kind.SLOW)


@dataclass(frozen=True, slots=True)
class Description:
    """The text, and how many of the incidents held against the operator it names with date and time."""

    text: str
    listed: int
    listable: int


@dataclass(frozen=True, slots=True)
class _Sentence:
    """``paragraph`` orders the text, ``rank`` decides what is kept: 0 always, then the lower the sooner."""

    paragraph: int
    rank: int
    text: str


def length(text: str) -> int:
    """Characters as a web form counts them: UTF-16 units, a line break as two."""
    return len(text.replace("\n", "\r\n").encode("utf-16-le")) // 2


def describe(
    case: Case,
    account: Account,
    limit: int,
    zone: tzinfo | None = None,
    diary: tuple[DiaryEntry, ...] = (),
) -> Description:
    """The French description, at most ``limit`` characters long (see ``length``).

    :raises ValueError: for a limit below ``SHORTEST``.
    """
    if limit < SHORTEST:
        raise ValueError(f"a description needs {SHORTEST} characters, not {limit}")
    with speaking("fr"):
        return _describe(case, account, limit, zone, diary)


def _describe(
    case: Case, account: Account, limit: int, zone: tzinfo | None, diary: tuple[DiaryEntry, ...]
) -> Description:
    sentences = _sentences(case, account, zone, diary)
    listable = account.outages or account.held
    offsets = zone_words(account.findings.span, zone)
    dates = 0
    kept = [sentence for sentence in sentences if sentence.rank == 0]

    def text(chosen: list[_Sentence], number: int) -> str:
        if number:
            chosen = [*chosen, _Sentence(2, 1, _dates(listable, number, account, zone, offsets))]
        return _join(chosen)

    if listable:
        dates = next(
            (n for n in range(min(_DATES_AT_LEAST, len(listable)), 0, -1) if length(text(kept, n)) <= limit),
            0,
        )
    for sentence in sorted((s for s in sentences if s.rank), key=lambda s: s.rank):
        if length(text([*kept, sentence], dates)) <= limit:
            kept.append(sentence)
    low, high = dates, len(listable)
    while low < high:
        middle = (low + high + 1) // 2
        if length(text(kept, middle)) <= limit:
            low = middle
        else:
            high = middle - 1
    return Description(text(kept, low), low, len(listable))


def _join(sentences: list[_Sentence]) -> str:
    ordered = sorted(sentences, key=lambda sentence: sentence.paragraph)
    paragraphs = groupby(ordered, key=lambda sentence: sentence.paragraph // 10)
    return "\n".join(" ".join(sentence.text for sentence in group) for _number, group in paragraphs)


def _sentences(
    case: Case, account: Account, zone: tzinfo | None, diary: tuple[DiaryEntry, ...]
) -> list[_Sentence]:
    found = [
        _Sentence(0, 0, _unconfirmed(account)),
        _Sentence(1, 0, _headline(case, account, zone)),
        _Sentence(3, 4, _longest(account, zone)),
        _Sentence(4, 3, _degraded(account)),
        _Sentence(5, 6, _ongoing(account, zone)),
        _Sentence(10, 5, _impact(case)),
        _Sentence(11, 5, exchanges(diary, account, zone)),
        _Sentence(12, 6, broken_promises(diary, account, zone)),
        _Sentence(20, 0, _coverage(account)),
        _Sentence(21, 10, _gaps(account)),
        _Sentence(22, 2, _uncertain(account)),
        _Sentence(23, 2, _excluded(account)),
        _Sentence(24, 2, _set_aside(account)),
        _Sentence(25, 7, _names(account)),
        _Sentence(26, 9, _elsewhere(account)),
        _Sentence(30, 8, _evidence(account)),
        _Sentence(31, 1, seal_words(account.findings.seal)),
    ]
    return [sentence for sentence in found if sentence.text]


def _unconfirmed(account: Account) -> str:
    return "" if account.findings.confirmed else say("Ligne non confirmée : aucun opérateur n'est désigné.")


def _headline(case: Case, account: Account, zone: tzinfo | None) -> str:
    span, outages = account.findings.span, account.outages
    first, last = local(span.start_ns, zone), local(span.end_ns, zone)
    values = {"start": figures.short_date(first), "end": figures.short_date(last)}
    when = "Du {start} au {end}, "
    if values["start"] == values["end"]:
        values |= {
            "from_": figures.clock_time(first, seconds=False),
            "to": figures.clock_time(last, seconds=False),
        }
        when = "Le {start} de {from_} à {to}, "
    technology = TECHNOLOGIES.get(case.get("line.technology") or "")
    line = say(" ({t})", t=technology) if technology and technology != TECHNOLOGIES["other"] else ""
    mine = "ma connexion internet fixe" if account.findings.confirmed else "la connexion mesurée"
    start = when + mine + line
    if not account.findings.coverage.observed_s:
        return say(start + " n'a pas été observée.", **values)
    if not outages:
        return say(start + " n'a connu aucune coupure attribuée au réseau de l'opérateur.", **values)
    return say(
        start + " a connu {n} au réseau de l'opérateur, {total}{several}{within}.",
        n=count(len(outages), "coupure attribuée", "coupures attribuées"),
        total=figures.duration(total_within_s(outages, span)),
        several=" au total" if len(outages) > 1 else "",
        within=" dans cette période" if any(_reaches_out(one, account) for one in outages) else "",
        **values,
    )


def _reaches_out(incident: Incident, account: Account) -> bool:
    """True for what began before the period or went on after it: sums count the part within, lists say all of it."""
    return incident.span.clip(account.findings.span) != incident.span


def _dates(
    listable: tuple[Incident, ...], number: int, account: Account, zone: tzinfo | None, offsets: str
) -> str:
    """``Dates et heures locales (UTC+1) : le 08/11 à 09:12:05 (20 s) ; … et 26 autres.``"""
    span = account.findings.span
    one_year = local(span.start_ns, zone).year == local(span.end_ns, zone).year
    days = []
    for day, group in groupby(
        listable[:number], key=lambda i: figures.short_date(local(i.span.start_ns, zone))
    ):
        times = (
            f"{figures.clock_time(local(i.span.start_ns, zone))} ({_how_long(i, account)})" for i in group
        )
        days.append(say("le {day} à {times}", day=day[:5] if one_year else day, times=", ".join(times)))
    rest = len(listable) - number
    more = "" if not rest else say(" ; … et {n}", n=count(rest, "autre", "autres"))
    words = "Dates et heures locales ({zone}) : {days}{more}."
    return say(words, zone=offsets, days=say(" ; ").join(days), more=more)


def _how_long(incident: Incident, account: Account) -> str:
    words = figures.duration(incident.duration_s)
    if incident.ongoing:
        words = f"au moins {words}, en cours"
    return f"{words}, en partie hors de la période" if _reaches_out(incident, account) else words


def _longest(account: Account, zone: tzinfo | None) -> str:
    outages = account.outages
    if len(outages) < 2:
        return ""
    spread = rhythm(outages, zone)
    top = longest(outages)
    words = "La plus longue a duré {longest} ; elles touchent {days}"
    if spread.in_office_hours:
        words += ", et {office} du lundi au vendredi entre 9 h et 18 h"
    return say(
        words + ".",
        longest=_how_long(top, account),
        days=count(spread.days, "jour", "jours"),
        office=count(spread.in_office_hours, "a commencé", "ont commencé"),
    )


def _degraded(account: Account) -> str:
    groups = [(kind, group) for kind in _DEGRADED if (group := account.held_of(kind))]
    if not groups:
        return ""
    span = account.findings.span
    parts = [
        f"{episodes(kind, len(group))} ({figures.duration(total_within_s(group, span))})"
        for kind, group in groups
    ]
    many = sum(len(group) for _kind, group in groups) > 1
    words = (
        "Sont aussi attribués au même réseau {parts}."
        if many
        else "Est aussi attribué au même réseau {parts}."
    )
    if not account.outages:
        words = "Ont été attribués au réseau {parts}." if many else "A été attribué au réseau {parts}."
    return say(words, parts=listing(parts))


def _ongoing(account: Account, zone: tzinfo | None) -> str:
    lasting = [incident for incident in account.held if incident.ongoing]
    if not lasting:
        return ""
    moment = local(lasting[-1].span.start_ns, zone)
    return say(
        "L'incident commencé le {day} à {time} durait encore à la dernière mesure.",
        day=date(moment),
        time=figures.clock_time(moment, seconds=False),
    )


def _impact(case: Case) -> str:
    impact = clean(case.get("case.impact") or "")
    if not impact:
        return ""
    return say("Conséquences pour moi : {impact}", impact=impact if impact[-1] in ".!?…" else impact + ".")


def _coverage(account: Account) -> str:
    coverage = account.findings.coverage
    return say("La ligne a été observée {ratio} du temps.", ratio=share(coverage.ratio))


def _gaps(account: Account) -> str:
    reasons = not_observed_by_reason(account.findings.coverage)
    if not reasons:
        return ""
    parts = [f"{GAP_REASONS[reason]} {figures.duration(seconds)}" for reason, seconds in reasons]
    return say("Le reste n'est compté ni en panne ni en service ({parts}).", parts=", ".join(parts))


def _uncertain(account: Account) -> str:
    n = len(account.uncertain)
    words = "{n}, d'origine incertaine, {verb}."
    return say(words, n=count(n, "autre incident", "autres incidents"), verb=_not_counted(n)) if n else ""


def _excluded(account: Account) -> str:
    n = len(account.excluded)
    return (
        say("J'ai exclu {n} du décompte, pour un motif noté au relevé.", n=count(n, "incident", "incidents"))
        if n
        else ""
    )


def _set_aside(account: Account) -> str:
    if not account.set_aside:
        return ""
    parts = [f"{CAUSES[cause]} {figures.number(n)}" for cause, n in account.set_aside_by_cause]
    n = len(account.set_aside)
    found = count(n, "incident dû", "incidents dus")
    return say(
        "{n} à une autre cause {verb} ({parts}).", n=found, verb=_not_counted(n), parts=", ".join(parts)
    )


def _not_counted(number: int) -> str:
    return say("ne sont pas comptés" if number > 1 else "n'est pas compté")


def _names(account: Account) -> str:
    n = len(account.dns)
    if not n:
        return ""
    return say("À part : {n}, sans dire quel serveur a failli.", n=episodes(Kind.DNS, n))


def _elsewhere(account: Account) -> str:
    n = len(account.other_line)
    if not n:
        return ""
    return say("Rien n'est compté de {n} sur d'autres lignes.", n=count(n, "incident vu", "incidents vus"))


def _evidence(account: Account) -> str:
    return say(
        "Relevé fait par un logiciel indépendant de l'Arcep et des opérateurs (jalerte, méthode {method}) : preuve "
        "ordinaire, sans mécanisme certifié.",
        method=clean(account.findings.method)[:40],
    )


def seal_words(seal: Seal | None) -> str:
    """The journal's newest link and the key that signs it, "" where nothing is sealed: whoever keeps them can compare
    the measurements with them later."""
    if seal is None:
        return ""
    words = "Dernier scellé du relevé : n° {n}, {link}…"
    if seal.key:
        words += " ; clé de l'ordinateur : {key}…"
    return say(words, n=seal.sequence, link=read_out(clean(seal.link)), key=read_out(clean(seal.key)))
