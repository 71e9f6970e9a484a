"""The few building blocks of every page and dialog: their frames, and labels, cards, buttons, rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.window.theme import Size, font
from jalerte_desktop.words.language import _

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


def problem_line(size: Size = 14) -> QLabel:
    """Where it is said what went wrong; out of sight until then."""
    result = label("", size, tone="outage")
    result.hide()
    return result


def say(line: QLabel, words: str) -> None:
    """Put the words there; a line without words is out of sight."""
    line.setText(words)
    line.setVisible(bool(words))


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


class Scrolled(QScrollArea):
    """A column of things; what does not fit is scrolled to.

    ``read``: its name where it has to be read to its end, by keyboard too. Else it takes no focus of its own.
    """

    def __init__(self, read: str = "", kind: Literal["clear", "page"] = "clear") -> None:
        super().__init__()
        self.setObjectName(kind)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if read else Qt.FocusPolicy.NoFocus)
        if read:
            self.setAccessibleName(read)
        self.inner = QWidget()
        self.inner.setObjectName(kind)
        self.column = QVBoxLayout(self.inner)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.column.setSpacing(12)
        self.setWidget(self.inner)


class Page(Scrolled):
    """One of the window's pages."""

    def __init__(self) -> None:
        super().__init__(kind="page")
        self.column.setContentsMargins(24, 18, 24, 16)
        self.column.setSpacing(14)

    def minimumSizeHint(self) -> QSize:
        return QSize(380, 280)


class Dialog(QDialog):
    """A heading, what stands below it, and at the foot the buttons.

    ``kind``: one that asks has more room around it than one that is read.
    """

    def __init__(
        self, title: str, heading: str, kind: Literal["asks", "read"], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.outer = QVBoxLayout(self)
        self.outer.setContentsMargins(*((24, 20, 24, 18) if kind == "asks" else (20, 16, 20, 16)))
        self.outer.setSpacing(12)
        self.outer.addWidget(label(heading, 16, bold=True))

    def scrolled(self, read: str = "") -> Scrolled:
        """A column below what is there already, with all the room that is left. ``read``: see ``Scrolled``."""
        area = Scrolled(read)
        self.outer.addWidget(area, 1)
        return area

    def foot(self, *buttons: QPushButton, left: QWidget | None = None) -> None:
        """Where a problem is said, the buttons at the right, and what stands at their left."""
        self.problem = problem_line()
        self.outer.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(8)
        if left is None:
            row.addStretch(1)
        else:
            row.addWidget(left, 1)
        for one in buttons:
            row.addWidget(one)
        self.outer.addLayout(row)

    def asks(self, words: str, go_on: Callable[[], None]) -> QPushButton:
        """The foot of one that asks: *Cancel*, and the button that goes on."""
        self.cancel = button(_("&Cancel"))
        self.cancel.clicked.connect(self.reject)
        going = button(words, "primary")
        going.clicked.connect(go_on)
        self.foot(self.cancel, going)
        return going

    def closes(self, left: QWidget | None = None) -> None:
        """The foot of one that asks nothing: *Close*."""
        self.close_button = button(_("&Close"))
        self.close_button.clicked.connect(self.accept)
        self.foot(self.close_button, left=left)

    def say_problem(self, sentence: str) -> None:
        """Why it does not go on."""
        say(self.problem, sentence)
