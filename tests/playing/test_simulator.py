"""Every scenario on virtual time, told against its truth; and the made-up world against what it promises."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from diagnostics.incidents.study import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import SECOND, EventKind, Outcome, Protocol, Role, Target
from diagnostics.witnesses import Origin
from tests.playing import simulator, sites, table
from tests.playing.scenario import Scenario, load_all, parse
from tests.playing.score import Score, score
from tests.playing.told import Told
from tests.playing.world import WAKE_S, World

SCENARIOS = {name: one for name, one in load_all().items() if "simulator" in one.play}
SEEDS, SOAK_SEEDS = 3, 20
TEST_DAYS_S, MONTH_S = 5 * 86_400.0, 30 * 86_400.0
"""How much of a month that is drawn is played in the tests, and in the soak."""
Scores = Callable[[str], list[Score]]


@pytest.fixture(scope="module")
def scores_of(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """Plays a scenario with some seeds, once for all tests of this module. Days are played with one seed."""
    folder, known = tmp_path_factory.mktemp("played"), dict[str, list[Score]]()

    def scores(name: str) -> list[Score]:
        if name not in known:
            scenario = SCENARIOS[name]
            seeds = 1 if scenario.seconds > simulator.LONG_S else SEEDS
            known[name] = play_seeds(
                scenario, range(scenario.seed, scenario.seed + seeds), folder, TEST_DAYS_S
            )
        return known[name]

    return scores


def play_seeds(scenario: Scenario, seeds: range, folder: Path, drawn_s: float) -> list[Score]:
    return [score(simulator.play(scenario, folder, seed, drawn_s)) for seed in seeds]


def said(scores: list[Score]) -> str:
    return "\n".join(table.lines(scores, wrong_alone=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_nobody_is_accused_wrongly_and_no_cut_is_missed(name: str, scores_of: Scores) -> None:
    scores = scores_of(name)
    assert not any(one.accusations for one in scores), said(scores)
    assert not any(one.missed_cuts for one in scores), said(scores)
    assert all(one.played.home for one in scores)


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name.startswith(("quiet", "wifi-quiet"))])
def test_nothing_is_found_on_a_quiet_line(name: str, scores_of: Scores) -> None:
    assert all(one.right and not one.played.incidents for one in scores_of(name)), said(scores_of(name))


def test_the_whole_set_is_as_right_as_promised(scores_of: Scores) -> None:
    hold([one for name in SCENARIOS for one in scores_of(name)])


@pytest.mark.soak
def test_the_whole_set_is_as_right_as_promised_with_many_seeds(tmp_path: Path) -> None:
    scores = []
    for scenario in SCENARIOS.values():
        seeds = 3 if scenario.seconds > simulator.LONG_S else SOAK_SEEDS
        scores += play_seeds(scenario, range(scenario.seed, scenario.seed + seeds), tmp_path, MONTH_S)
    hold(scores)


def hold(scores: list[Score]) -> None:
    """What must hold of the simulator's set."""
    totals, text = table.total(scores), said(scores)
    assert totals.cause_share is not None
    assert totals.cause_share >= 0.98, text
    assert totals.accusations == 0, text
    assert totals.missed_cuts == 0, text
    assert totals.edge_median_s is not None
    assert totals.edge_median_s <= 0.3, text
    assert totals.edge_p95_s is not None
    assert totals.edge_p95_s <= 1.0, text
    share = totals.share_at(0.9)
    assert share is not None
    assert share >= 0.9, text


# --- the recording ----------------------------------------------------------------------------------------------------

HEAD = 'about = "one"\nplay = ["simulator"]\n'


def made(text: str, seconds: float = 600) -> Scenario:
    return parse(f"{HEAD}seconds = {seconds}\n{text}", "one")


CUT = "[[fault]]\nwhat = 'access-cut'\nat = 60\nfor = 5\n"


def test_the_same_seed_gives_the_same_journal_and_another_one_another(tmp_path: Path) -> None:
    def samples(folder: str, seed: int) -> list[object]:
        place = tmp_path / folder
        place.mkdir()
        simulator.play(made(CUT + "[network]\nnoise = 0.01\n", 90), place, seed)
        with Reader(place / f"one-{seed}.sqlite") as reader:
            return [sample for block in reader.blocks() for sample in block.samples]

    assert samples("a", 1) == samples("b", 1)
    assert samples("c", 2) != samples("d", 1)


