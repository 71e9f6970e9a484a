"""What the recorder hears from witnesses, and how little it writes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.adapter import Box
from diagnostics.box.counters import TrafficMeter
from diagnostics.box.reading import BoxReading
from diagnostics.clock import Clock, Reading, SystemClock
from diagnostics.links.counters import Counters
from diagnostics.links.route import RouteState
from diagnostics.model import MINUTE, SECOND, Event
from diagnostics.recorder import witnesses
from diagnostics.recorder.traffic import LONGEST_QUIET_NS, QUIET_BPS, MachineMeter, TrafficBook
from diagnostics.recorder.witnesses import (
    BOX_S,
    BackgroundWitnesses,
    BoxWatch,
    Sources,
    WifiWatch,
    account_changed,
    wifi_changed,
)
from diagnostics.witnesses import (
    BoxAccount,
    Origin,
    Statement,
    Step,
    Traffic,
    Wifi,
    WifiState,
    from_event,
    to_event,
)

T0 = 29_916_667 * MINUTE
BUSY = Step(5 * SECOND, 40_000_000, 900_000)
IDLE = Step(5 * SECOND, 12_000, 9_000)
HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")


# --- steps become statements ----------------------------------------------------------------------------------------


def filled(
    book: TrafficBook, steps: list[Step], start_ns: int = T0, attending: bool = False
) -> list[Traffic]:
    said: list[Traffic] = []
    for step in steps:
        book.add(start_ns, step)
        start_ns += step.duration_ns
        said += book.due(attending)
    return said


def test_a_busy_minute_is_one_statement_at_its_end() -> None:
    said = filled(TrafficBook(Origin.MACHINE), [BUSY] * 13)
    assert said == [Traffic(Origin.MACHINE, T0, (BUSY,) * 12)]
    assert said[0].end_ns == T0 + MINUTE


def test_quiet_steps_become_one_and_quiet_minutes_ten() -> None:
    said = filled(TrafficBook(Origin.MACHINE), [IDLE] * 12 * 25)
    assert [len(one.steps) for one in said] == [1, 1]
    assert [one.steps[0].duration_ns for one in said] == [LONGEST_QUIET_NS] * 2
    assert said[1].start_ns == said[0].end_ns
    assert (said[0].steps[0].down_bps, said[0].steps[0].up_bps) == (12_000, 9_000)


def test_when_something_seems_wrong_nothing_waits_past_its_minute() -> None:
    book = TrafficBook(Origin.MACHINE)
    assert filled(book, [IDLE] * 12 * 3) == []
    (said,) = book.due(True)
    assert said.end_ns == T0 + 3 * MINUTE
    assert len(filled(book, [IDLE] * 24, said.end_ns, attending=True)) == 2


def test_a_hole_is_never_covered() -> None:
    book = TrafficBook(Origin.HOME)
    book.add(T0, BUSY)
    book.add(T0 + 30 * SECOND, BUSY)
    said = book.due(False) + book.rest()
    assert [(one.start_ns, one.end_ns) for one in said] == [
        (T0, T0 + 5 * SECOND),
        (T0 + 30 * SECOND, T0 + 35 * SECOND),
    ]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 300_000), st.integers(0, 300_000)), max_size=150)
)
def test_statements_cover_every_step_once_and_keep_the_sum(rows: list[tuple[int, int, int]]) -> None:
    steps = [Step(seconds * SECOND, down, up) for seconds, down, up in rows]
    book = TrafficBook(Origin.MACHINE)
    said = filled(book, steps) + book.rest()
    at = T0
    for one in said:
        assert one.start_ns == at
        at = one.end_ns
    assert at == T0 + sum(step.duration_ns for step in steps)
    carried = sum(s.duration_ns * s.down_bps for one in said for s in one.steps) / SECOND
    meant = sum(s.duration_ns * s.down_bps for s in steps) / SECOND
    assert abs(carried - meant) <= sum(step.duration_ns for step in steps) / SECOND * (len(steps) + 1)


def test_packets_that_broke_are_told_at_the_minutes_end_and_dropped_ones_ride_along() -> None:
    book, said, at = TrafficBook(Origin.MACHINE), list[Traffic](), T0
    for number in range(12 * 12):
        # Dropped packets are an everyday thing, and end no quiet stretch; two broken ones in the eleventh minute do.
        book.add(at, IDLE, errors=1 if number in (121, 125) else 0, dropped=3)
        at += IDLE.duration_ns
        said += book.due(False)
    (last,) = book.rest()
    minutes = [(one.start_ns - T0) // MINUTE for one in (*said, last)]
    assert minutes == [0, 10, 11]
    assert [(one.errors, one.dropped) for one in said] == [(0, 360), (2, 36)]
    assert (last.errors, last.dropped) == (0, 36)


def test_counts_of_broken_packets_are_kept_only_where_there_are_any_and_read_tolerantly() -> None:
    clean = Traffic(Origin.MACHINE, T0, (BUSY,))
    assert not {"errors", "dropped"} & to_event(clean, T0).data.keys()
    assert from_event(to_event(clean, T0)) == clean
    bad = replace(clean, errors=7, dropped=2)
    event = to_event(bad, T0)
    assert (event.data["errors"], event.data["dropped"]) == (7, 2)
    assert from_event(event) == bad
    odd = ("many", -1, None, True, 1.5, ["1"])
    for nonsense in odd:
        assert from_event(replace(event, data={**event.data, "errors": nonsense})) == replace(bad, errors=0)


# --- this machine's counters ----------------------------------------------------------------------------------------


class Hand:
    """Counters and clock moved by hand."""

    def __init__(self) -> None:
        self.now = Reading(T0, 500 * SECOND, 900 * SECOND)
        self.down = self.up = 0
        self.index = 2
        self.errors = self.dropped = 0
        self.there = True
        self.meter = MachineMeter(self.read)
        self.meter.follow("eth0")
        self.said: list[Traffic] = []

    def read(self, interface: str) -> Counters | None:
        return (
            Counters(
                self.index,
                self.down,
                self.up,
                self.down // 1000,
                self.up // 1000,
                self.errors,
                self.dropped,
            )
            if self.there
            else None
        )

    def run(self, seconds: float, down_bps: int = 0, up_bps: int = 0, attending: bool = False) -> None:
        for _ in range(round(seconds * 5)):
            self.now = shifted(self.now, SECOND // 5)
            self.down += down_bps // 40
            self.up += up_bps // 40
            self.said += self.meter.tick(self.now, attending)


def shifted(now: Reading, ns: int, *, asleep: bool = False) -> Reading:
    assert now.boot_ns is not None
    return Reading(now.wall_ns + ns, now.mono_ns + (0 if asleep else ns), now.boot_ns + ns)


def test_a_download_stands_in_its_minutes_steps() -> None:
    hand = Hand()
    hand.run(30)
    hand.run(20, down_bps=40_000_000, up_bps=1_000_000)
    hand.run(20)
    (said,) = hand.said
    assert (said.origin, said.start_ns) == (Origin.MACHINE, T0 + SECOND // 5)
    busy = [step for step in said.steps if step.down_bps > QUIET_BPS]
    assert sum(step.duration_ns * step.down_bps for step in busy) / SECOND == pytest.approx(800e6, rel=0.05)
    assert max(step.down_bps for step in busy) == pytest.approx(40e6, rel=0.01)
    assert said.end_ns <= T0 + MINUTE + 6 * SECOND, "before its minute is sealed"


def test_a_bad_cable_shows_in_the_minute_it_was_bad() -> None:
    hand = Hand()
    hand.errors, hand.dropped = 900, 40
    hand.run(70)
    hand.errors += 5
    hand.run(60)
    said = hand.said + hand.meter.rest(hand.now)
    assert [one.errors for one in said] == [5, 0], "what was before the first reading is nobody's"
    assert [one.dropped for one in said] == [0, 0]


def test_no_step_spans_sleep_and_what_was_before_is_said_at_once() -> None:
    hand = Hand()
    hand.run(21, down_bps=40_000_000)
    hand.now = shifted(hand.now, 3600 * SECOND, asleep=True)
    hand.down += 10**9
    hand.run(0.4)
    assert [one.end_ns <= T0 + 22 * SECOND for one in hand.said] == [True]
    hand.run(30, down_bps=40_000_000)
    after = hand.meter.rest(hand.now)
    assert min(one.start_ns for one in after) >= T0 + 3600 * SECOND + 21 * SECOND
    assert max(step.down_bps for one in after for step in one.steps) < 50_000_000


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_no_step_spans_a_clock_step(step_s: int) -> None:
    hand = Hand()
    hand.run(20, down_bps=40_000_000)
    hand.now = replace(hand.now, wall_ns=hand.now.wall_ns + step_s * SECOND)
    hand.run(20, down_bps=40_000_000)
    said = hand.said + hand.meter.rest(hand.now)
    assert len(said) == 2
    assert abs(said[1].start_ns - said[0].end_ns) > 3000 * SECOND


def test_a_stall_an_interface_gone_and_counters_begun_anew_are_holes() -> None:
    for disturb in ("stall", "gone", "anew"):
        hand = Hand()
        hand.run(20, down_bps=40_000_000)
        if disturb == "stall":
            hand.now = shifted(hand.now, 60 * SECOND)
        elif disturb == "gone":
            hand.there = False
            hand.run(20)
            hand.there = True
        else:
            hand.down, hand.index = 0, 3
        hand.run(20, down_bps=40_000_000)
        said = hand.said + hand.meter.rest(hand.now)
        assert len(said) == 2, disturb
        assert said[1].start_ns - said[0].end_ns >= 4 * SECOND, disturb


def test_another_interface_begins_anew_and_no_interface_changes_nothing() -> None:
    hand = Hand()
    hand.run(20, down_bps=40_000_000)
    hand.meter.follow("")
    hand.run(5, down_bps=40_000_000)
    hand.meter.follow("wlan0")
    hand.down = 7
    hand.run(20)
    said = hand.said + hand.meter.rest(hand.now)
    assert [step.down_bps > QUIET_BPS for one in said for step in one.steps].count(True) >= 4
    assert max(step.down_bps for one in said for step in one.steps) < 50_000_000


# --- Wi-Fi ----------------------------------------------------------------------------------------------------------

RADIO = Wifi(
    WifiState.CONNECTED,
    "wlan0",
    "maison",
    "02:00:00:00:00:aa",
    False,
    5180,
    36,
    -55,
    400_000_000,
    300_000_000,
    10,
    0,
    60,
)


@pytest.mark.parametrize(
    ("change", "news"),
    [
        ({}, False),
        ({"connected_s": 120}, False),
        ({"signal_dbm": -57}, False),
        ({"signal_dbm": -58}, True),
        ({"signal_dbm": None}, True),
        ({"rx_bps": 500_000_000}, False),
        ({"rx_bps": 200_000_000}, True),
        ({"retries": 900}, True),
        ({"failed": 3}, True),
        ({"connected_s": 5}, True),
        ({"ssid": "voisin"}, True),
        ({"bssid": "02:00:00:00:00:bb"}, True),
        ({"channel": 40, "frequency_mhz": 5200}, True),
        ({"interface": "wlan1"}, True),
        ({"state": WifiState.NOT_CONNECTED}, True),
        ({"state": WifiState.UNKNOWN}, True),
        ({"ssid": None, "identity_refused": True}, True),
    ],
)
def test_what_is_news_of_a_radio_link_within_a_minute(change: dict[str, object], news: bool) -> None:
    assert wifi_changed(RADIO, replace(RADIO, **change)) is news  # type: ignore[arg-type]


class Radio:
    """A reader that says what it is told, and counts."""

    def __init__(self) -> None:
        self.says = RADIO
        self.reads = threading.Semaphore(0)
        self.asked: list[str] = []
        self.closed = threading.Event()

    def read(self, interface: str) -> Wifi:
        self.asked.append(interface)
        self.reads.release()
        return self.says

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads look again after a moment."""
    monkeypatch.setattr(witnesses, "SOONEST_S", 0.0)
    for watch in (WifiWatch, BoxWatch):
        monkeypatch.setattr(watch, "usual_s", 0.05)
        monkeypatch.setattr(watch, "attending_s", 0.02)


