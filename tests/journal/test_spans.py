"""Figures and tries of a span are those of the samples, wherever they lie: in format 1, pages, rows, closed days."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median_low

import pytest

from diagnostics.journal import rollups
from diagnostics.journal.hours import DAY_NS, HOUR_NS
from diagnostics.journal.reader import Reader
from diagnostics.journal.rollups import Rollup
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import MILLISECOND, MINUTE, SECOND, Flag, Outcome, Sample, Span, quantise_rtt
from tests.made import ANCHORS, GATEWAY, OFFSET, T0

OLD = Path(__file__).with_name("format1.sqlite")
OTHER = "ffffeeeedddd"


def scattered(seed: int, hours: int, line_change: int) -> Iterator[tuple[str, Sample]]:
    """A few tries every minute or two on one line, later on another, some lost, some late."""
    rng = random.Random(seed)
    for minute in range(0, hours * 60, 2):
        line = "aaaabbbbcccc" if minute < line_change else OTHER
        for second in sorted(rng.sample(range(58), 4)):
            for target in (GATEWAY, ANCHORS[0], ANCHORS[1]):
                sent = T0 + 900 * SECOND + minute * MINUTE + second * SECOND + rng.randrange(10_000) * 100_000
                outcome, rtt = rng.choice(
                    [(Outcome.OK, 9.9), (Outcome.OK, 12.0), (Outcome.LATE, 1200.0), (Outcome.LOST, None)]
                )
                rtt_ns = None if rtt is None else quantise_rtt(round((rtt + rng.random()) * MILLISECOND))
                flags = rng.choice([Flag.NONE, Flag.NONE, Flag.EXTRA])
                yield (
                    line,
                    Sample(target, sent, sent - OFFSET, outcome, rtt_ns, "x" * (rng.random() < 0.1), flags),
                )


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Begun under format 1, two days long, the last hour open."""
    path = tmp_path_factory.mktemp("spans") / "journal.sqlite"
    shutil.copy(OLD, path)
    with closing(Writer(path)) as writer:
        writer.recover(T0 + 400 * SECOND)
        minute: list[Sample] = []
        before = ""
        for line, sample in scattered(3, 49, 31 * 60):
            if minute and sample.sent_ns // MINUTE != minute[0].sent_ns // MINUTE:
                writer.stage(before, minute)
                writer.seal_due(minute[-1].mono_ns + 2 * MINUTE)
                minute = []
            minute.append(sample)
            before = line
        writer.stage(before, minute)
        writer.seal_all()
    return path


@pytest.fixture(scope="module")
def samples(journal: Path) -> list[tuple[str, Sample]]:
    with Reader(journal) as reader:
        return [(block.line.id, sample) for block in reader.sealed() for sample in block.samples]


def format2_from(reader: Reader) -> int:
    """The number of the first record that is not of format 1."""
    return next(record.seq for record in reader.records() if record.whole is None)


def test_the_journal_is_what_it_should_be(journal: Path, samples: list[tuple[str, Sample]]) -> None:
    assert verify(journal).first_fault is None
    made = [(line, s) for line, s in scattered(3, 49, 31 * 60)]
    assert sorted(samples[-len(made) :], key=repr) == sorted(made, key=repr)
    with Reader(journal) as reader:
        kinds = {record.type for record in reader.records()}
        assert {"samples", "hour", "day", "seal"} <= kinds
        assert 1 < format2_from(reader) < 100


