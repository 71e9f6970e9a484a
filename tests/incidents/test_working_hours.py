"""Working hours go by the clock on the wall, whatever summer time does to it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MINUTE, SECOND
from diagnostics.working_hours import DAYS, parse_working_hours

PARIS = ZoneInfo("Europe/Paris")


def ns(text: str) -> int:
    """A time in Paris, or with an offset of its own."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).timestamp()) * SECOND


def minutes(entries: list[str], start: str, end: str) -> int:
    hours = parse_working_hours(entries)
    return sum(hours.contain(at, PARIS) for at in range(ns(start), ns(end), MINUTE))


@pytest.mark.parametrize(
    ("entries", "start", "end", "count"),
    [
        (["Mon-Fri 09:00-18:00"], "2026-11-16", "2026-11-23", 5 * 540),
        (["Sat 00:00-24:00"], "2026-11-21", "2026-11-22", 1440),
        (["Sun 22:00-02:00"], "2026-11-16", "2026-11-23", 240),
        (["Sat 18:00-00:00"], "2026-11-21", "2026-11-23", 360),
        (["Fri-Mon 10:00-11:00"], "2026-11-16", "2026-11-23", 4 * 60),
        (["Mon,Wed-Thu 10:00-11:00"], "2026-11-16", "2026-11-23", 3 * 60),
        (["Mon 09:00-12:00", "Mon 10:00-13:00", "Mon 09:00-12:00"], "2026-11-16", "2026-11-17", 240),
        # Clocks go from 2:00 to 3:00 on 29 March 2026, from 3:00 to 2:00 on 25 October.
        (["Sun 00:00-24:00"], "2026-03-29", "2026-03-30", 23 * 60),
        (["Sun 00:00-24:00"], "2026-10-25", "2026-10-26", 25 * 60),
        (["Sun 02:00-03:00"], "2026-03-29", "2026-03-30", 0),
        (["Sun 02:00-03:00"], "2026-10-25", "2026-10-26", 120),
        (["Sun 01:30-03:30"], "2026-03-29", "2026-03-30", 60),
    ],
)
def test_minutes_that_count(entries: list[str], start: str, end: str, count: int) -> None:
    assert minutes(entries, start, end) == count


@pytest.mark.parametrize("entry", ["mon-fri,sun 09:00-18:00", "MON-Fri,SUN 09:00-18:00"])
def test_days_in_small_letters_or_capitals(entry: str) -> None:
    hours = parse_working_hours([entry])
    assert hours.entries == ("Mon-Fri,Sun 09:00-18:00",)
    assert hours.week.bit_count() == 6 * 540


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "Mon",
        "Mon 9:00-18:00",
        "Mon 09:00-25:00",
        "mod 09:00-18:00",
        "Mon 09:00-09:00",
        "Mon 24:00-09:00",
        "Mon 09:00-18:00\n",
    ],
)
def test_what_is_no_time_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="^" + entry.strip() if entry.strip() else "^$"):
        parse_working_hours([entry])


clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
days = st.builds(lambda a, b: f"{a}-{b}", st.sampled_from(DAYS), st.sampled_from(DAYS)) | st.sampled_from(
    DAYS
)
entries = st.builds("{} {}-{}".format, days, clock, clock | st.just("24:00")).filter(
    lambda text: text[-11:-6] != text[-5:]
)


@given(st.lists(entries, max_size=4), entries, st.randoms())
def test_entries_are_a_union(first: list[str], more: str, dice) -> None:  # type: ignore[no-untyped-def]
    both = parse_working_hours([*first, more])
    assert both.week == parse_working_hours(first).week | parse_working_hours([more]).week
    shuffled = [*first, more, more]
    dice.shuffle(shuffled)
    assert parse_working_hours(shuffled).week == both.week


@given(entries, st.integers(ns("2026-01-01"), ns("2027-12-31")))
def test_a_moment_counts_by_what_the_local_clock_shows(entry: str, at: int) -> None:
    shown = datetime.fromtimestamp(at // SECOND, PARIS)
    name, start, end = entry.split(" ")[0], *entry.split(" ")[1].split("-")
    first, _, last = name.partition("-")
    count = (DAYS.index(last or first) - DAYS.index(first)) % 7 + 1
    named = {(DAYS.index(first) + n) % 7 for n in range(count)}
    text = shown.strftime("%H:%M")
    if start < end:
        inside = shown.weekday() in named and start <= text < end
    else:
        evening = shown.weekday() in named and text >= start
        inside = evening or ((shown.weekday() - 1) % 7 in named and text < end)
    assert parse_working_hours([entry]).contain(at, PARIS) is inside
