"""A few made-up days, made once for all tests: enough for everything but the whole month's verdicts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jalerte_desktop.demo.folder import ensure

DAYS = 4


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a demonstration of four days that ends now; nothing else in it."""
    home = tmp_path_factory.mktemp("home with a demonstration")
    ensure(home, time.time_ns(), "test", days=DAYS)
    return home
