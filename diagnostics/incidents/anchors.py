"""Anchors that are silent while others answer: one far end, one network, or one of the two kinds of address."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnostics.incidents.columns import Part
from diagnostics.incidents.found import Finding, Moment, Settled
from diagnostics.incidents.method import Method
from diagnostics.incidents.surroundings import Surroundings, Tally, at_home
from diagnostics.model import MINUTE, SECOND, Cause, Kind, Outcome, Remark, Role, Sample, Target, Verdict

TOLD_AFTER_NS = MINUTE
"""A single anchor's silence is told after this; a whole kind of address, or a refused network, after less."""
SOON_NS = 10 * SECOND
TOGETHER_NS = 10 * SECOND
"""Anchors whose silences begin so close together fell silent for one reason."""
FEW_TRIES = 3
BAD_SHARE = 0.3
"""A box that misses more than this is itself in trouble, or the way to it is."""
_REFUSED = Outcome.UNREACHABLE
NO_ROUTE = ("net-unreachable", "net-unknown", "reject-route")


@dataclass(slots=True)
class Silence:
    """One anchor's, so far. ``refused_by`` is who else said that its network cannot be reached.

    Of its ``tries``, ``unsent`` never left this machine, and ``sent_back`` were refused by a device at home.
    """

    key: str
    network: str
    start: Moment
    last: Moment
    refused_by: str = ""
    refusals: int = 0
    tries: int = 0
    unsent: int = 0
    sent_back: int = 0
    ended: bool = False

    @property
    def held_at_home(self) -> bool:
        return (self.unsent + self.sent_back) * 2 > self.tries


@dataclass(slots=True)
class Second:
    """What checks of another kind said, by kind of address, since a silence began."""

    failed: set[Role] = field(default_factory=set)
    answered: set[Role] = field(default_factory=set)