def test_the_recorders_journal_is_whole_and_holds_every_kind_of_try(tmp_path: Path) -> None:
    simulator.play(made(CUT + "[network]\nipv6 = true\n", 400), tmp_path, 1)
    journal = tmp_path / "one-1.sqlite"
    assert verify(journal).first_fault is None
    with Reader(journal) as reader:
        samples = [sample for block in reader.blocks() for sample in block.samples]
        witnesses = list(reader.events(EventKind.WITNESS))
    assert {sample.target.role for sample in samples} == set(Role) - {Role.VPN}
    assert len({sample.target.address for sample in samples if sample.target.role is Role.TCP_CHECK}) == 8
    assert {event.data["source"] for event in witnesses} == {"traffic", "box"}
    anchors = [s for s in samples if s.target.role is Role.ANCHOR and not s.flags]
    assert len(anchors) == pytest.approx(8 * 400, rel=0.02)


def test_sleep_and_clock_steps_are_what_the_recorder_says_they_are(tmp_path: Path) -> None:
    text = (
        "[[fault]]\nwhat = 'asleep'\nat = 60\nfor = 100\n[[fault]]\nwhat = 'clock-step'\nat = 200\nby = -30\n"
        "[[fault]]\nwhat = 'recorder-stops'\nat = 300\nfor = 20\n"
    )
    played = simulator.play(made(text, 400), tmp_path, 1)
    with Reader(tmp_path / "one-1.sqlite") as reader:
        gaps = [str(event.data["reason"]) for event in reader.events(EventKind.GAP)]
        steps = [event.data["step_s"] for event in reader.events(EventKind.CLOCK_STEP)]
    assert set(gaps) == {"asleep", "stopped"}
    assert steps == [-30]
    assert played.when_ns(60) == played.start_ns + 60 * SECOND
    assert played.when_ns(300) == played.start_ns + 270 * SECOND
    assert played.incidents == ()


def test_the_time_zone_is_put_back(tmp_path: Path) -> None:
    before = (os.environ.get("TZ"), time.tzname)
    text = "[[fault]]\nwhat = 'zone-change'\nat = 30\nzone = 'Asia/Tokyo'\n"
    simulator.play(made(text, 60), tmp_path, 1)
    assert (os.environ.get("TZ"), time.tzname) == before


# --- days -------------------------------------------------------------------------------------------------------------

DAY = "[network]\nnoise = 0.002\nspikes = 0.001\n[[fault]]\nwhat = 'access-cut'\nat = '5h'\nfor = 20\n"


def test_copied_minutes_are_as_noisy_as_recorded_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fed: list[tuple[int, Outcome, int | None]] = []
    feed = Study.feed

    def listen(study: Study, block) -> None:  # type: ignore[no-untyped-def]
        fed.extend((s.sent_ns, s.outcome, s.rtt_ns) for s in block.samples if s.target.role is Role.ANCHOR)
        feed(study, block)

    monkeypatch.setattr(Study, "feed", listen)
    played = simulator.play(made(DAY, 6 * 3600), tmp_path, 1)
    cut = range(played.when_ns(5 * 3600) - SECOND, played.when_ns(5 * 3600 + 20) + SECOND)
    usual = [entry for entry in fed if entry[0] not in cut]
    assert len(usual) == pytest.approx(4 * 6 * 3600, rel=0.01)
    lost = sum(outcome is not Outcome.OK for _, outcome, _ in usual) / len(usual)
    late = sum((rtt or 0) > 200_000_000 for _, _, rtt in usual) / len(usual)
    assert lost == pytest.approx(0.002, rel=0.3)
    assert late == pytest.approx(0.001, rel=0.4)
    times = [at for at, _, _ in fed]
    assert max(b - a for a, b in pairwise(times)) < 2 * SECOND
    assert played.coverage.gaps == ()


