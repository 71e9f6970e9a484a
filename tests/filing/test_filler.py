"""The filler over pages in memory: it fills for certain or leaves with why; the rest stays with people."""

import random
import re
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.model import Remark
from jalerte_desktop.filing import filler
from jalerte_desktop.filing.filler import DECISIONS, LOOKS, TRIES, Stop, Wait
from jalerte_desktop.filing.form_words import content, plain
from jalerte_desktop.filing.model import Contact, NamedOperator, Place
from jalerte_desktop.filing.page import Attach, Choose, Control, PageOption, Press, Role, Search, Type
from jalerte_desktop.filing.values import State, field_values
from jalerte_desktop.words.errors_filing import REMARKS, say_remark
from tests.filing.form_site import (
    COMMUNE,
    CONSENT_ARCEP,
    CONSENT_THIRD,
    CONTACTED,
    EMAIL,
    FAMILY_NAME,
    FIELDS,
    FIRST_NAME,
    FORM,
    LETTER,
    OPERATOR,
    OTHER_OPERATOR,
    PHONE,
    PHOTO,
    RATING,
    TECHNOLOGY,
    Site,
    alert,
    button,
    control,
    filling,
    options,
    page,
    plain_steps,
    run,
)

EXPECTED = {
    "profil": "Particulier",
    "marche": "Fixe / Internet",
    "problematique": "Panne ou qualité de service",
    "sousProblematique": "Coupures de l’accès à internet",
    TECHNOLOGY: "Fibre",
    OPERATOR: "Orange",
    COMMUNE: "Rennes (35000)",
    "verbatim": alert().description,
    CONTACTED: "Oui",
    EMAIL: "marie.dupont@exemple.fr",
    FAMILY_NAME: "Dupont",
    FIRST_NAME: "Marie",
    PHONE: "06 12 34 56 78",
}


def step(*controls, given=None, site=None, unattended=True):
    """One step with "Poursuivre", filled until it stops or goes on: the stop (or None), the site, the report."""
    site = site or Site([[*controls, button("Poursuivre")], [control(CONSENT_ARCEP)]])
    fill = filling(given, unattended=unattended)
    stop = run(fill, site)
    return (None if site.position else stop), site, fill.report


def until_action(fill, shown):
    """What is decided about this page once the waiting is over."""
    for _ in range(2 * LOOKS):
        decided = fill.next(shown)
        if not isinstance(decided, Wait):
            return decided
    raise AssertionError("it only waits")


def whys(entries):
    return {one.name: one.why.code for one in entries}


# --- the whole way ---


def test_all_fields_are_filled_and_the_rest_is_left_to_the_person():
    site, fill = Site(plain_steps()), filling()
    stop = run(fill, site)
    assert stop.at == "consents"
    assert site.values() == EXPECTED
    report = fill.report
    assert {one.name: one.value for one in report.filled} == EXPECTED
    assert report.steps == ("Contexte", "Diagnostic", "Détails", "Compléments", "Validation")
    assert report.stopped_at == "consents: Validation"
    assert report.drift == ()
    assert whys(report.left) == {
        OTHER_OPERATOR: "fill_not_applicable",
        "pieceJointe": "fill_no_file",
        RATING: "fill_reserved_rating",
        CONSENT_THIRD: "fill_reserved",
        CONSENT_ARCEP: "fill_reserved",
    }
    assert not site.sent


def test_steps_in_another_order_and_under_other_names():
    steps = plain_steps()
    steps[1], steps[3] = steps[3], steps[1]
    renamed = [
        [
            replace(one, name=f"f{n}{m}") if one.role is not Role.BUTTON else one
            for m, one in enumerate(controls)
        ]
        for n, controls in enumerate(steps)
    ]
    site, fill = Site(renamed), filling()
    assert run(fill, site).at == "consents"
    assert {one.name: one.value for one in fill.report.filled} == EXPECTED
    assert set(whys(fill.report.drift).values()) == {"drift_name"}
    assert fill.report.steps == ("Contexte", "Compléments", "Détails", "Diagnostic", "Validation")


