"""Checks that take seconds (DNS, web) in threads of their own, so that none delays a ping."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from diagnostics.model import Flag, Sample, Target


class Check(Protocol):
    """A probe that takes its time: ``run`` blocks, for a few seconds at most."""

    @property
    def target(self) -> Target: ...

    def run(self) -> Sample: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A check and how often it runs. ``on_alarm``: also at once when pings miss, then every five seconds."""

    check: Check
    every_s: float
    on_alarm: bool = False


ALARM_EVERY_S = 5.0


class Runner:
    """Runs each plan in its thread; results wait in a queue. ``start`` must be told how to report a broken check."""

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

    def run_once(self, plan: Plan, extra: bool) -> None:
        try:
            sample = plan.check.run()
        except Exception as error:
            # A broken check must not end the others; it is told, and tried again.
            self._on_error(plan.check.target, error)
            return
        if not self._stopping:
            self._results.put(replace(sample, flags=sample.flags | Flag.EXTRA) if extra else sample)

    @property
    def stopping(self) -> bool:
        return self._stopping


class _Worker:
    def __init__(self, plan: Plan, runner: Runner) -> None:
        self._plan = plan
        self._runner = runner
        self._alarmed = False
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self._work, name=plan.check.target.id, daemon=True)

    def alarm(self, active: bool) -> None:
        if self._plan.on_alarm and active != self._alarmed:
            self._alarmed = active
            if active:
                self.wake.set()

    def _work(self) -> None:
        extra = False
        while not self._runner.stopping:
            self._runner.run_once(self._plan, extra)
            self.wake.wait(ALARM_EVERY_S if self._alarmed else self._plan.every_s)
            self.wake.clear()
            extra = self._alarmed
