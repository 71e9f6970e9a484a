"""A result survives the journal whole; what is none is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import Event, EventKind, Remark
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    DelayMethod,
    Delays,
    Direction,
    Ended,
    Flow,
    Medium,
    OtherTraffic,
    Server,
    SpeedResult,
    grade,
)
from diagnostics.throughput.record import from_event, to_event
from diagnostics.witnesses import Wifi, WifiState

NUMBERS = st.integers(0, 1 << 60)
SHARES = st.floats(0, 1)
MILLISECONDS = st.floats(0, 1e6)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SCALARS = st.one_of(TEXTS, NUMBERS, SHARES, st.booleans(), st.none())
REMARKS = st.builds(
    Remark,
    st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True),
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), SCALARS, max_size=3).map(
        lambda values: tuple(values.items())
    ),
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def flows(direction: Direction) -> st.SearchStrategy[Flow]:
    return st.builds(
        Flow,
        st.just(direction),
        maybe(NUMBERS),
        st.sampled_from(Counted),
        NUMBERS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
        st.sampled_from(Ended),
        st.integers(1, 64),
        maybe(SHARES),
        st.lists(NUMBERS, max_size=5).map(tuple),
        maybe(NUMBERS),
        maybe(SHARES),
        maybe(REMARKS),
    )


DELAYS = st.builds(
    Delays, st.sampled_from(DelayMethod), NUMBERS, NUMBERS, *[maybe(MILLISECONDS)] * 3, maybe(NUMBERS)
)
OTHERS = st.builds(OtherTraffic, maybe(NUMBERS), maybe(NUMBERS))
WIFIS = st.builds(
    Wifi, st.sampled_from(WifiState), TEXTS, maybe(TEXTS), maybe(TEXTS), st.booleans(), maybe(NUMBERS)
)
MEDIA = st.builds(Medium, TEXTS, TEXTS, maybe(NUMBERS), maybe(TEXTS), maybe(WIFIS))
CIRCUMSTANCES = st.builds(
    Circumstances,
    MEDIA,
    OTHERS,
    OTHERS,
    maybe(SHARES),
    TEXTS,
    st.booleans(),
    TEXTS,
    maybe(st.booleans()),
    st.booleans(),
    st.booleans(),
    maybe(st.booleans()),
    maybe(MILLISECONDS),
    maybe(st.booleans()),
)
RESULTS = st.builds(
    SpeedResult,
    TEXTS,
    NUMBERS,
    TEXTS,
    st.builds(Server, TEXTS, TEXTS, maybe(MILLISECONDS), TEXTS, st.sampled_from([0, 4, 6])),
    maybe(flows(Direction.DOWN)),
    maybe(flows(Direction.UP)),
    maybe(DELAYS),
    maybe(DELAYS),
    maybe(DELAYS),
    CIRCUMSTANCES,
    NUMBERS,
    st.booleans(),
    st.lists(REMARKS, max_size=3).map(tuple),
    TEXTS,
    st.booleans(),
    st.booleans(),
    TEXTS,
)


@given(RESULTS)
def test_a_result_comes_back_from_its_event_as_it_was(result: SpeedResult) -> None:
    event = to_event(result)
    assert event.kind is EventKind.SPEED
    assert from_event(event) == result
    assert to_event(from_event(event)) == event


@given(RESULTS, st.data())
def test_what_was_tampered_with_is_read_or_refused_and_breaks_nothing(
    result: SpeedResult, data: st.DataObject
) -> None:
    event = to_event(result)
    key = data.draw(st.sampled_from(sorted(event.data)))
    value = data.draw(st.one_of(SCALARS, st.lists(TEXTS, max_size=2)))
    with contextlib.suppress(ValueError):
        from_event(Event(event.kind, event.at_ns, {**event.data, key: value}))


@pytest.mark.parametrize("missing", ["id", "provider", "server.url", "bytes", "indicative", "down.bytes"])
def test_what_must_be_there_is_missed(missing: str) -> None:
    flow = Flow(Direction.DOWN, 1, Counted.RECEIVED, 1, 1, 1, 0, Ended.STEADY)
    result = SpeedResult(
        "a", 1, "http", Server("u"), flow, None, None, None, None, Circumstances(), 1, indicative=False
    )
    event = to_event(result)
    cut = {key: value for key, value in event.data.items() if key != missing}
    with pytest.raises(ValueError, match=missing.rpartition(".")[2]):
        from_event(Event(event.kind, event.at_ns, cut))


@pytest.mark.parametrize(
    ("more_ms", "letter"),
    [
        (0, "A+"),
        (4.9, "A+"),
        (5, "A"),
        (29, "A"),
        (30, "B"),
        (60, "C"),
        (200, "D"),
        (400, "F"),
        (9000, "F"),
        (-3, "A+"),
    ],
)
def test_the_grade_is_that_of_the_delay_added(more_ms: float, letter: str) -> None:
    assert grade(12.0, 12.0 + more_ms) == letter
