from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from namespaces import Namespace, icmp_error, namespaces, needs_namespaces, needs_tun, tun_internet

from diagnostics.clock import SystemClock
from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.binding import Binding
from diagnostics.probes.tcp_check import MUTE_EVERY, TcpCheck


def anchor(address: str) -> Target:
    return Target(Role.ANCHOR, Protocol.ICMP, address, 6 if ":" in address else 4, "AS1")


@contextmanager
def listener(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family, backlog=64) as sock:
        yield int(sock.getsockname()[1])


def check(
    *addresses: str, port: int = 443, timeout_s: float = 2.0, binding: Binding | None = None
) -> TcpCheck:
    return TcpCheck([anchor(one) for one in addresses], SystemClock(), timeout_s, port=port, binding=binding)


def ran(one: TcpCheck) -> Sample:
    sample = one.run()
    assert sample is not None
    return sample


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_accepted_connection_is_ok_with_its_time(address: str) -> None:
    with listener(address) as port:
        sample = ran(check(address, port=port))
    assert (sample.outcome, sample.detail) == (Outcome.OK, "")
    assert (sample.target.role, sample.target.protocol, sample.target.network) == (
        Role.TCP_CHECK,
        Protocol.TCP,
        "AS1",
    )
    assert sample.target.id == f"tcp_check/tcp/{address}"
    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 200 * MILLISECOND
    assert sample.sent_ns % 100_000 == sample.mono_ns % 100_000 == 0


def test_a_reset_is_an_answer_that_says_no() -> None:
    with listener() as port:
        pass
    sample = ran(check("127.0.0.1", port=port))
    assert (sample.outcome, sample.detail) == (Outcome.REFUSED, "ECONNREFUSED")
    assert sample.rtt_ns is not None


def test_anchors_take_turns() -> None:
    addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    with listener() as port, listener("127.0.0.2", port), listener("127.0.0.3", port):
        one = check(*addresses, port=port)
        samples = [ran(one) for _ in range(6)]
    assert {sample.outcome for sample in samples} == {Outcome.OK}
    tried = [sample.target.address for sample in samples]
    assert tried == ["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2


def test_no_anchor_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="anchors"):
        TcpCheck([], SystemClock())


@needs_tun
def test_silence_is_loss_in_time() -> None:
    with tun_internet(lambda _: []) as (namespace, _), namespace.entered():
        started = time.monotonic()
        sample = ran(check("198.18.0.1", timeout_s=0.3))
        assert 0.3 <= time.monotonic() - started < 5
    assert (sample.outcome, sample.rtt_ns, sample.detail) == (Outcome.LOST, None, "")


@needs_tun
def test_a_routers_error_is_unreachable() -> None:
    with tun_internet(lambda packet: [(0, icmp_error(packet, "10.77.0.1", 3, 1))]) as (namespace, _):
        with namespace.entered():
            sample = ran(check("198.18.0.1"))
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.77.0.1 host-unreachable")


@needs_namespaces
def test_no_route_is_not_loss_and_for_ipv6_nothing_to_try() -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        sample = ran(check("198.18.0.1"))
        assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "ENETUNREACH")
        assert check("2001:db8::1").run() is None


def test_what_is_no_address_and_an_interface_that_is_not_there_are_our_own_errors() -> None:
    assert ran(check("nonsense")).outcome is Outcome.SEND_ERROR
    with listener() as port:
        sample = ran(check("127.0.0.1", port=port, binding=Binding("nowhere0")))
    assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "ENODEV")


def _drop(namespace: Namespace, rule: str) -> None:
    namespace.run(
        "nft",
        f"add table t; add chain t c {{ type filter hook input priority 0; }}; add rule t c {rule} drop",
    )


@needs_namespaces
@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")
def test_an_anchor_that_never_took_a_connection_is_passed_over_once_another_did() -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        _drop(namespace, "ip daddr 127.0.0.2")
        with listener("0.0.0.0") as port:
            one = check("127.0.0.1", "127.0.0.2", port=port, timeout_s=0.05)
            tried = [ran(one).target.address for _ in range(2 * MUTE_EVERY)]
    # Round by round: both, then the good one alone, and both again in the tenth.
    assert tried == ["127.0.0.1", "127.0.0.2", *["127.0.0.1"] * MUTE_EVERY, "127.0.0.2", *["127.0.0.1"] * 7]


@needs_namespaces
@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")
def test_a_second_syn_shows_in_the_time() -> None:
    """The first SYN is lost: what the kernel sends again after a second is answered, and takes more than that."""
    with namespaces(1) as (namespace,), namespace.entered(), listener() as port:
        _drop(namespace, "tcp flags syn")

        def mend() -> None:
            with namespace.entered():
                namespace.run("nft", "delete table t")

        timer = threading.Timer(0.3, mend)
        timer.start()
        sample = ran(check("127.0.0.1", port=port))
        timer.join()
    assert sample.outcome is Outcome.OK
    assert sample.rtt_ns is not None
    assert sample.rtt_ns >= 0.9 * SECOND
