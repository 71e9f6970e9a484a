"""One try at an alert desk: what leaves is what was shown, and no answer is taken for a receipt that is none."""

import contextlib
import hashlib
import json
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alert_desk import example
from alert_desk.reading import parse_receipt
from alert_desk.writing import as_json, dump
from diagnostics.model import SECOND
from jalerte_desktop.filing import desk_send
from jalerte_desktop.filing.desk_send import DeskSender
from jalerte_desktop.filing.desk_wire import Bounds
from jalerte_desktop.filing.outbox_model import Delivered, Refused, TryAgain
from jalerte_desktop.words.errors_filing import say_remark
from tests.filing.desk_cases import ScriptedDesk, answering, envelope, filing, only_trust
from tests.servers.alert_desk_server import AlertDesk, TestAuthority

SHORT = Bounds(connect_s=1.0, try_s=1.5)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch, authority):
    only_trust(monkeypatch, authority)


@pytest.fixture
def desk(tmp_path, authority):
    with AlertDesk(tmp_path, authority.certificate("localhost")) as started:
        yield started


def now_ns():
    return time.time_ns()


def due(url, number=0):
    return filing(url, number, prepared_ns=now_ns())


@contextlib.contextmanager
def scripted(authority, play=None, before=None, names=("localhost",), days=2):
    with ScriptedDesk(authority.certificate(*names, days=days), play, before).running() as found:
        yield found


def outcome_of(authority, play, bounds=SHORT, number=0):
    with scripted(authority, play) as found:
        begun = time.monotonic()
        outcome = DeskSender(bounds).send(due(found.url, number), now_ns())
        assert time.monotonic() - begun < 8
        return said(outcome)


def said(outcome):
    """The outcome, whose problem must have words."""
    if not isinstance(outcome, Delivered):
        words = say_remark(outcome.problem)
        assert "{" not in words
        assert len(words) < 600
    return outcome


def receipt_for(sent, **changed):
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    digest = hashlib.sha256(sent.envelope.content).hexdigest()
    made = replace(example.receipt(), idempotency_key=sent.id, sha256=digest, received_at=now)
    return dump(replace(made, **changed))


def answered_with(authority, make, status=201, bounds=SHORT):
    """The outcome where the desk answers with ``make(filing)``."""
    waiting = []

    def play(connection, _body):
        body = make(waiting[0])
        answering(status, body, "Content-Type: application/json")(connection, b"")

    with scripted(authority, play) as found:
        waiting.append(due(found.url))
        return said(DeskSender(bounds).send(waiting[0], now_ns()))


# --- The reference desk -------------------------------------------------------------------------------------------


def test_the_desk_gets_byte_for_byte_what_was_shown_and_its_receipt_is_kept(desk):
    sent, before = due(desk.url), now_ns()
    outcome = DeskSender().send(sent, now_ns())
    assert isinstance(outcome, Delivered)
    (kept,) = desk.kept()
    assert kept.body == sent.envelope.content
    assert kept.headers == {
        name: value.replace("{filing}", sent.id) for name, value in sent.envelope.facts.items()
    }
    receipt = outcome.receipt
    assert (receipt.filing_id, receipt.kind, receipt.media_type) == (sent.id, "desk", "application/json")
    assert receipt.content == kept.receipt
    assert receipt.reference == parse_receipt(kept.receipt).receipt_id
    assert "Bureau d’essai" in receipt.text
    assert before - SECOND <= receipt.at_ns <= now_ns()


def test_a_second_try_is_answered_with_the_same_receipt_and_kept_once(desk):
    sent = due(desk.url)
    first, second = (DeskSender().send(sent, now_ns()) for _ in range(2))
    assert first.receipt.content == second.receipt.content
    assert desk.statuses() == [201, 200]
    assert len(desk.kept()) == 1


def test_the_same_number_for_another_alert_is_refused_and_changes_nothing(desk):
    sent = due(desk.url)
    DeskSender().send(sent, now_ns())
    outcome = said(DeskSender().send(replace(sent, envelope=envelope(desk.url, 1)), now_ns()))
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "desk_key_taken"
    assert [kept.body for kept in desk.kept()] == [sent.envelope.content]


def test_the_desk_refuses_what_was_changed_under_the_signature(desk):
    sent = due(desk.url)
    body = sent.envelope.content.replace(b'"outages":', b'"outages":9')
    facts = dict(sent.envelope.facts) | {"Content-Length": str(len(body))}
    outcome = said(
        DeskSender().send(replace(sent, envelope=replace(sent.envelope, content=body, facts=facts)), now_ns())
    )
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "desk_refuses"
    assert "signature" in say_remark(outcome.problem)
    assert desk.kept() == []


