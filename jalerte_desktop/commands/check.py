"""``jalerte check``: one diagnosis now, in plain words."""

from __future__ import annotations

import argparse
from typing import Any

from diagnostics.config import load as load_config
from diagnostics.incidents.checkup import Checkup, Habits, Link, judge_look
from diagnostics.incidents.look import Look
from diagnostics.incidents.method import default_method
from diagnostics.incidents.rooms import SAME_TIME_NS, Comparison, Reach, Room, compare, room_of
from diagnostics.journal.lock import is_held
from diagnostics.links.interfaces import read_interface
from diagnostics.links.route import RouteState, open_route_reader
from diagnostics.model import MILLISECOND, Cause, Kind, Problem, line_id
from diagnostics.probes.binding import Binding
from diagnostics.probes.ping import open_pinger
from diagnostics.recorder.bystanders import Bystanders, ask_adapter, ask_box
from diagnostics.recorder.lines import gateway_of
from diagnostics.recorder.notes import LOCK_NAME
from diagnostics.recorder.survey import Survey, look
from diagnostics.witnesses import WifiState
from jalerte_desktop.commands._memory import remembered
from jalerte_desktop.commands._rooms import keep_room, read_rooms, room_name
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import clock_time, day, iso, local, number, percent
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.names import cause_name
from jalerte_desktop.words.remarks import say

_LAYERS = {
    "link": N_("link"),
    "wifi": N_("Wi-Fi"),
    "box": N_("box"),
    "box_line": N_("line, as the box says"),
    "first_hop": N_("first router beyond the box"),
    "internet": N_("internet"),
    "connections": N_("connections"),
    "dns": N_("names (DNS)"),
    "web": N_("web"),
    "large": N_("large answers"),
    "vpn": N_("VPN"),
}
_STATES = {"ok": N_("fine"), "degraded": N_("degraded"), "failed": N_("failed"), "unknown": N_("unknown")}
_KINDS = {
    Kind.OUTAGE: N_("Outage"),
    Kind.LOSS: N_("Lost packets"),
    Kind.LATENCY: N_("Slow answers"),
    Kind.SLOW: N_("Low speed"),
    Kind.DNS: N_("Trouble with names"),
    Kind.WIFI: N_("Trouble with the Wi-Fi"),
    Kind.PARTIAL: N_("Partial trouble"),
}
_MARKS = {"ok": "✓", "degraded": "~", "failed": "✕", "unknown": "·"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--room", metavar="NAME", help=_("the room this computer is in: kept, and compared with the others")
    )
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    # Working hours are of no use here: what is wrong in them shall not keep anybody from a diagnosis.
    config = load_config(context.home.config, without=("home.working_hours",))
    name = None if arguments.room is None else room_name(arguments.room)
    rooms, unread = _rooms(context)
    if not context.json:
        context.say(_("Checking the line, about ten seconds…"))
        context.out.flush()
    binding = Binding()
    pinger, routes = open_pinger(context.clock, binding=binding), open_route_reader()
    try:
        route = routes.read()
        line = line_id(route.gateway_mac, route.interface) if route.gateway_mac else ""
        habits, hop = remembered(context.home, context.now_ns, line)
        gateway = config.gateway if config.gateway != "auto" else gateway_of(route)
        bystanders = Bystanders(
            lambda: ask_adapter(route), lambda ended: ask_box(route, gateway, context.clock, ended)
        )
        survey = look(config, context.clock, pinger, routes, hop, binding)
    finally:
        pinger.close()
        routes.close()
    home_box = _box_id(survey, route)
    recording = is_held(context.home.folder / LOCK_NAME)
    seen = _look(survey, habits, bystanders, _cable_tried(rooms, home_box, context.now_ns), recording)
    method = default_method()
    checkup = judge_look(seen, method)
    room, comparison = None, None
    if name is not None:
        room = room_of(name, context.now_ns, home_box, seen, checkup)
        rooms = (*(other for other in rooms if other.name != name), room)
        comparison = compare(rooms, name, method)
    shown = tuple(one for one in rooms if one.box_id == home_box)
    if context.json:
        context.print_json(_document(checkup, survey.method, shown, comparison))
    else:
        for line in (*describe(checkup), *(describe_rooms(shown, comparison) if room else ())):
            context.say(line)
    if room is not None:
        if unread is not None:
            raise unread
        keep_room(context.home.rooms, rooms, room)
    return 0


def _rooms(context: Context) -> tuple[tuple[Room, ...], Problem | None]:
    """The rooms kept so far; why not, where they cannot be read: the diagnosis goes on without."""
    try:
        return read_rooms(context.home.rooms, context.now_ns), None
    except Problem as problem:
        return (), problem


def _box_id(survey: Survey, before: RouteState) -> str:
    """Tells one home's box from another's, by cable and by Wi-Fi alike."""
    return line_id(survey.route.gateway_mac or before.gateway_mac or survey.gateway, "box")


def _cable_tried(rooms: tuple[Room, ...], box_id: str, now_ns: int) -> bool:
    return any(
        room.box_id == box_id and room.medium == "ethernet" and now_ns - room.at_ns <= SAME_TIME_NS
        for room in rooms
    )


def _look(survey: Survey, habits: Habits, bystanders: Bystanders, cable_tried: bool, recording: bool) -> Look:
    said = bystanders.box()
    interface, wifi = survey.route.interface, bystanders.wifi()
    medium = survey.route.medium
    if not medium and wifi is not None and wifi.state is WifiState.CONNECTED and wifi.interface == interface:
        medium = "wifi"
    facts = read_interface(interface)
    link = Link(
        interface,
        survey.gateway if interface else "",
        survey.route.carrier,
        medium,
        wifi,
        facts.speed_bps,
        facts.duplex,
        facts.mtu,
    )
    return Look(
        survey.samples,
        link,
        habits,
        said.account if said is not None else None,
        cable_tried,
        survey.tunnel,
        survey.route.tunnels,
        survey.route.tunnel,
        survey.machine,
        said.home if said is not None else None,
        recording,
    )


