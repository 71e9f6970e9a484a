"""What stands beside the incidents: calls, rows, thresholds of one's own; through the journal, as commands see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from diagnostics.incidents.telework import CallSeconds
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Exclusion, Span, Target
from diagnostics.working_hours import parse_working_hours
from jalerte_desktop.__main__ import main
from jalerte_desktop.documents.period import last_days
from jalerte_desktop.findings.live import LiveFindings
from jalerte_desktop.findings.load import load, load_recent
from jalerte_desktop.findings.personal import Personal, telework_of
from jalerte_desktop.words import language
from tests import examples
from tests.made import BEYOND_BOX, GOOD, LINE, LOST, T0, Fate, samples

FLAPS, EVERY_S, FLAP_S = 5, 45, 6
LONG_AT, LONG_S = 1200, 50
MINUTES = FLAPS - 1
"""Lost to the flapping: two of the cuts fall into one minute. The long cut takes one more."""
ALWAYS = "Sun-Sat 00:00-24:00"


def world(target: Target, at: float) -> Fate:
    if target.role not in BEYOND_BOX:
        return GOOD
    flapping = 300 <= at < 300 + FLAPS * EVERY_S and (at - 300) % EVERY_S < FLAP_S
    return LOST if flapping or LONG_AT <= at < LONG_AT + LONG_S else GOOD


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour in which the access flaps five times, then is out for fifty seconds."""
    home = tmp_path_factory.mktemp("home")
    with closing(Writer(home / "journal.sqlite")) as writer:
        line = {name: getattr(LINE, name) for name in ("id", "gateway", "gateway_mac", "interface")}
        writer.append(Event(EventKind.LINE, T0, line))
        stream = list(samples(world, 1800))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        writer.seal_all()
    return home / "journal.sqlite"


@pytest.fixture
def configured(recorded: Path) -> Any:
    """Write this configuration beside the recording, for one test."""
    path = recorded.with_name("config.toml")
    yield path.write_text
    path.unlink(missing_ok=True)


