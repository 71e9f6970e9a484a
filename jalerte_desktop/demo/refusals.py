"""What the demonstration does not do: measure, record, contact anybody, send anything."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from diagnostics.model import BadInput


def _always(_arguments: argparse.Namespace) -> bool:
    return True


def _action(*names: str) -> Callable[[argparse.Namespace], bool]:
    return lambda arguments: getattr(arguments, "action", None) in names


def _shows_speeds(arguments: argparse.Namespace) -> bool:
    return bool(arguments.results or arguments.compare or arguments.terms)


def _stays_here(arguments: argparse.Namespace) -> bool:
    if getattr(arguments, "action", None) == "queue":
        return getattr(arguments, "doing", None) != "run"
    return _action("new", "edit", "preview", "routes", "advice", "share", "receipts")(arguments)


_POSSIBLE: dict[str, Callable[[argparse.Namespace], bool]] = {
    "status": _always,
    "incidents": _always,
    "timeline": _always,
    "exclude": _always,
    "line": _always,
    "contract": _always,
    "case": _always,
    "diary": _always,
    "letter": _always,
    "report": _always,
    "bundle": _always,
    "verify": _always,
    "journal": _always,
    "attach": _always,
    "steps": _always,
    "knowledge": _always,
    "speed": _shows_speeds,
    "campaign": _action("list", "status", "result"),
    "alert": _stays_here,
    "stamp": _action("show"),
}
"""Whatever is not named here is refused: a command that is new has to be thought of first."""


def refuse(arguments: argparse.Namespace) -> None:
    """Raise BadInput for a command that does not stay within the demonstration."""
    possible = _POSSIBLE.get(arguments.command)
    if possible is None or not possible(arguments):
        action = getattr(arguments, "action", None)
        words = f"{arguments.command} {action}" if isinstance(action, str) else arguments.command
        raise BadInput("not_in_demo", command=words)
