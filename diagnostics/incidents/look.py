"""One look of a few seconds: what was seen in it, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from diagnostics.incidents.surroundings import Tally
from diagnostics.model import Cause, Kind, Outcome, Protocol, Remark, Role, Sample
from diagnostics.witnesses import BoxAccount, Step, Wifi

LOSS_DEGRADED = 0.05
RESTARTED_S = 15 * 60
"""A box, or its connection, younger than this has just begun anew."""


@dataclass(frozen=True, slots=True)
class Layer:
    """``state`` is one of ``ok degraded failed unknown``; ``detail`` says why, as data."""

    name: str
    state: str
    detail: Remark


@dataclass(frozen=True, slots=True)
class Checkup:
    """``ok`` is True when nothing is wrong now. ``kind`` and ``cause`` are None then."""

    ok: bool
    kind: Kind | None
    cause: Cause | None
    confidence: float
    reasons: tuple[Remark, ...]
    counter_evidence: tuple[Remark, ...]
    advice: tuple[Remark, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """What an earlier recording knows. ``known`` is False where there is none.

    Do the box, the first hop, and the far ends of tunnels (by target id) usually answer? ``usual_ns`` are usual times
    by target id. ``most_home`` and ``most_machine`` hold the most ever carried each way, by the box's counters and by
    this machine's.
    """

    gateway: bool = False
    hop: bool = False
    known: bool = False
    tunnels: frozenset[str] = frozenset()
    usual_ns: Mapping[str, int] = field(default_factory=dict)
    most_home: Step | None = None
    most_machine: Step | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """The interface and the default route, at the end of the look. ``wifi`` is None where no adapter was asked.

    ``speed_bps``, ``duplex`` (``full`` or ``half``) and ``mtu`` are the interface's, None where the system does not
    tell.
    """

    interface: str
    gateway: str
    carrier: bool | None
    medium: str = ""
    wifi: Wifi | None = None
    speed_bps: int | None = None
    duplex: str | None = None
    mtu: int | None = None

    @property
    def by_wifi(self) -> bool:
        return self.medium == "wifi"

    def weak(self, weak_dbm: float) -> bool:
        """True when the signal is so weak that packets are lost."""
        signal = self.wifi.signal_dbm if self.wifi is not None else None
        return signal is not None and signal <= weak_dbm


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that was seen. ``box`` is the box's own account, None where none answered.

    ``cable_tried``: the same was looked at by cable within the last hour. ``tunnel`` names the one that all went
    through; nothing is known of the line then. ``tunnels`` are all that are up, ``full_tunnel`` the one that this
    computer's programs go through. ``machine`` and ``home`` are what was carried meanwhile, by this machine's counters
    and by the box's. ``recording``: a recorder runs.
    """

    samples: tuple[Sample, ...]
    link: Link
    habits: Habits = Habits()
    box: BoxAccount | None = None
    cable_tried: bool = False
    tunnel: str = ""
    tunnels: tuple[str, ...] = ()
    full_tunnel: str = ""
    machine: Step | None = None
    home: Step | None = None
    recording: bool = False

    def of(self, *roles: Role) -> list[Sample]:
        return [sample for sample in self.samples if sample.target.role in roles]

    def tally(self, role: Role) -> Tally:
        return tally(self.of(role))

    @property
    def anchors(self) -> list[Sample]:
        """Samples of the anchors that answered at all; of all of them when none did."""
        anchors = self.of(Role.ANCHOR)
        alive = {s.target.id for s in anchors if s.outcome.answered}
        return [s for s in anchors if s.target.id in alive] if alive else anchors

    @property
    def resolver_lies(self) -> bool:
        """The system's resolver gives wrong answers, and one that was asked directly good ones."""
        lies = any(s.outcome is Outcome.PORTAL for s in self.of(Role.SYSTEM_RESOLVER))
        return lies and any(s.outcome is Outcome.OK for s in self.of(Role.RESOLVER))

    @property
    def box_restarted(self) -> bool:
        return self.box is not None and _young(self.box.boot_s)

    @property
    def line_restarted(self) -> bool:
        return self.box is not None and _young(self.box.uptime_s)


def _young(age_s: int | None) -> bool:
    return age_s is not None and age_s < RESTARTED_S


def minutes_of(age_s: int | None) -> int:
    """Whole minutes, at least one."""
    return max(1, round((age_s or 0) / 60))


def family_of(sample: Sample) -> int:
    """Over which kind of address a sample went: 4, 6, or 0 where that is not known (a name, the system's resolver)."""
    target = sample.target
    if target.family:
        return target.family
    address = target.address
    try:
        host = urlsplit(address).hostname or "" if target.protocol is Protocol.HTTP else address
        return ip_address(host.partition("%")[0]).version
    except ValueError:
        return 0


def tally(samples: Sequence[Sample]) -> Tally:
    return Tally(len(samples), sum(not sample.outcome.answered for sample in samples))


def detail_of(sample: Sample) -> str:
    """What a check brought, as a word that the sentences know."""
    return sample.detail or sample.outcome.name.lower()


def median(values: list[int]) -> int | None:
    """The lower median; None of nothing."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


def median_ns(samples: Sequence[Sample]) -> int | None:
    """The median time of what was answered."""
    return median([s.rtt_ns for s in samples if s.outcome.answered and s.rtt_ns is not None])
