from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable

import pytest
from namespaces import Namespace, icmp_error, namespaces, needs_namespaces, needs_tun, tun_internet

from diagnostics.clock import SystemClock
from diagnostics.model import MILLISECOND, SECOND, Flag, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.ping_tcp import TcpPinger


def target(address: str) -> Target:
    return Target(Role.ANCHOR, Protocol.TCP, address, 6 if ":" in address else 4)


def gather(pinger: TcpPinger, until: Callable[[list[Sample]], bool], limit_s: float = 5) -> list[Sample]:
    samples: list[Sample] = []
    deadline = time.monotonic() + limit_s
    while not until(samples):
        assert time.monotonic() < deadline, samples
        samples += pinger.collect()
        time.sleep(0.002)
    return samples


def send(pinger: TcpPinger, namespace: Namespace, *targets: Target) -> None:
    with namespace.entered():
        for one in targets:
            pinger.send(one)


def listener(namespace: Namespace, address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.entered():
        return socket.create_server((address, 443), family=family, backlog=16)


@needs_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_time_is_the_kernels_however_late_one_collects(address: str) -> None:
    with namespaces(1) as (namespace,), listener(namespace, address):
        pinger = TcpPinger(SystemClock(), SECOND, 10 * SECOND)
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        send(pinger, namespace, target(address))
        time.sleep(0.3)
        (sample,) = pinger.collect()
        assert (sample.outcome, sample.target, sample.flags) == (Outcome.OK, target(address), Flag.NONE)
        assert sample.rtt_ns is not None
        assert 0 < sample.rtt_ns < 5 * MILLISECOND
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        pinger.close()


@needs_namespaces
def test_a_reset_is_an_answer_that_says_no() -> None:
    with namespaces(1) as (namespace,):
        pinger = TcpPinger(SystemClock(), SECOND, 10 * SECOND)
        send(pinger, namespace, target("127.0.0.1"))
        (sample,) = gather(pinger, bool)
        assert (sample.outcome, sample.detail, sample.flags) == (
            Outcome.REFUSED,
            "ECONNREFUSED",
            Flag.COARSE_CLOCK,
        )
        assert sample.rtt_ns is not None
        assert sample.rtt_ns < 100 * MILLISECOND
        pinger.close()


@needs_namespaces
def test_no_route_is_not_loss() -> None:
    with namespaces(1, loopback=False) as (namespace,):
        pinger = TcpPinger(SystemClock(), SECOND, 10 * SECOND)
        send(pinger, namespace, target("198.18.0.1"), target("2001:db8::1"), target("nonsense"))
        assert [(sample.outcome, sample.detail) for sample in pinger.collect()] == [
            (Outcome.SEND_ERROR, "ENETUNREACH"),
            (Outcome.SEND_ERROR, "EADDRNOTAVAIL"),
            (Outcome.SEND_ERROR, "EINVAL"),
        ]
        pinger.close()


@needs_tun
def test_silence_is_loss_and_leaves_no_socket_behind() -> None:
    with tun_internet(lambda _: []) as (namespace, _):
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        pinger = TcpPinger(SystemClock(), 50 * MILLISECOND, 200 * MILLISECOND)
        send(pinger, namespace, target("198.18.0.1"))
        samples = gather(pinger, bool)
        assert [sample.outcome for sample in samples] == [Outcome.LOST]
        more: list[Sample] = []
        deadline = time.monotonic() + 5
        while len(os.listdir("/proc/self/fd")) > before:  # noqa: PTH208
            assert time.monotonic() < deadline
            more += pinger.collect()
        assert more == []
        send(pinger, namespace, target("198.18.0.1"))
        assert pinger.drain() == []
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
        pinger.close()


@needs_tun
def test_a_routers_error_is_unreachable() -> None:
    with tun_internet(lambda packet: [(0, icmp_error(packet, "10.77.0.1", 3, 1))]) as (namespace, _):
        pinger = TcpPinger(SystemClock(), SECOND, 10 * SECOND)
        send(pinger, namespace, target("198.18.0.1"))
        (sample,) = gather(pinger, bool)
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.77.0.1 host-unreachable")
        pinger.close()


@needs_namespaces
@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")
def test_a_connection_that_needed_a_second_syn_stays_lost() -> None:
    with namespaces(1) as (namespace,):
        pinger = TcpPinger(SystemClock(), 500 * MILLISECOND, 10 * SECOND)
        with listener(namespace, "127.0.0.1"):
            namespace.run(
                "nft", "add table t; add chain t c { type filter hook input priority 0; policy drop; }"
            )
            send(pinger, namespace, target("127.0.0.1"))
            samples = gather(pinger, bool)
            namespace.run("nft", "delete table t")
            deadline = time.monotonic() + 9
            while pinger._open and time.monotonic() < deadline:
                samples += pinger.collect()
                time.sleep(0.01)
        assert not pinger._open, "the second SYN was answered, and its connection put away"
        assert [sample.outcome for sample in samples] == [Outcome.LOST]
        pinger.close()
