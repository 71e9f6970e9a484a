"""What a person in the lab's pc sees of the network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass

from tests.lab.network import Lab

LOOK = """
import json, socket, sys, time, urllib.error, urllib.request
import dns.exception, dns.resolver

class Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None

def page(path):
    start = time.monotonic()
    try:
        with urllib.request.build_opener(Still).open("http://check.example.net" + path, timeout=1) as answer:
            return [answer.status, len(answer.read())]
    except urllib.error.HTTPError as error: return [error.code, 0]
    except OSError: return None

def name(server):
    resolver = dns.resolver.Resolver(configure=server is None)
    resolver.lifetime = 1.5
    if server: resolver.nameservers = [server]
    start = time.monotonic()
    try: return [resolver.resolve("www.example.org", "A")[0].address, time.monotonic() - start]
    except (dns.exception.DNSException, OSError): return None

def tcp(address):
    try: socket.create_connection((address, 443), 0.5).close()
    except ConnectionRefusedError: return "refused"
    except OSError: return None
    return "open"

wanted = json.loads(sys.argv[1])
print(json.dumps([globals()[what](value) for what, value in wanted]))
"""


@dataclass
class View:
    """What a person in the pc sees of the network."""

    lab: Lab

    def ping(self, address: str, count: int = 5, *more: str, place: str = "pc") -> tuple[int, float]:
        """How many pings were answered, and the median's stand-in: the average time in ms."""
        done = subprocess.run(
            [
                "ip",
                "netns",
                "exec",
                self.lab.ns(place),
                "ping",
                "-nq",
                f"-c{count}",
                "-i0.03",
                "-W0.4",
                *more,
                address,
            ],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        received = re.search(r"(\d+) received", done)
        average = re.search(r"= [\d.]+/([\d.]+)/", done)
        return int(received[1]) if received else 0, float(average[1]) if average else 0.0

    def answers(self, address: str) -> bool:
        return self.ping(address, 3)[0] > 0

    def look(self, *wanted: tuple[str, str | None]) -> list:  # type: ignore[type-arg]
        """Pages, names and connections: ``("page", path)``, ``("name", server)``, ``("tcp", address)``."""
        return json.loads(self.lab.run("pc", sys.executable, "-c", LOOK, json.dumps(wanted)))  # type: ignore[no-any-return]
