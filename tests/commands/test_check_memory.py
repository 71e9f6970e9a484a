"""What ``check`` knows from the last hours of recording."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from diagnostics.incidents.checkup import Habits
from diagnostics.journal.writer import Writer
from diagnostics.model import MILLISECOND, SECOND, Event, EventKind, Outcome, Protocol, Role, Target
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from jalerte_desktop.commands._memory import remembered
from jalerte_desktop.commands.context import Home
from tests.made import ANCHORS, GATEWAY, GOOD, HOP, LINE, LOST, T0, Fate, World, samples

TUNNEL = Target(Role.VPN, Protocol.ICMP, "wg0>203.0.113.11", 4)
DEAF = Target(Role.VPN, Protocol.ICMP, "wg1>10.0.0.1", 4)
MINUTES = 6


def slow_from(minute: int) -> World:
    def fate(target: Target, at: float) -> Fate:
        if target is DEAF:
            return LOST
        return (Outcome.OK, 200.0) if at >= minute * 60 and target.role is Role.ANCHOR else GOOD

    return fate


def record(folder: Path, world: World) -> Home:
    folder.mkdir()
    home = Home(folder)
    with closing(Writer(home.journal)) as writer:
        line = {"id": LINE.id, "gateway": LINE.gateway, "gateway_mac": LINE.gateway_mac}
        writer.append(Event(EventKind.LINE, T0, line | {"interface": LINE.interface}))
        targets = (GATEWAY, HOP, *ANCHORS, TUNNEL, DEAF)
        stream = list(samples(world, MINUTES * 60, targets=targets))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        for origin, up_bps in ((Origin.HOME, 9_000_000), (Origin.MACHINE, 400_000)):
            steps = (Step(SECOND, 50_000, up_bps), Step(SECOND, 3_000_000, 1_000))
            writer.append(to_event(Traffic(origin, T0, steps), T0 + 2 * SECOND))
        writer.seal_all()
    return home


def test_habits_usual_times_and_the_most_carried(tmp_path: Path) -> None:
    home = record(tmp_path / "home", slow_from(MINUTES))
    habits, hop = remembered(home, T0 + MINUTES * 60 * SECOND, LINE.id)
    assert (habits.known, habits.gateway, habits.hop, hop) == (True, True, True, HOP.address)
    assert habits.tunnels == {TUNNEL.id}
    assert 8 * MILLISECOND < habits.usual_ns[ANCHORS[0].id] < 12 * MILLISECOND
    assert habits.most_home is not None
    assert (habits.most_home.down_bps, habits.most_home.up_bps) == (3_000_000, 9_000_000)
    assert habits.most_machine is not None
    assert habits.most_machine.up_bps == 400_000


def test_slow_minutes_do_not_become_the_usual_ones(tmp_path: Path) -> None:
    home = record(tmp_path / "home", slow_from(3))
    habits, _ = remembered(home, T0 + MINUTES * 60 * SECOND, LINE.id)
    assert habits.usual_ns[ANCHORS[0].id] < 12 * MILLISECOND


def test_another_lines_recording_says_nothing(tmp_path: Path) -> None:
    home = record(tmp_path / "home", slow_from(MINUTES))
    assert remembered(home, T0 + MINUTES * 60 * SECOND, "another") == (Habits(), None)
    last, _ = remembered(home, T0 + MINUTES * 60 * SECOND, "")
    assert last.gateway
    assert remembered(Home(tmp_path / "none"), T0, LINE.id) == (Habits(), None)
