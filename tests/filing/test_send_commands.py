"""alert send, queue, receipts and mail: nothing leaves without the yes to exactly these bytes; the password stays where
it belongs."""

import base64
import io
import json
import sys

import pytest

from jalerte_desktop.casefile import diary
from jalerte_desktop.commands import _alert_filings
from jalerte_desktop.filing import mail, outbox
from tests.filing.test_paper_commands import a_case, desk, papers, refused, run
from tests.filing.test_photos import TELL
from tests.servers.mail_server import (
    Cut,
    ScriptedServer,
    free_port,
)

__all__ = ["desk"]
TO = "service@operateur.example"


@pytest.fixture
def server():
    with ScriptedServer() as made:
        yield made


@pytest.fixture
def typed(monkeypatch):
    """Standard input that is no terminal; what is put into it is read."""

    def put(text, terminal=False):
        stream = io.StringIO(text)
        stream.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stdin", stream)

    put("")
    return put


@pytest.fixture
def ready(desk, server, typed):
    """A case, and a mail server on this machine that asks for no login."""
    a_case(desk)
    run(desk, "case", "set", "person.email", "marie@exemple.fr")
    a_server(desk, server.port)
    return desk


def a_server(desk, port):
    return run(
        desk, "alert", "mail", "set", "--json", "--host", "127.0.0.1", "--port", str(port), "--security", "plain",
        "--sender", "marie@exemple.fr",
    )  # fmt: skip


def shown(desk, *words):
    return run(desk, "alert", "send", "--via", "email", "--to", TO, "--prepare", "--json", *words)


def filings(desk):
    return run(desk, "alert", "queue", "--json")["filings"]


def test_what_was_shown_is_what_the_server_got_byte_for_byte(ready, server):
    found = shown(ready)
    content = base64.b64decode(found["shown"]["content_base64"])
    assert found["filing"]["state"] == "prepared"
    assert server.heard == []
    sent = run(ready, "alert", "send", found["filing"]["id"], "--yes", found["filing"]["sha256"], "--json")
    assert sent["filing"]["state"] == "sent"
    assert server.messages == [content]
    (receipt,) = run(ready, "alert", "receipts", "--json")["receipts"]
    assert (receipt["kind"], receipt["text"]) == ("smtp", "250 2.0.0 OK: taken")
    (entry,) = entries(ready)
    assert (entry.kind, entry.source, entry.with_whom) == ("email", "filing", "customer-service")
    assert TO in entry.text
    assert found["filing"]["paper"] in {paper.id for paper in papers(ready)}


def entries(desk):
    with _alert_filings.case_file(desk) as file:
        return diary.entries(file)


def test_the_preview_for_people_shows_all_of_it(ready, tmp_path):
    photo = tmp_path / "box.jpg"
    photo.write_bytes(b"\xff\xd8 photo")
    run(ready, "alert", "new")
    run(ready, "alert", "edit", "--attach", str(photo))
    text = run(ready, "alert", "send", "--via", "email", "--to", TO, "--prepare", "--raw")
    (filing,) = filings(ready)
    with _alert_filings.case_file(ready) as file:
        content = outbox.filing(file, filing["id"]).envelope.content
    message = mail.seen(content)
    for words in (
        TO,
        "marie@exemple.fr",
        "box.jpg",
        filing["sha256"],
        message.attachments[0].sha256,
    ):
        assert words in text
    for line in message.text.splitlines():
        assert line in text
    assert content.decode() in text


def test_without_a_yes_nothing_leaves(ready, server):
    problem = refused(ready, "alert", "send", "--via", "email", "--to", TO)
    assert (problem.remark.code, problem.exit_code) == ("send_needs_yes", 2)
    (filing,) = filings(ready)
    assert (filing["state"], filing["sha256"]) == ("prepared", problem.remark["sha256"])
    for wrong in ("0" * 64, "", filing["sha256"][:-1]):
        assert refused(ready, "alert", "send", filing["id"], "--yes", wrong or "x").exit_code == 2
        assert (
            refused(ready, "alert", "send", "--via", "email", "--to", TO, "--yes", wrong or "x").exit_code
            == 2
        )
    other = refused(ready, "alert", "send", "--via", "email", "--to", "b@c.fr", "--yes", filing["sha256"])
    assert other.remark.code == "send_digest_unknown"
    assert server.heard == []
    assert [one["state"] for one in filings(ready)] == ["prepared"]


