"""What an ndt7 server tells of a measurement: its text messages, read with suspicion.

Format: m-lab/ndt-server, spec/ndt7-protocol.md v0.11.0, "Measurement message".
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from diagnostics.model import MILLISECOND, SECOND

_MOST = 1 << 53
EXTENDED_NS = 700 * MILLISECOND
"""A server speaks every 25 to 625 ms: for so long after its last word its rate is taken to go on."""


@dataclass(frozen=True, slots=True)
class Said:
    """``received``: bytes that the server received, with everything around them where ``whole``, else payload alone."""

    received: int
    whole: bool


def read_message(text: bytes) -> Said | None:
    """How much the server says that it has; None where it says nothing of it, or nothing that can be read."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("Origin", "server") != "server":
        return None
    payload = _number(message.get("AppInfo"), "NumBytes")
    if payload is not None:
        return Said(payload, whole=False)
    received = _number(message.get("TCPInfo"), "BytesReceived")
    return None if received is None else Said(received, whole=True)


def _number(group: object, name: str) -> int | None:
    value = group.get(name) if isinstance(group, dict) else None
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return value if known else None


class ServerCount:
    """The server's own count of an upload, between its messages too.

    A message that goes back, or tells of more than was sent, is not believed.
    """

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self._last: tuple[int, int] | None = None
        self._told = 0

    @property
    def known(self) -> bool:
        return self._last is not None

    def feed(self, mono_ns: int, payload: int, sent: int) -> None:
        """Payload bytes that the server had when its message came, of ``sent`` so far."""
        if payload > sent or (
            self._last is not None and (payload < self._last[1] or mono_ns <= self._last[0])
        ):
            return
        self._before, self._last = self._last, (mono_ns, payload)

    def total(self, mono_ns: int, sent: int) -> int:
        """Payload bytes by now; never fewer than before, never more than ``sent``."""
        if self._last is None:
            return 0
        at_ns, payload = self._last
        rate = 0.0
        if self._before is not None:
            rate = (payload - self._before[1]) * SECOND / (at_ns - self._before[0])
        since_ns = max(0, min(mono_ns - at_ns, EXTENDED_NS))
        self._told = max(self._told, min(payload + int(rate * since_ns / SECOND), sent))
        return self._told
