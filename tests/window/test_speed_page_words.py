"""What the speed page says and understands, without a window: plain functions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import speed_examples as examples
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND
from jalerte_desktop.commands._speed_words import held_json, result_json
from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.speed_facts import (
    Criterion,
    ResultFacts,
    Series,
    comparison_of,
    moment,
    providers_of,
    result_of,
    results_of,
    rule_sets_of,
    series_of,
)
from jalerte_desktop.window.speed_list import rows_of
from jalerte_desktop.window.speed_schedule import gigabytes, plain, schedule_words
from jalerte_desktop.window.speed_series import next_words, state_words
from jalerte_desktop.window.speed_series_dialog import promised_words
from jalerte_desktop.window.speed_words import (
    Promise,
    answer_of,
    cost_line,
    flow_method,
    mega,
    promises_of,
    size,
)
from jalerte_desktop.words import language

NOW = 1_795_014_300 * SECOND  # Wednesday 18 November 2026, 16:05 in Paris
NORMAL = {"down": Promise("normal", 300_000_000), "up": Promise("normal", 100_000_000)}


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def facts(results) -> list[ResultFacts]:
    return [result_of(json.loads(json.dumps(result_json(one)))) for one in results]


# --- the answer ---


def test_the_answer_sets_the_rate_beside_the_promise():
    said = answer_of(facts([examples.result("a", NOW)]), NORMAL)
    assert said.answer.replace("\u00a0", " ") == (
        "On 18 November at 16:05: 287 Mbit/s down, of 300 promised: 96%."
    )
    assert "95.4" in said.explanation
    assert "normally available" in said.explanation
    assert said.ratio == pytest.approx(287 / 300)
    assert not said.wants_promise


def test_a_share_is_never_rounded_up_to_all_of_it():
    said = answer_of(facts([examples.result("a", NOW, down=299_900_000)]), NORMAL)
    assert "99%" in said.answer
    assert "100%" not in said.answer


def test_without_a_promise_the_figures_stand_alone():
    said = answer_of(facts([examples.result("a", NOW)]), {})
    assert "287" in said.answer
    assert "promised" not in said.answer
    assert said.wants_promise
    assert said.ratio is None


def test_nothing_measured_is_said():
    said = answer_of([], NORMAL)
    assert said.answer == "Nothing has been measured yet."
    assert said.ratio is None


def test_a_newer_indicative_result_does_not_take_the_place_of_one_that_speaks_for_the_line():
    found = facts([examples.result("a", NOW - examples.HOUR), examples.by_wifi("b", NOW)])
    said = answer_of(found, NORMAL)
    assert "287" in said.answer
    assert "A newer measurement is only indicative." in said.explanation


def test_only_indicative_results_are_no_answer_and_say_why():
    said = answer_of(facts([examples.by_wifi("a", NOW)]), NORMAL)
    assert said.answer == "The last result is only indicative: it may not speak for the line."
    assert "Wi-Fi" in said.explanation
    assert said.ratio is None


def test_an_upload_alone_is_compared_with_what_is_promised_for_it():
    one = replace(examples.result("a", NOW), down=None, loaded_down=None)
    said = answer_of(facts([one]), NORMAL)
    assert "up, of 100 promised: 95%" in said.answer.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"contract.download_normal_bps": "5", "contract.download_max_bps": "9"}, "normal"),
        ({"contract.download_max_bps": "9", "contract.download_min_bps": "1"}, "max"),
        ({"contract.download_min_bps": "1"}, "min"),
        ({"contract.download_max_bps": "nine"}, None),
        ({"contract.download_max_bps": "0"}, None),
    ],
)
def test_the_promise_is_the_normally_available_speed_before_the_others(fields, kind):
    found = promises_of(fields)
    assert (found["down"].kind if found else None) == kind


def test_the_contract_s_own_word_for_the_speed_is_said():
    said = answer_of(facts([examples.result("a", NOW)]), {"down": Promise("max", 300_000_000)})
    assert "“maximum”" in said.explanation


# --- figures ---


@pytest.mark.parametrize(
    ("bps", "words"), [(287_400_000, "287"), (95_400_000, "95.4"), (100_000_000, "100"), (2_340_000, "2.34")]
)
def test_rates_have_as_many_decimals_as_tell_something(bps, words):
    assert mega(bps) == words


def test_sizes_are_those_of_data_plans():
    assert [size(one).replace("\u00a0", " ") for one in (0, 191_000_000, 1_400_000_000, 2 * 10**12)] == [
        "0 MB",
        "191 MB",
        "1.4 GB",
        "2 TB",
    ]


def test_a_figure_tells_its_method():
    (one,) = facts([examples.result("a", NOW)])
    said = flow_method(one.down)
    assert "3.0 s" in said
    assert "bytes received here" in said
    assert "±0.4%" in said
    assert flow_method(None) == "Nothing was measured in this direction."


def test_the_cost_is_that_of_the_last_ones_or_the_most_that_is_left():
    chosen = Standing(
        provider="ndt7", agreed=True, cap_bytes=10**9, used_bytes=9 * 10**8, most_bytes=2 * 10**9
    )
    assert "At most 100" in cost_line(chosen)
    assert "About 191" in cost_line(replace(chosen, usual_bytes=191_000_000))
    assert "900" in cost_line(chosen)


# --- the list ---


def test_each_row_is_told_by_sign_and_word():
    results = facts([examples.result("a", NOW), examples.by_wifi("b", NOW + 1), examples.part("c", NOW + 2)])
    held = results_of({"held": [held_json(one) for one in examples.holding(NOW)]})[1]
    rows = rows_of(results, held)
    badges = {row.badge.replace("\u00a0", " ") for row in rows}
    assert badges == {"✓ speaks for the line", "◌ indicative", "◐ broken off", "‖ held back"}
    assert [row.at_ns for row in rows] == sorted((row.at_ns for row in rows), reverse=True)
    assert all(row.badge in row.spoken for row in rows)
    waits = next(row for row in rows if "busy" in row.words)
    assert "To be tried again at" in waits.details


# --- the schedule ---


def test_a_schedule_without_a_recorder_waits_and_says_so():
    chosen = Standing(provider="ndt7", agreed=True, per_day=4)
    assert "wait until it runs" in schedule_words(chosen, State.OFF)
    assert "wait until it runs" not in schedule_words(chosen, State.ON)
    assert "started by you" in schedule_words(replace(chosen, per_day=0), State.OFF)


@pytest.mark.parametrize(("code", "words"), [("fr", "0,25"), ("en", "0.25")])
def test_a_limit_can_be_typed_as_it_is_shown(code, words):
    language.use(code)
    assert gigabytes(250_000_000) == words
    assert gigabytes(50 * 10**9) == "50"
    assert plain("1\u202f000 ") == "1000"


# --- the series ---


def series(**changes) -> Series:
    made = Series("c1", "bnetza", "Example", NOW, "running", "", NOW + 10, 3, 27, (), (), None, False, ())
    return replace(made, **changes)


def test_a_series_says_how_far_it_is_and_what_came_out():
    met, failed = Criterion("maximum", "down", True, ""), Criterion("normal", "down", False, "")
    assert state_words(series()) == "3 of 30 measurements"
    done = series(state="finished", complete=True, missing=0, counted=30, next_ns=None)
    assert "Criteria not met: 1 of 2." in state_words(replace(done, criteria=(met, failed)))
    assert "is met" in state_words(replace(done, criteria=(met,)))
    assert "nothing could be judged" in state_words(replace(done, criteria=(replace(met, conforming=None),)))
    assert "Nothing is judged" in state_words(series(state="stopped"))
    assert "could not be completed" in state_words(series(state="failed"))


def test_a_series_waits_for_the_recorder_and_says_so():
    assert "waits until it runs" in next_words(series(), NOW, State.OFF)
    assert "Next: Wednesday" in next_words(series(next_ns=NOW + 60 * SECOND), NOW, State.ON)
    assert "due now" in next_words(series(), NOW + 20, State.ON)
    assert next_words(None, NOW, State.ON) == ""


def test_the_promised_speeds_are_shown_by_direction():
    assert promised_words({"contract.download_max_bps": "300000000"})[0].replace("\u00a0", " ") == (
        "Received: at most 300 Mbit/s"
    )
    assert promised_words({}) == []


# --- what commands answer, whatever it is ---


def test_a_result_is_read_as_it_was_written():
    (one,) = facts([examples.by_wifi("w", NOW)])
    assert (one.id, one.at_ns, one.indicative) == ("w", NOW, True)
    assert one.down is not None
    assert one.down.bps == 94_100_000
    assert any("Wi-Fi" in words for words in one.reasons)
    assert one.reasons
    assert one.remarks
    assert not {*one.reasons} & {*one.remarks}


def test_one_broken_result_does_not_take_the_others_along():
    good = result_json(examples.result("a", NOW))
    answer = {"results": [{}, None, 7, {**good, "at": "yesterday"}, good], "held": [{"at": 1}]}
    results, held = results_of(answer)
    assert [one.id for one in results] == ["a"]
    assert held == ()


def test_a_time_without_its_offset_is_none():
    with pytest.raises(ValueError, match="offset"):
        moment("2026-11-18T16:05:00")


KEYS = (
    *("results", "held", "rows", "verdict", "providers", "rules", "at", "id", "words", "download", "bps"),
    *("provider", "notes", "note_codes", "criteria", "started", "state", "next", "name", "measurements"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_any_answer_is_survived(answer):
    for read in (results_of, comparison_of, providers_of, rule_sets_of):
        assert all(isinstance(one, tuple) for one in read(answer)) or read(answer) == ()
    assert series_of(answer) is None or isinstance(series_of(answer), Series)
