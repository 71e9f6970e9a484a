"""What is in a bundle and what was taken out of it, before it is written."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from jalerte_desktop.window.evidence_facts import MemberFacts, PreviewFacts
from jalerte_desktop.window.evidence_words import COPIES, demo_words, taken_words
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable, capital


class BundlePreview(QDialog):
    """``agreed``: the person has seen it, and wants it saved. Nothing is written by showing it."""

    agreed = Signal()

    def __init__(
        self, preview: PreviewFacts, period: str, may_save: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("What is in the bundle"))
        self.resize(760, 620)
        self.setMinimumSize(400, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 16, 20, 16)
        outer.setSpacing(10)
        whom = _(COPIES[preview.copy]) if preview.copy in COPIES else preview.copy
        outer.addWidget(label(_("A copy for {whom}").format(whom=whom), 16, bold=True))
        about = f"{period} · {size(preview.bytes)}" if period else size(preview.bytes)
        outer.addWidget(label(about, tone="soft"))
        if preview.demo:
            outer.addWidget(label(demo_words(), bold=True))
        area = self.area = QScrollArea()
        area.setObjectName("clear")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # By keyboard too it has to be read to its end.
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName(_("What is in the bundle"))
        inner = QWidget()
        inner.setObjectName("clear")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        taken = Card(_("Taken out"))
        taken.head(_("Taken out"))
        said = taken_words(preview)
        for line in said:
            taken.column.addWidget(label("– " + breakable(line)))
        inside = Card(_("In it"))
        inside.head(_("In it"))
        for member in preview.members:
            inside.column.addWidget(_member(member))
        column.addWidget(taken)
        column.addWidget(inside)
        column.addStretch(1)
        area.setWidget(inner)
        area.setAccessibleDescription(" ".join((*said, *(_spoken(one) for one in preview.members))))
        outer.addWidget(area, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        self.later = button(_("Not &now") if may_save else _("&Close"))
        self.later.clicked.connect(self.reject)
        foot.addWidget(self.later)
        self.save = button(_("&Save it…"), "primary")
        self.save.clicked.connect(self.agreed)
        self.save.setVisible(may_save)
        foot.addWidget(self.save)
        outer.addLayout(foot)
        area.setFocus()


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
