"""The facts that a report prints, before any words and pictures are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from diagnostics.model import Span
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.documents.account import Account


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the line's anchors taken together. Times in ms, None where nothing was answered.

    ``median_ms`` and ``p95_ms`` are the medians of the anchors' own, since figures of rollups cannot be pooled.
    """

    start_ns: int
    tries: int
    missed: int
    median_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """One local day, or the part of it that lies in the period: ``span``.

    ``cuts`` are those that count against the line and touch this day (one over midnight is in both days), ``cut_s`` the
    seconds of them within this day alone, ``working_minutes_lost`` the minutes of working hours that they took, None
    where no such hours are set. ``incidents`` are all of the line that touch this day, whatever their cause, without
    the excluded ones.
    """

    day: date
    span: Span
    observed_s: float
    cuts: int
    cut_s: float
    incidents: int
    working_minutes_lost: int | None


@dataclass(frozen=True, slots=True)
class SpeedPoint:
    """One speed measurement: bits of payload a second, round trips in ms; None where not measured."""

    at_ns: int
    download_bps: float | None
    upload_bps: float | None
    idle_ms: float | None
    loaded_down_ms: float | None
    loaded_up_ms: float | None
    provider: str
    indicative: bool
    campaign: str
    accepted: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What the contract promises, in bits a second; None where it says nothing."""

    download_max_bps: float | None = None
    download_usual_bps: float | None = None
    download_min_bps: float | None = None
    upload_max_bps: float | None = None
    upload_usual_bps: float | None = None
    upload_min_bps: float | None = None


@dataclass(frozen=True, slots=True)
class CampaignFinding:
    """A campaign's judgement: ``criteria`` are sentences with their arithmetic. ``conforming`` None: not to be said.

    ``missing`` measurements are still wanted; while there are any, nothing is judged. ``unfinished_before`` counts the
    line's campaigns that were begun before and not finished: who begins anew until a result pleases is seen here.
    """

    rules: str
    version: str
    accepted: int
    rejected: int
    criteria: tuple[str, ...]
    conforming: bool | None
    id: str = ""
    started_ns: int = 0
    missing: int = 0
    unfinished_before: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """An outside time stamp (RFC 3161) that holds: what it dates, when by whose clock, and who gave it.

    ``authority`` is named as in its certificate, ``server`` as the journal tells who was asked. ``root``, ``rooted``,
    ``top`` and ``top_is_root`` are those of ``diagnostics.stamps.model.Token``: only where ``rooted``, the line's
    holder named the root, and in no case does jalerte vouch for it.
    """

    sequence: int
    link: str
    at_ns: int
    authority: str
    server: str = ""
    root: str = ""
    rooted: bool = False
    top: str = ""
    top_is_root: bool = False


@dataclass(frozen=True, slots=True)
class FalseStamp:
    """An outside time stamp that does not hold, and dates nothing: what the journal claims of it.

    ``why`` is a code (``words.stamps``).
    """

    sequence: int
    at_ns: int
    authority: str
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the report can be checked against. ``key`` is the signing key's fingerprint, empty where nothing was signed.

    ``stamps`` are those that hold and cover samples of the period, oldest first, up to the first one that covers all
    of it; ``false_stamps`` those that do not hold, of the period or of nothing that was sealed.
    ``dated_until_ns`` is up to when they date what was recorded: when the newest of their seals was made, by this
    machine's clock; None without one. ``lost_tails`` are the times at which the recorder found that the journal's end
    was missing.
    """

    sequence: int
    link: str
    at_ns: int
    key: str
    stamps: tuple[Stamp, ...] = ()
    dated_until_ns: int | None = None
    lost_tails: tuple[int, ...] = ()
    false_stamps: tuple[FalseStamp, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the observed time, 0–1, as far as it could be told: of ``told_s`` seconds. None: nothing tells."""

    ratio: float | None
    told_s: float


@dataclass(frozen=True, slots=True)
class Honesty:
    """What a reader must know before believing a figure. Shares are of the observed time of the period.

    ``outside_*`` are of the record outside the chosen period: its incidents on the line, and its coverage.
    ``clock_*``: of the hourly clock states within the period, how many said that the clock was synchronised, and the
    largest offset told (ms). ``versions`` and ``methods`` are those that recorded the period. ``left_out`` counts the
    journal's entries and kept packages that were damaged or missing, so that their facts are in no figure. ``own_load``
    was looked at in every ``own_load_every``-th hour: 1 is all of the time.
    """

    wifi: Share
    vpn: Share
    own_load: Share
    clock_states: int
    clock_synchronised: int
    clock_worst_ms: float | None
    clock_steps: tuple[tuple[int, float], ...]
    versions: tuple[str, ...]
    methods: tuple[str, ...]
    systems: tuple[str, ...]
    targets: tuple[str, ...]
    thresholds: tuple[tuple[str, float], ...]
    removed_days: tuple[date, ...]
    outside_incidents: int
    outside_cuts: int
    outside_coverage: float | None
    left_out: int = 0
    own_load_every: int = 1


@dataclass(frozen=True, slots=True)
class SecondWitness:
    """What another machine's bundle says of the same time: of our cuts, how many it saw, and what it saw alone.

    ``span`` is the part of the period that its bundle tells of. ``not_seen``: it watched and saw nothing;
    ``not_observed``: it did not watch, or had a trouble of its own. ``key`` as in the bundle.
    """

    name: str
    span: Span
    key: str
    confirmed: int
    not_seen: int
    not_observed: int
    alone: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who speaks, as the case file says; empty where it says nothing. Nothing of it is needed to read the figures."""

    name: str = ""
    line_number: str = ""
    customer_number: str = ""
    operator: str = ""
    offer: str = ""
    technology: str = ""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything that a report says of a period. ``demo``: made-up data, said so on every page."""

    account: Account
    zone: tzinfo
    made_ns: int
    version: str
    holder: Holder
    days: tuple[Day, ...]
    hours: tuple[Hour, ...]
    speed: tuple[SpeedPoint, ...]
    promise: Promise
    campaigns: tuple[CampaignFinding, ...]
    diary: tuple[DiaryEntry, ...]
    honesty: Honesty
    evidence: Evidence | None
    witnesses: tuple[SecondWitness, ...] = ()
    demo: bool = False
