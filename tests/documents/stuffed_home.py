"""A home in which every place that can hold something personal does, with words that are found nowhere else."""

from __future__ import annotations

import hashlib
import struct
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.machine_key import load_or_make
from diagnostics.model import (
    SECOND,
    Event,
    EventKind,
    Outcome,
    Protocol,
    Remark,
    Role,
    Sample,
    Target,
    line_id,
    quantise_time,
)
from diagnostics.throughput import record as speed_record
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    Direction,
    Ended,
    Flow,
    Medium,
    Server,
    SpeedResult,
)
from diagnostics.witnesses import BoxAccount, Wifi, WifiState, to_event
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.diary import DiaryEntry, add, entries
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.commands.bundle import bare
from jalerte_desktop.documents.bundle.contents import AttachedFile, Bundle, Making, compose
from jalerte_desktop.documents.report.facts import Sources, gather
from jalerte_desktop.documents.report.model import ReportFacts
from tests.made import T0, samples

MAC, INTERFACE, GATEWAY = "02:ab:cd:ef:12:34", "enpzz9s77", "192.168.77.41"
OTHER_MAC, OTHER_INTERFACE, OTHER_GATEWAY = "02:de:ad:fe:99:01", "wlxqq8s66", "172.29.61.83"
HOME_ID, OTHER_ID = line_id(MAC, INTERFACE), line_id(OTHER_MAC, OTHER_INTERFACE)
HOP, OTHER_HOP = "100.66.77.88", "100.99.55.44"
WORK_ANCHOR, SHIPPED_ANCHORS = "198.51.100.213", ("1.1.1.1", "8.8.8.8", "9.9.9.9")
CUT_AT_S, CUT_S, SECONDS = 900, 60, 4000

PERSON = {
    "person.name": "Zébulon Wigglesworth",
    "person.address": "17 impasse des Mandragores",
    "person.postcode": "38710",
    "person.city": "Trifouillis-les-Oies",
    "person.email": "zebulon@wigglesworth.example",
    "person.phone": "06 98 76 54 32",
    "line.number": "0476991122",
    "contract.customer_number": "CLI7781234X",
    "contract.offer": "Offre Wigglebox",
    "case.impact": "Ma fille Philomène ne peut pas suivre ses cours",
}
"""Fields of the case; the offer is typed, so it may say anything."""
SECRETS = {
    "first name": "Zébulon",
    "name": "Wigglesworth",
    "street": "Mandragores",
    "town": "Trifouillis",
    "postcode": "38710",
    "e-mail": "zebulon@wigglesworth.example",
    "phone": "06 98 76 54 32",
    "phone, bare": "0698765432",
    "line number": "0476991122",
    "customer number": "CLI7781234X",
    "offer": "Wigglebox",
    "child": "Philomène",
    "ticket": "TICKET-55431",
    "IBAN": "FR7630006000011234567890189",
    "RIO": "04P1234ABCDE",
    "serial number": "SMBSA0B1C2D3",
    "technician": "Quatremère",
    "agent": "Hermenegilde",
    "promise": "nacelle",
    "exclusion": "Ursuline",
    "line's name": "Mémé",
    "other line's name": "Barnabé",
    "second witness": "Clotilde",
    "second witness's bundle": "5e" * 32,
    "second witness's key": "7d" * 32,
    "network": "198.51.100.0/24",
    "address": "198.51.100.77",
    "IPv6 network": "2001:db8:beef",
    "reverse name": "lfbn-gre-1-77.example",
    "gateway": GATEWAY,
    "MAC": MAC,
    "MAC with hyphens": MAC.replace(":", "-"),
    "MAC, bare": MAC.replace(":", ""),
    "line's id": HOME_ID,
    "other line's id": OTHER_ID,
    "other MAC": OTHER_MAC,
    "other gateway": OTHER_GATEWAY,
    "interface": INTERFACE,
    "other interface": OTHER_INTERFACE,
    "first hop": HOP,
    "other first hop": OTHER_HOP,
    "second hop": "100.66.1.99",
    "SSID": "WigglesNet",
    "BSSID": "9a:8b:7c:6d:5e:4f",
    "neighbour's SSID": "VoisinsDupontel",
    "neighbour's BSSID": "4e:5f:60:71:82:93",
    "host name": "zebulon-thinkpad",
    "work": "acme-quincaillerie",
    "tunnel": "tunwig0",
    "tunnel's far end": "10.99.88.77",
    "anchor of one's own": WORK_ANCHOR,
    "portal": "portail-secret",
    "own speed server": "nas-grenier",
    "own stamp server": "horodateur-maison",
    "path": "/home/zebulon",
    "field of the future": "CoffreFortTresPrive",
    "GPS": "45.188529N",
    "photo's name": "salon-de-zebulon",
    "clock's source": "ntp-du-cousin",
}
"""What the public copy must not hold, however it is written."""


