"""Made-up measurements for the speed page: a journal with results, holds, a series; the script of a running one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnostics.campaigns import record as campaign_record
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.campaigns.standing import campaigns, standing
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, Event, EventKind, Remark
from diagnostics.throughput import choice as choices
from diagnostics.throughput import held as holds
from diagnostics.throughput.compare import compare
from diagnostics.throughput.held import Held, Reason
from diagnostics.throughput.model import Direction, Ended, Medium, OtherTraffic, Server, SpeedResult
from diagnostics.throughput.record import from_event, to_event
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.terms import load_terms
from diagnostics.throughput.validity import judge
from diagnostics.witnesses import Wifi, WifiState
from jalerte_desktop.commands import _campaign_words, _speed_words
from jalerte_desktop.commands.speed import KINDS
from tests.campaigns.measured import campaign, follow, measured, rules
from tests.throughput.results import CLEAN, around, delays, steady

HOUR = 60 * MINUTE
DAY = 24 * HOUR
LINE = "0123456789ab"
CASE = {
    "id": "c1",
    "problem": "fixed-internet-slow",
    "country": "FR",
    "fields": {
        "contract.operator": "Sosh",
        "contract.download_max_bps": 300_000_000,
        "contract.upload_max_bps": 100_000_000,
    },
}
KEYED = (
    "speed --results --since 92d --json",
    "speed --compare --json",
    "campaign status --json",
    "campaign result --json",
)


def judged(result: SpeedResult) -> SpeedResult:
    """The result with the notes that the real rules give it."""
    indicative, notes = judge(result, default_rules())
    return replace(result, indicative=indicative, notes=notes)


def result(name: str, at_ns: int, down: int = 287_000_000, up: int = 95_400_000, **more: Any) -> SpeedResult:
    made = replace(
        CLEAN,
        id=name,
        at_ns=at_ns,
        provider="ndt7",
        server=Server("https://paris.example.net/", "Paris", 6.8, "192.0.2.1", 4),
        down=steady(Direction.DOWN, down),
        up=steady(Direction.UP, up),
        bytes=(down + up) // 2,
        idle=delays(7.4),
        loaded_down=delays(24),
        loaded_up=delays(31),
    )
    return judged(replace(made, **more))


def by_wifi(name: str, at_ns: int) -> SpeedResult:
    radio = Medium("wifi", "wlan0", wifi=Wifi(WifiState.CONNECTED, signal_dbm=-71, rx_bps=173_000_000))
    made = around(result(name, at_ns, 94_100_000, 61_000_000), medium=radio, down=OtherTraffic(9_000_000, 0))
    return judged(replace(made, loaded_down=delays(88), loaded_up=delays(140)))


def at_home(name: str, at_ns: int) -> SpeedResult:
    made = result(name, at_ns, 938_000_000, 936_000_000, provider="http")
    server = Server("http://192.168.1.20:8989/", "", 0.6, "192.168.1.20", 4)
    return judged(around(replace(made, server=server), at_home=True))


def part(name: str, at_ns: int) -> SpeedResult:
    """One that was broken off while it received."""
    made = result(name, at_ns)
    assert made.down is not None
    return judged(
        replace(
            made,
            down=replace(made.down, ended=Ended.CANCELLED),
            up=None,
            loaded_up=None,
            cancelled=True,
            bytes=60_000_000,
        )
    )


def week(now_ns: int) -> list[SpeedResult]:
    """A few days of measurements; the newest speaks for the line."""
    return [
        result("r1", now_ns - 3 * DAY - 5 * HOUR, 291_000_000, 97_000_000, scheduled=True),
        result("r2", now_ns - 2 * DAY - 3 * HOUR, 212_000_000, 96_000_000, scheduled=True),
        by_wifi("r3", now_ns - DAY - HOUR),
        at_home("r4", now_ns - DAY + HOUR),
        part("r5", now_ns - 5 * HOUR),
        result("r6", now_ns - HOUR),
    ]


def holding(now_ns: int) -> list[Held]:
    busy, cap = now_ns - 2 * HOUR, now_ns - 2 * DAY - 9 * HOUR
    return [
        Held(
            Reason.BUSY,
            Remark.of("held_busy", rate_bps=38_000_000),
            busy,
            busy,
            busy + 5 * MINUTE,
        ),
        Held(
            Reason.CAP,
            Remark.of(
                "held_cap", used_bytes=49_900_000_000, cap_bytes=50_000_000_000, cost_bytes=191_000_000
            ),
            cap,
            cap,
            None,
        ),
    ]


def chosen(at_ns: int, provider: str = "ndt7", servers: tuple[str, ...] = (), per_day: int = 4) -> Event:
    terms = load_terms()[provider].version
    return choices.to_event(choices.Choice(provider, servers, terms, per_day, 50_000_000_000), at_ns)


def series(now_ns: int, days: int = 5, count: int | None = None) -> tuple[Campaign, list[SpeedResult]]:
    """A series by the German rules and what it measured; ``count``: so many only, and it still runs."""
    chosen_rules = rules("bnetza")
    begun = campaign(chosen_rules, now_ns - days * DAY)
    promised = Promised(
        Rates(maximum=300_000_000, normal=240_000_000, minimum=150_000_000),
        Rates(maximum=100_000_000, normal=80_000_000, minimum=50_000_000),
    )
    begun = replace(begun, confirmed=chosen_rules.statements, provider="http", promised=promised)
    made, _next, _at = follow(chosen_rules, begun, lambda at: measured(at, 263_000_000, 93_000_000))
    made = [one for one in made if one.at_ns < now_ns]
    return begun, made if count is None else made[:count]


def write(home: Path, events: Iterable[Event]) -> None:
    """Put events into the home's journal, in the order of time."""
    with closing(Writer(home / "journal.sqlite")) as writer:
        for event in sorted(events, key=lambda one: one.at_ns):
            writer.append(event)