def test_a_large_alert_arrives_whole(desk):
    sent = due(desk.url)
    padded = sent.envelope.content[:-1] + b" " * 15_000_000 + b"}"
    large = replace(sent, envelope=replace(sent.envelope, content=padded))
    assert isinstance(DeskSender().send(large, now_ns()), Delivered)
    assert desk.kept()[0].body == padded


def test_the_receipt_can_be_asked_for_again(desk, authority):
    import requests

    sent = due(desk.url)
    outcome = DeskSender().send(sent, now_ns())
    found = requests.get(f"{desk.url}/v1/receipts/{sent.id}", verify=str(authority.path), timeout=5)
    assert (found.status_code, found.content) == (200, outcome.receipt.content)
    missing = requests.get(f"{desk.url}/v1/receipts/{'0' * 32}", verify=str(authority.path), timeout=5)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415),
        ({"Content-Type": "application/json", "Idempotency-Key": "no"}, b"{}", 400),
        ({"Content-Type": "application/json"}, b"{}", 422),
        ({"Content-Type": "application/json"}, b"\xff", 422),
    ],
)
def test_the_reference_desk_answers_as_its_description_says(desk, authority, headers, body, status):
    import requests

    sent = {"Idempotency-Key": "0123456789abcdef", **headers}
    found = requests.post(
        f"{desk.url}/v1/alerts", data=body, headers=sent, verify=str(authority.path), timeout=5
    )
    assert found.status_code == status
    assert found.headers["Content-Type"] == "application/problem+json"
    assert found.json()["status"] == status
    assert desk.kept() == []


# --- Who is at the other end --------------------------------------------------------------------------------------


def test_nobody_there_means_that_nothing_left(authority):
    with scripted(authority) as found:
        url = found.url
    outcome = said(DeskSender(SHORT).send(due(url), now_ns()))
    assert isinstance(outcome, TryAgain)
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_unreachable")


def test_a_name_that_does_not_exist_means_that_nothing_left(monkeypatch):
    def unknown(*_arguments, **_named):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = said(DeskSender(SHORT).send(due("https://desk.invalid"), now_ns()))
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_unreachable")


@pytest.mark.parametrize("wrong", ["name", "expired", "authority"])
def test_a_certificate_that_does_not_hold_gets_nothing(authority, tmp_path, monkeypatch, wrong):
    names = ("other.example",) if wrong == "name" else ("localhost",)
    if wrong == "authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(TestAuthority(tmp_path).path))
    with scripted(authority, answering(201), names=names, days=-1 if wrong == "expired" else 2) as found:
        outcome = said(DeskSender(SHORT).send(due(found.url), now_ns()))
    assert isinstance(outcome, TryAgain)
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_certificate")
    assert found.connections == 1
    assert found.received in ([], [b""])


