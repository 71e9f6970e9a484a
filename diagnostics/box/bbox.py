"""Bouygues Telecom's Bbox: the part of its local interface that is public.

"Some of these APIs are public, and then you can call them without authentication if you are connected to a Bbox":
https://developer.bouyguestelecom.fr/news/router-api-summary, with the reference at
https://api.bbox.fr/doc/apirouter/index.html. Asked here: ``wan/ip``, ``wan/ip/stats`` and ``device``.

The box is asked at the gateway's address, under its name: without the name it redirects. A box that wants to be asked
over HTTPS is, at the same address; its certificate is checked like any other, against that name. No other redirect is
followed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from diagnostics.box.local_web import Answer, LocalWeb, Request
from diagnostics.box.reading import (
    BoxReading,
    Closed,
    address_of,
    json_object,
    member,
    public_network,
    rate,
    whole,
)
from diagnostics.clock import Clock, Reading
from diagnostics.witnesses import BoxAccount

NAME = "mabbox.bytel.fr"
ASK_LIMIT_S = 2.0
INTERNET_UP = 2
WAN_IP = "/api/v1/wan/ip"
_KILOBIT = 1000


def read_state(address: Mapping[str, Any]) -> bool | None:
    """Whether the line is up, from the answer of ``wan/ip``; None where it says neither clearly.

    ``internet.state`` is 2 when there is internet. Down is only believed from the words ``Down`` of the address or
    of the link, since the other numbers' meaning differs between models.
    """
    if whole(member(address, "wan", "internet", "state")) == INTERNET_UP:
        return True
    words = [str(member(address, "wan", part, "state")).lower() for part in ("ip", "link")]
    if "down" in words:
        return False
    return True if words[0] == "up" and member(address, "wan", "internet") is None else None


def read(
    address: Mapping[str, Any], stats: Mapping[str, Any], device: Mapping[str, Any], at: Reading
) -> BoxReading:
    """A reading from the answers of ``wan/ip``, ``wan/ip/stats`` and ``device``; the last two may be empty."""
    external = address_of(member(address, "wan", "ip", "address"))
    counted = member(stats, "wan", "ip", "stats")
    account = BoxAccount(
        "bbox",
        read_state(address),
        boot_s=whole(member(device, "device", "uptime")),
        network=public_network(external),
        link_down_bps=rate(member(counted, "rx", "contractualBandwidth"), _KILOBIT),
        link_up_bps=rate(member(counted, "tx", "contractualBandwidth"), _KILOBIT),
    )
    down, up = whole(member(counted, "rx", "bytes")), whole(member(counted, "tx", "bytes"))
    return BoxReading(account, down, up, external, at, wide=True)


class Bbox:
    """A Bbox at ``web``'s address."""

    name = "bbox"

    def __init__(self, web: LocalWeb, clock: Clock) -> None:
        self._web, self._clock = web, clock

    def ask(self) -> BoxReading | None:
        """Ask in two seconds at most; None when the box does not answer, or not openly."""
        found = self.try_to_ask(time.monotonic() + ASK_LIMIT_S)
        return found if isinstance(found, BoxReading) else None

    def try_to_ask(self, deadline: float) -> BoxReading | Closed | None:
        """The same, told apart: a box that wants a password, and none at all."""
        answer = self._get(WAN_IP, deadline)
        address = json_object(answer.body) if answer is not None else None
        if answer is None or address is None:
            return None
        if answer.status in (401, 403):
            return Closed(self.name) if "exception" in address else None
        if answer.status != 200 or not isinstance(member(address, "wan", "ip"), Mapping):
            return None
        stats = self._found(f"{WAN_IP}/stats", deadline)
        at = self._clock.read()
        return read(address, stats, self._found("/api/v1/device", deadline), at)

    def _found(self, path: str, deadline: float) -> Mapping[str, Any]:
        answer = self._get(path, deadline)
        found = json_object(answer.body) if answer is not None and answer.status == 200 else None
        return found if found is not None else {}

    def _get(self, path: str, deadline: float) -> Answer | None:
        return self._web.ask(Request(path, host=NAME), deadline)


def look(web: LocalWeb, clock: Clock, deadline: float) -> Bbox | Closed | None:
    """The Bbox at ``web``'s address, if it answers by ``deadline`` (``time.monotonic``)."""
    answer = web.ask(Request(WAN_IP, host=NAME), deadline)
    if answer is None:
        return None
    box = Bbox(web.secured(NAME) if wants_https(answer) else web, clock)
    found = box.try_to_ask(deadline)
    return box if isinstance(found, BoxReading) else found


def wants_https(answer: Answer) -> bool:
    """Whether the box sends to its own HTTPS side."""
    return 300 <= answer.status < 400 and answer.headers.get("location", "").startswith(f"https://{NAME}/")
