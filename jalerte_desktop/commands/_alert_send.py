"""``alert send``: the preview of every byte that would leave, the person's yes to it, and the first try."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostics.model import BadInput, Remark
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.diary import OPERATOR_STEPS
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.commands._alert_filings import (
    case_file,
    deliver_now,
    filing_json,
    filing_line,
    findings_now,
    withdrawn_of,
    without_account,
)
from jalerte_desktop.commands._alert_shown import print_shown, shown_json
from jalerte_desktop.commands.arguments import add_json, output_file
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import channels, outbox
from jalerte_desktop.filing.outbox_model import Envelope, Filing, FilingState
from jalerte_desktop.words.language import _

_OF_POSTAL_ADDRESSES = ("doubt_operators_address", "doubt_operators_address_unnamed", "doubt_no_address")


@dataclass(frozen=True, slots=True)
class _Ready:
    """What was composed for a channel, and what to know before it leaves."""

    envelope: Envelope
    alert_id: str
    paper_id: str | None
    remarks: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    send = actions.add_parser("send", help=_("show what would leave, and send it after your yes"))
    send.add_argument("filing", nargs="?", metavar="FILING", help=_("one that was shown before, by its id"))
    names = ", ".join(channels.CHANNELS)
    send.add_argument("--via", choices=tuple(channels.CHANNELS), metavar="CHANNEL", help=names)
    send.add_argument(
        "--to", action="append", metavar="ADDRESS", help=_("e-mail: to whom, one or more times")
    )
    send.add_argument(
        "--for",
        dest="purpose",
        choices=("operator", "ombudsman"),
        default="operator",
        help=_("e-mail: whom the text speaks to"),
    )
    send.add_argument("--subject", default="", metavar="S", help=_("e-mail: your own subject"))
    send.add_argument(
        "--eml", metavar="F", help=_("e-mail: write a draft for your mail program, send nothing")
    )
    send.add_argument("--url", metavar="URL", help=_("alert desk: its address"))
    send.add_argument(
        "--anonymous", action="store_true", help=_("alert desk: without your name, e-mail and telephone")
    )
    for name, words in (
        ("processing", _("alert desk: it may process the alert (your own answer)")),
        ("third-parties", _("alert desk: it may pass the alert on (your own answer)")),
    ):
        send.add_argument(f"--consent-{name}", choices=("yes", "no"), help=words)
    send.add_argument("--out", metavar="F", help=_("registered letter: write the PDF here"))
    send.add_argument("--force", action="store_true", help=_("replace the file if it exists"))
    send.add_argument("--prepare", action="store_true", help=_("only show it, and keep it for a later yes"))
    send.add_argument("--yes", metavar="SHA256", help=_("your yes to what was shown, by its SHA-256"))
    send.add_argument("--raw", action="store_true", help=_("print every byte as it leaves, too"))
    add_json(send)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Exit 0 when it was sent, waits for a line, is kept or handed over; 1 when it was refused or nobody can be sure.

    :raises BadInput: what does not fit, and a yes that is missing or names something else: nothing was sent.
    """
    _only_fitting(arguments)
    if arguments.filing:
        return _earlier(arguments, context)
    if arguments.via is None:
        raise BadInput("send_nothing", known=" ".join(channels.CHANNELS))
    channel = channels.channel(arguments.via)
    if arguments.via == "registered":
        return _registered(arguments, context)
    if not channel.by_machine:
        raise BadInput("send_by_form", channel=channel.words)
    if arguments.via == "email" and arguments.eml is not None:
        return _draft(arguments, context)
    with case_file(context) as file:
        if arguments.yes:
            return _agreed(_shown_before(file, arguments), arguments, context)
        ready = _composed(file, arguments, context)
        filing = outbox.prepare(file, ready.envelope, ready.alert_id, ready.paper_id)
    return _ask(filing, ready, arguments, context)


def _only_fitting(arguments: argparse.Namespace) -> None:
    """An option that would be passed over is refused: the person may think that it holds.

    :raises BadInput: ``send_option``.
    """
    mail = ("to", "subject", "eml")
    desk = ("url", "anonymous", "consent_processing", "consent_third_parties")
    allowed: dict[str | None, tuple[str, ...]] = {"email": mail, "desk": desk, "registered": ("out",)}
    fitting = () if arguments.filing else allowed.get(arguments.via, (*mail, *desk, "out"))
    given = [name for name in (*mail, *desk, "out") if getattr(arguments, name) not in (None, "", False)]
    wrong = [name for name in given if name not in fitting]
    if arguments.filing and arguments.via is not None:
        wrong.append("via")
    if arguments.yes is not None:
        # The yes is to what was shown, answers included: nothing is composed or written besides.
        wrong += [name for name in ("prepare", "subject", "eml", "out") if getattr(arguments, name)]
    if wrong:
        options = ", ".join(dict.fromkeys("--" + name.replace("_", "-") for name in wrong))
        raise BadInput("send_option", options=options)


