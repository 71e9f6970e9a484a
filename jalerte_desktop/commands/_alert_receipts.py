"""``alert receipts``: the proofs that something was sent or has arrived; show one, note one."""

from __future__ import annotations

import argparse
from pathlib import Path

from diagnostics.model import BadInput
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.commands._alert_filings import case_file
from jalerte_desktop.commands.arguments import add_json, output_file, parse_time
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import channels, outbox
from jalerte_desktop.filing.outbox_model import Filing, Receipt
from jalerte_desktop.words import figures
from jalerte_desktop.words.errors_filing import say_remark
from jalerte_desktop.words.figures import iso, local
from jalerte_desktop.words.filings import RECEIPTS
from jalerte_desktop.words.language import _


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action and what it can do."""
    receipts = actions.add_parser("receipts", help=_("the proofs of what was sent; show or note one"))
    add_json(receipts)
    doing = receipts.add_subparsers(dest="doing", metavar="ACTION")
    show = doing.add_parser("show", help=_("one receipt, whole"))
    show.add_argument("receipt", metavar="ID", help=_("the receipt, by its id"))
    show.add_argument("--out", metavar="F", help=_("write what was kept of it to this file"))
    show.add_argument("--force", action="store_true", help=_("replace the file if it exists"))
    add = doing.add_parser("add", help=_("note a proof: a tracking number, a form’s reference"))
    add.add_argument("filing", metavar="FILING", help=_("the filing, by its id or the beginning of it"))
    add.add_argument("--reference", default="", metavar="R", help=_("the number or reference"))
    add.add_argument("--at", metavar="T", help=_("when; now by default"))
    add.add_argument("--text", default="", metavar="T", help=_("what else it says"))
    for one in (show, add):
        one.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=_("print one JSON document")
        )


def run(arguments: argparse.Namespace, context: Context) -> int:
    """List, show or add. Exit 0; problems are raised."""
    if arguments.doing == "add":
        return _add(arguments, context)
    with case_file(context) as file:
        receipts = outbox.receipts(file)
        wanted = clean(getattr(arguments, "receipt", "")).lower()
        if arguments.doing == "show":
            receipts = tuple(one for one in receipts if wanted and one.id.startswith(wanted))
            if len(receipts) != 1:
                raise BadInput("receipt_unknown", value=wanted[:60])
        told = [(one, outbox.filing(file, one.filing_id)) for one in receipts]
    if arguments.doing == "show":
        return _show(*told[0], arguments, context)
    if context.json:
        context.print_json({"receipts": [_receipt_json(one, filing) for one, filing in told]})
        return 0
    for one, filing in told:
        context.say(_receipt_line(one, filing))
    if not told:
        context.say(_("There is no receipt yet."))
    return 0


def _show(receipt: Receipt, filing: Filing, arguments: argparse.Namespace, context: Context) -> int:
    if arguments.out:
        path = Path(arguments.out)
        with output_file(path, force=arguments.force) as draft:
            draft.write_bytes(receipt.text.encode() if receipt.content is None else receipt.content)
    if context.json:
        context.print_json({"receipt": _receipt_json(receipt, filing)})
        return 0
    context.say(_receipt_line(receipt, filing))
    if receipt.text:
        context.say(receipt.text)
    if arguments.out:
        from jalerte_desktop.commands._papers import printable

        context.say(_("Written: {path}").format(path=clean(printable(Path(arguments.out)))))
    elif receipt.content is not None:
        size = figures.number(len(receipt.content))
        words = _("{bytes} bytes of {media_type} were kept: --out F writes them.")
        context.say(words.format(bytes=size, media_type=receipt.media_type))
    return 0


def _add(arguments: argparse.Namespace, context: Context) -> int:
    at_ns = context.now_ns if arguments.at is None else parse_time(arguments.at, context.now_ns)
    doubt = None
    with case_file(context) as file:
        filing = outbox.filing(file, arguments.filing)
        reference, kind = arguments.reference, "person"
        if filing.envelope.channel == "registered" and reference:
            from jalerte_desktop.filing.registered import clean_tracking

            tracking = clean_tracking(reference)
            reference, kind, doubt = tracking.number, "tracking", tracking.doubt
        added = outbox.add_receipt(file, Receipt(filing.id, at_ns, kind, reference, arguments.text))
        filing = outbox.filing(file, filing.id)
    if context.json:
        found = _receipt_json(added, filing)
        context.print_json({"receipt": found, "doubt": say_remark(doubt) if doubt else None})
        return 0
    context.say(_receipt_line(added, filing))
    if doubt:
        context.say("! " + say_remark(doubt))
    return 0


def _receipt_json(receipt: Receipt, filing: Filing) -> dict[str, object]:
    return {
        "id": receipt.id,
        "filing": receipt.filing_id,
        "channel": filing.envelope.channel,
        "destination": filing.envelope.destination,
        "at": iso(receipt.at_ns),
        "kind": receipt.kind,
        "reference": receipt.reference,
        "text": receipt.text,
        "media_type": receipt.media_type or None,
        "bytes": None if receipt.content is None else len(receipt.content),
    }


def _receipt_line(receipt: Receipt, filing: Filing) -> str:
    moment = local(receipt.at_ns)
    when = f"{figures.short_date(moment)} {figures.clock_time(moment)}"
    name = channels.channel(filing.envelope.channel).words
    parts = (when, name, filing.envelope.destination, _(RECEIPTS[receipt.kind].line), receipt.reference)
    return f"{receipt.id}  " + " · ".join(part for part in parts if part)