def test_the_yes_of_the_same_command_finds_what_was_shown(ready, server):
    digest = shown(ready)["filing"]["sha256"]
    sent = run(ready, "alert", "send", "--via", "email", "--to", TO, "--yes", digest, "--json")
    assert sent["filing"]["state"] == "sent"
    assert len(server.messages) == 1
    again = refused(ready, "alert", "send", sent["filing"]["id"], "--yes", digest)
    assert again.remark.code == "filing_is_sent"
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("answer", "sent"), [("o\n", 1), ("OUI\n", 1), ("y\n", 1), ("\n", 0), ("n\n", 0), ("ok\n", 0), ("", 0)]
)
def test_at_a_terminal_it_is_asked(ready, server, typed, answer, sent):
    typed(answer, terminal=True)
    text = run(ready, "alert", "send", "--via", "email", "--to", TO)
    assert len(server.messages) == sent
    assert filings(ready)[0]["state"] == ("sent" if sent else "prepared")
    assert text.index("Madame, Monsieur") < text.index("/N]")


def test_without_a_line_it_waits_and_says_so(ready, server, typed):
    a_server(ready, free_port())
    found = shown(ready)["filing"]
    text = run(ready, "alert", "send", found["id"], "--yes", found["sha256"])
    (waiting,) = filings(ready)
    assert waiting["state"] == "waiting"
    assert waiting["problem"]["code"] == "mail_unreachable"
    assert waiting["next"] > waiting["tried"]
    assert waiting["state_text"] in text
    a_server(ready, server.port)
    run(ready, "alert", "queue", "retry", found["id"][:8])
    lines = run_lines(ready, "alert", "queue", "run", "--json")
    assert [line["state"] for line in lines if line["event"] == "filing"] == ["sending", "sent"]
    assert lines[-1] == {"event": "round", "next": None}
    assert len(server.messages) == 1


def run_lines(desk, *words):
    text = run_text(desk, *words)
    return [json.loads(line) for line in text.splitlines()]


def run_text(desk, command, *words):
    import argparse
    from importlib import import_module

    module = import_module(f"jalerte_desktop.commands.{command}")
    parser = argparse.ArgumentParser(exit_on_error=False)
    module.configure(parser)
    arguments = parser.parse_args(words)
    desk.json, desk.out = arguments.json, io.StringIO()
    assert module.run(arguments, desk) == 0
    return desk.out.getvalue()


def test_what_may_have_left_is_for_the_person_to_settle(ready, server):
    def at(step):
        if step == "end":
            raise Cut

    server.at = at
    found = shown(ready)["filing"]
    with pytest.raises(AssertionError):  # exit code 1: the thing asked for may not be done
        run(ready, "alert", "send", found["id"], "--yes", found["sha256"], "--json")
    assert filings(ready)[0]["state"] == "unsure"
    run_text(ready, "alert", "queue", "run", "--json")
    assert len(server.messages) == 1
    assert refused(ready, "alert", "queue", "retry", found["id"]).remark.code == "filing_is_unsure"
    settled = run(ready, "alert", "queue", "settle", found["id"], "sent", "--json")
    assert settled["filing"]["state"] == "sent"


def test_cancelled_in_the_queue(ready, server):
    found = shown(ready)["filing"]
    assert run(ready, "alert", "queue", "cancel", found["id"], "--json")["filing"]["state"] == "cancelled"
    assert refused(ready, "alert", "send", found["id"], "--yes", found["sha256"]).exit_code == 2
    assert filings(ready)[0]["state_text"] in run(ready, "alert", "queue")
    assert server.heard == []


