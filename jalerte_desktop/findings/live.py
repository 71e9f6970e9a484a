"""Findings that follow a journal while it grows, at the cost of what is new."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from diagnostics.incidents.study import Study
from diagnostics.journal.blocks import Block
from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput
from jalerte_desktop.findings.feeding import feed, feed_sealed, head_of
from jalerte_desktop.findings.load import RUN_UP_NS, summaries, tell
from jalerte_desktop.findings.model import Findings, MinuteSummary
from jalerte_desktop.findings.personal import Personal


class LiveFindings:
    """Keeps a study of the sealed part; what is staged is fed to a copy at each refresh.

    The study begins some hours before the first period asked for: see ``load_recent``.
    """

    def __init__(self, journal: Path, personal: Personal | None = None) -> None:
        self._journal = journal
        self._personal = personal
        self._identity: tuple[int, int] | None = None
        self._reset()

    def _reset(self) -> None:
        self._study = Study()
        self._seq = 0
        self._minutes: deque[MinuteSummary] = deque()

    def refresh(self, since_ns: int, until_ns: int) -> Findings | None:
        """What the journal says now of the period; None while there is no journal yet.

        ``since_ns`` must not go back from one call to the next. Raises diagnostics.model.Problem for a journal that
        cannot be read.
        """
        try:
            reader = Reader(self._journal)
        except BadInput as problem:
            if problem.remark.code == "journal_missing":
                self._reset()
                return None
            raise
        with reader:
            self._follow(reader, since_ns)
            study = self._study.fork()
            staged: list[MinuteSummary] = []
            for block in reader.staged():
                feed([study], block)
                staged += summaries(block)
            return tell(reader, study, since_ns, until_ns, (*self._minutes, *staged), self._personal)

    def _follow(self, reader: Reader, since_ns: int) -> None:
        status = self._journal.stat()
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity:
            # Another file lies there now: everything known is of the old one.
            self._identity = identity
            self._reset()
            self._seq = reader.seq_before(since_ns - RUN_UP_NS)

        def keep(block: Block) -> None:
            if block.span.end_ns >= since_ns:
                self._minutes += summaries(block)

        newest = head_of(reader)
        feed_sealed(reader, [(self._study, self._seq)], each=keep)
        while self._minutes and self._minutes[0].start_ns < since_ns:
            self._minutes.popleft()
        self._seq = newest
