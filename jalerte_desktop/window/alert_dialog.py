"""The alert before anything is sent: each field with a button that copies it, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QWidget,
)

from jalerte_desktop.casefile.fields import FIELDS
from jalerte_desktop.window.parts import Card, Dialog, button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import _, ngettext


def field_rows(answer: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value and source of each field, as texts."""
    rows = []
    for field in answer.get("fields") or []:
        if isinstance(field, Mapping):
            value = field.get("value")
            rows.append(
                (
                    str(field.get("label") or field.get("name") or ""),
                    _text(value),
                    str(field.get("source") or ""),
                )
            )
    return rows


def missing_words(answer: Mapping[str, Any]) -> list[str]:
    """What the form will not be taken without, in words where the command gives them."""
    details = answer.get("missing_details")
    if isinstance(details, list):
        needed = [one for one in details if isinstance(one, Mapping) and one.get("kind") == "missing"]
        return [str(one.get("label") or one.get("name")) for one in needed]
    return [str(one) for one in answer.get("missing") or []]


def first_missing_key(answer: Mapping[str, Any]) -> str:
    """The case's field that the form lacks first; "" where none is named."""
    details = answer.get("missing_details")
    named = [
        one.get("key")
        for one in (details if isinstance(details, list) else [])
        if isinstance(one, Mapping) and one.get("kind") == "missing"
    ]
    keys = named or answer.get("missing") or []
    return next((str(one) for one in keys if one in FIELDS), "")


def warning_texts(answer: Mapping[str, Any]) -> list[str]:
    warnings = answer.get("warnings") or []
    return [str(one["text"]) for one in warnings if isinstance(one, Mapping) and one.get("text")]


def counter_words(answer: Mapping[str, Any]) -> str:
    """How long the description is, and how long it may be."""
    length = answer.get("description_length")
    length = length if isinstance(length, int) else len(str(answer.get("description") or ""))
    limit = answer.get("description_limit")
    if isinstance(limit, int):
        return _("{n} of {limit} characters").format(n=number(length), limit=number(limit))
    return ngettext("{n} character", "{n} characters", length).format(n=number(length))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


def _notes(title: str, lines: list[str], kind: Literal["card", "banner"] = "banner") -> Card:
    card = Card(title, kind)
    card.column.setSpacing(4)
    card.column.addWidget(label(title, 14, bold=True))
    for line in lines:
        card.column.addWidget(label("– " + line))
    return card


class AlertDialog(Dialog):
    """Nothing leaves from here: the person copies, or goes on to the official form.

    ``complete`` asks for the case page, at this field.
    """

    complete = Signal(str)

    def __init__(self, answer: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(_("The alert"), _("The alert, ready to be copied"), "read", parent)
        self.resize(760, 640)
        self.outer.addWidget(
            label(_("Nothing has been sent. Read each field, then copy it into the form."), tone="soft")
        )
        column = self.scrolled().column
        self.copy_buttons: list[Any] = []
        if missing := missing_words(answer):
            title = ngettext("Still missing: {n} thing", "Still missing: {n} things", len(missing))
            card = _notes(title.format(n=len(missing)), missing)
            card.column.addLayout(self._complete(first_missing_key(answer)))
            column.addWidget(card)
        if warnings := warning_texts(answer):
            column.addWidget(_notes(_("Please note"), warnings))
        column.addWidget(self._description(answer))
        if rows := field_rows(answer):
            column.addWidget(self._fields(rows))
        if attachments := [str(one) for one in answer.get("attachments") or []]:
            column.addWidget(_notes(_("Attachments"), attachments, "card"))
        if notice := str(answer.get("notice") or ""):
            column.addWidget(label(notice, 12.5, tone="soft"))
        column.addStretch(1)
        self.copied = label("", 12.5, tone="soft")
        self.closes(left=self.copied)

    def _complete(self, key: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 6, 0, 0)
        self.complete_button = button(_("Complete the ca&se file"))
        self.complete_button.clicked.connect(lambda: self._go_to_case(key))
        row.addWidget(self.complete_button)
        row.addStretch(1)
        return row

    def _go_to_case(self, key: str) -> None:
        self.accept()
        self.complete.emit(key)

    def _description(self, answer: Mapping[str, Any]) -> QWidget:
        text = str(answer.get("description") or "")
        card = Card(_("Description"))
        copy = self._copy_button(_("Description"), text)
        counter = label(counter_words(answer), 12.5, tone="soft", wrap=False)
        card.head(_("Description"), counter, copy)
        self.description = QPlainTextEdit(text)
        self.description.setReadOnly(True)
        self.description.setTabChangesFocus(True)
        self.description.setAccessibleName(_("Description"))
        self.description.setFont(font(14))
        self.description.setMinimumHeight(140)
        card.column.addWidget(self.description)
        return card

    def _fields(self, rows: list[tuple[str, str, str]]) -> QWidget:
        card = Card(_("Fields"))
        card.head(_("Fields"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for index, (name, value, source) in enumerate(rows):
            grid.addWidget(label(name, 12.5, tone="soft"), index, 0)
            shown = label(value or "–")
            if source:
                shown.setToolTip(_("From: {source}").format(source=source))
            grid.addWidget(shown, index, 1)
            if value:
                grid.addWidget(self._copy_button(name, value), index, 2, Qt.AlignmentFlag.AlignTop)
        card.column.addLayout(grid)
        return card

    def _copy_button(self, name: str, value: str) -> QWidget:
        copy = button(_("Copy"), "link", 12.5)
        copy.setAccessibleName(_("Copy {name}").format(name=name))
        copy.clicked.connect(lambda: self._copy(name, value))
        self.copy_buttons.append(copy)
        return copy

    def _copy(self, name: str, value: str) -> None:
        QGuiApplication.clipboard().setText(value)
        self.copied.setText(_("Copied: {name}").format(name=name))
