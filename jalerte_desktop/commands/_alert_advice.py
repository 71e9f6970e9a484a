"""``alert advice``: the sheet for after filing: what to do, note, keep and leave alone, and what comes next, when."""

from __future__ import annotations

import argparse

from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import N_, _

_TITLES = {
    "now": N_("What to do now"),
    "note": N_("What to note"),
    "keep": N_("What to keep"),
    "avoid": N_("What not to do"),
}


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    add_json(actions.add_parser("advice", help=_("what to do, note and keep now, and what comes next")))


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Print the sheet of the active case's problem. Exit 0; ``no_case`` is raised without a case."""
    from jalerte_desktop.casefile import diary
    from jalerte_desktop.casefile.case_file import open_case_file
    from jalerte_desktop.commands._alert_routes import route_json, route_lines, title_of
    from jalerte_desktop.filing.advice import advice
    from jalerte_desktop.words.errors_filing import say_remark
    from jalerte_desktop.words.figures import local

    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case, entries = file.show(), diary.entries(file)
    sheet = advice(case, entries, local(context.now_ns).date())
    parts = {"now": sheet.now, "note": sheet.note, "keep": sheet.keep, "avoid": sheet.avoid}
    if context.json:
        context.print_json(
            {
                "problem": sheet.problem,
                **{name: list(lines) for name, lines in parts.items()},
                "facts": [
                    {
                        "text": fact.text,
                        "source": fact.provenance.source,
                        "checked_on": fact.provenance.checked_on.isoformat(),
                        "confidence": fact.provenance.confidence,
                        "doubts": [say_remark(doubt) for doubt in fact.doubts],
                    }
                    for fact in sheet.facts
                ],
                "next": [
                    {
                        **route_json(step.route),
                        "dates": [say_remark(one) for one in step.dates],
                        "over": step.over,
                    }
                    for step in sheet.next
                ],
                "undated": sheet.undated,
            }
        )
        return 0
    for name, lines in parts.items():
        context.say(_(_TITLES[name]))
        for line in lines:
            context.say("  – " + line)
        context.say()
    if sheet.facts:
        context.say(_("Good to know"))
    for fact in sheet.facts:
        context.say("  – " + fact.text)
        for doubt in fact.doubts:
            context.say("    ! " + say_remark(doubt))
    context.say(("\n" if sheet.facts else "") + _("What comes next"))
    for number, step in enumerate(sheet.next, 1):
        context.say(f"  {number}. {title_of(step.route)}")
        for line in (*map(say_remark, step.dates), *route_lines(step.route)):
            context.say("     " + line)
    if sheet.undated:
        from diagnostics.model import Remark

        context.say("  ! " + say_remark(Remark.of("next_no_complaint")))
    return 0
