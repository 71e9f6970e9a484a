"""The recorder's witnesses on a made-up world: the real watches and meters, looked after in turn and not by threads."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.box.counters import TrafficMeter
from diagnostics.box.reading import BoxReading
from diagnostics.clock import Reading
from diagnostics.links.counters import Counters
from diagnostics.links.route import RouteState
from diagnostics.model import SECOND, Event
from diagnostics.recorder.lines import gateway_of
from diagnostics.recorder.traffic import MachineMeter
from diagnostics.recorder.witnesses import BoxWatch, WifiWatch
from diagnostics.witnesses import Origin, Wifi, WifiState, to_event
from tests.playing.clock import PlayClock
from tests.playing.told import Told

BYTES_A_PACKET = 900


@dataclass
class _Radio:
    """Keeps to the WifiReader's interface."""

    clock: PlayClock
    told: Told

    def read(self, interface: str) -> Wifi:
        return self.told.wifi(self.clock.true_s) or Wifi(WifiState.NO_ADAPTER, interface)

    def close(self) -> None: ...


@dataclass
class _Box:
    """Keeps to the Box's interface: answers while it can be asked."""

    clock: PlayClock
    told: Told
    name: str = "upnp"

    def ask(self) -> BoxReading | None:
        at_s = self.clock.true_s
        account = self.told.box(at_s)
        if account is None:
            return None
        down, up = self.told.carried(Origin.HOME, at_s)
        return BoxReading(account, down, up, None, self.clock.read(), wide=True)


class PlayWitnesses:
    """Keeps to the recorder's Witnesses interface, and to the cadence of ``recorder.witnesses``."""

    def __init__(self, clock: PlayClock, told: Told) -> None:
        self._clock = clock
        self._told = told
        self._said: list[Event] = []
        self._meter = MachineMeter(self._counters)
        self._wifi = WifiWatch(clock, lambda: _Radio(clock, told), self._said.append)
        self._box = BoxWatch(clock, self._find, TrafficMeter, self._said.append)
        self._wifi_at = ("", 0)
        self._box_at: tuple[tuple[str, str], int] = (("", ""), 0)
        self._attending = self._stopped = False

    def _counters(self, interface: str) -> Counters:
        down, up = self._told.carried(Origin.MACHINE, self._clock.true_s)
        return Counters(len(interface), down, up, down // BYTES_A_PACKET, up // BYTES_A_PACKET)

    def _find(self, gateway: str, _interface: str) -> _Box | None:
        site = self._told.site(self._clock.true_s)
        there = (
            site is not None and site.gateway == gateway and self._told.box(self._clock.true_s) is not None
        )
        return _Box(self._clock, self._told) if there else None

    def start(self) -> None: ...

    def follow(self, route: RouteState) -> None:
        if not route.interface:
            return
        self._meter.follow(route.interface)
        radio = route.interface if route.medium == "wifi" else ""
        if radio != self._wifi_at[0]:
            self._wifi_at = (radio, 0)
        gateway = gateway_of(route)
        place = (gateway, route.interface if route.tunnel else "")
        if gateway and place != self._box_at[0]:
            self._box_at = (place, 0)

    def attend(self, active: bool) -> None:
        if active == self._attending:
            return
        self._attending = active
        self._wifi.attend(active)
        self._box.attend(active)
        if active:
            self._wifi_at, self._box_at = (self._wifi_at[0], 0), (self._box_at[0], 0)

    def collect(self, now: Reading) -> list[Event]:
        if not self._stopped:
            self._look(now.mono_ns)
        traffic = self._meter.rest(now) if self._stopped else self._meter.tick(now, self._attending)
        said = [*(to_event(one, one.end_ns) for one in traffic), *self._said]
        self._said.clear()
        return said

    def _look(self, mono_ns: int) -> None:
        radio, due_ns = self._wifi_at
        if radio and mono_ns >= due_ns:
            self._wifi_at = (radio, mono_ns + round(self._wifi.look(radio) * SECOND))
        place, due_ns = self._box_at
        if place[0] and mono_ns >= due_ns:
            self._box_at = (place, mono_ns + round(self._box.look(place) * SECOND))

    def stop(self) -> None:
        self._stopped = True
        self._box.end()
