"""The card that measures: the button and its cost; phase, rates, curve and progress; how the last one ended."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from diagnostics.throughput.rules import default_rules
from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.parts import Card, button, label, say
from jalerte_desktop.window.speed_paint import GAP, LiveCurve, SlimBar
from jalerte_desktop.window.speed_run import Ended, Outcome, SpeedRun
from jalerte_desktop.window.speed_words import choice_line, cost_line, milli, rate, size
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _

STEP_MS = 100
_SHARES = {"": (0.0, 0.05), "idle": (0.05, 0.12), "down": (0.12, 0.56), "up": (0.56, 1.0)}
"""Where on the bar each phase begins and ends."""


class MeasureCard(Card):
    """``measure`` with True: also where the link is paid by volume. ``stop`` and ``change`` are asked for."""

    measure = Signal(bool)
    stop = Signal()
    change = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(_("Measure"))
        self._run: SpeedRun | None = None
        self._idle = self._idle_part()
        self._running = self._running_part(theme)
        self.column.addWidget(self._idle)
        self.column.addWidget(self._running)
        self.problem = label("", 14, tone="outage")
        self.notice = label("", 14)
        for one in (self.problem, self.notice):
            one.hide()
            self.column.addWidget(one)
        row = QHBoxLayout()
        self.anyway = button(_("Measure all the &same"))
        self.anyway.clicked.connect(lambda: self.measure.emit(True))
        self.anyway.hide()
        row.addWidget(self.anyway)
        row.addStretch(1)
        self.column.addLayout(row)
        self._running.hide()
        self._timer = QTimer(self, interval=STEP_MS)
        self._timer.timeout.connect(self.step)

    def _idle_part(self) -> QWidget:
        part = QWidget()
        part.setObjectName("clear")
        across = self._across = QBoxLayout(QBoxLayout.Direction.LeftToRight, part)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(14)
        self.button = button(_("&Measure now"), "primary")
        self.button.clicked.connect(lambda: self.measure.emit(False))
        across.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.cost = label("")
        self.chosen = label("", 12.5, tone="soft")
        words.addWidget(self.cost)
        words.addWidget(self.chosen)
        across.addLayout(words, 1)
        self.change_button = button(_("change"), "link", 12.5)
        self.change_button.setAccessibleName(_("Change whom to measure with"))
        self.change_button.clicked.connect(self.change)
        across.addWidget(self.change_button, 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        return part

    def _running_part(self, theme: Theme) -> QWidget:
        part = QWidget()
        part.setObjectName("clear")
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.phase = label("", 16, bold=True)
        self.server = label("", 12.5, tone="soft")
        words.addWidget(self.phase)
        words.addWidget(self.server)
        head.addLayout(words, 1)
        self.stop_button = button(_("&Stop"))
        self.stop_button.clicked.connect(self.stop)
        head.addWidget(self.stop_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        figures = QHBoxLayout()
        figures.setSpacing(GAP)
        self.down, down = _live_figure("↓ " + _("receiving"))
        self.up, up = _live_figure("↑ " + _("sending"))
        for one in (down, up):
            figures.addLayout(one, 1)
        column.addLayout(figures)
        self.curve = LiveCurve(theme)
        column.addWidget(self.curve)
        self.bar = SlimBar(theme, _("Progress of the measurement"))
        column.addWidget(self.bar)
        self.moved = label("", 12.5, tone="soft")
        column.addWidget(self.moved)
        return part

    def place(self, wide: bool) -> None:
        """Button, words and link side by side, or one above the other."""
        self._across.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )

    # --- showing ---

    def show_standing(self, standing: Standing | None) -> None:
        self.button.setEnabled(standing is not None)
        self.change_button.setVisible(bool(standing is not None and standing.provider))
        if standing is None:
            self.cost.setText(_("One moment."))
            self.chosen.setText("")
            return
        self.cost.setText(cost_line(standing))
        self.chosen.setText(choice_line(standing))
        self.button.setAccessibleDescription(f"{self.cost.text()} {self.chosen.text()}")

    def show_run(self, run: SpeedRun | None) -> None:
        """Show the measurement under way, or the button where there is none."""
        began = self._run is None and run is not None
        ended = self._run is not None and run is None
        focused = self.stop_button.hasFocus() or self.button.hasFocus()
        self._run = run
        self._idle.setVisible(run is None)
        self._running.setVisible(run is not None)
        if run is None:
            self._timer.stop()
            if ended and focused:
                self.button.setFocus()
            return
        if began:
            self.bar.setValue(0)
            self._timer.start()
            if focused:
                self.stop_button.setFocus()
        self.step()

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Say in one line how the last measurement ended, where that is not its result."""
        problem, notice = outcome_words(outcome)
        say(self.problem, problem)
        say(self.notice, notice)
        self.anyway.setVisible(
            outcome is not None and outcome.ended is Ended.HELD and outcome.reason == "metered"
        )

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)

    def step(self) -> None:
        """Show how far the measurement is now."""
        run = self._run
        if run is None:
            return
        self.stop_button.setEnabled(not run.stopping)
        self.phase.setText(phase_words(run))
        say(self.server, server_line(run))
        for one, direction in ((self.down, "down"), (self.up, "up")):
            one.setText(rate(run.bps.get(direction)))
            one.setAccessibleName(one.text())
        longest_s = default_rules().longest_s
        self.curve.show_curves(run.curves["down"], run.curves["up"], longest_s)
        self.curve.setAccessibleDescription(f"↓ {self.down.text()}, ↑ {self.up.text()}")
        # A curve that jumped back would look as if something went wrong.
        self.bar.setValue(max(self.bar.value(), round(1000 * share_of(run, longest_s))))
        self.moved.setText(moved_words(run))


