"""Made-up facts of reports: a quiet month, a bad one, a year, nothing at all, a line not confirmed, hostile texts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from diagnostics.incidents.telework import CallSeconds
from diagnostics.model import (
    SECOND,
    Cause,
    Coverage,
    Exclusion,
    Gap,
    GapReason,
    Incident,
    Kind,
    Remark,
    Span,
    Verdict,
    incident_id,
)
from diagnostics.working_hours import parse_working_hours
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.report.model import (
    CampaignFinding,
    Day,
    Evidence,
    FalseStamp,
    Holder,
    Honesty,
    Hour,
    Promise,
    ReportFacts,
    SecondWitness,
    Share,
    SpeedPoint,
    Stamp,
)
from jalerte_desktop.findings.personal import OwnThresholds, Telework
from tests import examples
from tests.examples import HOME, OTHER, UNCONFIRMED

ZONE = ZoneInfo("Europe/Paris")
HOURS = parse_working_hours(["Mon-Fri 09:00-18:00"])
LINK = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
KEY = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

HOSTILE = (
    '#read("/etc/passwd") #pagebreak()',
    "*gras* _ital_ = Titre @ref <label> ~ // /* $x^2$ `code` \\ #[x]",
    "\x00\x01\x0b\x1b[31mrouge\x7f\x85",
    "\u202egro.live עברית العربية \u2066x\u2069",
    "🎉 👩‍👩‍👧 日本語 Ω Ж \ue000 \U000f0000 \ufdd0 \ufffe",
    "x" * 5_000,
    "ligne 1\nligne 2\r\nligne 3\u2028fin",
    "\ud800 seul",
    "a" + "\u0301" * 200 + " ़ิ\u0e31 \u093f",
    '=HYPERLINK("http://invalid")',
)

_BLAMED = (
    Remark.of("box_answers", tries=20, answered=20),
    Remark.of("anchors_silent", anchors=3, networks=3, tries=60),
    Remark.of("other_probes_failed", probes="web,resolver"),
)
_AGAINST = (
    Remark.of("one_machine_observes"),
    Remark.of("hop_never_answers"),
)


def incident(
    start_ns: int,
    seconds: float,
    cause: Cause = Cause.ACCESS,
    confidence: float = 0.7,
    kind: Kind = Kind.OUTAGE,
    **more: object,
) -> Incident:
    """One incident with plausible arguments."""
    line = more.pop("line", HOME)
    reasons = _BLAMED if cause is Cause.ACCESS else (Remark.of("box_silent", tries=20),)
    against = _AGAINST if cause is Cause.ACCESS else (Remark.of("not_the_operator"),)
    return Incident(
        id=incident_id(line, kind, start_ns),  # type: ignore[arg-type]
        kind=kind,
        line=line,  # type: ignore[arg-type]
        span=Span(start_ns, start_ns + round(seconds * SECOND)),
        ongoing=bool(more.get("ongoing", False)),
        duration_s=seconds,
        verdict=Verdict(cause, confidence, reasons, against),
        excluded=more.get("excluded"),  # type: ignore[arg-type]
    )


def midnight(day: date) -> int:
    """When a local day begins, UTC ns."""
    return round(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()) * SECOND


def facts_of(
    first: date,
    days: int,
    incidents: list[Incident],
    gaps: tuple[Gap, ...] = (),
    confirmed: bool = True,
    **more: object,
) -> ReportFacts:
    """Facts of whole local days; days, hours and coverage follow from incidents and gaps."""
    line = HOME if confirmed else UNCONFIRMED
    span = Span(midnight(first), midnight(first + timedelta(days=days)))
    findings_more = more.pop("findings", {})
    told: dict[str, object] = {
        "record": Span(span.start_ns - 20 * 86_400 * SECOND, span.end_ns),
        "lines": (line, OTHER),
        "method": "2026-11-22.2",
        "own_settings": ("targets.anchors",),
        "telework": Telework(CallSeconds(), (), HOURS, ()),
    }
    findings = examples.findings(incidents, line=line, span=span, gaps=gaps, **(told | findings_more))  # type: ignore[arg-type, operator]
    sorted_out = account(findings)
    values: dict[str, object] = {
        "account": sorted_out,
        "zone": ZONE,
        "made_ns": span.end_ns + 9 * 3600 * SECOND,
        "version": "0.1.0",
        "holder": Holder("Marie Durand", "05 00 00 00 00", "C-123 456", "Sosh", "Boîte Sosh Fibre", "fibre"),
        "days": _days(first, days, sorted_out.outages, findings.incidents, gaps),
        "hours": _hours(span, gaps),
        "speed": (),
        "promise": Promise(),
        "campaigns": (),
        "diary": (),
        "honesty": honesty(),
        "evidence": evidence(span),
    }
    return ReportFacts(**(values | more))  # type: ignore[arg-type]


def _days(
    first: date, days: int, cuts: tuple[Incident, ...], incidents: tuple[Incident, ...], gaps: tuple[Gap, ...]
) -> tuple[Day, ...]:
    found = []
    for n in range(days):
        day = first + timedelta(days=n)
        span = Span(midnight(day), midnight(day + timedelta(days=1)))
        within = [part for cut in cuts if (part := cut.span.clip(span))]
        missing = sum(part.duration_s for gap in gaps if (part := gap.span.clip(span)))
        minutes = sum(
            1
            for part in within
            for at in range(part.start_ns, part.end_ns, 60 * SECOND)
            if HOURS.contain(at, ZONE)
        )
        found.append(
            Day(
                day,
                span,
                span.duration_s - missing,
                len(within),
                sum(part.duration_s for part in within),
                sum(1 for one in incidents if one.span.clip(span)),
                minutes,
            )
        )
    return tuple(found)


def _hours(span: Span, gaps: tuple[Gap, ...]) -> tuple[Hour, ...]:
    made, step = random.Random(6), 3600 * SECOND
    found = []
    for at in range(span.start_ns, span.end_ns, step):
        if any(gap.span.start_ns <= at and at + step <= gap.span.end_ns for gap in gaps):
            continue
        evening = 18 <= datetime.fromtimestamp(at // SECOND, ZONE).hour < 23
        middle = made.gauss(12.0, 0.6) + (8 if evening else 0)
        found.append(
            Hour(at, 14_400, made.randrange(30), round(middle, 2), round(middle + made.expovariate(0.12), 2))
        )
    return tuple(found)


def honesty(**more: object) -> Honesty:
    values: dict[str, object] = {
        "wifi": Share(0.124, 2_400_000.0),
        "vpn": Share(0.0, 2_400_000.0),
        "own_load": Share(None, 0.0),
        "clock_states": 700,
        "clock_synchronised": 698,
        "clock_worst_ms": 41.3,
        "clock_steps": ((examples.at("2026-11-09 03:00:00"), -0.8),),
        "versions": ("0.1.0",),
        "methods": ("2026-11-22.2",),
        "systems": ("Linux 6.8",),
        "targets": ("192.0.2.1", "198.51.100.7", "203.0.113.5", "2001:db8::53"),
        "thresholds": (("outage.min_misses", 3.0), ("loss.suspect", 0.03), ("confidence.blame", 0.6)),
        "removed_days": (),
        "outside_incidents": 4,
        "outside_cuts": 3,
        "outside_coverage": 0.91,
    }
    return Honesty(**(values | more))  # type: ignore[arg-type]


def evidence(span: Span, dated: bool = True) -> Evidence:
    stamps = tuple(
        Stamp(
            4000 + n * 100,
            LINK,
            span.start_ns + n * 7 * 86_400 * SECOND,
            "Autorité d’exemple",
            "https://horodatage.example/tsr",
            "Racine d’exemple",
            top=KEY,
            top_is_root=True,
        )
        for n in range(1, 4)
    )
    until = stamps[-1].at_ns if dated else None
    false = FalseStamp(4900, span.end_ns - 3600 * SECOND, "Autorité inventée", "stamp_signature")
    return Evidence(
        48_123,
        LINK,
        span.end_ns - 60 * SECOND,
        KEY,
        stamps if dated else (),
        until,
        false_stamps=(false,) if dated else (),
    )


def bad_month(**more: object) -> ReportFacts:
    """Thirty days with 60 incidents, some forty of them cuts held against the operator, and everything there is."""
    made = random.Random(5)
    first = date(2026, 10, 18)
    found: list[Incident] = []
    for n in range(41):
        day = first + timedelta(
            days=made.choice([0, 1, 2, 5, 6, 9, 10, 11, 16, 17, 23, 23, 23, 23, 24, 27, 28])
        )
        hour = made.choice([7, 8, 9, 10, 14, 17, 18, 19, 20, 20, 21])
        start = midnight(day) + (hour * 3600 + made.randrange(3600)) * SECOND + n
        found.append(
            incident(start, round(made.choice([12, 20, 45, 128, 300, 900, 2400]) * made.uniform(0.7, 1.4), 1))
        )
    others = (
        [(Cause.WIFI, Kind.OUTAGE, 0.75)] * 5
        + [(Cause.BOX, Kind.OUTAGE, 0.65)] * 2
        + [(Cause.OWN_TRAFFIC, Kind.LATENCY, 0.8)] * 3
        + [(Cause.DNS, Kind.DNS, 0.9)] * 2
        + [(Cause.ACCESS, Kind.LOSS, 0.5)] * 3
        + [(Cause.ISP_CORE, Kind.LOSS, 0.8)] * 2
    )
    for n, (cause, kind, confidence) in enumerate(others):
        start = midnight(first + timedelta(days=n + 3)) + (11 * 3600 + 977 * n) * SECOND
        found.append(incident(start, 60 + 7 * n, cause, confidence, kind))
    works = Exclusion(
        Span(
            midnight(date(2026, 10, 25)) + 13 * 3600 * SECOND,
            midnight(date(2026, 10, 25)) + 17 * 3600 * SECOND,
        ),
        "Travaux électriques chez moi",
        midnight(date(2026, 10, 26)),
    )
    found.append(incident(works.span.start_ns + 600 * SECOND, 3000, excluded=works.reason))
    found.append(incident(midnight(date(2026, 11, 2)) + 40_000 * SECOND, 40, line=OTHER))
    gaps = (
        _gap(date(2026, 10, 20), 22, date(2026, 10, 21), 7, GapReason.ASLEEP),
        _gap(date(2026, 10, 30), 6, date(2026, 11, 1), 9, GapReason.STOPPED),
        _gap(date(2026, 11, 10), 2, date(2026, 11, 10), 6, GapReason.DISK_FULL),
    )
    found = [one for one in found if not any(one.span.clip(gap.span) for gap in gaps)]
    while len(found) < 60:
        n = len(found)
        found.append(
            incident(midnight(date(2026, 11, 12)) + (5 * 3600 + n * 311) * SECOND, 15, Cause.WIFI, 0.75)
        )
    values: dict[str, object] = {
        "speed": _speed(date(2026, 10, 19), 28),
        "promise": Promise(1e9, 8e8, 3e8, 5e8, 4e8, 1.5e8),
        "campaigns": (
            CampaignFinding(
                "bnetza",
                "2026-11-01",
                28,
                4,
                (
                    "Téléchargement : 90 % du maximum atteint une fois au moins sur deux des trois jours : 0"
                    " jour.",
                ),
                False,
            ),
        ),
        "diary": (
            DiaryEntry(
                "call",
                midnight(date(2026, 10, 27)) + 36_000 * SECOND,
                midnight(date(2026, 10, 27)) + 37_500 * SECOND,
                "customer-service",
                "Signalé les coupures ; redémarrage demandé, fait.",
                "Rappel d’un technicien",
                date(2026, 10, 30),
            ),
            DiaryEntry(
                "appointment", midnight(date(2026, 11, 4)) + 32_400 * SECOND, None, "Technicien", "Non venu."
            ),
        ),
        "witnesses": (
            SecondWitness(
                "Ordinateur du salon",
                Span(midnight(date(2026, 11, 1)), midnight(date(2026, 11, 17))),
                KEY,
                17,
                1,
                4,
                0,
            ),
        ),
    }
    own = OwnThresholds((("loss.suspect", 0.02),), tuple(found[:5]))
    return facts_of(first, 30, found, gaps, findings={"exclusions": (works,), "own": own}, **(values | more))


def _gap(first: date, hour: int, last: date, until: int, reason: GapReason) -> Gap:
    return Gap(Span(midnight(first) + hour * 3600 * SECOND, midnight(last) + until * 3600 * SECOND), reason)


def _speed(first: date, days: int) -> tuple[SpeedPoint, ...]:
    made = random.Random(7)
    found = []
    for n in range(days * 2):
        at = midnight(first + timedelta(days=n // 2)) + (9 if n % 2 else 20) * 3600 * SECOND
        down, up = made.uniform(90, 640) * 1e6, made.uniform(60, 380) * 1e6
        rejected = n % 14 == 5
        found.append(
            SpeedPoint(
                at,
                down,
                up,
                made.uniform(9, 14),
                made.uniform(40, 320),
                made.uniform(30, 160),
                "http",
                n % 9 == 4,
                "bnetza",
                not rejected,
                "Un VPN était actif." if rejected else "",
            )
        )
    return tuple(found)


def quiet_month() -> ReportFacts:
    """Thirty days with nothing but one short Wi-Fi trouble."""
    first = date(2026, 10, 18)
    return facts_of(
        first, 30, [incident(midnight(date(2026, 10, 29)) + 50_000 * SECOND, 45, Cause.WIFI, 0.75)]
    )


def year(incidents: int = 1_500) -> ReportFacts:
    """A whole year with so many incidents, and nights asleep."""
    made = random.Random(3)
    first = date(2025, 11, 18)
    nights = [first + timedelta(days=n) for n in range(0, 365, 3)]
    holiday = _gap(date(2026, 8, 2), 8, date(2026, 8, 17), 12, GapReason.STOPPED)
    gaps = (*(_gap(night, 1, night, 6, GapReason.ASLEEP) for night in nights), holiday)
    found: list[Incident] = []
    while len(found) < incidents:
        at = (
            midnight(first + timedelta(days=int(365 * made.random() ** 1.3)))
            + made.randrange(7 * 3600, 86_000) * SECOND
            + len(found)
        )
        cause, confidence = made.choice(
            [(Cause.ACCESS, 0.7), (Cause.ACCESS, 0.7), (Cause.WIFI, 0.75), (Cause.BOX, 0.65)]
        )
        one = incident(at, round(min(9_000.0, made.lognormvariate(3.5, 1.4)), 1), cause, confidence)
        if not any(one.span.clip(gap.span) for gap in gaps):
            found.append(one)
    return facts_of(
        first, 365, found, gaps, speed=_speed(first, 360), promise=Promise(1e9, 8e8, 3e8, 5e8, 4e8, 1.5e8)
    )


def empty() -> ReportFacts:
    """A period of which nothing was observed, by a record that does not exist."""
    first = date(2026, 11, 1)
    span = Span(midnight(first), midnight(date(2026, 11, 4)))
    facts = facts_of(
        first, 3, [], (Gap(span, GapReason.NOT_STARTED),), findings={"seal": None, "sample_count": 0}
    )
    findings = replace(
        facts.account.findings, record=None, coverage=Coverage(span, 0.0, (Gap(span, GapReason.NOT_STARTED),))
    )
    nothing = honesty(
        wifi=Share(None, 0.0),
        vpn=Share(None, 0.0),
        clock_states=0,
        clock_synchronised=0,
        clock_worst_ms=None,
        clock_steps=(),
        versions=(),
        methods=(),
        systems=(),
        targets=(),
        thresholds=(),
        outside_coverage=None,
        outside_incidents=0,
        outside_cuts=0,
    )
    return replace(
        facts, account=account(findings), hours=(), evidence=None, honesty=nothing, holder=Holder()
    )


def not_confirmed() -> ReportFacts:
    """A fortnight of a line that nobody has confirmed as theirs; the case names an operator all the same."""
    cuts = [
        replace(cut, line=UNCONFIRMED, verdict=Verdict(Cause.ACCESS, 0.9))
        for cut in examples.two_cuts_a_day()
    ]
    return facts_of(
        date(2026, 11, 8), 14, cuts, confirmed=False, evidence=evidence(examples.PERIOD, dated=False)
    )


def demo() -> ReportFacts:
    return bad_month(demo=True)


def hostile() -> ReportFacts:
    """Texts from people, machines and files that are not to be trusted, everywhere that a text can stand."""
    first = date(2026, 11, 1)
    found = [
        replace(
            incident(midnight(date(2026, 11, 2)) + n * 3600 * SECOND, 30, excluded=typed),
            verdict=Verdict(Cause.ACCESS, 0.7, (Remark.of("hop_silent", address=typed, tries=3),), ()),
        )
        for n, typed in enumerate(HOSTILE)
    ]
    everything = " ".join(HOSTILE)
    works = tuple(
        Exclusion(Span(one.span.start_ns, one.span.end_ns), str(one.excluded), one.span.end_ns)
        for one in found
    )
    return facts_of(
        first,
        7,
        found,
        findings={"exclusions": works, "method": everything, "own_settings": HOSTILE},
        holder=Holder(*HOSTILE[:6]),
        version=everything,
        speed=tuple(
            SpeedPoint(
                midnight(first) + n * SECOND, 1e6, None, None, None, None, typed, True, typed, False, typed
            )
            for n, typed in enumerate(HOSTILE)
        ),
        campaigns=(CampaignFinding(everything, everything, 0, 0, HOSTILE, None),),
        diary=tuple(
            DiaryEntry(typed, midnight(first), None, typed, typed, typed, date(2026, 12, 1))
            for typed in HOSTILE
        ),
        witnesses=(SecondWitness(everything, Span(0, SECOND), everything, 1, 1, 1, 1),),
        honesty=honesty(versions=HOSTILE, methods=HOSTILE, systems=HOSTILE, targets=HOSTILE),
        evidence=Evidence(
            1,
            everything,
            0,
            everything,
            (Stamp(1, everything, 0, *[everything] * 3, True, everything),),
            5 * SECOND,
            (),
            (FalseStamp(1, 0, everything, everything),),
        ),
    )


EXAMPLES = {
    "quiet": quiet_month,
    "bad": bad_month,
    "empty": empty,
    "not confirmed": not_confirmed,
    "demo": demo,
    "hostile": hostile,
    "year": year,
}
