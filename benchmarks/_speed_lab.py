"""The network and servers that ``throughput.py`` measures against; by itself it does nothing.

    home 192.168.1.10 ── 192.168.1.1 router 203.0.113.1 ── 203.0.113.2 net

The router's two sides are shaped with tbf. In ``net``: nginx in LibreSpeed's layout, plain and under TLS, which also
plays Ookla's side for speedtest-cli (constructed from: its source, version 2.1.3); an iperf3 server; the far end of a
second flow. The same servers can stand in one namespace, for measurements over the loopback. Root and Linux only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lab.network import JALERTE, NAMESPACES, sweep

SERVER, ANCHORS = "203.0.113.2", tuple(f"203.0.113.{last}" for last in range(11, 19))
HTTP_PORT, TLS_PORT, IPERF_PORT, SECOND_PORT = 8080, 8443, 5201, 5300
NAME = "speed.example.net"
OOKLA = "www.speedtest.net"
SHARE = 1448 / 1514
"""Payload in a full segment: what tbf counts is the whole Ethernet frame (TCP with time stamps)."""
QUEUE_MS = 50

IMAGES = {
    350: 245_388,
    500: 505_544,
    750: 1_118_012,
    1000: 1_986_284,
    1500: 4_468_241,
    2000: 7_907_740,
    2500: 12_407_926,
    3000: 17_816_816,
    3500: 24_262_167,
    4000: 31_625_365,
}
"""Sizes of the images that speedtest-cli fetches, about as Ookla's servers have them."""
_OOKLA_CONFIG = (
    '<settings><client ip="192.0.2.7" lat="48.8" lon="2.3" isp="Example"/>'
    '<server-config threadcount="4" ignoreids=""/><download testlength="10" threadsperurl="4"/>'
    '<upload testlength="10" ratio="5" maxchunkcount="50" threads="2"/></settings>'
)
# Sparse files on tmpfs read as zeros that no memory holds: nginx then costs least beside the measuring program.
# An early answer to a POST is nginx's own way; it goes on taking the body, with large reads or small.
_NGINX = """
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 0; keepalive_requests 100000; client_body_temp_path {folder}/bodies;
  default_type application/octet-stream; sendfile off; output_buffers 1 256k;
  server {{
    listen {http}; listen {tls} ssl; listen 443 ssl;
    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
    root {folder}/pages;
    location = /garbage.php {{ types {{}} alias {folder}/pages/garbage; }}
    location = /empty.php {{ return 200; }}
    location = /mini/speedtest/upload.php {{ return 200 "size=1"; }}
    location = /speedtest-config.php {{ types {{}} default_type text/xml; alias {folder}/pages/config.xml; }}
    location ~ ^/mini/speedtest/random([0-9]+)x {{ types {{}} alias {folder}/pages/random$1; }}
  }}
}}
"""


def missing() -> str:
    """Why nothing can be measured here; empty when it can."""
    if os.name != "posix" or os.uname().sysname != "Linux":
        return "the lab needs Linux"
    if os.geteuid() != 0:
        return "the lab needs root (it makes network namespaces)"
    wanted = ("ip", "tc", "nginx", "iperf3", "openssl", "fping")
    programs = [name for name in wanted if shutil.which(name) is None]
    if programs:
        return f"the lab needs {', '.join(programs)}"
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "network namespaces are not allowed here"


