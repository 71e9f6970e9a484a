"""Speed results, holds, choices and campaigns that other commands hand over; and what is none of these."""

from __future__ import annotations

import json
import selectors
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.model import SECOND, Event, EventKind, Remark
from diagnostics.recorder import control
from diagnostics.recorder.notes import add, check_note
from diagnostics.throughput.model import Circumstances, Counted, Direction, Ended, Flow, Server, SpeedResult
from diagnostics.throughput.record import from_event, to_event

NOW = 1_795_000_000 * SECOND
HELD = {
    "reason": "busy", "why": 'held_busy {"rate_bps": 3000000}', "due_ns": NOW, "retry_at_ns": None, "campaign": "",
    "line": "abc",
}  # fmt: skip
CHOICE = {
    "provider": "ndt7",
    "servers": [],
    "terms": "2026-11-22",
    "per_day": 4,
    "monthly_bytes": 50_000_000_000,
}
CAMPAIGN = {
    "action": "started", "id": "abc123", "rules": "bnetza", "version": "1", "provider": "http", "line": "abc",
    "servers": [], "confirmed": ["cable"], "down.maximum_bps": 1_000_000_000,
}  # fmt: skip


def speed_note(**changes: object) -> dict[str, object]:
    curve = tuple(range(100_000, 100_100))
    flow = Flow(
        Direction.DOWN, 90_000_000, Counted.RECEIVED, 9**9, 5, 10 * SECOND, SECOND, Ended.TIME, 4, 0.1, curve
    )
    result = SpeedResult(
        "r1", NOW - 20 * SECOND, "http", Server("http://192.168.1.20:8989/", distance_ms=1.5), flow,
        replace(flow, direction=Direction.UP, failure=Remark.of("speed_stalled", host="a b")), None, None, None,
        Circumstances(line_id="abc", line_home=True), 9**10, True, (Remark.of("speed_wifi"),), scheduled=True,
    )  # fmt: skip
    event = to_event(result)
    return {"kind": "speed", "at_ns": event.at_ns, "data": {**event.data, **changes}}


def through_the_socket(message: dict[str, object]) -> dict[str, object]:
    found = json.loads(json.dumps(message))
    assert isinstance(found, dict)
    return found


def test_a_speed_result_is_taken_at_the_time_it_began() -> None:
    message = speed_note()
    event = check_note(through_the_socket(message), NOW)
    assert event == Event(EventKind.SPEED, NOW - 20 * SECOND, message["data"])
    assert from_event(event).bytes == 9**10
    assert len(json.dumps(message)) < 16_000, "two flows of ten seconds fit many times"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("speed_held", HELD),
        ("speed_choice", CHOICE),
        ("campaign", CAMPAIGN),
        ("campaign", {"action": "stopped", "id": "abc123"}),
    ],
)
def test_holds_choices_and_campaigns_are_taken(kind: str, data: dict[str, object]) -> None:
    assert check_note({"kind": kind, "data": data}, NOW) == Event(EventKind(kind), NOW, data)


@pytest.mark.parametrize(
    "change",
    [
        {"invention": 1}, {"bytes": "many"}, {"bytes": None}, {"bytes": 10**30}, {"id": 5}, {"down.bps": 1.5},
        {"down.curve": "1 2 3"}, {"down.curve": [1, 2]}, {"down.curve": ["1", "x"]}, {"down.curve": ["1e9"]},
        {"down.curve": ["9" * 30]}, {"down.curve": ["9" * 10_000]}, {"down.curve": ["1"] * 30_000},
        {"down.direction": "sideways"}, {"down.ended": ["steady"]}, {"down.failure": "x {"}, {"notes": ["x []"]},
        {"notes": ["x " + "[" * 5000]}, {"notes": [["x"]]}, {"provider": "x" * 61_000}, {"provider": "\ud800"},
        {"circumstances": {"line_id": "abc"}}, {"server.url": {"a": 1}}, {"scheduled": 1}, {"indicative": "yes"},
        {"at_ns": 5}, {"campaign": ""}, {"": 1}, {"down.": 1}, {"server.distance_ms": float("nan")},
        {"server.distance_ms": float("inf")}, {"circumstances.clock_error_ms": 10**400},
    ],
)  # fmt: skip
def test_hostile_speed_results_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_note(through_the_socket(speed_note(**change)), NOW)


@pytest.mark.parametrize("at_ns", [None, "5", True, 5.0, 0, -1, NOW - 25 * 3600 * SECOND])
def test_a_speed_result_of_no_time_or_of_another_day_is_refused(at_ns: object) -> None:
    with pytest.raises(ValueError, match="at_ns"):
        check_note({**speed_note(), "at_ns": at_ns}, NOW)


def test_a_speed_result_is_never_dated_ahead() -> None:
    assert check_note({**speed_note(), "at_ns": 1 << 200}, NOW).at_ns == NOW


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("speed_held", {**HELD, "reason": "bored"}), ("speed_held", {**HELD, "more": 1}), ("speed_held", {}),
        ("speed_held", {**HELD, "why": 'held_busy {"rate_bps":3000000}'}), ("speed_held", {**HELD, "due_ns": -1}),
        ("speed_choice", {**CHOICE, "per_day": 25}), ("speed_choice", {**CHOICE, "servers": ["x" * 301]}),
        ("speed_choice", {**CHOICE, "monthly_bytes": 1e3}), ("speed_choice", {**CHOICE, "servers": [5]}),
        ("campaign", {**CAMPAIGN, "id": 5}), ("campaign", {**CAMPAIGN, "count": -1}), ("campaign", {}),
        ("campaign", {**CAMPAIGN, "servers": [5]}), ("campaign", {**CAMPAIGN, "down.maximum_bps": 10**20}),
        ("campaign", {"action": "stopped", "id": "x" * 500}), ("campaign", {"action": "paused", "id": "abc123"}),
        ("speed_choice", None), ("speed_choice", [1]), ("speed", {}), ("speed_held", {"reason": {"a": {}}}),
    ],
)  # fmt: skip
def test_hostile_holds_choices_and_campaigns_are_refused(kind: str, data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_note(through_the_socket({"kind": kind, "data": data, "at_ns": NOW}), NOW)


def test_what_nests_without_end_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"."):
        check_note({"kind": "speed_choice", "data": {**CHOICE, "servers": deep}}, NOW)


def test_a_result_goes_into_the_journal_with_and_without_a_recorder(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    note = speed_note()
    began = NOW - 20 * SECOND
    add(tmp_path, journal, EventKind.SPEED, note["data"], began)
    with Reader(journal) as reader:
        assert [event.at_ns for event in reader.events(EventKind.SPEED)] == [began]
    taken: list[Event] = []

    def handle(message: control.Message) -> control.Message:
        taken.append(check_note(message, NOW))
        return {"ok": True}

    server = control.Server(tmp_path, handle)
    with selectors.DefaultSelector() as selector, Lock(tmp_path / "recorder.lock"):
        server.register(selector)
        helper = threading.Thread(
            target=add, args=(tmp_path, journal, EventKind.SPEED, note["data"], began), daemon=True
        )
        helper.start()
        while helper.is_alive():
            for key, _ in selector.select(0.05):
                key.data(selector, key.fileobj)
        server.close()
    assert taken == [Event(EventKind.SPEED, began, note["data"])]
