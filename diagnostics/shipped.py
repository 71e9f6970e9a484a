"""The dated data that comes with the program, read as text."""

from __future__ import annotations

from pathlib import Path

import resources


def read_shipped(name: str) -> str:
    """The text of a file in ``resources/``. Raises FileNotFoundError where the installation lacks it.

    By its path, since ``importlib.resources`` costs the recorder more than a megabyte.
    """
    return Path(resources.__path__[0], name).read_text("utf-8")
