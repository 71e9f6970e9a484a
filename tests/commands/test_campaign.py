"""``jalerte campaign`` as scripts and people see it, on measurements made by hand."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnostics.campaigns import record
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.clock import SystemClock
from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, Event, EventKind
from diagnostics.recorder.notes import LOCK_NAME
from diagnostics.recorder.speed_plan import campaign_due
from diagnostics.throughput.choice import Choice
from diagnostics.throughput.choice import to_event as choice_event
from diagnostics.throughput.model import Circumstances, Medium, SpeedResult
from diagnostics.throughput.record import to_event
from diagnostics.throughput.terms import load_terms
from jalerte_desktop.__main__ import main
from jalerte_desktop.commands import _campaign_cable, _campaign_run
from jalerte_desktop.commands import campaign as command
from jalerte_desktop.words import language
from tests.campaigns.measured import LINE, campaign, follow, good, measured, ns, rules

Run = Callable[..., tuple[int, str, str]]
DAY = 24 * 60 * MINUTE
SERVER = "http://server.example/"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder whose line is known, with a server of one's own chosen."""
    folder = tmp_path / "chez moi é"
    folder.mkdir()
    (folder / "config.toml").write_text(f'[speed]\nprovider = "http"\nservers = ["{SERVER}"]\n', "utf-8")
    line = {"id": LINE, "gateway": "192.168.1.1", "gateway_mac": "02:00:00:00:00:01", "interface": "eth0"}
    write(folder, [Event(EventKind.LINE, ns("2026-11-01 00:00"), line)])
    return folder


@pytest.fixture(autouse=True)
def cable(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """The cable of this computer: unknown, until a test says otherwise."""

    def set_cable(speed_bps: int | None) -> None:
        monkeypatch.setattr(command, "cable_bps", lambda: speed_bps)

    set_cable(None)
    return set_cable


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(home), "campaign", *words])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def write(home: Path, events: list[Event]) -> None:
    with closing(Writer(home / "journal.sqlite")) as writer:
        for event in events:
            writer.append(event)


def document(run: Run, *words: str) -> Any:
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def begun(home: Path, name: str, days_ago: int = 20, **changes: object) -> Campaign:
    """A campaign that was begun some days ago."""
    started_ns = SystemClock().read().wall_ns // DAY * DAY - days_ago * DAY
    made = campaign(rules(name), started_ns, **changes)
    write(home, [Event(EventKind.CAMPAIGN, made.started_ns, record.started(made))])
    return made


def fill(home: Path, made: Campaign, measure: Callable[[int], SpeedResult] = measured) -> list[SpeedResult]:
    """Make the campaign's measurements as its plan asks for them, on this system's calendar."""
    results, _, _ = follow(rules(made.rules), made, measure, zone=None)
    write(home, [to_event(result) for result in results])
    return results


def test_result_has_the_promised_keys(run: Run, home: Path) -> None:
    made = begun(home, "bnetza")
    results = fill(home, made, lambda at_ns: measured(at_ns, down=600_000_000))
    found = document(run, "result")
    assert found["rules"] == "bnetza"
    assert len(found["measurements"]) == len(results) == 30
    first = found["measurements"][0]
    assert (first["download_bps"], first["upload_bps"], first["accepted"], first["reason"]) == (
        600_000_000, 450_000_000, True, None,
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["at"])
    assert {(one["name"], one["direction"]): one["conforming"] for one in found["criteria"]} == {
        ("maximum", "down"): False,
        ("maximum", "up"): True,
        ("normal", "down"): True,
        ("normal", "up"): True,
        ("minimum", "down"): True,
        ("minimum", "up"): True,
    }
    assert all(isinstance(one["arithmetic"], str) and one["arithmetic"] for one in found["criteria"])
    assert found["conforming"] is False
    assert (found["complete"], found["missing"]) == (True, 0)
    assert found["version"] == rules("bnetza").version
    assert any("breitbandmessung.de" in source for source in found["source"])
    assert "France" in found["warning"]


def test_a_rejected_measurement_says_why(run: Run, home: Path) -> None:
    made = begun(home, "bnetza", days_ago=0)
    wifi = measured(made.started_ns + MINUTE, circumstances=_wifi())
    write(home, [to_event(wifi)])
    found = document(run, "result")
    (one,) = found["measurements"]
    assert one["accepted"] is False
    assert "Wi-Fi" in one["reason"]
    assert (found["conforming"], found["complete"], found["missing"]) == (None, False, 30)
    code, out, _ = run("result")
    assert code == 0
    assert one["reason"] in out
    assert "n’est pas" in out or "not complete" in out


