"""The person's own mail server: its facts in the case file, its password in the system's keyring and nowhere else."""

from __future__ import annotations

import ipaddress
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from diagnostics.model import BadInput, MachineCannot
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.filing.mail import address

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SECURITIES = ("starttls", "tls", "plain")
"""How the connection is protected; ``plain`` only to this machine itself (a mail program or relay that runs here)."""
SERVICE = "jalerte"
_LONGEST_USER, _LONGEST_PASSWORD = 320, 1000
_KEYRING_WAIT_S = 120.0
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class MailAccount:
    """Whereby mail is sent. ``user`` is "" where the server asks for no login."""

    host: str
    port: int
    security: str
    user: str
    sender: str

    @property
    def key(self) -> str:
        """Under which the keyring keeps the password."""
        return f"{self.user}@{self.host}:{self.port}"


def checked(host: str, port: int, security: str, user: str, sender: str) -> MailAccount:
    """An account as it is kept.

    :raises BadInput: ``mail_…`` for what does not fit.
    """
    plain_host = _host(host)
    if not 0 < port < 65536:
        raise BadInput("mail_port", value=port)
    if security not in SECURITIES:
        raise BadInput("mail_security", value=clean(security)[:40], known=" ".join(SECURITIES))
    if security == "plain" and not is_here(plain_host):
        raise BadInput("mail_plain", host=plain_host)
    if clean(user) != user.strip() or len(user) > _LONGEST_USER:
        raise BadInput("mail_user", value=clean(user)[:80])
    return MailAccount(plain_host, port, security, user.strip(), address(sender))


def is_here(host: str) -> bool:
    """Whether that name or address is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def account(file: CaseFile) -> MailAccount | None:
    """The account that is set up, or None."""
    with file.reading() as db:
        row = db.execute("SELECT host, port, security, user, sender FROM mail_account").fetchone()
    return None if row is None else MailAccount(*row)


def keep(file: CaseFile, chosen: MailAccount) -> None:
    """Set up this account in place of any other."""
    with file.writing() as db:
        db.execute(
            "INSERT OR REPLACE INTO mail_account (one, host, port, security, user, sender)"
            " VALUES (1, ?, ?, ?, ?, ?)",
            (chosen.host, chosen.port, chosen.security, chosen.user, chosen.sender),
        )


def forget(file: CaseFile) -> None:
    """Take the account out of the case file; its password is ``forget_password``'s."""
    with file.writing() as db:
        db.execute("DELETE FROM mail_account")


def keep_password(chosen: MailAccount, password: str) -> None:
    """Put the password into the system's keyring.

    :raises BadInput: ``mail_password`` for an empty or endless one.
    :raises MachineCannot: ``no_keyring`` where there is none, or it does not keep it.
    """
    odd = any(c in "\r\n\0" or "\ud800" <= c <= "\udfff" for c in password)
    if not password or len(password) > _LONGEST_PASSWORD or odd:
        raise BadInput("mail_password")
    backend = _keyring()

    def put() -> bool:
        backend.set_password(SERVICE, chosen.key, password)
        return backend.get_password(SERVICE, chosen.key) == password

    if not _asked(put):
        raise MachineCannot("no_keyring")


def password_of(chosen: MailAccount) -> str | None:
    """The password from the keyring; None where it keeps none.

    :raises MachineCannot: ``no_keyring``.
    """
    backend = _keyring()
    return _asked(lambda: backend.get_password(SERVICE, chosen.key))


def forget_password(chosen: MailAccount) -> None:
    """Take the password out of the keyring, where it is there.

    :raises MachineCannot: ``no_keyring``.
    """
    backend = _keyring()

    def drop() -> None:
        if backend.get_password(SERVICE, chosen.key) is not None:
            backend.delete_password(SERVICE, chosen.key)

    _asked(drop)


def _host(typed: str) -> str:
    """A server's name in its ASCII form, or its address."""
    text = typed.strip().strip("[]")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        plain = text.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        plain = ""
    if len(plain) > 253 or not _HOST.fullmatch(plain):
        raise BadInput("mail_host", value=clean(typed)[:80])
    return plain


def _keyring() -> KeyringBackend:
    """The system's keyring; one that keeps nothing, or keeps it in a plain file, is none."""
    import keyring
    from keyring.backends import chainer, fail, null

    found = _asked(keyring.get_keyring)
    parts = found.backends if isinstance(found, chainer.ChainerBackend) else [found]
    if (
        isinstance(found, (fail.Keyring, null.Keyring))
        or not parts
        or any(_is_plain_file(one) for one in parts)
    ):
        raise MachineCannot("no_keyring")
    return found


def _is_plain_file(backend: KeyringBackend) -> bool:
    return type(backend).__module__.startswith("keyrings.alt")


def _asked(question: Callable[[], _T]) -> _T:
    """The keyring's answer. It may ask the person to unlock it, so it may take long, but not for ever.

    :raises MachineCannot: ``no_keyring`` when it gives none.
    """
    answers: list[_T] = []

    def ask() -> None:
        try:
            answers.append(question())
        except Exception:
            # Whatever a keyring's own library raises, it may quote what it was given: none of it goes further.
            return

    asking = threading.Thread(target=ask, name="keyring", daemon=True)
    asking.start()
    asking.join(_KEYRING_WAIT_S)
    if not answers:
        raise MachineCannot("no_keyring")
    return answers[0]
