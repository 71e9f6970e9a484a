"""Measuring and judging a line: probes, journal, incidents. Knows nothing of people."""

__version__ = "0.1.0"
