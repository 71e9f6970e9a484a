"""What a control should hold, and whether it does: one action for one field, or why the field is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.model import Remark
from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.form_words import same, words
from jalerte_desktop.filing.matching import By, Match
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.page import Action, Attach, Choose, Control, Page, PageOption, Role, Search, Type
from jalerte_desktop.filing.picking import (
    answers,
    commune_names,
    commune_wordings,
    district_wordings,
    lists_brand,
    pick_choice,
    pick_first,
    pick_operator,
    pick_star,
    seen,
)
from jalerte_desktop.filing.values import FieldValue, State, Value


@dataclass(frozen=True, slots=True)
class Aim:
    """``action`` brings the value there; ``reached`` says that it stands in the page. ``value`` is what stands or will.

    ``other_brand``: the brand to be written where the list had to be answered with "other". ``some_left``: what cannot
    go along, in words.
    """

    action: Action
    reached: bool
    value: str
    other_brand: str = ""
    some_left: Remark | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing can be put here. ``drift``: since the page is not as the map says. ``blocks``: somebody has to answer
    before it goes on."""

    why: Remark
    drift: bool = False
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the alert has for one field. ``attachments`` are the files, ``other_brand`` what "other" was chosen for,
    ``tries`` how often it was tried. ``one_file``: several files at once were not taken.
    ``listed``: the list of operators has ours."""

    given: FieldValue
    others: FieldValue | None
    attachments: tuple[Attachment, ...]
    other_brand: str = ""
    tries: int = 0
    one_file: bool = False
    listed: bool = False


def aim(match: Match, wanted: Wanted, page: Page, form: Form) -> Aim | Leave:
    """What to do about a field that was recognised for certain."""
    given, control = wanted.given, match.control
    if match.field.fill == "attachment":
        return _files(control, wanted, page, form)
    if match.field.fill == "operator":
        return _operator(control, match, wanted)
    if match.field.fill == "other_operator":
        if wanted.other_brand:
            return _text(control, wanted.other_brand)
        if wanted.listed:
            return Leave(Remark.of("fill_not_applicable"), blocks=control.required)
    if given.state is not State.FILLED:
        return _nothing_given(control, given)
    if match.field.fill == "commune":
        return _commune(control, given.value, wanted.tries)
    if match.field.control == "rating":
        return _rating(control, given.value)
    if match.field.choices:
        return _choice(control, match, given.value)
    if control.role in (Role.TEXT, Role.TEXTAREA):
        return _text(control, given.value.text, digits=match.field.fill == "phone")
    return Leave(Remark.of("fill_not_known"))


def _nothing_given(control: Control, given: FieldValue) -> Leave:
    if given.state is State.RESERVED:
        return Leave(
            Remark.of("fill_reserved_rating" if given.field.control == "rating" else "fill_reserved")
        )
    if given.state is State.NOT_APPLICABLE:
        return Leave(Remark.of("fill_not_applicable"), blocks=control.required)
    if given.field.fill == "unknown":
        return Leave(Remark.of("fill_not_known"), drift=control.required, blocks=control.required)
    return Leave(Remark.of("fill_missing"), blocks=control.required or given.state is State.MISSING)


def _chosen(control: Control, option: PageOption) -> bool:
    return option.chosen and sum(1 for one in control.options if one.chosen) == 1


def _no_option(control: Control, wanted: str) -> Leave:
    return Leave(Remark.of("drift_no_option", wanted=wanted, seen=seen(control)), drift=True)


def _choice(control: Control, match: Match, value: Value) -> Aim | Leave:
    if control.role is Role.SEARCH and not answers(control):
        return _search(control, value.text, value.accepted)
    only_exact = match.by in (By.NAME, By.OPTIONS)
    option = pick_choice(control, match.field, value.code, only_exact=only_exact)
    if option is None:
        return _no_option(control, value.text)
    return _take(control, option)


def _take(control: Control, option: PageOption, other_brand: str = "") -> Aim:
    if control.role is Role.SEARCH:
        reached = same(control.value, (option.label,))
        return Aim(Search(control, option.label, (option.label,)), reached, option.label, other_brand)
    return Aim(Choose(control, option), _chosen(control, option), option.label, other_brand)


def _search(control: Control, query: str, wordings: Sequence[str]) -> Aim:
    return Aim(Search(control, query, tuple(wordings)), same(control.value, wordings), control.value or query)


def _rating(control: Control, value: Value) -> Aim | Leave:
    option = pick_star(control, int(value.code))
    if option is None:
        return _no_option(control, value.text)
    return _take(control, option)


def _operator(control: Control, match: Match, wanted: Wanted) -> Aim | Leave:
    """Our operator; "other" where it was typed by the person or nothing on the list begins with its brand."""
    given, value = wanted.given, wanted.given.value
    unlisted = ""
    if (
        given.state is State.NOT_APPLICABLE
        and wanted.others is not None
        and wanted.others.state is State.FILLED
    ):
        unlisted = wanted.others.value.text
    elif given.state is not State.FILLED:
        return _nothing_given(control, given)
    brand = unlisted or re.split(r" · ", value.text)[0]
    accepted = (unlisted,) if unlisted else value.accepted or (value.text,)
    if control.role is Role.SEARCH and not answers(control):
        return _search(control, brand, accepted)
    option = pick_operator(control, accepted, network_known=bool(unlisted) or " · " in value.text)
    if option is not None:
        return _take(control, option)
    brands = [one for one in accepted if " · " not in one and "(" not in one]
    other = pick_choice(control, match.field, "other", only_exact=True)
    if other is None or (not unlisted and lists_brand(control, brands)):
        return _no_option(control, value.text or unlisted)
    return _take(control, other, brand)


def _commune(control: Control, value: Value, tries: int) -> Aim | Leave:
    postcode = value.query
    commune = value.text.removesuffix(f"({postcode})").strip() if value.accepted else ""
    sure = (*value.accepted, *commune_wordings(commune, postcode)) if commune else ()
    wide = (*district_wordings(commune, postcode), *commune_names(commune, postcode)) if commune else ()
    if control.role is Role.TEXT:
        return _commune_plain(control, value, (*sure, *wide), tries)
    if control.role is Role.SEARCH and not answers(control):
        return _commune_search(control, postcode, sure, wide, tries)
    option = pick_first(control, sure) or pick_first(control, wide)
    if option is None and not commune:
        found = [one for one in answers(control) if postcode in words(one.label)]
        option = found[0] if len(found) == 1 else None
    if option is None:
        return _no_option(control, value.text)
    return _take(control, option)


def _commune_search(
    control: Control, postcode: str, sure: Sequence[str], wide: Sequence[str], tries: int
) -> Aim:
    """Without a commune, nothing is wanted by name: whoever searches may take the result that is the only one."""
    if sure:
        reached = same(control.value, (*sure, *wide))
        # The wider wordings only when the exact ones brought nothing twice.
        wordings = wide if wide and tries >= 2 else sure
    else:
        reached = postcode in words(control.value)
        wordings = ()
    return Aim(Search(control, postcode, tuple(dict.fromkeys(wordings))), reached, control.value or postcode)


def _commune_plain(control: Control, value: Value, wordings: Sequence[str], tries: int) -> Aim | Leave:
    """What looks like a plain field may bring a list of its own as soon as it is written in: that is tried first."""
    postcode = value.query
    commune = value.text.removesuffix(f"({postcode})").strip() if value.accepted else ""
    typed = _commune_text(control, commune, postcode, value.text)
    if isinstance(typed, Aim) and typed.reached:
        return typed
    by_code, by_name = _asked(control)
    query = commune if by_name and not by_code else postcode
    search = _search(control, query, wordings)
    if search.reached:
        return search
    return typed if not commune or tries or (by_code and control.max_length in (5, 6)) else search


def _asked(control: Control) -> tuple[bool, bool]:
    """Does the label ask for the postcode, for the name?"""
    asked = set(words(control.label))
    return bool(asked & {"postal", "postcode"}), bool(asked & {"commune", "ville", "localite"})


def _commune_text(control: Control, commune: str, postcode: str, whole: str) -> Aim | Leave:
    """A plain field: the postcode, the name, or both, as its label asks."""
    asked = set(words(control.label))
    by_code, by_name = _asked(control)
    if by_code and (not by_name or "ou" in asked):
        return _text(control, postcode)
    if by_name and not by_code:
        return _text(control, commune) if commune else Leave(Remark.of("fill_missing"))
    return Leave(Remark.of("drift_plain_place", wanted=whole), drift=True)


def _text(control: Control, text: str, *, digits: bool = False) -> Aim | Leave:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if control.max_length is not None and control.max_length >= 0 and length > control.max_length:
        return Leave(Remark.of("fill_too_long", length=length, limit=control.max_length))
    if control.role is Role.TEXT and "\n" in text:
        return Leave(Remark.of("fill_one_line"))
    reached = _written(control.value) == _written(text)
    if digits and not reached:
        reached = _digits(control.value) == _digits(text) != ""
    return Aim(Type(control, text), reached, text)


def _written(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _digits(text: str) -> str:
    return re.sub(r"[\s.\-()]", "", text)


def _files(control: Control, wanted: Wanted, page: Page, form: Form) -> Aim | Leave:
    """The files that fit: all at once, or one after the other where the field takes one at a time.

    A field that keeps the one file it holds takes no more: another one would replace it.
    """
    fitting = [one for one in wanted.attachments if _fits(one, control.accepts, form)]
    left = [one.name for one in wanted.attachments if one not in fitting]
    code = "fill_files_unfit"
    if not fitting:
        return Leave(
            Remark.of(code, names=", ".join(left)) if left else Remark.of("fill_no_file"),
            blocks=control.required,
        )
    absent = [one for one in fitting if not _stands(one.name, f"{control.value}\n{page.text}")]
    if wanted.one_file and absent and any(_stands(one.name, control.value) for one in fitting):
        left += [one.name for one in absent]
        code = "fill_files_one"
        fitting, absent = [one for one in fitting if one not in absent], []
    chosen = (absent or fitting)[: 1 if wanted.one_file else None]
    some_left = Remark.of(code, names=", ".join(left)) if left else None
    action = Attach(control, tuple((one.path, one.name) for one in chosen))
    return Aim(action, not absent, ", ".join(one.name for one in fitting), some_left=some_left)


def _stands(name: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text))


def _fits(one: Attachment, accepts: str, form: Form) -> bool:
    if one.media_type not in form.attachment_types or one.size_bytes > form.attachment_bytes:
        return False
    allowed = [entry.strip().casefold() for entry in accepts.split(",") if entry.strip()]
    if not allowed:
        return True
    kind = one.media_type.casefold().split("/")[0]
    return any(
        entry in ("*/*", one.media_type.casefold(), f"{kind}/*")
        or (entry.startswith(".") and one.name.casefold().endswith(entry))
        for entry in allowed
    )
