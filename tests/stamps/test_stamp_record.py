"""Stamps and choices in the journal: there and back, hostile values, and what of it is believed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.config import parse
from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, BadInput, Event, EventKind
from diagnostics.recorder.notes import LOCK_NAME, MOST_CHARS, check_note
from diagnostics.stamp_server import MOST_SERVER, server_trouble
from diagnostics.stamps.model import MOST_TOKEN, Seal, Stamp, Token
from diagnostics.stamps.reading import load_roots, read_response
from diagnostics.stamps.record import (
    Choice,
    choice_event,
    choice_of,
    damaged_stamps,
    kept_stamps,
    read_choice,
    seal_of,
    stamp_event,
    stamp_of,
    stamps_of,
)
from diagnostics.stamps.request import make_query
from tests.servers.stamp_server import StampAuthority, certificate_digest

NOW = 1_795_305_600 * SECOND
SERVER = "http://127.0.0.1:3161/tsr"
OTHER = "https://tsa.example/"
LINK = bytes(range(32))
STAMP = Stamp(7, LINK, NOW, "Authority (Trust)", SERVER, b"\x30\x03\x02\x01\x00", NOW)
EMPTY = parse("", "config.toml")


def seal_event(seq: int = 7, link: bytes = LINK) -> Event:
    data: dict[str, Any] = {"seq": seq, "link": link.hex(), "key": "ab" * 32, "signature": "cd" * 64}
    return Event(EventKind.SEAL, NOW, data)


# --- there and back -------------------------------------------------------------------------------------------------


def test_a_stamp_comes_back_as_it_was() -> None:
    event = stamp_event(STAMP, NOW)
    assert event.kind is EventKind.STAMP
    assert stamp_of(event) == STAMP
    assert base64.b64decode(str(event.data["token"])) == STAMP.token


@given(st.binary(min_size=1, max_size=200), st.integers(1, 1 << 53), st.integers(0, 1 << 62))
def test_any_stamp_comes_back_as_it_was(token: bytes, seq: int, at_ns: int) -> None:
    stamp = Stamp(seq, LINK, at_ns, "A", OTHER, token, NOW)
    assert stamp_of(stamp_event(stamp, NOW)) == stamp


def test_a_seal_is_read() -> None:
    assert seal_of(seal_event()) == Seal(7, LINK, "ab" * 32, NOW)
    for change in ({"seq": 0}, {"link": "00"}, {"key": "AB" * 32}, {"more": 1}):
        with pytest.raises(ValueError, match=r"."):
            seal_of(Event(EventKind.SEAL, NOW, {**seal_event().data, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0}, {"seq": -1}, {"seq": True}, {"seq": 1.0}, {"seq": 1 << 60}, {"seq": "7"}, {"seq": None},
        {"link": "00"}, {"link": "0" * 63 + "A"}, {"link": "0" * 65}, {"link": 5}, {"link": "０" * 64},
        {"at_ns": -1}, {"at_ns": 1 << 63}, {"at_ns": "now"}, {"at_ns": False},
        {"authority": ""}, {"authority": "x" * 301}, {"authority": "a\nb"}, {"authority": "a\x1b[2J"}, {"authority": 1},
        {"server": ""}, {"server": "ftp://a/"}, {"server": "http://a\nb/"}, {"server": []},
        {"token": ""}, {"token": "no base64!"}, {"token": "AAA"}, {"token": "AB=="}, {"token": "AAAA\n"},
        {"token": "A" * (MOST_TOKEN * 2)}, {"token": 5}, {"more": 1},
    ],
)  # fmt: skip
def test_hostile_stamps_are_refused(change: dict[str, Any]) -> None:
    data = {**stamp_event(STAMP, NOW).data, **change}
    with pytest.raises(ValueError, match=r"."):
        stamp_of(Event(EventKind.STAMP, NOW, data))
    with pytest.raises(ValueError, match=r"."):
        check_note({"op": "note", "kind": "stamp", "data": data}, NOW)


@pytest.mark.parametrize("name", ["seq", "link", "at_ns", "authority", "server", "token"])
def test_a_stamp_without_one_of_its_parts_is_refused(name: str) -> None:
    data = dict(stamp_event(STAMP, NOW).data)
    del data[name]
    with pytest.raises(ValueError, match="keys"):
        stamp_of(Event(EventKind.STAMP, NOW, data))


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.lists(st.text(max_size=3))
)


@given(
    st.dictionaries(st.sampled_from(["seq", "link", "at_ns", "authority", "server", "token", "x"]), VALUES)
)
def test_any_data_is_a_stamp_or_a_value_error(data: dict[str, Any]) -> None:
    event = Event(EventKind.STAMP, NOW, data)
    assert list(kept_stamps([event])) == []


@given(st.dictionaries(st.sampled_from(["server", "agreed", "x"]), VALUES))
def test_any_data_is_a_choice_or_a_value_error(data: dict[str, Any]) -> None:
    event = Event(EventKind.STAMP_CHOICE, NOW, data)
    assert read_choice(EMPTY, [event]) == Choice("", False)


def test_notes_take_what_the_room_writes_and_nothing_else() -> None:
    largest = stamp_event(Stamp(7, LINK, NOW, "é" * 300, "http://" + "a" * 293, b"x" * MOST_TOKEN, NOW), NOW)
    for event in (stamp_event(STAMP, NOW), largest, choice_event(SERVER, NOW), choice_event("", NOW)):
        taken = check_note({"op": "note", "kind": str(event.kind), "data": dict(event.data)}, NOW)
        assert taken == event
    assert len(str(dict(largest.data))) < MOST_CHARS
    for data in (
        {"server": SERVER, "agreed": False},
        {"server": "", "agreed": True},
        {"server": "x", "agreed": True},
    ):
        with pytest.raises(ValueError, match=r"."):
            check_note({"op": "note", "kind": "stamp_choice", "data": data}, NOW)


# --- whom to ask ----------------------------------------------------------------------------------------------------


def test_nobody_is_asked_without_a_yes() -> None:
    assert read_choice(EMPTY, []) == Choice("", False)
    config = parse(f'[stamp]\nserver = "{SERVER}"\n', "config.toml")
    assert read_choice(config, []) == Choice(SERVER, False)
    assert read_choice(config, []).usable == ""


def test_the_newest_choice_holds_until_it_is_taken_back() -> None:
    events = [choice_event(SERVER, NOW), choice_event(OTHER, NOW + 1)]
    assert read_choice(EMPTY, events) == Choice(OTHER, True)
    assert read_choice(EMPTY, [*events, choice_event("", NOW + 2)]) == Choice("", False)
    assert read_choice(EMPTY, events).usable == OTHER


def test_the_file_goes_first_and_wants_its_own_yes() -> None:
    config = parse(f'[stamp]\nserver = "{SERVER}"\n', "config.toml")
    assert read_choice(config, [choice_event(OTHER, NOW)]) == Choice(SERVER, False)
    assert read_choice(config, [choice_event(SERVER, NOW)]) == Choice(SERVER, True)
    assert read_choice(config, [choice_event(SERVER, NOW), choice_event("", NOW)]) == Choice(SERVER, False)


@pytest.mark.parametrize(
    "server",
    ["http://a", "https://tsa.example:8443/a/b?c=d", "http://[::1]:80/", "http://127.0.0.1/", "HTTP://A/"],
)
def test_addresses_that_are_taken(server: str) -> None:
    assert server_trouble(server) == ""
    assert parse(f'[stamp]\nserver = "{server}"\n', "config.toml").stamp_server == server
    assert choice_of(choice_event(server, NOW)) == server


@pytest.mark.parametrize(
    "server",
    [
        "tsa.example", "ftp://a/", "file:///etc/passwd", "http://", "http:///x", "http://a:0/", "http://a:99999/",
        "http://a:b/", "http://me:secret@a/", "http://a/#x", "http://a/ b", "http://é/", "http://[::1", "http://a\\b",
        "javascript:alert(1)", "http://" + "a" * MOST_SERVER,
    ],
)  # fmt: skip
def test_addresses_that_are_not(server: str) -> None:
    assert server_trouble(server)
    quoted = server.replace("\\", "\\\\")
    with pytest.raises(BadInput) as caught:
        parse(f'[stamp]\nserver = "{quoted}"\n', "config.toml")
    assert caught.value.remark.code == "config_bad_value"


@pytest.mark.parametrize(
    "text", ["[stamp]\nserver = 5\n", "[stamp]\nroots = []\n", "[stamp]\nother = 1\n", "stamp = 1"]
)
def test_other_values_in_the_file_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text, "config.toml")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_has_a_trouble(text: str) -> None:
    assert isinstance(server_trouble("http://" + text), str)


# --- what is believed -----------------------------------------------------------------------------------------------


@pytest.fixture
def writer(home: Path) -> Iterator[Writer]:
    home.mkdir()
    with Lock(home / LOCK_NAME), closing(Writer(home / "journal.sqlite")) as opened:
        yield opened


def honest(authority: StampAuthority, seq: int, link: bytes) -> Stamp:
    query = make_query(link)
    answer = authority.answer(query.body)
    found = read_response(answer, link, query.nonce)
    assert isinstance(found, Token)
    return Stamp(seq, link, found.at_ns, found.authority, SERVER, answer, found.at_ns)


def sealed(writer: Writer, more: int = 0) -> tuple[int, bytes]:
    """A place of the chain that a seal names; ``more`` tells one from the next."""
    seq = writer.append(Event(EventKind.STARTED, NOW + more, {"version": str(more)}))
    with Reader(writer.path) as reader:
        link = reader.link_at(seq)
    assert link is not None
    writer.append(seal_event(seq, link))
    return seq, link


def keep(writer: Writer, stamp: Stamp) -> None:
    writer.append(stamp_event(stamp, stamp.taken_ns))


def test_honest_stamps_are_valid(authority: StampAuthority, writer: Writer) -> None:
    places = [sealed(writer, n) for n in range(3)]
    for seq, link in places:
        keep(writer, honest(authority, seq, link))
    with Reader(writer.path) as reader:
        facts = stamps_of(reader)
        rooted = stamps_of(reader, load_roots(authority.root))
    assert [(fact.sequence, fact.link, fact.valid, fact.why, fact.rooted) for fact in facts] == [
        (seq, link, True, "", False) for seq, link in places
    ]
    assert all(fact.rooted and fact.valid for fact in rooted)
    digest = certificate_digest(authority.root)
    assert {(fact.top, fact.top_is_root) for fact in (*facts, *rooted)} == {(digest, True)}
    assert {fact.root for fact in facts} == {"Test Root (Test Trust)"}
    with Reader(writer.path) as reader:
        for stamp in kept_stamps(reader.events(EventKind.STAMP)):
            assert authority.accepts(stamp.token, stamp.link)


def test_what_is_wrong_with_a_stamp_is_told(
    authority: StampAuthority, writer: Writer, tmp_path: Path
) -> None:
    (seq, link), (next_seq, next_link) = sealed(writer), sealed(writer, 1)
    good = honest(authority, seq, link)
    writer.append(seal_event(99, LINK))
    other, beside = honest(authority, next_seq, bytes(32)), honest(authority, 99, LINK)
    earlier = replace(good, at_ns=good.at_ns - SECOND)
    renamed = replace(good, authority="Bureau of Time")
    moved = replace(good, seq=next_seq, link=next_link)
    broken = replace(good, token=good.token[:-1] + b"!")
    garbage = replace(good, token=b"garbage")
    for stamp in (good, earlier, renamed, moved, broken, other, beside, garbage):
        keep(writer, stamp)
    writer.append(Event(EventKind.STAMP, NOW, {"seq": seq, "link": link.hex()}))
    with Reader(writer.path) as reader:
        facts = stamps_of(reader)
        strangers = stamps_of(reader, load_roots(StampAuthority(tmp_path / "stranger").root))
        assert damaged_stamps(reader) == 1
    assert [fact.why for fact in facts] == [
        "", "stamp_told_otherwise", "stamp_told_otherwise", "stamp_other_link", "stamp_signature", "stamp_of_no_seal",
        "stamp_not_in_chain", "stamp_not_understood",
    ]  # fmt: skip
    assert [fact.valid for fact in facts] == [True] + [False] * 7
    assert strangers[0].why == "stamp_other_root"


def test_a_stamp_from_the_future_is_told_and_kept(authority: StampAuthority, writer: Writer) -> None:
    good = honest(authority, *sealed(writer))
    writer.append(stamp_event(good, good.at_ns - 3600 * SECOND))
    writer.append(stamp_event(good, good.at_ns - 2 * SECOND))
    with Reader(writer.path) as reader:
        facts = stamps_of(reader)
    assert [(fact.valid, fact.ahead) for fact in facts] == [(True, True), (True, False)]


def test_an_empty_journal_has_no_stamps(writer: Writer) -> None:
    with Reader(writer.path) as reader:
        assert stamps_of(reader) == ()
