"""Where to send it: who takes the problem and why, who refuses it, and a button for each way that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from jalerte_desktop.window.filing_facts import RouteFacts
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, clear, label, rule
from jalerte_desktop.words.language import _

FORMS = ("jalerte", "signalconso", "mediator")


class RoutesCard(Card):
    """``form`` and ``copy`` name a form, ``email`` and ``registered`` a route's channel, ``desk`` needs no name."""

    form = Signal(str)
    copy = Signal(str)
    email = Signal(object)
    registered = Signal(object)
    desk = Signal()

    def __init__(self) -> None:
        super().__init__(_("Where to send it"))
        self.head(_("Where to send it"))
        self.waiting = label(_("One moment."), tone="soft")
        self.column.addWidget(self.waiting)
        self.running = label("", 14, bold=True)
        self.running.hide()
        self.column.addWidget(self.running)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self.column.addLayout(self._rows)
        self._shown: tuple[RouteFacts, ...] | None = None
        self.buttons: dict[tuple[str, str], QWidget] = {}
        self.column.addWidget(rule())
        self.column.addWidget(label(_("An alert desk"), 14, bold=True))
        self.column.addWidget(
            label(
                _(
                    "An association, a town or an employer who gathers alerts has given you an address for it."
                ),
                12.5,
                tone="soft",
            )
        )
        self.desk_button = button(_("Send to a des&k…"))
        self.desk_button.clicked.connect(self.desk)
        row = FlowRow()
        row.add(self.desk_button)
        self.column.addWidget(row)

    def show_routes(self, routes: Sequence[RouteFacts], known: bool, problem: str) -> None:
        self.waiting.setVisible(not known or bool(problem) or not routes)
        self.waiting.setText(
            problem or (_("Nobody is known for this problem in this country.") if known else _("One moment."))
        )
        if tuple(routes) == self._shown:
            return
        self._shown = tuple(routes)
        clear(self._rows)
        self.buttons = {}
        for place, one in enumerate(routes):
            if place:
                self._rows.addWidget(rule())
            self._rows.addWidget(self._row(one))

    def show_form(self, running: bool) -> None:
        """Say that a form is open with us: only one at a time."""
        words = _("The form is open in its own window. What it did is told here when you close it.")
        self.running.setText(words if running else "")
        self.running.setVisible(running)
        for (_channel, what), one in self.buttons.items():
            if what in ("form", "copy"):
                one.setEnabled(not running)

    def _row(self, one: RouteFacts) -> QWidget:
        frame = QWidget()
        frame.setObjectName("clear")
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = one.title if one.takes else _("{title} does not take it").format(title=one.title)
        column.addWidget(label(title, 14, bold=True, tone="" if one.takes else "soft"))
        if one.why:
            column.addWidget(label(one.why, 14, tone="" if one.takes else "soft"))
        if one.before:
            column.addWidget(label(_("Before: {what}").format(what=one.before), 12.5))
        for note in one.notes:
            column.addWidget(label(note, 12.5, tone="soft"))
        if one.address:
            column.addWidget(label(", ".join(one.address), 12.5))
        for doubt in one.doubts:
            column.addWidget(label("! " + doubt, 12.5, tone="soft"))
        if one.takes:
            row = FlowRow()
            for what, words, asked, primary in self._ways(one):
                pressed = button(words, "primary" if primary else "")
                pressed.setAccessibleDescription(one.title)
                pressed.clicked.connect(asked)
                self.buttons[one.channel, what] = pressed
                row.add(pressed)
            if row.count:
                column.addSpacing(4)
                column.addWidget(row)
        return frame

    def _ways(self, one: RouteFacts) -> list[tuple[str, str, Callable[[], None], bool]]:
        """What is offered: a name, words, what pressing does, and whether it is the way we would go."""
        ways: list[tuple[str, str, Callable[[], None], bool]] = []
        name = one.form if one.form in FORMS else next((way for way in one.by if way in FORMS), "")
        if name:
            ways += [
                ("form", _("Open the form, filled in"), lambda: self.form.emit(name), name == "jalerte"),
                ("copy", _("Copy it myself"), lambda: self.copy.emit(name), False),
            ]
        if "email" in one.by:
            ways.append(("email", _("Write an e-mail…"), lambda: self.email.emit(one), False))
        # The letter that the program composes speaks to customer service, and to nobody else.
        if "registered" in one.by and one.channel == "customer-service":
            ways.append(("registered", _("Registered letter…"), lambda: self.registered.emit(one), False))
        return ways
