"""jalerte: from a flaky line to a case that cannot be dismissed."""

__version__ = "0.1.0"
