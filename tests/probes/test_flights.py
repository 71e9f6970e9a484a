from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock

from diagnostics.clock import Reading
from diagnostics.model import MILLISECOND, SECOND, Flag, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.fake import FakePinger
from diagnostics.probes.ping_flights import FlightBook, measure

ANCHOR = Target(Role.ANCHOR, Protocol.ICMP, "192.0.2.1", 4)
OTHER = Target(Role.ANCHOR, Protocol.ICMP, "192.0.2.2", 4)


def book(clock: ManualClock, first_number: int = 1) -> FlightBook:
    return FlightBook(clock, SECOND, 10 * SECOND, first_number)


def test_the_kernels_stamp_counts_not_the_moment_of_reading() -> None:
    sent, now = Reading(1_000_000_000, 500, None), Reading(1_300_000_000, 300_000_500, None)
    assert measure(sent, now, 1_012_345_678) == (12_345_678, Flag.NONE)


def test_slewing_is_shared_out_evenly() -> None:
    # The wall clock runs fast by 0.9 ms in 300 ms; a reply half-way saw half of that.
    sent, now = Reading(0, 0, None), Reading(300_900_000, 300_000_000, None)
    assert measure(sent, now, 150_450_000) == (150_000_000, Flag.NONE)


@pytest.mark.parametrize("step", [2 * MILLISECOND, -2 * MILLISECOND, 3600 * SECOND, -3600 * SECOND])
def test_a_clock_step_falls_back_to_the_monotonic_clock(step: int) -> None:
    sent, now = Reading(10**18, 0, None), Reading(10**18 + 20 * MILLISECOND + step, 20 * MILLISECOND, None)
    assert measure(sent, now, 10**18 + 5 * MILLISECOND) == (20 * MILLISECOND, Flag.COARSE_CLOCK)


@pytest.mark.parametrize("stamp", [None, 10**18 - 5 * MILLISECOND, 10**18 + 60 * MILLISECOND])
def test_a_stamp_that_cannot_be_is_not_believed(stamp: int | None) -> None:
    sent, now = Reading(10**18, 0, None), Reading(10**18 + 20 * MILLISECOND, 20 * MILLISECOND, None)
    assert measure(sent, now, stamp) == (20 * MILLISECOND, Flag.COARSE_CLOCK)


@given(st.integers(-(10**19), 10**19), st.integers(0, 10**12), st.integers(-(10**12), 10**12))
def test_a_round_trip_is_never_negative_nor_longer_than_the_wait(
    stamp: int, elapsed: int, drift: int
) -> None:
    sent, now = Reading(0, 0, None), Reading(elapsed + drift, elapsed, None)
    rtt, _ = measure(sent, now, stamp)
    assert 0 <= rtt <= elapsed + MILLISECOND


def test_no_two_probes_of_a_target_have_the_same_time() -> None:
    clock = ManualClock()
    flights = book(clock)
    times = [flights.depart(ANCHOR, Flag.NONE).sent_ns for _ in range(3)]
    times.append(flights.depart(OTHER, Flag.NONE).sent_ns)
    assert [time - times[0] for time in times] == [0, 100_000, 200_000, 0]
    clock.advance(2 * SECOND)
    clock.step(-2 * SECOND)
    assert flights.depart(ANCHOR, Flag.NONE).sent_ns == times[0] + 300_000


def test_lost_then_late_keeps_the_time_it_was_first_reported_with() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.EXTRA)
    clock.advance(SECOND)
    flights.expire(clock.mono_ns())
    assert flights.take() == []
    clock.advance(1)
    flights.expire(clock.mono_ns())
    (lost,) = flights.take()
    assert (lost.outcome, lost.rtt_ns, lost.flags) == (Outcome.LOST, None, Flag.EXTRA)
    clock.advance(4 * SECOND)
    flights.answer(flight, clock.read(), flight.sent.wall_ns + 3 * SECOND)
    (late,) = flights.take()
    assert (late.outcome, late.rtt_ns, late.flags) == (Outcome.LATE, 3 * SECOND, Flag.EXTRA)
    assert (late.target, late.sent_ns, late.mono_ns) == (lost.target, lost.sent_ns, lost.mono_ns)


def test_what_was_called_lost_is_never_called_in_time() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.NONE)
    clock.advance(SECOND + 1)
    flights.expire(clock.mono_ns())
    flights.answer(flight, clock.read(), flight.sent.wall_ns + SECOND - 1)
    assert [sample.outcome for sample in flights.take()] == [Outcome.LOST, Outcome.LATE]


def test_an_answer_after_the_last_moment_is_nothing() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.NONE)
    clock.advance(11 * SECOND)
    flights.answer(flight, clock.read(), clock.read().wall_ns)
    flights.expire(clock.mono_ns())
    assert [sample.outcome for sample in flights.take()] == [Outcome.LOST]
    assert flights.find(flight.sequence) is None


def test_a_reply_in_time_that_is_read_late_is_in_time() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.NONE)
    clock.advance(5 * SECOND)
    flights.answer(flight, clock.read(), flight.sent.wall_ns + 20 * MILLISECOND)
    flights.expire(clock.mono_ns())
    (sample,) = flights.take()
    assert (sample.outcome, sample.rtt_ns) == (Outcome.OK, 20 * MILLISECOND)


