"""The score of a run: what matches, what is missed, what is false, who is accused, how far an edge is off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.model import (
    SECOND,
    Cause,
    Coverage,
    Gap,
    GapReason,
    Incident,
    Kind,
    Line,
    Span,
    Verdict,
    incident_id,
)
from tests.playing import table
from tests.playing.scenario import Played, Turn, parse
from tests.playing.score import Score, score

T0 = 1_795_000_000 * SECOND
HOME = Line("aaaabbbbcccc", "192.168.1.1", "02:00:00:00:00:01", "eth0", home=True)
CAFE = Line("ffff00001111", "10.0.0.1", "02:00:00:00:00:99", "wlan0", home=False)
CUT = """
[[fault]]
what = "access-cut"
at = 30
for = 20
[[expect]]
kind = "outage"
cause = "access"
start = 30
end = 50
"""


def incident(
    kind: Kind,
    cause: Cause,
    start_s: float,
    end_s: float,
    confidence: float = 0.9,
    line: Line = HOME,
) -> Incident:
    span = Span(T0 + round(start_s * SECOND), T0 + round(end_s * SECOND))
    number = incident_id(line, kind, span.start_ns)
    return Incident(number, kind, line, span, False, end_s - start_s, Verdict(cause, confidence))


def scored(text: str, *found: Incident, gaps: tuple[Gap, ...] = (), turns: tuple[Turn, ...] = ()) -> Score:
    scenario = parse(f'about = "one"\nplay = ["simulator"]\nseconds = 100\n{text}', "one")
    span = Span(T0, T0 + 100 * SECOND)
    return score(Played(scenario, "simulator", 1, T0, found, Coverage(span, 100.0, gaps), HOME.id, turns))


def gap(start_s: float, end_s: float, reason: GapReason) -> Gap:
    return Gap(Span(T0 + round(start_s * SECOND), T0 + round(end_s * SECOND)), reason)


def test_a_cut_that_is_found_is_right_and_its_edges_are_measured() -> None:
    result = scored(CUT, incident(Kind.OUTAGE, Cause.ACCESS, 30.2, 50.5))
    assert result.right
    assert result.cause_right
    assert result.edge_errors_s == pytest.approx((0.2, 0.5))
    assert result.verdicts == ((0.9, True),)


def test_edges_are_compared_with_what_really_happened() -> None:
    late = (Turn(30, T0 + 31 * SECOND), Turn(50, T0 + 51 * SECOND))
    result = scored(CUT, incident(Kind.OUTAGE, Cause.ACCESS, 31.0, 51.1), turns=late)
    assert result.edge_errors_s == pytest.approx((0.0, 0.1))


def test_an_edge_too_far_off_is_not_right_though_the_cause_is() -> None:
    result = scored(CUT, incident(Kind.OUTAGE, Cause.ACCESS, 30.2, 52.5))
    assert not result.right
    assert result.cause_right


def test_a_cut_that_is_missed_counts_and_a_short_one_does_not() -> None:
    assert scored(CUT).missed_cuts == 1
    assert scored(CUT.replace("for = 20", "for = 1").replace("end = 50", "end = 31")).missed_cuts == 0
    assert not scored(CUT).right


def test_a_cut_told_in_pieces_is_one_match_and_one_false_incident() -> None:
    first, second = (incident(Kind.OUTAGE, Cause.ACCESS, a, b) for a, b in ((30, 38), (39, 50)))
    result = scored(CUT, first, second)
    assert [match.pieces for match in result.matches] == [(second,)]
    assert result.false == (first,)
    assert result.accusations == ()


def test_losses_may_come_in_pieces() -> None:
    text = (
        CUT.replace("access-cut", "access-loss")
        .replace('"outage"', '"loss"')
        .replace("for", "share=0.1\nfor")
    )
    pieces = (incident(Kind.LOSS, Cause.ACCESS, 31, 38, 0.6), incident(Kind.LOSS, Cause.ACCESS, 42, 49, 0.6))
    result = scored(text, *pieces)
    assert result.right
    assert result.matches[0].pieces == pieces
    assert result.edge_errors_s == ()


def test_the_wrong_operator_cause_is_wrong_but_accuses_nobody_else() -> None:
    result = scored(CUT, incident(Kind.OUTAGE, Cause.ISP_CORE, 30, 50))
    assert not result.cause_right
    assert result.false == ()
    assert result.accusations == ()


def test_blaming_the_operator_for_the_home_is_an_accusation() -> None:
    at_home = CUT.replace("access-cut", "cable-out").replace('cause = "access"', 'cause = "lan"')
    result = scored(at_home, incident(Kind.OUTAGE, Cause.ACCESS, 30, 50))
    assert result.accusations
    assert not result.right


def test_an_accusation_that_outlasts_the_operators_trouble_is_one() -> None:
    lasting = incident(Kind.OUTAGE, Cause.ACCESS, 30, 99)
    assert scored(CUT, lasting).accusations == (lasting,)


def test_anything_on_a_quiet_line_is_false_and_an_accusation_is_told_as_one() -> None:
    result = scored("", incident(Kind.DNS, Cause.DNS, 20, 30), incident(Kind.LOSS, Cause.ACCESS, 40, 60))
    assert [one.kind for one in result.false] == [Kind.DNS, Kind.LOSS]
    assert [one.kind for one in result.accusations] == [Kind.LOSS]


def test_what_is_allowed_is_right_within_its_limits() -> None:
    allow = '[[allow]]\nkind = "partial"\ncause = ["remote", "unknown"]\nconfidence = [0.0, 0.6]\n'
    good, sure = (incident(Kind.PARTIAL, Cause.REMOTE, 20, 90, confidence) for confidence in (0.6, 0.9))
    assert scored(allow, good).right
    assert scored(allow, good).verdicts == ((0.6, True),)
    assert scored(allow, sure).false == (sure,)


def test_another_lines_trouble_is_nothing_to_home() -> None:
    away = incident(Kind.OUTAGE, Cause.ACCESS, 40, 50, line=CAFE)
    assert scored("[[allow]]\nhome = false\n", away).right
    assert scored("", away).accusations == (away,)
    assert scored(CUT, incident(Kind.OUTAGE, Cause.ACCESS, 30, 50, line=CAFE)).missed_cuts == 1


def test_a_confidence_out_of_its_range_is_wrong() -> None:
    limited = CUT + "confidence = [0.0, 0.6]\n"
    assert scored(limited, incident(Kind.OUTAGE, Cause.ACCESS, 30, 50, 0.6)).right
    assert not scored(limited, incident(Kind.OUTAGE, Cause.ACCESS, 30, 50, 0.7)).cause_right


def test_what_was_not_observed_must_be_told_with_its_reason_and_nothing_else() -> None:
    asleep = '[[unobserved]]\nstart = 40\nend = 80\nreason = "asleep"\n'
    assert scored(asleep, gaps=(gap(39, 84, GapReason.ASLEEP),)).right
    for wrong in ((), (gap(40, 60, GapReason.ASLEEP),), (gap(40, 80, GapReason.CRASHED),)):
        assert scored(asleep, gaps=wrong).coverage_faults
    assert scored("", gaps=(gap(40, 60, GapReason.UNKNOWN),)).coverage_faults
    assert scored("", gaps=(gap(40, 43, GapReason.UNKNOWN),)).right


def test_totals_add_up_and_tell_how_far_confidences_hold() -> None:
    good = scored(CUT, incident(Kind.OUTAGE, Cause.ACCESS, 30.1, 50.3))
    bad = scored(CUT, incident(Kind.OUTAGE, Cause.LAN, 30.4, 50.2, 0.88))
    missed = scored(CUT)
    totals = table.total([good, bad, missed])
    assert (totals.runs, totals.cause_right, totals.missed_cuts) == (3, 1, 1)
    assert totals.cause_share == pytest.approx(1 / 3)
    assert totals.edge_median_s == pytest.approx(0.25)
    assert totals.edge_p95_s == pytest.approx(0.4)
    assert totals.share_at(0.9) == pytest.approx(0.5)
    assert totals.share_at(0.7) is None
    assert sum(one.given for one in totals.bins) == 2


def test_every_confidence_falls_into_one_bin() -> None:
    found = [incident(Kind.DNS, Cause.DNS, n, n + 1, n / 100) for n in range(0, 100, 5)]
    totals = table.total([scored("", *found)])
    assert sum(one.given for one in totals.bins) == len(found)
    assert totals.bins[0].given == 10


def test_the_table_says_what_is_wrong_in_each_row() -> None:
    rows = table.lines([scored(CUT), scored(CUT, incident(Kind.OUTAGE, Cause.LAN, 30, 50))])
    assert "missed outage·access at 30 s" in rows[1]
    assert "outage·lan 0.90 for outage·access at 30 s" in rows[2]
    assert any("cause right 0.0%" in row for row in rows)
    assert table.total([]).cause_share is None
    assert table.lines([])


def test_a_scenario_that_was_not_played_as_planned_keeps_its_other_seconds() -> None:
    played = scored(CUT, turns=(Turn(30, T0 + 33 * SECOND),)).played
    assert played.when_ns(30) == T0 + 33 * SECOND
    assert played.when_ns(50) == T0 + 50 * SECOND
    assert replace(played, turns=()).when_ns(30) == T0 + 30 * SECOND
