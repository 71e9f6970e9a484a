"""A question to whoever sits at the terminal."""

from __future__ import annotations

import sys
from typing import TextIO

_YES = ("y", "yes", "o", "oui")


def says_yes(question: str, out: TextIO) -> bool:
    """Whether the line typed after the question is a yes, in English or French; anything else is a no."""
    print(question, end="", file=out, flush=True)
    return sys.stdin.readline().strip().casefold() in _YES
