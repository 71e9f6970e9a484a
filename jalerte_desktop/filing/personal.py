"""Whether a text holds what the person told the program about themselves, or names somebody, however it is spelled."""

from __future__ import annotations

import re

from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean_lines, fold
from jalerte_desktop.filing.model import Contact

_FEWEST_DIGITS = 6
_NUMBER = re.compile(r"\+?\d[\d .,/()\u00a0\u202f-]*")
_PREFIX = re.compile(r"(?:\+|00)(?:33|32|352|41)|0+")
"""Of the countries that cases may be in."""
_SHORT_NAME = 3
_OF_A_LIGHT = frozenset(
    ("voyant", "voyants", "led", "leds", "lumiere", "light", "couleur", "en", "est", "clignote")
)


def holds_personal(text: str, case: Case, contact: Contact) -> bool:
    """True where the family name, e-mail, a telephone number, the street or the customer's number stand in the text."""
    numbers = (contact.phone, case.get("person.phone") or "", case.get("line.number") or "")
    codes = (case.get("contract.customer_number") or "", contact.email, case.get("person.email") or "")
    return (
        _named(text, contact)
        or any(_numbered(text, one) for one in numbers)
        or any(_spelled(text, one) for one in codes)
        or any(_addressed(text, line) for line in clean_lines(case.get("person.address") or ""))
    )


def names_brand(text: str, brand: str) -> bool:
    """True where the brand stands in the text as whole words; a light of the box may be orange."""
    wanted, found = _words(brand), _words(text)
    lit = wanted == ["orange"]
    return any(not (lit and at and found[at - 1] in _OF_A_LIGHT) for at in _places(wanted, found))


def _named(text: str, contact: Contact) -> bool:
    family, first = _words(contact.family_name), _words(contact.first_name)
    found = _words(text)
    if sum(map(len, family)) > _SHORT_NAME:
        return bool(_places(family, found))
    # “Le” is a family name, too.
    return bool(first and family and (_places([*first, *family], found) or _places([*family, *first], found)))


def _numbered(text: str, number: str) -> bool:
    """The same digits, with or without a country's prefix, however they are spaced."""
    significant = _digits(_PREFIX.sub("", re.sub(r"[^\d+]", "", number), count=1)).lstrip("0")
    if len(significant) < _FEWEST_DIGITS:
        return False
    return any(significant in _digits(run) for run in _NUMBER.findall(text))


def _spelled(text: str, code: str) -> bool:
    """The same letters and digits, whatever stands between them; not as a part of longer ones."""
    parts = [re.escape(part) for part in re.findall(r"[^\W_]", fold(code))]
    if len(parts) < 4:
        return False
    return re.search(r"(?<![^\W_])" + r"[\W_]{0,3}".join(parts) + r"(?![^\W_])", fold(text)) is not None


def _addressed(text: str, line: str) -> bool:
    """The line of an address, also without the number of the house."""
    street = re.sub(r"^\d+\s*(bis|ter|quater|[a-d])?\b[\s,]*", "", fold(line))
    return len(words := _words(street)) > 1 and bool(_places(words, _words(text)))


def _places(wanted: list[str], found: list[str]) -> list[int]:
    size = len(wanted)
    return [at for at in range(len(found) - size + 1) if found[at : at + size] == wanted] if size else []


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(text))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
