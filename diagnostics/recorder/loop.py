"""The recorder: sends, collects, stages, seals, and notices when it was not looking."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from diagnostics.clock import Jump, Reading, compare
from diagnostics.config import Config
from diagnostics.journal.writer import Writer
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Event,
    EventKind,
    Flag,
    GapReason,
    Line,
    Outcome,
    Problem,
    Role,
    Sample,
    Target,
    quantise_time,
)
from diagnostics.model import Protocol as ProbeProtocol
from diagnostics.recorder.announce import configured, started
from diagnostics.recorder.attention import Attention
from diagnostics.recorder.fallback import Fallback
from diagnostics.recorder.lines import LineKeeper, LinkWatch, gateway_of, tunnel_targets
from diagnostics.recorder.notes import NOTES, check_note
from diagnostics.recorder.parts import Identity, Parts, Pinger
from diagnostics.recorder.schedule import Schedule
from diagnostics.recorder.trouble import Trouble
from diagnostics.recorder.way_out import WayOut

TICK_NS = 600 * MILLISECOND
SLACK_NS = 200 * MILLISECOND
"""How often answers are read and samples written, and how long that may wait for the next try to share its wake-up.
With the ping's limit of one second, a sample is at most 1.8 s old when it is safe; kernel stamps keep times right."""
ROUTE_NS = 15 * SECOND
ROUTE_POLL_NS = 5 * SECOND
"""Where the system tells of changes, and where it does not."""
ROUTE_SOON_NS = 150 * MILLISECOND
HOUR_NS = 3600 * SECOND
STALL_NS = 5 * SECOND
GRACE_NS = 15 * SECOND
"""How long after sleep the network may take to come back before its absence counts."""
EPOCH_DRIFT_NS = 20 * MILLISECOND
"""How far wall and monotonic clock may drift apart before times are taken from a new offset, and a new block."""


