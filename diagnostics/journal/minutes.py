"""What is sealed together: the samples of one line's one minute, open or packed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diagnostics.journal.rollups import Sorted
from diagnostics.model import MINUTE, SECOND, Sample, Span

HOLD_NS = 11 * SECOND
"""How long after its end a minute stays open for late answers, on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Samples that are sealed together: one minute of wall time, one line, one clock epoch."""

    minute: int
    line: str
    offset_ns: int

    def due(self, mono_ns: int) -> bool:
        return mono_ns >= (self.minute + 1) * MINUTE - self.offset_ns + HOLD_NS


Batch = dict[tuple[str, int], Sample]


@dataclass(frozen=True, slots=True)
class PackedMinute:
    """What one line gave in one minute: a batch record's fields, and what its hour's figures are made of.

    ``span``: when the first and the last try were sent.
    """

    line: str
    span: Span
    fields: Mapping[str, bytes]
    parts: Sequence[Sorted]