def test_a_draft_for_the_persons_own_mail_program(desk, tmp_path, typed):
    a_case(desk)
    path = tmp_path / "brouillon.eml"
    words = ("send", "--via", "email", "--to", TO, "--eml", str(path), "--json")
    assert refused(desk, "alert", *words).remark.code == "mail_no_sender"
    run(desk, "case", "set", "person.email", "marie@exemple.fr")
    found = run(desk, "alert", *words)
    assert found["filing"]["state"] == "handed"
    assert path.read_bytes() == base64.b64decode(found["shown"]["content_base64"])
    assert path.read_bytes().startswith(b"X-Unsent: 1\r\n")
    assert path.stat().st_mode & 0o077 == 0
    assert refused(desk, "alert", *words).remark.code == "output_exists"
    assert len(filings(desk)) == 1
    added = run(
        desk, "alert", "receipts", "add", found["filing"]["id"], "--reference", "Dossier 12", "--json"
    )
    assert filings(desk)[0]["state"] == "sent"
    assert (
        run(desk, "alert", "receipts", "show", added["receipt"]["id"], "--json")["receipt"]["kind"]
        == "person"
    )


def test_a_registered_letter_is_handed_over_and_numbered_afterwards(desk, tmp_path, typed):
    a_case(desk)
    path = tmp_path / "lettre.pdf"
    assert refused(desk, "alert", "send", "--via", "registered").remark.code == "send_no_out"
    found = run(desk, "alert", "send", "--via", "registered", "--out", str(path), "--json")
    assert path.read_bytes().startswith(b"%PDF")
    assert found["filing"]["state"] == "handed"
    number = "1A 123 456 7890 1"
    added = run(desk, "alert", "receipts", "add", found["filing"]["id"], "--reference", number, "--json")
    assert (added["receipt"]["kind"], added["receipt"]["reference"]) == ("tracking", "1A12345678901")
    (entry,) = entries(desk)
    assert (entry.kind, entry.source, entry.with_whom) == ("letter", "filing", "customer-service")
    advice = run(desk, "alert", "advice", "--json")
    assert not advice["undated"]
    assert any(step["dates"] for step in advice["next"])


def test_for_an_ombudsman_the_diary_says_so(ready, server):
    found = shown(ready, "--for", "ombudsman")
    run(ready, "alert", "send", found["filing"]["id"], "--yes", found["filing"]["sha256"], "--json")
    assert entries(ready)[0].with_whom == "ombudsman"


def test_a_case_about_anything_else_gets_no_letter_about_cuts(desk, tmp_path):
    run(desk, "case", "new", "--problem", "billing", "--operator", "Orange")
    path = tmp_path / "lettre.pdf"
    remark = refused(desk, "alert", "send", "--via", "registered", "--out", str(path)).remark
    assert remark.code == "registered_other_problem"
    assert not path.exists()


def test_a_desk_gets_nothing_without_both_answers(desk, typed):
    a_case(desk)
    words = ("send", "--via", "desk", "--url", "https://desk.example", "--prepare", "--json")
    assert refused(desk, "alert", "send", "--via", "desk", "--prepare").remark.code == "send_no_url"
    for given in ((), ("--consent-processing", "yes"), ("--consent-third-parties", "no")):
        assert refused(desk, "alert", *words, *given).remark.code == "send_no_consent"
    no = ("--consent-processing", "no", "--consent-third-parties", "no")
    assert refused(desk, "alert", *words, *no).remark.code == "desk_consent"
    yes = ("--consent-processing", "yes", "--consent-third-parties", "no")
    found = run(desk, "alert", *words, *yes)
    assert found["shown"]["facts"]["Idempotency-Key"] == found["filing"]["id"]
    content = json.loads(base64.b64decode(found["shown"]["content_base64"]))
    description = json.dumps(content["description"], ensure_ascii=False)
    assert description in run(desk, "alert", "send", found["filing"]["id"], "--prepare")


DESK = ("send", "--via", "desk", "--url", "https://desk.example", "--consent-processing", "yes",
        "--consent-third-parties", "no", "--prepare", "--json")  # fmt: skip


