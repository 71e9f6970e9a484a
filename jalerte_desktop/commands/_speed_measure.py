"""Making one measurement for ``jalerte speed``: may it begin, what it costs, its progress, its keeping."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnostics.journal.lock import Held, Lock
from diagnostics.links.counters import read_counters
from diagnostics.links.interfaces import read_interface
from diagnostics.links.metered import read_metered
from diagnostics.links.route import RouteState, open_route_reader
from diagnostics.model import SECOND, Event, Problem, Remark, line_id
from diagnostics.probes.clock_sync import read_clock_state
from diagnostics.recorder import notes
from diagnostics.standard_input import when_closed
from diagnostics.throughput import held as holds
from diagnostics.throughput.budget import Estimate, Wanted, estimate, used
from diagnostics.throughput.choice import Choice
from diagnostics.throughput.idle import HomeMeter, Meter, machine_meter, watch
from diagnostics.throughput.measure import Around, Orders, Phase, ServerLeft, ServerTaken, Step, measure
from diagnostics.throughput.model import Direction, SpeedFailed, SpeedResult, Tick, Way
from diagnostics.throughput.precheck import DAY_NS, Go, Hold, Made, Moment, hold, prepare
from diagnostics.throughput.providers import open_provider
from diagnostics.throughput.record import to_event
from diagnostics.throughput.rules import SpeedRules, default_rules
from diagnostics.throughput.terms import load_terms
from diagnostics.witnesses import Step as Witnessed
from jalerte_desktop.commands import _speed_words as words
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.remarks import say

if TYPE_CHECKING:
    from diagnostics.box.adapter import Box
    from diagnostics.campaigns.model import Campaign
    from jalerte_desktop.commands.speed import Known

LOCK_NAME = "speed.lock"
"""One measurement at a time: two would measure each other."""
LOOK_S = 1.0
"""How long it is looked whether the link is idle, when somebody waits for the result."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The arguments, checked. ``directions``: ``down``, ``up`` or both; ``family`` 4, 6 or 0."""

    directions: tuple[str, ...]
    family: int
    streams: int | None
    seconds: float | None
    most_bytes: int | None
    metered: bool
    scheduled: bool
    campaign: Campaign | None
    progress: bool
    stdin: bool

    @property
    def limits(self) -> Wanted:
        """What bounds the cost."""
        return Wanted(tuple(Direction(name) for name in self.directions), self.seconds, self.most_bytes)

    @property
    def series(self) -> str:
        """The campaign's id, or empty."""
        return "" if self.campaign is None else self.campaign.id


def measure_now(choice: Choice | None, wishes: Wishes, known: Known, context: Context) -> int:
    """Measure and keep the result; returns the exit code. Raises Problem."""
    rules, stop, told = default_rules(), threading.Event(), _Teller(wishes, context)
    _listen_for_stop(stop, wishes.stdin)
    with closing(open_route_reader()) as reader:
        route = reader.read()
    moment = _moment(choice, wishes, known, route, context, rules)
    context.home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with Lock(context.home.folder / LOCK_NAME):
            allowed = _allowed(choice, wishes, moment, route, context, rules, stop)
            if isinstance(allowed, Go):
                assert choice is not None  # else it is held
                told.begin(choice, moment.cost, moment.used_bytes, allowed)
                return _make(choice, wishes, allowed, moment, route, context, rules, told, stop)
    except Held:
        if not wishes.scheduled:
            raise Problem("speed_running") from None
        another = Remark.of("held_another")
        allowed = hold(holds.Reason.ANOTHER, another, moment, rules, campaign=wishes.series)
    return _held(allowed, wishes, told, context)


