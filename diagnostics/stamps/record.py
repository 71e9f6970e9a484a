"""Stamps and choices as events of the journal, there and back; what the journal holds of them, checked.

Values come from a file that anybody may have written: what is not exactly as it is written here is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diagnostics.model import Event, EventKind, Scalar
from diagnostics.stamp_server import server_trouble
from diagnostics.stamps.model import (
    LINK_BYTES,
    MOST_NAME,
    MOST_TOKEN,
    Failed,
    Seal,
    Stamp,
    StampFact,
)

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from diagnostics.config import Config
    from diagnostics.journal.reader import Reader

KINDS = (EventKind.SEAL, EventKind.STAMP, EventKind.STAMP_CHOICE)
_STAMP_KEYS = frozenset({"seq", "link", "at_ns", "authority", "server", "token"})
_CHOICE_KEYS = frozenset({"server", "agreed"})
_SEAL_KEYS = frozenset({"seq", "link", "key", "signature"})
_MOST_SEQ = 1 << 53
_MOST_NS = 1 << 62

Data = Mapping[str, Scalar | list[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which server the person wants their seals dated by (empty: none), and whether they agreed to just that one."""

    server: str
    agreed: bool

    @property
    def usable(self) -> str:
        """The server, where it may be asked; else empty."""
        return self.server if self.agreed else ""


def choice_event(server: str, at_ns: int) -> Event:
    """The event of agreeing to a server; an empty one takes back whatever was agreed to."""
    return Event(EventKind.STAMP_CHOICE, at_ns, {"server": server, "agreed": bool(server)})


def choice_of(event: Event) -> str:
    """The server that an event agrees to; empty: taken back. Raises ValueError for what is neither."""
    data = _with_keys(event.data, _CHOICE_KEYS)
    server, agreed = data["server"], data["agreed"]
    if not isinstance(server, str) or not isinstance(agreed, bool) or agreed != bool(server):
        raise ValueError("neither agreed to nor taken back")
    if server and server_trouble(server):
        raise ValueError("no address of a server")
    return server


def read_choice(config: Config, events: Iterable[Event]) -> Choice:
    """What holds now. The configuration's server stands before the one chosen by events, and wants agreeing to as well.

    ``events`` are the journal's, in its order; other kinds, and what is no choice, are passed over.
    """
    newest, agreed = "", set[str]()
    for event in events:
        if event.kind is not EventKind.STAMP_CHOICE:
            continue
        try:
            newest = choice_of(event)
        except ValueError:
            continue
        agreed = {*agreed, newest} if newest else set()
    server = config.stamp_server or newest
    return Choice(server, server in agreed)


def stamp_event(stamp: Stamp, at_ns: int) -> Event:
    """The event that keeps a stamp which came in at ``at_ns`` by this machine's clock."""
    data: dict[str, Scalar | list[str]] = {
        "seq": stamp.seq,
        "link": stamp.link.hex(),
        "at_ns": stamp.at_ns,
        "authority": stamp.authority,
        "server": stamp.server,
        "token": base64.b64encode(stamp.token).decode(),
    }
    return Event(EventKind.STAMP, at_ns, data)


def stamp_of(event: Event) -> Stamp:
    """The stamp that an event keeps; its token is not looked into. Raises ValueError for what is none."""
    data = _with_keys(event.data, _STAMP_KEYS)
    authority, server, token = data["authority"], data["server"], data["token"]
    if not isinstance(authority, str) or not 0 < len(authority) <= MOST_NAME or not authority.isprintable():
        raise ValueError("authority is no name")
    if not isinstance(server, str) or server_trouble(server):
        raise ValueError("server is no address")
    if not isinstance(token, str) or len(token) > MOST_TOKEN * 4 // 3 + 4:
        raise ValueError("token is no text, or too long")
    try:
        der = base64.b64decode(token, validate=True)
    except binascii.Error as error:
        raise ValueError("token is not base64") from error
    if not 0 < len(der) <= MOST_TOKEN or base64.b64encode(der).decode() != token:
        raise ValueError("token is empty, too long, or written in another way")
    at_ns = _number(data, "at_ns", 0, _MOST_NS)
    return Stamp(_number(data, "seq", 1, _MOST_SEQ), _link(data), at_ns, authority, server, der, event.at_ns)


