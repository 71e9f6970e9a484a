"""The witnesses of a recording: this machine's counters in the recorder's turn, Wi-Fi and box in threads of their own.

What they say waits in a queue, as events.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from diagnostics.clock import Clock, Reading
from diagnostics.links.route import RouteState
from diagnostics.model import MINUTE, SECOND, Event
from diagnostics.recorder.lines import gateway_of
from diagnostics.recorder.traffic import MachineMeter, TrafficBook
from diagnostics.wifi_changes import wifi_change
from diagnostics.witnesses import BoxAccount, Origin, Statement, Traffic, Wifi, to_event

if TYPE_CHECKING:
    from diagnostics.box.adapter import Box
    from diagnostics.box.counters import TrafficMeter
    from diagnostics.box.reading import BoxReading
    from diagnostics.links.counters import Counters
    from diagnostics.links.wifi import WifiReader

WIFI_S, WIFI_ATTENDING_S = 60, 10
BOX_S, BOX_ATTENDING_S = 20, 5
"""In 30 s a line of 1 Gbit/s could carry more than a 32-bit counter tells."""
REPEAT_NS = 600 * SECOND
"""What a box says and does not change is kept again after this."""
SEARCH_S, SEARCH_LATER_S, SEARCHES = 60, 600, 3
"""How often a box is looked for that was not found: so many times soon, then seldom."""
SILENT_ASKS = 10
"""After so many questions without an answer, the box is looked for anew."""
SIGNAL_DB = 3
RATE_RATIO = 1.5
"""A link rate that changed by less is no news: it does so with every frame."""
BROKEN_S = 600
JOIN_S = 1.0
SOONEST_S = 0.5


Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where witnesses are asked, injected.

    ``find_box`` gets the gateway's address and the interface to go by (empty: as the system does); it and ``ask`` block
    for seconds.
    """

    counters: Callable[[str], Counters | None]
    open_wifi: Callable[[], WifiReader]
    find_box: Callable[[str, str], Box | None]
    home_meter: Callable[[], TrafficMeter]


def real_sources(clock: Clock) -> Sources:
    """The real ones. What is heavy is imported when it is first needed."""

    def counters(interface: str) -> Counters | None:
        from diagnostics.links.counters import read_counters

        return read_counters(interface)

    def open_wifi() -> WifiReader:
        from diagnostics.links.wifi import open_wifi_reader

        return open_wifi_reader(identity=False)

    def find_box(gateway: str, interface: str) -> Box | None:
        from diagnostics.box.adapter import find_box

        return find_box(gateway, clock, interface)

    def home_meter() -> TrafficMeter:
        from diagnostics.box.counters import TrafficMeter

        return TrafficMeter()

    return Sources(counters, open_wifi, find_box, home_meter)


def _tell_nobody(_name: str, _error: Exception) -> None: ...


class BackgroundWitnesses:
    """Keeps to ``parts.Witnesses``. Threads start when there is something to ask: a radio link, a box."""

    def __init__(
        self,
        clock: Clock,
        sources: Sources,
        broken: Callable[[str, Exception], None] = _tell_nobody,
    ) -> None:
        """``broken`` is told of a witness whose asking failed for no reason of the network's; called in its thread."""
        self._meter = MachineMeter(sources.counters)
        self._said: SimpleQueue[Event] = SimpleQueue()
        self._attending = self._stopped = False
        self._wifi = WifiWatch(clock, sources.open_wifi, self._said.put)
        self._box = BoxWatch(clock, sources.find_box, sources.home_meter, self._said.put)
        self._wifi.broken = self._box.broken = broken

    def start(self) -> None:
        """Nothing to do before the first route is known."""

    def follow(self, route: RouteState) -> None:
        if route.interface:
            self._meter.follow(route.interface)
            self._wifi.follow(route.interface if route.medium == "wifi" else "")
            gateway = gateway_of(route)
            if gateway:
                self._box.follow((gateway, route.interface if route.tunnel else ""))

    def attend(self, active: bool) -> None:
        if active != self._attending:
            self._attending = active
            self._wifi.attend(active)
            self._box.attend(active)

    def collect(self, now: Reading) -> list[Event]:
        traffic = self._meter.rest(now) if self._stopped else self._meter.tick(now, self._attending)
        events = [to_event(statement, statement.end_ns) for statement in traffic]
        while True:
            try:
                events.append(self._said.get_nowait())
            except Empty:
                return events

    def stop(self) -> None:
        """Blocks for two seconds at most: a box that is being asked is not waited for longer."""
        self._stopped = True
        self._wifi.stop()
        self._box.stop()


class _Watch(Generic[Place]):
    """A thread that looks at something again and again, while there is something to look at."""

    name = ""
    usual_s, attending_s = 60, 10

    def __init__(self, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._clock = clock
        self._tell = tell
        self.broken: Callable[[str, Exception], None] = _tell_nobody
        self._place: Place | None = None
        self._attending = False
        self._attended = False
        self._stopping = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, place: Place) -> None:
        if place == self._place:
            return
        self._place = place
        self._wake.set()
        if self._thread is None and place:
            self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
            self._thread.start()

    def attend(self, active: bool) -> None:
        self._attending = active
        if active:
            self._attended = True
            self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def _work(self) -> None:
        while not self._stopping:
            wait_s = self._look_safely(self._place) if self._place else None
            if not self._wake.wait(wait_s):
                continue
            self._wake.clear()
        self.end()

    def _look_safely(self, place: Place) -> float:
        try:
            return self.look(place)
        except Exception as error:
            # What is broken must not end the recording, nor fall silent for ever.
            self.broken(self.name, error)
            return BROKEN_S

    def look(self, place: Place, /) -> float:
        """Look once; returns after how many seconds to look again."""
        raise NotImplementedError

    def end(self) -> None:
        """The last thing done in the thread."""

    def _say(self, statements: Iterable[Statement], at_ns: int) -> None:
        for one in statements:
            self._tell(to_event(one, one.end_ns if isinstance(one, Traffic) else at_ns))

    def _until_next(self) -> float:
        """Seconds to the next whole period of wall time: right after a minute's end, what is said of it is said."""
        period = self.attending_s if self._attending else self.usual_s
        left = period - self._clock.read().wall_ns / SECOND % period
        return left if left > SOONEST_S else left + period


