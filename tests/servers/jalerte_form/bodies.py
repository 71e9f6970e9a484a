"""Reads what a form posts: URL-encoded or multipart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?')
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILE_NAME = re.compile(r'filename="([^"]*)"')


@dataclass(slots=True)
class Body:
    """``values`` by HTML name; ``files`` as (HTML name, file name, bytes), empty file inputs left out."""

    values: dict[str, list[str]] = field(default_factory=dict)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)


def read_body(content_type: str, data: bytes) -> Body:
    """What was posted. Unreadable bytes are replaced; an unknown type gives an empty body."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        text = data.decode("utf-8", "replace")
        return Body(parse_qs(text, keep_blank_values=True, errors="replace"))
    boundary = _BOUNDARY.search(content_type)
    body = Body()
    if content_type.startswith("multipart/form-data") and boundary:
        marker = b"\r\n--" + boundary[1].encode("latin-1", "replace")
        # What stands before the first marker and behind the last one is no part.
        for part in (b"\r\n" + data).split(marker)[1:-1]:
            _read_part(part.removeprefix(b"\r\n"), body)
    return body


def _read_part(part: bytes, body: Body) -> None:
    head, _, content = part.partition(b"\r\n\r\n")
    headers = head.decode("utf-8", "replace")
    name, file_name = _NAME.search(headers), _FILE_NAME.search(headers)
    if name is None:
        return
    if file_name is None:
        body.values.setdefault(name[1], []).append(content.decode("utf-8", "replace"))
    elif file_name[1]:
        body.files.append((name[1], file_name[1], content))