def _allowed(
    choice: Choice | None,
    wishes: Wishes,
    moment: Moment,
    route: RouteState,
    context: Context,
    rules: SpeedRules,
    stop: threading.Event,
) -> Go | Hold:
    def watched() -> Sequence[Sequence[Witnessed]]:
        meters: list[Meter] = []
        if read_counters(route.interface) is not None:
            meters.append(machine_meter(route.interface))
        if wishes.scheduled and route.gateway:
            box = _find_box(route.gateway, route.interface if route.tunnel else "", context)
            meters += [HomeMeter(box.ask)] if box is not None else []
        return watch(meters, context.clock, rules.watch_s if wishes.scheduled else LOOK_S, stop)

    allowed = prepare(choice, moment, rules, watched, scheduled=wishes.scheduled, campaign=wishes.series)
    if isinstance(allowed, Go) and wishes.campaign is not None:
        return _fit(wishes.campaign, allowed, moment, route, context, rules)
    return allowed


def _make(
    choice: Choice,
    wishes: Wishes,
    allowed: Go,
    moment: Moment,
    route: RouteState,
    context: Context,
    rules: SpeedRules,
    told: _Teller,
    stop: threading.Event,
) -> int:
    orders = Orders(
        servers=choice.servers,
        directions=wishes.limits.directions,
        family=wishes.family,
        streams=wishes.streams,
        longest_ns=None if wishes.seconds is None else round(wishes.seconds * SECOND),
        most_bytes=min(
            (limit for limit in (wishes.most_bytes, allowed.most_bytes) if limit is not None), default=None
        ),
        campaign=wishes.series,
        scheduled=wishes.scheduled,
        label_indicative=load_terms()[choice.provider].indicative,
    )
    around = Around(
        context.clock,
        route,
        context.home.journal,
        lambda gateway, interface: _find_box(gateway, interface, context),
    )
    try:
        result = measure(open_provider(choice.provider), orders, around, rules, told.step, stop)
    except SpeedFailed as failed:
        told.failed(failed)
        if wishes.scheduled and not stop.is_set():
            one = hold(holds.Reason.FAILED, failed.remark, moment, rules, campaign=wishes.series)
            if one.record:
                _note(holds.to_event(one.held), context)
        raise
    try:
        _note(to_event(result), context)
    finally:
        # What could not be kept was measured all the same.
        told.end(result)
    return 0


def _fit(
    campaign: Campaign, allowed: Go, moment: Moment, route: RouteState, context: Context, rules: SpeedRules
) -> Go | Hold:
    """Whether the campaign would take a measurement made here and now: what it would reject costs no data."""
    from diagnostics.campaigns.accept import unfit
    from diagnostics.campaigns.standing import rules_of
    from diagnostics.throughput.surroundings import look

    here = look("", Way(route.interface), route, context.home.journal)
    against = unfit(rules_of(campaign), campaign.promised, campaign.line, here)
    if not against:
        return allowed
    return hold(holds.Reason.PRECONDITION, against[0], moment, rules, campaign=campaign.id)


def _find_box(gateway: str, interface: str, context: Context) -> Box | None:
    from diagnostics.box.adapter import find_box

    return find_box(gateway, context.clock, interface)


def _moment(
    choice: Choice | None,
    wishes: Wishes,
    known: Known,
    route: RouteState,
    context: Context,
    rules: SpeedRules,
) -> Moment:
    line = line_id(route.gateway_mac, route.interface) if route.gateway_mac else ""
    home = known.lines[line].home if line in known.lines else None
    link_bps = read_interface(route.interface).speed_bps if route.interface else None
    cost = (
        Estimate(0, 0, estimate((), "", "", rules).basis)
        if choice is None
        else estimate(known.results, choice.provider, line, rules, link_bps, wishes.limits)
    )
    made = [one.at_ns for one in known.results if one.scheduled and one.campaign == wishes.series]
    return Moment(
        now_ns=context.now_ns,
        line_id=line,
        at_home=home is True,
        metered=read_metered(route.interface) if route.interface else None,
        metered_allowed=wishes.metered or context.config.speed_metered,
        clock_synchronised=read_clock_state().synchronised,
        used_bytes=used(known.events, context.now_ns, None),
        cost=cost,
        holds=holds.read_holds(known.events),
        measured_ns=max(made, default=0),
        made=tuple(
            Made(one.at_ns, one.scheduled)
            for one in known.results
            if choice is not None and one.provider == choice.provider and one.at_ns > context.now_ns - DAY_NS
        ),
    )


