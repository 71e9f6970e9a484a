"""The brain of the assisted web form: from a page as it is now, the one next thing to do. No browser, no I/O.

What was done is believed only when the next page shows it. It goes on to the next step only where every field of the
step was filled for certain and nothing visible stands unanswered. It never answers a consent, never gives a rating that
the person did not give, and never presses a button that may send.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import Remark
from jalerte_desktop.filing.aims import Aim, Leave, Wanted, aim
from jalerte_desktop.filing.fill_ledger import Ledger, is_answered
from jalerte_desktop.filing.fill_report import Drift, Filled, Left, Report, Stop, Wait
from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.form_words import same_content
from jalerte_desktop.filing.matching import Match, Matched, match_page
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.page import Action, Attach, Control, Page, Press, Role, Search
from jalerte_desktop.filing.page_kind import (
    PageKind,
    is_sender,
    nexts,
    page_kind,
    refusals,
    senders,
    starts,
    step_number,
)
from jalerte_desktop.filing.picking import answers
from jalerte_desktop.filing.values import FieldValue, State

__all__ = ["Drift", "Filled", "Filling", "Left", "Report", "Stop", "Wait"]

DECISIONS = 400
"""Actions and waits in all, then it stops."""
TRIES = 3
"""Actions for one field or button whose effect never shows: the first and two more."""
TRIES_IN_ALL = 9
"""Actions for one field whose value shows and is lost again."""
LOOKS = 12
"""Looks at a page that does not change, before something awaited counts as not coming."""
LOOKS_AFTER_ACTION = 2
"""The same for a value that was just put in."""

_Aims = list[tuple[Match, Aim | Leave]]


@dataclass(slots=True)
class _Effort:
    """What was tried for one field or button: ``tries`` in a row without effect, ``all_tries`` in all.

    ``stood``: its value was seen once. ``file``: the first file of the last try; from then on files go one by one.
    """

    tries: int = 0
    all_tries: int = 0
    looks: int = 0
    given_up: bool = False
    stood: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class _Pressed:
    """The last press of a step's button: which fields stood there, and what the page complained of before."""

    fields: frozenset[str]
    errors: tuple[str, ...]


