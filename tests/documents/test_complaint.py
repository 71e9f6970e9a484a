"""What the complaint says: only what the evidence holds, everything that counts, and what is missing in plain sight."""

import json
from dataclasses import asdict, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.incidents.telework import NO_SECONDS
from diagnostics.model import Cause, Gap, GapReason, Kind, Problem, Span
from diagnostics.working_hours import parse_working_hours
from jalerte_desktop.casefile.model import NO_CASE
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.demands import refund_eur
from jalerte_desktop.documents.letter import Table
from jalerte_desktop.documents.reserves import blanks, reserves
from jalerte_desktop.findings.personal import OwnThresholds, telework_of
from jalerte_desktop.words.errors_papers import say_warning
from jalerte_desktop.words.language import current, use
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, complaint, every_text, marie


def text_of(letter):
    return "\n".join(every_text(asdict(letter)))


def plain(text):
    """Without the typographic spaces, for reading in tests."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def chronology_rows(letter):
    sections = [*letter.sections, *letter.annexes]
    tables = {s.title: [b for b in s.blocks if isinstance(b, Table)] for s in sections}
    found = tables.get("Annexe 2 – Chronologie complète") or tables["Chronologie"]
    return found[0].rows


def test_it_tells_the_facts_with_dates_times_amounts_and_a_deadline():
    text = plain(text_of(complaint()))
    assert "27 coupures attribuées au réseau de l’opérateur, d’une durée cumulée de 32 min 24 s" in text
    assert "La plus longue, le 8 novembre 2026 à 15:30, a duré 2 min 8 s" in text
    assert "09:12:05" in text
    assert "Heures locales (UTC+1)" in text
    assert "39,99 € × 1 944 s ÷ 2 592 000 s" in text
    assert "au plus tard le 6 décembre 2026, soit 14 jours" in text
    assert "service consommateurs" in text
    assert "médiateur des communications électroniques" in text
    assert "Orange – Service clients" in text
    assert "C-1234567" in text


KEY = "0123456789abcdef" * 4


def test_annex_1_prints_the_seal_and_the_key_whole_and_to_be_read_out():
    signed = examples.findings(examples.two_cuts_a_day(2), seal=replace(examples.SEAL, key=KEY))
    letter = complaint(findings=signed)
    annex = "\n".join(every_text(asdict(letter.annexes[0])))
    assert examples.SEAL.link in annex
    assert "empreinte 0123\u00a04567\u00a089ab\u00a0cdef…" in annex
    assert f"SHA-256 de la clé publique\u00a0: {KEY})" in annex
    unsigned = "\n".join(every_text(asdict(complaint(findings=examples.ordinary()).annexes[0])))
    assert "n’était pas encore signé" in unsigned
    assert "empreinte" not in unsigned


def test_it_says_how_much_was_observed_what_is_left_out_and_by_which_method():
    text = plain(text_of(complaint()))
    assert "20 j 14 h, soit 97,9 % de la période" in text
    assert "ordinateur en veille 8 h" in text
    assert "Travaux électriques chez moi" in text
    assert "Wi-Fi du domicile (2), box (1)" in text
    assert "moyen de preuve ordinaire" in text
    assert "version 2026-11-22" in text
    assert "Le relevé complet va du 1er novembre 2026" in text
    assert f"n° 4812, du 22 novembre 2026 à 09:59, SHA-256 {examples.SEAL.link}" in text
    assert "ni édité ni approuvé par l’Arcep ou par un opérateur" in text


def test_the_method_names_every_kind_of_probe_and_the_box_as_a_witness():
    text = plain(text_of(complaint()))
    assert "noms, pages web ou connexions au port 443" in text
    assert "La confiance doit dépasser 60 %" in text
    assert "placés sur plusieurs réseaux indépendants" in text
    assert "les compteurs de la box montrent" in text
    assert "La box est aussi interrogée, sans mot de passe" in text
    assert "une sonde sans réponse en déclenche d’autres" in text
    assert "Ne sont jamais imputés à l’opérateur" in text


def test_anchors_of_ones_own_are_not_said_to_be_independent():
    own = replace(examples.ordinary(), own_settings=("targets.anchors",))
    text = plain(text_of(complaint(findings=own)))
    assert "placés sur plusieurs réseaux indépendants" not in text
    assert "choisis par moi" in text


def test_an_excluded_period_says_when_it_was_declared():
    letter = complaint()
    tables = [b for s in letter.annexes for b in s.blocks if isinstance(b, Table) and "exclues" in b.caption]
    assert tables[0].header[-1] == "Déclaré le"
    assert plain(tables[0].rows[0][-1]).startswith("22 novembre 2026")


def test_only_what_is_held_stands_in_the_chronology_and_all_of_it():
    findings = examples.ordinary()
    rows = chronology_rows(complaint(findings=findings))
    assert len(rows) == len(account(findings).held) == 28
    assert all(row[7] in ("90\u00a0%", "70\u00a0%") for row in rows)
    assert not any(row[1:3] == ("11/11/2026", "11:00:00") for row in rows), "own Wi-Fi"
    assert not any(row[1:3] == ("12/11/2026", "15:30:41") for row in rows), "excluded"
    assert not any(row[1:3] == ("16/11/2026", "12:00:00") for row in rows), "another line"


@pytest.mark.parametrize(
    "found",
    [
        [],
        [examples.incident("2026-11-10 08:00:00", confidence=0.6)],
        [examples.incident("2026-11-10 08:00:00", cause=Cause.WIFI)],
        [examples.incident("2026-11-10 08:00:00", cause=Cause.DNS, kind=Kind.DNS)],
        [examples.incident("2026-11-10 08:00:00", excluded="travaux")],
        [examples.incident("2026-11-10 08:00:00", line=examples.OTHER)],
    ],
)
def test_without_anything_to_hold_against_the_operator_no_letter_is_written(found):
    with pytest.raises(Problem) as caught:
        complaint(findings=examples.findings(found))
    assert caught.value.remark.code == "nothing_held"
    assert caught.value.exit_code == 1


def test_uncertain_incidents_are_told_apart_and_never_claimed():
    found = [
        examples.incident("2026-11-10 08:00:00"),
        examples.incident("2026-11-11 08:00:00", 3600, confidence=0.6),
    ]
    letter = complaint(findings=examples.findings(found))
    assert len(chronology_rows(letter)) == 1
    text = plain(text_of(letter))
    assert (
        "une coupure attribuée au réseau de l’opérateur, le 10 novembre 2026 à 09:00, d’une durée de 20 s"
        in text
    )
    assert "1 incident, 1 h en tout" in text
    assert "non établie" in text
    assert "3 600 s" not in text, "an uncertain hour is not in the refund"


def test_an_unconfirmed_line_names_no_operator_and_nothing_of_the_contract():
    line = examples.UNCONFIRMED
    findings = examples.findings(examples.two_cuts_a_day(line=line), line=replace(line, operator="Orange"))
    letter = complaint(findings=findings)
    text = plain(text_of(letter))
    assert "Ligne non confirmée" in letter.banner
    assert letter.recipient == ("[opérateur\u00a0: ligne non confirmée]", "Service clients")
    for word in ("Orange", "TSA 90017", "Fibre Confort", "C-1234567"):
        assert word not in text


def test_what_is_missing_stands_in_the_letter_as_a_blank():
    findings = examples.findings([examples.incident("2026-11-10 08:00:00")])
    letter = complaint(NO_CASE, findings)
    missing = blanks(letter)
    for what in (
        "prénom et nom",
        "adresse",
        "code postal",
        "ville",
        "numéro de client",
        "nom de l’offre",
        "prix mensuel",
    ):
        assert what in missing
    for text in (
        *letter.sender,
        *letter.recipient,
        letter.signature,
        *(value for _name, value in letter.references),
    ):
        assert text.strip()
    assert "letter_blanks" in [remark.code for remark in reserves(NO_CASE, account(findings), letter, PARIS)]


def test_the_operators_address_is_left_open_where_it_is_not_known():
    letter = complaint(marie(contract__operator="SFR"))
    assert letter.recipient == (
        "SFR",
        "Service clients",
        "[à compléter\u00a0: adresse postale du service clients]",
    )
    codes = [
        r.code for r in reserves(marie(contract__operator="SFR"), account(examples.ordinary()), letter, PARIS)
    ]
    assert "letter_address_unknown" in codes


def test_doubts_are_told_in_sentences():
    letter = complaint()
    found = reserves(MARIE, account(examples.ordinary()), letter, PARIS)
    assert {"letter_address_doubtful", "letter_law_recheck", "letter_blanks"} <= {r.code for r in found}
    for remark in found:
        assert "{" not in say_warning(remark)


def test_a_doubt_gives_its_date_as_french_does_and_no_note_of_ours():
    use("fr")
    case = marie(contract__operator="Free")
    found = {
        one.code: say_warning(one)
        for one in reserves(case, account(examples.ordinary()), complaint(case), PARIS)
    }
    told = found["letter_address_doubtful_unnamed"]
    assert "22/11/2026" in told
    assert "notes" not in told


def test_contract_and_line_that_disagree_are_noticed():
    findings = replace(examples.ordinary(), line=replace(examples.HOME, operator="Free"))
    found = reserves(MARIE, account(findings), complaint(findings=findings), PARIS)
    assert "letter_operator_differs" in [remark.code for remark in found]


def test_more_than_sixty_incidents_go_to_an_annex_where_all_are_listed():
    many = [
        examples.incident(f"2026-11-{d:02d} {h:02d}:15:00", 20 + d) for d in range(2, 22) for h in range(24)
    ]
    many += [examples.incident(f"2026-11-21 {h:02d}:45:00") for h in range(20)]
    letter = complaint(findings=examples.findings(many))
    assert len(many) == 500
    assert [row[0] for row in chronology_rows(letter)] == [str(n) for n in range(1, 501)]
    body = next(section for section in letter.sections if section.title == "Chronologie")
    shown = next(block for block in body.blocks if isinstance(block, Table))
    assert len(shown.rows) == 10
    assert all(row[4] == "41\u00a0s" for row in shown.rows)
    assert "annexe 2" in plain(text_of(letter))


def test_a_letter_owns_up_to_counting_whole_what_reaches_out_of_its_period():
    span = Span(examples.at("2026-11-22 07:00:00"), examples.at("2026-11-22 09:00:00"))
    cut = examples.incident("2026-11-20 12:00:00", 3 * 86_400)
    words = "Un incident commencé avant la période, ou terminé après, est compté ici en entier."
    assert words in text_of(complaint(findings=examples.findings([cut], span=span)))
    assert words not in text_of(complaint())


def test_french_companies_get_no_letter_from_abroad():
    letter = complaint(replace(MARIE, country="BE"))
    assert not any("Lille" in line for line in letter.recipient)


def test_sixty_incidents_stay_in_the_body():
    few = [examples.incident(f"2026-11-10 {n // 6:02d}:{n % 6 * 10:02d}:00") for n in range(60)]
    letter = complaint(findings=examples.findings(few))
    assert len(letter.annexes) == 1
    assert len(chronology_rows(letter)) == 60


def test_an_incident_that_still_lasts_is_at_least_so_long():
    letter = complaint(
        findings=examples.findings([examples.incident("2026-11-22 08:50:00", 600, ongoing=True)])
    )
    (row,) = chronology_rows(letter)
    assert row[3] == "en cours"
    assert plain(row[4]) == "au moins 10 min"
    assert "durait encore à la dernière mesure" in text_of(letter)


def test_an_incident_over_midnight_shows_the_day_of_its_end():
    (row,) = chronology_rows(
        complaint(findings=examples.findings([examples.incident("2026-11-09 22:30:00", 7200)]))
    )
    assert row[1:4] == ("09/11/2026", "23:30:00", "10/11 01:30:00")


def test_where_the_clocks_change_each_time_carries_its_offset():
    span = Span(examples.at("2026-10-20 00:00:00"), examples.at("2026-10-30 00:00:00"))
    # 00:30 and 01:30 UTC are both 02:30 on the clocks of Paris that night.
    found = [examples.incident("2026-10-25 00:30:00"), examples.incident("2026-10-25 01:30:00")]
    found.append(examples.incident("2026-10-25 00:59:50"))
    letter = complaint(findings=examples.findings(found, span=span))
    first, third, second = chronology_rows(letter)
    assert first[2:5] == ("02:30:00", "02:30:20", "UTC+2")
    assert second[2:5] == ("02:30:00", "02:30:20", "UTC+1")
    assert third[2:5] == ("02:59:50", "02:00:10", "UTC+2, puis UTC+1")
    assert "UTC+2 jusqu’au 25 octobre 2026 à 03:00, puis UTC+1" in plain(text_of(letter))


def test_time_that_was_not_observed_is_told_and_warned_about():
    gap = Gap(Span(examples.PERIOD.start_ns, examples.at("2026-11-21 09:00:00")), GapReason.STOPPED)
    findings = examples.findings([examples.incident("2026-11-21 10:00:00")], gaps=[gap])
    letter = complaint(findings=findings)
    assert "4,8 % du temps" in plain(text_of(letter))
    assert "letter_little_observed" in [r.code for r in reserves(MARIE, account(findings), letter, PARIS)]


def test_the_refund_is_the_printed_sum():
    day = examples.findings([examples.incident("2026-11-10 08:00:00", 15 * 86_400)])
    assert refund_eur(marie(contract__monthly_price_eur="30.00"), account(day)) == Decimal("15.00")
    assert "rembourser 15,00 € au prorata" in plain(
        text_of(complaint(marie(contract__monthly_price_eur="30.00"), day))
    )
    assert refund_eur(marie(contract__monthly_price_eur=None), account(day)) == 0
    assert "[à compléter : prix mensuel] × 1 296 000 s" in plain(
        text_of(complaint(marie(contract__monthly_price_eur=None), day))
    )
    short = examples.findings([examples.incident("2026-11-10 08:00:00", 1)])
    assert "moins d’un centime" in plain(text_of(complaint(findings=short)))


def test_a_professional_is_not_sent_to_the_consumers_mediator():
    text = text_of(complaint(marie(person__profile="company")))
    assert "médiateur" not in text
    assert "code de la consommation" not in text


def test_in_another_country_no_french_law_is_cited():
    findings = examples.ordinary()
    belgian = replace(MARIE, country="BE")
    letter = complaint(belgian, findings)
    text = text_of(letter)
    for word in ("code civil", "code de la consommation", "médiateur", "2004-575"):
        assert word not in text
    assert "letter_no_law" in [r.code for r in reserves(belgian, account(findings), letter, PARIS)]


def test_only_degradations_ask_for_no_refund_of_cuts():
    found = [examples.incident("2026-11-10 08:00:00", 300, kind=Kind.LOSS, confidence=0.7)]
    text = plain(text_of(complaint(findings=examples.findings(found))))
    assert "dégradations de l’accès à internet" in text
    assert "1 épisode de pertes de données (5 min)" in text
    assert "prorata" not in text


def test_a_letter_is_french_whatever_is_spoken_around_it():
    before = current()
    try:
        use("en")
        english_around = complaint()
        assert current() == "en"
        use("fr")
        assert complaint() == english_around
    finally:
        use(before)


hostile = st.text(max_size=40) | st.sampled_from(
    [
        '#read("/etc/passwd")',
        "$x$ \\ \" < & ' ]]>",
        "\x00\x01\x1b[31m",
        "\u202egro.live",
        "🎉👩‍👩‍👧",
        "{name} {0} %s",
        "x" * 10_000,
    ]
)


@settings(deadline=None)
@given(
    typed=st.dictionaries(
        st.sampled_from(
            sorted(
                set(MARIE.fields) - {"contract.monthly_price_eur", "contract.started_on", "line.technology"}
            )
        ),
        hostile,
    )
)
def test_whatever_a_person_typed_the_letter_is_composed_and_clean(typed):
    letter = complaint(replace(MARIE, fields=MARIE.fields | typed))
    whole = json.dumps(asdict(letter), ensure_ascii=False)
    whole.encode("utf-8")
    for text in every_text(asdict(letter)):
        assert not any(ord(c) < 32 or "\u202a" <= c <= "\u202e" or "\ud800" <= c <= "\udfff" for c in text)


def test_french_spaces_stand_where_they_belong():
    for text in every_text(asdict(complaint())):
        if text in ("complaint", "complaint 2026-11-24"):
            continue
        for mark in ";!?":
            assert f" {mark}" not in text, text
        assert " :" not in text
        assert " %" not in text
        assert "'" not in text


# --- calls, working hours and thresholds of one's own ---------------------------------------------------------------


def with_views(hours=("Mon-Fri 09:00-18:00",), own=None):
    """The ordinary fortnight, as a person sees it who set working hours, and perhaps thresholds of their own."""
    found = examples.ordinary()
    mine = [one for one in found.incidents if one.line.id == found.line.id]
    working = parse_working_hours(hours) if hours else None
    telework = telework_of(NO_SECONDS, mine, found.exclusions, found.span, working, PARIS)
    return replace(found, telework=telework, own=own)


def test_minutes_lost_to_the_operators_cuts_in_working_hours_stand_in_the_summary():
    text = plain(text_of(complaint(findings=with_views())))
    rows = {row[0]: row[1] for row in summary_rows(complaint(findings=with_views()))}
    # On ten weekdays one minute at 9:12 and three from 15:30 on, less the excluded afternoon.
    assert plain(rows["Ces coupures, dans mes heures de travail"]).startswith(
        "37 minutes perdues (lun.–ven. 09:00–18:00)"
    )
    assert "toutes causes confondues et sans rien imputer" in text
    assert "Dans mes heures de travail (lun.–ven. 09:00–18:00)" in text


def summary_rows(letter):
    tables = [b for s in letter.sections for b in s.blocks if isinstance(b, Table) and not b.header]
    return [row for table in tables for row in table.rows if len(row) == 2]


def test_without_working_hours_nothing_is_said_of_them():
    assert "heures de travail" not in text_of(complaint(findings=with_views(hours=())))


def test_own_thresholds_stand_beside_the_default_figures():
    default = with_views()
    more = tuple(examples.incident(f"2026-11-17 {hour}:00:00", 5) for hour in (10, 11, 12))
    own = OwnThresholds((("loss.suspect", 0.02), ("outage.min_misses", 2)), (*default.incidents, *more))
    with_own, without = complaint(findings=replace(default, own=own)), complaint(findings=default)
    text = plain(text_of(with_own))
    outages = len(default.outages)
    thresholds = (
        "Pertes : part des essais perdus qui est suspecte (« loss.suspect ») : 2 % au lieu de 3 % · "
        "Coupure : essais manqués de suite, au moins (« outage.min_misses ») : 2 au lieu de 3"
    )
    assert f"Avec mes propres seuils ({thresholds}), la méthode aurait trouvé {outages + 3} coupures" in text
    assert f"contre {outages} coupures" in text
    assert chronology_rows(with_own) == chronology_rows(without)
    assert summary_rows(with_own) == summary_rows(without)


def test_a_threshold_of_ones_own_is_no_setting_that_changes_nothing():
    found = replace(examples.ordinary(), own_settings=("method.loss.suspect", "targets.anchors"))
    text = plain(text_of(complaint(findings=found)))
    assert "qui ne changent aucun seuil : serveurs de référence (« targets.anchors »)" in text
    assert "method.loss.suspect" not in text
