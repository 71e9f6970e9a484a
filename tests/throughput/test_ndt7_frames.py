"""WebSocket frames and ndt7's messages, however they are cut, and whatever they hold."""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.model import SECOND
from diagnostics.throughput.model import (
    SpeedFailed,
)
from diagnostics.throughput.providers.ndt7_frames import (
    BINARY,
    CLOSE,
    MOST_FRAME,
    MOST_TEXT,
    PING,
    PONG,
    TEXT,
    Incoming,
    Outgoing,
    control,
)
from diagnostics.throughput.providers.ndt7_messages import Said, ServerCount, read_message


def frame(kind: int, payload: bytes, final: bool = True, mask: bool = False) -> bytes:
    """Constructed from: RFC 6455, section 5.2."""
    first = bytes([(0x80 if final else 0) | kind])
    flag = 0x80 if mask else 0
    if len(payload) < 126:
        return first + bytes([flag | len(payload)]) + payload
    if len(payload) < 1 << 16:
        return first + bytes([flag | 126]) + struct.pack(">H", len(payload)) + payload
    return first + bytes([flag | 127]) + struct.pack(">Q", len(payload)) + payload


FRAMES = st.lists(
    st.one_of(
        st.tuples(st.just(BINARY), st.integers(0, 70_000).map(bytes)),
        st.tuples(st.just(TEXT), st.binary(max_size=300)),
        st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)),
    ),
    max_size=12,
)


def pieces_of(data: bytes, sizes: list[int]) -> Iterator[memoryview]:
    place, turn = 0, 0
    while place < len(data):
        size = sizes[turn % len(sizes)]
        yield memoryview(data)[place : place + size]
        place, turn = place + size, turn + 1


@given(FRAMES, st.lists(st.integers(1, 9000), min_size=1, max_size=5))
def test_frames_are_read_however_they_are_cut(frames: list[tuple[int, bytes]], sizes: list[int]) -> None:
    incoming = Incoming()
    data = b"".join(frame(kind, payload) for kind, payload in frames)
    count = sum(incoming.take(piece) for piece in pieces_of(data, sizes))
    assert count == sum(len(payload) for kind, payload in frames if kind == BINARY)
    assert incoming.texts == [payload for kind, payload in frames if kind == TEXT]
    pings = [payload for kind, payload in frames if kind == PING]
    assert incoming.ping == (pings[-1] if pings else None)


@given(st.binary(max_size=3000), st.lists(st.integers(1, 900), min_size=1, max_size=5))
@example(b"\x82\x7f" + b"\xff" * 8, [1])
def test_no_bytes_do_more_than_fail(data: bytes, sizes: list[int]) -> None:
    incoming = Incoming()
    with contextlib.suppress(SpeedFailed):
        assert sum(incoming.take(piece) for piece in pieces_of(data, sizes)) <= len(data)


def test_a_message_in_fragments_with_a_ping_between() -> None:
    incoming = Incoming()
    data = frame(TEXT, b"ab", final=False) + frame(PING, b"!") + frame(0, b"cd") + frame(CLOSE, b"\x03\xe8")
    assert incoming.take(memoryview(data)) == 0
    assert (incoming.texts, incoming.ping, incoming.closing) == ([b"abcd"], b"!", True)


@pytest.mark.parametrize(
    "data",
    [
        frame(BINARY, b"x", mask=True),
        bytes([0xC2, 0]),
        frame(0, b"nothing to continue"),
        frame(BINARY, b"x", final=False) + frame(TEXT, b"y"),
        frame(PING, bytes(126)),
        frame(PING, b"", final=False),
        frame(3, b""),
        bytes([0x82, 127]) + struct.pack(">Q", MOST_FRAME + 1),
    ],
)
def test_what_the_protocol_forbids_is_refused(data: bytes) -> None:
    with pytest.raises(SpeedFailed) as failed:
        Incoming().take(memoryview(data))
    assert failed.value.remark.code == "speed_ndt7_garbled"


def test_a_text_beyond_measure_is_not_kept() -> None:
    incoming = Incoming()
    incoming.take(memoryview(bytes([0x81, 127]) + struct.pack(">Q", MOST_FRAME)))
    for _ in range(MOST_FRAME >> 16):
        incoming.take(memoryview(bytes(1 << 16)))
        assert len(incoming._text or b"") <= MOST_TEXT + (1 << 16)
    assert incoming.texts == []
    incoming.take(memoryview(frame(TEXT, b"next")))
    assert incoming.texts == [b"next"]


def test_messages_grow_with_what_was_sent_and_their_masks_change() -> None:
    outgoing = Outgoing()
    total, sizes, masks = 0, [], set()
    while total < 64 << 20:
        message = bytes(outgoing.next()[:14])
        assert message[0] == 0x82
        assert message[1] & 0x80
        masks.add(message[4:8] if message[1] & 0x7F == 126 else message[10:14])
        sizes.append(outgoing.payload)
        assert sizes[-1] == 1 << 13 or sizes[-1] == sizes[-2] or sizes[-1] <= total // 8
        total += sizes[-1]
    assert sizes[0] == 1 << 13
    assert sizes[-1] == 1 << 20
    assert len(masks) > 0.99 * len(sizes)


def test_a_control_frame_is_masked() -> None:
    sent = control(PONG, b"hello")
    mask, masked = sent[2:6], sent[6:]
    assert sent[:2] == bytes([0x8A, 0x85])
    assert bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked)) == b"hello"


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["TCPInfo", "AppInfo", "BytesReceived", "NumBytes", "Origin", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=200)))
@example(b"[" * 60_000)
@example(b'{"TCPInfo": {"BytesReceived": ' + b"9" * 5000 + b"}}")
def test_any_message_is_a_sane_count_or_nothing(text: bytes) -> None:
    said = read_message(text)
    assert said is None or 0 <= said.received <= 1 << 53


def test_the_messages_of_the_specification() -> None:
    # constructed from: spec/ndt7-protocol.md v0.11.0, "Measurement message"
    tcp = b'{"Origin": "server", "Test": "upload", "TCPInfo": {"BytesReceived": 1234, "ElapsedTime": 1234}}'
    both = b'{"AppInfo": {"ElapsedTime": 1, "NumBytes": 1000}, "TCPInfo": {"BytesReceived": 1234}}'
    assert read_message(tcp) == Said(1234, whole=True)
    assert read_message(both) == Said(1000, whole=False)
    assert read_message(tcp.replace(b'"server"', b'"client"')) is None


def test_the_servers_count_goes_on_between_its_words_and_not_for_long() -> None:
    count = ServerCount()
    count.feed(SECOND, 1_000_000, 9_000_000)
    count.feed(SECOND * 3 // 2, 2_000_000, 9_000_000)
    assert count.total(SECOND * 3 // 2, 9_000_000) == 2_000_000
    assert count.total(SECOND * 7 // 4, 9_000_000) == 2_500_000
    assert count.total(SECOND * 60, 9_000_000) == 3_400_000
    assert count.total(SECOND * 60, 3_000_000) == 3_400_000  # never back
    count.feed(SECOND * 61, 10_000_000, 9_000_000)  # more than was sent
    count.feed(SECOND * 61, 1_500_000, 9_000_000)  # back
    assert count.total(SECOND * 61, 9_000_000) == 3_400_000
