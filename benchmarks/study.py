"""How fast a recording is studied: simulated days of six targets at 1 Hz, quiet, with a bad line, with a dead anchor.

    benchmarks/study.py [DAYS]           one day by default
    benchmarks/study.py long [DAYS]      366 days by default: what ``findings.load`` takes, with nothing kept, then with
                                         what that kept. The promise is 1.5 s of a kept year. Making it takes minutes

The reference is the same recording read and unpacked without any judgement, in the same run. Prints seconds, the ratio,
and by how much the process grew while studying.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._long_journal import lengthen
from diagnostics.incidents.study import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import Role, Target
from jalerte_desktop.findings.kept import kept_path
from jalerte_desktop.findings.load import load
from tests.made import ANCHORS, GOOD, LINE, LOST, Fate, World, samples

DAY_S = 24 * 3600


def quiet(_target: Target, _at_s: float) -> Fate:
    return GOOD


def bad_line() -> World:
    """A cut of 20 s and ten minutes of 5 % loss each hour."""
    rng = random.Random(1)

    def world(target: Target, at_s: float) -> Fate:
        beyond = target.role not in (Role.GATEWAY,)
        if beyond and at_s % 3600 < 20:
            return LOST
        return LOST if beyond and 1200 < at_s % 3600 < 1800 and rng.random() < 0.05 else GOOD

    return world


def dead_anchor(target: Target, _at_s: float) -> Fate:
    return LOST if target is ANCHORS[1] else GOOD


def grown_mib() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write(path: Path, world: World, noise: float, days: int) -> int:
    count = 0
    with closing(Writer(path)) as writer:
        minute = []
        for sample in samples(world, days * DAY_S, noise=noise):
            if minute and sample.sent_ns // 60_000_000_000 != minute[0].sent_ns // 60_000_000_000:
                writer.stage(LINE.id, minute)
                writer.seal_due(sample.mono_ns)
                minute = []
            minute.append(sample)
            count += 1
        writer.stage(LINE.id, minute)
        writer.seal_all()
    return count


def long(days: int) -> None:
    """A long recording: two days made try by try, then again and again."""
    with tempfile.TemporaryDirectory(prefix="jalerte-bench-") as folder:
        for name, world in (("quiet, 0.1 % random loss", quiet), ("bad line", bad_line())):
            first, path = (Path(folder) / name[:3] / part / "journal.sqlite" for part in ("two", "long"))
            for one in (first, path):
                one.parent.mkdir(parents=True)
            write(first, world, 0.001, 2)
            lengthen(first, path, LINE, days)
            before = grown_mib()
            for what in ("nothing kept", "kept"):
                start, cpu = time.perf_counter(), time.process_time()
                found = load(path)
                print(
                    f"{name}: {days} days, {len(found.incidents)} incidents, {what}:"
                    f" {time.perf_counter() - start:.2f} s ({time.process_time() - cpu:.2f} s of one core);"
                    f" grew by {grown_mib() - before:.1f} MiB; kept {kept_path(path).stat().st_size / 2**20:.2f} MiB,"
                    f" journal {path.stat().st_size / 2**20:.1f} MiB"
                )


def main() -> None:
    if sys.argv[1:2] == ["long"]:
        long(int(sys.argv[2]) if len(sys.argv) > 2 else 366)
        return
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="jalerte-bench-") as folder:
        for name, world, noise in (
            ("quiet, 0.1 % random loss", quiet, 0.001),
            ("one anchor dead", dead_anchor, 0.001),
            ("bad line", bad_line(), 0.001),
        ):
            path = Path(folder) / f"{name[:3]}.sqlite"
            count = write(path, world, noise, days)
            start = time.perf_counter()
            with Reader(path) as reader:
                for block in reader.blocks():
                    _ = block.samples
            unpacked = time.perf_counter() - start
            before = grown_mib()
            start = time.perf_counter()
            study = Study()
            with Reader(path) as reader:
                for block in reader.blocks():
                    study.feed(block)
            studied = time.perf_counter() - start
            print(
                f"{name}: {days} days, {count} samples, {len(study.incidents())} incidents;"
                f" unpacked {unpacked:.2f} s, read and studied {studied:.2f} s, ratio {studied / unpacked:.2f};"
                f" grew by {grown_mib() - before:.1f} MiB; {path.stat().st_size / count:.2f} bytes a sample on disk"
            )
            path.unlink()


if __name__ == "__main__":
    main()
