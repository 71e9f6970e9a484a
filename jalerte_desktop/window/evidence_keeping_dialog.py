"""Chooses how long samples are kept: what goes, what stays, what that does today; nothing without a clear yes."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from jalerte_desktop.findings.evidence import Backing
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import TextBox
from jalerte_desktop.window.evidence_desk import KEEP, EvidenceDesk
from jalerte_desktop.window.evidence_keeping_words import (
    OFFERED,
    Effect,
    days_words,
    effect_of,
    goes_words,
    range_words,
    read_days,
    stays_words,
)
from jalerte_desktop.window.evidence_parts import Choices
from jalerte_desktop.window.parts import Dialog, clear, label
from jalerte_desktop.window.speed_paint import SlimBar
from jalerte_desktop.window.theme import Theme, font
from jalerte_desktop.words.language import _

OTHER = "other"


class KeepingDialog(Dialog):
    """Closes once the command has kept the choice; what it refuses is said here."""

    def __init__(self, desk: EvidenceDesk, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(
            _("How long samples are kept"), _("How long shall the samples be kept?"), "asks", parent
        )
        self._desk = desk
        self._effect = Effect((), agree=False, new=False)
        self.resize(700, 640)
        self.setMinimumSize(400, 340)
        self.area = self.scrolled(_("What goes, and what stays"))
        column = self.area.column
        column.setSpacing(8)
        column.addWidget(
            label(
                _(
                    "Keeping everything is the rule, and for most people there is nothing to choose. Less than 400 days"
                    " is not offered: claims on an operator may be made for a year."
                ),
                tone="soft",
            )
        )
        self.choices = Choices(
            _("How long samples are kept"),
            (*((str(days), days_words(days)) for days in OFFERED), (OTHER, _("Another number of days…"))),
        )
        self.choices.chosen.connect(self._chosen)
        column.addWidget(self.choices)
        self.days = Captioned(
            _("Number of days"),
            _("Number of days that samples are kept"),
            TextBox("00 000 00"),
            range_words(),
        )
        self.days.editor.touched.connect(self._show)
        column.addWidget(self.days)
        self._sentences = QVBoxLayout()
        self._sentences.setSpacing(5)
        column.addLayout(self._sentences)
        column.addStretch(1)
        self.agree = QCheckBox(_("Yes: &what goes does not come back."))
        self.agree.setFont(font(14))
        self.agree.toggled.connect(self._ready)
        self.outer.addWidget(self.agree)
        self.working = label(_("Keeping your choice…"), tone="soft")
        self.bar = SlimBar(theme, _("Keeping your choice…"))
        self.bar.setRange(0, 0)
        for one in (self.working, self.bar):
            one.hide()
            self.outer.addWidget(one)
        self.keep = self.asks(_("&Keep it so"), self._keep)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self._put(desk.keeping.days if desk.keeping is not None else 0)
        self.choices.buttons[self.choices.value].setFocus()

    @property
    def chosen(self) -> int | None:
        """Days to keep, 0 for everything; None while what is written is no such number."""
        value = self.choices.value
        return read_days(self.days.editor.read()) if value == OTHER else int(value)

    def _put(self, days: int) -> None:
        self.choices.put(str(days) if days in OFFERED else OTHER)
        if days not in OFFERED:
            self.days.editor.put(str(days))
        self._show()

    def _chosen(self, value: str) -> None:
        self._show()
        if value == OTHER:
            self.days.editor.setFocus()

    def _show(self) -> None:
        """Say what follows from the choice; a yes to another one is none to this one."""
        self.say_problem("")
        days = self.chosen
        other = self.choices.value == OTHER
        self.days.setVisible(other)
        written = bool(self.days.editor.read().strip())
        self.days.say_problem(range_words() if other and written and days is None else "")
        self.days.help.setVisible(not self.days.problem.text())
        backing = self._desk.backing or Backing()
        self._effect = (
            Effect((), agree=False, new=False)
            if days is None
            else effect_of(days, self._desk.keeping, backing, self._desk.clock())
        )
        clear(self._sentences)
        parts = [(_("What this does"), self._effect.lines)] if self._effect.lines else []
        if self._effect.agree:
            parts += [(_("What goes"), goes_words()), (_("What stays for ever"), stays_words())]
        for title, lines in parts:
            heading = label(title, bold=True)
            heading.setContentsMargins(0, 8, 0, 0)
            self._sentences.addWidget(heading)
            for line in lines:
                self._sentences.addWidget(label(line))
        spoken = " ".join(f"{title}: {' '.join(lines)}" for title, lines in parts)
        self.area.setAccessibleDescription(spoken)
        # What has the focus when it is read is one of these.
        for one in (self.agree, self.keep):
            one.setAccessibleDescription(spoken)
        self.agree.setChecked(False)
        self.agree.setVisible(self._effect.agree)
        self._ready()
        QTimer.singleShot(0, self, lambda: self.area.verticalScrollBar().setValue(0))

    def _ready(self) -> None:
        agreed = self.agree.isChecked() or not self._effect.agree
        self.keep.setEnabled(self._effect.new and agreed and not self._desk.choosing)

    def _keep(self) -> None:
        days = self.chosen
        if days is None:
            return
        self.say_problem("")
        self._desk.keep(days)
        self._work()

    def _work(self) -> None:
        """While it is on its way nothing can be changed; closing leaves it on its way."""
        working = self._desk.choosing
        for shown in (self.working, self.bar):
            shown.setVisible(working)
        for asked in (self.choices, self.days, self.agree):
            asked.setEnabled(not working)
        self.cancel.setText(_("&Close") if working else _("&Cancel"))
        self._ready()
        if working:
            self.cancel.setFocus()

    def _answered(self, name: str, _answer: object) -> None:
        if name == KEEP and self.isVisible():
            if isinstance(self._desk.chosen, str):
                self._refused(name, self._desk.chosen)
            else:
                self.accept()

    def _refused(self, name: str, sentence: str) -> None:
        if name == KEEP:
            self._work()
            self.say_problem(sentence)
            self.keep.setFocus() if self.keep.isEnabled() else None
