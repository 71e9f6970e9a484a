"""``python -m tests.playing``: play the scenarios, print the table. Ends with 1 when a run is not right."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from tests.playing import simulator, table
from tests.playing.scenario import Scenario, load_all
from tests.playing.score import Score, score


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    scenarios = load_all()
    unknown = set(asked.only) - set(scenarios)
    if unknown:
        print(f"no such scenario: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [one for name, one in scenarios.items() if not asked.only or name in asked.only]
    scores: list[Score] = []
    with tempfile.TemporaryDirectory(prefix="jalerte-playing-") as folder:
        if asked.runner in ("simulator", "both"):
            scores += simulate(chosen, asked.seeds, Path(folder), asked.days * 86_400.0)
        if asked.runner in ("lab", "both"):
            why = _lab_missing()
            if why:
                print(f"no lab: {why}", file=sys.stderr)
                return 3
            scores += _in_lab(chosen, Path(folder))
    print("\n".join(table.lines(scores, wrong_alone=asked.wrong)))
    return 0 if all(one.right for one in scores) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.playing", description="Play the scenarios; print a table."
    )
    parser.add_argument("--runner", choices=("simulator", "lab", "both"), default="simulator")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these scenarios alone")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds the simulator plays (3)")
    parser.add_argument("--days", type=float, default=5, help="how much of a month that is drawn (5)")
    parser.add_argument("--wrong", action="store_true", help="of the rows, only those that are not right")
    return parser


def simulate(scenarios: Sequence[Scenario], seeds: int, folder: Path, drawn_s: float) -> list[Score]:
    """Play each with its own seed and the ones after it, a process a core."""
    runs = [(one, one.seed + n) for one in scenarios if "simulator" in one.play for n in range(seeds)]
    # The longest first, so that no core waits for one at the end.
    order = sorted(range(len(runs)), key=lambda n: -runs[n][0].seconds)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(
            _simulate, *zip(*(runs[n] for n in order), strict=True), repeat(folder), repeat(drawn_s)
        )
        scores = dict(zip(order, done, strict=True))
    return [scores[n] for n in range(len(runs))]


def _simulate(scenario: Scenario, seed: int, folder: Path, drawn_s: float) -> Score:
    return score(simulator.play(scenario, folder, seed, drawn_s))


def _lab_missing() -> str:
    from tests.lab.network import missing

    return missing()


def _in_lab(scenarios: Sequence[Scenario], folder: Path) -> list[Score]:
    """Play those that the lab can play, side by side: each takes its real time."""
    from tests.lab.player import play_all

    able = [one for one in scenarios if "lab" in one.play]
    return [score(played) for played in play_all(able, folder)]


if __name__ == "__main__":
    sys.exit(main())
