"""Recording from login on, by an XDG autostart entry. Off until agreed; taking it back removes the file.

The file itself is the only memory: what is shown is read from it each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TO_ESCAPE = re.compile(r'(["`$\\])')
_SAFE = re.compile(r"[A-Za-z0-9_@+=:,./-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """The autostart entry for the recorder of one home."""

    path: Path
    command: tuple[str, ...]

    @property
    def on(self) -> bool:
        """Would the desktop start it? An entry may also be there and switched off, by the desktop's own settings."""
        try:
            values = _values(self.path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return False
        return (
            values.get("Hidden", "false") != "true"
            and values.get("X-GNOME-Autostart-enabled", "true") != "false"
            and bool(values.get("Exec"))
        )

    def switch(self, on: bool) -> None:
        """Write the entry, or take it away. Raises OSError."""
        if not on:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(desktop_entry(self.command), "utf-8")
        partial.replace(self.path)


def entry_for(home: Path, environment: Mapping[str, str] = os.environ) -> Entry:
    """The entry for the data in ``home``; each home has one of its own."""
    home = home.absolute()
    base = environment.get("XDG_CONFIG_HOME", "")
    # The specification says to ignore a path that is not absolute.
    folder = (
        Path(base) if Path(base).is_absolute() else Path(environment.get("HOME") or Path.home()) / ".config"
    )
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    return Entry(
        folder / "autostart" / f"jalerte-record-{mark}.desktop",
        (*program(), "--home", str(home), "record"),
    )


def program() -> tuple[str, ...]:
    """How this very installation is called from outside."""
    script = Path(sys.executable).with_name("jalerte")
    if script.exists():
        return (str(script),)
    return (sys.executable, "-P", "-m", "jalerte_desktop")


def desktop_entry(command: Sequence[str]) -> str:
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.5",
            "Name=jalerte",
            "Comment=Records the state of the internet line",
            "Comment[fr]=Enregistre l’état de la ligne internet",
            f"Exec={exec_value(command)}",
            "Terminal=false",
            "NoDisplay=true",
            "X-GNOME-Autostart-enabled=true",
            "",
        )
    )


def exec_value(command: Sequence[str]) -> str:
    """The value of ``Exec`` for these arguments.

    Two rules lie one upon the other in the Desktop Entry Specification: an argument's quoting, and then that of any
    string value, which doubles each backslash of the first.
    """
    joined = " ".join(_quoted(argument) for argument in command)
    return joined.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def _quoted(argument: str) -> str:
    field_codes_off = argument.replace("%", "%%")
    if _SAFE.fullmatch(argument):
        return field_codes_off
    return '"' + _TO_ESCAPE.sub(r"\\\1", field_codes_off) + '"'


def _values(text: str) -> dict[str, str]:
    """The keys of the main group."""
    result: dict[str, str] = {}
    group = ""
    for line in text.split("\n"):
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            key, _separator, value = line.partition("=")
            result[key.strip()] = value.strip()
    return result
