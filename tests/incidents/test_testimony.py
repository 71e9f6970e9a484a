"""What the witnesses say changes whose fault it was: the box, the counters, the Wi-Fi adapter."""

from __future__ import annotations

import math
from zlib import crc32

import pytest

from diagnostics.incidents.study import Study
from diagnostics.model import SECOND, Cause, Event, EventKind, Incident, Kind, Outcome, Role, Span
from diagnostics.witnesses import (
    BoxAccount,
    Origin,
    Statement,
    Step,
    Traffic,
    Wifi,
    WifiState,
    from_event,
    to_event,
)
from tests.incidents.test_ladder import codes, edges_s, one
from tests.made import BEYOND_BOX, EVERYTHING, GOOD, LOST, T0, World, between, blocks, samples

MBIT = 1_000_000


def study(
    world: World, *said: tuple[float, Statement], events: tuple[Event, ...] = (), **options: object
) -> tuple[Incident, ...]:
    found = Study()
    found.note(events)
    found.note(to_event(statement, T0 + round(at_s * SECOND)) for at_s, statement in said)
    for block in blocks(samples(world, 300, **options)):  # type: ignore[arg-type]
        found.feed(block)
    return found.incidents()


def traffic(
    origin: Origin, busy: tuple[float, float] | None = None, *, down: int = 0, up: int = 0, seconds: int = 300
) -> list[tuple[float, Statement]]:
    """A minute's statement each minute: steps of five seconds, ``busy`` from … to … seconds at these Mbit/s."""
    said: list[tuple[float, Statement]] = []
    for minute in range(0, seconds, 60):
        steps = []
        for at in range(minute, minute + 60, 5):
            full = busy is not None and busy[0] <= at < busy[1]
            steps.append(Step(5 * SECOND, down * MBIT if full else 20_000, up * MBIT if full else 20_000))
        said.append((minute + 60.5, Traffic(origin, T0 + minute * SECOND, tuple(steps))))
    return said


def queue(start_s: float, end_s: float, top_ms: float = 200.0) -> World:
    """A full queue: answers late by half to all of it, in waves, beyond the box."""

    def world(target: object, at_s: float) -> object:
        if not start_s <= at_s < end_s or target.role not in BEYOND_BOX:  # type: ignore[attr-defined]
            return GOOD
        return Outcome.OK, top_ms * (0.75 + 0.25 * math.sin(at_s))

    return world  # type: ignore[return-value]


def steady(start_s: float, end_s: float, ms: float = 50.0) -> World:
    return between(start_s, end_s, BEYOND_BOX, (Outcome.OK, ms))


@pytest.mark.parametrize("direction", ["up", "down"])
def test_own_traffic_that_fills_the_line_is_ones_own(direction: str) -> None:
    said = traffic(Origin.MACHINE, (130, 190), **{direction: 9})
    incident = one(study(queue(131, 190), *said))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.OWN_TRAFFIC)
    assert incident.verdict.confidence >= 0.8
    (remark,) = (r for r in incident.verdict.reasons if r.code == "machine_traffic")
    assert remark["direction"] == direction


def test_another_device_is_told_by_the_boxs_counters() -> None:
    said = [*traffic(Origin.MACHINE), *traffic(Origin.HOME, (130, 190), down=48)]
    incident = one(study(queue(131, 190), *said))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.OWN_TRAFFIC)
    assert "home_traffic" in codes(incident.verdict.reasons)


