"""The facts of a speed measurement: what was moved, how the delays held up, and under which circumstances.

Rates are payload bits a second, sizes payload bytes, unless a name says otherwise. Times are integer nanoseconds as in
``diagnostics.model``. None stands for "not known" or "not measured", never for zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from diagnostics.model import MILLISECOND, SECOND, Problem, Remark
from diagnostics.witnesses import Wifi

CURVE_NS = 100 * MILLISECOND
"""The step of ``Flow.curve``."""


class Direction(StrEnum):
    DOWN = "down"
    """Towards the home."""
    UP = "up"


class Counted(StrEnum):
    """How the bytes of a flow were counted: part of each figure's method."""

    RECEIVED = "received"
    """As the program received them."""
    ACKNOWLEDGED = "acknowledged"
    """As the far end's TCP acknowledged them (TCP_INFO, ``tcpi_bytes_acked``)."""
    SERVER = "server"
    """As the server said that it received them."""
    SENT = "sent"
    """As the system took them from the program: some lay in its buffers, most of them since the start that is cut."""
    REPORTED = "reported"
    """Another program's figure, taken over."""


class Ended(StrEnum):
    """Why a flow came to its end."""

    STEADY = "steady"
    """The rate was known well enough: nothing more to be learnt from more bytes."""
    TIME = "time"
    """The longest time for one direction was over, and the rate had not settled."""
    CAP = "cap"
    """The data limit was reached."""
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of one measurement.

    ``bps`` is None when nothing was measured. It is the mean over the counted window: from ``ramp_ns`` after
    ``start_mono_ns`` to ``duration_ns`` after it. ``bytes`` counts all that was moved, the discarded start included.
    ``curve`` holds the payload bytes of each ``CURVE_NS`` from ``start_mono_ns`` on; the last step may be shorter.
    ``resent`` counts segments that TCP sent again (upload, where the system tells). ``engine_share`` is the share of
    one processor that the busiest thread of the engine used, 0–1. ``error`` is how sure ``bps`` is,
    as a share of it: see ``meter``.
    """

    direction: Direction
    bps: int | None
    counted: Counted
    bytes: int
    start_mono_ns: int
    duration_ns: int
    ramp_ns: int
    ended: Ended
    streams: int = 1
    error: float | None = None
    curve: tuple[int, ...] = ()
    resent: int | None = None
    engine_share: float | None = None
    failure: Remark | None = None
    """What went wrong, a problem's code and values: with all of it (FAILED), or with some connections."""

    @property
    def counted_from_mono_ns(self) -> int:
        return self.start_mono_ns + self.ramp_ns

    @property
    def end_mono_ns(self) -> int:
        return self.start_mono_ns + self.duration_ns


class DelayMethod(StrEnum):
    ICMP = "icmp"
    TCP = "tcp"
    """The time of a TCP handshake with the server's own port."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Round trips to the server during one phase. Times in milliseconds; None where nothing answered.

    ``rpm``: round trips a minute after draft-ietf-ippm-responsiveness, from probes on connections of their own
    (HTTP/1.1 has no probes within a loaded connection); None where it was not measured.
    """

    method: DelayMethod
    sent: int
    lost: int
    min_ms: float | None = None
    median_ms: float | None = None
    p95_ms: float | None = None
    rpm: int | None = None


@dataclass(frozen=True, slots=True)
class Medium:
    """What the machine hangs on. ``kind``: ``ethernet wifi vpn other`` or empty, as ``RouteState.medium``.

    ``speed_bps`` is the cable's negotiated rate. ``wifi`` is the radio link as it was when the measurement began.
    """

    kind: str = ""
    interface: str = ""
    speed_bps: int | None = None
    duplex: str | None = None
    wifi: Wifi | None = None