@dataclass(frozen=True)
class StuffedHome:
    """``facts`` are whole, as the report without a copy would print them."""

    folder: Path
    facts: ReportFacts
    attached: tuple[AttachedFile, ...]

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    def bundle(self, copy: str, language: str = "fr", render=None) -> Bundle:
        from jalerte_desktop.documents.report.pdf import report_pdf

        key = load_or_make(self.folder / "keys")
        making = Making(language, self.facts.made_ns, "jalerte 0", key, render or report_pdf, bare)
        with Reader(self.journal) as reader:
            return compose(reader, self.facts, copy, making, self.attached)


def targets() -> tuple[Target, ...]:
    return (
        Target(Role.GATEWAY, Protocol.ICMP, GATEWAY, 4),
        Target(Role.FIRST_HOP, Protocol.ICMP, HOP, 4),
        *(
            Target(Role.ANCHOR, Protocol.ICMP, address, 4, f"AS{n}")
            for n, address in enumerate(SHIPPED_ANCHORS)
        ),
        Target(Role.ANCHOR, Protocol.ICMP, WORK_ANCHOR, 4, "acme-quincaillerie"),
        Target(Role.VPN, Protocol.ICMP, "tunwig0>10.99.88.77", 4),
    )


def build(folder: Path) -> StuffedHome:
    folder.mkdir(parents=True, exist_ok=True)
    _write_journal(folder / "journal.sqlite")
    case, diary = _write_case(folder / "case.sqlite")
    made_ns = T0 + (SECONDS + 60) * SECOND
    sources = Sources(folder / "journal.sqlite", folder / "files", case, diary, version="0")
    facts = gather(sources, None, None, ZoneInfo("Europe/Paris"), made_ns)
    return StuffedHome(folder, facts, (AttachedFile("photo", "salon-de-zebulon.jpg", photo()),))


def photo() -> bytes:
    """A small JPEG with a comment and an Exif block that tell a place (constructed from: T.81, Exif 2.3)."""
    gps = struct.pack(">HIHHIHHI", 0x4D4D, 0x002A0000, 8, 1, 0x88250004, 0, 1, 26)
    told = b"Exif\x00\x00" + gps + b"45.188529N Wigglesworth"
    comment = "pris par Zébulon Wigglesworth, 45.188529N".encode()
    head = b"\xff\xd8" + b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    parts = b"\xff\xe1" + struct.pack(">H", len(told) + 2) + told
    parts += b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\x34\x56"
    return head + parts + scan + b"\xff\xd9"


def _write_case(path: Path) -> tuple[Case, tuple[DiaryEntry, ...]]:
    with open_case_file(path, lambda: T0 + SECONDS * SECOND) as file:
        file.new("fixed-internet-cut", "FR", "Orange")
        file.set_all(PERSON)
        add(
            file,
            DiaryEntry(
                "call",
                T0 + 1000 * SECOND,
                with_whom="Hermenegilde du support",
                text="TICKET-55431, IBAN FR7630006000011234567890189, RIO 04P1234ABCDE, ONT SMBSA0B1C2D3",
                promise="Monsieur Quatremère passera mardi avec la nacelle",
                due=date(2026, 12, 24),
            ),
        )
        add(
            file,
            DiaryEntry("visit", T0 + 1200 * SECOND, with_whom="Monsieur Quatremère", text="chez Philomène"),
        )
        return file.show(), entries(file)


