"""What a person typed, made safe for paper: no control characters, no invisible change of direction."""

from __future__ import annotations

import re
import unicodedata

# Marks that turn the reading direction around: text could be shown other than it is.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean(text: str) -> str:
    """One line: NFC, without control characters, lone surrogates or direction marks; spaces run together."""
    return " ".join(clean_lines(text))


def clean_lines(text: str) -> tuple[str, ...]:
    """The same for each line; empty lines fall away."""
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in _visible(text).split("\n"))
    return tuple(line for line in lines if line)


def fold(text: str) -> str:
    """For comparing names: no accents, no case, single spaces, hyphens as spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFD", clean(text)) if not unicodedata.combining(c))
    return " ".join(plain.casefold().replace("-", " ").split())


def _visible(text: str) -> str:
    normal = unicodedata.normalize("NFC", text)
    normal = re.sub(r"\r\n?|[\u2028\u2029\v\f\x85]", "\n", normal).replace("\t", " ")
    return "".join(c for c in normal if c == "\n" or not _unwanted(c))


def _unwanted(character: str) -> bool:
    if character in _DIRECTION or unicodedata.category(character) in ("Cc", "Cs"):
        return True
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
