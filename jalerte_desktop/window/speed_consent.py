"""Whom to measure with: every provider with who sees what. Nothing is contacted before the person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import TextBox
from jalerte_desktop.window.parts import Dialog, Scrolled, button, clear, label, say
from jalerte_desktop.window.speed_desk import CHOOSE, TERMS, SpeedDesk
from jalerte_desktop.window.speed_facts import providers_of
from jalerte_desktop.window.speed_words import provider_name
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import N_, _

SERVERS = {
    "http": (
        "https://speed.example.net/",
        N_("A LibreSpeed server, or the address that “jalerte speed-server” says."),
    ),
    "iperf3": ("iperf.example.net:5201", N_("An iperf3 server that you may use.")),
}
"""The providers that need an address: an example of one, and what it is."""


class ConsentDialog(Dialog):
    """``chosen`` once the command has kept the choice."""

    chosen = Signal()

    def __init__(self, desk: SpeedDesk, measure: bool, parent: QWidget | None = None) -> None:
        """``measure``: a measurement follows at once, and the button says so."""
        super().__init__(_("Whom to measure with"), _("Whom do you want to measure with?"), "asks", parent)
        self._desk = desk
        self.provider = ""
        self._words: dict[str, tuple[str, ...]] = {}
        self.resize(820, 600)
        outer = self.outer
        outer.setSpacing(14)
        outer.addWidget(
            label(
                _(
                    "Speed is measured against somebody’s server. Read who sees what; nothing is contacted before you"
                    " agree."
                ),
                tone="soft",
            )
        )
        self.fixed = label(
            _("Decided by config.toml, under [speed]: {keys}.").format(keys="provider"), tone="soft"
        )
        self.fixed.hide()
        outer.addWidget(self.fixed)
        across = QHBoxLayout()
        across.setSpacing(24)
        self._names = QVBoxLayout()
        self._names.setSpacing(8)
        self.buttons: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        names = QWidget()
        names.setObjectName("clear")
        names.setFixedWidth(232)
        names.setLayout(self._names)
        self._names.setContentsMargins(0, 0, 0, 0)
        across.addWidget(names)
        across.addWidget(self._terms(), 1)
        outer.addLayout(across, 1)
        self.server = Captioned(_("Address of the server"), _("Address of the server"), TextBox())
        self.server.editor.touched.connect(self._ready)
        outer.addWidget(self.server)
        self.agree = QCheckBox("")
        self.agree.setFont(font(14))
        self.agree.toggled.connect(self._ready)
        outer.addWidget(self.agree)
        self.keep = self.asks(_("&Agree and measure") if measure else _("&Agree and keep"), self._keep)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self._show("")
        desk.ask(TERMS, "speed", "--terms")

    def _terms(self) -> QWidget:
        area = self.area = Scrolled(read=_("Who sees what"))
        column = area.column
        column.setSpacing(8)
        self.title = label("", 14, bold=True)
        column.addWidget(self.title)
        self._sentences = QVBoxLayout()
        self._sentences.setSpacing(7)
        column.addLayout(self._sentences)
        column.addStretch(1)
        return area

    # --- what is chosen ---

    def offer(self, providers: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Show these; none of them is chosen. Where the configuration file decides, it is that one or none."""
        standing = self._desk.standing
        fixed = standing is not None and "speed.provider" in standing.fixed
        self._words = {
            name: words
            for name, words in providers
            if not fixed or (standing is not None and name == standing.provider)
        }
        self.fixed.setVisible(fixed)
        for name in self._words:
            one = self.buttons[name] = button(provider_name(name), "choice")
            one.setCheckable(True)
            one.clicked.connect(lambda _checked, name=name: self._show(name))
            self._group.addButton(one)
            self._names.addWidget(one)
        self._names.addStretch(1)
        # What is made later would come last.
        order = [*self.buttons.values(), self.area]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        order[0].setFocus()

    def _show(self, name: str) -> None:
        self.provider = name
        self.title.setText(provider_name(name) if name else _("Nothing is chosen yet."))
        lines = self._words.get(name, ())
        self._tell(
            lines
            if name
            else (_("Choose one on the left: here it is said what it is, who sees what, and what it costs."),)
        )
        self.area.verticalScrollBar().setValue(0)
        self.area.setAccessibleDescription(" ".join(lines))
        example, help_words = SERVERS.get(name, ("", ""))
        self.server.setVisible(bool(example))
        editor = self.server.editor
        assert isinstance(editor, TextBox)
        editor.put("")
        editor.setPlaceholderText(_("for example: {server}").format(server=example))
        say(self.server.help, _(help_words) if help_words else "")
        # What was agreed to for one is not agreed to for another.
        self.agree.setChecked(False)
        self.agree.setEnabled(bool(name))
        self.agree.setText(
            _("I have &read this and agree to measure with “{provider}”.").format(
                provider=provider_name(name)
            )
            if name
            else _("I have &read this and agree.")
        )
        self.say_problem("")
        self._ready()

    def _tell(self, lines: Sequence[str]) -> None:
        clear(self._sentences)
        for line in lines:
            sentence = label(line)
            # Addresses stand in some of them.
            sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._sentences.addWidget(sentence)

    def _ready(self) -> None:
        addressed = self.provider not in SERVERS or bool(self.server.editor.read().strip())
        self.keep.setEnabled(bool(self.provider) and self.agree.isChecked() and addressed)

    # --- keeping it ---

    def _keep(self) -> None:
        self.say_problem("")
        self.keep.setEnabled(False)
        server = self.server.editor.read().replace("\0", "").strip() if self.provider in SERVERS else ""
        self._desk.choose(self.provider, server)

    def _answered(self, name: str, answer: object) -> None:
        if name == TERMS and not self._words:
            self.offer(providers_of(answer))
        elif name == CHOOSE and self.isVisible():
            self.accept()
            self.chosen.emit()

    def _refused(self, name: str, sentence: str) -> None:
        if name in (TERMS, CHOOSE):
            self.say_problem(sentence)
            self._ready()
