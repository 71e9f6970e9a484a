"""``jalerte case new|set|show``: the case file."""

from __future__ import annotations

import argparse

from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.fields import COUNTRIES, FIELDS
from jalerte_desktop.casefile.model import Case, FrozenPaper
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.choices import choice_name
from jalerte_desktop.words.figures import NO_BREAK, clock_time, iso, local, number, short_date
from jalerte_desktop.words.language import N_, _, current

_KINDS = {"alert": N_("alert"), "complaint": N_("complaint")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help=_("open a case; what is known of you comes along"))
    new.add_argument("--problem", required=True, metavar="P", help=", ".join(knowledge.problems()))
    new.add_argument("--country", default="FR", metavar="CC", help=", ".join(COUNTRIES))
    add_json(new)
    new.add_argument("--operator", required=True, metavar="O", help=_("the operator’s name"))
    change = actions.add_parser("set", help=_("give a field a value; an empty one takes it away"))
    change.add_argument("key", metavar="KEY", help=_("one of the fields that “case show” lists"))
    change.add_argument("value", metavar="VALUE")
    add_json(change)
    show = actions.add_parser("show", help=_("show the case, and what is missing"))
    add_json(show)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Open, change or show the case. Exit 0; problems are raised."""
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        if arguments.action == "new":
            case = file.new(arguments.problem, arguments.country, arguments.operator)
        elif arguments.action == "set":
            case = file.set(arguments.key, arguments.value)
        else:
            case = file.show()
        papers = tuple(paper for paper in file.papers() if paper.case_id == case.id)
    if context.json:
        context.print_json(case_json(case, papers))
    elif arguments.action == "set":
        _print_field(arguments.key, case, context)
    else:
        _print_case(case, papers, context)
    return 0


def case_json(case: Case, papers: tuple[FrozenPaper, ...]) -> dict[str, object]:
    """The case as the command prints it: every known key, null where nothing is known."""
    return {
        "id": case.id,
        "problem": case.problem,
        "country": case.country,
        "operator": case.operator,
        "created": iso(case.created_ns),
        "fields": {key: typed_value(key, case) for key in FIELDS},
        "missing": [key for key in FIELDS if case.get(key) is None],
        "papers": [
            {
                "id": paper.id,
                "kind": paper.kind,
                "made": iso(paper.made_ns),
                "method": paper.method,
                "incidents": len(paper.incidents),
                "seal": paper.seal.sequence if paper.seal else None,
                "files": [{"path": file.path, "sha256": file.sha256} for file in paper.files],
            }
            for paper in papers
        ],
    }


def typed_value(key: str, case: Case) -> str | int | float | None:
    """A field's value as JSON has it: speeds and prices are numbers."""
    value = case.get(key)
    if value is None or not FIELDS[key].numeric:
        return value
    return int(value) if key.endswith("_bps") else float(value)


def _print_case(case: Case, papers: tuple[FrozenPaper, ...], context: Context) -> None:
    kind = knowledge.problems().get(case.problem)
    label = case.problem if kind is None else kind.label_fr if current() == "fr" else kind.label_en
    print(
        _("Case {id}: {problem} ({country})").format(id=case.id, problem=label, country=case.country),
        file=context.out,
    )
    group = ""
    for key in FIELDS:
        if key.split(".")[0] != group:
            group = key.split(".")[0]
            print(file=context.out)
        _print_field(key, case, context)
    if papers:
        print(file=context.out)
    for paper in papers:
        made = local(paper.made_ns)
        words = _("Paper {id}: {kind} of {day} at {time}").format(
            id=paper.id,
            kind=_(_KINDS.get(paper.kind, paper.kind)),
            day=short_date(made),
            time=clock_time(made),
        )
        context.say(words)


def _print_field(key: str, case: Case, context: Context) -> None:
    context.say(f"  {key:<30} {_(FIELDS[key].label)} : {shown_value(key, case)}")


def shown_value(key: str, case: Case) -> str:
    """A field's value for reading, on one line; a dash where nothing is known."""
    value = case.get(key)
    if value is None:
        return "–"
    if key.endswith("_bps"):
        mbit = int(value) / 1e6
        return number(mbit, 0 if mbit == int(mbit) else 1) + NO_BREAK + "Mbit/s"
    if key.endswith("_eur"):
        return number(float(value), 2) + NO_BREAK + "€"
    if FIELDS[key].choices:
        return choice_name(value)
    return value.replace("\n", ", ")