def _write_journal(path: Path) -> None:
    with closing(Writer(path)) as writer:
        for event in _before():
            writer.append(event)
        writer.sign(T0)
        waiting = sorted(_during(), key=lambda event: event.at_ns)
        stream = [_detailed(sample) for sample in samples(_world, SECONDS, targets=targets())]
        for start in range(0, len(stream), 2000):
            piece = stream[start : start + 2000]
            line = OTHER_ID if (piece[0].sent_ns - T0) // SECOND >= 3200 else HOME_ID
            writer.stage(line, piece)
            while waiting and waiting[0].at_ns <= piece[-1].sent_ns:
                writer.append(waiting.pop(0))
            writer.seal_due(piece[-1].mono_ns)
        writer.seal_all()
        for event in waiting:
            writer.append(event)
        writer.sign(T0 + SECONDS * SECOND)


def _world(target: Target, at_s: float):
    from tests.made import GOOD, LOST

    beyond = target.role is not Role.GATEWAY
    return LOST if beyond and CUT_AT_S <= at_s < CUT_AT_S + CUT_S else GOOD


def _detailed(sample: Sample) -> Sample:
    """Texts beside samples: who said no, and where a portal led to."""
    second = (sample.sent_ns - T0) / SECOND
    if not CUT_AT_S <= second < CUT_AT_S + CUT_S:
        return sample
    if sample.target.role is Role.ANCHOR:
        detail = f"{GATEWAY} net-unreachable" if second < 910 else "198.51.100.77 host-unreachable"
        return _with(sample, Outcome.UNREACHABLE, detail)
    if sample.target.role is Role.WEB:
        return _with(
            sample, Outcome.PORTAL, f"302 http://portail-secret.example/?mac={MAC}&host=zebulon-thinkpad"
        )
    if sample.target.role is Role.SYSTEM_RESOLVER:
        return _with(sample, Outcome.REFUSED, "servfail lfbn-gre-1-77.example")
    return sample


def _with(sample: Sample, outcome: Outcome, detail: str) -> Sample:
    return Sample(sample.target, sample.sent_ns, sample.mono_ns, outcome, None, detail, sample.flags)


def _at(second: float) -> int:
    return quantise_time(T0 + round(second * SECOND))


def _event(kind: EventKind, second: float, **data) -> Event:
    return Event(kind, _at(second), data)


def _line(second: float, mac: str, interface: str, gateway: str, **more) -> Event:
    known = {"id": line_id(mac, interface), "gateway": gateway, "gateway_mac": mac, "interface": interface}
    return _event(EventKind.LINE, second, **known, **more)


def _before() -> list[Event]:
    system = "Linux-6.8.0-zebulon-thinkpad-x86_64"
    return [
        _event(
            EventKind.STARTED, 0, version="0", method="2026", system=system, ping="icmp-datagram", pid=4242
        ),
        _event(
            EventKind.CONFIGURATION,
            0,
            gateway=GATEWAY,
            anchors=[*SHIPPED_ANCHORS, WORK_ANCHOR],
            resolvers=["198.51.100.77"],
            web_check="http://portail-secret.example/",
            large_check="http://nas-grenier.example/gros",
            own=["targets.anchors"],
        ),
        _event(
            EventKind.LINK,
            0,
            interface=INTERFACE,
            gateway=GATEWAY,
            carrier=True,
            medium="wifi",
            tunnel="tunwig0",
            tunnels=["tunwig0", "acme-quincaillerie"],
        ),
        _line(0, MAC, INTERFACE, GATEWAY, ssid="WigglesNet", network="198.51.100.0/24", operator="Orange"),
        _event(EventKind.LINE_NAMED, 1, id=HOME_ID, name="Chez Mémé Wigglesworth"),
        _event(EventKind.LINE_HOME, 1, id=HOME_ID, home=True, by="person"),
        _event(
            EventKind.CLOCK_STATE, 2, synchronised=True, offset_ms=1.5, error_ms=None, source="ntp-du-cousin"
        ),
    ]


