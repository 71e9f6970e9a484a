"""One recording on virtual time: the real recorder on made-up parts, stopped and put to sleep as a scenario says."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND
from diagnostics.probes.binding import Binding
from diagnostics.recorder.loop import ROUTE_NS, Recorder
from diagnostics.recorder.parts import Identity, Parts
from diagnostics.recorder.plans import make_plans
from tests.playing import sites
from tests.playing.clock import PlayClock
from tests.playing.faults import Fault
from tests.playing.listeners import PlayWitnesses
from tests.playing.parts import PlayChecks, PlayHops, PlayPinger, PlayRoutes, ask_of
from tests.playing.scenario import Scenario, Turn
from tests.playing.told import Told
from tests.playing.world import World

Opened = tuple[Writer, int | None, bool, Iterable[str]]
"""A writer, the journal's end so far, whether the last run crashed, and the lines that are known to be home."""


class Recording:
    """The recorder and its clock. ``open_writer`` is asked for a writer at each start of the recorder."""

    def __init__(
        self, scenario: Scenario, seed: int, start_ns: int, open_writer: Callable[[int], Opened]
    ) -> None:
        self.scenario = scenario
        self.world = World(scenario, seed)
        self.told = Told(self.world, seed)
        mono = 5_000 * SECOND + random.Random(f"{scenario.name} {seed} mono").randrange(SECOND)
        self.clock = PlayClock(start_ns, mono)
        self.turns: list[Turn] = []
        self._open_writer = open_writer
        self._writer: Writer | None = None
        self._recorder: Recorder | None = None
        self._moments = self._when()

    def _when(self) -> list[float]:
        """The seconds at which something happens, or is expected."""
        scenario = self.scenario
        moments = set(self.world.turns_s)
        for expect in (*scenario.expects, *scenario.allows):
            moments |= {at for at in (expect.start_s, expect.end_s) if at is not None}
        for hole in scenario.unobserved:
            moments |= {hole.start_s, hole.end_s}
        return sorted(moments)

    def run_to(self, end_s: float) -> None:
        """Go on to a second of the scenario, past everything that happens until then."""
        while self._moments and self._moments[0] <= end_s:
            at_s = self._moments.pop(0)
            self._run_until(round(at_s * SECOND))
            self._turn(at_s)
        self._run_until(round(end_s * SECOND))

    def skip_to(self, end_s: float) -> None:
        """Go on to a second of the scenario without recording: nothing may happen until then."""
        assert self._recorder is None
        assert not self._moments or self._moments[0] >= end_s
        self.clock.advance(round(end_s * SECOND) - self.clock.true_ns)

    def begin(self) -> None:
        """Start the recorder."""
        writer, last_ns, crashed, homes = self._open_writer(self.clock.read().wall_ns)
        self._writer = writer
        config = sites.config(self.scenario.network)
        self._recorder = Recorder(writer, config, self._parts(), Identity("0", "playing", "simulator"))
        self._recorder.start(last_ns, crashed, homes)

    def stop(self) -> None:
        """Stop the recorder, if it runs."""
        if self._recorder is not None and self._writer is not None:
            self._recorder.stop()
            self._writer.close()
        self._recorder = self._writer = None

    def _run_until(self, true_ns: int) -> None:
        clock = self.clock
        while clock.true_ns < true_ns:
            left = true_ns - clock.true_ns
            if self._recorder is None:
                clock.advance(left)
                return
            wait = round(self._recorder.until_next_s() * SECOND)
            clock.advance(min(max(wait, 100_000), left))
            self._recorder.step()

    def _turn(self, at_s: float) -> None:
        """What happens at this second to the machine; what happens to the network happens in the world by itself."""
        self.turns.append(Turn(at_s, self.clock.read().wall_ns))
        for fault in self.scenario.faults:
            if fault.at_s == at_s:
                self._happen(fault)
            elif fault.end_s == at_s and fault.what == "recorder-stops":
                self.begin()
        if self._recorder is not None:
            # The system tells of a changed route at once.
            self._recorder.route_changed()

    def _happen(self, fault: Fault) -> None:
        if fault.what == "asleep":
            self.clock.sleep(round((fault.end_s - fault.at_s) * SECOND))
        elif fault.what == "clock-step":
            self.clock.step(round(fault.by * SECOND))
        elif fault.what == "zone-change":
            _set_zone(fault.zone)
        elif fault.what == "recorder-stops":
            self.stop()

    def _parts(self) -> Parts:
        clock, world = self.clock, self.world
        config = sites.config(self.scenario.network)
        binding = Binding(possible=lambda _: True)
        plans = make_plans(config, clock, binding)
        return Parts(
            clock=clock,
            pinger=PlayPinger(clock, world),
            checks=PlayChecks(plans, (*config.anchors, *config.anchors6), clock, ask_of(world)),
            routes=PlayRoutes(clock, self.told),
            hops=PlayHops(clock, world),
            clock_state=lambda: {"synchronised": True},
            route_every_ns=ROUTE_NS,
            warn=_refuse,
            witnesses=PlayWitnesses(clock, self.told),
            binding=binding,
            tcp_pinger=PlayPinger(clock, world),
        )


def _refuse(problem: Exception) -> None:
    raise problem


@contextmanager
def own_zone(zone: str) -> Iterator[None]:
    """The machine's time zone is ``zone`` (if any) in here; whoever changes it meanwhile, it is put back."""
    before = os.environ.get("TZ")
    try:
        if zone:
            _set_zone(zone)
        yield
    finally:
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before
        time.tzset()


def _set_zone(zone: str) -> None:
    os.environ["TZ"] = zone
    time.tzset()
