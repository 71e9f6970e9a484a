"""jalerte: from a flaky line to a case that cannot be dismissed."""

from diagnostics import __version__

__all__ = ["__version__"]