class Recorder:
    """One run. ``step`` does all that is due now; ``until_next_s`` says how long the caller may wait."""

    def __init__(self, writer: Writer, config: Config, parts: Parts, identity: Identity) -> None:
        self._writer = writer
        self._config = config
        self._parts = parts
        self._identity = identity
        self._lines = LineKeeper()
        self._link = LinkWatch(parts.interface)
        self._way_out = WayOut(parts.binding)
        self._homes: set[str] = set()
        self._held: list[Sample] = []
        self._events: list[Event] = []
        self._broken_since: int | None = None
        self._unsigned = False
        self._grace: tuple[int, int, GapReason] | None = None
        self._counts_from_ns = 0
        self._trouble = Trouble()
        self._attention = Attention()
        self._fallback = Fallback(parts.tcp_pinger is not None)
        reading = parts.clock.read()
        self._reading = reading
        self._offset_ns = quantise_time(reading.offset_ns)
        self._schedule = Schedule((), reading.mono_ns)
        self._tick_ns = self._hour_ns = reading.mono_ns
        self._route_ns = 0
        self._last_sent_ns = reading.wall_ns
        self.samples = 0

    # --- start and stop -------------------------------------------------------------------------------------------

    def start(self, last_ns: int | None, crashed: bool, homes: Iterable[str]) -> None:
        """Chain the start. ``last_ns`` is the journal's end, ``homes`` the ids of lines that were answered for."""
        now = self._parts.clock.read().wall_ns
        self._homes = set(homes)
        if last_ns is not None and last_ns < now:
            reason = GapReason.CRASHED if crashed else GapReason.STOPPED
            self._events.append(Event(EventKind.GAP, now, {"start_ns": last_ns, "reason": str(reason)}))
        self._events.append(started(self._identity, self._parts.pinger.method, now))
        self._events.append(configured(self._config, now))
        self._flush_events()
        self._guard(lambda: self._writer.sign(now))
        self._parts.file.start()
        self._follow_route(self._reading.mono_ns)
        self._plan(self._reading.mono_ns)
        self._parts.checks.start()
        self._parts.witnesses.start()

    def stop(self) -> None:
        """Stage and seal everything, chain the stop. What is still under way has no outcome and is left out."""
        self._parts.checks.stop()
        self._parts.witnesses.stop()
        self._take([sample for pinger in self._pingers() for sample in pinger.drain()])
        self._take(self._parts.checks.collect())
        self._events += self._parts.witnesses.collect(self._parts.clock.read())
        self._stage(force=True)
        self._events.append(Event(EventKind.STOPPED, self._parts.clock.read().wall_ns, {"reason": "asked"}))
        self._flush_events()
        self._guard(self._writer.seal_all)
        self._guard(lambda: self._writer.sign(self._parts.clock.read().wall_ns))

    # --- one step -------------------------------------------------------------------------------------------------

    def until_next_s(self) -> float:
        """Seconds until something is due. A tick waits for the next try, which is never far: a wake-up costs too."""
        next_ns = min(self._schedule.next_ns or self._tick_ns, self._tick_ns + SLACK_NS, self._route_ns)
        if self._trouble.next_ns is not None:
            next_ns = min(next_ns, self._trouble.next_ns)
        return max(0, next_ns - self._parts.clock.mono_ns()) / SECOND

    def step(self) -> None:
        """Send what is due; at every tick do all the rest. Most steps only send: that is what keeps the cost down."""
        now = self._parts.clock.mono_ns()
        for target in self._schedule.due(now):
            self._send(target, now)
        glance = self._trouble.next_ns is not None and now >= self._trouble.next_ns
        if glance:
            for target in self._trouble.extras(now):
                self._send(target, now, Flag.EXTRA)
        if now >= self._tick_ns or now >= self._route_ns:
            self._tick(now)
        elif glance or self._trouble.overdue(now):
            self._take(self._answers())
            self._watch(now)

    def _pingers(self) -> list[Pinger]:
        return [one for one in (self._parts.pinger, self._parts.tcp_pinger) if one is not None]

    def _send(self, target: Target, now: int, flags: Flag = Flag.NONE) -> None:
        beside = self._parts.tcp_pinger if target.protocol is ProbeProtocol.TCP else None
        (beside or self._parts.pinger).send(target, flags)
        self._trouble.sent(target, now)

    def _answers(self) -> list[Sample]:
        return [sample for pinger in self._pingers() for sample in pinger.collect()]

    def _watch(self, now: int) -> None:
        """Let other probes and witnesses look closer while something seems wrong."""
        self._trouble.look(now)
        self._parts.checks.alarm(self._trouble.alarm)
        self._parts.witnesses.attend(self._trouble.alarm or self._attention.active(now))

    def _tick(self, now: int) -> None:
        self._tick_ns = now + TICK_NS
        self._notice_jump()
        self._take(self._answers())
        self._take(self._parts.checks.collect())
        self._watch(now)
        for ping in self._fallback.pings_due(self._schedule.targets, now):
            self._parts.pinger.send(ping)
        self._hear(self._parts.witnesses.collect(self._reading))
        if now >= self._route_ns or self._way_out.news(now):
            self._follow_route(now)
            self._writer.check_in_place()
        self._end_grace(now)
        self._stage()
        self._plan(now)
        self._guard(lambda: self._writer.seal_due(now))
        if now >= self._hour_ns:
            self._hour_ns = now + HOUR_NS
            self._events.append(
                Event(EventKind.CLOCK_STATE, self._reading.wall_ns, dict(self._parts.clock_state()))
            )
            self._parts.hops.look(self._gateway())

    def _hear(self, said: list[Event]) -> None:
        """Keep what witnesses say, and what came to be known of lines."""
        self._events += said + self._lines.hear(said)
        self._events += self._parts.file.collect(self._reading.wall_ns)
        for line, facts in self._parts.identity.collect():
            self._events += self._lines.learn(line, facts, self._reading.wall_ns)

    def route_changed(self) -> None:
        """Read the route at the next step: the system says that it changed."""
        self._route_ns = 0

    def _notice_jump(self) -> None:
        before, after = self._reading, self._parts.clock.read()
        self._reading = after
        jump = compare(before, after)
        if jump.slept_ns:
            self._was_away(before, after, GapReason.ASLEEP)
        elif after.mono_ns - before.mono_ns > STALL_NS:
            # Where the monotonic clock goes on during sleep, this is how sleep looks.
            self._was_away(before, after, GapReason.STALLED)
        if jump.stepped_ns:
            self._stepped(jump, after)

    def _was_away(self, before: Reading, after: Reading, reason: GapReason) -> None:
        # Tries under way when the machine fell asleep were not lost on the line.
        self._take(s for s in self._answers() if s.outcome in (Outcome.OK, Outcome.LATE))
        self._trouble.forget()
        self._fallback.forget(after.mono_ns + GRACE_NS)
        # What was sent on waking, before this was noticed, waits for the grace's end.
        until_ns = before.wall_ns + STALL_NS // 2
        woken = [sample for sample in self._held if sample.sent_ns > until_ns]
        self._held = [sample for sample in self._held if sample.sent_ns <= until_ns]
        self._stage(force=True)
        self._held = woken
        self._gap(before, after, reason)
        self._grace = (before.wall_ns, after.mono_ns + GRACE_NS, reason)
        self._route_ns = after.mono_ns

    def _gap(self, before: Reading, after: Reading, reason: GapReason) -> None:
        self._events.append(
            Event(EventKind.GAP, after.wall_ns, {"start_ns": before.wall_ns, "reason": str(reason)})
        )

    def _stepped(self, jump: Jump, after: Reading) -> None:
        self._events.append(Event(EventKind.CLOCK_STEP, after.wall_ns, {"step_s": jump.stepped_ns / SECOND}))
        if jump.stepped_ns > 0:
            self._events.append(
                Event(
                    EventKind.GAP,
                    after.wall_ns,
                    {"start_ns": after.wall_ns - jump.stepped_ns, "reason": str(GapReason.CLOCK_STEPPED)},
                )
            )

    # --- samples --------------------------------------------------------------------------------------------------

    def _take(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self._way_out.note(sample)
            self._fallback.note(sample)
            if self._fallback.strays(sample):
                continue
            if sample.target.role is Role.ANCHOR:
                self._trouble.note(sample)
                self._attention.note(sample)
            offset = sample.sent_ns - sample.mono_ns
            if abs(offset - self._offset_ns) <= EPOCH_DRIFT_NS:
                sample = replace(sample, mono_ns=sample.sent_ns - self._offset_ns)
            else:
                self._offset_ns = offset
            if sample.mono_ns >= self._counts_from_ns:
                self._held.append(sample)

    def _end_grace(self, mono_ns: int) -> None:
        """After sleep, nothing counts until an anchor answers: the network needs a moment to come back."""
        if self._grace is None:
            return
        start_ns, until_mono, reason = self._grace
        # An answer to a try from before the sleep shows nothing of the network after it.
        woken = (
            s for s in self._held if s.target.role is Role.ANCHOR and s.sent_ns > start_ns + STALL_NS // 2
        )
        answer = next((s for s in woken if s.outcome is Outcome.OK), None)
        if answer is None and mono_ns < until_mono:
            self._held.clear()
            return
        kept = [s for s in self._held if answer is not None and s.sent_ns >= answer.sent_ns]
        self._held = kept
        self._grace = None
        end = answer.sent_ns if answer is not None else self._reading.wall_ns
        # What was sent before and is given up only now did not count either.
        self._counts_from_ns = answer.mono_ns if answer is not None else mono_ns
        self._events.append(Event(EventKind.GAP, end, {"start_ns": start_ns, "reason": str(reason)}))

    def _stage(self, force: bool = False) -> None:
        if self._grace is not None and not force:
            return
        if self._waiting(self._reading.mono_ns) and not force:
            self._follow_route(self._reading.mono_ns)
            if self._waiting(self._reading.mono_ns):
                return
        self._flush_events()
        held, line = self._way_out.worth_keeping(self._held, self._reading.mono_ns), self._lines.line.id
        self._held = []
        if not held:
            return
        if self._guard(lambda: self._writer.stage(line, held)):
            self.samples += len(held)
            self._last_sent_ns = held[-1].sent_ns
            self._mended()
        elif self._broken_since is None:
            self._broken_since = min(sample.sent_ns for sample in held)

    def _waiting(self, mono_ns: int) -> bool:
        return self._lines.waiting(mono_ns) or self._way_out.waiting(mono_ns)

    def _mended(self) -> None:
        if self._broken_since is not None:
            start, self._broken_since = self._broken_since, None
            self._events.append(
                Event(
                    EventKind.GAP, self._last_sent_ns, {"start_ns": start, "reason": str(GapReason.DISK_FULL)}
                )
            )

    def _flush_events(self) -> None:
        while self._events and self._guard(lambda: self._writer.append(self._events[0])):
            self._events.pop(0)

    def _guard(self, write: Callable[[], object]) -> bool:
        """Do a write; a full or failing disk is told once and leaves the recorder running."""
        try:
            write()
        except Problem as problem:
            if self._broken_since is None:
                self._parts.warn(problem)
            return False
        self._tell_unsigned(self._writer.unsigned)
        return True

    def _tell_unsigned(self, why: Problem | None) -> None:
        """Say once that seals cannot be signed; recording goes on."""
        if why is not None and not self._unsigned:
            self._parts.warn(why)
        self._unsigned = why is not None

    # --- line and targets -----------------------------------------------------------------------------------------

    def _follow_route(self, mono_ns: int) -> None:
        wall_ns = self._parts.clock.read().wall_ns
        route = self._parts.routes.read()
        self._way_out.follow(route, mono_ns)
        bound, link = self._way_out.bound(mono_ns), self._link.facts(route, mono_ns)
        self._events += self._lines.update(route, wall_ns, mono_ns, bound=bound, link=link)
        self._parts.witnesses.follow(self._lines.route)
        undecided = self._lines.undecided_since is not None and bool(gateway_of(self._lines.route))
        self._route_ns = mono_ns + (ROUTE_SOON_NS if undecided else self._parts.route_every_ns)
        line = self._lines.line
        self._fallback.enter(line.id, mono_ns)
        self._parts.identity.look(line.id if line.gateway_mac else "", route.tunnel)
        if line.gateway_mac and self._config.line == "first" and not self._homes:
            self._homes.add(line.id)
            self._events.append(
                Event(EventKind.LINE_HOME, wall_ns, {"id": line.id, "home": True, "by": "configuration"})
            )

    def _plan(self, mono_ns: int) -> None:
        """Make the schedule anew when the targets are no longer the same."""
        targets = self._targets()
        if targets != self._schedule.targets:
            gateway_before = {t.address for t in self._schedule.targets if t.role is Role.GATEWAY}
            self._schedule = Schedule(targets, mono_ns)
            self._trouble.follow(targets)
            gateway = self._gateway()
            if gateway and gateway not in gateway_before:
                self._parts.hops.look(gateway)

    def _gateway(self) -> str:
        if self._config.gateway != "auto":
            return self._config.gateway
        return gateway_of(self._lines.route) or self._lines.line.gateway

    def _targets(self) -> tuple[Target, ...]:
        protocol = ProbeProtocol.TCP if self._parts.pinger.method == "tcp" else ProbeProtocol.ICMP
        # Without an IPv6 route there is nothing to judge: its anchors would only fail to be sent.
        with6 = self._lines.route.gateway6 and self._way_out.tries_ipv6
        anchors6 = self._config.anchors6 if with6 else ()
        anchors = [replace(anchor, protocol=protocol) for anchor in (*self._config.anchors, *anchors6)]
        targets = self._fallback.apply(anchors)
        gateway, hop = self._gateway(), self._parts.hops.found()
        if gateway:
            targets.append(Target(Role.GATEWAY, protocol, gateway, _family(gateway)))
        if hop and hop != gateway:
            targets.append(Target(Role.FIRST_HOP, protocol, hop, _family(hop)))
        return (*targets, *tunnel_targets(self._lines.route, anchors))

    # --- what others ask ------------------------------------------------------------------------------------------

    @property
    def line(self) -> Line:
        return self._lines.line

    def handle(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a message from the local socket: ``status``, or ``note`` (see ``notes``)."""
        operation = message.get("op")
        if operation == "status":
            return {
                "ok": True,
                "pid": os.getpid(),
                "line": self.line.id,
                "method": self._parts.pinger.method,
                "samples": self.samples,
                "disk_full": self._broken_since is not None,
            }
        if operation == "note":
            try:
                event = check_note(message, self._parts.clock.read().wall_ns)
            except ValueError as error:
                return {"ok": False, "error": str(error)}
            try:
                seq = self._writer.append(event)
            except Problem as problem:
                return {"ok": False, "error": problem.remark.code}
            if event.kind is EventKind.LINE_HOME:
                self._homes.add(str(event.data["id"]))
            return {"ok": True, "seq": seq}
        return {"ok": False, "error": f"unknown operation; known are status and note ({', '.join(NOTES)})"}


def _family(address: str) -> int:
    return 6 if ":" in address else 4