@pytest.fixture
def run(recorded: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def command(*words: str) -> Any:
        language.use("en")
        assert main(["--home", str(recorded.parent), *words]) == 0
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in words else out

    return command


def test_a_flapping_line_is_one_row_and_all_its_cuts_stay(recorded: Path) -> None:
    found = load(recorded)
    assert [row.count for row in found.merged] == [FLAPS, 1]
    assert len(found.outages) == FLAPS + 1
    assert sum(row.total_s for row in found.merged) == pytest.approx(found.outage_s)
    assert sorted(key for row in found.merged for key in row.incidents) == sorted(
        i.id for i in found.incidents
    )


def test_call_breaking_seconds_are_those_of_the_cuts(recorded: Path) -> None:
    telework = load(recorded).telework
    assert telework.call_breaking_s == pytest.approx(FLAPS * FLAP_S + LONG_S, abs=FLAPS + 2)
    assert len(telework.lost) == MINUTES + 1
    assert telework.working_lost is None


def test_minutes_lost_in_working_hours(recorded: Path) -> None:
    def lost(hours: str) -> int:
        working = load(recorded, personal=Personal(parse_working_hours([hours]))).telework.working_lost
        assert working is not None
        return len(working)

    assert lost(ALWAYS) == MINUTES + 1
    day = datetime.fromtimestamp(T0 // SECOND).astimezone()
    assert lost(f"{day:%a} 00:00-24:00") == MINUTES + 1
    other = datetime.fromtimestamp(T0 // SECOND + 3 * 86_400).astimezone()
    assert lost(f"{other:%a} 00:00-24:00") == 0


def test_a_period_and_a_shorter_paper_count_their_own_minutes(recorded: Path) -> None:
    until = T0 + 900 * SECOND
    assert len(load(recorded, T0, until).telework.lost) == MINUTES
    assert len(load(recorded, until, None).telework.lost) == 1
    assert last_days(load(recorded)) == load(recorded)


def test_live_and_recent_say_the_same(recorded: Path) -> None:
    personal = Personal(parse_working_hours([ALWAYS]))
    whole, end = load(recorded, T0, T0 + 1800 * SECOND, personal), T0 + 1800 * SECOND
    live = LiveFindings(recorded, personal).refresh(T0, end)
    recent = load_recent(recorded, T0, end, personal)
    assert live is not None
    assert live.telework == recent.telework == whole.telework
    assert live.merged == recent.merged == whole.merged


def test_own_thresholds_stand_beside_and_change_nothing(recorded: Path) -> None:
    default = load(recorded)
    found = load(recorded, personal=Personal(thresholds=(("outage.min_span_s", 20.0),)))
    assert found.incidents == default.incidents
    assert found.telework == default.telework
    assert found.method == default.method
    assert found.own is not None
    assert default.own is None
    assert len(found.own.outages_of(LINE.id)) == 1
    own = load(recorded, T0, T0 + 900 * SECOND, Personal(thresholds=(("outage.min_span_s", 20.0),))).own
    assert own is not None
    assert own.outages_of(LINE.id) == ()


def test_the_command_tells_all_of_it(run: Callable[..., Any], configured: Callable[[str], Any]) -> None:
    configured(f'[home]\nworking_hours = ["{ALWAYS}"]\n[method]\noutage.min_span_s = 20.0\n')
    found = run("incidents", "--json")
    assert len(found["incidents"]) == FLAPS + 1
    assert [(row["count"], len(row["incidents"])) for row in found["merged"]] == [(FLAPS, FLAPS), (1, 1)]
    telework = found["telework"]
    assert telework["working_minutes_lost"] == telework["minutes_lost"] == MINUTES + 1
    assert telework["working_hours"] == [ALWAYS]
    assert sum(hour["call_breaking_s"] for hour in telework["hours"]) == telework["call_breaking_s"]
    assert sum(hour["minutes_lost"] for hour in telework["hours"]) == MINUTES + 1
    own = found["own_thresholds"]
    assert own["keys"] == {"outage.min_span_s": {"own": 20.0, "default": 1.0}}
    assert len(own["incidents"]) < len(found["incidents"])
    text = run("incidents")
    assert "5 times in" in text
    assert "(“outage.min_span_s”): 20\u00a0s instead of 1\u00a0s" in text
    assert "5 of them within your working hours (Sun–Sat 00:00–24:00)" in text


def test_without_a_configuration_the_keys_are_there(run: Callable[..., Any]) -> None:
    found = run("incidents", "--json")
    assert found["own_thresholds"] is None
    assert found["telework"]["working_minutes_lost"] is None
    today = run("status", "--json")["today"]
    assert {"call_breaking_s", "minutes_lost", "working_minutes_lost"} <= set(today)


def test_status_goes_on_with_a_broken_configuration(
    run: Callable[..., Any], configured: Callable[[str], Any]
) -> None:
    configured("[home")
    assert run("status", "--json")["today"]["working_minutes_lost"] is None


def test_what_is_excluded_is_not_counted() -> None:
    paris = ZoneInfo("Europe/Paris")
    cut = examples.incident("2026-11-17 08:12:05", 120)
    calls = CallSeconds().and_all_of([Span(cut.span.end_ns + 600 * SECOND, cut.span.end_ns + 610 * SECOND)])
    hours = parse_working_hours(["Tue 09:00-10:00"])

    def view(*exclusions: Exclusion, excluded: bool = False) -> tuple[int, int, int]:
        found = [examples.incident("2026-11-17 08:12:05", 120, excluded="travaux" if excluded else None)]
        telework = telework_of(calls, found, exclusions, examples.PERIOD, hours, paris)
        assert telework.working_lost is not None
        return telework.call_breaking_s, len(telework.lost), len(telework.working_lost)

    assert view() == (130, 4, 4)
    assert view(excluded=True) == (10, 1, 1)
    late = Exclusion(Span(cut.span.end_ns + 300 * SECOND, cut.span.end_ns + 900 * SECOND), "travaux", 0)
    assert view(late) == (120, 3, 3)
    evening = telework_of(calls, [cut], (), examples.PERIOD, parse_working_hours(["Tue 18:00-20:00"]), paris)
    assert evening.working_lost == ()
    assert all(at % MINUTE == 0 for at in evening.lost)
    assert datetime.fromtimestamp(evening.lost[0] // SECOND, UTC).minute == 12


def test_own_speed_measurements_break_no_calls_but_a_cut_meanwhile_does() -> None:
    cut = examples.incident("2026-11-17 08:12:05", 20)
    test = Span(cut.span.start_ns - 30 * SECOND, cut.span.end_ns + 30 * SECOND)
    calls = CallSeconds().and_all_of([test])
    alone = telework_of(calls, [], (), examples.PERIOD, None, own_tests=[test])
    assert alone.call_breaking_s == 0
    assert telework_of(calls, [], (), examples.PERIOD, None).call_breaking_s == 80
    assert telework_of(calls, [cut], (), examples.PERIOD, None, own_tests=[test]).call_breaking_s == 20
