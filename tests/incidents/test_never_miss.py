"""A cut is told, once and in its time, whatever else goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.model import SECOND, Cause, Event, EventKind, Flag, Kind, Outcome, Protocol, Role, Target
from diagnostics.witnesses import Origin
from tests.incidents.test_ladder import edges_s, one
from tests.incidents.test_never_accuse import LIMIT, found_in, home_step, silent
from tests.incidents.test_partial import tried
from tests.incidents.test_testimony import study, traffic
from tests.made import (
    ANCHORS,
    BEYOND_BOX,
    BEYOND_HOP,
    GATEWAY,
    GOOD,
    LOST,
    RESOLVER,
    T0,
    Fate,
    between,
    samples,
)

# --- under traffic ---------------------------------------------------------------------------------------------------


def test_a_cut_between_two_halves_of_a_download_is_a_cut() -> None:
    """The counters' steps reach over its edges: what they carried came before and after."""
    said = traffic(Origin.HOME, (60, 240), down=40)
    incident = one(study(between(130.5, 133.5, BEYOND_BOX), *said))
    assert incident.kind is Kind.OUTAGE
    assert edges_s(incident) == pytest.approx((130.5, 133.5), abs=0.35)


def test_a_cut_in_a_home_that_hums_is_a_cut_by_counters_with_long_steps() -> None:
    said = [home_step(at, at + 20, down=0.6, up=0.05) for at in range(0, 300, 20)]
    incident = one(study(between(127, 132, BEYOND_BOX), *said))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)


@pytest.mark.parametrize(
    ("origin", "roles", "cause"),
    [
        pytest.param(Origin.MACHINE, BEYOND_BOX, Cause.ACCESS, id="a film from a disk at home"),
        pytest.param(Origin.HOME, BEYOND_HOP, Cause.ISP_CORE, id="the operator's television"),
    ],
)
def test_data_that_keeps_coming_hides_no_long_cut(
    origin: Origin, roles: tuple[Role, ...], cause: Cause
) -> None:
    incident = one(study(between(120, 220, roles), *traffic(origin, (0, 300), down=8)))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, cause)


# --- the box and the home network ------------------------------------------------------------------------------------


def test_a_box_that_is_busy_for_a_moment_breaks_no_cut_in_three() -> None:
    def world(target: Target, at_s: float) -> Fate:
        if target.role is Role.GATEWAY:
            return LOST if 140 <= at_s < 140.9 else GOOD
        return between(120, 180, BEYOND_BOX)(target, at_s)

    extra = [replace(tried(GATEWAY, 140 + n / 5, Outcome.LOST), flags=Flag.EXTRA) for n in range(1, 5)]
    incident = one(found_in([*samples(world, 300), *extra]))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)
    assert incident.verdict.confidence > LIMIT


def test_a_resolver_at_home_that_answers_from_memory_hides_no_cut() -> None:
    own = Target(Role.RESOLVER, Protocol.DNS, "192.168.1.53")
    others = samples(between(120, 180, BEYOND_BOX), 300)
    stream = [
        sample for sample in others if sample.target is not RESOLVER and sample.target.role is not Role.WEB
    ]
    stream += [tried(own, at + 0.3, Outcome.OK) for at in range(2, 300, 5)]
    incident = one(found_in(stream))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)


# --- across what was not observed ------------------------------------------------------------------------------------


def test_networks_silent_before_and_after_a_gap_are_two_incidents_that_leave_it_out() -> None:
    world = silent(ANCHORS[:2], 100)
    stream = [*samples(world, 150), *samples(world, 90, start_s=210)]
    asleep = Event(EventKind.GAP, T0 + 210 * SECOND, {"start_ns": T0 + 150 * SECOND, "reason": "asleep"})
    before, after = found_in(stream, asleep)
    assert edges_s(before) == pytest.approx((100, 150), abs=0.5)
    assert edges_s(after) == pytest.approx((210, 300), abs=0.5)
    assert before.id != after.id


def test_networks_silent_before_and_after_a_reboot_are_dated_by_each_clock() -> None:
    """The monotonic clock begins anew."""
    stream = [
        *samples(silent(ANCHORS[:2], 100), 150),
        *samples(silent(ANCHORS[:2], 0, 4000), 120, start_s=3600, offset_ns=T0 + 3550 * SECOND),
    ]
    before, after = found_in(stream)
    assert (before.duration_s, after.duration_s) == pytest.approx((50, 120), abs=0.6)
    assert edges_s(after) == pytest.approx((3600, 3720), abs=0.5)