def test_after_the_stop_nothing_more_is_done():
    site, fill = Site(plain_steps()), filling()
    run(fill, site)
    for _ in range(30):
        assert isinstance(fill.next(site.page()), Stop)


# --- values that do not stay ---


def test_a_value_lost_in_a_redraw_is_put_in_again():
    lost = {3, 5}
    site = Site(plain_steps(), lose=lambda action, nth: nth in lost)
    fill = filling()
    assert run(fill, site).at == "consents"
    assert site.values() == EXPECTED


def test_a_value_that_never_stays_is_tried_three_times_and_left():
    stubborn = Site(
        [[control("profil"), control("marche"), button("Poursuivre")]],
        lose=lambda action, nth: action.control.name == "marche",
    )
    stop, site, report = step(site=stubborn)
    assert (stop.at, stop.why.code) == ("stuck", "fill_stop_open")
    assert sum(1 for one in site.log if one.control.name == "marche") == TRIES
    assert whys(report.left) == {"marche": "fill_did_not_stay"}
    assert not any(isinstance(one, Press) for one in site.log)


def test_a_value_that_vanishes_later_is_put_in_again_before_going_on():
    fill = filling()
    first, second = control(FAMILY_NAME), control(FIRST_NAME)
    go = button("Poursuivre")
    assert fill.next(page(first, second, go)) == Type(first, "Dupont")
    done = replace(first, value="Dupont")
    assert fill.next(page(done, second, go)) == Type(second, "Marie")
    assert fill.next(page(first, replace(second, value="Marie"), go)) == Type(first, "Dupont")
    assert [one.name for one in fill.report.filled] == [FAMILY_NAME, FIRST_NAME]


def test_a_wrong_value_of_the_pages_own_is_put_right():
    chosen = tuple(replace(one, chosen=one.label == "Entreprise") for one in control("profil").options)
    stop, site, _report = step(control("profil", options=chosen))
    assert stop is None
    assert site.values()["profil"] == "Particulier"


def test_what_a_person_changed_stays_while_they_look_on():
    fill = filling(unattended=False)
    empty, go = control(FAMILY_NAME), button("Poursuivre")
    fill.next(page(empty, go))
    fill.next(page(replace(empty, value="Dupont"), go))
    stop = fill.next(page(replace(empty, value="Martin"), go))
    assert isinstance(stop, Stop | Wait)
    assert whys(fill.report.left) == {FAMILY_NAME: "fill_person_changed"}


def test_a_telephone_number_may_be_written_without_spaces():
    stop, _site, report = step(control(PHONE, value="0612345678"))
    assert stop is None
    assert report.filled[0].name == PHONE


# --- going on ---


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        (alert(service_contacted=None), CONTACTED, "fill_missing"),
        (alert(description=""), "verbatim", "fill_missing"),
        (alert(contact=Contact("Marie", "", "m@exemple.fr", "")), FAMILY_NAME, "fill_missing"),
    ],
)
def test_a_field_without_a_value_holds_the_step(given, name, why):
    stop, _site, report = step(control(name), control("profil"), given=given)
    assert (stop.at, stop.why.code) == ("stuck", "fill_stop_open")
    assert whys(report.left) == {name: why}
    assert [one.name for one in report.filled] == ["profil"]


def test_an_empty_optional_field_does_not():
    given = alert(contact=Contact("Marie", "Dupont", "m@exemple.fr", ""))
    stop, _site, _report = step(control(PHONE), control(EMAIL), given=given)
    assert stop is None
    stop, _site, report = step(control(PHONE, required=True), control(EMAIL), given=given)
    assert (stop.at, whys(report.left)) == ("stuck", {PHONE: "fill_missing"})


