"""What waits, what left, and the proofs: each sending with its state in words and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from jalerte_desktop.window.case_diary_words import when
from jalerte_desktop.window.filing_facts import FilingFacts, ReceiptFacts
from jalerte_desktop.window.filing_words import (
    channel_name,
    filing_badge,
    filing_words,
    receipt_name,
)
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, clear, label, problem_line, rule, say
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.shape import breakable

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
    "unsure": (LEFT, NOT_LEFT, CANCEL),
    "failed": (RETRY, CANCEL),
    "handed": (NUMBER, LEFT, NOT_LEFT),
    "sent": (NUMBER,),
}
_NEXT = {
    (SHOW, "prepared"),
    *((way, state) for way in (LEFT, NOT_LEFT) for state in ("unsure", "handed")),
    *((NUMBER, state) for state in ("handed", "sent")),
}
"""What a sending waits for from the person: these are buttons, all else is a link."""


def ways_of(one: FilingFacts, receipts: Sequence[ReceiptFacts]) -> list[str]:
    """What can be done about a sending."""
    ways = list(_WAYS.get(one.state, ()))
    if one.stopped:
        ways.remove(RETRY)
    if one.state == "sent" and (one.channel in ("desk", "email") or any(r.reference for r in receipts)):
        ways.remove(NUMBER)
    if any(receipt.bytes for receipt in receipts):
        ways.append(SAVE)
    return [SHOW, *ways] if one.state == "prepared" else [*ways, SHOW]


class OutboxCard(Card):
    """``wanted`` with what to do and the filing."""

    wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(_("Sent and to be sent"))
        self._all = False
        self.all_button = button(_("see all of them"), "link", 12.5)
        self.all_button.setAccessibleName(_("See all that was sent or is to be sent"))
        self.all_button.clicked.connect(self._show_all)
        self.head(_("Sent and to be sent"), self.all_button)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self.column.addLayout(self._rows)
        self.problem = problem_line()
        self.column.addWidget(self.problem)
        self._given: tuple[Sequence[FilingFacts], Sequence[ReceiptFacts], bool] = ((), (), False)
        self._shown: object = None
        self.buttons: dict[tuple[str, str], QWidget] = {}

    def show_filings(
        self, filings: Sequence[FilingFacts], receipts: Sequence[ReceiptFacts], known: bool
    ) -> None:
        self._given = filings, receipts, known
        shown = (tuple(filings), tuple(receipts), known, self._all)
        if shown == self._shown:
            return
        self._shown = shown
        focused = next((key for key, one in self.buttons.items() if one.hasFocus()), None)
        clear(self._rows)
        self.buttons = {}
        for place, one in enumerate(filings if self._all else filings[:SHOWN]):
            if place:
                self._rows.addWidget(rule())
            self._rows.addWidget(self._row(one, [each for each in receipts if each.filing == one.id]))
        if not filings:
            words = _("Nothing has been sent, and nothing waits.") if known else _("One moment.")
            self._rows.addWidget(label(words, tone="soft"))
        self.all_button.setVisible(len(filings) > SHOWN and not self._all)
        if (more := len(filings) - SHOWN) > 0 and not self._all:
            words = ngettext("{n} older one.", "{n} older ones.", more).format(n=more)
            self._rows.addWidget(label(words, 12.5, tone="soft"))
        if focused in self.buttons:
            self.buttons[focused].setFocus()

    def _show_all(self) -> None:
        self._all = True
        self.show_filings(*self._given)

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)

    def _row(self, one: FilingFacts, receipts: Sequence[ReceiptFacts]) -> QWidget:
        frame = QFrame()
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        words, tone = filing_badge(one)
        head = FlowRow()
        badge = label(words, 12.5, wrap=False)
        badge.setProperty("badge", tone)
        head.add(badge)
        head.add(label(channel_name(one.channel), 14, bold=True, wrap=False))
        head.add(label(when(one.ended_ns or one.prepared_ns), 12.5, tone="soft", wrap=False))
        column.addWidget(head)
        if one.destination:
            column.addWidget(
                label(breakable(_("To: {whom}").format(whom=one.destination)), 12.5, tone="soft")
            )
        if said := filing_words(one):
            column.addWidget(label(breakable(said), 14))
        for receipt in receipts:
            column.addWidget(label(breakable(receipt_line(receipt)), 12.5))
        row = FlowRow()
        for way in ways_of(one, receipts):
            said = way_words(way, one.state)
            pressed = button(said, "" if (way, one.state) in _NEXT else "link", 12.5)
            pressed.setAccessibleName(_("{name}: {value}").format(name=said, value=channel_name(one.channel)))
            pressed.setAccessibleDescription(one.destination)
            pressed.clicked.connect(lambda _checked=False, way=way: self.wanted.emit(way, one))
            self.buttons[one.id, way] = pressed
            row.add(pressed)
        column.addSpacing(2)
        column.addWidget(row)
        return frame


def way_words(way: str, state: str = "") -> str:
    """What a button says; ``state`` is the filing's."""
    if way == SHOW and state == "prepared":
        return _("Read it, then send…")
    if way == NOT_LEFT and state == "unsure":
        # The outbox then tries again at once, since the person has already agreed to it.
        return _("It was not sent: send it again")
    if way == CANCEL and state == "unsure":
        return _("do not send it again")
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
