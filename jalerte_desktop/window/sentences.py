"""The state of the line in one sentence, and what stands under it. Decisions as plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnostics.model import SECOND, Cause, Incident, Kind
from jalerte_desktop.findings.blame import is_sure
from jalerte_desktop.findings.now import state_now
from jalerte_desktop.window.marks import Fault, Mark, fault_of, mark_of
from jalerte_desktop.window.recorder import State
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.figures import clock_time, duration, local, number
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import cause_name
from jalerte_desktop.words.views import box_words

if TYPE_CHECKING:
    from jalerte_desktop.findings.now import Now
    from jalerte_desktop.window.reader import Reading


@dataclass(frozen=True, slots=True)
class Sentence:
    """The answer, and its explanation."""

    mark: Mark
    answer: str
    explanation: str


def reading_sentence() -> Sentence:
    return Sentence(Mark.UNOBSERVED, _("Reading the record…"), _("One moment."))


def starting_sentence() -> Sentence:
    return Sentence(
        Mark.UNOBSERVED, _("Recording is starting."), _("The first measurements arrive in a few seconds.")
    )


def problem_sentence(words: str) -> Sentence:
    return Sentence(Mark.OTHER, _("The record cannot be read."), words)


def sentence_of(reading: Reading, state: State, running: bool) -> Sentence:
    """What stands at the top of the home page. ``running``: a recorder is known to be at work."""
    if reading.problem is not None:
        return problem_sentence(say_problem(reading.problem))
    if reading.findings is None:
        return starting_sentence() if state in (State.ON, State.STARTING) else reading_sentence()
    if state is State.UNKNOWN:
        return reading_sentence()
    now = state_now(reading.findings, reading.at_ns, running or state is State.DEMO)
    return state_sentence(now, reading.at_ns, starting=state is State.STARTING)


def state_sentence(now: Now, now_ns: int, starting: bool = False) -> Sentence:
    """How the line is at ``now_ns``. ``starting``: the recorder was started and has not measured yet."""
    if now.state == "not_observed" or not now.recorder_running:
        return _not_observed(now, starting)
    if now.incident is None:
        return _fine(now, now_ns) if now.state == "up" else _unexplained(now, now_ns)
    incident = now.incident
    since = incident.span.start_ns if now.since_ns is None else now.since_ns
    lasted = rough_duration((now_ns - since) / SECOND)
    answer = _answer(incident).format(lasted=lasted)
    return Sentence(mark_of(incident.kind), answer, f"{verdict_sentence(incident)} {advice(incident)}")


def rough_duration(seconds: float) -> str:
    """Seconds below a minute, whole minutes from there on: a sentence that is read again and again stays calm."""
    return duration(seconds if seconds < 60 else seconds // 60 * 60)


def _not_observed(now: Now, starting: bool) -> Sentence:
    if starting:
        return starting_sentence()
    if now.last_sample_ns is None:
        seen = _("There is no measurement yet.")
    else:
        seen = _("Last measurement: {moment}.").format(moment=clock_time(local(now.last_sample_ns)))
    if now.recorder_running:
        return Sentence(
            Mark.UNOBSERVED, _("No measurement at the moment: the line’s state is not known."), seen
        )
    return Sentence(
        Mark.UNOBSERVED,
        _("Recording is off: the line’s state is not known."),
        seen + " " + _("What is not observed never counts as an outage."),
    )


def _fine(now: Now, now_ns: int) -> Sentence:
    lasted = rough_duration((now_ns - now.since_ns) / SECOND) if now.since_ns is not None else ""
    answer = _("All is well: the line answers.")
    calm = _("Nothing to report for {lasted}.").format(lasted=lasted) if lasted else _("Nothing to report.")
    return Sentence(
        Mark.FINE, answer, f"{calm} {box_words(now.box.account, now.box.at_ns)}" if now.box else calm
    )


def _unexplained(now: Now, now_ns: int) -> Sentence:
    lasted = rough_duration((now_ns - now.since_ns) / SECOND) if now.since_ns is not None else duration(0)
    if now.state == "down":
        return Sentence(
            Mark.OUTAGE,
            _("Nothing answers for {lasted}.").format(lasted=lasted),
            _("The cause is being established."),
        )
    return Sentence(
        Mark.OTHER,
        _("The line has been disturbed for {lasted}.").format(lasted=lasted),
        _("The cause is being established."),
    )


def _answer(incident: Incident) -> str:
    """What is the matter, as far as the verdict is sure of it."""
    cause = incident.verdict.cause
    if incident.kind is Kind.PARTIAL:
        return _partial_answer(cause)
    if not is_sure(incident.verdict.confidence):
        cause = Cause.UNKNOWN
    if incident.kind is Kind.OUTAGE:
        return _outage_answer(cause)
    if incident.kind is Kind.LATENCY and cause is Cause.OWN_TRAFFIC:
        return _("High delay for {lasted}: the home itself fills the line.")
    return _trouble_answer(incident.kind)


def _outage_answer(cause: Cause) -> str:
    match cause:
        case Cause.ACCESS:
            return _("Outage for {lasted}: the box answers, the line does not.")
        case Cause.ISP_CORE:
            return _("Outage for {lasted}: the line answers, the operator’s network does not.")
        case Cause.BOX:
            return _("Outage for {lasted}: the box does not answer.")
        case Cause.WIFI:
            return _("Outage for {lasted}: the Wi-Fi does not reach the box.")
        case Cause.LAN:
            return _("Outage for {lasted}: this computer does not reach the box.")
        case Cause.LOCAL_MACHINE:
            return _("Outage for {lasted}: this computer lets nothing out.")
        case _other:
            return _("Outage for {lasted}.")


def _partial_answer(cause: Cause) -> str:
    """What was seen, which holds whoever is at fault."""
    match cause:
        case Cause.IPV6:
            return _("Partial trouble for {lasted}: IPv6 does not answer, IPv4 does.")
        case Cause.ACCESS:
            return _("Partial trouble for {lasted}: IPv4 does not answer, IPv6 does.")
        case Cause.ISP_CORE:
            return _("Partial trouble for {lasted}: some networks are out of reach.")
        case Cause.REMOTE:
            return _("Partial trouble for {lasted}: a far server is silent, the others answer.")
        case Cause.MTU:
            return _("Partial trouble for {lasted}: small answers come, large ones hang.")
        case Cause.VPN:
            return _("Partial trouble for {lasted}: the line answers, nothing comes through the VPN.")
        case Cause.CAPTIVE_PORTAL:
            return _("Partial trouble for {lasted}: a portal asks you to log in.")
        case _other:
            return _("Partial trouble for {lasted}: some of the internet answers.")


def _trouble_answer(kind: Kind) -> str:
    return {
        Kind.LOSS: _("Losses for {lasted}: part of what is sent does not arrive."),
        Kind.LATENCY: _("High delay for {lasted}: the line answers late."),
        Kind.SLOW: _("Slow for {lasted}: the line answers, pages take long."),
        Kind.DNS: _("Names not found for {lasted}: the line itself answers."),
        Kind.WIFI: _("Weak Wi-Fi for {lasted}."),
    }.get(kind, _("Trouble for {lasted}."))


def verdict_sentence(incident: Incident) -> str:
    """Whose fault, how sure, and how many arguments on either side."""
    verdict = incident.verdict
    fault = fault_of(verdict.cause)
    if fault is Fault.UNKNOWN:
        start = _("Cause not established")
    elif not is_sure(verdict.confidence):
        start = _("Possible cause: {cause}").format(cause=cause_name(verdict.cause))
    else:
        start = {
            Fault.OPERATOR: _("Fault on the operator’s side, {likely}"),
            Fault.HOME: _("Fault on your side, {likely}"),
            Fault.ELSEWHERE: _("Fault elsewhere, {likely}"),
            Fault.ANYBODY: _("What fails: {cause}, {likely}"),
        }[fault].format(likely=likelihood(verdict.confidence), cause=cause_name(verdict.cause))
    reasons, reserves = len(verdict.reasons), len(verdict.counter_evidence)
    parts = [confidence(verdict.confidence)]
    if reasons:
        parts.append(ngettext("{n} reason", "{n} reasons", reasons).format(n=reasons))
    if reserves:
        parts.append(ngettext("{n} reserve", "{n} reserves", reserves).format(n=reserves))
    return f"{start} ({', '.join(parts)})."


def likelihood(value: float) -> str:
    """How sure, in words, of a confidence above the one from which somebody is blamed."""
    if value >= 0.9:
        return _("very likely")
    return _("likely") if value >= 0.7 else _("rather likely")


def confidence(value: float) -> str:
    return _("confidence {value}").format(value=number(value, 2))


def confidence_at_least(value: float) -> str:
    """Of several incidents shown as one: the lowest among them."""
    return _("confidence {value} at least").format(value=number(value, 2))


def advice(incident: Incident) -> str:
    """What the person can do, in a few words."""
    match incident.verdict.cause:
        case Cause.ACCESS | Cause.ISP_CORE if is_sure(incident.verdict.confidence):
            return _("Nothing to do on your side; all is recorded.")
        case Cause.REMOTE:
            return _("Nothing to do: your line works.")
        case Cause.IPV6:
            return _("If pages are slow to open, switch IPv6 off in this computer’s network settings.")
        case Cause.MTU:
            return _("Restart the box once: it then learns anew which packet size the line carries.")
        case Cause.WIFI:
            return _("Try a cable, or nearer to the box.")
        case Cause.BOX:
            return _("Look whether the box is on and what its lights say.")
        case Cause.LAN:
            return _("Check the cable between this computer and the box.")
        case Cause.LOCAL_MACHINE:
            return _("Look at this computer’s firewall or security program.")
        case Cause.OWN_TRAFFIC:
            return _("Look for a large transfer at home.")
        case Cause.VPN:
            return _("Try without the VPN.")
        case Cause.CAPTIVE_PORTAL:
            return _("Open any page in your browser to log in.")
        case Cause.DNS:
            return _(
                "The resolver may be the box’s, the operator’s or your own: try another in the network settings."
            )
        case _other:
            return _("All is recorded.")