def next_said(said: SimpleQueue[Event]) -> Statement:
    statement = from_event(said.get(timeout=10))
    assert statement is not None
    return statement


def nothing_said(said: SimpleQueue[Event]) -> bool:
    try:
        said.get_nowait()
    except Empty:
        return True
    return False


@pytest.mark.usefixtures("soon")
def test_the_radio_is_told_when_it_changes() -> None:
    radio, said = Radio(), SimpleQueue[Event]()
    watch = WifiWatch(Steady(), lambda: radio, said.put)
    watch.follow("")
    watch.follow("wlan0")
    assert next_said(said) == RADIO
    for _ in range(3):
        assert radio.reads.acquire(timeout=10)
    assert nothing_said(said)
    radio.says = replace(RADIO, bssid="02:00:00:00:00:bb")
    assert next_said(said) == radio.says
    watch.stop()
    assert radio.closed.wait(10)
    assert set(radio.asked) == {"wlan0"}


@pytest.mark.parametrize("early_ns", [0, 2_000_000], ids=["on time", "a moment early"])
def test_the_radio_is_told_once_a_minute_with_all_that_the_reader_gives(early_ns: int) -> None:
    radio, clock, said = Radio(), Steady(), list[Event]()
    watch = WifiWatch(clock, lambda: radio, said.append)
    for minute in range(1, 6):
        radio.says = replace(RADIO, signal_dbm=-50 - minute, retries=10 * minute, connected_s=60 * minute)
        clock.now = shifted(clock.now, MINUTE - (early_ns if minute == 1 else 0))
        watch.look("wlan0")
        assert len(said) == minute
        assert from_event(said[-1]) == radio.says


