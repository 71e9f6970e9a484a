"""What the day's chart shows, worked out before anything is drawn: columns, bands, scale, words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.model import MINUTE, GapReason, Span
from jalerte_desktop.findings.model import Findings, MinuteSummary
from jalerte_desktop.window.marks import Mark, mark_of
from jalerte_desktop.words.figures import local

_PRECEDENCE = tuple(Mark)
_NARROWEST = {
    Mark.UNOBSERVED: 1,
    Mark.OUTAGE: 4,
    Mark.LOSS: 4,
    Mark.LATENCY: 4,
    Mark.OTHER: 4,
    Mark.EXCLUDED: 4,
}
JOINED_NS = MINUTE * 3 // 2
"""A minute that was begun late, at the recorder's start, is joined too."""
_STEPS = (5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0)


@dataclass(frozen=True, slots=True)
class Column:
    """One minute towards the internet, all anchors together. Times in ms, None where nothing answered."""

    start_ns: int
    count: int
    lost: int
    low: float | None
    median: float | None
    high: float | None

    @property
    def middle_ns(self) -> int:
        return self.start_ns + MINUTE // 2


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time in one state."""

    mark: Mark
    span: Span
    reason: GapReason | None = None


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A stretch of time that does not count, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    at_ns: int
    hour: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One day, from midnight to midnight in local time, seen at ``now_ns``."""

    day: Span
    now_ns: int
    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    runs: tuple[tuple[Column, ...], ...]
    ceiling_ms: float
    ticks: tuple[Tick, ...]
    taken_out: tuple[TakenOut, ...] = ()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The states that occur, for the legend."""
        present = {band.mark for band in self.bands}
        order = (Mark.OUTAGE, Mark.LOSS, Mark.LATENCY, Mark.OTHER, Mark.EXCLUDED, Mark.UNOBSERVED)
        return tuple(mark for mark in order if mark in present)

    @property
    def gap_reasons(self) -> tuple[GapReason, ...]:
        return tuple(dict.fromkeys(band.reason for band in self.bands if band.reason is not None))

    def band_at(self, at_ns: int) -> Band | None:
        index = bisect_right(self.bands, at_ns, key=lambda band: band.span.start_ns) - 1
        if index >= 0 and self.bands[index].span.end_ns > at_ns:
            return self.bands[index]
        return None

    def taken_out_at(self, at_ns: int) -> TakenOut | None:
        """What says that this moment does not count; None where it does."""
        holding = (one for one in self.taken_out if one.span.start_ns <= at_ns < one.span.end_ns)
        return next(holding, None)

    def column_at(self, at_ns: int) -> Column | None:
        index = bisect_right(self.columns, at_ns, key=lambda column: column.start_ns) - 1
        if index >= 0 and at_ns < self.columns[index].start_ns + MINUTE:
            return self.columns[index]
        return None


def chart_of(findings: Findings, now_ns: int) -> Chart:
    """The chart of the day in which ``now_ns`` lies."""
    day = local_day(now_ns)
    # What was measured meanwhile on another line says nothing of this one.
    away = [gap.span for gap in findings.gaps]
    columns = tuple(
        column
        for column in columns_of(_minutes_of(findings.minutes, day))
        if not any(gap.start_ns <= column.start_ns and column.start_ns + MINUTE <= gap.end_ns for gap in away)
    )
    until_now = Span(day.start_ns, max(day.start_ns, min(now_ns, day.end_ns)))
    bands = bands_of(findings, until_now)
    runs = runs_of(columns, bands)
    return Chart(
        day, now_ns, columns, bands, runs, ceiling(columns), ticks_of(day), taken_out_of(findings, until_now)
    )


def _minutes_of(minutes: Sequence[MinuteSummary], day: Span) -> list[MinuteSummary]:
    """The day's minutes. They come oldest first, so that the days before need not be looked at."""
    first = bisect_left(minutes, day.start_ns, key=lambda minute: minute.start_ns)
    return [minute for minute in minutes[first:] if minute.start_ns < day.end_ns]


