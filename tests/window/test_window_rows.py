"""Incidents that follow each other closely are one row of the home page, and stay each in the whole list."""

from __future__ import annotations

from dataclasses import replace

import window_examples as examples

from diagnostics.model import MINUTE, SECOND, Span
from jalerte_desktop.window.incidents_card import EACH_SHOWN, merged_rows_of, rows_of
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
    assert newest.reasons.endswith(alone.reasons)
    assert newest.reserve
    assert alone.kind == "coupure"
    assert len(rows_of(found, examples.NOW)) == 13


def test_a_few_are_all_named():
    (row, _alone) = merged_rows_of(flapping(3), examples.NOW)
    assert "de plus" not in row.reasons
    assert plain(row.reasons).count(" s)") == EACH_SHOWN


def test_a_row_that_goes_on_says_so():
    assert merged_rows_of(flapping(3, ongoing=True), examples.NOW)[0].lasted == "en cours"


def test_an_excluded_cut_is_a_row_of_its_own():
    found = flapping(2)
    first, second = sorted(found.incidents, key=lambda one: one.span.start_ns)[-2:]
    excluded = replace(second, excluded="travaux")
    assert len(merged_rows_of(examples.findings((first, excluded), span=WEEK), examples.NOW)) == 2
