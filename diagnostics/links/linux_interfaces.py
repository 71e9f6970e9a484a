"""What Linux's own files say of an interface, under psutil's names: the recorder does without psutil's 1.4 MB there.

Formats: ``/proc/net/dev`` as the kernel writes it (net/core/net-procfs.c), ``/sys/class/net`` as its documentation has
it (Documentation/ABI/testing/sysfs-class-net).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_DUPLEX = {"half": 1, "full": 2}


class Carried(NamedTuple):
    """Totals since the interface came up; ``err*`` and ``drop*`` count packets."""

    bytes_recv: int
    packets_recv: int
    errin: int
    dropin: int
    bytes_sent: int
    packets_sent: int
    errout: int
    dropout: int


class Negotiated(NamedTuple):
    """``speed`` in megabits a second; 0 (``duplex`` too: 1 is half, 2 is full) where the driver does not tell."""

    speed: int
    duplex: int
    mtu: int


def carried(interface: str, root: Path = Path("/")) -> Carried | None:
    """The interface's counters; None when there is no such interface. Raises OSError where there is no such file."""
    return parse_carried((root / "proc/net/dev").read_text("ascii", "replace"), interface)


def parse_carried(text: str, interface: str) -> Carried | None:
    """The counters in a /proc/net/dev: eight columns received, eight sent, after the name and a colon.

    None where there is no such row; raises ValueError for one that is broken.
    """
    for line in text.splitlines()[2:]:
        name, _, numbers = line.rpartition(":")
        if name.strip() == interface:
            counts = [int(word) for word in numbers.split()]
            if len(counts) < 12:
                raise ValueError("a row of /proc/net/dev is too short")
            return Carried(*counts[:4], *counts[8:12])
    return None


def negotiated(interface: str, root: Path = Path("/")) -> Negotiated | None:
    """What a link's ends agreed on; None when there is no such interface."""
    folder = root / "sys/class/net" / interface
    if not folder.is_dir():
        return None
    return Negotiated(
        _number(folder / "speed"), _DUPLEX.get(_word(folder / "duplex"), 0), _number(folder / "mtu")
    )


def _word(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        # An interface that is down or has no such thing refuses these files.
        return ""


def _number(path: Path) -> int:
    word = _word(path)
    return int(word) if word.isdecimal() and len(word) < 10 else 0
