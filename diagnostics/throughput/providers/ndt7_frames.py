"""WebSocket frames (RFC 6455, section 5) as far as ndt7 needs them: counted as they come, never kept.

A library hands over whole messages, and an ndt7 message may hold 16 MiB: on a slow line that is a count every few
seconds. Here each piece of a frame counts when it arrives, and memory stays small whatever the other side sends.
"""

from __future__ import annotations

import os
import struct

from diagnostics.throughput.model import SpeedFailed

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUED = 0x0
MOST_FRAME = 1 << 24
"""The longest message of the specification, and so of a frame."""
MOST_TEXT = 64 * 1024
"""A longer text is passed over: measurements are a few kilobytes."""
MOST_CONTROL = 125
MOST_TEXTS = 32
"""So many texts wait to be looked at; what is more is passed over, as the specification allows."""
LEAST_MESSAGE = 1 << 13
MOST_MESSAGE = 1 << 20
SCALE = 16


class Incoming:
    """Frames from the server, in pieces as they come.

    ``texts`` are whole text messages and ``ping`` the last ping not answered yet: whoever reads them empties them.
    ``closing`` is set once the server has said that it closes.
    """

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.ping: bytes | None = None
        self.closing = False
        self._head = bytearray()
        self._left = 0
        self._kind = self._message = _CONTINUED
        self._final = True
        self._text: bytearray | None = None
        self._control = bytearray()

    def take(self, piece: memoryview) -> int:
        """The payload bytes of binary messages in a piece. Raises SpeedFailed("speed_ndt7_garbled")."""
        count = place = 0
        while place < len(piece):
            if self._left:
                step = min(self._left, len(piece) - place)
                count += self._payload(piece[place : place + step])
                self._left -= step
                place += step
            else:
                self._head.append(piece[place])
                place += 1
                if not self._begin():
                    continue
            if not self._left:
                self._end()
        return count

    def _begin(self) -> bool:
        """Read a frame's head, once it is complete."""
        head = self._head
        if len(head) < 2:
            return False
        short = head[1] & 0x7F
        if head[0] & 0x70 or head[1] & 0x80:
            raise SpeedFailed("speed_ndt7_garbled")  # no extension was agreed on, and servers do not mask
        if len(head) < {126: 4, 127: 10}.get(short, 2):
            return False
        length = {126: struct.Struct(">xxH"), 127: struct.Struct(">xxQ")}.get(short)
        self._left = length.unpack(head)[0] if length else short
        self._kind, self._final = head[0] & 0x0F, bool(head[0] & 0x80)
        head.clear()
        self._check()
        return True

    def _check(self) -> None:
        if self._kind in (CLOSE, PING, PONG):
            broken = self._left > MOST_CONTROL or not self._final
        elif self._kind == _CONTINUED:
            broken = self._message == _CONTINUED
        elif self._kind in (TEXT, BINARY):
            broken = self._message != _CONTINUED
            self._message = self._kind
            self._text = bytearray() if self._kind == TEXT else None
        else:
            broken = True
        if broken or self._left > MOST_FRAME:
            raise SpeedFailed("speed_ndt7_garbled")

    def _payload(self, piece: memoryview) -> int:
        if self._kind in (CLOSE, PING, PONG):
            self._control += piece
            return 0
        if self._message == BINARY:
            return len(piece)
        if self._text is not None:
            self._text += piece
            if len(self._text) > MOST_TEXT:
                self._text = None
        return 0

    def _end(self) -> None:
        if self._kind == PING:
            self.ping = bytes(self._control)
        elif self._kind == CLOSE:
            self.closing = True
        if self._kind in (CLOSE, PING, PONG):
            self._control.clear()
        elif self._final:
            if self._message == TEXT and self._text is not None and len(self.texts) < MOST_TEXTS:
                self.texts.append(bytes(self._text))
            self._message, self._text = _CONTINUED, None


def control(kind: int, payload: bytes = b"") -> bytes:
    """A control frame of a client: masked (section 5.3)."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload[:MOST_CONTROL]))
    return bytes([0x80 | kind, 0x80 | len(masked)]) + mask + masked


NORMAL = struct.pack(">H", 1000)
"""The payload of a close frame without complaint."""


class Outgoing:
    """Binary messages of random bytes, growing as the appendix of the specification proposes.

    What lies in a frame is what the mask makes of the payload: random bytes under a random mask are random bytes, so
    nothing has to be masked. ``payload`` is the size of the message that ``next`` gave last, without the frame's head.
    """

    def __init__(self) -> None:
        self.payload = LEAST_MESSAGE
        self._total = 0
        self._data = os.urandom(MOST_MESSAGE)
        self._frame = bytearray()
        self._mask_at = 0

    def next(self) -> memoryview:
        """The next message in its frame. The one before must be sent: its memory is used again."""
        if self._frame and self.payload < MOST_MESSAGE and self.payload < self._total // SCALE:
            self.payload *= 2
            self._frame = bytearray()
        if self._frame:
            self._frame[self._mask_at : self._mask_at + 4] = os.urandom(4)
        else:
            head = _binary_head(self.payload)
            self._mask_at = len(head)
            self._frame = bytearray(head + os.urandom(4) + self._data[: self.payload])
        self._total += self.payload
        return memoryview(self._frame)


def _binary_head(size: int) -> bytes:
    if size < 1 << 16:
        return struct.pack(">BBH", 0x80 | BINARY, 0x80 | 126, size)
    return struct.pack(">BBQ", 0x80 | BINARY, 0x80 | 127, size)
