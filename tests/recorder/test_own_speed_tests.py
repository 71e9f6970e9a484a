"""A speed test is this machine's own traffic: its full line never reads as the operator's fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.model import Cause
from tests.playing.scenario import parse
from tests.playing.simulator import play

BLAMELESS = {Cause.OWN_TRAFFIC, Cause.UNKNOWN}
"""Nobody, where no counter tells; else the household itself."""
HEAD = """about = "The line is measured."
play = ["simulator"]
seconds = {seconds}
[network]
igd = {igd}
hop = "{hop}"
queue_ms = {queue_ms}
"""


def both_ways(at_s: float, each_s: float) -> str:
    """A measurement of both directions, one after the other, at full rate."""
    return "".join(
        f'[[fault]]\nwhat = "own-{way}"\nat = {begin}\nfor = {each_s}\n'
        for way, begin in (("download", at_s), ("upload", at_s + each_s + 0.5))
    )


def causes(text: str, folder: Path, seed: int) -> list[Cause]:
    return [one.verdict.cause for one in play(parse(text, "speed-test"), folder, seed).incidents]


@pytest.mark.parametrize("igd", ["true", "false"], ids=["home counted", "home not counted"])
@pytest.mark.parametrize("hop", ["answers", "silent"])
@pytest.mark.parametrize(("each_s", "queue_ms"), [(10, 270), (10, 600), (4, 270)])
def test_a_queue_that_a_speed_test_fills_blames_no_operator(
    tmp_path: Path, igd: str, hop: str, each_s: int, queue_ms: int
) -> None:
    text = HEAD.format(seconds=400, igd=igd, hop=hop, queue_ms=queue_ms)
    found = causes(text + both_ways(120, each_s) + both_ways(300, each_s), tmp_path, 1)
    assert set(found) <= BLAMELESS
    if each_s == 10:
        assert Cause.OWN_TRAFFIC in found, "ten seconds each way are long enough to be seen, and named"


@pytest.mark.parametrize("igd", ["true", "false"], ids=["home counted", "home not counted"])
@pytest.mark.parametrize("way", ["download", "upload"])
@pytest.mark.parametrize("length_s", [10, 16])
def test_a_delay_as_steady_as_a_detour_s_is_the_test_s_own_while_it_runs(
    tmp_path: Path, igd: str, way: str, length_s: int
) -> None:
    """Parallel streams keep a queue so full that it hardly breathes: 200 ms more, from the first moment on."""
    text = HEAD.format(seconds=300, igd=igd, hop="answers", queue_ms=1)
    for what, more in ((f"own-{way}", ""), ("access-delay", "ms = 200\n")):
        text += f'[[fault]]\nwhat = "{what}"\n{more}at = 180\nfor = {length_s}\n'
    assert set(causes(text, tmp_path, 2)) <= BLAMELESS


def test_the_same_delay_without_a_test_is_the_line_s_own(tmp_path: Path) -> None:
    """What keeps the operator out of it above is the traffic, not the shortness of the time."""
    text = HEAD.format(seconds=300, igd="true", hop="answers", queue_ms=1)
    text += '[[fault]]\nwhat = "access-delay"\nms = 200\nat = 180\nfor = 16\n'
    assert causes(text, tmp_path, 2) == [Cause.ACCESS]
