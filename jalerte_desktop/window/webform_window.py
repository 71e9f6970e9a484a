"""The window of the assisted form: the real form at the left, at the right what was filled in, what not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from diagnostics.model import Problem
from jalerte_desktop.window.webform_panel import FormPanel
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from jalerte_desktop.window.webform_run import Session

PANEL_WIDTH = 420


class FormWindow(QWidget):
    """Everything in it is the person's to change; ``closed`` comes when they are done. ``problem``: what the page broke
    down with last, None where it did not."""

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.problem: Problem | None = None
        self.setObjectName("page")
        self.setWindowTitle(_("{form} – assisted form").format(form=session.task.form.title))
        self.resize(1280, 860)
        self.view = QWebEngineView()
        self.view.setPage(session.page)
        # The browser's own menu offers to save, to go back and to look at the source: none of it helps here.
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.setAccessibleName(_("The form"))
        self.panel = FormPanel(session.task.form, session.task.values)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("clear")
        split.setChildrenCollapsible(False)
        split.addWidget(self.view)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([1280 - PANEL_WIDTH, PANEL_WIDTH])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)
        driver = session.driver
        self.panel.fill.clicked.connect(self._fill)
        self.panel.go_on.clicked.connect(driver.go_on)
        self.panel.again.clicked.connect(self._again)
        self.panel.automatic.toggled.connect(self._automatic)
        self.panel.done.clicked.connect(self.close)
        driver.moved.connect(self._show)
        driver.stopped.connect(self._show)
        driver.broke.connect(self._broke)
        session.kept.connect(self._show)
        session.page.refused.connect(
            lambda url: self.panel.note(_("Not opened: {url}").format(url=url.host()))
        )
        self._show()
        self.view.setFocus()

    def free(self) -> None:
        shiboken6.delete(self.view)

    def closeEvent(self, event) -> None:
        self.session.driver.end()
        super().closeEvent(event)
        self.closed.emit()

    def _fill(self) -> None:
        self.problem = None
        self.session.driver.fill()
        self._show()

    def _again(self) -> None:
        self.problem = None
        self.session.begin_again()
        self._show()

    def _automatic(self, on: bool) -> None:
        self.session.driver.automatic = on
        if on:
            self.session.driver.go_on()

    def _broke(self, problem: Problem) -> None:
        self.problem = problem
        self._show()

    def _show(self) -> None:
        driver = self.session.driver
        self.panel.show_state(
            driver.filling.report, driver.stop, driver.held is not None, self.problem, self.session.receipt
        )
