"""``jalerte speed``: one throughput measurement; who may be measured with; what was measured so far."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, Event, EventKind, Line
from jalerte_desktop.commands._ask import says_yes
from jalerte_desktop.commands._speed_choice import chosen
from jalerte_desktop.commands.arguments import add_json, add_period, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from diagnostics.campaigns.model import Campaign
    from diagnostics.throughput.choice import Agreement, Choice
    from diagnostics.throughput.model import SpeedResult

KINDS = (EventKind.SPEED, EventKind.SPEED_CHOICE, EventKind.SPEED_HELD)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="P", help=_("whom to measure with; by default your choice"))
    servers = parser.add_mutually_exclusive_group()
    servers.add_argument(
        "--server", metavar="URL", action="append", help=_("measure against this server (may be repeated)")
    )
    servers.add_argument(
        "--no-server",
        action="store_true",
        help=_(
            "against none of the kept servers, but those that the provider names; with --choose: forget them"
        ),
    )
    parser.add_argument(
        "--agree", action="store_true", help=_("you have read the provider’s terms (--terms)")
    )
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--down-only", action="store_true", help=_("the incoming direction only"))
    one.add_argument("--up-only", action="store_true", help=_("the outgoing direction only"))
    family = parser.add_mutually_exclusive_group()
    family.add_argument("--ipv4", action="store_true", help=_("over IPv4 only"))
    family.add_argument("--ipv6", action="store_true", help=_("over IPv6 only"))
    parser.add_argument("--streams", metavar="N", help=_("so many connections at once"))
    parser.add_argument("--seconds", metavar="N", help=_("so long at most for each direction"))
    parser.add_argument("--most-mb", metavar="N", help=_("move so many megabytes at most"))
    parser.add_argument(
        "--metered", action="store_true", help=_("measure although the link is paid by volume")
    )
    parser.add_argument(
        "--progress",
        action="store_true",
        help=_("print a line of JSON for each step (with --json: on stderr)"),
    )
    parser.add_argument("--stdin", action="store_true", help=_("stop when standard input is closed"))
    parser.add_argument(
        "--scheduled", action="store_true", help=_("nobody waits for it: only on an idle link")
    )
    parser.add_argument("--campaign", metavar="ID", help=_("a measurement of this series"))
    other = parser.add_argument_group(_("instead of measuring"))
    views = other.add_mutually_exclusive_group()
    views.add_argument("--terms", action="store_true", help=_("whom one can measure with, and who sees what"))
    views.add_argument(
        "--choose",
        action="store_true",
        help=_("keep provider, servers, --per-day and --monthly-gb as your choice"),
    )
    views.add_argument("--results", action="store_true", help=_("what was measured, and what was held back"))
    views.add_argument(
        "--compare", action="store_true", help=_("where the speed is lost: cable, Wi-Fi or line")
    )
    other.add_argument(
        "--per-day", metavar="N", help=_("with --choose: so many scheduled measurements a day")
    )
    other.add_argument(
        "--monthly-gb", metavar="N", help=_("with --choose: so many gigabytes a month at most")
    )
    add_period(other)
    add_json(parser)


@dataclass(frozen=True)
class Known:
    """What the journal says; all empty where there is none yet."""

    events: tuple[Event, ...]
    lines: dict[str, Line]

    @cached_property
    def results(self) -> list[SpeedResult]:
        from diagnostics.throughput.record import read_results

        return read_results(self.events)


def read_known(context: Context) -> Known:
    """Raises Problem for a journal that cannot be read."""
    if not context.home.journal.exists():
        return Known((), {})
    with Reader(context.home.journal) as reader:
        return Known(tuple(reader.events(*KINDS)), reader.lines)


def run(arguments: argparse.Namespace, context: Context) -> int:
    actions: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "terms": _terms,
        "choose": _choose,
        "results": _results,
        "compare": _compare,
    }
    for name, action in actions.items():
        if getattr(arguments, name):
            return action(arguments, context)
    return _measure(arguments, context)


def _terms(arguments: argparse.Namespace, context: Context) -> int:
    from diagnostics.throughput.terms import load_terms
    from jalerte_desktop.words.speed_terms import terms_words

    terms = load_terms()
    wanted = [arguments.provider] if arguments.provider else list(terms)
    for name in wanted:
        if name not in terms:
            raise BadInput("speed_provider_unknown", value=name[:40], known=", ".join(terms))
    if context.json:
        context.print_json(
            {
                "providers": [
                    {"id": name, "terms": terms[name].version, "words": terms_words(terms[name])}
                    for name in wanted
                ]
            }
        )
        return 0
    for name in wanted:
        context.say(name)
        for sentence in terms_words(terms[name]):
            context.say(f"  {sentence}")
        context.say()
    return 0


def _choose(arguments: argparse.Namespace, context: Context) -> int:
    from diagnostics.throughput.choice import usable
    from diagnostics.throughput.providers import PROVIDERS

    known = read_known(context)
    if arguments.provider and arguments.provider not in PROVIDERS:
        raise BadInput("speed_provider_unknown", value=arguments.provider[:40], known=", ".join(PROVIDERS))
    choice = chosen(arguments.provider, _servers(arguments), context.config, known.events)
    if arguments.per_day is not None:
        choice = replace(choice, per_day=_whole("--per-day", arguments.per_day, 0, 24))
    if arguments.monthly_gb is not None:
        choice = replace(choice, cap_bytes=round(_number("--monthly-gb", arguments.monthly_gb, 0, 1e6) * 1e9))
    _check_servers(choice)
    choice = _agreed(choice, arguments, context)
    if choice.per_day or arguments.per_day is None:
        usable(choice)  # to measure less often, nobody has to agree to anything
    keep(choice, context)
    if context.json:
        context.print_json(
            {
                "provider": choice.provider,
                "servers": list(choice.servers),
                "terms": choice.terms,
                "per_day": choice.per_day,
                "monthly_bytes": choice.cap_bytes,
            }
        )
        return 0
    from jalerte_desktop.commands._speed_words import choice_words

    for line in choice_words(choice):
        context.say(line)
    return 0


def _servers(arguments: argparse.Namespace) -> list[str] | None:
    """The servers of the command line: None where it says nothing of them."""
    given: list[str] | None = [] if arguments.no_server else arguments.server
    return given


def _check_servers(choice: Choice) -> None:
    """Raises BadInput for an address that the provider cannot read: not when it is first needed, but now."""
    from diagnostics.throughput.choice import check_servers
    from diagnostics.throughput.model import Server
    from diagnostics.throughput.providers import open_provider

    check_servers(choice.servers)
    provider = open_provider(choice.provider)
    for server in choice.servers:
        provider.place(Server(server))


def _agreed(choice: Choice, arguments: argparse.Namespace, context: Context) -> Choice:
    """The choice with the terms' date where the person has agreed to them: by the argument, or here when asked."""
    from diagnostics.throughput.terms import load_terms, needs_agreement

    terms = load_terms().get(choice.provider)
    if terms is None or not needs_agreement(choice.provider, bool(choice.servers)):
        return choice
    if choice.terms == terms.version:
        return choice
    if arguments.agree or _asked(choice.provider, context):
        return replace(choice, terms=terms.version)
    return choice


