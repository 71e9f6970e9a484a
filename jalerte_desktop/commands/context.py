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

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnostics.config import Config
    from jalerte_desktop.findings.model import Findings


DEMO_MARK = "demo.json"


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
        """Tells the share that is done on the terminal's error output, and nobody else."""
        if self.json or not self.err.isatty():
            return lambda _share: None

        def tell(share: float) -> None:
            with suppress(OSError, ValueError):
                words = f"{doing} … {share:.0%}" if share < 1 else ""
                self.err.write(f"\r{words}\x1b[K")
                self.err.flush()

        return tell

    def say(self, text: str = "") -> None:
        print(text, file=self.out)

    def print_json(self, document: Any) -> None:
        """One JSON document: UTF-8, no escapes, a line break at the end. That of made-up data says so."""
        if self.demo and isinstance(document, dict):
            document = {"demo": True, **document}
        print(json.dumps(document, ensure_ascii=False, indent=2), file=self.out)
