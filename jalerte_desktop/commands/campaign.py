"""``jalerte campaign``: a series of speed measurements by a rule set, judged against the promised speeds.

The recorder makes the measurements while it runs; ``campaign run`` makes them in the foreground without one.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
from collections.abc import Callable
from decimal import Decimal

from diagnostics.campaigns import record
from diagnostics.campaigns.allowed import allowed
from diagnostics.campaigns.cable import shows_nothing
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.campaigns.rules import MOST, RULE_SETS, Rules, load_rules, with_own
from diagnostics.campaigns.standing import Standing, campaigns, running, standing
from diagnostics.journal.lock import holder, is_held
from diagnostics.journal.reader import Reader
from diagnostics.model import NO_LINE, BadInput, Event, EventKind, Line, Remark
from diagnostics.recorder import notes
from diagnostics.recorder.speed_plan import line_in_use
from diagnostics.throughput.budget import Basis, Estimate, estimate, used
from diagnostics.throughput.choice import Choice, usable
from diagnostics.throughput.record import read_results
from diagnostics.throughput.terms import load_terms
from jalerte_desktop.commands import _campaign_words as words
from jalerte_desktop.commands._ask import says_yes
from jalerte_desktop.commands._campaign_cable import cable_bps
from jalerte_desktop.commands._campaign_zone import system_zone
from jalerte_desktop.commands._speed_choice import chosen
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import _
from jalerte_desktop.words.remarks import say

_SPEEDS = {
    f"{side}_{name}": (option, direction, rate)
    for side, direction in (("download", "down"), ("upload", "up"))
    for name, rate in (("max", "maximum"), ("normal", "normal"), ("min", "minimum"))
    for option in (f"--{side}-{name}",)
}
"""Arguments by their name in the namespace, which is also the end of the contract's key."""
_MEGABITS = re.compile(r"0*[0-9]{1,8}(\.[0-9]{1,6})?")
_DIGITS = re.compile(r"0*[0-9]{1,9}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|start|run|status|result|stop")
    add_json(actions.add_parser("list", help=_("the rule sets, and where they come from")))
    start = actions.add_parser("start", help=_("begin a series; the recorder makes the measurements"))
    start.add_argument("--rules", required=True, metavar="ID", help=", ".join(RULE_SETS))
    for option, _direction, _rate in _SPEEDS.values():
        start.add_argument(
            option, metavar="M", help=_("promised, in Mbit/s; by default what “contract show” says")
        )
    start.add_argument("--delay", metavar="MS", help=_("promised delay, in milliseconds"))
    start.add_argument("--provider", metavar="P", help=_("whom to measure with; by default your choice"))
    start.add_argument("--server", metavar="URL", action="append", help=_("measure against this server only"))
    start.add_argument("--confirm", action="store_true", help=_("what has to hold does hold: do not ask"))
    start.add_argument("--count", metavar="N", help=_("measurements (rules “free”)"))
    start.add_argument("--spacing", metavar="SECONDS", help=_("time between two (rules “free”)"))
    start.add_argument(
        "--run", action="store_true", help=_("make the measurements here, without the recorder")
    )
    add_json(start)
    here = actions.add_parser(
        "run", help=_("make the running series’ measurements here, without the recorder")
    )
    here.add_argument("--stdin", action="store_true", help=_("stop when standard input is closed"))
    here.add_argument(
        "--json",
        "--progress",
        dest="json",
        action="store_true",
        help=_("print lines of JSON for what happens"),
    )
    add_json(
        actions.add_parser("status", help=_("how the series stands, and when the next measurement is due"))
    )
    result = actions.add_parser("result", help=_("every measurement, every criterion and its figures"))
    result.add_argument("--id", help=_("an earlier series; the newest one by default"))
    add_json(result)
    add_json(actions.add_parser("stop", help=_("end the series; what was measured stays")))


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Do what is asked for. Problems are raised."""
    actions: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "list": _list,
        "start": _start,
        "run": _run,
        "status": _status,
        "result": _result,
        "stop": _stop,
    }
    return actions[arguments.action](arguments, context)


def _list(_arguments: argparse.Namespace, context: Context) -> int:
    if context.json:
        context.print_json({"rules": words.rules_json()})
    else:
        words.print_rules(context)
    return 0


def _start(arguments: argparse.Namespace, context: Context) -> int:
    typed_count, typed_spacing = arguments.count, arguments.spacing
    count = None if typed_count is None else _whole(typed_count, "campaign_bad_count", most=MOST)
    spacing_s = None if typed_spacing is None else _whole(typed_spacing, "campaign_bad_spacing")
    rules = with_own(load_rules(arguments.rules), count, spacing_s)
    promised = _promised(arguments, context)
    events, line = _known(context)
    choice = _choice(arguments, context, events)
    if (remark := allowed(rules, load_terms()[choice.provider])) is not None:
        raise BadInput("campaign_provider_refused", why=say(remark))
    cable = cable_bps()
    slow = None if cable is None else shows_nothing(rules, promised, cable)
    if slow is not None and rules.fitness.link_speed:
        raise BadInput("campaign_cable_refused", why=say(slow))
    cost, spent = _estimate(choice, events, line.id), used(events, context.now_ns, None)
    if not context.json:
        words.print_promised(promised, context)
        for said in [] if cable is None else words.cable_words(rules, promised, cable):
            context.say(f"! {said}")
        _print_cost(rules, choice, cost, spent, context)
        if not line.home:
            told = _(
                "This line is not confirmed as the one at home: nothing is measured before “jalerte line confirm”."
            )
            context.say(f"! {told}")
    _confirm(rules, arguments, context)
    campaign = Campaign(
        id=secrets.token_hex(6),
        rules=rules.id,
        version=rules.version,
        provider=choice.provider,
        started_ns=context.now_ns,
        servers=choice.servers,
        line=line.id,
        promised=promised,
        confirmed=rules.statements,
        count=count,
        spacing_s=spacing_s,
        zone=system_zone(),
    )
    _note(context, record.started(campaign))
    with Reader(context.home.journal) as reader:
        begun = next(one for one in campaigns(reader) if one.id == campaign.id)
        found = standing(reader, begun, context.now_ns, None)
    if context.json:
        costs = {
            "usual_bytes": cost.usual_bytes * rules.measurements,
            "most_bytes": cost.high_bytes * rules.measurements,
            "used_bytes": spent,
            "cap_bytes": choice.cap_bytes,
        }
        context.print_json(
            words.standing_json(found) | {"cost": costs, "cable": words.cable_json(rules, promised, cable)}
        )
    else:
        words.print_standing(found, context)
        context.say("! " + words.warnings(rules)[0])
    return _make_here(context) if arguments.run else 0


def _known(context: Context) -> tuple[list[Event], Line]:
    """What the journal holds of speed, and the line in use. Raises BadInput while a campaign runs."""
    try:
        with Reader(context.home.journal) as reader:
            if running(reader, context.now_ns, None) is not None:
                raise BadInput("campaign_running")
            line = reader.lines.get(line_in_use(reader).line_id, NO_LINE)
            return list(reader.events(EventKind.SPEED, EventKind.SPEED_CHOICE)), line
    except BadInput as problem:
        if problem.remark.code == "journal_missing":
            return [], NO_LINE
        raise


def _choice(arguments: argparse.Namespace, context: Context, events: list[Event]) -> Choice:
    """Whom to measure with; raises BadInput where nobody was chosen, or their terms were not read."""
    return usable(chosen(arguments.provider, arguments.server, context.config, events))


def _print_cost(rules: Rules, choice: Choice, cost: Estimate, spent: int, context: Context) -> None:
    told = (
        _("{n} measurements will move about {usual} GB in all, {most} GB at most.")
        if cost.basis is Basis.RESULTS
        else _("{n} measurements will move {most} GB at most: how much is known after the first one.")
    )
    context.say(
        told.format(
            n=number(rules.measurements),
            usual=_gigabytes(cost.usual_bytes * rules.measurements),
            most=_gigabytes(cost.high_bytes * rules.measurements),
        )
    )
    context.say(
        _("This month {used} of {cap} GB are used up.").format(
            used=_gigabytes(spent), cap=_gigabytes(choice.cap_bytes)
        )
    )
    if cost.basis is Basis.RESULTS and spent + cost.usual_bytes * rules.measurements > choice.cap_bytes:
        context.say("! " + _("The monthly limit is too low for the whole series: measurements will wait."))


def _estimate(choice: Choice, events: list[Event], line: str) -> Estimate:
    from diagnostics.throughput.rules import default_rules

    return estimate(read_results(events), choice.provider, line, default_rules())


def _gigabytes(amount: int) -> str:
    return number(amount / 1e9, 1)


def _promised(arguments: argparse.Namespace, context: Context) -> Promised:
    """What the arguments say, else what the case file's contract says. Raises BadInput for what cannot be."""
    contract = _contract(context)
    rates: dict[str, dict[str, int | None]] = {"down": {}, "up": {}}
    for name, (option, direction, rate) in _SPEEDS.items():
        typed = getattr(arguments, name)
        rates[direction][rate] = contract.get(name) if typed is None else _bps(option, typed)
    for side in rates.values():
        known = [bps for name in ("minimum", "normal", "maximum") if (bps := side[name]) is not None]
        if known != sorted(known):
            raise BadInput("campaign_promise_order")
    delay = None if arguments.delay is None else _delay(arguments.delay)
    return Promised(Rates(**rates["down"]), Rates(**rates["up"]), delay)


