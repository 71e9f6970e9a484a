"""``jalerte contract show|set``: what the operator promised; a friendly front for the case's ``contract.*`` fields."""

from __future__ import annotations

import argparse

from diagnostics.model import BadInput
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.fields import FIELDS, TECHNOLOGIES
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.case import shown_value, typed_value
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _

_OPTIONS = {
    "operator": "contract.operator",
    "offer": "contract.offer",
    "customer-number": "contract.customer_number",
    "technology": "line.technology",
    "line-number": "line.number",
    "download-max": "contract.download_max_bps",
    "download-normal": "contract.download_normal_bps",
    "download-min": "contract.download_min_bps",
    "upload-max": "contract.upload_max_bps",
    "upload-normal": "contract.upload_normal_bps",
    "upload-min": "contract.upload_min_bps",
    "price": "contract.monthly_price_eur",
    "started": "contract.started_on",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_json(actions.add_parser("show", help=_("show the contract")))
    change = actions.add_parser("set", help=_("set parts of the contract; an empty value takes one away"))
    add_json(change)
    for option, key in _OPTIONS.items():
        hint = {"technology": ", ".join(TECHNOLOGIES), "price": _("euros a month"), "started": _("date")}.get(
            option
        )
        hint = _("such as 1 Gbit/s, or bits a second") if key.endswith("_bps") else hint
        change.add_argument(
            f"--{option}", metavar="V", help=_(FIELDS[key].label) + (f" ({hint})" if hint else "")
        )


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Show or change the contract. Exit 0; problems are raised."""
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case = file.show()
        if arguments.action == "set":
            given = {key: getattr(arguments, option.replace("-", "_")) for option, key in _OPTIONS.items()}
            values = {key: value for key, value in given.items() if value is not None}
            if not values:
                raise BadInput("contract_nothing")
            case = file.set_all(values)
    if context.json:
        names = {"line.number": "line_number"}
        context.print_json(
            {names.get(key, key.partition(".")[2]): typed_value(key, case) for key in _OPTIONS.values()}
        )
    else:
        _print_contract(case, context)
    return 0


def _print_contract(case: Case, context: Context) -> None:
    labels = {key: _(FIELDS[key].label) for key in _OPTIONS.values()}
    width = max(map(len, labels.values()))
    for key, label in labels.items():
        context.say(f"{label:<{width}}  {shown_value(key, case)}")