def _earlier(arguments: argparse.Namespace, context: Context) -> int:
    with case_file(context) as file:
        filing = outbox.filing(file, arguments.filing)
        why = withdrawn_of(file, [filing], context).get(filing.id)
    if arguments.yes:
        return _agreed(filing, arguments, context)
    ready = _Ready(filing.envelope, filing.alert_id, filing.paper_id, () if why is None else (why,))
    if filing.state is not FilingState.PREPARED:
        _show(filing, ready, arguments, context)
        return 0
    return _ask(filing, ready, arguments, context)


def _ask(filing: Filing, ready: _Ready, arguments: argparse.Namespace, context: Context) -> int:
    """Show it; then the yes, of whoever sits at the terminal."""
    _show(filing, ready, arguments, context)
    if arguments.prepare:
        return 0
    if context.json or not sys.stdin.isatty():
        raise BadInput("send_needs_yes", id=outbox.short(filing.id), sha256=filing.envelope.sha256)
    from jalerte_desktop.commands._ask import says_yes

    if not says_yes(_("Send exactly this? [y/N] "), context.out):
        context.say(_("Nothing was sent. It is kept as {id}.").format(id=outbox.short(filing.id)))
        return 0
    arguments.yes = filing.envelope.sha256
    return _agreed(filing, arguments, context)


def _agreed(filing: Filing, arguments: argparse.Namespace, context: Context) -> int:
    findings = findings_now(context)
    with case_file(context) as file:
        agreed = outbox.agree(file, filing.id, arguments.yes, findings)
    found = deliver_now(context, agreed.id, findings)
    with case_file(context) as file:
        stuck = without_account(file) if found.envelope.channel == "email" else ""
    if context.json:
        context.print_json({"filing": filing_json(found)})
    else:
        context.say(filing_line(found))
        if found.state is FilingState.WAITING:
            context.say(stuck or _("It waits in the queue: “jalerte alert queue run” tries again."))
    return 0 if found.state in (FilingState.SENT, FilingState.WAITING, FilingState.SENDING) else 1


def _shown_before(file: CaseFile, arguments: argparse.Namespace) -> Filing:
    """A yes names what was shown: it is found by its digest, never composed anew."""
    for filing in outbox.filings(file):
        envelope = filing.envelope
        if (
            filing.state is FilingState.PREPARED
            and envelope.channel == arguments.via
            and envelope.sha256 == clean(arguments.yes).lower()
            and _as_asked(envelope, arguments)
        ):
            return filing
    raise BadInput("send_digest_unknown")


def _as_asked(envelope: Envelope, arguments: argparse.Namespace) -> bool:
    if arguments.via == "email" and arguments.to:
        from jalerte_desktop.filing.mail import address

        return envelope.destination.split(", ") == list(dict.fromkeys(map(address, arguments.to)))
    if arguments.via == "desk" and arguments.url:
        from jalerte_desktop.filing.desk import endpoint

        if envelope.destination != endpoint(arguments.url):
            return False
    if arguments.via == "desk":
        # Another answer than the one that was shown is no yes to what was shown.
        consents = json.loads(envelope.content).get("consents", {})
        answers = {
            "processing": arguments.consent_processing,
            "third_parties": arguments.consent_third_parties,
        }
        return all(said is None or consents.get(name) is (said == "yes") for name, said in answers.items())
    return True


def _composed(file: CaseFile, arguments: argparse.Namespace, context: Context) -> _Ready:
    if arguments.via == "desk":
        return _for_desk(file, arguments, context)
    from jalerte_desktop.filing.mail_account import account

    mail = account(file)
    if mail is None:
        raise BadInput("mail_no_account")
    return _for_mail(file, arguments, context, mail.sender)


def _for_mail(file: CaseFile, arguments: argparse.Namespace, context: Context, sender: str) -> _Ready:
    from jalerte_desktop.commands._alert_compose import composed, freeze
    from jalerte_desktop.filing.mail import compose

    advice, known = _advice(file, arguments, context)
    to = tuple(arguments.to or ())
    if not to and known:
        to = (known,)
    found = composed(file, arguments, context)
    envelope = compose(
        found.alert,
        to=to,
        sender=sender or found.alert.contact.email,
        made_ns=context.now_ns,
        unique=secrets.token_hex(16),
        subject=arguments.subject,
        purpose=arguments.purpose,
    )
    step = "customer-service" if arguments.purpose == "operator" else "ombudsman"
    envelope = replace(envelope, facts={**envelope.facts, "step": step})
    paper_id, _paper = freeze(file, found, context)
    return _Ready(envelope, found.alert.id, paper_id, advice, found.preview.warnings)


