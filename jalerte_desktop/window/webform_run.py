"""One run of the assisted form: the browser, the driver, the window where there is one, and what came of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from diagnostics.model import MachineCannot, Problem, Remark
from jalerte_desktop.filing.assisted import Entry, Finding, PageReceipt, Result, Task, failed
from jalerte_desktop.filing.fill_report import Stop
from jalerte_desktop.filing.filler import Filling
from jalerte_desktop.window.application import Speaker
from jalerte_desktop.window.theme import DARK, LIGHT, Theme, icon_path
from jalerte_desktop.window.webform_browser import FormPage, PrivateProfile
from jalerte_desktop.window.webform_driver import Driver
from jalerte_desktop.window.webform_window import FormWindow

LARGEST_HTML = 2_000_000
"""Characters of a receipt's page; of a larger one only the text is kept."""
LONGEST_TEXT = 20_000
KEPT_S = 10.0
"""So long the page of the success may take to be read."""

Stopping = Callable[[Callable[[], None]], None]
"""Has the given function called when whoever started the run wants it to end; from any thread."""


class Session(QObject):
    """A profile, a page in it, and its driver; ``over`` comes once, with what ended it: None or a Problem."""

    over = Signal(object)
    kept = Signal()

    def __init__(self, task: Task, automatic: bool = True) -> None:
        super().__init__()
        self.task = task
        self.url = QUrl(task.url)
        self.profile = PrivateProfile(self.url)
        self.page = FormPage(self.profile, self.url, attended=not task.unattended)
        self.driver = Driver(
            self.page,
            filling_of(task),
            task.form.wordings.send,
            attended=not task.unattended,
            automatic=automatic,
        )
        self.receipt: PageReceipt | None = None
        self._keeping = False
        self.driver.stopped.connect(self._stopped)

    def begin(self) -> None:
        self.driver.open(self.url)

    def begin_again(self) -> None:
        self.driver.begin_again(filling_of(self.task), self.url)

    def free(self) -> None:
        """The page first: a profile must outlive its pages."""
        self.driver.end()
        shiboken6.delete(self.page)
        shiboken6.delete(self.profile)

    def result(self) -> Result:
        """What came of it until now."""
        driver = self.driver
        report, stop = driver.filling.report, driver.stop
        labels = {field.name: field.label for field in self.task.form.fields}
        if stop is None:
            stopped_at, stop = "stopped", Stop("stopped", Remark.of("webform_stopped"))
        elif report.stopped_at.partition(":")[0] == stop.at:
            stopped_at = report.stopped_at
        else:
            stopped_at = ": ".join((stop.at, *report.steps[-1:]))
        seen = driver.seen
        return Result(
            stopped_at,
            stop.why,
            tuple(Entry(one.name, labels.get(one.name, one.name), one.value) for one in report.filled),
            tuple(Finding(one.name, one.label, one.why) for one in report.left),
            tuple(Finding(one.name, one.label, one.why) for one in report.drift),
            report.steps,
            seen.page.url if seen else self.task.url,
            self.receipt,
        )

    def _stopped(self) -> None:
        stop, seen = self.driver.stop, self.driver.seen
        if stop is None or stop.at != "success" or seen is None or self._keeping:
            return
        self._keeping = True
        page, at_ns = seen.page, time.time_ns()

        def keep(html: str) -> None:
            if self.receipt is None:
                whole = html if len(html) <= LARGEST_HTML else ""
                self.receipt = PageReceipt(at_ns, page.url, page.title, page.text[:LONGEST_TEXT], whole)
                self.kept.emit()

        self.page.toHtml(keep)
        # A page that gives way before it was read leaves at least its text.
        QTimer.singleShot(round(KEPT_S * 1000), self, lambda: keep(""))


def filling_of(task: Task) -> Filling:
    return Filling(task.form, task.values, task.attachments, task.unattended)


class _Ender(QObject):
    """Brings the wish to end from another thread to this one."""

    wanted = Signal()


def _application() -> QApplication:
    application = QApplication(sys.argv[:1])
    application.setApplicationName("jalerte")
    application.setDesktopFileName("jalerte")
    application.setWindowIcon(QIcon(str(icon_path("jalerte.svg"))))
    # Signals of the system reach Python only when Python runs.
    breath = QTimer(application)
    breath.start(200)
    breath.timeout.connect(lambda: None)
    return application


def run_unattended(task: Task, stopping: Stopping) -> Result:
    """Fill in until the filling ends, at most ``task.limit_s``. Raises Problem where the page cannot be had."""
    application = _application()
    session = Session(task)
    # A page that nobody draws is told that it is hidden, and its clocks slow down.
    view = QWebEngineView()
    view.setPage(session.page)
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.resize(1100, 900)
    view.show()
    ended: list[Problem | None] = []

    def end(problem: Problem | None = None) -> None:
        ended.append(problem)
        application.quit()

    def stopped() -> None:
        stop = session.driver.stop
        if stop is not None and stop.at != "success":
            end()

    def too_long() -> None:
        session.driver.stop = Stop("stuck", Remark.of("webform_time_over", limit_s=round(task.limit_s)))
        end()

    ender = _Ender()
    ender.wanted.connect(end)
    stopping(ender.wanted.emit)
    session.driver.stopped.connect(stopped)
    session.driver.broke.connect(end)
    session.kept.connect(end)
    QTimer.singleShot(round(task.limit_s * 1000), application, too_long)
    session.begin()
    application.exec()
    problem = next((one for one in ended if one is not None), None)
    result = session.result() if problem is None else failed(problem)
    shiboken6.delete(view)
    session.free()
    return result


def run_attended(task: Task, stopping: Stopping) -> Result:
    """Show the form beside what is filled in, until the person closes the window. Raises MachineCannot without a
    display."""
    graphical = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    )
    if not graphical:
        raise MachineCannot("no_display")
    application = _application()
    speaker = Speaker()
    speaker.use(task.language)
    theme = Theme({"light": LIGHT, "dark": DARK}.get(task.appearance))
    theme.apply()
    session = Session(task)
    window = FormWindow(session)
    ender = _Ender()
    ender.wanted.connect(window.close)
    stopping(ender.wanted.emit)
    window.closed.connect(application.quit)
    window.show()
    session.begin()
    application.exec()
    result = session.result()
    problem = window.problem
    if problem is not None and not result.filled and not result.steps:
        result = failed(problem)
    window.free()
    session.free()
    return result
