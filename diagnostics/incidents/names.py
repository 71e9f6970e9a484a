"""DNS and captive portals: the line carries packets, but names do not resolve or somebody else answers."""

from __future__ import annotations

from diagnostics.incidents.found import Finding, Moment, Settled
from diagnostics.incidents.runs import beyond_chance
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import MILLISECOND, Cause, Kind, Outcome, Remark, Role, Sample, Verdict

REMEMBERED = 1000
"""Failures kept one by one; of a longer trouble the middle is only counted."""


class DnsDetector:
    """The system's resolver fails or is too slow while anchors answer.

    Failures during an outage, or within the margin before one, are the outage's: ``outage_began`` takes them back.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._failures: list[Sample] = []
        self._forgotten = 0
        self._direct: list[tuple[int, bool]] = []
        self._loss = 0.0
        """The largest share lost on the line while failures were noted."""
        self._portal = False
        """A portal was open meanwhile: failing names are its doing, unless the resolver alone lies."""
        self._direct_lied = 0

    @property
    def lies(self) -> bool:
        """True while the system's resolver gives wrong answers and one asked directly good ones."""
        lying = bool(self._failures) and self._failures[-1].outcome is Outcome.PORTAL
        return lying and bool(self._direct) and self._direct[-1][1]

    def portal_open(self) -> None:
        """The web check is answered by somebody else at this time."""
        self._portal = True

    @property
    def suspicious(self) -> bool:
        """True while the last answers of the system's resolver were failures."""
        return bool(self._failures)

    def feed(self, sample: Sample, *, excused: bool, loss: float = 0.0) -> Finding | None:
        """Note a resolver's sample; returns the incident that it ends, if any.

        ``excused``: its failure is another trouble's, an outage or heavy loss. ``loss`` is the share that the line
        loses at present: so many failures in a row are needed that it does not explain them.
        """
        if sample.target.role is Role.RESOLVER:
            if self._failures:  # only then is the comparison wanted
                self._direct = [*self._direct[-999:], (sample.sent_ns, sample.outcome is Outcome.OK)]
                self._direct_lied += sample.outcome is Outcome.PORTAL
            return None
        slow = sample.rtt_ns is not None and sample.rtt_ns >= self._around.method.dns_slow_ns
        if sample.outcome is Outcome.OK and not slow:
            finding = self._finding(Moment(sample.sent_ns, sample.mono_ns), ongoing=False)
            self._clear()
            return finding
        if not excused:
            if len(self._failures) >= REMEMBERED:
                del self._failures[REMEMBERED // 2]
                self._forgotten += 1
            self._failures.append(sample)
            self._loss = max(self._loss, loss)
        return None

    def forget(self) -> None:
        """What failed was another trouble's: a portal's, or a tunnel's. Or names resolve, and nothing had failed."""
        self._clear()

    def outage_began(self, start_ns: int) -> Finding | None:
        """Forget the failures that belong to the outage; an incident that was already there ends where it begins."""
        edge = start_ns - self._around.method.dns_outage_margin_ns
        self._failures = [sample for sample in self._failures if sample.sent_ns < edge]
        return self.cut()

    def cut(self) -> Finding | None:
        finding = self._finding(None, ongoing=False)
        self._clear()
        return finding

    def ongoing(self) -> Finding | None:
        return self._finding(None, ongoing=True)

    def _clear(self) -> None:
        self._failures, self._direct, self._forgotten, self._loss, self._portal = [], [], 0, 0.0, False
        self._direct_lied = 0

    def _finding(self, end: Moment | None, *, ongoing: bool) -> Finding | None:
        # A query and its answer are two packets, and either may be lost.
        needed = max(self._around.method.dns_min_failures, beyond_chance(2 * self._loss))
        if len(self._failures) < needed or (self._portal and not self.lies):
            return None
        if not self._around.resolved:
            return None  # no resolver ever answered on this line: nothing has stopped working
        first, last = self._failures[0], self._failures[-1]
        return Finding(
            Kind.DNS,
            Moment(first.sent_ns, first.mono_ns),
            end or Moment(last.sent_ns, last.mono_ns),
            self._case(),
            ongoing,
        )

    def _case(self) -> Settled:
        """Whoever answers in every resolver's place stands between: a portal, though no page of its was seen."""
        lies = [sample for sample in self._failures if sample.outcome is Outcome.PORTAL]
        if not self._direct_lied or len(lies) * 2 <= len(self._failures) or any(ok for _, ok in self._direct):
            return Settled(Kind.DNS, self._verdict())
        reasons = (
            Remark.of("names_lie", times=len(lies), detail=lies[0].detail),
            Remark.of("other_resolver_lies", times=self._direct_lied),
        )
        return Settled(
            Kind.PARTIAL, Verdict(Cause.CAPTIVE_PORTAL, 0.7, reasons, (Remark.of("not_the_operator"),))
        )

    def _verdict(self) -> Verdict:
        slow = sum(sample.outcome is Outcome.OK for sample in self._failures)
        lies = [sample for sample in self._failures if sample.outcome is Outcome.PORTAL]
        failed = len(self._failures) - slow - len(lies) + self._forgotten
        reasons = [Remark.of("anchors_answer")]
        if lies:
            reasons.append(Remark.of("names_lie", times=len(lies), detail=lies[0].detail))
        if failed:
            details = [
                sample.detail or str(sample.outcome.name.lower())
                for sample in self._failures
                if sample.outcome not in (Outcome.OK, Outcome.PORTAL)
            ] or [""]
            reasons.append(Remark.of("names_fail", tries=failed, detail=max(set(details), key=details.count)))
        if slow:
            worst = max(sample.rtt_ns or 0 for sample in self._failures)
            reasons.append(Remark.of("names_slow", tries=slow, worst_ms=worst / MILLISECOND))
        if self._around.tunnel:
            counter = (Remark.of("vpn_asks_names"), Remark.of("whose_resolver"))
            return Verdict(Cause.DNS, 0.6, tuple(reasons), counter)
        answered = sum(ok for _, ok in self._direct)
        if answered * 2 > len(self._direct):
            reasons.append(Remark.of("other_resolver_answers", answered=answered))
            return Verdict(Cause.DNS, 0.9, tuple(reasons), (Remark.of("whose_resolver"),))
        if self._direct:
            reasons.append(Remark.of("other_resolver_fails", failed=len(self._direct) - answered))
        return Verdict(
            Cause.DNS, 0.7, tuple(reasons), (Remark.of("whose_resolver"), Remark.of("port_53_may_be_closed"))
        )


class PortalDetector:
    """The web check is answered by somebody else: a captive portal asks for something first."""

    def __init__(self) -> None:
        self._first: Sample | None = None
        self._last: Sample | None = None
        self._count = 0

    @property
    def open(self) -> bool:
        return self._first is not None

    def feed(self, sample: Sample) -> Finding | None:
        if sample.outcome is Outcome.PORTAL:
            self._first = self._first or sample
            self._last = sample
            self._count += 1
            return None
        if sample.outcome is Outcome.OK:
            finding = self._finding(Moment(sample.sent_ns, sample.mono_ns), ongoing=False)
            self.forget()
            return finding
        return None

    def forget(self) -> None:
        """What was seen was another trouble's: a resolver's that lies."""
        self._first = self._last = None
        self._count = 0

    def cut(self) -> Finding | None:
        finding = self._finding(None, ongoing=False)
        self.forget()
        return finding

    def ongoing(self) -> Finding | None:
        return self._finding(None, ongoing=True)

    def _finding(self, end: Moment | None, *, ongoing: bool) -> Finding | None:
        if self._first is None or self._last is None:
            return None
        verdict = Verdict(
            Cause.CAPTIVE_PORTAL,
            0.9,
            (Remark.of("web_check_answered_by_other", tries=self._count, detail=self._first.detail),),
            (Remark.of("not_the_operator"),),
        )
        return Finding(
            Kind.PARTIAL,
            Moment(self._first.sent_ns, self._first.mono_ns),
            end or Moment(self._last.sent_ns, self._last.mono_ns),
            Settled(Kind.PARTIAL, verdict),
            ongoing,
        )
