"""``jalerte check``: one diagnosis now, in plain words."""

from __future__ import annotations

import argparse
from typing import Any

from diagnostics.incidents.checkup import Checkup, Habits, Link, judge
from diagnostics.incidents.method import default_method
from diagnostics.incidents.surroundings import Habit
from diagnostics.journal.reader import Reader
from diagnostics.links.route import open_route_reader
from diagnostics.model import SECOND, Problem, Role
from diagnostics.probes.ping import open_pinger
from diagnostics.recorder.survey import look
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.names import cause_name
from jalerte_desktop.words.remarks import say

RECENT_NS = 4 * 3600 * SECOND

_LAYERS = {
    "link": N_("link"),
    "box": N_("box"),
    "first_hop": N_("first router beyond the box"),
    "internet": N_("internet"),
    "dns": N_("names (DNS)"),
    "web": N_("web"),
}
_STATES = {"ok": N_("fine"), "degraded": N_("degraded"), "failed": N_("failed"), "unknown": N_("unknown")}
_MARKS = {"ok": "✓", "degraded": "~", "failed": "✕", "unknown": "·"}


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    config = context.config
    habits, hop = remembered(context.home, context.now_ns)
    if not context.json:
        context.say(_("Checking the line, about ten seconds…"))
        context.out.flush()
    pinger, routes = open_pinger(context.clock), open_route_reader()
    try:
        survey = look(config, context.clock, pinger, routes, hop)
    finally:
        pinger.close()
        routes.close()
    link = Link(
        survey.route.interface,
        survey.gateway if survey.route.interface else "",
        survey.route.carrier,
        survey.route.medium,
    )
    checkup = judge(survey.samples, link, habits, default_method())
    if context.json:
        context.print_json(_document(checkup, survey.method))
    else:
        for line in describe(checkup):
            context.say(line)
    return 0


def remembered(home: Home, now_ns: int) -> tuple[Habits, str | None]:
    """What the last hours of recording know of the box and of the first hop; nothing where there is no recording."""
    gateway, hop, address = Habit(), Habit(), None
    try:
        with Reader(home.journal) as reader:
            place = reader.seq_before(now_ns - RECENT_NS)
            for block in (*reader.sealed(after_seq=place), *reader.staged()):
                for row in block.rollups.rows:
                    if row.target.role is Role.GATEWAY:
                        gateway.note(block.span.start_ns, row.count, row.missed)
                    elif row.target.role is Role.FIRST_HOP:
                        hop.note(block.span.start_ns, row.count, row.missed)
                        address = row.target.address
    except Problem:
        # No recording, or one that cannot be read: the check then stands on what it sees itself.
        return Habits(), None
    return Habits(gateway.usually_answers, hop.usually_answers), address if hop.usually_answers else None


def _document(checkup: Checkup, method: str) -> dict[str, Any]:
    return {
        "verdict": {
            "ok": checkup.ok,
            "cause": None if checkup.cause is None else str(checkup.cause),
            "confidence": checkup.confidence,
            "reasons": [say(remark) for remark in checkup.reasons],
            "counter_evidence": [say(remark) for remark in checkup.counter_evidence],
            "advice": [say(remark) for remark in checkup.advice],
        },
        "layers": [
            {"name": layer.name, "state": layer.state, "detail": say(layer.detail)}
            for layer in checkup.layers
        ],
        "ping_method": method,
    }


def describe(checkup: Checkup) -> list[str]:
    """The checkup as lines of text for a terminal."""
    names = {name: _(text) for name, text in _LAYERS.items()}
    width = max(map(len, names.values()))
    lines = [
        f"  {_MARKS[layer.state]} {names[layer.name]:<{width}}  {_(_STATES[layer.state])} · {say(layer.detail)}"
        for layer in checkup.layers
    ]
    lines.append("")
    if checkup.ok:
        lines.append(_("All is well at this moment."))
    else:
        assert checkup.cause is not None
        lines.append(
            _("Trouble: {cause} (confidence {confidence}).").format(
                cause=cause_name(checkup.cause), confidence=number(checkup.confidence, 2)
            )
        )
    lines += [f"  + {say(remark)}" for remark in checkup.reasons]
    lines += [f"  − {say(remark)}" for remark in checkup.counter_evidence]
    lines += [f"  → {say(remark)}" for remark in checkup.advice]
    return lines
