"""``jalerte alert preview``: every field of the form with its value, and what is missing. Nothing is sent."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from jalerte_desktop.casefile.case_file import CaseFile, open_case_file
from jalerte_desktop.casefile.model import NO_CASE
from jalerte_desktop.commands._papers import (
    frozen,
    paper_findings,
    print_warnings,
    used_json,
    warnings_json,
)
from jalerte_desktop.commands.arguments import add_json, add_period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.documents.account import Role, account
from jalerte_desktop.filing.alert import INDEPENDENT, KIND, TEMPLATE, AlertPreview, Field, State, build_alert
from jalerte_desktop.filing.description import length
from jalerte_desktop.filing.form import jalerte_form
from jalerte_desktop.findings.model import Findings
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    preview = actions.add_parser("preview", help=_("show every field of the form, and what is missing"))
    add_period(preview)
    add_json(preview)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Show what would be filed, and freeze what it stands on. Exit 0; problems are raised."""
    findings = paper_findings(arguments, context)
    now_ns = context.now_ns
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        preview = build_alert(file.active() or NO_CASE, findings, attachments=_letters(file, findings))
        text = "\n".join(f"{field.name}\t{field.value}" for field in preview.fields)
        paper = frozen(KIND, TEMPLATE, now_ns, preview.account, text)
        paper_id = file.freeze(paper)
    if context.json:
        context.print_json({**preview_json(preview), **used_json(paper_id, paper)})
    else:
        _print_preview(preview, context)
        print_warnings(preview.warnings, context)
        context.say("\n" + _("Frozen in the case file as paper {id}.").format(id=paper_id))
        context.say(INDEPENDENT)
    return 0


def preview_json(preview: AlertPreview) -> dict[str, object]:
    """The preview as the command prints it."""
    form = jalerte_form()
    return {
        "form": {
            "title": form.title,
            "url": form.url,
            "checked_on": form.checked_on.isoformat(),
            "nature": form.nature,
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
        "description_limit": preview.description_limit,
        "attachments": list(preview.attachments),
        "warnings": warnings_json(preview.warnings),
        "notice": INDEPENDENT,
    }


def _letters(file: CaseFile, findings: Findings) -> tuple[str, ...]:
    """The newest letter of the active case, where its file is still there.

    None when it holds anything against the operator that is no longer counted: an exclusion came after it.
    """
    case = file.active()
    counted = {incident.id for incident in account(findings).held}
    for paper in reversed(file.papers()):
        if case is not None and paper.case_id == case.id and paper.kind != KIND:
            found = tuple(written.path for written in paper.files if Path(written.path).is_file())
            held = {used.incident_id for used in paper.incidents if used.role == Role.HELD}
            if found:
                return found if held <= counted else ()
    return ()


def _print_preview(preview: AlertPreview, context: Context) -> None:
    form = jalerte_form()
    context.say(f"{form.title} – {form.url}")
    context.say(form.nature)
    context.say(
        _("✓ filled   ✗ missing   · optional   ☐ for you alone   – does not apply   (?) label not verified")
    )
    step = 0
    for field in preview.fields:
        if field.step != step:
            step = field.step
            context.say(f"\n{step}. {form.steps[step]}")
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
