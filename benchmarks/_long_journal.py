"""A journal of many days, made quickly: the minutes of one recording again and again, each time later."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from diagnostics.journal import chain, codec, rollups
from diagnostics.journal.hours import HOUR_NS, Stretch
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind, Line, Target

DAY_S = 24 * 3600


def lengthen(recorded: Path, made: Path, line: Line, days: int) -> None:
    """Write ``days`` days of the whole days in ``recorded`` to ``made``.

    Past the writer's staging, which is most of the time that recording takes; hours, days, pages and seals are its own.
    """
    with Reader(recorded) as reader:
        targets = _targets(reader)
        blocks = [
            (packed := codec.unpack(record.fields["samples"]), rollups.sort_out(packed), record)
            for record in reader.records()
            if record.type == chain.SAMPLES
        ]
    span_s = (blocks[-1][2].end_ns - blocks[0][2].start_ns) // SECOND // DAY_S * DAY_S + DAY_S
    with closing(Writer(made)) as writer:
        identity = {name: getattr(line, name) for name in ("id", "gateway", "gateway_mac", "interface")}
        writer.append(Event(EventKind.LINE, blocks[0][2].start_ns, identity))
        for shift_s in range(0, days * DAY_S, span_s):
            with writer._transaction():
                for target in targets:
                    writer._register(target, blocks[0][2].start_ns)
                for batch, parts, record in blocks:
                    start, end = record.start_ns + shift_s * SECOND, record.end_ns + shift_s * SECOND
                    hour = start // HOUR_NS
                    if writer._hour is not None and hour != writer._hour:
                        writer._close_hour(writer._hour, hour, start)
                    writer._hour = hour
                    samples = codec.pack(replace(batch, base_s=batch.base_s + shift_s))
                    writer._insert(chain.SAMPLES, start, end, {**record.fields, "samples": samples})
                    writer._stretches.setdefault(line.id, Stretch.empty()).add(parts, start, end)


def _targets(reader: Reader) -> list[Target]:
    """In the order of their numbers, so that each gets the same again."""
    known = next(reader.sealed()).targets
    return [known[number] for number in sorted(known)]
