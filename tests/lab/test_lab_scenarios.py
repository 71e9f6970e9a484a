"""Every scenario that the lab can play, side by side on real networks: what the program promises of its verdicts holds.

One test, so that however the tests are spread over processes the labs are built once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.network import missing
from tests.lab.player import play_all
from tests.playing.scenario import load_all
from tests.playing.score import score
from tests.playing.table import lines, total

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible"),
    pytest.mark.timeout(600),
]

QUIET = "quiet"


def test_what_must_hold_in_the_lab(tmp_path: Path) -> None:
    able = [scenario for scenario in load_all().values() if "lab" in scenario.play]
    scores = [score(played) for played in play_all(able, tmp_path)]
    totals = total(scores)
    quiet = next(one for one in scores if one.played.scenario.name == QUIET)
    assert totals.cause_share is not None
    assert totals.edge_median_s is not None
    assert totals.edge_p95_s is not None
    promises = {
        "cause right in 95 of 100 runs": totals.cause_share >= 0.95,
        "no false accusation": totals.accusations == 0,
        "outage edges: median 0.3 s": totals.edge_median_s <= 0.3,
        "outage edges: 95 % within 1 s": totals.edge_p95_s <= 1.0,
        "cuts of 2 s and more all found": totals.missed_cuts == 0,
        "nothing in 90 s of quiet": quiet.played.incidents == () and quiet.played.scenario.seconds >= 90,
    }
    broken = [promise for promise, kept in promises.items() if not kept]
    assert broken == [], "\n".join(lines(scores))
