"""The scenario files: all are understood, all that is promised is there, and what is wrong is refused."""

from __future__ import annotations

import re

import pytest

from diagnostics.model import Cause, Kind
from tests.playing.drawing import LEAD_S, drawn
from tests.playing.faults import KINDS
from tests.playing.scenario import FOLDER, Scenario, load, load_all, parse
from tests.playing.tables import BadScenario

SCENARIOS = load_all()
HEAD = 'about = "one"\nplay = ["simulator", "lab"]\nseconds = 90\n'
LEARNING_S = 25.0
LONGEST_IN_LAB_S = 100.0


def test_every_kind_of_fault_is_told_in_the_readme_and_the_readme_tells_no_other() -> None:
    text = FOLDER.joinpath("README.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)} == set(KINDS)


@pytest.mark.parametrize(
    "what",
    sorted(set(KINDS) - {"box-hangs", "core-loss", "core-delay", "lan-delay"}),
)
def test_every_fault_of_the_promised_set_is_played_by_some_scenario(what: str) -> None:
    assert any(fault.what == what for one in SCENARIOS.values() for fault in one.faults)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("outage", "access"),
        ("outage", "isp_core"),
        ("outage", "box"),
        ("outage", "lan"),
        ("partial", "isp_core"),
        ("partial", "captive_portal"),
        ("partial", "ipv6"),
        ("partial", "access"),
        ("partial", "mtu"),
        ("partial", "vpn"),
        ("loss", "lan"),
        ("loss", "access"),
        ("wifi", "wifi"),
        ("latency", "access"),
        ("latency", "own_traffic"),
        ("latency", "unknown"),
        ("dns", "dns"),
    ],
)
def test_every_row_of_the_truth_table_is_expected_by_some_scenario(kind: str, cause: str) -> None:
    wanted = (Kind(kind), frozenset({Cause(cause)}))
    assert any((one.kind, one.causes) == wanted for s in SCENARIOS.values() for one in s.expects)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda one: one.name)
