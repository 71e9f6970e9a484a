"""What passes between ``alert open`` and the assistant that it starts: one task in, one result out, each one line of
JSON.

The assistant is the web form's window (``window/webform.py``) or the copy assistant (``window/copy_assistant.py``). The
task is one line on its standard input; the end of standard input asks it to stop. The result is one line on its
standard output.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from diagnostics.model import BadInput, MachineCannot, Problem, Remark
from jalerte_desktop.filing.form import FORMS, Form, form
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.values import FieldValue, State, Value

LONGEST_TASK = 4_000_000
"""Bytes of a task's line; a longer one is none."""

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Task:
    """What to fill into which form. ``url`` is where it stands, ``language`` fr or en, ``appearance`` light, dark or
    "" to follow the system. ``limit_s`` bounds an unattended filling."""

    form: Form
    url: str
    values: tuple[FieldValue, ...]
    attachments: tuple[Attachment, ...]
    language: str
    unattended: bool
    appearance: str = ""
    limit_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One field that was filled."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One field that was left, or one thing that no longer fits the form map."""

    name: str
    label: str
    why: Remark


@dataclass(frozen=True, slots=True)
class PageReceipt:
    """The page that said that the alert was taken; ``at_ns`` is when (UTC). ``html`` is "" where it was too large."""

    at_ns: int
    url: str
    title: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the assistant did. ``stopped_at`` says why it ended where it did, ``stop`` in a remark. ``steps`` are the
    titles of the steps it saw. ``problem`` is set where the thing itself failed; then ``exit_code`` is its kind.
    ``sent`` is the person's own word, with the ``reference`` they were given; None where nobody asked them."""

    stopped_at: str
    stop: Remark | None = None
    filled: tuple[Entry, ...] = ()
    left: tuple[Finding, ...] = ()
    drift: tuple[Finding, ...] = ()
    steps: tuple[str, ...] = ()
    url: str = ""
    receipt: PageReceipt | None = None
    problem: Remark | None = None
    exit_code: int = 0
    sent: bool | None = None
    reference: str = ""


def failed(problem: Problem, stopped_at: str = "failed") -> Result:
    """The result where a problem ended it."""
    return Result(stopped_at, problem=problem.remark, exit_code=problem.exit_code)


def problem_of(result: Result) -> Problem | None:
    """The problem that ended it, to be raised again."""
    if result.problem is None:
        return None
    kind = {2: BadInput, 3: MachineCannot}.get(result.exit_code, Problem)
    return kind(result.problem.code, **dict(result.problem.values))


def task_line(task: Task) -> str:
    """The task as one line."""
    return _line(
        {
            "form": task.form.id,
            "url": task.url,
            "values": [
                {"name": one.field.name, "state": one.state.value, **_value(one.value)} for one in task.values
            ],
            "attachments": [asdict(one) for one in task.attachments],
            "language": task.language,
            "unattended": task.unattended,
            "appearance": task.appearance,
            "limit_s": task.limit_s,
        }
    )


def task_of(line: str) -> Task:
    """The task of such a line. Raises ValueError for anything else."""
    try:
        raw = json.loads(line)
        if raw["form"] not in FORMS:
            raise ValueError("no form map")
        shown = form(raw["form"])
        return Task(
            shown,
            str(raw["url"]),
            tuple(_field_value(shown, one) for one in raw["values"]),
            tuple(Attachment(**one) for one in raw["attachments"]),
            str(raw["language"]),
            bool(raw["unattended"]),
            str(raw["appearance"]),
            float(raw["limit_s"]),
        )
    except _UNREADABLE as error:
        raise ValueError("no task") from error


def result_line(result: Result) -> str:
    """The result as one line."""
    return _line(
        {
            "stopped_at": result.stopped_at,
            "stop": _remark(result.stop),
            "filled": [asdict(one) for one in result.filled],
            "left": [_finding(one) for one in result.left],
            "drift": [_finding(one) for one in result.drift],
            "steps": list(result.steps),
            "url": result.url,
            "receipt": None if result.receipt is None else asdict(result.receipt),
            "problem": _remark(result.problem),
            "exit_code": result.exit_code,
            "sent": result.sent,
            "reference": result.reference,
        }
    )


def result_of(line: str) -> Result:
    """The result of such a line. Raises ValueError for anything else."""
    try:
        raw = json.loads(line)
        return Result(
            str(raw["stopped_at"]),
            _read_remark(raw["stop"]),
            tuple(Entry(**one) for one in raw["filled"]),
            tuple(_read_finding(one) for one in raw["left"]),
            tuple(_read_finding(one) for one in raw["drift"]),
            tuple(str(one) for one in raw["steps"]),
            str(raw["url"]),
            None if raw["receipt"] is None else PageReceipt(**raw["receipt"]),
            _read_remark(raw["problem"]),
            int(raw["exit_code"]),
            raw["sent"],
            str(raw["reference"]),
        )
    except _UNREADABLE as error:
        raise ValueError("no result") from error


def _line(document: dict[str, Any]) -> str:
    # ASCII: neither side need agree on an encoding, and no text holds a line break.
    return json.dumps(document) + "\n"


def _value(value: Value) -> dict[str, Any]:
    return {
        "text": value.text,
        "code": value.code,
        "source": value.source,
        "accepted": list(value.accepted),
        "query": value.query,
    }


def _field_value(shown: Form, raw: dict[str, Any]) -> FieldValue:
    known = next((one for one in shown.fields if one.name == raw["name"]), None)
    if known is None:
        raise ValueError("no field of this form")
    state = State(raw["state"])
    accepted = tuple(str(one) for one in raw["accepted"])
    value = Value(raw["text"], raw["code"], raw["source"], state, accepted, raw["query"])
    return FieldValue(known, value, state)


def _remark(remark: Remark | None) -> dict[str, Any] | None:
    return None if remark is None else {"code": remark.code, "values": dict(remark.values)}


def _read_remark(raw: dict[str, Any] | None) -> Remark | None:
    return None if raw is None else Remark.of(str(raw["code"]), **raw["values"])


def _finding(found: Finding) -> dict[str, Any]:
    return {"name": found.name, "label": found.label, "why": _remark(found.why)}


def _read_finding(raw: dict[str, Any]) -> Finding:
    why = _read_remark(raw["why"])
    if why is None:
        raise ValueError("a finding says why")
    return Finding(str(raw["name"]), str(raw["label"]), why)
