from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from manual_clock import ManualClock

from diagnostics.box.counters import LONGEST_HOLD_NS, TURN, TrafficMeter, passed
from diagnostics.box.fake import FakeBox, Said
from diagnostics.box.reading import BoxReading
from diagnostics.clock import Reading
from diagnostics.model import SECOND
from diagnostics.witnesses import BoxAccount, Origin, Traffic

START_NS = 1_700_000_000 * SECOND
MEGABYTE = 1_000_000


def reading(
    at_s: float,
    down: int | None,
    up: int | None,
    *,
    wide: bool = False,
    wall_ns: int = START_NS,
    **account: object,
) -> BoxReading:
    passed_ns = round(at_s * SECOND)
    at = Reading(wall_ns + passed_ns, 5_000 * SECOND + passed_ns, 9_000 * SECOND + passed_ns)
    said = {
        "adapter": "upnp",
        "wan_up": True,
        "link_down_bps": 100_000_000,
        "link_up_bps": 100_000_000,
    } | account
    return BoxReading(BoxAccount(**said), down, up, None, at, wide)  # type: ignore[arg-type]


def statements(*readings: BoxReading) -> list[Traffic | None]:
    meter = TrafficMeter()
    return [meter.step(each) for each in readings]


def rates(traffic: Traffic | None) -> tuple[int, int]:
    assert traffic is not None
    (step,) = traffic.steps
    return step.down_bps, step.up_bps


def test_two_readings_make_a_statement_about_the_home() -> None:
    first, second = statements(reading(0, 1_000, 500), reading(10, 1_000 + 10 * MEGABYTE, 500 + MEGABYTE))
    assert first is None
    assert second is not None
    assert (second.origin, second.start_ns) == (Origin.HOME, START_NS)
    assert second.steps[0].duration_ns == 10 * SECOND
    assert rates(second) == (8_000_000, 800_000)


def test_a_turn_of_32_bits() -> None:
    _, turned = statements(reading(0, TURN - MEGABYTE, 0), reading(10, 9 * MEGABYTE, 8))
    assert rates(turned)[0] == 8_000_000


def test_going_back_further_than_the_line_can_carry_is_a_restart() -> None:
    _, restarted, after = statements(
        reading(0, 3_000 * MEGABYTE, 5), reading(10, 7 * MEGABYTE, 9), reading(20, 8 * MEGABYTE, 13)
    )
    assert restarted is None
    assert rates(after)[0] == 800_000


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"uptime_s": 900}, {"uptime_s": 4}),
        ({"boot_s": 900}, {"boot_s": 4}),
        ({"wan_up": False}, {"wan_up": True}),
        ({"wan_up": True}, {"wan_up": False}),
    ],
)
def test_a_line_that_began_anew_makes_no_turn(before: dict[str, object], after: dict[str, object]) -> None:
    _, statement = statements(reading(0, TURN - MEGABYTE, 5, **before), reading(10, 9 * MEGABYTE, 9, **after))
    assert statement is None


def test_counters_of_more_than_32_bits_make_no_turn() -> None:
    _, by_size = statements(reading(0, TURN + 5, 5), reading(10, 5, 9))
    assert by_size is None
    _, as_stated = statements(reading(0, TURN - 5, 5, wide=True), reading(10, 5, 9, wide=True))
    assert as_stated is None
    _, _, seen_before = statements(reading(0, TURN + 5, 5), reading(10, TURN - 5, 9), reading(20, 4, 19))
    assert seen_before is None


def test_readings_too_far_apart_for_32_bits_tell_nothing() -> None:
    fast = {"link_down_bps": 1_000_000_000, "link_up_bps": 1_000_000_000}
    _, near, far = statements(
        reading(0, 0, 0, **fast), reading(20, 10, 10, **fast), reading(60, 20, 20, **fast)
    )
    assert near is not None
    assert far is None
    _, wide = statements(reading(0, 0, 0, wide=True, **fast), reading(60, 7_500, 7_500, wide=True, **fast))
    assert rates(wide) == (1_000, 1_000)


def test_unstated_rate_is_taken_for_a_fast_line() -> None:
    unstated = {"link_down_bps": None, "link_up_bps": None}
    _, far = statements(reading(0, 0, 0, **unstated), reading(60, 10, 10, **unstated))
    assert far is None


@pytest.mark.parametrize(
    "values", [[(0, 0)] * 5, [(7, 7)] * 5, [(0, n) for n in range(5)], [(n, 0) for n in range(5)]]
)
def test_counters_that_never_move_say_nothing(values: list[tuple[int, int]]) -> None:
    readings = [reading(10 * number, *value) for number, value in enumerate(values)]
    assert statements(*readings) == [None] * 5


