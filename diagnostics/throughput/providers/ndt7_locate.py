"""M-Lab's servers near here: the Locate API, version 2 (m-lab/locate, USAGE.md and api/v2/api.go).

Nothing of an answer is trusted beyond its form: addresses are taken only under TLS and on the host that they name.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from diagnostics.model import BadInput
from diagnostics.throughput.connect import CONNECT_S, close_at_once, connect
from diagnostics.throughput.model import Direction, SpeedFailed, Way
from diagnostics.throughput.providers.ndt7_place import CLIENT, METADATA, base_of, path_of, to_http
from diagnostics.throughput.wire import Address, parse_address

LOCATE = "https://locate.measurementlab.net/v2/nearest/ndt/ndt7"
LOCATE_S = 8.0
MOST_BYTES = 256 * 1024
MOST_SERVERS = 8
REDIRECTS = 3
NO_WAIT_NAMED_MIN = 60
"""Locate counts requests by the hour (m-lab/locate, locate.go), so this is the wait where it names none."""
_OWN_DOMAINS = (".measurementlab.net", ".measurement-lab.org")


@dataclass(frozen=True, slots=True)
class Found:
    """A server that Locate named. ``tests`` are the whole addresses, with tokens that hold for a minute."""

    base: str
    name: str
    tests: Mapping[Direction, str]


def locate(url: str, way: Way) -> list[Found]:
    """The servers that Locate names, nearest first; never empty.

    Raises SpeedFailed: those of ``connect``, ``speed_ndt7_full`` (no capacity), ``speed_ndt7_too_often``,
    ``speed_ndt7_locate`` (an answer that cannot be used), ``speed_redirected``.
    """
    deadline = time.monotonic() + LOCATE_S
    asked = parse_address(url)
    address = parse_address(f"{asked.url}{'&' if '?' in asked.path else '?'}{METADATA}")
    for _ in range(1 + REDIRECTS):
        response, body = _ask(address, way, deadline)
        if response.status not in (301, 302, 303, 307, 308):
            return _answer(response, body, address)
        address = _redirected(address, asked, response.getheader("Location", ""))
    raise SpeedFailed("speed_ndt7_locate", host=asked.host, why="redirects")


def _ask(address: Address, way: Way, deadline: float) -> tuple[http.client.HTTPResponse, bytes]:
    """One exchange, ended at the deadline whatever the other side does."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise SpeedFailed("speed_stalled", host=address.host)
    sock = connect(address.place, way, min(left_s, CONNECT_S))
    watch = threading.Timer(max(0.1, deadline - time.monotonic()), _cut, (sock,))
    watch.daemon = True
    watch.start()
    try:
        sock.settimeout(LOCATE_S)
        head = (
            f"GET {address.path} HTTP/1.1\r\nHost: {address.authority}\r\nUser-Agent: {CLIENT}\r\n"
            "Accept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
        sock.sendall(head.encode("ascii"))
        with http.client.HTTPResponse(sock, method="GET") as response:
            response.begin()
            return response, response.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() >= deadline - 0.1
        code = "speed_stalled" if late else "speed_closed" if isinstance(error, OSError) else "speed_not_http"
        raise SpeedFailed(code, host=address.host) from error
    finally:
        watch.cancel()
        close_at_once(sock)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _redirected(address: Address, asked: Address, location: str) -> Address:
    """Where a redirect leads. The specification demands that they be followed: within M-Lab, and never out of TLS."""
    try:
        target = parse_address(urljoin(address.url, location))
    except (BadInput, ValueError) as error:
        raise SpeedFailed("speed_ndt7_locate", host=address.host, why="redirect") from error
    known = target.host == asked.host or target.host.endswith(_OWN_DOMAINS)
    if not known or (asked.tls and not target.tls):
        raise SpeedFailed("speed_redirected", host=address.host, to=target.host[:80])
    return target


def _answer(response: http.client.HTTPResponse, body: bytes, address: Address) -> list[Found]:
    if response.status == 204:
        raise SpeedFailed("speed_ndt7_full")
    message = _read(body)
    if response.status == 429:
        raise SpeedFailed(
            "speed_ndt7_too_often", minutes=_wait_min(response.getheader("Retry-After", ""), message)
        )
    if response.status != 200:
        raise SpeedFailed("speed_ndt7_locate", host=address.host, why=response.status)
    results = message.get("results")
    entries = results[:MOST_SERVERS] if isinstance(results, list) else []
    found = [server for entry in entries if (server := _server(entry, address.tls)) is not None]
    if found:
        return found
    if isinstance(message.get("next_request"), dict):
        raise SpeedFailed("speed_ndt7_too_often", minutes=_wait_min("", message))
    raise SpeedFailed("speed_ndt7_locate", host=address.host, why="JSON")


def _read(body: bytes) -> Mapping[str, object]:
    """The JSON object of an answer; an empty one for anything else, or too much of it."""
    if len(body) > MOST_BYTES:
        return {}
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _server(entry: object, secure: bool) -> Found | None:
    """A server of the answer. Plain addresses are taken only where Locate itself was asked without TLS (in tests)."""
    if not isinstance(entry, dict) or not isinstance(entry.get("urls"), dict):
        return None
    for scheme in ("wss",) if secure else ("wss", "ws"):
        tests = {way: entry["urls"].get(f"{scheme}://{path_of(way)}") for way in Direction}
        bases = {_base(url, scheme, direction) for direction, url in tests.items()}
        if len(bases) == 1 and (base := bases.pop()):
            return Found(base, _name(entry), {key: str(url) for key, url in tests.items()})
    return None


def _base(url: object, scheme: str, direction: Direction) -> str:
    """``wss://host[:port]`` of a test's address; empty where it is none."""
    if not isinstance(url, str) or len(url) > 4096 or not url.startswith(f"{scheme}://"):
        return ""
    try:
        address = parse_address(to_http(url))
    except BadInput:
        return ""
    return base_of(address) if address.path.partition("?")[0] == path_of(direction) else ""


def _name(entry: Mapping[str, object]) -> str:
    """``M-Lab (Paris, FR)``."""
    where = entry.get("location")
    parts = [where.get("city"), where.get("country")] if isinstance(where, dict) else []
    told = [part for part in parts if isinstance(part, str) and part.isprintable() and 0 < len(part) <= 60]
    return f"M-Lab ({', '.join(told)})" if told else "M-Lab"


def _wait_min(retry_after: str, message: Mapping[str, object]) -> int:
    """Minutes to wait, as the answer names them: Retry-After, else the time of ``next_request``."""
    named = message.get("next_request")
    text = named.get("nbf") if isinstance(named, dict) else None
    seconds: float | None = None
    if retry_after.isdecimal() and len(retry_after) <= 9:
        seconds = float(retry_after)
    else:
        for read, value in ((parsedate_to_datetime, retry_after), (datetime.fromisoformat, text)):
            if seconds is None and isinstance(value, str) and value:
                with contextlib.suppress(ValueError, TypeError, OverflowError):
                    moment = read(value)
                    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                    seconds = (moment - datetime.now(UTC)).total_seconds()
    if seconds is None:
        return NO_WAIT_NAMED_MIN
    return min(max(1, math.ceil(seconds / 60)), 7 * 24 * 60)
