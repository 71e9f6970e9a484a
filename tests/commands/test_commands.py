"""The command line as scripts see it: JSON keys, exit codes, one line for an error, on a recording made by hand."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, BadInput, Event, EventKind
from diagnostics.witnesses import BoxAccount, Origin, Step, Traffic, Wifi, WifiState, to_event
from jalerte_desktop.__main__ import main
from jalerte_desktop.commands import status
from jalerte_desktop.commands.arguments import parse_time
from jalerte_desktop.commands.context import Context, Home
from tests.made import BEYOND_BOX, LINE, T0, between, samples
from tests.probes.manual_clock import ManualClock

Run = Callable[..., tuple[int, str, str]]
CUT_AT_S, CUT_S, LENGTH_S = 100, 20, 200


def stamp(second: float) -> str:
    return datetime.fromtimestamp(T0 / SECOND + second, UTC).isoformat()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a recording of 200 s that holds one access cut."""
    folder = tmp_path / "chez moi é"
    folder.mkdir()
    with closing(Writer(folder / "journal.sqlite")) as writer:
        line = {
            "id": LINE.id,
            "gateway": LINE.gateway,
            "gateway_mac": LINE.gateway_mac,
            "interface": LINE.interface,
        }
        writer.append(Event(EventKind.LINE, T0, line))
        stream = list(samples(between(CUT_AT_S, CUT_AT_S + CUT_S, BEYOND_BOX), LENGTH_S))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        writer.seal_all()
    return folder


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(home), *words])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def document(run: Run, *words: str) -> Any:
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_incidents_has_the_promised_keys(run: Run) -> None:
    found = document(run, "incidents")
    (incident,) = found["incidents"]
    assert (incident["kind"], incident["cause"], incident["excluded"]) == ("outage", "access", None)
    assert datetime.fromisoformat(incident["start"]).timestamp() == pytest.approx(
        T0 / SECOND + CUT_AT_S, abs=0.4
    )
    assert datetime.fromisoformat(incident["end"]).timestamp() == pytest.approx(
        T0 / SECOND + CUT_AT_S + CUT_S, abs=0.4
    )
    assert incident["duration_s"] == pytest.approx(CUT_S, abs=0.5)
    assert incident["reasons"]
    assert incident["counter_evidence"]
    assert {key: incident["line"][key] for key in ("id", "name", "home")} == {
        "id": LINE.id,
        "name": None,
        "home": None,
    }
    coverage = found["coverage"]
    assert coverage["observed_s"] == pytest.approx(LENGTH_S, abs=1.5)
    assert coverage["not_observed_s"] == 0
    assert coverage["not_observed"] == []


def test_incidents_of_a_period_tells_what_was_not_observed(run: Run) -> None:
    found = document(run, "incidents", "--since", stamp(-100), "--until", stamp(50))
    assert found["incidents"] == []
    (gap,) = found["coverage"]["not_observed"]
    assert gap["reason"] == "not_started"
    assert found["coverage"]["not_observed_s"] == pytest.approx(100, abs=1)


def test_the_same_recording_gives_the_same_ids(run: Run) -> None:
    assert document(run, "incidents") == document(run, "incidents")


def test_exclude_stays_printed(run: Run) -> None:
    document(run, "exclude", "--since", stamp(90), "--until", stamp(130), "--reason", " travaux chez nous ")
    found = document(run, "incidents")
    assert [incident["excluded"] for incident in found["incidents"]] == ["travaux chez nous"]
    assert [exclusion["reason"] for exclusion in found["exclusions"]] == ["travaux chez nous"]
    assert "travaux chez nous" in run("incidents")[1]


def test_line_confirm_and_name(run: Run) -> None:
    assert [line["home"] for line in document(run, "line", "show")["lines"]] == [None]
    assert [line["home"] for line in document(run, "line", "confirm")["lines"]] == [True]
    assert [line["name"] for line in document(run, "line", "name", "Maison")["lines"]] == ["Maison"]
    assert document(run, "incidents")["incidents"][0]["line"]["home"] is True
    assert [line["home"] for line in document(run, "line", "confirm", LINE.id, "--not-home")["lines"]] == [
        False
    ]


def test_status_without_a_recorder(run: Run) -> None:
    status = document(run, "status")
    assert (status["recorder"]["running"], status["recorder"]["pid"]) == (False, None)
    assert status["line"]["id"] == LINE.id
    assert set(status["line"]) >= {"id", "name", "home", "operator"}
    assert set(status["today"]) >= {"coverage", "outages", "outage_s"}


def test_status_of_an_empty_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "nothing"), "status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["line"] == {
        "id": None, "name": None, "home": None, "operator": None, "gateway": None, "interface": None, "network": None,
        "ssid": None, "medium": None,
    }  # fmt: skip
    assert (status["now"], status["box"]) == (None, None)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
