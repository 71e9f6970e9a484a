"""Whom a command measures with: what the arguments say, else what was chosen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diagnostics.config import Config
from diagnostics.model import BadInput, Event
from diagnostics.throughput.choice import Choice, check_servers, read_choice


def chosen(
    provider: str | None, servers: Sequence[str] | None, config: Config, events: Sequence[Event]
) -> Choice:
    """The choice to go by; whether it may be used is ``throughput.choice.usable``'s to say.

    ``provider`` and ``servers`` are those of the command line, None where they are not given; no servers at all: those
    that the provider names itself. Servers that stand in the configuration belong to the provider that stands there.
    Raises BadInput("speed_no_provider"), and for servers that could not be kept (``check_servers``).
    """
    if provider is not None and provider != config.speed_provider:
        given = tuple(key for key in config.given if key != "speed.servers")
        config = replace(config, speed_provider=provider, given=given)
    choice = read_choice(config, events)
    if choice is None:
        raise BadInput("speed_no_provider")
    if servers is None:
        return choice
    check_servers(servers)
    return replace(choice, servers=tuple(servers))
