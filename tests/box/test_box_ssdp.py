from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.ssdp import Place, location, message, place_on

GATEWAY = "192.168.1.1"


def answer(url: str, first: str = "HTTP/1.1 200 OK") -> bytes:
    """Constructed from: UPnP Device Architecture 1.0, section 1.3.3."""
    lines = (first, "CACHE-CONTROL: max-age=120", "EXT:", f"LOCATION: {url}", "ST: upnp:rootdevice", "", "")
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://192.168.1.1:5000/rootDesc.xml", Place(5000, "/rootDesc.xml")),
        ("http://192.168.1.1/a/b.xml?c=d", Place(80, "/a/b.xml?c=d")),
        ("HTTP://192.168.1.1:49000", Place(49000, "/")),
        ("http://192.168.1.2:5000/rootDesc.xml", None),
        ("http://192.168.1.1.evil.example/x", None),
        ("http://evil@192.168.1.1/x", None),
        ("http://192.168.1.1@evil.example/x", None),
        ("https://192.168.1.1/x", None),
        ("file:///etc/passwd", None),
        ("//192.168.1.1/x", None),
        ("http://192.168.1.1:70000/x", None),
        ("http://192.168.1.1:x/x", None),
        ("http://[::1/x", None),
        ("http://192.168.1.1/a b", None),
        ("http://192.168.1.1/é", None),
        ("http://192.168.1.1/" + "a" * 600, None),
        ("", None),
    ],
)
def test_only_places_on_the_gateway_count(url: str, place: Place | None) -> None:
    assert place_on(GATEWAY, url) == place
    assert location(answer(url), GATEWAY) == place


def test_announcements_and_rubbish_are_no_answers() -> None:
    good = "http://192.168.1.1:5000/d.xml"
    assert location(answer(good), GATEWAY) is not None
    assert location(answer(good, "NOTIFY * HTTP/1.1"), GATEWAY) is None
    assert location(answer(good, "HTTP/1.1 404 No"), GATEWAY) is None
    assert location(b"HTTP/1.1 200 OK\r\n\r\n", GATEWAY) is None


@given(st.binary(max_size=300))
def test_any_datagram_is_a_place_or_none(data: bytes) -> None:
    location(data, GATEWAY)
    location(b"HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1" + data, GATEWAY)


def test_search_as_the_architecture_wants_it() -> None:
    assert message("239.255.255.250", "upnp:rootdevice") == (
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        b'MAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
    )
