"""Who dates the seals, and who sees what then. Nobody is asked before the person agrees."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import ChoiceBox, TextBox
from jalerte_desktop.window.evidence_desk import CHOOSE, SERVERS, TERMS, EvidenceDesk
from jalerte_desktop.window.evidence_facts import ServerFacts, servers_of, terms_of
from jalerte_desktop.window.evidence_words import server_name
from jalerte_desktop.window.parts import Dialog, clear, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable

OTHER = "other"


class StampDialog(Dialog):
    """Closes once the command has kept the choice; what it refuses is said here."""

    def __init__(self, desk: EvidenceDesk, parent: QWidget | None = None) -> None:
        super().__init__(_("Who dates the seals"), _("Who shall date the seals?"), "asks", parent)
        self._desk = desk
        self._servers: dict[str, ServerFacts] = {}
        self._read = ""
        """The address whose terms stand here."""
        self.resize(700, 560)
        self.setMinimumSize(400, 340)
        self.outer.addWidget(
            label(_("Read who sees what; nobody is asked anything before you agree."), tone="soft")
        )
        self.server = Captioned(
            _("Time-stamp server"), _("Time-stamp server"), ChoiceBox([("", _("Nothing is chosen yet."))])
        )
        self.outer.addWidget(self.server)
        self.address = Captioned(
            _("Its address"),
            _("Address of the time-stamp server"),
            TextBox(),
            _("For example https://tsa.example.org/tsr"),
        )
        self.outer.addWidget(self.address)
        self.area = self.scrolled(_("Who sees what"))
        self._sentences = QVBoxLayout()
        self._sentences.setSpacing(7)
        self.area.column.addLayout(self._sentences)
        self.area.column.addStretch(1)
        self.agree = QCheckBox(_("I have &read this and agree."))
        self.agree.setFont(font(14))
        self.agree.toggled.connect(self._ready)
        self.outer.addWidget(self.agree)
        self.keep = self.asks(_("&Agree and keep"), self._keep)
        self.server.editor.left.connect(self._chosen)
        self.address.editor.touched.connect(self._typed)
        self.address.editor.left.connect(self._ask_terms)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self._chosen()
        desk.ask(SERVERS, "stamp", "choose")

    @property
    def url(self) -> str:
        chosen = self.server.editor.read()
        if chosen != OTHER:
            return chosen
        return self.address.editor.read().replace("\0", "").strip()

    def offer(self, servers: tuple[ServerFacts, ...]) -> None:
        """Put the known servers into the list."""
        box = self.server.editor
        assert isinstance(box, ChoiceBox)
        self._servers = {one.url: one for one in servers}
        for one in servers:
            box.addItem(server_name(one), one.url)
        box.addItem(_("Another one, by its address…"), OTHER)

    def _chosen(self) -> None:
        self.say_problem("")
        self.address.setVisible(self.server.editor.read() == OTHER)
        known = self._servers.get(self.url)
        self._tell(known.url if known else "", known.terms if known else ())
        if self.server.editor.read() == OTHER:
            self.address.editor.setFocus()
            self._ask_terms()

    def _typed(self) -> None:
        # What was read of one address was not read of another.
        self._tell("", ())

    def _ask_terms(self) -> None:
        url = self.url
        if self.server.editor.read() == OTHER and url and url != self._read:
            self.say_problem("")
            self._desk.ask(TERMS, "stamp", "choose", f"--server={url}", "--terms")

    def _tell(self, url: str, lines: tuple[str, ...]) -> None:
        self._read = url
        clear(self._sentences)
        for line in (*([url] if url else []), *lines):
            sentence = label(breakable(line), tone="soft" if line == url else "")
            sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._sentences.addWidget(sentence)
        self.area.setAccessibleDescription(" ".join(lines))
        self.agree.setChecked(False)
        self.agree.setEnabled(bool(lines))
        self._ready()

    def _ready(self) -> None:
        self.keep.setEnabled(self.agree.isChecked() and bool(self._read) and self._read == self.url)

    def _keep(self) -> None:
        self.say_problem("")
        self.keep.setEnabled(False)
        self._desk.choose(self._read)

    def _answered(self, name: str, answer: object) -> None:
        if name == SERVERS and not self._servers:
            self.offer(servers_of(answer))
        elif name == TERMS:
            url, lines = terms_of(answer)
            if url == self.url:
                self._tell(url, lines)
        elif name == CHOOSE and self.isVisible():
            self.accept()

    def _refused(self, name: str, sentence: str) -> None:
        if name in (SERVERS, TERMS, CHOOSE):
            self.say_problem(sentence)
            self._ready()
