"""What several cards of the evidence page are made of: a period, how far a command is, what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from diagnostics.model import Span
from jalerte_desktop.window.case_diary_words import day_of, last_day_of, read_day, shown_day
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import ChoiceBox, DateBox
from jalerte_desktop.window.evidence_run import LongRun
from jalerte_desktop.window.evidence_words import STAGES, Said
from jalerte_desktop.window.filing_words import period_arguments
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import button, clear, label
from jalerte_desktop.window.speed_paint import SlimBar
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.figures import iso, local
from jalerte_desktop.words.language import _, current
from jalerte_desktop.words.shape import breakable

MONTH, ALL, DATES = "month", "all", "dates"
MONTH_DAYS = 30
_STAGE_SHARES = {
    "study": 0.04,
    "figures": 0.55,
    "events": 0.7,
    "witnesses": 0.75,
    "records": 0.78,
    "pages": 0.8,
}
"""Where on the bar each stage begins: about what it takes of a month's report."""
_LANGUAGES = (("fr", "Français"), ("en", "English"))


def focused(widget: QWidget) -> bool:
    """Would it have the keyboard's focus, were its window in front? People look elsewhere while they wait."""
    return widget.window().focusWidget() is widget


class Choices(FlowRow):
    """One of several, as buttons side by side. ``chosen`` tells which."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for value, words in choices:
            one = self.buttons[value] = button(words, "choice")
            one.setCheckable(True)
            one.setAccessibleDescription(name)
            one.clicked.connect(lambda _checked, value=value: self.chosen.emit(value))
            group.addButton(one)
            self.add(one)

    @property
    def value(self) -> str:
        return next((value for value, one in self.buttons.items() if one.isChecked()), "")

    def put(self, value: str) -> None:
        self.buttons[value].setChecked(True)


class PaperChoices(QWidget):
    """Of which period a paper tells, and in which language."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self.setObjectName("clear")
        self._clock = clock
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.period = Choices(
            _("Period"), ((MONTH, _("Last 30 days")), (ALL, _("The whole record")), (DATES, _("Chosen days")))
        )
        self.period.put(MONTH)
        self.period.chosen.connect(self._show)
        caption = label(_("Period"))
        caption.setContentsMargins(0, 4, 0, 0)
        column.addWidget(caption)
        column.addWidget(self.period)
        self.since = Captioned(_("From"), _("First day of the period"), DateBox(_("First day of the period")))
        self.until = Captioned(
            _("Up to and including"), _("Last day of the period"), DateBox(_("Last day of the period"))
        )
        self.dates = QWidget()
        self.dates.setObjectName("clear")
        row = self._dates = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.dates)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        for one in (self.since, self.until):
            row.addWidget(one)
        row.addStretch(1)
        column.addWidget(self.dates)
        self.language = Captioned(_("Language"), _("Language of the paper"), ChoiceBox(_LANGUAGES))
        self.language.editor.setFixedWidth(160)
        self.language.editor.put(current())
        column.addWidget(self.language)
        now = local(clock())
        self.until.editor.put(shown_day(now.date()))
        self.since.editor.put(shown_day((now - timedelta(days=MONTH_DAYS)).date()))
        self._show()

    def place(self, wide: bool) -> None:
        """The two days side by side, or one above the other."""
        self._dates.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )
        self._dates.setSpacing(20 if wide else 8)

    def _show(self) -> None:
        self.dates.setVisible(self.period.value == DATES)

    def arguments(self, record: Span | None) -> tuple[str, ...] | None:
        """What a command takes; None where a day cannot be read, which is said at its field.

        ``record``: what was recorded, None where there is nothing.
        """
        spoken = (f"--language={self.language.editor.read()}",)
        if self.period.value == MONTH:
            # What the commands take by themselves: the record's last thirty days.
            return spoken
        if self.period.value == ALL:
            return (
                *((f"--since={iso(record.start_ns, 'microseconds')}",) if record is not None else ()),
                *spoken,
            )
        since, until = read_day(self.since.editor.read()), read_day(self.until.editor.read())
        no_day = _("Write the day as 31/12/2024 or 2024-12-31.")
        self.since.say_problem("" if since else no_day)
        wrong_order = since is not None and until is not None and until < since
        self.until.say_problem(
            no_day if until is None else _("The period ends before it begins.") if wrong_order else ""
        )
        if since is None or until is None or wrong_order:
            return None
        return (*period_arguments(since, until), *spoken)

    def words(self, record: Span | None) -> str:
        """The period in words."""
        if self.period.value == DATES:
            return f"{self.since.editor.read().strip()} – {self.until.editor.read().strip()}"
        name = self.period.buttons[self.period.value].text()
        if self.period.value == ALL and record is not None:
            return f"{name} ({day_of(record.start_ns)} – {last_day_of(record.end_ns)})"
        return name