def sent_to_desk(desk, *words):
    found = run(desk, "alert", *DESK, *words)
    text = base64.b64decode(found["shown"]["content_base64"]).decode()
    return text, {one["code"]: one["text"] for one in found["shown"]["advice"]}


def test_the_letter_goes_to_the_operator_and_never_by_itself_to_a_desk(ready, tmp_path):
    letter = tmp_path / "lettre.pdf"
    run(ready, "letter", "complaint", "--out", str(letter))
    assert shown(ready)["shown"]["attachments"][0]["name"] == "lettre.pdf"
    text, _advice = sent_to_desk(ready)
    assert json.loads(text)["attachments"] == []
    assert "lettre.pdf" not in text
    run(ready, "alert", "new")
    run(ready, "alert", "edit", "--attach", str(letter), "--kind", "letter")
    (one,) = json.loads(sent_to_desk(ready)[0])["attachments"]
    assert one["name"] == "lettre.pdf"
    assert len(shown(ready)["shown"]["attachments"]) == 1


def test_a_desk_gets_no_name_where_the_person_wants_none(ready):
    run(ready, "alert", "new")
    text, advice = sent_to_desk(ready)
    assert "marie@exemple.fr" in text
    assert "Dupont" in text
    assert "--anonymous" in advice["desk_named"]
    text, advice = sent_to_desk(ready, "--anonymous")
    for secret in ("marie@exemple.fr", "Dupont", '"reference"'):
        assert secret not in text
    assert '"fingerprint"' in text
    assert set(advice) == {"desk_anonymous"}


def test_what_stayed_behind_of_a_photo_is_said(ready, tmp_path):
    photo = tmp_path / "box.jpg"
    photo.write_bytes(TELL["exif"])
    run(ready, "alert", "new")
    edited = run(ready, "alert", "edit", "--attach", str(photo), "--json")
    assert edited["stripped"] == ["box.jpg"]
    assert "alert_photo_place" not in {one["code"] for one in edited["warnings"]}
    whole = run(ready, "alert", "edit", "--attach", str(photo), "--keep-metadata", "--json")
    assert whole["stripped"] == []
    assert "alert_photo_place" in {one["code"] for one in whole["warnings"]}
    photo.write_bytes(TELL["exif, other order"])
    assert "--keep-metadata" in run(ready, "alert", "edit", "--attach", str(photo), "--detach", "box.jpg")


def test_a_desk_that_is_not_there_leaves_it_waiting(desk, typed):
    a_case(desk)
    words = (
        "--url",
        f"https://127.0.0.1:{free_port()}",
        "--consent-processing",
        "yes",
        "--consent-third-parties",
        "no",
    )
    found = run(desk, "alert", "send", "--via", "desk", *words, "--prepare", "--json")["filing"]
    sent = run(desk, "alert", "send", "--via", "desk", *words, "--yes", found["sha256"], "--json")["filing"]
    assert (sent["id"], sent["state"], sent["attempts"]) == (found["id"], "waiting", 1)
    assert sent["problem"]["text"] in run(desk, "alert", "queue")


def test_forms_are_the_persons_to_send(desk, typed):
    a_case(desk)
    for channel in ("jalerte", "signalconso", "mediator"):
        problem = refused(desk, "alert", "send", "--via", channel)
        assert (problem.remark.code, problem.exit_code) == ("send_by_form", 2)
    assert refused(desk, "alert", "send").remark.code == "send_nothing"
    assert refused(desk, "alert", "send", "--via", "email", "--to", TO).remark.code == "mail_no_account"
    assert filings(desk) == []


def test_the_belgian_ombudsmans_address_is_known(ready):
    run(ready, "case", "new", "--problem", "fixed-internet-cut", "--country", "BE", "--operator", "Proximus")
    found = run(ready, "alert", "send", "--via", "email", "--for", "ombudsman", "--prepare", "--json")
    assert found["filing"]["destination"] == "plaintes@mediateurtelecom.be"
    assert found["shown"]["advice"]
    assert refused(ready, "alert", "send", "--via", "email", "--prepare").remark.code == "mail_no_recipient"


