"""What the evidence commands answer, as facts; whatever an answer holds, reading it raises nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST = 1000
"""Entries of one list that are shown at most."""
HOLE = "bundle_hole"
"""The fault of a bundle that is as it was signed, of a journal that could not be read whole."""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report that was written. ``paper``: its number in the case file, empty where there is none.

    ``not_kept``: the sentence that tells why the case could not keep it, empty otherwise.
    """

    path: str
    sha256: str
    cuts: int
    cut_s: float
    observed: float | None
    paper: str
    demo: bool
    left_out: int
    not_kept: str = ""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    name: str
    bytes: int
    what: str


@dataclass(frozen=True, slots=True)
class TakenFacts:
    """What one rule took out: how many values, and why."""

    rule: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnreadableFacts:
    """Records that could not be read in the journal: the first and the last one's number, their times in ISO 8601."""

    first: int
    last: int
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class PreviewFacts:
    """What a bundle holds, and what was taken out of it. ``quiet`` and ``aged``: minutes without their samples."""

    copy: str
    demo: bool
    bytes: int
    members: tuple[MemberFacts, ...]
    taken: tuple[TakenFacts, ...]
    quiet: int
    aged: int
    unreadable: tuple[UnreadableFacts, ...] = ()

    @property
    def kinds(self) -> tuple[frozenset[str], frozenset[str], frozenset[UnreadableFacts]]:
        """Files, rules, what could not be read: what must not differ between a preview and what is written."""
        return (
            frozenset(one.name for one in self.members),
            frozenset(one.rule for one in self.taken),
            frozenset(self.unreadable),
        )


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """A bundle that was written. ``not_kept``: see ``ReportFacts``."""

    path: str
    sha256: str
    bytes: int
    paper: str
    preview: PreviewFacts | None
    not_kept: str = ""


