"""The lab is built as its layout says, and nothing of it stays."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab.network import ANCHORS, ANCHORS6, BOX, HOP, Layout, build, missing
from tests.lab.view import View
from tests.playing.scenario import Network

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")]

A = ANCHORS[0]
A6 = ANCHORS6[0]


@pytest.mark.parametrize(
    ("network", "silent", "tcp"),
    [
        (Network(box="silent", anchors_answer="icmp", noise=0.3), (BOX,), "refused"),
        (Network(hop="silent", anchors_answer="tcp", ipv6=True, igd=False), (HOP, A, A6), "open"),
    ],
)
def test_layouts(tmp_path: Path, network: Network, silent: tuple[str, ...], tcp: str) -> None:
    with build(f"{os.getpid()}-{tcp}", tmp_path, Layout(network)) as lab:
        view = View(lab)
        alive = {BOX, HOP, *ANCHORS} - set(silent)
        assert not any(view.answers(address) for address in silent)
        if network.anchors_answer == "icmp":
            assert all(view.ping(address, 15)[0] for address in alive)
            assert 50 < view.ping(A, 100, "-i0.003")[0] < 90
        # With this much noise a connection may not come about: some tries.
        assert [tcp] in [view.look(("tcp", A)) for _ in range(5)]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    name = f"{os.getpid()}-gone"
    kept: list[int] = []

    def fail() -> None:
        with build(name, tmp_path, Layout(Network())) as lab:
            kept.extend(server.pid for server in lab.servers.values())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(kept) >= 4
    assert (
        name not in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    )
    assert not any(Path("/etc/netns").glob(f"*{name}*"))
    assert not any(Path(f"/proc/{pid}").exists() for pid in kept)


def test_what_a_dead_process_left_is_swept_up(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    stale = f"jal-{dead.pid}-x-pc"
    subprocess.run(["ip", "netns", "add", stale], check=True)
    left = subprocess.Popen(["ip", "netns", "exec", stale, "sleep", "600"])
    with build(f"{os.getpid()}-new", tmp_path):
        assert (
            stale
            not in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        )
    assert left.wait(5) != 0