class SilentAnchors:
    """Follows ``Surroundings.anchors``. Silences that began together are told together, when the last has ended."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._silent: dict[str, Silence] = {}
        self._floor = Moment(0, 0)
        self._refusals: dict[str, tuple[str, int]] = {}
        self._four = Second()
        self._gateway_before = Tally()

    @property
    def ipv4_out(self) -> bool:
        """True while all anchors over IPv4 are silent, and not all over IPv6: names fail for that too."""
        if not self._silent:
            return False
        silent = {key for key, silence in self._silent.items() if not silence.ended}
        six, four = self._kinds()
        return len(four) > 1 and bool(six) and silent >= four and not silent >= six

    def not_before(self, at: Moment) -> None:
        """An outage ended: until then no anchor was more silent than the others."""
        self._floor = at

    def check(self, sample: Sample) -> None:
        """Note a check of another kind than ping, over the older kind of address."""
        if not self._silent or sample.target.family == 6:
            return
        if sample.outcome.answered:
            self._four.answered.add(sample.target.role)
        elif sample.outcome not in (Outcome.UNRESOLVED, Outcome.SEND_ERROR):
            self._four.failed.add(sample.target.role)

    def feed(self, sample: Sample) -> list[Finding]:
        """Note an anchor's sample, after ``Surroundings.note_anchor``; returns the silences that ended."""
        key, state = sample.target.id, self._around.anchors[sample.target.id]
        if not state.silent and not self._silent and not self._refusals and sample.outcome is not _REFUSED:
            return []
        at = Moment(sample.sent_ns, sample.mono_ns)
        self._note_refusal(sample)
        if state.silent and state.silent_since is not None:
            silence = self._silent.get(key)
            if silence is None:
                if not self._silent:
                    self._four, self._gateway_before = Second(), self._around.gateway.copy()
                start = max(Moment(*state.silent_since), self._floor, key=lambda moment: moment.mono_ns)
                silence = self._silent[key] = Silence(key, sample.target.network, start, at)
            elif silence.ended:
                silence.ended = False
            silence.last = at
            silence.tries += 1
            silence.unsent += sample.outcome is Outcome.SEND_ERROR
            silence.sent_back += self._sent_back(sample)
            silence.refused_by, silence.refusals = self._refusals.get(key, ("", 0))
        elif key in self._silent and not self._silent[key].ended:
            self._silent[key].last, self._silent[key].ended = at, True
        for gone in [gone for gone in self._silent.values() if gone.key not in self._around.anchors]:
            gone.ended = True
        return self._close() if any(silence.ended for silence in self._silent.values()) else []

    def skim(self, keys: list[str], end: Moment) -> None:
        """A whole block went by in which these anchors stayed silent, and nothing else happened."""
        for key in keys:
            if key in self._silent:
                self._silent[key].last = end

    def may_pass(self, silent: set[str]) -> bool:
        """True when tries that were answered, or missed by these anchors, tell nothing new."""
        open_ones = {key for key, silence in self._silent.items() if not silence.ended}
        return not self._refusals and open_ones == self._silent.keys() == silent

    def pass_over(self, part: Part, offset_ns: int) -> None:
        """Take the tries of an anchor that goes on being silent."""
        silence = self._silent[part.key]
        silence.last = Moment(part.last_ns, part.last_ns - offset_ns)
        silence.tries += part.tries
        silence.refused_by, silence.refusals = "", 0

    def check_answered(self, target: Target) -> None:
        if self._silent and target.family != 6:
            self._four.answered.add(target.role)

    def _note_refusal(self, sample: Sample) -> None:
        key = sample.target.id
        if sample.outcome.answered:
            self._refusals.pop(key, None)
            return
        if sample.outcome is not _REFUSED:
            return
        sayer, _, what = sample.detail.partition(" ")
        if what in NO_ROUTE and not at_home(sayer) and sayer != sample.target.address:
            self._refusals[key] = (sayer, self._refusals.get(key, ("", 0))[1] + 1)

    def _sent_back(self, sample: Sample) -> bool:
        sayer = sample.detail.split(" ")[0] if sample.outcome is _REFUSED else ""
        return bool(sayer) and (sayer == self._around.gateway_address or at_home(sayer))

    def _box_loses(self) -> bool:
        """True when the box itself missed a good part of its tries meanwhile: nothing beyond it can be judged then."""
        box = self._around.gateway.since(self._gateway_before)
        return (
            box.tries >= FEW_TRIES
            and box.share_missed > BAD_SHARE
            and self._around.gateway_habit.usually_answers
        )

    def _groups(self) -> list[list[Silence]]:
        """Silences that began together."""
        groups: list[list[Silence]] = []
        for silence in sorted(self._silent.values(), key=lambda one: one.start.mono_ns):
            if groups and silence.start.mono_ns - groups[-1][0].start.mono_ns <= TOGETHER_NS:
                groups[-1].append(silence)
            else:
                groups.append([silence])
        return groups

    def _close(self) -> list[Finding]:
        findings: list[Finding] = []
        for group in self._groups():
            if all(silence.ended for silence in group):
                findings += self._tell(group, ongoing=False)
                for silence in group:
                    del self._silent[silence.key]
        return findings

    def cut(self) -> list[Finding]:
        findings = [finding for group in self._groups() for finding in self._tell(group, ongoing=False)]
        self._silent.clear()
        return findings

    def ongoing(self) -> list[Finding]:
        return [
            finding
            for group in self._groups()
            for finding in self._tell(group, ongoing=not all(silence.ended for silence in group))
        ]

    def _tell(self, group: list[Silence], *, ongoing: bool) -> list[Finding]:
        start = min((silence.start for silence in group), key=lambda moment: moment.mono_ns)
        end = max((silence.last for silence in group), key=lambda moment: moment.mono_ns)
        judged = self._judge(group)
        if judged is None:
            return []
        verdict, soon = judged
        if end.mono_ns - start.mono_ns < (SOON_NS if soon else TOLD_AFTER_NS):
            return []
        return [Finding(Kind.PARTIAL, start, end, Settled(Kind.PARTIAL, verdict), ongoing)]

    def _judge(self, group: list[Silence]) -> tuple[Verdict, bool] | None:
        """The verdict, and whether it is told soon; None where the home network's own trouble tells it."""
        keys = {silence.key for silence in group}
        six, four = self._kinds()
        if six and len(six) > 1 and keys >= six and not keys >= four:
            counter = (Remark.of("not_counted"),)
            return Verdict(Cause.IPV6, 0.6, (Remark.of("ipv6_silent"),), counter), True
        if six and len(four) > 1 and keys >= four and not keys >= six:
            return self._ipv4_out(group), True
        if all(silence.held_at_home for silence in group):
            return _held(group), True
        refused = [silence for silence in group if silence.refused_by]
        if refused:
            return _network_out(group, refused), True
        if len({silence.network or silence.key for silence in group}) > 1:
            if self._box_loses() or any(silence.held_at_home for silence in group):
                return None
            return _several(group, self._around.method), True
        return _remote(group[0]), False

    def _kinds(self) -> tuple[set[str], set[str]]:
        """The anchors in use, by kind of address: IPv6, IPv4."""
        known = set(self._around.anchors) | set(self._silent)
        six = {key for key in known if ":" in key}
        return six, known - six

    def _ipv4_out(self, group: list[Silence]) -> Verdict:
        """The older kind of address alone is dead: no far end is to blame, and few things at home can do that."""
        reasons = [Remark.of("ipv4_silent")]
        if all(silence.held_at_home for silence in group):
            return _held(group)
        if self._box_loses() and ":" not in self._around.gateway_address:
            return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), (Remark.of("box_and_line_both"),))
        counter = [Remark.of("box_may_translate_badly"), Remark.of("one_machine_observes")]
        confidence = self._around.method.blame
        if self._four.failed and not self._four.answered:
            reasons.append(Remark.of("other_probes_failed", probes=",".join(sorted(self._four.failed))))
        else:
            counter.insert(0, Remark.of("only_pings"))
        return Verdict(Cause.ACCESS, confidence, tuple(reasons), tuple(counter))