class Filling:
    """One filling of one form. ``next`` is asked again after every change of the page.

    ``unattended``: nobody looks on, so a value that differs from ours is put right again. With somebody there, a value
    of ours that they changed stays as they left it.
    """

    def __init__(
        self,
        form: Form,
        values: tuple[FieldValue, ...],
        attachments: tuple[Attachment, ...],
        unattended: bool,
    ) -> None:
        self._form = form
        self._values = {one.field.name: one for one in values}
        self._others = next((one for one in values if one.field.fill == "other_operator"), None)
        self._attachments = attachments
        self._unattended = unattended
        self._efforts: dict[str, _Effort] = {}
        self._ledger = Ledger()
        self._decisions = 0
        self._looks = 0
        self._last_page: Page | None = None
        self._pressed: _Pressed | None = None
        self._other_brand, self._listed = "", False
        self._seen: set[str] = set()
        self._behind: set[str] = set()

    def next(self, page: Page) -> Action | Wait | Stop:
        """The one next thing for the page as it is now."""
        if page != self._last_page:
            self._last_page, self._looks = page, 0
        decided = self._decide(page)
        if isinstance(decided, Stop):
            return decided
        self._decisions += 1
        if self._decisions > DECISIONS:
            return self._stop("stuck", Remark.of("fill_stop_endless"))
        if isinstance(decided, Wait):
            self._looks += 1
        return decided

    @property
    def report(self) -> Report:
        """How far it is; complete after a ``Stop``."""
        return self._ledger.report(self._never_seen())

    # What the page is

    def _decide(self, page: Page) -> Action | Wait | Stop:
        matched = match_page(page, self._form)
        kind = page_kind(page, matched, self._form)
        if kind is PageKind.STEP:
            return self._step(page, matched)
        if kind is PageKind.COOKIES:
            return self._refuse_cookies(page)
        if kind is PageKind.START:
            return self._start(page)
        if kind is PageKind.UNKNOWN:
            if self._looks < LOOKS:
                return Wait(Remark.of("fill_wait_page"))
            return self._stop("unknown-page", Remark.of("fill_stop_unknown_page"))
        return self._stop(kind.value, Remark.of(f"fill_stop_{kind.value}"))

    def _refuse_cookies(self, page: Page) -> Action | Wait | Stop:
        found = refusals(page, self._form)
        if not found or not found[0].enabled:
            return self._stop("consents", Remark.of("fill_stop_cookies"))
        return self._press(found[0], "cookies", Remark.of("fill_stop_cookies_stay"))

    def _start(self, page: Page) -> Action | Wait | Stop:
        if self._ledger.steps:
            return self._stop("expired", Remark.of("fill_stop_back_at_start"))
        found = starts(page, self._form)
        alike = [one for one in found if same_content(one.label, (found[0].label,))]
        if len(alike) != 1 or not found[0].enabled:
            return self._stop("unknown-page", Remark.of("fill_stop_start"))
        return self._press(found[0], "start", Remark.of("fill_stop_unchanged"))

    # A step

    def _step(self, page: Page, matched: Matched) -> Action | Wait | Stop:
        number = step_number(matched)
        title = self._form.steps.get(number, "") if number is not None else ""
        self._arrive(matched, title)
        refused = self._refusal(page, matched, title)
        if refused is not None:
            return refused
        # What the list of operators offers decides about the field for another one.
        ordered = sorted(matched.sure, key=lambda match: match.field.fill != "operator")
        ordered = [self._part(match) for match in ordered]
        aims = [(match, self._aim(match, page)) for match in ordered]
        self._ledger.note(matched, aims, self._form)
        acted = self._work(aims)
        if acted is not None:
            return acted
        if (late := self._late(number, matched)) and self._looks < LOOKS:
            return Wait(Remark.of("fill_wait_late", label=late))
        return self._after_filling(page, matched, aims, title)

    def _arrive(self, matched: Matched, title: str) -> None:
        here = _fields(matched)
        if self._pressed is not None and not self._pressed.fields <= here:
            self._behind |= self._pressed.fields
            self._pressed = None
            self._efforts.pop("next", None)
        self._ledger.arrive(title)
        self._seen |= here

    def _refusal(self, page: Page, matched: Matched, title: str) -> Stop | None:
        """After a press: the page that stays and complains of something new."""
        if self._pressed is None or not self._pressed.fields <= _fields(matched):
            return None
        new = [error for error in page.errors if error not in self._pressed.errors]
        if not new:
            return None
        told = " ".join(" ".join(new).split())[:300]
        self._ledger.differ("", title, Remark.of("fill_page_refused", words=told))
        return self._stop("stuck", Remark.of("fill_page_refused", words=told), title)

    def _part(self, match: Match) -> Match:
        """The part of a field that is to be written now."""
        given = self._values.get(match.field.name)
        if match.before is None or given is None or not given.value.query:
            return match
        if match.before.value.strip() == given.value.query:
            return match
        return Match(match.field, match.before, match.by)

    def _aim(self, match: Match, page: Page) -> Aim | Leave:
        given = self._values.get(match.field.name)
        if given is None:
            return Leave(Remark.of("fill_not_known"))
        effort = self._effort(match.field.name)
        wanted = Wanted(
            given,
            self._others,
            self._attachments,
            self._other_brand,
            effort.tries,
            bool(effort.file),
            self._listed,
        )
        found = aim(match, wanted, page, self._form)
        if isinstance(found, Aim) and match.field.fill == "operator":
            self._other_brand, self._listed = found.other_brand, not found.other_brand
        return found

    def _work(self, aims: _Aims) -> Action | Wait | None:
        """The next action on a field: choices first, since they redraw the form, then texts, files last."""
        waiting: Wait | None = None
        open_ones: list[tuple[Match, Aim, _Effort]] = []
        for match, found in sorted(aims, key=_order):
            if isinstance(found, Leave):
                continue
            effort = self._effort(match.field.name)
            if found.reached:
                effort.tries, effort.looks, effort.stood, effort.given_up = 0, 0, True, False
                self._ledger.fill(match.field.name, match.control.label, found.value)
            elif not effort.given_up:
                open_ones.append((match, found, effort))
        for match, found, effort in open_ones:
            if not match.control.enabled:
                waiting = waiting or self._disabled(match)
            elif (decided := self._try(match, found, effort)) is not None:
                return decided
        return waiting

    def _disabled(self, match: Match) -> Wait | None:
        if self._looks < LOOKS:
            return Wait(Remark.of("fill_wait_disabled", label=match.control.label))
        self._ledger.leave(match.field.name, match.control.label, Remark.of("fill_disabled"))
        return None

    def _try(self, match: Match, found: Aim, effort: _Effort) -> Action | Wait | None:
        """The action once more, a look whether it had its effect, or None where it is given up."""
        control = match.control
        if effort.stood and not self._unattended and is_answered(control):
            self._give_up(match, effort, Remark.of("fill_person_changed"))
            return None
        if isinstance(found.action, Attach) and effort.file not in ("", found.action.files[0][1]):
            # The file before this one is there.
            effort.tries = 0
        if effort.tries and effort.looks < LOOKS_AFTER_ACTION:
            effort.looks += 1
            return Wait(Remark.of("fill_wait_value", label=control.label))
        if effort.tries >= TRIES or effort.all_tries >= TRIES_IN_ALL:
            searched = isinstance(found.action, Search)
            why = Remark.of("fill_no_result" if searched else "fill_did_not_stay", value=found.value[:100])
            self._give_up(match, effort, why, drift=searched)
            return None
        effort.tries, effort.all_tries, effort.looks = effort.tries + 1, effort.all_tries + 1, 0
        if isinstance(found.action, Attach):
            effort.file = found.action.files[0][1]
        # Once the step is changed, its button may be pressed again at once.
        self._effort("next").looks = LOOKS
        return found.action

    def _give_up(self, match: Match, effort: _Effort, why: Remark, *, drift: bool = False) -> None:
        effort.given_up = True
        self._ledger.leave(match.field.name, match.control.label, why, drift=drift)

    def _late(self, number: int | None, matched: Matched) -> str:
        """A field of this step that should be there and is not yet; "" where all are."""
        here = _fields(matched)
        for name, given in self._values.items():
            entry = given.field
            awaited = entry.step == number and entry.required and given.state is State.FILLED
            if awaited and name not in here and name not in self._behind:
                return entry.label
        return ""

    # When nothing is left to fill

    def _after_filling(self, page: Page, matched: Matched, aims: _Aims, title: str) -> Action | Wait | Stop:
        if page.captcha:
            return self._stop("captcha", Remark.of("fill_stop_captcha"), title)
        if found := _drifted(matched, aims, files=bool(self._attachments)):
            if self._looks < LOOKS and any(_is_empty_list(match.control) for match, _found in aims):
                return Wait(Remark.of("fill_wait_late", label=found))
            return self._stop("drift", Remark.of("fill_stop_drift", labels=found), title)
        if matched.consents or matched.ratings or _rating_open(aims):
            return self._stop("consents", Remark.of("fill_stop_consents"), title)
        if open_ones := _open(aims):
            return self._stop("stuck", Remark.of("fill_stop_open", labels=open_ones), title)
        return self._go_on(page, matched, title)

    def _go_on(self, page: Page, matched: Matched, title: str) -> Action | Wait | Stop:
        found = nexts(page, self._form)
        if len(found) > 1:
            return self._stop("stuck", Remark.of("fill_stop_two_next"), title)
        if not found or is_sender(found[0], self._form):
            if senders(page, self._form):
                return self._stop("send", Remark.of("fill_stop_send"), title)
            if self._looks < LOOKS:
                return Wait(Remark.of("fill_wait_next"))
            return self._stop("stuck", Remark.of("fill_stop_no_next"), title)
        if not found[0].enabled:
            if self._looks < LOOKS:
                return Wait(Remark.of("fill_wait_next"))
            return self._stop("stuck", Remark.of("fill_stop_next_disabled"), title)
        decided = self._press(found[0], "next", Remark.of("fill_stop_unchanged"), title)
        if isinstance(decided, Press):
            self._pressed = _Pressed(_fields(matched), page.errors)
        return decided

    def _press(self, button: Control, key: str, vain: Remark, title: str = "") -> Press | Wait | Stop:
        """Press; then look a while whether the page goes away before pressing again, at most twice."""
        effort = self._effort(key)
        if effort.tries and effort.looks < LOOKS:
            effort.looks += 1
            return Wait(Remark.of("fill_wait_page"))
        if effort.tries >= TRIES:
            return self._stop("stuck", vain, title)
        effort.tries, effort.looks = effort.tries + 1, 0
        return Press(button)

    def _effort(self, key: str) -> _Effort:
        return self._efforts.setdefault(key, _Effort())

    def _stop(self, at: str, why: Remark, title: str = "") -> Stop:
        self._ledger.stopped_at = f"{at}: {title}" if title else at
        return Stop(at, why)

    def _never_seen(self) -> tuple[Drift, ...]:
        """Fields of steps that were passed for which there was a value and no control."""
        passed = {self._values[name].field.step for name in self._behind if name in self._values}
        return tuple(
            Drift(name, given.field.label, Remark.of("drift_not_seen"))
            for name, given in self._values.items()
            if given.state is State.FILLED and given.field.step in passed and name not in self._seen
        )


