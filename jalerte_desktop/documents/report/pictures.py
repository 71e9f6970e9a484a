"""The charts of a report: hours of the day, delay, speed and its promise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from statistics import median

from diagnostics.model import MINUTE, SECOND, Span
from diagnostics.working_hours import WorkingHours
from jalerte_desktop.documents.report.drawing import (
    HOUR,
    LEAST,
    WIDTH,
    Axis,
    Mark,
    Picture,
    bar,
    legend,
    line,
    path,
    rect,
    sign,
    tick_words,
    ticks,
    time_marks,
    value_marks,
    words,
)
from jalerte_desktop.documents.report.model import Hour, Promise, ReportFacts, SpeedPoint
from jalerte_desktop.documents.report.sayings import observed_words, put, rate
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import N_, _

_LEFT = 34.0
MOST_COLUMNS = 800
_STEPS = 72
"""So many columns at most are drawn as wide as they are."""
_MOST_SPANS = 150
"""More lines between the delays of one measurement would run into each other."""


def hours_of_day(facts: ReportFacts) -> Picture:
    """When the cuts fall: their seconds by hour of the day, and how much of each hour was observed."""
    account, zone = facts.account, facts.zone
    cut_s = by_hour_of_day((cut.span for cut in account.outages), account.findings.span, zone)
    lost_s = by_hour_of_day((gap.span for gap in account.findings.gaps), account.findings.span, zone)
    whole_s = by_hour_of_day((account.findings.span,), account.findings.span, zone)
    tops = ticks(max(cut_s) / 60)
    top, height = 8.0, 78.0
    axis = Axis(0, tops[-1], top + height, -height)
    marks = value_marks(tops, axis, _LEFT, WIDTH)
    column = (WIDTH - _LEFT) / 24
    hours = account.findings.telework.hours
    for hour in range(24):
        x = _LEFT + hour * column
        if cut_s[hour] > 0:
            y = axis.at(cut_s[hour] / 60)
            marks.append(
                rect("cut", x + 2, min(y, top + height - LEAST), column - 4, max(LEAST, top + height - y))
            )
        marks.append(words("axis", x + column / 2, top + height + 9, str(hour), "center"))
        seen = 1 - lost_s[hour] / whole_s[hour] if whole_s[hour] else 0.0
        y = top + height + 18
        marks.append(rect("not_observed", x + 2, y, column - 4, 8))
        if seen > 0:
            marks.append(rect("seen", x + 2, y + 8 * (1 - seen), column - 4, 8 * seen))
        if hours is not None and works_in(hours, hour):
            marks.append(rect("working", x, top + height + 12, column, 2))
    marks.append(words("axis", _LEFT - 4, top + height + 25, _("observed"), "right"))
    entries = [
        ("cut", _("minutes of cuts")),
        ("seen", _("observed share")),
        ("not_observed", _("not observed")),
    ]
    if hours is not None:
        entries.append(("working", _("working hours")))
    keys, bottom = legend(entries, top + height + 28)
    worst = max(range(24), key=lambda hour: cut_s[hour])
    told = put(
        _("Cuts by hour of the day: most between {hour} and {next} o’clock, {time} in all."),
        hour=str(worst),
        next=str(worst + 1),
        time=figures.duration(cut_s[worst]),
    )
    caption = put(
        _(
            "Minutes of cuts attributed to the operator’s network by hour of the day (local time), added up"
            " over the period. The row below says which share of that hour was observed."
        )
    )
    coverage = account.findings.coverage
    observed = observed_words(coverage.observed_s, coverage.ratio)
    return Picture(
        WIDTH,
        bottom,
        (*marks, *keys),
        told if any(cut_s) else _("No cut at any hour."),
        f"{caption} {observed}",
    )


def delays(facts: ReportFacts) -> Picture | None:
    """The delay over the period: the median as a line, up to the 95th percentile as a ribbon; None without any."""
    points, step = _columns(facts.hours)
    if not any(row for row in points if row is not None):
        return None
    seen = [row for row in points if row is not None]
    most = max(high for _at, _middle, high in seen)
    # A single bad hour must not flatten all the others; the figure beyond the top is told.
    usual = most if len(seen) < 100 else sorted(high for *_, high in seen)[int(0.99 * (len(seen) - 1))]
    tops = ticks(max(usual, 1.0))
    top, height = 8.0, 76.0
    time = Axis(
        facts.account.findings.span.start_ns, facts.account.findings.span.end_ns, _LEFT, WIDTH - _LEFT
    )
    axis = Axis(0, tops[-1], top + height, -height)
    marks = value_marks(tops, axis, _LEFT, WIDTH)
    marks += time_marks(facts.account.findings.span, facts.zone, time, top, top + height)
    holes = [
        bar("not_observed", time, gap.span, top, height)
        for gap in facts.account.findings.gaps
        if gap.span.duration_s >= facts.account.findings.span.duration_s / 400
    ]
    marks += holes
    # A line from the middle of one hour to that of the next would be a slope of its own where hours are wide.
    half = step // 2 if len(points) <= _STEPS else 0
    for run in _runs(points):
        sides = [
            (at + side, middle, high)
            for at, middle, high in run
            for side in ((-half, half) if half else (0,))
        ]
        upper = [(time.at(at), axis.at(high)) for at, _middle, high in sides]
        lower = [(time.at(at), axis.at(middle)) for at, middle, _high in sides]
        marks += [path("ribbon", upper + lower[::-1]), path("median", lower)]
    # Where hours are wide, the few answers around a cut would pass for all of them.
    cuts = [
        bar("cut", time, part, top, height)
        for cut in (facts.account.outages if half else ())
        if (part := cut.span.clip(facts.account.findings.span)) is not None
    ]
    marks += cuts
    entries = [("median_key", _("median")), ("ribbon", _("up to the 95th percentile"))]
    if cuts:
        entries.append(("cut", _("cut attributed to the operator’s network")))
    if holes:
        entries.append(("not_observed", _("not observed")))
    keys, bottom = legend(entries, top + height + 10)
    middle = median(row[1] for row in seen)
    words_ms = {"median": figures.number(middle, 1), "worst": figures.number(most)}
    alt = put(_("Delay: {median} ms in the median, at worst {worst} ms."), **words_ms)
    caption = put(
        _(
            "Delay (round trip) to the reference servers, in milliseconds: hourly medians (of all servers),"
            " {median} ms in the median over the period; the highest value is {worst} ms. Nothing is drawn"
            " where nothing was observed."
        ),
        **words_ms,
    )
    if most > tops[-1]:
        caption += " " + put(_("What is above {top} ms leaves the picture at its top."), top=int(tops[-1]))
    return Picture(WIDTH, bottom, (*marks, *keys), alt, caption)


def _columns(hours: tuple[Hour, ...]) -> tuple[list[tuple[int, float, float] | None], int]:
    """Middle, median and 95th percentile of stretches of whole hours, None for those without answers; their length."""
    if not hours:
        return [], HOUR
    first = hours[0].start_ns
    step = HOUR * max(1, -(-len(hours) // MOST_COLUMNS))
    groups: dict[int, list[Hour]] = {}
    for hour in hours:
        groups.setdefault((hour.start_ns - first) // step, []).append(hour)
    found: list[tuple[int, float, float] | None] = []
    for number in range(min(groups), max(groups) + 1):
        group = groups.get(number, [])
        middles = [one.median_ms for one in group if one.median_ms is not None]
        highs = [one.p95_ms for one in group if one.p95_ms is not None]
        at = first + number * step + step // 2
        found.append(
            (at, median(middles), max(median(middles), median(highs or middles))) if middles else None
        )
    return found, step


def _runs(
    points: list[tuple[int, float, float] | None],
) -> Iterable[list[tuple[int, float, float]]]:
    """Stretches without a hole; nothing is drawn across one."""
    run: list[tuple[int, float, float]] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            if len(run) == 1:
                at, middle, high = run[0]
                run = [(at - HOUR // 3, middle, high), (at + HOUR // 3, middle, high)]
            yield run
            run = []


_DIRECTIONS = (("download", N_("Download")), ("upload", N_("Upload")))
_PROMISES = (("max", N_("maximum")), ("usual", N_("usual")), ("min", N_("minimum")))


def speed(facts: ReportFacts) -> Picture | None:
    """Measured speeds against what the contract promises, a panel for each direction; None without any."""
    span, y, marks = facts.account.findings.span, 0.0, list[Mark]()
    time = Axis(span.start_ns, span.end_ns, _LEFT, WIDTH - _LEFT - 60)
    told = []
    for direction, name in _DIRECTIONS:
        points = [(p, v) for p in facts.speed if (v := getattr(p, f"{direction}_bps")) is not None]
        if not points:
            continue
        promised = [
            (kind, words_, bps)
            for kind, words_ in _PROMISES
            if (bps := getattr(facts.promise, f"{direction}_{kind}_bps"))
        ]
        tops = ticks(max([v for _p, v in points] + [bps for _k, _w, bps in promised]) / 1e6)
        top, height = y + 16, 76.0
        axis = Axis(0, tops[-1], top + height, -height)
        marks.append(words("strip_title", 0, y + 8, put(_("{direction}, Mbit/s"), direction=_(name))))
        marks += value_marks(tops, axis, _LEFT, time.origin + time.length)
        marks += time_marks(span, facts.zone, time, top, top + height, most=8)
        low_edge = -100.0
        for kind, words_, bps in sorted(promised, key=lambda one: one[2]):
            level = axis.at(bps / 1e6)
            marks.append(line(f"promised_{kind}", _LEFT, level, time.origin + time.length, level))
            label = level + 2.4 if low_edge < 0 else min(level + 2.4, low_edge - 7.5)
            low_edge = label
            marks.append(
                words(
                    "promise",
                    time.origin + time.length + 4,
                    label,
                    f"{_(words_)} {tick_words(round(bps / 1e6, 2))}",
                )
            )
        marks += [sign(_look(point), time.at(point.at_ns), axis.at(value / 1e6)) for point, value in points]
        middle = median(value for _p, value in points)
        told.append(
            put(
                _("{direction}: {n:measurement|measurements}, {rate} in the median"),
                direction=_(name),
                n=len(points),
                rate=rate(middle),
            )
        )
        y = top + height + 16
    if not told:
        return None
    looks = {_look(point) for point in facts.speed}
    names = (
        ("accepted", _("measured")),
        ("rejected", _("not counted by the series’ rules")),
        ("indicative", _("indicative only")),
    )
    keys, y = legend([entry for entry in names if entry[0] in looks], y - 2)
    caption = put(
        _(
            "Each measurement of payload speed in Mbit/s, and what the contract promises. {told}. A"
            " measurement lasts some seconds; nothing is known of the speed between them."
        ),
        told=". ".join(told),
    )
    return Picture(WIDTH, y, (*marks, *keys), ". ".join(told) + "." + _promise_alt(facts.promise), caption)


def _promise_alt(promise: Promise) -> str:
    parts = [
        f"{_(name)} {_(kind_words)} {rate(bps)}"
        for direction, name in _DIRECTIONS
        for kind, kind_words in _PROMISES
        if (bps := getattr(promise, f"{direction}_{kind}_bps"))
    ]
    return " " + put(_("Promised: {promised}."), promised=", ".join(parts)) if parts else ""


def _look(point: SpeedPoint) -> str:
    if point.accepted is False:
        return "rejected"
    return "indicative" if point.indicative else "accepted"


def loaded_delay(facts: ReportFacts) -> Picture | None:
    """The delay at rest and while the line is full; None where no measurement told both."""
    points = [
        point
        for point in facts.speed
        if point.idle_ms is not None and (point.loaded_down_ms is not None or point.loaded_up_ms is not None)
    ]
    if not points:
        return None
    span, top, height = facts.account.findings.span, 8.0, 84.0
    values = [v for p in points for v in (p.idle_ms, p.loaded_down_ms, p.loaded_up_ms) if v is not None]
    tops = ticks(max(values))
    axis = Axis(0, tops[-1], top + height, -height)
    time = Axis(span.start_ns, span.end_ns, _LEFT + 4, WIDTH - _LEFT - 8)
    marks = value_marks(tops, axis, _LEFT, WIDTH)
    marks += time_marks(span, facts.zone, time, top, top + height)
    for point in points:
        x = time.at(point.at_ns)
        own = [v for v in (point.idle_ms, point.loaded_down_ms, point.loaded_up_ms) if v is not None]
        if len(points) <= _MOST_SPANS:
            marks.append(line("span", x, axis.at(min(own)), x, axis.at(max(own))))
        for look, value in (
            ("idle", point.idle_ms),
            ("loaded_down", point.loaded_down_ms),
            ("loaded_up", point.loaded_up_ms),
        ):
            if value is not None:
                marks.append(sign(look, x, axis.at(value)))
    keys, bottom = legend(
        (
            ("idle", _("at rest")),
            ("loaded_down", _("while downloading")),
            ("loaded_up", _("while uploading")),
        ),
        top + height + 10,
    )
    idle = median(p.idle_ms for p in points if p.idle_ms is not None)
    loaded = median(max(p.loaded_down_ms or 0, p.loaded_up_ms or 0) for p in points)
    told = put(
        _("{n:measurement|measurements}: {idle} ms at rest and {loaded} ms under load, in the median."),
        n=len(points),
        idle=figures.number(idle, 1),
        loaded=figures.number(loaded),
    )
    caption = put(
        _(
            "Delay (round trip) at rest and while the line is full, in milliseconds. Above 300 ms a call suffers."
            " {told} The load is that of the speed measurements themselves."
        ),
        told=told,
    )
    return Picture(WIDTH, bottom, (*marks, *keys), told, caption)


def by_hour_of_day(spans: Iterable[Span], within: Span, zone: tzinfo) -> list[float]:
    """Seconds of the spans that lie in each hour of the local day."""
    seconds = [0.0] * 24
    for span in spans:
        part = span.clip(within)
        at = part.start_ns if part else within.end_ns
        while part and at < part.end_ns:
            moment = local(at, zone)
            # Offsets to UTC are not always whole hours; to the next full hour of the local clock.
            gone = moment.minute * MINUTE + moment.second * SECOND + at % SECOND
            until = min(part.end_ns, at + HOUR - gone)
            seconds[moment.hour] += (until - at) / SECOND
            at = until
    return seconds


def works_in(hours: WorkingHours, hour: int) -> bool:
    """Whether any day's working hours touch that hour of the day."""
    return any(hours.week >> ((day * 24 + hour) * 60) & ((1 << 60) - 1) for day in range(7))
