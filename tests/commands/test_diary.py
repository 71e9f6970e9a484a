"""``jalerte diary`` and ``alert routes|advice|share``: what they print, keep and refuse, and their exit codes."""

import argparse
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from diagnostics.clock import Reading
from diagnostics.model import Problem
from jalerte_desktop.casefile.diary import KINDS
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import speaking
from tests import examples


class StillClock:
    def read(self):
        return Reading(examples.NOW, 0, None)

    def mono_ns(self):
        return 0


class Desk(Context):
    """A context whose findings are given; keeps what was printed."""

    def __init__(self, folder, found):
        super().__init__(Home(folder), clock=StillClock(), out=io.StringIO(), err=io.StringIO())
        self.found = found

    def findings(self, since=None, until=None):
        return self.found


@pytest.fixture
def empty_desk(tmp_path):
    with speaking("fr"):
        yield Desk(tmp_path / "home", examples.ordinary())


@pytest.fixture
def desk(empty_desk):
    run(empty_desk, "case", "new", "--problem", "fixed-internet-cut", "--operator", "Orange")
    return empty_desk


def run(desk, command, *words):
    module = import_module(f"jalerte_desktop.commands.{command}")
    parser = argparse.ArgumentParser(exit_on_error=False)
    module.configure(parser)
    arguments = parser.parse_args(words)
    desk.json, desk.out = arguments.json, io.StringIO()
    assert module.run(arguments, desk) == 0
    return json.loads(desk.out.getvalue()) if desk.json else desk.out.getvalue()


def refused(desk, command, *words):
    with pytest.raises(Problem) as caught:
        run(desk, command, *words)
    said = say_problem(caught.value)
    assert "{" not in said
    assert len(said.splitlines()) == 1
    return caught.value


def entries(desk):
    return run(desk, "diary", "list", "--json")["entries"]


