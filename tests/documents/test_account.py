"""Who may be blamed for what: the sorting that every paper rests on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.incidents.method import default_method
from diagnostics.model import Cause, GapReason, Kind
from jalerte_desktop.documents import french
from jalerte_desktop.documents.account import Role, account, rhythm, role_of
from jalerte_desktop.documents.period import last_days
from tests import examples
from tests.documents.paper_cases import PARIS

incidents = st.builds(
    examples.incident,
    start=st.integers(0, 20 * 86_400).map(
        lambda s: str(french.local(examples.PERIOD.start_ns + s * 10**9))[:19]
    ),
    seconds=st.floats(0.2, 90_000),
    cause=st.sampled_from(list(Cause)),
    confidence=st.floats(0, 1),
    kind=st.sampled_from(list(Kind)),
    line=st.sampled_from([examples.HOME, examples.OTHER]),
    ongoing=st.booleans(),
    excluded=st.none() | st.just("travaux"),
)


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, Role.HELD),
        ({"cause": Cause.ISP_CORE, "confidence": 0.7}, Role.HELD),
        ({"confidence": 0.61}, Role.HELD),
        ({"confidence": 0.6}, Role.UNCERTAIN),
        ({"cause": Cause.ISP_CORE, "confidence": 0.3}, Role.UNCERTAIN),
        ({"cause": Cause.DNS, "kind": Kind.DNS}, Role.DNS),
        ({"cause": Cause.WIFI}, Role.SET_ASIDE),
        ({"cause": Cause.OWN_TRAFFIC, "kind": Kind.LATENCY}, Role.SET_ASIDE),
        ({"cause": Cause.MTU, "kind": Kind.PARTIAL}, Role.SET_ASIDE),
        ({"cause": Cause.VPN, "kind": Kind.PARTIAL}, Role.SET_ASIDE),
        ({"cause": Cause.IPV6, "kind": Kind.PARTIAL}, Role.SET_ASIDE),
        ({"cause": Cause.ISP_CORE, "kind": Kind.PARTIAL, "confidence": 0.9}, Role.UNCERTAIN),
        ({"cause": Cause.ACCESS, "kind": Kind.PARTIAL, "confidence": 0.9}, Role.UNCERTAIN),
        ({"kind": Kind.LOSS, "confidence": 0.8}, Role.HELD),
        ({"kind": Kind.LATENCY, "confidence": 0.8}, Role.HELD),
        ({"cause": Cause.BOX}, Role.SET_ASIDE),
        ({"cause": Cause.UNKNOWN}, Role.SET_ASIDE),
        ({"excluded": "travaux"}, Role.EXCLUDED),
        ({"cause": Cause.WIFI, "excluded": "travaux"}, Role.EXCLUDED),
        ({"line": examples.OTHER}, Role.OTHER_LINE),
        ({"line": examples.OTHER, "excluded": "travaux"}, Role.OTHER_LINE),
    ],
)
def test_roles(changes, role):
    assert role_of(examples.incident("2026-11-10 08:00:00", **changes), examples.HOME.id) is role


@settings(deadline=None)
@given(st.lists(incidents, max_size=12, unique_by=lambda i: i.id))
def test_every_incident_has_one_role_and_only_sure_ones_of_the_operator_are_held(found):
    findings = examples.findings(found)
    sorted_out = account(findings)
    groups = [getattr(sorted_out, role.value) for role in Role]
    assert sorted(i.id for group in groups for i in group) == sorted(i.id for i in found)
    for incident in sorted_out.held:
        assert incident.verdict.cause in (Cause.ACCESS, Cause.ISP_CORE)
        assert incident.verdict.confidence > default_method().blame
        assert incident.kind not in (Kind.PARTIAL, Kind.WIFI, Kind.DNS)
        assert incident.excluded is None
        assert incident.line.id == findings.line.id
    assert [use.incident_id for use in sorted_out.used()] == [i.id for i in findings.incidents]


def test_every_word_has_its_french():
    assert set(french.KINDS) == set(Kind)
    assert set(french.CAUSES) == set(Cause)
    assert set(french.GAP_REASONS) == set(GapReason)
    for kind in Kind:
        assert french.episodes(kind, 2) != french.episodes(kind, 1)


def test_rhythm_counts_local_days_and_office_hours():
    # 17 November 2026 is a Tuesday; 23:30 UTC is the next day in Paris.
    cuts = [
        examples.incident(f"2026-11-17 {time}:00") for time in ("08:30", "08:00", "16:59", "17:00", "23:30")
    ]
    spread = rhythm(tuple(cuts), PARIS)
    assert (spread.days, spread.worst_day_count) == (2, 4)
    # 8:00 UTC is 9 o'clock in Paris, 17:00 UTC is 18 o'clock: no longer office hours.
    assert spread.in_office_hours == 3


def test_the_default_period_is_the_last_thirty_days_with_their_own_coverage():
    span = examples.Span(examples.at("2026-09-01 00:00:00"), examples.NOW)
    gap = examples.Gap(
        examples.Span(examples.at("2026-10-20 09:00:00"), examples.at("2026-10-24 09:00:00")),
        GapReason.ASLEEP,
    )
    early, late = examples.incident("2026-10-01 00:00:00"), examples.incident("2026-11-01 00:00:00")
    whole = examples.findings([early, late], span=span, gaps=[gap])
    short = last_days(whole)
    assert short.span == examples.Span(examples.at("2026-10-23 09:00:00"), examples.NOW)
    assert short.incidents == (late,)
    assert short.coverage.not_observed_s == 86_400
    assert short.coverage.observed_s == 29 * 86_400
    assert short.record == whole.record
    assert last_days(examples.ordinary()) == examples.ordinary()
