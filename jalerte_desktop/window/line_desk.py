"""Which line this is, said by commands: confirmed as the one at home, named."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from jalerte_desktop.window.children import Caller, Command


class LineDesk(QObject):
    """``done`` when the journal has it; ``problem`` with a sentence, empty when a new try begins."""

    done = Signal()
    problem = Signal(str)

    def __init__(self, caller: Caller, line_id: Callable[[], str], parent: QObject | None = None) -> None:
        """``line_id`` tells the line that is shown: another one may have come up since the question was asked."""
        super().__init__(parent)
        self._caller, self._line_id = caller, line_id

    def confirm(self, home: bool) -> None:
        self._run("confirm", self._line_id(), *(() if home else ("--not-home",)))

    def name(self, name: str) -> None:
        self._run("name", "--id", self._line_id(), "--", name)

    def _run(self, *arguments: str) -> None:
        self.problem.emit("")
        command = Command(self._caller, "line", *arguments, parent=self)
        command.done.connect(self._kept)
        command.failed.connect(self.problem)
        command.start()

    def _kept(self, _answer: object) -> None:
        self.done.emit()
