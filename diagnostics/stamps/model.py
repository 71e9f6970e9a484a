"""What is known of time stamps: the seal that is dated, the answer, what stood in the way."""

from __future__ import annotations

from dataclasses import dataclass

MOST_NAME = 300
"""Characters that the name of an authority may have."""
MOST_TOKEN = 40_000
"""Bytes of an answer that is kept: more does not fit into a note to the recorder. Usual ones have 1,000 to 10,000."""
LINK_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed place of the chain: the record ``seq``, and the chain's ``link`` there (32 bytes).

    ``key`` is the machine's public key in hexadecimal; ``at_ns`` when it was sealed.
    """

    seq: int
    link: bytes
    key: str = ""
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp as the journal keeps it, believed in nothing yet: ``reading.read_response`` checks ``token``.

    ``at_ns``: the time that the authority names (UTC); ``taken_ns``: when it came in, by this machine's clock.
    ``token`` is the whole answer (DER of a TimeStampResp).
    """

    seq: int
    link: bytes
    at_ns: int
    authority: str
    server: str
    token: bytes
    taken_ns: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """What a checked answer says. ``root`` is the name of the authority at the top of its certificates.

    ``rooted``: it was checked up to one of the roots that the person gave; else ``root`` is told, and not vouched for.
    ``top`` is the SHA-256, in hexadecimal, of that root's certificate, where it came along or was given
    (``top_is_root``), else of the last certificate below it. Names can be chosen by anybody; this cannot.
    """

    at_ns: int
    authority: str
    root: str
    rooted: bool
    top: str = ""
    top_is_root: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no stamp: a code with its sentence in ``words.errors_evidence``; ``why`` in the system's words."""

    code: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class StampFact:
    """A stamp of the journal, checked. ``why`` is the code of what is wrong where it is not ``valid``.

    Only a valid one dates anything: of any other, time and authority are what the journal claims, and no more.
    ``ahead``: it names a time after this machine's when it came in (by more than ``reading.AHEAD_NS``). ``root``,
    ``rooted``, ``top`` and ``top_is_root``: as in ``Token``, empty where the token itself does not hold.
    """

    sequence: int
    link: bytes
    at_ns: int
    authority: str
    server: str
    valid: bool
    why: str = ""
    root: str = ""
    rooted: bool = False
    ahead: bool = False
    top: str = ""
    top_is_root: bool = False
