"""Which option of a page means a known choice, an operator or a commune: one option for certain, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jalerte_desktop.filing.form import Choice, FormField
from jalerte_desktop.filing.form_words import NEGATIONS, content, plain, same, word_set, words
from jalerte_desktop.filing.page import Control, PageOption

_PLACEHOLDER = re.compile(r"^(choisi|select|veuillez|aucun choix|option|precisez|a renseigner|non renseigne)")
_SHOWN_OPTIONS = 6
_BRAND_END = re.compile(r"\s*[·•|(/–—]|\s+-\s+")
_OTHER_HOUSES = word_set("mobile pro business entreprise entreprises caraibe reunion")
_TOWNS_WITH_DISTRICTS = {"paris": ("750", 20), "lyon": ("6900", 9), "marseille": ("130", 16)}


def is_placeholder(option: PageOption) -> bool:
    """True for "Choisissez…", "--" and their like: choosing them answers nothing."""
    return not words(option.label) or bool(_PLACEHOLDER.match(plain(option.label)))


def answers(control: Control) -> tuple[PageOption, ...]:
    """The options that answer something and can be chosen."""
    return tuple(option for option in control.options if option.enabled and not is_placeholder(option))


def seen(control: Control) -> str:
    """The options in words, a few of them."""
    labels = [" ".join(option.label.split())[:60] for option in answers(control)]
    more = f" … ({len(labels)})" if len(labels) > _SHOWN_OPTIONS else ""
    return ", ".join(labels[:_SHOWN_OPTIONS]) + more if labels else "–"


def pick_choice(
    control: Control, field: FormField, code: str, *, only_exact: bool = False
) -> PageOption | None:
    """The one option that means the choice; None where none does or where two could.

    Exact wording first, then an option that holds all words of a known wording, nothing of another choice and no
    negation. ``only_exact`` where the field itself is known by its HTML name alone.
    """
    ours = field.choice(code)
    if ours is None:
        return None
    others = [choice for choice in field.choices if choice.code != code]
    exact = [one for one in answers(control) if same(one.label, ours.labels)]
    if len(exact) == 1 and not any(same(exact[0].label, other.labels) for other in others):
        return exact[0]
    if exact or only_exact:
        return None
    near = [one for one in answers(control) if _means(one, ours, others)]
    return near[0] if len(near) == 1 else None


def _means(option: PageOption, ours: Choice, others: Sequence[Choice]) -> bool:
    said = set(content(option.label))
    if not any((wanted := set(content(label))) and wanted <= said for label in ours.labels):
        return False
    own_words = {word for label in ours.labels for word in content(label)}
    foreign = {word for other in others for label in other.labels for word in content(label)} - own_words
    extra = set(words(option.label)) - own_words
    return not any(same(option.label, other.labels) for other in others) and not extra & (foreign | NEGATIONS)


def pick_first(control: Control, wordings: Iterable[str]) -> PageOption | None:
    """The one option that is the first wording that any option is: wordings go from the surest to the widest."""
    for wording in wordings:
        found = [one for one in answers(control) if same(one.label, (wording,))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def pick_operator(control: Control, accepted: Sequence[str], *, network_known: bool) -> PageOption | None:
    """The entry of this operator: never "Free Mobile" for "Free".

    Where the network is not known, an entry "brand · any network" counts when it is the only one of that brand.
    """
    found = pick_first(control, accepted)
    if found is not None or network_known:
        return found
    ours = [one for one in answers(control) if same(_brand(one.label), accepted)]
    if len(ours) != 1:
        return None
    rest = words(ours[0].label)[len(words(_brand(ours[0].label))) :]
    return ours[0] if rest and not _OTHER_HOUSES.intersection(rest) else None


def lists_brand(control: Control, brands: Iterable[str]) -> bool:
    """True where an entry of the list begins with one of the brands."""
    beginnings = [words(brand) for brand in brands if words(brand)]
    return any(
        words(one.label)[: len(beginning)] == beginning
        for one in answers(control)
        for beginning in beginnings
    )


def _brand(label: str) -> str:
    return _BRAND_END.split(label, maxsplit=1)[0]


def commune_wordings(commune: str, postcode: str) -> tuple[str, ...]:
    """How lists write a commune with its postcode."""
    names = [commune]
    saints = re.sub(r"\b[Ss](te?)[ .-]+", lambda found: "Sainte " if found[1] == "te" else "Saint ", commune)
    if saints != commune:
        names.append(saints)
    return tuple(
        wording
        for name in names
        for wording in (
            f"{name} ({postcode})",
            f"{name} {postcode}",
            f"{postcode} {name}",
            f"{postcode} - {name}",
        )
    )


def district_wordings(commune: str, postcode: str) -> tuple[str, ...]:
    """The same for a district of Paris, Lyon, Marseille, which follows from the postcode; () elsewhere."""
    town = re.sub(r"\s+\d+.*$", "", commune).strip()
    known = _TOWNS_WITH_DISTRICTS.get(plain(town))
    if known is None:
        return ()
    digits = "16" if postcode == "75116" else postcode.removeprefix(known[0])
    if not digits.isdecimal() or len(postcode) != 5 or digits == postcode or not 1 <= int(digits) <= known[1]:
        return ()
    number = int(digits)
    ordinals = ("1er", "1ère", "1") if number == 1 else (f"{number}e", f"{number}ème", f"{number}")
    named = [f"{town} {ordinal}{word}" for ordinal in ordinals for word in (" Arrondissement", "")]
    named.append(f"{town} {number:02}")
    # The postcode alone tells the district: "Lyon (69003)".
    named.append(town)
    return tuple(wording for name in dict.fromkeys(named) for wording in commune_wordings(name, postcode))


def commune_names(commune: str, postcode: str) -> tuple[str, ...]:
    """The same without the postcode, for lists of what was found under it."""
    ending = f" ({postcode})"
    written = (*commune_wordings(commune, postcode), *district_wordings(commune, postcode))
    return tuple(dict.fromkeys(one.removesuffix(ending) for one in written if one.endswith(ending)))


def pick_star(control: Control, rating: int) -> PageOption | None:
    """The option of so many stars, on a scale that goes from 1 to 5 and no other."""
    scale: dict[int, PageOption] = {}
    for option in answers(control):
        stars = _stars(option)
        if stars is None or stars in scale:
            return None
        scale[stars] = option
    return scale.get(rating) if set(scale) == {1, 2, 3, 4, 5} else None


def _stars(option: PageOption) -> int | None:
    """The number that an option of a scale names: "3", "3 étoiles", "3/5", "3 étoiles sur 5"."""
    found = re.fullmatch(r"(\d)(?: etoiles?)?(?:(?: sur)? 5)?", plain(option.label))
    return int(found[1]) if found else None