def test_a_cut_among_copied_minutes_is_found_as_in_a_recording_throughout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scenario = made(DAY.replace("5h", "40m"), 3000)
    whole = simulator.play(scenario, tmp_path, 1)
    monkeypatch.setattr(simulator, "LONG_S", 1800.0)
    copied = simulator.play(scenario, tmp_path, 1)
    for played in (whole, copied):
        assert [(one.kind, one.verdict.cause) for one in played.incidents] == [("outage", "access")]
        off = played.incidents[0].span.start_ns - played.when_ns(2400)
        assert abs(off) < SECOND / 2
    assert [one.verdict.confidence for one in whole.incidents] == [
        one.verdict.confidence for one in copied.incidents
    ]


# --- the world --------------------------------------------------------------------------------------------------------

ANCHOR = sites.anchors(load_all()["quiet"].network)[0]
BOX = Target(Role.GATEWAY, Protocol.ICMP, "192.168.1.1", 4)
HOP = Target(Role.FIRST_HOP, Protocol.ICMP, "100.64.7.1", 4)


def outcomes(world: World, target: Target, from_s: float, to_s: float, step_s: float = 0.05) -> list[Outcome]:
    return [world.ping(target, from_s + n * step_s).outcome for n in range(int((to_s - from_s) / step_s))]


def test_a_cut_begins_and_ends_when_it_should() -> None:
    world = World(made(CUT), 1)
    assert set(outcomes(world, ANCHOR, 0, 59.8)) == {Outcome.OK}
    assert set(outcomes(world, ANCHOR, 60, 65)) == {Outcome.LOST}
    assert set(outcomes(world, ANCHOR, 65, 90)) == {Outcome.OK}
    assert set(outcomes(world, BOX, 0, 90)) == {Outcome.OK}
    # What was under way when the cut began does not come back.
    assert world.ping(ANCHOR, 60 - 1e-4).outcome is Outcome.LOST


@pytest.mark.parametrize(
    ("what", "hit"),
    [("lan-loss", (BOX, HOP, ANCHOR)), ("access-loss", (HOP, ANCHOR)), ("core-loss", (ANCHOR,))],
)
def test_loss_hits_what_lies_beyond_it_in_its_share(what: str, hit: tuple[Target, ...]) -> None:
    world = World(made(f"[[fault]]\nwhat = '{what}'\nat = 10\nshare = 0.2\n"), 1)
    for target in (BOX, HOP, ANCHOR):
        lost = outcomes(world, target, 10, 260).count(Outcome.LOST) / 5000
        assert lost == pytest.approx(0.2 if target in hit else 0, abs=0.03)


def test_a_full_line_is_slow_beyond_the_box_and_breathes() -> None:
    world = World(made("[[fault]]\nwhat = 'home-upload'\nat = 10\n[network]\nqueue_ms = 400\n"), 1)
    waits = [world.ping(ANCHOR, 12 + n / 10).ms for n in range(500)]
    usual = median(world.ping(ANCHOR, n / 10).ms for n in range(90))
    good = [wait - usual for wait in waits if wait]
    assert 180 < min(good) < 260
    assert 340 < max(good) < 440
    assert 0 < waits.count(0.0) / len(waits) < 0.03
    assert world.ping(BOX, 20).ms < 5
    assert world.ping(ANCHOR, 10.1).ms < usual + 100


def test_counters_show_whose_traffic_it_is_and_a_cut_line_carries_nothing() -> None:
    text = "[[fault]]\nwhat = 'own-upload'\nat = 100\nfor = 50\n[[fault]]\nwhat = 'home-download'\nat = 200\nfor = 50\n"
    told = Told(World(made(text + CUT.replace("60", "400")), 1), 1)
    own, home = Origin.MACHINE, Origin.HOME
    assert told.traffic(own, 110, 115)[1] > 8e6 < told.traffic(home, 110, 115)[1]
    assert told.traffic(own, 210, 215)[0] < 1e6
    assert told.traffic(home, 210, 215)[0] > 40e6
    assert told.traffic(home, 400, 405)[0] == 0
    before, after = told.carried(own, 100), told.carried(own, 150)
    assert (after[1] - before[1]) * 8 / 50 == pytest.approx(9.4e6, rel=0.1)