def test_the_result_for_people_shows_figures_sources_and_limits(run: Run, home: Path) -> None:
    made = begun(home, "bnetza")
    fill(home, made, lambda at_ns: measured(at_ns, down=100_000_000))
    with language.speaking("en"):
        code, out, err = run("result")
    assert (code, err) == (0, "")
    assert "Not conforming: 3 of 6 judged criteria are not met." in out
    assert "On 0 of 3 days at least one measurement reached 630.0 Mbit/s" in out
    assert "no certified status" in out
    assert "third part" in out
    assert rules("bnetza").version in out
    assert "https://www.breitbandmessung.de/desktop-app" in out


def test_what_is_known_from_memory_is_never_shown_without_a_warning(run: Run, home: Path) -> None:
    begun(home, "rtr")
    with language.speaking("en"):
        _, shown, _ = run("result")
        _, listed, _ = run("list")
    assert shown.count("known from memory") >= 3
    assert "known from memory" in listed


@pytest.mark.parametrize("name", ["bnetza", "rtr", "agcom", "free"])
def test_each_set_can_be_begun_and_is_told(run: Run, home: Path, name: str) -> None:
    found = document(run, "start", "--rules", name, "--download-max", "700", "--confirm")
    assert (found["rules"], found["state"], found["provider"]) == (name, "running", "http")
    assert found["promised"]["download"]["maximum_bps"] == 700_000_000
    assert found["servers"] == [SERVER]
    assert found["line"] == LINE
    assert found["next"]
    assert document(run, "status")["campaign"]["id"] == found["id"]
    with Reader(home / "journal.sqlite") as reader:
        due = campaign_due(reader, SystemClock().read().wall_ns, None)
    assert due is not None
    assert due.campaign == found["id"]


def test_one_series_at_a_time(run: Run) -> None:
    document(run, "start", "--rules", "free", "--confirm")
    code, _, err = run("start", "--rules", "free", "--confirm")
    assert (code, len(err.splitlines())) == (2, 1)
    ended = document(run, "stop")
    assert ended["state"] == "stopped"
    assert run("stop")[0] == 2
    assert run("start", "--rules", "free", "--confirm")[0] == 0


def test_a_finished_series_makes_room_for_the_next(run: Run, home: Path) -> None:
    fill(home, begun(home, "bnetza"))
    assert document(run, "status")["campaign"]["state"] == "finished"
    assert run("start", "--rules", "free", "--confirm")[0] == 0
    assert document(run, "result", "--id", "c0ffee00c0ffee")["complete"] is True
    assert document(run, "result")["rules"] == "free"


def test_without_a_terminal_the_statements_have_to_be_confirmed(run: Run, home: Path) -> None:
    with language.speaking("en"):
        code, out, err = run("start", "--rules", "bnetza", "--download-max", "700")
        assert code == 2
        assert "by a network cable" in out
        assert "--confirm" in err
        code, out, err = run("start", "--rules", "bnetza", "--json")
    assert (code, out) == (2, "")
    assert "by a network cable" in err
    with Reader(home / "journal.sqlite") as reader:
        assert not list(reader.events(EventKind.CAMPAIGN))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("o\n", 0), ("Yes\n", 0), ("n\n", 2), ("", 2), ("\n", 2)])
def test_at_a_terminal_it_is_asked_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert run("start", "--rules", "free")[0] == code
    assert (run("status", "--json")[1].count('"state": "running"') == 1) == (code == 0)


def test_the_promised_speeds_come_from_the_contract_unless_given(run: Run, home: Path) -> None:
    home_words = ["--home", str(home)]
    assert main([*home_words, "case", "new", "--problem", "fixed-internet-slow", "--operator", "Orange"]) == 0
    assert (
        main([*home_words, "contract", "set", "--download-max", "1 Gbit/s", "--upload-max", "700 Mbit/s"])
        == 0
    )
    run("status")
    found = document(run, "start", "--rules", "free", "--confirm", "--upload-max", "600,5")["promised"]
    assert found["download"] == {"maximum_bps": 10**9, "normal_bps": None, "minimum_bps": None}
    assert found["upload"]["maximum_bps"] == 600_500_000


