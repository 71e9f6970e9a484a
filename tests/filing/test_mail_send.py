"""Sending by SMTP, against a real server and against one that misbehaves by a script: what arrives, and what is made
of it when it does not. No name is looked up and nothing leaves the loopback."""

import gc
import ssl
import time
from dataclasses import replace

import pytest

from diagnostics.model import MachineCannot
from jalerte_desktop.filing import mail, mail_send
from jalerte_desktop.filing.mail_account import MailAccount
from jalerte_desktop.filing.mail_send import MailSender, Patience
from jalerte_desktop.filing.outbox_model import (
    Delivered,
    Envelope,
    Filing,
    FilingState,
    Refused,
    TryAgain,
    Unsure,
)
from tests import examples
from tests.filing.test_mail import a_file, an_alert
from tests.servers.mail_server import (
    PASSWORD,
    USER,
    Box,
    Cut,
    ScriptedServer,
    authority,
    free_port,
    real_server,
)

FROM = "marie@exemple.fr"
BRIEF = Patience(connect_s=2.0, answer_s=1.0, final_s=1.0, talk_s=2.0)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def scripted():
    with ScriptedServer() as server:
        yield server


def a_filing(envelope=None, **more):
    chosen = envelope or mail.compose(
        an_alert(**more), to=("service@operateur.example",), sender=FROM, made_ns=examples.NOW, unique="ab12"
    )
    return Filing("f" * 32, "c1", "", None, chosen, examples.NOW, FilingState.SENDING)


def account(port, security="plain", host="127.0.0.1", user=""):
    return MailAccount(host, port, security, user, FROM)


def sent(port, filing=None, security="plain", host="127.0.0.1", user="", password=PASSWORD, **more):
    sender = MailSender(
        account(port, security, host, user), lambda _: password, **({"patience": BRIEF} | more)
    )
    return sender.send(filing or a_filing(), examples.NOW)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_the_server_got_is_what_was_shown_byte_for_byte(ca, tmp_path, security, host):
    files = (
        a_file(tmp_path, "box éteinte.jpg", bytes(range(256)) * 2000),
        a_file(tmp_path, "points.txt", b".\r\n..\r\n.\n" * 50, "text/plain"),
    )
    filing = a_filing(attachments=files, own_words=True, description=".\nUne ligne\n.. et une autre\n.fin")
    box = Box()
    with real_server(box, ca.serving("127.0.0.1", "localhost"), security) as port:
        outcome = sent(port, filing, security, host, USER, context=ca.trusting)
    assert isinstance(outcome, Delivered)
    (got,) = box.messages
    assert got.content == filing.envelope.content
    assert got.sender == FROM
    assert got.recipients == ["service@operateur.example"]
    assert got.hello == "[127.0.0.1]"
    assert box.logins == [("PLAIN", True)]
    receipt = outcome.receipt
    assert (receipt.kind, receipt.reference, receipt.at_ns) == ("smtp", "<ab12@exemple.fr>", examples.NOW)
    assert receipt.text == "250 2.0.0 OK: queued as 000001"


