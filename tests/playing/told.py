"""What others than probes say in a scenario: the system of its routes, the adapter, the counters, the box."""

from __future__ import annotations

import random
from dataclasses import replace

from diagnostics.links.route import RouteState
from diagnostics.witnesses import BoxAccount, Origin, Wifi, WifiState
from tests.playing import sites
from tests.playing.sites import Site
from tests.playing.world import CABLE_ROUTE_S, Now, World

_LOOKS = 10


class Told:
    """Statements about the world at a moment of true time."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = random.Random(f"{world.scenario.name} {seed} told")
        self._counted: dict[Origin, tuple[float, int, int]] = {}

    def site(self, at_s: float) -> Site | None:
        """The network that the machine is in; None on the way."""
        return self._world.now(at_s).site

    def route(self, at_s: float) -> RouteState:
        now = self._world.now(at_s)
        if now.site is None or now.find("interface-down"):
            return RouteState(carrier=False)
        site = now.site
        cable = now.find("cable-out")
        if cable is not None and at_s >= cable.at_s + CABLE_ROUTE_S:
            return RouteState(carrier=False)
        restart = now.find("box-restart")
        box_off = restart is not None and at_s < restart.at_s + restart.silent
        gateway6 = "fe80::1" if self._world.network.ipv6 and site is self._world.home else ""
        state = RouteState(
            site.interface,
            site.gateway,
            site.gateway_mac,
            gateway6,
            not (cable is not None or box_off),
            site.medium,
        )
        return self._with_tunnel(now, state)

    @staticmethod
    def _with_tunnel(now: Now, state: RouteState) -> RouteState:
        vpn = now.find("vpn")
        if vpn is None:
            return state
        tunnel = sites.TUNNEL if vpn.mode == "full" else ""
        return replace(state, tunnel=tunnel, tunnels=(sites.TUNNEL,), peers=(f"{sites.TUNNEL}>{sites.PEER}",))

    def traffic(self, origin: Origin, from_s: float, to_s: float) -> tuple[int, int]:
        """Mean rates (bits a second, towards the home and out) between two moments."""
        network = self._world.network
        down, up = self._rng.uniform(10e3, 60e3), self._rng.uniform(5e3, 20e3)
        if origin is Origin.HOME:
            down, up = down + self._rng.uniform(50e3, 600e3), up + self._rng.uniform(10e3, 80e3)
        carried = self._share_carried(origin, from_s, to_s)
        down, up = down * carried, up * max(carried, 0.1)
        for fault in self._world.scenario.faults:
            share = min(to_s, fault.end_s) - max(from_s, fault.at_s)
            whose, _, way = fault.what.partition("-")
            if share <= 0 or way not in ("upload", "download"):
                continue
            if whose == "home" and origin is Origin.MACHINE:
                continue
            busy = share / (to_s - from_s) * self._rng.uniform(0.9, 0.97) * carried
            if way == "upload":
                up, down = up + busy * network.up_mbit * 1e6, down + busy * network.up_mbit * 2e4
            else:
                down, up = down + busy * network.down_mbit * 1e6, up + busy * network.down_mbit * 2e4
        return round(down), round(up)

    def carried(self, origin: Origin, at_s: float) -> tuple[int, int]:
        """What a byte counter shows: bytes towards the home and out. To be asked in the order of time."""
        then_s, down, up = self._counted.get(origin, (at_s, 1_000_000, 1_000_000))
        if at_s > then_s:
            down_bps, up_bps = self.traffic(origin, then_s, at_s)
            down += round(down_bps * (at_s - then_s) / 8)
            up += round(up_bps * (at_s - then_s) / 8)
        self._counted[origin] = (at_s, down, up)
        return down, up

    def _share_carried(self, origin: Origin, from_s: float, to_s: float) -> float:
        """The share of a stretch in which anything could come through: a line that is cut carries nothing."""
        machine = origin is Origin.MACHINE
        moments = [from_s + (to_s - from_s) * (n + 0.5) / _LOOKS for n in range(_LOOKS)]
        return sum(self._world.carries(at_s, machine=machine) for at_s in moments) / _LOOKS

    def wifi(self, at_s: float) -> Wifi | None:
        """The radio link; None where the way out is a cable."""
        now = self._world.now(at_s)
        if now.site is None:
            away = self._world.home.medium == "wifi" or bool(self._world.scenario.of_kind("elsewhere"))
            return Wifi(WifiState.NOT_CONNECTED, "wlan0") if away else None
        if now.site.medium != "wifi":
            return None
        weak = now.find("lan-loss")
        signal = (
            -54 + self._rng.randint(-2, 2)
            if weak is None
            else -84 - round(10 * weak.share) + self._rng.randint(-2, 2)
        )
        rate = 433_000_000 if weak is None else 6_500_000
        return Wifi(
            WifiState.CONNECTED,
            now.site.interface,
            now.site.ssid,
            now.site.gateway_mac,
            frequency_mhz=5180,
            channel=36,
            signal_dbm=signal,
            rx_bps=rate,
            tx_bps=rate,
            retries=round(at_s * (2 if weak is None else 60)),
            failed=0 if weak is None else round((at_s - weak.at_s) * 3),
        )

    def box(self, at_s: float) -> BoxAccount | None:
        """The box's account; None when it cannot be asked."""
        now = self._world.now(at_s)
        if now.site is not self._world.home or not self._world.network.igd:
            return None
        if now.find("cable-out", "interface-down"):
            return None
        began = -864_000.0
        up = True
        for fault in self._world.scenario.faults:
            if fault.what == "box-restart" and fault.at_s <= at_s:
                if at_s < fault.at_s + fault.silent:
                    return None
                began, up = fault.end_s, at_s >= fault.end_s
            elif fault.what in ("access-cut", "flapping") and fault.noticed and fault.at_s + 2 <= at_s:
                began, up = fault.end_s, at_s >= fault.end_s
        return BoxAccount(
            "upnp",
            up,
            round(at_s - began) if up else 0,
            None,
            "198.51.100.0/24" if up else None,
            round(self._world.network.down_mbit * 1e6),
            round(self._world.network.up_mbit * 1e6),
        )