@pytest.mark.parametrize("rollups", [False, True])
def test_timeline_writes_all_that_was_recorded(
    run: Run, home: Path, tmp_path: Path, kind: str, rollups: bool
) -> None:
    out = tmp_path / f"timeline.{kind}"
    words = ["timeline", "--format", kind, "--out", str(out), *(["--rollups"] if rollups else [])]
    count = document(run, *words)["rows"]
    with Reader(home / "journal.sqlite") as reader:
        blocks = list(reader.blocks())
    expected = sum(len(block.rollups.rows if rollups else block.samples) for block in blocks)
    assert count == expected
    if kind == "csv":
        with out.open(encoding="utf-8") as file:
            rows: list[Any] = list(csv.DictReader(file))
    elif kind == "json":
        rows = json.loads(out.read_text("utf-8"))["rows"]
    else:
        from pyarrow import parquet

        rows = parquet.read_table(out).to_pylist()
    assert len(rows) == expected
    lost = [row for row in rows if not rollups and row["role"] == "anchor" and row["outcome"] == "lost"]
    assert rollups or len(lost) == pytest.approx(CUT_S * 4, abs=2)


def test_timeline_of_a_period(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "cut.csv"
    run(
        "timeline",
        "--since",
        stamp(CUT_AT_S),
        "--until",
        stamp(CUT_AT_S + 10),
        "--format",
        "csv",
        "--out",
        str(out),
    )
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["time"][:19] for row in rows} == {stamp(CUT_AT_S + second)[:19] for second in range(10)}


def bad(code: int, *words: str) -> Any:
    return pytest.param(code, words, id=" ".join(words)[:60] or "none")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        bad(2, "fly"),
        bad(2, "incidents", "--since", "yesterday"),
        bad(2, "incidents", "--since", "2026-13-45"),
        bad(2, "incidents", "--since", "0001-01-01"),
        bad(2, "incidents", "--since", "9999-12-31"),
        bad(2, "incidents", "--since", ""),
        bad(2, "incidents", "--since", "2026-11-20", "--until", "2026-11-19"),
        bad(2, "exclude", "--since", "2026-11-20", "--until", "2026-11-21"),
        bad(2, "exclude", "--since", "2026-11-20", "--until", "2026-11-21", "--reason", "  "),
        bad(2, "exclude", "--since", "2026-11-20", "--until", "2026-11-21", "--reason", "\udce9"),
        bad(2, "exclude", "--since", "2126-11-20", "--until", "2126-11-21", "--reason", "x"),
        bad(2, "line", "confirm", "no-such-line"),
        bad(2, "line", "name", ""),
        bad(2, "line", "name", "x" * 61),
        bad(2, "line", "name", "a\nb"),
        bad(2, "record", "--for", "0"),
        bad(2, "record", "--for", "-1"),
        bad(2, "record", "--for", "nan"),
        bad(2, "record", "--for", "soon"),
        bad(2, "timeline", "--format", "xml", "--out", "x"),
        bad(2, "timeline", "--format", "csv", "--out", "/nonexistent/folder/x.csv"),
        bad(2, "letter", "poem", "--out", "x.pdf"),
        bad(2, "timeline", "--format", "csv", "--out", "/dev/null", "--force"),
        bad(2, "incidents", "--since", "\x1b[31mred\x9b"),
        bad(2, "incidents", "--nothing", "\x1b[31m\nred"),
    ],
)
def test_bad_use_is_one_line(run: Run, code: int, words: tuple[str, ...]) -> None:
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert len(err.strip().splitlines()) == 1, err
    assert "Traceback" not in err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", err), "a terminal would obey this"


@pytest.mark.parametrize(
    "text",
    [
        "[targets]\nanchors = [",
        "[targets]\nanchors = []",
        '[targets]\nanchors = ["not an address"]',
        '[targets]\nanchors = ["2001:db8::1"]',
        "[targets]\nanchors = 5",
        '[targets]\ngateway = "box"',
        '[targets]\nweb_check = "https://example.org/"',
        '[targets]\nweb_check = "http://a b/"',
        '[targets]\nweb_check = "http://203.0.113.80/café"',
        '[targets]\nweb_check = "http://[::1/"',
        '[targets]\nanchor = ["203.0.113.1"]',
        "[tagrets]\n",
        "targets = 5",
        '[home]\nline = "second"',
        "[method]\nloss.suspect = 2",
        "[method]\nloss.suspekt = 0.02",
        "a = " + "[" * 5000,
        "\x00",
    ],
)
@pytest.mark.parametrize("command", [("record", "--for", "1"), ("check",)])
def test_a_bad_configuration_is_one_line_and_touches_nothing(
    home: Path, run: Run, text: str, command: tuple[str, ...]
) -> None:
    (home / "config.toml").write_text(text, "utf-8")
    before = (home / "journal.sqlite").read_bytes()
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1, err
    assert "config.toml" in err
    assert (home / "journal.sqlite").read_bytes() == before


