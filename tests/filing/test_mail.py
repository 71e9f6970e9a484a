"""The e-mail as it is composed: its bytes, its limits, and what nobody can smuggle into it."""

import email
import hashlib
import re
from dataclasses import replace
from email import policy
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import BadInput
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.filing import mail
from jalerte_desktop.filing.alert import compose_alert
from jalerte_desktop.filing.model import Attachment, Contact
from tests import examples

FIELDS = {
    "person.name": "Marie Dupônt",
    "person.email": "marie@exemple.fr",
    "contract.operator": "Orange",
    "contract.customer_number": "C-123456",
}

CASE = Case("c1", "fixed-internet-cut", "FR", 0, FIELDS)


@cache
def _ordinary():
    return compose_alert(CASE, examples.ordinary())


def an_alert(findings=None, **more):
    return replace(compose_alert(CASE, findings) if findings else _ordinary(), **more)


def composed(alert=None, **more):
    given = {"to": ("service@operateur.example",), "sender": "marie@exemple.fr", "unique": "0a1b2c"}
    return mail.compose(alert or an_alert(), made_ns=examples.NOW, **(given | more))


def a_file(folder, name, content, media_type="image/jpeg"):
    path = folder / hashlib.sha256(content).hexdigest()
    path.write_bytes(content)
    return Attachment("photo", name, media_type, len(content), path.name, str(path))


def test_the_message_says_who_what_when_and_what_is_asked():
    envelope = composed()
    shown = mail.seen(envelope.content)
    headers = dict(shown.headers)
    assert headers["From"] == "Marie Dupônt <marie@exemple.fr>"
    assert headers["To"] == envelope.destination == "service@operateur.example"
    assert headers["Subject"] == "Signalement d’incidents sur ma ligne – client n° C-123456"
    assert headers["Date"] == "Sun, 22 Nov 2026 09:00:00 +0000"
    assert headers["Message-ID"] == "<0a1b2c@exemple.fr>"
    for words in ("Marie Dupônt", "C-123456", "mon accès Orange", "1er\u00a0novembre\u00a02026", "par écrit"):
        assert words in shown.text
    assert an_alert().description in shown.text


def test_a_line_that_is_not_confirmed_names_no_operator():
    text = mail.seen(composed(an_alert(examples.findings(line=examples.UNCONFIRMED))).content).text
    assert "Orange" not in text
    assert "C-123456" not in text
    assert "incidents sur ma ligne" in text


def test_to_the_ombudsman_it_speaks_of_a_dispute():
    text = mail.seen(composed(purpose="ombudsman").content).text
    assert "différend qui m’oppose à l’opérateur Orange" in text
    assert "rétablir un service" not in text


def test_every_line_ends_with_crlf_is_ascii_and_short(tmp_path):
    alert = an_alert(attachments=(a_file(tmp_path, "Box éteinte.jpg", bytes(range(256)) * 40),))
    content = composed(alert).content
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_nothing_of_this_machine_stands_in_it(monkeypatch):
    monkeypatch.setattr("socket.getfqdn", lambda *_: "secret-host.lan")
    monkeypatch.setattr("socket.gethostname", lambda: "secret-host")
    content = composed().content
    assert b"secret-host" not in content
    names = {name.lower() for name, _ in mail.seen(content).headers}
    assert not names & {"user-agent", "x-mailer", "received", "x-originating-ip"}


def test_attachments_arrive_as_they_were_and_are_shown_with_their_digest(tmp_path):
    files = (
        a_file(tmp_path, "Box éteinte « salon ».jpg", b"\xff\xd8" + bytes(5000)),
        a_file(tmp_path, "lettre.eml", b"From: x\n\nhello\n", "message/rfc822"),
        a_file(tmp_path, "notes.txt", "à bientôt\n.\nfin".encode(), "text/plain"),
        a_file(tmp_path, "étrange", b"?", "not a type"),
    )
    envelope = composed(an_alert(attachments=files))
    shown = mail.seen(envelope.content)
    assert [(one.name, one.size_bytes, one.sha256) for one in shown.attachments] == [
        (one.name, one.size_bytes, one.sha256) for one in files
    ]
    assert [one.media_type for one in shown.attachments] == [
        "image/jpeg",
        "application/octet-stream",
        "text/plain",
        "application/octet-stream",
    ]
    assert "notes.txt" in shown.text
    message = email.message_from_bytes(envelope.content, policy=policy.SMTP)
    assert not message.defects
    assert not any(part.defects for part in message.walk())


def test_too_much_or_changed_files_do_not_go(tmp_path):
    heavy = tuple(a_file(tmp_path, f"{n}.jpg", bytes([n]) * 4_000_000) for n in range(3))
    with pytest.raises(BadInput) as caught:
        composed(an_alert(attachments=heavy))
    assert caught.value.remark.code == "mail_heavy"
    changed = a_file(tmp_path, "a.jpg", b"before")
    (tmp_path / changed.sha256).write_bytes(b"later!")
    gone = replace(changed, path=str(tmp_path / "gone"))
    for one in (changed, gone):
        with pytest.raises(BadInput) as caught:
            composed(an_alert(attachments=(one,)))
        assert caught.value.remark.code == "mail_attachment_changed"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "marie",
        "@exemple.fr",
        "marie@",
        "marie@exemple",
        "marie@exemple.fr, x@y.fr",
        "marie@exemple.fr\r\nBcc: x@y.fr",
        "marie@exemple.fr\nDATA",
        "ma rie@exemple.fr",
        "Marie <marie@exemple.fr>",
        "marie@exemple..fr",
        ".marie@exemple.fr",
        "marie.@exemple.fr",
        '"a b"@exemple.fr',
        "marie@[127.0.0.1]",
        "marie@exem ple.fr",
        "marie@-exemple.fr",
        "x" * 65 + "@exemple.fr",
        "é" * 33 + "@exemple.fr",
        "marie@" + "a." * 130 + "fr",
        "marie@\u202eexemple.fr",
        "marie\0@exemple.fr",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(BadInput) as caught:
        composed(to=(typed,))
    assert caught.value.remark.code == "mail_address"
    with pytest.raises(BadInput):
        composed(sender=typed)


