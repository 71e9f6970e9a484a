"""The copy assistant: a small window above the person's own browser, that hands over each field with one key.

Started by ``alert open`` where the form cannot be shown by us: the task (``filing/assisted.py``) comes on standard
input, the result leaves on standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.filing.assisted import Result, Task
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import TextBox
from jalerte_desktop.window.filing_copy import How, Item, items_of, result_of
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import ElidedLabel, button, label
from jalerte_desktop.window.theme import DARK, LIGHT, Theme, font
from jalerte_desktop.window.webform_pipe import read_task, when_input_ends, write_result
from jalerte_desktop.words import language
from jalerte_desktop.words.language import _

SHORT = 40
"""Characters that fit on the window's one line."""
Opener = Callable[[str], object]


class CopyAssistant(QWidget):
    """``ended`` once, when the person has said whether they sent it, or closed the window.

    Nothing is typed into any other window: the person pastes.
    """

    ended = Signal()

    def __init__(self, task: Task, opener: Opener) -> None:
        super().__init__(None, Qt.WindowType.WindowStaysOnTopHint)
        self._task, self._opener = task, opener
        self.items = items_of(task)
        self.place = 0
        self.copied: set[int] = set()
        self._last: int | None = None
        self._ours = ""
        self._over = False
        self.sent: bool | None = None
        self.reference = ""
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Copy: {form}").format(form=task.form.title))
        self.resize(440, 420)
        self.setMinimumSize(340, 340)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._item_page())
        self._pages.addWidget(self._end_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(self._pages)
        self._keys()
        self._show()

    def begin(self) -> None:
        """Show the window, and the form in the person's own browser."""
        self.show()
        if self._task.url:
            self._opener(self._task.url)

    # --- building ---

    def _item_page(self) -> QWidget:
        page = QWidget()
        page.setObjectName("clear")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.step = ElidedLabel(12.5)
        self.count = label("", 12.5, tone="soft", wrap=False)
        head.addWidget(self.step, 1)
        head.addWidget(self.count)
        column.addLayout(head)
        self.name = label("", 16, bold=True)
        column.addWidget(self.name)
        self.value = QPlainTextEdit()
        self.value.setReadOnly(True)
        self.value.setFont(font(14))
        self.value.setTabChangesFocus(True)
        self.value.setAccessibleName(_("Value"))
        column.addWidget(self.value, 4)
        self.hint = label("", 12.5, tone="soft")
        column.addWidget(self.hint)
        column.addStretch(1)
        self.done = label("", 12.5, tone="accent")
        column.addWidget(self.done)
        self.go = button("", "primary")
        self.go.clicked.connect(self.hand_over)
        column.addWidget(self.go)
        row = FlowRow()
        self.back = button(_("↑ back"), "link", 12.5)
        self.back.clicked.connect(lambda: self.move_by(-1))
        self.skip = button(_("↓ skip"), "link", 12.5)
        self.skip.clicked.connect(lambda: self.move_by(1))
        self.again = button(_("copy again"), "link", 12.5)
        self.again.clicked.connect(self.copy_again)
        self.folder = button(_("open the folder"), "link", 12.5)
        self.folder.clicked.connect(self._open_folder)
        for one in (self.back, self.skip, self.again, self.folder):
            row.add(one)
        column.addWidget(row)
        return page

    def _end_page(self) -> QWidget:
        page = QWidget()
        page.setObjectName("clear")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(label(_("Did you send it?"), 16, bold=True))
        column.addWidget(
            label(_("What you say here is kept as your receipt, with today’s date."), tone="soft")
        )
        caption = _("Number or reference, if the site gave one")
        self.given = Captioned(caption, caption, TextBox())
        column.addWidget(self.given)
        column.addStretch(1)
        self.yes = button(_("&Yes, it is sent"), "primary")
        self.yes.clicked.connect(lambda: self._finish(True))
        self.no = button(_("&No, not sent"))
        self.no.clicked.connect(lambda: self._finish(False))
        self.to_fields = button(_("↑ back to the fields"), "link", 12.5)
        self.to_fields.clicked.connect(lambda: self.move_by(-1))
        for one in (self.yes, self.no):
            column.addWidget(one)
        row = QHBoxLayout()
        row.addWidget(self.to_fields)
        row.addStretch(1)
        column.addLayout(row)
        return page

    # --- handing over ---

    @property
    def item(self) -> Item | None:
        """The current item; None once all were seen."""
        return self.items[self.place] if self.place < len(self.items) else None

    def hand_over(self) -> None:
        """Copy the current item where it has a value, and go on to the next."""
        if self.item is None:
            return
        if self.item.value:
            self._copy(self.place)
        else:
            self.done.setText("")
        self.move_by(1, keep_words=True)

    def copy_again(self) -> None:
        """The one that was copied last, once more: something else may be in the clipboard by now."""
        if self._last is not None:
            self._copy(self._last)

    def move_by(self, step: int, keep_words: bool = False) -> None:
        self.place = min(max(self.place + step, 0), len(self.items))
        if not keep_words:
            self.done.setText("")
        self._show()

    def _copy(self, place: int) -> None:
        item = self.items[place]
        self._ours, self._last = item.value, place
        QGuiApplication.clipboard().setText(item.value)
        self.copied.add(place)
        self.done.setText(_("✓ Copied: {name}. Paste it with Ctrl+V.").format(name=item.label))
        self.again.setVisible(True)

    def _open_folder(self) -> None:
        if self.item is not None and self.item.how is How.FILE:
            self._opener(QUrl.fromLocalFile(str(Path(self.item.value).parent)).toString())

    def _show(self) -> None:
        item = self.item
        self._pages.setCurrentIndex(1 if item is None else 0)
        if item is None:
            self.given.editor.setFocus()
            return
        total = len(self.items)
        self.step.say(" · ".join(one for one in (self._task.form.title, item.step) if one))
        self.count.setText(_("{n} of {total}").format(n=self.place + 1, total=total))
        self.name.setText(item.label)
        self.value.setPlainText(item.value)
        self.value.setVisible(bool(item.value))
        lines = 1 if len(item.value) < SHORT and "\n" not in item.value else 40
        self.value.setMaximumHeight(lines * self.value.fontMetrics().lineSpacing() + 26)
        self.hint.setText(item.hint)
        self.go.setText(_("Copy and go on") if item.value else _("Go on"))
        said = _("{name}: {value}").format(name=item.label, value=item.value or item.hint)
        self.go.setAccessibleName(f"{said} – {self.go.text()}")
        self.back.setEnabled(self.place > 0)
        self.again.setVisible(self._last is not None)
        self.folder.setVisible(item.how is How.FILE)
        self.go.setFocus()

    # --- keys and the end ---

    def _keys(self) -> None:
        # As shortcuts: a button would take the arrows for itself.
        for key, action in (
            (Qt.Key.Key_Up, lambda: self.move_by(-1)),
            (Qt.Key.Key_Down, lambda: self.move_by(1) if self.item is not None else None),
            (Qt.Key.Key_C, lambda: self.copy_again() if self.item is not None else None),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(action)

    def keyPressEvent(self, event) -> None:
        wanted = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        focused = self.focusWidget()
        if wanted and isinstance(focused, QPushButton):
            focused.click()
        elif wanted and self.item is not None:
            self.hand_over()
        else:
            super().keyPressEvent(event)

    def _finish(self, sent: bool) -> None:
        self.sent = sent
        self.reference = self.given.editor.read().strip() if sent else ""
        self.close()

    def closeEvent(self, event) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._ours and clipboard.text() == self._ours:
            clipboard.clear()
        event.accept()
        if not self._over:
            self._over = True
            self.ended.emit()

    @property
    def result(self) -> Result:
        return result_of(self.items, frozenset(self.copied), self.sent, self.reference, self._task.url)


class _Stop(QObject):
    wanted = Signal()


def open_in_browser(url: str) -> None:
    QDesktopServices.openUrl(QUrl(url))


def main(opener: Opener = open_in_browser) -> int:
    """Take the task, help the person through the form, tell what came of it. Exit 2 where there is no task."""
    try:
        task = read_task()
    except ValueError as error:
        sys.stderr.write(f"jalerte: {error}\n")
        return 2
    application = QApplication(sys.argv[:1])
    application.setApplicationName("jalerte")
    application.setDesktopFileName("jalerte")
    language.use(task.language if task.language in language.LANGUAGES else language.preferred())
    theme = Theme({"dark": DARK, "light": LIGHT}.get(task.appearance))
    theme.apply()
    assistant = CopyAssistant(task, opener)
    assistant.ended.connect(application.quit)
    stop = _Stop()
    stop.wanted.connect(assistant.close)
    when_input_ends(stop.wanted.emit)
    assistant.begin()
    application.exec()
    write_result(assistant.result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
