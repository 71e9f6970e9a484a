"""The stand-in of the web form is what it says: what others prove against it is worth no more than this."""

from __future__ import annotations

import hashlib
import re
import threading
import time

import lxml.html
import pytest
import requests

from tests.servers.jalerte_form import StandIn, Variant, log, pages
from tests.servers.jalerte_form.fields import STEPS
from tests.servers.jalerte_form.visitor import (
    COMMUNE,
    CONTACTED,
    DETAIL,
    EMAIL,
    EXPECTED,
    FILE,
    FIRST_NAME,
    MOMENTS,
    NAME,
    OPERATOR,
    PROBLEM,
    PROCESSING,
    PROFILE,
    RATING,
    SECTOR,
    TECHNOLOGY,
    TEXT,
    THIRD_PARTIES,
    Stopped,
    Visitor,
    bare,
)

_NAMED = "//*[@class='champ']//*[@name]"


@pytest.fixture
def quick():
    """Starts stand-ins whose answers take no time, and gives a visitor with each."""
    began: list[tuple[StandIn, Visitor]] = []

    def start(*variant: str, seed: int = 0) -> tuple[StandIn, Visitor]:
        stand_in = StandIn(seed, variant, 0)
        visitor = Visitor(stand_in)
        began.append((stand_in, visitor))
        return stand_in, visitor

    yield start
    for stand_in, visitor in began:
        visitor.close()
        with stand_in:
            pass


# --- the plain form ---


def test_the_whole_alert_goes_through_and_the_log_says_so(quick):
    stand_in, visitor = quick()
    visitor.walk()
    visitor.fill()
    assert stand_in.values == EXPECTED
    assert (stand_in.consents, stand_in.sends, stand_in.ratings) == ([], [], [])
    visitor.choose(RATING, "2 étoiles sur 5")
    visitor.consent()
    visitor.press("Envoyer mon alerte")
    assert "Votre alerte a été soumise" in visitor.answer.text
    assert stand_in.ratings == [2]
    assert [(one.name, one.value) for one in stand_in.consents] == [
        ("consentementTiers", "Non"),
        ("consentementTraitement", "accepté"),
    ]
    assert [one.accepted for one in stand_in.sends] == [True]
    assert dict(stand_in.sends[0].values) == stand_in.held
    assert stand_in.values == EXPECTED
    assert stand_in.ever == {name: [value] for name, value in EXPECTED.items()}
    shown = [(one.what, one.title) for one in stand_in.of(log.PageShown)]
    assert shown == [("cookies", ""), *(("step", title) for title in STEPS.values()), ("success", "")]
    assert not stand_in.of(log.Refused)
    assert not stand_in.of(log.Trouble)


def test_the_names_are_those_of_the_facts(quick):
    _, visitor = quick()
    visitor.walk("Détails")
    visitor.choose(TECHNOLOGY, "Fibre optique (FTTH)")
    names = {e.get("name") for e in visitor.page.xpath(_NAMED)}
    assert names == {
        "technologieContainer:technologie",
        "operateurPrincipalContainer:operateurPrincipal",
        "localisationContainer:commune",
    }
    codes = [option.get("value") for option in visitor.component(TECHNOLOGY).findall("option")]
    assert codes[:3] == ["", "FIBRE", "ADSL"]


def test_cookies_are_asked_about_first_and_only_accepting_is_a_consent(quick):
    refusing, visitor = quick()
    assert visitor.heading == "Votre vie privée"
    assert visitor.answer.url.endswith("/jalerte/?0")
    visitor.refuse_cookies()
    assert visitor.answer.url.endswith("/jalerte/?1")
    assert refusing.consents == []
    accepting, other = quick()
    other.press("Tout accepter")
    assert [one.name for one in accepting.consents] == ["cookies"]


