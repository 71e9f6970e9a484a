"""What witnesses last said of the line in use: the box's own account of it, and the medium it is reached by."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostics.journal.reader import Reader
from diagnostics.model import MINUTE, EventKind
from diagnostics.witnesses import BoxAccount, from_event
from jalerte_desktop.findings.model import BoxSaid

RECENT_NS = 60 * MINUTE
"""A box's account older than this says little of now; what does not change is said again every ten minutes."""


def newest_box(reader: Reader, line_id: str, now_ns: int) -> BoxSaid | None:
    """The newest account of the hour before ``now_ns``, if that line was in use when it was given and still is.

    Raises diagnostics.model.Problem for a journal that cannot be read.
    """
    since_ns, line = now_ns - RECENT_NS, ""
    for event in reader.events(EventKind.LINE):
        entered = str(event.data.get("id") or "")
        if event.at_ns <= now_ns and entered != line:
            line, since_ns = entered, max(since_ns, event.at_ns)
    if line != line_id:
        return None
    said = None
    for event in reader.events(EventKind.WITNESS, after_seq=reader.seq_before(since_ns)):
        if event.data.get("source") == "box" and since_ns <= event.at_ns <= now_ns:
            account = from_event(event)
            if isinstance(account, BoxAccount):
                said = BoxSaid(account, event.at_ns)
    return said


def media(reader: Reader) -> Mapping[str, str]:
    """The newest medium of each interface, as ``diagnostics.links`` names it: ``ethernet``, ``wifi`` …"""
    known: dict[str, str] = {}
    for event in reader.events(EventKind.LINK):
        interface, medium = str(event.data.get("interface") or ""), str(event.data.get("medium") or "")
        if interface and medium:
            known[interface] = medium
    return known