UNKNOWN = [
    Control(
        "u", Role.SELECT, "habitat", "Type de logement", options=options("Choisissez", "Maison", "Immeuble")
    ),
    Control("u", Role.TEXT, "habitat", "Type de logement", input_type="text"),
    Control("u", Role.RADIO, "habitat", "Type de logement", options=options("Maison", "Immeuble")),
    Control("u", Role.CHECKBOX, "habitat", "Je vis seul"),
    Control("u", Role.OTHER, "habitat", "Type de logement"),
    control(PHONE, handle="u", name="habitat", label="Numéro de client"),
    control(PHONE, handle="u", label="Numéro de client"),
]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=lambda one: f"{one.role}-{one.name}")
def test_the_rest_is_filled_before_an_unknown_field_stops_it(unknown):
    stop, site, report = step(unknown, control("profil"), control("marche"))
    assert stop.at == "drift"
    assert unknown.label in say_remark(stop.why)
    assert set(site.values()) == {"profil", "marche"}
    assert unknown.label in [one.label for one in report.drift]
    assert not any(isinstance(one, Press) for one in site.log)


def test_an_unknown_field_that_is_answered_holds_nothing_unless_it_is_required():
    answered = replace(UNKNOWN[1], value="Maison")
    assert step(answered, control("profil"))[0] is None
    assert step(replace(answered, required=True), control("profil"))[0].at == "drift"


def test_boxes_that_need_not_be_ticked_and_a_search_of_the_site_hold_nothing():
    boxes = control(
        "choixMultipleContainer", name="x", label="À quels moments", options=options("Matin", "Soir")
    )
    search = Control("s", Role.TEXT, "q", "Rechercher", input_type="search")
    stop, site, report = step(boxes, search, control("profil"))
    assert stop is None
    assert set(site.values()) == {"profil"}
    assert whys(report.left)["choixMultipleContainer"] == "fill_not_known"
    stop, _site, _report = step(replace(boxes, required=True), control("profil"))
    assert stop.at == "drift"


@pytest.mark.parametrize("position", range(4))
def test_a_consent_on_any_step_stops_there(position):
    steps = plain_steps()
    steps[position].insert(0, Control("c", Role.CHECKBOX, "x", "Je certifie l’exactitude de ces faits"))
    site, fill = Site(steps), filling()
    assert run(fill, site).at == "consents"
    assert site.position == position


def test_a_consent_that_the_page_gave_by_itself_is_told():
    ticked = control(CONSENT_ARCEP, options=(PageOption("", "on", True),))
    stop, site, report = step(ticked, control(EMAIL))
    assert stop.at == "consents"
    assert whys(report.left) == {CONSENT_ARCEP: "fill_was_ticked"}
    assert [one.control.name for one in site.log] == [EMAIL]


def test_a_rating_is_given_only_as_the_person_gave_it():
    for told, expected in [(alert(), None), (alert(rating=2), "2 étoiles")]:
        _stop, site, _report = step(control(RATING), control(EMAIL), given=told)
        assert site.values().get(RATING) == expected
    stop, _site, _report = step(control(RATING), control(EMAIL))
    assert stop.at == "consents"
    assert step(control(RATING), control(EMAIL), given=alert(rating=2))[0] is None


def test_a_rating_on_another_scale_is_left():
    scale = options(*map(str, range(11)))
    stop, site, report = step(control(RATING, options=scale), control(EMAIL), given=alert(rating=2))
    assert RATING not in site.values()
    assert stop.at in ("drift", "consents")
    assert RATING in whys(report.left)


SENDERS = [
    *FORM.wordings.send,
    "ENVOYER",
    "Poursuivre et envoyer",
    "Signer et transmettre",
    "Valider cette étape",
    "Publier",
    "Déposer",
]


@pytest.mark.parametrize("label", SENDERS)
def test_a_button_that_may_send_is_never_pressed(label):
    site = Site([[control("profil"), button(label)]])
    fill = filling()
    assert run(fill, site).at == "send"
    assert [type(one) for one in site.log] == [Choose]


def test_the_way_back_is_never_pressed_and_two_ways_on_are_too_many():
    only_back = Site([[control("profil"), button("Précédent")]])
    fill = filling()
    assert run(fill, only_back).why.code == "fill_stop_no_next"
    two = Site([[control("profil"), button("Poursuivre"), button("Suivant")]])
    fill = filling()
    assert run(fill, two).why.code == "fill_stop_two_next"
    grey = Site([[control("profil"), button("Poursuivre", enabled=False)]])
    fill = filling()
    assert run(fill, grey).why.code == "fill_stop_next_disabled"