@pytest.mark.parametrize(
    "words",
    [
        ("--prepare",), ("--to", "other@x.fr"), ("--url", "https://x.fr"), ("--eml", "x.eml"), ("--out", "x.pdf"),
        ("--subject", "s"), ("--via", "email"), ("--consent-third-parties", "no"),
    ],
)  # fmt: skip
def test_a_yes_with_anything_that_would_be_passed_over_sends_nothing(ready, server, words):
    found = shown(ready)["filing"]
    problem = refused(ready, "alert", "send", found["id"], "--yes", found["sha256"], *words)
    assert (problem.remark.code, problem.exit_code) == ("send_option", 2)
    assert words[0] in problem.remark["options"]
    assert (server.heard, filings(ready)[0]["state"]) == ([], "prepared")


@pytest.mark.parametrize(
    "words",
    [
        ("--via", "email", "--out", "x.pdf"), ("--via", "desk", "--to", TO), ("--via", "registered", "--eml", "x"),
        ("--via", "registered", "--out", "x.pdf", "--yes", "00"), ("--via", "email", "--eml", "x", "--yes", "00"),
    ],
)  # fmt: skip
def test_an_option_of_another_way_is_refused(ready, words):
    assert refused(ready, "alert", "send", *words).remark.code == "send_option"
    assert filings(ready) == []


def test_a_draft_without_a_name_is_not_sent_instead(ready, server):
    assert refused(ready, "alert", "send", "--via", "email", "--to", TO, "--eml", "").exit_code in (1, 2)
    assert (server.heard, filings(ready)) == ([], [])


def test_a_yes_with_another_consent_than_shown_is_none(ready):
    digest = run(ready, "alert", *DESK)["filing"]["sha256"]
    words = ("send", "--via", "desk", "--url", "https://desk.example", "--yes", digest)
    other = refused(ready, "alert", *words, "--consent-third-parties", "yes")
    assert other.remark.code == "send_digest_unknown"
    assert filings(ready)[0]["state"] == "prepared"


def test_a_letters_file_name_gives_no_orders_and_no_header(ready, tmp_path):
    run(ready, "letter", "complaint", "--out", str(tmp_path / "le\nt\x1b[31mt\u202efdp.pdf"))
    found = shown(ready)
    assert found["shown"]["attachments"][0]["name"] == "le t[31mtfdp.pdf"
    assert "\x1b" not in run(ready, "alert", "send", found["filing"]["id"], "--prepare", "--raw")


def test_a_file_name_that_is_no_text_can_be_told(ready, tmp_path):
    path = str(tmp_path / "x") + "\udcff.eml"
    told = run(ready, "alert", "send", "--via", "email", "--to", TO, "--eml", path)
    again = run(ready, "alert", "send", "--via", "email", "--to", TO, "--eml", path, "--force", "--json")
    told += again["file"]
    told.encode()


def test_who_looks_at_the_queue_learns_that_a_program_ended(ready, server):
    found = shown(ready)["filing"]
    with _alert_filings.case_file(ready) as file, file.writing() as db:
        db.execute("UPDATE filings SET state = 'sending' WHERE id = ?", (found["id"],))
    (one,) = filings(ready)
    assert (one["state"], one["problem"]["code"]) == ("unsure", "send_cut_off")


def test_mail_that_waits_without_a_server_says_so(ready):
    a_server(ready, free_port())
    found = shown(ready)["filing"]
    run(ready, "alert", "send", found["id"], "--yes", found["sha256"])
    assert "--eml" not in run(ready, "alert", "queue")
    run(ready, "alert", "mail", "forget")
    for words in (("queue",), ("queue", "run")):
        assert "--eml" in run(ready, "alert", *words)


def test_all_words_of_an_alert_are_in_the_preview(ready):
    run(ready, "alert", "new")
    run(ready, "alert", "edit", "--description", "mot" * 900)
    found = run(ready, "alert", *DESK)["filing"]
    assert "mot" * 900 in run(ready, "alert", "send", found["id"], "--prepare")
