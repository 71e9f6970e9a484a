"""What the speed page says, as plain functions: the answer, figures, grades, costs, how a figure came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.speed_facts import DelayFacts, FlowFacts, ResultFacts
from jalerte_desktop.words.figures import NO_BREAK, day, local, number, percent
from jalerte_desktop.words.language import N_, _

PROVIDERS = {
    "http": N_("A server of your choice"),
    "ndt7": "M-Lab (ndt7)",
    "iperf3": "iperf3",
    "speedtest-cli": "Ookla (speedtest-cli)",
    "cloudflare": "Cloudflare",
}
_COUNTED = {
    "received": N_("bytes received here"),
    "acknowledged": N_("bytes that the other side acknowledged"),
    "server": N_("bytes that the server says it received"),
    "sent": N_("bytes handed to the system; start and end left out"),
    "reported": N_("the other program’s own figure"),
}
_ENDED = {
    "steady": N_("stopped early, since the rate was steady"),
    "time": N_("stopped when its time was over, before the rate had settled"),
    "cap": N_("stopped at the data limit"),
    "cancelled": N_("broken off"),
    "failed": N_("failed on the way"),
}
_GRADES = {
    "A+": N_("A full line adds no delay to notice: calls and games stay smooth."),
    "A": N_("A full line adds hardly any delay: calls and games stay smooth."),
    "B": N_("A full line adds a little delay: calls hold, games notice."),
    "C": N_("A full line delays clearly: calls and games may falter while something large is moved."),
    "D": N_("A full line delays much: calls falter while something large is moved."),
    "F": N_("A full line delays so much that calls break while something large is moved."),
}
_PROMISES = {
    "normal": N_("normally available"),
    "max": N_("maximum"),
    "min": N_("minimum"),
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What the contract promises in one direction: ``kind`` is ``normal``, ``max`` or ``min``."""

    kind: str
    bps: int


@dataclass(frozen=True, slots=True)
class SpeedAnswer:
    """The page's sentence and what stands under it. ``ratio``: of the promised rate, None where nothing is compared."""

    answer: str
    explanation: str
    ratio: float | None = None
    wants_promise: bool = False


def promises_of(fields: Mapping[str, str]) -> dict[str, Promise]:
    """The promised rates to compare with, by direction: the normally available, else the maximum, else the minimum."""
    found = {}
    for direction, name in (("down", "download"), ("up", "upload")):
        for kind in ("normal", "max", "min"):
            text = fields.get(f"contract.{name}_{kind}_bps", "")
            if text.isascii() and text.isdecimal() and int(text[:15]) > 0:
                found[direction] = Promise(kind, int(text[:15]))
                break
    return found


# --- the answer ---


def answer_of(results: Sequence[ResultFacts], promises: Mapping[str, Promise]) -> SpeedAnswer:
    """The newest result that speaks for the line, against the contract where that is known."""
    measured = [one for one in results if one.measured]
    if not measured:
        return SpeedAnswer(
            _("Nothing has been measured yet."),
            _("A measurement shows what your line carries, and sets it beside what your contract promises."),
        )
    newest = measured[-1]
    speaking = next((one for one in reversed(measured) if not one.indicative), None)
    if speaking is None:
        why = newest.reasons[0] if newest.reasons else ""
        return SpeedAnswer(
            _("The last result is only indicative: it may not speak for the line."),
            " ".join(one for one in (_figures_sentence(newest), why) if one),
        )
    answer, ratio = _compared(speaking, promises)
    return SpeedAnswer(answer, _beside(speaking, newest, promises), ratio, wants_promise=not promises)


def _compared(result: ResultFacts, promises: Mapping[str, Promise]) -> tuple[str, float | None]:
    when = when_words(result.at_ns)
    for direction, flow in (("down", result.down), ("up", result.up)):
        promise = promises.get(direction)
        if flow is None or flow.bps is None or promise is None:
            continue
        ratio = flow.bps / promise.bps
        words = (
            _("{when}: {rate} down, of {promised} promised: {share}.")
            if direction == "down"
            else _("{when}: {rate} up, of {promised} promised: {share}.")
        )
        said = words.format(
            when=when, rate=rate(flow.bps), promised=mega(promise.bps), share=percent(ratio, 0)
        )
        return said, ratio
    return _figures_sentence(result), None


def _figures_sentence(result: ResultFacts) -> str:
    """``On 22 November at 20:04: 287 Mbit/s down, 95 Mbit/s up.``"""
    when = when_words(result.at_ns)
    down, up = (flow.bps if flow is not None else None for flow in (result.down, result.up))
    if down is not None and up is not None:
        return _("{when}: {down} down, {up} up.").format(when=when, down=rate(down), up=rate(up))
    if down is not None:
        return _("{when}: {down} down.").format(when=when, down=rate(down))
    return _("{when}: {up} up.").format(when=when, up=rate(up or 0))


def _beside(result: ResultFacts, newest: ResultFacts, promises: Mapping[str, Promise]) -> str:
    """Upload, which promise it was, what the newest result is, and what one measurement is worth."""
    said = []
    compared = promises.get("down") if result.down is not None and result.down.bps is not None else None
    compared = compared or promises.get("up")
    promise = promises.get("up")
    up = result.up.bps if result.up is not None else None
    if up is not None and promise is not None and "down" in promises:
        said.append(
            _("Up: {rate} of {promised}, {share}.").format(
                rate=rate(up), promised=mega(promise.bps), share=percent(up / promise.bps, 0)
            )
        )
    if not promises:
        said.append(_("What your contract promises is not known yet: the case file asks for it."))
    elif compared is not None:
        said.append(_("The contract calls that speed “{kind}”.").format(kind=_(_PROMISES[compared.kind])))
    if newest is not result:
        said.append(_("A newer measurement is only indicative."))
    if promises:
        said.append(_("One measurement is a moment; a series, below, judges the contract."))
    return " ".join(said)


