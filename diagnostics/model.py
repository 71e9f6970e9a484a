"""The facts that every room shares: what was tried, what came back, when, on which line.

Times are integers in nanoseconds. ``*_ns`` on the wall clock counts from the Unix epoch in UTC;
``mono_ns`` counts on the monotonic clock, whose zero means nothing and which stops during sleep on Linux.
All classes are immutable; none knows how it is measured, stored or shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
MINUTE = 60 * SECOND

Scalar = str | int | float | bool | None


class Role(StrEnum):
    """What a target stands for in the diagnosis."""

    GATEWAY = "gateway"
    FIRST_HOP = "first_hop"
    ANCHOR = "anchor"
    SYSTEM_RESOLVER = "system_resolver"
    RESOLVER = "resolver"
    WEB = "web"
    TCP_CHECK = "tcp_check"
    """An anchor's address tried by a TCP connection to port 443: the second kind of probe beside pings."""
    LARGE = "large"
    """A page of several full packets: small ones may pass where these hang (path MTU)."""
    VPN = "vpn"
    """Something tried through the tunnel, as ``interface>address``."""


class Protocol(StrEnum):
    """How a target is tried. ``tcp`` is a connection to port 443, where ICMP is not allowed."""

    ICMP = "icmp"
    TCP = "tcp"
    DNS = "dns"
    HTTP = "http"


class Outcome(IntEnum):
    """What became of one try. The numbers are part of the journal's format."""

    OK = 0
    LATE = 1
    """An answer came, but after the time limit."""
    LOST = 2
    """Nothing came back."""
    UNREACHABLE = 3
    """Somebody on the way said that the target cannot be reached (``Sample.detail`` names who and the code)."""
    SEND_ERROR = 4
    """This machine could not send (no route, no address, interface down): not a loss on the way."""
    REFUSED = 5
    """An answer came that says no: DNS SERVFAIL or REFUSED, TCP reset, HTTP error."""
    PORTAL = 6
    """Somebody else answered in the target's place: captive portal or changed DNS answer."""
    UNRESOLVED = 7
    """The web check's name could not be resolved: the web server itself was not tried."""

    @property
    def answered(self) -> bool:
        """True when the way to the target and back was proved to work, in time or late."""
        return self in (Outcome.OK, Outcome.LATE, Outcome.REFUSED)


class Flag(IntFlag):
    """Reserves on one sample. The numbers are part of the journal's format."""

    NONE = 0
    COARSE_CLOCK = 1
    """Wall and monotonic clock disagreed by more than 1 ms while waiting: timed by the program, not by the kernel."""
    EXTRA = 2
    """Not on the schedule: sent because another probe had just missed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a probe aims at.

    ``family`` is 4, 6, or 0 where the system chooses. ``network`` names whose network the address is on,
    so that "several anchors" can be told from "several addresses of one company".
    """

    role: Role
    protocol: Protocol
    address: str
    family: int = 0
    network: str = ""
    id: str = field(init=False, compare=False, repr=False)
    """A stable name, unique within a journal: ``anchor/icmp/192.0.2.1``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.role}/{self.protocol}/{self.address}")


@dataclass(frozen=True, slots=True)
class Sample:
    """One try and its outcome.

    ``rtt_ns`` is the time to the answer (None when there was none). ``detail`` is empty in the usual case; else it
    says what the outcome alone does not: an errno's name, who refused, the redirect's address, the DNS code.
    """

    target: Target
    sent_ns: int
    mono_ns: int
    outcome: Outcome
    rtt_ns: int | None = None
    detail: str = ""
    flags: Flag = Flag.NONE

    @property
    def extra(self) -> bool:
        """True for a try that was not on the schedule: it measures no share of anything."""
        return self.flags is not Flag.NONE and Flag.EXTRA in self.flags


def quantise_time(ns: int) -> int:
    """Round a point in time to the journal's grid of 0.1 ms."""
    return (ns + 50_000) // 100_000 * 100_000


