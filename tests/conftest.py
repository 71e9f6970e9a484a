"""What all tests share: French as the language, a home folder of their own, and no way off this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from jalerte_desktop.words import language

# How long an example takes says how busy the machine is, and nothing of the code. What decides whether a change may
# land tries the same examples each time; a person's own runs go on looking for new ones.
settings.register_profile("jalerte", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("jalerte")


def _refuse_to_leave(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop any attempt of this process to reach an address beyond the loopback."""
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
        return  # this only chooses a route: nothing is sent
    address = arguments[1]
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str) or not address[0]:
        return
    host = address[0].split("%")[0]
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and not _in_own_namespace():
        raise AssertionError(f"a test tried to reach {address}")


def _in_own_namespace() -> bool:
    """True in a network namespace that a test made: nothing can leave from there."""
    try:
        return Path("/proc/thread-self/ns/net").readlink() != _FIRST_NAMESPACE
    except OSError:
        return False


try:
    _FIRST_NAMESPACE = Path("/proc/thread-self/ns/net").readlink()
except OSError:
    _FIRST_NAMESPACE = Path()
sys.addaudithook(_refuse_to_leave)


@pytest.fixture(autouse=True)
def _french(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("JALERTE_LANG", "fr")
    monkeypatch.delenv("JALERTE_HOME", raising=False)
    before = language.current()
    language.use("fr")
    yield
    language.use(before)
