"""How the report writes names, moments and counts, in either language; call inside ``speaking(language)``."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from diagnostics.model import Cause, Incident, Span
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, Role
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.remarks import Count

_CAUSES = {
    Cause.WIFI: N_("Wi-Fi of the home"),
    Cause.LAN: N_("network of the home"),
    Cause.BOX: N_("box"),
    Cause.ACCESS: N_("access line"),
    Cause.ISP_CORE: N_("operator’s network core"),
    Cause.DNS: N_("name servers (DNS)"),
    Cause.REMOTE: N_("distant server"),
    Cause.VPN: N_("VPN"),
    Cause.OWN_TRAFFIC: N_("traffic of the home"),
    Cause.CAPTIVE_PORTAL: N_("imposed sign-in page"),
    Cause.IPV6: N_("IPv6 only"),
    Cause.MTU: N_("large packets only"),
    Cause.LOCAL_MACHINE: N_("the computer itself"),
    Cause.UNKNOWN: N_("cause not established"),
}
_ROLES = {
    Role.HELD: N_("attributed"),
    Role.UNCERTAIN: N_("uncertain"),
    Role.DNS: N_("counted apart"),
    Role.SET_ASIDE: N_("other cause"),
    Role.EXCLUDED: N_("excluded"),
    Role.OTHER_LINE: N_("other line"),
}


def put(text: str, **values: object) -> str:
    """Fill a sentence in; ``{n:cut|cuts}`` brings the word that fits an integer."""
    counted = {
        name: Count(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in values.items()
    }
    return text.format(**counted)


def cause_words(cause: Cause) -> str:
    """A cause as somebody else than the line's holder reads it."""
    return _(_CAUSES[cause])


def role_words(role: Role) -> str:
    return _(_ROLES[role])


def roles_of(account: Account) -> dict[str, Role]:
    """The role of each incident, by its id."""
    return {incident.id: role for role in Role for incident in getattr(account, role.value)}


def place_words(incident: Incident) -> str:
    """A cause, or "access line or beyond" where nothing between the two answers."""
    if incident.verdict.cause is Cause.ACCESS and any(
        remark.code == "hop_never_answers" for remark in incident.verdict.counter_evidence
    ):
        return _("access line or beyond")
    return cause_words(incident.verdict.cause)


def length(incident: Incident) -> str:
    """How long an incident lasted; "at least" while it lasts."""
    time = figures.duration(incident.duration_s)
    return put(_("at least {time}"), time=time) if incident.ongoing else time


def date_time(ns: int, zone: tzinfo) -> str:
    """``22 novembre 2026 à 08:12``, ``22 November 2026 at 08:12``."""
    moment = local(ns, zone)
    return put(
        _("{date} at {time}"),
        date=figures.day(moment, weekday=False),
        time=figures.clock_time(moment, seconds=False),
    )


def period_words(span: Span, zone: tzinfo) -> str:
    """``du 1er novembre 2026 à 10:00 au 22 novembre 2026 à 10:00``; a day or a part of one has its own words."""
    start, end = local(span.start_ns, zone), local(span.end_ns, zone)
    midnights = start.hour == start.minute == end.hour == end.minute == 0
    if midnights and end.date() - start.date() == timedelta(days=1):
        return put(_("{day}, the whole day"), day=figures.day(start, weekday=False))
    if start.date() == end.date() and start.utcoffset() == end.utcoffset():
        return put(
            _("{day} from {start} to {end}"),
            day=figures.day(start, weekday=False),
            start=figures.clock_time(start, seconds=False),
            end=figures.clock_time(end, seconds=False),
        )
    return put(
        _("from {start} to {end}"), start=date_time(span.start_ns, zone), end=date_time(span.end_ns, zone)
    )


def zones(span: Span, zone: tzinfo) -> str:
    """The offsets to UTC that the period's local times have: ``UTC+1``, or both where the clocks changed."""
    ends = (span.start_ns, (span.start_ns + span.end_ns) // 2, span.end_ns)
    return " / ".join(dict.fromkeys(figures.zone_name(local(ns, zone)) for ns in ends))


def observed_words(observed_s: float, ratio: float) -> str:
    """``observed: 29 d 3 h, 97.9% of the period``."""
    return put(
        _("Observed: {time}, {share} of the period."), time=figures.duration(observed_s), share=share(ratio)
    )


def share(ratio: float) -> str:
    """``97,9 %``, and ``100 %`` only for all of it."""
    return figures.percent(ratio, 0 if ratio >= 1 or ratio <= 0 else 1)


def rate(bps: float) -> str:
    """``312 Mbit/s``, ``8,4 Mbit/s``: three figures that matter."""
    mega = bps / 1_000_000
    return put(_("{rate} Mbit/s"), rate=figures.number(mega, 0 if mega >= 100 else 1))


def clipped(text: str, most: int = 120) -> str:
    """A name as it was given, cut off where no name is that long: it must not push the report off its page."""
    name = clean(text)
    return name if len(name) <= most else name[: most - 1] + "…"


def composed(text: str) -> str:
    """A sentence that was composed elsewhere, made safe; figures and signs stay with what they belong to."""
    return NO_BREAK.join(clean(part) for part in text.split(NO_BREAK))


def ms(value: float | None) -> str:
    return "–" if value is None else figures.number(value, 0 if value >= 100 else 1)