def test_without_counters_of_the_home_a_breathing_delay_is_nobodys() -> None:
    incident = one(study(queue(131, 190), *traffic(Origin.MACHINE)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.UNKNOWN)
    assert incident.verdict.confidence <= 0.6
    assert "household_not_ruled_out" in codes(incident.verdict.counter_evidence)


def test_a_steady_delay_is_the_lines_but_never_above_the_limit_without_counters() -> None:
    incident = one(study(steady(130, 190)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.ACCESS)
    assert incident.verdict.confidence <= 0.6


def test_a_quiet_home_lets_the_line_be_blamed_for_a_breathing_delay() -> None:
    incident = one(study(queue(131, 190), *traffic(Origin.HOME)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.ACCESS)
    assert "household_ruled_out" in codes(incident.verdict.reasons)


def test_traffic_that_went_on_before_explains_nothing_and_rules_nothing_out() -> None:
    incident = one(study(queue(131, 190), *traffic(Origin.HOME, (0, 300), down=40)))
    assert incident.verdict.cause is Cause.UNKNOWN


def test_traffic_far_below_what_the_line_carries_does_not_fill_it() -> None:
    said = [
        *traffic(Origin.HOME, (20, 60), down=90, seconds=120),
        *traffic(Origin.HOME, (130, 190), down=8)[2:],
    ]
    incident = one(study(steady(131, 190), *said))
    assert incident.verdict.cause is Cause.ACCESS


def test_packets_lost_while_the_own_upload_fills_the_line_are_told_with_it() -> None:
    slow = queue(131, 190)

    def world(target: object, at_s: float) -> object:
        if 131 <= at_s < 190 and target.role in BEYOND_BOX and round(at_s * 7) % 12 == 0:  # type: ignore[attr-defined]
            return LOST
        return slow(target, at_s)  # type: ignore[arg-type]

    incident = one(study(world, *traffic(Origin.MACHINE, (130, 190), up=9)))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.OWN_TRAFFIC)
    assert "lost_meanwhile" in codes(incident.verdict.reasons)


def test_data_that_kept_coming_shows_a_full_line_and_no_cut() -> None:
    def world(target: object, at_s: float) -> object:
        dead = 130 <= at_s < 160 and target.role in BEYOND_BOX  # type: ignore[attr-defined]
        return LOST if dead else GOOD

    incident = one(study(world, *traffic(Origin.HOME, (130, 160), down=48)))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.OWN_TRAFFIC)


def test_a_box_that_says_its_line_is_down_makes_the_verdict_stronger() -> None:
    def world(target: object, at_s: float) -> object:
        hop_never = target.role is Role.FIRST_HOP  # type: ignore[attr-defined]
        return LOST if hop_never else between(120, 160, BEYOND_BOX)(target, at_s)  # type: ignore[arg-type]

    without = one(study(world))  # type: ignore[arg-type]
    with_box = one(study(world, (125, BoxAccount("upnp", False)), (165, BoxAccount("upnp", True))))  # type: ignore[arg-type]
    assert without.verdict.cause is with_box.verdict.cause is Cause.ACCESS
    assert with_box.verdict.confidence > without.verdict.confidence
    assert "box_says_line_down" in codes(with_box.verdict.reasons)


def test_a_box_that_says_its_line_is_up_is_counter_evidence() -> None:
    incident = one(study(between(120, 160, BEYOND_BOX), (130, BoxAccount("upnp", True, uptime_s=90_000))))
    assert "box_says_line_up" in codes(incident.verdict.counter_evidence)


def test_a_box_that_says_it_restarted_is_believed() -> None:
    event = Event(
        EventKind.LINK, T0 + 121 * SECOND, {"interface": "eth0", "carrier": False, "gateway": "192.168.1.1"}
    )
    silent = one(
        study(between(120, 160, EVERYTHING), (200, BoxAccount("freebox", True, boot_s=60)), events=(event,))
    )
    assert (silent.kind, silent.verdict.cause) == (Kind.OUTAGE, Cause.BOX)


def wifi_link(at_s: float = 0.0) -> Event:
    data = {"interface": "wlan0", "carrier": True, "gateway": "192.168.1.1", "medium": "wifi"}
    return Event(EventKind.LINK, T0 + round(at_s * SECOND), data)


def test_loss_up_to_the_box_on_wifi_is_the_wifis() -> None:
    def world(target: object, at_s: float) -> object:
        return (
            LOST if 120 <= at_s < 200 and crc32(f"{target.address} {round(at_s)}".encode()) % 5 == 0 else GOOD
        )  # type: ignore[attr-defined]

    weak = Wifi(WifiState.CONNECTED, "wlan0", "chez-moi", "02:00:00:00:00:10", signal_dbm=-81)
    incident = one(study(world, (60, weak), (120, weak), (180, weak), events=(wifi_link(),)))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.WIFI, Cause.WIFI)
    assert incident.verdict.confidence == 0.9
    assert "wifi_signal" in codes(incident.verdict.reasons)
    cable = one(study(world))  # type: ignore[arg-type]
    assert (cable.kind, cable.verdict.cause) == (Kind.LOSS, Cause.LAN)
    assert cable.id == incident.id