class RunRow(QWidget):
    """How far a command is, and *Stop*. Out of sight while nothing runs."""

    def __init__(self, theme: Theme, name: str, doing: str) -> None:
        """``name``: what a screen reader calls the bar. ``doing``: what is done, where the command tells no stage."""
        super().__init__()
        self.setObjectName("clear")
        self._doing = doing
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.phase = label("", 14)
        self.stop = button(_("&Stop"))
        self.stop.setAccessibleName(_("Stop: {what}").format(what=name))
        row.addWidget(self.phase, 1)
        row.addWidget(self.stop)
        column.addLayout(row)
        self.bar = SlimBar(theme, name)
        column.addWidget(self.bar)
        self.hide()

    def show_run(self, run: LongRun | None) -> None:
        self.setVisible(run is not None)
        if run is None:
            return
        share = run.share if run.share is not None else _STAGE_SHARES.get(run.stage or "")
        self.bar.setRange(0, 1000 if share is not None else 0)
        if share is not None:
            self.bar.show_share(share)
        doing = _(STAGES[run.stage]) if run.stage in STAGES else self._doing
        self.phase.setText(_("Stopping…") if run.stopping else doing)


class SaidView(QFrame):
    """What came of something: sign, sentence, lines. Takes the keyboard's focus, and then reads itself out."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.said: Said | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.sign = label("", 16, bold=True, wrap=False)
        self.sentence = label("", 14, bold=True)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        column.addLayout(row)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(3)
        column.addLayout(self._lines)
        self.hide()

    def say(self, said: Said | None) -> None:
        """Show it; None: nothing, out of sight."""
        if said == self.said:
            return
        self.said = said
        self.setVisible(said is not None)
        clear(self._lines)
        if said is None:
            return
        self.sign.setText(said.sign)
        self.sign.setProperty("tone", said.tone)
        self.sign.style().polish(self.sign)
        self.sentence.setText(said.sentence)
        for warning in said.warnings:
            self._line(label("! " + breakable(warning), 14, tone="loss"))
        for line in said.lines:
            self._line(label(breakable(line), 12.5, tone="soft"))
        self.setAccessibleName(said.whole)

    def _line(self, one: QLabel) -> None:
        one.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lines.addWidget(one)


def problem_said(sentence: str) -> Said:
    """What went wrong, in one line."""
    return Said("!", sentence, "outage")


def stopped_said() -> Said:
    return Said("◐", _("Stopped: nothing was written."), "loss")


def documents() -> str:
    """The folder in which a person looks for what they saved."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return place or str(Path.home())


def save_dialog(parent: QWidget, title: str, filter_words: str, name: str) -> QFileDialog:
    """Where to save; ``name`` ends in what the file must end in. It asks itself before a file is replaced."""
    dialog = QFileDialog(parent, title, documents())
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([filter_words])
    dialog.selectFile(name)
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def open_dialog(parent: QWidget, title: str) -> QFileDialog:
    """Which bundle to read."""
    dialog = QFileDialog(parent, title, documents())
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([_("Evidence bundle (*.zip)"), _("All files (*)")])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def saving(path: Path, suffix: str) -> tuple[str, ...]:
    """The arguments for a file that the person chose; the dialog has asked whether an existing one may go."""
    if path.suffix.lower() != suffix:
        path = path.with_name(path.name + suffix)
    return (f"--out={path}", *(("--force",) if path.exists() else ()))


def dated_name(words: str, now_ns: int, suffix: str) -> str:
    """``jalerte-rapport-2026-11-22.pdf``"""
    return f"jalerte-{words}-{_day(local(now_ns))}{suffix}"


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


class FileButtons(FlowRow):
    """*Open* and *show in folder* for a file that was written."""

    def __init__(self, opens: bool) -> None:
        super().__init__()
        self._path = Path()
        self.open = button(_("&Open"))
        self.open.clicked.connect(lambda: _open(self._path))
        self.open.setVisible(opens)
        self.folder = button(_("Open its folder"))
        self.folder.clicked.connect(lambda: _open(self._path.parent))
        for one in (self.open, self.folder):
            self.add(one)
        self._opens = opens
        self.hide()

    def show_file(self, path: str) -> None:
        """Empty: there is none."""
        self._path = Path(path)
        self.setVisible(bool(path))
        self.open.setVisible(self._opens)


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