def test_an_entry_is_kept_whole_and_its_id_comes_first(desk):
    words = ("--at", "2026-11-17T16:02+01:00", "--until", "2026-11-17T16:20+01:00", "--with", "customer-service",
             "--text", "L’appel a été coupé", "--promise", "Un technicien", "--due", "2026-11-30")  # fmt: skip
    printed = run(desk, "diary", "add", "call", *words)
    (entry,) = entries(desk)
    assert printed.split()[0] == entry["id"]
    assert entry == {
        "id": entry["id"],
        "kind": "call",
        "at": "2026-11-17T15:02:00.000+00:00",
        "until": "2026-11-17T15:20:00.000+00:00",
        "with": "customer-service",
        "text": "L’appel a été coupé",
        "promise": "Un technicien",
        "due": "2026-11-30",
        "source": "person",
    }
    assert run(desk, "diary", "add", "note", "--at", "1h", "--json")["id"] == entries(desk)[-1]["id"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_noted_and_is_listed_in_words(desk, kind):
    run(desk, "diary", "add", kind, "--at", "2h")
    (entry,) = entries(desk)
    assert entry["kind"] == kind
    assert entry["until"] is entry["with"] is entry["text"] is entry["promise"] is entry["due"] is None
    with speaking("en"):
        assert entry["id"] in run(desk, "diary", "list")


def test_an_appointment_may_lie_ahead_nothing_else_may(desk):
    run(desk, "diary", "add", "appointment", "--at", "2026-12-01T08:00")
    for kind in set(KINDS) - {"appointment"}:
        assert refused(desk, "diary", "add", kind, "--at", "2026-12-01T08:00").remark.code == "diary_future"


def test_a_promise_for_the_same_day_and_an_appointment_that_ends_later_are_taken(desk):
    run(desk, "diary", "add", "call", "--at", "2026-11-20T10:00", "--promise", "x", "--due", "2026-11-20")
    run(desk, "diary", "add", "appointment", "--at", "2026-12-01T08:00", "--until", "2026-12-01T12:00")
    assert [entry["kind"] for entry in entries(desk)] == ["call", "appointment"]


@pytest.mark.parametrize(
    ("kind", "whom", "found"),
    [
        ("appel", "service clients", ("call", "customer-service")),
        ("Courrier", "Service  Consommateurs", ("letter", "consumer-service")),
        ("e-mail", "Médiateur", ("email", "mediator")),
        ("rendez-vous", "Customer Service", ("appointment", "customer-service")),
        ("Facture", "customer-service", ("invoice", "customer-service")),
        ("technician’s visit", "M. Martin, service clients", ("visit", "M. Martin, service clients")),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_kinds_and_steps_are_taken_as_people_say_them(desk, kind, whom, found, language):
    with speaking(language):
        run(desk, "diary", "add", kind, "--at", "2h", "--with", whom)
    (entry,) = entries(desk)
    assert (entry["kind"], entry["with"]) == found


def test_the_list_is_in_order_of_time_and_tells_promises(desk):
    run(desk, "diary", "add", "letter", "--at", "2d", "--with", "Mme Martin", "--promise", "Rappel")
    run(desk, "diary", "add", "call", "--at", "5d", "--with", "customer-service", "--text", "a\nb")
    assert [entry["kind"] for entry in entries(desk)] == ["call", "letter"]
    with speaking("en"):
        lines = run(desk, "diary", "list").splitlines()
    assert lines[0].endswith("call, customer service")
    assert [line.strip() for line in lines[1:3]] == ["a", "b"]
    assert lines[3].endswith("letter, Mme Martin")
    assert lines[4].strip() == "Promised: Rappel"


def test_an_empty_diary_says_so(desk):
    assert entries(desk) == []
    assert len(run(desk, "diary", "list").splitlines()) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("diary_kind", ("sms", "--at", "2h")),
        ("bad_time", ("call", "--at", "demain")),
        ("bad_time", ("call", "--at", "2h", "--until", "")),
        ("diary_ends_before", ("call", "--at", "2h", "--until", "3h")),
        ("diary_due", ("call", "--at", "2h", "--promise", "x", "--due", "2026-02-30")),
        ("diary_due", ("call", "--at", "2h", "--promise", "x", "--due", "20261130")),
        ("diary_due", ("call", "--at", "2h", "--promise", "x", "--due", "\n\u202e")),
        ("diary_until_future", ("call", "--at", "2h", "--until", "2030-01-01")),
        ("diary_due_before", ("call", "--at", "2019-05-01T10:00", "--promise", "x", "--due", "2018-01-01")),
        ("diary_due_before", ("call", "--at", "2026-11-20T10:00", "--promise", "x", "--due", "2026-11-19")),
        ("diary_due_alone", ("call", "--at", "2h", "--due", "2026-11-30")),
        ("diary_long", ("call", "--at", "2h", "--text", "x" * 5000)),
        ("diary_long", ("call", "--at", "2h", "--with", "x" * 300)),
    ],
)
def test_bad_input_is_refused_in_one_line_and_nothing_is_kept(desk, code, words):
    problem = refused(desk, "diary", "add", *words)
    assert (problem.remark.code, problem.exit_code) == (code, 2)
    assert entries(desk) == []


@pytest.mark.parametrize("words", [("diary", "add", "call", "--at", "2h"), ("diary", "list"),
                                   ("alert", "routes"), ("alert", "advice")])  # fmt: skip
def test_without_a_case_there_is_the_mend(empty_desk, words):
    problem = refused(empty_desk, *words)
    assert (problem.remark.code, problem.exit_code) == ("no_case", 1)
    assert "jalerte case new" in say_problem(problem)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("diary", "add", "call", "--at", "2h", "--json"), 0),
        (("diary", "add", "call"), 2),
        (("diary", "add", "call", "--at"), 2),
        (("diary", "add", "call", "--at", "never"), 2),
        (("diary", "remove", "x"), 2),
        (("diary",), 2),
    ],
)
def test_as_it_is_run_from_outside(tmp_path, words, code):
    environment = {**os.environ, "JALERTE_HOME": str(tmp_path), "JALERTE_LANG": "fr"}
    begin = [sys.executable, "-m", "jalerte_desktop"]
    case = ("case", "new", "--problem", "billing", "--operator", "Orange")
    subprocess.run([*begin, *case], env=environment, check=True, capture_output=True)
    ended = subprocess.run([*begin, *words], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == code
    if code:
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stdout == ""
    else:
        assert len(json.loads(ended.stdout)["id"]) == 12


def test_routes_and_advice_follow_the_case(desk):
    run(desk, "case", "set", "line.technology", "fibre")
    found = run(desk, "alert", "routes", "--json")
    assert [route["channel"] for route in found["routes"]][:2] == ["customer-service", "jalerte"]
    assert all(route["doubts"] for route in found["routes"] if route["confidence"] != "V")
    assert "J’alerte l’Arcep" in run(desk, "alert", "routes")
    assert run(desk, "alert", "advice", "--json")["undated"] is True
    run(desk, "diary", "add", "letter", "--at", "2026-11-03T10:00", "--with", "customer-service")
    sheet = run(desk, "alert", "advice", "--json")
    assert sheet["undated"] is False
    steps = {step["channel"]: step for step in sheet["next"]}
    assert "03/12/2026" in steps["consumer-service"]["dates"][0]
    assert "03/12/2026" in run(desk, "alert", "advice")


def test_a_share_is_printed_and_drawn(desk, tmp_path):
    run(desk, "case", "set", "person.name", "Marie Dupont")
    run(desk, "case", "set", "person.postcode", "69003")
    text = run(desk, "alert", "share")
    assert "Rhône" in text
    assert "Dupont" not in text
    out = tmp_path / "p.PNG"
    found = run(desk, "alert", "share", "--out", str(out), "--json")
    assert found["picture"]["bytes"] == out.stat().st_size
    assert found["text"] in text
    assert len(found["short"]) <= 280
    assert refused(desk, "alert", "share", "--out", str(out)).remark.code == "output_exists"
    assert found["short"] not in run(desk, "alert", "share", "--out", str(out), "--force")
    assert found["short"] in run(desk, "alert", "share", "--out", str(out), "--force", "--text")
    english = run(desk, "alert", "share", "--language", "en", "--json", "--out", str(tmp_path / "p.svg"))
    assert "without internet" in english["text"]


def test_a_share_that_may_not_be_writes_nothing(desk, tmp_path):
    desk.found = examples.findings()
    out = tmp_path / "p.png"
    assert refused(desk, "alert", "share", "--out", str(out)).exit_code == 1
    assert refused(desk, "alert", "share", "--out", str(tmp_path / "p.jpg")).exit_code == 2
    assert not list(tmp_path.glob("*.*g"))


def test_a_share_of_an_unconfirmed_line_names_nobody_and_says_why(desk):
    line = replace(examples.HOME, home=None)
    desk.found = examples.findings(examples.two_cuts_a_day(line=line), line=line)
    found = run(desk, "alert", "share", "--json")
    assert "Orange" not in found["text"] + found["short"]
    assert [warning["code"] for warning in found["warnings"]] == ["alert_line_unconfirmed"]