@dataclass(frozen=True, slots=True)
class OtherTraffic:
    """What else moved during the counted window of one flow, in that flow's direction, in bits a second.

    ``machine_bps``: other programs on this machine (interface counters less the measurement's own). ``home_bps``: other
    devices at home (the box's counters less this machine's). ``reverse_*``: the same against the flow's direction, less
    its acknowledgements: an upload that fills the line slows a download. None where the counters do not tell.
    """

    machine_bps: int | None = None
    home_bps: int | None = None
    reverse_machine_bps: int | None = None
    reverse_home_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that decides whether a result may speak for the line.

    ``cpu_share`` is the busiest share of all processors during the flows, 0–1. ``tunnel`` names a VPN that drew the
    traffic, and ``beside_tunnel`` says that the measurement went by the physical interface all the same. ``line_id`` is
    empty where no line was recognised, ``line_home`` as in ``Line.home``. ``at_home``: the server is in the home's own
    network. ``clock_synchronised`` and ``clock_error_ms`` as in ``ClockState``. ``metered`` is None where unknown.
    """

    medium: Medium = field(default_factory=Medium)
    down: OtherTraffic = field(default_factory=OtherTraffic)
    up: OtherTraffic = field(default_factory=OtherTraffic)
    cpu_share: float | None = None
    tunnel: str = ""
    beside_tunnel: bool = False
    line_id: str = ""
    line_home: bool | None = None
    at_home: bool = False
    loopback: bool = False
    clock_synchronised: bool | None = None
    clock_error_ms: float | None = None
    metered: bool | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """Somebody to measure against. ``url`` as the provider writes it; ``distance_ms`` is the round trip unloaded."""

    url: str
    name: str = ""
    distance_ms: float | None = None
    address: str = ""
    family: int = 0


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """One measurement, kept whatever its worth.

    ``indicative``: it may not speak for the line; ``notes`` say why, and what else has to be known of it. ``bytes`` is
    what it cost in all. ``campaign`` is the id of the campaign it belongs to, or empty; ``scheduled`` when nobody
    pressed a button for it. ``cancelled`` when it was broken off: what it holds was measured until then.
    """

    id: str
    at_ns: int
    provider: str
    server: Server
    down: Flow | None
    up: Flow | None
    idle: Delays | None
    loaded_down: Delays | None
    loaded_up: Delays | None
    circumstances: Circumstances
    bytes: int
    indicative: bool
    notes: tuple[Remark, ...] = ()
    campaign: str = ""
    scheduled: bool = False
    cancelled: bool = False
    version: str = ""
    """The engine's rules: ``resources/speed.toml``'s version."""
    duration_ns: int = 0
    """From ``at_ns`` until nothing was sent any more."""

    def flow(self, direction: Direction) -> Flow | None:
        return self.down if direction is Direction.DOWN else self.up

    def loaded(self, direction: Direction) -> Delays | None:
        return self.loaded_down if direction is Direction.DOWN else self.loaded_up

    @property
    def grade(self) -> str | None:
        """The worse of both directions' bufferbloat grades, A+ to F; None where it was not measured."""
        grades = [
            grade(self.idle.median_ms, loaded.median_ms)
            for loaded in (self.loaded_down, self.loaded_up)
            if self.idle is not None
            and self.idle.median_ms is not None
            and loaded is not None
            and loaded.median_ms is not None
        ]
        return max(grades, key=GRADES.index) if grades else None


GRADES = ("A+", "A", "B", "C", "D", "F")
_GRADE_LIMITS_MS = (5, 30, 60, 200, 400)


def grade(idle_ms: float, loaded_ms: float) -> str:
    """How much a full line delays, as a letter: under 5 ms more A+, 30 A, 60 B, 200 C, 400 D, else F.

    The limits are those in common use since DSLReports' speed test.
    """
    more = loaded_ms - idle_ms
    return next(
        (letter for letter, limit in zip(GRADES, _GRADE_LIMITS_MS, strict=False) if more < limit), "F"
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How a measurement leaves the machine: by ``interface`` (empty: as the system does), over IPv4 (4), IPv6 (6) or
    what the server's name gives first (0).
    """

    interface: str = ""
    family: int = 0


@dataclass(frozen=True, slots=True)
class FlowOrder:
    """What one direction may take at most, and how. ``most_bytes`` None: no limit but the time."""

    direction: Direction
    way: Way
    streams: int = 4
    most_ns: int = 10 * SECOND
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Said while a flow runs: payload bytes so far, and the rate of late."""

    direction: Direction
    mono_ns: int
    bytes: int
    bps: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is reached: a name or an address, a port, whether under TLS, and an address once resolved."""

    host: str
    port: int
    tls: bool = False
    address: str = ""
    path: str = ""
    """A small page to fetch for responsiveness; empty where there is none."""


class SpeedFailed(Problem):
    """A measurement, or one server's part in it, failed; the code says how, in ``words/errors_speed.py``."""
