"""``jalerte alert``: the draft, the preview, the assisted form, what is sent by machine, and the receipts."""

from __future__ import annotations

import argparse
from types import ModuleType

from jalerte_desktop.commands import (
    _alert_advice,
    _alert_mail,
    _alert_open,
    _alert_preview,
    _alert_queue,
    _alert_receipts,
    _alert_routes,
    _alert_send,
    _alert_share,
)
from jalerte_desktop.commands.context import Context

_ACTIONS: dict[str, ModuleType] = {
    "open": _alert_open,
    "routes": _alert_routes,
    "advice": _alert_advice,
    "share": _alert_share,
    "send": _alert_send,
    "queue": _alert_queue,
    "receipts": _alert_receipts,
    "mail": _alert_mail,
}
"""The actions that have a module of their own; the others are the draft's."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _alert_preview.configure(actions)
    for module in _ACTIONS.values():
        module.configure(actions)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the action asks for; exit codes and problems as its module says."""
    return int(_ACTIONS.get(arguments.action, _alert_preview).run(arguments, context))