def test_while_something_seems_wrong_the_radio_is_told_within_the_minute_only_when_it_changes() -> None:
    radio, clock, said = Radio(), Steady(), list[Event]()
    watch = WifiWatch(clock, lambda: radio, said.append)
    watch.attend(True)
    for look in range(13):
        radio.says = replace(
            RADIO,
            connected_s=RADIO.connected_s + 10 * look,  # type: ignore[operator]  # known of this one
            bssid="02:00:00:00:00:bb" if look >= 3 else RADIO.bssid,
        )
        assert watch.look("wlan0") == 10
        clock.now = shifted(clock.now, 10 * SECOND)
    assert [(event.at_ns - T0) // SECOND for event in said] == [0, 30, 60, 120]


def test_without_a_radio_link_nobody_is_asked() -> None:
    opened: list[int] = []

    def never() -> Radio:
        opened.append(1)
        return Radio()

    watch = WifiWatch(SystemClock(), never, lambda event: None)
    before = threading.active_count()
    watch.follow("")
    watch.attend(True)
    assert threading.active_count() == before
    watch.stop()
    assert opened == []


# --- the box --------------------------------------------------------------------------------------------------------


class Says:
    """A box that says what it is told; None: it does not answer."""

    name = "upnp"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.account: BoxAccount | None = BoxAccount("upnp", True, 3600, network="198.51.100.0/24")
        self.down: int | None = 0
        self.asks = threading.Semaphore(0)

    def ask(self) -> BoxReading | None:
        self.asks.release()
        if self.account is None:
            return None
        return BoxReading(self.account, self.down, self.down, None, self._clock.read())


@pytest.mark.usefixtures("soon")
def test_the_box_is_told_when_its_line_changes_and_on_the_first_answer_to_an_alarm() -> None:
    clock, said, found = SystemClock(), SimpleQueue[Event](), list[tuple[str, str]]()
    box = Says(clock)

    def find(gateway: str, interface: str) -> Box:
        found.append((gateway, interface))
        return box

    watch = BoxWatch(clock, find, TrafficMeter, said.put)
    watch.follow(("192.168.1.1", ""))
    assert next_said(said) == box.account
    for _ in range(3):
        assert box.asks.acquire(timeout=10)
    assert nothing_said(said)
    watch.attend(True)
    assert next_said(said) == box.account
    box.account = BoxAccount("upnp", False, 0, network=None)
    assert next_said(said) == box.account
    box.account = None
    while box.asks.acquire(blocking=False):
        pass
    for _ in range(3):
        assert box.asks.acquire(timeout=10)
    assert nothing_said(said), "a silent box says nothing"
    box.account = BoxAccount("upnp", True, 2, network="203.0.113.0/24")
    assert next_said(said) == box.account
    watch.stop()
    assert found == [("192.168.1.1", "")]


@pytest.mark.usefixtures("soon")
def test_a_box_that_fell_silent_is_looked_for_anew_and_another_gateway_at_once() -> None:
    clock, found = SystemClock(), SimpleQueue[str]()

    class Mute(Says):
        def ask(self) -> BoxReading | None:
            return None

    def find(gateway: str, interface: str) -> Box:
        found.put(gateway)
        return Mute(clock)

    watch = BoxWatch(clock, find, TrafficMeter, lambda event: None)
    watch.follow(("192.168.1.1", ""))
    assert [found.get(timeout=10) for _ in range(2)] == ["192.168.1.1"] * 2
    watch.follow(("10.0.0.1", ""))
    deadline = time.monotonic() + 10
    while found.get(timeout=10) != "10.0.0.1":
        assert time.monotonic() < deadline
    watch.stop()


@pytest.mark.usefixtures("soon")
def test_a_broken_witness_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "BROKEN_S", 0.01)
    told = SimpleQueue[str]()

    def find(gateway: str, interface: str) -> Box:
        raise RuntimeError("no")

    watch = BoxWatch(SystemClock(), find, TrafficMeter, lambda event: None)
    watch.broken = lambda name, error: told.put(f"{name} {error}")
    watch.follow(("192.168.1.1", ""))
    assert [told.get(timeout=10) for _ in range(2)] == ["box no"] * 2
    watch.stop()


