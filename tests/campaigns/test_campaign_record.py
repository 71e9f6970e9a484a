"""A campaign goes into the journal and comes back whole; what is none is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.campaigns import record
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.model import Event, EventKind
from diagnostics.recorder.notes import check_note
from diagnostics.throughput.record import to_event
from tests.campaigns.measured import campaign, measured, rules

T0 = 1_790_000_000_000_000_000
BEGUN = campaign(rules("bnetza"), T0, servers=("http://server.example/",), confirmed=("campaign_says_line",))

numbers = st.none() | st.integers(1, record.MOST_BPS)
texts = st.text(st.characters(categories=["L", "N", "P"]), max_size=30)
campaigns = st.builds(
    Campaign,
    id=st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    rules=texts.filter(bool),
    version=texts,
    provider=texts.filter(bool),
    started_ns=st.integers(0, 1 << 62),
    servers=st.lists(texts, max_size=5).map(tuple),
    line=texts,
    promised=st.builds(
        Promised, st.builds(Rates, numbers, numbers, numbers), st.builds(Rates, numbers, numbers, numbers),
        st.none() | st.integers(1, 60_000),
    ),
    confirmed=st.lists(texts, max_size=8).map(tuple),
    count=st.none() | st.integers(1, 1000),
    spacing_s=st.none() | st.integers(60, 1 << 30),
)  # fmt: skip


def started(made: Campaign) -> Event:
    return Event(EventKind.CAMPAIGN, made.started_ns, record.started(made))


@settings(deadline=None)
@given(campaigns)
def test_what_goes_in_comes_back(made: Campaign) -> None:
    assert record.fold([started(made)]) == [made]


def test_the_recorder_takes_what_is_written() -> None:
    for data in (record.started(BEGUN), record.stopped(BEGUN.id)):
        event = check_note({"kind": "campaign", "data": dict(data)}, T0)
        record.check(event.data)


def test_a_stop_ends_its_own_campaign_once() -> None:
    other = replace(BEGUN, id="decaf000", started_ns=T0 + 5)
    events = [
        started(BEGUN),
        started(other),
        Event(EventKind.CAMPAIGN, T0 + 10, record.stopped(BEGUN.id)),
        Event(EventKind.CAMPAIGN, T0 + 20, record.stopped(BEGUN.id)),
        Event(EventKind.CAMPAIGN, T0 + 30, record.stopped("unheard00")),
    ]
    assert [(one.id, one.stopped_ns) for one in record.fold(events)] == [
        (BEGUN.id, T0 + 10),
        (other.id, None),
    ]


def test_a_second_start_with_the_same_id_changes_nothing() -> None:
    again = replace(BEGUN, started_ns=T0 + 99, promised=Promised())
    assert record.fold([started(BEGUN), started(again)]) == [BEGUN]


@pytest.mark.parametrize(
    "change",
    [
        {"action": "paused"},
        {"id": ""},
        {"id": "Ä" * 12},
        {"id": 7},
        {"rules": ""},
        {"rules": "x" * 41},
        {"servers": "http://server.example/"},
        {"servers": ["x"] * 21},
        {"servers": ["line\nbreak"]},
        {"down.maximum_bps": -1},
        {"down.maximum_bps": True},
        {"down.maximum_bps": 1.5},
        {"down.maximum_bps": 1 << 80},
        {"down.maximum_bps": None},
        {"delay_ms": 10**9},
        {"surprise": 1},
    ],
)
def test_what_is_no_campaign_is_passed_over(change: dict[str, Any]) -> None:
    data = {**record.started(BEGUN), **change}
    with pytest.raises(ValueError, match=r"\w"):
        record.check(data)
    assert record.fold([Event(EventKind.CAMPAIGN, T0, data)]) == []


@settings(deadline=None)
@given(st.dictionaries(texts, st.none() | st.integers() | texts | st.lists(texts, max_size=3), max_size=6))
def test_any_event_is_read_or_passed_over(data: dict[str, Any]) -> None:
    record.fold([Event(EventKind.CAMPAIGN, T0, data)])


def test_results_of_a_campaign_are_found_among_others() -> None:
    own, other = measured(T0), measured(T0 + 5, campaign="")
    broken = Event(EventKind.SPEED, T0 + 6, {"campaign": BEGUN.id, "id": "x"})
    assert record.results([to_event(own), to_event(other), broken], BEGUN.id) == [own]
