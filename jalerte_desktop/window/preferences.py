"""What the window remembers between two openings, in ``window.ini`` beside the journal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings


class Preferences:
    """Each answer is None until the person has given it."""

    def __init__(self, folder: Path) -> None:
        self._file = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    @property
    def keep_recording(self) -> bool | None:
        """Does the recorder go on when the window closes?"""
        return self._flag("keep_recording")

    @keep_recording.setter
    def keep_recording(self, value: bool) -> None:
        self._set("keep_recording", value)

    @property
    def recording_wanted(self) -> bool | None:
        """True once the person has started recording, False while they paused it."""
        return self._flag("recording_wanted")

    @recording_wanted.setter
    def recording_wanted(self, value: bool) -> None:
        self._set("recording_wanted", value)

    @property
    def background(self) -> bool:
        """The recorder that runs, if any, was left running by the window, not by login or by hand."""
        return self._flag("background") is True

    @background.setter
    def background(self, value: bool) -> None:
        self._set("background", value)

    @property
    def language(self) -> str | None:
        value = self._file.value("language")
        return value if value in ("fr", "en") else None

    @language.setter
    def language(self, value: str) -> None:
        self._set("language", value)

    def _flag(self, key: str) -> bool | None:
        return {"true": True, "false": False}.get(str(self._file.value(key)).lower())

    def _set(self, key: str, value: object) -> None:
        self._file.setValue(key, value)
        self._file.sync()
