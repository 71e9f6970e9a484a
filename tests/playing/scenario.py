"""Scenarios: networks with known truth, read strictly from ``tests/scenarios/*.toml`` (format: its README)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.model import SECOND, Cause, Coverage, GapReason, Incident, Kind
from tests.playing.faults import KINDS, SIMULATOR_ALONE, Fault, FaultKind
from tests.playing.tables import BadScenario, Table

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
RUNNERS = ("simulator", "lab")
OUTAGE_WITHIN_S = 1.0
OTHER_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Network:
    """The network of a scenario while all is well; the README says what each key means."""

    medium: str = "ethernet"
    box: str = "answers"
    hop: str = "answers"
    anchors: int = 4
    anchors_answer: str = "both"
    ipv6: bool = False
    igd: bool = True
    down_mbit: float = 50.0
    up_mbit: float = 10.0
    queue_ms: float = 300.0
    noise: float = 0.0
    spikes: float = 0.0


_CHOICES = {
    "medium": ("ethernet", "wifi"),
    "box": ("answers", "silent"),
    "hop": ("answers", "silent"),
    "anchors_answer": ("icmp", "tcp", "both"),
}


@dataclass(frozen=True, slots=True)
class Expect:
    """What must (``expect``) or may (``allow``) be found. Seconds after the start; None: not said.

    ``kind`` None and ``causes`` empty mean any, in an ``allow`` alone. ``home`` False: on another line than the home
    one.
    """

    kind: Kind | None
    causes: frozenset[Cause]
    start_s: float | None = None
    end_s: float | None = None
    confidence: tuple[float, float] = (0.0, 1.0)
    within_s: float = OUTAGE_WITHIN_S
    home: bool = True


@dataclass(frozen=True, slots=True)
class Unobserved:
    """What must be told as not observed on the home line."""

    start_s: float
    end_s: float
    reason: GapReason | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """Faults of one kind drawn at random, each with what has to be found of it (see ``drawing``).

    ``per_day`` of them on average; ``length_s`` and ``ranges`` (the fault's own keys) are drawn between two ends;
    ``hours`` of the day in which they begin.
    """

    what: str
    per_day: float
    length_s: tuple[float, float]
    hours: tuple[float, float]
    apart_s: float
    ranges: Mapping[str, tuple[float, float]]
    expect: Expect | None
    unobserved: GapReason | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One network, what goes wrong on it and when, and what has to be said of it. Times in seconds after the start."""

    name: str
    about: str
    play: tuple[str, ...]
    seconds: float
    seed: int = 1
    starts_ns: int | None = None
    zone: str = ""
    network: Network = field(default_factory=Network)
    faults: tuple[Fault, ...] = ()
    expects: tuple[Expect, ...] = ()
    allows: tuple[Expect, ...] = ()
    unobserved: tuple[Unobserved, ...] = ()
    draws: tuple[Draw, ...] = ()

    def of_kind(self, *whats: str) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.what in whats)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was planned for ``planned_s`` seconds after the start really happened at ``at_ns`` (UTC)."""

    planned_s: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class Played:
    """What came out of one run of a scenario, on whichever runner.

    ``start_ns`` is UTC at the scenario's second 0. ``incidents`` are every line's; ``coverage`` is the home line's over
    the whole recording; ``home`` its id. ``turns`` tell when faults really began and ended; a second of which no turn
    speaks happened as planned. ``scenario`` is the one that was played: with its draws drawn.
    """

    scenario: Scenario
    runner: str
    seed: int
    start_ns: int
    incidents: tuple[Incident, ...]
    coverage: Coverage
    home: str
    turns: tuple[Turn, ...] = ()

    def when_ns(self, planned_s: float) -> int:
        """The wall clock (UTC ns) at a planned second of the scenario."""
        for turn in self.turns:
            if abs(turn.planned_s - planned_s) < 1e-6:
                return turn.at_ns
        return self.start_ns + round(planned_s * SECOND)


def load_all(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Every scenario by name, in the order of names. Raises BadScenario."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.toml"))}


def load(path: Path) -> Scenario:
    """One scenario. Raises BadScenario, and OSError where the file cannot be read."""
    try:
        return parse(path.read_text("utf-8"), path.stem)
    except UnicodeDecodeError as error:
        raise BadScenario(f"{path.stem}: not UTF-8 text") from error


def parse(text: str, name: str) -> Scenario:
    """Read a scenario from its text. Raises BadScenario at the first thing that is not understood."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadScenario(f"{name}: no TOML: {error}") from error
    return _scenario(Table(raw, name))


def _scenario(table: Table) -> Scenario:
    name = table.place
    play = tuple(table.take("play", list))
    if not play or not set(play) <= set(RUNNERS):
        raise table.wrong(f"'play' must name {' or '.join(RUNNERS)}")
    starts = table.take("starts", datetime, default=None)
    if starts is not None and starts.tzinfo is None:
        raise table.wrong("'starts' needs its offset from UTC")
    network = _network(Table(table.take("network", dict, default={}), f"{name}: network"))
    seconds = table.seconds("seconds")
    scenario = Scenario(
        name=name,
        about=table.take("about", str),
        play=play,
        seconds=seconds,
        seed=table.take("seed", int, default=1),
        starts_ns=None if starts is None else int(starts.timestamp()) * SECOND,
        zone=table.take("zone", str, default=""),
        network=network,
        faults=tuple(_fault(one, seconds, network) for one in table.tables("fault", "fault")),
        expects=tuple(_expect(one, required=True) for one in table.tables("expect", "expect")),
        allows=tuple(_expect(one, required=False) for one in table.tables("allow", "allow")),
        unobserved=tuple(_unobserved(one, seconds) for one in table.tables("unobserved", "unobserved")),
        draws=tuple(_draw(one) for one in table.tables("generate", "generate")),
    )
    table.done()
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    """What no table alone can tell. Raises BadScenario."""
    if "lab" in scenario.play:
        alone = [fault.what for fault in scenario.faults if fault.what in SIMULATOR_ALONE]
        if scenario.network.medium == "wifi":
            alone.append("medium = wifi")
        if scenario.draws:
            alone.append("generate")
        if scenario.starts_ns is not None or scenario.zone:
            alone.append("starts, zone")
        if alone:
            raise BadScenario(f"{scenario.name}: the lab cannot play {alone[0]}")
    for one in (*scenario.expects, *scenario.allows):
        for at in (one.start_s, one.end_s):
            if at is not None and at > scenario.seconds:
                raise BadScenario(f"{scenario.name}: something is expected at {at:g} s, after the end")
    away = scenario.of_kind("elsewhere")
    for fault in scenario.faults:
        if fault.elsewhere and not any(a.at_s <= fault.at_s and fault.end_s <= a.end_s for a in away):
            raise BadScenario(f"{scenario.name}: {fault.what} is elsewhere while nobody is")