class WifiWatch(_Watch[str]):
    """The radio link of an interface: told once in each minute, and when it changes."""

    name = "wifi"
    usual_s, attending_s = WIFI_S, WIFI_ATTENDING_S

    def __init__(
        self, clock: Clock, open_reader: Callable[[], WifiReader], tell: Callable[[Event], None]
    ) -> None:
        super().__init__(clock, tell)
        self._open_reader = open_reader
        self._reader: WifiReader | None = None
        self._last: tuple[Wifi, int] | None = None

    def look(self, interface: str, /) -> float:
        if self._reader is None:
            self._reader = self._open_reader()
        said = self._reader.read(interface)
        now = self._clock.read()
        # A look that is meant for the minute's beginning may come a moment before.
        minute = (now.wall_ns + SECOND) // MINUTE
        if self._last is None or minute != self._last[1] or wifi_changed(self._last[0], said):
            self._last = (said, minute)
            self._say([said], now.wall_ns)
        return self._until_next()

    def end(self) -> None:
        if self._reader is not None:
            self._reader.close()


def wifi_changed(before: Wifi, now: Wifi) -> bool:
    """Whether ``now`` is news within its minute: another connection, channel, signal or rate, or frames sent again."""
    names = ("state", "interface", "identity_refused", "frequency_mhz", "channel", "retries", "failed")
    if wifi_change(before, now) is not None or any(getattr(before, n) != getattr(now, n) for n in names):
        return True
    if _moved(before.signal_dbm, now.signal_dbm, lambda a, b: abs(a - b) >= SIGNAL_DB):
        return True
    rates = ((before.rx_bps, now.rx_bps), (before.tx_bps, now.tx_bps))
    return any(_moved(a, b, lambda a, b: max(a, b) > RATE_RATIO * min(a, b)) for a, b in rates)


def _moved(before: int | None, now: int | None, far: Callable[[int, int], bool]) -> bool:
    if before is None or now is None:
        return before is not now
    return far(before, now)


class BoxWatch(_Watch[tuple[str, str]]):
    """The box at the gateway: its account of the line, and the home's traffic."""

    name = "box"
    usual_s, attending_s = BOX_S, BOX_ATTENDING_S

    def __init__(
        self,
        clock: Clock,
        find: Callable[[str, str], Box | None],
        home_meter: Callable[[], TrafficMeter],
        tell: Callable[[Event], None],
    ) -> None:
        super().__init__(clock, tell)
        self._find = find
        self._home_meter = home_meter
        self._meter: TrafficMeter | None = None
        self._book = TrafficBook(Origin.HOME)
        self._known: tuple[str, str] | None = None
        self._box: Box | None = None
        self._searches = self._silent = 0
        self._last: tuple[BoxAccount, int] | None = None

    def look(self, place: tuple[str, str], /) -> float:
        if place != self._known:
            self._known, self._box, self._last = place, None, None
            self._searches = 0
        if self._box is None:
            self._box = self._find(*place)
            self._meter, self._silent = None, 0
            self._searches += 1
        if self._box is None:
            return SEARCH_S if self._searches < SEARCHES else SEARCH_LATER_S
        reading = self._box.ask()
        if reading is None:
            self._silent += 1
            if self._silent >= SILENT_ASKS:
                self._box, self._searches = None, 0
        else:
            self._silent = 0
            self._take(reading)
        now = self._clock.read()
        self._say(self._book.due(self._attending), now.wall_ns)
        return self._until_next()

    def _take(self, reading: BoxReading) -> None:
        now, account = self._clock.read(), reading.account
        last = self._last
        due = last is None or now.mono_ns - last[1] >= REPEAT_NS or self._attended
        if due or (last is not None and account_changed(last[0], account)):
            self._say([account], now.wall_ns)
            self._last, self._attended = (account, now.mono_ns), False
        elif last is not None:
            # Uptimes are compared with the newest ones, so that each new start is seen.
            self._last = (account, last[1])
        if self._meter is None:
            self._meter = self._home_meter()
        traffic = self._meter.step(reading)
        start_ns = 0 if traffic is None else traffic.start_ns
        for step in traffic.steps if traffic is not None else ():
            self._book.add(start_ns, step)
            start_ns += step.duration_ns

    def end(self) -> None:
        self._say(self._book.rest(), self._clock.read().wall_ns)


def account_changed(before: BoxAccount, now: BoxAccount) -> bool:
    """Whether the line's state, its rates or its network changed, or it or the box started anew."""
    names = ("adapter", "wan_up", "network", "link_down_bps", "link_up_bps")
    if any(getattr(before, name) != getattr(now, name) for name in names):
        return True
    ages = ((before.uptime_s, now.uptime_s), (before.boot_s, now.boot_s))
    return any(old is not None and new is not None and new < old for old, new in ages)