def test_a_body_of_dots_arrives_as_it_was(scripted):
    content = b"From: x\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n"
    envelope = Envelope("email", "a@b.example", content, {"from": FROM})
    assert isinstance(sent(scripted.port, a_filing(envelope)), Delivered)
    assert scripted.messages == [content]
    assert [line[:4].upper() for line in scripted.heard] == [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT"]


def test_a_server_that_knows_only_login_is_logged_in_to(ca):
    box = Box()
    with real_server(box, ca.serving("127.0.0.1"), "starttls", auth_exclude_mechanism=["PLAIN"]) as port:
        assert isinstance(sent(port, None, "starttls", user=USER, context=ca.trusting), Delivered)
    assert box.logins == [("LOGIN", True)]


def test_a_wrong_password_is_refused_and_stands_nowhere(ca):
    box = Box()
    with real_server(box, ca.serving("127.0.0.1"), "tls") as port:
        outcome = sent(port, None, "tls", user=USER, password="Faux-mot-99", context=ca.trusting)
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "mail_login_refused"
    assert "Faux-mot-99" not in repr(outcome)
    assert box.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown authority", "other name", "expired"])
def test_a_certificate_that_does_not_hold_stops_everything(ca, tmp_path, security, fault):
    serving = ca.serving("127.0.0.1", days=-1 if fault == "expired" else 30)
    if fault == "other name":
        serving = ca.serving("mail.operateur.example")
    context = ssl.create_default_context() if fault == "unknown authority" else ca.trusting
    box = Box()
    with real_server(box, serving, security) as port:
        outcome = sent(port, None, security, user=USER, context=context)
    assert isinstance(outcome, TryAgain)
    assert outcome.problem.code == "mail_certificate"
    assert box.messages == []
    assert box.logins == []


def test_by_default_no_own_authority_is_trusted(ca):
    box = Box()
    with real_server(box, ca.serving("127.0.0.1"), "tls") as port:
        outcome = sent(port, None, "tls", user=USER)
    assert outcome.problem.code == "mail_certificate"


def test_without_encryption_nothing_is_said_to_a_server_that_should_offer_it(scripted):
    outcome = sent(scripted.port, None, "starttls", user=USER)
    assert isinstance(outcome, TryAgain)
    assert outcome.problem.code == "mail_no_starttls"
    assert [line[:4].upper() for line in scripted.heard] == [b"EHLO"]


def test_plain_goes_to_this_machine_only(scripted, monkeypatch):
    elsewhere = [(2, 1, 6, "", ("192.0.2.1", scripted.port))]
    monkeypatch.setattr(mail_send.socket, "getaddrinfo", lambda *_, **__: elsewhere)
    outcome = sent(scripted.port, host="localhost")
    assert isinstance(outcome, TryAgain)
    assert scripted.heard == []


def test_a_server_that_is_not_there_is_tried_again_when_a_line_is():
    outcome = sent(free_port())
    assert isinstance(outcome, TryAgain)
    assert outcome.unreachable
    assert outcome.problem.code == "mail_unreachable"


def test_a_name_that_is_never_resolved_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(mail_send.socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    begun = time.monotonic()
    outcome = sent(1, patience=replace(BRIEF, connect_s=0.2))
    assert isinstance(outcome, TryAgain)
    assert outcome.unreachable
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_cut_before_the_end_of_the_message_it_has_not_left(scripted, step):
    _cut_at(scripted, step)
    content = b"From: x\r\n\r\n" + b"x" * 70 + b"\r\n"
    content *= 200_000 if step == "content" else 1
    outcome = sent(scripted.port, a_filing(Envelope("email", "a@b.example", content, {"from": FROM})))
    assert isinstance(outcome, TryAgain)
    assert outcome.unreachable
    assert scripted.messages == []


def test_cut_after_the_end_of_the_message_nobody_is_sure(scripted):
    _cut_at(scripted, "end")
    outcome = sent(scripted.port)
    assert isinstance(outcome, Unsure)
    assert outcome.problem.code == "mail_unsure"
    assert len(scripted.messages) == 1


@pytest.mark.parametrize("step", ["answered", "QUIT"])
def test_what_comes_after_the_answer_does_not_matter(scripted, step):
    _cut_at(scripted, step)
    assert isinstance(sent(scripted.port), Delivered)


def _cut_at(scripted, step):
    def at(now):
        if now == step:
            raise Cut

    scripted.at = at


def test_no_connection_is_left_open(scripted):
    """A socket that nobody closed is told of when it is collected, and that warning is an error."""
    for step in ("connect", "EHLO", "end"):
        _cut_at(scripted, step)
        sent(scripted.port)
        gc.collect()


@pytest.mark.parametrize(
    ("step", "answer", "outcome", "code"),
    [
        ("connect", b"421 4.3.2 too busy\r\n", TryAgain, "mail_server_refused"),
        ("connect", b"554 5.7.1 not from your network\r\n", TryAgain, "mail_server_refused"),
        ("EHLO", b"421 bye\r\n", TryAgain, "mail_server_refused"),
        ("MAIL", b"451 4.3.0 later\r\n", TryAgain, "mail_server_refused"),
        ("MAIL", b"553 5.1.8 not your address\r\n", Refused, "mail_server_refused"),
        ("RCPT", b"450 4.2.0 greylisted, come again\r\n", TryAgain, "mail_recipient_refused"),
        ("RCPT", b"550 5.1.1 no such user\r\n", Refused, "mail_recipient_refused"),
        ("DATA", b"451 4.3.0 later\r\n", TryAgain, "mail_server_refused"),
        ("DATA", b"554 5.5.1 no\r\n", Refused, "mail_server_refused"),
        ("end", b"452 4.3.1 disk full\r\n", TryAgain, "mail_server_refused"),
        ("end", b"550-5.7.1 looks like\r\n550 5.7.1 spam\r\n", Refused, "mail_server_refused"),
        ("end", b"354 what\r\n", Unsure, "mail_unsure"),
        ("end", b"HTTP/1.1 400 Bad Request\r\n", Unsure, "mail_unsure"),
        ("end", b"\xff\xfe\x00\r\n", Unsure, "mail_unsure"),
        ("end", b"25\r\n", Unsure, "mail_unsure"),
        ("connect", b"SSH-2.0-OpenSSH_9.2\r\n", TryAgain, "mail_server_refused"),
        ("connect", b"HTTP/1.1 200 OK\r\n\r\n", TryAgain, "mail_server_refused"),
        ("EHLO", b"\x00\x01\x02\x03 what\r\n", TryAgain, "mail_server_refused"),
        ("MAIL", b"250\xff\xfe\r\n", Delivered, ""),
    ],
)
def test_each_answer_has_one_outcome(scripted, step, answer, outcome, code):
    scripted.answers[step] = answer
    found = sent(scripted.port)
    assert type(found) is outcome
    if code:
        assert found.problem.code == code
    if isinstance(found, TryAgain):
        assert not found.unreachable


def test_all_recipients_or_none(scripted):
    answers = iter([b"250 OK\r\n", b"550 5.1.1 no such user\r\n"])

    def at(step):
        if step == "RCPT":
            scripted.answers["RCPT"] = next(answers)

    scripted.at = at
    envelope = replace(a_filing().envelope, destination="a@b.example, c@d.example")
    assert isinstance(sent(scripted.port, a_filing(envelope)), Refused)
    assert scripted.messages == []
    assert not any(line.startswith(b"DATA") for line in scripted.heard)


def test_greylisting_is_tried_again_and_then_taken(ca):
    box = Box(answers={"RCPT": ["450 4.2.0 greylisted"]})
    with real_server(box, ca.serving("127.0.0.1"), "tls") as port:
        first = sent(port, None, "tls", user=USER, context=ca.trusting)
        assert isinstance(first, TryAgain)
        assert first.problem["answer"] == "450 4.2.0 greylisted"
        assert isinstance(sent(port, None, "tls", user=USER, context=ca.trusting), Delivered)


def test_endless_talk_is_cut_short(scripted):
    scripted.answers["EHLO"] = b"250-and another thing\r\n" * 200_000
    begun = time.monotonic()
    assert isinstance(sent(scripted.port), TryAgain)
    assert time.monotonic() - begun < 5


def test_a_line_without_end_is_cut_short(scripted):
    scripted.answers["connect"] = b"2" * 1_000_000
    assert isinstance(sent(scripted.port), TryAgain)


@pytest.mark.parametrize(("step", "outcome"), [("connect", TryAgain), ("RCPT", TryAgain), ("end", Unsure)])
def test_a_server_that_speaks_too_slowly_is_given_up_in_time(scripted, step, outcome):
    def slowly():
        for _ in range(100):
            yield b"2"
            time.sleep(0.1)

    scripted.answers[step] = slowly
    begun = time.monotonic()
    assert isinstance(sent(scripted.port), outcome)
    assert time.monotonic() - begun < 5


def test_addresses_with_accents_need_a_server_that_knows_them(scripted):
    envelope = mail.compose(
        an_alert(), to=("sérvice@operateur.example",), sender=FROM, made_ns=examples.NOW, unique="ab12"
    )
    assert isinstance(sent(scripted.port, a_filing(envelope)), Delivered)
    assert scripted.messages == [envelope.content]
    assert any(b"SMTPUTF8" in line and b"BODY=8BITMIME" in line for line in scripted.heard)
    assert any(line == "RCPT TO:<sérvice@operateur.example>\r\n".encode() for line in scripted.heard)
    for missing, code in (("SMTPUTF8", "mail_no_smtputf8"), ("8BITMIME", "mail_no_8bitmime")):
        scripted.extensions = [one for one in ("SMTPUTF8", "8BITMIME") if one != missing]
        outcome = sent(scripted.port, a_filing(envelope))
        assert isinstance(outcome, Refused)
        assert outcome.problem.code == code


def test_a_plain_message_needs_no_extension(scripted):
    scripted.extensions = []
    assert isinstance(sent(scripted.port), Delivered)


def test_a_server_that_asks_for_no_login_gets_none(scripted):
    assert isinstance(sent(scripted.port), Delivered)
    assert not any(line.startswith(b"AUTH") for line in scripted.heard)
    outcome = sent(scripted.port, user=USER)
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "mail_no_login"


def test_this_machines_name_is_told_to_nobody(scripted, monkeypatch):
    monkeypatch.setattr("socket.getfqdn", lambda *_: pytest.fail("its name was asked for"))
    assert isinstance(sent(scripted.port), Delivered)
    assert scripted.heard[0].upper() == b"EHLO [127.0.0.1]\r\n"


def test_a_keyring_that_stays_closed_is_no_refusal(scripted):
    def closed(_):
        raise MachineCannot("no_keyring")

    outcome = MailSender(account(scripted.port, user=USER), closed).send(a_filing(), examples.NOW)
    assert isinstance(outcome, TryAgain)
    outcome = MailSender(account(scripted.port, user=USER), lambda _: None).send(a_filing(), examples.NOW)
    assert isinstance(outcome, Refused)
    assert scripted.heard == []


def test_what_was_composed_for_another_sender_does_not_leave(scripted):
    sender = MailSender(replace(account(scripted.port), sender="autre@exemple.fr"))
    assert isinstance(sender.send(a_filing(), examples.NOW), Refused)
    assert scripted.heard == []


def test_the_servers_words_are_bounded_and_clean(scripted):
    scripted.answers["end"] = b"250 ok \x1b[31m" + "\u202e".encode() + b"x" * 2000 + b"\r\n"
    outcome = sent(scripted.port)
    assert isinstance(outcome, Delivered)
    assert len(outcome.receipt.text) <= 310
    assert "\x1b" not in outcome.receipt.text
    assert "\u202e" not in outcome.receipt.text


def test_a_server_that_quotes_the_password_is_not_quoted(ca, scripted):
    scripted.extensions = ["AUTH PLAIN"]
    secret = mail_send._encoded(f"\0{USER}\0{PASSWORD}")
    for quoted in (f"AUTH PLAIN {secret}", secret[4:40] + "...", PASSWORD, PASSWORD.split()[1]):
        scripted.answers["other"] = f"500 not recognised: {quoted}\r\n".encode()
        outcome = sent(scripted.port, user=USER)
        assert isinstance(outcome, Refused)
        assert outcome.problem["answer"] == "500"
    scripted.answers["other"] = b"535 5.7.8 Username and Password not accepted\r\n"
    assert sent(scripted.port, user=USER).problem["answer"] == "535 5.7.8 Username and Password not accepted"


def test_a_no_to_encryption_is_told_in_the_servers_words(ca, scripted):
    scripted.extensions = ["STARTTLS", "AUTH PLAIN"]
    scripted.answers["other"] = b"554 no TLS today\r\n"
    outcome = sent(scripted.port, security="starttls", user=USER)
    assert isinstance(outcome, TryAgain)
    assert (outcome.problem.code, outcome.problem["answer"]) == ("mail_server_refused", "554 no TLS today")
    assert b"AUTH" not in b"".join(scripted.heard)
