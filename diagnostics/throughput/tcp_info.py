"""What this machine's TCP knows of a connection: bytes that the far end acknowledged, segments sent again.

- Linux: TCP_INFO (tcp(7); struct tcp_info in linux/tcp.h): ``tcpi_snd_mss`` at offset 16, ``tcpi_sacked`` at 28,
  ``tcpi_total_retrans`` at 100, ``tcpi_bytes_acked`` at 120, which counts the SYN too. Segments acknowledged beyond a
  gap (SACK, RFC 2018) have arrived as well: without them the count stands still until the gap is filled.
- macOS: SO_NWRITE, the bytes in the send buffer that are not acknowledged yet. Constructed from Apple's sys/socket.h;
  never run on a real Mac.
- Windows: not known; uploads are counted as sent there.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

_LINUX_INFO_BYTES = 232
_LINUX_SEGMENT, _LINUX_SACKED, _LINUX_RETRANSMITTED, _LINUX_ACKNOWLEDGED = 16, 28, 100, 120
_MAC_SO_NWRITE = 0x1024


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """``acknowledged`` bytes of what this side wrote; ``resent`` segments, None where the system does not tell."""

    acknowledged: int
    resent: int | None


def read_tcp_info(sock: socket.socket, written: int, platform: str = sys.platform) -> TcpInfo | None:
    """What the system knows of a connected socket, on which ``written`` bytes were written; None where it does not
    tell, or the socket is gone.
    """
    try:
        if platform == "linux":
            raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LINUX_INFO_BYTES)
            if len(raw) < _LINUX_ACKNOWLEDGED + 8:
                return None  # a kernel before 4.1
            segment, sacked, resent = (
                struct.unpack_from("@I", raw, place)[0]
                for place in (_LINUX_SEGMENT, _LINUX_SACKED, _LINUX_RETRANSMITTED)
            )
            acknowledged = struct.unpack_from("@Q", raw, _LINUX_ACKNOWLEDGED)[0] - 1
            return TcpInfo(max(0, acknowledged) + segment * sacked, resent)
        if platform == "darwin":
            return TcpInfo(max(0, written - sock.getsockopt(socket.SOL_SOCKET, _MAC_SO_NWRITE)), None)
    except OSError:
        pass
    return None


def knows_acknowledged(platform: str = sys.platform) -> bool:
    """Whether this system tells at all."""
    return platform in ("linux", "darwin")
