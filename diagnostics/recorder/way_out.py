"""Whether what is measured now goes by the physical line, while a tunnel draws the traffic.

Probes are bound to the physical interface then. That this works is not taken for granted: a VPN's "kill switch", a
firewall or the kernel's strict check of return paths may stop what does not go through the tunnel, and that must never
look like a cut of the line. So an anchor has to answer a bound probe once, for each interface and tunnel; until then
nothing is said of the line, and what bound probes gave is thrown away. Once it has, it stays proved for this run:
silence is the line's from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.links.route import RouteState
from diagnostics.model import MILLISECOND, SECOND, Role, Sample
from diagnostics.probes.binding import Binding, split

PROOF_NS = 2 * SECOND
"""How long samples are held back for the first answer. Each anchor is tried once a second."""
ENOUGH_THROUGH = 3
"""So many answers through the tunnel, and none to bound probes: these are stopped on this machine."""
NEVER_BOUND = (Role.VPN, Role.SYSTEM_RESOLVER)
"""What goes its own way beneath a tunnel."""


class WayOut:
    """Sets the binding, and says whose the samples are."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._interface = self._tunnel = ""
        self._family = 4
        self._since_ns = 0
        self._through = 0
        self._refused = False
        self._free_ns: int | None = None
        self._proved: set[tuple[str, str]] = set()
        self._told = True

    def follow(self, route: RouteState, mono_ns: int) -> None:
        """The route is this one from now on."""
        if route.tunnel and not route.interface and route.carrier is False:
            return  # a pulled cable: the line is the one of before
        self._family = 6 if route.gateway6 and not route.gateway else 4
        if (route.interface, route.tunnel) == (self._interface, self._tunnel):
            return
        self._interface, self._tunnel = route.interface, route.tunnel
        self._since_ns = mono_ns
        self._through = 0
        self._refused = bool(route.tunnel) and not (
            route.interface and self._binding.possible(route.interface)
        )
        self._free_ns = None
        self._binding.interface = route.interface if route.tunnel and not self._refused else ""

    @property
    def tries_ipv6(self) -> bool:
        """Whether IPv6 anchors are worth a try. Many VPNs shut IPv6 off beside the tunnel: its silence says nothing."""
        return not self._tunnel or self._family == 6

    def note(self, sample: Sample) -> None:
        """Learn from a sample whether binding works."""
        if not self._tunnel or self._refused:
            return
        target = sample.target
        # Times of samples are rounded: what was sent within a millisecond of the change may not have been bound.
        answered = sample.outcome.answered and sample.mono_ns > self._since_ns + MILLISECOND
        if answered and target.role is Role.ANCHOR and target.family == self._family:
            self._proved.add((self._interface, self._tunnel))
        elif answered and target.role is Role.VPN and split(target.address)[0] == self._tunnel:
            self._through += 1
            if self._through >= ENOUGH_THROUGH and not self._is_proved:
                self._refused = True
                self._binding.interface = ""

    @property
    def _is_proved(self) -> bool:
        return (self._interface, self._tunnel) in self._proved

    def waiting(self, mono_ns: int) -> bool:
        """True while it may soon turn out whether the newest samples are the line's."""
        open_question = bool(self._tunnel) and not self._refused and not self._is_proved
        return open_question and mono_ns - self._since_ns <= PROOF_NS

    def bound(self, mono_ns: int) -> bool:
        """Whether samples taken now are the physical line's; also while that is being found out."""
        if not self._tunnel:
            return True
        if self._refused and self._free_ns is None:
            self._free_ns = mono_ns
        return not self._refused and (self._is_proved or self.waiting(mono_ns))

    def worth_keeping(self, samples: Sequence[Sample], mono_ns: int) -> Sequence[Sample]:
        """Those that say something of a line: not what was bound in vain."""
        if self.bound(mono_ns):
            return samples
        free_ns = self._free_ns
        return [
            sample
            for sample in samples
            if sample.target.role in NEVER_BOUND or (free_ns is not None and sample.mono_ns > free_ns)
        ]

    def news(self, mono_ns: int) -> bool:
        """True once whenever ``bound`` has changed."""
        bound = self.bound(mono_ns)
        if bound == self._told:
            return False
        self._told = bound
        return True
