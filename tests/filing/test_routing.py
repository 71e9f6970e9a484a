"""Routing: who takes a problem, in which order, why; nothing from memory goes without its doubt."""

from dataclasses import replace
from datetime import date

import pytest

from diagnostics.model import Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.fields import COUNTRIES, PROFILES, TECHNOLOGIES
from jalerte_desktop.filing import registered, routing
from jalerte_desktop.filing.alert import compose_alert, preview_alert
from jalerte_desktop.filing.form import FORMS, form
from jalerte_desktop.filing.routing import channels, routes
from jalerte_desktop.filing.values import RULES, State
from jalerte_desktop.words.errors_filing import REMARKS, say_remark
from jalerte_desktop.words.language import speaking
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, marie

TODAY = date(2026, 11, 22)
NETWORK = ("fixed-internet-cut", "fixed-internet-slow", "fixed-internet-unstable", "mobile")
ENVELOPES = {"jalerte", "signalconso", "mediator", "email", "desk", "registered"}


def every_case():
    for problem in knowledge.problems():
        for country in COUNTRIES:
            for profile in ("", *PROFILES):
                for technology in ("", *TECHNOLOGIES):
                    yield problem, country, profile, technology


def by_channel(problem, country="FR", profile="individual", today=TODAY, **more):
    found = routes(problem, country, profile, today, **more)
    assert len({route.channel for route in found}) == len(found)
    return {route.channel: route for route in found}


def test_every_problem_has_somebody_to_go_to_and_refusals_come_last():
    for problem, country, profile, technology in every_case():
        found = routes(problem, country, profile, TODAY, technology)
        taken = [route.takes for route in found]
        assert any(taken), (problem, country, profile)
        assert taken == sorted(taken, reverse=True)
        orders = [route.order for route in found if route.takes]
        assert orders == sorted(orders)


def test_what_is_not_read_at_its_source_is_told_with_its_doubt():
    for problem, country, profile, technology in every_case():
        for route in routes(problem, country, profile, TODAY, technology, operator="Orange"):
            if route.provenance.confidence != "V":
                assert route.doubts, (problem, country, route.channel)
            if route.provenance.confidence == "M":
                assert Remark.of("doubt_memory") in route.doubts
    for channel in channels():
        assert channel.provenance.confidence == "V", "an address from elsewhere needs its doubt shown"


def test_every_code_of_the_data_has_its_sentence_with_all_its_figures():
    for channel in channels():
        assert set(channel.by) <= ENVELOPES
        assert channel.form in ("", *FORMS)
        for rule in channel.rules:
            assert set(rule.problems) <= {"*", *knowledge.problems()}
            assert set(rule.countries) <= set(channel.countries) <= set(COUNTRIES)
            assert set(rule.technologies) <= set(TECHNOLOGIES)
            for remark in (rule.why, rule.before, *channel.notes):
                assert remark is None or "{" not in say_remark(remark)
    assert {code for code in REMARKS if code.startswith("doubt_")} >= {"doubt_memory", "doubt_third_party"}


@pytest.mark.parametrize("problem", NETWORK)
def test_signalconso_refuses_network_quality_and_says_where_to_go(problem):
    found = by_channel(problem, technology="adsl")
    assert not found["signalconso"].takes
    assert "J’alerte l’Arcep" in say_remark(found["signalconso"].why)
    assert found["jalerte"].takes
    assert found["jalerte"].url.startswith("https://jalerte.arcep.fr/")


@pytest.mark.parametrize(
    "problem", ["billing", "termination", "portability", "customer-service", "fibre-connection"]
)
def test_signalconso_takes_what_the_contract_is_about(problem):
    assert by_channel(problem)["signalconso"].takes


def test_signalconso_takes_cuts_of_a_fibre_line_only():
    assert by_channel("fixed-internet-cut", technology="fibre")["signalconso"].takes
    assert by_channel("fixed-internet-unstable", technology="fibre")["signalconso"].takes
    assert not by_channel("fixed-internet-slow", technology="fibre")["signalconso"].takes
    assert not by_channel("fixed-internet-cut")["signalconso"].takes
    assert not by_channel("fixed-internet-cut", profile="company", technology="fibre")["signalconso"].takes