def _document(
    checkup: Checkup, method: str, rooms: tuple[Room, ...], comparison: Comparison | None
) -> dict[str, Any]:
    return {
        "verdict": {
            "ok": checkup.ok,
            "kind": None if checkup.kind is None else str(checkup.kind),
            "cause": None if checkup.cause is None else str(checkup.cause),
            "confidence": checkup.confidence,
            "reasons": [say(remark) for remark in checkup.reasons],
            "counter_evidence": [say(remark) for remark in checkup.counter_evidence],
            "advice": [say(remark) for remark in checkup.advice],
        },
        "layers": [
            {"name": layer.name, "state": layer.state, "detail": say(layer.detail)}
            for layer in checkup.layers
        ],
        "ping_method": method,
        "rooms": [_room_json(room) for room in rooms],
        "comparison": comparison
        and {
            "cause": None if comparison.cause is None else str(comparison.cause),
            "room": comparison.room,
            "confidence": comparison.confidence,
            "summary": say(comparison.summary),
            "reasons": [say(remark) for remark in comparison.reasons],
            "counter_evidence": [say(remark) for remark in comparison.counter_evidence],
            "advice": [say(remark) for remark in comparison.advice],
        },
    }


def _room_json(room: Room) -> dict[str, Any]:
    def ms(value: int | None) -> float | None:
        return None if value is None else round(value / MILLISECOND, 2)

    return {
        "name": room.name,
        "at": iso(room.at_ns),
        "medium": room.medium or None,
        "signal_dbm": room.signal_dbm,
        "tx_bps": room.tx_bps,
        "band_ghz": room.band_ghz,
        "box_loss": round(room.box.share_missed, 4),
        "box_ms": ms(room.box.median_ns),
        "internet_loss": round(room.internet.share_missed, 4),
        "internet_ms": ms(room.internet.median_ns),
        "ok": room.ok,
        "cause": room.cause,
    }


def describe(checkup: Checkup) -> list[str]:
    """The checkup as lines of text for a terminal."""
    names = {name: _(text) for name, text in _LAYERS.items()}
    width = max(map(len, names.values()))
    lines = [
        f"  {_MARKS[layer.state]} {names[layer.name]:<{width}}  {_(_STATES[layer.state])} · {say(layer.detail)}"
        for layer in checkup.layers
    ]
    lines.append("")
    lines.append(headline(checkup))
    lines += [f"  + {say(remark)}" for remark in checkup.reasons]
    lines += [f"  − {say(remark)}" for remark in checkup.counter_evidence]
    lines += [f"  → {say(remark)}" for remark in checkup.advice]
    return lines


def headline(checkup: Checkup) -> str:
    """What is wrong, and whose fault it is, in one sentence; a cause is named as sure only above the mark of blame."""
    if checkup.ok:
        return _("All is well at this moment.")
    assert checkup.kind is not None
    assert checkup.cause is not None
    if checkup.cause is Cause.UNKNOWN:
        sentence = _("{kind}. Cause: not determined (confidence {confidence}).")
    elif checkup.confidence > default_method().blame:
        sentence = _("{kind}. Cause: {cause} (confidence {confidence}).")
    else:
        sentence = _("{kind}. Possible cause: {cause} (confidence {confidence}).")
    return sentence.format(
        kind=_(_KINDS[checkup.kind]),
        cause=cause_name(checkup.cause),
        confidence=number(checkup.confidence, 2),
    )


def describe_rooms(rooms: tuple[Room, ...], comparison: Comparison | None) -> list[str]:
    """The rooms side by side, and what they say together."""
    lines = ["", _("Rooms looked at so far:")]
    width = max(len(room.name) for room in rooms)
    for room in sorted(rooms, key=lambda one: one.at_ns):
        start = local(room.at_ns)
        when = f"{day(start, weekday=False, year=False)} {clock_time(start, seconds=False)}"
        parts = [
            when,
            _medium(room),
            _reach_words(_("box"), room.box),
            _reach_words(_("internet"), room.internet),
        ]
        lines.append(f"  {room.name:<{width}}  " + " · ".join(part for part in parts if part))
    if comparison is None:
        lines.append(_("Run the check in another room with --room: the two are then compared."))
        return lines
    summary = say(comparison.summary).removesuffix(".")
    confidence = number(comparison.confidence, 2)
    lines += ["", _("{sentence} (confidence {confidence}).").format(sentence=summary, confidence=confidence)]
    lines += [f"  + {say(remark)}" for remark in comparison.reasons]
    lines += [f"  − {say(remark)}" for remark in comparison.counter_evidence]
    lines += [f"  → {say(remark)}" for remark in comparison.advice]
    return lines


def _medium(room: Room) -> str:
    if room.medium != "wifi":
        return _("cable") if room.medium == "ethernet" else ""
    return "Wi-Fi" if room.signal_dbm is None else f"Wi-Fi {number(room.signal_dbm)} dBm"


def _reach_words(name: str, reach: Reach) -> str:
    if not reach.tries:
        return ""
    if reach.median_ns is None:
        return _("{name}: no answer").format(name=name)
    return _("{name}: {share} lost, {ms} ms").format(
        name=name, share=percent(reach.share_missed), ms=number(reach.median_ns / MILLISECOND, 1)
    )
