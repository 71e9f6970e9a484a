"""What the evidence page shows and asks for, by commands in child processes. Outlives the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from diagnostics.model import Span
from jalerte_desktop.findings.evidence import Backing, read_backing
from jalerte_desktop.window.background import BackgroundReader
from jalerte_desktop.window.children import Caller, CommandQueue
from jalerte_desktop.window.evidence_facts import KeepingFacts, StampFacts, keeping_of, stamps_of
from jalerte_desktop.window.evidence_run import LongRun, Outcome
from jalerte_desktop.words.language import _

LOOK_EVERY_MS = 10_000
FINISH_MS = 6_000

REPORT, PREVIEW, BUNDLE, VERIFY, LOOK, IMPORT, DATE = (
    "report",
    "preview",
    "bundle",
    "verify",
    "look",
    "import",
    "date",
)
"""What runs beside everything else, and can be stopped. ``LOOK``: a check of what may become a second witness."""
STAMPS, SERVERS, TERMS, CHOOSE, TOUCHED, EXCLUDE, KEEPING, KEEP = (
    "stamps",
    "servers",
    "terms",
    "choose",
    "touched",
    "exclude",
    "keeping",
    "keep",
)
"""What is asked one after the other. ``TOUCHED``, with a period behind it: its incidents, which may be taken out.