def test_a_page_that_stays_is_pressed_three_times_at_most():
    site = Site(
        [[control("profil"), button("Poursuivre")]], lose=lambda action, _nth: isinstance(action, Press)
    )
    stop, _site, report = step(site=site)
    assert (stop.at, stop.why.code) == ("stuck", "fill_stop_unchanged")
    assert sum(isinstance(one, Press) for one in site.log) == TRIES
    assert report.stopped_at == "stuck: Contexte"


def test_what_the_page_complains_of_is_told():
    fill, one, go = filling(), control(FAMILY_NAME, value="Dupont"), button("Poursuivre")
    assert isinstance(until_action(fill, page(one, go, errors=("Ancien message",))), Press)
    stop = fill.next(page(one, go, errors=("Ancien message", "Le nom {0} est trop court")))
    assert stop.at == "stuck"
    assert "Le nom {0} est trop court" in say_remark(stop.why)
    assert "Ancien" not in say_remark(stop.why)
    assert [one.why.code for one in fill.report.drift] == ["fill_page_refused"]


def test_it_waits_for_a_field_that_comes_late():
    fill = filling()
    profile = control("profil")
    chosen = replace(
        profile, options=tuple(replace(one, chosen=one.label == "Particulier") for one in profile.options)
    )
    go = button("Poursuivre")
    for _ in range(3):
        assert isinstance(fill.next(page(chosen, go)), Wait)
    assert fill.next(page(chosen, control("marche"), go)).control.name == "marche"


def test_a_field_that_never_comes_is_told_once_its_step_is_behind():
    site = Site([[control("profil"), button("Poursuivre")], [control(CONSENT_ARCEP), control(EMAIL)]])
    fill = filling()
    run(fill, site)
    assert whys(fill.report.drift) == {"marche": "drift_not_seen"}


# --- kinds of pages ---


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        (page(text="Merci. Votre alerte a été soumise !"), "success"),
        (page(text="Votre session a expiré, recommencez."), "expired"),
        (page(text="Bonjour", title="Session expirée"), "expired"),
        (page(text="Une erreur est survenue"), "failed"),
        (page(text="Prouvez", captcha=True), "captcha"),
        (page(text="Bienvenue"), "unknown-page"),
        (page(button("Tout accepter"), text="Ce site utilise des cookies"), "consents"),
    ],
)
def test_what_the_page_is(shown, at):
    fill = filling()
    decided = [fill.next(shown) for _ in range(LOOKS + 1)]
    assert decided[-1].at == at
    assert not any(isinstance(one, Press) for one in decided)
    assert fill.report.stopped_at == at


def test_a_step_that_mentions_success_or_errors_is_still_a_step():
    fill = filling()
    text = "Quand votre alerte a été soumise, un courriel suit. Une erreur est survenue ? Votre session a expiré ?"
    shown = page(control(FAMILY_NAME), control(FIRST_NAME), button("Poursuivre"), text=text)
    assert fill.next(shown) == Type(shown.controls[0], "Dupont")


@pytest.mark.parametrize("label", FORM.wordings.refuse_cookies)
def test_cookies_are_refused_and_never_accepted(label):
    accept = button("Tout accepter")
    shown = page(accept, button("Paramétrer"), button(label.upper()), text="Les cookies")
    assert filling().next(shown) == Press(shown.controls[2])
    over_a_step = page(control("profil"), control("marche"), *shown.controls, text="Les cookies")
    assert filling().next(over_a_step) == Press(over_a_step.controls[4])


@pytest.mark.parametrize("label", FORM.wordings.start)
def test_an_alert_is_begun_by_its_button_and_only_once(label):
    shown = page(button("S’informer"), button(label), text="Bienvenue")
    fill = filling()
    assert fill.next(shown) == Press(shown.controls[1])
    twice = page(button(label), button(label, handle="b2"), text="Bienvenue")
    assert filling().next(twice).at == "unknown-page"
    begun = filling()
    begun.next(page(control("profil"), control("marche"), button("Poursuivre")))
    assert begun.next(shown).at == "expired"


