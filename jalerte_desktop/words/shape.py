"""What gives a phrase the shape that its place asks for."""

from __future__ import annotations

import re

_ENDS = (".", "!", "?", "…")
_LONG_WORD = re.compile(r"\S{40,}")


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def sentence(words: str) -> str:
    """With a capital at its beginning and a stop at its end; "" stays."""
    return capital(words) + ("" if not words or words.endswith(_ENDS) else ".")


def breakable(words: str) -> str:
    """The same, with places where a line may end inside very long words: a key, a message's number."""
    return _LONG_WORD.sub(lambda found: "\u200b".join(found[0]), words)
