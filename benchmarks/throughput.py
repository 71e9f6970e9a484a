"""Our speed measurement beside iperf3 and speedtest-cli, in one run, on lines whose truth is known.

Cases: ``rates`` (shaped lines: error, bytes), ``loopback`` (what the engine itself can do), ``second`` (another flow
takes half of the line), ``pings`` (the recorder's pings beside fping's while the line is full).
Needs root and Linux; real nginx and iperf3 are the servers, in network namespaces shaped with tbf (``_speed_lab.py``).
Usage: ``throughput.py [CASE…] [--runs N] [--rates MBIT…] [--congestion cubic|bbr]``; about eleven minutes by default.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _speed_lab import ANCHORS, IPERF_PORT, SECOND_PORT, SHARE, SpeedLab, built, missing

from diagnostics.journal.reader import Reader
from diagnostics.model import MILLISECOND, SECOND, EventKind, Outcome, Protocol
from diagnostics.throughput.model import Direction, Flow, SpeedResult
from diagnostics.throughput.record import from_event

CASES = ("rates", "loopback", "second", "pings")
RATES = (20, 100, 300, 940)
FIXED_S = 10
SECOND_RATE, PING_RATE = 100, 50
PING_RUNS = 6
SETTLE_S = 1.5
"""So long the second flow runs before we measure."""
SPEEDTEST = (sys.executable, "-P", "-W", "ignore", "-m", "speedtest", "--json", "--secure")
DIRECTIONS = (("down", "download"), ("up", "upload"))


@dataclass(frozen=True)
class Figures:
    """Bits a second in each direction, and the bytes of both; None where it said nothing."""

    down: float | None
    up: float | None
    bytes: int | None = None
    notes: tuple[str, ...] = ()
    indicative: bool | None = None

    def of(self, direction: str) -> float | None:
        return self.down if direction == "down" else self.up


def home_in(folder: Path, *lines: str) -> Path:
    """A home folder whose data limit nothing here reaches; ``lines`` go before it in its config.toml."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    home.joinpath("config.toml").write_text(
        "\n".join([*lines, "[speed]", "monthly_gb = 1000000", ""]), "utf-8"
    )
    return home


def ours(lab: SpeedLab, home: Path, url: str, *options: str) -> Figures:
    words = lab.jalerte(home, "speed", "--provider", "http", "--server", url, "--agree", "--json", *options)
    done = subprocess.run(
        lab.command(*words), capture_output=True, text=True, timeout=180, env=lab.environment, check=False
    )
    try:
        said: dict[str, Any] = json.loads(done.stdout)
        down, up = said["download_bps"], said["upload_bps"]
    except (ValueError, KeyError):
        raise RuntimeError(f"jalerte speed: {(done.stderr or done.stdout).strip()[-600:]}") from None
    return Figures(down, up, said["bytes"], tuple(said["note_codes"]), said["indicative"])


def iperf3(lab: SpeedLab, streams: int, seconds: int) -> Figures:
    """The receiver's figures over the whole time, as its users get them."""
    found: list[float] = []
    moved = 0
    for reverse in (("-R",), ()):
        words = ("iperf3", "-c", lab.server, "-p", str(IPERF_PORT), "-P", str(streams), "-J")
        report = json.loads(lab.run(*words, "-t", str(seconds), *reverse))
        if "error" in report:
            raise RuntimeError(f"iperf3: {report['error']}")
        found.append(report["end"]["sum_received"]["bits_per_second"])
        moved += sum(interval["sum"]["bytes"] for interval in report["intervals"])
    return Figures(found[0], found[1], moved)


def speedtest_cli(lab: SpeedLab) -> Figures:
    """Both directions in one run, as its users run it."""
    said = json.loads(lab.run(*SPEEDTEST, "--mini", lab.mini))
    return Figures(said["download"], said["upload"], said["bytes_received"] + said["bytes_sent"])


# (a) shaped lines


