"""A recorder put together from the real parts, and run until told to stop."""

from __future__ import annotations

import gc
import math
import os
import platform
import selectors
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

from diagnostics.clock import Clock, SystemClock
from diagnostics.config import Config
from diagnostics.journal.aside import open_or_begin_anew
from diagnostics.journal.integrity import FileWatch
from diagnostics.journal.lock import Held, Lock
from diagnostics.journal.reader import Reader
from diagnostics.links.interfaces import read_interface
from diagnostics.links.route import RouteReader, open_route_reader
from diagnostics.model import SECOND, Event, EventKind, Line, MachineCannot, Problem
from diagnostics.probes.binding import Binding
from diagnostics.probes.clock_sync import read_clock_state
from diagnostics.probes.ping import Pinger, open_pinger
from diagnostics.probes.public_address import PublicAddress
from diagnostics.probes.route import HopAnswer, find_first_hop
from diagnostics.recorder.checks import Runner
from diagnostics.recorder.control import Server
from diagnostics.recorder.hops import HopWatch
from diagnostics.recorder.identity import IdentityWatch
from diagnostics.recorder.loop import ROUTE_NS, ROUTE_POLL_NS, Recorder
from diagnostics.recorder.notes import LOCK_NAME, hand_over
from diagnostics.recorder.parts import Identity, LineIdentity, NoIdentity, Parts
from diagnostics.recorder.plans import make_plans
from diagnostics.recorder.refresh import Refresh
from diagnostics.recorder.speed_desk import DeskParts, SpeedDesk
from diagnostics.recorder.stamp_desk import StampDesk, StampParts
from diagnostics.recorder.witnesses import BackgroundWitnesses, real_sources
from diagnostics.standard_input import when_closed


@dataclass(frozen=True, slots=True)
class Orders:
    """How long to run: ``for_s`` seconds (None: until told), and whether a closed standard input means stop.

    ``speed`` is the command that makes one scheduled speed measurement; empty: none are made. ``stamp`` is the one that
    has the newest seal dated from outside; empty: none is. ``study`` is the one that keeps the study of the journal up
    to date; empty: papers study it when they are made.
    """

    for_s: float | None = None
    stdin: bool = False
    speed: tuple[str, ...] = ()
    stamp: tuple[str, ...] = ()
    study: tuple[str, ...] = ()


DESK_POLL_S = 0.05
END_S = 2.0
"""So long a speed measurement or a time stamp may take to end, while what it hands over is still taken."""


class Stop:
    """Set by a signal, by the end of standard input, or by the time being over."""

    def __init__(self, clock: Clock, for_s: float | None) -> None:
        self._event = threading.Event()
        self._clock = clock
        self._until_ns = None if for_s is None else clock.mono_ns() + round(for_s * SECOND)

    def __call__(self) -> bool:
        return self._event.is_set() or (
            self._until_ns is not None and self._clock.mono_ns() >= self._until_ns
        )

    def set(self) -> None:
        self._event.set()

    def on_signals(self) -> None:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self.set()

        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), stop)

    def on_closed_stdin(self) -> None:
        when_closed(self.set)


def record(
    home: Path,
    journal: Path,
    config: Config,
    orders: Orders,
    version: str,
    method: str,
    *,
    warn: Callable[[Problem], None],
    ready: Callable[[Recorder], None],
) -> int:
    """Record until told to stop; returns the number of samples.

    Raises Problem when another recorder runs here ("recorder_running"), or when this machine cannot: nothing has been
    written then but the lock's file.
    """
    _check_home(home)
    clock = SystemClock()
    with ExitStack() as stack:
        stack.enter_context(_lock(home))
        binding = Binding()
        pinger = stack.enter_context(closing(open_pinger(clock, binding=binding)))
        tcp_pinger = _tcp_beside(pinger, clock, binding)
        if tcp_pinger is not None:
            stack.enter_context(closing(tcp_pinger))
        writer, crashed = open_or_begin_anew(journal, clock.read().wall_ns, warn)
        stack.enter_context(closing(writer))
        with Reader(journal) as reader:
            span = reader.record_span()
            homes = _known_homes(tuple(reader.lines.values()))
            crashed = crashed or _never_stopped(reader)
        routes = stack.enter_context(closing(open_route_reader()))
        parts = _parts(config, clock, pinger, routes, binding, warn)
        parts = replace(parts, tcp_pinger=tcp_pinger, file=FileWatch(journal))
        recorder = Recorder(writer, config, parts, Identity(version, method, platform.platform()))
        selector = stack.enter_context(selectors.DefaultSelector())
        desk = SpeedDesk(_desk_parts(home, journal, config, orders, clock, warn))
        stack.callback(desk.close)
        stamps = StampDesk(_stamp_parts(home, journal, config, orders, clock, warn))
        stack.callback(stamps.close)
        handler = stamps.listening(desk.listening(recorder.handle))
        server = stack.enter_context(closing(Server(home, handler)))
        server.register(selector)
        _watch(routes, recorder, selector)
        stop = Stop(clock, orders.for_s)
        stop.on_signals()
        if orders.stdin:
            stop.on_closed_stdin()
        recorder.start(span.end_ns if span else None, crashed, homes)
        if orders.speed:
            desk.start()
        stamps.start()
        refresh = Refresh(orders.study, clock)
        stack.callback(refresh.close)
        refresh.start()
        ready(recorder)
        gc.collect()
        gc.freeze()
        _serve(recorder, selector, stop)
        desk.leave()
        stamps.leave()
        end = Stop(clock, END_S)
        _serve(recorder, selector, lambda: (desk.left and stamps.left) or end(), DESK_POLL_S)
        recorder.stop()
        return recorder.samples


