"""Checks that take seconds (DNS, web …) in threads of their own, so that none delays a ping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from diagnostics.model import MILLISECOND, Flag, Outcome, Role, Sample, Target


class Check(Protocol):
    """A probe that takes its time: ``run`` blocks, for a few seconds at most; None when there is nothing to try."""

    @property
    def target(self) -> Target: ...

    def run(self) -> Sample | None: ...


ALARM_S = (1.0, 2.0, 5.0)
RETRY_S = (1.5, 1.5, 2.0, 5.0)
SLOW_NS = 900 * MILLISECOND
"""An answer that took so long needed a second packet."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A check and how often it runs, in seconds.

    ``every_s`` counts from the last end, all others from the last start. ``alarm_s``, where given: also at once when
    pings miss or another check just failed, and while pings miss after these times, the last again and again.
    ``retry_s``: after a failure, likewise, but for five minutes at most. The first ``opening`` runs follow each other
    quickly.
    """

    check: Check
    every_s: float
    alarm_s: tuple[float, ...] = ()
    retry_s: tuple[float, ...] = RETRY_S
    opening: int = 1


class Pace:
    """When a plan's next run is due. Pure; times are seconds on the monotonic clock."""

    APART_S = 1.0
    """From start to start, whatever the reason."""
    PAUSE_S = 0.2
    RETRY_FOR_S = 300.0
    OPENING_S = 2.0
    CALM_S = 10.0
    """An alarm that comes back sooner goes on where it was: a flapping line does not wake all again and again."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._started = self._ended = float("-inf")
        self._runs = 0
        self._failing_since: float | None = None
        self._failures = 0
        self._alarmed = False
        self._alarm_ended = float("-inf")
        self._alarm_runs = 0
        self._poked = False

    def alarm(self, active: bool, now: float) -> None:
        """Pings are missing, or no longer."""
        if not self._plan.alarm_s or active == self._alarmed:
            return
        self._alarmed = active
        if not active:
            self._alarm_ended = now
        elif now - self._alarm_ended > self.CALM_S:
            self._alarm_runs = 0

    def poke(self) -> None:
        """Another check just failed."""
        self._poked = bool(self._plan.alarm_s)

    def done(self, started: float, ended: float, good: bool) -> None:
        self._started, self._ended = started, ended
        self._runs += 1
        self._poked = False
        self._alarm_runs += self._alarmed
        if good:
            self._failing_since, self._failures = None, 0
        else:
            self._failing_since = started if self._failing_since is None else self._failing_since
            self._failures += 1

    @property
    def due(self) -> tuple[float, bool]:
        """When to run next, and whether that is beside the schedule."""
        if not self._runs:
            return float("-inf"), False
        plan = self._plan
        base = self._ended + plan.every_s
        if self._runs < plan.opening:
            base = min(base, self._ended + self.OPENING_S)
        soonest = max(self._started + self.APART_S, self._ended + self.PAUSE_S)
        extra = float("inf")
        if self._poked or (self._alarmed and not self._alarm_runs):
            extra = soonest
        elif self._alarmed:
            extra = max(soonest, self._started + _step(plan.alarm_s, self._alarm_runs))
        if self._failing_since is not None and plan.retry_s:
            lasts = self._started - self._failing_since
            if lasts < self.RETRY_FOR_S:
                extra = min(extra, max(soonest, self._started + _step(plan.retry_s, self._failures)))
        return (extra, True) if extra < base else (base, False)


def _step(steps: Sequence[float], number: int) -> float:
    return steps[min(number, len(steps)) - 1]


def is_good(sample: Sample) -> bool:
    """Whether a check gave what it should, and promptly: all else is looked at again soon."""
    if sample.target.role is Role.TCP_CHECK and sample.outcome is Outcome.REFUSED:
        return True
    prompt = sample.target.role is Role.LARGE or (sample.rtt_ns or 0) < SLOW_NS
    return sample.outcome is Outcome.OK and prompt


class Runner:
    """Runs each plan in its thread; results wait in a queue. ``on_error`` is told of a broken check."""

    def __init__(self, plans: Sequence[Plan], on_error: Callable[[Target, BaseException], None]) -> None:
        self._results: SimpleQueue[Sample] = SimpleQueue()
        self._on_error = on_error
        self._stopping = False
        self._workers = [_Worker(plan, self) for plan in plans]

    def start(self) -> None:
        for worker in self._workers:
            worker.thread.start()

    def alarm(self, active: bool) -> None:
        """Say that pings are missing (or no longer): checks that wait for it run now."""
        for worker in self._workers:
            worker.alarm(active)

    def collect(self) -> list[Sample]:
        """Results since the last call."""
        samples: list[Sample] = []
        while True:
            try:
                samples.append(self._results.get_nowait())
            except Empty:
                return samples

    def stop(self) -> None:
        """Ask the threads to end; one that is waiting for a server is left behind (it holds nothing)."""
        self._stopping = True
        for worker in self._workers:
            worker.wake.set()

    def run_once(self, plan: Plan, extra: bool) -> bool:
        """Returns whether all is well with what was tried."""
        try:
            sample = plan.check.run()
        except Exception as error:
            # A broken check must not end the others; it is told, and tried again.
            self._on_error(plan.check.target, error)
            return True
        if sample is None:
            return True
        if not self._stopping:
            self._results.put(replace(sample, flags=sample.flags | Flag.EXTRA) if extra else sample)
        return is_good(sample)

    def failed(self, one: _Worker) -> None:
        """A check that was good has failed: let the others look as well."""
        for worker in self._workers:
            if worker is not one:
                worker.poke()

    @property
    def stopping(self) -> bool:
        return self._stopping


class _Worker:
    def __init__(self, plan: Plan, runner: Runner) -> None:
        self._plan = plan
        self._runner = runner
        self._pace = Pace(plan)
        self._alarmed = False
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self._work, name=plan.check.target.id, daemon=True)

    def alarm(self, active: bool) -> None:
        if active != self._alarmed:
            self._alarmed = active
            self._pace.alarm(active, time.monotonic())
            self.wake.set()

    def poke(self) -> None:
        self._pace.poke()
        self.wake.set()

    def _work(self) -> None:
        was_good = True
        while not self._runner.stopping:
            at, extra = self._pace.due
            if (left := at - time.monotonic()) > 0:
                self.wake.wait(left)
                self.wake.clear()
                continue
            started = time.monotonic()
            good = self._runner.run_once(self._plan, extra)
            self._pace.done(started, time.monotonic(), good)
            if was_good and not good:
                self._runner.failed(self)
            was_good = good
