"""Call-breaking seconds: what counts, what does not, and that quiet minutes need not be read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.incidents.telework import CallSeconds, CallStudy, default_call_limits
from diagnostics.model import MINUTE, SECOND, Flag, Outcome, Role, Sample, Span, Target
from tests.made import ANCHORS, GOOD, LOST, T0, Fate, World, between, blocks, samples

LATE: Fate = (Outcome.OK, 400.0)


def study(stream: Iterable[Sample]) -> CallStudy:
    calls = CallStudy()
    for sample in stream:
        calls.feed(sample)
    return calls


def broken(world: World, seconds: int = 120, **more: object) -> list[int]:
    """The call-breaking seconds of a made-up line, counted from its start."""
    calls = study(samples(world, seconds, **more))  # type: ignore[arg-type]
    calls.cut()
    found = calls.seconds().minutes
    return [minute * 60 + n - T0 // SECOND for minute, mask in found for n in range(60) if mask >> n & 1]


def every(targets: Iterable[Target], nth: int, fate: Fate) -> World:
    """Every nth try at these targets from second 30 to 60 has this fate."""
    chosen = frozenset(targets)
    return lambda target, at: fate if target in chosen and 30 <= at < 60 and int(at) % nth == 0 else GOOD


def test_a_quiet_line_breaks_no_call() -> None:
    assert broken(between(0, 0, ())) == []


def test_a_day_of_usual_noise_breaks_next_to_none() -> None:
    """One try in a thousand lost at random, and an answer in two hundred 200 ms later."""

    def noisy(target: Target, at: float) -> Fate:
        dice = zlib.crc32(f"{target.address} {int(at)}".encode())
        return (Outcome.OK, 200.0) if dice % 200 == 0 else GOOD

    assert len(broken(noisy, 24 * 3600, targets=ANCHORS, noise=0.001, seed=5)) < 60


def test_a_cut_of_two_seconds_is_two_seconds() -> None:
    assert broken(between(40, 42, (Role.ANCHOR,))) == [40, 41]


def test_loss_counts_from_the_first_miss_to_the_last() -> None:
    found = broken(every(ANCHORS, 4, LOST))
    assert found == list(range(32, 57))


def test_a_single_lost_round_is_no_more_than_its_second() -> None:
    assert broken(between(40, 41, (Role.ANCHOR,))) == [40]


@pytest.mark.parametrize("nth", [1, 2, 5])
def test_one_bad_anchor_breaks_no_call(nth: int) -> None:
    assert broken(every(ANCHORS[:1], nth, LOST)) == []
    assert broken(every(ANCHORS[:1], nth, LATE)) == []


def test_the_only_anchor_counts() -> None:
    world = every(ANCHORS, 4, LOST)
    assert broken(world, targets=ANCHORS[:1]) == list(range(32, 57))


def test_the_box_and_the_first_hop_do_not_count() -> None:
    assert broken(between(20, 80, (Role.GATEWAY, Role.FIRST_HOP), LATE)) == []


def test_delay_counts_second_by_second() -> None:
    """The way back to the usual time is a jump of its own."""
    assert broken(between(40, 43, (Role.ANCHOR,), LATE)) == [40, 41, 42, 43]
    assert broken(between(40, 70, (Role.ANCHOR,), LATE)) == list(range(40, 70))
    assert broken(between(40, 43, (Role.ANCHOR,), (Outcome.OK, 200.0))) == []


def test_an_answer_after_the_time_limit_is_delay() -> None:
    assert broken(between(40, 42, (Role.ANCHOR,), (Outcome.LATE, 2000.0))) == [40, 41, 42]


def test_jitter_counts_from_the_first_jump_to_the_last() -> None:
    found = broken(every(ANCHORS, 2, (Outcome.OK, 80.0)))
    assert found
    assert found[0] == 30
    assert found[-1] == 59
    assert len(found) == 30


def test_one_change_of_level_is_no_jitter() -> None:
    assert broken(between(40, 300, (Role.ANCHOR,), (Outcome.OK, 200.0))) == []


def test_small_differences_are_no_jitter() -> None:
    assert broken(every(ANCHORS, 2, (Outcome.OK, 25.0))) == []


def test_extra_tries_do_not_count() -> None:
    calls = CallStudy()
    for sample in samples(between(0, 0, ()), 60):
        calls.feed(sample)
        if sample.target.role is Role.ANCHOR:
            calls.feed(replace(sample, outcome=Outcome.LOST, rtt_ns=None, flags=Flag.EXTRA))
    calls.cut()
    assert calls.seconds() == CallSeconds()


def test_a_long_silence_is_left_to_the_outages() -> None:
    """Its edges alone may show; the outage itself is added by its span."""
    assert len(broken(between(30, 60, (Role.ANCHOR,)))) <= 11


def test_a_clock_set_back_a_little_breaks_nothing() -> None:
    stream = list(samples(every(ANCHORS, 4, LOST), 60))
    back = [
        replace(sample, sent_ns=sample.sent_ns - 12 * SECOND)
        for sample in samples(every(ANCHORS, 4, LOST), 60, start_s=60)
    ]
    calls = study([*stream, *back])
    calls.cut()
    assert calls.seconds().total_s > 0


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some faults well inside their minutes, on some anchors; the third minute is quiet."""
    faults = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.sampled_from([0, 60, 180, 240])) + draw(st.integers(20, 30))
        length = draw(st.integers(1, 12))
        hit = draw(st.sets(st.sampled_from(ANCHORS), min_size=1))
        fate = draw(st.sampled_from([LOST, LATE, (Outcome.OK, 80.0), (Outcome.LATE, 1500.0)]))
        faults.append((start, start + length, hit, fate, draw(st.integers(1, 3))))

    def world(target: Target, at: float) -> Fate:
        for start, end, hit, fate, nth in faults:
            if start <= at < end and target in hit and int(at) % nth == 0:
                return fate
        return GOOD

    return world


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_skimming_quiet_minutes_changes_nothing(world: World) -> None:
    stream = list(samples(world, 300, targets=ANCHORS))
    whole, skimmed = study(stream), CallStudy()
    read = 0
    for block in blocks(stream):
        if skimmed.skim(block.rollups.rows, block.span.end_ns):
            continue
        read += 1
        for sample in block.samples:
            skimmed.feed(sample)
    for calls in (whole, skimmed):
        calls.cut()
    assert skimmed.seconds() == whole.seconds()
    assert read <= 4


