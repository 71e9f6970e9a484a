"""What witnesses say: the Wi-Fi adapter, the counters of this machine and of the box, the box's own account.

A statement is chained in the journal as an event of kind ``witness`` (``to_event``, ``from_event``). Nothing here knows
how it was learnt. Rates are bits a second, times integer nanoseconds of wall-clock time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model import SECOND, Event, EventKind, Scalar


class WifiState(StrEnum):
    """What the Wi-Fi adapter is doing, as far as the system tells."""

    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    """There is an adapter, and it is in no network."""
    NO_ADAPTER = "no_adapter"
    REFUSED = "refused"
    """The system keeps it from us: nothing is known, not even whether there is a connection."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wifi:
    """The radio link at one moment.

    ``identity_refused``: connected, but the system hides SSID and BSSID (macOS and Windows without the right to the
    location). ``signal_dbm`` is below zero. ``retries`` and ``failed`` count frames since the association (on Windows
    since the adapter was started): only differences say something. None where the system does not tell.
    """

    state: WifiState
    interface: str = ""
    ssid: str | None = None
    bssid: str | None = None
    identity_refused: bool = False
    frequency_mhz: int | None = None
    channel: int | None = None
    signal_dbm: int | None = None
    rx_bps: int | None = None
    tx_bps: int | None = None
    retries: int | None = None
    failed: int | None = None
    connected_s: int | None = None

    @property
    def band_ghz(self) -> float | None:
        """2.4, 5 or 6 (IEEE 802.11: channels from 2,401, 5,150 and 5,925 MHz on); None where not known."""
        frequency = self.frequency_mhz
        if frequency is None:
            return None
        return 2.4 if frequency < 3000 else 5.0 if frequency < 5925 else 6.0


class Origin(StrEnum):
    """Whose traffic a counter counts."""

    MACHINE = "machine"
    """This machine's interface."""
    HOME = "home"
    """The whole home, at the box's outer side; this machine's included."""


@dataclass(frozen=True, slots=True)
class Step:
    """Mean rates over a stretch: ``down_bps`` towards the home."""

    duration_ns: int
    down_bps: int
    up_bps: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Traffic from ``start_ns`` on, in steps one after the other.

    ``errors`` and ``dropped`` count packets of both directions over the whole statement. Errors speak of the cable or
    the adapter; a system also drops what it has no use for, so that drops alone speak of nothing.
    """

    origin: Origin
    start_ns: int
    steps: tuple[Step, ...]
    errors: int = 0
    dropped: int = 0

    @property
    def end_ns(self) -> int:
        return self.start_ns + sum(step.duration_ns for step in self.steps)


@dataclass(frozen=True, slots=True)
class BoxAccount:
    """What the box says of its own line at one moment. ``adapter`` names how it was asked: ``upnp``, ``freebox`` …

    ``uptime_s`` is the connection's, ``boot_s`` the box's own time since it started. ``link_*_bps`` are the rates of
    the access link as the box states them: often nominal. ``network`` is the public address's prefix (/24 or /48),
    never the whole address. None where the box does not tell.
    """

    adapter: str
    wan_up: bool | None
    uptime_s: int | None = None
    boot_s: int | None = None
    network: str | None = None
    link_down_bps: int | None = None
    link_up_bps: int | None = None


Statement = Wifi | Traffic | BoxAccount

_PACKETS = ("errors", "dropped")


def to_event(statement: Statement, at_ns: int) -> Event:
    """The event that keeps a statement made at ``at_ns``."""
    data: dict[str, Scalar | list[str]]
    if isinstance(statement, Traffic):
        data = {
            "source": "traffic",
            "origin": str(statement.origin),
            "start_ns": statement.start_ns,
            "steps": [f"{s.duration_ns / SECOND:g} {s.down_bps} {s.up_bps}" for s in statement.steps],
        }
        data |= {name: count for name in _PACKETS if (count := getattr(statement, name))}
    else:
        source = "wifi" if isinstance(statement, Wifi) else "box"
        said = {name: getattr(statement, name) for name in statement.__slots__}
        data = {"source": source} | {k: v for k, v in said.items() if v is not None and v is not False}
        if isinstance(statement, BoxAccount) and statement.wan_up is False:
            data["wan_up"] = False
    return Event(EventKind.WITNESS, at_ns, data)


def from_event(event: Event) -> Statement | None:
    """The statement an event keeps; None for one that is not understood (a newer version's)."""
    try:
        return _READERS[str(event.data["source"])](event.data)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _traffic(data: Mapping[str, Scalar | list[str]]) -> Traffic:
    listed = data["steps"]
    if not isinstance(listed, list):
        raise ValueError("steps are no list")
    steps = []
    for text in listed:
        seconds, down, up = text.split()
        steps.append(Step(round(float(seconds) * SECOND), int(down), int(up)))
    packets = {name: _count(data.get(name)) for name in _PACKETS}
    return Traffic(Origin(str(data["origin"])), int(str(data["start_ns"])), tuple(steps), **packets)


def _count(said: object) -> int:
    """A count of packets; what is none is 0, and leaves the rest of the statement standing."""
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else 0


def _wifi(data: Mapping[str, Scalar | list[str]]) -> Wifi:
    said = {name: data[name] for name in Wifi.__slots__ if name in data}
    return Wifi(**(said | {"state": WifiState(str(data["state"]))}))  # type: ignore[arg-type]  # types are the writer's


def _box(data: Mapping[str, Scalar | list[str]]) -> BoxAccount:
    said = {name: data[name] for name in BoxAccount.__slots__ if name in data}
    return BoxAccount(**({"wan_up": None} | said))  # type: ignore[arg-type]  # types are the writer's


_READERS: Mapping[str, Callable[[Mapping[str, Scalar | list[str]]], Statement]] = {
    "traffic": _traffic,
    "wifi": _wifi,
    "box": _box,
}
