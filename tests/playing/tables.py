"""TOML tables read strictly: each key is asked for, of its type and in its range; what nobody asked for is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class BadScenario(ValueError):
    """A scenario that is not understood: one line, with the file and the place in it."""


class Table:
    """A TOML table whose keys are taken one by one; ``done`` refuses what is left."""

    def __init__(self, raw: Mapping[str, Any], place: str) -> None:
        self._left = dict(raw)
        self.place = place

    def wrong(self, why: str) -> BadScenario:
        return BadScenario(f"{self.place}: {why}")

    def done(self) -> None:
        if self._left:
            raise self.wrong(f"unknown key {sorted(self._left)[0]!r}")

    def has(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, *types: type, default: Any = MISSING) -> Any:
        if key not in self._left:
            if default is MISSING:
                raise self.wrong(f"{key!r} is missing")
            return default
        value = self._left.pop(key)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise self.wrong(f"{key!r} cannot be {value!r}")
        return value

    def number(self, key: str, default: Any = MISSING, least: float = 0.0, most: float = 1e9) -> Any:
        """A number as a float; the default as it is."""
        value = self.take(key, int, float, default=default)
        if value is not None and not least <= value <= most:
            raise self.wrong(f"{key!r} must lie between {least:g} and {most:g}, not {value!r}")
        return value if value is None else float(value)

    def seconds(self, key: str, default: Any = MISSING) -> Any:
        """A time: a number of seconds, or text such as "90s", "5m", "26h", "30d"; the default as it is."""
        if not isinstance(self._left.get(key), str):
            return self.number(key, default)
        text = self._left.pop(key)
        try:
            return float(text[:-1]) * _UNITS[text[-1:]]
        except (KeyError, ValueError):
            raise self.wrong(f"{key!r} is no time: {text!r}") from None

    def choice(self, key: str, choices: tuple[str, ...], default: Any = MISSING) -> str:
        value: str = self.take(key, str, default=default)
        if value not in choices:
            raise self.wrong(f"{key!r} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def pair(self, key: str, default: Any = MISSING, most: float = 1e9) -> tuple[float, float]:
        """Two ends; a single number stands for both."""
        value = self.take(key, list, int, float, default=default)
        ends = value if isinstance(value, list | tuple) else [value, value]
        numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
        if len(ends) != 2 or not numbers or not 0 <= ends[0] <= ends[1] <= most:
            raise self.wrong(f"{key!r} must be two numbers in order, up to {most:g}, not {value!r}")
        return float(ends[0]), float(ends[1])

    def tables(self, key: str, called: str) -> Iterator[Table]:
        for number, raw in enumerate(self.take(key, list, default=[]), 1):
            if not isinstance(raw, dict):
                raise self.wrong(f"{key!r} must be tables")
            table = Table(raw, f"{self.place}: {called} {number}")
            yield table
            table.done()
