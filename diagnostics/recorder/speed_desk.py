"""The speed desk: knows when a measurement is due, and has it made by a process of its own, one at a time.

It measures nothing itself and writes nothing itself: the process hands its result, or why there is none, to the
recorder, and what the desk has to say goes the same way. It reads the journal when something was noted and after each
process; else it looks at the clock once a minute, and where nothing is scheduled it does not even run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.clock import Clock
from diagnostics.config import Config
from diagnostics.journal.reader import Reader
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Problem, Remark
from diagnostics.recorder.speed_plan import (
    Due,
    Known,
    Place,
    anything_chosen,
    campaign_due,
    daily_due,
    day_of,
    line_in_use,
    missed,
    read_known,
    scheduled,
)
from diagnostics.recorder.speed_process import LEAVE_S, POLL_S, Child, end, start_process

if TYPE_CHECKING:
    from diagnostics.throughput.held import Held, Reason

LOOK_S = 60.0
"""How often the clock is looked at: sleep, and a clock that was set, are noticed so."""
LONGEST_S = 180.0
"""No measurement takes longer; the watch for an idle link comes on top."""
REREAD_NS = 60 * MINUTE
"""How often the journal is read; and a campaign's measurement that was given up is not begun again sooner."""
BROKEN_S = 600.0
MOST_UNSAID = 20
WAKING = frozenset({EventKind.SPEED_CHOICE, EventKind.CAMPAIGN, EventKind.SPEED})

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A measurement that was held: due since ``due_ns``, tried again at ``retry_ns``; ``told``: recorded reasons.

    ``patient``: it waits for what only the person or a new month can change.
    """

    campaign: str
    due_ns: int
    retry_ns: int
    told: frozenset[str] = frozenset()
    patient: bool = False


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What a desk is put together from. ``command`` makes one scheduled measurement; ``--campaign ID`` is added.

    ``say`` takes an event to the journal; it may raise Problem, and is tried again then. ``campaign_due`` names what
    an active campaign wants next: it goes before the daily schedule. ``broken`` is told when the desk itself fails,
    for no reason of the machine's; it goes on later. ``zone`` None: this system's.
    """

    clock: Clock
    journal: Path
    config: Config
    command: Sequence[str]
    say: Callable[[Event], None]
    start: Callable[[Sequence[str]], Child] = start_process
    campaign_due: Callable[[Reader, int, tzinfo | None], Due | None] = campaign_due
    where: Callable[[Reader], Place] = line_in_use
    broken: Callable[[Exception], None] = lambda _error: None
    zone: tzinfo | None = None


