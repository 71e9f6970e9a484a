"""Sending mail by the person's own server (SMTP, RFC 5321; submission, RFC 6409).

Encrypted always, the certificate verified, except to this machine itself. Bounded in time and in what is read. The
machine's name is not told: EHLO says an address literal. A message counts as sent only by the server's own word.
"""

from __future__ import annotations

import base64
import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.model import MachineCannot, Remark
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.filing.mail import seen
from jalerte_desktop.filing.mail_account import MailAccount, is_here, password_of
from jalerte_desktop.filing.outbox_model import Delivered, Filing, Outcome, Receipt, Refused, TryAgain, Unsure

_HELLO = "[127.0.0.1]"
_LONGEST_LINE_BYTES, _LONGEST_TALK_BYTES = 4096, 64_000
_CHUNK_BYTES = 32_000
_MOST_ADDRESSES = 4
_SLOWEST_BYTES_PER_S = 4000
_SHORTEST_ECHO = 5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, for: the name and a connection, an answer, the answer to the whole message.

    The last is long: a server checks the message before it answers (RFC 5321, 4.5.3.2.6, says ten minutes), and hanging
    up leaves nobody sure. ``talk_s`` bounds the talk before the message.
    """

    connect_s: float = 15.0
    answer_s: float = 60.0
    final_s: float = 300.0
    talk_s: float = 180.0


class _Silent(OSError):
    """Too slow, or too much said."""


class _No(Exception):
    """The server's answer is not the one that lets the talk go on."""

    def __init__(self, step: str, code: int, answer: bytes) -> None:
        super().__init__(step)
        self.step, self.code, self.text = step, code, _cleaned(code, answer)


class MailSender:
    """Sends filings of the channel ``email`` by one account. ``password`` reads it at the time of sending."""

    repeatable = False

    def __init__(
        self,
        account: MailAccount,
        password: Callable[[MailAccount], str | None] = password_of,
        context: ssl.SSLContext | None = None,
        patience: Patience = Patience(),
    ) -> None:
        self._account = account
        self._password = password
        self._context = context
        self._patience = patience

    def send(self, filing: Filing, now_ns: int) -> Outcome:
        """One try. Raises nothing for network errors, and tells nobody's password."""
        account = self._account
        if filing.envelope.facts.get("from") != account.sender:
            return Refused(Remark.of("mail_other_sender", sender=account.sender))
        password = ""
        if account.user:
            try:
                password = self._password(account) or ""
            except MachineCannot:
                return TryAgain(Remark.of("mail_keyring_closed"), unreachable=False)
            if not password:
                return Refused(Remark.of("mail_password_missing"))
        session = _Session(account, self._context, self._patience)
        try:
            return _talk(session, account, password, filing, now_ns)
        finally:
            session.close()


def _talk(session: _Session, account: MailAccount, password: str, filing: Filing, now_ns: int) -> Outcome:
    try:
        session.begin()
        if account.user:
            try:
                _log_in(session, account.user, password)
            except _No as no:
                if _echoes(no.text, account.user, password):
                    no.text = str(no.code)
                raise
        _announce(session, filing)
        session.push(_stuffed(filing.envelope.content))
    except _No as no:
        return _refused(no)
    except ssl.SSLCertVerificationError as error:
        return TryAgain(
            Remark.of("mail_certificate", host=account.host, why=clean(error.verify_message)[:200]),
            unreachable=True,
        )
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return TryAgain(Remark.of("mail_unreachable", host=account.host, why=_why(error)), unreachable=True)
    # From here on it may arrive: only the server's answer can tell.
    try:
        code, answer = session.finish()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return Unsure(Remark.of("mail_unsure", host=account.host, why=_why(error)))
    if code // 100 in (4, 5):
        return _refused(_No("message", code, answer))
    if code // 100 != 2:
        return Unsure(Remark.of("mail_unsure", host=account.host, why=_cleaned(code, answer)))
    session.leave()
    return Delivered(Receipt(filing.id, now_ns, "smtp", _message_id(filing), _cleaned(code, answer)))


