"""What every command gets: where things lie, how to print, what time it is."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from diagnostics.clock import Clock, SystemClock
from jalerte_desktop.commands._streams import speaks_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Timer

    from diagnostics.config import Config
    from jalerte_desktop.findings.model import Findings


DEMO_MARK = "demo.json"
PATIENCE_S = 3.0
"""So long may a command say nothing of what it does."""


@dataclass(frozen=True)
class Home:
    """The folder that holds everything of one person."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    @property
    def case(self) -> Path:
        return self.folder / "case.sqlite"

    @property
    def rooms(self) -> Path:
        return self.folder / "rooms.json"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @cached_property
    def demo(self) -> bool:
        """Whether the folder holds made-up demonstration data: its mark says so, however the folder was named."""
        return (self.folder / DEMO_MARK).exists()

    @property
    def present_ns(self) -> int | None:
        """Where time stands still (UTC ns) in the demonstration; None where it goes on."""
        if not self.demo:
            return None
        from jalerte_desktop.demo.folder import read_mark

        mark = read_mark(self.folder)
        return mark.end_ns if mark is not None else SystemClock().read().wall_ns


def choose_home(given: str | None) -> Home:
    """``--home``, else JALERTE_HOME, else where the system keeps a program's data."""
    chosen = given or os.environ.get("JALERTE_HOME")
    if chosen:
        return Home(Path(chosen).expanduser().absolute())
    from platformdirs import user_data_path

    return Home(user_data_path("jalerte", appauthor=False))


@dataclass
class Context:
    """One command's surroundings."""

    home: Home
    json: bool = False
    clock: Clock = field(default_factory=SystemClock)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    _patience: Timer | None = field(default=None, init=False, repr=False)

    @property
    def demo(self) -> bool:
        """Made-up demonstration data: every paper and document must say so."""
        return self.home.demo

    @property
    def now_ns(self) -> int:
        """Wall-clock time in UTC nanoseconds."""
        return self.clock.read().wall_ns

    @cached_property
    def config(self) -> Config:
        """The configuration; raises BadInput when it cannot be understood."""
        from diagnostics.config import load

        return load(self.home.config)

    def findings(self, since: int | None = None, until: int | None = None) -> Findings:
        """What the journal says between two times (UTC ns); the whole record by default. Raises Problem."""
        from jalerte_desktop.findings.load import load
        from jalerte_desktop.findings.personal import personal_of
        from jalerte_desktop.words.language import _

        return load(
            self.home.journal,
            since,
            until,
            personal_of(self.config),
            self.progress(_("Studying the journal")),
        )

    def progress(self, doing: str) -> Callable[[float], None]:
        """Tells the share that is done on the terminal's error output; elsewhere only that it takes a while.

        The last share told has to be 1.
        """
        if self.json or not self.err.isatty():
            self.have_patience(f"{doing}…")
            return lambda share: self.no_more_patience() if share >= 1 else None
        from jalerte_desktop.words.figures import percent

        def tell(share: float) -> None:
            with suppress(OSError, ValueError):
                words = f"{doing}… {percent(share, 0)}" if share < 1 else ""
                self.err.write(f"\r{words}\x1b[K")
                self.err.flush()

        return tell

    def have_patience(self, doing: str) -> None:
        """Say once what is being done, should it last: for one who waits where no progress is shown, not with JSON."""
        if self.json or self._patience is not None:
            return
        import threading

        from jalerte_desktop.words.language import _

        words = _("{doing} This may take a minute.").format(doing=doing)

        def tell() -> None:
            with suppress(OSError, ValueError):
                print(words, file=self.err, flush=True)

        self._patience = threading.Timer(PATIENCE_S, tell)
        self._patience.daemon = True
        self._patience.start()

    def no_more_patience(self) -> None:
        """It is done, or something else is told."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def say(self, text: str = "") -> None:
        self.no_more_patience()
        print(text, file=self.out)

    def print_json(self, document: Any) -> None:
        """One JSON document: UTF-8, a line break at the end. That of made-up data says so.

        Without escapes, but where the output cannot take every character as it is.
        """
        if self.demo and isinstance(document, dict):
            document = {"demo": True, **document}
        print(json.dumps(document, ensure_ascii=not speaks_all(self.out), indent=2), file=self.out)
