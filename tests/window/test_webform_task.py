"""What passes between the command and its assistants, and the decisions that need no browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnostics.model import BadInput, MachineCannot, Problem, Remark
from jalerte_desktop.filing.alert import compose_alert
from jalerte_desktop.filing.assisted import (
    Entry,
    Finding,
    PageReceipt,
    Result,
    Task,
    failed,
    problem_of,
    result_line,
    result_of,
    task_line,
    task_of,
)
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.page import Control, Role
from jalerte_desktop.filing.values import field_values
from jalerte_desktop.filing.weburl import checked_url
from jalerte_desktop.window.webform_actions import call, one_result, sends
from jalerte_desktop.window.webform_reading import PageState, Round, round_of, seen_of, state_of
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS

FILE = Attachment("photo", "été.png", "image/png", 3, "00" * 32, "/x/y")


def a_task() -> Task:
    alert = compose_alert(MARIE, examples.ordinary(), PARIS, attachments=(FILE,))
    shown = form("jalerte")
    return Task(
        shown, "https://x.example/", field_values(alert, shown), alert.attachments, "fr", True, "dark", 7.5
    )


def test_a_task_arrives_as_it_was_sent():
    task = a_task()
    line = task_line(task)
    assert line.count("\n") == 1
    assert line.isascii()
    got = task_of(line)
    assert (
        got.form,
        got.url,
        got.attachments,
        got.language,
        got.unattended,
        got.appearance,
        got.limit_s,
    ) == (
        task.form,
        task.url,
        task.attachments,
        "fr",
        True,
        "dark",
        7.5,
    )
    for before, after in zip(task.values, got.values, strict=True):
        assert (after.field, after.state) == (before.field, before.state)
        for name in ("text", "code", "source", "accepted", "query"):
            assert getattr(after.value, name) == getattr(before.value, name)


words = some.text(max_size=30)
remarks = some.builds(
    Remark,
    words,
    some.dictionaries(words, some.text(max_size=9) | some.integers(), max_size=3).map(
        lambda d: tuple(d.items())
    ),
)
findings = some.builds(Finding, words, words, remarks)
results = some.builds(
    Result,
    words,
    some.none() | remarks,
    some.lists(some.builds(Entry, words, words, words), max_size=3).map(tuple),
    some.lists(findings, max_size=3).map(tuple),
    some.lists(findings, max_size=3).map(tuple),
    some.lists(words, max_size=3).map(tuple),
    words,
    some.none() | some.builds(PageReceipt, some.integers(), words, words, words, words),
    some.none() | remarks,
    some.integers(0, 3),
    some.none() | some.booleans(),
    words,
)


@given(results)
def test_a_result_arrives_as_it_was_sent(result):
    assert result_of(result_line(result)) == result


@given(some.text() | some.recursive(some.none() | some.integers() | some.text(), some.lists).map(str))
def test_any_other_line_is_no_task_and_no_result(line):
    for read in (task_of, result_of):
        with pytest.raises(ValueError, match=r"^no (task|result)$"):
            read(line)


@pytest.mark.parametrize(
    "line", ["[]", "{}", "null", '{"form": "../../x"}', '{"form": 1}', '{"stopped_at": 1}', "[" * 9999]
)
def test_json_of_another_shape_is_no_task_and_no_result(line):
    for read in (task_of, result_of):
        with pytest.raises(ValueError, match=r"^no (task|result)$"):
            read(line)


@pytest.mark.parametrize("kind", [Problem, BadInput, MachineCannot])
def test_a_problem_is_raised_again_as_what_it_was(kind):
    problem = problem_of(result_of(result_line(failed(kind("webform_unreachable", url="u", why="w")))))
    assert type(problem) is kind
    assert problem.remark == Remark.of("webform_unreachable", url="u", why="w")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("https://jalerte.arcep.fr/jalerte/", False),
        ("http://127.0.0.1:8080/x?y", True),
        ("http://[::1]:80/", True),
        ("http://localhost/", True),
        ("https://127.0.0.1/", True),
    ],
)
def test_which_addresses_may_be_opened(url, here):
    assert checked_url(url).on_this_machine is here


@pytest.mark.parametrize(
    "text", ["https://x.fr/\x9b31m", "https://x.fr/\u202efr", "x\x1b[31m", "http://x.fr/\x1b"]
)
def test_no_address_gives_orders_to_a_terminal(text):
    with pytest.raises(BadInput) as caught:
        checked_url(text)
    assert not set("\x1b\x9b\u202e") & set(caught.value.remark["value"])


@given(some.text())
def test_any_text_is_an_address_or_bad_input(text):
    try:
        found = checked_url(text)
    except BadInput as refused:
        code = refused.remark.code
    else:
        code = found.text.partition("://")[0]
    assert code in ("http", "https", "webform_url", "webform_plain_http")


def state(**more: object) -> PageState:
    facts = {
        "token": "t",
        "requests": 0,
        "timers": 0,
        "changes": 1,
        "leaving": False,
        "busy": False,
        "ready": "complete",
        "quiet_ms": 200,
        "person_ms": -1,
    }
    return PageState(**(facts | more))


@pytest.mark.parametrize(
    ("facts", "waited_s", "attended", "expected"),
    [
        ({}, 0, True, Round.OVER),
        ({"quiet_ms": 149}, 0, False, Round.UNDER_WAY),
        ({"timers": 1}, 0, False, Round.UNDER_WAY),
        ({"busy": True}, 0, False, Round.UNDER_WAY),
        ({"ready": "interactive"}, 0, False, Round.UNDER_WAY),
        ({"quiet_ms": 3, "timers": 9}, 16, False, Round.OVER),
        ({"ready": "loading"}, 16, False, Round.UNDER_WAY),
        ({"requests": 1}, 44, False, Round.UNDER_WAY),
        ({"requests": 1}, 46, False, Round.UNANSWERED),
        ({"leaving": True}, 1, False, Round.UNDER_WAY),
        ({"person_ms": 100}, 0, True, Round.UNDER_WAY),
        ({"person_ms": 100}, 0, False, Round.OVER),
        ({"person_ms": 1600}, 0, True, Round.OVER),
    ],
)
def test_when_a_round_trip_is_over(facts, waited_s, attended, expected):
    assert round_of(state(**facts), waited_s, attended) is expected


@pytest.mark.parametrize("answer", [None, "", 5, "null", "[]", '{"token": "x"}'])
def test_a_script_that_is_not_there_tells_nothing(answer):
    assert state_of(answer) is None


def test_no_snapshot_is_none():
    assert seen_of(None) is None
    assert seen_of("") is None


def test_one_result_of_a_search_is_taken_and_of_two_none():
    wanted = ("Rennes (35000)",)
    assert one_result(("Rennes (35200)", "RENNES (35000)"), wanted) == 1
    assert one_result(("Rennes (35000)", "RENNES (35000)"), wanted) is None
    assert one_result(("Rennes-en-Grenouilles (53110)",), wanted) is None
    assert one_result((), wanted) is None


def test_the_driver_knows_a_button_that_sends():
    words = form("jalerte").wordings.send
    assert sends(Control("h", Role.BUTTON, "", "ENVOYER MON ALERTE"), words)
    assert not sends(Control("h", Role.BUTTON, "", "Poursuivre"), words)


@given(some.text())
def test_any_text_can_be_put_into_a_call(text):
    # JSON is JavaScript; nothing of the text can end the string it stands in.
    written = call("type", "h", text)
    assert written.isascii()
    assert "\n" not in written
