"""Rates, sizes and times of speed measurements, as the commands print them."""

from __future__ import annotations

from jalerte_desktop.words.figures import NO_BREAK, clock_time, local, number, short_date
from jalerte_desktop.words.language import _


def measured_rate(bps: int) -> str:
    """One decimal below 1 Gbit/s, none above: ``47.8 Mbit/s``, ``1,204 Mbit/s``."""
    mega = bps / 1e6
    return _("{rate} Mbit/s").format(rate=number(mega, 1 if mega < 1000 else 0))


def compared_rate(bps: int | None) -> str:
    """A rate beside promised ones: a decimal only where it is no whole Mbit/s, a dash where there is none."""
    if bps is None:
        return "–"
    return number(bps / 1e6, 0 if bps % 1_000_000 == 0 else 1) + NO_BREAK + "Mbit/s"


def size(count: int) -> str:
    """Bytes in decimal units, as data plans are sold."""
    for unit, amount in ((_("TB"), 1e12), (_("GB"), 1e9), (_("MB"), 1e6)):
        if count >= amount or amount == 1e6:
            value = count / amount
            return f"{number(value, 0 if value >= 100 else 1)}{NO_BREAK}{unit}"
    raise AssertionError("unreachable")


def moment(ns: int) -> str:
    """``22/11/2026 09:12``."""
    at = local(ns)
    return f"{short_date(at)} {clock_time(at, seconds=False)}"