def _network(table: Table) -> Network:
    said: dict[str, Any] = {}
    for one in fields(Network):
        if not table.has(one.name):
            continue
        if one.name in _CHOICES:
            said[one.name] = table.choice(one.name, _CHOICES[one.name])
        elif isinstance(one.default, bool):
            said[one.name] = table.take(one.name, bool)
        elif isinstance(one.default, int):
            said[one.name] = int(table.number(one.name, least=1, most=20))
        else:
            said[one.name] = table.number(one.name, most=1 if one.name in ("noise", "spikes") else 1e5)
    table.done()
    return Network(**said)


def _fault(table: Table, seconds: float, network: Network) -> Fault:
    kind = _kind(table)
    at = table.seconds("at")
    elsewhere = table.choice("line", ("home", "elsewhere"), "home") == "elsewhere"
    said = {key: _value(table, key, network) for key in kind.keys if table.has(key) or key in kind.needs}
    if kind.own_length is not None:
        end = at + kind.own_length(said)
    else:
        end = min(at + table.seconds("for", seconds - at), seconds)
    if not at < end <= seconds:
        raise table.wrong(f"from {at:g} s to {end:g} s does not lie in the recording")
    if kind.what == "flapping" and not 0 < said["off"] < said["every"]:
        raise table.wrong("'off' must be shorter than 'every'")
    return Fault(kind.what, at, end, elsewhere=elsewhere, **said)


def _kind(table: Table) -> FaultKind:
    what = table.take("what", str)
    if what not in KINDS:
        raise table.wrong(f"no such fault: {what!r}")
    return KINDS[what]


def _value(table: Table, key: str, network: Network) -> Any:
    if key == "which":
        which = table.take("which", list)
        if not which or not all(isinstance(n, int) and 0 <= n < network.anchors for n in which):
            raise table.wrong(f"'which' must name anchors from 0 to {network.anchors - 1}")
        return tuple(which)
    choices = {
        "where": ("box", "hop", "anchor"),
        "to": ("hotspot", "cafe", "other-home"),
        "mode": ("full", "split"),
    }
    if key in choices:
        return table.choice(key, choices[key])
    if key == "zone":
        return table.take("zone", str)
    if key == "noticed":
        return table.take("noticed", bool)
    if key == "by":
        return table.number("by", least=-1e6, most=1e6)
    return table.number(key, most=1 if key == "share" else 1e6)


def _expect(table: Table, *, required: bool) -> Expect:
    kind = table.take("kind", str, **({} if required else {"default": None}))
    causes = table.take("cause", str, list, **({} if required else {"default": []}))
    try:
        known = None if kind is None else Kind(kind)
        named = frozenset(Cause(cause) for cause in ([causes] if isinstance(causes, str) else causes))
    except ValueError as error:
        raise table.wrong(str(error)) from None
    if required and not named:
        raise table.wrong("'cause' is empty")
    start, end = table.seconds("start", None), table.seconds("end", None)
    if start is not None and end is not None and end <= start:
        raise table.wrong("it ends before it starts")
    return Expect(
        known,
        named,
        start,
        end,
        table.pair("confidence", (0.0, 1.0), most=1.0),
        table.seconds("within", OUTAGE_WITHIN_S if known is Kind.OUTAGE else OTHER_WITHIN_S),
        table.take("home", bool, default=True),
    )


def _unobserved(table: Table, seconds: float) -> Unobserved:
    start, end = table.seconds("start"), table.seconds("end", seconds)
    if not start < end <= seconds:
        raise table.wrong("it does not lie in the recording")
    return Unobserved(start, end, _reason(table, "reason"))


def _reason(table: Table, key: str) -> GapReason | None:
    reason = table.take(key, str, default=None)
    if reason is not None and reason not in set(GapReason):
        raise table.wrong(f"{key!r} cannot be {reason!r}")
    return None if reason is None else GapReason(reason)


def _draw(table: Table) -> Draw:
    kind = _kind(table)
    if kind.own_length is not None:
        raise table.wrong(f"{kind.what} cannot be drawn")
    expect = table.take("expect", dict, default=None)
    inner = Table(expect or {}, f"{table.place}: expect")
    draw = Draw(
        kind.what,
        table.number("per_day", most=1000),
        table.pair("seconds"),
        table.pair("hours", (0.0, 24.0), most=24),
        table.seconds("apart", 180.0),
        {key: table.pair(key) for key in kind.keys if table.has(key)},
        None if expect is None else _expect(inner, required=True),
        _reason(table, "unobserved"),
    )
    if expect is not None:
        inner.done()
    return draw