def _asked(provider: str, context: Context) -> bool:
    """Show the terms and ask, where somebody sits at a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    tell_terms(provider, context)
    return says_yes(_("Do you agree? [y/N] "), context.err)


def tell_terms(provider: str, context: Context) -> None:
    """Say on standard error who sees what."""
    from diagnostics.throughput.terms import load_terms
    from jalerte_desktop.words.speed_terms import terms_words

    print(_("{provider}:").format(provider=provider), file=context.err)
    for sentence in terms_words(load_terms()[provider]):
        print(f"  {sentence}", file=context.err)


def keep(choice: Choice | Agreement, context: Context) -> None:
    """Write a choice, or an agreement alone, into the journal. Raises Problem."""
    from diagnostics.recorder import notes
    from diagnostics.throughput.choice import to_event

    context.home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    event = to_event(choice, context.now_ns)
    notes.add(context.home.folder, context.home.journal, event.kind, event.data, event.at_ns)


def _results(arguments: argparse.Namespace, context: Context) -> int:
    from diagnostics.throughput.held import read_holds
    from jalerte_desktop.commands._speed_words import held_json, held_words, result_json, result_line

    since, until = period(arguments, context.now_ns)
    known = read_known(context)

    def inside(at_ns: int) -> bool:
        return (since is None or at_ns >= since) and (until is None or at_ns < until)

    results = [result for result in known.results if inside(result.at_ns)]
    holds = [held for held in read_holds(known.events) if inside(held.at_ns)]
    if context.json:
        context.print_json(
            {"results": [result_json(one) for one in results], "held": [held_json(one) for one in holds]}
        )
        return 0
    if not results and not holds:
        context.say(_("Nothing has been measured yet."))
    told = [(one.at_ns, result_line(one)) for one in results] + [
        (one.at_ns, held_words(one)) for one in holds
    ]
    for _at, line in sorted(told):
        context.say(line)
    return 0


def _compare(_arguments: argparse.Namespace, context: Context) -> int:
    from diagnostics.throughput.compare import compare
    from jalerte_desktop.commands._speed_words import comparison_json, comparison_words

    known = read_known(context)
    comparison = compare(known.results, context.now_ns, known.lines)
    if context.json:
        context.print_json(comparison_json(comparison))
        return 0
    for line in comparison_words(comparison):
        context.say(line)
    return 0


def _measure(arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.commands._speed_measure import Wishes, measure_now

    campaign = _campaign(arguments.campaign, context) if arguments.campaign else None
    wishes = Wishes(
        directions=("down",) if arguments.down_only else ("up",) if arguments.up_only else ("down", "up"),
        family=4 if arguments.ipv4 else 6 if arguments.ipv6 else 0,
        streams=None if arguments.streams is None else _whole("--streams", arguments.streams, 1, 64),
        seconds=None if arguments.seconds is None else _number("--seconds", arguments.seconds, 1, 60),
        most_bytes=None
        if arguments.most_mb is None
        else round(_number("--most-mb", arguments.most_mb, 0.1, 1e7) * 1e6),
        metered=arguments.metered,
        scheduled=arguments.scheduled,
        campaign=campaign,
        progress=arguments.progress,
        stdin=arguments.stdin,
    )
    known = read_known(context)
    choice = _choice_for(arguments, campaign, context, known)
    return measure_now(choice, wishes, known, context)


def _choice_for(
    arguments: argparse.Namespace, campaign: Campaign | None, context: Context, known: Known
) -> Choice | None:
    """Whom to measure with. Raises BadInput where nobody is, except for scheduled measurements: those are held."""
    from diagnostics.throughput.choice import Agreement, usable
    from diagnostics.throughput.providers import PROVIDERS

    provider, servers = arguments.provider, _servers(arguments)
    if campaign is not None:
        provider, servers = campaign.provider, list(campaign.servers)
    if provider is not None and provider not in PROVIDERS:
        raise BadInput("speed_provider_unknown", value=provider[:40], known=", ".join(PROVIDERS))
    try:
        choice = chosen(provider, servers, context.config, known.events)
    except BadInput:
        if arguments.scheduled:
            return None
        raise
    if arguments.scheduled:
        return choice
    agreed = _agreed(choice, arguments, context)
    try:
        usable(agreed)
    except BadInput as problem:
        if problem.remark.code == "speed_terms_unread":
            tell_terms(choice.provider, context)
        raise
    if agreed != choice:
        # To measure once is no choice: what was chosen, its schedule and its limit stay.
        keep(Agreement(agreed.provider, agreed.terms), context)
    elif not any(result.provider == choice.provider for result in known.results):
        tell_terms(choice.provider, context)
    return agreed


def _campaign(name: str, context: Context) -> Campaign:
    from diagnostics.campaigns.standing import campaigns

    with Reader(context.home.journal) as reader:
        for campaign in campaigns(reader):
            if campaign.id == name:
                return campaign
    raise BadInput("campaign_unknown", value=name[:40])


def _whole(option: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise BadInput("speed_bad_number", option=option, value=text[:40], least=least, most=most)
    return int(text)


def _number(option: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise BadInput(
            "speed_bad_number", option=option, value=text[:40], least=f"{least:g}", most=f"{most:g}"
        )
    return value
