"""The alert: every field of the form, filled from what is known; what is missing is named, nothing ticked unasked."""

from dataclasses import replace

import pytest

from diagnostics.model import Gap, GapReason, Span
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.fields import PROFILES, TECHNOLOGIES
from jalerte_desktop.casefile.model import NO_CASE, Case
from jalerte_desktop.filing.alert import compose_alert, department, preview_alert
from jalerte_desktop.filing.drafts import Draft
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.values import State
from jalerte_desktop.words.errors_papers import WARNINGS, say_warning
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, marie

VERBATIM = "verbatim"
OPERATOR = "operateurPrincipalContainer:operateurPrincipal"
OTHER_OPERATOR = "operateurPrincipalAutreContainer:operateurPrincipalAutre"
CONSENTS = {"consentementTiers", "consentementArcep"}


def preview(case=MARIE, findings=None, **more):
    return preview_alert(compose_alert(case, findings or examples.ordinary(), PARIS, **more), case)


def values(alert):
    return {field.name: field.value for field in alert.fields}


def codes(alert):
    return {remark.code for remark in alert.all_warnings}


def test_every_field_of_the_form_is_shown_in_its_order():
    alert = preview()
    assert [field.name for field in alert.fields] == [entry.name for entry in form("jalerte").fields]
    assert [field.step for field in alert.fields] == sorted(field.step for field in alert.fields)
    assert {field.step for field in alert.fields} == set(form("jalerte").steps) == {1, 2, 3, 4, 5}


def test_fields_are_filled_from_profile_contract_and_incidents():
    found = {field.name: (field.value, field.source) for field in preview().fields}
    assert found["profil"] == ("Particulier", "person.profile")
    assert found["marche"] == ("Fixe / Internet", "case.problem")
    assert found["technologieContainer:technologie"] == ("Fibre", "line.technology")
    assert found[OPERATOR] == ("Orange", "contract.operator")
    assert found["localisationContainer:commune"] == ("Lyon (69003)", "person.postcode, person.city")
    assert found["utilisateurContainer:email"] == ("marie.dupont@exemple.fr", "person.email")
    assert found["utilisateurContainer:prenom"] == ("Marie", "person.name")
    assert found["utilisateurContainer:nom"] == ("Dupont", "person.name")
    assert found["utilisateurContainer:telephone"] == ("06 12 34 56 78", "person.phone")
    assert found[VERBATIM] == (preview().description, "incidents")


def test_consents_and_rating_are_never_ticked():
    given = marie(alert__service_contacted="yes")
    states = {field.name: field.state for field in preview(given).fields}
    for name in (*CONSENTS, "noteServiceClient"):
        assert states[name] is State.RESERVED
        assert values(preview(given))[name] == ""
        assert name in preview(given).missing
    assert values(preview(marie(alert__rating="2")))["noteServiceClient"] == "2"


@pytest.mark.parametrize(("given", "value"), [(None, ""), ("yes", "Oui"), ("no", "Non")])
def test_whether_customer_service_was_contacted_is_the_persons_word(given, value):
    alert = preview(marie(alert__service_contacted=given))
    assert values(alert)["serviceClientContainer:contacte"] == value
    assert ("serviceClientContainer:contacte" in alert.missing) == (given is None)


def test_what_is_missing_is_listed_by_name_and_nothing_else_is():
    alert = preview(NO_CASE)
    for name in ("profil", OPERATOR, "localisationContainer:commune", "utilisateurContainer:email"):
        assert name in alert.missing
    for field in alert.fields:
        assert (field.name in alert.missing) == (not field.value and field.state is not State.NOT_APPLICABLE)


def test_brand_and_network_where_the_forms_own_entry_was_seen():
    assert values(preview(marie(contract__operator="sosh")))[OPERATOR] == "Sosh · Orange"


def test_an_operator_we_do_not_know_goes_to_the_other_field():
    found = values(preview(marie(contract__operator="Réseau du Village")))
    assert (found[OPERATOR], found[OTHER_OPERATOR]) == ("", "Réseau du Village")


def test_the_lines_operator_serves_where_the_contract_names_none():
    findings = replace(examples.ordinary(), line=replace(examples.HOME, operator="Free"))
    field = next(f for f in preview(marie(contract__operator=None), findings).fields if f.name == OPERATOR)
    assert (field.value, field.source) == ("Free", "line.operator")


@pytest.mark.parametrize("home", [None, False])
def test_an_unconfirmed_line_names_no_operator_anywhere(home):
    line = replace(examples.HOME, home=home, operator="Orange")
    alert = preview(findings=examples.findings(examples.two_cuts_a_day(line=line), line=line))
    assert OPERATOR in alert.missing
    assert not any("Orange" in field.value for field in alert.fields)
    assert "alert_line_unconfirmed" in codes(alert)


@pytest.mark.parametrize(
    ("name", "first", "family"),
    [
        ("Marie Dupont", "Marie", "Dupont"),
        ("DUPONT Marie", "Marie", "DUPONT"),
        ("Marie DE LA TOUR", "Marie", "DE LA TOUR"),
        ("Jean Pierre Martin", "Jean", "Pierre Martin"),
        ("Marie", "", "Marie"),
        ("", "", ""),
    ],
)
def test_names_are_told_apart(name, first, family):
    found = values(preview(marie(person__name=name)))
    assert (found["utilisateurContainer:prenom"], found["utilisateurContainer:nom"]) == (first, family)


