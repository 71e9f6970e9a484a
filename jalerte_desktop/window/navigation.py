"""The list of pages at the window's left."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from jalerte_desktop.window.parts import button, label
from jalerte_desktop.words.language import _

HOME, SETTINGS, CASE, SPEED, ALERT, EVIDENCE = range(6)
PAGES = 6


class Navigation(QFrame):
    """A button for each page; the settings stand at the bottom. ``chosen`` tells the page."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("navigation")
        self.setFixedWidth(176)
        self.setAccessibleName(_("Pages"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 18, 10, 14)
        column.setSpacing(2)
        name = label("jalerte", 16, bold=True, wrap=False)
        name.setContentsMargins(10, 0, 0, 14)
        column.addWidget(name)
        shown = {
            HOME: _("&Home"),
            SPEED: _("S&peed"),
            CASE: _("&Case"),
            ALERT: _("Ale&rts"),
            EVIDENCE: _("E&vidence"),
            SETTINGS: _("S&ettings"),
        }
        made = {}
        for index, text in shown.items():
            one = made[index] = button(text, "nav")
            one.setCheckable(True)
            one.setChecked(index == HOME)
            one.clicked.connect(lambda _checked, index=index: self.chosen.emit(index))
            if index == SETTINGS:
                column.addStretch(1)
            column.addWidget(one)
        self.buttons = [made[index] for index in sorted(made)]

    def mark(self, index: int) -> None:
        """Show which page is seen."""
        for place, one in enumerate(self.buttons):
            one.setChecked(place == index)
