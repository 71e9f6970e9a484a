"""Measuring and judging a line: probes, journal, incidents. Knows nothing of people."""
