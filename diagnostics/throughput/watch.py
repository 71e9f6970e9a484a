"""What else moved, and how busy the machine was, while a speed measurement ran.

Interface counters count frames, or what the system merged of several, with their headers. So a header is taken off for
every packet that was counted: what is left is payload, however the packets were merged (RFC 9293, 8200, 791: Ethernet
14 bytes, IPv4 20 or IPv6 40, TCP with time stamps 32). The measurement's own payload is taken off that, and the rest is
somebody else's.
"""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostics.box.adapter import Box
from diagnostics.box.reading import BoxReading
from diagnostics.links.counters import Counters, difference, read_counters
from diagnostics.model import MILLISECOND, SECOND
from diagnostics.throughput.box_counts import Crossed, crossed
from diagnostics.throughput.model import CURVE_NS, Direction, Flow, OtherTraffic

STEP_NS = 100 * MILLISECOND
BOX_STEP_NS = 400 * MILLISECOND
"""Often enough for the shortest measurements: of 2.2 s, four steps lie within."""
LEAST_NS = 500 * MILLISECOND
"""Over less than this, counters say nothing of a rate."""
HEADERS = {4: 66, 6: 86}
"""Bytes of Ethernet, IP and TCP with time stamps before a segment's payload."""
SEGMENT = 1448
"""Payload bytes of a full segment over Ethernet."""
_MOST_READINGS = 6000
_MOST_BOX_READINGS = 600

Busy = tuple[float, float]
"""Busy time of all processors since the start, and all their time, in any unit."""


def parse_stat(text: str) -> Busy | None:
    """From /proc/stat (proc_stat(5)): all but idle and waiting is busy, time taken by other machines too.

    None for what is no such file.
    """
    words = text.partition("\n")[0].split()
    if (
        len(words) < 5
        or words[0] != "cpu"
        or not all(word.isascii() and word.isdecimal() for word in words[1:])
    ):
        return None
    spent = [int(word) for word in words[1:9]]
    return float(sum(spent) - sum(spent[3:5])), float(sum(spent))


def parse_snmp(text: str) -> int | None:
    """Segments that TCP sent again so far, from /proc/net/snmp (RFC 4022: tcpRetransSegs); None without them."""
    rows = [line.split() for line in text.splitlines() if line.startswith("Tcp:")]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return None
    said = dict(zip(*rows, strict=True)).get("RetransSegs", "")
    return int(said) if said.isascii() and said.isdecimal() else None


def read_resent(platform: str = sys.platform) -> int | None:
    """Segments that this machine's TCP sent again so far; None where the system does not tell. Never raises."""
    if platform != "linux":
        return None
    try:
        return parse_snmp(Path("/proc/net/snmp").read_text("ascii", "replace"))
    except (OSError, ValueError):
        return None


