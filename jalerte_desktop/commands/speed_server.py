"""``jalerte speed-server``: lets another device at home measure against this one."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from diagnostics.model import BadInput, MachineCannot
from diagnostics.standard_input import when_closed
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from diagnostics.throughput.serve import Served, SpeedServer

PORT = 8989
_EVERYWHERE = ("0.0.0.0", "::")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        metavar="N",
        default=str(PORT),
        help=_("listen at this port ({port} without; 0: any free one)").format(port=PORT),
    )
    parser.add_argument(
        "--address",
        metavar="IP",
        action="append",
        help=_("listen at this address only (may be repeated); else at that of the home network"),
    )
    parser.add_argument(
        "--anywhere", action="store_true", help=_("allow addresses that the whole internet can reach")
    )
    parser.add_argument("--stdin", action="store_true", help=_("stop when standard input is closed"))
    parser.add_argument(
        "--json", action="store_true", help=_("print one line of JSON at the start, another at the end")
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    port = _port(arguments.port)
    from diagnostics.throughput.serve import SpeedServer

    addresses = arguments.address or _own_addresses(arguments.anywhere)
    stop = threading.Event()
    _on_signals(stop)
    with SpeedServer(addresses, port, anywhere=arguments.anywhere) as server:
        _tell_start(server, arguments, context)
        if arguments.stdin:
            when_closed(stop.set)
        # On Windows a signal is only noticed between two waits.
        while not stop.wait(0.5):
            pass
    _tell_end(server.served, context)
    return 0


@contextmanager
def _unheard() -> Iterator[None]:
    """Whoever listened may be gone: what cannot be said is dropped, also at the program's end."""
    try:
        yield
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - must stay open until the process ends


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 1 << 16):
        raise BadInput("speed_server_port", value=text[:40])
    return int(text)


def _own_addresses(anywhere: bool) -> list[str]:
    from diagnostics.links.route import open_route_reader
    from diagnostics.throughput.serve import own_addresses

    reader = open_route_reader()
    try:
        return own_addresses(reader.read(), anywhere=anywhere)
    finally:
        reader.close()


def _on_signals(stop: threading.Event) -> None:
    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), told)


def _urls(server: SpeedServer, anywhere: bool) -> Sequence[str]:
    """What to type on the other device: nobody can reach 0.0.0.0."""
    from diagnostics.throughput.serve import url_of

    if not set(server.addresses) & {*_EVERYWHERE}:
        return server.urls
    with suppress(MachineCannot):
        return [url_of(address, server.port) for address in _own_addresses(anywhere)]
    return server.urls


def _tell_start(server: SpeedServer, arguments: argparse.Namespace, context: Context) -> None:
    urls = list(_urls(server, arguments.anywhere))
    # Whoever started the server may be gone: it goes on without being heard.
    with _unheard():
        if context.json:
            print(json.dumps({"urls": urls, "port": server.port}), file=context.out, flush=True)
            return
        context.say(
            _(
                "Ready at {urls}. On the other device: jalerte speed --provider http --server {url}"
                " (nothing comes? Let port {port} through this computer’s firewall). Ctrl+C stops it."
            ).format(urls=", ".join(urls), url=urls[0], port=server.port)
        )
        context.out.flush()


def _tell_end(served: Served, context: Context) -> None:
    with _unheard():
        if context.json:
            facts = {
                "sent_bytes": served.sent,
                "received_bytes": served.received,
                "requests": served.requests,
            }
            print(json.dumps(facts), file=context.out, flush=True)
            return
        from jalerte_desktop.words.figures import number

        context.say(
            _("Stopped; {sent} MB sent, {received} MB received.").format(
                sent=number(served.sent / 1e6), received=number(served.received / 1e6)
            )
        )
        context.out.flush()
