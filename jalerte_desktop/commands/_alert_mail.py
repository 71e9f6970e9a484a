"""``alert mail``: the person's own mail server, for alerts that leave by e-mail. The password goes into the keyring."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from diagnostics.model import BadInput, MachineCannot
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.commands._alert_filings import case_file
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from jalerte_desktop.filing.mail_account import MailAccount

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_LONGEST_LINE = 4096


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action and what it can do."""
    mail = actions.add_parser("mail", help=_("your own mail server: set, show, forget"))
    doing = mail.add_subparsers(dest="doing", required=True, metavar="ACTION")
    chosen = doing.add_parser("set", help=_("send e-mail by this server"))
    chosen.add_argument("--host", required=True, metavar="NAME", help=_("the server for sending (SMTP)"))
    chosen.add_argument("--port", type=int, metavar="N", help=_("its port: 587, or 465 with tls"))
    chosen.add_argument(
        "--security", choices=tuple(_PORTS), default="starttls", help=_("how it is encrypted")
    )
    chosen.add_argument("--user", default="", metavar="U", help=_("the login, where one is asked for"))
    chosen.add_argument("--sender", required=True, metavar="ADDRESS", help=_("your own address"))
    chosen.add_argument(
        "--password-stdin", action="store_true", help=_("read the password from standard input")
    )
    for one in (
        chosen,
        doing.add_parser("show", help=_("what is set up")),
        doing.add_parser("forget", help=_("take it out")),
    ):
        add_json(one)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Set, show or forget. Exit 0; problems are raised, ``no_keyring`` where the system has none."""
    from jalerte_desktop.filing import mail_account

    with case_file(context) as file:
        if arguments.doing == "set":
            return _set(file, arguments, context)
        found = mail_account.account(file)
        if arguments.doing == "forget":
            if found is None:
                raise BadInput("mail_no_account")
            if found.user:
                mail_account.forget_password(found)
            mail_account.forget(file)
            found = None
    return _show(found, context)


def _set(file: CaseFile, arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.filing import mail_account

    port = _PORTS[arguments.security] if arguments.port is None else arguments.port
    chosen = mail_account.checked(arguments.host, port, arguments.security, arguments.user, arguments.sender)
    before = mail_account.account(file)
    if chosen.user:
        password = _password(arguments, context)
        if password is not None:
            mail_account.keep_password(chosen, password)
        elif mail_account.password_of(chosen) is None:
            raise BadInput("mail_password")
    if before is not None and before.user and before.key != chosen.key:
        mail_account.forget_password(before)
    mail_account.keep(file, chosen)
    return _show(chosen, context)


def _password(arguments: argparse.Namespace, context: Context) -> str | None:
    """From standard input, or typed unseen at the terminal; None where nobody gives one."""
    if arguments.password_stdin:
        try:
            return sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
        except UnicodeDecodeError:
            raise BadInput("mail_password") from None
    if context.json or not sys.stdin.isatty():
        return None
    from getpass import getpass

    return getpass(_("Password: ")) or None


def _show(found: MailAccount | None, context: Context) -> int:
    kept = None if found is None else _password_kept(found)
    if context.json:
        account = None
        if found is not None:
            account = {
                "host": found.host,
                "port": found.port,
                "security": found.security,
                "user": found.user or None,
                "sender": found.sender,
                "password_kept": kept,
            }
        context.print_json({"account": account})
        return 0
    if found is None:
        context.say(_("No mail server is set up: “jalerte alert mail set”."))
        return 0
    context.say(f"{found.sender} · {found.host}:{found.port} ({found.security})")
    if found.user:
        words = _("Login {user}; the password is in the system’s keyring.")
        if not kept:
            words = _("Login {user}; the system’s keyring gives no password.")
        context.say(words.format(user=found.user))
    return 0


def _password_kept(found: MailAccount) -> bool | None:
    """None where no login is needed."""
    from jalerte_desktop.filing import mail_account

    if not found.user:
        return None
    try:
        return mail_account.password_of(found) is not None
    except MachineCannot:
        return False
