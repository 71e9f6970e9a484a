"""The few building blocks of every page: labels, cards, buttons, rules."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.window.theme import Size, font

Tone = Literal["", "soft", "accent", "outage", "loss", "fine"]
Role = Literal["", "primary", "link", "nav", "choice"]


def label(text: str = "", size: Size = 14, bold: bool = False, tone: Tone = "", wrap: bool = True) -> QLabel:
    """A text. What comes from a network never becomes markup."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setFont(font(size, bold))
    result.setWordWrap(wrap)
    if tone:
        result.setProperty("tone", tone)
    if wrap:
        # Without a wish of its own a wrapped label takes the width that is there.
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        result.setSizePolicy(policy)
        result.setMinimumWidth(1)
    return result


def button(text: str, role: Role = "", size: Size = 14) -> QPushButton:
    result = QPushButton(text)
    result.setProperty("role", role)
    result.setFont(font(size, role in ("", "primary")))
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.setAutoDefault(False)
    return result


class Card(QFrame):
    """A box with a thin line around it, and a column of things in it."""

    def __init__(self, name: str = "", kind: Literal["card", "banner"] = "card") -> None:
        super().__init__()
        self.setObjectName(kind)
        if name:
            self.setAccessibleName(name)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(18, 16, 18, 16)
        self.column.setSpacing(8)

    def head(self, title: str, *right: QWidget) -> ElidedLabel:
        """A small heading, with things at its right."""
        row = QHBoxLayout()
        row.setSpacing(16)
        heading = ElidedLabel(12.5, bold=True)
        heading.say(title)
        row.addWidget(heading)
        row.addStretch(1)
        for widget in right:
            row.addWidget(widget)
        self.column.addLayout(row)
        return heading


def limited(widget: QWidget, width: int) -> QHBoxLayout:
    """A row in which the widget is no wider than that. (A layout above asks for its height at the right width.)"""
    widget.setMaximumWidth(width)
    row = QHBoxLayout()
    row.addWidget(widget, 1)
    row.addStretch(0)
    return row


def clear(layout: QLayout) -> None:
    """Take everything out of a layout; it goes out of sight at once."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def rule() -> QFrame:
    result = QFrame()
    result.setObjectName("rule")
    return result


class ElidedLabel(QLabel):
    """One line that gives way: what does not fit ends in an ellipsis and stands in the tool tip."""

    def __init__(self, size: Size = 12.5, bold: bool = False, tone: Tone = "soft") -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(size, bold))
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