def test_counters_refreshed_now_and_then_are_waited_for() -> None:
    told = statements(
        reading(0, 0, 0),
        reading(10, 0, 0),
        reading(20, 0, 0),
        reading(30, 3 * MEGABYTE, 30),
        reading(40, 4 * MEGABYTE, 40),
    )
    assert told[:3] == [None, None, None]
    assert told[3] is not None
    assert (told[3].start_ns, told[3].end_ns) == (START_NS, START_NS + 30 * SECOND)
    assert rates(told[3]) == (800_000, 8)
    assert rates(told[4])[0] == 800_000


def test_a_long_rest_is_no_statement_and_does_not_thin_the_next() -> None:
    rest_s = LONGEST_HOLD_NS // SECOND
    told = statements(
        reading(0, 0, 0),
        reading(10, 10, 10),
        reading(11 + rest_s, 10, 10),
        reading(21 + rest_s, 10 + MEGABYTE, 20),
    )
    assert told[2] is None
    assert rates(told[3])[0] == 800_000


def test_quiet_in_one_direction_is_quiet_once_it_has_moved() -> None:
    _, _, quiet = statements(reading(0, 0, 0), reading(10, 10, 10), reading(20, 10, 20))
    assert rates(quiet)[0] == 0


def test_missing_counters_tell_nothing() -> None:
    told = statements(reading(0, 0, 0), reading(10, None, 5), reading(20, 10, 10), reading(30, 20, 20))
    assert told[:3] == [None, None, None]
    assert told[3] is not None


def test_sleep_and_clock_steps_in_between_tell_nothing() -> None:
    slept = reading(10, 10, 10)
    at = slept.at
    assert at.boot_ns is not None
    late = Reading(at.wall_ns + 60 * SECOND, at.mono_ns, at.boot_ns + 60 * SECOND)
    slept = BoxReading(slept.account, 10, 10, None, late)
    assert statements(reading(0, 0, 0), slept) == [None, None]
    assert statements(reading(0, 0, 0), reading(10, 10, 10, wall_ns=START_NS - 3600 * SECOND)) == [None, None]


def test_no_time_in_between_tells_nothing() -> None:
    assert statements(reading(0, 0, 0), reading(0, 10, 10)) == [None, None]
    assert passed(0, 10, -1, None, False) is None


def test_jump_that_no_line_can_carry_is_no_traffic() -> None:
    assert passed(0, 2**50, SECOND, None, True) is None


@given(
    start=st.integers(0, TURN - 1),
    amounts=st.lists(st.integers(1, 100 * MEGABYTE), min_size=1, max_size=40),
)
def test_turning_counters_give_the_true_rates(start: int, amounts: list[int]) -> None:
    """A 32-bit counter on a line of 100 Mbit/s, read every ten seconds."""
    totals = list(itertools.accumulate(amounts, initial=start))
    assume(totals[-1] < 2**40)
    told = statements(*(reading(10 * n, total % TURN, total % TURN) for n, total in enumerate(totals)))
    assert told[0] is None
    for amount, traffic in zip(amounts, told[1:], strict=True):
        assert rates(traffic) == (round(amount * 0.8), round(amount * 0.8))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 200),
            st.integers(0, TURN + 100) | st.none(),
            st.integers(0, TURN + 100) | st.none(),
            st.sampled_from([True, False, None]),
        ),
        max_size=20,
    )
)
def test_statements_never_overlap_and_never_look_faster_than_possible(
    said: list[tuple[int, int | None, int | None, bool | None]],
) -> None:
    meter, at_s, end_ns = TrafficMeter(), 0, 0
    for wait_s, down, up, wan_up in said:
        at_s += wait_s
        traffic = meter.step(reading(at_s, down, up, wan_up=wan_up))
        if traffic is not None:
            assert traffic.start_ns >= end_ns
            end_ns = traffic.end_ns
            assert end_ns == START_NS + at_s * SECOND
            assert all(0 <= rate <= 25_000_000_000 for rate in rates(traffic))


def test_fake_box_says_what_the_script_says_at_the_clocks_time() -> None:
    clock = ManualClock(wall_ns=0)

    def script(at_ns: int) -> Said | None:
        if at_ns >= 20 * SECOND:
            return None
        return Said(BoxAccount("fake", True), at_ns // 1000, at_ns // 2000, "9.9.9.9")

    box, meter = FakeBox(clock, script), TrafficMeter()
    first = box.ask()
    assert first is not None
    assert meter.step(first) is None
    clock.advance(10 * SECOND)
    second = box.ask()
    assert second is not None
    assert second.external_address == "9.9.9.9"
    assert rates(meter.step(second)) == (8_000_000, 4_000_000)
    clock.advance(10 * SECOND)
    assert box.ask() is None
    assert box.asked_ns == [0, 10 * SECOND, 20 * SECOND]


def test_fake_box_is_up_unless_told_otherwise() -> None:
    said = FakeBox(ManualClock()).ask()
    assert said is not None
    assert said.account.wan_up is True