def rates(folder: Path, options: argparse.Namespace) -> list[str]:
    rows = []
    home = home_in(folder)
    with built(folder, congestion=options.congestion) as lab:
        for mbit in options.rates:
            lab.shape(mbit * 1_000_000)
            truth = mbit * 1e6 * SHARE
            reference = iperf3(lab, 4, FIXED_S)
            package = speedtest_cli(lab)
            runs = [ours(lab, home, lab.url()) for _ in range(options.runs)]
            fixed = 2 * FIXED_S * truth / 8
            used = statistics.median(run.bytes or 0 for run in runs) / fixed
            for direction, word in DIRECTIONS:
                values = [value for run in runs if (value := run.of(direction)) is not None]
                median = statistics.median(values) if values else None
                spread = f"{error(min(values), truth)} … {error(max(values), truth)}" if values else "-"
                against = error(reference.of(direction), truth)
                rows.append(
                    f"{mbit:>5} {word:<9}{error(median, truth):>8}  ({spread:^17}){against:>9}"
                    f"{error(package.of(direction), truth):>14}{ratio(median, reference.of(direction)):>8}"
                    f"{used if direction == 'down' else math.nan:>9.2f}".replace("nan", "")
                )
                print("  " + rows[-1], flush=True)
    head = f"{'Mbit/s':<15}{'ours':>8}  ({'least … most':^17}){'iperf3 ×4':>9}{'speedtest-cli':>14}"
    head += f"{'ratio':>8}{'bytes':>9}"
    return [
        f"error against rate × 1448/1514; median of {options.runs}; ratio: ours / iperf3; bytes: ours, both directions,"
        f" / a fixed {FIXED_S} s test",
        head,
        *rows,
    ]


# (b) the loopback, unshaped


def loopback(folder: Path, options: argparse.Namespace) -> list[str]:
    home = home_in(folder)
    with built(folder, loopback=True, congestion=options.congestion) as lab:
        runs: dict[str, list[Figures]] = {"ours": [], "ours, TLS": [], "iperf3 ×1": [], "speedtest-cli": []}
        # In turns, since the machine's own mood changes within minutes.
        for _ in range(min(options.runs, 3)):
            runs["ours"].append(ours(lab, home, lab.url()))
            runs["iperf3 ×1"].append(iperf3(lab, 1, 4))
            runs["ours, TLS"].append(ours(lab, home, lab.url(tls=True)))
            runs["speedtest-cli"].append(speedtest_cli(lab))
    medians = {
        name: tuple(
            statistics.median(values)
            if (values := [v for run in found if (v := run.of(way)) is not None])
            else None
            for way, _ in DIRECTIONS
        )
        for name, found in runs.items()
    }
    rows = [f"{'Gbit/s':<15}{'download':>9}{'upload':>9}{'ours / it':>16}"]
    for name, values in medians.items():
        shares = [ratio(own, value) for own, value in zip(medians["ours"], values, strict=True)]
        shown = "".join(f"{value / 1e9:>9.2f}" if value else f"{'-':>9}" for value in values)
        rows.append(f"{name:<15}{shown}{shares[0]:>9}{shares[1]:>7}")
    for name in ("ours", "ours, TLS"):
        rows.append(
            f"notes of {name}: {', '.join(sorted({note for run in runs[name] for note in run.notes})) or 'none'}"
        )
    return rows


# (c) a second flow


def second(folder: Path, options: argparse.Namespace) -> list[str]:
    rows = [f"{'Mbit/s':<10}{'ours':>8}{'other, true':>13}{'other, ours':>13}{'error':>8}   marked"]
    home = home_in(folder)
    with built(folder, congestion=options.congestion) as lab:
        lab.shape(SECOND_RATE * 1_000_000)
        for direction, word in DIRECTIONS:
            output = folder / f"second-{direction}"
            script = Path(__file__).with_name("_second_flow.py")
            words = (sys.executable, str(script), direction, lab.server, str(SECOND_PORT))
            with lab.beside(*words, output=output):
                time.sleep(SETTLE_S)
                figures = ours(lab, home, lab.url(), f"--{direction}-only")
            result = results(home)[-1]
            flow = result.flow(Direction(direction))
            other = getattr(result.circumstances, direction).machine_bps
            true = rate_within(output, flow) if flow is not None else None
            marked = "yes" if figures.indicative and "speed_other_machine" in figures.notes else "NO"
            rows.append(
                f"{word:<10}{mbit_of(figures.of(direction)):>8}{mbit_of(true):>13}{mbit_of(other):>13}"
                f"{error(other, true):>8}   {marked}"
            )
    return rows


def rate_within(output: Path, flow: Flow) -> float | None:
    """Bits a second of the second flow during the counted window, from its own counts."""
    found = re.findall(r"^(\d+) (\d+)$", output.read_text("ascii", "replace"), re.MULTILINE)
    readings = [(int(at_ns), int(total)) for at_ns, total in found]
    within = [
        (at_ns, total) for at_ns, total in readings if flow.counted_from_mono_ns <= at_ns <= flow.end_mono_ns
    ]
    if len(within) < 5:
        return None
    (first_ns, first), (last_ns, last) = within[0], within[-1]
    return (last - first) * 8 * SECOND / (last_ns - first_ns)


