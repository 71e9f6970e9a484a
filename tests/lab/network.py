"""A small internet on one machine: pc, box, isp and net as network namespaces, with real servers in them.

    pc 192.168.1.10 ── 192.168.1.1 box 100.64.7.2 ── 100.64.7.1 isp 198.18.0.1 ── 198.18.0.2 net

``net`` holds the anchors, a resolver (dnsmasq) and a web server (nginx); the box forwards names (dnsmasq) and
masquerades.
Needs root and Linux. All addresses exist in these namespaces only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JALERTE = Path(os.environ.get("JALERTE_BIN", ROOT / ".venv/bin/jalerte"))
ANCHORS = ("203.0.113.11", "203.0.113.22", "203.0.113.33", "203.0.113.44")
RESOLVER = "203.0.113.53"
WEB = "203.0.113.80"
PLACES = ("pc", "box", "isp", "net")


def missing() -> str:
    """Why the lab cannot be built here; empty when it can."""
    if os.name != "posix" or os.uname().sysname != "Linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root (it makes network namespaces)"
    programs = [name for name in ("ip", "nft", "dnsmasq", "nginx") if shutil.which(name) is None]
    if programs:
        return f"the lab needs {', '.join(programs)}: make test installs them"
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


@dataclass
class Lab:
    """One network. ``name`` keeps several apart; ``folder`` holds the servers' files."""

    name: str
    folder: Path
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def ns(self, place: str) -> str:
        return f"jal-{self.name}-{place}"

    def run(self, place: str, *command: str) -> str:
        """Run a command in a place and return what it prints; raises CalledProcessError."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.ns(place), *command], check=True, capture_output=True, text=True
        )
        return done.stdout

    def start(self, place: str, *command: str, **options: object) -> subprocess.Popen[bytes]:
        """Start a command in a place."""
        return subprocess.Popen(["ip", "netns", "exec", self.ns(place), *command], **options)  # type: ignore[call-overload,no-any-return]

    def jalerte(self, home: Path, *arguments: str) -> list[str]:
        return [str(JALERTE), "--home", str(home), *arguments]

    def config(self, home: Path) -> None:
        """Write a config.toml that knows this internet."""
        home.mkdir(parents=True, exist_ok=True)
        anchors = ", ".join(f'"{anchor}"' for anchor in ANCHORS)
        home.joinpath("config.toml").write_text(
            f'[targets]\nanchors = [{anchors}]\nresolvers = ["{RESOLVER}"]\n'
            f'web_check = "http://{WEB}/generate_204"\n[home]\nline = "first"\n',
            "utf-8",
        )

    def allow_datagram(self, allowed: bool) -> None:
        """Let users (root included) open datagram ICMP sockets in the pc, or not."""
        self.run("pc", "sysctl", "-qw", f"net.ipv4.ping_group_range={'0 2147483647' if allowed else '1 0'}")

    def cut(self, place: str, interface: str) -> None:
        """Drop everything that crosses an interface, in silence."""
        rules = (
            "table inet cut { chain arriving { type filter hook prerouting priority -300; "
            f'iifname "{interface}" drop; }}; chain leaving {{ type filter hook postrouting priority 300; '
            f'oifname "{interface}" drop; }}; }}'
        )
        self.run(place, "nft", rules)

    def mend(self, place: str) -> None:
        self.run(place, "nft", "delete table inet cut")

    def cut_access(self) -> None:
        self.cut("isp", "access")

    def mend_access(self) -> None:
        self.mend("isp")


@contextlib.contextmanager
def build(name: str, folder: Path) -> Iterator[Lab]:
    """Build the network and start its servers; everything is taken away at the end."""
    lab = Lab(name, folder)
    try:
        _wire(lab)
        _serve(lab)
        yield lab
    finally:
        for server in lab.servers:
            server.send_signal(signal.SIGTERM)
        for server in lab.servers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(5)
        for place in PLACES:
            subprocess.run(["ip", "netns", "delete", lab.ns(place)], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / lab.ns(place), ignore_errors=True)


def _wire(lab: Lab) -> None:
    for place in PLACES:
        subprocess.run(["ip", "netns", "add", lab.ns(place)], check=True, capture_output=True)
        lab.run(place, "ip", "link", "set", "lo", "up")
    _link(lab, ("pc", "eth0", "192.168.1.10/24"), ("box", "lan", "192.168.1.1/24"))
    _link(lab, ("box", "wan", "100.64.7.2/30"), ("isp", "access", "100.64.7.1/30"))
    _link(lab, ("isp", "core", "198.18.0.1/30"), ("net", "feed", "198.18.0.2/30"))
    for address in (*ANCHORS, RESOLVER, WEB):
        lab.run("net", "ip", "address", "add", f"{address}/32", "dev", "lo")
    for place, gateway in (
        ("pc", "192.168.1.1"),
        ("box", "100.64.7.1"),
        ("isp", "198.18.0.2"),
        ("net", "198.18.0.1"),
    ):
        lab.run(place, "ip", "route", "add", "default", "via", gateway)
    for place in ("box", "isp"):
        lab.run(place, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    lab.run(
        "box",
        "nft",
        'table ip nat { chain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }; }',
    )


def _link(lab: Lab, one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    (place, interface, address), (peer, peer_interface, peer_address) = one, other
    command = [
        "ip",
        "link",
        "add",
        interface,
        "netns",
        lab.ns(place),
        "type",
        "veth",
        "peer",
        "name",
        peer_interface,
    ]
    subprocess.run([*command, "netns", lab.ns(peer)], check=True, capture_output=True)
    for where, name, local in ((place, interface, address), (peer, peer_interface, peer_address)):
        lab.run(where, "ip", "address", "add", local, "dev", name)
        lab.run(where, "ip", "link", "set", name, "up")


def _serve(lab: Lab) -> None:
    etc = Path("/etc/netns") / lab.ns("pc")
    etc.mkdir(parents=True, exist_ok=True)
    etc.joinpath("resolv.conf").write_text("nameserver 192.168.1.1\n", "ascii")
    dnsmasq = (
        "dnsmasq",
        "--keep-in-foreground",
        "--no-resolv",
        "--no-hosts",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--user=root",
    )
    _server(
        lab, "net", (*dnsmasq, f"--listen-address={RESOLVER}", "--bind-interfaces", f"--address=/#/{WEB}")
    )
    _server(
        lab, "box", (*dnsmasq, "--listen-address=192.168.1.1", "--bind-interfaces", f"--server={RESOLVER}")
    )
    folder = lab.folder / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events {}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
        f"server {{ listen {WEB}:80; location = /generate_204 {{ return 204; }} }} }}\n",
        "utf-8",
    )
    _server(lab, "net", ("nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)))
    _wait_for(lab, ("net", "53", RESOLVER), ("box", "53", "192.168.1.1"), ("net", "80", WEB))


def _server(lab: Lab, place: str, command: Sequence[str]) -> None:
    log = lab.folder / f"{place}-{command[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        lab.servers.append(lab.start(place, *command, stdout=output, stderr=output, stdin=subprocess.DEVNULL))


def _wait_for(lab: Lab, *listeners: tuple[str, str, str]) -> None:
    """Until each server listens, ten seconds at most."""
    deadline = time.monotonic() + 10
    for place, port, address in listeners:
        while f"{address}:{port}" not in lab.run(place, "ss", "-lntH"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no server on {address}:{port} in {place}")
            time.sleep(0.02)
