"""``jalerte alert open`` from end to end: a made home, the real program, the real browser, the stand-in."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

from diagnostics.journal.writer import Writer
from diagnostics.model import BadInput, Event, EventKind, MachineCannot, Problem, Remark
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.commands import _alert_open, alert
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.assisted import Entry, PageReceipt, Result, failed
from jalerte_desktop.filing.outbox_model import FilingState
from jalerte_desktop.words.errors import say_problem
from tests import examples
from tests.made import BEYOND_HOP, LINE, T0, between, samples
from tests.servers.jalerte_form import StandIn

PROGRAM = (sys.executable, "-P", "-m", "jalerte_desktop")
PERSON = {
    "person.profile": "individual",
    "person.name": "Marie Dupont",
    "person.postcode": "69003",
    "person.city": "Lyon 3e Arrondissement",
    "person.email": "marie.dupont@exemple.fr",
    "person.phone": "06 12 34 56 78",
    "line.technology": "fibre",
    "contract.operator": "Sosh",
    "alert.service_contacted": "yes",
}


@pytest.fixture
def environment() -> dict[str, str]:
    found = dict(os.environ) | {"JALERTE_LANG": "fr", "PYTHONUTF8": "1", "PYTHONPATH": str(Path.cwd())}
    found.pop("QTWEBENGINE_DISABLE_SANDBOX", None)
    return found


@pytest.fixture
def made_home(tmp_path: Path, environment) -> Path:
    """A recording with a cut, a confirmed line, and a person."""
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
        stream = list(samples(between(100, 160, BEYOND_HOP), 300))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        writer.seal_all()
    with open_case_file(folder / "case.sqlite", lambda: T0) as file:
        file.new("fixed-internet-cut", "FR", "Sosh")
        file.set_all(PERSON)
    done = subprocess.run(
        [*PROGRAM, "--home", str(folder), "line", "confirm"], env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def start(home: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, "--home", str(home), "alert", "open", "--since", "2026-11-01", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_unattended_it_fills_and_tells_and_sends_nothing(made_home, environment):
    with StandIn(11, "plain", 0.2) as stand_in:
        process = start(made_home, environment, "--unattended", "--json", "--url", stand_in.url)
        out, err = process.communicate(timeout=180)
        assert (process.returncode, err.decode()) == (0, "")
        told = json.loads(out)
        assert told["stopped_at"] == "consents: Validation"
        filled = {one["name"]: one["value"] for one in told["filled"]}
        assert filled["utilisateurContainer:nom"] == "Dupont"
        assert filled["operateurPrincipalContainer:operateurPrincipal"] == "Sosh · Orange"
        assert {name: value.strip() for name, value in filled.items()} == stand_in.values
        assert {"consentementTiers", "consentementArcep"} <= {one["name"] for one in told["left"]}
        assert all(one["why"] for one in told["left"])
        assert isinstance(told["drift"], list)
        assert (stand_in.sends, stand_in.consents, stand_in.ratings) == ([], [], [])
        assert told["receipt"] is None
    with open_case_file(made_home / "case.sqlite", lambda: T0) as file:
        assert [paper.id for paper in file.papers()] == [told["paper"]]
        assert list(outbox.filings(file)) == []


def children_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def until(happened: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return happened()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_it_is_ended_nothing_goes_on(made_home, environment, number):
    with StandIn(12, "plain", 1.0) as stand_in:
        process = start(made_home, environment, "--unattended", "--json", "--url", stand_in.url)
        assert until(lambda: "profil" in stand_in.values)
        below = children_of(process)
        assert below
        process.send_signal(number)
        out, _err = process.communicate(timeout=60)
        _gone, alive = psutil.wait_procs(below, timeout=30)
        assert alive == []
        if number == signal.SIGTERM:
            assert json.loads(out)["stopped_at"] == "stopped"


def test_a_page_that_is_not_there_is_one_line(made_home, environment):
    process = start(made_home, environment, "--unattended", "--json", "--url", "http://127.0.0.1:9/")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, b"")
    assert len(err.decode().strip().splitlines()) == 1
    assert "127.0.0.1:9" in err.decode()


# --- in this process, with the assistants replaced ---


class Desk(Context):
    """A context whose findings are given."""

    def findings(self, since=None, until=None):
        return examples.ordinary()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "home"
    return Desk(Home(folder), out=io.StringIO(), err=io.StringIO())


def ran(desk: Desk, *words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    alert.configure(parser)
    arguments = parser.parse_args(["open", *words])
    desk.json, desk.out = arguments.json, io.StringIO()
    return alert.run(arguments, desk), desk.out.getvalue()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://jalerte.example/", "webform_plain_http"),
        ("http://192.168.1.1/", "webform_plain_http"),
        ("http://127.0.0.1.example.org/", "webform_plain_http"),
        ("ftp://127.0.0.1/", "webform_url"),
        ("file:///etc/passwd", "webform_url"),
        ("javascript:alert(1)", "webform_url"),
        ("https://", "webform_url"),
        ("https://a:99999/", "webform_url"),
        ("https://marie:secret@jalerte.example/", "webform_url"),
        ("https://127.0.0.1\\@example.org/", "webform_url"),
        ("jalerte.example", "webform_url"),
    ],
)
def test_personal_data_go_to_no_such_address(desk, url, code):
    with pytest.raises(BadInput) as refused:
        ran(desk, "--unattended", "--url", url)
    assert refused.value.remark.code == code
    assert "\n" not in say_problem(refused.value)
    assert not desk.home.case.exists()


def answers(monkeypatch: pytest.MonkeyPatch, **results: Result) -> list[tuple[str, Any]]:
    """Let the assistants answer like that; gives what they were started with."""
    started: list[tuple[str, Any]] = []

    def child(module: str, task) -> Result:
        started.append((module, task))
        return results["form" if module == _alert_open.WEB_FORM else "copy"]

    monkeypatch.setattr(_alert_open, "_child", child)
    return started


SUCCESS = Result(
    "success",
    Remark.of("webform_stopped"),
    (Entry("profil", "Profil", "Particulier"),),
    url="http://127.0.0.1/ok",
    receipt=PageReceipt(
        5, "http://127.0.0.1/ok", "Merci", "Votre alerte a été soumise", "<html>soumise</html>"
    ),
)


def test_the_page_of_the_success_becomes_a_receipt_with_its_entry_in_the_diary(desk, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    answers(monkeypatch, form=SUCCESS)
    with open_case_file(desk.home.case, lambda: desk.now_ns) as file:
        file.new("fixed-internet-cut", "FR", "Orange")
    code, out = ran(desk, "--json", "--url", "http://127.0.0.1/")
    told = json.loads(out)
    assert code == 0
    with open_case_file(desk.home.case, lambda: desk.now_ns) as file:
        (receipt,) = outbox.receipts(file)
        (filing,) = outbox.filings(file)
        entries = diary.entries(file)
    assert told["receipt"]["id"] == receipt.id
    assert (receipt.kind, receipt.content, receipt.media_type) == (
        "page",
        b"<html>soumise</html>",
        "text/html",
    )
    assert filing.state is FilingState.SENT
    assert filing.envelope.channel == "jalerte"
    assert json.loads(filing.envelope.content)["fields"] == [
        {"name": "profil", "label": "Profil", "value": "Particulier"}
    ]
    assert len(entries) == 1
    # Without a window nobody can have sent it.
    answers(monkeypatch, form=SUCCESS)
    _code, out = ran(desk, "--json", "--unattended", "--url", "http://127.0.0.1/")
    assert json.loads(out)["receipt"] is None


def test_without_qt_webengine_the_copy_assistant_takes_over_where_somebody_is_there(desk, monkeypatch):
    missing = failed(MachineCannot("webform_missing"))
    copied = Result(
        "closed", Remark.of("webform_stopped"), sent=True, reference="A-1", url="http://127.0.0.1/"
    )
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    started = answers(monkeypatch, form=missing, copy=copied)
    code, _out = ran(desk, "--json", "--url", "http://127.0.0.1/")
    assert code == 0
    assert [module for module, _task in started] == [_alert_open.WEB_FORM, _alert_open.COPY_ASSISTANT]
    with open_case_file(desk.home.case, lambda: desk.now_ns) as file:
        (receipt,) = outbox.receipts(file)
    assert (receipt.kind, receipt.reference) == ("person", "A-1")
    with pytest.raises(MachineCannot) as alone:
        ran(desk, "--unattended", "--url", "http://127.0.0.1/")
    assert "make webform" in say_problem(alone.value)
    started.clear()
    ran(desk, "--copy", "--url", "http://127.0.0.1/")
    assert [module for module, _task in started] == [_alert_open.COPY_ASSISTANT]


def test_without_a_display_it_says_so(desk, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MachineCannot) as alone:
        ran(desk, "--url", "http://127.0.0.1/")
    assert alone.value.remark.code == "no_display"


def test_an_assistant_that_ends_without_a_word_is_one_problem(desk, monkeypatch):
    monkeypatch.setattr(_alert_open, "WEB_FORM", "jalerte_desktop.no_such_module")
    with pytest.raises(Problem) as ended:
        ran(desk, "--unattended", "--url", "http://127.0.0.1/")
    assert ended.value.remark.code == "webform_ended"
