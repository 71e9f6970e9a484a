"""French for paper: typography, and the words for facts. Always French, whatever the window speaks.

Papers go to French operators and to a French authority; their wording is part of them, so it stands in the code that
composes them and not in the translations. Figures come from ``words.figures`` inside ``speaking("fr")``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from diagnostics.model import SECOND, Cause, GapReason, Kind, Span
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NARROW_SPACE, NO_BREAK, local

KINDS = {
    Kind.OUTAGE: "coupure",
    Kind.LOSS: "pertes de données",
    Kind.LATENCY: "délai élevé",
    Kind.SLOW: "débit faible",
    Kind.DNS: "panne de noms (DNS)",
    Kind.WIFI: "défaut de Wi-Fi",
    Kind.PARTIAL: "accès partiel",
}

CAUSES = {
    Cause.WIFI: "Wi-Fi du domicile",
    Cause.LAN: "réseau du domicile",
    Cause.BOX: "box",
    Cause.ACCESS: "accès",
    Cause.ISP_CORE: "cœur de réseau",
    Cause.DNS: "serveurs de noms (DNS)",
    Cause.REMOTE: "serveur distant",
    Cause.VPN: "VPN",
    Cause.OWN_TRAFFIC: "trafic du foyer",
    Cause.CAPTIVE_PORTAL: "page de connexion imposée",
    Cause.IPV6: "IPv6 seul",
    Cause.MTU: "grands paquets seuls",
    Cause.LOCAL_MACHINE: "ordinateur lui-même",
    Cause.UNKNOWN: "cause inconnue",
}

GAP_REASONS = {
    GapReason.ASLEEP: "ordinateur en veille",
    GapReason.STOPPED: "enregistrement arrêté",
    GapReason.CRASHED: "enregistrement interrompu",
    GapReason.STALLED: "ordinateur bloqué",
    GapReason.DISK_FULL: "disque plein",
    GapReason.OTHER_LINE: "autre réseau utilisé",
    GapReason.CLOCK_STEPPED: "horloge avancée",
    GapReason.NOT_STARTED: "enregistrement non commencé",
    GapReason.DAMAGED: "enregistré, mais endommagé",
    GapReason.REMOVED: "mesures supprimées en raison de leur âge",
    GapReason.UNKNOWN: "raison inconnue",
}

TECHNOLOGIES = {
    "fibre": "fibre",
    "cable": "câble",
    "vdsl": "VDSL",
    "adsl": "ADSL",
    "4g": "4G fixe",
    "5g": "5G fixe",
    "satellite": "satellite",
    "radio": "radio",
    "other": "autre technologie",
}

_EPISODES = {
    Kind.OUTAGE: ("coupure", "coupures"),
    Kind.LOSS: ("épisode de pertes de données", "épisodes de pertes de données"),
    Kind.LATENCY: ("épisode de délai élevé", "épisodes de délai élevé"),
    Kind.SLOW: ("épisode de débit faible", "épisodes de débit faible"),
    Kind.DNS: ("panne de noms (DNS)", "pannes de noms (DNS)"),
    Kind.WIFI: ("défaut de Wi-Fi", "défauts de Wi-Fi"),
    Kind.PARTIAL: ("épisode d’accès partiel", "épisodes d’accès partiel"),
}


def french(text: str) -> str:
    """Typeset prose that was typed with plain spaces and apostrophes.

    U+202F before ; ! ? and U+00A0 before :, inside « », after « n° » and before units and %.
    """
    text = text.replace("'", "’").replace("« ", "«" + NO_BREAK).replace(" »", NO_BREAK + "»")
    text = re.sub(r" ([;!?])", NARROW_SPACE + r"\1", text).replace(" :", NO_BREAK + ":")
    text = re.sub(r"(n°|\b[LRD]\.|art\.) (?=[\dL{])", r"\1" + NO_BREAK, text)
    text = re.sub(r"\b([Aa]rticles?) (?=[\dL])", r"\1" + NO_BREAK, text)
    return re.sub(r"(?<=[\d}]) (?=[%€]|jours?\b|heures?\b)", NO_BREAK, text)


def say(text: str, **values: object) -> str:
    """A typeset sentence with its values, which are put in as they are."""
    return french(text).format(**values)


def count(number: int, singular: str, plural: str) -> str:
    """``1 coupure``, ``41 coupures``; 0 takes the singular, as French does."""
    return figures.number(number) + NO_BREAK + (plural if number >= 2 else singular)


def episodes(kind: Kind, number: int) -> str:
    """``5 épisodes de pertes de données``."""
    return count(number, *_EPISODES[kind])


def share(ratio: float, decimals: int = 1) -> str:
    """``97,9 %``, and ``100 %`` for all of it."""
    return figures.percent(ratio, 0 if ratio >= 1 else decimals)


def listing(items: Sequence[str]) -> str:
    """``a``, ``a et b``, ``a, b et c``."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " et " + items[-1]


def read_out(digest: str) -> str:
    """The first 16 hexadecimal digits in groups of four, ``9f86 d081 884c 7d65``: to be read out on the telephone."""
    return NO_BREAK.join(digest[start : start + 4] for start in range(0, min(len(digest), 16), 4))


def blank(what: str) -> str:
    """A place that the person fills in by hand; the layouts mark it."""
    return say("[à compléter : {what}]", what=what)


BLANK = re.compile(r"\[à compléter\u00a0: [^\]]*\]")


def date(moment: datetime) -> str:
    """``22 novembre 2026``."""
    return figures.day(moment, weekday=False)


def date_time(moment: datetime) -> str:
    """``22 novembre 2026 à 08:12``."""
    return date(moment) + " à " + figures.clock_time(moment, seconds=False)


def period(span: Span, zone: tzinfo | None) -> str:
    """``du 23 octobre 2026 à 08:12 au 22 novembre 2026 à 09:00``."""
    return f"du {date_time(local(span.start_ns, zone))} au {date_time(local(span.end_ns, zone))}"


def zone_words(span: Span, zone: tzinfo | None) -> str:
    """``UTC+1``, or ``UTC+2 jusqu’au 25 octobre 2026 à 03:00, puis UTC+1`` where the clocks changed meanwhile."""
    words = [figures.zone_name(local(span.start_ns, zone))]
    for change_ns in clock_changes(span, zone):
        before, after = local(change_ns - SECOND, zone), local(change_ns, zone)
        words[-1] += f" jusqu’au {date_time(before + timedelta(seconds=1))}"
        words.append(figures.zone_name(after))
    return ", puis ".join(words)


def clock_changes(span: Span, zone: tzinfo | None) -> tuple[int, ...]:
    """When the local offset to UTC changed within the span (UTC ns, to the minute)."""
    changes: list[int] = []
    step = 24 * 3600 * SECOND
    left = span.start_ns
    while left < span.end_ns:
        right = min(left + step, span.end_ns)
        if _offset(left, zone) != _offset(right, zone):
            low, high = left, right
            while high - low > SECOND:
                middle = (low + high) // 2
                if _offset(middle, zone) == _offset(left, zone):
                    low = middle
                else:
                    high = middle
            changes.append((high + 30 * SECOND) // (60 * SECOND) * 60 * SECOND)
        left = right
    return tuple(changes)


def _offset(ns: int, zone: tzinfo | None) -> timedelta | None:
    return local(ns, zone).utcoffset()