@pytest.mark.parametrize("entry", ["all day", "Mon 09:00-09:00"])
@pytest.mark.parametrize("command", [("record", "--for", "1"), ("incidents",)])
def test_bad_working_hours_are_one_line(home: Path, run: Run, entry: str, command: tuple[str, ...]) -> None:
    (home / "config.toml").write_text(f'[home]\nworking_hours = ["{entry}"]', "utf-8")
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1, err


def test_an_unreadable_configuration(home: Path, run: Run) -> None:
    (home / "config.toml").write_bytes(b"\xff\xfe")
    assert run("check")[0] == 2
    (home / "config.toml").unlink()
    (home / "config.toml").mkdir()
    assert run("check")[0] == 2


@pytest.mark.parametrize(
    "command", [("record", "--for", "1"), ("incidents",), ("status",), ("line", "confirm")]
)
def test_a_newer_journal_is_left_alone(home: Path, run: Run, command: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(home / "journal.sqlite")) as db:
        db.execute("PRAGMA user_version = 99")
    before = (home / "journal.sqlite").read_bytes()
    code, _, err = run(*command)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert "99" in err
    assert (home / "journal.sqlite").read_bytes() == before


def test_a_damaged_record_is_a_gap_and_hides_nothing_else(home: Path, run: Run) -> None:
    with closing(sqlite3.connect(home / "journal.sqlite")) as db, db:
        db.execute("UPDATE entries SET fields = x'00' WHERE type = 'samples'")
        db.execute("UPDATE pages SET heads = x'00'")
    code, out, err = run("incidents", "--json")
    assert (code, err) == (0, "")
    assert "damaged" in {gap["reason"] for gap in json.loads(out)["coverage"]["not_observed"]}


def test_totals_count_only_what_lies_within_the_period(run: Run) -> None:
    out = run("incidents", "--since", stamp(CUT_AT_S + 5), "--until", stamp(CUT_AT_S + 10))[1]
    assert "1 coupure, 5\u00a0s en tout" in out


