"""The advice sheet of a problem: what to do, note, keep and leave alone, and what comes next, when.

The words are data (resources/advice.toml); the order of the next steps and their delays come from ``routing``, the
dates from the person's own diary.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any

from diagnostics.model import Remark
from jalerte_desktop.casefile.diary import OPERATOR_STEPS, DiaryEntry
from jalerte_desktop.casefile.knowledge import Provenance
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.french import french
from jalerte_desktop.filing.routing import Route, doubts_of, in_force, provenance_of, routes
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import current

_WRITTEN = ("letter", "email")


@dataclass(frozen=True, slots=True)
class Fact:
    """A rule or a figure, with its source and its doubts."""

    text: str
    provenance: Provenance
    doubts: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """A channel to go to next. ``dates`` say from when and until when, as far as the diary tells.

    ``over``: its time limit has passed; such steps come last.
    """

    route: Route
    dates: tuple[Remark, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """The sheet in the active language, typeset. ``next`` holds only what takes the problem.

    ``undated``: the diary holds no written complaint yet from which the delays could be counted.
    """

    problem: str
    now: tuple[str, ...]
    note: tuple[str, ...]
    keep: tuple[str, ...]
    avoid: tuple[str, ...]
    facts: tuple[Fact, ...]
    next: tuple[NextStep, ...]
    undated: bool


def advice(case: Case, diary: tuple[DiaryEntry, ...], today: date, zone: tzinfo | None = None) -> Advice:
    """The sheet for the case's problem. ``zone`` tells the day of a diary entry (None: this machine's).

    :raises KeyError: for a problem that no sheet is about; there is one for each that a case can have.
    """
    code = current()
    sheet = _sheets()[case.problem][code]
    found = routes(
        case.problem,
        case.country,
        case.get("person.profile") or "",
        today,
        case.get("line.technology") or "",
        case.operator or "",
    )
    written = {step: _first_written(diary, step, zone) for step in OPERATOR_STEPS}
    following = sorted(
        (_step(route, written, today) for route in found if route.takes), key=lambda step: step.over
    )
    return Advice(
        case.problem,
        _lines(sheet["now"], code),
        _lines(sheet["note"], code),
        _lines(sheet["keep"], code),
        _lines(sheet["avoid"], code),
        _facts(case, today, code),
        tuple(following),
        undated=written["customer-service"] is None and any(step.route.before for step in following),
    )


def _first_written(diary: tuple[DiaryEntry, ...], step: str, zone: tzinfo | None) -> date | None:
    """The day of the first letter or e-mail to that step that the diary holds."""
    days = [
        local(entry.at_ns, zone).date()
        for entry in diary
        if entry.kind in _WRITTEN and entry.with_whom == step
    ]
    return min(days, default=None)


def _step(route: Route, written: Mapping[str, date | None], today: date) -> NextStep:
    """Delays are counted from the day of writing; an operator may count from the day it received the letter."""
    complaint = written["customer-service"]
    if route.before is None or complaint is None:
        return NextStep(route, (), False)
    given = {name: int(value) for name, value in route.before.values if isinstance(value, int)}
    if "limit_months" in given and months_later(complaint, given["limit_months"]) < today:
        return NextStep(route, (_on("next_over", complaint, given["limit_months"]),), True)
    return NextStep(route, tuple(_dates(given, complaint, written["consumer-service"])), False)


def _dates(given: Mapping[str, int], complaint: date, second: date | None) -> list[Remark]:
    found: list[Remark] = []
    if "shortcut_months" in given:
        found.append(_on("next_opens_silent", complaint, given["shortcut_months"]))
        if second is not None:
            found.append(_on("next_opens_second", second, given["months"]))
    elif "months" in given:
        found.append(_on("next_opens", complaint, given["months"]))
    if "limit_months" in given:
        found.append(_on("next_closes", complaint, given["limit_months"]))
    return found


def _on(code: str, day: date, months: int) -> Remark:
    return Remark.of(code, date=months_later(day, months).isoformat())


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _facts(case: Case, today: date, code: str) -> tuple[Fact, ...]:
    """What is from memory only is left out; what is from a third party carries its doubt."""
    found = []
    for entry in _read()["fact"]:
        provenance = provenance_of(entry)
        if (
            case.problem in entry["problems"]
            and case.country in entry["countries"]
            and not (entry["consumers"] and case.professional)
            and in_force(provenance, today)
            and provenance.printable(today)
        ):
            found.append(Fact(_set(entry[code], code), provenance, doubts_of(provenance, today)))
    return tuple(found)


def _lines(lines: list[str], code: str) -> tuple[str, ...]:
    return tuple(_set(line, code) for line in lines)


def _set(text: str, code: str) -> str:
    return french(text) if code == "fr" else text


@cache
def _sheets() -> dict[str, dict[str, dict[str, list[str]]]]:
    return {problem: sheet for sheet in _read()["sheet"] for problem in sheet["problems"]}


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((files("resources") / "advice.toml").read_text(encoding="utf-8"))