def test_the_usual_authorities_do_not_know_the_tests_own(authority, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with scripted(authority, answering(201)) as found:
        outcome = said(DeskSender(SHORT).send(due(found.url), now_ns()))
    assert outcome.problem.code == "desk_certificate"
    assert found.received in ([], [b""])


def test_a_missing_file_of_authorities_means_that_nothing_left(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    outcome = said(DeskSender(SHORT).send(due("https://localhost:9"), now_ns()))
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_unreachable")


def test_nothing_goes_without_tls():
    sent = due("https://localhost:9")
    plain = replace(sent, envelope=replace(sent.envelope, destination="http://localhost:9/v1/alerts"))
    outcome = said(DeskSender(SHORT).send(plain, now_ns()))
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "desk_not_https"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_never_followed(authority, status):
    with scripted(authority, answering(201)) as elsewhere:
        play = answering(status, b"x" * 100, f"Location: https://localhost:{elsewhere.port}/v1/alerts")
        outcome = outcome_of(authority, play)
        assert elsewhere.connections == 0
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "desk_redirects"
    assert outcome.problem["target"] == "localhost"


@pytest.mark.parametrize(
    "location", ["http://[", "https://[::1", "//[", "http://a]b", "https:///", "\\", "http://%5b:x"]
)
def test_a_redirect_to_what_is_no_address_is_refused_like_any_other(authority, location):
    outcome = outcome_of(authority, answering(302, b"", f"Location: {location}"))
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == "desk_redirects"


def test_a_redirect_with_an_endless_body_is_not_read_to_its_end(authority):
    def play(connection, _body):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65_536)

    assert outcome_of(authority, play, Bounds()).problem.code == "desk_endless"


def test_passwords_in_netrc_do_not_leave(authority, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password secret\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(authority, answering(500)) as found:
        DeskSender(SHORT).send(due(found.url), now_ns())
    assert b"authorization" not in found.received[0].lower()


def test_the_systems_proxy_is_used_and_sees_only_the_name(authority, monkeypatch):
    asked = []

    def proxy(connection):
        asked.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with scripted(authority, before=proxy) as found:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{found.port}")
        outcome = said(DeskSender(SHORT).send(due("https://desk.example"), now_ns()))
    assert asked[0].startswith(b"CONNECT desk.example:443 HTTP/1.")
    assert b"Idempotency-Key" not in asked[0]
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_unreachable")


@pytest.mark.parametrize(
    "proxy",
    [
        "http://jean:s3cret@127.0.0.1:99999",
        "http://jean:s3 cret@127.0.0.1:99999",
        "http://jean:s3cret@[::1",
        "ftp://jean:s3cret@127.0.0.1:9",
        "http://jean:s3cret@127.0.0.1:1",
        "jean:s3cret@:1",
    ],
)
def test_the_proxys_password_is_told_nowhere(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    outcome = said(DeskSender(SHORT).send(due("https://desk.example"), now_ns()))
    assert isinstance(outcome, TryAgain)
    assert outcome.unreachable
    assert "s3" not in str(outcome.problem)
    assert "jean" not in str(outcome.problem)


def test_through_a_proxy_the_desk_itself_is_verified_and_gets_the_same_bytes(
    desk, authority, monkeypatch, tmp_path
):
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)

    def tunnel(connection):
        connection.recv(65_536)
        with socket.create_connection(("127.0.0.1", desk.port)) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(10)

    with scripted(authority, before=tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        sent = due(desk.url)
        assert isinstance(DeskSender().send(sent, now_ns()), Delivered)
        (kept,) = desk.kept()
        assert kept.body == sent.envelope.content
        monkeypatch.setenv("SSL_CERT_FILE", str(TestAuthority(tmp_path).path))
        outcome = said(DeskSender().send(due(desk.url, 1), now_ns()))
        assert (outcome.unreachable, outcome.problem.code) == (True, "desk_certificate")
        assert proxy.connections == 2
    assert len(desk.kept()) == 1


# --- Answers that are none ----------------------------------------------------------------------------------------


def forever(head, piece, pause_s=0.0):
    def play(connection, _body):
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(piece)
                time.sleep(pause_s)

    return play


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "piece", "pause_s", "code"),
    [
        (OK + b"\r\n", b"x" * 65_536, 0, "desk_endless"),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65_536 + b"\r\n",
            0,
            "desk_endless",
        ),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65_536, 0, "desk_cut_off"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", 0.02, "desk_slow"),
        (OK, b"X-More: 1\r\n", 0, "desk_cut_off"),
        (OK + b"X-More: ", b"x" * 65_536, 0, "desk_cut_off"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, "desk_slow"),
        (b"", b"x" * 65_536, 0, "desk_cut_off"),
        (OK + b"Content-Length: 1000\r\n\r\n", b"x", 0.2, "desk_slow"),
        (b"H", b"x", 0.2, "desk_slow"),
    ],
)
def test_an_answer_without_end_is_bounded_in_time_and_size(authority, head, piece, pause_s, code):
    outcome = outcome_of(authority, forever(head, piece, pause_s))
    assert isinstance(outcome, TryAgain)
    assert (outcome.unreachable, outcome.problem.code) == (False, code)


def test_a_desk_that_never_speaks_tls_is_left(authority):
    with scripted(authority, before=lambda bare: bare.recv(65_536) and time.sleep(2)) as found:
        outcome = said(DeskSender(SHORT).send(due(found.url), now_ns()))
    assert (outcome.unreachable, outcome.problem.code) == (True, "desk_unreachable")


def test_a_desk_that_stops_reading_is_left(authority):
    with scripted(authority) as found:
        found._converse = lambda _secured: found.end.wait(6)
        sent = due(found.url)
        large = replace(sent, envelope=replace(sent.envelope, content=b" " * 19_000_000))
        begun = time.monotonic()
        outcome = said(DeskSender(Bounds(1.0, 1.0, slowest_bytes_s=20_000_000)).send(large, now_ns()))
        assert time.monotonic() - begun < 5
        found.end.set()
    assert (outcome.unreachable, outcome.problem.code) == (False, "desk_slow")


def test_an_answer_that_is_cut_off_is_no_answer(authority):
    whole = b"Content-Length: 500\r\n\r\n" + b"{" * 100
    outcome = outcome_of(authority, lambda connection, _body: connection.sendall(OK + whole))
    assert (outcome.unreachable, outcome.problem.code) == (False, "desk_cut_off")
    nothing = outcome_of(authority, lambda connection, _body: None)
    assert (nothing.unreachable, nothing.problem.code) == (False, "desk_cut_off")