def test_a_scenario_of_the_lab_is_short_and_leaves_time_to_learn(scenario: Scenario) -> None:
    assert scenario.about.endswith(".")
    if "lab" in scenario.play:
        assert scenario.seconds <= LONGEST_IN_LAB_S
        assert all(fault.at_s == 0 or fault.at_s >= LEARNING_S for fault in scenario.faults)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD.replace('"one"', "3"), "'about' cannot be 3"),
        (HEAD + "colour = 1", "unknown key 'colour'"),
        (HEAD.replace('"lab"', '"moon"'), "'play' must name"),
        (HEAD.replace("90", '"90 minutes"'), "'seconds' is no time"),
        (HEAD.replace("90", "-1"), "'seconds' must lie between"),
        (HEAD.replace("seconds", "secunds"), "'seconds' is missing"),
        (HEAD + "[network]\nbox = 'asleep'", "'box' must be one of answers, silent"),
        (HEAD + "[network]\nipv6 = 1", "'ipv6' cannot be 1"),
        (HEAD + "[network]\nnoise = 2", "'noise' must lie between"),
        (HEAD + "[network]\nmedium = 'wifi'", "the lab cannot play medium"),
        (HEAD + "[[fault]]\nwhat = 'flood'\nat = 1", "no such fault: 'flood'"),
        (HEAD + "[[fault]]\nwhat = 'access-cut'", "fault 1: 'at' is missing"),
        (HEAD + "[[fault]]\nwhat = 'access-cut'\nat = 90", "does not lie in the recording"),
        (HEAD + "[[fault]]\nwhat = 'access-cut'\nat = 30\nshare = 0.5", "unknown key 'share'"),
        (HEAD + "[[fault]]\nwhat = 'access-loss'\nat = 30", "'share' is missing"),
        (HEAD + "[[fault]]\nwhat = 'access-loss'\nat = 30\nshare = 25", "'share' must lie between"),
        (
            HEAD + "[[fault]]\nwhat = 'network-out'\nat = 30\nwhich = [4]",
            "'which' must name anchors from 0 to 3",
        ),
        (HEAD + "[[fault]]\nwhat = 'flapping'\nat = 30\noff = 10\nevery = 5", "'off' must be shorter"),
        (HEAD + "[[fault]]\nwhat = 'asleep'\nat = 30\nfor = 20", "the lab cannot play asleep"),
        (HEAD + "[[fault]]\nwhat = 'access-cut'\nat = 30\nline = 'elsewhere'", "while nobody is"),
        (HEAD + "[[expect]]\nkind = 'outage'\ncause = 'cat'", "not a valid Cause"),
        (HEAD + "[[expect]]\nkind = 'storm'\ncause = 'access'", "not a valid Kind"),
        (HEAD + "[[expect]]\nkind = 'outage'\ncause = []", "'cause' is empty"),
        (HEAD + "[[expect]]\nkind = 'outage'\ncause = 'lan'\nstart = 9\nend = 8", "it ends before it starts"),
        (HEAD + "[[expect]]\nkind = 'outage'\ncause = 'lan'\nstart = 91", "after the end"),
        (
            HEAD + "[[expect]]\nkind = 'outage'\ncause = 'lan'\nconfidence = [0.9, 0.1]",
            "two numbers in order",
        ),
        (HEAD + "[[unobserved]]\nstart = 3\nend = 9\nreason = 'bored'", "'reason' cannot be 'bored'"),
        (
            HEAD + "[[generate]]\nwhat = 'access-cut'\nper_day = 1\nseconds = [1, 2]",
            "the lab cannot play generate",
        ),
        (HEAD + "[[generate]]\nwhat = 'clock-step'\nper_day = 1\nseconds = 1", "cannot be drawn"),
        (HEAD + "fault = 3", "'fault' cannot be 3"),
        (HEAD + "fault = [3]", "'fault' must be tables"),
        (HEAD + "starts = 2026-10-25T00:40:00", "needs its offset"),
        ("about = ", "no TOML"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(BadScenario, match=r"^bad: ") as caught:
        parse(text, "bad")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_defaults_and_times() -> None:
    one = parse(
        HEAD + "[[fault]]\nwhat = 'box-restart'\nat = '1m'\nsilent = 5\nsync = 7\n"
        "[[fault]]\nwhat = 'access-cut'\nat = 20\n"
        "[[fault]]\nwhat = 'flapping'\nat = 10\nfor = 12\noff = 2\nevery = 5\n"
        "[[expect]]\nkind = 'outage'\ncause = ['lan', 'box']\n[[expect]]\nkind = 'loss'\ncause = 'access'\n",
        "one",
    )
    assert one.faults[0].turns_s() == (60, 65, 72)
    assert (one.faults[1].at_s, one.faults[1].end_s) == (20, 90)
    assert one.faults[2].turns_s() == (10, 12, 15, 17, 20, 22)
    assert one.expects[0].causes == {Cause.LAN, Cause.BOX}
    assert [expect.within_s for expect in one.expects] == [1.0, 20.0]
    assert (one.network.anchors, one.network.igd, one.network.medium) == (4, True, "ethernet")


def test_a_month_is_drawn_the_same_from_the_same_seed_and_nothing_overlaps() -> None:
    month = SCENARIOS["bad-month"]
    one, same, other = drawn(month, 1), drawn(month, 1), drawn(month, 2)
    assert one == same
    assert one.faults != other.faults
    assert not one.draws
    assert len(one.expects) + len(one.unobserved) == len(one.faults) > 200
    for before, after in zip(one.faults, one.faults[1:], strict=False):
        assert before.end_s + 180 <= after.at_s
    assert one.faults[0].at_s >= LEAD_S
    nights = [hole for hole in one.unobserved if hole.reason == "asleep"]
    assert 25 <= len(nights) <= 30


def test_a_month_may_be_cut_short_and_what_is_not_drawn_stays() -> None:
    week = drawn(SCENARIOS["bad-month"], 1, 7 * 86_400.0)
    assert week.seconds == 7 * 86_400
    assert all(fault.end_s < week.seconds for fault in week.faults)
    quiet = SCENARIOS["quiet"]
    assert drawn(quiet, 1, 10.0) is quiet


def test_a_file_that_is_no_text_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "odd.toml"
    path.write_bytes(b"about = '\xff\xfe'")
    with pytest.raises(BadScenario, match="odd: not UTF-8"):
        load(path)
