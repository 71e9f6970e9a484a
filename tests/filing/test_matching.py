"""Which control is which field: labels first, then names; in doubt nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalerte_desktop.filing.form_words import content, plain, says, words
from jalerte_desktop.filing.matching import By, is_consent, match_page, role_fits
from jalerte_desktop.filing.page import Control, PageOption, Role
from jalerte_desktop.filing.picking import (
    answers,
    commune_names,
    commune_wordings,
    district_wordings,
    pick_choice,
    pick_operator,
    pick_star,
)
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
    OPERATOR,
    OTHER_OPERATOR,
    PHONE,
    RATING,
    TECHNOLOGY,
    control,
    known_options,
    options,
    page,
)


def found(*controls):
    """Names of the map by the control's handle, of those that are certain."""
    matched = match_page(page(*controls), FORM)
    return {match.control.handle: match.field.name for match in matched.sure}


def doubts(*controls):
    return {one.control.handle: one.why.code for one in match_page(page(*controls), FORM).doubts}


def test_ornaments_of_labels_are_no_words():
    assert words("  Téléphone (facultatif) * ") == words("TELEPHONE") == ("telephone",)
    assert words("Prénom — champ obligatoire") == ("prenom",)
    assert plain("L’opérateur :") == plain("l'operateur")
    assert content("Choisissez votre opérateur") == content("Opérateur")
    assert words("E-mail (exemple : nom@domaine.fr)") == words("E-mail")
    assert words("Nom (de l’opérateur)") != words("Nom")
    assert words("***") == ()


def test_phrases_are_found_as_whole_words_only():
    assert says("…  Votre alerte a été SOUMISE. Merci", ["Votre alerte a été soumise"])
    assert not says("Votre alerte a été soumises", ["Votre alerte a été soumise"])
    assert not says("anything", ["", "***"])


@pytest.mark.parametrize("name", [entry.name for entry in FORM.fields if not entry.reserved])
def test_each_field_is_known_by_each_of_its_labels_without_a_name(name):
    for label in FIELDS[name].labels:
        one = control(name, name="", label=f"{label} *")
        wanted = {} if FIELDS[name].control == "rating" and not pick_star(one, 1) else {one.handle: name}
        assert found(one) == wanted, label


@pytest.mark.parametrize("name", [entry.name for entry in FORM.fields if not entry.reserved])
def test_each_field_is_known_by_its_name_without_a_label(name):
    one = control(name, label="")
    if FIELDS[name].control == "rating":
        return
    assert found(one) == {one.handle: name}
    longer = control(name, name=f"form:{name}", label="")
    assert found(longer) == {one.handle: name}


def test_names_that_changed_places_do_not_mislead():
    family = control(FIRST_NAME, handle="family", label="Nom")
    first = control(FAMILY_NAME, handle="first", label="Prénom")
    assert found(family, first) == {"family": FAMILY_NAME, "first": FIRST_NAME}


def test_a_known_name_that_asks_something_else_is_left():
    strange = control(PHONE, label="Numéro de client")
    assert found(strange) == {}
    assert doubts(strange) == {strange.handle: "drift_label"}


def test_nom_is_not_the_name_of_the_operator():
    operator = control(OTHER_OPERATOR, handle="operator", name="x", label="Nom de l’opérateur")
    family = control(FAMILY_NAME, handle="family", name="y", label="Nom")
    first = control(FIRST_NAME, handle="first", name="z", label="Prénom")
    assert found(operator, family, first) == {
        "operator": OTHER_OPERATOR,
        "family": FAMILY_NAME,
        "first": FIRST_NAME,
    }
    assert found(control(FAMILY_NAME, label="Nom de l’opérateur concerné")) == {}


@pytest.mark.parametrize(
    "label",
    [
        "Confirmez votre courriel",
        "Ancien courriel",
        "Courriel du conjoint",
        "Autre courriel",
        "Courriel du maire",
    ],
)
def test_another_question_with_the_fields_word_is_not_the_field(label):
    assert found(control(EMAIL, label=label)) == {}


def test_a_name_counts_with_one_of_the_fields_words_as_a_whole_word():
    assert found(control(EMAIL, label="Courriel où vous joindre")) != {}
    assert found(control(EMAIL, label="Emailing")) == {}