def test_a_captcha_on_a_step_stops_after_the_rest_is_filled():
    fill, one = filling(), control(FAMILY_NAME)
    go = button("Poursuivre")
    assert fill.next(page(one, go, captcha=True)) == Type(one, "Dupont")
    stop = until_action(fill, page(replace(one, value="Dupont"), go, captcha=True))
    assert stop.at == "captcha"


# --- single fields ---


def test_a_text_that_is_too_long_is_not_cut():
    stop, site, report = step(control("verbatim", max_length=20))
    assert stop.at == "stuck"
    assert whys(report.left) == {"verbatim": "fill_too_long"}
    assert site.log == []
    wide = alert(description="😀" * 11)
    assert step(control("verbatim", max_length=21), given=wide)[0].at == "stuck"
    assert step(control("verbatim", max_length=22), given=wide)[0] is None


@pytest.mark.parametrize(
    ("named", "offered", "chosen", "typed"),
    [
        (NamedOperator("Sosh", "Orange", True), ["Orange", "Sosh · Orange", "Autre"], "Sosh · Orange", None),
        (NamedOperator("Free", "", True), ["Free Mobile", "Free", "Autre"], "Free", None),
        (NamedOperator("Free", "", True), ["Free Mobile", "SFR", "Autre"], None, None),
        (NamedOperator("Free", "", True), ["Orange", "SFR", "Autre"], "Autre", "Free"),
        (
            NamedOperator("RED by SFR", "SFR", True, ("red", "red sfr")),
            ["SFR", "RED · SFR"],
            "RED · SFR",
            None,
        ),
        (
            NamedOperator("Réseau du Village", "", False),
            ["Orange", "SFR", "Autre"],
            "Autre",
            "Réseau du Village",
        ),
        (
            NamedOperator("Réseau du Village", "", False),
            ["Réseau du Village", "Autre"],
            "Réseau du Village",
            None,
        ),
        (NamedOperator("Réseau du Village", "", False), ["Orange", "SFR"], None, "Réseau du Village"),
    ],
)
@pytest.mark.parametrize("role", [Role.SELECT, Role.RADIO])
def test_operators(named, offered, chosen, typed, role):
    listed = control(OPERATOR, role=role, options=options("Choisissez", *offered))
    other = control(OTHER_OPERATOR)
    stop, site, report = step(listed, other, given=alert(operator=named))
    assert site.values().get(OPERATOR) == chosen
    assert site.values().get(OTHER_OPERATOR) == typed
    if chosen is None:
        assert stop.at == "drift"
        assert whys(report.drift) == {OPERATOR: "drift_no_option"}
    else:
        assert stop is None


def test_an_operators_list_that_is_searched():
    searched = control(OPERATOR, role=Role.SEARCH, options=())
    action = filling().next(page(searched, button("Poursuivre")))
    assert isinstance(action, Search)
    assert "Orange" in action.wanted
    assert "Orange Business" not in action.wanted


def test_a_commune_is_searched_by_postcode_and_never_guessed():
    stop, site, _report = step(control(COMMUNE))
    assert (stop, site.values()[COMMUNE]) == (None, "Rennes (35000)")
    assert site.log[0].query == "35000"
    twins = Site([[control(COMMUNE), button("Poursuivre")]], communes=("Rennes (35000)", "RENNES (35000)"))
    stop, site, report = step(site=twins)
    assert (stop.at, site.values()) == ("stuck", {})
    assert whys(report.drift) == {COMMUNE: "fill_no_result"}
    nobody_said = alert(place=Place("FR", "35000"))
    stop, site, _report = step(control(COMMUNE), given=nobody_said)
    assert (stop.at, site.values()) == ("stuck", {})