def _during() -> list[Event]:
    wifi = Wifi(
        WifiState.CONNECTED, INTERFACE, "WigglesNet", "9a:8b:7c:6d:5e:4f", frequency_mhz=5180, signal_dbm=-61
    )
    neighbour = Wifi(WifiState.CONNECTED, INTERFACE, "VoisinsDupontel", "4e:5f:60:71:82:93", signal_dbm=-80)
    box = BoxAccount("upnp", True, 5000, 6000, "198.51.100.0/24", 10**9, 10**8)
    return [
        to_event(wifi, _at(30)),
        to_event(neighbour, _at(40)),
        to_event(box, _at(50)),
        to_event(BoxAccount("upnp", True, network="2001:db8:beef::/48"), _at(55)),
        _speed(),
        _event(
            EventKind.SPEED_CHOICE,
            300,
            provider="http",
            servers=["http://nas-grenier.example/"],
            terms="",
            per_day=1,
            monthly_bytes=10**9,
        ),
        _event(
            EventKind.SPEED_HELD,
            310,
            reason="busy",
            why='speed_busy {"server": "nas-grenier"}',
            due_ns=_at(305),
            retry_at_ns=None,
            campaign="abcdef012345",
            line=HOME_ID,
        ),
        _event(
            EventKind.CAMPAIGN,
            320,
            action="started",
            id="abcdef012345",
            rules="fr",
            version="1",
            provider="http",
            line=HOME_ID,
            servers=["http://nas-grenier.example/"],
            confirmed=["Philomène ne regarde rien"],
            zone="Europe/Paris",
        ),
        _event(
            EventKind.EXCLUSION,
            400,
            since_ns=_at(2000),
            until_ns=_at(2100),
            reason="=Travaux chez Tante Ursuline, 17 impasse des Mandragores",
        ),
        _event(
            EventKind.SECOND_WITNESS,
            500,
            sha256="5e" * 32,
            name="Portable de Clotilde",
            key="7d" * 32,
            start_ns=_at(0),
            end_ns=_at(500),
        ),
        _event(EventKind.STAMP_CHOICE, 510, server="http://horodateur-maison.example", agreed=True),
        _event(EventKind.INTEGRITY, 520, ok=False, why="/home/zebulon/journal.sqlite"),
        _event(EventKind.CLOCK_STEP, 530, step_s=0.5, coffre="CoffreFortTresPrive"),
        _event(EventKind.WITNESS, 540, source="thermometre", where="CoffreFortTresPrive", ssid="WigglesNet"),
        _event(
            EventKind.LINK,
            3190,
            interface=OTHER_INTERFACE,
            gateway=OTHER_GATEWAY,
            carrier=True,
            medium="wifi",
        ),
        _event(
            EventKind.TARGETS,
            3195,
            number=90,
            role="gateway",
            protocol="icmp",
            address=OTHER_GATEWAY,
            family=4,
            network="",
        ),
        _line(
            3200,
            OTHER_MAC,
            OTHER_INTERFACE,
            OTHER_GATEWAY,
            ssid="VoisinsDupontel",
            operator="acme-quincaillerie",
        ),
        _event(EventKind.LINE_NAMED, 3201, id=OTHER_ID, name="Bureau de Barnabé"),
        _event(EventKind.LINE_HOME, 3201, id=OTHER_ID, home=False, by="person"),
        _event(
            EventKind.TARGETS,
            3205,
            number=91,
            role="first_hop",
            protocol="icmp",
            address=OTHER_HOP,
            family=4,
            network="",
        ),
    ]


def _speed() -> Event:
    flow = Flow(
        Direction.DOWN,
        94_000_000,
        Counted.RECEIVED,
        120_000_000,
        0,
        10 * SECOND,
        SECOND,
        Ended.STEADY,
        failure=Remark.of("speed_connect", server="nas-grenier.example", why="198.51.100.77"),
    )
    medium = Medium(
        "wifi",
        INTERFACE,
        wifi=Wifi(WifiState.CONNECTED, INTERFACE, "WigglesNet", "9a:8b:7c:6d:5e:4f", signal_dbm=-60),
    )
    digest = hashlib.sha256(f"{HOME_ID}|http|http://nas-grenier.example/|{_at(200)}".encode()).hexdigest()[
        :12
    ]
    result = SpeedResult(
        id=digest,
        at_ns=_at(200),
        provider="http",
        server=Server("http://nas-grenier.example/", "nas-grenier", 3.5, "198.51.100.77", 4),
        down=flow,
        up=None,
        idle=None,
        loaded_down=None,
        loaded_up=None,
        circumstances=Circumstances(medium=medium, tunnel="tunwig0", line_id=HOME_ID, line_home=True),
        bytes=120_000_000,
        indicative=False,
        notes=(Remark.of("speed_server_at_home", server="nas-grenier"),),
        version="1",
        duration_ns=12 * SECOND,
    )
    return speed_record.to_event(result)
