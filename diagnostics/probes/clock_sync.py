"""What the system says of its clock: synchronised or not, and how far off it may be. Reads only; asks no server."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ClockState:
    """``offset_ms`` is the correction still to be made, ``error_ms`` the system's own bound for its error.

    Each is None where the system does not tell. ``source`` says where this comes from.
    """

    synchronised: bool | None
    offset_ms: float | None
    error_ms: float | None
    source: str


UNKNOWN = ClockState(None, None, None, "unknown")

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux (uapi/linux/timex.h), as far as it is read; the rest is room."""

    _fields_: ClassVar = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def read_clock_state(platform: str = sys.platform) -> ClockState:
    """The state of the system's clock. Never raises.

    Linux: the kernel's (adjtimex, without changing anything). A daemon that steers by frequency alone (chrony) leaves
    the kernel's offset near 0 whatever the true one is: then only ``synchronised`` and ``error_ms`` mean something.
    Windows: ``w32tm /query /status /verbose``. macOS tells ordinary programs nothing: unknown.
    """
    if platform.startswith("linux"):
        return _read_linux()
    if platform.startswith("win"):
        return _read_windows()
    return UNKNOWN


def _read_linux() -> ClockState:
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return UNKNOWN
    return from_timex(state, timex.status, timex.offset, timex.maxerror)


def from_timex(state: int, status: int, offset: int, maxerror_us: int) -> ClockState:
    """Read what adjtimex returned. An offset means nothing while the clock is not steered."""
    if state < 0:
        return UNKNOWN
    synchronised = state != _TIME_ERROR and not status & _STA_UNSYNC
    per_ms = 1_000_000 if status & _STA_NANO else 1_000
    if not synchronised:
        return ClockState(False, None, None, "kernel")
    return ClockState(True, offset / per_ms, maxerror_us / 1_000, "kernel")


def _read_windows() -> ClockState:
    import subprocess

    try:
        done = subprocess.run(
            ["w32tm", "/query", "/status", "/verbose"],
            capture_output=True,
            timeout=5,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return parse_w32tm(done.stdout.decode("ascii", "replace"))


def parse_w32tm(text: str) -> ClockState:
    """Read w32tm's status, by the order of its lines since the words are in Windows' language. Never raises.

    The first two lines are the leap indicator (3: not synchronised) and the stratum (0: none); root delay and
    dispersion are lines four and five, in seconds. The offset is found under its English name only.
    """
    lines = [line.partition(":") for line in text.splitlines() if ":" in line]
    values = [value.strip() for _, _, value in lines]
    leap, stratum = (_leading(values[i]) if len(values) > i else None for i in (0, 1))
    if leap is None or stratum is None:
        return UNKNOWN
    if int(leap) == 3 or int(stratum) == 0:
        return ClockState(False, None, None, "w32tm")
    delay, dispersion = (_seconds(values[i]) if len(values) > i else None for i in (3, 4))
    error = None if delay is None or dispersion is None else (delay / 2 + dispersion) * 1000
    offset = next(
        (_seconds(value.strip()) for name, _, value in lines if name.strip() == "Phase Offset"), None
    )
    return ClockState(True, None if offset is None else offset * 1000, error, "w32tm")


def _leading(text: str) -> float | None:
    found = re.match(r"\d{1,3}\b", text, re.ASCII)
    return float(found[0]) if found else None


def _seconds(text: str) -> float | None:
    found = re.fullmatch(r"([+-]?\d{1,9}(?:[.,]\d{1,9})?)s", text, re.ASCII)
    return float(found[1].replace(",", ".")) if found else None
