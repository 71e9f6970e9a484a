"""The keys that a case can hold, and what each accepts.

``canonical`` turns what was typed into the text that is stored: one form for one fact, so that papers need not guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from diagnostics.model import BadInput
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.words.language import N_

COUNTRIES = ("FR", "BE", "CH", "LU")
PROFILES = ("individual", "elected", "company", "association", "developer")
TECHNOLOGIES = ("fibre", "cable", "vdsl", "adsl", "4g", "5g", "satellite", "radio", "other")

_POSTCODES = {"FR": r"\d{5}", "BE": r"[1-9]\d{3}", "CH": r"[1-9]\d{3}", "LU": r"\d{4}"}
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SPEED = re.compile(r"(?P<figure>\d+(?:[.,]\d+)?) ?(?P<unit>[kmg]?)(?:bit/s|b/s|bps|bits/s)?", re.IGNORECASE)
_SLOWEST_BPS, _FASTEST_BPS = 8_000, 10**12

Check = Callable[[str, str, str], str]
"""From a key, what was typed and the case's country to what is stored."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One key: its label (English, to be translated), and how its values are checked."""

    key: str
    label: str
    check: Check
    choices: tuple[str, ...] = ()
    numeric: bool = False


def canonical(key: str, typed: str, country: str) -> str:
    """What is stored for what was typed; "" takes the value away.

    :raises BadInput: ``field_unknown`` for a key that does not exist; ``field_…`` for a value that does not fit it.
    """
    spec = FIELDS.get(key)
    if spec is None:
        raise BadInput("field_unknown", key=clean(key), known=" ".join(FIELDS))
    text = clean(typed)
    if not text:
        return ""
    if spec.choices:
        if text.casefold() not in spec.choices:
            raise BadInput("field_choice", key=key, value=text, choices=" ".join(spec.choices))
        return text.casefold()
    return spec.check(key, typed, country)


def speed_bps(key: str, typed: str) -> int:
    """Bits a second from ``1000000000``, ``1 Gbit/s``, ``500 Mb/s``, ``8.5Mbit/s``.

    :raises BadInput: ``field_speed`` when it is none; ``field_speed_unit`` when the unit seems forgotten.
    """
    text = clean(typed).replace("\u202f", " ")
    joined = re.sub(r"(?<=\d) (?=\d)", "", text)
    match = _SPEED.fullmatch(joined)
    if match is None:
        raise BadInput("field_speed", key=key, value=text)
    value = int(Decimal(match["figure"].replace(",", ".")) * _UNITS[match["unit"].casefold()])
    if value < _SLOWEST_BPS and not match["unit"] and value > 0:
        raise BadInput("field_speed_unit", key=key, value=text)
    if not 0 < value <= _FASTEST_BPS:
        raise BadInput("field_speed", key=key, value=text)
    return value


def _text(limit: int) -> Check:
    def check(key: str, typed: str, _country: str) -> str:
        return _within(limit, key, clean(typed))

    return check


def _lines(limit: int) -> Check:
    def check(key: str, typed: str, _country: str) -> str:
        return _within(limit, key, "\n".join(clean_lines(typed)))

    return check


def _within(limit: int, key: str, text: str) -> str:
    if len(text) > limit:
        raise BadInput("field_long", key=key, limit=limit, length=len(text))
    return text


def _postcode(key: str, typed: str, country: str) -> str:
    text = clean(typed).replace(" ", "")
    if not re.fullmatch(_POSTCODES.get(country, r"[0-9A-Za-z-]{3,10}"), text, re.ASCII):
        raise BadInput("field_postcode", key=key, value=clean(typed), digits=5 if country == "FR" else 4)
    return text


def _email(key: str, typed: str, _country: str) -> str:
    text = clean(typed)
    if len(text) > 254 or not re.fullmatch(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(\.[^@\s,;<>()\".]+)+", text):
        raise BadInput("field_email", key=key, value=text[:80])
    return text


def _phone(key: str, typed: str, country: str) -> str:
    text = clean(typed)
    digits = re.sub(r"[ .()/-]", "", text)
    if not re.fullmatch(r"\+?\d{4,15}", digits, re.ASCII):
        raise BadInput("field_phone", key=key, value=text[:80])
    if country == "FR" and re.fullmatch(r"0\d{9}", digits):
        return " ".join(digits[i : i + 2] for i in range(0, 10, 2))
    return text


def _speed(key: str, typed: str, _country: str) -> str:
    return str(speed_bps(key, typed))


def _price(key: str, typed: str, _country: str) -> str:
    text = re.sub(r"(€|eur)$", "", clean(typed).casefold()).strip().replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value < 10_000 or value != round(value, 2):
        raise BadInput("field_price", key=key, value=clean(typed)[:80])
    return f"{value:.2f}"


def _day(key: str, typed: str, _country: str) -> str:
    text = clean(typed)
    french = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)
    try:
        if french:
            return date(int(french[3]), int(french[2]), int(french[1])).isoformat()
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadInput("field_date", key=key, value=text[:80]) from None


def _speed_field(key: str, label: str) -> FieldSpec:
    return FieldSpec(key, label, _speed, numeric=True)


_ALL = (
    FieldSpec("person.profile", N_("You are"), _text(20), choices=PROFILES),
    FieldSpec("person.name", N_("First name and name"), _text(120)),
    FieldSpec(
        "person.first_name", N_("First name, where the program cannot tell it from the name"), _text(60)
    ),
    FieldSpec("person.address", N_("Address (without postcode and town)"), _lines(300)),
    FieldSpec("person.postcode", N_("Postcode"), _postcode),
    FieldSpec("person.city", N_("Town"), _text(80)),
    FieldSpec("person.email", N_("E-mail"), _email),
    FieldSpec("person.phone", N_("Telephone"), _phone),
    FieldSpec("line.number", N_("Number or reference of the line"), _text(60)),
    FieldSpec("line.technology", N_("Technology of the line"), _text(20), choices=TECHNOLOGIES),
    FieldSpec("contract.operator", N_("Operator"), _text(80)),
    FieldSpec("contract.offer", N_("Name of the offer"), _text(120)),
    FieldSpec("contract.customer_number", N_("Customer number"), _text(60)),
    _speed_field("contract.download_max_bps", N_("Promised download speed, maximum")),
    _speed_field("contract.download_normal_bps", N_("Promised download speed, normally available")),
    _speed_field("contract.download_min_bps", N_("Promised download speed, minimum")),
    _speed_field("contract.upload_max_bps", N_("Promised upload speed, maximum")),
    _speed_field("contract.upload_normal_bps", N_("Promised upload speed, normally available")),
    _speed_field("contract.upload_min_bps", N_("Promised upload speed, minimum")),
    FieldSpec("contract.monthly_price_eur", N_("Monthly price in euros"), _price, numeric=True),
    FieldSpec("contract.started_on", N_("Contract since"), _day),
    FieldSpec("case.impact", N_("What the incidents prevented, in your words"), _text(400)),
    FieldSpec(
        "alert.service_contacted", N_("Customer service already contacted"), _text(3), choices=("yes", "no")
    ),
    FieldSpec(
        "alert.rating", N_("Your rating of the customer service, 1 to 5"), _text(1), choices=tuple("12345")
    ),
)

FIELDS: dict[str, FieldSpec] = {spec.key: spec for spec in _ALL}
"""Every known key, in the order in which a person is asked."""
