"""Free's Freebox: recognised by the one call that is open, ``/api_version``; its line is told behind a login only.

https://dev.freebox.fr/sdk/os describes discovery over HTTP, …/sdk/os/login that each other call wants a session, which
the person grants on the front panel (this program does not ask for one), …/sdk/os/connection the status, which is read
here from a box that shows it all the same.
A Freebox that is closed may still be asked over UPnP, when the person has switched that on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from diagnostics.box.local_web import LocalWeb, Request
from diagnostics.box.reading import (
    BoxReading,
    Closed,
    address_of,
    json_object,
    public_network,
    rate,
    whole,
)
from diagnostics.clock import Clock, Reading
from diagnostics.witnesses import BoxAccount

NAME = "mafreebox.freebox.fr"
ASK_LIMIT_S = 2.0
STATES = {"up": True, "down": False, "going_up": False}
"""``going_down`` says nothing: a line that is still there, or one that is gone."""
_BASE = re.compile(r"/(?:[A-Za-z0-9_-]{1,32}/){0,4}")
_VERSION = re.compile(r"(\d{1,3})\.\d{1,3}")


def connection_path(version: Mapping[str, Any]) -> str | None:
    """Where the line's status lies, from the answer of ``/api_version``; None where that is no Freebox's."""
    base, stated = version.get("api_base_url"), version.get("api_version")
    number = _VERSION.fullmatch(stated) if isinstance(stated, str) else None
    if number is None or not isinstance(base, str) or not _BASE.fullmatch(base):
        return None
    return f"{base}v{number[1]}/connection/"


def read(answer: Mapping[str, Any], at: Reading) -> BoxReading | Closed | None:
    """A reading from the answer about the connection; Closed when the box wants a session; None for another thing."""
    if answer.get("success") is False and answer.get("error_code") in (
        "auth_required",
        "insufficient_rights",
    ):
        return Closed("freebox")
    said = answer.get("result")
    if answer.get("success") is not True or not isinstance(said, Mapping) or "state" not in said:
        return None
    external = address_of(said.get("ipv4")) or address_of(said.get("ipv6"))
    account = BoxAccount(
        "freebox",
        STATES.get(str(said.get("state"))),
        network=public_network(external),
        link_down_bps=rate(said.get("bandwidth_down")),
        link_up_bps=rate(said.get("bandwidth_up")),
    )
    down, up = whole(said.get("bytes_down")), whole(said.get("bytes_up"))
    return BoxReading(account, down, up, external, at, wide=True)


class Freebox:
    """A Freebox at ``web``'s address, whose status lies at ``path``."""

    name = "freebox"

    def __init__(self, web: LocalWeb, clock: Clock, path: str) -> None:
        self._web, self._clock, self._path = web, clock, path

    def ask(self) -> BoxReading | None:
        """Ask in two seconds at most; None when the box does not answer, or not openly."""
        found = self.try_to_ask(time.monotonic() + ASK_LIMIT_S)
        return found if isinstance(found, BoxReading) else None

    def try_to_ask(self, deadline: float) -> BoxReading | Closed | None:
        """The same, told apart: a box that wants a session, and none at all."""
        answer = self._web.ask(Request(self._path, host=NAME), deadline)
        said = json_object(answer.body) if answer is not None else None
        return read(said, self._clock.read()) if said is not None else None


def look(web: LocalWeb, clock: Clock, deadline: float) -> Freebox | Closed | None:
    """The Freebox at ``web``'s address, if it answers by ``deadline`` (``time.monotonic``)."""
    answer = web.ask(Request("/api_version", host=NAME), deadline)
    version = json_object(answer.body) if answer is not None and answer.status == 200 else None
    path = connection_path(version) if version is not None else None
    if path is None:
        return None
    box = Freebox(web, clock, path)
    found = box.try_to_ask(deadline)
    return box if isinstance(found, BoxReading) else found
