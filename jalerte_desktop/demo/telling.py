"""What the made-up journal says beside samples: the recording, the line, the box, traffic, Wi-Fi, the clock."""

from __future__ import annotations

import random
from collections.abc import Iterator

from diagnostics.model import MINUTE, SECOND, Event, EventKind, GapReason, Line, Scalar, Span
from diagnostics.witnesses import BoxAccount, Origin, Step, Traffic, Wifi, WifiState, to_event
from jalerte_desktop.demo.script import DAY, HOUR, SEED, Script, What
from jalerte_desktop.demo.world import ANCHORS, CABLE, GATEWAY_ADDRESS, LARGE, NETWORK, RESOLVER, WEB, WIFI

EXCLUDED_FOR = "Travaux électriques annoncés dans l’immeuble : la box a été débranchée plusieurs fois."
SYSTEM = "demo"
_BOX_EVERY_NS = 10 * MINUTE
_STEP_NS = 5 * SECOND


def events(script: Script, version: str, method: str) -> list[Event]:
    """All but samples and speed measurements, in the order of time."""
    said = [
        *_recording(script, version, method),
        *_line(script),
        *_clock(script),
        *_box(script),
        *_traffic(script),
        *_radio(script),
        *(_excluded(span) for span in script.excluded),
    ]
    return sorted(said, key=lambda event: event.at_ns)


def _recording(script: Script, version: str, method: str) -> Iterator[Event]:
    start, end = script.span.start_ns, script.span.end_ns
    begun: dict[str, Scalar | list[str]] = {
        "version": version,
        "method": method,
        "system": SYSTEM,
        "ping": "icmp-datagram",
        "pid": 4242,
        "made_up": True,
    }
    yield Event(EventKind.STARTED, start, begun)
    tried: dict[str, Scalar | list[str]] = {
        "gateway": GATEWAY_ADDRESS,
        "anchors": [anchor.address for anchor in ANCHORS],
        "resolvers": [RESOLVER.address],
        "web_check": WEB.address,
        "large_check": LARGE,
        "own": [
            "home.working_hours",
            "targets.anchors",
            "targets.anchors6",
            "targets.resolvers",
            "targets.web_check",
        ],
    }
    yield Event(EventKind.CONFIGURATION, start, tried)
    for trouble in script.of(What.ASLEEP):
        gap: dict[str, Scalar | list[str]] = {
            "start_ns": trouble.span.start_ns,
            "reason": str(GapReason.ASLEEP),
        }
        yield Event(EventKind.GAP, trouble.span.end_ns, gap)
    yield Event(EventKind.STOPPED, end, {"reason": "asked"})


def _line(script: Script) -> Iterator[Event]:
    start = script.span.start_ns
    yield from _entered(CABLE, "ethernet", start)
    yield Event(EventKind.LINE_HOME, start + 90 * SECOND, {"id": CABLE.id, "home": True, "by": "person"})
    yield Event(EventKind.LINE_NAMED, start + 95 * SECOND, {"id": CABLE.id, "name": "Maison (exemple)"})
    for span in script.wifi:
        yield from _entered(WIFI, "wifi", span.start_ns)
        at = span.start_ns + MINUTE
        yield Event(EventKind.LINE_HOME, at, {"id": WIFI.id, "home": True, "by": "person"})
        yield Event(EventKind.LINE_NAMED, at, {"id": WIFI.id, "name": "Maison par le Wi-Fi (exemple)"})
        yield from _entered(CABLE, "ethernet", span.end_ns)


def _entered(line: Line, medium: str, at_ns: int) -> Iterator[Event]:
    link: dict[str, Scalar | list[str]] = {
        "interface": line.interface,
        "gateway": line.gateway,
        "carrier": True,
        "medium": medium,
    }
    if medium == "ethernet":
        link |= {"speed_bps": 1_000_000_000, "duplex": "full"}
    yield Event(EventKind.LINK, at_ns, link)
    place: dict[str, Scalar | list[str]] = {
        "id": line.id,
        "gateway": line.gateway,
        "gateway_mac": line.gateway_mac,
        "interface": line.interface,
        "network": NETWORK,
        "operator": "Fibro",
    }
    if medium == "wifi":
        place["ssid"] = "Fibro-Exemple"
    yield Event(EventKind.LINE, at_ns, place)


def _clock(script: Script) -> Iterator[Event]:
    chance = random.Random(f"{SEED} clock")
    for at in range(script.span.start_ns, script.span.end_ns, HOUR):
        offset = round(chance.gauss(0, 1.2), 3)
        data: dict[str, Scalar | list[str]] = {
            "synchronised": True,
            "offset_ms": offset,
            "error_ms": 14.0,
            "source": "kernel",
            # Each hour bears the mark: a bundle need not reach back to the start.
            "made_up": True,
        }
        if not _asleep(script, at):
            yield Event(EventKind.CLOCK_STATE, at, data)


