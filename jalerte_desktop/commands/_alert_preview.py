"""``alert new|edit|preview``: the draft, and every field of the form with its value. Nothing is sent."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from diagnostics.model import BadInput
from jalerte_desktop.casefile.case_file import CaseFile, open_case_file
from jalerte_desktop.commands._alert_compose import composed, freeze
from jalerte_desktop.commands._papers import print_warnings, used_json, warnings_json
from jalerte_desktop.commands.arguments import add_json, add_period, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import drafts
from jalerte_desktop.filing.alert import INDEPENDENT, AlertPreview, Field
from jalerte_desktop.filing.description import length
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.values import State
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import N_, _

_MARKS = {
    State.FILLED: "✓",
    State.MISSING: "✗",
    State.OPTIONAL: "·",
    State.RESERVED: "☐",
    State.NOT_APPLICABLE: "–",
}
_MISSING_WORDS = {
    State.MISSING: N_("to be given:"),
    State.OPTIONAL: N_("if you like:"),
    State.RESERVED: N_("for you alone to tick:"),
}
_WIDTH = 100


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the three actions."""
    new = actions.add_parser("new", help=_("begin a draft; the one before is closed and kept"))
    add_period(new)
    add_json(new)
    edit = actions.add_parser("edit", help=_("change the draft: words, period, files, your answers"))
    words = edit.add_mutually_exclusive_group()
    words.add_argument("--description", metavar="T", help=_("your own words in place of the drafted ones"))
    words.add_argument("--description-file", metavar="F", help=_("the same, read from a text file (UTF-8)"))
    words.add_argument(
        "--redraft", action="store_true", help=_("let the program draft the description again")
    )
    add_period(edit)
    edit.add_argument("--attach", action="append", metavar="F", help=_("let a copy of this file go along"))
    edit.add_argument(
        "--keep-metadata",
        action="store_true",
        help=_("leave place, time and device in the copy of an attached photo"),
    )
    kinds = ", ".join(drafts.ATTACHMENT_KINDS)
    edit.add_argument(
        "--kind", default="photo", metavar="K", help=_("what is attached: {kinds}").format(kinds=kinds)
    )
    edit.add_argument("--detach", action="append", metavar="NAME", help=_("take a file out again"))
    edit.add_argument("--contacted", choices=("yes", "no"), help=_("customer service was contacted, or not"))
    edit.add_argument("--rating", choices=tuple("12345"), help=_("your rating of the customer service"))
    add_json(edit)
    preview = actions.add_parser("preview", help=_("show every field of the form, and what is missing"))
    add_period(preview)
    add_json(preview)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Change the draft if asked to, show the alert, and freeze what it stands on. Exit 0; problems are raised."""
    stripped: list[str] = []
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        if arguments.action == "new":
            drafts.new_draft(file, *period(arguments, context.now_ns))
        elif arguments.action == "edit":
            stripped = _edit(file, arguments, context)
        if arguments.action != "preview":
            # The period is the draft's own from here on.
            arguments.since = arguments.until = None
        found = composed(file, arguments, context)
        paper_id, paper = freeze(file, found, context)
    if context.json:
        document = {"draft": _draft_json(found.draft), "stripped": stripped}
        context.print_json({**document, **preview_json(found.preview), **used_json(paper_id, paper)})
        return 0
    if stripped:
        words = _("Left out of the copies: place, time and device ({names}); --keep-metadata keeps them.")
        context.say(words.format(names=", ".join(stripped)))
    _print_preview(found.preview, context)
    print_warnings(found.preview.all_warnings, context)
    context.say("\n" + _("Frozen in the case file as paper {id}.").format(id=paper_id))
    context.say(INDEPENDENT)
    return 0


def _edit(file: CaseFile, arguments: argparse.Namespace, context: Context) -> list[str]:
    """Change the draft; gives the names of the photos whose copies are without metadata."""
    draft = drafts.needed_draft(file)
    given = vars(arguments)
    changes = (
        "description",
        "description_file",
        "redraft",
        "since",
        "until",
        "attach",
        "detach",
        "contacted",
        "rating",
    )
    if not any(given[name] for name in changes) and arguments.description is None:
        raise BadInput("alert_edit_nothing")
    since, until = period(arguments, context.now_ns)
    for name in arguments.detach or ():
        drafts.detach(file, name)
    stripped = []
    for name in arguments.attach or ():
        attached = drafts.attach(
            file, Path(name), arguments.kind, context.home.files, keep_metadata=arguments.keep_metadata
        )
        if attached.stripped:
            stripped.append(attached.added.name)
    if arguments.since or arguments.until:
        drafts.set_period(
            file, draft.since_ns if since is None else since, draft.until_ns if until is None else until
        )
    if arguments.redraft:
        drafts.set_description(file, None)
    elif arguments.description is not None:
        drafts.set_description(file, arguments.description)
    elif arguments.description_file:
        drafts.set_description(file, _text_of(Path(arguments.description_file)))
    answers = {"alert.service_contacted": arguments.contacted, "alert.rating": arguments.rating}
    if told := {key: value for key, value in answers.items() if value}:
        file.set_all(told)
    return stripped


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return opened.read(200_000).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("alert_text_not_utf8", path=str(path)) from None
    except OSError as error:
        raise BadInput("attach_unreadable", path=str(path), why=error.strerror or str(error)) from None


def _draft_json(draft: drafts.Draft | None) -> dict[str, object] | None:
    if draft is None:
        return None
    return {
        "id": draft.id,
        "created": iso(draft.created_ns),
        "changed": iso(draft.changed_ns),
        "own_words": draft.description is not None,
        "attachments": [
            {"name": one.name, "kind": one.kind, "bytes": one.size_bytes, "sha256": one.sha256}
            for one in draft.attachments
        ],
    }


def preview_json(preview: AlertPreview) -> dict[str, object]:
    """The preview as the command prints it."""
    shown = form("jalerte")
    return {
        "form": {
            "title": shown.title,
            "url": shown.url,
            "checked_on": shown.checked_on.isoformat(),
            "nature": shown.nature,
        },
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "step": field.step,
                "value": field.value or None,
                "source": field.source or None,
                "state": field.state.value,
                "verified": field.verified,
            }
            for field in preview.fields
        ],
        "missing": list(preview.missing),
        "missing_details": [
            {"name": field.name, "label": field.label, "kind": field.state.value, "key": field.key or None}
            for field in preview.fields
            if field.name in preview.missing
        ],
        "description": preview.description,
        "description_length": length(preview.description),
        "description_limit": preview.alert.description_limit,
        "attachments": [one.path for one in preview.alert.attachments],
        "warnings": warnings_json(preview.all_warnings),
        "notice": INDEPENDENT,
    }


def _print_preview(preview: AlertPreview, context: Context) -> None:
    shown = form("jalerte")
    context.say(f"{shown.title} – {shown.url}")
    context.say(shown.nature)
    context.say(
        _("✓ filled   ✗ missing   · optional   ☐ for you alone   – does not apply   (?) label not verified")
    )
    step = 0
    for field in preview.fields:
        if field.step != step:
            step = field.step
            context.say(f"\n{step}. {shown.steps[step]}")
        _print_field(field, context)
    context.say("\n" + _("Missing:"))
    for state, words in _MISSING_WORDS.items():
        fields = [field for field in preview.fields if field.state is state]
        if fields:
            context.say("  " + _(words))
        for field in fields:
            given = _(" – jalerte case set {key} …").format(key=field.key) if field.key else ""
            context.say(f"    {field.label} ({field.name}){given}")


def _print_field(field: Field, context: Context) -> None:
    mark = _MARKS[field.state] + ("" if field.verified else " (?)")
    if len(field.value) <= _WIDTH - 40:
        context.say(f"  {mark} {field.label} : {field.value or '…'}")
        return
    context.say(f"  {mark} {field.label} :")
    for paragraph in field.value.split("\n"):
        print(
            textwrap.fill(paragraph, _WIDTH, initial_indent=" " * 7, subsequent_indent=" " * 7),
            file=context.out,
        )
