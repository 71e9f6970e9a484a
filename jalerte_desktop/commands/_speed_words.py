"""A speed result, a comparison, a choice: as JSON with the keys that scripts read, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnostics.model import SECOND
from diagnostics.throughput.budget import Basis, Estimate
from diagnostics.throughput.choice import Choice, stays_home
from diagnostics.throughput.compare import Comparison, Kind, Row
from diagnostics.throughput.held import Held
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    DelayMethod,
    Delays,
    Direction,
    Ended,
    Flow,
    OtherTraffic,
    Server,
    SpeedResult,
    Tick,
)
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.validity import REASONS
from jalerte_desktop.commands._speed_figures import measured_rate, moment, size
from jalerte_desktop.words.figures import clock_time, iso, local, number, percent
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.remarks import say

_COUNTED = {
    Counted.RECEIVED: N_("bytes received here"),
    Counted.ACKNOWLEDGED: N_("bytes that the other side acknowledged"),
    Counted.SERVER: N_("bytes that the server says it received"),
    Counted.SENT: N_("bytes handed to the system; start and end left out"),
    Counted.REPORTED: N_("the other program’s own figure"),
}
_ENDED = {
    Ended.STEADY: N_("steady"),
    Ended.TIME: N_("not settled"),
    Ended.CAP: N_("data limit reached"),
    Ended.CANCELLED: N_("broken off"),
    Ended.FAILED: N_("failed"),
}
_METHOD = {DelayMethod.ICMP: N_("pings"), DelayMethod.TCP: N_("TCP connections")}
_KINDS = {
    Kind.HOME_CABLE: N_("By cable, to a server at home"),
    Kind.HOME_WIFI: N_("By Wi-Fi, to a server at home"),
    Kind.LINE_CABLE: N_("By cable, over the line"),
    Kind.LINE_WIFI: N_("By Wi-Fi, over the line"),
}


def result_json(result: SpeedResult) -> dict[str, Any]:
    """The whole result; the keys of docs/speed.md."""
    return {
        "id": result.id,
        "at": iso(result.at_ns),
        "download_bps": result.down.bps if result.down else None,
        "upload_bps": result.up.bps if result.up else None,
        "idle_ms": result.idle.median_ms if result.idle else None,
        "loaded_down_ms": result.loaded_down.median_ms if result.loaded_down else None,
        "loaded_up_ms": result.loaded_up.median_ms if result.loaded_up else None,
        "bytes": result.bytes,
        "provider": result.provider,
        "server": result.server.url,
        "indicative": result.indicative,
        "notes": [say(remark) for remark in result.notes],
        "note_codes": [remark.code for remark in result.notes],
        "grade": result.grade,
        "server_name": result.server.name or None,
        "server_address": result.server.address or None,
        "distance_ms": result.server.distance_ms,
        "download": _flow_json(result.down),
        "upload": _flow_json(result.up),
        "idle": _delays_json(result.idle),
        "loaded_down": _delays_json(result.loaded_down),
        "loaded_up": _delays_json(result.loaded_up),
        "circumstances": _circumstances_json(result.circumstances),
        "protocol": "TCP payload",
        "campaign": result.campaign or None,
        "scheduled": result.scheduled,
        "cancelled": result.cancelled,
        "method": result.version,
    }


def _flow_json(flow: Flow | None) -> dict[str, Any] | None:
    if flow is None:
        return None
    return {
        "bps": flow.bps,
        "error": flow.error,
        "counted": str(flow.counted),
        "bytes": flow.bytes,
        "duration_s": round(flow.duration_ns / SECOND, 3),
        "discarded_s": round(flow.ramp_ns / SECOND, 3),
        "ended": str(flow.ended),
        "streams": flow.streams,
        "segments_resent": flow.resent,
        "engine_share": flow.engine_share,
        "failure": flow.failure.code if flow.failure else None,
    }


def _delays_json(delays: Delays | None) -> dict[str, Any] | None:
    if delays is None:
        return None
    return {
        "method": str(delays.method),
        "sent": delays.sent,
        "lost": delays.lost,
        "min_ms": delays.min_ms,
        "median_ms": delays.median_ms,
        "p95_ms": delays.p95_ms,
        "rpm": delays.rpm,
    }


def _circumstances_json(around: Circumstances) -> dict[str, Any]:
    medium, wifi = around.medium, around.medium.wifi
    return {
        "medium": medium.kind or None,
        "interface": medium.interface or None,
        "link_bps": medium.speed_bps,
        "duplex": medium.duplex,
        "wifi_signal_dbm": wifi.signal_dbm if wifi else None,
        "wifi_rx_bps": wifi.rx_bps if wifi else None,
        "wifi_tx_bps": wifi.tx_bps if wifi else None,
        "other_down": _other_json(around.down),
        "other_up": _other_json(around.up),
        "cpu_share": around.cpu_share,
        "tunnel": around.tunnel or None,
        "beside_tunnel": around.beside_tunnel,
        "line": around.line_id or None,
        "line_home": around.line_home,
        "server_at_home": around.at_home,
        "loopback": around.loopback,
        "clock_synchronised": around.clock_synchronised,
        "clock_error_ms": around.clock_error_ms,
        "metered": around.metered,
    }


def _other_json(other: OtherTraffic) -> dict[str, int | None]:
    return {"machine_bps": other.machine_bps, "home_bps": other.home_bps}


def result_words(result: SpeedResult) -> Iterator[str]:
    """A result for a person: the figures, how they came about, what they may not be used for."""
    yield _("Measured on {when}, {provider}, server {server}").format(
        when=moment(result.at_ns), provider=result.provider, server=_server(result.server)
    )
    for name, flow in ((_("Download"), result.down), (_("Upload"), result.up)):
        if flow is not None:
            yield f"  {name:<12}{_flow_words(flow)}"
    if result.idle is not None:
        yield f"  {_('Delay'):<12}{_delay_words(result)}"
        if result.grade is not None:
            yield f"  {'':<12}{_grade_words(result)}"
    yield f"  {_('Data used'):<12}{size(result.bytes)}"
    reasons = [remark for remark in result.notes if remark.code in REASONS]
    others = [remark for remark in result.notes if remark.code not in REASONS]
    if result.indicative:
        yield _("Indicative only: this may not speak for the line.")
        yield from (f"  – {say(remark)}" for remark in reasons)
    else:
        yield _("Nothing keeps this result from speaking for the line.")
        others = [*reasons, *others]
    if others:
        yield _("Good to know:")
        yield from (f"  – {say(remark)}" for remark in others)


def _flow_words(flow: Flow) -> str:
    figure = measured_rate(flow.bps) if flow.bps is not None else "—"
    seconds = number((flow.duration_ns - flow.ramp_ns) / SECOND, 1)
    details = [
        _("over {seconds} s").format(seconds=seconds),
        size(flow.bytes),
        _(_COUNTED[flow.counted]),
        _(_ENDED[flow.ended]),
    ]
    return f"{figure:<16}({', '.join(details)})"


def _delay_words(result: SpeedResult) -> str:
    assert result.idle is not None
    parts = [_("{ms} ms idle").format(ms=_ms(result.idle))]
    if result.loaded_down is not None:
        parts.append(_("{ms} ms while downloading").format(ms=_ms(result.loaded_down)))
    if result.loaded_up is not None:
        parts.append(_("{ms} ms while uploading").format(ms=_ms(result.loaded_up)))
    sent = sum(one.sent for one in (result.idle, result.loaded_down, result.loaded_up) if one)
    lost = sum(one.lost for one in (result.idle, result.loaded_down, result.loaded_up) if one)
    share = percent(lost / sent) if sent else "—"
    method = _(_METHOD[result.idle.method])
    return ", ".join(parts) + " · " + _("{share} lost ({method})").format(share=share, method=method)


def _grade_words(result: SpeedResult) -> str:
    rpm = [
        one.rpm for one in (result.loaded_down, result.loaded_up) if one is not None and one.rpm is not None
    ]
    text = _("Delay under load: grade {grade} (A+ best, F worst)").format(grade=result.grade)
    return f"{text}, {_('{rpm} round trips a minute').format(rpm=number(min(rpm)))}" if rpm else text


def _ms(delays: Delays) -> str:
    return "—" if delays.median_ms is None else number(delays.median_ms, 1)


def result_line(result: SpeedResult) -> str:
    """One line of a list."""
    down = measured_rate(result.down.bps) if result.down and result.down.bps is not None else "—"
    up = measured_rate(result.up.bps) if result.up and result.up.bps is not None else "—"
    worth = _("indicative") if result.indicative else _("speaks for the line")
    series = f" · {_('series {id}').format(id=result.campaign)}" if result.campaign else ""
    return (
        f"{moment(result.at_ns)}  ↓ {down}  ↑ {up}  {size(result.bytes)}  {result.provider} · {worth}{series}"
    )


def held_words(held: Held) -> str:
    """A measurement that was not made, in one line."""
    again = _("given up")
    if held.retry_at_ns is not None:
        soon = local(held.retry_at_ns).date() == local(held.at_ns).date()
        time = _hour(held.retry_at_ns) if soon else moment(held.retry_at_ns)
        again = _("again at {time}").format(time=time)
    return f"{moment(held.at_ns)}  {_('not measured')} · {say(held.why)} · {again}"


def held_sentence(held: Held) -> str:
    """Why a measurement was held, and when it is tried again, while somebody watches."""
    why = say(held.why)
    if held.retry_at_ns is None:
        return _("A measurement was given up. {why}").format(why=why)
    return _("The measurement waits until {time}. {why}").format(time=_hour(held.retry_at_ns), why=why)


def _hour(ns: int) -> str:
    return clock_time(local(ns), seconds=False)


def held_json(held: Held) -> dict[str, Any]:
    """A hold for scripts."""
    return {
        "at": iso(held.at_ns),
        "reason": str(held.reason),
        "words": say(held.why),
        "due": iso(held.due_ns),
        "retry_at": None if held.retry_at_ns is None else iso(held.retry_at_ns),
        "campaign": held.campaign or None,
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Rows of what was measured from where, and what they say together."""
    return {
        "rows": [
            {
                "kind": str(row.kind),
                "id": row.result_id,
                "at": iso(row.at_ns),
                "download_bps": row.down_bps,
                "upload_bps": row.up_bps,
                "server": row.server.url,
                "sound": row.sound,
                "old": row.old,
            }
            for row in comparison.rows
        ],
        "verdict": [say(remark) for remark in comparison.verdict],
    }