def test_each_visitor_has_a_state_of_his_own(quick):
    stand_in, first = quick()
    second = Visitor(stand_in)
    first.walk("Détails")
    second.refuse_cookies()
    second.choose(PROFILE, "Entreprise")
    first.choose(TECHNOLOGY, "ADSL")
    held = [session.held() for session in stand_in.sessions.values()]
    second.close()
    assert held[0]["profil"] == "Particulier"
    assert held[0]["technologieContainer:technologie"] == "ADSL"
    assert held[1] == {"profil": "Entreprise"}
    assert stand_in.values == held[1]


def test_a_choice_draws_the_form_anew_with_other_ids_and_loses_what_was_typed(quick):
    stand_in, visitor = quick()
    visitor.walk()
    visitor.write(NAME, "Durand")
    before = {e.get("id") for e in visitor.page.iter() if e.get("id")}
    # "Camille" is typed but never sent: a round trip carries its own field only.
    answer = visitor.choose(CONTACTED, "Non")
    after = {e.get("id") for e in visitor.page.iter() if e.get("id")}
    assert all(re.fullmatch(r"id[0-9a-f]+(-aide)?", one) for one in after)
    assert not before & after
    assert 'value="Durand"' in answer
    assert visitor.component(FIRST_NAME).get("value") == ""
    assert "utilisateurContainer:prenom" not in stand_in.values


def test_a_text_draws_only_its_own_message_anew(quick):
    stand_in, visitor = quick()
    visitor.walk()
    answer = visitor.write(EMAIL, "not an address")
    assert "<form" not in answer
    assert "L’adresse électronique n’est pas valide." in answer
    assert "utilisateurContainer:email" not in stand_in.values
    assert "valide" not in visitor.write(EMAIL, "a@example.org")
    assert stand_in.values["utilisateurContainer:email"] == "a@example.org"


def test_late_fields_come_in_a_round_trip_of_their_own(quick):
    stand_in, visitor = quick()
    visitor.walk("Diagnostic")
    assert DETAIL not in visitor.labels()
    component = visitor.component(PROBLEM)
    wire = next(component.iter("input"))
    url = requests.compat.urljoin(visitor.url, visitor.call_of(PROBLEM)["u"])
    answer = visitor.http.post(
        url, {wire.get("name"): wire.get("value")}, headers={"Wicket-Ajax": "true"}, timeout=20
    )
    assert "Chargement…" in answer.text
    assert "Coupures fréquentes" not in answer.text
    assert stand_in.values["problematique"] == EXPECTED["problematique"]
    visitor.read(visitor.http.get(visitor.answer.url, timeout=20).text)
    assert DETAIL in visitor.labels()


def test_what_a_choice_brings_and_takes_away(quick):
    stand_in, visitor = quick()
    visitor.walk("Diagnostic")
    visitor.choose(PROBLEM, EXPECTED["problematique"])
    assert MOMENTS not in visitor.labels()
    visitor.choose(DETAIL, "Coupures fréquentes")
    assert MOMENTS in visitor.labels()
    visitor.choose(PROBLEM, "Facturation")
    assert "sousProblematique" not in stand_in.values
    assert MOMENTS not in visitor.labels()
    assert "Erreur de facturation" in visitor.component(DETAIL).text_content()


def test_the_operator_in_words_is_asked_for_only_behind_autre(quick):
    stand_in, visitor = quick()
    visitor.walk("Détails")
    visitor.choose(TECHNOLOGY, "ADSL")
    offered = [option.text for option in visitor.component(OPERATOR).findall("option")]
    assert len(offered) > 500
    assert len(set(offered)) == len(offered)
    assert {"Orange", "SFR", "Bouygues Telecom", "RED · SFR", "Sosh · Orange"} <= set(offered)
    assert {"Free", "Free Mobile", "Free Réunion"} <= set(offered)
    visitor.choose(OPERATOR, "Free Mobile")
    assert "Autre opérateur" not in visitor.labels()
    visitor.choose(OPERATOR, "Autre")
    visitor.write("Autre opérateur", "Régie du village")
    assert stand_in.values["operateurPrincipalAutreContainer:operateurPrincipalAutre"] == "Régie du village"


