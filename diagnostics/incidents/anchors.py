"""An anchor that is silent while its peers answer: a trouble on the far side, told but not counted."""

from __future__ import annotations

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import MINUTE, Cause, Kind, Remark, Sample, Verdict

TOLD_AFTER_NS = MINUTE


class SilentAnchors:
    """Follows ``Surroundings.anchors``; an anchor's silence is told once it has lasted a minute."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._silent: dict[str, tuple[Moment, Moment]] = {}
        self._floor = Moment(0, 0)
        self._ipv6_out = False

    def not_before(self, at: Moment) -> None:
        """An outage ended: until then no anchor was more silent than the others."""
        self._floor = at

    def feed(self, sample: Sample) -> list[Finding]:
        """Note an anchor's sample, after ``Surroundings.note_anchor``; returns the silences that ended."""
        key, state = sample.target.id, self._around.anchors[sample.target.id]
        at = Moment(sample.sent_ns, sample.mono_ns)
        ended = [gone for gone in self._silent if gone not in self._around.anchors]
        if state.silent and state.silent_since is not None:
            if key in self._silent:
                start = self._silent[key][0]
            else:
                start = max(Moment(*state.silent_since), self._floor, key=lambda moment: moment.mono_ns)
            self._silent[key] = (start, at)
        elif key in self._silent:
            ended.append(key)
        findings = []
        silent, six = self._silent_and_six()
        self._ipv6_out = (self._ipv6_out and bool(self._silent)) or (silent == six and len(six) > 1)
        for gone in ended:
            start, last = self._silent.pop(gone)
            findings.append(self._finding(gone, start, at if gone == key else last, ongoing=False))
        return [finding for finding in findings if finding]

    def cut(self) -> list[Finding]:
        findings = [self._finding(key, *span, ongoing=False) for key, span in self._silent.items()]
        self._silent.clear()
        return [finding for finding in findings if finding]

    def ongoing(self) -> list[Finding]:
        findings = [self._finding(key, *span, ongoing=True) for key, span in self._silent.items()]
        return [finding for finding in findings if finding]

    def _silent_and_six(self) -> tuple[set[str], set[str]]:
        """The anchors that are silent, and those reached over IPv6."""
        anchors = self._around.anchors
        return {key for key, state in anchors.items() if state.silent}, {key for key in anchors if ":" in key}

    def _finding(self, key: str, start: Moment, end: Moment, *, ongoing: bool) -> Finding | None:
        if end.mono_ns - start.mono_ns < TOLD_AFTER_NS:
            return None
        silent, six = self._silent_and_six()
        if self._ipv6_out and key in six:
            # One after the other they come back: the trouble is told once, with the first of them by name.
            return _ipv6(start, end, ongoing) if key == min(six) else None
        alone = not silent - {key}
        verdict = Verdict(
            Cause.REMOTE if alone else Cause.UNKNOWN,
            0.6 if alone else 0.3,
            (
                Remark.of("one_anchor_silent", address=key.rsplit("/", 1)[-1]),
                Remark.of("other_anchors_answer"),
            ),
            (Remark.of("not_counted"),),
        )
        return Finding(Kind.PARTIAL, start, end, verdict, ongoing)


def _ipv6(start: Moment, end: Moment, ongoing: bool) -> Finding:
    """All anchors of the newer kind of address and none of the older: one trouble, told once."""
    verdict = Verdict(Cause.IPV6, 0.6, (Remark.of("ipv6_silent"),), (Remark.of("not_counted"),))
    return Finding(Kind.PARTIAL, start, end, verdict, ongoing)
