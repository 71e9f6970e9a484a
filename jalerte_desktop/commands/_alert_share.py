"""``alert share``: a text and a picture of what was measured, nothing personal in them. Nothing is posted."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from diagnostics.model import BadInput
from jalerte_desktop.commands.arguments import add_json, add_period, output_file, usable_output
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import LANGUAGES, _, current

if TYPE_CHECKING:
    from jalerte_desktop.filing.share import Share

_KINDS: dict[str, Literal["png", "svg"]] = {".png": "png", ".svg": "svg"}


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    share = actions.add_parser("share", help=_("a text and a picture to share, without anything personal"))
    share.add_argument("--out", metavar="F", help=_("the picture to write: .png or .svg"))
    share.add_argument("--force", action="store_true", help=_("replace an existing file"))
    share.add_argument(
        "--text", action="store_true", help=_("print the text as well when a picture is written")
    )
    share.add_argument("--language", choices=LANGUAGES, help=_("the language of text and picture"))
    add_period(share)
    add_json(share)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Print the texts, write the picture where one is asked for. Exit 0; after a problem nothing is written."""
    from jalerte_desktop.casefile.case_file import open_case_file
    from jalerte_desktop.commands._alert_compose import composed
    from jalerte_desktop.commands._papers import print_warnings, warnings_json
    from jalerte_desktop.filing.share import picture, share

    out = Path(arguments.out).absolute() if arguments.out is not None else None
    if out is not None and out.suffix.lower() not in _KINDS:
        raise BadInput("share_format", value=arguments.out)
    if out is not None:
        usable_output(out, force=arguments.force)
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        found = composed(file, arguments, context)
    made = share(found.case, found.preview.account, arguments.language or current())
    if context.demo:
        made = _made_up(made)
    written: dict[str, object] | None = None
    if out is not None:
        content = picture(made.card, _KINDS[out.suffix.lower()])
        with output_file(out, force=arguments.force) as draft:
            draft.write_bytes(content)
        path = str(out).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        written = {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    warnings = tuple(one for one in found.preview.warnings if one.code in _WARN)
    if context.json:
        context.print_json(
            {
                "language": made.card.language,
                "short": made.short,
                "text": made.text,
                "picture": written,
                "warnings": warnings_json(warnings),
            }
        )
        return 0
    if written is None or arguments.text:
        context.say(made.short + "\n\n" + made.text)
    if written is not None:
        context.say(_("{path}: look at it before you share it.").format(path=written["path"]))
    print_warnings(warnings, context)
    return 0


def _made_up(made: Share) -> Share:
    from jalerte_desktop.documents.made_up import MADE_UP

    mark = MADE_UP[made.card.language]
    return replace(
        made,
        short=f"{mark}. {made.short}",
        text=f"{mark}.\n{made.text}",
        card=replace(made.card, where=f"{mark} · {made.card.where}"),
    )


_WARN = ("alert_line_unconfirmed", "alert_little_observed")
"""What of the alert's warnings concerns a share."""
