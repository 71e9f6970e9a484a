"""The share: what may be told in public and nothing else; the same picture each time, without metadata."""

import struct
import zlib
from dataclasses import asdict, replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.model import Exclusion, Gap, GapReason, Kind, Problem, Span
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.fields import FIELDS
from jalerte_desktop.casefile.model import NO_CASE, Case
from jalerte_desktop.documents.account import account
from jalerte_desktop.filing.alert import department
from jalerte_desktop.filing.share import SHORT_LIMIT, bare_png, department_name, picture, share
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, every_text, marie


def made(case=MARIE, findings=None, language="fr", zone=PARIS):
    return share(case, account(findings or examples.ordinary()), language, zone)


def texts(one):
    return [one.short, one.text, *every_text(asdict(one.card))]


def whole(one):
    return "\n".join(texts(one))


def test_the_text_says_who_where_how_often_how_long_and_how_much_was_seen():
    plain = made().text.replace("\u00a0", " ").replace("\u202f", " ")
    for part in (
        "Du 01/11/2026 au 22/11/2026",
        "Orange, Rhône",
        "27 coupures attribuées au réseau de l’opérateur",
        "32 min 24 s sans internet",
        "97,9 % du temps",
        "Mesuré avec un logiciel indépendant",
    ):
        assert part in plain
    english = made(language="en").text.replace("\u00a0", " ")
    for part in ("27 cuts", "Orange, Rhône", "97.9%", "independent software"):
        assert part in english


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("number", [1, 1300])
def test_the_short_text_fits_with_the_longest_names_there_are(language, number):
    cuts = [
        examples.incident(f"2026-11-{1 + n % 21:02d} 10:00:00", 86_000, ongoing=n == 0) for n in range(number)
    ]
    findings = examples.findings(cuts)
    for operator in knowledge.operators():
        for postcode in ("98400", "97500", "04000"):
            one = made(marie(contract__operator=operator.name, person__postcode=postcode), findings, language)
            assert operator.name in one.short
            assert operator.name in one.text
            assert len(one.short) <= SHORT_LIMIT


def test_nothing_held_is_not_shared():
    for findings in (
        examples.findings(),
        examples.findings([examples.incident("2026-11-10 10:00:00", confidence=0.5)]),
        examples.findings([examples.incident("2026-11-10 10:00:00", excluded="travaux")]),
    ):
        with pytest.raises(Problem) as refused:
            made(findings=findings)
        assert refused.value.remark.code == "share_nothing_held"


def test_only_what_is_held_is_counted():
    held = examples.incident("2026-11-10 10:00:00", 60)
    others = [
        examples.incident("2026-11-11 10:00:00", 600, confidence=0.5),
        examples.incident("2026-11-12 10:00:00", 600, excluded="travaux"),
        examples.incident("2026-11-13 10:00:00", 600, line=examples.OTHER),
        examples.incident("2026-11-14 10:00:00", 600, kind=Kind.LOSS),
    ]
    one = made(findings=examples.findings([held, *others]))
    assert "1\u00a0coupure attribuée au" in one.text
    assert one.card.count == "1"
    assert one.card.duration == "1\u00a0min"
    assert [n for n, day in enumerate(one.card.days) if day.height] == [9]


def test_degradations_are_not_called_cuts_and_uncertain_cuts_do_not_count():
    slow = examples.incident("2026-11-14 10:00:00", 600, kind=Kind.LOSS)
    uncertain = examples.incident("2026-11-15 10:00:00", 900, confidence=0.5)
    one = made(findings=examples.findings([slow, uncertain]))
    assert "coupure" not in whole(one)
    assert "1\u00a0dégradation attribuée" in one.text
    assert one.card.duration == "10\u00a0min"


@pytest.mark.parametrize("home", [None, False])
def test_an_unconfirmed_line_names_nobody(home):
    line = replace(examples.HOME, home=home, operator="Orange")
    one = made(findings=examples.findings(examples.two_cuts_a_day(line=line), line=line))
    assert "Orange" not in whole(one)
    assert "Rhône" not in whole(one)
    assert "ma connexion" not in whole(one)