def test_a_given_first_name_settles_it_and_a_guess_is_told():
    case = marie(person__name="Jean Pierre Martin")
    assert "alert_name_split" in codes(preview(case))
    settled = marie(person__name="Jean Pierre Martin", person__first_name="Jean Pierre")
    found = values(preview(settled))
    assert (found["utilisateurContainer:prenom"], found["utilisateurContainer:nom"]) == (
        "Jean Pierre",
        "Martin",
    )
    assert "alert_name_split" not in codes(preview(settled))


def test_the_checks_of_honesty():
    assert "alert_nothing_held" in codes(preview(findings=examples.findings()))
    gap = Gap(Span(examples.PERIOD.start_ns, examples.at("2026-11-21 09:00:00")), GapReason.STOPPED)
    assert "alert_little_observed" in codes(preview(findings=examples.findings(gaps=[gap])))
    assert "alert_not_all_listed" in codes(preview(limit=400))
    assert "alert_other_country" in codes(preview(replace(MARIE, country="BE")))
    assert "alert_other_problem" in codes(preview(replace(MARIE, problem="billing")))
    assert codes(preview()) == {"alert_labels_unverified", "alert_limit_ours"}
    for alert in (preview(limit=400), preview(NO_CASE, examples.findings())):
        for remark in alert.all_warnings:
            assert "{" not in say_warning(remark)


def draft(text=None):
    return Draft("d1", MARIE.id, examples.NOW, examples.NOW, None, None, text)


def test_a_drafts_own_words_stand_in_place_of_ours_and_are_named_so():
    alert = preview(draft=draft("Ma ligne coupe chaque soir."))
    assert values(alert)[VERBATIM] == alert.description == "Ma ligne coupe chaque soir."
    assert "alert_own_words" in codes(alert)
    assert preview(draft=draft()).description == preview().description


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "alert_text_empty"),
        ("x" * 2001, "alert_text_long"),
        ("C’est une ARNAQUE, bande d’incompétents.", "alert_tone_harsh"),
        ("Ça coupe tous les jours !!", "alert_tone_loud"),
        ("MA LIGNE EST COUPÉE TOUS LES JOURS ET PERSONNE NE RÉPOND JAMAIS", "alert_tone_loud"),
        ("Écrivez-moi à marie.dupont@exemple.fr", "alert_text_personal"),
    ],
)
def test_own_words_are_read_over_before_they_go(text, code):
    assert code in codes(preview(draft=draft(text)))


def test_plain_own_words_bring_no_remark_on_their_tone():
    calm = preview(draft=draft("Ma connexion coupe plusieurs fois par jour depuis le 8 novembre."))
    assert codes(calm) == {"alert_own_words", "alert_labels_unverified"}


def test_own_words_that_name_an_operator_on_an_unconfirmed_line_are_told():
    line = replace(examples.HOME, home=None, operator="Orange")
    found = examples.findings(examples.two_cuts_a_day(line=line), line=line)
    assert "alert_text_names_operator" in codes(
        preview(findings=found, draft=draft("Orange coupe ma ligne."))
    )


@pytest.mark.parametrize(
    ("country", "postcode", "number"),
    [
        ("FR", "69003", "69"),
        ("FR", "20000", "2A"),
        ("FR", "20200", "2B"),
        ("FR", "97400", "974"),
        ("FR", "01000", "01"),
        ("FR", "97100", "971"),
        ("FR", "97133", "977"),
        ("FR", "97150", "978"),
        ("FR", "98000", ""),
        ("FR", "00000", ""),
        ("FR", "96000", ""),
        ("FR", "99138", ""),
        ("FR", "", ""),
        ("FR", "6900", ""),
        ("FR", "٦٩٠٠٣", ""),
        ("BE", "1000", ""),
    ],
)
def test_the_department_follows_from_a_french_postcode(country, postcode, number):
    assert department(country, postcode) == number


def test_attachments_are_named_in_the_forms_field():
    letter = Attachment("letter", "lettre.pdf", "application/pdf", 5, "00" * 32, "/tmp/lettre.pdf")
    alert = preview(attachments=(letter,))
    assert values(alert)["pieceJointe"] == "/tmp/lettre.pdf"
    assert alert.alert.attachments == (letter,)


def test_every_problem_and_profile_of_the_program_has_its_place_in_the_form():
    shown = form("jalerte")
    fields = {entry.name: {choice.code for choice in entry.choices} for entry in shown.fields}
    assert fields["profil"] == set(PROFILES)
    assert fields["technologieContainer:technologie"] == set(TECHNOLOGIES)
    for kind in knowledge.problems().values():
        assert kind.sector in fields["marche"]
        assert kind.detail in {"", *fields["sousProblematique"]}
        case = Case("x", kind.id, "FR", 0, MARIE.fields)
        assert values(preview(case))["problematique"]


def test_the_form_map_owns_up_to_what_is_unverified():
    shown = form("jalerte")
    unverified = {entry.name for entry in shown.fields if not entry.verified}
    assert {
        "problematique",
        "sousProblematique",
        "technologieContainer:technologie",
        "pieceJointe",
    } <= unverified
    assert not shown.text_limit_verified
    assert shown.text_limit == 2000
    assert len({entry.name for entry in shown.fields}) == len(shown.fields)


def test_every_warning_has_a_sentence():
    assert all(sentence.endswith(".") for sentence in WARNINGS.values())