def test_the_first_answer_counts() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.NONE)
    for delay in (10, 15):
        clock.advance(delay * MILLISECOND)
        flights.answer(flight, clock.read(), clock.wall_ns)
    (sample,) = flights.take()
    assert sample.rtt_ns == 10 * MILLISECOND
    assert flights.duplicates == 1


def test_an_error_replaces_a_loss_and_an_answer_replaces_an_error() -> None:
    clock = ManualClock()
    flights = book(clock)
    flight = flights.depart(ANCHOR, Flag.NONE)
    clock.advance(2 * SECOND)
    flights.expire(clock.mono_ns())
    flights.fail(flight, Outcome.UNREACHABLE, "192.0.2.9 net-unreachable")
    flights.fail(flight, Outcome.SEND_ERROR, "EHOSTUNREACH")
    flights.answer(flight, clock.read(), clock.wall_ns)
    flights.fail(flight, Outcome.UNREACHABLE, "192.0.2.9 net-unreachable")
    assert [sample.outcome for sample in flights.take()] == [Outcome.LOST, Outcome.UNREACHABLE, Outcome.LATE]


def test_sequence_numbers_go_round() -> None:
    clock = ManualClock()
    flights = book(clock, first_number=65535)
    last, first = flights.depart(ANCHOR, Flag.NONE), flights.depart(ANCHOR, Flag.NONE)
    assert (last.sequence, first.sequence) == (65535, 0)
    assert flights.find(0, 65536) is first
    assert flights.find(0, 131072) is None
    assert flights.find(65535, 65535) is last


def test_a_sequence_taken_by_a_later_probe_is_not_lost_with_the_earlier() -> None:
    clock = ManualClock()
    flights = book(clock)
    for _ in range(65536):
        flights.depart(ANCHOR, Flag.NONE)
        clock.advance(100_000)
    clock.advance(4 * SECOND)
    again = flights.depart(ANCHOR, Flag.NONE)
    flights.expire(clock.mono_ns())
    assert flights.find(again.sequence) is again


@given(
    st.lists(st.tuples(st.sampled_from(["send", "answer", "error", "wait", "step"]), st.integers(0, 3000)))
)
def test_whatever_happens_each_probe_has_one_outcome_and_revisions_only_add_knowledge(
    story: list[tuple[str, int]],
) -> None:
    clock = ManualClock()
    flights = book(clock)
    sent = []
    samples: list[Sample] = []
    for deed, number in story:
        if deed == "send":
            sent.append(flights.depart(ANCHOR if number % 2 else OTHER, Flag.NONE))
        elif deed == "wait":
            clock.advance(number * MILLISECOND)
        elif deed == "step":
            clock.step((number - 1500) * MILLISECOND)
        elif sent and deed == "answer":
            flights.answer(sent[number % len(sent)], clock.read(), clock.wall_ns)
        elif sent:
            flights.fail(sent[number % len(sent)], Outcome.UNREACHABLE, "x")
        flights.expire(clock.mono_ns())
        samples += flights.take()
    clock.advance(20 * SECOND)
    flights.expire(clock.mono_ns())
    samples += flights.take()
    rank = {Outcome.LOST: 0, Outcome.UNREACHABLE: 1, Outcome.OK: 2, Outcome.LATE: 2}
    for flight in sent:
        own = [
            s
            for s in samples
            if (s.target, s.sent_ns, s.mono_ns) == (flight.target, flight.sent_ns, flight.mono_ns)
        ]
        ranks = [rank[sample.outcome] for sample in own]
        assert ranks
        assert ranks == sorted(set(ranks))
    assert sum(1 for flight in sent if flight.outcome is None) == 0


def test_the_fake_pinger_keeps_to_its_script_and_its_clock() -> None:
    clock = ManualClock()
    script = {ANCHOR.address: (Outcome.OK, 30 * MILLISECOND), OTHER.address: (Outcome.LOST, None)}
    pinger = FakePinger(clock, lambda target, _: script[target.address])
    pinger.send(ANCHOR)
    pinger.send(OTHER, Flag.EXTRA)
    assert pinger.collect() == []
    clock.advance(31 * MILLISECOND)
    (answered,) = pinger.collect()
    assert (answered.target, answered.outcome, answered.rtt_ns) == (ANCHOR, Outcome.OK, 30 * MILLISECOND)
    clock.advance(SECOND)
    (lost,) = pinger.collect()
    assert (lost.target, lost.outcome, lost.flags) == (OTHER, Outcome.LOST, Flag.EXTRA)
    script[ANCHOR.address] = (Outcome.OK, 3 * SECOND)
    script[OTHER.address] = (Outcome.SEND_ERROR, None)
    pinger.send(ANCHOR)
    pinger.send(OTHER)
    assert [sample.outcome for sample in pinger.collect()] == [Outcome.SEND_ERROR]
    clock.advance(2 * SECOND)
    assert [sample.outcome for sample in pinger.collect()] == [Outcome.LOST]
    clock.advance(2 * SECOND)
    assert [sample.outcome for sample in pinger.collect()] == [Outcome.LATE]
    pinger.send(ANCHOR)
    assert pinger.drain() == []
    pinger.close()
    assert pinger.closed