def _contract(context: Context) -> dict[str, int]:
    """The promised bits a second that the case file knows, by the arguments' names."""
    if not context.home.case.exists():
        return {}
    from jalerte_desktop.casefile.case_file import open_case_file

    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case = file.active()
    if case is None:
        return {}
    values = {name: case.get(f"contract.{name}_bps") for name in _SPEEDS}
    return {name: int(value) for name, value in values.items() if value is not None}


def _bps(option: str, typed: str) -> int:
    """Bits a second from Mbit/s, or from a speed with its unit. Raises BadInput."""
    from jalerte_desktop.casefile.fields import speed_bps

    text = typed.strip().replace(",", ".")
    if not _MEGABITS.fullmatch(text):
        return speed_bps(option, typed)
    bps = int(Decimal(text) * 1_000_000)
    if not 0 < bps <= record.MOST_BPS:
        raise BadInput("campaign_bad_speed", option=option, value=typed[:40])
    return bps


def _delay(typed: str) -> int:
    delay_ms = _whole(typed, "campaign_bad_delay", most=record.MOST_DELAY_MS)
    if not 0 < delay_ms <= record.MOST_DELAY_MS:
        raise BadInput("campaign_bad_delay", value=typed[:40], most=record.MOST_DELAY_MS)
    return delay_ms