def test_the_sector_decides_what_is_asked(quick):
    _, visitor = quick()
    visitor.refuse_cookies()
    visitor.choose(PROFILE, "Particulier")
    assert "Précision sur le secteur" not in visitor.labels()
    visitor.choose(SECTOR, "Mobile")
    visitor.choose("Précision sur le secteur", "Forfait")
    visitor.press("Poursuivre")
    visitor.choose(PROBLEM, "Couverture mobile")
    visitor.choose(DETAIL, "Aucun réseau")
    visitor.press("Poursuivre")
    assert "Le problème a-t-il lieu dans les transports ?" in visitor.labels()
    assert "5G" in visitor.component(TECHNOLOGY).text_content()


def test_a_required_field_keeps_the_step(quick):
    stand_in, visitor = quick()
    visitor.refuse_cookies()
    visitor.choose(PROFILE, "Particulier")
    visitor.press("Poursuivre")
    assert visitor.heading == "Étape 1 sur 5 : Contexte"
    assert visitor.messages == ["Le champ « Secteur concerné » est obligatoire."]
    assert visitor.component(PROFILE).xpath(".//input[@checked]")
    assert [(one.name, one.value) for one in stand_in.of(log.Refused)] == [("marche", "")]
    assert [one.accepted for one in stand_in.of(log.Left)] == [False]


def test_sending_without_consents_is_refused_and_logged(quick):
    stand_in, visitor = quick()
    visitor.walk()
    visitor.fill()
    visitor.press("Envoyer mon alerte")
    assert len(visitor.messages) == 2
    assert [one.accepted for one in stand_in.sends] == [False]


def test_a_step_left_by_its_button_takes_the_typed_texts_along(quick):
    stand_in, visitor = quick()
    visitor.walk("Compléments")
    visitor.press("Poursuivre", {TEXT: "Ligne 1\r\nLigne 2"})
    assert stand_in.values["verbatim"] == "Ligne 1\nLigne 2"
    assert visitor.heading == "Étape 5 sur 5 : Validation"


def test_back_goes_one_step_back_and_loses_the_unsent(quick):
    stand_in, visitor = quick()
    visitor.walk("Compléments")
    visitor.press("Précédent", {TEXT: "typed"})
    assert visitor.heading == "Étape 3 sur 5 : Détails"
    assert "verbatim" not in stand_in.values
    assert visitor.component(OPERATOR).xpath("option[@selected]")[0].text == "Sosh · Orange"


def test_a_text_that_is_too_long_is_refused(quick):
    stand_in, visitor = quick()
    visitor.walk("Compléments")
    assert visitor.component(TEXT).get("maxlength") == "2000"
    # A browser counts a line's end as one character and sends two.
    visitor.write(TEXT, "\r\n".join(["x" * 9] * 200))
    assert len(stand_in.values["verbatim"]) == 1999
    assert "2000 caractères" in visitor.write(TEXT, "x" * 2001)
    assert "verbatim" not in stand_in.values


def test_a_choice_that_was_never_offered_is_refused(quick):
    stand_in, visitor = quick()
    visitor.refuse_cookies()
    visitor.trip(visitor.call_of(PROFILE), {"profil": "radio99"})
    assert stand_in.values == {}
    assert [one.message for one in stand_in.of(log.Refused)] == ["Ce choix n’est pas valide."]


# --- communes, files ---


@pytest.mark.parametrize(
    ("beginning", "labels"),
    [
        ("75011", ["Paris 11e Arrondissement (75011)"]),
        ("69003", ["Lyon (69003)", "Lyon 3e Arrondissement (69003)"]),
        ("35000", ["Rennes (35000)"]),
        ("33000", ["Bordeaux (33000)"]),
        ("13001", ["Marseille 1er Arrondissement (13001)"]),
        ("974", ["Saint-Denis (97400)", "Saint-Denis (97417)"]),
        ("64260", [f"{name} (64260)" for name in ("Arudy", "Buzy", "Castet", "Izeste", "Louvie-Juzon")]),
        ("Paris", []),
        ("", []),
    ],
)
def test_communes_are_found_by_postcode(quick, beginning, labels):
    _, visitor = quick()
    visitor.walk("Détails")
    assert [one["text"] for one in visitor.search(beginning)] == labels


