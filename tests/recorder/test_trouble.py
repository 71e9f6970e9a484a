"""When the recorder looks closer: missing anchors, extra tries, slow answers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.recorder.attention import HOLD_NS, Attention
from diagnostics.recorder.schedule import Schedule, spread
from diagnostics.recorder.trouble import FAST_FOR_NS, FAST_NS, NEAR_FOR_NS, SLOW_NS, Trouble

ANCHORS = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4) for n in (11, 22, 33, 44))
ANCHORS6 = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8::{n}", 6) for n in (11, 22, 33, 44))
GATEWAY = Target(Role.GATEWAY, Protocol.ICMP, "192.168.1.1", 4)
HOP = Target(Role.FIRST_HOP, Protocol.ICMP, "100.64.7.1", 4)
START = 1000 * SECOND


def sample(target: Target, sent_ns: int, outcome: Outcome = Outcome.OK, rtt_ms: float = 10) -> Sample:
    answered = outcome in (Outcome.OK, Outcome.LATE)
    return Sample(target, sent_ns, sent_ns, outcome, round(rtt_ms * MILLISECOND) if answered else None)


class Play:
    """Tries on the schedule and beside it; ``dead`` says who is silent. Steps of 10 ms."""

    def __init__(self, targets: Sequence[Target], rtt_ms: float = 10) -> None:
        self.trouble = Trouble()
        self.trouble.follow(targets)
        self.schedule = Schedule(targets, START)
        self.now = START
        self.rtt_ms = rtt_ms
        self.dead: frozenset[Target] = frozenset()
        self.coming: list[tuple[int, Sample]] = []
        self.extras: list[tuple[int, Target]] = []
        self.sent: list[tuple[int, Target]] = []
        self.alarm_at: int | None = None

    def send(self, target: Target) -> None:
        self.trouble.sent(target, self.now)
        self.sent.append((self.now, target))
        dead = target in self.dead
        outcome = Outcome.LOST if dead else Outcome.OK
        wait = SECOND if dead else round(self.rtt_ms * MILLISECOND)
        self.coming.append((self.now + wait, sample(target, self.now, outcome, self.rtt_ms)))

    def run(self, seconds: float) -> None:
        end = self.now + round(seconds * SECOND)
        while self.now < end:
            for target in self.schedule.due(self.now):
                self.send(target)
            for target in self.trouble.extras(self.now):
                self.extras.append((self.now, target))
                self.send(target)
            for at, one in [entry for entry in self.coming if entry[0] <= self.now]:
                self.coming.remove((at, one))
                self.trouble.note(one)
            # The recorder looks every 0.6 s, and whenever it is asked to.
            wanted = self.trouble.next_ns is not None and self.trouble.next_ns <= self.now
            if wanted or self.trouble.overdue(self.now) or self.now % (600 * MILLISECOND) == 0:
                self.trouble.look(self.now)
                if self.trouble.alarm and self.alarm_at is None:
                    self.alarm_at = self.now
            self.now += 10 * MILLISECOND


def test_in_quiet_times_nothing_is_sent_beside_the_schedule() -> None:
    play = Play((*ANCHORS, GATEWAY, HOP))
    play.run(60)
    assert (play.extras, play.alarm_at) == ([], None)


@pytest.mark.parametrize("phase_ms", range(0, 1000, 130))
def test_a_cut_is_noticed_within_a_second_and_a_half_and_tried_ten_times_a_second(phase_ms: int) -> None:
    play = Play((*ANCHORS, GATEWAY, HOP))
    play.run(10 + phase_ms / 1000)
    cut = play.now
    play.dead = frozenset((*ANCHORS, HOP))
    play.run(30)
    assert play.alarm_at is not None
    assert play.alarm_at - cut <= 1.5 * SECOND
    anchors = [at for at, target in play.sent if target in ANCHORS and at > play.alarm_at]
    assert max(b - a for a, b in itertools.pairwise(anchors)) <= FAST_NS
    play.dead = frozenset()
    mended = play.now
    play.run(3)
    assert min(at for at, target in play.sent if at >= mended and target in ANCHORS) - mended <= FAST_NS
    assert play.trouble.alarm is False
    assert [at for at, _ in play.extras if at > mended + SECOND] == []


def test_box_and_hop_get_extra_tries_at_first_only() -> None:
    play = Play((*ANCHORS, GATEWAY, HOP))
    play.dead = frozenset(ANCHORS)
    play.run(30)
    assert play.alarm_at is not None
    near = [(at, target) for at, target in play.extras if target in (GATEWAY, HOP)]
    assert {target for _, target in near} == {GATEWAY, HOP}
    assert all(at <= play.alarm_at + NEAR_FOR_NS for at, _ in near)
    assert len(near) == pytest.approx(NEAR_FOR_NS / FAST_NS / 3, abs=2)


def test_a_long_cut_is_tried_less_often_but_its_end_stays_sharp() -> None:
    play = Play(ANCHORS)
    play.dead = frozenset(ANCHORS)
    play.run(90)
    assert play.alarm_at is not None
    late = [at for at, _ in play.extras if at > play.alarm_at + FAST_FOR_NS + SECOND]
    assert {b - a for a, b in itertools.pairwise(late)} <= {
        SLOW_NS,
        SLOW_NS - 10 * MILLISECOND,
        SLOW_NS + 10 * MILLISECOND,
    }
    tries = [at for at, _ in play.sent if at > late[0]]
    assert max(b - a for a, b in itertools.pairwise(tries)) <= 150 * MILLISECOND


def test_one_silent_anchor_is_no_trouble_whatever_it_does() -> None:
    play = Play(ANCHORS, rtt_ms=240)
    play.dead = frozenset(ANCHORS[:1])
    play.run(120)
    assert play.alarm_at is None


def test_two_dead_neighbours_stop_being_waited_for() -> None:
    play = Play(ANCHORS, rtt_ms=100)
    play.dead = frozenset(ANCHORS[:2])
    play.run(60)
    play.extras.clear()
    play.run(60)
    assert play.extras == []


def test_a_slow_line_is_no_trouble_once_its_times_are_known() -> None:
    play = Play(ANCHORS, rtt_ms=650)
    play.run(30)
    play.extras.clear()
    play.run(60)
    assert play.extras == []


def test_ipv6_alone_broken_is_looked_at_for_a_minute_only() -> None:
    play = Play((*ANCHORS, *ANCHORS6))
    play.dead = frozenset(ANCHORS6)
    play.run(FAST_FOR_NS / SECOND + 5)
    assert {target for _, target in play.extras} == set(ANCHORS6)
    assert play.alarm_at is not None
    play.extras.clear()
    play.run(60)
    assert play.extras == []
    assert play.trouble.alarm is False
    play.dead = frozenset((*ANCHORS, *ANCHORS6))
    play.run(5)
    assert {target.family for _, target in play.extras} == {4, 6}


def test_ipv6_dead_for_long_does_not_keep_the_recorder_awake() -> None:
    play = Play((*ANCHORS, *ANCHORS6, GATEWAY))
    play.dead = frozenset(ANCHORS6)
    play.run(FAST_FOR_NS / SECOND + 5)
    for _ in range(300):
        play.run(0.1)
        assert play.trouble.next_ns is None
        assert not play.trouble.overdue(play.now)


def test_the_first_doubt_has_box_and_hop_asked() -> None:
    trouble = Trouble()
    trouble.follow((*ANCHORS, GATEWAY, HOP))
    trouble.sent(ANCHORS[0], START)
    assert not trouble.overdue(START + 299 * MILLISECOND)
    assert trouble.overdue(START + 300 * MILLISECOND)
    trouble.look(START + 310 * MILLISECOND)
    assert not trouble.alarm
    assert trouble.extras(START + 310 * MILLISECOND) == [GATEWAY, HOP]
    trouble.look(START + 410 * MILLISECOND)
    assert trouble.extras(START + 510 * MILLISECOND) == []


def test_what_cannot_be_sent_counts_at_once() -> None:
    trouble = Trouble()
    trouble.follow(ANCHORS)
    for target in ANCHORS[:2]:
        trouble.note(sample(target, START, Outcome.SEND_ERROR))
    trouble.look(START)
    assert trouble.alarm
    trouble.note(sample(ANCHORS[2], START + 1, Outcome.LATE))
    trouble.look(START + 2)
    assert not trouble.alarm


def test_a_late_answer_clears_only_what_was_tried_before_it() -> None:
    trouble = Trouble()
    trouble.follow(ANCHORS)
    trouble.note(sample(ANCHORS[0], START + 100, Outcome.LOST))
    trouble.note(sample(ANCHORS[1], START + 200, Outcome.LOST))
    trouble.note(sample(ANCHORS[2], START + 50, Outcome.LATE))
    trouble.look(START + 300)
    assert trouble.alarm


def test_after_sleep_nothing_is_held_against_the_line() -> None:
    play = Play(ANCHORS)
    play.dead = frozenset(ANCHORS)
    play.run(3)
    assert play.trouble.alarm
    play.trouble.forget()
    assert (play.trouble.alarm, play.trouble.next_ns) == (False, None)
    play.trouble.look(play.now)
    assert not play.trouble.alarm


def test_without_anchors_there_is_no_trouble() -> None:
    trouble = Trouble()
    trouble.follow((GATEWAY,))
    trouble.note(sample(GATEWAY, START, Outcome.LOST))
    trouble.look(START)
    assert (trouble.alarm, trouble.extras(START)) == (False, [])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.sampled_from((*ANCHORS, *ANCHORS6[:2], GATEWAY)),
            st.sampled_from(list(Outcome)),
        ),
        max_size=80,
    )
)
def test_any_stream_is_survived_and_an_answer_ends_it(steps: list[tuple[int, Target, Outcome]]) -> None:
    trouble = Trouble()
    trouble.follow((*ANCHORS, *ANCHORS6[:2], GATEWAY))
    now = START
    for wait_ms, target, outcome in steps:
        now += wait_ms * MILLISECOND
        trouble.sent(target, now)
        trouble.note(sample(target, now, outcome))
        trouble.look(now)
        for extra in trouble.extras(now):
            assert extra.role in (Role.ANCHOR, Role.GATEWAY)
        assert trouble.next_ns is None or trouble.next_ns > now - FAST_NS
    for target in (ANCHORS[0], ANCHORS6[0]):
        trouble.note(sample(target, now + 1))
    trouble.look(now + 2)
    assert not trouble.alarm


# --- the schedule ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(0, 6), st.booleans(), st.booleans())
def test_anchors_of_a_family_are_evenly_spread_whoever_else_is_tried(
    four: int, six: int, gateway: bool, hop: bool
) -> None:
    fours = [Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4) for n in range(four)]
    sixes = [Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8::{n}", 6) for n in range(six)]
    targets = [*([GATEWAY] if gateway else []), *fours, *([HOP] if hop else []), *sixes]
    points = spread(targets, SECOND)
    assert sorted(t.id for _, t in points) == sorted(t.id for t in targets)
    for family in (fours, sixes):
        at = [point for point, target in points if target in family]
        holes = [b - a for a, b in itertools.pairwise([*at, *(point + SECOND for point in at[:1])])]
        assert max(holes, default=0) - min(holes, default=0) <= 2
    assert all(0 <= point < SECOND for point, _ in points)


def test_box_and_hop_stand_apart_between_the_anchors() -> None:
    points = {target: at for at, target in spread((GATEWAY, HOP, *ANCHORS), SECOND)}
    assert abs(points[GATEWAY] - points[HOP]) == SECOND // 2
    assert (
        min(abs(points[near] - points[anchor]) for near in (GATEWAY, HOP) for anchor in ANCHORS)
        == SECOND // 8
    )


# --- attention ------------------------------------------------------------------------------------------------------


def attend(
    attention: Attention, start_s: int, seconds: int, rtt_ms: float, dead: Sequence[Target] = ()
) -> list[bool]:
    said = []
    for second in range(start_s, start_s + seconds):
        now = START + second * SECOND
        for anchor in ANCHORS:
            attention.note(sample(anchor, now, Outcome.LOST if anchor in dead else Outcome.OK, rtt_ms))
        said.append(attention.active(now))
    return said


def test_slow_answers_call_for_attention_and_quick_ones_end_it() -> None:
    attention = Attention()
    assert not any(attend(attention, 0, 60, 20))
    slow = attend(attention, 60, 30, 70)
    assert slow.index(True) <= 6
    assert all(slow[6:])
    calm = attend(attention, 90, 60, 20)
    assert calm.index(False) <= HOLD_NS // SECOND + 6
    assert not calm[-1]


def test_an_anchor_that_is_silent_all_the_time_does_not_keep_it_awake() -> None:
    attention = Attention()
    assert not any(attend(attention, 0, 60, 20, dead=ANCHORS[:1]))
    assert any(attend(attention, 60, 10, 20, dead=ANCHORS))


def test_a_line_that_stays_slow_becomes_usual() -> None:
    attention = Attention()
    attend(attention, 0, 60, 20)
    assert attend(attention, 60, 2400, 45)[-1] is False
