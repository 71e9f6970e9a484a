"""What becomes of each probe in a scenario: seeded chance on a chain of machine, home network, box, access and core."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass, replace

from diagnostics.model import Outcome, Protocol, Role, Target
from tests.playing import sites
from tests.playing.faults import Fault
from tests.playing.scenario import Scenario
from tests.playing.sites import Site

WAKE_S = 3.0
"""After sleep, or on the way to another network, there is no network for so long."""
CABLE_ROUTE_S = 4.0
"""After so long without carrier the system takes the default route away."""
SPIKE_MS = 200.0
PING_LIMIT_S = 1.0
LATEST_S = 10.0
_RESENT_TCP_S = (0.0, 1.0, 3.0)
_RESENT_DATA_S = (0.0, 0.25, 0.75, 1.75)
_CACHED_S = 300.0
"""How long the box keeps a name."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What comes of one try: its outcome, the round trip in ms, and after how many ms an error is told."""

    outcome: Outcome
    ms: float = 0.0
    detail: str = ""


LOST = Fate(Outcome.LOST)
_UNSENT = Fate(Outcome.SEND_ERROR, detail="ENETUNREACH")


@dataclass(frozen=True, slots=True)
class Now:
    """What is true of the line in a stretch in which nothing changes."""

    site: Site | None
    """None: in no network."""
    faults: tuple[Fault, ...]
    """Those that are felt here."""

    def find(self, *whats: str) -> Fault | None:
        return next((fault for fault in self.faults if fault.what in whats), None)


