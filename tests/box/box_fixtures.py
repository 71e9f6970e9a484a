"""Reads the fixtures: real formats, each with a header that tells where it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures"
_HEADER = re.compile(r"(recorded: .+, \d{4}-\d\d-\d\d|constructed from: .+)")


def json_fixture(name: str) -> bytes:
    """A JSON answer as it comes from the box: without our header."""
    whole = json.loads(FOLDER.joinpath(name).read_text("utf-8"))
    assert _HEADER.fullmatch(whole["_header"]), f"{name} does not say where it comes from"
    return json.dumps(whole["answer"]).encode()


def xml_fixture(name: str) -> bytes:
    """An XML document; its header is the comment in its last line, which goes with it."""
    text = FOLDER.joinpath(name).read_text("utf-8")
    comment = re.search(r"<!-- (.+) -->\s*\Z", text)
    assert comment, f"{name} has no header"
    assert _HEADER.fullmatch(comment[1]), f"{name} does not say where it comes from"
    return text.encode()
