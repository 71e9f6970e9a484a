"""What a recorder is put together from: everything that touches the world, injected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.clock import Clock, Reading
from diagnostics.links.route import RouteState
from diagnostics.model import Event, Flag, Problem, Sample, Target


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


class Witnesses(Protocol):
    """Listens to the Wi-Fi adapter, this machine's counters and the box, in the background."""

    def start(self) -> None: ...
    def follow(self, route: RouteState) -> None:
        """The way out is this one from now on."""
        ...

    def attend(self, active: bool) -> None:
        """Something seems wrong (or no longer): ask more often."""
        ...

    def collect(self, now: Reading) -> list[Event]:
        """What has been said since the last call, as events of kind ``witness``. Called at every tick."""
        ...

    def stop(self) -> None: ...


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
