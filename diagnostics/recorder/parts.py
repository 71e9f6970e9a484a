"""What a recorder is put together from: everything that touches the world, injected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.clock import Clock
from diagnostics.links.route import RouteState
from diagnostics.model import Flag, Problem, Sample, Target


class Pinger(Protocol):
    @property
    def method(self) -> str: ...
    def send(self, target: Target, flags: Flag = Flag.NONE) -> None: ...
    def collect(self) -> list[Sample]: ...
    def drain(self) -> list[Sample]: ...
    def close(self) -> None: ...


class Checks(Protocol):
    def start(self) -> None: ...
    def alarm(self, active: bool) -> None: ...
    def collect(self) -> list[Sample]: ...
    def stop(self) -> None: ...


class Routes(Protocol):
    """The link as ``diagnostics.links`` reads it."""

    def read(self) -> RouteState: ...


class Hops(Protocol):
    """Looks for the first hop beyond the box in the background."""

    def look(self, gateway: str) -> None: ...
    def found(self) -> str | None:
        """The newest first hop that answers pings; None while there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that touches the world, injected."""

    clock: Clock
    pinger: Pinger
    checks: Checks
    routes: Routes
    hops: Hops
    clock_state: Callable[[], Mapping[str, Any]]
    route_every_ns: int
    warn: Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the journal says of this run: program and method version, and the machine's description."""

    version: str
    method: str
    system: str
