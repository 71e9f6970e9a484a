"""Which address a form may stand at: personal data travel encrypted, or do not leave this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics.model import BadInput
from jalerte_desktop.casefile.text import clean


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An address that may be opened. ``on_this_machine``: what is sent there never leaves it."""

    text: str
    host: str
    on_this_machine: bool


def checked_url(text: str) -> WebUrl:
    """The address of a form.

    :raises BadInput: ``webform_url`` for what is no web address; ``webform_plain_http`` for an unencrypted one that is
        not on this machine.
    """
    told = text.strip()
    try:
        parts = urlsplit(told)
        host = parts.hostname or ""
        _ = parts.port  # raises where it is no number
    except ValueError:
        raise BadInput("webform_url", value=clean(told)[:200]) from None
    odd = (
        any(letter.isspace() or ord(letter) < 32 or letter == "\\" for letter in told) or clean(told) != told
    )
    if parts.scheme not in ("http", "https") or not host or odd or parts.username is not None:
        raise BadInput("webform_url", value=clean(told)[:200])
    here = _loopback(host)
    if parts.scheme == "http" and not here:
        raise BadInput("webform_plain_http", value=clean(told)[:200])
    return WebUrl(told, host, here)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
