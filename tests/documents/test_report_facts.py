"""The facts of a report, gathered from a real journal: what is told, what is left out, and that nothing crashes it."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.campaigns.record import started
from diagnostics.campaigns.rules import load_rules
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, BadInput, Event, EventKind, Problem, Scalar, Span
from diagnostics.throughput import record
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    DelayMethod,
    Delays,
    Direction,
    Ended,
    Flow,
    Server,
    SpeedResult,
)
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.report import honesty
from jalerte_desktop.documents.report.facts import AROUND_NS, Sources, gather, period_of
from jalerte_desktop.documents.report.honesty import looked_at
from jalerte_desktop.documents.report.model import Promise, ReportFacts
from jalerte_desktop.words.language import speaking
from tests.documents.paper_cases import marie
from tests.documents.report_journal import (
    CUT_AT_S,
    CUT_S,
    DIGEST,
    LENGTH_S,
    event,
    moment,
    write_journal,
)
from tests.documents.test_report_facts_second import Other, outage
from tests.made import LINE, T0

PARIS = ZoneInfo("Europe/Paris")
NOW = moment(3600)
RUN = event(
    EventKind.STARTED, -1, version="1.2.3", method="icmp-raw", system="Linux 6", ping="icmp-raw", pid=7
)


def facts_of(
    folder: Path,
    *events: Event,
    since: float | None = None,
    until: float | None = None,
    **more: object,
) -> ReportFacts:
    journal = folder / "journal.sqlite"
    if not journal.exists():
        write_journal(journal, events)
    sources = Sources(journal, folder / "files", version="9.9", **more)  # type: ignore[arg-type]
    with speaking("en"):
        return gather(
            sources,
            None if since is None else moment(since),
            None if until is None else moment(until),
            PARIS,
            NOW,
        )


def test_the_figures_of_a_record_with_one_cut(tmp_path: Path) -> None:
    found = facts_of(tmp_path)
    (day,) = found.days
    assert (day.day, day.cuts, day.incidents) == (date(2026, 11, 18), 1, 1)
    assert day.cut_s == pytest.approx(CUT_S, abs=0.5)
    assert day.observed_s == pytest.approx(LENGTH_S, abs=1.5)
    assert [one.span.start_ns for one in found.account.outages] == [
        pytest.approx(moment(CUT_AT_S), abs=SECOND // 2)
    ]
    assert found.account.findings.confirmed
    assert (found.version, found.made_ns, found.honesty.left_out) == ("9.9", NOW, 0)
    assert found.evidence is not None
    assert found.evidence.link == found.account.findings.seal.link  # type: ignore[union-attr]
    assert (found.evidence.key, found.evidence.stamps, found.evidence.dated_until_ns) == ("", (), None)


def test_hours_are_the_anchors_and_targets_name_no_address_of_the_home(tmp_path: Path) -> None:
    found = facts_of(tmp_path)
    tries = sum(hour.tries for hour in found.hours)
    assert tries == 4 * LENGTH_S
    assert sum(hour.missed for hour in found.hours) == pytest.approx(4 * CUT_S, abs=4)
    assert all(hour.median_ms == pytest.approx(10, rel=0.1) for hour in found.hours)
    assert "anchor/icmp/203.0.113.11 (AS11)" in found.honesty.targets
    assert "gateway/icmp" in found.honesty.targets
    assert not any("192.168" in target or "100.64" in target for target in found.honesty.targets)


def test_the_rest_of_the_record_is_told(tmp_path: Path) -> None:
    found = facts_of(tmp_path, since=150)
    assert (found.account.outages, found.days[0].cuts) == ((), 0)
    assert (found.honesty.outside_cuts, found.honesty.outside_incidents) == (1, 1)
    assert found.honesty.outside_coverage == pytest.approx(1.0, abs=0.02)
    whole = facts_of(tmp_path)
    assert (whole.honesty.outside_cuts, whole.honesty.outside_coverage) == (0, None)


def test_the_same_incidents_in_every_period(tmp_path: Path) -> None:
    whole, part = facts_of(tmp_path), facts_of(tmp_path, since=105, until=110)
    assert whole.account.outages == part.account.outages
    assert part.days[0].cut_s == pytest.approx(5, abs=0.1)
    assert part.account.findings.coverage.observed_s == pytest.approx(5, abs=0.1)


def test_time_before_the_record_is_not_observed(tmp_path: Path) -> None:
    found = facts_of(tmp_path, since=-200)
    assert found.account.findings.coverage.observed_s == pytest.approx(LENGTH_S, abs=1.5)
    assert found.account.findings.coverage.not_observed_s == pytest.approx(200, abs=1)


DAY = 86_400 * SECOND


def test_the_default_period_is_thirty_days_or_the_whole_record() -> None:
    record = Span(100 * DAY, 150 * DAY)
    assert period_of(record, None, None, 200 * DAY) == Span(120 * DAY, 150 * DAY)
    assert period_of(record, None, 110 * DAY, 200 * DAY) == Span(100 * DAY, 110 * DAY)
    assert period_of(record, 90 * DAY, None, 200 * DAY) == Span(90 * DAY, 150 * DAY)
    assert period_of(record, 140 * DAY, 300 * DAY, 155 * DAY) == Span(140 * DAY, 155 * DAY)


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (210, None, "report_future"),
        (160, None, "report_outside"),
        (160, 170, "report_outside"),
        (10, 100, "report_outside"),
        (None, 90, "report_outside"),
        (130, 120, "empty_period"),
        (130, 130, "empty_period"),
        (-4000, None, "report_long"),
    ],
)
def test_a_period_of_which_nothing_can_be_said_is_refused(
    since: int | None, until: int | None, code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        period_of(
            Span(100 * DAY, 150 * DAY),
            None if since is None else since * DAY,
            None if until is None else until * DAY,
            200 * DAY,
        )
    assert refused.value.remark.code == code


def test_nothing_recorded_and_no_journal_are_problems(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as missing:
        facts_of_missing(tmp_path)
    assert missing.value.remark.code == "journal_missing"
    write_journal(tmp_path / "journal.sqlite", seconds=0)
    with pytest.raises(Problem) as empty:
        facts_of(tmp_path)
    assert empty.value.remark.code == "out_of_record"


def facts_of_missing(folder: Path) -> ReportFacts:
    return gather(Sources(folder / "none.sqlite", folder), None, None, PARIS, NOW)


def test_honesty_tells_clock_runs_link_and_load(tmp_path: Path) -> None:
    load = Traffic(Origin.HOME, moment(50), (Step(10 * SECOND, 90_000_000, 0), Step(10 * SECOND, 0, 0)))
    more = Traffic(Origin.HOME, moment(70), (Step(10 * SECOND, 80_000_000, 0), Step(10 * SECOND, 100_000, 0)))
    told = facts_of(
        tmp_path,
        RUN,
        event(EventKind.LINK, 0, interface="eth0", medium="ethernet"),
        event(EventKind.LINK, 150, interface="wlan0", medium="wifi", tunnel="tun0"),
        event(EventKind.CLOCK_STATE, 10, synchronised=True, offset_ms=-3.5, error_ms=20.0, source="adjtimex"),
        event(EventKind.CLOCK_STATE, 60, synchronised=None, offset_ms=None, error_ms=None, source="unknown"),
        event(EventKind.CLOCK_STEP, 70, step_s=-0.25),
        event(EventKind.CLOCK_STEP, 5000, step_s=9.0),
        to_event(load, moment(80)),
        to_event(more, moment(90)),
    ).honesty
    assert (told.versions, told.methods, told.systems) == (("1.2.3",), ("icmp-raw",), ("Linux 6",))
    assert (told.clock_states, told.clock_synchronised, told.clock_worst_ms) == (2, 1, 3.5)
    assert told.clock_steps == ((moment(70), -0.25),)
    assert told.wifi.ratio == pytest.approx(0.25, abs=0.01)
    assert told.vpn.ratio == pytest.approx(0.25, abs=0.01)
    assert (told.own_load.told_s, told.own_load.ratio) == (40, pytest.approx(0.5))
    assert dict(told.thresholds)["outage.min_misses"] == 3
    assert told.removed_days == ()


def test_days_removed_by_age_are_named(tmp_path: Path) -> None:
    told = facts_of(tmp_path, event(EventKind.RETENTION, 500, before_ns=moment(60), keep_days=30)).honesty
    assert told.removed_days == (date(2026, 11, 18),)


KEY = "cd" * 32


def seal(second: float, seq: int, link: str) -> Event:
    return event(EventKind.SEAL, second, seq=seq, link=link, key=KEY, signature="00" * 64)


def test_the_key_and_the_tails_that_were_lost_are_told(tmp_path: Path) -> None:
    lost = event(EventKind.HEAD_LOST, 140, head_seq=9, head_link=DIGEST, found_seq=8)
    evidence = facts_of(tmp_path, seal(60, 3, DIGEST), lost, since=0, until=190).evidence
    assert evidence is not None
    assert evidence.key == hashlib.sha256(bytes.fromhex(KEY)).hexdigest()
    assert (evidence.stamps, evidence.dated_until_ns) == ((), None)
    assert evidence.lost_tails == (moment(140),)


def speed_event(second: float, line: str = LINE.id, identity: str = "one", down: int = 90_000_000) -> Event:
    flow = Flow(Direction.DOWN, down, Counted.RECEIVED, down, 0, 8 * SECOND, SECOND, Ended.STEADY)
    return record.to_event(
        SpeedResult(
            identity,
            moment(second),
            "own",
            Server("http://203.0.113.9/"),
            flow,
            None,
            Delays(DelayMethod.TCP, 10, 0, 9.0, 10.0, 12.0),
            Delays(DelayMethod.TCP, 10, 0, 9.0, 80.0, 120.0),
            None,
            Circumstances(line_id=line),
            down,
            False,
        )
    )


def test_the_lines_own_measurements_of_the_period(tmp_path: Path) -> None:
    found = facts_of(
        tmp_path,
        speed_event(150),
        speed_event(20, identity="two", down=50_000_000),
        speed_event(30, line="other", identity="three"),
        speed_event(900, identity="four"),
        case=marie(contract__download_max_bps="500000000", contract__upload_normal_bps="50000000"),
    )
    assert [(point.at_ns, point.download_bps, point.upload_bps) for point in found.speed] == [
        (moment(20), 50e6, None),
        (moment(150), 90e6, None),
    ]
    first = found.speed[0]
    assert (first.idle_ms, first.loaded_down_ms, first.loaded_up_ms) == (10.0, 80.0, None)
    assert (first.accepted, first.indicative) == (None, False)
    assert found.promise == Promise(download_max_bps=5e8, upload_usual_bps=5e7)
    assert found.campaigns == ()


def test_a_campaign_is_judged_and_says_what_is_missing(tmp_path: Path) -> None:
    campaign = Campaign(
        "abcdef012345", "free", "", "own", moment(1), line=LINE.id, count=2, spacing_s=60,
        promised=Promised(Rates(100_000_000, None, 60_000_000)),
    )  # fmt: skip
    campaign = replace(campaign, version=load_rules("free").version)
    one = speed_event(20)
    found = facts_of(
        tmp_path,
        Event(EventKind.CAMPAIGN, moment(1), started(campaign)),
        Event(one.kind, one.at_ns, {**one.data, "campaign": campaign.id, "scheduled": False}),
    )
    (judged,) = found.campaigns
    assert (judged.id, judged.accepted, judged.rejected, judged.missing) == (campaign.id, 0, 1, 2)
    assert judged.conforming is None
    (point,) = found.speed
    assert point.accepted is False
    assert point.reason


def test_the_case_gives_the_holder_and_the_diary_around_the_period(tmp_path: Path) -> None:
    entries = tuple(
        DiaryEntry("call", at, id=str(n))
        for n, at in enumerate(
            (T0 - AROUND_NS - SECOND, moment(1) - AROUND_NS, T0, moment(LENGTH_S + 1) + AROUND_NS + SECOND)
        )
    )
    found = facts_of(tmp_path, case=marie(), diary=entries)
    assert (found.holder.name, found.holder.operator, found.holder.line_number) == (
        "Marie Dupont",
        "Orange",
        "04 78 00 00 00",
    )
    assert [entry.id for entry in found.diary] == ["1", "2"]
    assert facts_of(tmp_path).holder.name == ""


def test_a_second_witness_is_compared_and_what_is_no_other_machine_left_out(tmp_path: Path) -> None:
    names = {f"{n}{n}" * 32: name for n, name in enumerate(("good", "changed", "own"), 1)}
    events = [seal(1, 1, DIGEST)] + [
        event(EventKind.SECOND_WITNESS, 300, sha256=sha256, name=name, key=KEY, start_ns=T0, end_ns=NOW)
        for sha256, name in names.items()
    ]
    write_journal(tmp_path / "journal.sqlite", events)

    def read(path: Path) -> Other:
        name = names[path.stem]
        if name == "changed":
            raise Problem("witness_changed", path=str(path))
        # seconds of Other count from the epoch: shift them to the record's start
        kind, start, end, cause = outage(CUT_AT_S + 1, CUT_AT_S + CUT_S)
        whole = Span(T0, NOW)
        key = hashlib.sha256(bytes.fromhex(KEY)).hexdigest() if name == "own" else "ee" * 32
        return Other(((kind, T0 + start, T0 + end, cause),), (whole,), whole, "ee", key)

    files = tmp_path / "files"
    found = gather(Sources(tmp_path / "journal.sqlite", files), None, None, PARIS, NOW, read_record=read)
    (witness,) = found.witnesses
    assert (witness.name, witness.confirmed, witness.not_seen, witness.alone) == ("good", 1, 0, 0)
    assert found.honesty.left_out == 2


def test_a_package_that_is_gone_is_left_out_and_counted(tmp_path: Path) -> None:
    gone = event(EventKind.SECOND_WITNESS, 300, sha256=DIGEST, name="x", key=KEY, start_ns=T0, end_ns=NOW)
    found = facts_of(tmp_path, gone)
    assert (found.witnesses, found.honesty.left_out) == ((), 1)


@given(st.integers(1, 10_000))
def test_of_a_long_period_every_hour_of_the_week_comes_up(hours: int) -> None:
    every = looked_at(Span(0, hours * 3600 * SECOND))
    assert (every == 1) == (hours <= 240)
    assert -(-hours // every) <= 240
    assert len({n * every % 168 for n in range(168)}) == 168 or every == 1


def test_of_a_long_period_only_some_hours_are_looked_at_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five minutes stand for five hours, sealed at their ends; the line is full in the second one only.
    monkeypatch.setattr(honesty, "HOUR_NS", 60 * SECOND)
    monkeypatch.setattr(honesty, "MOST_HOURS", 2)
    hours = [(second, 90 if second == 60 else 0) for second in range(0, 300, 60)]
    journal = tmp_path / "journal.sqlite"
    write_journal(journal, seconds=300)
    with closing(Writer(journal)) as writer:
        for second, rate in hours:
            steps = tuple(Step(10 * SECOND, rate * 1_000_000, 0) for _ in range(6))
            seq = writer.append(to_event(Traffic(Origin.HOME, moment(second), steps), moment(second + 59)))
            writer.append(seal(second + 59.5, seq, DIGEST))
    found = facts_of(tmp_path).honesty
    assert found.own_load_every == 5
    # The period begins within an hour: two stretches may be of the same one.
    assert found.own_load.told_s in (pytest.approx(60, abs=1), pytest.approx(120, abs=1))
    monkeypatch.setattr(honesty, "MOST_HOURS", 240)
    found = facts_of(tmp_path).honesty
    assert (found.own_load_every, found.own_load.ratio) == (1, pytest.approx(0.2, abs=0.01))
    assert found.own_load.told_s == pytest.approx(300, abs=1)


KINDS = (
    EventKind.STARTED, EventKind.STOPPED, EventKind.CLOCK_STATE, EventKind.CLOCK_STEP, EventKind.RETENTION,
    EventKind.SEAL, EventKind.STAMP, EventKind.HEAD_LOST, EventKind.SECOND_WITNESS, EventKind.SPEED,
    EventKind.CAMPAIGN, EventKind.LINK, EventKind.WITNESS,
)  # fmt: skip
NAMES = (
    "seq", "link", "key", "at_ns", "authority", "synchronised", "offset_ms", "step_s", "before_ns", "sha256", "name",
    "version", "method", "medium", "tunnel", "interface", "id", "line", "source", "origin", "start_ns", "steps",
    "circumstances.line_id", "down.bps", "provider", "server.url", "bytes", "indicative", "action", "campaign",
)  # fmt: skip
values: st.SearchStrategy[Scalar | list[str]] = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 70), 1 << 70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8), st.sampled_from(["traffic", "home", "machine", DIGEST, LINE.id, "../../etc/passwd"]),
    st.lists(st.sampled_from(["5 1 1", "-5 1 1", "1e30 1 1", "a b c", "5 1", "5 9999999999999999999 0"]), max_size=3),
)  # fmt: skip
data = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)
damaged = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(-50, 300), data),
    min_size=1,
    max_size=12,
)


@given(damaged)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_events_never_crash_it(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[EventKind, int, dict[str, Scalar | list[str]]]],
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    written = [Event(kind, moment(second), data) for kind, second, data in events]
    write_journal(folder / "journal.sqlite", written, seconds=20)
    found = facts_of(folder)
    assert found.honesty.left_out <= 3 * len(events)
    for share in (found.honesty.wifi, found.honesty.vpn, found.honesty.own_load):
        assert share.ratio is None or 0 <= share.ratio <= 1


def test_one_damaged_event_of_each_kind_is_counted(tmp_path: Path) -> None:
    found = facts_of(
        tmp_path,
        event(EventKind.LINK, 1, medium=7),
        event(EventKind.CLOCK_STATE, 1, synchronised="yes"),
        event(EventKind.CLOCK_STEP, 1, step_s="far"),
        event(EventKind.RETENTION, 1, before_ns=True),
        event(EventKind.SEAL, 1, seq="1", link=DIGEST, key=DIGEST),
        event(EventKind.STAMP, 1, seq=1, link="short"),
        event(EventKind.HEAD_LOST, 1),
        event(EventKind.SECOND_WITNESS, 1, sha256="../../../etc/passwd"),
        event(EventKind.SPEED, 1, **{"circumstances.line_id": LINE.id, "provider": 3}),
        event(EventKind.WITNESS, 1, source="traffic", origin="home", start_ns=T0, steps=["-5 1 1"]),
        event(EventKind.STARTED, 1, version=["1"]),
    )
    assert found.honesty.left_out == 11


def test_no_case_is_needed(tmp_path: Path) -> None:
    assert facts_of(tmp_path, case=Case("", "", "FR", 0)).promise == Promise()
