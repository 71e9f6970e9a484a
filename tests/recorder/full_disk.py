"""A recorder on simulated time whose small disk is filled and emptied: run in a mount namespace of its own.

Arguments: where (``home keys limit``), a folder, a seed. Prints one JSON object. ``limit``: no disk, but no file may
grow beyond what the journal's log has, which the system answers with an error of its own kind.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.recorder.simulated import Simulated
from tests.recorder.test_loop import SECOND, T0

SIZE = "4m"


def mount(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Another program's file takes all the room but so many blocks."""
    other = folder / "other"
    descriptor = os.open(other, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except OSError:
        pass
    finally:
        os.close(descriptor)
    os.truncate(other, other.stat().st_size - 4096 * left)
    return other


def main(where: str, folder: Path, seed: int) -> None:
    import resource

    rng = random.Random(seed)
    home = folder / "home"
    if where != "limit":
        mount(home if where == "home" else home / "keys")
    home.mkdir(exist_ok=True)
    log = folder / "log"
    log.mkdir()
    # Near an hour's end, or anywhere.
    wall = T0 + rng.choice((3080, 3120, 3160, rng.randrange(20_000))) * SECOND
    simulated = Simulated(home, wall, seed, log)
    full = []
    for _ in range(2):
        simulated.run(rng.uniform(30, 200))
        begun = simulated.clock.wall
        before = len(simulated.warnings)
        if where == "limit":
            size = max(one.stat().st_size for one in home.glob("journal.sqlite*"))
            resource.setrlimit(
                resource.RLIMIT_FSIZE, (size + rng.randrange(2) * 4096, resource.RLIM_INFINITY)
            )
        else:
            left = rng.choice((0, 0, 1, 2, 5)) if where == "home" else 0
            other = fill(home if where == "home" else home / "keys", left)
        simulated.run(rng.uniform(20 if where != "keys" else 80, 260))
        unsigned = simulated.writer.unsigned
        if where == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            other.unlink()
        told = simulated.warnings[before:]
        full.append(
            {
                "start_ns": begun,
                "end_ns": simulated.clock.wall,
                "warnings": told,
                "unsigned": unsigned.remark.code if unsigned else "",
            }
        )
        simulated.run(rng.uniform(30, 150))
    simulated.stop()
    subprocess.run(["cp", "-r", str(home), str(folder / "copy")], check=True)
    print(json.dumps(full))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