def test_no_recording_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["incidents"],
        ["line", "show"],
        ["timeline", "--format", "csv", "--out", str(tmp_path / "x")],
    ):
        assert main(["--home", str(tmp_path), *words]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a place that nobody can write: /proc")
def test_a_home_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", "/proc/jalerte", "record", "--for", "1"]) == 3
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_journal_in_a_read_only_folder_is_still_readable(home: Path, run: Run) -> None:
    with closing(sqlite3.connect(home / "journal.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    home.chmod(0o500)
    try:
        assert len(document(run, "incidents")["incidents"]) == 1
        if os.geteuid():
            assert run("line", "confirm")[0] == 3
    finally:
        home.chmod(0o700)


def test_a_silent_holder_of_the_lock_is_said(home: Path, run: Run) -> None:
    with Lock(home / "recorder.lock"):
        code, _, err = run("line", "confirm")
        assert code == 1
        assert len(err.strip().splitlines()) == 1
        status = document(run, "status")
        assert status["recorder"] == {"running": True, "pid": os.getpid(), "answers": False}


ACCOUNT = BoxAccount("upnp", True, 7500, None, "203.0.113.0/24", 1_000_000_000, 700_000_000)


@pytest.fixture
def witnessed(tmp_path: Path) -> Path:
    """A home on Wi-Fi: a cut that lasts, a box that was asked, an operator seen, traffic counted."""
    folder = tmp_path / "home"
    folder.mkdir()
    line = {name: getattr(LINE, name) for name in ("id", "gateway", "gateway_mac", "interface")}
    with closing(Writer(folder / "journal.sqlite")) as writer:
        writer.append(
            Event(EventKind.LINK, T0, {"interface": LINE.interface, "carrier": True, "medium": "wifi"})
        )
        known = {"network": "203.0.113.0/24", "operator": "Exemple", "ssid": "Chez nous"}
        writer.append(Event(EventKind.LINE, T0, line | known))
        writer.append(to_event(ACCOUNT, T0 + 20 * SECOND))
        writer.append(to_event(Wifi(WifiState.CONNECTED, LINE.interface, signal_dbm=-61), T0 + 30 * SECOND))
        steps = (Step(10 * SECOND, 4_000_000, 200_000), Step(10 * SECOND, 5_000_000, 300_000))
        traffic = Traffic(Origin.HOME, T0 + 40 * SECOND, steps)
        writer.append(to_event(traffic, traffic.end_ns))
        stream = list(samples(between(CUT_AT_S, LENGTH_S, BEYOND_BOX), LENGTH_S))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        writer.seal_all()
    return folder


def status_at(folder: Path, second: float, *, as_json: bool = False) -> str:
    out = StringIO()
    clock = ManualClock(T0 + round(second * SECOND))
    context = Context(Home(folder), json=as_json, clock=clock, out=out)
    with Lock(folder / "recorder.lock"):
        assert status.run(Namespace(), context) == 0
    return out.getvalue().replace("\u00a0", " ").replace("\u202f", " ")


def test_status_says_during_a_cut_that_the_line_is_down(witnessed: Path) -> None:
    words = status_at(witnessed, LENGTH_S)
    assert "En ce moment : la ligne est coupée, depuis " in words
    assert "la ligne d’accès de l’opérateur (confiance " in words
    assert (
        "Wi-Fi · Wi-Fi « Chez nous » · réseau public 203.0.113.0/24 · opérateur aperçu : Exemple (simple indice)"
        in words
    )
    assert "La box (UPnP) a dit à " in words
    assert " : ligne établie depuis 2 h 5 min, 1 000 Mbit/s en réception, 700 Mbit/s en émission." in words
    told = json.loads(status_at(witnessed, LENGTH_S, as_json=True))
    assert told["now"]["state"] == "down"
    assert told["now"]["incident"]["kind"] == "outage"
    assert (told["line"]["medium"], told["line"]["operator"], told["line"]["ssid"]) == (
        "wifi",
        "Exemple",
        "Chez nous",
    )
    assert (told["box"]["adapter"], told["box"]["line_up"], told["box"]["uptime_s"]) == ("upnp", True, 7500)


def test_the_boxs_account_of_more_than_an_hour_ago_is_not_told(witnessed: Path) -> None:
    assert "La box" not in status_at(witnessed, 20 + 3601)
    assert json.loads(status_at(witnessed, 20 + 3601, as_json=True))["box"] is None


def test_the_box_of_a_line_that_was_left_is_not_told(witnessed: Path) -> None:
    with closing(Writer(witnessed / "journal.sqlite")) as writer:
        other = {
            "id": "0" * 12,
            "gateway": "172.20.10.1",
            "gateway_mac": "02:00:00:00:00:02",
            "interface": "wlan1",
        }
        writer.append(Event(EventKind.LINE, T0 + LENGTH_S * SECOND, other))
    assert "La box" not in status_at(witnessed, LENGTH_S + 1)


def test_line_show_tells_what_was_learnt_as_a_hint(
    witnessed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(witnessed), "line", "show"]) == 0
    assert "opérateur aperçu\u00a0: Exemple (simple indice)" in capsys.readouterr().out
    assert main(["--home", str(witnessed), "line", "show", "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["lines"]
    assert (line["medium"], line["network"], line["home"]) == ("wifi", "203.0.113.0/24", None)


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_timeline_writes_what_witnesses_said(
    witnessed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    out = tmp_path / f"witnesses.{kind}"
    words = [
        "--home",
        str(witnessed),
        "timeline",
        "--witnesses",
        "--format",
        kind,
        "--out",
        str(out),
        "--json",
    ]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 4
    if kind == "csv":
        with out.open(encoding="utf-8") as file:
            rows: list[Any] = list(csv.DictReader(file))
    elif kind == "json":
        rows = json.loads(out.read_text("utf-8"))["rows"]
    else:
        from pyarrow import parquet

        rows = parquet.read_table(out).to_pylist()
    assert [row["source"] for row in rows] == ["box", "wifi", "home", "home"]
    assert [int(row["down_bps"]) for row in rows[2:]] == [4_000_000, 5_000_000]
    assert (rows[0]["adapter"], int(rows[1]["signal_dbm"])) == ("upnp", -61)
    since = stamp(55)
    assert main([*words, "--since", since]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 1


def test_a_timeline_is_of_one_sort(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "x.csv")
    assert run("timeline", "--rollups", "--witnesses", "--format", "csv", "--out", out)[0] == 2


def test_english_for_those_who_ask(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from jalerte_desktop.words import language

    language.use("en")
    assert "The recorder does not run" in run("status")[1]
    language.use("fr")
    assert "L’enregistreur ne tourne pas" in run("status")[1]


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_bad_input(text: str) -> None:
    try:
        at_ns = parse_time(text, T0)
    except BadInput:
        return
    assert 0 <= at_ns < 1 << 63


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_iso_times_come_back(moment: datetime) -> None:
    assert (
        parse_time(moment.isoformat(), 0)
        == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    )


def test_so_long_ago() -> None:
    assert parse_time("7d", T0) == T0 - 7 * 86400 * SECOND
    assert parse_time("30min", T0) == T0 - 1800 * SECOND