def _log_in(session: _Session, user: str, password: str) -> None:
    """PLAIN (RFC 4616), else LOGIN: both in UTF-8, and only ever inside TLS or this machine."""
    offered = session.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        session.expect("login", session.docmd("AUTH", "PLAIN " + _encoded(f"\0{user}\0{password}")), 235)
    elif "LOGIN" in offered:
        session.expect("login", session.docmd("AUTH", "LOGIN"), 334)
        session.expect("login", session.docmd(_encoded(user)), 334)
        session.expect("login", session.docmd(_encoded(password)), 235)
    else:
        raise _No("no-login", 504, b"")


def _echoes(text: str, user: str, password: str) -> bool:
    """Whether a server's answer repeats the secret, or a part of it: some quote the command they do not like."""
    secrets = (password, _encoded(password), _encoded(f"\0{user}\0{password}"))
    if any(secret in text for secret in secrets):
        return True
    words = (word.strip(".,;:()<>'\"[]") for word in text.split())
    return any(len(word) >= _SHORTEST_ECHO and any(word in secret for secret in secrets) for word in words)


def _announce(session: _Session, filing: Filing) -> None:
    """Sender and recipients; with all of them accepted, the server waits for the message."""
    envelope = filing.envelope
    size = f" SIZE={len(envelope.content)}" if session.has_extn("size") else ""
    if envelope.facts.get("needs") == "SMTPUTF8":
        if not session.has_extn("smtputf8"):
            raise _No("no-smtputf8", 553, b"")
        size += " SMTPUTF8"
        session.command_encoding = "utf-8"
    if not envelope.content.isascii():
        if not session.has_extn("8bitmime"):
            raise _No("no-8bitmime", 554, b"")
        size += " BODY=8BITMIME"
    session.expect("sender", session.docmd(f"MAIL FROM:<{envelope.facts['from']}>{size}"), 250)
    for recipient in envelope.destination.split(", "):
        session.expect("recipient", session.docmd(f"RCPT TO:<{recipient}>"), 250, 251)
    session.expect("message", session.docmd("DATA"), 354)


