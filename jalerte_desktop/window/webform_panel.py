"""What stands beside the form: whose turn it is, what was filled in, what was left and why, what no longer fits."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from diagnostics.model import Problem
from jalerte_desktop.filing.assisted import PageReceipt
from jalerte_desktop.filing.fill_report import Report, Stop
from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.values import FieldValue
from jalerte_desktop.window.parts import Card, ElidedLabel, Scrolled, button, clear, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.window.webform_words import Turn, said, turn_of
from jalerte_desktop.words.language import _

Row = tuple[str, str, str]
"""A field's label, what stands under it, and the value that can be copied."""
_LONGEST_SHOWN = 160


class FormPanel(QWidget):
    """Shows a report and whose turn it is; its buttons are connected by the window."""

    def __init__(self, form: Form, values: tuple[FieldValue, ...]) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setMinimumWidth(340)
        self._form = form
        self._values = {one.field.name: one.value.text for one in values}
        self._labels = {field.name: field.label for field in form.fields}
        self._shown: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(10)
        column.addWidget(self._head(form.title))
        area = Scrolled()
        self._cards = area.column
        self._cards.setSpacing(10)
        column.addWidget(area, 1)
        column.addWidget(
            label(
                _("The program never ticks a consent, never rates in your place, and never sends: you do."),
                12.5,
                tone="soft",
            )
        )
        self._copied = ElidedLabel(12.5)
        column.addWidget(self._copied)

    def _head(self, title: str) -> Card:
        card = Card(_("Whose turn it is"), "banner")
        self.title = label(title, 16, bold=True)
        self.turn = label("", 14, bold=True)
        self.why = label("", 14)
        card.column.addWidget(self.title)
        card.column.addWidget(self.turn)
        card.column.addWidget(self.why)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.go_on = button(_("&Go on"), "primary")
        self.fill = button(_("&Fill this page"))
        self.again = button(_("Start &again"), "primary")
        self.done = button(_("&Close"), "primary")
        for one in (self.go_on, self.fill, self.again, self.done):
            row.addWidget(one)
        row.addStretch(1)
        card.column.addLayout(row)
        self.automatic = QCheckBox(_("Go on by itself where all of a page was sure"))
        self.automatic.setFont(font(12.5))
        self.automatic.setChecked(True)
        card.column.addWidget(self.automatic)
        return card

    def note(self, text: str) -> None:
        """A line at the foot."""
        self._copied.say(text)

    def show_state(
        self,
        report: Report,
        stop: Stop | None,
        held: bool,
        problem: Problem | None,
        receipt: PageReceipt | None,
    ) -> None:
        """Show this; nothing is drawn anew where nothing changed."""
        turn = turn_of(stop, held, problem, receipt)
        if (report, turn) == self._shown:
            return
        self._shown = (report, turn)
        self._show_turn(turn)
        clear(self._cards)
        self._card(_("Left to you"), self._left(report), "–")
        self._card(_("What no longer fits"), self._drift(report), "!")
        self._card(_("Filled in"), self._filled(report), "✓")
        self._cards.addStretch(1)

    def _show_turn(self, turn: Turn) -> None:
        self.turn.setText(turn.title)
        self.why.setText(turn.why)
        self.why.setVisible(bool(turn.why))
        self.go_on.setVisible(turn.may_go_on)
        self.fill.setVisible(turn.may_fill)
        self.again.setVisible(turn.may_begin_again)
        self.done.setVisible(turn.done)
        self.automatic.setVisible(not turn.done)

    def _card(self, title: str, rows: list[Row], mark: str) -> None:
        if not rows:
            return
        card = Card(title)
        card.column.setSpacing(6)
        card.head(f"{title} · {len(rows)}")
        for name, text, value in rows:
            card.column.addWidget(self._row(mark, name, text, value))
        self._cards.addWidget(card)

    def _row(self, mark: str, name: str, text: str, value: str) -> QWidget:
        row = QWidget()
        row.setObjectName("clear")
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(1)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(f"{mark} {name}", 12.5, tone="soft"), 1)
        if value:
            copy = button(_("Copy"), "link", 12.5)
            copy.setAccessibleName(_("Copy {name}").format(name=name))
            copy.clicked.connect(lambda: self._copy(name, value))
            head.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        shown = label(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")
        if len(text) > _LONGEST_SHOWN:
            shown.setToolTip(text)
        column.addWidget(shown)
        return row

    def _copy(self, name: str, value: str) -> None:
        QGuiApplication.clipboard().setText(value)
        self.note(_("Copied: {name}").format(name=name))

    def _filled(self, report: Report) -> list[Row]:
        return [
            (self._labels.get(one.name, one.name), one.value, self._values.get(one.name) or one.value)
            for one in report.filled
        ]

    def _left(self, report: Report) -> list[Row]:
        return self._findings((one.name, one.label, said(one.why)) for one in report.left)

    def _drift(self, report: Report) -> list[Row]:
        # What is left because it does not fit is told once.
        told = {(one.label, one.why) for one in report.left}
        new = (one for one in report.drift if (one.label, one.why) not in told)
        return self._findings((one.name, one.label, said(one.why)) for one in new)

    def _findings(self, found: Iterable[Row]) -> list[Row]:
        return [
            (label_ or self._labels.get(name, name), why, self._values.get(name, ""))
            for name, label_, why in found
        ]
