"""The small servers of ``tests/servers`` are imported by their bare names."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
