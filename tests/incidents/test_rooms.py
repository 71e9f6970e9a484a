"""Rooms compared: the one that stands out is named with reasons and reserves, and none where none does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.incidents.checkup import Link, judge
from diagnostics.incidents.look import Habits, Look
from diagnostics.incidents.method import default_method
from diagnostics.incidents.rooms import Comparison, Reach, Room, compare, room_of
from diagnostics.model import MILLISECOND, SECOND, Cause, Role
from diagnostics.witnesses import Wifi, WifiState
from tests.made import T0, between, samples

METHOD = default_method()
HOUR = 3600 * SECOND


def room(name: str, lost: int = 0, ms: float = 2, **more: object) -> Room:
    values: dict[str, object] = {
        "name": name,
        "at_ns": T0,
        "box_id": "b0x",
        "medium": "wifi",
        "box": Reach(20, lost, round(ms * MILLISECOND) if lost < 20 else None),
        "internet": Reach(80, lost * 4, 12 * MILLISECOND),
        "cause": "wifi" if lost > 1 else None,
        "ok": lost <= 1,
        "signal_dbm": -60,
    }
    return Room(**(values | more))  # type: ignore[arg-type]


def codes(found: Comparison) -> set[str]:
    return {remark.code for remark in (*found.reasons, *found.counter_evidence, *found.advice)}


def both(*rooms: Room, here: int = 0) -> Comparison:
    found = compare(rooms, rooms[here].name, METHOD)
    assert found is not None
    return found


def test_the_wifi_upstairs() -> None:
    found = both(room("chambre", 3, signal_dbm=-82), room("salon", signal_dbm=-48))
    assert (found.cause, found.room, found.summary.code) == (Cause.WIFI, "chambre", "rooms_wifi")
    assert found.summary["share"] == pytest.approx(0.15)
    assert found.confidence == pytest.approx(0.9)
    assert {"room_weaker", "room_signal", "advise_room_wifi"} <= codes(found)
    assert found == both(room("salon", signal_dbm=-48), room("chambre", 3, signal_dbm=-82), here=0)


def test_a_good_signal_speaks_against_it() -> None:
    found = both(room("chambre", 3, signal_dbm=-55), room("salon", signal_dbm=-50))
    assert found.cause is Cause.WIFI
    assert found.confidence <= 0.7
    assert "room_signal_good" in codes(found)


def test_slow_rather_than_lost() -> None:
    found = both(room("chambre", ms=80), room("salon"))
    assert (found.cause, found.summary.code) == (Cause.WIFI, "rooms_slow_wifi")
    assert both(room("chambre", ms=8), room("salon")).cause is None


def test_a_bad_cable_is_no_wifi() -> None:
    found = both(room("bureau", 5, medium="ethernet", signal_dbm=None), room("salon"))
    assert (found.cause, found.summary.code) == (Cause.LAN, "rooms_cable")


def test_a_cable_beside_it_is_a_reason() -> None:
    found = both(room("chambre", 5, signal_dbm=None), room("salon", medium="ethernet", signal_dbm=None))
    assert found.cause is Cause.WIFI
    assert "room_by_cable" in codes(found)


@pytest.mark.parametrize("hours", [2, 48])
def test_other_times_are_a_reserve(hours: int) -> None:
    found = both(room("chambre", 4), room("salon", at_ns=T0 - hours * HOUR))
    assert "rooms_other_times" in codes(found)
    assert found.confidence <= 0.6
    assert "rooms_other_times" not in codes(both(room("chambre", 4), room("salon")))


@pytest.mark.parametrize(
    ("rooms", "code"),
    [
        ((room("a"), room("b")), "rooms_all_well"),
        ((room("a", 6), room("b", 6)), "rooms_all_lose"),
        ((room("a", ok=False, cause="access"), room("b", ok=False, cause="access")), "rooms_beyond"),
        ((room("a", ok=False, cause="dns"), room("b")), "rooms_once"),
    ],
)
def test_rooms_that_are_alike_blame_none(rooms: tuple[Room, ...], code: str) -> None:
    found = both(*rooms)
    assert (found.cause, found.room, found.summary.code) == (None, None, code)


def test_a_box_that_answers_no_pings() -> None:
    silent = {"box": Reach(20, 20, None)}
    alike = both(room("a", **silent), room("b", **silent))
    assert alike.summary.code == "rooms_all_well"
    apart = both(room("a", 6, **silent), room("b", **silent))
    assert (apart.cause, apart.room) == (Cause.WIFI, "a")
    assert apart.confidence <= 0.5
    assert "rooms_by_internet" in codes(apart)


def test_another_homes_rooms_and_one_room_alone_say_nothing() -> None:
    assert compare([room("a"), room("b", 9, box_id="other")], "a", METHOD) is None
    assert compare([room("a")], "a", METHOD) is None
    assert compare([room("a"), room("b", box=Reach(3, 3, None))], "a", METHOD) is None


def test_what_is_kept_of_a_look() -> None:
    wifi = Wifi(WifiState.CONNECTED, "wlan0", signal_dbm=-70, tx_bps=52_000_000, frequency_mhz=2437)
    link = Link("wlan0", "192.168.1.1", True, "wifi", wifi)
    look = Look(tuple(samples(between(0, 3, (Role.GATEWAY,)), 6)), link)
    kept = room_of("chambre", T0, "b0x", look, judge(look.samples, link, Habits(), METHOD))
    assert (kept.box.tries, kept.box.missed, kept.internet.missed) == (6, 3, 0)
    assert (kept.signal_dbm, kept.band_ghz, kept.medium) == (-70, 2.4, "wifi")
    by_cable = replace(look, link=replace(link, medium="ethernet"))
    assert room_of("bureau", T0, "b0x", by_cable, judge((), link, Habits(), METHOD)).signal_dbm is None


any_room = st.builds(
    lambda name, lost, ms, signal, medium, ok, hours: room(
        name, lost, ms, signal_dbm=signal, medium=medium, ok=ok, at_ns=T0 - hours * HOUR
    ),
    st.sampled_from("abcd"),
    st.integers(0, 20),
    st.floats(0.1, 900),
    st.none() | st.integers(-95, -30),
    st.sampled_from(["wifi", "ethernet", ""]),
    st.booleans(),
    st.integers(0, 100),
)


@given(st.lists(any_room, min_size=1, max_size=4, unique_by=lambda one: one.name))
def test_any_rooms_give_one_answer_whatever_their_order(rooms: list[Room]) -> None:
    found = compare(rooms, rooms[0].name, METHOD)
    if found is None:
        return
    assert 0 < found.confidence <= 0.9
    assert found.counter_evidence
    assert found.advice
    assert (found.cause is None) == (found.room is None)
    assert found.cause in (None, Cause.WIFI, Cause.LAN)
    again = compare([rooms[0], *reversed(rooms[1:])], rooms[0].name, METHOD)
    assert again is not None
    assert (again.cause, again.confidence) == (found.cause, found.confidence)
