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
_SURE = ZERO_SPACE + STAND_IN + "\u2212\u2264\u2265"

_PROBED = """
a1-ac ae-377 37a-37f 384-38a 38c 38e-3a1 3a3-484 487-4ff 510-513 51a-51d 531-556 559-58a 58d-58f
591-5c7 5d0-5ea 5ef-5f4 606-60c 615 61b 61f 621-63a 640-64a 65a 660-66d 674 679-67b 67e-680 683-684
686-687 691 698 6a4 6a9 6af 6be 6cc 6f0-6f9 10d0-10ff 1d00-1dbf 1e00-1f15 1f18-1f1d 1f20-1f45
1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb 1fdd-1fef
1ff2-1ff4 1ff6-1ffe 2000-200a 2010-2029 202f-2040 2042 2044-2052 2054-205f 2070-2071 2074-208e
2090-209c 20a0-20c0 2100-211e 2120 2122 2124 2126-2151 2153-2184 2189 2190-23ff 2422-2423 2460-2606
2609-262f 2638-268b 2690-269c 26a0-26a7 26aa-26af 26b2 2701-2704 2706-2709 270c-2714 2717-2726
272a-274b 274d 274f-2752 2756 2758-275e 2761-277f 2794 2798-27af 27b1-2b73 2b76-2b95 2b97-2bff
2c60-2cf3 2cf9-2cff 2e02-2e05 2e08-2e0a 2e17-2e18 2e1f 2e22-2e25 2e2e a640-a641 a648-a649 a656-a657
a708-a716 a71b-a727 a72d a730 a735 a765 a789-a78e a790-a791 a793 a7aa a7f8-a7f9 ab52 ab66 fb00-fb06
fb13-fb17 fb1d-fb36 fb38-fb3c fb3e fb40-fb41 fb43-fb44 fb46-fb4f fb52-fb81 fb8a-fb95 fb9e-fb9f
fbaa-fbad fbe8-fbe9 fbfc-fbff fe2e-fe2f fe70-fe74 fe76-fefc fffc-fffd
"""
"""Code points in hexadecimal, first to last: probed with the fonts of typst 0.15, each in upright and bold.

Indic and other scripts that need more than single letters are left out.
"""


def _pair(item: str) -> tuple[int, int]:
    first, _, last = item.partition("-")
    return int(first, 16), int(last or first, 16)


RANGES = tuple(map(_pair, _PROBED.split()))


def settable(text: str) -> str:
    """The text as the shipped fonts can set it, with places to break in very long words."""
    return _RUN.sub(_broken, "".join(map(_shown, text)))


def latin(text: str) -> str:
    """The same with nothing beyond Latin letters and common signs: what surely can be set."""
    return "".join(
        c if ord(c) < 0x250 or 0x2010 <= ord(c) <= 0x2044 or c in _SURE else STAND_IN for c in text
    )


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
