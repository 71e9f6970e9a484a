"""Which addresses of time-stamp servers are taken: the configuration, the command and the journal's events agree."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MOST_SERVER = 300
"""Characters that an address may have."""


def server_trouble(text: str) -> str:
    """What is wrong with the address of a server, in a word or two; empty for a good one: ``http(s)://host/path``."""
    if len(text) > MOST_SERVER:
        return "too long"
    if not text.isascii() or re.search(r"[\s\x00-\x20\x7f\"'<>\\^`{|}]", text):
        return "a character that no address has"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "no address"
    if parts.scheme not in ("http", "https"):
        return "neither http:// nor https://"
    if not parts.hostname or port == 0:
        return "no host"
    if parts.username is not None or parts.password is not None:
        return "a login"
    if parts.fragment or "#" in text:
        return "a fragment (#)"
    return ""