class _Session(smtplib.SMTP):
    """One talk with a server, with a limit to how long it lasts and how much is listened to."""

    def __init__(self, account: MailAccount, context: ssl.SSLContext | None, patience: Patience) -> None:
        super().__init__(local_hostname=_HELLO, timeout=patience.answer_s)
        self._account, self._context, self._patience = account, context, patience
        self._until = time.monotonic() + patience.talk_s
        self._answer_s = patience.answer_s
        self._heard = 0

    def begin(self) -> None:
        """Up to the point where the server knows who is there."""
        account = self._account
        self._host = account.host
        self.sock = _connected(account, self._patience.connect_s)
        if account.security == "tls":
            self.sock.settimeout(self._answer_s)
            self.sock = self._verifying().wrap_socket(self.sock, server_hostname=account.host)
        self.expect("greeting", self.getreply(), 220)
        self._greet()
        if account.security == "starttls":
            if not self.has_extn("starttls"):
                raise _No("no-starttls", 454, b"")
            self._encrypt()
            self._greet()

    def _verifying(self) -> ssl.SSLContext:
        """What checks the server's certificate and name; never none, since ``smtplib`` would check nothing."""
        return self._context or ssl.create_default_context()

    def _encrypt(self) -> None:
        try:
            self.starttls(context=self._verifying())
        except smtplib.SMTPResponseException as error:
            answer = error.smtp_error
            said = answer if isinstance(answer, bytes) else answer.encode()
            raise _No("greeting", error.smtp_code, said) from None

    def _greet(self) -> None:
        self.expect("greeting", self.ehlo(), 250)

    def expect(self, step: str, answer: tuple[int, bytes], *wanted: int) -> None:
        """Go on only with an answer that was wanted."""
        if answer[0] not in wanted:
            raise _No(step, *answer)

    def push(self, content: bytes) -> None:
        """The message without its end: as long as that is missing, the server must not take it (RFC 5321, 4.1.1.4)."""
        until = time.monotonic() + self._answer_s + len(content) / _SLOWEST_BYTES_PER_S
        for start in range(0, len(content), _CHUNK_BYTES):
            self._pour(content[start : start + _CHUNK_BYTES], until)

    def finish(self) -> tuple[int, bytes]:
        """The end of the message, and the server's answer to it."""
        self._until = time.monotonic() + self._patience.final_s
        self._answer_s = self._patience.final_s
        self._heard = 0
        self._pour(b".\r\n", self._until)
        return self.getreply()

    def leave(self) -> None:
        """Say goodbye. What comes of that is of no consequence any more."""
        self._until = time.monotonic() + 5.0
        with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
            self.docmd("QUIT")

    def getreply(self) -> tuple[int, bytes]:
        """One answer of the server, bounded as all of the talk is."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        if self.file is None:
            self.file = _Ear(self)
        return super().getreply()

    def listen(self) -> bytes:
        """What the server says next; raises when the time or the measure is full."""
        assert self.sock is not None
        left = self._until - time.monotonic()
        if left <= 0 or self._heard > _LONGEST_TALK_BYTES:
            raise _Silent("too slow or too long an answer")
        self.sock.settimeout(min(left, self._answer_s))
        data = self.sock.recv(_LONGEST_LINE_BYTES)
        self._heard += len(data)
        return data

    def _pour(self, data: bytes, until: float) -> None:
        assert self.sock is not None
        left = until - time.monotonic()
        if left <= 0:
            raise _Silent("the message leaves too slowly")
        self.sock.settimeout(min(left, max(self._answer_s, 1.0)))
        self.sock.sendall(data)


class _Ear:
    """What ``smtplib`` reads answers from."""

    def __init__(self, session: _Session) -> None:
        self._session = session
        self._kept = b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._kept and len(self._kept) < limit:
            data = self._session.listen()
            if not data:
                break
            self._kept += data
        end = self._kept.find(b"\n") + 1 or len(self._kept)
        line, self._kept = self._kept[: min(end, limit)], self._kept[min(end, limit) :]
        return line

    def close(self) -> None:
        self._kept = b""


def _connected(account: MailAccount, wait_s: float) -> socket.socket:
    """A connection to the first address of the server that takes one.

    :raises OSError: where none does; in time.
    """
    last: OSError = OSError("no address")
    for family, kind, protocol, _name, where in _addresses(account.host, account.port, wait_s)[
        :_MOST_ADDRESSES
    ]:
        if account.security == "plain" and not is_here(str(where[0])):
            continue
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(wait_s)
            made.connect(where)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


def _addresses(host: str, port: int, wait_s: float) -> list[tuple[int, int, int, str, tuple[str | int, ...]]]:
    """The system's resolver knows no time limit: it is asked in a thread that may be left hanging."""
    found: list[list[tuple[int, int, int, str, tuple[str | int, ...]]]] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.append([*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])  # type: ignore[list-item]
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))

    asking = threading.Thread(target=ask, name="mail server's name", daemon=True)
    asking.start()
    asking.join(wait_s)
    if found:
        return found[0]
    raise failed[0] if failed else _Silent("the name is not resolved in time")


def _refused(no: _No) -> Outcome:
    """What the server's no means: for now, or for good.

    A no before the login may be meant for the network that this machine is on at present: another may do.
    """
    codes = {
        "no-starttls": "mail_no_starttls",
        "no-login": "mail_no_login",
        "no-smtputf8": "mail_no_smtputf8",
        "no-8bitmime": "mail_no_8bitmime",
        "login": "mail_login_refused",
        "recipient": "mail_recipient_refused",
    }
    problem = Remark.of(codes.get(no.step, "mail_server_refused"), answer=no.text)
    if no.code // 100 == 5 and no.step not in ("greeting", "no-starttls"):
        return Refused(problem)
    return TryAgain(problem, unreachable=False)


def _stuffed(content: bytes) -> bytes:
    """With a full stop more where a line begins with one (RFC 5321, 4.5.2). Ends with a line break already."""
    doubled = content.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _message_id(filing: Filing) -> str:
    return dict(seen(filing.envelope.content).headers).get("Message-ID", "")


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _cleaned(code: int, answer: bytes) -> str:
    """A server's answer, fit for people: one line of at most 300 characters."""
    text = clean(answer.decode("utf-8", "replace"))[:300]
    return f"{code} {text}".strip() if code > 0 else text


def _why(error: BaseException) -> str:
    """The system's own words for it; never what was sent."""
    if isinstance(error, OSError) and error.strerror:
        return clean(error.strerror)[:200]
    if isinstance(error, TimeoutError):
        return "timed out"
    return clean(str(error))[:200] if isinstance(error, OSError) else type(error).__name__
