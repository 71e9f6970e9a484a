"""The rules of a speed measurement, read from ``resources/speed.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache

from diagnostics.shipped import read_shipped


@dataclass(frozen=True, slots=True)
class SpeedRules:
    """Times in seconds, rates in bits a second, shares 0–1. docs/speed.md says what each is for."""

    version: str
    streams: int
    longest_s: float
    shortest_s: float
    settled_error: float
    settled_swing: float
    hold_s: float
    stall_s: float
    idle_s: float
    cpu_share: float
    engine_share: float
    unsettled_error: float
    other_share: float
    other_bps: int
    reverse_share: float
    link_share: float
    distance_ms: float
    clock_error_ms: float
    busy_bps: int
    watch_s: float
    retry_s: float
    give_up_s: float
    monthly_gb: float
    least_bytes: int
    assumed_bps: int


@cache
def default_rules() -> SpeedRules:
    """The rules as shipped."""
    raw = tomllib.loads(read_shipped("speed.toml"))
    flat = {"version": raw["version"]} | raw["engine"] | raw["indicative"] | raw["idle"] | raw["budget"]
    return SpeedRules(**{field.name: flat[field.name] for field in fields(SpeedRules)})
