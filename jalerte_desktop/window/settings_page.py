"""The settings: recording, login, line, language, data. Every line shows what is the case now."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QWidget,
)

from diagnostics.model import NO_LINE, Line
from jalerte_desktop.window.autostart import Entry
from jalerte_desktop.window.contacts import Configured, contacts_words
from jalerte_desktop.window.parts import Card, Page, button, label, problem_line, say
from jalerte_desktop.window.preferences import Preferences
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _, current
from jalerte_desktop.words.views import working_hours_words

LANGUAGE_NAMES = {"fr": "Français", "en": "English"}  # each in its own language


class SettingsPage(Page):
    """Asks by signals; only the autostart entry and the window's own preferences are written here."""

    start_recording = Signal()
    stop_recording = Signal()
    home_line = Signal(bool)
    name_line = Signal(str)
    language_chosen = Signal(str)
    open_folder = Signal()

    def __init__(self, preferences: Preferences, entry: Entry, folder: str, configured: Configured) -> None:
        super().__init__()
        self._preferences = preferences
        self._entry = entry
        self._line = NO_LINE
        column = self.column
        column.addWidget(label(_("Settings"), 22, bold=True))
        column.addWidget(self._recording_card())
        column.addWidget(self._line_card())
        column.addWidget(self._language_card())
        column.addWidget(_hours_card(configured))
        column.addWidget(self._data_card(folder))
        self.contacts = _contacts_card(configured)
        column.addWidget(self.contacts)
        column.addStretch(1)

    # --- recording ---

    def _recording_card(self) -> QWidget:
        card = Card(_("Recording"))
        card.head(_("Recording"))
        row = QHBoxLayout()
        self.recording = label()
        self.switch = button(_("&Start recording"))
        self.switch.clicked.connect(self._switch)
        row.addWidget(self.recording, 1)
        row.addWidget(self.switch)
        card.column.addLayout(row)
        self.keep = _check(_("&Go on recording when I close this window"))
        self.keep.clicked.connect(self._keep)
        card.column.addWidget(self.keep)
        self.login = _check(_("Start recording when I &log in"))
        self.login.clicked.connect(self._login)
        card.column.addWidget(self.login)
        self.login_note = label("", 12.5, tone="soft")
        card.column.addWidget(self.login_note)
        self._state = State.UNKNOWN
        return card

    def _switch(self) -> None:
        (self.stop_recording if self._state in (State.ON, State.STARTING) else self.start_recording).emit()

    def _keep(self, on: bool) -> None:
        self._preferences.keep_recording = on

    def _login(self, on: bool) -> None:
        try:
            self._entry.switch(on)
            problem = ""
        except OSError as error:
            problem = _("The entry could not be changed: {why}").format(why=error.strerror)
        self.refresh()
        if problem:
            self.login_note.setText(problem)

    # --- line, language, data ---

    def _line_card(self) -> QWidget:
        card = Card(_("Line"))
        card.head(_("Line"))
        row = QHBoxLayout()
        row.setSpacing(8)
        self.line = label()
        self.home = button(_("This is &home"))
        self.not_home = button(_("This is &not home"))
        self.home.clicked.connect(lambda: self.home_line.emit(True))
        self.not_home.clicked.connect(lambda: self.home_line.emit(False))
        card.column.addWidget(self.line)
        row.addWidget(self.home)
        row.addWidget(self.not_home)
        row.addStretch(1)
        card.column.addLayout(row)
        naming = QHBoxLayout()
        naming.setSpacing(8)
        caption = label(_("Na&me of this line"), wrap=False)
        self.name = QLineEdit()
        self.name.setFont(font(14))
        self.name.setMaximumWidth(320)
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(_("for example: Home"))
        caption.setBuddy(self.name)
        caption.setTextFormat(Qt.TextFormat.AutoText)
        self.save_name = button(_("Sa&ve"))
        self.save_name.clicked.connect(self._save_name)
        self.name.returnPressed.connect(self._save_name)
        card.column.addSpacing(4)
        card.column.addWidget(caption)
        naming.addWidget(self.name, 1)
        naming.addWidget(self.save_name)
        naming.addStretch(1)
        card.column.addLayout(naming)
        self.line_problem = problem_line(12.5)
        card.column.addWidget(self.line_problem)
        return card

    def _save_name(self) -> None:
        if name := self.name.text().strip():
            self.name_line.emit(name)

    def _language_card(self) -> QWidget:
        card = Card(_("Language"))
        card.head(_("Language"))
        row = QHBoxLayout()
        row.setSpacing(8)
        self.languages = {}
        for code, name in LANGUAGE_NAMES.items():
            one = self.languages[code] = button(name, "choice")
            one.setCheckable(True)
            one.setChecked(code == current())
            one.clicked.connect(lambda _checked, code=code: self._choose_language(code))
            row.addWidget(one)
        row.addStretch(1)
        card.column.addLayout(row)
        return card

    def _choose_language(self, code: str) -> None:
        for one, choice in self.languages.items():
            choice.setChecked(one == current())
        if code != current():
            self.language_chosen.emit(code)

    def _data_card(self, folder: str) -> QWidget:
        card = Card(_("Data"))
        card.head(_("Data"))
        row = QHBoxLayout()
        where = label(folder)
        where.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        where.setAccessibleName(_("Data folder: {folder}").format(folder=folder))
        card.column.addWidget(where)
        self.folder_button = button(_("&Open the folder"))
        self.folder_button.clicked.connect(self.open_folder)
        row.addWidget(self.folder_button)
        self.demo = button(_("Look at &demonstration data"))
        second = QHBoxLayout()
        second.addWidget(self.demo)
        second.addStretch(1)
        row.addStretch(1)
        card.column.addWidget(
            label(_("All measurements and papers stay here, on this computer."), 12.5, tone="soft")
        )
        card.column.addLayout(row)
        card.column.addLayout(second)
        return card

    # --- showing what is the case ---

    def refresh(self) -> None:
        """Read preferences and the autostart entry anew: somebody else may have changed them."""
        self.keep.setChecked(self._preferences.keep_recording is True)
        on = self._entry.on
        self.login.setChecked(on)
        self.login_note.setText(
            _("On. The entry is {path}; unticking takes it away.").format(path=self._entry.path)
            if on
            else _("Off. Ticking writes {path}, and nothing else.").format(path=self._entry.path)
        )

    def show_recorder(self, state: State) -> None:
        self._state = state
        self.recording.setText(recorder_words(state))
        for absent in (self.switch, self.keep, self.login, self.login_note, self.demo, self.contacts):
            absent.setVisible(state is not State.DEMO)
        on = state in (State.ON, State.STARTING, State.STOPPING)
        self.switch.setText(_("&Pause recording") if on else _("&Start recording"))
        self.switch.setEnabled(state is not State.STOPPING)

    def show_line(self, line: Line) -> None:
        known = bool(line.id)
        if not self.name.hasFocus() and line != self._line:
            self.name.setText(line.name)
        self._line = line
        self.line.setText(line_state(line))
        self.home.setVisible(known and line.home is not True)
        self.not_home.setVisible(known and line.home is not False)
        self.name.setEnabled(known)
        self.save_name.setEnabled(known)

    def say_line_problem(self, sentence: str) -> None:
        say(self.line_problem, sentence)


