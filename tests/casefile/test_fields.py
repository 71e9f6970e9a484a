"""What each field accepts, and in which form it is kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.model import BadInput
from jalerte_desktop.casefile.fields import FIELDS, canonical, speed_bps
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.words.errors_papers import SENTENCES


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("person.profile", "Individual", "individual"),
        ("person.name", "  Marie\u202e\x07  Dupont\n", "Marie Dupont"),
        ("person.address", "12 rue X\r\nBât. B\n\n", "12 rue X\nBât. B"),
        ("person.postcode", "69 003", "69003"),
        ("person.email", "marie.dupont+arcep@exemple.fr", "marie.dupont+arcep@exemple.fr"),
        ("person.phone", "06.12.34.56.78", "06 12 34 56 78"),
        ("person.phone", "+32 2 223 09 09", "+32 2 223 09 09"),
        ("person.phone", "3900", "3900"),
        ("line.technology", "FIBRE", "fibre"),
        ("contract.download_max_bps", "1 Gbit/s", "1000000000"),
        ("contract.download_max_bps", "1000000000", "1000000000"),
        ("contract.upload_min_bps", "8,5 Mb/s", "8500000"),
        ("contract.upload_min_bps", "600 kbit/s", "600000"),
        ("contract.monthly_price_eur", "39,99 €", "39.99"),
        ("contract.monthly_price_eur", "30", "30.00"),
        ("contract.started_on", "3/3/2024", "2024-03-03"),
        ("contract.started_on", "2024-03-03", "2024-03-03"),
        ("alert.service_contacted", "YES", "yes"),
        ("alert.rating", "4", "4"),
    ],
)
def test_values_are_kept_in_one_form(key, typed, kept):
    assert canonical(key, typed, "FR") == kept
    assert canonical(key, kept, "FR") == kept


@pytest.mark.parametrize(
    ("key", "typed", "code"),
    [
        ("person.shoe_size", "42", "field_unknown"),
        ("person.profile", "king", "field_choice"),
        ("person.name", "x" * 10_000, "field_long"),
        ("person.postcode", "6900", "field_postcode"),
        ("person.postcode", "٦٩٠٠٣", "field_postcode"),
        ("person.email", "marie", "field_email"),
        ("person.email", "a@b", "field_email"),
        ("person.email", "a b@exemple.fr", "field_email"),
        ("person.phone", "call me", "field_phone"),
        ("person.phone", "12", "field_phone"),
        ("contract.download_max_bps", "0", "field_speed"),
        ("contract.download_max_bps", "-5 Mbit/s", "field_speed"),
        ("contract.download_max_bps", "fast", "field_speed"),
        ("contract.download_max_bps", "5000 Gbit/s", "field_speed"),
        ("contract.download_max_bps", "500", "field_speed_unit"),
        ("contract.monthly_price_eur", "-1", "field_price"),
        ("contract.monthly_price_eur", "NaN", "field_price"),
        ("contract.monthly_price_eur", "1e9", "field_price"),
        ("contract.monthly_price_eur", "39.999", "field_price"),
        ("contract.started_on", "31/02/2024", "field_date"),
        ("alert.service_contacted", "maybe", "field_choice"),
        ("alert.rating", "6", "field_choice"),
    ],
)
def test_bad_values_are_refused_with_a_sentence(key, typed, code):
    with pytest.raises(BadInput) as caught:
        canonical(key, typed, "FR")
    remark = caught.value.remark
    assert remark.code == code
    assert SENTENCES[code].format(**dict(remark.values))


def test_postcodes_follow_the_country():
    assert canonical("person.postcode", "1000", "BE") == "1000"
    with pytest.raises(BadInput):
        canonical("person.postcode", "69003", "CH")


@pytest.mark.parametrize("key", FIELDS)
@settings(deadline=None)
@given(typed=st.text(max_size=60))
def test_whatever_is_typed_is_kept_in_a_stable_form_or_refused(key, typed):
    refusal = None
    try:
        kept = canonical(key, typed, "FR")
    except BadInput as refused:
        refusal = refused.remark
    if refusal is not None:
        assert SENTENCES[refusal.code].format(**dict(refusal.values))
        return
    assert canonical(key, kept, "FR") == kept
    kept.encode("utf-8")


@settings(deadline=None)
@given(st.text())
def test_clean_text_is_one_safe_line(text):
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert "\n" not in cleaned
    assert not any(ord(c) < 32 or "\u202a" <= c <= "\u202e" or "\ud800" <= c <= "\udfff" for c in cleaned)
    assert " ".join(clean_lines(text)) == cleaned


def test_spaces_in_figures_are_understood():
    assert speed_bps("contract.download_max_bps", "1 000 Mbit/s") == 10**9
    assert speed_bps("contract.download_max_bps", "1\u202f000 Mbit/s") == 10**9
