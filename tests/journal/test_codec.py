"""Packing changes nothing, and garbage is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.journal import codec
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Flag,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
    quantise_rtt,
    quantise_time,
)

TARGETS = [Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4, f"AS{n}") for n in range(5)]
NUMBERS = {target: number for number, target in enumerate(TARGETS, 1)}
BY_NUMBER = {number: target for target, number in NUMBERS.items()}
BASE = 1_795_000_000_000_000_000
OFFSET = BASE - 77_000_000_000


@st.composite
def batches(draw: st.DrawFn) -> list[Sample]:
    times = draw(
        st.lists(st.tuples(st.sampled_from(TARGETS), st.integers(0, 70_000_000_000)), min_size=1, max_size=80)
    )
    samples = {}
    for target, after in times:
        sent = quantise_time(BASE + after)
        rtt = draw(st.none() | st.integers(0, 12_000_000_000).map(quantise_rtt))
        outcome, detail = (
            draw(st.sampled_from(Outcome)),
            draw(st.sampled_from(["", "ENETUNREACH", "302 http://é/"])),
        )
        flags = draw(st.sampled_from([Flag.NONE, Flag.EXTRA, Flag.EXTRA | Flag.COARSE_CLOCK]))
        samples[(target, sent)] = Sample(target, sent, sent - OFFSET, outcome, rtt, detail, flags)
    return list(samples.values())


@given(batches())
def test_what_is_packed_comes_back(samples: list[Sample]) -> None:
    packed = codec.compress(codec.encode_batch(samples, NUMBERS.__getitem__))
    unpacked = codec.decode_batch(codec.decompress(packed), BY_NUMBER.__getitem__)
    assert sorted(unpacked, key=repr) == sorted(samples, key=repr)
    assert [s.sent_ns for s in unpacked] == sorted(s.sent_ns for s in samples)


@given(batches())
def test_figures_are_those_of_the_samples(samples: list[Sample]) -> None:
    rollups = codec.roll_up(samples)
    for row in rollups.rows:
        own = [s for s in samples if s.target == row.target]
        times = sorted(s.rtt_ns for s in own if s.outcome is Outcome.OK and s.rtt_ns is not None)
        assert (row.count, row.missed) == (len(own), sum(s.outcome is not Outcome.OK for s in own))
        if times:
            assert (row.min_ns, row.max_ns) == (times[0], times[-1])
            assert row.median_ns in times
            assert row.p95_ns in times
            assert row.median_ns <= row.p95_ns
    packed = codec.encode_rollups(rollups, NUMBERS.__getitem__)
    assert sorted(codec.decode_rollups(packed, BY_NUMBER.__getitem__).rows, key=repr) == sorted(
        rollups.rows, key=repr
    )


@given(st.binary(max_size=400))
def test_garbage_is_refused(noise: bytes) -> None:
    for decode in (codec.decode_batch, codec.decode_rollups):
        try:
            decode(noise, BY_NUMBER.__getitem__)
        except codec.DamagedBatch:
            continue


@given(batches(), st.data())
def test_a_cut_batch_is_refused(samples: list[Sample], data: st.DataObject) -> None:
    packed = codec.encode_batch(samples, NUMBERS.__getitem__)
    with pytest.raises(codec.DamagedBatch):
        codec.decode_batch(packed[: data.draw(st.integers(0, len(packed) - 1))], BY_NUMBER.__getitem__)


def test_a_bomb_is_refused() -> None:
    with pytest.raises(codec.DamagedBatch):
        codec.decompress(codec.compress(bytes(32 << 20)))


def test_times_off_the_grid_and_mixed_clocks_are_refused() -> None:
    good = Sample(TARGETS[0], BASE, BASE - OFFSET, Outcome.OK, 10 * MILLISECOND)
    for bad in (
        [good, Sample(TARGETS[0], BASE + 12_345, BASE + 12_345 - OFFSET, Outcome.OK)],
        [good, Sample(TARGETS[0], BASE + 100_000, BASE - OFFSET, Outcome.OK)],
        [good, Sample(TARGETS[0], BASE + SECOND, BASE + SECOND - OFFSET, Outcome.OK, 10_012_345)],
        [],
    ):
        with pytest.raises(ValueError, match=r"."):
            codec.encode_batch(bad, NUMBERS.__getitem__)