def seal_of(event: Event) -> Seal:
    """The seal that an event keeps; its signature is not looked into. Raises ValueError for what is none."""
    data = _with_keys(event.data, _SEAL_KEYS)
    return Seal(_number(data, "seq", 1, _MOST_SEQ), _link(data), _hexadecimal(data, "key", 32), event.at_ns)


def seals_of(events: Iterable[Event]) -> Iterator[Seal]:
    """The seals among some events; what is none is passed over."""
    for event in events:
        if event.kind is EventKind.SEAL:
            try:
                yield seal_of(event)
            except ValueError:
                continue


def kept_stamps(events: Iterable[Event]) -> Iterator[Stamp]:
    """The stamps among some events; what is none is passed over."""
    for event in events:
        if event.kind is EventKind.STAMP:
            try:
                yield stamp_of(event)
            except ValueError:
                continue


def stamps_of(reader: Reader, roots: Sequence[Certificate] = ()) -> tuple[StampFact, ...]:
    """The journal's stamps in its order, each checked: the one place that says whether a stamp of a journal holds.

    Looked at are the token, that it says what the journal tells of it, and that it dates a seal of this journal that
    the chain goes through. Whether the chain itself holds is its own check to say. Raises what the reader raises.
    """
    events = list(reader.events(EventKind.SEAL, EventKind.STAMP))
    sealed = {(seal.seq, seal.link) for seal in seals_of(events)}
    return tuple(_checked(stamp, sealed, reader, roots) for stamp in kept_stamps(events))


def damaged_stamps(reader: Reader) -> int:
    """How many events of the journal are said to be stamps and are none. Raises what the reader raises."""
    events = list(reader.events(EventKind.STAMP))
    return len(events) - sum(1 for _stamp in kept_stamps(events))


def _checked(
    stamp: Stamp, sealed: Set[tuple[int, bytes]], reader: Reader, roots: Sequence[Certificate]
) -> StampFact:
    from diagnostics.stamps.reading import AHEAD_NS, read_response

    found = read_response(stamp.token, stamp.link, roots=roots)
    fact = StampFact(
        stamp.seq,
        stamp.link,
        stamp.at_ns,
        stamp.authority,
        stamp.server,
        valid=False,
        ahead=stamp.at_ns > stamp.taken_ns + AHEAD_NS,
    )
    if isinstance(found, Failed):
        return replace(fact, why=found.code)
    why = ""
    if (found.at_ns, found.authority) != (stamp.at_ns, stamp.authority):
        why = "stamp_told_otherwise"
    elif (stamp.seq, stamp.link) not in sealed:
        why = "stamp_of_no_seal"
    elif not _in_chain(reader, stamp):
        why = "stamp_not_in_chain"
    return replace(
        fact,
        valid=not why,
        why=why,
        root=found.root,
        rooted=found.rooted,
        top=found.top,
        top_is_root=found.top_is_root,
    )


def _in_chain(reader: Reader, stamp: Stamp) -> bool:
    try:
        return reader.link_at(stamp.seq) == stamp.link
    except ValueError:  # what lies around that record cannot be read
        return False


def _with_keys(data: Data, keys: frozenset[str]) -> Data:
    if set(data) != keys:
        raise ValueError("its keys are " + ", ".join(sorted(keys)))
    return data


def _number(data: Data, name: str, least: int, most: int) -> int:
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} is no number from {least} to {most}")
    return value


def _link(data: Data) -> bytes:
    return bytes.fromhex(_hexadecimal(data, "link", LINK_BYTES))


def _hexadecimal(data: Data, name: str, size: int) -> str:
    value = data[name]
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", value):
        raise ValueError(f"{name} is not {size} bytes in hexadecimal")
    return value
