"""Incidents that follow each other closely are one row of the home page, and stay each in the whole list."""

from __future__ import annotations

from dataclasses import replace

import pytest
import window_examples as examples
from PySide6.QtWidgets import QLabel, QScrollArea

from diagnostics.model import MINUTE, SECOND, Span
from jalerte_desktop.window.incidents_card import EACH_SHOWN, lines_of, merged_rows_of, rows_of
from jalerte_desktop.window.reader import week_start

WEEK = Span(week_start(examples.NOW), examples.NOW)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


def flapping(count: int, ongoing: bool = False):
    start = examples.NOW - 60 * MINUTE
    cuts = [examples.incident(start + n * 45 * SECOND, 6 + n % 2) for n in range(count)]
    if ongoing:
        cuts[-1] = replace(cuts[-1], ongoing=True)
    return examples.findings((*cuts, examples.incident(examples.NOW - 300 * MINUTE, 50)), span=WEEK)


def test_twelve_cuts_in_a_row_are_one_row():
    found = flapping(12)
    newest, alone = merged_rows_of(found, examples.NOW)
    assert (newest.time, plain(newest.lasted), newest.kind) == ("15:05", "1 min 18 s en tout", "coupure × 12")
    assert plain(newest.reasons).startswith(
        "12 fois en 8 min 22 s, 1 min 18 s en tout. 15:05:00 (6 s), 15:05:45 (7 s)"
    )
    assert f"{12 - EACH_SHOWN} de plus dans la liste complète" in plain(newest.reasons)
    assert newest.reasons.endswith(f"La plus longue : {alone.reasons}".replace(" :", "\u00a0:"))
    assert newest.sure == "confiance 0,90 au moins"
    assert newest.tone == "outage"
    assert newest.reserve
    assert alone.kind == "coupure"
    assert len(rows_of(found, examples.NOW)) == 13


def test_a_few_are_all_named():
    (row, _alone) = merged_rows_of(flapping(3), examples.NOW)
    assert "de plus" not in row.reasons
    assert plain(row.reasons).count(" s)") == EACH_SHOWN


def test_a_row_is_no_surer_than_the_least_sure_of_it():
    first, second = sorted(flapping(2).incidents, key=lambda one: one.span.start_ns)[-2:]
    doubtful = replace(first, verdict=replace(first.verdict, confidence=0.6))
    (row,) = merged_rows_of(examples.findings((doubtful, second), span=WEEK), examples.NOW)
    assert (row.tone, row.badge[0], row.sure) == ("soft", "?", "confiance 0,60 au moins")


def test_a_row_that_goes_on_says_so():
    assert merged_rows_of(flapping(3, ongoing=True), examples.NOW)[0].lasted == "en cours"


def test_an_excluded_cut_is_a_row_of_its_own():
    found = flapping(2)
    first, second = sorted(found.incidents, key=lambda one: one.span.start_ns)[-2:]
    excluded = replace(second, excluded="travaux")
    assert len(merged_rows_of(examples.findings((first, excluded), span=WEEK), examples.NOW)) == 2


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (1000, 700)])
def test_the_list_cuts_no_line_in_half(windows, qtbot, size):
    window = windows.open(examples.FixedSource(*examples.day_and_week()))
    window.resize(*size)
    area = window.home.incidents.findChild(QScrollArea)

    def whole():
        inner, edge = area.widget(), area.viewport().height()
        assert inner.height() > edge, "there is more than fits"
        lines = [line for one in inner.findChildren(QLabel) for line in lines_of(one, inner)]
        assert lines
        assert not [line for line in lines if line[0] < edge < line[1]]

    qtbot.waitUntil(whole)