def test_where_no_box_answers_it_is_looked_for_soon_and_then_seldom() -> None:
    watch = BoxWatch(SystemClock(), lambda gateway, interface: None, TrafficMeter, lambda event: None)
    waits = [watch.look(("192.168.1.1", "")) for _ in range(4)]
    assert waits == [60, 60, 600, 600]


class Steady:
    """A clock of hand for the box's readings."""

    def __init__(self) -> None:
        self.now = Reading(T0, 500 * SECOND, 900 * SECOND)

    def read(self) -> Reading:
        return self.now

    def mono_ns(self) -> int:
        return self.now.mono_ns


def test_the_homes_traffic_comes_from_the_boxes_counters() -> None:
    clock, said = Steady(), list[Event]()
    box = Says(clock)
    watch = BoxWatch(clock, lambda gateway, interface: box, TrafficMeter, said.append)
    for _ in range(9):
        watch.look(("192.168.1.1", ""))
        clock.now = shifted(clock.now, BOX_S * SECOND)
        assert box.down is not None
        box.down += BOX_S * 1_000_000
    watch.end()
    spoken = [from_event(event) for event in said]
    traffic = [one for one in spoken if isinstance(one, Traffic)]
    assert {one.origin for one in traffic} == {Origin.HOME}
    assert {step.down_bps for one in traffic for step in one.steps} == {8_000_000}
    assert sum(one.end_ns - one.start_ns for one in traffic) == 8 * BOX_S * SECOND
    assert [one for one in spoken if isinstance(one, BoxAccount)] == [box.account]


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        (BoxAccount("upnp", True, 10), BoxAccount("upnp", True, 40), False),
        (BoxAccount("upnp", True, 40), BoxAccount("upnp", True, 4), True),
        (BoxAccount("upnp", True, None, 50), BoxAccount("upnp", True, None, 20), True),
        (BoxAccount("upnp", True), BoxAccount("upnp", None), True),
        (BoxAccount("upnp", True, network="a"), BoxAccount("upnp", True, network="b"), True),
        (BoxAccount("upnp", True, link_down_bps=9), BoxAccount("upnp", True, link_down_bps=4), True),
    ],
)
def test_what_is_news_of_a_box(before: BoxAccount, now: BoxAccount, news: bool) -> None:
    assert account_changed(before, now) is news


