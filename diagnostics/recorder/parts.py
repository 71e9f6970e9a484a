"""What a recorder is put together from: everything that touches the world, injected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from diagnostics.clock import Clock, Reading
from diagnostics.links.interfaces import NOTHING_TOLD, InterfaceFacts
from diagnostics.links.route import RouteState
from diagnostics.model import Event, Flag, Problem, Sample, Target
from diagnostics.probes.binding import Binding


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

    def stop(self) -> None:
        """End; what has been said until now is there for one more ``collect``."""
        ...


class NoWitnesses:
    """Nobody says anything."""

    def start(self) -> None: ...

    def follow(self, route: RouteState) -> None: ...

    def attend(self, active: bool) -> None: ...

    def collect(self, now: Reading) -> list[Event]:  # noqa: ARG002 the protocol's
        return []

    def stop(self) -> None: ...


class LineIdentity(Protocol):
    """Finds out in the background which network and operator a line belongs to."""

    def look(self, line: str, way: str) -> None:
        """The line in use is this one, reached by this way (a tunnel's name, or empty); empty: none to ask about."""
        ...

    def collect(self) -> list[tuple[str, Mapping[str, str]]]:
        """What was learnt since the last call: lines, and facts as ``recorder.lines.FACTS`` names them."""
        ...


class NoIdentity:
    """Asks nobody."""

    def look(self, line: str, way: str) -> None: ...

    def collect(self) -> list[tuple[str, Mapping[str, str]]]:
        return []


class Hops(Protocol):
    """Looks for the first hop beyond the box in the background."""

    def look(self, gateway: str) -> None: ...
    def found(self) -> str | None:
        """The newest first hop that answers pings; None while there is none."""
        ...


class FileCheck(Protocol):
    """Looks at the journal's file once, in the background."""

    def start(self) -> None: ...
    def collect(self, wall_ns: int) -> list[Event]:
        """What was found since the last call. Called at every tick."""
        ...


class NoFileCheck:
    """Looks at nothing."""

    def start(self) -> None: ...

    def collect(self, wall_ns: int) -> list[Event]:  # noqa: ARG002 the protocol's
        return []


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
    witnesses: Witnesses = field(default_factory=NoWitnesses)
    binding: Binding = field(default_factory=lambda: Binding(possible=lambda _: True))
    identity: LineIdentity = field(default_factory=NoIdentity)
    interface: Callable[[str], InterfaceFacts] = lambda _: NOTHING_TOLD
    tcp_pinger: Pinger | None = None
    """For anchors whose pings are filtered on the way; None where ``pinger`` itself connects, or nothing can."""
    file: FileCheck = field(default_factory=NoFileCheck)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the journal says of this run: program and method version, and the machine's description."""

    version: str
    method: str
    system: str
