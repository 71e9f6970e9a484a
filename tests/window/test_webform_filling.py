"""The assisted form in real Qt WebEngine against the stand-in; the server's log is the judge."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

from webform_runs import (
    COMMUNE,
    DETAIL,
    EXPECTED,
    NOISE_LEVEL,
    OPERATOR,
    Job,
    an_alert,
    overstepped,
    run_all,
    wrong_values,
)

from jalerte_desktop.filing.model import Attachment
from tests.servers.jalerte_form import Variant, log

pytestmark = pytest.mark.qt_log_level_fail(NOISE_LEVEL)

SEEDED = tuple(f"seed-{number}" for number in range(10))
WHOLE = (
    Variant.RENAMED_NAMES,
    Variant.SWAPPED_NAMES,
    Variant.REORDERED_STEPS,
    Variant.CHANGED_LABELS,
    Variant.CAPTCHA,
    Variant.NO_FILE,
    Variant.SLOW,
    Variant.TICKED_CONSENT,
    Variant.SENDS_BY_ENTER,
    Variant.REORDERED_OPTIONS,
    Variant.COOKIE_OVERLAY,
)
"""Variants in which everything can be filled all the same."""
STOPPED = {
    Variant.NEW_MANDATORY_FIELD: "drift: Détails",
    Variant.CAPTCHA_MIDDLE: "captcha: Détails",
    Variant.REMOVED_OPTION: "drift: Diagnostic",
    Variant.REMOVED_OPERATOR: "drift: Détails",
    Variant.TWO_COMMUNES: "stuck: Détails",
    Variant.SHORT_TEXT: "stuck: Compléments",
    Variant.SESSION_EXPIRY: "expired",
    Variant.ERROR_PAGE: "failed",
}
"""Variants that end before the last step, and where."""
ASKED = {**dict.fromkeys(WHOLE, ""), **STOPPED, Variant.RELABELLED_TRAP: ""}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Attachment:
    path: Path = tmp_path_factory.mktemp("files") / "0001.png"
    content = b"\x89PNG\r\n\x1a\n" + random.Random(5).randbytes(700_000)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Attachment("photo", "boîtier été.png", "image/png", len(content), digest, str(path))


@pytest.fixture(scope="module")
def jobs(qapp, photo: Attachment) -> dict[str, Job]:
    """All runs of this file, done at once: most of their time is the server's delays."""
    alert = an_alert((photo,))
    seeded = [Job(name, "plain", number, 2.0, alert) for number, name in enumerate(SEEDED)]
    various = [Job(variant, variant, 40 + number, 0.3, alert) for number, variant in enumerate(ASKED)]
    run_all([*seeded, *various])
    return {job.name: job for job in (*seeded, *various)}


def whole(job: Job, photo: Attachment, *, file: bool = True) -> None:
    """Everything that the map knows is with the server, and nothing that only the person may give."""
    wanted = EXPECTED | {"verbatim": job.alert.description.strip()}
    if file:
        wanted["pieceJointe"] = photo.name
    assert job.server.values == wanted
    uploads = [(one.name, one.sha256, one.message) for one in job.server.of(log.Upload)]
    assert uploads == ([(photo.name, photo.sha256, "")] if file else [])


def test_nothing_is_sent_consented_or_rated_and_no_value_is_wrong_in_any_run(jobs):
    assert {name: found for name, job in jobs.items() if (found := wrong_values(job))} == {}
    assert {name: found for name, job in jobs.items() if (found := overstepped(job))} == {}
    assert {name: job.server.ratings for name, job in jobs.items() if job.server.ratings} == {}
    assert [name for name, job in jobs.items() if not job.over] == []


@pytest.mark.parametrize("name", SEEDED)
def test_all_that_the_map_knows_is_filled_in_with_delays_of_up_to_two_seconds(jobs, photo, name):
    job = jobs[name]
    assert job.done.stopped_at == "consents: Validation"
    whole(job, photo)


@pytest.mark.parametrize("variant", WHOLE)
def test_a_form_that_changed_harmlessly_is_filled_in_all_the_same(jobs, photo, variant):
    job = jobs[variant]
    at = "captcha: Validation" if variant is Variant.CAPTCHA else "consents: Validation"
    assert job.done.stopped_at == at
    whole(job, photo, file=variant is not Variant.NO_FILE)


@pytest.mark.parametrize(("variant", "at"), STOPPED.items())
def test_a_form_that_asks_something_else_is_left_where_it_does(jobs, variant, at):
    job = jobs[variant]
    assert job.done.stopped_at == at
    missing = {
        Variant.REMOVED_OPTION: DETAIL,
        Variant.REMOVED_OPERATOR: OPERATOR,
        Variant.TWO_COMMUNES: COMMUNE,
    }
    if variant in missing:
        assert missing[variant] in {one.name for one in job.done.left}
        assert missing[variant] not in job.server.values


def test_names_that_mean_something_else_get_nothing(jobs):
    job = jobs[Variant.RELABELLED_TRAP]
    assert not {"origine", "numeroClient"} & set(job.server.ever)
    assert job.done.drift


def test_the_report_tells_what_the_server_got(jobs):
    job = jobs[SEEDED[0]]
    told = {one.name: one.value for one in job.done.filled}
    for name, value in job.server.values.items():
        assert told[name].strip() == value, name
    assert job.done.steps == ("Contexte", "Diagnostic", "Détails", "Compléments", "Validation")
    reserved = {one.name for one in job.done.left}
    assert {"consentementTiers", "consentementArcep", "noteServiceClient"} <= reserved


@pytest.mark.soak
def test_a_hundred_seeded_runs(qapp, photo, capsys):
    """At least 99 of 100 with random delays of up to two seconds; and not one wrong value."""
    alert = an_alert((photo,))
    jobs = [Job(f"{seed}", "plain", 1000 + seed, 2.0, alert) for seed in range(100)]
    run_all(jobs, seconds=3600)
    wanted = EXPECTED | {"verbatim": alert.description.strip(), "pieceJointe": photo.name}
    completed = [job for job in jobs if job.over and job.server.values == wanted]
    with capsys.disabled():
        slowest = max(job.seconds for job in jobs)
        print(
            f"\nassisted form: {len(completed)} of {len(jobs)} runs complete, the slowest in {slowest:.0f} s"
        )
        for job in jobs:
            if job not in completed:
                print(f"  seed {job.seed}: {job.result.stopped_at if job.result else job.problem}")
    assert not any(wrong_values(job) or overstepped(job) or job.server.ratings for job in jobs)
    assert len(completed) >= 99
