"""One look of a few seconds: what was seen in it, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.incidents.surroundings import Tally
from diagnostics.incidents.testimony import Heard
from diagnostics.model import Cause, Remark, Role, Sample
from diagnostics.witnesses import BoxAccount, Wifi, WifiState

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
    """``ok`` is True when nothing is wrong now. ``cause`` is None then."""

    ok: bool
    cause: Cause | None
    confidence: float
    reasons: tuple[Remark, ...]
    counter_evidence: tuple[Remark, ...]
    advice: tuple[Remark, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """What an earlier recording knows: does the box usually answer, and the first hop?"""

    gateway: bool = False
    hop: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """The interface and the default route, at the end of the look. ``wifi`` is None where no adapter was asked."""

    interface: str
    gateway: str
    carrier: bool | None
    medium: str = ""
    wifi: Wifi | None = None

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
    through; nothing is known of the line then.
    """

    samples: tuple[Sample, ...]
    link: Link
    habits: Habits = Habits()
    box: BoxAccount | None = None
    cable_tried: bool = False
    tunnel: str = ""

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

    def family(self, six: bool) -> Tally:
        """The anchors reached over IPv6, or over IPv4."""
        return tally([s for s in self.of(Role.ANCHOR) if (":" in s.target.address) is six])

    @property
    def heard(self) -> Heard:
        """What adapter and box say, as the ladder takes it."""
        wan = self.box.wan_up if self.box is not None else None
        wifi = self.link.wifi
        return Heard(
            box_says_down=int(wan is False),
            box_says_up=int(wan is True),
            line_restarted=self.line_restarted,
            box_restarted=self.box_restarted,
            wifi=wifi,
            wifi_left=self.link.by_wifi and wifi is not None and wifi.state is WifiState.NOT_CONNECTED,
        )

    @property
    def box_restarted(self) -> bool:
        return self.box is not None and _young(self.box.boot_s)

    @property
    def line_restarted(self) -> bool:
        return self.box is not None and _young(self.box.uptime_s)


def _young(age_s: int | None) -> bool:
    return age_s is not None and age_s < RESTARTED_S


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
