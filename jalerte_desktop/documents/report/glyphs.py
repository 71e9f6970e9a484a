"""Which characters the shipped fonts have: PDF/A forbids a page that shows a letter without its glyph."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache

STAND_IN = "□"
"""Shown for a character that no shipped font has; the attached files keep the character itself."""
_SHORT_RUN = 14
_RUN = re.compile(rf"[^\s\u200b\u00a0\u202f]{{{_SHORT_RUN * 2},}}")
ZERO_SPACE = "\u200b"
KEPT_SPACES = "\u00a0\u202f"
NO_BREAK = "\u00a0"
_UNIT = re.compile(r"(?<=\d) (?=(?:%|(?:[MG]bit/s|[kMG]B|[kMG]o|ms|s|min|h|d|j|dBm|nats|fois|times?)(?!\w)))")
_DURATION = re.compile(r"(?<=\d\u00a0h|\d\u00a0d|\d\u00a0j) (?=\d)|(?<=\d\u00a0min) (?=\d)")
_SURE = ZERO_SPACE + STAND_IN + "\u2212\u2264\u2265"

_PROBED = """
a1-ac ae-2e4 2ea-36f 374-377 37a-37f 384-38a 38c 38e-3a1 3a3-3ce 3d0-3e1 3f0-45f 462-463 470-477
490-4c4 4c7-4cc 4cf-4f9 510-511 51a-51d 531-556 559 561-587 5b0-5c3 5c6 5d0-5ea 5f0-5f4 621-63a
640-64a 660-669 674 679-67b 67e-680 683-684 686-687 691 698 6a4 6a9 6af 6be 6cc 6f0-6f9 10d0-10fa
10fc 1d02 1d08-1d09 1d14 1d16-1d17 1d1d-1d1f 1d2c-1d2e 1d30-1d3c 1d3e-1d5f 1d62-1d67 1d77-1d78 1d7b
1d85 1d9b-1db7 1db9-1dbf 1e00-1e9b 1e9e-1ef9 1f00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59
1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb 1fdd-1fef 1ff2-1ff4 1ff6-1ffe 2010-2027
2030-2037 2039-203e 2042 2044 2047-204b 204f 2070-2071 2074-208e 2090-209c 20a2-20a4 20a7-20a8
20ab-20ac 20af 20b1 20bf 2100-2103 2105-2106 2109 210c-210f 2111 2113 2115-2116 2119-211a 211c-211d
2120 2122 2124 2126-2127 212a-212b 212e 2135-2139 2148 214f-2151 2153-2184 2189 2190-219b 21a8 21ae
21bc-21bd 21c0-21c1 21cb-21d9 2200-220d 220f-221c 221e-221f 2223-222b 2236 223c 2241 2245 2247-2249
2259 2260-2262 2264-2265 226a-226b 226e-2271 2282-2285 2295-2298 22c5 22ef 2302-2303 2310 2320-2321
2326-2327 2329-232b 23d3 2460-2473 24ea 24ff 25a0-25a1 25b2-25b3 25b6-25b7 25bc-25bd 25c0-25c1
25c6-25c7 25c9-25cc 25ce-25d7 2605 2619 261b 261e 2627 262f 2639-2653 2660 2663 2665-2666 2669-266c
2695 2698 26a2-26a5 2767 2776-277f 27e6-27e9 2c60-2c70 2c74-2c77 2c79-2c7a 2c7c-2c7f 2e17-2e18
a71b-a727 a789-a78e a790-a791 a7aa a7f8-a7f9 fb01-fb02 fb1d fb1f fb29-fb36 fb38-fb3c fb3e fb40-fb41
fb43-fb44 fb46-fb4e fb52-fb81 fb8a-fb95 fb9e-fb9f fbaa-fbad fbe8-fbe9 fbfc-fbff fe70-fe74 fe76-fefc
fffd
"""
"""Code points in hexadecimal, first to last, probed with the fonts of typst 0.15, each upright and bold.

All that the text font has, and the letters and digits of the typewriter font. Letters and signs of the mathematical
font are left out: where fonts change within a cluster, one of them lacks a glyph.
"""


def _pair(item: str) -> tuple[int, int]:
    first, _, last = item.partition("-")
    return int(first, 16), int(last or first, 16)


RANGES = tuple(map(_pair, _PROBED.split()))
_MARKS = re.compile(
    "["
    + "".join(
        chr(code)
        for first, last in RANGES
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)).startswith("M")
    )
    + "]+"
)
_MOST_MARKS = 3


def unparted(text: str) -> str:
    """The text with no place to break between a figure and its unit, nor within a duration of two units."""
    return _DURATION.sub(NO_BREAK, _UNIT.sub(NO_BREAK, text))


def settable(text: str) -> str:
    """The text as the shipped fonts can set it, with places to break in very long words."""
    shown = "".join(map(_shown, text))
    return _RUN.sub(_broken, shown if shown.isascii() else _MARKS.sub(_seated, shown))


def latin(text: str) -> str:
    """The same with nothing beyond Latin letters and common signs: what surely can be set."""
    return "".join(
        c if ord(c) < 0x250 or 0x2010 <= ord(c) <= 0x2044 or c in _SURE else STAND_IN for c in text
    )


def _seated(match: re.Match[str]) -> str:
    """Accents that stand on a letter: a few of them. Alone they have nothing to stand on, in masses they hide lines."""
    text, start = match.string, match.start()
    on_letter = start > 0 and unicodedata.category(text[start - 1]).startswith("L")
    return match[0][:_MOST_MARKS] if on_letter else ""


def _broken(match: re.Match[str]) -> str:
    run = match[0]
    return ZERO_SPACE.join(run[at : at + _SHORT_RUN] for at in range(0, len(run), _SHORT_RUN))


@cache
def _shown(character: str) -> str:
    code = ord(character)
    if 0x20 <= code < 0x7F or character == ZERO_SPACE:
        return character
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp", "Cc"):
        return character if character in KEPT_SPACES else " "
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F:
        return ""
    return character if _known(code) else STAND_IN


def _known(code: int) -> bool:
    place = bisect_right(RANGES, code, key=lambda pair: pair[0]) - 1
    return place >= 0 and code <= RANGES[place][1]
