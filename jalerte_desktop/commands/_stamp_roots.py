"""The roots that the person named for time stamps: ``[stamp] roots`` of ``config.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jalerte_desktop.commands.context import Context

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def named_roots(context: Context) -> tuple[Certificate, ...]:
    """None where none were named. Raises BadInput("stamp_roots_unreadable") for a file that cannot be read."""
    if context.config.stamp_roots is None:
        return ()
    from diagnostics.stamps.reading import load_roots

    return load_roots(context.home.folder / Path(context.config.stamp_roots).expanduser())
