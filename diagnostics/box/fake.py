"""A box without a network, for tests and demonstrations: what it says comes from a function of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.box.reading import BoxReading
from diagnostics.clock import Clock
from diagnostics.witnesses import BoxAccount


@dataclass(frozen=True, slots=True)
class Said:
    """What a fake box says: its account, its counters towards the home and from it, its public address."""

    account: BoxAccount
    down_bytes: int | None = None
    up_bytes: int | None = None
    external_address: str | None = None


Script = Callable[[int], Said | None]
"""What the box says at a wall-clock time in nanoseconds; None: it does not answer."""


def always_up(_at_ns: int) -> Said:
    """The line is up, and nothing else is told."""
    return Said(BoxAccount("fake", True))


class FakeBox:
    """Keeps to the Box interface. ``asked_ns`` lists the wall-clock times at which it was asked."""

    def __init__(self, clock: Clock, script: Script = always_up, *, name: str = "fake") -> None:
        self.name = name
        self.script = script
        self.asked_ns: list[int] = []
        self._clock = clock

    def ask(self) -> BoxReading | None:
        at = self._clock.read()
        self.asked_ns.append(at.wall_ns)
        said = self.script(at.wall_ns)
        if said is None:
            return None
        return BoxReading(said.account, said.down_bytes, said.up_bytes, said.external_address, at)
