"""What comes after the alert: the advice sheet, and a text or picture to share."""

from __future__ import annotations

from PySide6.QtCore import Signal

from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.words.language import _


class AfterCard(Card):
    """``advice`` and ``share`` ask for their dialogs."""

    advice = Signal()
    share = Signal()

    def __init__(self) -> None:
        super().__init__(_("And then?"))
        self.head(_("And then?"))
        self.column.addWidget(
            label(
                _("An alert repairs nothing by itself: these are the steps that do, and how to tell of it.")
            )
        )
        row = FlowRow()
        self.advice_button = button(_("What to do &next"))
        self.advice_button.clicked.connect(self.advice)
        self.share_button = button(_("Share a su&mmary…"))
        self.share_button.clicked.connect(self.share)
        row.add(self.advice_button)
        row.add(self.share_button)
        self.column.addWidget(row)