# --- all together ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bench() -> Iterator[Callable[..., tuple[BackgroundWitnesses, Hand, Radio, Says]]]:
    made: list[BackgroundWitnesses] = []

    def make() -> tuple[BackgroundWitnesses, Hand, Radio, Says]:
        hand, radio, box = Hand(), Radio(), Says(SystemClock())
        sources = Sources(hand.read, lambda: radio, lambda gateway, interface: box, TrafficMeter)
        made.append(BackgroundWitnesses(SystemClock(), sources))
        return made[-1], hand, radio, box

    yield make
    for one in made:
        one.stop()


@pytest.mark.usefixtures("soon")
def test_a_wired_line_hears_counters_and_box_and_leaves_the_radio_alone(bench) -> None:  # type: ignore[no-untyped-def]
    heard, hand, radio, box = bench()
    heard.start()
    heard.follow(HOME)
    heard.follow(RouteState(carrier=False))
    events: list[Event] = []
    for _ in range(30):
        hand.now = shifted(hand.now, SECOND)
        hand.down += 2_000_000
        events += heard.collect(hand.now)
    for _ in range(2):
        assert box.asks.acquire(timeout=10)
    heard.stop()
    hand.now = shifted(hand.now, SECOND)
    events += heard.collect(hand.now)
    spoken = [from_event(event) for event in events]
    traffic = next(one for one in spoken if isinstance(one, Traffic) and one.origin is Origin.MACHINE)
    assert traffic.end_ns - traffic.start_ns >= 29 * SECOND
    assert box.account in spoken
    assert radio.asked == []


@pytest.mark.usefixtures("soon")
def test_on_wifi_the_radio_of_the_physical_interface_is_heard(bench) -> None:  # type: ignore[no-untyped-def]
    heard, hand, radio, _ = bench()
    heard.follow(replace(HOME, interface="wlan0", medium="wifi", tunnel="tun0"))
    assert radio.reads.acquire(timeout=10)
    heard.stop()
    assert RADIO in [from_event(event) for event in heard.collect(hand.now)]
    assert set(radio.asked) == {"wlan0"}