def _desk_parts(
    home: Path,
    journal: Path,
    config: Config,
    orders: Orders,
    clock: Clock,
    warn: Callable[[Problem], None],
) -> DeskParts:
    """The desk speaks through the socket, as its processes do: only the recorder's own thread writes the journal."""

    def say(event: Event) -> None:
        hand_over(home, event.kind, event.data, event.at_ns, END_S / 2)

    return DeskParts(
        clock=clock,
        journal=journal,
        config=config,
        command=orders.speed,
        say=say,
        broken=lambda error: warn(_broken("speed desk", error)),
    )


def _stamp_parts(
    home: Path,
    journal: Path,
    config: Config,
    orders: Orders,
    clock: Clock,
    warn: Callable[[Problem], None],
) -> StampParts:
    return StampParts(
        clock=clock,
        home=home,
        journal=journal,
        config=config,
        command=orders.stamp,
        broken=lambda error: warn(_broken("stamp desk", error)),
    )


def _lock(home: Path) -> Lock:
    """The home's lock. Somebody who only looks whether it is held holds it for an instant: a few tries, then."""
    for tries_left in (2, 1, 0):
        try:
            return Lock(home / LOCK_NAME)
        except Held as held:
            if not tries_left:
                raise Problem("recorder_running", pid=held.pid or 0) from held
            time.sleep(0.05)
    raise AssertionError("unreachable")


def _tcp_beside(pinger: Pinger, clock: Clock, binding: Binding) -> Pinger | None:
    """What tries anchors whose pings are filtered; None where that is the pinger's way already, or impossible."""
    if pinger.method == "tcp":
        return None
    try:
        return open_pinger(clock, method="tcp", binding=binding)
    except MachineCannot:
        return None


def _parts(
    config: Config,
    clock: Clock,
    pinger: Pinger,
    routes: RouteReader,
    binding: Binding,
    warn: Callable[[Problem], None],
) -> Parts:
    return Parts(
        clock=clock,
        pinger=pinger,
        checks=Runner(
            make_plans(config, clock, binding), lambda target, error: warn(_broken(target.id, error))
        ),
        routes=routes,
        hops=HopWatch(lambda gateway: _first_hop(config, gateway, clock, binding)),
        clock_state=lambda: asdict(read_clock_state()),
        route_every_ns=ROUTE_POLL_NS if routes.events() is None else ROUTE_NS,
        warn=warn,
        witnesses=BackgroundWitnesses(
            clock, real_sources(clock), lambda name, error: warn(_broken(name, error))
        ),
        binding=binding,
        identity=_identity(config, binding),
        interface=read_interface,
    )


def _identity(config: Config, binding: Binding) -> LineIdentity:
    """Asks for the public address only where the shipped targets are in use: who set others wants no one else asked."""
    if not config.resolvers or {"targets.anchors", "targets.anchors6", "targets.resolvers"} & {*config.given}:
        return NoIdentity()
    return IdentityWatch(PublicAddress(config.resolvers[0].address, binding).learn)


def _watch(routes: RouteReader, recorder: Recorder, selector: selectors.BaseSelector) -> None:
    """Let the system's word of a changed route wake the recorder, where it gives one."""
    events = routes.events()

    def route_event(*_: object) -> None:
        if routes.changed():
            recorder.route_changed()

    if events is not None:
        selector.register(events, selectors.EVENT_READ, route_event)


def _serve(
    recorder: Recorder,
    selector: selectors.BaseSelector,
    stopping: Callable[[], bool],
    longest_s: float = math.inf,
) -> None:
    """Run until ``stopping``, asked every ``longest_s`` at least; in the selector, ``(selector, socket) -> None``."""
    while not stopping():
        for key, _ in selector.select(min(recorder.until_next_s(), longest_s)):
            key.data(selector, key.fileobj)
        recorder.step()


def _check_home(home: Path) -> None:
    """Raise MachineCannot when the home folder cannot be written."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise MachineCannot("home_not_writable", path=str(home), why=error.strerror or "") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise MachineCannot("home_not_writable", path=str(home), why="")


def _never_stopped(reader: Reader) -> bool:
    """True when the last run said that it began, and not that it ended."""
    newest = EventKind.STOPPED
    for event in reader.events(EventKind.STARTED, EventKind.STOPPED):
        newest = event.kind
    return newest is EventKind.STARTED


def _known_homes(lines: Sequence[Line]) -> list[str]:
    """Lines whose home mark has been answered, yes or no."""
    return [line.id for line in lines if line.home is not None]


def _broken(name: str, error: BaseException) -> Problem:
    return Problem("check_broken", target=name, why=f"{type(error).__name__}: {error}")


def _first_hop(config: Config, gateway: str, clock: Clock, binding: Binding) -> HopAnswer:
    anchors = config.anchors6 if ":" in gateway else config.anchors
    destinations = [anchor.address for anchor in anchors]
    if not destinations:
        return HopAnswer(None, None)
    family = 6 if ":" in gateway else 4
    interface = binding.interface
    return find_first_hop(destinations, gateway=gateway, clock=clock, family=family, interface=interface)
