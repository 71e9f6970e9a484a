from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.probes.clock_sync import UNKNOWN, ClockState, from_timex, parse_w32tm, read_clock_state

# constructed from Microsoft's "Windows Time service tools and settings" (w32tm /query /status /verbose)
ENGLISH = """Leap Indicator: 0(no warning)
Stratum: 3 (secondary reference - syncd by (S)NTP)
Precision: -23 (119.209ns per tick)
Root Delay: 0.0312500s
Root Dispersion: 0.0077500s
ReferenceId: 0xC0000201 (source IP:  192.0.2.1)
Last Successful Sync Time: 11/22/2026 10:12:13 AM
Source: time.example.net,0x8
Poll Interval: 10 (1024s)

Phase Offset: -0.0012500s
ClockRate: 0.0156250s
"""
FRENCH = """Indicateur de dérive : 0(aucun avertissement)
Couche : 3 (référence secondaire - synchronisée par (S)NTP)
Précision : -23 (119.209ns par battement)
Délai de racine : 0,0312500s
Dispersion de racine : 0,0077500s
"""
UNSYNCHRONISED = "Leap Indicator: 3(not synchronized)\nStratum: 0 (unspecified)\nPrecision: -23\n"


def test_windows_state_is_read_in_any_language() -> None:
    state = parse_w32tm(ENGLISH)
    assert state.synchronised is True
    assert state.offset_ms == pytest.approx(-1.25)
    assert state.error_ms == pytest.approx(23.375)
    french = parse_w32tm(FRENCH)
    assert (french.synchronised, french.offset_ms) == (True, None)
    assert french.error_ms == pytest.approx(23.375)
    assert parse_w32tm(UNSYNCHRONISED) == ClockState(False, None, None, "w32tm")
    assert (
        parse_w32tm("The following error occurred: The service has not been started. (0x80070426)") == UNKNOWN
    )


@given(st.text(max_size=300))
def test_foreign_text_never_raises(text: str) -> None:
    parse_w32tm(text)
    parse_w32tm("a:0\nb:1\nc:0\nd:" + text + "\ne:" + text)


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        (0, 0x2001, ClockState(True, 1.5, 20.0, "kernel")),
        (0, 0x0001, ClockState(True, 1500.0, 20.0, "kernel")),
        (5, 0x2041, ClockState(False, None, None, "kernel")),
        (0, 0x0040, ClockState(False, None, None, "kernel")),
        (-1, 0, UNKNOWN),
    ],
)
def test_the_kernels_state_is_read(state: int, status: int, expected: ClockState) -> None:
    assert from_timex(state, status, 1_500_000, 20_000) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's kernel")
def test_this_machines_kernel_tells() -> None:
    state = read_clock_state()
    assert state.source == "kernel"
    assert state.synchronised in (True, False)


def test_where_nothing_is_known_nothing_is_claimed() -> None:
    assert read_clock_state("darwin") == UNKNOWN
