"""The real servers of the lab: dnsmasq as resolvers, nginx for pages and port 443, miniupnpd in the box."""

from __future__ import annotations

import time

from tests.lab.network import (
    BOX,
    RESOLVER,
    RESOLVER6,
    SPEED,
    TUNNEL,
    VPN,
    WEB,
    WEB6,
    Lab,
)

LYING_PORT, SLOW_PORT, PORTAL_PORT, SPEED_PORT, VPN_PORT = 5354, 5355, 8080, 5201, 51820
PUBLIC = "82.64.7.2"
"""The address that miniupnpd tells as its own; it refuses those of documentation as reserved. Nobody sends to it."""

_DNSMASQ = (
    "dnsmasq",
    "--keep-in-foreground",
    "--no-resolv",
    "--no-hosts",
    "--conf-file=/dev/null",
    "--pid-file=",
    "--user=root",
    "--bind-interfaces",
)


def serve(lab: Lab) -> None:
    """Start all servers and wait until they listen."""
    lab.resolver(BOX)
    six = lab.layout.network.ipv6
    addresses = (WEB, WEB6) if six else (WEB,)
    listening = [RESOLVER, RESOLVER6] if six else [RESOLVER]
    if lab.layout.vpn:
        lab.tool("vpn", "net", "tunnel.py", "far", VPN, str(VPN_PORT))
        lab.ip("net", f"address add {TUNNEL}/16 dev tun0", "link set tun0 up mtu 1400")
        listening.append(TUNNEL)
    lab.serve(
        "net-names",
        "net",
        *_DNSMASQ,
        # As popular names do, these stay a while in the box's cache.
        "--local-ttl=30",
        *(f"--listen-address={address}" for address in listening),
        *(f"--address=/#/{address}" for address in addresses),
    )
    _internet_pages(lab)
    if lab.layout.speed:
        lab.tool("speed", "net", "traffic.py", "serve", SPEED, str(SPEED_PORT))
    serve_box(lab)
    _wait_for(lab, "net", (f"{RESOLVER}:53", f"{WEB}:80", "0.0.0.0:443"))


BOX_SERVERS = ("box-names", "box-igd", "box-lies", "box-pages", "box-slow")


def serve_box(lab: Lab) -> None:
    """Start what runs in the box, and wait until it listens."""
    six = lab.layout.network.ipv6
    upstream = (
        (f"--server={RESOLVER}", f"--server={RESOLVER6}", "--all-servers")
        if six
        else (f"--server={RESOLVER}",)
    )
    lab.serve("box-names", "box", *_DNSMASQ, f"--listen-address={BOX}", *upstream)
    wanted = [f"{BOX}:53"]
    if lab.layout.network.igd:
        _igd(lab)
        wanted.append(f":{_IGD_PORT}")
    if lab.layout.impostors:
        lies = (f"--port={LYING_PORT}", f"--listen-address={BOX}", f"--address=/#/{BOX}")
        lab.serve("box-lies", "box", *_DNSMASQ, *lies)
        _box_pages(lab)
        wanted += [f"{BOX}:{LYING_PORT}", f"{BOX}:{PORTAL_PORT}"]
    if lab.layout.slow_ms:
        lab.tool("box-slow", "box", "slow_resolver.py", BOX, str(SLOW_PORT), BOX, f"{lab.layout.slow_ms:g}")
    _wait_for(lab, "box", wanted)


_IGD_PORT = 5000


def _igd(lab: Lab) -> None:
    """miniupnpd tells the state, uptime, counters and rates of ``wan``.

    Seen with 2.3.1: it says Connected and Up as long as ``wan`` is up and has an address, with or without carrier.
    """
    network = lab.layout.network
    settings = {
        "ext_ifname": "wan",
        "ext_ip": PUBLIC,
        "listening_ip": "lan",
        "port": _IGD_PORT,
        "enable_natpmp": "no",
        "enable_upnp": "yes",
        "bitrate_up": round(network.up_mbit * 1e6),
        "bitrate_down": round(network.down_mbit * 1e6),
        "system_uptime": "no",
        "uuid": "5f0c7f4e-3c0f-4f4c-9d3e-6f6a6c000001",
        "friendly_name": "Box",
    }
    file = lab.folder / "miniupnpd.conf"
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), "ascii")
    lab.serve("box-igd", "box", "miniupnpd", "-d", "-f", str(file), "-P", str(lab.folder / "miniupnpd.pid"))


def _internet_pages(lab: Lab) -> None:
    """The web check's page, a page of many packets, and something that accepts connections to port 443."""
    pages = lab.folder / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    pages.joinpath("large").write_text("A page of many full packets. " * 2000, "ascii")
    six = f"listen [{WEB6}]:80;" if lab.layout.network.ipv6 else ""
    check = f"server {{ listen {WEB}:80; {six} root {pages}; location = /generate_204 {{ return 204; }} }}"
    _nginx(lab, "net", check, "server { listen 443; listen [::]:443; return 204; }")


def _box_pages(lab: Lab) -> None:
    """The box's own page, and the one that a portal sends everybody to."""
    _nginx(
        lab,
        "box",
        f"server {{ listen {BOX}:80; default_type text/html; return 200 '<title>My box</title>'; }}",
        f"server {{ listen {BOX}:{PORTAL_PORT}; return 302 http://{BOX}/login; }}",
    )


def _nginx(lab: Lab, place: str, *servers: str) -> None:
    folder = lab.folder / f"nginx-{place}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    folder.joinpath("nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; {paths}\n"
        + "\n".join(servers)
        + "\n}\n",
        "utf-8",
    )
    lab.serve(f"{place}-pages", place, "nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder))


def _wait_for(lab: Lab, place: str, listeners: list[str] | tuple[str, ...]) -> None:
    """Until each server listens, ten seconds at most."""
    deadline = time.monotonic() + 10
    left = set(listeners)
    while left:
        open_now = lab.run(place, "ss", "-lntH").split()
        left = {listener for listener in left if not any(word.endswith(listener) for word in open_now)}
        if time.monotonic() > deadline:
            raise TimeoutError(f"no server on {', '.join(sorted(left))} in {place}")
        if left:
            time.sleep(0.02)
