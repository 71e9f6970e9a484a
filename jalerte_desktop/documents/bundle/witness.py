"""Another machine's bundle as a second witness: what it says of its line, read after it was found to be whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from diagnostics.model import BadInput, Cause, Kind, Problem, Span
from jalerte_desktop.documents.bundle import manifest, records
from jalerte_desktop.documents.bundle.archive import Archive, Broken

MOST_INCIDENTS = 100_000
_LARGEST_INCIDENTS = 12 << 20
_MOST_NS = 1 << 62
_DIGITS = 64


class WitnessIncident(NamedTuple):
    """What the other machine saw: codes as in ``diagnostics.model``, times in UTC ns."""

    kind: str
    start_ns: int
    end_ns: int
    cause: str


@dataclass(frozen=True, slots=True)
class WitnessRecord:
    """A kept bundle. ``key`` is its signing key's fingerprint. ``name`` is drawn from it: what the person called it

    stands in the journal. ``line_id`` is as that bundle calls the line, perhaps a letter. Excluded incidents are left
    out. ``observed``: the stretches of ``span`` that it watched.
    """

    name: str
    key: str
    line_id: str
    span: Span
    incidents: tuple[WitnessIncident, ...]
    observed: tuple[Span, ...]


def read_witness(path: Path) -> WitnessRecord:
    """Read a bundle that was checked and kept under its SHA-256.

    Raises Problem where it is not what was kept (``witness_changed``) or says what no bundle says
    (``witness_damaged``), BadInput ("bundle_missing") where it is gone. Whether it is whole is for
    ``check.check_bundle`` to say.
    """
    try:
        if not path.is_file():  # a device, or a pipe that nobody writes into, has no end
            raise FileNotFoundError
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if len(path.stem) == _DIGITS and digest != path.stem:
            raise Problem("witness_changed", path=str(path))
        with Archive(path) as archive:
            key = manifest.read_key(archive.read(manifest.KEY, manifest.LARGEST_KEY))
            about = manifest.read_about(archive.read(manifest.ABOUT, manifest.LARGEST_ABOUT))
            document = records.parse(archive.read("incidents.json", _LARGEST_INCIDENTS))
    except (FileNotFoundError, IsADirectoryError):
        raise BadInput("bundle_missing", path=str(path)) from None
    except (Broken, KeyError, ValueError, OSError, RecursionError) as error:
        raise Problem("witness_damaged", path=str(path), why=str(error)[:200]) from error
    fingerprint = hashlib.sha256(key).hexdigest()
    try:
        return _record(document, fingerprint, about)
    except (KeyError, TypeError, ValueError) as error:
        raise Problem("witness_damaged", path=str(path), why=str(error)[:200]) from error


def _record(document: Any, fingerprint: str, about: manifest.About) -> WitnessRecord:
    span = _span(about.since_ns, about.until_ns)
    incidents, observed = document["incidents"], document["observed"]
    if not isinstance(incidents, list) or not isinstance(observed, list):
        raise ValueError("no lists")
    if len(incidents) > MOST_INCIDENTS or len(observed) > MOST_INCIDENTS:
        raise ValueError("too many")
    line_id = document["line"]
    if not isinstance(line_id, str) or len(line_id) > 80:
        raise ValueError("no line")
    return WitnessRecord(
        name=fingerprint[:8],
        key=fingerprint,
        line_id=line_id,
        span=span,
        incidents=tuple(_incident(one) for one in incidents if one["excluded"] is None),
        observed=tuple(part for one in observed if (part := _span(*one).clip(span)) is not None),
    )


def _incident(found: Any) -> WitnessIncident:
    start, end = found["start_ns"], found["end_ns"]
    span = _span(start, end)
    return WitnessIncident(Kind(found["kind"]).value, span.start_ns, span.end_ns, Cause(found["cause"]).value)


def _span(start_ns: Any, end_ns: Any) -> Span:
    for value in (start_ns, end_ns):
        if type(value) is not int or not 0 <= value < _MOST_NS:
            raise ValueError("no time")
    if end_ns < start_ns:
        raise ValueError("an end before its start")
    return Span(start_ns, end_ns)