def _box(script: Script) -> Iterator[Event]:
    """What the box says of its line: every ten minutes, and at each change."""
    dead = sorted(script.of(What.CUT) + script.of(What.WAITING), key=lambda one: one.span.start_ns)
    restarts = script.of(What.RESTART)
    changes = [(one.span.start_ns + 4 * SECOND, False) for one in dead]
    changes += [(one.span.end_ns + SECOND, True) for one in dead]
    regular = [(at, True) for at in range(script.span.start_ns, script.span.end_ns, _BOX_EVERY_NS)]
    for at, changed in sorted(changes + regular):
        down = next((one for one in dead if one.span.start_ns <= at < one.span.end_ns), None)
        if _asleep(script, at) or any(one.span.start_ns <= at < one.span.end_ns for one in restarts):
            continue
        booted = max((one.span.end_ns for one in restarts if one.span.end_ns <= at), default=None)
        since = max((one.span.end_ns for one in dead if one.span.end_ns <= at), default=None)
        account = BoxAccount(
            "upnp",
            wan_up=changed and down is None,
            uptime_s=None if down else _seconds(script, since, at),
            boot_s=_seconds(script, booted, at),
            network=None if down else NETWORK,
            link_down_bps=1_000_000_000,
            link_up_bps=700_000_000,
        )
        yield to_event(account, at)


def _seconds(script: Script, since_ns: int | None, at_ns: int) -> int:
    return (at_ns - (script.span.start_ns - 12 * DAY if since_ns is None else since_ns)) // SECOND


def _traffic(script: Script) -> Iterator[Event]:
    """Quiet statements of ten minutes; by the minute, in steps of five seconds, where something is wrong."""
    chance = random.Random(f"{SEED} traffic")
    at, end = script.span.start_ns, script.span.end_ns
    loud = [
        Span(one.span.start_ns - 15 * MINUTE, one.span.end_ns + 2 * MINUTE)
        for one in script.troubles
        if one.what is not What.ASLEEP
    ]
    while at < end:
        near = any(one.start_ns <= at < one.end_ns for one in loud)
        length = MINUTE if near else 10 * MINUTE - at % (10 * MINUTE)
        coming = min((one.start_ns for one in loud if one.start_ns > at), default=end)
        length = min(length, max(MINUTE, (coming - at) // MINUTE * MINUTE), end - at)
        if not _asleep(script, at) and not _asleep(script, at + length):
            # As the recorder does: quiet steps in a row are told as one.
            steps = length // _STEP_NS if _uploading(script, at, at + length) else 1
            rates = [_rates(script, at + n * _STEP_NS, near, chance) for n in range(steps)]
            for origin, share in ((Origin.HOME, 1.0), (Origin.MACHINE, 0.6)):
                told = tuple(
                    Step(length // steps, round(down * share), round(up * share)) for down, up in rates
                )
                yield to_event(Traffic(origin, at, told), at + length)
        at += length


def _rates(script: Script, at_ns: int, near: bool, chance: random.Random) -> tuple[float, float]:
    """Bits a second down and up."""
    now = next((one.what for one in script.troubles if one.span.start_ns <= at_ns < one.span.end_ns), None)
    if now in (What.CUT, What.WAITING, What.RESTART):
        return 0.0, chance.uniform(2_000, 9_000)
    if now is What.UPLOAD:
        return chance.uniform(300_000, 700_000), chance.uniform(205e6, 228e6)
    if near:
        return chance.uniform(30_000, 90_000), chance.uniform(15_000, 60_000)
    return chance.uniform(12_000, 60_000), chance.uniform(8_000, 30_000)


def _uploading(script: Script, start_ns: int, end_ns: int) -> bool:
    return any(one.span.clip(Span(start_ns, end_ns)) for one in script.of(What.UPLOAD))


def _radio(script: Script) -> Iterator[Event]:
    chance = random.Random(f"{SEED} radio")
    weak = script.of(What.WEAK_WIFI)
    for span in script.wifi:
        for at in range(span.start_ns, span.end_ns, MINUTE):
            poor = any(one.span.start_ns <= at < one.span.end_ns for one in weak)
            yield to_event(
                Wifi(
                    WifiState.CONNECTED,
                    WIFI.interface,
                    ssid="Fibro-Exemple",
                    bssid="00:00:5e:00:53:02",
                    frequency_mhz=2437,
                    channel=6,
                    signal_dbm=round(chance.gauss(-81 if poor else -58, 1.5)),
                    rx_bps=13_000_000 if poor else 144_000_000,
                    tx_bps=6_500_000 if poor else 144_000_000,
                ),
                at + 3 * SECOND,
            )


def _excluded(span: Span) -> Event:
    data: dict[str, Scalar | list[str]] = {
        "since_ns": span.start_ns,
        "until_ns": span.end_ns,
        "reason": EXCLUDED_FOR,
    }
    return Event(EventKind.EXCLUSION, span.end_ns + 3 * HOUR, data)


def _asleep(script: Script, at_ns: int) -> bool:
    return any(one.span.start_ns <= at_ns < one.span.end_ns for one in script.of(What.ASLEEP))