@pytest.mark.parametrize(
    "words",
    [
        ("--download-max", "fast"),
        ("--download-max", "0"),
        ("--download-max", "-5"),
        ("--download-max", "nan"),
        ("--download-max", "1e999999"),
        ("--download-min", "700", "--download-max", "100"),
        ("--delay", "soon"),
        ("--delay", "0"),
        ("--delay", "00000000199999"),
        ("--delay", "0000000001" + "9" * 5000),
        ("--delay", "9" * 5000),
        ("--delay", "000000000"),
        ("--delay", ""),
        ("--delay=-5",),
        ("--download-max", "9" * 5000),
        ("--count", "0" * 12 + "1001"),
        ("--count", "9" * 5000),
        ("--count", "٣"),
        ("--count", "1_0"),
        ("--count", "ten"),
        ("--count", ""),
        ("--spacing", "0" * 12 + "59"),
        ("--spacing", "9" * 5000),
        ("--spacing=-60",),
        ("--delay", "²"),
        ("--count", "0"),
        ("--spacing", "1"),
        ("--provider", "carrier pigeon"),
        ("--provider", "ndt7"),
        ("--provider", "speedtest-cli"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, words: tuple[str, ...]) -> None:
    code, _, err = run("start", "--rules", "free", "--confirm", *words)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert run("status", "--json")[1].count("null") == 1


def test_zeros_before_a_number_change_nothing(run: Run) -> None:
    zeros = "0" * 12
    words = ("--delay", zeros + "99", "--download-max", zeros + "700.5", "--count", zeros + "5")
    found = document(run, "start", "--rules", "free", "--confirm", *words, "--spacing", zeros + "3600")
    assert found["promised"]["delay_ms"] == 99
    assert found["promised"]["download"]["maximum_bps"] == 700_500_000
    assert (found["count"], found["spacing_s"]) == (5, 3600)


def test_a_cable_that_can_show_nothing_of_the_promise_is_told_before(
    run: Run, cable: Callable[[int | None], None], home: Path
) -> None:
    cable(100_000_000)
    with language.speaking("en"):
        code, out, err = run("start", "--rules", "bnetza", "--download-max", "1000", "--confirm")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "100 Mbit/s" in err
    assert "94.0 Mbit/s" in err
    assert "900.0 Mbit/s" in err
    assert document(run, "status") == {"campaign": None}
    with language.speaking("en"):
        code, out, _ = run("start", "--rules", "free", "--download-max", "1000", "--confirm")
    assert code == 0
    assert "maximum speed, download: Not judged: this computer’s cable runs at 100 Mbit/s" in out


def test_what_the_cable_cannot_show_is_told_before(run: Run, cable: Callable[[int | None], None]) -> None:
    cable(10**9)
    promised = ("--download-max", "1000", "--download-min", "600")
    found = document(run, "start", "--rules", "rtr", *promised, "--confirm")
    assert found["cable"] == {
        "speed_bps": 10**9,
        "carries_bps": 940_000_000,
        "not_judged": [{"name": "maximum", "direction": "down", "needed_bps": 10**9}],
    }
    run("stop")
    assert document(run, "start", "--rules", "bnetza", *promised, "--confirm")["cable"]["not_judged"] == []
    run("stop")
    cable(None)
    assert document(run, "start", "--rules", "rtr", *promised, "--confirm")["cable"] is None


def test_the_cable_is_read_or_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real reading, whatever this machine hangs on."""
    found = _campaign_cable.cable_bps()
    assert found is None or found > 0


def test_a_measurement_made_by_hand_at_a_chosen_time_does_not_count(run: Run, home: Path) -> None:
    made = begun(home, "bnetza", days_ago=0)
    write(home, [to_event(measured(made.started_ns + MINUTE, scheduled=False))])
    with language.speaking("en"):
        (one,) = document(run, "result")["measurements"]
    assert (one["accepted"], one["scheduled"]) == (False, False)
    assert one["reason"].startswith("Made by hand")


def test_a_result_names_the_series_begun_before_it(run: Run, home: Path) -> None:
    """Who begins anew until it pleases is seen; what another line's series did is not this line's."""
    first = begun(home, "bnetza", days_ago=60)
    fill(home, first)
    for number, line in enumerate((LINE, "fedcba987654", LINE)):
        stopped = begun(home, "free", days_ago=30 - number, id=f"decaf{number}00000", line=line)
        write(home, [Event(EventKind.CAMPAIGN, stopped.started_ns + MINUTE, record.stopped(stopped.id))])
    begun(home, "bnetza", days_ago=1, id="0000000000aa")
    found = document(run, "result")
    assert (found["earlier"], found["earlier_finished"]) == (2, 1)
    with language.speaking("en"):
        _, out, _ = run("result")
    assert "Before this one, 2 series of this line were begun and not finished; 1 was finished." in out
    oldest = document(run, "result", "--id", first.id)
    assert (oldest["earlier"], oldest["earlier_finished"]) == (0, 0)
    with language.speaking("en"):
        assert "Before this one" not in run("result", "--id", first.id)[1]


def test_numbers_of_ones_own_are_for_the_free_set(run: Run) -> None:
    code, _, err = run("start", "--rules", "agcom", "--count", "5", "--confirm")
    assert (code, len(err.splitlines())) == (2, 1)
    assert run("start", "--rules", "of my own", "--confirm")[0] == 2
    found = document(run, "start", "--rules", "free", "--count", "5", "--spacing", "3600", "--confirm")
    assert (found["count"], found["spacing_s"], found["missing"]) == (5, 3600, 5)


def test_a_provider_whose_terms_would_be_broken_is_refused(run: Run, home: Path) -> None:
    (home / "config.toml").unlink()
    agreed = Choice("ndt7", (), load_terms()["ndt7"].version, 0, 10**12)
    write(home, [choice_event(agreed, ns("2026-11-02 00:00"))])
    with language.speaking("en"):
        code, _, err = run("start", "--rules", "bnetza", "--confirm")
    assert code == 2
    assert "ndt7 asks for at least 36 minutes" in err
    found = document(run, "start", "--rules", "free", "--spacing", "21600", "--confirm")
    assert (found["provider"], found["servers"]) == ("ndt7", [])


def test_no_provider_is_used_that_was_not_chosen(run: Run, home: Path) -> None:
    (home / "config.toml").unlink()
    code, _, err = run("start", "--rules", "bnetza", "--confirm")
    assert (code, len(err.splitlines())) == (2, 1)


def test_what_it_costs_is_told_before(run: Run, home: Path) -> None:
    write(home, [to_event(measured(ns("2026-11-03 10:00"), campaign=""))])
    with language.speaking("en"):
        _, out, _ = run("start", "--rules", "bnetza", "--confirm", "--download-max", "700")
    assert "30 measurements will move about 6.0 GB" in out
    assert out.index("6.0 GB") < out.index("Series ")
    assert "jalerte line confirm" in out


def test_before_the_first_series(run: Run, home: Path) -> None:
    assert document(run, "status") == {"campaign": None}
    assert run("status")[0] == 0
    code, _, err = run("result")
    assert (code, len(err.splitlines())) == (2, 1)
    assert run("stop")[0] == 2
    assert run("result", "--id", "nobody")[0] == 2


def test_before_any_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A series can be begun before the recorder ever ran."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "config.toml").write_text(f'[speed]\nprovider = "http"\nservers = ["{SERVER}"]\n', "utf-8")
    assert main(["--home", str(folder), "campaign", "start", "--rules", "free", "--confirm"]) == 0
    assert main(["--home", str(folder), "campaign", "status", "--json"]) == 0
    assert '"state": "running"' in capsys.readouterr().out


def test_the_sets_are_listed_with_their_sources(run: Run) -> None:
    found = document(run, "list")
    assert [one["id"] for one in found["rules"]] == ["bnetza", "rtr", "agcom", "free"]
    for one in found["rules"]:
        assert {"name", "value", "source", "checked_on", "confidence"} == set(one["facts"][0])
        assert one["statements"]
    code, out, _ = run("list")
    assert code == 0
    assert "misurainternet.it" in out


def test_rules_of_another_version_are_not_judged_by_newer_ones(run: Run, home: Path) -> None:
    begun(home, "bnetza", version="2020-01-01.1")
    code, _, err = run("result")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "2020-01-01.1" in err
    assert run("start", "--rules", "free", "--confirm")[0] == 0


MEASURE = """
import sys, time
from pathlib import Path
from diagnostics.model import EventKind
from diagnostics.recorder import notes
from diagnostics.throughput.record import to_event
from tests.campaigns.measured import measured
home = Path(sys.argv[1])
assert sys.argv[2] == "--campaign"
event = to_event(measured(time.time_ns(), campaign=sys.argv[3]))
notes.add(home, home / "journal.sqlite", EventKind.SPEED, event.data, event.at_ns)
"""


def test_without_a_recorder_the_series_is_made_here(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its measurements are made by processes, as the recorder has them made, until it is complete."""
    monkeypatch.setattr(
        _campaign_run, "speed_command", lambda _context: (sys.executable, "-c", MEASURE, str(home))
    )
    made = begun(home, "free", days_ago=1, count=2, spacing_s=3600)
    home_line = Event(EventKind.LINE_HOME, made.started_ns, {"id": LINE, "home": True, "by": "person"})
    write(home, [home_line, to_event(measured(made.started_ns + MINUTE))])
    code, out, err = run("run")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 2
    found = document(run, "result")
    assert (found["complete"], [one["accepted"] for one in found["measurements"]]) == (True, [True, True])
    assert run("run")[0] == 2, "nothing is left to do"


def test_what_happens_is_told_as_lines_of_json(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _campaign_run, "speed_command", lambda _context: (sys.executable, "-c", MEASURE, str(home))
    )
    made = begun(home, "free", days_ago=1, count=2, spacing_s=3600)
    home_line = Event(EventKind.LINE_HOME, made.started_ns, {"id": LINE, "home": True, "by": "person"})
    write(home, [home_line, to_event(measured(made.started_ns + MINUTE))])
    code, out, err = run("run", "--json")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["due", "measured", "done"]
    assert lines[0]["missing"] == 1
    assert lines[1]["accepted"] is True
    assert lines[2]["state"] == "finished"


SLOW = """
import sys, time
from pathlib import Path
from diagnostics.model import EventKind
from diagnostics.recorder import notes
from diagnostics.throughput.record import to_event
from tests.campaigns.measured import measured
home = Path(sys.argv[1])
home.joinpath("measuring").touch()
sys.stdin.read()
event = to_event(measured(time.time_ns(), campaign=sys.argv[3], cancelled=True))
notes.add(home, home / "journal.sqlite", EventKind.SPEED, event.data, event.at_ns)
"""
FOREGROUND = """
import sys
from jalerte_desktop.__main__ import main
from jalerte_desktop.commands import _campaign_run
home, slow = sys.argv[1:3]
_campaign_run.speed_command = lambda _context: (sys.executable, "-c", slow, home)
sys.exit(main(["--home", home, "campaign", "run", *sys.argv[3:]]))
"""


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "--stdin", "--json"])
def test_in_the_foreground_it_is_stopped_cleanly(home: Path, how: str) -> None:
    """What runs is ended, what it measured is kept, one line is said, and the exit code is 0."""
    made = begun(home, "free", days_ago=1)
    write(home, [Event(EventKind.LINE_HOME, made.started_ns, {"id": LINE, "home": True, "by": "person"})])
    options = [how] if how.startswith("--") else []
    process = subprocess.Popen(
        [sys.executable, "-c", FOREGROUND, str(home), SLOW, *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "JALERTE_LANGUAGE": "en", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not (home / "measuring").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "no measurement was begun"
            time.sleep(0.05)
        if how != "--stdin":
            process.send_signal(signal.SIGINT if how == "SIGINT" else signal.SIGTERM)
        out, err = process.communicate(timeout=30)  # closes its standard input
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    last = out.splitlines()[-1]
    if how == "--json":
        assert json.loads(last) == {"event": "stopped"}
    else:
        assert "jalerte campaign run" in last
        assert len(out.splitlines()) == 2
    with Reader(home / "journal.sqlite") as reader:
        (kept,) = reader.events(EventKind.SPEED)
    assert kept.data["cancelled"] is True


def test_where_the_recorder_runs_it_makes_the_series(run: Run, home: Path) -> None:
    begun(home, "free", days_ago=1)
    with Lock(home / LOCK_NAME):
        code, _, err = run("run")
    assert (code, len(err.splitlines())) == (2, 1)


def test_nothing_promised_is_said(run: Run, home: Path) -> None:
    fill(home, begun(home, "bnetza", promised=Promised()))
    found = document(run, "result")
    assert (found["complete"], found["conforming"]) == (True, None)
    one_sided = begun(home, "bnetza", id="decaf000decaf0", promised=Promised(Rates(maximum=700_000_000)))
    assert document(run, "result")["id"] == one_sided.id


def _wifi() -> Circumstances:
    return replace(good(), medium=Medium("wifi", "wlan0"))
