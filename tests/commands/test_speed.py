"""``jalerte speed`` as scripts and people meet it: a process of its own against a real server on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from diagnostics.config import parse
from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import EventKind, Remark
from diagnostics.throughput.budget import Basis, Estimate
from diagnostics.throughput.choice import Choice, read_choice
from diagnostics.throughput.record import from_event
from diagnostics.throughput.serve import SpeedServer
from diagnostics.throughput.terms import load_terms
from jalerte_desktop.commands._speed_child import speed_command
from jalerte_desktop.commands._speed_words import cost_words
from jalerte_desktop.commands.speed import Known
from jalerte_desktop.words import language, remarks

if TYPE_CHECKING:
    from jalerte_desktop.commands.context import Context

KEYS = {
    "download_bps", "upload_bps", "idle_ms", "loaded_down_ms", "loaded_up_ms", "bytes", "provider", "server",
    "indicative", "notes",
}  # fmt: skip
SHORT = ("--seconds", "2", "--streams", "2")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with SpeedServer(["127.0.0.1"]) as running:
        yield running.urls[0]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "chez moi é"


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "jalerte_desktop", "--home", str(home), "speed", *words]


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "JALERTE_LANG": "en"}
    return subprocess.run(
        command(home, *words),
        capture_output=True,
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def measured(home: Path, server: str, *words: str) -> dict[str, Any]:
    done = run(home, "--provider", "http", "--server", server, *SHORT, "--json", *words)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def kept(home: Path) -> list[Any]:
    with Reader(home / "journal.sqlite") as reader:
        return [from_event(event) for event in reader.events(EventKind.SPEED)]


def test_a_measurement_prints_the_keys_that_scripts_read_and_is_kept_in_the_chain(
    home: Path, server: str
) -> None:
    document = measured(home, server)
    assert set(document) >= KEYS
    assert document["download_bps"] > 1e7
    assert document["upload_bps"] > 1e7
    assert 0 < document["idle_ms"] < 50
    assert document["loaded_down_ms"] > 0
    assert document["bytes"] >= document["download"]["bytes"] + document["upload"]["bytes"]
    assert (document["provider"], document["server"]) == ("http", server)
    assert document["indicative"] is True
    assert "speed_loopback" in document["note_codes"]
    assert all(isinstance(note, str) and note.endswith(".") for note in document["notes"])
    (result,) = kept(home)
    assert result.down.bps == document["download_bps"]
    assert verify(home / "journal.sqlite").first_fault is None
    listed = json.loads(run(home, "--results", "--json").stdout)
    assert [one["id"] for one in listed["results"]] == [document["id"]]


@pytest.mark.parametrize(
    ("option", "there", "absent"),
    [("--down-only", "download", "upload"), ("--up-only", "upload", "download")],
)
def test_one_direction_alone(home: Path, server: str, option: str, there: str, absent: str) -> None:
    document = measured(home, server, option)
    assert document[f"{there}_bps"] > 1e7
    assert document[f"{absent}_bps"] is None


def test_progress_is_lines_of_json_and_ends_with_the_result(home: Path, server: str) -> None:
    done = run(home, "--provider", "http", "--server", server, *SHORT, "--progress")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == "begin"
    assert [line["phase"] for line in lines if line["event"] == "phase"] == ["idle", "down", "up"]
    assert {line["direction"] for line in lines if line["event"] == "rate"} == {"down", "up"}
    assert events[-1] == "completed"
    assert set(lines[-1]["result"]) >= KEYS


def test_with_both_standard_output_stays_one_document(home: Path, server: str) -> None:
    done = run(home, "--provider", "http", "--server", server, *SHORT, "--down-only", "--progress", "--json")
    assert set(json.loads(done.stdout)) >= KEYS
    assert [json.loads(line)["event"] for line in done.stderr.splitlines() if line.startswith("{")][
        -1
    ] == "completed"


@pytest.mark.parametrize("way", ["signal", "stdin"])
def test_broken_off_it_keeps_what_it_had(home: Path, server: str, way: str) -> None:
    words = ("--provider", "http", "--server", server, "--seconds", "9", "--progress", "--stdin")
    with subprocess.Popen(
        command(home, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        rates = 0
        last: dict[str, Any] = {}
        for text in process.stdout:
            last = json.loads(text)
            rates += last["event"] == "rate"
            if rates == 12:
                if way == "signal":
                    process.send_signal(signal.SIGINT)
                else:
                    process.stdin.close()
        assert process.wait(10) == 0
    assert last["event"] == "cancelled"
    assert last["result"]["cancelled"] is True
    assert last["result"]["download"]["ended"] == "cancelled"
    assert last["result"]["upload_bps"] is None
    (result,) = kept(home)
    assert result.cancelled
    assert result.indicative


def test_nobody_is_contacted_before_somebody_was_chosen(home: Path) -> None:
    done = run(home)
    assert done.returncode == 2
    assert "No provider is chosen" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not home.exists()


@pytest.mark.parametrize("provider", ["ndt7", "speedtest-cli", "cloudflare"])
def test_the_terms_of_others_are_read_first(home: Path, provider: str) -> None:
    done = run(home, "--provider", provider, "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "terms" in done.stderr.splitlines()[-1]
    assert not (home / "journal.sqlite").exists()


def test_a_choice_is_kept_with_the_terms_that_were_read(home: Path, server: str) -> None:
    done = run(
        home,
        "--choose",
        "--provider",
        "http",
        "--server",
        server,
        "--per-day",
        "4",
        "--monthly-gb",
        "7,5",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "provider": "http", "servers": [server], "terms": "", "per_day": 4, "monthly_bytes": 7_500_000_000,
    }  # fmt: skip
    assert run(home, "--choose", "--provider", "ndt7", "--json").returncode == 2
    agreed = json.loads(run(home, "--choose", "--provider", "ndt7", "--agree", "--json").stdout)
    assert agreed["terms"]
    assert agreed["per_day"] == 4
    again = json.loads(run(home, "--choose", "--provider", "http", "--server", server, "--json").stdout)
    assert again["monthly_bytes"] == 7_500_000_000
    document = json.loads(run(home, *SHORT, "--down-only", "--json").stdout)
    assert (document["provider"], document["server"]) == ("http", server)


def standing_choice(home: Path) -> Choice | None:
    with Reader(home / "journal.sqlite") as reader:
        return read_choice(parse("", "config.toml"), reader.events(EventKind.SPEED_CHOICE))


def test_one_measurement_with_another_provider_leaves_the_choice_as_it_was(home: Path, server: str) -> None:
    """Its server is dead and literal: what is agreed to is kept before anybody is contacted."""
    words = ("--provider", "http", "--server", server, "--per-day", "4", "--monthly-gb", "7")
    assert run(home, "--choose", *words).returncode == 0
    before = standing_choice(home)
    once = run(home, "--provider", "ndt7", "--server", "ws://127.0.0.1:9/", "--agree", *SHORT)
    assert "Traceback" not in once.stderr
    with Reader(home / "journal.sqlite") as reader:
        events = list(reader.events(EventKind.SPEED_CHOICE))
    assert dict(events[-1].data) == {"agreed": "ndt7", "terms": load_terms()["ndt7"].version}
    assert standing_choice(home) == before
    assert before is not None
    assert (before.servers, before.per_day, before.cap_bytes) == ((server,), 4, 7_000_000_000)


def test_a_choice_that_cannot_be_used_is_not_kept(home: Path, server: str) -> None:
    assert run(home, "--choose", "--provider", "http", "--server", server).returncode == 0
    before = standing_choice(home)
    assert run(home, "--choose", "--provider", "ndt7").returncode == 2
    assert run(home, "--choose", "--no-server").returncode == 2
    assert standing_choice(home) == before


def test_kept_servers_can_be_forgotten(home: Path) -> None:
    words = ("--choose", "--provider", "ndt7", "--agree", "--json")
    with_one = json.loads(run(home, *words, "--server", "wss://a.example/").stdout)
    assert with_one["servers"] == ["wss://a.example/"]
    assert json.loads(run(home, *words).stdout)["servers"] == ["wss://a.example/"]
    assert json.loads(run(home, *words, "--no-server").stdout)["servers"] == []


def test_children_run_nothing_from_the_current_folder(home: Path, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(77)\n")
    context = SimpleNamespace(home=SimpleNamespace(folder=home))
    words = speed_command(cast("Context", context))
    assert words[-3:] == ("speed", "--scheduled", "--stdin")
    done = subprocess.run(words, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_results_are_read_from_the_events_once(home: Path, server: str) -> None:
    measured(home, server, "--down-only")
    with Reader(home / "journal.sqlite") as reader:
        known = Known(tuple(reader.events(EventKind.SPEED)), {})
    assert len(known.results) == 1
    assert known.results is known.results


@pytest.mark.parametrize(
    ("cost", "servers", "said"),
    [(Estimate(10**9, 10**9, Basis.ASSUMED), ("http://a.example/",), "if the link is 1 Gbit/s"),
     (Estimate(10**9, 10**9, Basis.LINK), ("http://a.example/",), "less on a slower line"),
     (Estimate(10**9, 10**9, Basis.LINK), ("http://10.0.0.1/",), "none of the month")],
)  # fmt: skip
def test_what_a_cost_rests_on_is_said(cost: Estimate, servers: tuple[str, ...], said: str) -> None:
    with language.speaking("en"):
        told = cost_words(cost, 0, Choice("http", servers, "", 0, 10**10))
        assert said in told
        assert ("if the link" in told) is (cost.basis is Basis.ASSUMED)
        assert "--metered" in remarks.say(Remark.of("held_metered"))


def test_the_circumstances_tell_both_rates_of_the_radio_and_the_loopback(home: Path, server: str) -> None:
    around = measured(home, server, "--down-only")["circumstances"]
    assert {"wifi_rx_bps", "wifi_tx_bps"} <= set(around)
    assert "wifi_rate_bps" not in around
    assert around["loopback"] is True


def test_the_configuration_is_a_choice_too(home: Path, server: str) -> None:
    home.mkdir()
    (home / "config.toml").write_text(f'[speed]\nprovider = "http"\nservers = ["{server}"]\n')
    done = run(home, *SHORT, "--up-only", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["upload_bps"] > 1e7


def test_servers_of_the_configuration_are_not_another_provider_s(home: Path, server: str) -> None:
    home.mkdir()
    (home / "config.toml").write_text(f'[speed]\nprovider = "http"\nservers = ["{server}"]\n')
    chosen = json.loads(run(home, "--choose", "--provider", "ndt7", "--agree", "--json").stdout)
    assert chosen["servers"] == []


def test_a_spent_budget_holds_it_back_and_a_small_rest_cuts_it(home: Path, server: str) -> None:
    document = measured(home, server)
    home_line = "[speed]\nmonthly_gb = {}\n"
    (home / "config.toml").write_text(home_line.format(0))
    named = server.replace("127.0.0.1", "localhost")
    done = run(home, "--provider", "http", "--server", named, *SHORT, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["held"]["reason"] == "cap"
    assert len(kept(home)) == 1
    # What stays at home costs nothing of the month.
    assert measured(home, server, "--down-only")["download_bps"] > 1e7
    cut = measured(home.with_name("other"), server, "--most-mb", "3")
    assert cut["download"]["ended"] == "cap"
    assert cut["bytes"] < document["bytes"]


def test_a_bad_server_is_replaced_and_that_is_said(home: Path, server: str) -> None:
    document = measured(home, "http://127.0.0.1:9/", "--server", server, "--down-only")
    assert document["server"] == server
    # The nearest that answers is taken first: the dead one is then never tried.
    assert document["download_bps"] > 1e7


def test_nothing_measured_is_one_line_and_exit_1(home: Path) -> None:
    done = run(home, "--provider", "http", "--server", "http://127.0.0.1:9/", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("  ", "http:"))]
    assert len(lines) == 1, done.stderr
    assert "cannot be reached" in lines[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--provider", "fast"), "no provider"), (("--provider", "http"), "No server is given"),
     (("--provider", "http", "--server", "ftp://x"), "no address of a server"),
     (("--provider", "http", "--server", "http://127.0.0.1:9/", "--streams", "0"), "--streams"),
     (("--provider", "http", "--server", "http://127.0.0.1:9/", "--seconds", "nan"), "--seconds"),
     (("--provider", "http", "--server", "http://127.0.0.1:9/", "--most-mb", "-3"), "--most-mb"),
     (("--choose", "--provider", "http", "--server", "http://x/", "--per-day", "99"), "--per-day"),
     (("--choose", "--provider", "http", "--server", "http://x/", "--per-day", "00000000099"), "--per-day"),
     (("--choose", "--provider", "http", "--server", "http://" + "a" * 300), "too long"),
     (("--choose", "--provider", "http", *["--server", "http://127.0.0.1:9/"] * 25), "20 at most"),
     (("--provider", "http", *["--server", "http://127.0.0.1:9/"] * 25), "20 at most"),
     (("--campaign", "0123"), "journal"), (("--ipv4", "--ipv6"), "go together")],
)  # fmt: skip
def test_bad_use_is_one_line_and_exit_2(home: Path, words: Sequence[str], said: str) -> None:
    done = run(home, *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_scheduled_one_waits_where_no_line_is_known_and_says_so(home: Path, server: str) -> None:
    done = run(home, "--provider", "http", "--server", server, "--scheduled", "--json")
    assert done.returncode == 0, done.stderr
    held = json.loads(done.stdout)["held"]
    assert held["reason"] in ("no_line", "not_home")
    with Reader(home / "journal.sqlite") as reader:
        events = list(reader.events(EventKind.SPEED_HELD))
    assert [event.data["reason"] for event in events] == [held["reason"]]


def test_while_another_holds_the_lock_and_answers_nobody_the_result_is_not_lost_silently(
    home: Path, server: str
) -> None:
    home.mkdir()
    with closing(Writer(home / "journal.sqlite")):
        pass
    with Lock(home / "recorder.lock"):
        done = run(home, "--provider", "http", "--server", server, *SHORT, "--down-only", "--json")
    assert done.returncode == 1
    # It could not be kept, but it was measured: the figures are printed.
    assert json.loads(done.stdout)["download_bps"] > 1e7
    assert "recorder" in done.stderr.splitlines()[-1]


def test_the_terms_in_words_for_every_provider(home: Path) -> None:
    document = json.loads(run(home, "--terms", "--json").stdout)
    assert [one["id"] for one in document["providers"]] == [
        "http",
        "ndt7",
        "iperf3",
        "speedtest-cli",
        "cloudflare",
    ]
    assert all(len(one["words"]) >= 4 for one in document["providers"])
    assert "M-Lab publishes" in run(home, "--terms", "--provider", "ndt7").stdout


def test_side_by_side_nothing_is_concluded_from_this_machine_alone(home: Path, server: str) -> None:
    measured(home, server)
    document = json.loads(run(home, "--compare", "--json").stdout)
    assert document["rows"] == []
    assert document["verdict"]


def test_two_at_once_would_measure_each_other(home: Path, server: str) -> None:
    home.mkdir()
    with Lock(home / "speed.lock"):
        done = run(home, "--provider", "http", "--server", server, *SHORT)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("Another measurement is being made")
        held = run(home, "--provider", "http", "--server", server, "--scheduled", "--json")
    assert held.returncode == 0
    assert json.loads(held.stdout)["held"]["reason"] == "another"
