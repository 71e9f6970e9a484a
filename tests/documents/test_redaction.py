"""The dated rules of redaction: read strictly, and what no rule names is hidden."""

from dataclasses import fields, is_dataclass
from datetime import date
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import EventKind
from diagnostics.throughput.model import SpeedResult
from diagnostics.witnesses import BoxAccount, Wifi
from jalerte_desktop.documents.bundle.redaction import (
    COPIES,
    UNKNOWN,
    Action,
    Redaction,
    default_rules,
    parse_rules,
    shipped_values,
)
from jalerte_desktop.words.errors_evidence import SENTENCES

TODAY = date(2026, 11, 22)
RULE = """
version = "2026-11-22"
codes = ["lost"]
[[rules]]
id = "one"
what = ["record:gap.reason"]
copies = ["public"]
action = "keep"
reason_en = "because"
reason_fr = "parce que"
valid_from = 2026-11-22
checked_on = 2026-11-22
source = "somebody"
"""


def test_the_shipped_rules_have_reasons_dates_and_sources():
    rules = default_rules()
    assert {copy for rule in rules.rules for copy in rule.copies} == set(COPIES)
    for rule in rules.rules:
        assert set(rule.reason) == {"en", "fr"}
        assert rule.valid_from <= TODAY >= rule.checked_on
        assert "'" not in rule.reason["fr"], rule.id


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('action = "keep"', 'action = "show"'),
        ('copies = ["public"]', 'copies = ["everybody"]'),
        ('copies = ["public"]', "copies = []"),
        ('what = ["record:gap.reason"]', "what = []"),
        ('what = ["record:gap.reason"]', 'what = ["gap.reason"]'),
        ('what = ["record:gap.reason"]', 'what = ["record:gap.reason", "record:gap.reason"]'),
        ("checked_on = 2026-11-22", 'checked_on = "2026-11-22"'),
        ("valid_from = 2026-11-22", "valid_from = 2026-11-22T10:00:00"),
        ('source = "somebody"', 'source = " "'),
        ('reason_fr = "parce que"', ""),
        ('id = "one"', 'id = "unnamed"'),
        ('version = "2026-11-22"', 'version = "new"'),
        ('version = "2026-11-22"', 'version = "2026-11-22"\nmore = 1'),
        ('source = "somebody"', 'source = "somebody"\nnote = "x"'),
    ],
)
def test_a_rule_that_is_not_well_formed_is_refused(before, after):
    assert parse_rules(RULE).rules[0].action is Action.KEEP
    with pytest.raises(ValueError, match=r"."):
        parse_rules(RULE.replace(before, after))


def test_no_two_rules_say_something_of_the_same_thing_in_one_copy():
    twice = RULE + RULE.partition("[[rules]]")[2].join(["[[rules]]", ""]).replace('"one"', '"two"')
    with pytest.raises(ValueError, match="stands in"):
        parse_rules(twice)


@given(st.text(), st.text(), st.sampled_from(COPIES))
def test_what_no_rule_names_is_hidden_and_counted(kind, field, copy):
    redaction = Redaction(copy, TODAY)
    path = f"record:future {kind}.{field}"
    assert redaction.rule(path) is UNKNOWN
    assert not redaction.shows(path, value="anything")
    assert redaction.removed == {("unnamed", path): 1}


def test_a_rule_of_tomorrow_does_not_hold_today():
    rules = parse_rules(RULE.replace("valid_from = 2026-11-22", "valid_from = 2026-12-01"))
    assert not Redaction("public", TODAY, rules).shows("record:gap.reason", value="asleep")
    assert Redaction("public", date(2026, 12, 1), rules).shows("record:gap.reason", value="asleep")


def test_a_clock_that_is_behind_hides_no_more_than_the_rules_do():
    assert Redaction("public", date(1980, 1, 1)).shows("record:seal.link", value="00")


def test_values_that_ship_are_kept_and_chosen_ones_are_not():
    public = Redaction("public", TODAY)
    assert "1.1.1.1" in shipped_values()
    assert public.shows("record:configuration.anchors", value=["1.1.1.1", "8.8.8.8"])
    assert not public.shows("record:configuration.anchors", value=["1.1.1.1", "198.51.100.7"])
    assert public.text("value:address", "198.51.100.7", "withheld") == "withheld"
    assert public.text("report:holder.operator", "Orange") == "Orange"
    assert public.text("report:holder.operator", "Orange chez Mémé") == ""


def test_of_texts_only_the_program_s_own_words_stay():
    public = Redaction("public", TODAY)
    assert public.text("value:detail", "ENETUNREACH") == "ENETUNREACH"
    assert public.text("value:detail", "192.0.2.1 net-unreachable", "withheld") == "withheld"
    assert public.text("report:diary.with_whom", "mediator") == "mediator"
    assert public.text("report:diary.with_whom", "Madame Mediator") == ""


