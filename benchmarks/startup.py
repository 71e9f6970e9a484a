"""How long ``jalerte --help`` takes beside ``python -c pass``: the two in turn, medians and their ratio."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

JALERTE = Path(sys.executable).with_name("jalerte")
RUNS = 15


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(RUNS + 1):
        one, other = seconds(str(JALERTE), "--help"), seconds(sys.executable, "-c", "pass")
        if turn:  # the first turn warms the disk's cache
            ours.append(one)
            bare.append(other)
    help_s, pass_s = statistics.median(ours), statistics.median(bare)
    print(
        f"jalerte --help {help_s * 1000:.0f} ms   python -c pass {pass_s * 1000:.0f} ms   ratio {help_s / pass_s:.2f}"
    )


if __name__ == "__main__":
    main()