def _address(silence: Silence) -> str:
    return silence.key.rsplit("/", 1)[-1]


def _network_out(group: list[Silence], refused: list[Silence]) -> Verdict:
    """A router on the way says that it knows no way there: of the operator's, or of one further on."""
    first = refused[0]
    return Verdict(
        Cause.ISP_CORE,
        0.6,
        (
            Remark.of("network_refused", address=_address(first), by=first.refused_by, times=first.refusals),
            Remark.of("other_anchors_answer"),
        ),
        (Remark.of("router_may_be_far"), Remark.of("networks_out", networks=len(group))),
    )


def _held(group: list[Silence]) -> Verdict:
    """This machine, or something at home, did not let the tries out."""
    tries = sum(silence.tries for silence in group)
    unsent = sum(silence.unsent for silence in group) * 2 > tries
    reasons = (
        Remark.of("tries_held_at_home", anchors=len(group), tries=tries),
        Remark.of("other_anchors_answer"),
    )
    cause = Cause.LOCAL_MACHINE if unsent else Cause.BOX
    return Verdict(cause, 0.6 if unsent else 0.5, reasons, (Remark.of("not_the_operator"),))


def _several(group: list[Silence], method: Method) -> Verdict:
    return Verdict(
        Cause.ISP_CORE,
        min(0.5, method.blame),
        (Remark.of("several_anchors_silent", anchors=len(group)), Remark.of("other_anchors_answer")),
        (Remark.of("far_networks_may_share_a_fault"), Remark.of("only_pings")),
    )


def _remote(silence: Silence) -> Verdict:
    return Verdict(
        Cause.REMOTE,
        0.6,
        (Remark.of("one_anchor_silent", address=_address(silence)), Remark.of("other_anchors_answer")),
        (Remark.of("not_counted"),),
    )