def test_two_controls_for_one_field_are_none_unless_one_bears_the_name():
    one, two = control(EMAIL, handle="one", name="a"), control(EMAIL, handle="two", name="b")
    assert found(one, two) == {}
    assert doubts(one, two) == {"one": "drift_two", "two": "drift_two"}
    assert found(one, replace(two, name=EMAIL)) == {"two": EMAIL}


def test_a_label_weighs_more_than_a_name_elsewhere():
    named = control(TECHNOLOGY, handle="named", label="Votre connexion")
    labelled = control(TECHNOLOGY, handle="labelled", name="x")
    assert found(named, labelled) == {"labelled": TECHNOLOGY}


def test_roles_that_stand_for_one_another_and_roles_that_do_not():
    assert found(control("profil", role=Role.SELECT)) != {}
    assert found(control(TECHNOLOGY, role=Role.RADIO)) != {}
    assert found(control(RATING, role=Role.TEXTAREA, options=())) == {}
    assert doubts(control(EMAIL, role=Role.FILE)) != {}
    assert not role_fits(control(EMAIL, input_type="password"), FIELDS[EMAIL])
    assert not role_fits(control(FAMILY_NAME, input_type="number"), FIELDS[FAMILY_NAME])


def test_choices_tell_the_field_where_at_least_two_are_known():
    strange = control("profil", name="x1", label="Pour commencer")
    assert found(strange) == {strange.handle: "profil"}
    assert match_page(page(strange), FORM).sure[0].by is By.OPTIONS
    one_known = replace(strange, options=options("Particulier", "Extraterrestre"))
    assert found(one_known) == {}
    assert found(replace(strange, label="Votre ancien profil")) == {}


def test_yes_and_no_tell_nothing():
    strange = control(CONTACTED, name="x1", label="Êtes-vous abonné")
    assert found(strange) == {}


CONSENTS = [
    "J’accepte que l’Arcep traite mes données personnelles",
    "Je certifie l’exactitude de ces informations",
    "J’ai lu les conditions générales d’utilisation",
    "Consentement",
    "J’autorise la transmission à mon opérateur",
    "Politique RGPD",
    "Je déclare sur l’honneur que ces faits sont exacts",
    "S’abonner à la newsletter",
]


@pytest.mark.parametrize("label", CONSENTS)
@pytest.mark.parametrize("role", [Role.CHECKBOX, Role.RADIO, Role.SELECT, Role.CHECKBOXES, Role.OTHER])
def test_whatever_asks_for_a_consent_is_one(label, role):
    asked = Control("h", role, "profil", label, options=known_options(FIELDS["profil"]))
    assert is_consent(asked, FORM)
    assert found(asked) == {}


@pytest.mark.parametrize(
    "name", [CONSENT_THIRD, CONSENT_ARCEP, "form:consentementTiers", "rgpd", "acceptCgu"]
)
def test_the_name_of_a_consent_is_enough(name):
    assert is_consent(control("profil", name=name), FORM)


def test_answers_that_agree_make_a_consent():
    asked = Control("h", Role.RADIO, "x", "", options=options("J’accepte", "Je refuse"))
    assert is_consent(asked, FORM)


@pytest.mark.parametrize(
    "entry", [entry for entry in FORM.fields if not entry.reserved], ids=lambda e: e.name
)
def test_no_known_label_of_an_ordinary_field_looks_like_a_consent(entry):
    for label in entry.labels:
        assert not is_consent(control(entry.name, label=label), FORM), label


def test_the_map_gives_no_wording_two_meanings():
    for place, one in enumerate(FORM.fields):
        for other in FORM.fields[place + 1 :]:
            shared = {words(label) for label in one.labels} & {words(label) for label in other.labels}
            assert not shared or {one.control, other.control} == {"select", "text"}, (
                one.name,
                other.name,
                shared,
            )
        for number, choice in enumerate(one.choices):
            for later in one.choices[number + 1 :]:
                shared = {words(label) for label in choice.labels} & {words(label) for label in later.labels}
                assert not shared, (one.name, choice.code, later.code, shared)