@dataclass
class SpeedLab:
    """``client`` and ``far`` are namespaces, the same one for the loopback; ``server`` is the far one's address."""

    folder: Path
    client: str
    far: str
    server: str
    router: str = ""
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def url(self, *, tls: bool = False) -> str:
        return f"https://{NAME}:{TLS_PORT}/" if tls else f"http://{self.server}:{HTTP_PORT}/"

    @property
    def mini(self) -> str:
        return f"http://{self.server}:{HTTP_PORT}/mini/"

    @property
    def environment(self) -> dict[str, str]:
        """One that trusts the lab's certificate and knows no proxy."""
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return kept | {"SSL_CERT_FILE": str(self.folder / "certificate.pem"), "LC_ALL": "C"}

    def command(self, *words: str, far: bool = False) -> list[str]:
        return ["ip", "netns", "exec", self.far if far else self.client, *words]

    def jalerte(self, home: Path, *words: str) -> list[str]:
        return [str(JALERTE), "--home", str(home), *words]

    def run(self, *words: str, timeout: float = 120) -> str:
        """What a program in the client's place prints. Raises RuntimeError."""
        done = subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout

    @contextlib.contextmanager
    def beside(self, *words: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A program in the client's place, ended with SIGINT."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                self.command(*words), stdout=file, stderr=subprocess.STDOUT, env=self.environment
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def shape(self, rate_bps: int) -> None:
        """Set the line's rate, in both directions."""
        burst = max(32 * 1024, rate_bps // 8 // 500)
        for interface in ("home", "net"):
            call(
                *("tc", "-n", self.router, "qdisc", "replace", "dev", interface, "root", "tbf"),
                *("rate", f"{rate_bps}bit", "burst", str(burst), "latency", f"{QUEUE_MS}ms"),
            )

    def serve(self, *words: str) -> None:
        log = self.folder.joinpath("servers.log").open("ab")
        with log:
            self.running.append(
                subprocess.Popen(
                    self.command(*words, far=True), stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
            )

    def wait_for(self, *ports: int) -> None:
        """Until something listens on each port. Raises RuntimeError."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            listening = call("ip", "netns", "exec", self.far, "ss", "-Hltn").split()
            if all(any(word.endswith(f":{port}") for word in listening) for port in ports):
                return
            time.sleep(0.05)
        raise RuntimeError(self.folder.joinpath("servers.log").read_text("utf-8", "replace")[-1000:])


@contextlib.contextmanager
def built(folder: Path, *, loopback: bool = False, congestion: str = "cubic") -> Iterator[SpeedLab]:
    """Build it, and take it away at the end. ``congestion``: TCP's control on both sides."""
    sweep()
    start = f"jal-b{os.getpid()}"
    names = [f"{start}-lo"] if loopback else [f"{start}-home", f"{start}-router", f"{start}-net"]
    lab = SpeedLab(folder, names[0], names[-1], "127.0.0.1" if loopback else SERVER)
    try:
        for name in names:
            call("ip", "netns", "add", name)
            call("ip", "-n", name, "link", "set", "lo", "up")
        if loopback:
            route = ("local", "127.0.0.1", "dev", "lo", "table", "local", "congctl", congestion)
            call("ip", "-n", names[0], "route", "change", *route)
        else:
            _wire(lab, names, congestion)
        _serve(lab)
        yield lab
    finally:
        for process in lab.running:
            process.terminate()
        for name in names:
            _remove(name)
        for process in lab.running:
            process.kill()
            process.wait()


def _wire(lab: SpeedLab, names: list[str], congestion: str) -> None:
    home, router, net = names
    lab.router = router
    call("ip", "-n", home, "link", "add", "eth0", "type", "veth", "peer", "name", "home", "netns", router)
    call("ip", "-n", net, "link", "add", "eth0", "type", "veth", "peer", "name", "net", "netns", router)
    for name, interface, address in (
        (home, "eth0", "192.168.1.10/24"),
        (router, "home", "192.168.1.1/24"),
        (router, "net", "203.0.113.1/24"),
        (net, "eth0", f"{SERVER}/24"),
        *((net, "eth0", f"{anchor}/24") for anchor in ANCHORS),
    ):
        call("ip", "-n", name, "address", "add", address, "dev", interface)
        call("ip", "-n", name, "link", "set", interface, "up")
    call("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    call("ip", "netns", "exec", home, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
    call("ip", "-n", home, "route", "add", "default", "via", "192.168.1.1", "congctl", congestion)
    call("ip", "-n", net, "route", "add", "default", "via", "203.0.113.1", "congctl", congestion)


def _serve(lab: SpeedLab) -> None:
    pages = lab.folder / "pages"
    pages.mkdir()
    with (pages / "garbage").open("wb") as garbage:
        garbage.truncate(1 << 30)
    for size, count in IMAGES.items():
        with (pages / f"random{size}").open("wb") as image:
            image.truncate(count)
    mini = pages / "mini"
    mini.joinpath("speedtest").mkdir(parents=True)
    mini.joinpath("index.html").write_text('<script>upload_extension: "php"</script>', "ascii")
    mini.joinpath("speedtest", "latency.txt").write_text("test=test\n", "ascii")
    pages.joinpath("config.xml").write_text(_OOKLA_CONFIG, "ascii")
    call(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
        *("-addext", f"subjectAltName=DNS:{NAME},DNS:{OOKLA}"),
        *("-keyout", str(lab.folder / "key.pem"), "-out", str(lab.folder / "certificate.pem")),
    )
    # ip netns exec lays this over /etc/hosts.
    hosts = Path("/etc/netns", lab.client, "hosts")
    hosts.parent.mkdir(parents=True, exist_ok=True)
    hosts.write_text(f"127.0.0.1 localhost\n{lab.server} {NAME} {OOKLA}\n", "ascii")
    # nginx's workers are ordinary users.
    lab.folder.chmod(0o755)
    nginx = lab.folder / "nginx.conf"
    nginx.write_text(_NGINX.format(folder=lab.folder, http=HTTP_PORT, tls=TLS_PORT), "ascii")
    lab.serve("nginx", "-e", str(lab.folder / "nginx.log"), "-c", str(nginx))
    lab.serve("iperf3", "-s", "-p", str(IPERF_PORT))
    lab.serve(
        sys.executable,
        str(Path(__file__).with_name("_second_flow.py")),
        "serve",
        lab.server,
        str(SECOND_PORT),
    )
    lab.wait_for(HTTP_PORT, TLS_PORT, IPERF_PORT, SECOND_PORT)


def call(*words: str) -> str:
    """Run a program here and return what it prints. Raises RuntimeError."""
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _remove(name: str) -> None:
    if (NAMESPACES / name).exists():
        for pid in subprocess.run(
            ["ip", "netns", "pids", name], capture_output=True, text=True, check=False
        ).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    shutil.rmtree(Path("/etc/netns", name), ignore_errors=True)
