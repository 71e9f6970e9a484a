"""``alert routes``: who takes this problem, in which order, what comes before, and who refuses it."""

from __future__ import annotations

import argparse

from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import N_, _, current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jalerte_desktop.filing.routing import Route

_WAYS = {
    "jalerte": N_("assisted form"),
    "signalconso": N_("assisted form"),
    "mediator": N_("assisted form"),
    "email": N_("e-mail"),
    "desk": N_("alert desk"),
    "registered": N_("registered letter"),
}


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action."""
    add_json(actions.add_parser("routes", help=_("who takes this problem, in which order, and who does not")))


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Print the routes of the active case. Exit 0; ``no_case`` is raised without a case."""
    from jalerte_desktop.casefile.case_file import open_case_file
    from jalerte_desktop.filing.routing import routes
    from jalerte_desktop.words.figures import local

    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case = file.show()
    today = local(context.now_ns).date()
    profile, technology = case.get("person.profile") or "", case.get("line.technology") or ""
    found = routes(case.problem, case.country, profile, today, technology, case.operator or "")
    if context.json:
        context.print_json(
            {
                "problem": case.problem,
                "country": case.country,
                "today": today.isoformat(),
                "routes": [route_json(route) for route in found],
            }
        )
        return 0
    for number, route in enumerate((one for one in found if one.takes), 1):
        if number > 1:
            context.say()
        context.say(f"{number}. {title_of(route)}")
        for line in route_lines(route):
            context.say("   " + line)
    refusing = [route for route in found if not route.takes]
    if refusing:
        context.say("\n" + _("Not for this problem:"))
    for route in refusing:
        context.say(f"– {title_of(route)}")
        for line in route_lines(route):
            context.say("   " + line)
    return 0


def title_of(route: Route) -> str:
    """The channel's name in the active language."""
    return route.titles[current()]


def route_lines(route: Route) -> list[str]:
    """What there is to read about a route: why, what comes before, where, doubts."""
    from jalerte_desktop.words.errors_filing import say_remark

    lines = [say_remark(route.why)]
    if route.takes:
        if route.before is not None:
            lines.append(_("When: {what}").format(what=say_remark(route.before)))
        lines += [say_remark(note) for note in route.notes]
        ways = [_(_WAYS[way]) for way in route.by]
        if route.address and "registered" not in route.by:
            ways.append(_("by post, on your own initiative"))
        if ways:
            lines.append(_("How: {ways}").format(ways=", ".join(ways)))
        lines += [text for text in (route.url, route.email, ", ".join(route.address)) if text]
    lines += ["! " + say_remark(doubt) for doubt in route.doubts]
    return lines


def route_json(route: Route) -> dict[str, object]:
    """A route as the commands print it."""
    from jalerte_desktop.words.errors_filing import say_remark

    source = route.provenance
    return {
        "channel": route.channel,
        "title": title_of(route),
        "takes": route.takes,
        "why": say_remark(route.why),
        "before": say_remark(route.before) if route.before else None,
        "notes": [say_remark(note) for note in route.notes],
        "doubts": [say_remark(doubt) for doubt in route.doubts],
        "by": list(route.by),
        "form": route.form or None,
        "url": route.url or None,
        "email": route.email or None,
        "address": list(route.address),
        "source": source.source,
        "checked_on": source.checked_on.isoformat(),
        "confidence": source.confidence,
    }
