"""When a stamp is due, on a clock by hand; what is kept of tries in vain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MINUTE, SECOND
from diagnostics.stamps import tries
from diagnostics.stamps.model import Seal, Stamp
from diagnostics.stamps.plan import DAY, HOUR, SPREAD_NS, Known, due_at, retry_at
from diagnostics.stamps.tries import Tries

MIDNIGHT = 1_795_305_600 * SECOND
"""A Sunday in November 2026, 00:00 UTC."""
SERVER = "http://127.0.0.1/tsr"
SEAL = Seal(100, bytes(32), "ab" * 32, MIDNIGHT - HOUR)


def stamp(taken_ns: int, seq: int = 50, at_ns: int | None = None) -> Stamp:
    link = SEAL.link if seq == SEAL.seq else bytes(31) + b"\1"
    return Stamp(seq, link, taken_ns if at_ns is None else at_ns, "Authority", SERVER, b"token", taken_ns)


def failed(count: int, at_ns: int, server: str = SERVER) -> Tries:
    return Tries(server, count, at_ns, "stamp_unreachable")


def test_nothing_is_due_before_a_yes_and_a_seal() -> None:
    assert MIDNIGHT % DAY == 0
    assert due_at(Known("", SEAL, None), MIDNIGHT) is None
    assert due_at(Known(SERVER, None, None), MIDNIGHT) is None


def test_the_first_is_made_at_once() -> None:
    assert due_at(Known(SERVER, SEAL, None), MIDNIGHT) == 0


def test_a_seal_is_dated_once() -> None:
    assert due_at(Known(SERVER, SEAL, stamp(MIDNIGHT - DAY, seq=SEAL.seq)), MIDNIGHT) is None


def test_the_next_comes_on_the_next_day_at_the_machine_s_own_time() -> None:
    known = Known(SERVER, SEAL, stamp(MIDNIGHT + 9 * HOUR))
    due = due_at(known, MIDNIGHT + 10 * HOUR)
    assert due is not None
    assert MIDNIGHT + DAY <= due < MIDNIGHT + DAY + SPREAD_NS
    assert due == due_at(known, MIDNIGHT + DAY + 1), "the same when that day has come"
    others = {due_at(replace(known, seal=replace(SEAL, key=str(n))), MIDNIGHT) for n in range(50)}
    assert len(others) == 50, "other machines have other times"


def test_a_machine_that_was_off_for_days_is_dated_when_it_is_back() -> None:
    due = due_at(Known(SERVER, SEAL, stamp(MIDNIGHT - 9 * DAY)), MIDNIGHT + 5 * HOUR)
    assert due is not None
    assert due < MIDNIGHT + 5 * HOUR


def test_a_clock_that_was_set_back_does_not_stop_the_stamps() -> None:
    later = Known(SERVER, SEAL, stamp(MIDNIGHT + 900 * DAY), failed(3, MIDNIGHT + 900 * DAY))
    due = due_at(later, MIDNIGHT + 2 * HOUR)
    assert due is not None
    assert due <= MIDNIGHT + 2 * HOUR


def test_an_authority_with_a_wrong_clock_does_not_stop_the_stamps() -> None:
    due = due_at(Known(SERVER, SEAL, stamp(MIDNIGHT - DAY, at_ns=MIDNIGHT + 900 * DAY)), MIDNIGHT + 2 * HOUR)
    assert due is not None
    assert due <= MIDNIGHT + 2 * HOUR


@pytest.mark.parametrize(
    ("count", "wait"), [(1, 15 * MINUTE), (2, HOUR), (3, 4 * HOUR), (4, 4 * HOUR), (1_000_000, 4 * HOUR)]
)
def test_tries_in_vain_come_more_and_more_seldom(count: int, wait: int) -> None:
    at_ns = MIDNIGHT + 6 * HOUR
    assert due_at(Known(SERVER, SEAL, None, failed(count, at_ns)), at_ns + 1) == at_ns + wait


def test_what_failed_with_another_server_holds_nothing_back() -> None:
    known = Known(SERVER, SEAL, None, failed(3, MIDNIGHT, "http://192.0.2.1/"))
    assert retry_at(known, MIDNIGHT + 1) == 0


TIMES = st.integers(0, 1 << 61)


@given(
    st.none() | st.builds(stamp, TIMES, st.sampled_from([50, 100])),
    st.none() | st.builds(failed, st.integers(1, 1_000_000), TIMES),
    TIMES,
)
def test_nothing_waits_longer_than_a_day(before: Stamp | None, vain: Tries | None, now_ns: int) -> None:
    known = Known(SERVER, SEAL, before, vain)
    due = due_at(known, now_ns)
    if before is not None and before.seq == SEAL.seq:
        assert due is None
    else:
        assert due is not None
        assert due <= now_ns + DAY + SPREAD_NS


# --- what is kept of tries ------------------------------------------------------------------------------------------


def test_tries_are_counted_until_it_works(tmp_path: Path) -> None:
    assert tries.load(tmp_path) is None
    for count in (1, 2, 3):
        tries.add(tmp_path, SERVER, count * HOUR, "stamp_too_slow", "time\nover")
        assert tries.load(tmp_path) == Tries(SERVER, count, count * HOUR, "stamp_too_slow", "time over")
    tries.add(tmp_path, "http://192.0.2.1/", 0, "stamp_unreachable", "")
    other = tries.load(tmp_path)
    assert other is not None
    assert other.count == 1
    tries.clear(tmp_path)
    tries.clear(tmp_path)
    assert tries.load(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    tries.add(tmp_path / "gone", SERVER, 0, "stamp_too_slow", "")
    tries.clear(tmp_path / "gone")
    assert tries.load(tmp_path / "gone") is None


GOOD = {"version": 1, "server": SERVER, "count": 1, "at_ns": 5, "code": "stamp_too_slow", "why": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2}, {"count": 0}, {"count": True}, {"count": 1 << 40}, {"count": "1"}, {"at_ns": -1},
        {"at_ns": 1 << 62}, {"at_ns": 5.0}, {"at_ns": None}, {"code": "{0.__class__}"}, {"code": ""}, {"code": 7},
        {"server": []}, {"server": "x" * 400}, {"why": None}, {"more": 1},
    ],
)  # fmt: skip
def test_tries_of_another_hand_are_left(tmp_path: Path, change: dict[str, object]) -> None:
    (tmp_path / tries.NAME).write_text(json.dumps(GOOD))
    assert tries.load(tmp_path) == Tries(SERVER, 1, 5, "stamp_too_slow")
    (tmp_path / tries.NAME).write_text(json.dumps({**GOOD, **change}))
    assert tries.load(tmp_path) is None


@pytest.mark.parametrize("text", [b"", b"[" * 9000, b"\xff", b"null", b"1" * 9000, b" " * 20_000, b"{}"])
def test_broken_files_of_tries_are_left(tmp_path: Path, text: bytes) -> None:
    (tmp_path / tries.NAME).write_bytes(text)
    assert tries.load(tmp_path) is None
