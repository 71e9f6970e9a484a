"""UPnP's calls: what is sent, and what comes back. Nothing here touches the network.

UPnP Device Architecture 1.0 (15 October 2008), section 3.2: an action is a POST of a SOAP 1.1 envelope; the answer's
element is called after the action, with ``Response`` behind; errors come with status 500 and a ``UPnPError``.
"""

from __future__ import annotations

import re

from diagnostics.box.local_web import Answer, Request
from diagnostics.box.xml_leaves import children, leaves

MOST_ANSWER = 64 * 1024
_TYPE = re.compile(r"urn:[A-Za-z0-9.:_-]{1,120}")
_ENVELOPE = (
    '<?xml version="1.0"?>\r\n'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    '<s:Body><u:{action} xmlns:u="{service}"></u:{action}></s:Body></s:Envelope>\r\n'
)


class Refused(Exception):
    """The box understood the call and will not do it; ``code`` is UPnP's (401 invalid action, 501, 602 …)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def call(path: str, service: str, action: str) -> Request:
    """The request for an action without arguments. Raises ValueError for a service type that is none."""
    if not _TYPE.fullmatch(service):
        raise ValueError(f"not a service type: {service[:80]!r}")
    headers = (("Content-Type", 'text/xml; charset="utf-8"'), ("SOAPACTION", f'"{service}#{action}"'))
    body = _ENVELOPE.format(action=action, service=service).encode("ascii")
    return Request(path, "POST", headers=headers, body=body)


def read(answer: Answer, action: str) -> dict[str, str]:
    """The values in an answer, by their names. Raises Refused for an error told the UPnP way, else ValueError."""
    found = leaves(answer.body)
    if answer.status == 200:
        values = children(found, f"{action}Response")
        if not values:
            raise ValueError("no values")
        return values[0]
    errors = children(found, "UPnPError")
    if not errors:
        raise ValueError(f"status {answer.status}")
    raise Refused(errors[0].get("errorCode", ""))