def test_the_order_in_france_is_operator_regulator_second_level_mediator():
    found = [
        route.channel for route in routes("fixed-internet-cut", "FR", "individual", TODAY) if route.takes
    ]
    assert found == ["customer-service", "jalerte", "consumer-service", "mediator"]


def test_the_mediator_asks_for_steps_before_and_takes_no_professionals():
    mediator = by_channel("billing")["mediator"]
    assert mediator.takes
    assert dict(mediator.before.values) == {"months": 1, "shortcut_months": 2, "limit_months": 12}
    assert mediator.address[-1] == "94257 Gentilly Cedex"
    for profile in ("company", "association", "elected"):
        refused = by_channel("billing", profile=profile)["mediator"]
        assert not refused.takes
        assert refused.doubts, "a third party says so"
    assert not by_channel("post")["mediator"].takes
    assert by_channel("post")["post-mediator"].takes


@pytest.mark.parametrize("country", ["BE", "CH", "LU"])
def test_abroad_the_ombudsman_takes_it_and_jalerte_does_not(country):
    found = by_channel("fixed-internet-cut", country)
    assert found["ombudsman"].takes
    assert not found["jalerte"].takes
    assert not found["signalconso"].takes
    assert "mediator" not in found
    assert next(iter(found)) == "customer-service"


def test_no_follow_up_is_said_of_the_alert():
    assert Remark.of("note_no_follow_up") in by_channel("fixed-internet-cut")["jalerte"].notes


def test_the_operators_address_comes_with_its_doubt_or_is_said_to_be_missing():
    codes = lambda route: {doubt.code for doubt in route.doubts}  # noqa: E731
    orange = by_channel("fixed-internet-cut", technology="fibre", operator="orange")["customer-service"]
    assert orange.address[-1] == "59878 Lille Cedex 9"
    assert "doubt_operators_address" in codes(orange)
    bouygues = by_channel("fixed-internet-cut", operator="Bouygues")["customer-service"]
    assert bouygues.address
    assert not bouygues.doubts
    for name in ("SFR", "Réseau du Village", ""):
        unknown = by_channel("fixed-internet-cut", operator=name)["customer-service"]
        assert unknown.address == ()
        assert "doubt_no_address" in codes(unknown)


@pytest.mark.parametrize("country", ["BE", "CH", "LU"])
def test_a_french_operators_address_is_not_given_abroad(country):
    found = by_channel("fixed-internet-cut", country, technology="fibre", operator="Orange")[
        "customer-service"
    ]
    assert found.address == ()
    assert Remark.of("doubt_no_address") in found.doubts


def test_a_complaint_about_the_post_goes_to_the_post():
    found = by_channel("post", technology="fibre", operator="Orange")["customer-service"]
    assert found.address == ("Service Clients", "99999 LA POSTE")
    assert found.by == ()
    assert not found.doubts
    assert "La Poste" in found.titles["fr"]
    assert not by_channel("unwanted-calls", technology="fibre", operator="Orange")["customer-service"].address


def test_a_mobiles_complaint_does_not_go_where_the_home_is_connected():
    found = by_channel("mobile", technology="fibre", operator="Orange")["customer-service"]
    assert found.address[-1] == "33732 Bordeaux Cedex 9"


def test_the_second_level_has_its_address_where_it_is_known():
    known = by_channel("billing", operator="Bouygues")["consumer-service"]
    assert known.address[0] == "Bouygues Telecom – Service Consommateurs"
    assert not known.doubts
    assert (
        Remark.of("doubt_no_address") in by_channel("billing", operator="Orange")["consumer-service"].doubts
    )


def test_the_registered_letter_is_the_first_complaint_about_a_fixed_line_and_no_other():
    for problem, country, profile, technology in every_case():
        for route in routes(problem, country, profile, TODAY, technology, "Orange"):
            letter = route.takes and route.channel == registered.STEP and problem in registered.PROBLEMS
            assert ("registered" in route.by) == letter, (problem, country, route.channel)