def test_statements_that_come_late_change_the_verdict_and_not_the_id() -> None:
    world, said = queue(131, 190), traffic(Origin.MACHINE, (130, 190), up=9)
    found = Study()
    for block in blocks(samples(world, 300)):
        found.feed(block)
    before = one(found.incidents())
    found.note(to_event(statement, T0 + round(at_s * SECOND)) for at_s, statement in said)
    after = one(found.incidents())
    assert before.verdict.cause is not Cause.OWN_TRAFFIC
    assert after.verdict.cause is Cause.OWN_TRAFFIC
    assert (before.id, before.span) == (after.id, after.span)


@pytest.mark.parametrize(
    "statement",
    [
        Wifi(WifiState.CONNECTED, "wlan0", "é", "02:00:00:00:00:10", False, 5180, 36, -61, 400, 300, 5, 0, 77),
        Wifi(WifiState.REFUSED, "wlan0"),
        Wifi(WifiState.CONNECTED, "en0", identity_refused=True, signal_dbm=-50),
        BoxAccount("upnp", False),
        BoxAccount("livebox", None, network="203.0.113.0/24"),
        BoxAccount("upnp", True, 0, 12, "203.0.113.0/24", 50 * MBIT, 10 * MBIT),
        Traffic(Origin.HOME, T0, (Step(5 * SECOND, 1, 2), Step(1_500_000_000, 3, 4))),
    ],
)  # fmt: skip
def test_a_statement_survives_the_journal(statement: Statement) -> None:
    assert from_event(to_event(statement, T0)) == statement


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"source": "radio"},
        {"source": "traffic", "origin": "home", "start_ns": 1, "steps": ["x"]},
        {"source": "wifi", "state": "?"},
        {"source": "traffic", "origin": "home", "start_ns": 1, "steps": "5 1 1"},
    ],
)
def test_a_statement_that_is_not_understood_is_left_out(data: dict) -> None:  # type: ignore[type-arg]
    event = Event(EventKind.WITNESS, T0, data)
    assert from_event(event) is None
    study_of_nothing = Study()
    study_of_nothing.note([event])
    assert study_of_nothing.incidents() == ()


def test_edges_of_a_slow_time_are_those_of_its_windows() -> None:
    incident = one(study(steady(130, 190)))
    start, end = edges_s(incident)
    assert start == pytest.approx(130, abs=5)
    assert end == pytest.approx(190, abs=5)
    assert Span(incident.span.start_ns, incident.span.end_ns).duration_s == pytest.approx(60, abs=6)


def test_broken_packets_on_the_interface_speak_of_the_cable() -> None:
    def world(target: object, at_s: float) -> object:
        return (
            LOST if 120 <= at_s < 200 and crc32(f"{target.address} {round(at_s)}".encode()) % 5 == 0 else GOOD
        )  # type: ignore[attr-defined]

    broken = Traffic(Origin.MACHINE, T0 + 120 * SECOND, (Step(60 * SECOND, 20_000, 20_000),), errors=40)
    incident = one(study(world, (181, broken)))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause, incident.verdict.confidence) == (Kind.LOSS, Cause.LAN, 0.9)
    assert "interface_errors" in codes(incident.verdict.reasons)