def test_every_button_has_one_meaning():
    wordings = FORM.wordings
    kinds = [wordings.start, wordings.next, wordings.send, wordings.refuse_cookies]
    told = [content(label) for kind in kinds for label in {content(one): one for one in kind}.values()]
    assert len(told) == len(set(told))


# --- options ---


def pick(name, code, *labels):
    option = pick_choice(control(name, options=options(*labels)), FIELDS[name], code)
    return option and option.label


@pytest.mark.parametrize(
    ("name", "code", "labels", "wanted"),
    [
        (TECHNOLOGY, "fibre", ["ADSL", "FIBRE OPTIQUE", "Câble"], "FIBRE OPTIQUE"),
        (TECHNOLOGY, "fibre", ["Fibre optique jusqu’au domicile", "ADSL"], "Fibre optique jusqu’au domicile"),
        (TECHNOLOGY, "fibre", ["Fibre ou ADSL", "Câble"], None),
        (TECHNOLOGY, "fibre", ["Pas de fibre", "Câble"], None),
        (TECHNOLOGY, "fibre", ["Fibre", "Fibre optique"], None),
        (TECHNOLOGY, "4g", ["4G/5G", "Fibre"], None),
        ("sousProblematique", "cuts", ["Coupures du téléphone fixe", "Débit insuffisant"], None),
        ("sousProblematique", "cuts", ["Coupures dues aux travaux", "Coupures de nuit"], None),
        ("problematique", "service-quality", ["Qualité de service mobile", "Facturation"], None),
        ("marche", "fixed", ["Internet mobile", "Mobile"], None),
        (CONTACTED, "yes", ["Oui, sans réponse", "Non"], None),
        (CONTACTED, "yes", ["Oui", "Non"], "Oui"),
    ],
)
def test_a_choice_is_taken_only_where_it_is_clear(name, code, labels, wanted):
    assert pick(name, code, *labels) == wanted


def test_a_choice_that_cannot_be_chosen_is_not_there():
    disabled = tuple(replace(one, enabled=False) for one in options("Fibre", "ADSL"))
    assert pick_choice(control(TECHNOLOGY, options=disabled), FIELDS[TECHNOLOGY], "fibre") is None
    assert answers(control(TECHNOLOGY, options=options("Choisissez…", "--", "", "Fibre")))[0].label == "Fibre"


def operator(accepted, *labels, network_known=False):
    option = pick_operator(control(OPERATOR, options=options(*labels)), accepted, network_known=network_known)
    return option and option.label


def test_an_operator_is_never_its_neighbour():
    assert operator(("Free · Free", "Free"), "Free Mobile", "Free Pro", "SFR") is None
    assert operator(("Free · Free", "Free"), "Free Mobile", "Free") == "Free"
    assert operator(("Free · Free", "Free"), "Free · Mobile", "SFR") is None
    assert operator(("Sosh · Orange", "Sosh"), "Sosh · SFR", network_known=True) is None
    assert operator(("Sosh · Orange", "Sosh"), "Sosh", "Sosh · Orange", network_known=True) == "Sosh · Orange"


def test_a_brand_with_one_network_is_taken_where_the_network_is_not_known():
    assert operator(("Sosh · Sosh", "Sosh"), "Sosh · Orange", "Orange") == "Sosh · Orange"
    assert operator(("Coriolis · Coriolis", "Coriolis"), "Coriolis · Orange", "Coriolis · SFR") is None


def test_communes_and_districts():
    assert "Rennes (35000)" in commune_wordings("Rennes", "35000")
    assert "Saint Denis (93200)" in commune_wordings("St-Denis", "93200")
    assert "Paris 11e Arrondissement (75011)" in district_wordings("Paris", "75011")
    assert "Paris 1er Arrondissement (75001)" in district_wordings("Paris", "75001")
    assert "Lyon 3e Arrondissement (69003)" in district_wordings("Lyon 3ème", "69003")
    assert "Paris 16e Arrondissement (75116)" in district_wordings("Paris", "75116")
    for commune, postcode in [
        ("Rennes", "35000"),
        ("Paris", "35000"),
        ("Lyon", "69100"),
        ("Marseille", "13100"),
    ]:
        assert district_wordings(commune, postcode) == ()