def test_own_words_bring_the_seal_along_and_a_drafted_text_says_it_once():
    key = "0123456789abcdef" * 4
    signed = examples.findings(examples.two_cuts_a_day(2), seal=replace(examples.SEAL, key=key))
    for own in (False, True):
        text = an_alert(signed).description if not own else "Ma ligne coupe tous les jours."
        shown = mail.seen(composed(an_alert(signed, own_words=own, description=text)).content).text
        assert shown.count("0123\u00a04567\u00a089ab\u00a0cdef…") == 1
        assert shown.count("9f86\u00a0d081\u00a0884c\u00a07d65…") == 1


def test_addresses_with_other_letters():
    domain = composed(to=("service@opérateur.example",))
    assert domain.destination == "service@xn--oprateur-c1a.example"
    assert domain.content.isascii()
    local = composed(to=("sérvice@operateur.example",))
    assert local.facts["needs"] == "SMTPUTF8"
    assert dict(mail.seen(local.content).headers)["To"] == "sérvice@operateur.example"


def test_recipients_are_named_once_and_are_few():
    twice = composed(to=("a@b.example", " a@b.example ", "c@d.example"))
    assert twice.destination == "a@b.example, c@d.example"
    for to, code in (
        ((), "mail_no_recipient"),
        (tuple(f"a{n}@b.fr" for n in range(6)), "mail_many_recipients"),
    ):
        with pytest.raises(BadInput) as caught:
            composed(to=to)
        assert caught.value.remark.code == code
    with pytest.raises(BadInput) as caught:
        composed(sender="")
    assert caught.value.remark.code == "mail_no_sender"


@given(st.text(max_size=200))
def test_no_subject_adds_a_header(text):
    _only_our_headers(composed(subject=text).content)


@given(st.text(max_size=120), st.text(min_size=1, max_size=400))
def test_no_name_or_description_adds_a_header(name, description):
    alert = an_alert(contact=Contact(name, "", "marie@exemple.fr"), description="x" + description)
    content = composed(alert).content
    _only_our_headers(content)
    assert b"\n" not in content.replace(b"\r\n", b"")


@given(st.text(min_size=1, max_size=60))
def test_no_file_name_adds_a_header(tmp_path_factory, name):
    from jalerte_desktop.casefile.text import clean

    file = a_file(tmp_path_factory.getbasetemp(), clean(name) or "x", b"content")
    content = composed(an_alert(attachments=(file,))).content
    _only_our_headers(content)
    (found,) = mail.seen(content).attachments
    assert found.sha256 == file.sha256


def _only_our_headers(content):
    head = content.split(b"\r\n\r\n")[0]
    names = re.findall(rb"^([^\s:]+):", head, re.MULTILINE)
    assert sorted(names) == sorted(
        {
            *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type"),
            *([b"Content-Transfer-Encoding"] if b"Content-Transfer-Encoding" in names else []),
        }
    )


def test_a_subject_has_an_end():
    with pytest.raises(BadInput) as caught:
        composed(subject="x" * 201)
    assert caught.value.remark.code == "mail_long_subject"


def test_a_draft_for_the_mail_program_is_the_same_message():
    envelope = composed()
    draft = mail.as_draft(envelope)
    assert draft.content == b"X-Unsent: 1\r\n" + envelope.content
    message = email.message_from_bytes(draft.content, policy=policy.SMTP)
    assert message["X-Unsent"] == "1"
    assert message["To"] == envelope.destination


ENCODED = "=?utf-8?q?x=0D=0ABcc=3A_spy@example.org=0D=0A?="


def test_an_encoded_word_in_somebodys_text_is_no_header(tmp_path):
    file = a_file(tmp_path, ENCODED, b"content")
    alert = an_alert(contact=Contact(ENCODED, ENCODED, "marie@exemple.fr"), attachments=(file,))
    for more in ({}, {"sender": "maré@exemple.fr"}):
        content = composed(alert, subject=ENCODED, **more).content
        _only_our_headers(content)
        assert b"\n" not in content.replace(b"\r\n", b"")
        shown = mail.seen(content)
        assert "= ?utf-8" in dict(shown.headers)["Subject"]
        assert "\n" not in shown.attachments[0].name


def test_a_long_name_with_signs_is_no_other_address():
    alert = an_alert(contact=Contact("patron@exemple.fr, « " + "é" * 50, ": " + "x" * 60, "marie@exemple.fr"))
    for own in ("marie@exemple.fr", "maré@exemple.fr"):
        content = composed(alert, sender=own).content
        message = email.message_from_string(content.decode(), policy=policy.SMTPUTF8)
        assert [one.addr_spec for one in message["From"].addresses] == [own]