def local_day(at_ns: int) -> Span:
    """From midnight to midnight; 23 or 25 hours long where the clocks change."""
    moment = local(at_ns)
    start = datetime(moment.year, moment.month, moment.day).astimezone()
    after = start.replace(tzinfo=None) + timedelta(days=1)
    return Span(_ns(start), _ns(after.astimezone()))


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


def ticks_of(day: Span) -> tuple[Tick, ...]:
    """Every second hour by the clock on the wall, the last midnight included."""
    first = local(day.start_ns).replace(tzinfo=None)
    ticks = [Tick(_ns((first + timedelta(hours=hour)).astimezone()), hour) for hour in range(0, 24, 2)]
    return (*ticks, Tick(day.end_ns, 24))


def columns_of(minutes: Iterable[MinuteSummary]) -> list[Column]:
    """The anchors' minutes, drawn together; ICMP alone where there is any, as TCP takes longer."""
    anchors = [minute for minute in minutes if minute.target_id.startswith("anchor/")]
    icmp = [minute for minute in anchors if minute.target_id.startswith("anchor/icmp/")]
    by_start: dict[int, list[MinuteSummary]] = {}
    for minute in icmp or anchors:
        by_start.setdefault(minute.start_ns, []).append(minute)
    return [_column(start, by_start[start]) for start in sorted(by_start)]


def _column(start_ns: int, minutes: Sequence[MinuteSummary]) -> Column:
    return Column(
        start_ns,
        sum(minute.count for minute in minutes),
        sum(minute.lost for minute in minutes),
        min((minute.min_ms for minute in minutes if minute.min_ms is not None), default=None),
        middle([minute.median_ms for minute in minutes if minute.median_ms is not None]),
        max((minute.max_ms for minute in minutes if minute.max_ms is not None), default=None),
    )


