"""The promise of the program, on a real network: a cut of the access line is found, dated and blamed rightly."""

from __future__ import annotations

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from tests.lab.network import Lab, build, missing

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")]

RECORD_S = 60
CUT_AT_S = 25
CUT_S = 20


def record_with_cut(lab: Lab, home: Path, ping_method: str) -> tuple[float, float]:
    """Record for a minute with a cut of twenty seconds; returns the cut's true edges (Unix time)."""
    lab.config(home)
    lab.allow_datagram(ping_method == "icmp-datagram")
    start = time.monotonic()
    recorder = lab.start("pc", *lab.jalerte(home, "record", "--for", str(RECORD_S)), stdout=subprocess.PIPE)
    _until(start + CUT_AT_S)
    lab.cut_access()
    began = time.time()
    _until(start + CUT_AT_S + CUT_S)
    lab.mend_access()
    ended = time.time()
    out, _ = recorder.communicate(timeout=RECORD_S)
    assert recorder.returncode == 0, out
    return began, ended


def _until(mono_s: float) -> None:
    """The scenario's own clock: the fault has to come at its time."""
    time.sleep(max(0.0, mono_s - time.monotonic()))


def jalerte(lab: Lab, home: Path, *arguments: str) -> str:
    return lab.run("pc", *lab.jalerte(home, *arguments))


def _scenario(method: str, folder: Path) -> tuple[str, tuple[float, float], dict[str, object], str, Path]:
    home = folder / "home"
    with build(f"{os.getpid()}-{method[5:8]}", folder / "servers") as lab:
        edges = record_with_cut(lab, home, method)
        incidents = json.loads(jalerte(lab, home, "incidents", "--json"))
        started = jalerte(lab, home, "status", "--json")
        jalerte(
            lab,
            home,
            "case",
            "new",
            "--problem",
            "fixed-internet-cut",
            "--country",
            "FR",
            "--operator",
            "Sosh",
        )
        preview = json.loads(jalerte(lab, home, "alert", "preview", "--json"))
        letter = folder / "letter.pdf"
        jalerte(lab, home, "letter", "complaint", "--out", str(letter))
    return started, edges, incidents, preview["description"], letter


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple]:  # type: ignore[type-arg]
    """Both ways of pinging, side by side on two networks."""
    methods = ("icmp-datagram", "icmp-raw")
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(_scenario, methods, [tmp_path_factory.mktemp(method) for method in methods])
        return dict(zip(methods, results, strict=True))


@pytest.mark.parametrize("method", ["icmp-datagram", "icmp-raw"])
def test_one_outage_with_its_cause_and_edges(outcomes, method):  # type: ignore[no-untyped-def]
    _, (began, ended), found, _, _ = outcomes[method]
    assert [(i["kind"], i["cause"]) for i in found["incidents"]] == [("outage", "access")]
    outage = found["incidents"][0]
    assert abs(datetime.fromisoformat(outage["start"]).timestamp() - began) <= 1
    assert abs(datetime.fromisoformat(outage["end"]).timestamp() - ended) <= 1
    assert outage["confidence"] > 0.6
    assert outage["line"]["home"] is True
    assert found["coverage"]["observed_s"] == pytest.approx(RECORD_S, abs=3)
    assert found["coverage"]["not_observed_s"] < 2


@pytest.mark.parametrize("method", ["icmp-datagram", "icmp-raw"])
def test_the_alert_and_the_letter_contain_it(outcomes, method):  # type: ignore[no-untyped-def]
    _, (began, _), _, description, letter = outcomes[method]
    text = subprocess.run(
        ["pdftotext", "-layout", str(letter), "-"], check=True, capture_output=True, text=True
    ).stdout
    start = datetime.fromtimestamp(began).astimezone()
    for paper in (description, text):
        assert any(f"{start:%H}{mark}{start:%M}" in paper for mark in (":", "\u00a0h\u00a0", " h ", "h")), (
            paper
        )