class SpeedDesk:
    """One desk. ``start`` lets it work in a thread of its own, ``run_until`` in the caller's."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._wake = threading.Event()
        self._leaving = False
        self._thread: threading.Thread | None = None
        self._news = True
        self._known: Known | None = None
        self._read_ns = 0
        self._due: Due | None = None
        self._waiting: Waiting | None = None
        self._given_up: Held | None = None
        """What a campaign's measurement was last given up for."""
        self._served_ns = 0
        """Up to when the daily schedule's times were seen to."""
        self._away: set[tuple[str, str]] = set()
        """Lines that are not home's, and the days on which that was said."""
        self._unsaid: list[Event] = []

    # --- from outside ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, where anything is chosen; else the first note that chooses something begins it (``listening``)."""
        try:
            with Reader(self._parts.journal) as reader:
                chosen = anything_chosen(reader, self._parts.config)
        except Problem:
            chosen = False
        if chosen:
            self._begin()

    def _begin(self) -> None:
        if self._thread is None and self._parts.command and not self._leaving:
            self._thread = threading.Thread(target=self.run_until, name="speed desk", daemon=True)
            self._thread.start()

    def listening(self, handler: Handler) -> Handler:
        """The handler of the recorder's socket, with the desk hearing what comes in of its own kinds."""

        def handle(message: Mapping[str, Any]) -> Mapping[str, Any]:
            answer = handler(message)
            if message.get("op") == "note" and message.get("kind") in WAKING:
                self._news = True
                self._wake.set()
                self._begin()
            return answer

        return handle

    def leave(self) -> None:
        """Ask a running measurement to end, and end. Returns at once; ``left`` says when that is done."""
        self._leaving = True
        self._wake.set()

    @property
    def left(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """End now, within two seconds: a measurement that will not end is killed."""
        self.leave()
        if self._thread is not None:
            self._thread.join(LEAVE_S + 2 * POLL_S)

    def run_until(self, stop: Callable[[], bool] = lambda: False, look_s: float = LOOK_S) -> None:
        """Work until ``leave``, or until ``stop`` says so, which is asked every ``look_s`` seconds."""
        while not (self._leaving or stop()):
            try:
                wait_s = self.step(stop)
            except Exception as error:
                # What is broken must not end the recording, nor fall silent for ever.
                self._parts.broken(error)
                wait_s = BROKEN_S
            if not self._leaving:
                self._wake.wait(min(wait_s, look_s))
            self._wake.clear()

    # --- one look -------------------------------------------------------------------------------------------------

    def step(self, stop: Callable[[], bool] = lambda: False) -> float:
        """Do what is due; returns after how many seconds to look again. Blocks while a measurement runs."""
        try:
            self._speak()
            now_ns = self._now()
            self._pass_over(now_ns)
            if self._news or not self._read_ns <= now_ns < self._read_ns + REREAD_NS:
                self._read(now_ns)
                self._pass_over(now_ns)
            due = self._next(now_ns)
            if due is None:
                return LOOK_S
            if due.at_ns > now_ns:
                return min(LOOK_S, (due.at_ns - now_ns) / SECOND)
            self._attend(due, stop)
        except Problem:
            # The journal cannot be read or written just now; the recorder says so.
            return LOOK_S
        return 0.0

    def _now(self) -> int:
        return self._parts.clock.read().wall_ns

    def _next(self, now_ns: int) -> Due | None:
        if self._waiting is not None:
            return Due(self._waiting.retry_ns, self._waiting.campaign)
        due, given_up = self._due, self._given_up
        if due is None or given_up is None or given_up.campaign != due.campaign:
            return due
        if due.at_ns > given_up.at_ns:
            return due  # another one
        rested = not given_up.at_ns <= now_ns < given_up.at_ns + REREAD_NS
        # The campaign still wants the same.
        return due if rested else Due(max(due.at_ns, given_up.at_ns + REREAD_NS), due.campaign)

    def _read(self, now_ns: int) -> None:
        """Read what was chosen, made and held, and find what is due next."""
        self._news = False
        first = self._known is None
        with Reader(self._parts.journal) as reader:
            campaign = self._parts.campaign_due(reader, now_ns, self._parts.zone)
            known = read_known(reader, self._parts.config, now_ns)
        if self._known is not None and known.decided != self._known.decided:
            self._decided(now_ns)
        self._known, self._read_ns = known, now_ns
        for held in known.holds:
            if held.reason == "not_home":
                self._away.add((held.line, day_of(held.at_ns, self._parts.zone)))
        if first:
            self._resume(known, campaign, now_ns)
        due_ns = daily_due(known, self._served_ns, now_ns, self._parts.zone)
        self._due = campaign or (Due(due_ns) if due_ns is not None else None)
        waiting = self._waiting
        if waiting is not None and (self._due is None or self._due.campaign != waiting.campaign):
            self._waiting = None
            if campaign is not None and not waiting.campaign:
                self._give_up("waiting", "held_campaign", waiting.due_ns, now_ns)

    def _decided(self, now_ns: int) -> None:
        """What waited for the person's word is tried at once."""
        self._given_up = None
        if self._waiting is not None and self._waiting.patient:
            self._waiting = replace(self._waiting, retry_ns=now_ns)

    def _resume(self, known: Known, campaign: Due | None, now_ns: int) -> None:
        """What waited when the program ended goes on waiting."""
        from diagnostics.throughput.held import waiting
        from diagnostics.throughput.rules import default_rules

        name = campaign.campaign if campaign is not None else ""
        made_ns = max((made.at_ns for made in known.made if made.campaign == name), default=0)
        before = waiting(known.holds, name, made_ns, now_ns, default_rules())
        retry_ns = before[-1].retry_at_ns if before else None
        if retry_ns is not None:
            told = frozenset(str(held.reason) for held in before)
            retry_ns = max(retry_ns, now_ns)
            self._waiting = Waiting(name, before[0].due_ns, retry_ns, told, before[-1].patient)
            self._served_ns = before[0].due_ns

    # --- what was missed ------------------------------------------------------------------------------------------

    def _pass_over(self, now_ns: int) -> None:
        """Say which times went by: while this machine slept, or while an earlier measurement waited."""
        from diagnostics.throughput.schedule import LATE_NS

        waiting, due = self._waiting, self._due
        if waiting is not None and not waiting.patient and waiting.retry_ns + LATE_NS < now_ns:
            self._waiting = None
            self._give_up("suspended", "held_slept", waiting.due_ns, now_ns, waiting.campaign, missed=1)
        if due is None or due.campaign or self._known is None:
            return
        if due.at_ns + LATE_NS < now_ns:
            count, last_ns = missed(self._known, due.at_ns, now_ns, self._parts.zone)
            self._serve(last_ns)
            self._give_up("suspended", "held_slept", due.at_ns, now_ns, missed=count)
        elif self._waiting is not None and due.at_ns <= now_ns:
            self._serve(due.at_ns)
            if "not_home" not in self._waiting.told:  # away from home, one word a day is enough
                self._give_up("waiting", "held_waits", due.at_ns, now_ns)

    def _serve(self, at_ns: int) -> None:
        self._served_ns = max(self._served_ns, at_ns)
        self._due, self._news = None, True

    def _give_up(
        self, reason: str, code: str, due_ns: int, now_ns: int, campaign: str = "", **figures: int
    ) -> None:
        from diagnostics.throughput.held import Held, Reason

        self._record(Held(Reason(reason), Remark.of(code, **figures), now_ns, due_ns, None, campaign))

    # --- one measurement ------------------------------------------------------------------------------------------

    def _attend(self, due: Due, stop: Callable[[], bool]) -> None:
        """Have a measurement made, or hold it where this machine is not at home."""
        from diagnostics.throughput.held import Reason

        with Reader(self._parts.journal) as reader:
            place, head = self._parts.where(reader), reader.head()
        if self._waiting is None:
            self._waiting = Waiting(due.campaign, due.at_ns, due.at_ns)
        if not due.campaign:
            self._serve(self._waiting.due_ns)
        if not place.at_home:
            home = Reason.NOT_HOME if place.line_id else Reason.NO_LINE
            why = "held_not_home" if place.line_id else "held_no_line"
            self._hold(home, Remark.of(why), place.line_id)
            return
        failure = self._measure(due.campaign, stop)
        if not (self._leaving or stop()):
            self._take_up(head.seq if head is not None else 0, due.campaign, failure, place.line_id)

    def _measure(self, campaign: str, stop: Callable[[], bool]) -> str:
        """Run the process. Returns an empty text when it ended well, else the code of what happened."""
        from diagnostics.throughput.rules import default_rules

        command = (*self._parts.command, *(("--campaign", campaign) if campaign else ()))
        try:
            child = self._parts.start(command)
        except OSError:
            return "held_process_start"
        clock = self._parts.clock
        until_ns = clock.mono_ns() + round((LONGEST_S + default_rules().watch_s) * SECOND)
        while (code := child.ended()) is None:
            if self._leaving or stop() or clock.mono_ns() >= until_ns:
                end(child, clock)
                return "held_process_hung"
            self._wake.wait(POLL_S)
            self._wake.clear()
        return "held_process_failed" if code else ""

    def _take_up(self, seq: int, campaign: str, failure: str, line_id: str) -> None:
        """See what the process left in the journal after record ``seq``: a result, a hold, or nothing."""
        from diagnostics.throughput.held import PATIENCE_NS, Reason, read_holds
        from diagnostics.throughput.rules import default_rules

        with Reader(self._parts.journal) as reader:
            events = list(reader.events(EventKind.SPEED, EventKind.SPEED_HELD, after_seq=seq))
        self._news = True
        waiting = self._waiting
        if waiting is None or any(made.campaign == campaign for made in scheduled(events)):
            self._waiting = None
            return
        holds = [held for held in read_holds(events) if held.campaign == campaign]
        if holds:
            self._wait_on(waiting, holds[-1])
        elif failure or not waiting.told:
            self._hold(Reason.FAILED, Remark.of(failure or "held_process_silent"), line_id)
        else:
            # Held as before: that is in the journal already.
            wait_ns = PATIENCE_NS if waiting.patient else round(default_rules().retry_s * SECOND)
            self._waiting = replace(waiting, retry_ns=self._now() + wait_ns)

    def _wait_on(self, waiting: Waiting, held: Held) -> None:
        """Go on with what waits after a hold; nothing waits any more when it was given up."""
        if held.retry_at_ns is None:
            self._waiting = None
            self._given_up = held if held.campaign else self._given_up
            return
        told = waiting.told | {str(held.reason)}
        self._waiting = Waiting(waiting.campaign, held.due_ns, held.retry_at_ns, told, held.patient)

    def _hold(self, reason: Reason, why: Remark, line_id: str) -> None:
        """Hold what waits for a reason of the desk's own; said where that is news."""
        from diagnostics.throughput.held import Held, next_try
        from diagnostics.throughput.rules import default_rules

        now_ns, waiting = self._now(), self._waiting
        if waiting is None:
            return
        due_ns = now_ns if waiting.patient else waiting.due_ns
        retry_ns = next_try(due_ns, now_ns, default_rules())
        held = Held(reason, why, now_ns, due_ns, retry_ns, waiting.campaign, line_id)
        if reason == "not_home":
            today = (line_id, day_of(now_ns, self._parts.zone))
            news = today not in self._away
            self._away.add(today)
        else:
            news = held.final or str(reason) not in waiting.told
        self._wait_on(waiting, held)
        if news:
            self._record(held)

    # --- what is said ---------------------------------------------------------------------------------------------

    def _record(self, held: Held) -> None:
        from diagnostics.throughput.held import to_event

        self._unsaid = [*self._unsaid, to_event(held)][-MOST_UNSAID:]
        self._speak()

    def _speak(self) -> None:
        """Hand over what is to be said; what is not taken now is handed over again at the next look."""
        try:
            while self._unsaid:
                self._parts.say(self._unsaid[0])
                self._unsaid.pop(0)
        except Problem:
            return
