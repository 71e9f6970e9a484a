"""Results side by side say where the speed is lost, and accuse nobody."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, Line, Remark
from diagnostics.throughput.compare import Comparison, Kind, Row, compare, kind_of
from diagnostics.throughput.model import Direction, Medium, SpeedResult
from jalerte_desktop.words import language, remarks
from tests.throughput.results import AT_NS, CLEAN, around

DAY_NS = 24 * 3600 * SECOND
NOW_NS = AT_NS + DAY_NS
CABLE, RADIO, NEIGHBOUR = "0123456789ab", "ba9876543210", "cccccccccccc"
LINES = {
    CABLE: Line(CABLE, "192.168.1.1", "02:00:00:00:01:01", "eth0"),
    RADIO: Line(RADIO, "192.168.1.1", "02:00:00:00:01:01", "wlan0"),
    NEIGHBOUR: Line(NEIGHBOUR, "192.168.1.1", "02:00:00:00:09:09", "wlan0"),
}


def measured(
    kind: Kind, mega: float, up: float | None = None, *, days: float = 0.5, **changes: object
) -> SpeedResult:
    """A result of a kind, so many Mbit/s in both directions, measured so many days ago."""
    radio = kind in (Kind.HOME_WIFI, Kind.LINE_WIFI)
    home = kind in (Kind.HOME_CABLE, Kind.HOME_WIFI)
    assert CLEAN.down is not None
    assert CLEAN.up is not None
    result = replace(
        CLEAN,
        id=f"{kind}-{days}",
        at_ns=NOW_NS - round(days * DAY_NS),
        down=replace(CLEAN.down, bps=round(mega * 1e6)),
        up=replace(CLEAN.up, bps=round((mega if up is None else up) * 1e6)),
        server=replace(CLEAN.server, url="http://192.168.1.9:8080/" if home else CLEAN.server.url),
    )
    medium = Medium("wifi", "wlan0") if radio else Medium("ethernet", "eth0", 10**9, "full")
    found = around(result, medium=medium, at_home=home, line_id=RADIO if radio else CABLE)
    return replace(found, **changes)  # type: ignore[arg-type]  # a test's own


def said(comparison: Comparison) -> list[str]:
    return [remark.code for remark in comparison.verdict]


def of_down(comparison: Comparison) -> list[Remark]:
    return [r for r in comparison.verdict if dict(r.values).get("direction") == "down"]


def test_a_wifi_that_limits() -> None:
    found = compare(
        [measured(Kind.HOME_WIFI, 180), measured(Kind.HOME_CABLE, 940), measured(Kind.LINE_WIFI, 170)],
        NOW_NS,
        LINES,
    )
    assert [row.kind for row in found.rows] == [Kind.HOME_CABLE, Kind.HOME_WIFI, Kind.LINE_WIFI]
    assert of_down(found) == [
        Remark.of(
            "speed_compare_wifi_below_cable", direction="down", rate_bps=180_000_000, best_bps=940_000_000
        ),
        Remark.of("speed_compare_wifi_limits", direction="down", rate_bps=170_000_000, best_bps=180_000_000),
    ]
    # The line itself has not been measured by cable: that comes next.
    assert said(found)[-1] == "speed_compare_next_line_cable"


def test_a_line_that_gives_less_than_the_home_carries() -> None:
    found = compare([measured(Kind.LINE_CABLE, 60), measured(Kind.HOME_CABLE, 940)], NOW_NS, LINES)
    assert found.verdict == tuple(
        Remark.of("speed_compare_not_wiring", direction=way, rate_bps=60_000_000, best_bps=940_000_000)
        for way in ("down", "up")
    )
    with language.speaking("en"):
        text = remarks.say(found.verdict[0])
    assert "they are not what limits" in text
    assert not re.search("operator|provider|fault", text)


def test_directions_are_judged_apart() -> None:
    found = compare([measured(Kind.LINE_CABLE, 900, 40), measured(Kind.HOME_CABLE, 940)], NOW_NS, LINES)
    assert said(found) == ["speed_compare_wiring_may_limit", "speed_compare_not_wiring"]


@pytest.mark.parametrize(
    ("rates", "codes"),
    [
        ({"line_cable": 900, "line_wifi": 200}, ["speed_compare_wifi_loses"]),
        ({"line_cable": 60, "line_wifi": 58}, ["speed_compare_wifi_keeps"]),
        ({"line_wifi": 60, "home_wifi": 400}, ["speed_compare_not_wifi"]),
        ({"line_wifi": 60, "home_wifi": 65}, ["speed_compare_wifi_may_limit"]),
        ({"line_cable": 900, "line_wifi": 200, "home_wifi": 600}, ["speed_compare_wifi_unclear"]),
        ({"line_cable": 900, "line_wifi": 200, "home_wifi": 210}, ["speed_compare_wifi_loses"]),
        ({"line_cable": 60}, []),
        (
            {"line_cable": 60, "line_wifi": 59, "home_wifi": 180, "home_cable": 940},
            ["speed_compare_wifi_below_cable", "speed_compare_wifi_keeps", "speed_compare_not_wiring"],
        ),
    ],
)
def test_what_rates_say_together(rates: dict[str, float], codes: list[str]) -> None:
    found = compare([measured(Kind(kind), mega) for kind, mega in rates.items()], NOW_NS, LINES)
    assert [remark.code for remark in of_down(found)] == codes


def test_the_newest_of_each_kind_is_taken_and_doubtful_ones_only_where_there_is_no_other() -> None:
    spoilt = (Remark.of("speed_other_home", direction="down", rate_bps=1, share=0.5),)
    inherent = (Remark.of("speed_server_at_home"),)
    found = compare(
        [
            measured(Kind.LINE_CABLE, 80, days=2),
            measured(Kind.LINE_CABLE, 90, days=1),
            measured(Kind.LINE_CABLE, 30, days=0.1, notes=spoilt, indicative=True),
            measured(Kind.HOME_CABLE, 940, notes=inherent, indicative=True),
            measured(Kind.LINE_WIFI, 20, notes=spoilt, indicative=True),
        ],
        NOW_NS,
        LINES,
    )
    rows = {row.kind: row for row in found.rows}
    assert rows[Kind.LINE_CABLE].down_bps == 90_000_000
    assert rows[Kind.HOME_CABLE].sound
    assert not rows[Kind.LINE_WIFI].sound
    # Nothing is concluded from the Wi-Fi result.
    assert said(found) == [
        "speed_compare_not_wiring",
        "speed_compare_not_wiring",
        "speed_compare_doubtful",
        "speed_compare_next_line_wifi",
    ]


def test_old_results_are_shown_and_conclude_nothing() -> None:
    found = compare([measured(Kind.LINE_CABLE, 60), measured(Kind.HOME_CABLE, 940, days=31)], NOW_NS, LINES)
    assert [row.old for row in found.rows] == [True, False]
    assert found.verdict == (
        Remark.of("speed_compare_old", results=1, days=30),
        Remark.of("speed_compare_next_home_cable"),
    )


def test_results_of_another_line_are_left_out_and_told() -> None:
    other = around(measured(Kind.LINE_WIFI, 10, days=3), line_id=NEIGHBOUR)
    found = compare([measured(Kind.LINE_CABLE, 60), other], NOW_NS, LINES)
    assert [row.kind for row in found.rows] == [Kind.LINE_CABLE]
    assert said(found) == ["speed_compare_other_lines", "speed_compare_next_home_cable"]
    with language.speaking("en"):
        assert remarks.say(found.verdict[0]) == "1 result of other lines left out."


def test_lines_that_nothing_ties_together_are_compared_with_a_warning() -> None:
    both = [measured(Kind.LINE_CABLE, 900), measured(Kind.LINE_WIFI, 200)]
    assert "speed_compare_lines_unsure" in said(compare(both, NOW_NS))
    assert "speed_compare_lines_unsure" not in said(compare(both, NOW_NS, LINES))
    marked = {
        CABLE: replace(LINES[CABLE], home=True, gateway_mac="02:00:00:00:01:02"),
        RADIO: replace(LINES[RADIO], home=True),
    }
    assert len(compare(both, NOW_NS, marked).rows) == 2


def test_servers_and_days_that_differ_are_told() -> None:
    elsewhere = replace(CLEAN.server, url="http://other.example.net/")
    found = compare(
        [measured(Kind.LINE_CABLE, 900), measured(Kind.LINE_WIFI, 200, days=5, server=elsewhere)],
        NOW_NS,
        LINES,
    )
    assert "speed_compare_servers" in said(found)
    assert Remark.of("speed_compare_apart", days=4) in found.verdict
    # A server at home is another than one on the line: nothing to tell.
    usual = compare([measured(Kind.LINE_CABLE, 60), measured(Kind.HOME_CABLE, 940)], NOW_NS, LINES)
    assert "speed_compare_servers" not in said(usual)


@pytest.mark.parametrize(
    ("there", "code"),
    [
        ([], "speed_compare_next_line_cable"),
        ([Kind.LINE_CABLE], "speed_compare_next_home_cable"),
        ([Kind.LINE_CABLE, Kind.HOME_CABLE], None),
        ([Kind.LINE_CABLE, Kind.HOME_CABLE, Kind.HOME_WIFI], "speed_compare_next_line_wifi"),
        ([Kind.LINE_CABLE, Kind.HOME_CABLE, Kind.LINE_WIFI], "speed_compare_next_home_wifi"),
        (list(Kind), None),
    ],
)
def test_what_to_measure_next(there: list[Kind], code: str | None) -> None:
    found = compare([measured(kind, 100) for kind in there], NOW_NS, LINES)
    assert [c for c in said(found) if c.startswith("speed_compare_next")] == ([code] if code else [])


def test_what_fits_in_no_comparison() -> None:
    assert CLEAN.down is not None
    nothing = replace(CLEAN, down=replace(CLEAN.down, bps=None), up=None)
    odd = [
        around(CLEAN, loopback=True),
        around(CLEAN, tunnel="tun0", medium=Medium("vpn", "tun0")),
        around(CLEAN, medium=Medium("other", "br0")),
        around(CLEAN, medium=Medium()),
        nothing,
    ]
    assert [kind_of(result) for result in odd] == [None] * len(odd)
    assert kind_of(around(CLEAN, tunnel="tun0", beside_tunnel=True)) is Kind.LINE_CABLE
    assert compare(odd, NOW_NS).rows == ()


RATES = st.one_of(st.just(0), st.integers(1, 10**10))


@given(st.lists(st.tuples(st.sampled_from(Kind), RATES, RATES, st.floats(-1, 60), st.booleans()), max_size=8))
def test_any_results_are_compared_in_plain_words(
    given_results: list[tuple[Kind, int, int, float, bool]],
) -> None:
    results = [
        measured(
            kind, down / 1e6, up / 1e6, days=days, notes=(Remark.of("speed_capped", direction="up"),) * bad
        )
        for kind, down, up, days, bad in given_results
    ]
    found = compare(results, NOW_NS, LINES)
    assert len({row.kind for row in found.rows}) == len(found.rows)
    assert all(_newest_sound(row, results) for row in found.rows)
    with language.speaking("en"):
        for remark in found.verdict:
            assert not re.search(r"[{}_]|operator|fault", remarks.say(remark))
    believed = {row.kind for row in found.rows if row.sound and not row.old}
    if len(believed) < 2:
        assert not any("direction" in dict(remark.values) for remark in found.verdict)


def _newest_sound(row: Row, results: list[SpeedResult]) -> bool:
    peers = [r for r in results if kind_of(r) is row.kind]
    sound = [r for r in peers if not r.notes]
    newest = max(r.at_ns for r in (sound or peers))
    return row.at_ns == newest and row.bps(Direction.DOWN) is not None
