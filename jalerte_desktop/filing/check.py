"""The check of completeness and honesty: what a person should know before an alert is filed.

It never forbids: the alert is the person's. It says what a reader at the other end could hold against it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from diagnostics.model import Remark
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import fold
from jalerte_desktop.filing.description import length
from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.model import Alert
from jalerte_desktop.filing.personal import holds_personal, names_brand
from jalerte_desktop.filing.photos import Place, place_in
from jalerte_desktop.filing.values import FieldValue, State

ENOUGH_OBSERVED = 0.5
_SHOUTING = 0.5


@cache
def _harsh() -> frozenset[str]:
    raw = tomllib.loads((files("resources") / "tone.toml").read_text(encoding="utf-8"))
    return frozenset(raw["harsh"])


def warnings_of(alert: Alert, case: Case) -> tuple[Remark, ...]:
    """What to know before filing, whatever the way, the gravest first."""
    return (*_evidence(alert), *_words(alert, case), *_fitness(alert, case))


def form_warnings(alert: Alert, values: tuple[FieldValue, ...], form: Form) -> tuple[Remark, ...]:
    """What to know besides, of this form."""
    return tuple(_form(alert, values, form))


def _evidence(alert: Alert) -> list[Remark]:
    findings = alert.account.findings
    found: list[Remark] = []
    if not findings.confirmed:
        found.append(Remark.of("alert_line_unconfirmed"))
    if not alert.account.held:
        found.append(Remark.of("alert_nothing_held", uncertain=len(alert.account.uncertain)))
    if findings.coverage.ratio < ENOUGH_OBSERVED:
        found.append(Remark.of("alert_little_observed", ratio=findings.coverage.ratio))
    if not alert.own_words and alert.listed < alert.listable:
        found.append(Remark.of("alert_not_all_listed", listed=alert.listed, all=alert.listable))
    return found


def _words(alert: Alert, case: Case) -> list[Remark]:
    """What the person's own words may lack, or say too loudly."""
    if not alert.own_words:
        return []
    text, found = alert.description, [Remark.of("alert_own_words")]
    if not text.strip():
        return [Remark.of("alert_text_empty")]
    if length(text) > alert.description_limit:
        found.append(Remark.of("alert_text_long", length=length(text), limit=alert.description_limit))
    harsh = sorted({word for word in re.findall(r"\w+", fold(text)) if word in _harsh()})
    if harsh:
        found.append(Remark.of("alert_tone_harsh", words=", ".join(harsh)))
    letters = [c for c in text if c.isalpha()]
    if "!!" in text or (len(letters) > 40 and sum(map(str.isupper, letters)) > _SHOUTING * len(letters)):
        found.append(Remark.of("alert_tone_loud"))
    findings = alert.account.findings
    brands = (case.operator or "", findings.line.operator or "")
    if not findings.confirmed and any(names_brand(text, brand) for brand in brands):
        found.append(Remark.of("alert_text_names_operator"))
    if holds_personal(text, case, alert.contact):
        found.append(Remark.of("alert_text_personal"))
    return found


def _fitness(alert: Alert, case: Case) -> list[Remark]:
    found: list[Remark] = []
    if case.id and not case.problem.startswith("fixed-internet"):
        found.append(Remark.of("alert_other_problem", problem=case.problem))
    if len((case.get("person.name") or "").split()) > 2 and not case.get("person.first_name"):
        found.append(Remark.of("alert_name_split"))
    places = [(one.name, place_in(Path(one.path))) for one in alert.attachments]
    for place, code in ((Place.TOLD, "alert_photo_place"), (Place.MAY_BE, "alert_photo_may_tell")):
        if names := [name for name, found_place in places if found_place is place]:
            found.append(Remark.of(code, names=", ".join(names)))
    return found


def _form(alert: Alert, values: tuple[FieldValue, ...], form: Form) -> list[Remark]:
    found: list[Remark] = []
    if form.id == "jalerte" and alert.place.country != "FR":
        found.append(Remark.of("alert_other_country", country=alert.place.country))
    if any(one.state is State.FILLED and not one.field.verified for one in values):
        found.append(Remark.of("alert_labels_unverified", checked_on=form.checked_on.isoformat()))
    if not form.text_limit_verified and not alert.own_words:
        found.append(Remark.of("alert_limit_ours", limit=form.text_limit))
    heavy = [one.name for one in alert.attachments if one.size_bytes > form.attachment_bytes]
    if heavy:
        found.append(Remark.of("alert_file_heavy", names=", ".join(heavy), limit_bytes=form.attachment_bytes))
    unfit = [one.name for one in alert.attachments if one.media_type not in form.attachment_types]
    if unfit:
        found.append(Remark.of("alert_file_type", names=", ".join(unfit)))
    return found