def quantise_rtt(ns: int) -> int:
    """Round a round-trip time to the journal's grid: 10 µs below 10 ms, 0.1 ms from there on."""
    step = 10_000 if ns < 10 * MILLISECOND else 100_000
    return (ns + step // 2) // step * step


@dataclass(frozen=True, slots=True)
class Line:
    """One subscriber's access as seen from here.

    ``home`` is None until the person says whether this is the line at home (True) or another one (False).
    """

    id: str
    gateway: str
    gateway_mac: str
    interface: str
    name: str = ""
    home: bool | None = None
    operator: str | None = None
    network: str = ""
    """The public address's network, a /24 or /48; empty when not known."""
    ssid: str = ""
    """The Wi-Fi network's name; empty when not known, or by cable."""


NO_LINE = Line(id="", gateway="", gateway_mac="", interface="")
"""Stands for "no network has been recognised yet"."""


def line_id(gateway_mac: str, interface: str) -> str:
    """The identity of a line: twelve hex digits drawn from the gateway's MAC address and the interface."""
    return hashlib.sha256(f"{gateway_mac.lower()}|{interface}".encode()).hexdigest()[:12]


class EventKind(StrEnum):
    """What the journal records beside samples. Each event is a link of the chain."""

    STARTED = "started"
    STOPPED = "stopped"
    RECOVERED = "recovered"
    """The last run ended without a clean stop; its unsealed samples were sealed by the next run."""
    CONFIGURATION = "configuration"
    TARGETS = "targets"
    LINE = "line"
    """The line in use changed, or there is none any more."""
    LINE_NAMED = "line_named"
    LINE_HOME = "line_home"
    LINK = "link"
    """State of the interface and of the default route, at each change."""
    CLOCK_STEP = "clock_step"
    CLOCK_STATE = "clock_state"
    WITNESS = "witness"
    """What something other than a probe says: see ``diagnostics.witnesses``."""
    GAP = "gap"
    """Not observed: from ``start_ns`` to the event's time, for ``reason``."""
    EXCLUSION = "exclusion"
    SPEED = "speed"
    """One speed measurement: see ``diagnostics.throughput.record``."""
    SPEED_HELD = "speed_held"
    """A measurement that was due and was not made: why, and when it is tried again."""
    SPEED_CHOICE = "speed_choice"
    """Which provider the person chose, after reading who sees what; how often and how much it may measure."""
    CAMPAIGN = "campaign"
    """A campaign was started or stopped."""
    SEAL = "seal"
    """The chain up to here was signed with the machine's key: see ``diagnostics.journal.seals``."""
    HEAD_LOST = "head_lost"
    """At its start the recorder found the journal shorter than it had been when it was last signed."""
    UNSIGNED = "unsigned"
    """At its start the recorder found records that no signature covers: see ``diagnostics.journal.unsigned``."""
    RETENTION = "retention"
    """The samples of old days were removed; their figures and digests stay."""
    STAMP = "stamp"
    """An outside time stamp (RFC 3161) of a seal."""
    STAMP_CHOICE = "stamp_choice"
    """Which time-stamp server the person agreed to, or that it was taken back."""
    SECOND_WITNESS = "second_witness"
    """Another machine's evidence package was taken in."""
    INTEGRITY = "integrity"
    """What the check of the file at the recorder's start found."""


class GapReason(StrEnum):
    """Why a time was not observed."""

    ASLEEP = "asleep"
    STOPPED = "stopped"
    CRASHED = "crashed"
    STALLED = "stalled"
    DISK_FULL = "disk_full"
    OTHER_LINE = "other_line"
    CLOCK_STEPPED = "clock_stepped"
    """The wall clock jumped over this time: nothing was missed, the hours do not exist."""
    NOT_STARTED = "not_started"
    DAMAGED = "damaged"
    """Samples were taken, and cannot be read any more."""
    REMOVED = "removed"
    """Samples were taken, and removed by age as the person asked; their figures stay."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the recording itself. ``data`` holds JSON scalars, or lists of strings."""

    kind: EventKind
    at_ns: int
    data: Mapping[str, Scalar | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of wall-clock time, start included, end not."""

    start_ns: int
    end_ns: int

    @property
    def duration_s(self) -> float:
        return (self.end_ns - self.start_ns) / SECOND

    def clip(self, other: Span) -> Span | None:
        """The part of this span within the other, or None."""
        start, end = max(self.start_ns, other.start_ns), min(self.end_ns, other.end_ns)
        return Span(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Gap:
    """A time that was not observed, and why."""

    span: Span
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A period that the person takes out of the count, with the reason; it stays printed."""

    span: Span
    reason: str
    declared_ns: int


class Kind(StrEnum):
    """What was wrong."""

    OUTAGE = "outage"
    LOSS = "loss"
    LATENCY = "latency"
    SLOW = "slow"
    DNS = "dns"
    WIFI = "wifi"
    PARTIAL = "partial"


class Cause(StrEnum):
    """Whose fault it was."""

    WIFI = "wifi"
    LAN = "lan"
    BOX = "box"
    ACCESS = "access"
    ISP_CORE = "isp_core"
    DNS = "dns"
    REMOTE = "remote"
    VPN = "vpn"
    OWN_TRAFFIC = "own_traffic"
    CAPTIVE_PORTAL = "captive_portal"
    IPV6 = "ipv6"
    MTU = "mtu"
    LOCAL_MACHINE = "local_machine"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Remark:
    """One argument for or against a verdict, as data: a code and its figures.

    The words, in the reader's language, are found by ``jalerte_desktop.words.remarks``.
    """

    code: str
    values: tuple[tuple[str, Scalar], ...] = ()

    @classmethod
    def of(cls, code: str, **values: Scalar) -> Remark:
        return cls(code, tuple(values.items()))

    def __getitem__(self, name: str) -> Scalar:
        return dict(self.values)[name]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cause argued both ways. ``confidence`` lies between 0 and 1."""

    cause: Cause
    confidence: float
    reasons: tuple[Remark, ...] = ()
    counter_evidence: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """A period where something was wrong on one line, and the verdict on it.

    ``span.end_ns`` is the last moment it was seen to last when ``ongoing``. ``duration_s`` is taken on the
    monotonic clock. ``span`` never overlaps a gap.
    """

    id: str
    kind: Kind
    line: Line
    span: Span
    ongoing: bool
    duration_s: float
    verdict: Verdict
    excluded: str | None = None


def incident_id(line: Line, kind: Kind, start_ns: int) -> str:
    """The same samples give the same id: twelve hex digits from line, kind and start."""
    return hashlib.sha256(f"{line.id}|{kind}|{start_ns}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a period was observed. ``ratio`` is observed time over the whole, 0 for an empty period."""

    span: Span
    observed_s: float
    gaps: tuple[Gap, ...]

    @property
    def not_observed_s(self) -> float:
        return sum(gap.span.duration_s for gap in self.gaps)

    @property
    def ratio(self) -> float:
        return self.observed_s / self.span.duration_s if self.span.end_ns > self.span.start_ns else 0.0


class Problem(Exception):
    """Something the person can mend. The message is one line: what is wrong, and the mend.

    ``code`` and ``values`` let the upper floors say it in the reader's language; ``exit_code`` is the
    command line's (1 failed, 2 bad input, 3 this machine cannot).
    """

    exit_code = 1

    def __init__(self, code: str, **values: Scalar) -> None:
        self.remark = Remark.of(code, **values)
        super().__init__(code + "".join(f" {key}={value!r}" for key, value in values.items()))


class BadInput(Problem):
    exit_code = 2


class MachineCannot(Problem):
    exit_code = 3
