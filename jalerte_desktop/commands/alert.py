"""``jalerte alert``: the draft, the preview, the assisted form, what is sent by machine, and the receipts."""

from __future__ import annotations

import argparse

from jalerte_desktop.commands import _alert_preview
from jalerte_desktop.commands.context import Context


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _alert_preview.configure(actions)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the action asks for; exit codes and problems as its module says."""
    return _alert_preview.run(arguments, context)