def test_the_scripts_are_jquery_and_select2(quick):
    stand_in, visitor = quick()
    visitor.refuse_cookies()
    base = stand_in.url.removesuffix("/jalerte/")
    scripts = [e.get("src") for e in lxml.html.fromstring(visitor.answer.text).xpath("//script[@src]")]
    texts = [visitor.http.get(base + script, timeout=20) for script in scripts]
    assert all(text.status_code == 200 for text in texts)
    assert ["jQuery v" in texts[0].text[:100], "Select2 4" in texts[1].text[:100]] == [True, True]
    assert visitor.http.get(base + "/static/server.py", timeout=20).status_code == 404


def test_files_are_uploaded_listed_and_removed(quick):
    stand_in, visitor = quick()
    visitor.walk("Compléments")
    data = bytes(range(256)) * 400 + b"\r\n--"
    visitor.trip(visitor.call_of(FILE), {}, {"pieceJointe": ("preuve d’été.pdf", data, "application/pdf")})
    assert "preuve d’été.pdf" in visitor.page.find_class("fichiers")[0].text_content()
    upload = stand_in.of(log.Upload)[0]
    digest = hashlib.sha256(data).hexdigest()
    assert (upload.name, upload.size, upload.sha256) == ("preuve d’été.pdf", len(data), digest)
    assert stand_in.values["pieceJointe"] == "preuve d’été.pdf"
    visitor.trip(next(call for call in visitor.calls if call["k"] == "remove"), {})
    assert "pieceJointe" not in stand_in.values
    assert not visitor.page.xpath("//*[@class='fichiers']/li")


@pytest.mark.parametrize(
    ("name", "size", "why"), [("a.exe", 10, "formats JPG"), ("a.png", 5 * 1024 * 1024 + 1, "dépasse 5 Mo")]
)
def test_files_of_other_kinds_and_sizes_are_refused(quick, name, size, why):
    stand_in, visitor = quick()
    visitor.walk("Compléments")
    visitor.trip(visitor.call_of(FILE), {}, {"pieceJointe": (name, b"x" * size)})
    assert why in visitor.messages[0]
    assert why in stand_in.of(log.Upload)[0].message
    assert "pieceJointe" not in stand_in.values


# --- sessions, time, the end ---


def test_an_old_instance_and_a_lost_session_say_that_the_session_is_over(quick):
    stand_in, visitor = quick()
    visitor.walk("Diagnostic")
    for address, cookies in (("?1", None), ("?77", None), ("?2", {"JSESSIONID": "unknown"})):
        http = requests if cookies else visitor.http
        answer = http.get(stand_in.url + address, cookies=cookies, timeout=20)
        assert answer.status_code == 410
        assert "Votre session a expiré" in answer.text
        assert lxml.html.fromstring(answer.text).xpath("//a/@href") == ["/jalerte/"]
    assert [one.what for one in stand_in.of(log.Trouble)] == ["stale", "stale", "lost"]
    again = visitor.http.get(visitor.answer.url, timeout=20)
    assert again.status_code == 200


def test_a_round_trip_for_an_old_instance_leads_the_browser_away(quick):
    _, visitor = quick()
    visitor.refuse_cookies()
    old = visitor.call_of(PROFILE)
    visitor.fill()
    visitor.press("Poursuivre")
    with pytest.raises(Stopped, match="/jalerte/session-expiree"):
        visitor.trip(old, {"profil": "radio0"})
    assert "<redirect>" in visitor.answer.text
    assert visitor.http.get(visitor.url + "session-expiree", timeout=20).status_code == 410


def test_the_address_is_no_deep_link(quick):
    stand_in, _ = quick()
    answer = requests.get(stand_in.url + "?2", timeout=20)
    assert "Votre vie privée" in answer.text
    assert answer.url.endswith("?0")


