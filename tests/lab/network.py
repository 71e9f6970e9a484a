"""A small internet on one machine: pc, box, isp and net as network namespaces, with real servers in them.

    pc 192.168.1.10 ─┐
                     ├─ 192.168.1.1 box 100.64.7.2 ── 100.64.7.1 isp 198.18.0.1 ── 198.18.0.2 net
    tv 192.168.1.20 ─┘

``net`` holds the anchors, each on a network that the operator has a route of its own for, and servers (``servers.py``).
The box bridges the home, masquerades, and its line is shaped in both directions. A ``Layout`` says what is special.
Needs root and Linux. All addresses exist in these namespaces only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.playing.scenario import Network

NAMESPACES = Path("/run/netns")
ROOT = Path(__file__).resolve().parents[2]
JALERTE = Path(os.environ.get("JALERTE_BIN", ROOT / ".venv/bin/jalerte"))
ANCHORS = ("192.0.2.11", "198.51.100.22", "198.18.33.33", "198.19.44.44")
ANCHORS6 = ("2001:db8:a0::11", "2001:db8:a1::22", "2001:db8:a2::33", "2001:db8:a3::44")
NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "198.18.33.0/24", "198.19.44.0/24")
NETWORKS6 = ("2001:db8:a0::/48", "2001:db8:a1::/48", "2001:db8:a2::/48", "2001:db8:a3::/48")
RESOLVER, RESOLVER6 = "203.0.113.53", "2001:db8:53::53"
WEB, WEB6 = "203.0.113.80", "2001:db8:53::80"
SPEED, VPN = "203.0.113.90", "203.0.113.99"
SERVICES, SERVICES6 = "203.0.113.0/24", "2001:db8:53::/48"
WEB_NAME = "check.example.net"
PC, TV, BOX, BOX_MAC = "192.168.1.10", "192.168.1.20", "192.168.1.1", "02:00:00:00:01:01"
PC6, BOX6 = "2001:db8:1::10", "fe80::1"
WAN, HOP, WAN6, HOP6 = "100.64.7.2", "100.64.7.1", "2001:db8:7::2", "2001:db8:7::1"
ISP, CORE, ISP6, CORE6 = "198.18.0.1", "198.18.0.2", "2001:db8:8::1", "2001:db8:8::2"
TUNNEL, INSIDE = "10.66.0.1", "10.66.0.0/16"

ARRIVING = "chain arriving { type filter hook prerouting priority -300;"
LEAVING = "chain leaving { type filter hook postrouting priority 300;"
PINGS = "meta l4proto { icmp, icmpv6 } @th,0,8 { 8, 128 }"
"""Echo requests of both families (RFC 792, RFC 4443), in nft's words."""
_NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept;"
"""Like ARP, which nft leaves alone, neighbours stay known while packets are dropped: the line is back at once."""