def fill(
    home: Path,
    now_ns: int,
    results: Sequence[SpeedResult] = (),
    held: Sequence[Held] = (),
    begun: Campaign | None = None,
    choice: Event | None = None,
) -> None:
    """Write a journal of that."""
    line = {"id": LINE, "gateway": "192.168.1.1", "gateway_mac": "02:00:00:00:00:01", "interface": "eth0"}
    events = [Event(EventKind.LINE, now_ns - 40 * DAY, line)]
    events += [to_event(one) for one in results]
    events += [holds.to_event(one) for one in held]
    if begun is not None:
        events.append(Event(EventKind.CAMPAIGN, begun.started_ns, campaign_record.started(begun)))
    if choice is not None:
        events.append(choice)
    write(home, events)


def answers(home: Path, now_ns: int, case: object = CASE) -> None:
    """What the commands would say at that time, in the language of the moment, for the stand-in to tell."""
    with Reader(home / "journal.sqlite") as reader:
        events, lines = list(reader.events(*KINDS)), reader.lines
        found = [from_event(one) for one in events if one.kind is EventKind.SPEED]
        known = campaigns(reader)
        stands = standing(reader, known[-1], now_ns, None) if known else None
    told: dict[str, object] = {
        KEYED[0]: {
            "results": [_speed_words.result_json(one) for one in found],
            "held": [_speed_words.held_json(one) for one in holds.read_holds(events)],
        },
        KEYED[1]: _speed_words.comparison_json(compare(found, now_ns, lines)),
        KEYED[2]: {"campaign": None if stands is None else _campaign_words.standing_json(stands)},
        "case show --json": case,
    }
    if stands is not None:
        told[KEYED[3]] = _campaign_words.result_json(stands)
    (home / "answers.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def script(home: Path, *lines: dict[str, object]) -> None:
    """What the next measurement tells."""
    (home / "script").write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")


BEGIN = {
    "event": "begin",
    "provider": "ndt7",
    "usual_bytes": 191_000_000,
    "most_bytes": 240_000_000,
    "month_bytes": 1_400_000_000,
    "cap_bytes": 50_000_000_000,
    "notes": [],
}
SERVER = {"event": "server", "server": "https://paris.example.net/", "name": "Paris", "distance_ms": 6.8}


def rates(direction: str, peak_bps: int, count: int) -> list[dict[str, object]]:
    """Ticks of a rate that climbs and stays."""
    moved, told = 0, []
    for number in range(1, count + 1):
        bps = round(peak_bps * min(1.0, 0.25 + number / 12) * (1 + 0.03 * (-1) ** number))
        moved += bps // 80
        told.append({"event": "rate", "direction": direction, "bps": bps, "bytes": moved})
    return told


def completed(one: SpeedResult, event: str = "completed") -> dict[str, object]:
    return {"event": event, "result": _speed_words.result_json(one)}