def middle(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def taken_out_of(findings: Findings, within: Span) -> tuple[TakenOut, ...]:
    """The periods that the person took out of the count, then the line's incidents that they touch, whole."""
    spans = [(one.span, one.reason) for one in findings.exclusions]
    spans += [
        (one.span, one.excluded)
        for one in findings.incidents
        if one.excluded is not None and one.line.id == findings.line.id
    ]
    return tuple(TakenOut(part, reason) for whole, reason in spans if (part := whole.clip(within)))


def bands_of(findings: Findings, within: Span) -> tuple[Band, ...]:
    """States other than normal, oldest first; where several hold at once, the first in ``Mark`` wins."""
    pieces: list[tuple[Mark, Span, GapReason | None]] = [
        (Mark.UNOBSERVED, gap.span, gap.reason) for gap in findings.gaps
    ]
    pieces += [(mark_of(incident.kind), incident.span, None) for incident in findings.counted]
    pieces += [(Mark.EXCLUDED, one.span, None) for one in taken_out_of(findings, within)]
    return flatten(
        [Band(mark, span, reason) for mark, whole, reason in pieces if (span := whole.clip(within))]
    )


def flatten(bands: Sequence[Band]) -> tuple[Band, ...]:
    """The same states without any overlap."""
    result: list[Band] = []
    for band in sorted(bands, key=lambda band: (_PRECEDENCE.index(band.mark), band.span.start_ns)):
        for span in _without(band.span, [other.span for other in result]):
            insort(result, Band(band.mark, span, band.reason), key=lambda other: other.span.start_ns)
    return tuple(result)


def _without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of ``span``. ``taken`` is in order and does not overlap."""
    left: list[Span] = []
    start = span.start_ns
    for other in taken:
        if other.end_ns <= start or other.start_ns >= span.end_ns:
            continue
        if other.start_ns > start:
            left.append(Span(start, other.start_ns))
        start = max(start, other.end_ns)
    if start < span.end_ns:
        left.append(Span(start, span.end_ns))
    return left


def runs_of(columns: Sequence[Column], bands: Sequence[Band]) -> tuple[tuple[Column, ...], ...]:
    """The stretches that one line may join: minute after minute, answered, and observed all the way between."""
    gaps = [band.span for band in bands if band.mark is Mark.UNOBSERVED]
    starts = [gap.start_ns for gap in gaps]
    runs: list[list[Column]] = []
    for column in columns:
        if column.median is None:
            continue
        last = runs[-1][-1] if runs else None
        joined = (
            last is not None
            and column.start_ns - last.start_ns <= JOINED_NS
            and not _gap_between(last.middle_ns, column.middle_ns, gaps, starts)
        )
        if joined:
            runs[-1].append(column)
        else:
            runs.append([column])
    return tuple(tuple(run) for run in runs)


def _gap_between(start_ns: int, end_ns: int, gaps: Sequence[Span], starts: Sequence[int]) -> bool:
    index = bisect_right(starts, end_ns) - 1
    return index >= 0 and gaps[index].end_ns > start_ns


def ceiling(columns: Sequence[Column]) -> float:
    """The top of the scale: above every median and all but the worst hundredth of the peaks, in four even steps."""
    medians = [column.median for column in columns if column.median is not None]
    peaks = sorted(column.high for column in columns if column.high is not None)
    if not medians or not peaks:
        return 4 * _STEPS[1]
    need = max(max(medians) * 1.1, peaks[int((len(peaks) - 1) * 0.99)])
    return 4 * next((step for step in _STEPS if 4 * step >= need), _STEPS[-1])


@dataclass(frozen=True, slots=True)
class Strip:
    """A band in whole pixels, right edge not included."""

    mark: Mark
    left: int
    right: int


def strips_of(bands: Sequence[Band], x_of: Callable[[int], float], left: int, right: int) -> list[Strip]:
    """The bands in pixels between ``left`` and ``right``. They never overlap.

    Each is at least one pixel wide. A short one is then widened so that its pattern can be seen, but only over
    pixels that are free: time that was not observed never becomes an outage, nor the other way round.
    """
    width = max(0, right - left)
    pixels: list[int | None] = [None] * width

    def drawn_earlier(index: int) -> tuple[bool, int]:
        # A gap of seconds in the same pixel as an outage must not hide it: both count, and one pixel shows one.
        band = bands[index]
        hair = band.mark is Mark.UNOBSERVED and x_of(band.span.end_ns) - x_of(band.span.start_ns) < 1
        return not hair, -_PRECEDENCE.index(band.mark)

    for index in sorted(range(len(bands)), key=drawn_earlier):
        start, end = _pixels(bands[index], x_of, left, width)
        pixels[start:end] = [index] * (end - start)
    for index, band in enumerate(bands):
        start, end = _pixels(band, x_of, left, width)
        missing = _NARROWEST[band.mark] - (end - start)
        while missing > 0 and end < width and pixels[end] is None:
            pixels[end] = index
            end, missing = end + 1, missing - 1
        while missing > 0 and start > 0 and pixels[start - 1] is None:
            pixels[start - 1] = index
            start, missing = start - 1, missing - 1
    strips: list[Strip] = []
    for position, owner in enumerate(pixels):
        if owner is None:
            continue
        mark = bands[owner].mark
        if strips and strips[-1].right == left + position and strips[-1].mark is mark:
            strips[-1] = Strip(mark, strips[-1].left, left + position + 1)
        else:
            strips.append(Strip(mark, left + position, left + position + 1))
    return strips


def _pixels(band: Band, x_of: Callable[[int], float], left: int, width: int) -> tuple[int, int]:
    start = min(max(0, int(x_of(band.span.start_ns)) - left), max(0, width - 1))
    end = min(max(start + 1, round(x_of(band.span.end_ns)) - left), width)
    return start, end
