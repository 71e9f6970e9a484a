"""A campaign as events of the journal, and back.

Two kinds of entry, told apart by ``action``: ``started`` holds the campaign whole, ``stopped`` its id. What was
promised stands under ``down.maximum_bps`` and the like; what is not known is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.model import Event, EventKind, Scalar
from diagnostics.throughput.model import SpeedResult
from diagnostics.throughput.record import read_results

Data = Mapping[str, Scalar | list[str]]
MOST_BPS = 10**15
MOST_DELAY_MS = 60_000
_TEXTS = {"id": 40, "rules": 40, "version": 40, "provider": 40, "line": 80}
_LISTS = {"servers": 300, "confirmed": 80}
_RATES = tuple(
    (f"{direction}.{name}_bps", direction, name)
    for direction in ("down", "up")
    for name in ("maximum", "normal", "minimum")
)
_NUMBERS = {name: MOST_BPS for name, _, _ in _RATES} | {
    "delay_ms": MOST_DELAY_MS,
    "count": 100_000,
    "spacing_s": 1 << 32,
}
_ID = re.compile(r"[0-9a-z]{6,40}")
_ZONE = re.compile(r"(?:[A-Za-z0-9_+-]{1,30}(?:/[A-Za-z0-9_+-]{1,30}){0,3})?")


def started(campaign: Campaign) -> dict[str, Scalar | list[str]]:
    """What the event of a campaign's start holds; its time is ``campaign.started_ns``."""
    data: dict[str, Scalar | list[str]] = {
        "action": "started",
        "id": campaign.id,
        "rules": campaign.rules,
        "version": campaign.version,
        "provider": campaign.provider,
        "line": campaign.line,
        "servers": list(campaign.servers),
        "confirmed": list(campaign.confirmed),
    }
    numbers: dict[str, int | None] = {
        name: getattr(getattr(campaign.promised, direction), rate) for name, direction, rate in _RATES
    }
    numbers |= {
        "delay_ms": campaign.promised.delay_ms,
        "count": campaign.count,
        "spacing_s": campaign.spacing_s,
    }
    if campaign.zone:
        data["zone"] = campaign.zone
    return data | {name: value for name, value in numbers.items() if value is not None}


def stopped(campaign_id: str) -> dict[str, Scalar | list[str]]:
    """What the event of a campaign's early end holds."""
    return {"action": "stopped", "id": campaign_id}


def check(data: Data) -> None:
    """Raises ValueError for what is no entry of a campaign."""
    if data.get("action") == "stopped":
        if set(data) != {"action", "id"}:
            raise ValueError("a stopped campaign holds its id and nothing else")
        _text(data, "id")
    else:
        _read(Event(EventKind.CAMPAIGN, 0, data))


def fold(events: Iterable[Event]) -> list[Campaign]:
    """The campaigns, in the order in which they were begun. What is not understood is passed over."""
    campaigns: dict[str, Campaign] = {}
    for event in events:
        if event.kind is not EventKind.CAMPAIGN:
            continue
        try:
            _apply(event, campaigns)
        except ValueError:
            continue
    return list(campaigns.values())


def results(events: Iterable[Event], campaign_id: str) -> list[SpeedResult]:
    """A campaign's measurements among the events, in their order; what is not understood is passed over."""
    return read_results(event for event in events if event.data.get("campaign") == campaign_id)


def _apply(event: Event, campaigns: dict[str, Campaign]) -> None:
    check(event.data)
    key = _text(event.data, "id")
    if event.data["action"] == "started":
        campaigns.setdefault(key, _read(event))
    elif key in campaigns and campaigns[key].stopped_ns is None:
        campaigns[key] = replace(campaigns[key], stopped_ns=event.at_ns)


def _read(event: Event) -> Campaign:
    data = event.data
    if data.get("action") != "started":
        raise ValueError("not an entry of a campaign")
    required = {"action", *_TEXTS, *_LISTS}
    if not required <= set(data) or not set(data) <= required | set(_NUMBERS) | {"zone"}:
        raise ValueError("fields are missing or not known")
    texts = {name: _text(data, name) for name in _TEXTS}
    lists = {name: _list(data, name, longest) for name, longest in _LISTS.items()}
    if not _ID.fullmatch(texts["id"]) or not texts["rules"] or not texts["provider"]:
        raise ValueError("the id, the rules or the provider is not well formed")
    zone = data.get("zone", "")
    if not isinstance(zone, str) or not _ZONE.fullmatch(zone):
        raise ValueError("zone is no name of a time zone")
    numbers = {name: _number(data, name, most) for name, most in _NUMBERS.items()}
    rates = {
        side: Rates(**{name: numbers[key] for key, direction, name in _RATES if direction == side})
        for side in ("down", "up")
    }
    return Campaign(
        id=texts["id"],
        rules=texts["rules"],
        version=texts["version"],
        provider=texts["provider"],
        started_ns=event.at_ns,
        servers=lists["servers"],
        line=texts["line"],
        promised=Promised(rates["down"], rates["up"], numbers["delay_ms"]),
        confirmed=lists["confirmed"],
        count=numbers["count"],
        spacing_s=numbers["spacing_s"],
        zone=zone,
    )


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or len(value) > _TEXTS[name] or not value.isprintable():
        raise ValueError(f"{name} is no short text")
    return value


def _list(data: Data, name: str, longest: int) -> tuple[str, ...]:
    value = data[name]
    if not isinstance(value, list) or len(value) > 20:
        raise ValueError(f"{name} is no short list")
    if not all(len(str(entry)) <= longest and str(entry).isprintable() for entry in value):
        raise ValueError(f"{name} holds something else than short texts")
    return tuple(map(str, value))


def _number(data: Data, name: str, most: int) -> int | None:
    value = data.get(name)
    if name not in data:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise ValueError(f"{name} is out of range")
    return value
