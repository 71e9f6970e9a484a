"""How fast a recording is studied: one simulated day of six targets at 1 Hz, quiet and with a bad line.

The reference is the same day read and unpacked without any judgement, in the same run. Prints seconds, and the ratio.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diagnostics.incidents import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import Role, Target
from tests.made import GOOD, LINE, LOST, Fate, World, samples

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


def write(path: Path, world: World, noise: float) -> int:
    count = 0
    with closing(Writer(path)) as writer:
        minute = []
        for sample in samples(world, DAY_S, noise=noise):
            if minute and sample.sent_ns // 60_000_000_000 != minute[0].sent_ns // 60_000_000_000:
                writer.stage(LINE.id, minute)
                writer.seal_due(sample.mono_ns)
                minute = []
            minute.append(sample)
            count += 1
        writer.stage(LINE.id, minute)
        writer.seal_all()
    return count


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="jalerte-bench-") as folder:
        for name, world, noise in (
            ("quiet day, 0.1 % random loss", quiet, 0.001),
            ("bad line", bad_line(), 0.001),
        ):
            path = Path(folder) / f"{noise}{name[:3]}.sqlite"
            count = write(path, world, noise)
            start = time.perf_counter()
            with Reader(path) as reader:
                for block in reader.blocks():
                    _ = block.samples
            unpacked = time.perf_counter() - start
            start = time.perf_counter()
            study = Study()
            with Reader(path) as reader:
                for block in reader.blocks():
                    study.feed(block)
            studied = time.perf_counter() - start
            size = path.stat().st_size / count
            print(
                f"{name}: {count} samples, {len(study.incidents())} incidents; unpacked {unpacked:.2f} s,"
                f" read and studied {studied:.2f} s, ratio {studied / unpacked:.2f}; {size:.2f} bytes a sample on disk"
            )


if __name__ == "__main__":
    main()
