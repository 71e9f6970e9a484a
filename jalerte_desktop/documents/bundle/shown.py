"""Which fields of the chain's records a copy shows: each other field leaves its salted digest behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from diagnostics.journal.salvage import StoredRecord
from diagnostics.model import EventKind, Line
from jalerte_desktop.documents.bundle.records import (
    BundleRecord,
    FieldHidden,
    FieldShown,
    WholeHidden,
    WholeShown,
)
from jalerte_desktop.documents.bundle.redaction import Redaction

SAMPLES = "samples"
_FIGURES = (SAMPLES, "hour", "day")
"""Types whose fields are bytes, and which name their line in the field ``line``."""
_BY_MINUTE = ("samples", "details")
_REFINED: Mapping[str, str] = {EventKind.TARGETS: "role", EventKind.WITNESS: "source"}
"""Kinds of which rules tell one sort from another, by this field."""
_LINE_KEYS = ("id", "line", "circumstances.line_id")
_OF_LINES = (EventKind.LINE, EventKind.LINE_NAMED, EventKind.LINE_HOME, EventKind.SPEED, EventKind.SPEED_HELD)
"""Events that say of which line they are; a campaign says so too, and a stopped one by its start alone."""
QUIET = "quiet-minutes"
"""What ``Shower.left`` counts minutes by whose samples stay at home because nothing happened in them."""
AGED = "aged"
"""The same for samples that retention had removed before."""


class Shower:
    """Makes the records of one bundle, in the order of the chain: it follows which line is in use.

    ``salt_of`` gives a shown field's salt. Records of format 1 show all or nothing.
    """

    def __init__(
        self,
        redaction: Redaction,
        home: Line,
        salt_of: Callable[[int, str], bytes],
        line_in_use: str = "",
    ) -> None:
        self._redaction = redaction
        self._home = home
        self._salt_of = salt_of
        self._line = line_in_use
        self.left: Counter[str] = Counter()

    def show(self, record: StoredRecord, whole: bool) -> BundleRecord:
        """The record as this copy has it. ``whole``: the minute of an incident, with its samples."""
        if record.whole is not None:
            return self._legacy(record, record.whole, whole)
        data = _data(record)
        kind = record.type
        if kind == EventKind.LINE:
            self._line = str(data.get("id") or "")
        area = self._other(kind, data)
        refined = _refined(kind, data)
        fields: dict[str, FieldShown | FieldHidden] = {}
        for name, digest in record.digests:
            value = record.fields.get(name)
            if value is None:
                self.left[AGED] += name == SAMPLES
            elif kind == SAMPLES and name in _BY_MINUTE and not whole:
                self.left[QUIET] += name == SAMPLES
            elif self._redaction.shows(*_paths(area, kind, refined, name), value=data[name]):
                fields[name] = FieldShown(self._salt_of(record.seq, name), value)
                continue
            fields[name] = FieldHidden(digest)
        return BundleRecord(
            record.seq,
            kind,
            record.start_ns,
            record.end_ns,
            record.link,
            fields,
            shown_line=self._letter(kind, data, fields),
        )

    def _letter(
        self, kind: str, data: Mapping[str, Any], fields: Mapping[str, FieldShown | FieldHidden]
    ) -> str:
        name, line_id = _line_of(kind, data)
        hidden = name in fields and isinstance(fields[name], FieldHidden)
        return self._redaction.letter_of(line_id) if hidden else ""

    def _other(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Whether this is of another line than the bundle's: what cannot be told is held to be the line in use's."""
        home = self._home
        name, line_id = _line_of(kind, data)
        if name:
            return bool(line_id) and line_id != home.id
        if kind == EventKind.LINK:
            # It is written before the line is known: only the home's own gateway and interface are the home's.
            return bool(data.get("gateway")) and (data.get("gateway"), data.get("interface")) != (
                home.gateway,
                home.interface,
            )
        if kind == EventKind.TARGETS and data.get("role") == "gateway":
            return data.get("address") != home.gateway
        if kind in (EventKind.TARGETS, EventKind.WITNESS):
            return bool(self._line) and self._line != home.id
        return False

    def _legacy(self, record: StoredRecord, digest: bytes, whole: bool) -> BundleRecord:
        """A record of format 1 is shown where every field of it may be, and hidden as a whole where not."""
        found = record.fields
        line_id = found["line"].decode()
        if record.type == SAMPLES:
            shows = whole and line_id in ("", self._home.id)
            self.left[QUIET] += not whole
            parts = dict.fromkeys(("rollup", "samples", "details"), found["body"])
            shows = shows and self._all(record.type, record.type, {"line": line_id, **parts})
        else:
            data = json.loads(found["body"] or b"{}")
            if record.type == EventKind.LINE:
                self._line = str(data.get("id") or "")
            kind = record.type
            refined = _refined(kind, data)
            shows = not self._other(kind, data) and self._all(kind, refined, data)
        content: WholeShown | WholeHidden
        if shows:
            salt = self._salt_of(record.seq, "")
            content = WholeShown(salt, line_id, found["rollup"], found["body"])
        else:
            content = WholeHidden(digest)
        letter = self._redaction.letter_of(line_id) if line_id and not shows else ""
        return BundleRecord(
            record.seq, record.type, record.start_ns, record.end_ns, record.link, {}, content, letter
        )

    def _all(self, kind: str, refined: str, values: Mapping[str, Any]) -> bool:
        """Whether every field may be shown; each that may not is counted."""
        shown = [
            self._redaction.shows(*_paths(False, kind, refined, name), value=value)
            for name, value in values.items()
        ]
        return all(shown)


def _data(record: StoredRecord) -> dict[str, Any]:
    if record.type in _FIGURES:
        return {
            name: value.decode("utf-8", "replace") if name == "line" else value
            for name, value in record.fields.items()
        }
    return {name: json.loads(value) for name, value in record.fields.items()}


def _line_of(kind: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """The field that names the record's line, and the line's id; two empty texts where it names none."""
    if kind not in _FIGURES and kind not in _OF_LINES and kind != EventKind.CAMPAIGN:
        return "", ""
    keys = ("line",) if kind in (*_FIGURES, EventKind.CAMPAIGN, EventKind.SPEED_HELD) else _LINE_KEYS
    if kind == EventKind.SPEED:
        keys = ("circumstances.line_id",)
    name = next((key for key in keys if key in data), "")
    return name, str(data.get(name) or "") if name else ""


def _refined(kind: str, data: Mapping[str, Any]) -> str:
    return f"{kind}/{data.get(_REFINED[kind])}" if kind in _REFINED else kind


@cache
def _paths(other: bool, kind: str, refined: str, name: str) -> tuple[str, ...]:
    here = (f"record:{refined}.{name}", f"record:{kind}.{name}")
    elsewhere = (f"other:{refined}.{name}", f"other:{kind}.{name}")
    return tuple(dict.fromkeys((*elsewhere, *here) if other else here))