def _fields(matched: Matched) -> frozenset[str]:
    known = {match.field.name for match in matched.sure} | {doubt.field.name for doubt in matched.doubts}
    return frozenset(
        known | {reserved.name for _control, reserved in matched.consents if reserved is not None}
    )


def _order(entry: tuple[Match, Aim | Leave]) -> int:
    role = entry[0].control.role
    return 2 if role is Role.FILE else 1 if role in (Role.TEXT, Role.TEXTAREA) else 0


def _drifted(matched: Matched, aims: _Aims, *, files: bool) -> str:
    """Labels of what the map does not fit: nobody knows what to answer. Without ``files`` nothing goes there."""
    strange = [one for one in matched.unknown if one.enabled and (one.required or not is_answered(one))]
    strange = [one for one in strange if files or one.required or one.role is not Role.FILE]
    strange += [doubt.control for doubt in matched.doubts if doubt.control.enabled]
    strange += [match.control for match, found in aims if isinstance(found, Leave) and found.drift]
    return _labels(strange)


def _open(aims: _Aims) -> str:
    """Labels of known fields that could not be filled."""
    left = [match.control for match, found in aims if isinstance(found, Leave) and found.blocks]
    left += [match.control for match, found in aims if isinstance(found, Aim) and not found.reached]
    return _labels(left)


def _is_empty_list(control: Control) -> bool:
    """A list whose choices are still to come."""
    return control.role is Role.SELECT and not answers(control)


def _rating_open(aims: _Aims) -> bool:
    return any(match.field.control == "rating" and isinstance(found, Leave) for match, found in aims)


def _labels(controls: list[Control]) -> str:
    return "; ".join(dict.fromkeys((one.label or one.name or "–")[:80] for one in controls))[:400]
