"""From the real journal to a real server: what was agreed to does not leave once it was excluded or is not home."""

import io
import json
import sys

import pytest

from jalerte_desktop.words import language
from tests.commands.test_commands import document, home, run, stamp
from tests.filing.desk_cases import only_trust
from tests.made import LINE
from tests.servers.alert_desk_server import AlertDesk, TestAuthority
from tests.servers.mail_server import ScriptedServer, free_port

__all__ = ["home", "run"]
TO = "service@operateur.example"


@pytest.fixture
def server():
    with ScriptedServer() as made:
        yield made


@pytest.fixture
def case(run, monkeypatch):
    """A case with the home line confirmed, and nobody at the terminal."""
    language.use("en")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert document(run, "line", "confirm")["lines"][0]["home"] is True
    document(run, "case", "new", "--problem", "fixed-internet-cut", "--country", "FR", "--operator", "Orange")
    document(run, "case", "set", "person.email", "marie@exemple.fr")
    document(run, "case", "set", "person.name", "Marie Dupont")
    return run


def mail_server(run, port):
    document(
        run, "alert", "mail", "set", "--host", "127.0.0.1", "--port", str(port), "--security", "plain",
        "--sender", "marie@exemple.fr",
    )  # fmt: skip


def shown(run):
    return document(run, "alert", "send", "--via", "email", "--to", TO, "--prepare")["filing"]


def yes(run, filing):
    """Exit code, and the filing as JSON, or the problem's words."""
    code, out, err = run("alert", "send", filing["id"], "--yes", filing["sha256"], "--json")
    return code, json.loads(out)["filing"] if out else err


def queued(run):
    return document(run, "alert", "queue")["filings"]


def rounds(run, *words):
    code, out, err = run("alert", "queue", "run", "--json", *words)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def exclude(run):
    document(run, "exclude", "--since", stamp(90), "--until", stamp(130), "--reason", "travaux chez nous")


def not_home(run):
    document(run, "line", "confirm", LINE.id, "--not-home")


TAKEN_BACK = pytest.mark.parametrize(
    ("take_back", "code"), [(exclude, "withdrawn_excluded"), (not_home, "withdrawn_line")]
)


def test_what_still_holds_leaves(case, server):
    mail_server(case, server.port)
    code, filing = yes(case, shown(case))
    assert (code, filing["state"], filing["withdrawn"]) == (0, "sent", None)
    assert b"coupure" in b"".join(server.messages)


@TAKEN_BACK
def test_the_yes_to_what_was_taken_back_is_refused(case, server, take_back, code):
    mail_server(case, server.port)
    filing = shown(case)
    take_back(case)
    status, problem = yes(case, filing)
    assert status == 2
    assert filing["id"][:10] in problem
    assert server.heard == []
    (listed,) = queued(case)
    assert (listed["state"], listed["withdrawn"]["code"]) == ("prepared", code)
    assert "prepare a new one" in listed["withdrawn"]["text"]


@TAKEN_BACK
def test_what_waits_does_not_leave_once_it_was_taken_back(case, server, take_back, code):
    mail_server(case, free_port())
    status, filing = yes(case, shown(case))
    assert (status, filing["state"], filing["attempts"]) == (0, "waiting", 1)
    take_back(case)
    mail_server(case, server.port)
    document(case, "alert", "queue", "retry", filing["id"])
    assert queued(case)[0]["withdrawn"]["code"] == code
    told, last = rounds(case)
    assert (told["event"], told["state"], told["attempts"]) == ("filing", "failed", 1)
    assert last == {"event": "round", "next": None}
    assert server.heard == []
    (listed,) = queued(case)
    assert (listed["state"], listed["problem"]["code"], listed["withdrawn"]["code"]) == ("failed", code, code)
    assert listed["state_text"] == "was stopped before it left"
    text = case("alert", "queue")[1]
    assert "was stopped before it left" in text
    assert "prepare a new one" in text
    status, _out, problem = case("alert", "queue", "retry", filing["id"])
    assert (status, "prepare a new one" in problem) == (2, True)
    assert rounds(case) == [{"event": "round", "next": None}]
    assert server.heard == []
    assert document(case, "alert", "receipts")["receipts"] == []


def test_after_the_exclusion_a_new_preview_holds_nothing_excluded_and_leaves(case, server):
    mail_server(case, server.port)
    old = shown(case)
    exclude(case)
    new = shown(case)
    assert [one["id"] for one in queued(case)] == [new["id"]], "the old one was never agreed to"
    assert new["id"] != old["id"]
    assert yes(case, new)[1]["state"] == "sent"


def test_a_letter_in_the_persons_hands_is_told_to_stay_there(case, tmp_path):
    document(case, "case", "set", "person.address", "12 rue des Lilas")
    made = document(case, "alert", "send", "--via", "registered", "--out", str(tmp_path / "lettre.pdf"))
    assert (made["filing"]["state"], made["filing"]["withdrawn"]) == ("handed", None)
    exclude(case)
    (listed,) = queued(case)
    assert (listed["state"], listed["withdrawn"]["code"]) == ("handed", "withdrawn_excluded")
    assert "do not send it" in case("alert", "queue")[1]
    again = document(case, "alert", "send", made["filing"]["id"])
    assert [one["code"] for one in again["shown"]["advice"]] == ["withdrawn_excluded"]
    # Posted all the same, or before: what happened is noted.
    document(case, "alert", "queue", "settle", made["filing"]["id"], "sent")
    assert queued(case)[0]["withdrawn"] is None


def test_no_desk_gets_what_was_excluded_while_it_could_not_be_reached(case, tmp_path, monkeypatch):
    authority = TestAuthority(tmp_path)
    only_trust(monkeypatch, authority)
    desk = AlertDesk(tmp_path, authority.certificate("localhost"))
    with desk:
        assert desk.port
        desk.stop()
        filing = document(
            case, "alert", "send", "--via", "desk", "--url", desk.url, "--prepare",
            "--consent-processing", "yes", "--consent-third-parties", "no",
        )["filing"]  # fmt: skip
        status, waiting = yes(case, filing)
        assert (status, waiting["state"]) == (0, "waiting")
        exclude(case)
        desk.start()
        document(case, "alert", "queue", "retry", filing["id"])
        assert rounds(case)[0]["problem"]["code"] == "withdrawn_excluded"
        assert desk.statuses() == []
        assert desk.kept() == []


def test_without_a_journal_a_filing_waits_and_says_why(case, server, home):
    mail_server(case, free_port())
    filing = yes(case, shown(case))[1]
    mail_server(case, server.port)
    document(case, "alert", "queue", "retry", filing["id"])
    hidden = home / "elsewhere"
    (home / "journal.sqlite").rename(hidden)
    told, _last = rounds(case)
    assert (told["state"], told["problem"]["code"]) == ("waiting", "send_unchecked")
    assert server.heard == []
    hidden.rename(home / "journal.sqlite")
    document(case, "alert", "queue", "retry", filing["id"])
    assert rounds(case)[-2]["state"] == "sent"
    assert len(server.messages) == 1
