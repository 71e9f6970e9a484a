"""What the filler keeps for its report, field by field; what was left or differed falls away once it is filled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from diagnostics.model import Remark
from jalerte_desktop.filing.aims import Aim, Leave
from jalerte_desktop.filing.fill_report import Drift, Filled, Left, Report
from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.matching import Match, Matched, name_fits
from jalerte_desktop.filing.page import Control, Role
from jalerte_desktop.filing.picking import is_placeholder

LONGEST = 100
"""Characters of the page's own words that go into a remark."""


@dataclass(slots=True)
class Ledger:
    """``filled`` by name: label and value. The others by name and label too, since a known name may stand at a foreign
    field. ``stopped_at`` as in the report."""

    filled: dict[str, tuple[str, str]] = field(default_factory=dict)
    left: dict[tuple[str, str], Left] = field(default_factory=dict)
    drift: dict[tuple[str, str, str], Drift] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    stopped_at: str = ""

    def fill(self, name: str, label: str, value: str) -> None:
        """It was seen to stand in the page."""
        self.filled[name] = label, value
        self.left.pop((name, label), None)
        for key in [key for key in self.drift if key[:2] == (name, label) and key[2] != "drift_name"]:
            del self.drift[key]

    def leave(self, name: str, label: str, why: Remark, *, drift: bool = False) -> None:
        self.left[name, label] = Left(name, label, why)
        if self.filled.get(name, ("", ""))[0] == label:
            self.filled.pop(name, None)
        if drift:
            self.differ(name, label, why)

    def differ(self, name: str, label: str, why: Remark) -> None:
        self.drift[name, label, why.code] = Drift(name, label, why)

    def arrive(self, title: str) -> None:
        if title and (not self.steps or self.steps[-1] != title):
            self.steps.append(title)

    def note(self, matched: Matched, aims: Iterable[tuple[Match, Aim | Leave]], form: Form) -> None:
        """What a page tells before anything is done to it."""
        for match, found in aims:
            self._note_match(match, found)
        for doubt in matched.doubts:
            self.leave(doubt.field.name, doubt.control.label, doubt.why, drift=True)
        for control, reserved in matched.consents:
            code = "fill_was_ticked" if was_ticked(control) else "fill_reserved"
            name = reserved.name if reserved is not None else control.name or control.label
            self.leave(name, control.label, Remark.of(code))
        for control in matched.ratings:
            name = next((one.name for one in form.fields if one.control == "rating"), control.name)
            self.leave(name, control.label, Remark.of("fill_reserved_rating"))
        for control in matched.unknown:
            if control.enabled:
                name = control.name or control.label
                why = Remark.of("drift_unknown", label=(control.label or control.name)[:LONGEST] or "–")
                self.leave(name, control.label, why, drift=True)

    def _note_match(self, match: Match, found: Aim | Leave) -> None:
        name, label, page_name = match.field.name, match.control.label, match.control.name
        if page_name and not name_fits(page_name, match.field):
            self.differ(name, label, Remark.of("drift_name", seen=page_name[:LONGEST]))
        if isinstance(found, Leave):
            self.leave(name, label, found.why, drift=found.drift)
        elif found.some_left is not None:
            # Beside what is filled: an entry of its own.
            self.left[name, f"{label}\n{found.some_left.code}"] = Left(name, label, found.some_left)

    def report(self, unseen: Sequence[Drift]) -> Report:
        return Report(
            tuple(Filled(name, value) for name, (_label, value) in self.filled.items()),
            tuple(self.left.values()),
            (*self.drift.values(), *unseen),
            self.stopped_at,
            tuple(self.steps),
        )


def is_answered(control: Control) -> bool:
    """True where something stands in it that answers."""
    if control.options:
        return any(option.chosen and not is_placeholder(option) for option in control.options)
    return bool(control.value.strip())


def was_ticked(control: Control) -> bool:
    """The same for a box or a button without words of its own."""
    if control.role is Role.SELECT or not control.options:
        return is_answered(control)
    return any(option.chosen for option in control.options)