def results(home: Path) -> list[SpeedResult]:
    with Reader(home / "journal.sqlite") as reader:
        return [from_event(event) for event in reader.events(EventKind.SPEED)]


# (d) pings while it runs


def pings(folder: Path, options: argparse.Namespace) -> list[str]:
    home = home_in(folder, "[targets]", f"anchors = {json.dumps(list(ANCHORS))}")
    with built(folder, congestion=options.congestion) as lab:
        lab.shape(PING_RATE * 1_000_000)
        fping = ("fping", "-D", "-l", "-p", "1000", "-t", "2000", *ANCHORS)
        with (
            lab.beside(*lab.jalerte(home, "record"), output=folder / "record"),
            lab.beside(*fping, output=folder / "fping"),
        ):
            time.sleep(6)
            for _ in range(PING_RUNS):
                ours(lab, home, lab.url())
            time.sleep(3)
    offset_ns = time.time_ns() - time.monotonic_ns()
    loaded = [
        (flow.start_mono_ns + offset_ns, flow.end_mono_ns + offset_ns)
        for result in results(home)
        for flow in (result.down, result.up)
        if flow is not None
    ]
    mine = our_times(home / "journal.sqlite")
    theirs = fping_times(folder / "fping")
    rows = [f"{'ms':<10}{'samples':>9}{'median':>9}{'p95':>9}{'p99':>9}{'most':>9}"]
    p99 = []
    for name, times in (("recorder", mine), ("fping", theirs)):
        values = sorted(ms for at_ns, ms in times if any(start <= at_ns <= end for start, end in loaded))
        if len(values) < 20:
            return [f"{name}: only {len(values)} samples while the line was full"]
        p99.append(share(values, 0.99))
        shown = "".join(
            f"{value:>9.2f}" for value in (share(values, 0.5), share(values, 0.95), p99[-1], values[-1])
        )
        rows.append(f"{name:<10}{len(values):>9}{shown}")
    rows.append(f"difference of the p99: {p99[0] - p99[1]:+.2f} ms")
    return rows


def our_times(journal: Path) -> list[tuple[int, float]]:
    """UTC nanoseconds and milliseconds of each answered ping to the anchors."""
    with Reader(journal) as reader:
        return [
            (sample.sent_ns, (sample.rtt_ns or 0) / MILLISECOND)
            for block in reader.blocks()
            for sample in block.samples
            if sample.outcome is Outcome.OK
            and sample.target.protocol is Protocol.ICMP
            and sample.target.address in ANCHORS
        ]


def fping_times(output: Path) -> list[tuple[int, float]]:
    """The same of fping, whose stamp (``-D``) is that of the answer."""
    found = re.findall(
        r"^\[([\d.]+)\] [\d.]+\s*: \[\d+\].* ([\d.]+) ms \(",
        output.read_text("ascii", "replace"),
        re.MULTILINE,
    )
    return [(round((float(at) - float(ms) / 1e3) * SECOND), float(ms)) for at, ms in found]


def share(ordered: Sequence[float], part: float) -> float:
    """Nearest rank."""
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


def error(value: float | None, truth: float | None) -> str:
    return f"{100 * (value / truth - 1):+.2f} %" if value is not None and truth else "-"


def ratio(value: float | None, reference: float | None) -> str:
    return f"{value / reference:.3f}" if value is not None and reference else "-"


def mbit_of(value: float | None) -> str:
    return f"{value / 1e6:.1f}" if value is not None else "-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, where there is one, so that no disk is measured."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="jalerte-bench-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed, beside iperf3 and speedtest-cli.")
    parser.add_argument(
        "cases", nargs="*", choices=[[], *CASES], default=[], metavar="CASE", help=", ".join(CASES)
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), metavar="MBIT")
    parser.add_argument("--congestion", default="cubic", help="TCP's congestion control on both sides")
    options = parser.parse_args()
    if reason := missing():
        print(f"not measured: {reason}")
        return 0
    tables: dict[str, list[str]] = {}
    for case in options.cases or CASES:
        begun = time.monotonic()
        with scratch() as folder:
            try:
                tables[case] = {"rates": rates, "loopback": loopback, "second": second, "pings": pings}[case](
                    folder, options
                )
            except (RuntimeError, subprocess.SubprocessError, OSError, ValueError, KeyError) as failure:
                tables[case] = [f"failed: {type(failure).__name__}: {failure}"]
        print(f"{case}: {time.monotonic() - begun:.0f} s", flush=True)
    for case, rows in tables.items():
        print(f"\n{case}")
        print("\n".join(f"  {row}" for row in rows))
    return 1 if any(rows[0].startswith("failed") for rows in tables.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
