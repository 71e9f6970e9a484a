"""The dated data: well-formed, sourced, and never trusted beyond its mark."""

from datetime import date, timedelta

import pytest

from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.diary import OPERATOR_STEPS
from jalerte_desktop.casefile.fields import TECHNOLOGIES
from jalerte_desktop.casefile.knowledge import Provenance

TODAY = date(2026, 11, 22)


def provenances():
    for operator in knowledge.operators():
        yield operator.provenance
        yield from (address.provenance for address in operator.addresses)
    yield from (basis.provenance for basis in knowledge.all_legal_bases())


def test_every_fact_has_source_date_and_confidence():
    found = list(provenances())
    assert len(found) > 20
    for provenance in found:
        assert provenance.source
        assert provenance.confidence in ("V", "T", "M")
        assert provenance.checked_on <= TODAY
        assert provenance.country == "FR"


def test_operators_are_found_by_name_and_alias_and_no_alias_is_shared():
    assert knowledge.find_operator("ORANGE", "FR").id == "orange"
    assert knowledge.find_operator("bouygues  telecom", "FR").id == "bouygues"
    assert knowledge.find_operator("sfr caraibe", "FR").id == "sfr-caraibe"
    assert knowledge.find_operator("Opérateur inventé", "FR") is None
    for operator in knowledge.operators():
        for name in (operator.name, *operator.aliases):
            assert knowledge.find_operator(name, operator.country) is operator


@pytest.mark.parametrize("country", ["BE", "CH", "LU"])
def test_a_brand_of_that_name_elsewhere_is_another_company(country):
    assert knowledge.find_operator("Orange", country) is None


def test_the_second_levels_address_is_its_own():
    bouygues = knowledge.find_operator("Bouygues", "FR")
    assert bouygues.address_for("fibre", TODAY).lines[0].endswith("Service Clients")
    assert bouygues.address_for("fibre", TODAY, "consumer-service").lines[0].endswith("Service Consommateurs")
    assert knowledge.find_operator("Orange", "FR").address_for("fibre", TODAY, "consumer-service") is None
    steps = {address.step for operator in knowledge.operators() for address in operator.addresses}
    assert steps <= set(OPERATOR_STEPS)


def test_notes_of_the_project_are_no_page_to_look_up():
    assert Provenance("FR", "project notes of 2026-11-22, page not kept", TODAY, "T").page == ""
    assert Provenance("FR", "handicapzero.org", TODAY, "V").page == "handicapzero.org"


def test_addresses_follow_the_technology():
    orange = knowledge.find_operator("Orange", "FR")
    assert "TSA 90017" in orange.address_for("fibre", TODAY).lines
    assert "TSA 10018" in orange.address_for("adsl", TODAY).lines
    assert orange.address_for(None, TODAY) is None
    for operator in knowledge.operators():
        for address in operator.addresses:
            assert set(address.technologies) <= set(TECHNOLOGIES)


@pytest.mark.parametrize("brand", ["SFR", "RED by SFR"])
def test_the_unresolved_address_ships_blank(brand):
    assert knowledge.find_operator(brand, "FR").address_for("fibre", TODAY) is None


def test_what_is_from_memory_or_out_of_date_is_not_printable():
    good = Provenance("FR", "source", TODAY, "V")
    assert good.printable(TODAY)
    assert not good.doubtful(TODAY)
    assert good.doubtful(TODAY + timedelta(days=600))
    assert not Provenance("FR", "s", TODAY, "M").printable(TODAY)
    assert not Provenance("FR", "s", TODAY, "V", valid_to=TODAY - timedelta(days=1)).printable(TODAY)
    assert not Provenance("FR", "s", TODAY, "V", valid_from=TODAY + timedelta(days=1)).printable(TODAY)
    assert Provenance("FR", "s", TODAY, "T").doubtful(TODAY)


def test_the_complaint_rests_on_read_law_about_internet_access_only():
    bases = knowledge.legal_bases("complaint", "FR", TODAY, professional=False)
    assert [basis.id for basis in bases] == ["lcen-15", "conso-l221-15", "civil-1231-1"]
    assert all(basis.provenance.confidence == "V" and basis.internet_access for basis in bases)
    professional = knowledge.legal_bases("complaint", "FR", TODAY, professional=True)
    assert "conso-l221-15" not in [basis.id for basis in professional]
    assert knowledge.legal_bases("complaint", "BE", TODAY, professional=False) == ()


def test_law_that_must_not_be_cited_is_not_even_there():
    text = " ".join(basis.label for basis in knowledge.all_legal_bases())
    for forbidden in ("224-25", "217-", "34-8"):
        assert forbidden not in text


def test_the_next_step_is_known_for_france_only():
    assert "médiateur" in knowledge.next_step("complaint-next", "FR", TODAY, professional=False)
    assert "médiateur" not in knowledge.next_step("complaint-next", "FR", TODAY, professional=True)
    assert knowledge.next_step("complaint-next", "BE", TODAY, professional=False) is None