class World:
    """One scenario with one seed. ``at_s`` is true time since the start, sleep included."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.network = scenario.network
        self._rng = random.Random(f"{scenario.name} {seed} world")
        self.home = _at_some_distance(sites.home(scenario.network), self._rng)
        self.noisy = True
        """Whether chance loses and delays packets as the network's ``noise`` and ``spikes`` say."""
        self._tokens: dict[str, tuple[float, float]] = {}
        self._cached_until_s: dict[str, float] = {}
        self._phase = self._rng.random() * math.tau
        turns = {0.0, *(at for fault in scenario.faults for at in fault.turns_s())}
        for fault in scenario.of_kind("asleep"):
            turns.add(fault.end_s + WAKE_S)
        for fault in scenario.of_kind("elsewhere"):
            turns |= {fault.at_s + WAKE_S, fault.end_s + WAKE_S}
        for fault in scenario.of_kind("cable-out"):
            turns.add(fault.at_s + CABLE_ROUTE_S)
        self.turns_s = sorted(at for at in turns if at < scenario.seconds)
        self._nows = [self._stretch(at) for at in self.turns_s]

    # --- what is true when -----------------------------------------------------------------------------------------

    def now(self, at_s: float) -> Now:
        return self._nows[max(bisect_right(self.turns_s, at_s) - 1, 0)]

    def _stretch(self, at_s: float) -> Now:
        site, here = self._site(at_s)
        felt = [f for f in self.scenario.faults if f.active(at_s) and f.elsewhere is (here != "home")]
        return Now(site, tuple(fault for fault in felt if fault.what != "elsewhere"))

    def _site(self, at_s: float) -> tuple[Site | None, str]:
        """Where the machine is, and the network it is in at that moment, if any."""
        site, here = self.home, "home"
        moved = [f.end_s for f in self.scenario.of_kind("asleep")]
        for fault in self.scenario.of_kind("elsewhere"):
            moved += [fault.at_s, fault.end_s]
            if fault.active(at_s):
                site, here = sites.elsewhere(fault.to), fault.to
        on_the_way = any(at <= at_s < at + WAKE_S for at in moved)
        return (None if on_the_way else site), here

    def carries(self, at_s: float, *, machine: bool) -> bool:
        """Whether anything at all comes through the line; for the ``machine``, whether its own link holds too."""
        now = self.now(at_s)
        if machine and (now.site is None or now.find("cable-out", "interface-down")):
            return False
        return now.find("box-restart", "core-cut") is None and not self._cut(now, at_s)

    # --- packets ---------------------------------------------------------------------------------------------------

    def ping(self, target: Target, at_s: float) -> Fate:
        """An ICMP echo, or a connection to port 443 where the target's protocol is TCP: one packet, not sent again."""
        now = self.now(at_s)
        if target.role is Role.VPN:
            return self._packet(now, target, at_s)
        fate = self._packet(now, target, at_s)
        if fate.outcome is not Outcome.OK:
            return fate
        back_s = at_s + fate.ms / 1000
        later = self.now(back_s)
        if later is not now and self._lost(later, target, back_s) is not None:
            return LOST
        return fate

    def _packet(self, now: Now, target: Target, at_s: float) -> Fate:
        stopped = self._lost(now, target, at_s)
        if stopped is not None:
            return stopped
        if self._by_chance(now, target, at_s):
            return LOST
        return Fate(Outcome.OK, self._ms(now, target, at_s))

    def _lost(self, now: Now, target: Target, at_s: float) -> Fate | None:
        """Why the packet cannot come through; None when it can."""
        if now.site is None or now.find("interface-down"):
            return _UNSENT
        cable = now.find("cable-out")
        if cable is not None:
            gone = at_s >= cable.at_s + CABLE_ROUTE_S
            return _UNSENT if gone else LOST
        restart = now.find("box-restart")
        if restart is not None and at_s < restart.at_s + restart.silent:
            return LOST
        icmp = target.protocol is Protocol.ICMP
        if target.role is Role.GATEWAY:
            silent = icmp and self.network.box == "silent" and now.site is self.home
            return LOST if silent or self._limited(now, "box", target, at_s) else None
        if restart is not None or (now.find("box-hangs", "access-cut", "flapping") and self._cut(now, at_s)):
            return LOST
        if now.find(f"ipv{6 if _is6(target) else 4}-out"):
            return LOST
        if target.role is Role.FIRST_HOP:
            silent = icmp and self.network.hop == "silent" and now.site is self.home
            return LOST if silent or self._limited(now, "hop", target, at_s) else None
        if now.find("core-cut"):
            return LOST
        return self._at_anchor(now, target, at_s)

    def _cut(self, now: Now, at_s: float) -> bool:
        for fault in now.faults:
            if fault.what in ("box-hangs", "access-cut"):
                return True
            if fault.what == "flapping" and (at_s - fault.at_s + 1e-9) % fault.every < fault.off:
                return True
        return False

    def _at_anchor(self, now: Now, target: Target, at_s: float) -> Fate | None:
        assert now.site is not None
        if target.role is Role.VPN:
            return LOST if now.find("vpn-server-dead") else None
        number = sites.number_of(target.address)
        for fault in now.faults:
            if fault.what == "network-out" and number in fault.which:
                return Fate(Outcome.UNREACHABLE, now.site.hop_ms, f"{now.site.hop} net-unreachable")
            if fault.what == "anchor-dead" and number in fault.which:
                return LOST
        if number < 0:
            return None
        icmp = target.protocol is Protocol.ICMP
        if self.network.anchors_answer == ("tcp" if icmp else "icmp"):
            return LOST if icmp else Fate(Outcome.REFUSED, self._ms(now, target, at_s), "ECONNREFUSED")
        return LOST if self._limited(now, "anchor", target, at_s) else None

    def _limited(self, now: Now, where: str, target: Target, at_s: float) -> bool:
        """True when somebody who answers only so many pings a second has answered enough of them."""
        if target.protocol is not Protocol.ICMP:
            return False
        fault = next((f for f in now.faults if f.what == "rate-limit" and f.where == where), None)
        if fault is None or (where == "anchor" and sites.number_of(target.address) not in fault.which):
            return False
        tokens, then = self._tokens.get(target.address, (1.0, at_s))
        tokens = min(1.0, tokens + (at_s - then) * fault.per_s)
        # Others ping there as well: how many tokens they leave is chance.
        taken = tokens >= 1.0 - 1e-9 and self._rng.random() < 0.9
        self._tokens[target.address] = (tokens - 1.0 if taken else tokens, at_s)
        return not taken

    def _by_chance(self, now: Now, target: Target, at_s: float) -> bool:
        share = self.network.noise if self.noisy else 0.0
        for fault in now.faults:
            lossy = (
                fault.what == "lan-loss"
                or (fault.what == "access-loss" and target.role is not Role.GATEWAY)
                or (fault.what == "core-loss" and target.role not in (Role.GATEWAY, Role.FIRST_HOP))
            )
            if lossy:
                share = 1 - (1 - share) * (1 - fault.share)
        if target.role is not Role.GATEWAY:
            share = max(share, 0.06 * max(0.0, self._queue(now, at_s) - 0.5))
        return share > 0 and self._rng.random() < share

    def _ms(self, now: Now, target: Target, at_s: float) -> float:
        site = now.site
        assert site is not None
        beyond = target.role not in (Role.GATEWAY, Role.FIRST_HOP)
        usual = site.box_ms
        if target.role is not Role.GATEWAY:
            usual = site.core_ms if beyond else site.hop_ms
        if beyond:
            usual += 1.7 * max(sites.number_of(target.address), 0)
        ms = usual * self._rng.lognormvariate(0, site.jitter)
        if self.noisy and self.network.spikes and self._rng.random() < self.network.spikes:
            ms += SPIKE_MS
        for fault in now.faults:
            if (
                fault.what == "lan-delay"
                or (fault.what == "access-delay" and target.role is not Role.GATEWAY)
                or (fault.what == "core-delay" and beyond)
            ):
                ms += fault.ms
            elif fault.what == "lan-loss" and site.medium == "wifi":
                # A radio link that loses frames sends most of them again: what comes, comes late now and then.
                ms += self._rng.expovariate(1 / 8) * (1 + 4 * fault.share)
        if target.role is not Role.GATEWAY:
            ms += self.network.queue_ms * self._queue(now, at_s)
        return ms

    def _queue(self, now: Now, at_s: float) -> float:
        """How full the line's queue is, 0 to 1: it fills within a second, and breathes while it is kept full."""
        since = [
            at_s - fault.at_s
            for fault in now.faults
            if fault.what in ("own-upload", "own-download", "home-upload", "home-download")
        ]
        if not since or now.site is not self.home:
            return 0.0
        breath = 0.75 + 0.2 * math.sin(math.tau * at_s / 2.9 + self._phase) + self._rng.uniform(-0.05, 0.05)
        return min(1.0, max(since)) * breath

    # --- checks ----------------------------------------------------------------------------------------------------

    def system_dns(self, at_s: float, limit_s: float = 3.0) -> Fate:
        """The system's resolver: the box's, which asks the operator's."""
        now = self.now(at_s)
        if now.site is None or now.find("interface-down"):
            return _UNSENT
        if now.find("portal", "resolver-lies"):
            return self._answered_by_box(now, at_s)
        if now.find("resolver-dead") or (now.find("vpn-server-dead") and self._through_tunnel(now)):
            return LOST
        slow = now.find("resolver-slow")
        added = slow.ms if slow is not None else 0.0
        fate = self._packet(now, _UPSTREAM, at_s)
        if fate.outcome is not Outcome.OK or fate.ms + added > limit_s * 1000:
            return LOST
        return Fate(Outcome.OK, fate.ms + added + 2)

    def _answered_by_box(self, now: Now, at_s: float) -> Fate:
        if now.site is None:
            return _UNSENT
        box = Target(Role.GATEWAY, Protocol.DNS, now.site.gateway)
        fate = self._packet(now, box, at_s)
        if fate.outcome is not Outcome.OK:
            return fate
        return Fate(Outcome.PORTAL, fate.ms, f"one.example {now.site.gateway}")

    @staticmethod
    def _through_tunnel(now: Now) -> bool:
        return any(fault.what == "vpn" and fault.mode == "full" for fault in now.faults)

    def direct_dns(self, target: Target, at_s: float, limit_s: float = 2.0) -> Fate:
        """A resolver asked directly; asked again after a second. A portal answers in its place."""
        now = self.now(at_s)
        if now.find("portal"):
            return self._answered_by_box(now, at_s)
        return self._resent(target, at_s, (0.0, 1.0), limit_s)

    def tcp(self, target: Target, at_s: float, limit_s: float) -> Fate:
        """A connection, opened as the system does: tried again after one and three seconds."""
        return self._resent(target, at_s, _RESENT_TCP_S, limit_s)

    def web(self, target: Target, at_s: float, limit_s: float) -> Fate:
        """A small page: name, connection, answer. The name's look-up counts in the limit, not in the time."""
        found = self._connected(target.address, at_s, limit_s)
        if isinstance(found, Fate):
            if found.outcome is Outcome.PORTAL:
                return Fate(Outcome.PORTAL, found.ms, "302 http://login.example/")
            return found
        spent_s, ms = found
        answer = self._resent(_WEB, at_s + spent_s, _RESENT_DATA_S, limit_s - spent_s)
        if answer.outcome is not Outcome.OK:
            return Fate(answer.outcome, answer.ms, answer.detail or "no-answer")
        return Fate(Outcome.OK, ms + answer.ms)

    def large(self, target: Target, at_s: float, limit_s: float) -> Fate:
        """A page of several full packets, which may hang on a connection that stands."""
        found = self._connected(target.address, at_s, limit_s, connect_s=2.0)
        if isinstance(found, Fate):
            if found.outcome is Outcome.PORTAL:
                return Fate(Outcome.REFUSED, found.ms, "302")
            return Fate(found.outcome, found.ms, found.detail or "no-connection")
        spent_s, ms = found
        if self.now(at_s + spent_s).find("large-lost"):
            return Fate(Outcome.LOST, detail="large-hangs")
        for _ in range(4):
            answer = self._resent(_WEB, at_s + spent_s, _RESENT_DATA_S, limit_s - spent_s)
            if answer.outcome is not Outcome.OK:
                return Fate(answer.outcome, answer.ms, answer.detail or "large-hangs")
            spent_s, ms = spent_s + answer.ms / 1000, ms + answer.ms
        return Fate(Outcome.OK, ms)

    def _connected(
        self, name: str, at_s: float, limit_s: float, connect_s: float | None = None
    ) -> tuple[float, float] | Fate:
        """Seconds spent until a page's connection stood, and its round trip in ms; or what came in its place."""
        now = self.now(at_s)
        if now.site is None or now.find("interface-down"):
            return Fate(Outcome.UNRESOLVED, detail="EAI_AGAIN")
        name_s = self._look_up(now, name, at_s)
        if name_s is None or name_s >= limit_s:
            return Fate(Outcome.UNRESOLVED, detail="timeout")
        left_s = min(limit_s - name_s, connect_s or limit_s)
        if now.find("resolver-lies"):
            return Fate(Outcome.REFUSED, 2.0, "ECONNREFUSED")
        connected = self._resent(_BOX if now.find("portal") else _WEB, at_s + name_s, _RESENT_TCP_S, left_s)
        if connected.outcome is not Outcome.OK:
            return connected
        if now.find("portal"):
            return Fate(Outcome.PORTAL, 2 * connected.ms)
        return name_s + connected.ms / 1000, connected.ms

    def _look_up(self, now: Now, name: str, at_s: float) -> float | None:
        """Seconds until the name is known, from the box's memory if need be; None when it cannot be."""
        troubled = now.find("resolver-dead", "resolver-slow", "resolver-lies", "portal")
        if troubled is None and at_s < self._cached_until_s.get(name, -1.0):
            return 0.001
        fate = self.system_dns(at_s, 10.0)
        if fate.outcome not in (Outcome.OK, Outcome.PORTAL):
            return None
        if fate.outcome is Outcome.OK:
            self._cached_until_s[name] = at_s + _CACHED_S
        return fate.ms / 1000

    def _resent(self, target: Target, at_s: float, after_s: tuple[float, ...], limit_s: float) -> Fate:
        """A packet sent again and again until an answer comes or the time is over; the time counts from the first."""
        fate = LOST
        for wait_s in after_s:
            if wait_s >= limit_s:
                break
            fate = self.ping(target, at_s + wait_s)
            if fate.outcome.answered:
                ms = fate.ms + wait_s * 1000
                return Fate(fate.outcome, ms, fate.detail) if ms <= limit_s * 1000 else LOST
            if fate.outcome is not Outcome.LOST:
                return fate
        return fate


def _at_some_distance(site: Site, rng: random.Random) -> Site:
    """Lines differ: near and far, calm and restless."""
    hop_ms = site.hop_ms * rng.uniform(0.4, 3.0)
    core_ms = hop_ms + (site.core_ms - site.hop_ms) * rng.uniform(0.5, 3.0)
    return replace(site, hop_ms=hop_ms, core_ms=core_ms, jitter=site.jitter * rng.uniform(0.7, 2.0))


_UPSTREAM = Target(Role.RESOLVER, Protocol.DNS, "198.51.100.53")
_WEB = Target(Role.WEB, Protocol.HTTP, "203.0.113.80")
_BOX = Target(Role.GATEWAY, Protocol.TCP, "192.168.1.1")


def _is6(target: Target) -> bool:
    return target.family == 6 or target.address.startswith("2001:")