def _advice(
    file: CaseFile, arguments: argparse.Namespace, context: Context
) -> tuple[tuple[Remark, ...], str]:
    """What is known of the way by e-mail for this problem, and the ombudsman's address where dated data has one."""
    from jalerte_desktop.filing.routing import routes
    from jalerte_desktop.words.figures import local

    case = file.active()
    if case is None:
        return (), ""
    known = routes(
        case.problem,
        case.country,
        case.get("person.profile") or "",
        local(context.now_ns).date(),
        case.get("line.technology") or "",
        case.operator or "",
    )
    for route in known:
        if "email" in route.by and (route.channel in OPERATOR_STEPS) == (arguments.purpose == "operator"):
            told = [route.why, *([route.before] if route.before else []), *route.notes]
            told += [one for one in route.doubts if one.code not in _OF_POSTAL_ADDRESSES]
            return tuple(told), route.email if route.takes and arguments.purpose == "ombudsman" else ""
    return (), ""


def _for_desk(file: CaseFile, arguments: argparse.Namespace, context: Context) -> _Ready:
    from diagnostics.machine_key import load_or_make
    from jalerte_desktop.commands._alert_compose import composed, freeze
    from jalerte_desktop.filing.desk import anonymous, compose
    from jalerte_desktop.filing.model import Consents

    if not arguments.url:
        raise BadInput("send_no_url")
    answers = {"yes": True, "no": False}
    consents = Consents(
        answers.get(arguments.consent_processing), answers.get(arguments.consent_third_parties)
    )
    if consents.processing is None or consents.third_parties is None:
        raise BadInput("send_no_consent")
    found = composed(file, arguments, context, letter=False)
    alert = anonymous(found.alert) if arguments.anonymous else found.alert
    key = load_or_make(context.home.keys)
    envelope = compose(alert, consents, arguments.url, key, context.now_ns)
    paper_id, _paper = freeze(file, found, context)
    remark = Remark.of("desk_anonymous" if arguments.anonymous else "desk_named")
    return _Ready(envelope, found.alert.id, paper_id, (remark,), found.preview.warnings)


def _draft(arguments: argparse.Namespace, context: Context) -> int:
    """The message as a file for the person's own mail program."""
    from jalerte_desktop.filing.mail import as_draft
    from jalerte_desktop.filing.mail_account import account

    with case_file(context) as file:
        mail = account(file)
        ready = _for_mail(file, arguments, context, mail.sender if mail else "")
        envelope = as_draft(ready.envelope)
        _write(Path(arguments.eml), envelope.content, arguments.force)
        filing = outbox.keep_handed(file, envelope, ready.alert_id, ready.paper_id)
    return _handed(filing, ready, arguments.eml, arguments, context)


def _registered(arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.commands._alert_compose import composed
    from jalerte_desktop.commands._papers import frozen_letter
    from jalerte_desktop.filing.registered import registered_letter

    if not arguments.out:
        raise BadInput("send_no_out")
    with case_file(context) as file:
        found = composed(file, arguments, context)
        letter = registered_letter(found.case, found.alert.account, file.papers(), context.now_ns)
        out, content, paper_id = Path(arguments.out), letter.envelope.content, letter.paper_id
        _write(out, content, arguments.force)
        if letter.letter is not None:
            account = found.alert.account
            paper_id = file.freeze(frozen_letter(letter.letter, context.now_ns, account, out, content))
        filing = outbox.keep_handed(file, letter.envelope, found.alert.id, paper_id)
    ready = _Ready(letter.envelope, found.alert.id, paper_id, letter.steps, found.preview.warnings)
    return _handed(filing, ready, arguments.out, arguments, context)


def _handed(filing: Filing, ready: _Ready, path: str, arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.commands._papers import printable

    _show(filing, ready, arguments, context, printable(Path(path).absolute()))
    if not context.json:
        words = _("Written: {path}. Nothing was sent: you send it yourself.")
        context.say("\n" + words.format(path=clean(printable(Path(path)))))
        context.say(
            _("Afterwards: jalerte alert receipts add {id} --reference …").format(id=outbox.short(filing.id))
        )
    return 0


def _write(path: Path, content: bytes, force: bool) -> None:
    with output_file(path, force=force) as draft:
        draft.write_bytes(content)


def _show(
    filing: Filing, ready: _Ready, arguments: argparse.Namespace, context: Context, path: str | None = None
) -> None:
    if context.json:
        document = {"filing": filing_json(filing), "file": path}
        context.print_json({**document, "shown": shown_json(filing, ready.remarks, ready.warnings)})
    else:
        print_shown(filing, ready.remarks, ready.warnings, arguments.raw, context)