def _whole(typed: str, code: str, **values: int) -> int:
    """A whole number of at most nine digits, whatever zeros stand before them. Raises BadInput of that code."""
    if not _DIGITS.fullmatch(typed):
        raise BadInput(code, value=typed[:40], **values)
    return int(typed.lstrip("0") or "0")


def _confirm(rules: Rules, arguments: argparse.Namespace, context: Context) -> None:
    """Ask once what has to hold all along. Raises BadInput where it was not confirmed."""
    if arguments.confirm:
        return
    out = context.err if context.json else context.out
    print(_("What has to hold for the whole series:"), file=out)
    for code in rules.statements:
        print(f"  – {say(Remark.of(code))}", file=out)
    if context.json or not sys.stdin.isatty():
        raise BadInput("campaign_confirm")
    if not says_yes(_("Is all of this so, for the whole series? [y/N] "), out):
        raise BadInput("campaign_not_confirmed")


def _run(arguments: argparse.Namespace, context: Context) -> int:
    return _make_here(context, stdin=arguments.stdin, lines=context.json)


def _make_here(context: Context, *, stdin: bool = False, lines: bool = False) -> int:
    """Make the measurements here until the series is over. Exit 0 when it is complete or was stopped, else 1."""
    from jalerte_desktop.commands._campaign_run import run_here

    lock = context.home.folder / notes.LOCK_NAME
    if is_held(lock):
        raise BadInput("campaign_recorder_runs", pid=holder(lock))
    chosen = _running(context).campaign.id
    if run_here(context, stdin=stdin, lines=lines):
        return 0
    ended = _newest(context, chosen)
    return 0 if ended is not None and ended.review.complete else 1


def _status(_arguments: argparse.Namespace, context: Context) -> int:
    found = _newest(context)
    if context.json:
        context.print_json({"campaign": None if found is None else words.standing_json(found)})
    elif found is None:
        context.say(_("No series was begun: “jalerte campaign list” shows the rules to choose from."))
    else:
        words.print_standing(found, context)
    return 0


def _result(arguments: argparse.Namespace, context: Context) -> int:
    found = _newest(context, arguments.id)
    if found is None:
        raise BadInput("campaign_none")
    if context.json:
        context.print_json(words.result_json(found))
    else:
        words.print_result(found, context)
    return 0


def _stop(_arguments: argparse.Namespace, context: Context) -> int:
    found = _running(context)
    _note(context, record.stopped(found.campaign.id))
    ended = _newest(context, found.campaign.id)
    assert ended is not None
    if context.json:
        context.print_json(words.standing_json(ended))
    else:
        context.say(_("The series {id} is ended; what was measured stays.").format(id=ended.campaign.id))
    return 0


def _running(context: Context) -> Standing:
    with Reader(context.home.journal) as reader:
        found = running(reader, context.now_ns, None)
    if found is None:
        raise BadInput("campaign_not_running")
    return found


def _newest(context: Context, wanted: str | None = None) -> Standing | None:
    """How the newest series stands, or the one that is asked for. Raises BadInput for one that does not exist."""
    with Reader(context.home.journal) as reader:
        known = campaigns(reader)
        chosen = [one for one in known if wanted in (None, one.id)]
        if wanted is not None and not chosen:
            raise BadInput("campaign_unknown", value=wanted[:40])
        return standing(reader, chosen[-1], context.now_ns, None) if chosen else None


def _note(context: Context, data: record.Data) -> None:
    context.home.folder.mkdir(parents=True, exist_ok=True)
    notes.add(context.home.folder, context.home.journal, EventKind.CAMPAIGN, data, context.now_ns)
