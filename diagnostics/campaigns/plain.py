"""What series share in which every accepted measurement counts: those on a grid, and those that are only spaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.campaigns.model import Zone
from diagnostics.model import Remark


@dataclass(frozen=True, slots=True)
class Plain:
    """``measurements`` are wanted, whenever they were made."""

    measurements: int

    @property
    def planned(self) -> int:
        return self.measurements

    def set_aside(self, _accepted: Sequence[int], _now_ns: int, _zone: Zone) -> dict[int, Remark]:
        """None: what is accepted counts."""
        return {}

    def missing(self, counted: Sequence[int], _zone: Zone) -> int:
        """How many measurements are still wanted."""
        return max(0, self.measurements - len(counted))