def _hours_card(configured: Configured) -> QWidget:
    """The working hours, and how to set them: the file may hold the person's own remarks, so it is theirs to write."""
    card = Card(_("Working hours"))
    card.head(_("Working hours"))
    hours = configured.working_hours
    card.column.addWidget(
        label(
            _("{hours}. Minutes lost for calls are counted within them.").format(
                hours=working_hours_words(hours)
            )
            if hours
            else _("None set. With them, the minutes lost for calls while you work are counted apart.")
        )
    )
    how = _("They are set in {path} in the data folder, read when this window opens, by these two lines:")
    card.column.addWidget(label(how.format(path=configured.path.name), 12.5, tone="soft"))
    lines = label('[home]\nworking_hours = ["Mon-Fri 09:00-18:00"]', 12.5)
    lines.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    card.column.addWidget(lines)
    return card


def _contacts_card(configured: Configured) -> QWidget:
    card = Card(_("Who is contacted"))
    card.head(_("Who is contacted"))
    card.column.addWidget(label(contacts_words(configured.contacts), 12.5, tone="soft"))
    return card


def recorder_words(state: State) -> str:
    return {
        State.UNKNOWN: _("One moment."),
        State.OFF: _("Recording is off."),
        State.STARTING: _("Recording is starting."),
        State.ON: _("Recording is on."),
        State.STOPPING: _("Recording is being stopped."),
        State.DIED: _("Recording has stopped by itself."),
        State.DEMO: _("The recorder does not run in the demonstration."),
    }[state]


def line_state(line: Line) -> str:
    if not line.id:
        return _("No line has been recognised yet.")
    where = _("{interface}, box at {gateway}").format(interface=line.interface, gateway=line.gateway)
    if line.home is True:
        return _("This is your home line ({where}).").format(where=where)
    if line.home is False:
        return _("This is not your home line ({where}): nothing here counts in the papers.").format(
            where=where
        )
    return _("It is not known yet whether this is your home line ({where}).").format(where=where)


def _check(text: str) -> QCheckBox:
    result = QCheckBox(text)
    result.setFont(font(14))
    return result