@pytest.mark.parametrize(
    "body",
    [b"", b"OK", b"[]", b"<html>", b"\xff" * 50, b"{" * 5000, b'{"receipt_id":1}', b'{"a":1,"a":2}', b"null"],
)
def test_garbage_is_no_receipt(authority, body):
    outcome = outcome_of(authority, answering(200, body))
    assert isinstance(outcome, TryAgain)
    assert outcome.problem.code == "desk_no_receipt"


def test_a_compressed_answer_is_not_unpacked(authority):
    import gzip

    bomb = gzip.compress(b" " * 50_000_000)
    outcome = outcome_of(authority, answering(200, bomb[:60_000], "Content-Encoding: gzip"))
    assert outcome.problem.code == "desk_no_receipt"


def test_somebody_elses_receipt_is_not_taken(authority):
    for changed in ({"idempotency_key": "f" * 32}, {"sha256": "0" * 64}):
        outcome = answered_with(authority, lambda sent, changed=changed: receipt_for(sent, **changed))
        assert isinstance(outcome, TryAgain)
        assert (outcome.unreachable, outcome.problem.code) == (False, "desk_wrong_receipt")
    assert isinstance(answered_with(authority, receipt_for), Delivered)
    assert isinstance(answered_with(authority, receipt_for, status=200), Delivered)


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"])
def test_a_receipt_of_an_odd_time_is_taken_noted_and_dated_by_our_clock(authority, at):
    before = now_ns()
    outcome = answered_with(authority, lambda sent: receipt_for(sent, received_at=at))
    assert isinstance(outcome, Delivered)
    assert before <= outcome.receipt.at_ns <= now_ns()
    assert outcome.receipt.text.splitlines()[-1] == f"received_at {at}"
    assert "received_at" not in answered_with(authority, receipt_for).receipt.text


def test_what_was_prepared_while_the_clock_was_ahead_gets_its_receipt(authority):
    sent = filing("https://localhost", prepared_ns=now_ns() + 400 * 86_400 * SECOND)
    play = answering(201, receipt_for(sent), "Content-Type: application/json")
    with scripted(authority, play) as found:
        moved = replace(sent, envelope=replace(sent.envelope, destination=f"{found.url}/v1/alerts"))
        outcome = said(DeskSender(SHORT).send(moved, now_ns()))
    assert isinstance(outcome, Delivered)
    assert outcome.receipt.at_ns <= now_ns()


def test_what_a_desk_says_is_made_safe_for_the_screen(authority):
    desk = replace(example.receipt().desk, name="Bureau \u202etxt.exe")
    outcome = answered_with(authority, lambda sent: receipt_for(sent, desk=desk, next_steps=("a\u2066b",)))
    assert outcome.receipt.text == "Bureau txt.exe\nhttps://desk.example/alertes\nab"
    body = json.dumps({"title": "x\u0007\n" * 50, "status": 403, "detail": "non \u202e " * 200}).encode()
    assert outcome_of(authority, answering(403, body)).problem.code == "desk_refuses"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        *((status, TryAgain, "desk_later") for status in (408, 425, 429, 500, 502, 503, 504)),
        *((status, Refused, "desk_refuses") for status in (400, 401, 403, 404, 405, 410, 415, 422)),
        (409, Refused, "desk_key_taken"),
        (413, Refused, "desk_finds_too_large"),
        (304, Refused, "desk_redirects"),
        *((status, TryAgain, "desk_no_receipt") for status in (202, 204, 206)),
    ],
)
def test_each_status_means_what_the_description_says(authority, status, kind, code):
    problem = as_json(example.problem()) | {"status": max(status, 400)}
    outcome = outcome_of(
        authority, answering(status, b"" if status in (204, 304) else json.dumps(problem).encode())
    )
    assert isinstance(outcome, kind)
    assert outcome.problem.code == code
    if status >= 400:
        assert outcome.problem["why"] == "/place/country: is missing"


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999", 86_400.0),
        ("9" * 400, None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Sun, 22 Nov 2026 09:02:00 GMT", 120.0),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Sun, 22 Nov 2026 09:02:00 +9999999999999", None),
    ],
)
def test_retry_after_is_understood_or_left(asked, wait_s):
    from jalerte_desktop.filing.desk_wire import Answer
    from tests import examples

    headers = {"retry-after": asked} if asked else {}
    assert desk_send._patience_s(Answer(503, headers, b""), examples.NOW) == wait_s


def test_patience_that_a_desk_asks_for_is_handed_on(authority):
    assert outcome_of(authority, answering(429, b"", "Retry-After: 30")).after_s == 30.0