def test_a_line_has_the_same_letter_throughout_and_the_first_is_a():
    redaction = Redaction("public", TODAY)
    assert [redaction.letter_of(line) for line in ("x", "", "y", "x")] == ["A", "", "B", "A"]
    assert len({redaction.letter_of(str(n)) for n in range(100)}) == 100


IDENTIFYING = [
    "record:line.id",
    "record:line.gateway_mac",
    "record:line.gateway",
    "record:line.ssid",
    "record:line.network",
    "record:samples.line",
    "record:samples.details",
    "record:link.interface",
    "record:link.tunnel",
    "record:witness/wifi.bssid",
    "record:line_named.name",
    "record:exclusion.reason",
    "record:speed.server.url",
    "record:speed.id",
    "record:targets/first_hop.address",
    "record:targets/vpn.address",
    "record:started.system",
    "record:second_witness.name",
    "report:holder.name",
    "report:diary.text",
    "attachment:photo",
    "report:incident.id",
    "report:line.name",
    "value:by",
]


@pytest.mark.parametrize("path", IDENTIFYING)
def test_the_public_copy_keeps_nothing_that_identifies(path):
    assert not Redaction("public", TODAY).shows(path, value="something")


IN_USE = [
    "record:witness/traffic.steps",
    *(
        f"record:{place}.{name}"
        for place in ("witness/wifi", "speed.circumstances.medium.wifi")
        for name in ("rx_bps", "tx_bps", "retries", "failed")
    ),
    *(
        f"record:speed.circumstances.{way}.{name}"
        for way in ("down", "up")
        for name in ("machine_bps", "home_bps", "reverse_machine_bps", "reverse_home_bps")
    ),
]


@pytest.mark.parametrize("path", IN_USE)
def test_when_somebody_is_at_home_is_told_only_to_those_who_handle_the_dispute(path):
    assert [copy for copy in COPIES if Redaction(copy, TODAY).shows(path, value=1)] == [
        "operator",
        "mediator",
    ]


@pytest.mark.parametrize("copy", COPIES)
def test_no_copy_tells_wi_fi_names_work_or_other_people_s_lines(copy):
    redaction = Redaction(copy, TODAY)
    for path in (
        "record:witness/wifi.ssid", "record:witness/wifi.bssid", "record:line.ssid", "record:link.tunnel",
        "record:targets/vpn.address", "record:line_named.name", "other:line.gateway_mac", "other:line.operator",
        "other:samples.samples", "other:samples.rollup", "other:hour.rollup", "other:day.rollup", "other:day.hours",
        "other:witness/traffic.steps",
        "attachment:photo_with_metadata",
    ):  # fmt: skip
        assert not redaction.shows(path, value="something"), path


@pytest.mark.parametrize("copy", ["operator", "mediator"])
def test_those_who_handle_the_dispute_get_what_they_need(copy):
    redaction = Redaction(copy, TODAY)
    for path in ("report:holder.name", "report:holder.customer_number", "record:line.network", "report:diary.text",
                 "record:targets/first_hop.address", "record:samples.details", "attachment:letter"):  # fmt: skip
        assert redaction.shows(path, value="something"), path


def _leaves(kind: type, prefix: str) -> list[str]:
    hints = get_type_hints(kind)
    found = []
    for field in fields(kind):
        inner = next(
            (
                part
                for part in getattr(hints[field.name], "__args__", (hints[field.name],))
                if is_dataclass(part)
            ),
            None,
        )
        if inner is None or inner.__name__ == "Remark":
            found.append(prefix + field.name)
        else:
            found += _leaves(inner, f"{prefix}{field.name}.")
    return found


@pytest.mark.parametrize("copy", COPIES)
def test_every_field_that_this_version_writes_is_named_by_a_rule(copy):
    """A new field of these is hidden until somebody has thought of it: this test reminds them."""
    redaction = Redaction(copy, TODAY)
    written = [f"record:speed.{name}" for name in _leaves(SpeedResult, "") if name != "at_ns"]
    written += [f"record:witness/wifi.{field.name}" for field in fields(Wifi)]
    written += [f"record:witness/box.{field.name}" for field in fields(BoxAccount)]
    assert [path for path in written if redaction.rule(path) is UNKNOWN] == []


def test_every_kind_of_event_is_named_by_a_rule():
    named = {
        path.partition(":")[2].split(".")[0].split("/")[0]
        for rule in default_rules().rules
        for path in rule.what
    }
    assert {str(kind) for kind in EventKind} - named == set()


def test_each_problem_of_bundles_has_words():
    for code in (
        "bundle_nothing",
        "bundle_needs_yes",
        "import_own",
        "import_twice",
        "import_broken",
        "witness_changed",
    ):
        assert code in SENTENCES
