"""Addresses of ndt7 servers, and how this program introduces itself to them."""

from __future__ import annotations

from urllib.parse import urlencode

from diagnostics import __version__
from diagnostics.model import BadInput
from diagnostics.throughput.model import Direction
from diagnostics.throughput.wire import Address, parse_address

CLIENT_NAME, CLIENT_VERSION = "jalerte", __version__
CLIENT = f"{CLIENT_NAME}/{CLIENT_VERSION} (ndt7)"
"""The User-Agent: "meaningful, non-generic", says the specification."""
METADATA = urlencode({"client_name": CLIENT_NAME, "client_version": CLIENT_VERSION})
"""Kept and published with each result, hence no more than this: neither system nor machine."""
ROOT = "/ndt/v7"
_PATHS = ("", "/", ROOT, f"{ROOT}/", f"{ROOT}/download", f"{ROOT}/upload")
_WEB = {"ws": "http", "wss": "https", "http": "http", "https": "https"}


def parse_server(text: str) -> str:
    """An ndt7 server's address as people write it, as ``wss://host[:port]``; TLS where no scheme is given.

    Raises BadInput("speed_server_bad"), for anything but a host too: access tokens do not belong into a configuration.
    """
    given = text.strip()
    try:
        address = parse_address(to_http(given if "://" in given else f"wss://{given}"))
    except BadInput as error:
        raise BadInput("speed_server_bad", value=text[:80]) from error
    if address.path not in _PATHS:
        raise BadInput("speed_server_bad", value=text[:80])
    return base_of(address)


def base_of(address: Address) -> str:
    """``wss://host[:port]`` of an address."""
    return f"{'wss' if address.tls else 'ws'}://{address.authority}"


def to_http(url: str) -> str:
    """The same address with a web scheme. Raises BadInput("speed_server_bad")."""
    scheme, sign, rest = url.partition("://")
    if not sign or scheme.lower() not in _WEB:
        raise BadInput("speed_server_bad", value=url[:80])
    return f"{_WEB[scheme.lower()]}://{rest}"


def url_of(base: str, direction: Direction) -> str:
    """The whole address of one test on a server that asks for no token."""
    return f"{base}{path_of(direction)}?{METADATA}"


def path_of(direction: Direction) -> str:
    """The path of one test."""
    return f"{ROOT}/{'download' if direction is Direction.DOWN else 'upload'}"
