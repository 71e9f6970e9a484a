"""The newest result: four figures, each with its method one hover away; whether it speaks for the line, and why not."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from jalerte_desktop.window.parts import Card, label, say
from jalerte_desktop.window.speed_facts import ResultFacts
from jalerte_desktop.window.speed_words import (
    delay_method,
    flow_method,
    grade_method,
    grade_words,
    milli,
    provider_name,
    rate,
    size,
    when_words,
)
from jalerte_desktop.words.figures import NO_BREAK
from jalerte_desktop.words.language import _


class Tile(QFrame):
    """A figure, what it is, and how it came about: as tool tip, as description, and by ``told`` with the focus."""

    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 2, 2)
        column.setSpacing(2)
        self.value = label(size=24, bold=True, wrap=False)
        self.caption = label(size=12.5, tone="soft")
        column.addWidget(self.value)
        column.addWidget(self.caption)
        column.addStretch(1)

    def say(self, value: str, caption: str, method: str) -> None:
        self.value.setText(value)
        self.caption.setText(caption)
        for one in (self, self.value, self.caption):
            one.setToolTip(method)
        self.setAccessibleName(f"{value} {caption}")
        self.setAccessibleDescription(method)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.told.emit(self.accessibleDescription())

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.told.emit("")


class ResultCard(Card):
    """Shows one result whole."""

    def __init__(self) -> None:
        super().__init__(_("Last result"))
        self.head(_("Last result"))
        self.when = label("", 12.5, tone="soft")
        self.column.addWidget(self.when)
        self.down, self.up, self.delay, self.grade = self.tiles = [Tile() for _number in range(4)]
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(14)
        self.place(4)
        self.column.addSpacing(4)
        self.column.addLayout(self._grid)
        self.grade_words = label("")
        self.column.addWidget(self.grade_words)
        self.column.addSpacing(4)
        self._row = QHBoxLayout()
        self._row.setSpacing(10)
        self.badge = label("", 12.5, wrap=False)
        self.worth = label("")
        self._row.addWidget(self.badge)
        self._row.addWidget(self.worth, 1)
        self.column.addLayout(self._row)
        self.reasons = label("")
        self.remarks = label("", 12.5, tone="soft")
        self.column.addWidget(self.reasons)
        self.column.addWidget(self.remarks)
        self.hint = label(_("Point at a figure to read how it was measured."), 12.5, tone="soft")
        self.column.addWidget(self.hint)
        for tile in self.tiles:
            tile.told.connect(
                lambda method: self.hint.setText(
                    method or _("Point at a figure to read how it was measured.")
                )
            )

    def place(self, columns: int) -> None:
        """The figures side by side, or two by two."""
        for index, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, index // columns, index % columns)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def show_result(self, one: ResultFacts) -> None:
        self.when.setText(
            f"{when_words(one.at_ns)} · {provider_name(one.provider)}, {one.server} · {size(one.bytes)}"
        )
        self.down.say(rate(one.down.bps if one.down else None), _("received"), flow_method(one.down))
        self.up.say(rate(one.up.bps if one.up else None), _("sent"), flow_method(one.up))
        idle = one.idle.median_ms if one.idle is not None else None
        self.delay.say(milli(idle), delay_caption(one), delay_methods(one))
        self.grade.say(one.grade or "–", _("delay on a full line, A+ best, F worst"), grade_method(one))
        self.grade_words.setText(grade_words(one.grade))
        self._say_worth(one)

    def _say_worth(self, one: ResultFacts) -> None:
        if one.cancelled:
            badge, words = "◐" + NO_BREAK + _("broken off"), _("Only a part was measured.")
        elif one.indicative:
            badge = "◌" + NO_BREAK + _("indicative")
            words = _("It may not speak for the line, because:")
        else:
            badge = "✓" + NO_BREAK + _("speaks for the line")
            words = _("Nothing was found that would keep it from speaking for the line.")
        self._put_badge(badge, "soft" if one.indicative or one.cancelled else "accent")
        self.worth.setText(words)
        for text, lines in ((self.reasons, one.reasons), (self.remarks, one.remarks)):
            say(text, "\n".join(f"–{NO_BREAK}{line}" for line in lines))

    def _put_badge(self, words: str, tone: str) -> None:
        """In the place of the one before: a label keeps the measures of the tone it was first dressed in."""
        badge = label(words, 12.5, wrap=False)
        badge.setProperty("badge", tone)
        self._row.replaceWidget(self.badge, badge)
        self._row.setAlignment(badge, Qt.AlignmentFlag.AlignTop)
        self.badge.hide()
        self.badge.deleteLater()
        self.badge = badge


def delay_caption(one: ResultFacts) -> str:
    """What the idle delay becomes on a full line."""
    loaded = [
        (arrow, found.median_ms)
        for arrow, found in (("↓", one.loaded_down), ("↑", one.loaded_up))
        if found is not None and found.median_ms is not None
    ]
    if not loaded:
        return _("delay at rest")
    told = ", ".join(f"{arrow}{NO_BREAK}{milli(ms)}" for arrow, ms in loaded)
    return _("delay at rest; full: {loaded}").format(loaded=told)


def delay_methods(one: ResultFacts) -> str:
    """How each delay came about."""
    phases = (
        (_("At rest:"), one.idle),
        (_("While receiving:"), one.loaded_down),
        (_("While sending:"), one.loaded_up),
    )
    return "\n".join(
        f"{name} {delay_method(found)}" for name, found in phases if found is not None
    ) or delay_method(None)