def expected(samples: list[tuple[str, Sample]], length_ns: int) -> set[tuple[int, str, Rollup]]:
    """What was recorded under format 1 is never counted together with the rest."""
    groups: dict[tuple[int, str, bool], list[Sample]] = defaultdict(list)
    for line, sample in samples:
        old = sample.sent_ns < T0 + 240 * SECOND  # a minute that was only staged is sealed under format 2
        groups[sample.sent_ns // length_ns * length_ns, line, old].append(sample)
    return {
        (start, line, row)
        for (start, line, _old), group in groups.items()
        for row in rollups.roll_up(group).rows
    }


@pytest.mark.parametrize(("step", "length_ns"), [("minute", MINUTE), ("hour", HOUR_NS)])
def test_figures_of_steps(
    journal: Path, samples: list[tuple[str, Sample]], step: str, length_ns: int
) -> None:
    with Reader(journal) as reader:
        whole = reader.record_span()
        assert whole is not None
        found = [(row.start_ns, row.line_id, row.rollup) for row in reader.rollups(step, whole)]
        assert set(found) == expected(samples, length_ns)
        assert len(found) == len(set(found))
        some = Span(T0 + 20 * HOUR_NS, T0 + 40 * HOUR_NS)
        part = {(row.start_ns, row.line_id, row.rollup) for row in reader.rollups(step, some, OTHER)}
    touched = {
        row
        for row in expected(samples, length_ns)
        if row[1] == OTHER and row[0] < some.end_ns and row[0] + length_ns > some.start_ns
    }
    assert part == touched


def test_figures_of_days_are_of_those_that_are_over(journal: Path, samples: list[tuple[str, Sample]]) -> None:
    with Reader(journal) as reader:
        whole = reader.record_span()
        assert whole is not None
        found = {(row.start_ns, row.line_id, row.rollup) for row in reader.rollups("day", whole)}
        first_day = T0 // DAY_NS * DAY_NS
        old = format2_from(reader)
    assert old > 1
    over = {
        row
        for row in expected(samples, DAY_NS)
        if first_day < row[0] < max(s.sent_ns for _, s in samples) // DAY_NS * DAY_NS
    }
    assert over
    assert over <= found


@pytest.mark.parametrize("line", [None, OTHER, "aaaabbbbcccc"])
def test_tries_of_a_span(journal: Path, samples: list[tuple[str, Sample]], line: str | None) -> None:
    for span in (Span(0, 1 << 62), Span(T0 + 13 * HOUR_NS + 7, T0 + 35 * HOUR_NS + 9)):
        wanted = sorted(
            (s.sent_ns, -1 if s.rtt_ns is None else s.rtt_ns, int(s.outcome) | s.flags << 4)
            for one, s in samples
            if s.target == ANCHORS[0] and line in (None, one) and span.start_ns <= s.sent_ns < span.end_ns
        )
        with Reader(journal) as reader:
            found = reader.columns(ANCHORS[0].id, span, line)
            assert reader.columns("nobody", span) is None
        assert found is not None
        assert sorted(zip(found.times_ns, found.rtt_ns, found.outcomes, strict=True)) == wanted
        assert list(found.times_ns) == sorted(found.times_ns)


def test_a_long_time_in_few_columns(journal: Path, samples: list[tuple[str, Sample]]) -> None:
    with Reader(journal) as reader:
        whole = reader.record_span()
        assert whole is not None
        span = Span(whole.start_ns // HOUR_NS * HOUR_NS, (whole.end_ns // HOUR_NS + 1) * HOUR_NS)
        found = reader.overview(ANCHORS[0].id, span, 7)
        assert reader.overview("nobody", span, 7) is None
    assert found is not None
    hours = [(start, row) for start, _, row in expected(samples, HOUR_NS) if row.target == ANCHORS[0]]
    assert sum(found.counts) == sum(s.target == ANCHORS[0] for _, s in samples)
    # An hour lies in the column in which its first try was sent.
    firsts: dict[int, int] = {}
    for _, s in samples:
        if s.target:
            at = s.sent_ns // HOUR_NS * HOUR_NS
            firsts[at] = min(firsts.get(at, s.sent_ns), s.sent_ns)
    for place, start in enumerate(found.starts_ns):
        end = span.start_ns + (span.end_ns - span.start_ns) * (place + 1) // 7
        mine = [row for at, row in hours if start <= firsts[at] < end]
        assert found.counts[place] == sum(row.count for row in mine)
        assert found.missed[place] == sum(row.missed for row in mine)
        assert found.min_ns[place] == min(row.min_ns for row in mine if row.min_ns is not None)
        assert found.max_ns[place] == max(row.max_ns for row in mine if row.max_ns is not None)
        assert found.median_ns[place] == median_low(
            row.median_ns for row in mine if row.median_ns is not None
        )