def _held(allowed: Hold, wishes: Wishes, told: _Teller, context: Context) -> int:
    """A scheduled measurement that has to wait is in order; one that somebody asked for has failed."""
    if allowed.record:
        _note(holds.to_event(allowed.held), context)
    told.held(allowed.held)
    return 0 if wishes.scheduled else 1


def _note(event: Event, context: Context) -> None:
    notes.add(context.home.folder, context.home.journal, event.kind, event.data, event.at_ns)


def _listen_for_stop(stop: threading.Event, stdin: bool) -> None:
    """Ctrl+C, a signal to end and the end of standard input stop the measurement; what was measured is kept."""

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)

    if stdin:
        when_closed(stop.set)


class _Teller:
    """Says how it goes: as lines of JSON with ``--progress``, in words otherwise; the result on standard output."""

    def __init__(self, wishes: Wishes, context: Context) -> None:
        self._json, self._progress = context.json, wishes.progress
        self._quiet = wishes.scheduled and not wishes.progress
        self._context = context
        self._live = not self._json and not self._progress and context.err.isatty()

    def begin(self, choice: Choice, cost: Estimate, used_bytes: int, allowed: Go) -> None:
        self._line(
            "begin",
            provider=choice.provider,
            usual_bytes=cost.usual_bytes,
            most_bytes=cost.high_bytes
            if allowed.most_bytes is None
            else min(cost.high_bytes, allowed.most_bytes),
            month_bytes=used_bytes,
            cap_bytes=choice.cap_bytes,
            notes=[say(remark) for remark in allowed.told],
        )
        self._words(words.cost_words(cost, used_bytes, choice))
        for remark in allowed.told:
            self._words(say(remark))

    def step(self, step: Step) -> None:
        if isinstance(step, Tick):
            self._line("rate", direction=str(step.direction), bps=step.bps, bytes=step.bytes)
            if self._live:
                self._context.err.write(f"\r{words.tick_words(step)}\x1b[K")
                self._context.err.flush()
        elif isinstance(step, Phase):
            self._line("phase", phase=str(step))
        elif isinstance(step, ServerTaken):
            self._line(
                "server", server=step.server.url, name=step.server.name, distance_ms=step.server.distance_ms
            )
            self._words(words.server_words(step.server))
        elif isinstance(step, ServerLeft):
            problem = say_problem(SpeedFailed(step.why.code, **dict(step.why.values)))
            self._line("server_left", server=step.server.url, why=problem)
            self._words(problem)

    def held(self, held: holds.Held) -> None:
        self._line("held", **words.held_json(held))
        if self._json:
            self._context.print_json({"held": words.held_json(held)})
        elif not self._progress:
            self._context.say(say(held.why))

    def failed(self, failed: SpeedFailed) -> None:
        self._clear()
        self._line("failed", problem=say_problem(failed), code=failed.remark.code)

    def end(self, result: SpeedResult) -> None:
        self._clear()
        document = words.result_json(result)
        self._line("cancelled" if result.cancelled else "completed", result=document)
        if self._json:
            self._context.print_json(document)
        elif not self._progress:
            for line in words.result_words(result):
                self._context.say(line)

    def _line(self, event: str, **values: Any) -> None:
        if not self._progress:
            return
        out = self._context.err if self._json else self._context.out
        said: Mapping[str, Any] = {"event": event, **values}
        # Whoever listened may be gone: the measurement is kept all the same.
        with suppress(OSError, ValueError):
            print(json.dumps(said, ensure_ascii=False), file=out, flush=True)

    def _words(self, text: str) -> None:
        if not (self._json or self._progress or self._quiet):
            print(text, file=self._context.err)

    def _clear(self) -> None:
        if self._live:
            self._context.err.write("\r\x1b[K")