def test_a_district_is_taken_where_the_town_itself_is_not_offered():
    paris = alert(place=Place("FR", "75011", "Paris", "75"))
    offered = ("Paris 11e Arrondissement (75011)",)
    site = Site([[control(COMMUNE), button("Poursuivre")], [control(CONSENT_ARCEP)]], communes=offered)
    assert step(site=site, given=paris)[0] is None
    both = Site(
        [[control(COMMUNE), button("Poursuivre")], [control(CONSENT_ARCEP)]],
        communes=("Paris (75011)", *offered),
    )
    step(site=both, given=paris)
    assert both.values()[COMMUNE] == "Paris (75011)"


@pytest.mark.parametrize(
    ("label", "typed"), [("Code postal", "35000"), ("Commune", "Rennes"), ("Code postal ou commune", "35000")]
)
def test_a_plain_field_for_the_place_gets_what_its_label_asks(label, typed):
    plainly = control(COMMUNE, role=Role.TEXT, label=label, input_type="text")
    _stop, site, _report = step(plainly)
    assert site.values()[COMMUNE] == typed


def test_a_field_that_turns_out_to_search_is_searched():
    plainly = control(COMMUNE, role=Role.TEXT, label="Commune ou code postal", input_type="text")
    fill, go = filling(), button("Poursuivre")
    search = until_action(fill, page(plainly, go))
    assert isinstance(search, Search)
    assert search.query == "35000"
    assert isinstance(until_action(fill, page(replace(plainly, value="Rennes (35000)"), go)), Press)
    assert fill.report.filled[-1].value == "Rennes (35000)"
    by_name = until_action(filling(), page(replace(plainly, label="Ville"), go))
    assert (by_name.query, "Rennes" in by_name.wanted) == ("Rennes", True)
    short = until_action(filling(), page(replace(plainly, label="Code postal", max_length=5), go))
    assert isinstance(short, Type)


def test_the_postcode_comes_before_the_communes_that_it_brings():
    code = Control("code", Role.TEXT, "cp", "Code postal", max_length=5, input_type="text")
    town = control(COMMUNE, role=Role.SELECT, label="Commune", options=options("Choisissez"))
    fill, go = filling(), button("Poursuivre")
    typed = until_action(fill, page(code, town, go))
    assert (typed.control, typed.text) == (code, "35000")
    code = replace(code, value="35000")
    assert isinstance(fill.next(page(code, town, go)), Wait)
    town = replace(town, options=options("Choisissez", "Rennes", "Rennes-le-Château"))
    assert until_action(fill, page(code, town, go)).option.label == "Rennes"


def test_communes_in_a_list():
    listed = control(
        COMMUNE, role=Role.SELECT, options=options("Rennes (35200)", "35000 Rennes", "Cesson (35000)")
    )
    _stop, site, _report = step(listed)
    assert site.values()[COMMUNE] == "35000 Rennes"
    nobody_said = alert(place=Place("FR", "35000"))
    stop, site, _report = step(listed, given=nobody_said)
    assert (stop.at, site.values()) == ("drift", {})


def test_files_go_along_as_far_as_they_are_taken():
    both = alert(attachments=(PHOTO, LETTER))
    stop, site, report = step(control("pieceJointe"), control("verbatim"), given=both)
    assert stop is None
    assert site.values()["pieceJointe"] == "photo.jpg, lettre.pdf"
    stop, site, report = step(control("pieceJointe", accepts=".pdf"), control("verbatim"), given=both)
    assert stop is None
    assert site.values()["pieceJointe"] == "lettre.pdf"
    assert whys(report.left) == {"pieceJointe": "fill_files_unfit"}
    huge = alert(attachments=(replace(PHOTO, size_bytes=FORM.attachment_bytes + 1),))
    assert "pieceJointe" not in step(control("pieceJointe"), control("verbatim"), given=huge)[1].values()


def test_an_unknown_place_for_files_holds_nothing_where_there_are_none():
    strange = Control("f", Role.FILE, "x", "Croquis de la chambre", input_type="file")
    stop, _site, report = step(strange, control("verbatim"))
    assert stop is None
    assert whys(report.left)["x"] == "drift_unknown"
    stop, _site, _report = step(strange, control("verbatim"), given=alert(attachments=(PHOTO,)))
    assert stop.at == "drift"
    stop, _site, _report = step(replace(strange, required=True), control("verbatim"))
    assert stop.at == "drift"


