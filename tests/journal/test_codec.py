"""Packing changes nothing, and garbage is refused."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.journal import codec, format, hours, legacy, pages, parts, rollups
from diagnostics.journal.rollups import Tally, encode_tallies, rollup_of, sort_out, tally
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
    fields = codec.encode_samples(samples, NUMBERS.__getitem__)
    unpacked = codec.decode_samples(fields, BY_NUMBER.__getitem__)
    assert codec.pack(codec.unpack(fields["samples"])) == fields["samples"]
    assert sorted(unpacked, key=repr) == sorted(samples, key=repr)
    assert [s.sent_ns for s in unpacked] == sorted(s.sent_ns for s in samples)


@given(batches())
def test_figures_are_those_of_the_samples(samples: list[Sample]) -> None:
    figures = rollups.roll_up(samples)
    for row in figures.rows:
        own = [s for s in samples if s.target == row.target]
        times = sorted(s.rtt_ns for s in own if s.outcome is Outcome.OK and s.rtt_ns is not None)
        assert (row.count, row.missed) == (len(own), sum(s.outcome is not Outcome.OK for s in own))
        if times:
            assert (row.min_ns, row.max_ns) == (times[0], times[-1])
            assert row.median_ns in times
            assert row.p95_ns in times
            assert row.median_ns <= row.p95_ns
    packed = rollups.encode_rollups(figures, NUMBERS.__getitem__)
    assert sorted(rollups.decode_rollups(packed, BY_NUMBER.__getitem__).rows, key=repr) == sorted(
        figures.rows, key=repr
    )
    batch = codec.unpack(codec.encode_samples(samples, NUMBERS.__getitem__)["samples"])
    assert rollup_of(batch) == packed


@given(st.lists(batches(), min_size=1, max_size=4))
def test_figures_of_a_longer_time_are_those_of_all_its_samples(minutes: list[list[Sample]]) -> None:
    counts: dict[int, Tally] = {}
    for samples in minutes:
        fields = codec.encode_samples(samples, NUMBERS.__getitem__)
        tally(counts, sort_out(codec.unpack(fields["samples"])))
    together = rollups.roll_up([sample for samples in minutes for sample in samples])
    whole = rollups.encode_rollups(together._replace(longest_gap_ns=0), NUMBERS.__getitem__)
    assert encode_tallies(counts) == whole


@given(st.binary(max_size=400))
def test_garbage_is_refused(noise: bytes) -> None:
    for read in (
        lambda: codec.decode_samples({"samples": noise}, BY_NUMBER.__getitem__),
        lambda: codec.decode_samples({"samples": bytes([codec.LAYOUT]) + noise}, BY_NUMBER.__getitem__),
        lambda: rollups.decode_rollups(noise, BY_NUMBER.__getitem__),
        lambda: legacy.decode_batch(noise, BY_NUMBER.__getitem__),
        lambda: pages.records(noise),
        lambda: pages.Body(noise).fields,
        lambda: hours.decode_hours(noise, 1),
        lambda: format.unpack_fields(noise),
    ):
        try:
            read()
        except ValueError:
            continue


@given(st.lists(batches(), min_size=1, max_size=5))
def test_a_page_gives_back_what_was_put_in(minutes: list[list[Sample]]) -> None:
    records = []
    for seq, samples in enumerate(minutes, 5):
        fields = codec.encode_samples(samples, NUMBERS.__getitem__) | {"line": b"one", "rollup": b"x" * seq}
        records.append(pages.PageRecord(2 * seq, "samples", BASE + seq, BASE + 2 * seq, fields))
    records.append(pages.PageRecord(99, "witness", -5, -5, {"source": b'"wifi"', "x": b""}))
    packed = pages.pack(records)
    body = iter(pages.Body(packed.body).fields)
    back = [
        replace(one, fields={**one.fields, **next(body)}) if one.type == "samples" else one
        for one in pages.records(packed.heads)
    ]
    assert back == records


@given(batches(), st.data())
def test_a_cut_batch_is_refused(samples: list[Sample], data: st.DataObject) -> None:
    packed = codec.encode_samples(samples, NUMBERS.__getitem__)["samples"]
    cut = {"samples": packed[: data.draw(st.integers(0, len(packed) - 1))]}
    with pytest.raises(codec.DamagedBatch):
        codec.decode_samples(cut, BY_NUMBER.__getitem__)


def test_a_bomb_is_refused() -> None:
    with pytest.raises(codec.DamagedBatch):
        legacy.decompress(zlib.compress(bytes(32 << 20)))
    with pytest.raises(codec.DamagedBatch):
        pages.records(parts.join([bytes(range(256)) * (300 << 10)]))


def test_times_off_the_grid_and_mixed_clocks_are_refused() -> None:
    good = Sample(TARGETS[0], BASE, BASE - OFFSET, Outcome.OK, 10 * MILLISECOND)
    for bad in (
        [good, Sample(TARGETS[0], BASE + 12_345, BASE + 12_345 - OFFSET, Outcome.OK)],
        [good, Sample(TARGETS[0], BASE + 100_000, BASE - OFFSET, Outcome.OK)],
        [good, Sample(TARGETS[0], BASE + SECOND, BASE + SECOND - OFFSET, Outcome.OK, 10_012_345)],
        [],
    ):
        with pytest.raises(ValueError, match=r"."):
            codec.encode_samples(bad, NUMBERS.__getitem__)
