"""The small servers of ``tests/servers`` and the clocks of ``tests/probes`` are imported by their bare names."""

import sys
from pathlib import Path

for folder in ("servers", "probes"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