def _live_figure(caption: str) -> tuple[QLabel, QVBoxLayout]:
    column = QVBoxLayout()
    column.setSpacing(2)
    value = label("–", 24, bold=True, wrap=False)
    column.addWidget(value)
    column.addWidget(label(caption, 12.5, tone="soft", wrap=False))
    return value, column


def phase_words(run: SpeedRun) -> str:
    """What happens now."""
    if run.stopping:
        return _("Stopping…")
    return {
        "": _("Looking for a server…"),
        "idle": _("Delay while nothing else moves…"),
        "down": _("Receiving as fast as the line can…"),
        "up": _("Sending as fast as the line can…"),
    }[run.phase]


def server_line(run: SpeedRun) -> str:
    """The server, and what has to be known before the result is there."""
    said = []
    if run.server:
        away = _("{ms} away").format(ms=milli(run.distance_ms)) if run.distance_ms is not None else ""
        said.append(_("Server: {server}").format(server=" · ".join(one for one in (run.server, away) if one)))
    return "\n".join((*said, *run.notes))


def moved_words(run: SpeedRun) -> str:
    """The data moved so far, of what it may be."""
    if run.usual_bytes and run.usual_bytes < run.most_bytes:
        return _("{size} moved; about {usual} in all, as the last ones").format(
            size=size(run.bytes), usual=size(run.usual_bytes)
        )
    return _("{size} moved").format(size=size(run.bytes))


def share_of(run: SpeedRun, longest_s: float) -> float:
    """How far the measurement is, from 0 to 1, by the longest time each phase may take: it may end sooner."""
    start, end = _SHARES[run.phase]
    most_s = {"": 5.0, "idle": default_rules().idle_s}.get(run.phase, longest_s)
    return start + (end - start) * min(run.seconds_in_phase / most_s, 1.0)


def outcome_words(outcome: Outcome | None) -> tuple[str, str]:
    """A problem and a notice; one of them is empty, or both where the result says all."""
    if outcome is None or outcome.ended is Ended.DONE:
        return "", ""
    if outcome.ended is Ended.CANCELLED:
        if outcome.result_id:
            return "", _("Stopped. What was measured until then is kept, as a part of a measurement.")
        return "", _("Stopped. Nothing had been measured yet.")
    if outcome.ended is Ended.HELD:
        return "", _("Not measured. {why}").format(why=outcome.words)
    return outcome.words or _("The measurement failed."), ""