def test_a_name_that_only_the_person_knows_is_not_published():
    assert "Village" not in whole(made(marie(contract__operator="Réseau du Village")))
    assert "Sosh" in made(marie(contract__operator="sosh orange")).text


def test_days_not_observed_are_shown_as_such_and_bars_are_of_local_days():
    gap = Gap(Span(examples.at("2026-11-03 00:00:00"), examples.at("2026-11-06 00:00:00")), GapReason.STOPPED)
    late = examples.incident("2026-11-10 23:30:00", 600)
    days = made(findings=examples.findings([late], gaps=[gap])).card.days
    assert len(days) == 22
    assert [n + 1 for n, day in enumerate(days) if not day.observed] == [4, 5]
    assert [n + 1 for n, day in enumerate(days) if day.height] == [11]


def test_only_the_part_within_the_period_is_shared():
    span = Span(examples.at("2026-11-22 07:00:00"), examples.at("2026-11-22 09:00:00"))
    one = made(findings=examples.findings([examples.incident("2026-11-20 12:00:00", 3 * 86_400)], span=span))
    assert one.card.duration == "2\u00a0h"
    assert "3\u00a0j" not in whole(one)


def test_a_moment_is_not_told_as_no_time_at_all():
    for seconds in (0.0, 0.4):
        one = made(findings=examples.findings([examples.incident("2026-11-10 10:00:00", seconds)]))
        assert one.card.duration == "moins d’une seconde"
        assert "0\u00a0s" not in one.short
    assert picture(one.card, "png")


def test_short_and_long_text_say_that_it_is_not_certified():
    assert "non certifiée" in made().short
    assert "ertified" in made(language="en").short


def test_english_dates_can_be_read_in_one_way_only():
    one = made(language="en")
    assert "From 1 Nov 2026 to 22 Nov 2026" in one.text.replace("\u00a0", " ")
    assert "/11" not in whole(one)


def test_the_bars_name_some_of_their_days():
    marks = [day.mark for day in made().card.days]
    assert marks[0] == "01/11"
    assert marks[3] == "04/11"
    assert 3 <= len([mark for mark in marks if mark]) <= 8
    assert made(language="en").card.days[0].mark == "1\u00a0Nov"
    two = Span(examples.at("2026-11-20 08:00:00"), examples.at("2026-11-21 20:00:00"))
    cut = [examples.incident("2026-11-20 10:00:00", 60)]
    assert [day.mark for day in made(findings=examples.findings(cut, span=two)).card.days] == [
        "20/11",
        "21/11",
    ]


def test_a_long_or_a_short_period_has_no_bars():
    cut = [examples.incident("2026-11-10 10:00:00", 60)]
    short = Span(examples.at("2026-11-10 08:00:00"), examples.at("2026-11-10 20:00:00"))
    one = made(findings=examples.findings(cut, span=short))
    assert one.card.days == ()
    assert one.text.startswith("Le 10/11/2026,")
    long = Span(examples.at("2026-01-01 08:00:00"), examples.at("2026-11-20 20:00:00"))
    assert made(findings=examples.findings(cut, span=long)).card.days == ()


def test_the_change_of_clocks_moves_no_day():
    span = Span(examples.at("2026-10-20 00:00:00"), examples.at("2026-10-30 00:00:00"))
    cut = examples.incident("2026-10-28 23:10:00", 60)
    days = made(findings=examples.findings([cut], span=span)).card.days
    assert [n + 20 for n, day in enumerate(days) if day.height] == [29]


# Every planted value holds this run of signs, which nothing else that is written can hold.
_MARK = "Qzx7"
_planted = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12).map(
    lambda text: f"{text}{_MARK}{text}"
)