def test_files_go_one_by_one_where_several_are_refused():
    both = alert(attachments=(PHOTO, LETTER))
    fill, one, go = filling(both), control("pieceJointe"), button("Poursuivre")
    assert len(until_action(fill, page(one, go)).files) == 2
    assert until_action(fill, page(one, go)).files == ((PHOTO.path, PHOTO.name),)
    # The page lists what it took, and empties the field.
    assert until_action(fill, page(one, go, text="photo.jpg (1 Ko)")).files == ((LETTER.path, LETTER.name),)
    until_action(fill, page(one, go, text="photo.jpg (1 Ko) lettre.pdf (2 Ko)"))
    assert fill.report.filled[-1].value == "photo.jpg, lettre.pdf"


def test_a_field_that_holds_one_file_keeps_it():
    both = alert(attachments=(PHOTO, LETTER))
    site = Site(
        [[control("pieceJointe"), button("Poursuivre")], [control(CONSENT_ARCEP)]],
        lose=lambda action, _nth: isinstance(action, Attach) and len(action.files) > 1,
    )
    _stop, site, report = step(site=site, given=both)
    assert site.values()["pieceJointe"] == "photo.jpg"
    assert whys(report.left)["pieceJointe"] == "fill_files_one"


# --- whatever comes ---

NOISE = [
    Control("", Role.CHECKBOX, "n1", "Je certifie l’exactitude"),
    Control("", Role.RADIO, "n2", "Autorisez-vous la transmission", options=options("Oui", "Non")),
    Control("", Role.TEXT, "n3", "Numéro de dossier", input_type="text"),
    Control("", Role.SELECT, "n4", "Type de logement", options=options("Choisissez", "Maison", "Immeuble")),
    Control("", Role.RADIO, "n5", "Êtes-vous déjà client", options=options("Oui", "Non")),
    Control("", Role.TEXT, "n6", "Confirmez votre courriel", input_type="email"),
    Control("", Role.TEXT, FAMILY_NAME, "Nom du voisin", input_type="text"),
    Control("", Role.TEXT, PHONE, "Numéro de client", input_type="text"),
    Control("", Role.RADIO, "n7", "", options=options("1", "2", "3", "4", "5")),
    Control(
        "", Role.SELECT, "n8", "Ancienne technologie", options=options("Choisissez", "Fibre", "ADSL", "Câble")
    ),
    Control("", Role.SELECT, "n9", "Ancien opérateur", options=options("Orange", "Free", "SFR")),
    Control("", Role.RADIO, "marche", "Comment nous avez-vous connus", options=options("Mobile", "Presse")),
]
BUTTONS = [
    "Poursuivre",
    "Suivant",
    "Précédent",
    "Envoyer mon alerte",
    "Tout accepter",
    "Valider",
    "Enregistrer",
]


def right_values(given):
    """For each field all the texts that are right in a page."""
    found = {}
    for one in field_values(given, FORM):
        if one.state is State.FILLED:
            found[one.field.name] = {plain(text) for text in (one.value.text, *one.value.accepted)}
    return found


