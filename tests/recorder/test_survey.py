"""What one look asks beside its pings, and what box and counters say of it; nothing is sent."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from diagnostics.box.fake import FakeBox, Said
from diagnostics.config import parse
from diagnostics.links.counters import Counters
from diagnostics.links.route import RouteState
from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.binding import Binding
from diagnostics.probes.tcp_check import TcpCheck
from diagnostics.recorder import bystanders, survey
from diagnostics.recorder.bystanders import BoxSaid, ask_box
from diagnostics.recorder.checks import Plan
from diagnostics.witnesses import BoxAccount, Step
from tests.made import ANCHORS, WEB
from tests.probes.manual_clock import ManualClock

SYSTEM = Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")


class Answers:
    """A check that answers with these times in ms, one a run."""

    def __init__(self, target: Target, *times_ms: float) -> None:
        self.target = target
        self.left = list(times_ms)

    def run(self) -> Sample:
        rtt = round(self.left.pop(0) * MILLISECOND)
        return Sample(self.target, SECOND, SECOND, Outcome.OK, rtt)


class Fails(Answers):
    def run(self) -> Sample:
        return Sample(self.target, SECOND, SECOND, Outcome.LOST)


def checked(monkeypatch: pytest.MonkeyPatch, *checks: Any) -> tuple[list[Sample], list[Sequence[Target]]]:
    """The results of these checks, and which anchors were tried by connection."""
    tried: list[Sequence[Target]] = []

    class Connection(TcpCheck):
        def __init__(self, anchors: Sequence[Target], *_more: object, **_named: object) -> None:
            tried.append(anchors)

        def run(self) -> None:
            return None

    monkeypatch.setattr(survey, "TcpCheck", Connection)
    monkeypatch.setattr(survey, "make_plans", lambda *_all: [Plan(check, 5.0) for check in checks])
    running = survey._Checks(parse("", "x"), ANCHORS, ManualClock(), Binding())
    return running.results(), tried


def test_every_anchor_is_tried_by_connection_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _, tried = checked(monkeypatch)
    assert tried == [(anchor,) for anchor in ANCHORS]


def test_a_slow_or_failing_resolver_is_asked_again_and_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = checked(monkeypatch, Answers(SYSTEM, 1500, 20), Answers(WEB, 1500, 20))
    assert sorted(s.rtt_ns or 0 for s in found if s.target is SYSTEM) == [
        20 * MILLISECOND,
        1500 * MILLISECOND,
    ]
    assert len([s for s in found if s.target is WEB]) == 1
    failed, _ = checked(monkeypatch, Fails(SYSTEM))
    assert len(failed) == 2
    quick, _ = checked(monkeypatch, Answers(SYSTEM, 20, 20))
    assert len(quick) == 1


def test_this_machines_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [Counters(2, 1_000, 5_000, 10, 10), Counters(2, 1_001_000, 505_000, 900, 700)]
    monkeypatch.setattr(survey, "read_counters", lambda _interface: said.pop(0))
    clock = ManualClock()
    meter = survey._Meter("eth0", clock)
    clock.advance(4 * SECOND)
    assert meter.step() == Step(4 * SECOND, 2_000_000, 1_000_000)
    said = [Counters(2, 1_000, 5_000, 10, 10), Counters(3, 9_000, 9_000, 90, 70)]
    other = survey._Meter("eth0", clock)
    clock.advance(4 * SECOND)
    assert other.step() is None  # another interface of this name
    assert survey._Meter("", clock).step() is None


def box_said(monkeypatch: pytest.MonkeyPatch, *answers: Said | None) -> BoxSaid | None:
    clock, left = ManualClock(), list(answers)

    def script(_at_ns: int) -> Said | None:
        clock.advance(5 * SECOND)
        return left.pop(0)

    monkeypatch.setattr("diagnostics.box.adapter.find_box", lambda *_all: FakeBox(clock, script))
    monkeypatch.setattr(bystanders, "SHORTEST_S", 0.0)
    ended = threading.Event()
    ended.set()
    return ask_box(RouteState("eth0"), "192.168.1.1", clock, ended)


def test_the_box_is_asked_at_the_start_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    up, down = BoxAccount("fake", True), BoxAccount("fake", False)
    assert box_said(monkeypatch, Said(up, 1_000, 2_000), Said(up, 626_000, 1_252_000)) == BoxSaid(
        up, Step(5 * SECOND, 1_000_000, 2_000_000)
    )
    assert box_said(monkeypatch, Said(up), Said(down)) == BoxSaid(down)
    assert box_said(monkeypatch, Said(up, 1_000, 2_000), None) == BoxSaid(up)
    # Counters that never move, as some boxes have them, say nothing of the traffic.
    assert box_said(monkeypatch, Said(up, 1_000, 2_000), Said(up, 1_000, 2_000)) == BoxSaid(up)
    assert box_said(monkeypatch, None) is None