def test_a_dead_anchor_leaves_quiet_minutes_quiet() -> None:
    stream = list(samples(every(ANCHORS[:1], 1, LOST), 60, targets=ANCHORS))
    dead = [
        replace(sample, outcome=Outcome.LOST, rtt_ns=None) if sample.target is ANCHORS[0] else sample
        for sample in samples(between(0, 0, ()), 240, targets=ANCHORS, start_s=60)
    ]
    calls = CallStudy()
    skimmed = 0
    for block in blocks([*stream, *dead]):
        if calls.skim(block.rollups.rows, block.span.end_ns):
            skimmed += 1
            continue
        for sample in block.samples:
            calls.feed(sample)
    calls.cut()
    assert skimmed == 4
    assert calls.seconds() == CallSeconds()


@settings(max_examples=30, deadline=None)
@given(worlds(), st.integers(1, 1000))
def test_asking_in_between_changes_nothing(world: World, step: int) -> None:
    calls = CallStudy()
    for place, sample in enumerate(samples(world, 300, targets=ANCHORS)):
        calls.feed(sample)
        if place % step == 0:
            calls.seconds()
    calls.cut()
    other = study(samples(world, 300, targets=ANCHORS))
    other.cut()
    assert calls.seconds() == other.seconds()


spans = st.builds(
    lambda start, length: Span(T0 + start, T0 + start + length),
    st.integers(0, 600 * SECOND),
    st.integers(0, 200 * SECOND),
)


def seconds_of(calls: CallSeconds) -> set[int]:
    return {minute * 60 + n for minute, mask in calls.minutes for n in range(60) if mask >> n & 1}


@given(st.lists(spans, max_size=5), st.lists(spans, max_size=5), spans)
def test_seconds_are_a_set(added: list[Span], taken: list[Span], period: Span) -> None:
    whole = CallSeconds().and_all_of(added)
    assert whole.total_s == len(seconds_of(whole))
    assert whole.without(taken).and_all_of(added) == whole
    assert not seconds_of(whole.without(taken)) & seconds_of(CallSeconds().and_all_of(taken))
    inside = whole.within(period)
    assert seconds_of(inside) == seconds_of(whole) & seconds_of(CallSeconds().and_all_of([period]))
    assert [minute for minute, _ in whole.minutes] == sorted({second // 60 for second in seconds_of(whole)})


@given(st.integers(0, 10**6), st.integers(0, 400))
def test_a_span_is_its_seconds(start: int, length: int) -> None:
    span = Span(T0 + start * SECOND // 10, T0 + start * SECOND // 10 + length * SECOND)
    assert CallSeconds().and_all_of([span]).total_s == length


def test_a_minute_is_lost_from_five_seconds_on() -> None:
    limit = default_call_limits().lost_minute_s
    start = T0 // MINUTE * MINUTE
    four = Span(start + 10 * SECOND, start + (9 + limit) * SECOND)
    five = Span(start + MINUTE, start + MINUTE + limit * SECOND)
    assert CallSeconds().and_all_of([four, five]).lost_minutes(limit) == (start + MINUTE,)


def test_good_seconds_between_two_cuts_stay_good() -> None:
    def world(target: Target, at_s: float) -> Fate:
        return LOST if 60 <= at_s < 80 or 92 <= at_s < 98 else GOOD

    calls = study(samples(world, 200))
    calls.cut()
    broken_s = {
        minute * 60 + n - T0 // SECOND
        for minute, mask in calls.seconds().minutes
        for n in range(60)
        if mask >> n & 1
    }
    assert not broken_s & set(range(81, 91))