def comparison_words(comparison: Comparison) -> Iterator[str]:
    yield from (_row_words(row) for row in comparison.rows)
    yield from (say(remark) for remark in comparison.verdict)


def _row_words(row: Row) -> str:
    rates = "  ".join(
        f"{sign} {measured_rate(bps) if (bps := row.bps(direction)) is not None else '—'}"
        for sign, direction in (("↓", Direction.DOWN), ("↑", Direction.UP))
    )
    return f"{_(_KINDS[row.kind]):<34}{rates}   {moment(row.at_ns)}"


def choice_words(choice: Choice) -> Iterator[str]:
    """What was kept as the person's choice."""
    servers = ", ".join(choice.servers) or _("those that it names itself")
    yield _("Chosen: {provider}, servers: {servers}.").format(provider=choice.provider, servers=servers)
    if choice.per_day:
        yield _("Scheduled measurements a day: {n}, while the recorder runs and the link is idle.").format(
            n=choice.per_day
        )
    else:
        yield _("No scheduled measurements: each is started by you.")
    yield _("Data limit: {size} a month.").format(size=size(choice.cap_bytes))


def cost_words(cost: Estimate, used_bytes: int, choice: Choice) -> str:
    """What the measurement will cost, before it begins."""
    if stays_home(choice):
        return _("Data for this measurement: none of the month’s, since it stays in your own network.")
    if cost.basis is Basis.RESULTS:
        amount = _("about {size}, as the last ones").format(size=size(cost.usual_bytes))
    elif cost.basis is Basis.ASSUMED:
        amount = _("at most {size} if the link is {rate} Gbit/s, less on a slower line").format(
            size=size(cost.high_bytes), rate=number(default_rules().assumed_bps / 1e9)
        )
    else:
        amount = _("at most {size}, less on a slower line").format(size=size(cost.high_bytes))
    return _("Data for this measurement: {amount}. This month: {used} of {cap}.").format(
        amount=amount, used=size(used_bytes), cap=size(choice.cap_bytes)
    )


def tick_words(tick: Tick) -> str:
    """The rate of this moment."""
    return f"{'↓' if tick.direction is Direction.DOWN else '↑'} {measured_rate(tick.bps)}  {size(tick.bytes)}"


def server_words(server: Server) -> str:
    return _("Server: {server}").format(server=_server(server))


def _server(server: Server) -> str:
    name = server.name or server.url
    if server.distance_ms is None:
        return name
    return _("{name} ({ms} ms away)").format(name=name, ms=number(server.distance_ms, 1))
