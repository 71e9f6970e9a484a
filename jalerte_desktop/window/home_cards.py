"""The smaller cards of the home page: state, figures, line question, first run, what next."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from jalerte_desktop.window.contacts import contacts_words
from jalerte_desktop.window.digest import Figure, Suggestion
from jalerte_desktop.window.marks import Mark, colour_of, mark_name
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.window.sentences import Sentence
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _


class MarkIcon(QWidget):
    """The state's sign in a rounded square."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.mark = Mark.UNOBSERVED
        self.setFixedSize(46, 46)
        theme.changed.connect(self.update)

    def show_mark(self, mark: Mark) -> None:
        self.mark = mark
        self.setAccessibleName(mark_name(mark))
        self.update()

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colour_of(self.mark, self._theme.scheme)), 3)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(2.5, 2.5, 41, 41), 8, 8)
        if self.mark is Mark.OUTAGE:
            painter.drawLines([QLineF(14, 14, 32, 32), QLineF(14, 32, 32, 14)])
        elif self.mark is Mark.LOSS:
            pen.setWidthF(5)
            painter.setPen(pen)
            painter.drawPoints(
                [QPointF(x, y) for x, y in ((14, 15), (24, 15), (19, 23), (29, 23), (14, 31), (24, 31))]
            )
        elif self.mark is Mark.LATENCY:
            painter.drawPolyline(
                [QPointF(12, 29), QPointF(18, 18), QPointF(24, 29), QPointF(30, 16), QPointF(34, 24)]
            )
        elif self.mark is Mark.FINE:
            painter.drawPolyline([QPointF(14, 24), QPointF(20, 31), QPointF(32, 15)])
        elif self.mark is Mark.OTHER:
            painter.drawLine(QLineF(23, 13, 23, 25))
            painter.drawPoint(QPointF(23, 32))
        else:
            painter.drawLines([QLineF(14, y, 32, y) for y in (16, 23, 30)])
        painter.end()


class StateCard(Card):
    """One sentence, and under it confidence, reasons, reserves. ``start`` asks for the recorder."""

    start = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(_("State of the line"))
        row = QHBoxLayout()
        row.setSpacing(16)
        self.icon = MarkIcon(theme)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.answer = label(size=22, bold=True)
        self.explanation = label(tone="soft")
        words.addWidget(self.answer)
        words.addWidget(self.explanation)
        row.addLayout(words, 1)
        self.button = button(_("&Resume recording"), "primary")
        self.button.clicked.connect(self.start)
        self.button.hide()
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row)
        self.column.setContentsMargins(18, 18, 18, 18)

    def say(self, sentence: Sentence, offer_start: bool = False) -> None:
        self.icon.show_mark(sentence.mark)
        self.answer.setText(sentence.answer)
        self.explanation.setText(sentence.explanation)
        self.button.setVisible(offer_start)
        self.setAccessibleDescription(f"{sentence.answer} {sentence.explanation}")


class FigureCard(Card):
    def __init__(self) -> None:
        super().__init__()
        self.column.setSpacing(6)
        self.column.setContentsMargins(18, 16, 18, 16)
        self.value = label(size=24, bold=True, wrap=False)
        self.caption = label(size=12.5, tone="soft")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self.value)
        self.column.addWidget(self.caption, 1)

    def say(self, figure: Figure) -> None:
        self.value.setText(figure.value)
        self.caption.setText(figure.caption)
        self.setAccessibleName(f"{figure.value} {figure.caption}")

    @property
    def least_width(self) -> int:
        """So wide that no word of it is cut."""
        words = [
            one.fontMetrics().horizontalAdvance(word)
            for one, texts in (
                (self.value, [self.value.text()]),
                (self.caption, self.caption.text().split(" ")),
            )
            for word in texts
        ]
        margins = self.column.contentsMargins()
        return max(words) + margins.left() + margins.right() + 4


class Banner(Card):
    """A calm question or notice across the page, with its buttons."""

    def __init__(self, title: str, words: str = "") -> None:
        super().__init__(title, "banner")
        self._row = QHBoxLayout()
        self._row.setSpacing(12)
        column = QVBoxLayout()
        column.setSpacing(2)
        self.title = label(title, 14, bold=True)
        self.words = label(words, 12.5, tone="soft")
        column.addWidget(self.title)
        column.addWidget(self.words)
        self._row.addLayout(column, 1)
        self.column.addLayout(self._row)
        self.column.setContentsMargins(18, 12, 18, 12)

    def add(self, widget: QWidget) -> None:
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.setAccessibleDescription(words)


