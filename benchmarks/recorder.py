"""The recorder's cost beside fping's, on the same six targets in the same seconds.

Prints CPU (share of one core; ours also while the line is cut), memory, and the median round trip per target of both,
with their ratio or difference.
Needs root and Linux (it builds the tests' own network). Usage: ``recorder.py [SECONDS]``, 60 by default.
"""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diagnostics.journal.reader import Reader
from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol
from tests.lab.network import ANCHORS, Lab, build, missing

TARGETS = ("192.168.1.1", "100.64.7.1", *ANCHORS)
WARM_UP_S = 8
CUT_S = 20


@dataclass(frozen=True)
class Usage:
    cpu_ns: int
    rss_kib: int


def usage(pid: int) -> Usage:
    """CPU time of all threads in nanoseconds, as the scheduler counts it, and resident memory."""
    cpu = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            cpu += int(task.joinpath("schedstat").read_text().split()[0])
    status = Path(f"/proc/{pid}/status").read_text()
    return Usage(cpu, int(re.search(r"VmRSS:\s+(\d+)", status)[1]))


@contextlib.contextmanager
def running(lab: Lab, *command: str, output: Path) -> Iterator[int]:
    """A program in the pc; yields the pid of the program itself (``ip netns exec`` becomes it)."""
    with output.open("wb") as file:
        process = lab.start("pc", *command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process.pid
    finally:
        process.send_signal(2)
        process.wait(20)


def fping_medians(text: str) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for address, rtt in re.findall(r"^([\d.]+)\s*: \[\d+\].* ([\d.]+) ms \(", text, re.MULTILINE):
        times.setdefault(address, []).append(float(rtt))
    return {address: statistics.median(values) for address, values in times.items()}


def our_medians(journal: Path, since_ns: int) -> dict[str, float]:
    times: dict[str, list[int]] = {}
    with Reader(journal) as reader:
        for block in reader.blocks():
            for sample in block.samples:
                if (
                    sample.sent_ns >= since_ns
                    and sample.outcome is Outcome.OK
                    and sample.target.protocol is Protocol.ICMP
                ):
                    times.setdefault(sample.target.address, []).append(sample.rtt_ns or 0)
    return {address: statistics.median(values) / MILLISECOND for address, values in times.items()}


def main() -> int:
    if reason := missing():
        print(f"not measured: {reason}")
        return 0
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    folder = Path(tempfile.mkdtemp(prefix="jalerte-bench-"))
    home = folder / "home"
    with build(f"b{os.getpid()}", folder) as lab:
        lab.config(home)
        lab.allow_datagram(True)
        fping = ("fping", "-l", "-p", "1000", "-t", "1000", *TARGETS)
        with (
            running(lab, *lab.jalerte(home, "record"), output=folder / "record") as ours,
            running(lab, *fping, output=folder / "fping") as theirs,
        ):
            time.sleep(WARM_UP_S)
            since_ns, before = time.time_ns(), (usage(ours), usage(theirs))
            time.sleep(seconds)
            after = (usage(ours), usage(theirs))
            lab.cut_access()
            time.sleep(CUT_S)
            in_trouble = usage(ours)
            lab.mend_access()
    cpu = [100 * (b.cpu_ns - a.cpu_ns) / (seconds * SECOND) for a, b in zip(before, after, strict=True)]
    cut = 100 * (in_trouble.cpu_ns - after[0].cpu_ns) / (CUT_S * SECOND)
    print(f"six targets at 1 Hz, with all checks and witnesses, for {seconds} s")
    print(f"  CPU, % of a core    ours {cpu[0]:.3f}   fping {cpu[1]:.3f}   ratio {cpu[0] / cpu[1]:.2f}")
    print(f"  the same in a cut   ours {cut:.3f}   (extra tries; {CUT_S} s)")
    print(f"  memory, MiB         ours {after[0].rss_kib / 1024:.1f}    fping {after[1].rss_kib / 1024:.1f}")
    reference, measured = (
        fping_medians((folder / "fping").read_text()),
        our_medians(home / "journal.sqlite", since_ns),
    )
    for address in TARGETS:
        difference = measured[address] - reference[address]
        print(
            f"  median RTT, ms      {address:<14} ours {measured[address]:.3f}   fping {reference[address]:.3f}"
            f"   difference {difference:+.3f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
