"""A campaign goes into the journal and comes back whole; what is none is refused."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.campaigns import record
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.campaigns.standing import campaigns as campaigns_of
from diagnostics.campaigns.standing import standing, zone_of
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind
from diagnostics.recorder.notes import check_note
from diagnostics.throughput.record import to_event
from jalerte_desktop.commands._campaign_zone import system_zone
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
    zone=st.sampled_from(["", "Europe/Paris", "America/Argentina/Ushuaia", "Etc/GMT+1"]),
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


def test_days_are_those_of_the_place_where_it_was_begun_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two measurements at noon in Paris, a day apart, are two days in Paris and stay so for a reader in Auckland."""
    made = replace(BEGUN, zone="Europe/Paris")
    assert zone_of(made) == ZoneInfo("Europe/Paris")
    assert zone_of(replace(BEGUN, zone="")) is None
    assert zone_of(replace(BEGUN, zone="Nowhere/Land")) is None
    journal = tmp_path / "journal.sqlite"
    with closing(Writer(journal)) as writer:
        writer.append(started(made))
    with Reader(journal) as reader:
        (kept,) = campaigns_of(reader)
        monkeypatch.setenv("TZ", "Pacific/Auckland")
        assert standing(reader, kept, T0, None).zone == ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Europe/Paris ", "a" * 200, "é"])
def test_what_is_no_zone_s_name_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        record.check({**record.started(BEGUN), "zone": zone})


def test_the_system_s_zone_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    link = tmp_path / "zoneinfo" / "Europe" / "Paris"
    link.parent.mkdir(parents=True)
    link.touch()
    (tmp_path / "localtime").symlink_to(link)
    assert system_zone(tmp_path / "localtime") == "Europe/Paris"
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert system_zone(tmp_path / "localtime") == "Asia/Tokyo"
    monkeypatch.setenv("TZ", "nonsense")
    assert system_zone(tmp_path / "none") == ""
