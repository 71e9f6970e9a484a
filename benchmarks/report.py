"""How long a report takes, the whole command, against the same record studied anew.

    benchmarks/report.py [DAYS …]     30 and 366 by default; a year takes some minutes to make

The record is the demonstration's bad line over so many days (``jalerte_desktop.demo``). The promise holds for what is
usual: the study is kept (the recorder has it refreshed every six hours); the first look at a long record is shown
beside it. Prints seconds by the clock and of processor time.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jalerte_desktop import __version__
from jalerte_desktop.commands.context import Home
from jalerte_desktop.demo import folder

LIMITS = {30: 3, 366: 10}


def timed(*command: str) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "jalerte_desktop", *command],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "JALERTE_LANG": "fr"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, spent


def main() -> None:
    for days in [int(word) for word in sys.argv[1:]] or list(LIMITS):
        with tempfile.TemporaryDirectory(prefix="jalerte-bench-") as name:
            home = folder.ensure(Path(name), time.time_ns(), __version__, lambda: None, days)
            period = ("--since", f"{days + 1}d") if days else ()
            out = str(Path(name) / "report.pdf")
            report = ("--home", str(home), "report", "--out", out, *period)
            first = timed("--home", str(home), "incidents", "--json")
            kept = [timed(*report, "--force") for _ in range(3)]
            best = min(kept)
            limit = f"≤ {LIMITS[days]}" if days in LIMITS else ""
            print(f"{days} days: report {best[0]:.1f} s ({best[1]:.1f} s of processor time) {limit}")
            print(
                f"  first look at the whole record {first[0]:.1f} s ({first[1]:.1f}); ratio {best[0] / first[0]:.2f}"
            )
            pdf, journal = Path(out).stat().st_size / 1e6, Home(home).journal.stat().st_size / 1e6
            print(f"  {pdf:.1f} MB of PDF, {journal:.0f} MB of journal")


if __name__ == "__main__":
    main()
