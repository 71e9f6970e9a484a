"""The month's samples, minute by minute, packed as the journal keeps them.

Fifteen million tries are more than anybody waits for: steady minutes are copies of a few dozen made ones, moved to
their time; minutes in which something begins or ends are made each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from diagnostics.journal import codec, rollups
from diagnostics.journal.minutes import PackedMinute
from diagnostics.model import MINUTE, SECOND, Sample, Span, Target
from jalerte_desktop.demo.script import DAY, SEED, Script, Trouble, What
from jalerte_desktop.demo.world import CABLE, WIFI, State, tries

QUIET_COPIES, COPIES = 80, 24
_UPTIME_NS = 3 * DAY


def minutes(script: Script, number: Callable[[Target], int]) -> Iterator[PackedMinute]:
    """Every observed minute, in order. ``number`` gives a target's number in the journal."""
    press = _Press(script, number)
    waiting = list(script.troubles)
    for start_ns in range(script.span.start_ns, script.span.end_ns, MINUTE):
        span = Span(start_ns, start_ns + MINUTE)
        while waiting and waiting[0].span.end_ns <= start_ns:
            waiting.pop(0)
        made = press.minute(span, [one for one in waiting[:2] if one.span.clip(span)])
        if made is not None:
            yield made


class _Press:
    """Makes minutes, and copies of minutes."""

    def __init__(self, script: Script, number: Callable[[Target], int]) -> None:
        self._script = script
        self._number = number
        self._chance = random.Random(f"{SEED} minutes")
        self._patterns: dict[State, list[PackedMinute]] = {}

    def minute(self, span: Span, troubles: list[Trouble]) -> PackedMinute | None:
        """The minute with what goes wrong in it; None while the computer sleeps."""
        if not troubles and not any(one.clip(span) for one in self._script.wifi):
            return self._copy(span, State())
        states = [self._state(at, troubles) for at in range(span.start_ns, span.end_ns, SECOND)]
        if all(state == states[0] for state in states):
            return None if states[0] is None else self._copy(span, states[0])
        return self._pack(self._tried(span, states), states)

    def _state(self, at_ns: int, troubles: list[Trouble]) -> State | None:
        wifi = any(one.start_ns <= at_ns < one.end_ns for one in self._script.wifi)
        held = next((one for one in troubles if one.span.start_ns <= at_ns < one.span.end_ns), None)
        if held is None:
            return State(wifi=wifi)
        return None if held.what is What.ASLEEP else State(held.what, held.strength, wifi)

    def _tried(self, span: Span, states: list[State | None]) -> list[Sample]:
        samples: list[Sample] = []
        for second, state in enumerate(states):
            at = span.start_ns + second * SECOND
            if state is not None:
                samples += tries(at, state, self._offset(at), self._chance)
        return samples

    def _pack(self, samples: list[Sample], states: list[State | None]) -> PackedMinute:
        wifi = any(state is not None and state.wifi for state in states)
        line = (WIFI if wifi else CABLE).id
        fields = codec.encode_samples(samples, self._number)
        packed = codec.unpack(fields["samples"])
        parts = rollups.sort_out(packed)
        fields |= {"line": line.encode(), "rollup": rollups.rollup_of(packed, parts)}
        return PackedMinute(line, Span(samples[0].sent_ns, samples[-1].sent_ns), fields, parts)

    def _copy(self, span: Span, state: State) -> PackedMinute:
        first = self._script.span.start_ns
        made = self._patterns.get(state)
        if made is None:
            count = QUIET_COPIES if state == State() else COPIES
            states: list[State | None] = [state] * 60
            model = Span(first, first + MINUTE)
            made = [self._pack(self._tried(model, states), states) for _ in range(count)]
            self._patterns[state] = made
        pattern = self._chance.choice(made)
        batch = codec.unpack(pattern.fields["samples"])
        moved = replace(batch, base_s=span.start_ns // SECOND, offset_ns=self._offset(span.start_ns))
        shift = span.start_ns - first
        return PackedMinute(
            pattern.line,
            Span(pattern.span.start_ns + shift, pattern.span.end_ns + shift),
            {**pattern.fields, "samples": codec.pack(moved)},
            pattern.parts,
        )

    def _offset(self, at_ns: int) -> int:
        """Wall clock less monotonic clock, which stands still while the computer sleeps."""
        slept = sum(
            one.span.end_ns - one.span.start_ns
            for one in self._script.of(What.ASLEEP)
            if one.span.end_ns <= at_ns
        )
        return self._script.span.start_ns - _UPTIME_NS + slept
