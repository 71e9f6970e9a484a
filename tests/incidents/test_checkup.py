"""The verdict on one look, on samples of a few seconds."""

from __future__ import annotations

import pytest

from diagnostics.incidents.checkup import Checkup, Habits, Link, judge
from diagnostics.incidents.method import default_method
from diagnostics.model import Cause, Outcome, Role
from tests.made import BEYOND_BOX, BEYOND_HOP, EVERYTHING, LOST, Fate, between, samples

LINK = Link("eth0", "192.168.1.1", True, "ethernet")


def look(roles: tuple[Role, ...], fate: Fate = LOST, link: Link = LINK, habits: Habits = Habits()) -> Checkup:  # noqa: B008
    return judge(list(samples(between(0, 60, roles, fate), 6)), link, habits, default_method())


def states(checkup: Checkup) -> dict[str, str]:
    return {layer.name: layer.state for layer in checkup.layers}


def test_all_is_well() -> None:
    checkup = look(())
    assert (checkup.ok, checkup.cause) == (True, None)
    assert set(states(checkup).values()) == {"ok"}
    assert checkup.advice


@pytest.mark.parametrize(
    ("roles", "cause"),
    [(BEYOND_BOX, Cause.ACCESS), (BEYOND_HOP, Cause.ISP_CORE), ((Role.SYSTEM_RESOLVER,), Cause.DNS)],
)
def test_the_first_layer_that_fails_is_to_blame(roles: tuple[Role, ...], cause: Cause) -> None:
    checkup = look(roles)
    assert (checkup.ok, checkup.cause) == (False, cause)
    assert checkup.reasons
    assert checkup.counter_evidence
    assert checkup.advice


def test_a_silent_box_is_blamed_only_when_it_usually_answers() -> None:
    assert look(EVERYTHING).cause is Cause.UNKNOWN
    assert look(EVERYTHING, habits=Habits(gateway=True, hop=True)).cause is Cause.BOX


def test_no_link_is_the_local_network() -> None:
    checkup = look(EVERYTHING, (Outcome.SEND_ERROR, None), Link("eth0", "", False))
    assert checkup.cause is Cause.LAN
    assert states(checkup)["link"] == "failed"


def test_a_portal() -> None:
    checkup = look((Role.WEB,), (Outcome.PORTAL, 5.0))
    assert checkup.cause is Cause.CAPTIVE_PORTAL
    assert states(checkup)["web"] == "degraded"


def test_a_web_page_that_fails_alone_is_said() -> None:
    checkup = look((Role.WEB,))
    assert (checkup.ok, checkup.cause) == (False, Cause.REMOTE)


def test_slow_answers_are_not_all_well() -> None:
    checkup = look(BEYOND_HOP, (Outcome.OK, 800.0))
    assert (checkup.ok, checkup.cause) == (False, Cause.ISP_CORE)
    assert checkup.confidence <= 0.6


def test_blocked_pings_alone_are_no_trouble() -> None:
    assert look((Role.ANCHOR, Role.FIRST_HOP)).ok