def test_delays_are_drawn_from_the_seed_and_bounded():
    def drawn(seed: int, variant: str = "plain") -> list[float]:
        with StandIn(seed, variant) as stand_in:
            session = stand_in.new_session()[1]
            return [session.delay_s() for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert min(drawn(1)) < 0.1
    assert 1.9 < max(drawn(1)) <= 2
    assert 2 <= min(drawn(1, "slow")) < max(drawn(1, "slow")) <= 6


def test_answers_take_their_time_and_the_end_does_not_wait_for_them():
    began = time.monotonic()
    with StandIn(0, "slow", 20) as stand_in:
        first = requests.Session()
        first.get(stand_in.url, allow_redirects=False, timeout=20)
        caught: list[requests.RequestException] = []

        def ask() -> None:
            try:
                first.get(stand_in.url + "?0", timeout=60)
            except requests.RequestException as error:
                caught.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(0.5)
        assert asking.is_alive()
    asking.join(10)
    first.close()
    assert time.monotonic() - began < 10
    assert caught
    assert not stand_in.of(log.PageShown)


def test_many_visitors_at_once_and_two_stand_ins_in_one_process():
    with StandIn(0, "plain", 0.02) as one, StandIn(1, "plain", 0.02) as other:

        def visit(stand_in: StandIn) -> None:
            visitor = Visitor(stand_in)
            visitor.walk()
            visitor.close()

        threads = [threading.Thread(target=visit, args=(stand_in,)) for stand_in in (one, other) * 6]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for stand_in in (one, other):
            assert len(stand_in.sessions) == 6
            assert {session.step for session in stand_in.sessions.values()} == {5}
    assert not [thread for thread in threading.enumerate() if thread.name == "stand-in"]


def test_requests_that_no_browser_makes_are_answered(quick):
    stand_in, visitor = quick()
    visitor.refuse_cookies()
    for query in ("?x", "?1-0.0-form-unknown", "?1-0.7-form-profil", "?1-9.-form", "?1-0.4-form-99", "?"):
        answer = visitor.http.post(stand_in.url + query, {"profil": "radio0"}, timeout=20)
        assert answer.status_code in (200, 302, 410)
    assert visitor.http.get(stand_in.url + "nowhere", timeout=20).status_code == 404
    assert visitor.http.post(stand_in.url, b"x" * (9 << 20), timeout=20).status_code == 413


# --- variants ---


def test_every_variant_has_its_test():
    tested = {*PASSING, *STOPPING, "plain", "relabelled-trap", "changed-labels", "two-communes", "slow"}
    assert tested == {variant.value for variant in Variant}


PASSING = (
    "renamed-names",
    "swapped-names",
    "reordered-steps",
    "reordered-options",
    "short-text",
    "no-file",
    "ticked-consent",
    "sends-by-enter",
    "cookie-overlay",
)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("variant", PASSING)
def test_who_goes_by_the_labels_gets_through(quick, variant, seed):
    stand_in, visitor = quick(variant, seed=seed)
    visitor.walk()
    visitor.fill()
    assert stand_in.values == EXPECTED
    assert stand_in.consents == []
    visitor.consent()
    visitor.press("Envoyer mon alerte")
    assert visitor.heading == "Votre alerte a été soumise"
    assert [one.accepted for one in stand_in.sends] == [True]


STOPPING = {
    "removed-option": ("Diagnostic", None),
    "removed-operator": ("Détails", None),
    "new-mandatory-field": ("Détails", "Le champ « Type de logement » est obligatoire."),
    "captcha": ("Validation", "Veuillez confirmer que vous n’êtes pas un robot."),
    "captcha-middle": ("Détails", "Veuillez confirmer que vous n’êtes pas un robot."),
    "session-expiry": ("", None),
    "error-page": ("", None),
}


@pytest.mark.parametrize("variant", ["new-mandatory-field", "captcha", "captcha-middle"])
def test_who_does_not_know_the_novelty_is_stopped(quick, variant):
    stand_in, visitor = quick(variant)
    step, message = STOPPING[variant]
    visitor.walk(step)
    visitor.fill()
    if step == "Validation":
        visitor.consent()
    visitor.press("Envoyer mon alerte" if step == "Validation" else "Poursuivre")
    assert visitor.messages == [message]
    assert visitor.heading.endswith(step)
    assert not any(send.accepted for send in stand_in.sends)


@pytest.mark.parametrize(
    ("variant", "gone", "kept"),
    [("removed-option", "Coupures fréquentes", "Débit insuffisant"), ("removed-operator", "Free", "SFR")],
)
def test_a_choice_is_gone(quick, variant, gone, kept):
    _, visitor = quick(variant)
    visitor.walk(STOPPING[variant][0])
    if variant == "removed-option":
        visitor.choose(PROBLEM, EXPECTED["problematique"])
        offered = [bare(e) for e in visitor.component(DETAIL).iter("label")]
    else:
        visitor.choose(TECHNOLOGY, "ADSL")
        offered = [option.text for option in visitor.component(OPERATOR).findall("option")]
    assert gone not in offered
    assert kept in offered


def _walk_into_trouble(visitor: Visitor) -> None:
    with pytest.raises(Stopped):
        visitor.walk("never reached")


@pytest.mark.parametrize("seed", range(4))
def test_the_session_dies_in_the_middle_and_one_can_begin_again(quick, seed):
    stand_in, visitor = quick("session-expiry", seed=seed)
    _walk_into_trouble(visitor)
    assert stand_in.of(log.Trouble)[0].what == "expired"
    assert stand_in.of(log.PageShown)[-1].what == "expired"
    answer = visitor.http.get(stand_in.url + "session-expiree", timeout=20)
    assert (answer.status_code, "Recommencer" in answer.text) == (410, True)
    visitor.read(visitor.http.get(stand_in.url, timeout=20).text)
    visitor.walk()
    visitor.fill()
    assert stand_in.values == EXPECTED


@pytest.mark.parametrize("seed", range(4))
def test_the_site_fails_once_with_a_french_page(quick, seed):
    stand_in, visitor = quick("error-page", seed=seed)
    _walk_into_trouble(visitor)
    assert [one.what for one in stand_in.of(log.Trouble)] == ["error"]
    answer = visitor.http.get(stand_in.url + "erreur", timeout=20)
    assert (answer.status_code, "Une erreur est survenue" in answer.text) == (500, True)
    visitor.read(visitor.http.get(stand_in.url, timeout=20).text)
    visitor.walk()


def test_names_mean_something_else_in_the_traps(quick):
    swapped, visitor = quick("swapped-names")
    visitor.walk()
    assert visitor.component(NAME).get("name") == "utilisateurContainer:prenom"
    visitor.write(NAME, "Durand")
    assert swapped.values["utilisateurContainer:nom"] == "Durand"

    relabelled, other = quick("relabelled-trap")
    other.walk()
    field = other.component("Numéro de client")
    assert field.get("name") == "utilisateurContainer:telephone"
    other.write("Numéro de client", "0600000000")
    assert relabelled.values["numeroClient"] == "0600000000"
    assert "utilisateurContainer:telephone" not in relabelled.values
    other.press("Précédent")
    for _ in range(3):
        other.press("Précédent")
    assert (
        other.component("Comment avez-vous connu ce service ?").xpath(".//input")[0].get("name") == "marche"
    )


def test_all_names_are_meaningless_and_labels_stay(quick):
    _, plain = quick()
    _, renamed = quick("renamed-names")
    for visitor in (plain, renamed):
        visitor.walk()
    names = [{e.get("name") for e in v.page.xpath(_NAMED + " | //button")} for v in (plain, renamed)]
    assert not names[0] & names[1]
    assert all(re.fullmatch("f[0-9a-f]{8}", name) for name in names[1])
    assert plain.labels() == renamed.labels()


def test_labels_change_and_names_stay(quick):
    stand_in, visitor = quick("changed-labels")
    visitor.refuse_cookies()
    assert visitor.heading == "Étape 1 sur 5 : CONTEXTE"
    visitor.choose("VOUS ETES", "COLLECTIVITE / ELU")
    visitor.choose("Domaine concerne", "FIXE / INTERNET")
    assert stand_in.values == {"profil": "Collectivité / élu", "marche": "Fixe / Internet"}
    visitor.press("ETAPE SUIVANTE")
    assert visitor.heading == "Étape 2 sur 5 : DIAGNOSTIC"


def test_two_communes_cannot_be_told_apart(quick):
    stand_in, visitor = quick("two-communes")
    visitor.walk("Détails")
    found = visitor.search("35000")
    assert [one["text"] for one in found] == ["Rennes (35000)"] * 2
    assert len({one["id"] for one in found}) == 2
    visitor.trip(visitor.call_of(COMMUNE), {"localisationContainer:commune": found[0]["id"]})
    assert stand_in.values["localisationContainer:commune"].startswith("Rennes (35000) [")


def test_steps_and_options_come_in_another_order(quick):
    orders = set()
    for seed in range(4):
        stand_in, _ = quick("reordered-steps", "reordered-options", seed=seed)
        assert stand_in.form.steps != tuple(STEPS)
        assert sorted(stand_in.form.steps) == list(STEPS)
        orders.add(stand_in.form.steps)
        field = stand_in.form.field("profil")
        assert [one.code for one in stand_in.form.offered(field, {})] != [o.code for o in field.options({})]
    assert len(orders) > 1


def test_ticks_that_the_form_brought_are_no_doing_of_the_client(quick):
    stand_in, visitor = quick("ticked-consent")
    visitor.walk()
    assert visitor.component(THIRD_PARTIES).xpath(".//input[@checked]")
    assert stand_in.held["consentementTiers"] == "Oui"
    assert stand_in.consents == []
    assert "consentementTiers" not in stand_in.values
    visitor.trip(visitor.call_of(PROCESSING), {})
    assert [(one.name, one.value) for one in stand_in.consents] == [("consentementTraitement", "retiré")]


def test_small_variants_show_in_the_page(quick):
    _, short = quick("short-text", "no-file")
    short.walk("Compléments")
    assert short.component(TEXT).get("maxlength") == "500"
    assert FILE not in short.labels()
    _, overlay = quick("cookie-overlay", "sends-by-enter")
    assert overlay.page.xpath("//*[@role='dialog'][@aria-modal='true']")
    assert '"byEnter": true' in overlay.answer.text
    _, box = quick("captcha-middle")
    box.walk("Détails")
    assert next(box.page.iter("iframe")).get("title") == "reCAPTCHA"


def test_the_captcha_opens_for_a_person(quick):
    stand_in, visitor = quick("captcha")
    visitor.walk()
    visitor.fill()
    visitor.consent()
    frame = next(visitor.page.iter("iframe")).get("src")
    assert "Je ne suis pas un robot" in visitor.http.get(frame, timeout=20).text
    visitor.page.get_element_by_id("g-recaptcha-response").text = "jeton"
    visitor.press("Envoyer mon alerte")
    assert visitor.heading == "Votre alerte a été soumise"
    assert len(stand_in.of(log.CaptchaTicked)) == 1


def test_unknown_variants_and_two_captchas_are_refused():
    with pytest.raises(ValueError, match="nonsense"):
        StandIn(0, "nonsense")
    with pytest.raises(ValueError, match="captcha"):
        StandIn(0, ("captcha", "captcha-middle"))


def test_the_places_of_late_fields_wait_a_moment():
    with StandIn(0) as stand_in:
        session = stand_in.new_session()[1]
        drawn = [session.gap_ms(pages.GAP_MS) for _ in range(50)]
    assert 0 <= min(drawn) < max(drawn) <= pages.GAP_MS