def test_stars_are_read_only_on_a_scale_of_five():
    five = control(RATING)
    assert pick_star(five, 2).label == "2 étoiles"
    assert (
        pick_star(
            replace(five, options=options("1 étoile sur 5", "2/5", "3 sur 5", "4", "5 ÉTOILES")), 4
        ).label
        == "4"
    )
    assert pick_star(replace(five, options=options(*map(str, range(11)))), 2) is None
    assert pick_star(replace(five, options=options("1", "2", "3", "4")), 2) is None
    assert pick_star(replace(five, options=options("1", "2", "2", "3", "4", "5")), 2) is None


TEXTS = st.text(max_size=60)


@given(
    st.lists(
        st.builds(
            Control,
            handle=TEXTS,
            role=st.sampled_from([role for role in Role if role is not Role.BUTTON]),
            name=TEXTS | st.sampled_from([*FIELDS, "form:profil"]),
            label=TEXTS | st.sampled_from([label for entry in FORM.fields for label in entry.labels]),
            value=TEXTS,
            options=st.lists(st.builds(PageOption, TEXTS, TEXTS, st.booleans()), max_size=4).map(tuple),
            required=st.booleans(),
        ),
        max_size=6,
    )
)
def test_each_control_is_put_in_one_place_and_each_field_once(controls):
    matched = match_page(page(*controls), FORM)
    placed = [match.control for match in matched.sure] + [doubt.control for doubt in matched.doubts]
    placed += [one for one, _field in matched.consents] + list(matched.ratings) + list(matched.unknown)
    assert len(placed) <= len(controls)
    assert all(one in controls for one in placed)
    names = [match.field.name for match in matched.sure]
    assert len(names) == len(set(names))
    assert not any(match.field.reserved for match in matched.sure)


def test_a_label_of_another_kind_of_field_does_not_outweigh_what_is_offered():
    radios = control("sousProblematique", label="Précisions")
    assert found(radios) == {radios.handle: "sousProblematique"}
    text = control("sousProblematique", label="Précisions", role=Role.TEXT, options=())
    assert doubts(text) == {text.handle: "drift_role"}


def test_endings_and_hints_in_brackets_are_no_words():
    assert words("Particulier(ère)") == words("Particulier")
    assert words("Prénom(s)") == ("prenom",)
    hinted = "Opérateur (si votre opérateur n'apparaît pas, choisissez « Autre »)"
    assert words(hinted) == ("operateur",)
    assert words("Adresse e-mail (pour recevoir la confirmation)") == words("Adresse e-mail")
    assert words("E-mail (confirmation)") != words("E-mail")
    assert words("Nom (si différent du titulaire)") != words("Nom")


def test_a_postcode_beside_the_communes_goes_before_them():
    code = control(COMMUNE, handle="code", name="cp", label="Code postal", role=Role.TEXT, options=())
    town = control(COMMUNE, handle="town", label="Commune", role=Role.SELECT, options=options("Lyon"))
    matched = match_page(page(code, town), FORM)
    assert [(match.control, match.before) for match in matched.sure] == [(town, code)]
    assert matched.doubts == ()
    assert found(code) == {"code": COMMUNE}


def test_names_of_a_commune_without_its_postcode():
    assert commune_names("Rennes", "35000") == ("Rennes",)
    assert {"Lyon", "Lyon 3e Arrondissement", "Lyon 3ème", "Lyon 03"} <= set(commune_names("Lyon", "69003"))
    assert "Lyon 1er" not in commune_names("Lyon", "69003")


def test_a_name_and_choices_that_fit_in_other_words_are_certain():
    offered = options("Téléphonie mobile et Internet", "Téléphonie fixe / Internet fixe", "Courriers, colis")
    sector = control("marche", label="De quoi parlez-vous ?", options=offered)
    (match,) = match_page(page(sector), FORM).sure
    assert (match.field.name, match.by) == ("marche", By.NAME_AND_OPTIONS)
    assert found(control("marche", name="x", label="De quoi parlez-vous ?", options=offered)) == {}
    assert found(control("marche", label="Votre ancien secteur", options=offered)) == {}
    assert found(control("marche", label="Votre problème du moment", options=offered)) == {}
    assert (
        found(control("marche", label="De quoi parlez-vous ?", options=options("Fixe / Internet", "Chat")))
        == {}
    )