def test_one_is_on_the_way_for_a_moment_and_then_elsewhere() -> None:
    text = "[[fault]]\nwhat = 'elsewhere'\nat = 100\nfor = 100\nto = 'other-home'\n"
    world = World(made(text + CUT.replace("60", "150").replace("for", "line='elsewhere'\nfor")), 1)
    told = Told(world, 1)
    assert told.route(99).gateway_mac == world.home.gateway_mac
    assert told.route(100 + WAKE_S / 2).gateway == ""
    assert told.route(110).gateway == world.home.gateway
    assert told.route(110).gateway_mac != world.home.gateway_mac
    assert world.ping(ANCHOR, 101).outcome is Outcome.SEND_ERROR
    assert world.ping(ANCHOR, 152).outcome is Outcome.LOST
    assert told.box(120) is None
    assert told.route(210).gateway_mac == world.home.gateway_mac


@pytest.mark.parametrize(
    ("text", "target", "outcome"),
    [
        ("what = 'network-out'\nat = 10\nwhich = [0]", ANCHOR, Outcome.UNREACHABLE),
        ("what = 'anchor-dead'\nat = 10\nwhich = [0]", ANCHOR, Outcome.LOST),
        ("what = 'anchor-dead'\nat = 10\nwhich = [1]", ANCHOR, Outcome.OK),
        ("what = 'interface-down'\nat = 10", BOX, Outcome.SEND_ERROR),
        ("what = 'ipv6-out'\nat = 10", ANCHOR, Outcome.OK),
        ("what = 'ipv4-out'\nat = 10", ANCHOR, Outcome.LOST),
        ("what = 'core-cut'\nat = 10", HOP, Outcome.OK),
        ("what = 'core-cut'\nat = 10", ANCHOR, Outcome.LOST),
        ("what = 'box-hangs'\nat = 10", BOX, Outcome.OK),
        ("what = 'box-hangs'\nat = 10", HOP, Outcome.LOST),
        ("what = 'large-lost'\nat = 10", ANCHOR, Outcome.OK),
    ],
)
def test_what_a_fault_does_to_a_ping(text: str, target: Target, outcome: Outcome) -> None:
    assert World(made(f"[[fault]]\n{text}\n"), 1).ping(target, 20).outcome is outcome


@pytest.mark.parametrize(
    ("what", "system", "direct", "web", "large"),
    [
        ("resolver-dead", "LOST", "OK", "UNRESOLVED", "UNRESOLVED"),
        ("resolver-slow'\nms = '1500", "OK", "OK", "OK", "OK"),
        ("resolver-lies", "PORTAL", "OK", "REFUSED", "REFUSED"),
        ("portal", "PORTAL", "PORTAL", "PORTAL", "REFUSED"),
        ("large-lost", "OK", "OK", "OK", "LOST"),
        ("core-cut", "LOST", "LOST", "UNRESOLVED", "UNRESOLVED"),
    ],
)
def test_what_a_fault_does_to_the_checks(what: str, system: str, direct: str, web: str, large: str) -> None:
    world = World(made(f"[[fault]]\nwhat = '{what}'\nat = 10\n".replace("'1500'", "1500")), 1)
    page = Target(Role.WEB, Protocol.HTTP, sites.WEB_CHECK)
    fates = (
        world.system_dns(20),
        world.direct_dns(sites.RESOLVER, 20),
        world.web(page, 20, 4.0),
        world.large(replace(page, role=Role.LARGE), 20, 6.0),
    )
    assert [fate.outcome.name for fate in fates] == [system, direct, web, large]


def test_a_name_that_the_box_knows_outlives_the_line_for_a_while() -> None:
    world = World(made("[[fault]]\nwhat = 'core-cut'\nat = 60\n"), 1)
    page = Target(Role.WEB, Protocol.HTTP, sites.WEB_CHECK)
    assert world.web(page, 50, 4.0).outcome is Outcome.OK
    assert world.web(page, 100, 4.0).outcome is Outcome.LOST
    assert world.web(page, 500, 4.0).outcome is Outcome.UNRESOLVED