def test_where_nothing_is_known_to_write_to_that_is_said():
    for problem, country, profile, technology in every_case():
        for route in routes(problem, country, profile, TODAY, technology, "Orange"):
            if route.takes and not (route.address or route.email or route.form):
                codes = {doubt.code for doubt in route.doubts}
                assert codes & {"doubt_no_address", "doubt_no_address_there"}, (
                    problem,
                    country,
                    route.channel,
                )
    luxembourg = by_channel("billing", "LU")["ombudsman"]
    assert Remark.of("doubt_no_address_there") in luxembourg.doubts
    assert luxembourg.by == ()


def test_signalconso_says_of_fibre_what_it_refuses():
    found = by_channel("fibre-connection")["signalconso"]
    with speaking("en"):
        assert "eligibility" in say_remark(found.why)


def test_sources_are_told_as_pages_to_look_up_or_not_at_all():
    """A doubt is shown in the reader's language: no note of ours in English stands in it."""
    for problem, country, profile, technology in every_case():
        for operator in ("Orange", "Free", "Sosh"):
            for route in routes(problem, country, profile, TODAY, technology, operator):
                for doubt in route.doubts:
                    source = str(dict(doubt.values).get("source", ""))
                    assert not set(source.split()) & {"the", "page", "pages", "notes", "not", "of"}, source
    free = by_channel("fixed-internet-cut", operator="Free")["customer-service"]
    assert [doubt.code for doubt in free.doubts] == ["doubt_operators_address_unnamed"]
    with speaking("fr"):
        assert "22/11/2026" in say_remark(free.doubts[0])


def test_what_is_no_longer_valid_is_left_out(monkeypatch):
    ended = tuple(
        replace(
            channel,
            rules=tuple(
                replace(rule, provenance=replace(rule.provenance, valid_to=date(2026, 11, 21)))
                for rule in channel.rules
            ),
        )
        if channel.id == "mediator"
        else replace(channel, provenance=replace(channel.provenance, valid_from=date(2027, 1, 1)))
        for channel in channels()
    )
    monkeypatch.setattr(routing, "channels", lambda: ended)
    found = by_channel("fixed-internet-cut")
    assert "mediator" not in found
    assert found["jalerte"].url == ""


def test_old_knowledge_is_doubted():
    later = by_channel("fixed-internet-cut", today=date(2029, 1, 1))
    assert {doubt.code for doubt in later["jalerte"].doubts} == {"doubt_old", "doubt_place"}


@pytest.mark.parametrize("name", ["signalconso", "mediator"])
def test_the_copied_forms_load_and_own_up_to_what_is_unverified(name):
    shown = form(name)
    assert shown.id == name
    assert {field.step for field in shown.fields} == set(shown.steps)
    assert {field.fill for field in shown.fields} <= set(RULES)
    assert len({field.name for field in shown.fields}) == len(shown.fields)
    assert not shown.text_limit_verified
    assert shown.confidence != "V"
    assert any(field.reserved for field in shown.fields)
    fields = {
        one.name: one
        for one in preview_alert(compose_alert(MARIE, examples.ordinary(), PARIS), MARIE, shown).fields
    }
    for field in shown.fields:
        if field.reserved:
            assert fields[field.name].state is State.RESERVED
            assert fields[field.name].value == ""
    names = {"signalconso": "consumerReferenceNumber", "mediator": "customer_number"}
    assert fields[names[name]].value == "C-1234567"


def test_signalconso_gets_a_place_in_its_tree_only_for_what_it_takes():
    def place(**fields):
        case = replace(
            marie(**{k: v for k, v in fields.items() if k != "problem"}), problem=fields["problem"]
        )
        shown = preview_alert(compose_alert(case, examples.ordinary(), PARIS), case, form("signalconso"))
        return next(one.value for one in shown.fields if one.name == "subcategories")

    assert place(problem="fixed-internet-cut").endswith("Coupure")
    assert place(problem="fixed-internet-cut", line__technology="adsl") == ""
    assert place(problem="fixed-internet-slow") == ""
    for problem in (
        "billing",
        "termination",
        "portability",
        "customer-service",
        "fibre-connection",
        "unwanted-calls",
    ):
        assert place(problem=problem)
    for problem in knowledge.problems():
        for technology in TECHNOLOGIES:
            takes = by_channel(problem, technology=technology).get("signalconso")
            given = place(problem=problem, line__technology=technology)
            assert bool(given) == bool(takes and takes.takes), (problem, technology)
