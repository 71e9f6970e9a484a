"""``jalerte speed-server`` as scripts and people start it: what it says, how it stops, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.servers.namespaces import Namespace, connect, namespaces, needs_namespaces

ROOT = Path(__file__).parents[2]
HERE = ("--port", "0", "--address", "127.0.0.1")


@contextmanager
def started(tmp_path: Path, *arguments: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "jalerte_desktop", "--home", str(tmp_path / "home"), "speed-server"]
    with subprocess.Popen(
        [*before, *words, *arguments],
        cwd=ROOT,
        env={**os.environ, "JALERTE_LANG": "en"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def first_document(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    assert isinstance(found, dict)
    return found


def refused(tmp_path: Path, *arguments: str, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """The exit code, and the one line on standard error."""
    with started(tmp_path, *arguments, before=before) as process:
        out, err = process.communicate(timeout=20)
    assert out == ""
    assert len(err.splitlines()) == 1, err
    return process.returncode, err


def test_it_says_where_it_is_serves_and_counts(tmp_path: Path) -> None:
    with started(tmp_path, *HERE, "--json", "--stdin") as process:
        document = first_document(process)
        assert document == {"urls": [f"http://127.0.0.1:{document['port']}/"], "port": document["port"]}
        connection = HTTPConnection("127.0.0.1", document["port"], timeout=10)
        connection.request("GET", "/garbage.php?ckSize=1")
        assert len(connection.getresponse().read()) == 1 << 20
        connection.request("POST", "/empty.php", body=bytes(1000))
        assert connection.getresponse().headers["X-Received-Bytes"] == "1000"
        connection.close()
        out, err = process.communicate(timeout=10)  # closes standard input
        assert json.loads(out) == {"sent_bytes": 1 << 20, "received_bytes": 1000, "requests": 2}
        assert (process.returncode, err) == (0, "")
    assert not (tmp_path / "home").exists()


def test_people_are_told_what_to_type(tmp_path: Path) -> None:
    with started(tmp_path, *HERE, "--stdin") as process:
        out, err = process.communicate(timeout=20)
    first, last = out.splitlines()
    url = first.split()[2].rstrip(".")
    assert url.startswith("http://127.0.0.1:")
    assert f"jalerte speed --provider http --server {url}" in first
    assert last == "Stopped; 0 MB sent, 0 MB received."
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("more", [(), ("--stdin",)])
def test_a_signal_ends_it_in_good_order_whoever_is_there(
    tmp_path: Path, number: signal.Signals, more: tuple[str, ...]
) -> None:
    with started(tmp_path, *HERE, "--json", *more) as process:
        port = first_document(process)["port"]
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET /garbage.php?ckSize=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
            # More than fits on the way: what came here was counted there.
            left = 64 * 1024 * 1024
            while left > 0:
                left -= len(client.recv(1024 * 1024))
            process.send_signal(number)
            assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["sent_bytes"] > 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_goes_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    with started(tmp_path, *HERE, "--json", "--stdin") as process:
        port = first_document(process)["port"]
        assert process.stdout is not None
        process.stdout.close()
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET /empty HTTP/1.0\r\n\r\n")
            assert client.recv(20).startswith(b"HTTP/1.1 200")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_a_port_in_use_is_said_with_the_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, line = refused(tmp_path, "--address", "127.0.0.1", "--port", str(port))
    assert code == 3
    assert f"Port {port} is in use" in line
    assert "--port" in line


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--port", "65536"), "is no port"),
        (("--port", "-1"), "is no port"),
        (("--port", "\u0663"), "is no port"),
        (("--port", "http"), "is no port"),
        (("--address", "192.168.1.256"), "is no address"),
        (("--address", "10.255.254.253", "--port", "0"), "is no address"),
        (("--address", "82.64.1.1"), "--anywhere"),
        (("--address", "0.0.0.0"), "--anywhere"),
        (("--address", "::"), "--anywhere"),
    ],
)
def test_bad_use_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], part: str) -> None:
    code, line = refused(tmp_path, *arguments)
    assert code == 2
    assert part in line


def _inside(namespace: Namespace) -> tuple[str, ...]:
    return ("ip", "netns", "exec", namespace.name)


@needs_namespaces
def test_by_itself_it_listens_at_the_home_address_only(tmp_path: Path) -> None:
    with namespaces(2) as (pc, box):
        connect(pc, "192.168.77.2/24", box, "192.168.77.1/24")
        pc.ip("addr add 82.64.1.2/32 dev lo")
        pc.ip("route add default via 192.168.77.1")
        with started(tmp_path, "--json", "--stdin", before=_inside(pc)) as process:
            assert first_document(process) == {"urls": ["http://192.168.77.2:8989/"], "port": 8989}
            listening = pc.run("ss", "-Htln").split()
            assert "192.168.77.2:8989" in listening
            assert len([word for word in listening if word.endswith(":8989")]) == 1
            with box.entered():
                client = socket.create_connection(("192.168.77.2", 8989), 10)
            with client, client.makefile("rb") as answer:
                client.sendall(b"GET /getIP.php HTTP/1.0\r\n\r\n")
                assert b'"192.168.77.1"' in answer.read()
        # What a person types who wants everything: the address that others reach.
        with started(
            tmp_path, "--json", "--stdin", "--anywhere", "--address", "0.0.0.0", before=_inside(pc)
        ) as process:
            assert first_document(process)["urls"] == ["http://192.168.77.2:8989/"]


@needs_namespaces
def test_without_a_home_network_it_says_what_is_missing(tmp_path: Path) -> None:
    with namespaces(2) as (pc, isp):
        connect(pc, "82.64.1.2/24", isp, "82.64.1.1/24")
        pc.ip("route add default via 82.64.1.1")
        code, line = refused(tmp_path, before=_inside(pc))
    assert code == 3
    assert "--address" in line
