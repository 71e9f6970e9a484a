"""What the person decided: the provider and its servers, the terms they read, how often and how much may be measured.

Kept in ``[speed]`` of ``config.toml`` and in the journal's events of kind ``speed_choice``; the file wins for the keys
that it sets. Reading the terms of a provider is an event and nothing else: a line in a file shows nobody anything. It
comes with a choice, or alone (``Agreement``): whoever measures once with another provider chooses nothing thereby.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnostics.config import MOST_GB, MOST_PER_DAY, Config
from diagnostics.home_networks import is_private_or_loopback
from diagnostics.model import BadInput, Event, EventKind, Scalar

MOST_BYTES = MOST_GB * 10**9
MOST_SERVERS = 20
MOST_TEXT = 300
SERVERS_ARE_GIVEN = frozenset({"http", "iperf3"})
"""Providers that know no server of their own."""
_KEYS = frozenset({"provider", "servers", "terms", "per_day", "monthly_bytes"})
_AGREEMENT_KEYS = frozenset({"agreed", "terms"})


@dataclass(frozen=True, slots=True)
class Choice:
    """``servers`` are addresses as the provider reads them; none given: the provider finds its own.

    ``terms`` is the date (ISO) of the provider's terms that the person agreed to; empty where they agreed to none.
    ``per_day``: scheduled measurements a day, 0 for none. ``cap_bytes``: payload bytes in a calendar month.
    ``at_ns`` is when it was last decided through an event; None where only the file says so.
    """

    provider: str
    servers: tuple[str, ...]
    terms: str
    per_day: int
    cap_bytes: int
    at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """``terms``: the date (ISO) of the terms of ``provider`` that the person agreed to. It chooses nothing."""

    provider: str
    terms: str


def read_choice(config: Config, events: Iterable[Event]) -> Choice | None:
    """The choice that holds now; None where no provider was chosen, or the choice was taken back.

    ``events`` are the journal's, in its order; other kinds, and choices that are none, are passed over.
    """
    from diagnostics.throughput.rules import default_rules

    newest: Choice | None = None
    agreed: dict[str, str] = {}
    for event in events:
        if event.kind is not EventKind.SPEED_CHOICE:
            continue
        try:
            decided = from_event(event)
        except ValueError:
            continue
        if decided.terms:
            agreed[decided.provider] = decided.terms
        if isinstance(decided, Choice):
            newest = decided
    provider = config.speed_provider or (newest.provider if newest else "")
    if not provider:
        return None
    same = newest is not None and newest.provider == provider
    servers = newest.servers if newest is not None and same else ()
    per_day = newest.per_day if newest is not None else 0
    cap = newest.cap_bytes if newest is not None else round(default_rules().monthly_gb * 1e9)
    return Choice(
        provider,
        config.speed_servers if "speed.servers" in config.given else servers,
        agreed.get(provider, ""),
        per_day if config.speed_per_day is None else config.speed_per_day,
        cap if config.speed_monthly_gb is None else round(config.speed_monthly_gb * 1e9),
        newest.at_ns if newest is not None else None,
    )


def usable(choice: Choice | None) -> Choice:
    """The choice, when it may be used for a measurement now.

    Raises BadInput: ``speed_no_provider``, ``speed_provider_unknown``, ``speed_server_missing`` (where the provider
    names none itself), ``speed_terms_unread`` (where the provider's terms have to be agreed to, and the person agreed
    to none or to older ones).
    """
    from diagnostics.throughput.terms import load_terms, needs_agreement

    if choice is None:
        raise BadInput("speed_no_provider")
    terms = load_terms().get(choice.provider)
    if terms is None:
        raise BadInput("speed_provider_unknown", value=choice.provider[:40], known=", ".join(load_terms()))
    if choice.provider in SERVERS_ARE_GIVEN and not choice.servers:
        raise BadInput("speed_server_missing")
    if needs_agreement(choice.provider, bool(choice.servers)) and choice.terms != terms.version:
        raise BadInput("speed_terms_unread", provider=choice.provider)
    return choice


def check_servers(servers: Sequence[str]) -> None:
    """Raises BadInput for servers that no event could keep: too many of them, or one that is too long."""
    if len(servers) > MOST_SERVERS:
        raise BadInput("speed_servers_many", n=len(servers), most=MOST_SERVERS)
    for server in servers:
        if len(server) > MOST_TEXT:
            raise BadInput("speed_server_long", value=server[:40], most=MOST_TEXT)
        if not server.isprintable():
            raise BadInput("speed_server_bad", value=ascii(server)[:40])


def stays_home(choice: Choice) -> bool:
    """Whether a measurement costs nothing: every server is given, by a literal address that is private or loopback.

    A name may lead anywhere: none counts.
    """
    from diagnostics.throughput.model import Server
    from diagnostics.throughput.providers import open_provider

    try:
        provider = open_provider(choice.provider)
        return bool(choice.servers) and all(
            _inside(provider.place(Server(server)).host) for server in choice.servers
        )
    except BadInput:
        return False


def _inside(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return is_private_or_loopback(address)


def to_event(choice: Choice | Agreement, at_ns: int) -> Event:
    """The event that keeps what was decided at ``at_ns``. An empty provider takes back what was chosen before."""
    if isinstance(choice, Agreement):
        return Event(EventKind.SPEED_CHOICE, at_ns, {"agreed": choice.provider, "terms": choice.terms})
    data: dict[str, Scalar | list[str]] = {
        "provider": choice.provider,
        "servers": list(choice.servers),
        "terms": choice.terms,
        "per_day": choice.per_day,
        "monthly_bytes": choice.cap_bytes,
    }
    return Event(EventKind.SPEED_CHOICE, at_ns, data)


def from_event(event: Event) -> Choice | Agreement:
    """The choice or the agreement that an event keeps. Raises ValueError for what is neither."""
    data = event.data
    if set(data) == _AGREEMENT_KEYS:
        agreement = Agreement(_text(data, "agreed"), _date(data))
        if not agreement.provider or not agreement.terms:
            raise ValueError("an agreement to nothing")
        return agreement
    if set(data) != _KEYS:
        raise ValueError("not a choice: its keys are " + ", ".join(sorted(_KEYS)))
    servers = data["servers"]
    if not isinstance(servers, list) or len(servers) > MOST_SERVERS:
        raise ValueError("servers is no list, or too long")
    return Choice(
        _text(data, "provider"),
        tuple(_checked(server, "servers") for server in servers),
        _date(data),
        _number(data, "per_day", MOST_PER_DAY),
        _number(data, "monthly_bytes", MOST_BYTES),
        event.at_ns,
    )


def _date(data: Mapping[str, Scalar | list[str]]) -> str:
    """The day of the terms; empty where none were agreed to."""
    terms = _text(data, "terms")
    if not re.fullmatch(r"(?:\d{4}-\d{2}-\d{2})?", terms, re.ASCII):
        raise ValueError("terms is no date")
    return terms


def _text(data: Mapping[str, Scalar | list[str]], name: str) -> str:
    return _checked(data[name], name)


def _checked(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT or not value.isprintable():
        raise ValueError(f"{name} is no text, or too long")
    return value


def _number(data: Mapping[str, Scalar | list[str]], name: str, most: int) -> int:
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{name} is no number from 0 to {most}")
    return value
