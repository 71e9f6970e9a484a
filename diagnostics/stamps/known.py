"""The dated list of time-stamp servers that can be asked without an account: ``resources/stamps.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from diagnostics.shipped import read_shipped


@dataclass(frozen=True, slots=True)
class KnownServer:
    """One server. ``confidence``: V (read in its owner's page), T (third party), M (from memory); dates are ISO.

    ``asks`` is a code of what its owner asks of those who use it; empty where nothing was found.
    """

    url: str
    runs: str
    country: str
    qualified: bool
    asks: str
    source: str
    checked_on: str
    confidence: str

    @property
    def sure(self) -> bool:
        return self.confidence == "V"


@cache
def load_known() -> tuple[KnownServer, ...]:
    """The list, in its order."""
    raw = tomllib.loads(read_shipped("stamps.toml"))
    return tuple(
        KnownServer(
            url=entry["url"],
            runs=entry["runs"],
            country=entry["country"],
            qualified=entry["qualified"],
            asks=entry["asks"],
            source=entry["source"],
            checked_on=entry["checked_on"].isoformat(),
            confidence=entry["confidence"],
        )
        for entry in raw["server"]
    )


def find(url: str) -> KnownServer | None:
    """The entry of an address, with or without the stroke at its end."""
    return next((one for one in load_known() if one.url.rstrip("/") == url.rstrip("/")), None)
