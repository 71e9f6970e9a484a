"""What is in a bundle and what was taken out of it, before it is written."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from jalerte_desktop.window.evidence_facts import MemberFacts, PreviewFacts
from jalerte_desktop.window.evidence_words import COPIES, demo_words, taken_words, unreadable_words
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.window.parts import Card, Dialog, button, label
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable, capital

MOST_PLACES = 40
"""Unreadable places of a journal that are told one by one."""


class BundlePreview(Dialog):
    """``agreed``: the person has seen it, and wants it saved. Nothing is written by showing it."""

    agreed = Signal()

    def __init__(
        self, preview: PreviewFacts, period: str, may_save: bool = True, parent: QWidget | None = None
    ) -> None:
        whom = _(COPIES[preview.copy]) if preview.copy in COPIES else preview.copy
        heading = _("A copy for {whom}").format(whom=whom)
        super().__init__(_("What is in the bundle"), heading, "read", parent)
        self.resize(760, 620)
        self.setMinimumSize(400, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about = f"{period} · {size(preview.bytes)}" if period else size(preview.bytes)
        self.outer.addWidget(label(about, tone="soft"))
        if preview.demo:
            self.outer.addWidget(label(demo_words(), bold=True))
        area = self.area = self.scrolled(_("What is in the bundle"))
        damaged = self._damage(preview)
        taken = Card(_("Taken out"))
        taken.head(_("Taken out"))
        said = taken_words(preview)
        for line in said:
            taken.column.addWidget(label("– " + breakable(line)))
        inside = Card(_("In it"))
        inside.head(_("In it"))
        for member in preview.members:
            inside.column.addWidget(_member(member))
        area.column.addWidget(taken)
        area.column.addWidget(inside)
        area.column.addStretch(1)
        area.setAccessibleDescription(" ".join((*damaged, *said, *(_spoken(one) for one in preview.members))))
        self.later = button(_("Not &now") if may_save else _("&Close"))
        self.later.clicked.connect(self.reject)
        self.save = button(_("&Save it…"), "primary")
        self.save.clicked.connect(self.agreed)
        self.foot(self.later, self.save)
        self.save.setVisible(may_save)
        area.setFocus()

    def _damage(self, preview: PreviewFacts) -> tuple[str, ...]:
        """Above all else what the journal could not give; what stands there, in one piece."""
        lines = unreadable_words(preview, MOST_PLACES)
        if not lines:
            return ()
        about = _("A part of the journal is damaged. The bundle says so; the rest of it can be checked.")
        card = Card(_("Could not be read"))
        card.head(_("Could not be read"))
        card.column.addWidget(label("! " + about, bold=True, tone="loss"))
        for line in lines:
            card.column.addWidget(label("– " + breakable(line)))
        self.area.column.addWidget(card)
        return about, *lines


def _member(member: MemberFacts) -> QWidget:
    one = QWidget()
    one.setObjectName("clear")
    row = QHBoxLayout(one)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(12)
    words = QVBoxLayout()
    words.setSpacing(1)
    words.addWidget(label(capital(member.what) or breakable(member.name)))
    if member.what:
        words.addWidget(label(breakable(member.name), 12.5, tone="soft"))
    row.addLayout(words, 1)
    row.addWidget(label(size(member.bytes), 12.5, tone="soft", wrap=False), 0, Qt.AlignmentFlag.AlignTop)
    return one


def _spoken(member: MemberFacts) -> str:
    return f"{member.what or member.name}, {size(member.bytes)}."