@dataclass(frozen=True, slots=True)
class VerifyFacts:
    """What a check found. ``signature`` is ok, failed or unchecked.

    ``first_fault`` is a sentence and ``fault`` its code, both empty where none was found.
    """

    ok: bool
    blocks: int
    samples: int
    members: int
    signature: str
    fingerprint: str
    first_fault: str
    notes: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A known time-stamp server, with what one reads before agreeing to it."""

    url: str
    runs: str
    country: str
    qualified: bool
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StampFacts:
    """Who dates the seals (empty: nobody), and what was dated. ``newest``: ISO time and authority of the newest one.

    ``invalid`` counts stamps that do not hold; ``failed`` is the ISO time of a failure after the newest stamp.
    """

    server: str
    agreed: bool
    days: tuple[str, ...]
    newest: tuple[str, str] | None
    rooted: bool
    invalid: int
    ahead: bool
    failed: str
    due: str


@dataclass(frozen=True, slots=True)
class TouchedFacts:
    """One incident of a period: ISO start, seconds, kind, cause; ``excluded``: it does not count already."""

    start: str
    seconds: float
    kind: str
    cause: str
    excluded: bool


@dataclass(frozen=True, slots=True)
class KeepingFacts:
    """How long single samples are kept: ``days``, 0 for ever. ``before``: the ISO day before which they go."""

    days: int
    before: str


def report_of(answer: object) -> ReportFacts | None:
    told = _map(answer)
    path = _text(told, "out")
    if not path:
        return None
    coverage = _map(told.get("coverage"))
    return ReportFacts(
        path=path,
        sha256=_text(told, "sha256"),
        cuts=_whole(told, "cuts"),
        cut_s=_figure(told, "cut_s") or 0.0,
        observed=_figure(coverage, "ratio"),
        paper=_text(told, "paper"),
        demo=told.get("demo") is True,
        left_out=_whole(told, "left_out"),
        not_kept=_text(told, "not_kept"),
    )


def preview_of(answer: object) -> PreviewFacts | None:
    told = _map(_map(answer).get("preview"))
    if not isinstance(told.get("members"), list):
        return None
    return PreviewFacts(
        copy=_text(told, "copy"),
        demo=told.get("demo") is True,
        bytes=_whole(told, "bytes"),
        members=tuple(
            MemberFacts(_text(one, "name"), _whole(one, "bytes"), _text(one, "what"))
            for one in _maps(told.get("members"))
        ),
        taken=tuple(
            TakenFacts(_text(one, "rule"), _whole(one, "count"), _text(one, "reason"))
            for one in _maps(told.get("taken_out"))
        ),
        quiet=_whole(told, "quiet_minutes_without_samples"),
        aged=_whole(told, "minutes_removed_by_age"),
        unreadable=tuple(
            UnreadableFacts(_whole(one, "first"), _whole(one, "last"), _text(one, "start"), _text(one, "end"))
            for one in _maps(told.get("unreadable"))
        ),
    )


def bundle_of(answer: object) -> BundleFacts | None:
    told = _map(answer)
    path = _text(told, "path")
    if not path:
        return None
    return BundleFacts(
        path=path,
        sha256=_text(told, "sha256"),
        bytes=_whole(told, "bytes"),
        paper=_text(told, "paper"),
        preview=preview_of(answer),
        not_kept=_text(told, "not_kept"),
    )


def verify_of(answer: object) -> VerifyFacts | None:
    told = _map(answer)
    if not isinstance(told.get("ok"), bool):
        return None
    checked = _map(told.get("checked"))
    return VerifyFacts(
        ok=told["ok"] is True,
        blocks=_whole(checked, "blocks"),
        samples=_whole(checked, "samples"),
        members=_whole(checked, "members"),
        signature=_text(told, "signature"),
        fingerprint=_text(told, "fingerprint"),
        first_fault=_text(told, "first_fault"),
        notes=_texts(told.get("notes")),
        fault=_text(_map(told.get("fault")), "code"),
    )


def servers_of(answer: object) -> tuple[ServerFacts, ...]:
    return tuple(
        ServerFacts(
            url=_text(one, "url"),
            runs=_text(one, "runs"),
            country=_text(one, "country"),
            qualified=one.get("qualified") is True,
            terms=_texts(one.get("terms")),
        )
        for one in _maps(_map(answer).get("servers"))
        if _text(one, "url")
    )


def terms_of(answer: object) -> tuple[str, tuple[str, ...]]:
    """The server, and what one reads before agreeing to it."""
    told = _map(answer)
    return _text(told, "server"), _texts(told.get("terms"))


def stamps_of(answer: object) -> StampFacts | None:
    told = _map(answer)
    if "server" not in told:
        return None
    stamps = list(_maps(told.get("stamps")))
    valid = [one for one in stamps if one.get("valid") is True]
    newest = valid[-1] if valid else None
    failed = _map(told.get("failed"))
    return StampFacts(
        server=_text(told, "server"),
        agreed=told.get("agreed") is True,
        days=_texts(told.get("days")),
        newest=None if newest is None else (_text(newest, "at"), _text(newest, "authority")),
        rooted=newest is not None and newest.get("rooted") is True,
        invalid=len(stamps) - len(valid),
        ahead=newest is not None and newest.get("ahead") is True,
        failed=_text(failed, "at") if _text(failed, "server") == _text(told, "server") else "",
        due=_text(told, "due"),
    )


def touched_of(answer: object) -> tuple[TouchedFacts, ...]:
    return tuple(
        TouchedFacts(
            start=_text(one, "start"),
            seconds=_figure(one, "duration_s") or 0.0,
            kind=_text(one, "kind"),
            cause=_text(_map(one.get("verdict")), "cause") or _text(one, "cause"),
            excluded=bool(one.get("excluded")),
        )
        for one in _maps(_map(answer).get("incidents"))
    )


def keeping_of(answer: object) -> KeepingFacts | None:
    told = _map(answer)
    if "keep_days" not in told:
        return None
    return KeepingFacts(max(0, _whole(told, "keep_days")), _text(told, "before"))


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> Iterable[Mapping[str, object]]:
    return [one for one in value[:MOST] if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(told: Mapping[str, object], key: str) -> str:
    value = told.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value[:MOST] if isinstance(one, str)) if isinstance(value, list) else ()


def _figure(told: Mapping[str, object], key: str) -> float | None:
    value = told.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if -1e18 < value < 1e18 else None


def _whole(told: Mapping[str, object], key: str) -> int:
    return round(_figure(told, key) or 0.0)
