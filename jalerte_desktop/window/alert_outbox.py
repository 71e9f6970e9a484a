"""What waits, what left, and the proofs: each sending with its state in words and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from jalerte_desktop.window.case_diary_words import when
from jalerte_desktop.window.filing_facts import FilingFacts, ReceiptFacts
from jalerte_desktop.window.filing_words import (
    channel_name,
    filing_words,
    receipt_name,
    state_badge,
)
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, label, rule
from jalerte_desktop.words.language import _, ngettext

SHOWN = 8
CANCEL, RETRY, LEFT, NOT_LEFT, NUMBER, SAVE, SHOW = (
    "cancel",
    "retry",
    "left",
    "not-left",
    "number",
    "save",
    "show",
)
_WAYS = {
    "prepared": (CANCEL,),
    "waiting": (RETRY, CANCEL),
    "unsure": (LEFT, NOT_LEFT),
    "failed": (RETRY, CANCEL),
    "handed": (NUMBER, LEFT, NOT_LEFT),
    "sent": (NUMBER,),
}


def ways_of(one: FilingFacts, receipts: Sequence[ReceiptFacts]) -> list[str]:
    """What can be done about a sending."""
    ways = list(_WAYS.get(one.state, ()))
    if one.state == "sent" and (one.channel in ("desk", "email") or any(r.reference for r in receipts)):
        ways.remove(NUMBER)
    if any(receipt.bytes for receipt in receipts):
        ways.append(SAVE)
    return [*ways, SHOW]


class OutboxCard(Card):
    """``wanted`` with what to do and the filing."""

    wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(_("Sent and to be sent"))
        self.head(_("Sent and to be sent"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self.column.addLayout(self._rows)
        self.problem = label("", 14, tone="outage")
        self.problem.hide()
        self.column.addWidget(self.problem)
        self._shown: object = None
        self.buttons: dict[tuple[str, str], QWidget] = {}

    def show_filings(
        self, filings: Sequence[FilingFacts], receipts: Sequence[ReceiptFacts], known: bool
    ) -> None:
        shown = (tuple(filings), tuple(receipts), known)
        if shown == self._shown:
            return
        self._shown = shown
        focused = next((key for key, one in self.buttons.items() if one.hasFocus()), None)
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = {}
        for place, one in enumerate(filings[:SHOWN]):
            if place:
                self._rows.addWidget(rule())
            self._rows.addWidget(self._row(one, [each for each in receipts if each.filing == one.id]))
        if not filings:
            words = _("Nothing has been sent, and nothing waits.") if known else _("One moment.")
            self._rows.addWidget(label(words, tone="soft"))
        if (more := len(filings) - SHOWN) > 0:
            words = ngettext("{n} older one.", "{n} older ones.", more).format(n=more)
            self._rows.addWidget(label(words, 12.5, tone="soft"))
        if focused in self.buttons:
            self.buttons[focused].setFocus()

    def say_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _row(self, one: FilingFacts, receipts: Sequence[ReceiptFacts]) -> QWidget:
        frame = QFrame()
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        words, tone = state_badge(one.state)
        head = FlowRow()
        badge = label(words, 12.5, wrap=False)
        badge.setProperty("badge", tone)
        head.add(badge)
        head.add(label(channel_name(one.channel), 14, bold=True, wrap=False))
        head.add(label(when(one.ended_ns or one.prepared_ns), 12.5, tone="soft", wrap=False))
        column.addWidget(head)
        if one.destination:
            column.addWidget(label(_("To: {whom}").format(whom=one.destination), 12.5, tone="soft"))
        if said := filing_words(one):
            column.addWidget(label(said, 14))
        for receipt in receipts:
            column.addWidget(label(receipt_line(receipt), 12.5))
        row = FlowRow()
        for way in ways_of(one, receipts):
            pressed = button(way_words(way), "" if way in (LEFT, NOT_LEFT, NUMBER) else "link", 12.5)
            pressed.setAccessibleName(f"{way_words(way)}: {channel_name(one.channel)}")
            pressed.clicked.connect(lambda _checked=False, way=way: self.wanted.emit(way, one))
            self.buttons[one.id, way] = pressed
            row.add(pressed)
        column.addSpacing(2)
        column.addWidget(row)
        return frame


def way_words(way: str) -> str:
    return {
        CANCEL: _("cancel"),
        RETRY: _("try now"),
        LEFT: _("It was sent"),
        NOT_LEFT: _("It was not sent"),
        NUMBER: _("Add a number…"),
        SAVE: _("save the proof…"),
        SHOW: _("what is in it"),
    }[way]


def receipt_line(one: ReceiptFacts) -> str:
    """Kind, day, number, words."""
    said = _("Receipt: {kind}, {when}").format(kind=receipt_name(one.kind), when=when(one.at_ns))
    return " · ".join(part for part in (said, one.reference, one.text) if part)
