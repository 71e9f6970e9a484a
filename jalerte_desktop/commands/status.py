"""``jalerte status``: is the recorder alive, which line, how was today?"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnostics.journal.lock import holder, is_held
from diagnostics.journal.reader import Reader
from diagnostics.model import NO_LINE, SECOND, BadInput, Line
from diagnostics.recorder import control
from diagnostics.recorder.notes import LOCK_NAME
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.commands.described import (
    box_json,
    calls_of,
    cause_words,
    line_json,
    now_json,
    place_words,
)
from jalerte_desktop.findings.load import load_recent
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.findings.now import Now, state_now
from jalerte_desktop.findings.personal import NO_TELEWORK, Personal, personal_of
from jalerte_desktop.findings.surroundings import media
from jalerte_desktop.words.figures import clock_time, duration, iso, local, number, percent
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import kind_name
from jalerte_desktop.words.views import box_words


@dataclass(frozen=True, slots=True)
class Recorder:
    """The recorder of this home folder; ``answers`` is False for one that holds the journal but is silent."""

    running: bool
    pid: int | None
    answers: bool


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def find_recorder(context: Context) -> Recorder:
    """Ask the local socket, then the lock."""
    try:
        answer = control.ask(context.home.folder, {"op": "status"}, timeout_s=2.0)
        return Recorder(True, int(answer["pid"]), True)
    except control.NotRunning:
        lock = context.home.folder / LOCK_NAME
        return Recorder(True, holder(lock), False) if is_held(lock) else Recorder(False, None, False)


def run(arguments: argparse.Namespace, context: Context) -> int:
    recorder = find_recorder(context)
    midnight = local(context.now_ns).replace(hour=0, minute=0, second=0, microsecond=0)
    findings = _findings(context, midnight)
    if context.json:
        context.print_json(_document(recorder, findings, context))
        return 0
    if recorder.running:
        context.say(_("The recorder runs (process {pid}).").format(pid=recorder.pid))
    elif context.demo:
        context.say(_("The recorder does not run in the demonstration."))
    else:
        context.say(_("The recorder does not run: “jalerte record” starts it."))
    if findings is None:
        context.say(_("Nothing has been recorded yet."))
        return 0
    now = state_now(findings, context.now_ns, recorder.running)
    if (words := _now(now, context.now_ns)) is not None:
        context.say(words)
    context.say(_("Line: {line}").format(line=_line(findings.line)))
    if words := place_words(findings.line, _medium(context, findings.line)):
        context.say(f"  {words}")
    if findings.box is not None:
        context.say(f"  {box_words(findings.box.account, findings.box.at_ns)}")
    if findings.record:
        last = local(findings.record.end_ns - SECOND)
        context.say(_("Last sample: {time}").format(time=f"{last:%d/%m/%Y %H:%M:%S}"))
    count = len(findings.outages)
    context.say(
        ngettext(
            "Today, since midnight: {n} outage, {time}; observed {share}.",
            "Today, since midnight: {n} outages, {time}; observed {share}.",
            count,
        ).format(n=count, time=duration(findings.outage_s), share=percent(findings.coverage.ratio))
    )
    context.say(calls_of(findings.telework))
    return 0


def _now(now: Now, now_ns: int) -> str | None:
    """The state of this moment; nothing is said of a line that nobody looks at."""
    if now.state == "not_observed" or not now.recorder_running:
        return None
    if now.incident is None:
        return _("Now: the line answers.")
    incident = now.incident
    values = {
        "since": clock_time(local(incident.span.start_ns)),
        "time": duration((now_ns - incident.span.start_ns) / SECOND),
        "kind": kind_name(incident.kind),
        "cause": cause_words(incident.verdict.cause, incident.verdict.confidence),
        "confidence": number(incident.verdict.confidence, 2),
    }
    if now.state == "down":
        return _("Now: the line is down, since {since} ({time}); {cause} (confidence {confidence}).").format(
            **values
        )
    return _("Now: {kind}, since {since} ({time}); {cause} (confidence {confidence}).").format(**values)


def _medium(context: Context, line: Line) -> str:
    with Reader(context.home.journal) as reader:
        return media(reader).get(line.interface, "")


def _findings(context: Context, midnight: datetime) -> Findings | None:
    try:
        since_ns = round(midnight.timestamp()) * SECOND
        return load_recent(context.home.journal, since_ns, context.now_ns, _personal(context))
    except BadInput as problem:
        if problem.remark.code == "journal_missing":
            return None
        raise


def _personal(context: Context) -> Personal:
    """Whether the recorder runs must be told whatever the configuration says: one that cannot be read sets no hours."""
    try:
        return personal_of(context.config)
    except BadInput:
        return Personal()


def _line(line: Line) -> str:
    if not line.id:
        return _("none recognised yet")
    place = {True: _("home"), False: _("not home"), None: _("not confirmed")}[line.home]
    return f"{line.name or line.id} ({line.interface}, {line.gateway}) · {place}"


def _document(recorder: Recorder, findings: Findings | None, context: Context) -> dict[str, Any]:
    outages = findings.outages if findings else ()
    telework = findings.telework if findings else NO_TELEWORK
    return {
        "recorder": {"running": recorder.running, "pid": recorder.pid, "answers": recorder.answers},
        "home": str(context.home.folder),
        "line": line_json(findings.line if findings else NO_LINE)
        | {"medium": (_medium(context, findings.line) or None) if findings else None},
        "now": now_json(state_now(findings, context.now_ns, recorder.running)) if findings else None,
        "box": box_json(findings.box) if findings else None,
        "last_sample": iso(findings.record.end_ns - SECOND) if findings and findings.record else None,
        "samples": findings.sample_count if findings else 0,
        "today": {
            "coverage": round(findings.coverage.ratio, 6) if findings else 0.0,
            "observed_s": round(findings.coverage.observed_s, 3) if findings else 0.0,
            "outages": len(outages),
            "outage_s": round(findings.outage_s, 3) if findings else 0.0,
            "call_breaking_s": telework.call_breaking_s,
            "minutes_lost": len(telework.lost),
            "working_minutes_lost": None if telework.working_lost is None else len(telework.working_lost),
        },
    }