@settings(max_examples=150)
@given(st.data())
def test_nothing_personal_gets_into_text_or_picture(data):
    fields = {key: data.draw(_planted) for key in FIELDS if key not in ("person.postcode", "line.technology")}
    fields["person.postcode"] = data.draw(
        st.sampled_from(["69003", "20090", "97133", "00000", "99999", _MARK])
    )
    case = Case(_MARK, "fixed-internet-cut", data.draw(st.sampled_from(["FR", "BE"])), 0, fields)
    secret = {"gateway": _MARK, "gateway_mac": _MARK, "interface": _MARK, "name": _MARK, "operator": _MARK}
    line = replace(examples.HOME, id=_MARK, **secret)
    works = Exclusion(Span(examples.at("2026-11-12 13:00:00"), examples.at("2026-11-12 17:00:00")), _MARK, 0)
    findings = examples.findings(
        examples.two_cuts_a_day(line=line), line=line, exclusions=[works], method=_MARK, own_settings=(_MARK,)
    )
    one = made(case, findings, data.draw(st.sampled_from(["fr", "en"])))
    for text in texts(one):
        assert _MARK not in text
        assert "69003" not in text
        assert "20090" not in text
    assert _MARK.encode() not in picture(one.card, "svg")


def test_no_time_of_day_gets_out():
    cuts = [examples.incident(f"2026-11-{n:02d} 13:37:42", 60) for n in range(2, 12)]
    one = made(findings=examples.findings(cuts, span=Span(examples.at("2026-11-01 04:56:00"), examples.NOW)))
    for text in texts(one):
        for time in ("13:37", "14:37", "37:42", "04:56", "05:56", "09:00", "10:00"):
            assert time not in text


def chunks(content):
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + size
    return found


def test_the_picture_is_the_same_each_time_and_holds_nothing_but_itself():
    card = made().card
    png = picture(card, "png")
    assert png == picture(card, "png")
    parts = chunks(png)
    assert {kind for kind, _body in parts} <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
    assert struct.unpack(">II", parts[0][1][:8]) == (1200, 675)
    svg = picture(card, "svg")
    assert svg == picture(card, "svg")
    for word in (b"<metadata", b"<desc", b"<title", b"<!--", b"Typst", b"2026"):
        assert word not in svg
    assert svg.startswith(b"<svg")


def test_metadata_is_taken_out_of_a_png():
    png = picture(made().card, "png")
    text = b"tEXtAuthor\0Marie"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert bare_png(png[:33] + chunk + png[33:]) == png
    for broken in (b"", b"GIF89a", png[:-5], png[:50]):
        with pytest.raises(ValueError, match=r"no PNG|cut off"):
            bare_png(broken)


def test_the_largest_figures_stay_on_one_picture():
    cuts = [
        examples.incident(f"2026-11-{1 + n % 21:02d} 10:00:00", 80_000, ongoing=n == 0) for n in range(1300)
    ]
    card = made(marie(person__postcode="98400"), examples.findings(cuts)).card
    assert chunks(picture(card, "png"))
    assert picture(card, "svg").count(b"<svg") == 1


def test_every_french_postcode_that_exists_has_its_departement():
    assert department_name(department("FR", "20090")) == "Corse-du-Sud"
    assert department_name(department("FR", "20200")) == "Haute-Corse"
    assert department_name(department("FR", "97400")) == "La Réunion"
    assert department_name(department("FR", "98000")) == ""
    assert department_name("") == ""
    for number in (f"{n:02d}" for n in range(1, 96) if n != 20):
        assert department_name(number)
    for number in ("971", "972", "973", "974", "975", "976", "986", "987", "988"):
        assert department_name(number)


def test_without_a_case_there_is_still_a_share():
    one = made(NO_CASE)
    assert "27" in one.text
    assert "(" not in one.text.split("a connu")[0]


def test_this_machines_zone_serves_where_none_is_given():
    assert made(zone=None).card.days
    assert made(zone=ZoneInfo("Pacific/Kiritimati")).card.days
