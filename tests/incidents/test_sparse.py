"""A minute taken by its columns leaves all that the study knows as it is when every try is fed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from diagnostics.incidents import study as study_module
from diagnostics.incidents.study import Study
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Event,
    EventKind,
    Flag,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
    quantise_rtt,
)
from tests.made import (
    ANCHORS,
    BEYOND_BOX,
    BEYOND_HOP,
    EVERYTHING,
    GATEWAY,
    GOOD,
    HOP,
    LOST,
    T0,
    Fate,
    MadeBlock,
    World,
    blocks,
    samples,
)

SECONDS = 600
SIX = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8::{n}", 6, f"AS{n}") for n in (1, 2))
FIVE = Target(Role.ANCHOR, Protocol.ICMP, "203.0.113.55", 4, "AS55")
TCP = Target(Role.TCP_CHECK, Protocol.TCP, "203.0.113.11", 4)
LARGE = Target(Role.LARGE, Protocol.HTTP, "http://203.0.113.90/large")
TUNNEL = Target(Role.VPN, Protocol.ICMP, "tun0>10.8.0.1", 4)
LATE: Fate = (Outcome.LATE, 1500.0)
REFUSED: Fate = (Outcome.REFUSED, 3.0)
UNREACHABLE: Fate = (Outcome.UNREACHABLE, None)
UNSENT: Fate = (Outcome.SEND_ERROR, None)
PORTAL: Fate = (Outcome.PORTAL, 9.0)
SLOW, SLOWER, SLOWEST = ((Outcome.OK, more) for more in (45.0, 120.0, 1200.0))

DETAILS = (
    "",
    "large-hangs",
    "192.0.2.1 net-unreachable",
    "192.168.1.1 host-unreachable",
    "servfail",
    "ENETDOWN",
)

fates = st.sampled_from([*[LOST] * 3, LATE, SLOW, SLOWER, SLOWEST, REFUSED, UNREACHABLE, UNSENT, PORTAL])
whom = st.sampled_from(
    [(role,) for role in EVERYTHING]
    + [BEYOND_BOX, BEYOND_HOP, EVERYTHING]
    + [(ANCHORS[0],), (ANCHORS[0],), ANCHORS[:2], ANCHORS, SIX, (TCP,), (LARGE,), (TUNNEL,), (GATEWAY, HOP)]
)
troubles = st.lists(
    st.tuples(
        st.floats(50, SECONDS - 5),
        st.sampled_from([0.3, 0.9, 1.1, 2.0, 4.0, 12.0, 40.0, 150.0]),
        whom,
        fates,
    ),
    max_size=6,
)
MIXED = (GATEWAY, HOP, *ANCHORS[:3], *SIX, TCP)
plans = st.sampled_from(
    [
        (GATEWAY, HOP, *ANCHORS),
        MIXED,
        (GATEWAY, HOP, *ANCHORS, FIVE),
        (GATEWAY, HOP, *ANCHORS, FIVE, *SIX),
        (GATEWAY, *ANCHORS[:2], LARGE, TUNNEL),
        (HOP, ANCHORS[0]),
    ]
)


def world_of(chosen: Sequence[tuple[float, float, tuple[object, ...], Fate]]) -> World:
    def world(target: Target, at_s: float) -> Fate:
        for start, length, hit, fate in chosen:
            if start <= at_s < start + length and (target.role in hit or target in hit):
                return fate
        return GOOD

    return world


def spoilt(stream: Sequence[Sample], seed: int, share: float) -> list[Sample]:
    """With spikes of delay, coarse clocks, and extra tries after a miss, at any anchor, all by chance."""
    rng = random.Random(seed)
    anchors = sorted(
        {sample.target for sample in stream if sample.target.role is Role.ANCHOR},
        key=lambda target: target.id,
    )
    made: list[Sample] = []
    for sample in stream:
        chance = rng.random()
        if sample.rtt_ns is not None and chance < share:
            more = rng.choice([20, 35, 80, 350]) * MILLISECOND
            sample = replace(sample, rtt_ns=quantise_rtt(sample.rtt_ns + more))
        elif chance < 2 * share:
            sample = replace(sample, flags=Flag.COARSE_CLOCK)
        near = sample.target.role in (Role.ANCHOR, Role.GATEWAY, Role.FIRST_HOP)
        if sample.outcome not in ((Outcome.OK, Outcome.LATE, Outcome.LOST) if near else (Outcome.OK,)):
            sample = replace(sample, detail=rng.choice(DETAILS))
        made.append(sample)
        if sample.target.role is Role.ANCHOR and not sample.outcome.answered and rng.random() < 0.3:
            at = rng.choice([100, 100, 1300]) * MILLISECOND
            again = replace(
                sample,
                target=rng.choice([sample.target, *anchors]),
                sent_ns=sample.sent_ns + at,
                mono_ns=sample.mono_ns + at,
                flags=Flag.EXTRA,
            )
            if rng.random() < 0.5:
                again = replace(again, outcome=Outcome.OK, rtt_ns=rng.choice([10, 10, 55]) * MILLISECOND)
            made.append(again)
    return sorted(made, key=lambda sample: sample.sent_ns)


def known(thing: object) -> object:
    """All that an object holds, to be compared."""
    if isinstance(thing, Enum | float | int | str | bytes | type(None)):
        return thing
    if isinstance(thing, dict):
        return {key: known(value) for key, value in thing.items()}
    if isinstance(thing, set | frozenset):
        return thing
    if isinstance(thing, list | tuple | deque):
        return [known(one) for one in thing]
    if is_dataclass(thing):
        return {one.name: known(getattr(thing, one.name)) for one in fields(thing)}
    return {"class": type(thing).__name__, **{name: known(value) for name, value in vars(thing).items()}}


def compare(made: Sequence[MadeBlock], events: Sequence[Event] = ()) -> None:
    """Feed both ways, and compare after each block."""
    quick, slow = Study(), Study()
    quick.note(events)
    slow.note(events)
    for block in made:
        quick.feed(block)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(study_module, "take", lambda *_: False)
            slow.feed(block)
        assert known(quick) == known(slow)


hard = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@hard
@given(troubles, plans, st.sampled_from([0.0, 0.001, 0.005, 0.01, 0.02, 0.03]), st.integers(0, 2**32))
@example([], MIXED, 0.01, 699)
def test_a_minute_taken_by_its_columns_is_as_if_all_had_been_fed(
    chosen, plan, noise: float, seed: int
) -> None:  # type: ignore[no-untyped-def]
    stream = samples(world_of(chosen), SECONDS, targets=plan, noise=noise, seed=seed)
    compare(blocks(spoilt(list(stream), seed, noise)))


@hard
@given(
    troubles, st.integers(60, SECONDS - 60), st.sampled_from([ANCHORS[0], HOP, GATEWAY]), st.integers(0, 99)
)
def test_a_target_that_was_always_silent_and_one_that_is_no_longer_tried(
    chosen, until: int, dead, seed: int
) -> None:  # type: ignore[no-untyped-def]
    chosen = [(0.0, SECONDS, (dead,), LOST), *chosen]
    stream = [
        sample
        for sample in samples(world_of(chosen), SECONDS, noise=0.002, seed=seed)
        if sample.target is not ANCHORS[3] or sample.sent_ns < T0 + until * SECOND
    ]
    compare(blocks(stream))


@hard
@given(troubles, st.integers(60, SECONDS - 60), st.integers(-3000, 3000), st.integers(0, 99))
def test_clocks_that_step_or_drift_and_links_that_change(
    chosen, second: int, step_ms: int, seed: int
) -> None:  # type: ignore[no-untyped-def]
    step = step_ms * MILLISECOND
    before = list(samples(world_of(chosen), second, noise=0.002, seed=seed))
    after = [
        replace(sample, sent_ns=sample.sent_ns + step)
        for sample in samples(world_of(chosen), SECONDS - second, start_s=second, noise=0.002, seed=seed)
    ]
    link = Event(
        EventKind.LINK,
        T0 + (second + 20) * SECOND,
        {"carrier": True, "interface": "eth0", "tunnel": seed % 2 == 0},
    )
    compare([*blocks(before), *blocks(after)], [link])


@hard
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.002, 0.02, 0.05]), min_size=10, max_size=10),
    plans,
    st.integers(0, 2**32),
)
def test_loss_that_comes_and_goes_by_the_minute(shares, plan, seed: int) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(seed)

    def world(_target: Target, at_s: float) -> Fate:
        return LOST if rng.random() < shares[min(int(at_s / 60), 9)] else GOOD

    compare(blocks(spoilt(list(samples(world, SECONDS, targets=plan, seed=seed)), seed, 0.001)))


@hard
@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.02, 0.05]), min_size=10, max_size=10),
    plans,
    st.lists(st.integers(60, SECONDS), max_size=4),
    st.integers(0, 2**32),
)
@example([0.02, *[0.0] * 9], (GATEWAY, HOP, *ANCHORS, FIVE), [], 547)
def test_a_loss_that_ends_in_a_minute_taken_by_its_figures(shares, plan, slow, seed: int) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(seed)

    def world(target: Target, at_s: float) -> Fate:
        if target.role in (Role.WEB, Role.TCP_CHECK) and any(start <= at_s < start + 5 for start in slow):
            return Outcome.OK, 950.0
        return LOST if rng.random() < shares[min(int(at_s / 60), 9)] else GOOD

    made = blocks(samples(world, SECONDS, targets=plan, seed=seed))
    quick, slowly = Study(), Study()
    for block in made:
        quick.feed(block)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Study, "_take", lambda *_: False)
            slowly.feed(block)
    assert known(quick._pending) == known(slowly._pending)
    assert known(quick.incidents()) == known(slowly.incidents())


LIMITS_MS = (29.9, 30.0, 30.1, 290.0, 290.1, 889.9, 890.0, 989.9, 990.0)
"""Added to a round trip of 10 ms: at the limits of latency, jitter, delay, a struggling check and slow names."""


@hard
@given(
    st.lists(
        st.tuples(
            st.integers(60, SECONDS),
            st.integers(1, 12),
            st.sampled_from(
                [(role,) for role in EVERYTHING] + [(ANCHORS[0],), (ANCHORS[3],), ANCHORS, (TCP,)]
            ),
            st.one_of(st.just(None), st.sampled_from(LIMITS_MS)),
        ),
        max_size=12,
    ),
    st.sampled_from([0, 0, 9, 10, 11]),
    st.permutations((GATEWAY, HOP, *ANCHORS, TCP)),
)
@example([(267, 3, (Role.WEB,), None)], 10, [GATEWAY, HOP, TCP, *ANCHORS])
def test_limits_met_exactly_and_silences_that_end_with_a_minute(chosen, dead: int, plan) -> None:  # type: ignore[no-untyped-def]
    """Answers take 10 ms, or more by just so much; an anchor is silent from ``dead`` tries before a minute ends."""

    def fate_of(sample: Sample) -> Sample:
        at_s, target = (sample.sent_ns - T0) / SECOND, sample.target
        more: float | None = 0.0
        if target == plan[-1] and 240 - dead <= at_s < 310 and target.role is Role.ANCHOR:
            more = None
        for end, tries, hit, by_ms in chosen:
            if end - tries <= at_s < end and (target.role in hit or target in hit):
                more = by_ms
        if more is None:
            return replace(sample, outcome=Outcome.LOST, rtt_ns=None)
        return replace(sample, rtt_ns=quantise_rtt(round((10 + more) * MILLISECOND)))

    compare(blocks([fate_of(sample) for sample in samples(lambda *_: GOOD, SECONDS, targets=plan)]))


@hard
@given(st.floats(1.02, 1.3), st.integers(0, 99))
def test_a_delay_that_creeps_up_without_a_jump(factor: float, seed: int) -> None:
    def world(target: Target, at_s: float) -> Fate:
        return Outcome.OK, 5.0 * (
            factor ** (max(0.0, at_s - 300) / 10) - 1
        ) if target.role is Role.ANCHOR else 0.0

    compare(blocks(samples(world, SECONDS, noise=0.002, seed=seed)))


@hard
@given(st.lists(st.tuples(st.integers(60, SECONDS), st.integers(2, 5)), max_size=6), st.integers(0, 99))
def test_anchors_that_are_not_tried_for_some_seconds(holes, seed: int) -> None:  # type: ignore[no-untyped-def]
    stream = [
        sample
        for sample in samples(lambda *_: GOOD, SECONDS, noise=0.003, seed=seed)
        if not any(
            start <= (sample.sent_ns - T0) / SECOND < start + length
            and sample.target in ANCHORS[: 1 + start % 4]
            for start, length in holes
        )
    ]
    compare(blocks(stream))


def test_of_a_quiet_line_with_chance_losses_each_known_minute_is_taken_by_columns_or_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = blocks(samples(lambda *_: GOOD, 3600, noise=0.001))
    study = Study()
    for block in made[:2]:
        study.feed(block)
    monkeypatch.setattr(Study, "_feed", lambda *_: pytest.fail("fed try by try"))
    for block in made[2:]:
        study.feed(block)
    assert sum(any(row.missed for row in block.rollups.rows) for block in made[2:]) > 12


def test_what_cannot_be_read_changes_nothing() -> None:
    made = blocks(samples(lambda *_: GOOD, 300, noise=0.004))

    class Broken(MadeBlock):
        @property
        def columns(self):  # type: ignore[no-untyped-def]
            raise ValueError("damaged")

    study = Study()
    for block in made[:3]:
        study.feed(block)
    before = known(study)
    with pytest.raises(ValueError, match="damaged"):
        study.feed(Broken(made[3].line, made[3].span, made[3].rollups, made[3].samples))
    assert known(study) == before


def test_an_extra_try_between_two_answers_is_no_step_of_the_delay() -> None:
    def world(target: Target, at_s: float) -> Fate:
        more = 130.0 if target is ANCHORS[1] and at_s > 200 else 90.0
        return Outcome.OK, more if target.role is Role.ANCHOR else 0.0

    stream = list(samples(world, 300))
    before = next(one for one in stream if one.target is ANCHORS[1] and one.sent_ns > T0 + 199 * SECOND)
    at = 100 * MILLISECOND
    extra = replace(
        before,
        sent_ns=before.sent_ns + at,
        mono_ns=before.mono_ns + at,
        rtt_ns=120 * MILLISECOND,
        flags=Flag.EXTRA,
    )
    compare(blocks(sorted([*stream, extra], key=lambda sample: sample.sent_ns)))


@pytest.mark.parametrize(
    "role", [Role.SYSTEM_RESOLVER, Role.RESOLVER, Role.WEB, Role.TCP_CHECK, Role.LARGE, Role.VPN]
)
@pytest.mark.parametrize("fate", [LOST, REFUSED, UNSENT, PORTAL])
def test_what_was_said_of_a_check_that_failed_is_known(role: Role, fate: Fate) -> None:
    chosen = world_of([(313.0, 40.0, (role,), fate)])
    stream = samples(chosen, 480, targets=(GATEWAY, *ANCHORS[:2], TCP, LARGE, TUNNEL))
    compare(blocks(spoilt(list(stream), 5, 0.0)))