class LineQuestion(Banner):
    """Is this the line at home? ``answered(True)`` for yes."""

    answered = Signal(bool)

    def __init__(self) -> None:
        super().__init__(_("Is this your line at home?"))
        self._asked = ("", "")
        self.yes = button(_("&Yes, this is home"), "primary")
        self.no = button(_("&No"))
        self.yes.clicked.connect(lambda: self.answered.emit(True))
        self.no.clicked.connect(lambda: self.answered.emit(False))
        self.add(self.yes)
        self.add(self.no)

    def ask(self, interface: str, gateway: str) -> None:
        """Ask about this line; asking the same again leaves what stands there, such as why an answer failed."""
        if (interface, gateway) == self._asked:
            return
        self._asked = (interface, gateway)
        self.say(
            _(
                "Connected through {interface}, box at {gateway}. Only your home line counts in the papers."
            ).format(interface=interface, gateway=gateway)
        )


class FirstRunCard(Card):
    """What is recorded, where it stays, who is contacted; nothing starts before the button is pressed."""

    start = Signal()

    def __init__(self, folder: str, contacts: Sequence[str]) -> None:
        super().__init__(_("Welcome"))
        self.column.setContentsMargins(32, 28, 32, 28)
        self.setMaximumWidth(880)
        self.column.setSpacing(12)
        self.column.addWidget(label(_("Is it the line, the box, or the Wi-Fi?"), 22, bold=True))
        self.column.addWidget(
            label(
                _("jalerte watches your connection all day, and keeps the proof when it fails."),
                16,
                tone="soft",
            )
        )
        self.column.addSpacing(8)
        for title, words in (
            (
                _("What is recorded"),
                _(
                    "Each second, whether your box and a few public addresses answer, and how fast; the Wi-Fi’s signal,"
                    " how much traffic passes, what the box says of its line. Never what you do online."
                ),
            ),
            (
                _("Where it stays"),
                _(
                    "On this computer only, in {folder}. No measurement is handed to anybody; whoever is contacted sees"
                    " your public IP address, as any website does."
                ).format(folder=folder),
            ),
            (
                _("Who is contacted"),
                contacts_words(contacts),
            ),
        ):
            part = QVBoxLayout()
            part.setSpacing(3)
            part.addWidget(label(title, 14, bold=True))
            part.addWidget(label(words, 14, tone="soft"))
            self.column.addLayout(part)
        self.column.addSpacing(8)
        row = QHBoxLayout()
        self.button = button(_("&Start recording"), "primary")
        self.button.clicked.connect(self.start)
        row.addWidget(self.button)
        row.addStretch(1)
        self.column.addLayout(row)
        second = QHBoxLayout()
        self.demo = button(_("Look at &demonstration data"))
        second.addWidget(self.demo)
        second.addStretch(1)
        self.column.addLayout(second)
        self.note = label(_("You can stop it at any time in the settings."), 12.5, tone="soft")
        self.column.addWidget(self.note)


class NextCard(Card):
    """One suggestion, and the two papers."""

    alert = Signal()
    letter = Signal()

    def __init__(self) -> None:
        super().__init__(_("What next"))
        self.head(_("What next"))
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.words.setFont(label().font())
        self.words.setMinimumWidth(1)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.column.addSpacing(4)
        self.column.addWidget(self.words)
        self.problem = label(size=12.5, tone="outage")
        self.problem.hide()
        self.column.addWidget(self.problem)
        self.column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.alert_button = button(_("Prepare the &alert"), "primary")
        self.letter_button = button(_("Write the &letter"))
        self.alert_button.clicked.connect(self.alert)
        self.letter_button.clicked.connect(self.letter)
        row.addWidget(self.alert_button)
        row.addWidget(self.letter_button)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addStretch(1)

    def say(self, suggestion: Suggestion) -> None:
        bold, words = html.escape(suggestion.bold), html.escape(suggestion.words)
        self.words.setText(f'<p style="line-height: 130%"><b>{bold}</b> {words}</p>')
        self.words.setAccessibleName(f"{suggestion.bold} {suggestion.words}")

    def say_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def sizeHint(self) -> QSize:
        return QSize(380, super().sizeHint().height())