``KEEPING``: how long samples are kept; ``KEEP`` chooses it.
"""
_CHANGES = {CHOOSE, EXCLUDE, IMPORT, DATE, KEEP}


class EvidenceDesk(QObject):
    """``changed``: there is something new to show. ``progressed`` and ``ended`` tell of a run, by its name.

    ``runs`` are those under way, ``outcomes`` how each ended last. ``answered`` and ``refused`` bring back what was
    asked for, by its name.
    """

    changed = Signal()
    progressed = Signal(str)
    ended = Signal(str, object)
    answered = Signal(str, object)
    refused = Signal(str, str)
    excluded = Signal()

    def __init__(
        self,
        caller: Caller,
        journal: Path,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._caller = caller
        self._journal = journal
        self._closed = False
        self.clock = clock
        self.backing: Backing | None = None
        self.stamps: StampFacts | None = None
        self.stamps_problem = ""
        self.keeping: KeepingFacts | None = None
        self.taken_bytes: int | None = None
        """What the journal takes on the disk, None while that is not known."""
        self.keeping_problem = ""
        self.choosing = False
        """Is a choice of how long samples are kept on its way?"""
        self.chosen: KeepingFacts | str | None = None
        """What came of the last one: what stands then, or why it was not taken."""
        self.runs: dict[str, LongRun] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.subjects: dict[str, str] = {}
        self._looked = ""
        self._queue = CommandQueue(caller, self)
        self._queue.answered.connect(self._answered)
        self._queue.refused.connect(self._refused)
        keys = caller.home / "keys"
        self._reader = BackgroundReader(lambda: (read_backing(journal, keys), bytes_taken(journal)), self)
        self._reader.ready.connect(self._stands)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._reader.request)

    # --- reading ---

    def load(self) -> None:
        """Read everything anew."""
        if not self._closed:
            self._reader.request()
            self._queue.ask(STAMPS, "stamp", "show", "--json")
            if self._journal.exists():
                self._queue.ask(KEEPING, "journal", "retention", "--json")

    def watch(self, on: bool) -> None:
        """While the page is seen, look now and then what the recorder sealed."""
        self._timer.start() if on and not self._closed else self._timer.stop()

    @property
    def reading(self) -> bool:
        """Is something still to be shown for the first time?"""
        return self.backing is None or self._queue.busy

    @property
    def record(self) -> Span | None:
        """What was recorded, where that is known already."""
        return self.backing.record if self.backing is not None else None

    def _stands(self, found: tuple[Backing, int | None]) -> None:
        before = self.backing, self.taken_bytes
        self.backing, self.taken_bytes = found
        if before != found:
            self.changed.emit()

    # --- asking, one after the other ---

    def ask(self, name: str, *arguments: str) -> None:
        """Run a command in its turn; ``answered`` or ``refused`` comes with that name."""
        self._queue.ask(name, *arguments, "--json", writes=name in _CHANGES)

    def look_at(self, since: str, until: str) -> str:
        """Ask for the incidents of a period, and return the name of the answer; what still waits is forgotten."""
        self._queue.forget(self._looked)
        self._looked = f"{TOUCHED} {since} {until}"
        self.ask(self._looked, "incidents", f"--since={since}", f"--until={until}")
        return self._looked

    def exclude(self, since: str, until: str, reason: str) -> None:
        """Take a period out of the count; the person has seen what that is and said yes."""
        self.ask(EXCLUDE, "exclude", f"--since={since}", f"--until={until}", f"--reason={reason}")

    def choose(self, server: str) -> None:
        """Have this server date the seals (nobody any more where empty); the person has agreed."""
        self.ask(
            CHOOSE, "stamp", "choose", *((f"--server={server}", "--yes") if server else ("--none", "--yes"))
        )

    def keep(self, days: int) -> None:
        """Keep samples for so many days (0: for ever); the person has read what goes then and said yes."""
        self.choosing, self.chosen = True, None
        how_long = f"--keep-days={days}" if days else "--keep-all"
        self.ask(KEEP, "journal", "retention", how_long, "--yes")
        self.changed.emit()

    def _answered(self, name: str, answer: object) -> None:
        if name == STAMPS:
            self.stamps, self.stamps_problem = stamps_of(answer), ""
            self.changed.emit()
            return
        if name in (KEEPING, KEEP):
            self.keeping, self.keeping_problem = keeping_of(answer), ""
            if name == KEEP:
                unread = _("The command gave an answer that cannot be read.")
                self.choosing, self.chosen = False, self.keeping or unread
            self.changed.emit()
        if name == KEEPING:
            return
        self._moved(name)
        self.answered.emit(name, answer)

    def _refused(self, name: str, sentence: str) -> None:
        if name == STAMPS:
            self.stamps_problem = sentence
            self.changed.emit()
            return
        if name == KEEPING:
            self.keeping_problem = sentence
            self.changed.emit()
            return
        if name == KEEP:
            self.choosing, self.chosen = False, sentence
            self.changed.emit()
        self.refused.emit(name, sentence)

    def _moved(self, name: str) -> None:
        if name in _CHANGES:
            self.load()
        if name == EXCLUDE:
            self.excluded.emit()

    # --- what takes its time ---

    def run(self, name: str, subject: str, *arguments: str) -> None:
        """Begin what takes its time, unless it is under way. ``subject``: what it is about, for whoever shows it."""
        if name in self.runs or self._closed:
            return
        self.outcomes.pop(name, None)
        self.subjects[name] = subject
        run = self.runs[name] = LongRun(self._caller, *arguments, "--json", parent=self)
        run.setObjectName(name)
        run.progressed.connect(self._progressed)
        run.ended.connect(self._run_ended)
        run.start()
        self.changed.emit()

    def stop(self, name: str) -> None:
        if name in self.runs:
            self.runs[name].stop()

    def _progressed(self) -> None:
        self.progressed.emit(self.sender().objectName())

    def _run_ended(self, outcome: Outcome) -> None:
        name = self.sender().objectName()
        run = self.runs.pop(name, None)
        self.outcomes[name] = outcome
        if run is not None:
            run.deleteLater()
        self._moved(name)
        self.ended.emit(name, outcome)
        self.changed.emit()

    def finish(self) -> None:
        """Nothing goes on after this; a change that is on its way is waited for, some seconds at most."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        for run in self.runs.values():
            run.finish()
        self.runs.clear()
        self._queue.finish(FINISH_MS)
        self._reader.close()


def bytes_taken(journal: Path) -> int | None:
    """What the journal takes on the disk with the log beside it; None where there is none, or nobody may look."""
    try:
        taken = journal.stat().st_size
    except OSError:
        return None
    try:
        return taken + journal.with_name(f"{journal.name}-wal").stat().st_size
    except OSError:
        return taken
