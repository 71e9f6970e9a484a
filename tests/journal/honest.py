"""Honest journals of several days, quickly made: few tries, and every bad day that a recorder comes through."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import (
    MILLISECOND,
    MINUTE,
    SECOND,
    Event,
    EventKind,
    Outcome,
    Sample,
    Span,
    Target,
    quantise_rtt,
)
from tests.made import ANCHORS, GATEWAY, HOP, OFFSET, SYSTEM, T0

FORMAT_1 = Path(__file__).with_name("format1.sqlite")
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LINES = ("aaaabbbbcccc", "ddddeeeeffff", "")
AIMS = (GATEWAY, HOP, *ANCHORS[:2], SYSTEM)


@dataclass
class Story:
    """Writes one journal. ``sent`` holds every sample that was handed to it, as it was handed over last."""

    path: Path
    seed: int
    format_1: bool = False
    sent: dict[tuple[str, int], Sample] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.format_1:
            shutil.copy(FORMAT_1, self.path)
            self.sent.update({(s.target.id, s.sent_ns): s for s in all_samples(self.path)})
        self.wall, self.offset = T0 + 300 * SECOND, OFFSET
        self.line = LINES[0]
        self.writer = Writer(self.path)
        self.start()

    # --- what happens ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.writer.recover(self.wall)
        self.tell(EventKind.STARTED, version="0", pid=self.rng.randrange(1 << 15))
        self.writer.sign(self.wall)

    def tell(self, kind: EventKind, **data: str | int | float | bool | None) -> None:
        self.writer.append(Event(kind, self.wall, data))

    def stop(self) -> None:
        self.writer.seal_all()
        self.tell(EventKind.STOPPED, reason="asked")
        self.writer.sign(self.wall)
        self.writer.close()

    def restart(self) -> None:
        self.stop()
        self.wall += self.rng.randrange(1, 5) * MINUTE
        self.writer = Writer(self.path)
        self.start()

    def killed(self) -> None:
        """Without a clean stop: what was staged stays so until the next start."""
        self.writer.close()
        self.wall += self.rng.randrange(1, 90) * SECOND
        self.writer = Writer(self.path)
        self.start()

    def clock_step(self) -> None:
        step = self.rng.choice((-2 * HOUR, -90 * SECOND, 5 * SECOND, 3 * HOUR))
        self.wall += step
        self.offset += step
        self.tell(EventKind.CLOCK_STEP, step_s=step / SECOND)

    def other_line(self) -> None:
        self.line = self.rng.choice(LINES)

    def retention(self) -> None:
        """As if the days to keep had gone by: no journal of two days has any that are old enough."""
        before_ns = self.wall - self.rng.randrange(3) * DAY // 2
        self.tell(EventKind.RETENTION, before_ns=before_ns, keep_days=400)

    def witness(self) -> None:
        self.tell(EventKind.WITNESS, source="wifi", state="connected", signal_dbm=-self.rng.randrange(30, 90))

    def exclusion(self) -> None:
        since = self.wall - HOUR
        self.tell(EventKind.EXCLUSION, since_ns=since, until_ns=self.wall, reason="travaux « é »")

    def minute(self) -> None:
        """A few tries; one of them may be answered late."""
        tries = [self._try(aim) for aim in self.rng.sample(AIMS, self.rng.randrange(1, 4))]
        tries.sort(key=lambda sample: sample.sent_ns)
        self._stage(tries)
        if tries[0].outcome is Outcome.LOST and self.rng.random() < 0.5:
            self._stage([replace(tries[0], outcome=Outcome.LATE, rtt_ns=4900 * MILLISECOND)])
        self.wall += self.rng.choice((12 * SECOND, MINUTE, 7 * MINUTE, 25 * MINUTE))
        self.writer.seal_due(self.wall - self.offset)

    def _try(self, aim: Target) -> Sample:
        sent = self.wall + self.rng.randrange(100_000) * (MILLISECOND // 10)
        outcome = self.rng.choices(
            (Outcome.OK, Outcome.LOST, Outcome.UNREACHABLE, Outcome.SEND_ERROR), (90, 6, 2, 2)
        )[0]
        rtt = quantise_rtt(round(self.rng.lognormvariate(2.5, 1) * MILLISECOND))
        answered = outcome is Outcome.OK
        detail = "192.0.2.1 net-unreachable" if outcome is Outcome.UNREACHABLE else ""
        return Sample(aim, sent, sent - self.offset, outcome, rtt if answered else None, detail)

    def _stage(self, tries: list[Sample]) -> None:
        self.writer.stage(self.line, tries)
        for sample in tries:
            known = self.sent.get((sample.target.id, sample.sent_ns))
            self.sent[sample.target.id, sample.sent_ns] = (
                replace(sample, mono_ns=known.mono_ns) if known else sample
            )

    def days(self, count: float) -> None:
        """Minutes, and among them everything else, until so much time has passed."""
        end = self.wall + round(count * DAY)
        rare = (
            (self.witness, 0.3),
            (self.other_line, 0.03),
            (self.restart, 0.01),
            (self.killed, 0.01),
            (self.clock_step, 0.01),
            (self.exclusion, 0.01),
            (self.retention, 0.004),
        )
        while self.wall < end:
            self.minute()
            for happens, chance in rare:
                if self.rng.random() < chance:
                    happens()


def honest(path: Path, seed: int, days: float = 1.6) -> Story:
    """A finished journal: stopped cleanly, or killed, with or without a beginning in format 1."""
    story = Story(path, seed, format_1=seed % 3 == 0)
    story.days(days)
    if seed % 2:
        story.stop()
    else:
        story.writer.close()
    return story


def all_samples(path: Path) -> list[Sample]:
    with Reader(path) as reader:
        return [sample for block in reader.blocks() for sample in block.samples]


def readout(path: Path) -> list[object]:
    """Everything that can be read of a journal."""
    with Reader(path) as reader:
        whole = Span(0, 1 << 62)
        found: list[object] = [reader.head(), reader.record_span(), reader.lines, reader.exclusions()]
        found += [
            (r.seq, r.type, r.start_ns, r.end_ns, dict(r.fields), r.digests, r.link) for r in reader.records()
        ]
        found += [(b.seq, b.line, b.span, b.rollups, b.samples, b.columns) for b in reader.sealed()]
        found += list(reader.gaps())
        for step in ("minute", "hour", "day"):
            found += list(reader.rollups(step, Span(0, 1 << 61)))
        for aim in AIMS:
            found.append(reader.columns(aim.id, whole))
    return found


def copy(source: Path, folder: Path) -> Path:
    """The journal with its keys, for spoiling; what was there is replaced."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    shutil.copytree(source.parent, folder)
    return folder / source.name