# --- figures ---


def mega(bps: int) -> str:
    """A rate's figure in Mbit/s, without the unit."""
    value = bps / 1e6
    decimals = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return number(value, decimals)


def rate(bps: int | None) -> str:
    """A rate with its unit; a dash where there is none."""
    return "–" if bps is None else mega(bps) + NO_BREAK + "Mbit/s"


def size(count: int) -> str:
    """In decimal units, as data plans are sold."""
    for unit, one in ((_("TB"), 1e12), (_("GB"), 1e9), (_("MB"), 1e6)):
        if count >= one or one == 1e6:
            value = count / one
            decimals = 0 if value >= 100 or value == round(value) else 1
            return f"{number(value, decimals)}{NO_BREAK}{unit}"
    raise AssertionError("unreachable")


def milli(ms: float | None) -> str:
    """A delay; a dash where nothing answered."""
    return "–" if ms is None else number(ms, 0 if ms >= 10 else 1) + NO_BREAK + "ms"


def hour_words(at_ns: int) -> str:
    """``20:04``, in French ``20 h 04``."""
    at = local(at_ns)
    return _("{hour}:{minute}").format(hour=at.hour, minute=f"{at.minute:02d}")


def when_words(at_ns: int) -> str:
    """``On 22 November at 20:04``."""
    return _("On {day} at {time}").format(
        day=day(local(at_ns), weekday=False, year=False).replace(" ", NO_BREAK), time=hour_words(at_ns)
    )


def day_words(at_ns: int) -> str:
    return day(local(at_ns), year=False)


# --- how a figure came about ---


def flow_method(flow: FlowFacts | None) -> str:
    """For the tool tip of a rate."""
    if flow is None or flow.bps is None:
        return _("Nothing was measured in this direction.")
    counted_s = max(0.0, flow.duration_s - flow.discarded_s)
    said = [
        _("Mean over {seconds} s; the first {discarded} s are left out.").format(
            seconds=number(counted_s, 1), discarded=number(flow.discarded_s, 1)
        ),
        _("Counted: {what}.").format(what=_(_COUNTED[flow.counted])) if flow.counted in _COUNTED else "",
        _("Connections at once: {n}.").format(n=number(flow.streams)),
        _("Sure to ±{error}.").format(error=percent(flow.error)) if flow.error is not None else "",
        _("It was {how}.").format(how=_(_ENDED[flow.ended])) if flow.ended in _ENDED else "",
        _("Payload of TCP, without headers; {size} moved.").format(size=size(flow.bytes)),
    ]
    return "\n".join(one for one in said if one)


def delay_method(delays: DelayFacts | None) -> str:
    """For the tool tip of a delay."""
    if delays is None or delays.median_ms is None:
        return _("No delay was measured.")
    how = _("pings") if delays.method == "icmp" else _("TCP connections")
    said = [
        _("Median of {n} round trips to the server ({how}), {lost} lost.").format(
            n=number(delays.sent), how=how, lost=number(delays.lost)
        )
    ]
    if delays.min_ms is not None and delays.p95_ms is not None:
        said.append(
            _("Shortest {least}; 95 of 100 below {most}.").format(
                least=milli(delays.min_ms), most=milli(delays.p95_ms)
            )
        )
    return "\n".join(said)


def grade_method(result: ResultFacts) -> str:
    """For the tool tip of the grade: its scale, and the round trips a minute where they were measured."""
    said = [
        _(
            "How much longer a round trip takes on a full line: less than 5 ms more A+, 30 A, 60 B, 200 C, 400 D,"
            " else F; the worse of both directions."
        )
    ]
    found = [one.rpm for one in (result.loaded_down, result.loaded_up) if one is not None and one.rpm]
    if found:
        said.append(_("{rpm} round trips a minute under load.").format(rpm=number(min(found))))
    return "\n".join(said)


def grade_words(grade: str) -> str:
    """What a grade means to somebody who calls or plays."""
    return _(_GRADES[grade]) if grade in _GRADES else _("The delay on a full line was not measured.")


# --- whom, and what it costs ---


def provider_name(provider: str) -> str:
    return _(PROVIDERS[provider]) if provider in PROVIDERS else provider


def choice_line(standing: Standing) -> str:
    """Whom it is measured with."""
    if not standing.provider:
        return _(
            "Nobody is chosen yet to measure with: you are asked first, and nothing is contacted before."
        )
    if standing.servers:
        return _("Measured with: {provider}, {server}.").format(
            provider=provider_name(standing.provider), server=", ".join(standing.servers)
        )
    return _("Measured with: {provider}.").format(provider=provider_name(standing.provider))


def cost_line(standing: Standing) -> str:
    """What one measurement will cost, and what the month has cost."""
    if standing.usual_bytes is not None:
        one = _("About {size} for a measurement, as the last ones.").format(size=size(standing.usual_bytes))
    elif standing.provider:
        one = _("At most {size} for a measurement, much less on a slower line.").format(
            size=size(min(standing.most_bytes, max(standing.cap_bytes - standing.used_bytes, 0)))
        )
    else:
        one = _("A measurement takes as much as the line carries in up to twenty seconds.")
    month = _("This month: {used} of {cap} used.").format(
        used=size(standing.used_bytes), cap=size(standing.cap_bytes)
    )
    return f"{one} {month}"
