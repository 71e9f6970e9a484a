"""The faults that a scenario may name, and what each needs (meaning: ``tests/scenarios/README.md``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong from ``at_s`` to ``end_s`` seconds after the start; the rest is what its kind needs."""

    what: str
    at_s: float
    end_s: float
    elsewhere: bool = False
    share: float = 0.0
    ms: float = 0.0
    which: tuple[int, ...] = (0,)
    silent: float = 0.0
    sync: float = 0.0
    off: float = 0.0
    every: float = 0.0
    where: str = ""
    per_s: float = 0.0
    by: float = 0.0
    zone: str = ""
    to: str = ""
    mode: str = "full"
    noticed: bool = False

    def active(self, at_s: float) -> bool:
        return self.at_s <= at_s < self.end_s

    def turns_s(self) -> tuple[float, ...]:
        """The seconds at which something changes."""
        if self.what == "box-restart":
            return (self.at_s, self.at_s + self.silent, self.end_s)
        if self.what == "flapping":
            count = int((self.end_s - self.at_s) / self.every - 1e-9) + 1
            starts = [self.at_s + n * self.every for n in range(count)]
            ends = [min(start + self.off, self.end_s) for start in starts]
            return tuple(sorted({*starts, *ends, self.end_s}))
        return (self.at_s, self.end_s)


@dataclass(frozen=True, slots=True)
class FaultKind:
    """``needs`` must be given, ``may`` can be. ``own_length`` tells the length where ``for`` does not."""

    what: str
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    own_length: Callable[[Mapping[str, Any]], float] | None = None
    simulator_alone: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.needs, *self.may)


_MOMENT_S = 1e-3
"""How long something lasts that happens at once."""

_ALL = (
    FaultKind("access-cut", may=("noticed",)),
    FaultKind("core-cut"),
    FaultKind("cable-out"),
    FaultKind("interface-down"),
    FaultKind("box-hangs"),
    FaultKind("box-restart", ("silent", "sync"), own_length=lambda said: said["silent"] + said["sync"]),
    FaultKind("network-out", ("which",)),
    FaultKind("anchor-dead", ("which",)),
    FaultKind("ipv4-out"),
    FaultKind("ipv6-out"),
    FaultKind("lan-loss", ("share",)),
    FaultKind("access-loss", ("share",)),
    FaultKind("core-loss", ("share",)),
    FaultKind("lan-delay", ("ms",)),
    FaultKind("access-delay", ("ms",)),
    FaultKind("core-delay", ("ms",)),
    FaultKind("flapping", ("off", "every")),
    FaultKind("resolver-dead"),
    FaultKind("resolver-slow", ("ms",)),
    FaultKind("resolver-lies"),
    FaultKind("portal"),
    FaultKind("own-upload"),
    FaultKind("own-download"),
    FaultKind("home-upload"),
    FaultKind("home-download"),
    FaultKind("large-lost"),
    FaultKind("rate-limit", ("where", "per_s"), ("which",)),
    FaultKind("recorder-stops"),
    FaultKind("asleep", simulator_alone=True),
    FaultKind("clock-step", ("by",), own_length=lambda _: _MOMENT_S, simulator_alone=True),
    FaultKind("zone-change", ("zone",), own_length=lambda _: _MOMENT_S, simulator_alone=True),
    FaultKind("elsewhere", ("to",), simulator_alone=True),
    FaultKind("vpn", ("mode",)),
    FaultKind("vpn-server-dead"),
)
KINDS: Mapping[str, FaultKind] = {kind.what: kind for kind in _ALL}
SIMULATOR_ALONE = frozenset(kind.what for kind in _ALL if kind.simulator_alone)
