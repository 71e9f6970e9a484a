"""What ``bundle.json`` and ``removed.json`` say of the whole bundle: compared with the chain, and with each other."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

from jalerte_desktop.documents.bundle.archive import Broken
from jalerte_desktop.documents.bundle.checks_chain import Walked
from jalerte_desktop.documents.bundle.hidden import WHOLE_RECORD
from jalerte_desktop.documents.bundle.manifest import ABOUT, About
from jalerte_desktop.documents.bundle.redaction import COPIES

REMOVED = "removed.json"
_OF_RECORD = re.compile(r"(?:record|other):(\w+)(?:/[^.]*)?\.(.+)")
_BY_MINUTE = (("samples", "samples"), ("samples", "details"))
_LONGEST_NAME = 80


def check_about(about: About, walked: Walked, rollups: int, stamps: int) -> None:
    """Raises Broken for what ``bundle.json`` cannot say. ``rollups``, ``stamps``: rows and time stamps found."""
    counts = {
        "records": walked.records,
        "samples": walked.samples,
        "rollups": rollups,
        "stamps": stamps,
    }
    right = {
        "copy": about.copy in COPIES,
        "rules": _is_day(about.rules),
        "counts": dict(about.counts) == counts,
        "period": about.since_ns < about.until_ns <= about.made_ns,
        "made_ns": about.made_ns >= walked.end_ns,
    }
    for what, holds in right.items():
        if not holds:
            raise Broken("bundle_about_wrong", member=ABOUT, what=what)
    if about.demo != walked.made_up and (walked.made_up or walked.started):
        raise Broken("bundle_demo", member=ABOUT)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_incidents_about(document: dict[str, Any], about: About, member: str) -> None:
    """Raises Broken where the incidents are of another period or line than the bundle."""
    period = document.get("period")
    span = (period.get("start_ns"), period.get("end_ns")) if isinstance(period, dict) else None
    if span != (about.since_ns, about.until_ns):
        raise Broken("bundle_disagree", member=member, what="period")
    if document.get("line") != about.more.get("line"):
        raise Broken("bundle_disagree", member=member, what="line")


def check_removed(document: dict[str, Any], about: About, walked: Walked) -> None:
    """Raises Broken where ``removed.json`` does not say what is hidden, how many, and by which rule."""
    for what, value in (("copy", about.copy), ("rules", about.rules)):
        if document.get(what) != value:
            raise Broken("bundle_disagree", member=REMOVED, what=what)
    try:
        told = {
            (kind, name): _count(count)
            for kind, fields in document["hidden"].items()
            for name, count in fields.items()
        }
        by_rule = _by_rule(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken("bundle_json", member=REMOVED, why=str(error)[:200]) from error
    for one in sorted(told.keys() | walked.hidden.keys()):
        said, found, field = told.get(one, 0), walked.hidden[one], ".".join(one)[:_LONGEST_NAME]
        if said != found:
            raise Broken("bundle_hidden", member=REMOVED, field=field, told=said, found=found)
        if found > by_rule[one] and one[1] != WHOLE_RECORD:
            raise Broken("bundle_hidden_no_rule", member=REMOVED, field=field, count=found - by_rule[one])


def _by_rule(document: dict[str, Any]) -> Counter[tuple[str, str]]:
    """How many of each field the rules took out, or what is said of quiet and of old minutes."""
    found: Counter[tuple[str, str]] = Counter()
    for rule in document["taken_out"]:
        for path, count in rule["what"].items():
            parts = _OF_RECORD.fullmatch(path)
            if parts is not None:
                found[parts[1], parts[2]] += _count(count)
    for one in _BY_MINUTE:
        found[one] += _count(document["quiet_minutes_without_samples"])
        found[one] += _count(document["minutes_removed_by_age"])
    return found


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value