@st.composite
def disguised(draw):
    """A page of fields in any order, under any of their labels and names, with others between."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    names = [entry.name for entry in FORM.fields if draw(st.booleans())]
    renamed = draw(st.booleans())
    controls, truth = [], {}
    for place, name in enumerate(names):
        entry, one = FIELDS[name], control(name)
        offered = list(one.options)
        if entry.choices and entry.fill != "operator":
            offered = [
                replace(o, label=rng.choice(choice.labels))
                for o, choice in zip(one.options, entry.choices, strict=True)
                if rng.random() < 0.9
            ]
        rng.shuffle(offered)
        label = rng.choice(entry.labels)
        label = rng.choice([label, label.upper(), f"{label} *", f"{label} (facultatif)"])
        # A label or a name may be gone, not both.
        label = "" if not renamed and entry.choices and rng.random() < 0.2 else label
        handle = f"k{place}"
        truth[handle] = name
        controls.append(
            replace(
                one, handle=handle, name=f"x{place}" if renamed else name, label=label, options=tuple(offered)
            )
        )
    noise = [replace(one, handle=f"noise{n}") for n, one in enumerate(NOISE) if rng.random() < 0.15]
    buttons = [button(label) for label in BUTTONS if rng.random() < 0.4]
    everything = [*controls, *noise, *buttons]
    rng.shuffle(everything)
    return everything, truth


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(disguised(), st.booleans(), st.sampled_from([None, 2]), st.integers(0, 3))
def test_never_a_wrong_value_a_consent_a_rating_or_a_sending(disguise, unattended, rating, losing):
    everything, truth = disguise
    given_alert = alert(rating=rating)
    right = right_values(given_alert)
    site = Site([everything, []], lose=lambda _action, nth: losing and nth % (losing + 1) == 0)
    fill = filling(given_alert, unattended=unattended)
    run(fill, site, limit=DECISIONS + 50)
    for action in site.log:
        handle = action.control.handle.partition("/")[0]
        if isinstance(action, Press):
            assert content(action.control.label) in {content(label) for label in FORM.wordings.next}
            continue
        assert handle in truth, f"an action on {action.control.label!r}"
        field = FIELDS[truth[handle]]
        assert not field.reserved
        assert field.control != "rating" or rating is not None
        text = {Choose: lambda a: a.option.label, Type: lambda a: a.text}.get(type(action))
        if field.control == "rating":
            assert action.option.label == "2 étoiles"
        elif text is not None:
            assert plain(text(action)) in right[field.name], (field.name, text(action))
        elif isinstance(action, Search):
            assert action.wanted
            assert all("35000" in one and "Rennes" in one for one in action.wanted)
    if site.position:
        unanswered = [one for one in everything if one.handle.startswith("noise")]
        assert not unanswered or all(one.options and any(o.chosen for o in one.options) for one in unanswered)
        assert not any(FIELDS[name].reserved for name in truth.values())


@settings(max_examples=6, deadline=None)
@given(
    st.lists(disguised().map(lambda found: page(*found[0])), min_size=1, max_size=5), st.integers(0, 2**32)
)
def test_it_ends_whatever_the_pages_do(pages, seed):
    """Pages that ignore all actions and change as they like: at most so many actions and waits."""
    rng = random.Random(seed)
    fill = filling()
    acted = 0
    for _ in range(DECISIONS + 60):
        shown = rng.choice(pages)
        decided = fill.next(shown)
        if not isinstance(decided, Stop):
            acted += 1
            if not isinstance(decided, Wait):
                assert decided.control in shown.controls
    assert acted <= DECISIONS


def test_disguised_pages_are_mostly_filled():
    """Else the test above would hold by doing nothing."""
    tried, filled = 0, 0

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(disguised())
    def fill_one(disguise):
        nonlocal tried, filled
        everything, truth = disguise
        known = {one.handle for one in everything} & set(truth)
        tried += sum(truth[handle] in EXPECTED for handle in known)
        site, fill = (
            Site([[one for one in everything if not one.handle.startswith(("noise", "b-Tout"))], []]),
            filling(),
        )
        run(fill, site)
        filled += len(fill.report.filled)

    fill_one()
    assert tried > 50
    assert filled > 0.8 * tried


CODES = sorted(code for code in REMARKS if code.startswith(("fill_", "drift_")))


@pytest.mark.parametrize("code", CODES)
def test_whatever_is_said_has_words_for_every_value(code):
    names = {name for _text, name, _spec, _how in Formatter().parse(REMARKS[code]) if name}
    assert "{" not in say_remark(Remark.of(code, **dict.fromkeys(names, "…")))


def test_every_remark_that_the_filler_makes_has_words():
    sources = "".join(
        (Path(filler.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        for name in ("filler", "fill_ledger", "aims", "matching")
    )
    made = set(re.findall(r'"((?:fill|drift)_[a-z_]+)"', sources))
    made |= {f"fill_stop_{kind}" for kind in ("success", "expired", "failed", "captcha")}
    assert made <= set(CODES)
    assert set(CODES) <= made
