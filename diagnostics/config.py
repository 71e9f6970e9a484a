"""The configuration: ``config.toml`` read strictly, with defaults from the dated data in ``resources/``."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from diagnostics.model import BadInput, Protocol, Role, Target
from diagnostics.shipped import read_shipped
from diagnostics.stamp_server import server_trouble
from diagnostics.working_hours import parse_working_hours

KNOWN_KEYS: Mapping[str, frozenset[str]] = {
    "targets": frozenset({"gateway", "anchors", "anchors6", "resolvers", "web_check", "large_check"}),
    "speed": frozenset({"provider", "servers", "per_day", "monthly_gb", "metered"}),
    "home": frozenset({"line", "working_hours"}),
    "stamp": frozenset({"server", "roots"}),
}


MOST_PER_DAY = 24
MOST_GB = 1_000_000
"""The most that ``speed.per_day`` and ``speed.monthly_gb`` take."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What ``resources/targets.toml`` offers. ``names`` are asked of the resolvers, in turn.

    ``canaries`` are those of them whose addresses are published and stay: a changed answer shows there.
    """

    anchors: tuple[Target, ...]
    anchors6: tuple[Target, ...]
    resolvers: tuple[Target, ...]
    web_check: str
    large_check: str
    names: tuple[str, ...]
    canaries: Mapping[str, tuple[str, ...]]


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
    speed_per_day: int | None = None
    """Scheduled measurements a day, 0 to 24; None where the file does not say."""
    speed_monthly_gb: float | None = None
    speed_metered: bool = False
    """Whether a link that is paid by volume may be measured."""
    stamp_server: str | None = None
    """Whose time stamps are wanted (http or https); it is asked only once the person has agreed to it."""
    stamp_roots: str | None = None
    """A PEM file of the roots that time stamps must go up to; a relative path lies in the home folder."""
    own_thresholds: tuple[tuple[str, float], ...] = ()
    """``[method]``: the person's own, by their name in ``resources/method.toml``, such as ``loss.suspect``."""
    given: tuple[str, ...] = field(default=())
    """The keys that the person set, as ``section.key``: chained in the journal, so a paper tells them from defaults."""
    canaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names whose addresses are published and stay, with these."""

    @property
    def web_target(self) -> Target:
        return Target(Role.WEB, Protocol.HTTP, self.web_check)


def load_defaults() -> Defaults:
    """Read the shipped targets."""
    raw = tomllib.loads(read_shipped("targets.toml"))

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
        raw["large_check"][0]["value"],
        tuple(entry["value"] for entry in raw["names"]),
        {entry["value"]: tuple(entry["addresses"]) for entry in raw["names"] if "addresses" in entry},
    )


def load(path: Path, without: tuple[str, ...] = ()) -> Config:
    """Read ``config.toml`` at ``path``; a file that does not exist means the defaults.

    ``without`` names keys, as ``section.key``, that are left aside whatever they hold: for who has no need of them.

    Raises BadInput, in one line, on anything that is not understood: an unknown key is refused rather than
    ignored, since a typing error there would silently change what is measured.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return parse("", str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("config_unreadable", path=str(path), why=_reason(error)) from error
    return parse(text, str(path), without)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8 text"


def parse(text: str, path: str, without: tuple[str, ...] = ()) -> Config:
    """Turn the text of a ``config.toml`` into a Config. ``path`` is for the messages, ``without`` as in ``load``."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("config_not_toml", path=path, why=str(error).splitlines()[0]) from error
    for section, content in raw.items():
        known = KNOWN_KEYS.get(section)
        if (known is None and section != "method") or not isinstance(content, dict):
            raise BadInput("config_unknown_key", path=path, key=section)
        for key in content:
            if known is not None and key not in known:
                raise BadInput("config_unknown_key", path=path, key=f"{section}.{key}")
        raw[section] = {key: value for key, value in content.items() if f"{section}.{key}" not in without}
    return _Builder(raw, path).build()


SHOWN_ONLY = frozenset({"calls", "merged"})
"""Sections of the method that find and blame no incident: nothing of a person's own stands beside them."""
WIDEST = 100.0
"""A threshold of one's own lies within so many times, or parts of, the default one."""


def load_thresholds() -> dict[str, float]:
    """The default thresholds that a person may set their own beside, by ``section.key``."""
    raw = tomllib.loads(read_shipped("method.toml"))
    return {
        f"{section}.{key}": value
        for section, content in raw.items()
        if isinstance(content, dict) and section not in SHOWN_ONLY
        for key, value in content.items()
        if isinstance(value, int | float)
    }


def _flat(content: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """``loss.suspect = 0.02``, ``"loss.suspect" = 0.02`` and a table ``[method.loss]`` are the same."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
    return flat


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
            # Who names a page of their own wants no other fetched.
            large_check=self._url(
                "large_check", None if self._get("targets", "web_check") else defaults.large_check
            ),
            canaries=defaults.canaries,
            working_hours=self._working_hours(),
            speed_provider=self._text("speed", "provider"),
            speed_servers=self._texts("speed", "servers"),
            speed_per_day=self._per_day(),
            speed_monthly_gb=self._monthly_gb(),
            speed_metered=self._flag("speed", "metered"),
            stamp_server=self._stamp_server(),
            stamp_roots=self._text("stamp", "roots") or None,
            own_thresholds=self._own_thresholds(),
            given=tuple(
                sorted(f"{section}.{key}" for section, content in self.raw.items() for key in _flat(content))
            ),
        )

    def _own_thresholds(self) -> tuple[tuple[str, float], ...]:
        own = _flat(self.raw.get("method", {}))
        if not own:
            return ()
        defaults = load_thresholds()
        for key, value in own.items():
            if key not in defaults:
                raise BadInput("config_unknown_key", path=self.path, key=f"method.{key}")
            if not _fits(value, defaults[key], share=_is_share(key)):
                raise self._wrong("method", key, value)
        together = defaults | own
        if together["loss.usual"] >= together["loss.suspect"]:
            key = "loss.suspect" if "loss.suspect" in own else "loss.usual"
            raise self._wrong("method", key, own[key])
        return tuple(sorted(own.items()))

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

    def _flag(self, section: str, key: str) -> bool:
        value = self._get(section, key)
        if not isinstance(value, bool | None):
            raise self._wrong(section, key, value)
        return bool(value)

    def _per_day(self) -> int | None:
        value = self._get("speed", "per_day")
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_PER_DAY:
            raise self._wrong("speed", "per_day", value)
        return value

    def _monthly_gb(self) -> float | None:
        value = self._get("speed", "monthly_gb")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_GB:
            raise self._wrong("speed", "monthly_gb", value)
        return float(value)

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

    def _stamp_server(self) -> str | None:
        value = self._text("stamp", "server")
        if value and server_trouble(value):
            raise self._wrong("stamp", "server", value)
        return value or None

    def _working_hours(self) -> tuple[str, ...]:
        values = self._texts("home", "working_hours")
        try:
            return parse_working_hours(values).entries
        except ValueError as error:
            raise self._wrong("home", "working_hours", error) from error


def _is_share(key: str) -> bool:
    section, _, name = key.partition(".")
    return section == "confidence" or name.endswith("share") or key in ("loss.usual", "loss.suspect")


def _fits(value: object, default: float, *, share: bool) -> bool:
    """A number of the default's sort, in a range that makes sense: a share below 1, else near enough to the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(default, int) and not isinstance(value, int):
        return False
    if share:
        return 0 < value < 1
    return 1 / WIDEST <= value / default <= WIDEST
