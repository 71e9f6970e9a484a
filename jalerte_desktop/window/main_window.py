"""The window: navigation, six pages, and the wiring between what is read, asked and started."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from jalerte_desktop.window.autostart import entry_for
from jalerte_desktop.window.case_desk import CaseDesk, Refusal
from jalerte_desktop.window.case_page import CasePage
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.closing import KeepQuestion, Leave, leave
from jalerte_desktop.window.collector import Collector
from jalerte_desktop.window.contacts import configured
from jalerte_desktop.window.demo import DemoRecorder, open_demo, under_strip
from jalerte_desktop.window.filing_closing import closing_question
from jalerte_desktop.window.filing_desk import DIARY, FilingDesk
from jalerte_desktop.window.home_page import HomePage
from jalerte_desktop.window.line_desk import LineDesk
from jalerte_desktop.window.navigation import ALERT, CASE, EVIDENCE, PAGES, SETTINGS, SPEED, Navigation
from jalerte_desktop.window.papers import Papers
from jalerte_desktop.window.preferences import Preferences
from jalerte_desktop.window.reader import Reader, Reading, Source, live_source
from jalerte_desktop.window.recorder import RecorderControl, State
from jalerte_desktop.window.sentences import reading_sentence, sentence_of
from jalerte_desktop.window.settings_page import SettingsPage
from jalerte_desktop.window.speed_desk import SpeedDesk
from jalerte_desktop.window.tables import day_table, incident_table
from jalerte_desktop.window.theme import Theme

if TYPE_CHECKING:
    from diagnostics.model import Span
    from jalerte_desktop.window.alert_page import AlertPage
    from jalerte_desktop.window.evidence_desk import EvidenceDesk
    from jalerte_desktop.window.evidence_page import EvidencePage
    from jalerte_desktop.window.speed_page import SpeedPage

READ_EVERY_MS = 2000


class MainWindow(QMainWindow):
    """Shows and asks. Everything that is done is a command in a child process."""

    language_chosen = Signal(str)

    def __init__(
        self,
        caller: Caller,
        journal: Path,
        theme: Theme,
        config: Path,
        source: Callable[[Path], Source] = live_source,
        clock: Callable[[], int] = time.time_ns,
        shown_folder: str = "",
        demo: bool = False,
    ) -> None:
        super().__init__()
        self.setWindowTitle("jalerte")
        self.resize(1280, 800)
        self.setMinimumSize(600, 380)
        self._caller = caller
        self._theme = theme
        self._config = config
        self._demo = demo
        self._shown_folder = shown_folder or str(caller.home)
        self.preferences = Preferences(caller.home)
        self.entry = entry_for(caller.home)
        self.reading: Reading | None = None
        self._may_start = True
        self._leaving = False
        self._closing_anyway = False
        self._saving_to_leave = False
        self._known_refusals: dict[str, Refusal] = {}
        self.dialog: QDialog | None = None
        self.recorder = (DemoRecorder if demo else RecorderControl)(caller, self)
        self.recorder.changed.connect(self._recorder_changed)
        self.papers = Papers(caller, self)
        self.papers.busy.connect(lambda busy: self.home.next.letter_button.setEnabled(not busy))
        self.papers.failed.connect(lambda sentence: self.home.next.say_problem(sentence))
        self.papers.opened.connect(self._opened)
        self.desk = CaseDesk(caller, self)
        self.desk.written.connect(self._case_written)
        self.speed_desk = SpeedDesk(caller, journal, config, self.desk, clock, self)
        self.filing = FilingDesk(caller, self.desk, clock, self)
        self._journal, self._clock = journal, clock
        self.evidence_desk: EvidenceDesk | None = None
        self.line = LineDesk(caller, self._line_id, self)
        self.line.done.connect(self.read)
        self.line.problem.connect(self._line_problem)
        self._build()
        for keys, action in (
            *((QKeySequence(f"Ctrl+{page + 1}"), partial(self.go, page)) for page in range(PAGES)),
            (QKeySequence("F5"), self.read),
            (QKeySequence(QKeySequence.StandardKey.Close), self.close),
            (QKeySequence(QKeySequence.StandardKey.Quit), self.close),
        ):
            QShortcut(keys, self).activated.connect(action)
        self._collector = Collector(self)
        self.reader = Reader(journal, source, clock, parent=self)
        self.reader.ready.connect(self._arrived)
        self._timer = QTimer(self, interval=READ_EVERY_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.pages.setFocus()
        self.read()

    # --- building ---

    def _build(self) -> None:
        """Make the pages, in the language of the moment."""
        inner = QWidget()
        across = QHBoxLayout(inner)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        folder = str(self._caller.home)
        known = configured(self._config)
        self.home = HomePage(self._theme, self._shown_folder, known.contacts)
        self.settings = SettingsPage(self.preferences, self.entry, self._shown_folder, known)
        self.case: CasePage | None = None
        self.speed: SpeedPage | None = None
        self.alert: AlertPage | None = None
        self.evidence: EvidencePage | None = None
        self.pages = QStackedWidget()
        self.pages.addWidget(self.home)
        self.pages.addWidget(self.settings)
        self._empty = {page: QWidget() for page in (CASE, SPEED, ALERT, EVIDENCE)}
        for place in self._empty.values():
            self.pages.addWidget(place)
        navigation = Navigation()
        navigation.chosen.connect(self.go)
        self.nav = navigation.buttons
        across.addWidget(navigation)
        across.addWidget(self.pages, 1)
        self.setCentralWidget(under_strip(inner, self) if self._demo else inner)

        self.home.start_recording.connect(self.start_recording)
        self.home.question.answered.connect(self.line.confirm)
        self.home.chart.show_table.connect(self._show_table)
        self.home.chart.exclude.connect(self.exclude)
        self.home.incidents.show_all.connect(self._show_incidents)
        self.home.incidents.exclude.connect(self.exclude)
        self.home.next.alert.connect(partial(self.go, ALERT))
        self.home.next.letter.connect(self.papers.write_letter)
        for place in (self.settings.demo, self.home.first_run.demo):
            place.clicked.connect(partial(open_demo, self._caller, place))
        self.settings.start_recording.connect(self.start_recording)
        self.settings.stop_recording.connect(self.stop_recording)
        self.settings.home_line.connect(self.line.confirm)
        self.settings.name_line.connect(self.line.name)
        self.settings.language_chosen.connect(self.language_chosen)
        self.settings.open_folder.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
        self._show()

    def go(self, index: int) -> None:
        """Show a page."""
        for place, one in enumerate(self.nav):
            one.setChecked(place == index)
        if index == SETTINGS:
            self.settings.refresh()
        elif index == CASE:
            self._case_page()
            self.desk.load()
            self.filing.load(DIARY)
        elif index == SPEED and self.speed is None:
            from jalerte_desktop.window.speed_page import SpeedPage

            self.speed = SpeedPage(self.speed_desk, self._theme, self.recorder)
            self.speed.opened.connect(self._opened)
            self.speed.complete.connect(self.complete_case)
            self._put(SPEED, self.speed)
        elif index == ALERT and self.alert is None:
            from jalerte_desktop.window.alert_page import AlertPage

            self.alert = AlertPage(self.filing)
            self.alert.opened.connect(self._opened)
            self.alert.complete.connect(self.complete_case)
            self._put(ALERT, self.alert)
        elif index == EVIDENCE and self.evidence is None:
            from jalerte_desktop.window.evidence_page import EvidencePage

            self.evidence = EvidencePage(self._evidence_desk(), self._theme)
            self.evidence.opened.connect(self._opened)
            self._put(EVIDENCE, self.evidence)
        self.pages.setCurrentIndex(index)

    def speak_anew(self) -> None:
        """Every text in the language that was just chosen."""
        index = self.pages.currentIndex()
        self._flush_case()
        self._build()
        self.go(index)

    def complete_case(self, key: str) -> None:
        """Show the case page, at the field that a paper lacks."""
        self.go(CASE)
        self._case_page().jump(key)

    def exclude(self, span: Span) -> None:
        """Ask whether this period shall be taken out of the count."""
        from jalerte_desktop.window.evidence_exclude import ExcludeDialog

        self._open(ExcludeDialog(self._evidence_desk(), span, self))

    def _evidence_desk(self) -> EvidenceDesk:
        # Made when it is first wanted, as its page is; unlike that, it outlives another language.
        if self.evidence_desk is None:
            from jalerte_desktop.window.evidence_desk import EvidenceDesk

            self.evidence_desk = EvidenceDesk(self._caller, self._journal, self._clock, self)
            self.evidence_desk.excluded.connect(self.read)
        return self.evidence_desk

    def _case_page(self) -> CasePage:
        # Made when it is first wanted: its many fields would delay the start.
        if self.case is None:
            self.case = CasePage(self.desk, self.filing)
            self.case.opened.connect(self._opened)
            self._put(CASE, self.case)
        return self.case

    def _put(self, index: int, page: QWidget) -> None:
        self.pages.removeWidget(self._empty.pop(index))
        self.pages.insertWidget(index, page)

    def _flush_case(self) -> None:
        for page in (self.case, self.alert):
            if page is not None:
                page.flush()

    # --- reading and showing ---

    def read(self) -> None:
        self.reader.request()

    def _tick(self) -> None:
        if not self.isMinimized():
            self.read()

    def _arrived(self, reading: Reading) -> None:
        self.reading = reading
        record = reading.findings.record if reading.findings is not None else None
        self.recorder.observe(record.end_ns if record is not None else None, reading.at_ns)
        self._show()

    def _recorder_changed(self) -> None:
        if self.recorder.state is State.OFF and self._may_start and self.preferences.recording_wanted:
            # Once a launch, and only what the person began themselves; a recorder that died is never restarted here.
            self._may_start = False
            self.start_recording()
        elif self.recorder.state is not State.UNKNOWN:
            self._may_start = False
        self._show()

    def _show(self) -> None:
        reading, state = self.reading, self.recorder.state
        self.settings.show_recorder(state)
        if reading is None:
            self.home.state.say(reading_sentence())
            return
        sentence = sentence_of(reading, state, self.recorder.running)
        self.home.show_reading(reading, sentence, state, self.recorder.message)
        if reading.findings is not None:
            self.settings.show_line(reading.findings.line)

    def _show_table(self) -> None:
        if self.reading is not None and self.reading.chart is not None:
            self._open(day_table(self.reading.chart, self))

    def _show_incidents(self) -> None:
        if self.reading is not None and self.reading.findings is not None:
            self._open(incident_table(self.reading.findings, self.reading.at_ns, self.exclude, self))

    def _open(self, dialog: QDialog) -> None:
        dialog.open()
        self._opened(dialog)

    def _opened(self, dialog: QDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._dialog_closed)

    def _dialog_closed(self) -> None:
        self.dialog = None

    # --- recorder and line ---

    def start_recording(self) -> None:
        keep = self.preferences.keep_recording is True
        self.preferences.recording_wanted = True
        self.preferences.background = keep
        self.recorder.start(outlive_window=keep)

    def stop_recording(self) -> None:
        self.preferences.recording_wanted = False
        self.recorder.stop()

    def _line_id(self) -> str:
        findings = self.reading.findings if self.reading is not None else None
        return findings.line.id if findings is not None else ""

    def _line_problem(self, sentence: str) -> None:
        self.settings.say_line_problem(sentence)
        if sentence:
            self.home.question.say(sentence)

    # --- closing ---

    def closeEvent(self, event) -> None:
        if self._leaving:
            event.accept()
            return
        question = None if self._closing_anyway else closing_question(self.filing, self, self._close_anyway)
        if question is not None:
            event.ignore()
            self._open(question)
            return
        if self._case_to_write():
            event.ignore()
            return
        what = leave(
            self.recorder.running,
            self.recorder.held,
            self.preferences.background,
            self.preferences.keep_recording,
        )
        if what is Leave.NOTHING:
            # A long first reading may have to end before: that needs no screen.
            self.hide()
            self.shut()
            event.accept()
            return
        event.ignore()
        if what is Leave.ASK:
            keep = KeepQuestion(self)
            keep.finished.connect(lambda _result: self._keep_answered(keep.answer))
            self._open(keep)
            return
        self.hide()
        self.speed_desk.finish()  # what it measured may go by way of the recorder
        self.recorder.stopped.connect(self._left)
        if what is Leave.HAND_OVER:
            self.preferences.background = True
            self.recorder.hand_over()
        else:
            self.preferences.background = False
            self.recorder.stop()

    def _close_anyway(self) -> None:
        self._closing_anyway = True
        self.close()

    def _case_to_write(self) -> bool:
        """Must closing wait for what was typed to be written?"""
        known = dict(self.desk.refusals)
        self._flush_case()
        if self.desk.writing and not self._saving_to_leave:
            self._saving_to_leave, self._known_refusals = True, known
        return self.desk.writing

    def _case_written(self) -> None:
        if not self._saving_to_leave:
            return
        self._saving_to_leave = False
        for key, refusal in self.desk.refusals.items():
            if refusal is not self._known_refusals.get(key):
                # Nobody has seen yet that this is not kept: it is shown before the window may close.
                self.complete_case(key)
                return
        self.close()

    def _keep_answered(self, keep: bool | None) -> None:
        if keep is not None:
            self.preferences.keep_recording = keep
            self.close()

    def _left(self) -> None:
        self.shut()
        self.close()

    def shut(self) -> None:
        """Nothing of ours goes on after this, but a recorder that was told to."""
        if self._leaving:
            return
        self._leaving = True
        self._timer.stop()
        self._flush_case()
        self.desk.finish()
        self.filing.finish()
        self.speed_desk.finish()
        if self.evidence_desk is not None:
            self.evidence_desk.finish()
        self.recorder.close()
        self.reader.close()
        self._collector.close()