def read_cpu(platform: str = sys.platform) -> Busy | None:
    """How long the processors were busy so far; None where the system does not tell. Never raises."""
    try:
        if platform == "linux":
            return parse_stat(Path("/proc/stat").read_text("ascii", "replace"))
        import psutil

        times = psutil.cpu_times()
        return sum(times) - times.idle, sum(times)
    except (OSError, RuntimeError, ValueError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One reading. Bytes and packets are totals since the watch began; ``broken`` counts interruptions so far."""

    at_ns: int
    bytes: tuple[float, float]
    packets: tuple[float, float]
    broken: int
    cpu: Busy | None
    resent: int | None


SACK_BYTES = 24
"""What an acknowledgement may bear beyond its headers when segments are missing (RFC 2018: two blocks and padding)."""


class TrafficWatch:
    """Samples counters and processors ten times a second in a thread of its own, and the box in another.

    ``interface`` is the one that the measurement goes by, ``family`` 4 or 6 its kind of addresses. ``box`` is given
    only where the measurement crosses the box's outer side: its counters say nothing of a server at home. Times are
    those of the monotonic clock that flows bear. Nothing is raised for what cannot be read: it is not known then.
    """

    def __init__(
        self,
        interface: str,
        *,
        family: int = 4,
        box: Box | None = None,
        counters: Callable[[str], Counters | None] = read_counters,
        cpu: Callable[[], Busy | None] = read_cpu,
        resent: Callable[[], int | None] = read_resent,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._interface = interface
        self._header = HEADERS.get(family, HEADERS[4])
        self._box = box
        self._counters = counters
        self._cpu = cpu
        self._resent = resent
        self._clock = clock
        self._seen: deque[_Seen] = deque(maxlen=_MOST_READINGS)
        self._said: deque[BoxReading] = deque(maxlen=_MOST_BOX_READINGS)
        self._last: Counters | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take the first reading, and go on until ``close``."""
        self.look()
        self._run(self._sampling, "speed-watch")
        if self._box is not None:
            self._run(self._asking, "speed-watch-box")

    def _run(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _sampling(self) -> None:
        due = self._clock() + STEP_NS
        while not self._stop.wait(max(0, due - self._clock()) / SECOND):
            self.look()
            due = max(due + STEP_NS, self._clock())

    def _asking(self) -> None:
        while not self._stop.is_set():
            due = self._clock() + BOX_STEP_NS
            self.ask()
            self._stop.wait(max(0, due - self._clock()) / SECOND)

    def look(self) -> None:
        """Take one reading of this machine now; for the thread, and for tests."""
        before = self._clock()
        counters = self._counters(self._interface)
        at_ns = (before + self._clock()) // 2
        cpu, resent = self._cpu(), self._resent()
        with self._lock:
            last = self._seen[-1] if self._seen else _Seen(at_ns, (0, 0), (0, 0), 0, None, None)
            grown = difference(self._last, counters) if self._last and counters else None
            self._last = counters
            if grown is None:
                self._seen.append(replace(last, at_ns=at_ns, broken=last.broken + 1, cpu=cpu, resent=resent))
                return
            carried = last.bytes[0] + grown.bytes_down, last.bytes[1] + grown.bytes_up
            packets = last.packets[0] + grown.packets_down, last.packets[1] + grown.packets_up
            self._seen.append(_Seen(at_ns, carried, packets, last.broken, cpu, resent))

    def ask(self) -> None:
        """Ask the box once; for the thread, and for tests."""
        reading = self._box.ask() if self._box is not None else None
        if reading is not None:
            with self._lock:
                self._said.append(reading)

    def close(self) -> None:
        """End the sampling. A question to the box that is still open ends by itself, within two seconds."""
        self._stop.set()
        for thread in self._threads[:1]:
            thread.join(2)

    def other(self, flow: Flow) -> OtherTraffic:
        """What others moved in the flow's direction during its counted window, as mean rates.

        ``machine_bps`` is payload; ``home_bps`` is as the box counts, headers included, and at least so much: where
        the box's counters rest in between, the least that fits is told. Never below 0.
        """
        if not self._seen or self._seen[-1].at_ns < flow.end_mono_ns:
            self.look()
        with self._lock:
            seen, said = list(self._seen), list(self._said)
        return OtherTraffic(
            self._machine(flow, seen),
            self._home(flow, seen, said),
            self._reverse_machine(flow, seen),
            self._reverse_home(flow, seen, said),
        )

    def cpu_share(self, flows: Iterable[Flow]) -> float | None:
        """The busiest second of all processors within the flows, 0-1; None where nothing was read."""
        with self._lock:
            seen = [entry for entry in self._seen if entry.cpu is not None]
        shares = [
            share
            for flow in flows
            for share in _busiest([s for s in seen if flow.start_mono_ns <= s.at_ns <= flow.end_mono_ns])
        ]
        return max(shares, default=None)

    def _machine(self, flow: Flow, seen: Sequence[_Seen]) -> int | None:
        ends = _counted(flow, seen)
        if ends is None:
            return None
        first, last = ends
        own = _own(flow, first.at_ns, last.at_ns)
        payload = self._payload(flow, first, last)
        if (
            own is None
            or payload is None
            or last.at_ns - first.at_ns < (flow.duration_ns - flow.ramp_ns) // 2
        ):
            return None
        return _rate(payload - own, last.at_ns - first.at_ns)

    def _home(self, flow: Flow, seen: Sequence[_Seen], said: Sequence[BoxReading]) -> int | None:
        box = _box(flow, seen, said, _way(flow))
        if box is None:
            return None
        outside, first, last = box
        payload = self._payload(flow, first, last)
        if payload is None:
            return None
        # What the far end acknowledged has left the box; what this machine sent may still wait there.
        payload = max(payload, _own(flow, first.at_ns, last.at_ns) or 0.0)
        return _rate(outside.bytes - payload * (SEGMENT + self._header) / SEGMENT, outside.elapsed_ns)

    def _reverse_machine(self, flow: Flow, seen: Sequence[_Seen]) -> int | None:
        ends, way = _counted(flow, seen), 1 - _way(flow)
        if ends is None or ends[0].broken != ends[1].broken:
            return None
        first, last = ends
        packets = last.packets[way] - first.packets[way]
        payload = last.bytes[way] - first.bytes[way] - (self._header + SACK_BYTES) * packets
        return _rate(payload, last.at_ns - first.at_ns)

    def _reverse_home(self, flow: Flow, seen: Sequence[_Seen], said: Sequence[BoxReading]) -> int | None:
        way = 1 - _way(flow)
        box = _box(flow, seen, said, way)
        if box is None:
            return None
        outside, first, last = box
        return _rate(outside.bytes - (last.bytes[way] - first.bytes[way]), outside.elapsed_ns)

    def _payload(self, flow: Flow, first: _Seen, last: _Seen) -> float | None:
        """Payload that this machine carried between two readings in the flow's direction, own and others'.

        Without what TCP sent again: that had been dropped on the way, mostly where the line's queue begins, which is
        before the box counts. None where counters began anew.
        """
        if first.broken != last.broken:
            return None
        way = _way(flow)
        payload = last.bytes[way] - first.bytes[way] - self._header * (last.packets[way] - first.packets[way])
        return payload - (_again(flow, first, last) if flow.direction is Direction.UP else 0.0)


def _way(flow: Flow) -> int:
    return 0 if flow.direction is Direction.DOWN else 1


def _rate(count: float, elapsed_ns: int) -> int:
    """Bits a second from bytes; never below 0."""
    return round(max(0.0, count) * 8 * SECOND / elapsed_ns)


def _counted(flow: Flow, seen: Sequence[_Seen]) -> tuple[_Seen, _Seen] | None:
    """The first and the last reading of the flow's counted window; None where they say nothing of a rate.

    Whole stretches between readings, with the flow's own curve at their times: once the flow has ended, the interface
    falls silent, and nothing tells where between two readings that was.
    """
    within = [s for s in seen if flow.counted_from_mono_ns <= s.at_ns <= flow.end_mono_ns]
    if len(within) < 2 or within[-1].at_ns - within[0].at_ns < LEAST_NS:
        return None
    return within[0], within[-1]


def _box(
    flow: Flow, seen: Sequence[_Seen], said: Sequence[BoxReading], way: int
) -> tuple[Crossed, _Seen, _Seen] | None:
    """What crossed the box within the flow's counted window, and this machine's counters at both ends of that."""
    found = crossed([r for r in said if flow.counted_from_mono_ns <= r.at.mono_ns <= flow.end_mono_ns], way)
    if found is None:
        return None
    first, last = _at(seen, found.from_ns), _at(seen, found.to_ns)
    return None if first is None or last is None else (found, first, last)


def _own(flow: Flow, from_ns: int, to_ns: int) -> float | None:
    """The flow's own payload between two times within it: by its curve, or by its rate where no curve covers it.

    None where it has neither.
    """
    if len(flow.curve) * CURVE_NS < flow.duration_ns - 2 * CURVE_NS:
        return None if flow.bps is None else flow.bps * (to_ns - from_ns) / (8 * SECOND)
    return _moved(flow, to_ns) - _moved(flow, from_ns)


def _again(flow: Flow, first: _Seen, last: _Seen) -> float:
    """Payload bytes that were sent again between two readings: as the system counts, else by the flow's own count."""
    if first.resent is not None and last.resent is not None:
        return float(max(0, last.resent - first.resent) * SEGMENT)
    own = _own(flow, first.at_ns, last.at_ns)
    return own * (flow.resent or 0) * SEGMENT / flow.bytes if own and flow.bytes > 0 else 0.0


def _moved(flow: Flow, at_ns: int) -> float:
    """Bytes from the flow's start to a time within it."""
    since_ns = at_ns - flow.start_mono_ns
    whole = min(since_ns // CURVE_NS, len(flow.curve))
    before = float(sum(flow.curve[:whole]))
    if whole == len(flow.curve):
        return before
    step_ns = min(CURVE_NS, flow.duration_ns - whole * CURVE_NS)
    return before + flow.curve[whole] * min(1.0, (since_ns - whole * CURVE_NS) / max(1, step_ns))


def _at(seen: Sequence[_Seen], at_ns: int) -> _Seen | None:
    """What a reading at a time between two readings would have shown; None outside of all."""
    place = bisect_left(seen, at_ns, key=lambda entry: entry.at_ns)
    if place >= len(seen) or (place == 0 and seen[0].at_ns != at_ns):
        return None
    after, before = seen[place], seen[max(0, place - 1)]
    width = after.at_ns - before.at_ns
    share = (at_ns - before.at_ns) / width if width else 1.0

    def between(old: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
        return old[0] + share * (new[0] - old[0]), old[1] + share * (new[1] - old[1])

    carried, packets = between(before.bytes, after.bytes), between(before.packets, after.packets)
    return replace(after, at_ns=at_ns, bytes=carried, packets=packets)


def _busiest(seen: Sequence[_Seen]) -> Iterable[float]:
    """The busy share of each second that begins with a reading; of the whole where it is shorter."""
    times = [entry.at_ns for entry in seen]
    if len(seen) < 2 or times[-1] - times[0] < LEAST_NS:
        return
    for place, entry in enumerate(seen):
        end = bisect_left(times, entry.at_ns + SECOND - STEP_NS // 2)
        if end == len(seen) and place:
            return
        before, after = entry.cpu, seen[min(end, len(seen) - 1)].cpu
        if before is not None and after is not None and after[1] > before[1]:
            yield min(1.0, max(0.0, (after[0] - before[0]) / (after[1] - before[1])))
