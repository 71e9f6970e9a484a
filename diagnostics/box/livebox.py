"""Orange's Livebox: what its local interface tells without a password.

A call is a POST to ``/ws`` of service, method and parameters in JSON. ``NMC`` ``getWANStatus`` is answered without
a session by many models, by some with fewer values (no address), by others not at all. No counters are open. Orange
publishes no document; the form is that of https://github.com/rene-d/sysbus (README).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from diagnostics.box.local_web import LocalWeb, Request
from diagnostics.box.reading import BoxReading, Closed, address_of, json_object, member, public_network
from diagnostics.clock import Clock, Reading
from diagnostics.witnesses import BoxAccount

ASK_LIMIT_S = 2.0
_HEADERS = (("Content-Type", "application/x-sah-ws-4-call+json"),)
_BODY = json.dumps({"service": "NMC", "method": "getWANStatus", "parameters": {}}).encode("ascii")
_CONNECTED = ("bound", "connected")
_DENIED = 13


def read_state(said: Mapping[str, Any]) -> bool | None:
    """Whether the line is up, from the values of ``getWANStatus``; None where they do not tell.

    ``WanState`` counts first. Without it: down when the physical link is, up when the connection stands.
    """
    stated, link, connection = (
        str(said.get(name, "")).lower() for name in ("WanState", "LinkState", "ConnectionState")
    )
    if stated in ("up", "down"):
        return stated == "up"
    if link == "down":
        return False
    return True if connection in _CONNECTED else None


def read(answer: Mapping[str, Any], at: Reading) -> BoxReading | Closed | None:
    """A reading from an answer, the newer form or the older one (all of it under ``result``); None for another thing.

    A box that says ``Permission denied`` is closed.
    """
    told = answer.get("result") if isinstance(answer.get("result"), Mapping) else answer
    errors = member(told, "errors")
    if isinstance(errors, list) and any(member(error, "error") == _DENIED for error in errors[:10]):
        return Closed("livebox")
    said = member(told, "data")
    if not isinstance(said, Mapping) or not {"WanState", "LinkState", "ConnectionState"} & set(said):
        return None
    external = address_of(said.get("IPAddress"))
    account = BoxAccount("livebox", read_state(said), network=public_network(external))
    return BoxReading(account, None, None, external, at)


class Livebox:
    """A Livebox at ``web``'s address."""

    name = "livebox"

    def __init__(self, web: LocalWeb, clock: Clock) -> None:
        self._web, self._clock = web, clock

    def ask(self) -> BoxReading | None:
        """Ask in two seconds at most; None when the box does not answer, or not openly."""
        found = self.try_to_ask(time.monotonic() + ASK_LIMIT_S)
        return found if isinstance(found, BoxReading) else None

    def try_to_ask(self, deadline: float) -> BoxReading | Closed | None:
        """The same, told apart: a box that wants a password, and none at all."""
        answer = self._web.ask(Request("/ws", "POST", headers=_HEADERS, body=_BODY), deadline)
        said = json_object(answer.body) if answer is not None else None
        return read(said, self._clock.read()) if said is not None else None


def look(web: LocalWeb, clock: Clock, deadline: float) -> Livebox | Closed | None:
    """The Livebox at ``web``'s address, if it answers by ``deadline`` (``time.monotonic``)."""
    box = Livebox(web, clock)
    found = box.try_to_ask(deadline)
    return box if isinstance(found, BoxReading) else found
