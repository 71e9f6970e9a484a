"""The name of this system's time zone: a series counts its days there, wherever its journal is read later."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo


def system_zone(localtime: Path = Path("/etc/localtime")) -> str:
    """The IANA name, from TZ or from where ``localtime`` leads to; empty where neither tells (Windows)."""
    given = os.environ.get("TZ", "").removeprefix(":")
    _, _, named = str(localtime.resolve()).partition("zoneinfo/")
    return next((name for name in (given, named) if name and _is_known(name)), "")


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True