def missing() -> str:
    """Why the lab cannot be built here; empty when it can."""
    if os.name != "posix" or os.uname().sysname != "Linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root (it makes network namespaces)"
    wanted = ("ip", "tc", "nft", "dnsmasq", "nginx", "miniupnpd")
    programs = [name for name in wanted if shutil.which(name) is None]
    if programs:
        return f"the lab needs {', '.join(programs)}: make test installs them"
    if not Path("/dev/net/tun").exists():
        return "the lab needs /dev/net/tun"
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a lab is built for.

    ``wires`` are the spans that can delay: ``lan`` (pc to box), ``access`` (box to operator), ``core`` (operator to
    internet). ``tv``: another device at home. ``impostors``: the box can answer in the place of names and pages.
    ``slow_ms``: a second resolver of the box, so late. ``speed``: a server to exchange bulk with. ``vpn``: the far end
    of a tunnel.
    """

    network: Network = field(default_factory=lambda: Network(igd=False))
    wires: tuple[str, ...] = ()
    tv: bool = False
    impostors: bool = False
    slow_ms: float = 0.0
    speed: bool = False
    vpn: bool = False


@dataclass
class Lab:
    """One network. ``name`` keeps several apart; ``folder`` holds the servers' files."""

    name: str
    folder: Path
    layout: Layout = field(default_factory=Layout)
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        wires = tuple(f"wire-{span}" for span in self.layout.wires)
        return ("pc", "box", "isp", "net", *(("tv",) if self.layout.tv else ()), *wires)

    def ns(self, place: str) -> str:
        return f"jal-{self.name}-{place}"

    def run(self, place: str, *command: str) -> str:
        """Run a command in a place and return what it prints; raises RuntimeError."""
        return _call("ip", "netns", "exec", self.ns(place), *command)

    def ip(self, place: str, *lines: str) -> int:
        """``ip`` commands in a place, in one process; returns when they were done (UTC ns). Raises RuntimeError."""
        _call("ip", "-n", self.ns(place), "-batch", "-", text="\n".join(lines) + "\n")
        return time.time_ns()

    def start(self, place: str, *command: str, **options: object) -> subprocess.Popen[bytes]:
        """Start a command in a place."""
        return subprocess.Popen(["ip", "netns", "exec", self.ns(place), *command], **options)  # type: ignore[call-overload,no-any-return]

    def serve(self, key: str, place: str, *command: str, **options: object) -> subprocess.Popen[bytes]:
        """Start a server, known as ``key``, that ends with the lab or by ``end``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.folder.joinpath(f"{key}.log").open("ab") as log:
            outlets: dict[str, object] = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL}
            self.servers[key] = self.start(place, *command, **(outlets | options))
        return self.servers[key]

    def tool(self, key: str, place: str, script: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of the lab's own programs and wait until it says that it is ready. Raises RuntimeError."""
        command = (sys.executable, "-S", "-E", str(Path(__file__).with_name(script)), *arguments)
        process = self.serve(key, place, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hear(key)
        return process

    def tell(self, key: str, text: str) -> None:
        """Give one of the lab's own programs a new order, and wait until it obeys. Raises RuntimeError."""
        stdin = self.servers[key].stdin
        assert stdin is not None
        stdin.write(f"{text}\n".encode())
        stdin.flush()
        self.hear(key)

    def hear(self, key: str) -> None:
        stdout = self.servers[key].stdout
        assert stdout is not None
        if stdout.readline() != b"ready\n":
            raise RuntimeError(
                f"{key} failed: {self.folder.joinpath(f'{key}.log').read_text('utf-8')[-2000:]}"
            )

    def end(self, *keys: str) -> None:
        """End servers; those that do not listen are killed after five seconds."""
        gone = [self.servers.pop(key) for key in keys if key in self.servers]
        for server in gone:
            server.send_signal(signal.SIGTERM)
        for server in gone:
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            for stream in (server.stdin, server.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def rule(self, place: str, table: str, *chains: str, family: str = "inet") -> int:
        """Put a table of nft rules into force; returns when it was (UTC ns)."""
        self.run(place, "nft", f"table {family} {table} {{ {'; '.join(chains)}; }}")
        return time.time_ns()

    def unrule(self, place: str, table: str, family: str = "inet") -> int:
        self.run(place, "nft", f"delete table {family} {table}")
        return time.time_ns()

    def cut(self, place: str, interface: str, table: str = "cut", which: str = "") -> int:
        """Drop everything (or ``which``: nft's words) that crosses an interface, in silence."""
        return self.rule(
            place,
            table,
            f"chain judged {{ {_NEIGHBOURS} {which} drop; }}",
            f'{ARRIVING} iifname "{interface}" jump judged; }}',
            f'{LEAVING} oifname "{interface}" jump judged; }}',
        )

    def cut_access(self) -> int:
        return self.cut("isp", "access")

    def mend_access(self) -> int:
        return self.unrule("isp", "cut")

    def jalerte(self, home: Path, *arguments: str) -> list[str]:
        return [str(JALERTE), "--home", str(home), *arguments]

    def config(self, home: Path) -> None:
        """Write a config.toml that knows this internet."""
        network = self.layout.network
        targets = {
            "anchors": list(ANCHORS[: network.anchors]),
            "resolvers": [RESOLVER],
            "web_check": f"http://{WEB_NAME}/generate_204",
            "large_check": f"http://{WEB_NAME}/large",
        }
        if network.ipv6:
            targets["anchors6"] = list(ANCHORS6[: network.anchors])
        home.mkdir(parents=True, exist_ok=True)
        lines = [f"{key} = {json.dumps(value)}" for key, value in targets.items()]
        text = "\n".join(["[targets]", *lines, "[home]", 'line = "first"', ""])
        home.joinpath("config.toml").write_text(text, "utf-8")

    def allow_datagram(self, allowed: bool) -> None:
        """Let users (root included) open datagram ICMP sockets in the pc, or not."""
        self.run("pc", "sysctl", "-qw", f"net.ipv4.ping_group_range={'0 2147483647' if allowed else '1 0'}")

    def resolver(self, address: str) -> None:
        """Tell the pc's system which resolver to ask."""
        file = Path("/etc/netns", self.ns("pc"), "resolv.conf")
        file.parent.mkdir(parents=True, exist_ok=True)
        # In place: what runs in the pc already sees this very file.
        file.write_text(f"nameserver {address}\n", "ascii")

    def restore_pc(self) -> int:
        """What a DHCP client does in the pc once its interface is up again."""
        routes = [f"route replace default via {BOX} dev eth0"]
        if self.layout.network.ipv6:
            routes += [
                f"address replace {PC6}/64 dev eth0 nodad",
                f"route replace default via {BOX6} dev eth0",
            ]
        return self.ip("pc", *routes)

    def lose_wan(self) -> None:
        """The box notices that its line is down: its public side has no address any more."""
        self.ip("box", "address flush dev wan scope global")

    def restore_wan(self) -> None:
        lines = [f"address replace {WAN}/30 dev wan", f"route replace default via {HOP}"]
        if self.layout.network.ipv6:
            lines += [f"address replace {WAN6}/64 dev wan nodad", f"route replace default via {HOP6}"]
        self.ip("box", *lines)


@contextlib.contextmanager
def build(name: str, folder: Path, layout: Layout | None = None) -> Iterator[Lab]:
    """Build the network and start its servers; everything is taken away at the end.

    What labs of dead processes left behind goes first. ``name`` begins with the process's id.
    """
    # They need this module.
    from tests.lab.servers import serve
    from tests.lab.wiring import wire

    sweep()
    lab = Lab(name, folder, layout or Layout())
    try:
        wire(lab)
        serve(lab)
        yield lab
    finally:
        lab.end(*lab.servers)
        for place in lab.places:
            _remove(lab.ns(place))


def sweep() -> None:
    """Take away the namespaces of labs whose process is gone."""
    for path in NAMESPACES.glob("jal-*"):
        owner = re.match(r"jal-b?(\d+)", path.name)
        if owner is not None and not Path("/proc", owner[1]).exists():
            _remove(path.name)


def _remove(ns: str) -> None:
    """Delete a namespace, and first whatever still runs in it."""
    if (NAMESPACES / ns).exists():
        left = subprocess.run(["ip", "netns", "pids", ns], capture_output=True, text=True, check=False).stdout
        for pid in left.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "delete", ns], capture_output=True, check=False)
    shutil.rmtree(Path("/etc/netns", ns), ignore_errors=True)


def _call(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=text)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}\n{text or ''}")
    return done.stdout
