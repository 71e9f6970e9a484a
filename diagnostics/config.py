"""The configuration: ``config.toml`` read strictly, with defaults from the dated data in ``resources/``."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from diagnostics.model import BadInput, Protocol, Role, Target

KNOWN_KEYS: Mapping[str, frozenset[str]] = {
    "targets": frozenset({"gateway", "anchors", "anchors6", "resolvers", "web_check", "large_check"}),
    "speed": frozenset({"provider", "servers"}),
    "home": frozenset({"line", "working_hours"}),
}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What ``resources/targets.toml`` offers. ``names`` are asked of the resolvers, in turn."""

    anchors: tuple[Target, ...]
    anchors6: tuple[Target, ...]
    resolvers: tuple[Target, ...]
    web_check: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """What the recorder and ``check`` go by. ``gateway`` is "auto" or an address; ``line`` is "ask" or "first"."""

    gateway: str
    anchors: tuple[Target, ...]
    anchors6: tuple[Target, ...]
    resolvers: tuple[Target, ...]
    web_check: str
    names: tuple[str, ...]
    line: str = "ask"
    large_check: str | None = None
    working_hours: tuple[str, ...] = ()
    speed_provider: str | None = None
    speed_servers: tuple[str, ...] = ()
    given: tuple[str, ...] = field(default=())
    """The keys that the person set, as ``section.key``: chained in the journal, so a paper tells them from defaults."""

    @property
    def web_target(self) -> Target:
        return Target(Role.WEB, Protocol.HTTP, self.web_check)


def load_defaults() -> Defaults:
    """Read the shipped targets."""
    raw = tomllib.loads(resources.files("resources").joinpath("targets.toml").read_text("utf-8"))

    def anchors(family: int) -> tuple[Target, ...]:
        return tuple(
            Target(Role.ANCHOR, Protocol.ICMP, entry["value"], family, entry["network"])
            for entry in raw["anchors"]
            if entry["family"] == family
        )

    return Defaults(
        anchors(4),
        anchors(6),
        tuple(
            Target(Role.RESOLVER, Protocol.DNS, entry["value"], 0, entry["network"])
            for entry in raw["resolvers"]
        ),
        raw["web_check"][0]["value"],
        tuple(entry["value"] for entry in raw["names"]),
    )


def load(path: Path) -> Config:
    """Read ``config.toml`` at ``path``; a file that does not exist means the defaults.

    Raises BadInput, in one line, on anything that is not understood: an unknown key is refused rather than
    ignored, since a typing error there would silently change what is measured.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return parse("", str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("config_unreadable", path=str(path), why=_reason(error)) from error
    return parse(text, str(path))


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"


def parse(text: str, path: str) -> Config:
    """Turn the text of a ``config.toml`` into a Config. ``path`` is for the messages."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("config_not_toml", path=path, why=str(error).splitlines()[0]) from error
    for section, content in raw.items():
        known = KNOWN_KEYS.get(section)
        if known is None or not isinstance(content, dict):
            raise BadInput("config_unknown_key", path=path, key=section)
        for key in content:
            if key not in known:
                raise BadInput("config_unknown_key", path=path, key=f"{section}.{key}")
    return _Builder(raw, path).build()


class _Builder:
    def __init__(self, raw: Mapping[str, Mapping[str, Any]], path: str) -> None:
        self.raw = raw
        self.path = path

    def build(self) -> Config:
        defaults = load_defaults()
        return Config(
            gateway=self._gateway(),
            anchors=self._addresses("anchors", 4, defaults.anchors),
            anchors6=self._addresses("anchors6", 6, defaults.anchors6),
            resolvers=self._addresses("resolvers", 0, defaults.resolvers),
            web_check=self._url("web_check", defaults.web_check),
            names=defaults.names,
            line=self._choice("home", "line", ("ask", "first"), "ask"),
            large_check=self._url("large_check", None),
            working_hours=self._working_hours(),
            speed_provider=self._text("speed", "provider"),
            speed_servers=self._texts("speed", "servers"),
            given=tuple(
                sorted(f"{section}.{key}" for section, content in self.raw.items() for key in content)
            ),
        )

    def _wrong(self, section: str, key: str, value: object) -> BadInput:
        return BadInput("config_bad_value", path=self.path, key=f"{section}.{key}", value=str(value)[:80])

    def _get(self, section: str, key: str) -> object:
        return self.raw.get(section, {}).get(key)

    def _text(self, section: str, key: str) -> str | None:
        value = self._get(section, key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(section, key, value)
        return value

    def _texts(self, section: str, key: str) -> tuple[str, ...]:
        value = self._get(section, key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self._wrong(section, key, value)
        return tuple(value)

    def _choice(self, section: str, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self._text(section, key)
        if value is not None and value not in choices:
            raise self._wrong(section, key, value)
        return value or default

    def _gateway(self) -> str:
        value = self._text("targets", "gateway")
        if value in (None, "auto"):
            return "auto"
        assert value is not None
        return str(self._address("gateway", value))

    def _address(self, key: str, value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        try:
            return ipaddress.ip_address(value)
        except ValueError as error:
            raise BadInput(
                "config_unknown_target", path=self.path, key=f"targets.{key}", value=value[:80]
            ) from error

    def _addresses(self, key: str, family: int, default: tuple[Target, ...]) -> tuple[Target, ...]:
        if self._get("targets", key) is None:
            # A person who names their own IPv4 anchors wants those and no others to be contacted.
            own = self._get("targets", "anchors") is not None
            return () if key == "anchors6" and own else default
        values = self._texts("targets", key)
        if not values and key == "anchors":
            raise self._wrong("targets", key, [])
        role, protocol = (Role.RESOLVER, Protocol.DNS) if key == "resolvers" else (Role.ANCHOR, Protocol.ICMP)
        known = {target.address: target.network for target in default}
        targets: dict[str, Target] = {}
        for value in values:
            address = self._address(key, value)
            if family and address.version != family:
                raise self._wrong("targets", key, value)
            text = str(address)
            targets[text] = Target(role, protocol, text, address.version, known.get(text, ""))
        return tuple(targets.values())

    def _url(self, key: str, default: str | None) -> Any:
        value = self._text("targets", key)
        if value is None:
            return default
        try:
            parts = urlsplit(value)
            good = parts.scheme == "http" and bool(parts.hostname) and (parts.port or 80) > 0
        except ValueError:
            good = False
        if not good or not value.isascii() or re.search(r"[\s\x00-\x1f\x7f]", value):
            raise BadInput("config_unknown_target", path=self.path, key=f"targets.{key}", value=value[:80])
        return value

    def _working_hours(self) -> tuple[str, ...]:
        values = self._texts("home", "working_hours")
        for value in values:
            if not _WORKING_HOURS.fullmatch(value):
                raise self._wrong("home", "working_hours", value)
        return values


_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_HOUR = r"(?:[01]\d|2[0-3]):[0-5]\d"
_WORKING_HOURS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)* {_HOUR}-(?:{_HOUR}|24:00)")
