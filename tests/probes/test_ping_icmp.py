"""The ICMP pingers against real kernels: loopback, cables, and an internet that a function plays."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from manual_clock import SteppedClock
from namespaces import (
    Namespace,
    addresses_of,
    body_of,
    connect,
    echo_reply,
    icmp_error,
    namespaces,
    needs_namespaces,
    needs_tun,
    tun_internet,
)

from diagnostics.clock import SystemClock
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    BadInput,
    Flag,
    MachineCannot,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
)
from diagnostics.probes.ping import Pinger, open_pinger
from diagnostics.probes.ping_linux import DatagramPinger, RawPinger

METHODS = ["icmp-datagram", "icmp-raw"]
FAR = "198.18.0.1"
OTHER = "198.18.0.2"
FAR6 = "2001:db8::1"


def target(address: str) -> Target:
    return Target(Role.ANCHOR, Protocol.ICMP, address, 6 if ":" in address else 4)


def gather(pinger: Pinger, until: Callable[[list[Sample]], bool], limit_s: float = 5) -> list[Sample]:
    """Collect until a condition holds; fails when it does not come to hold."""
    samples: list[Sample] = []
    deadline = time.monotonic() + limit_s
    while True:
        samples += pinger.collect()
        if until(samples):
            return samples
        assert time.monotonic() < deadline, samples
        time.sleep(0.002)


def some(count: int) -> Callable[[list[Sample]], bool]:
    return lambda samples: len(samples) >= count


def wait_readable(pinger: DatagramPinger | RawPinger, family: int = 4) -> None:
    """Until something waits in the socket, without taking it."""
    poll = select.poll()
    poll.register(pinger._sockets[family, ""], select.POLLIN)
    assert poll.poll(5000)


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(method: str) -> Iterator[Callable[..., Pinger]]:
    """Opens pingers in a namespace, and closes them."""
    with contextlib.ExitStack() as stack:

        def open_in(namespace: Namespace, **options: Any) -> Pinger:
            kind = DatagramPinger if method == "icmp-datagram" else RawPinger
            settings = {"clock": SystemClock(), "timeout_ns": SECOND, "late_ns": 10 * SECOND, **options}
            with namespace.entered():
                pinger: Any = kind(**settings)
            stack.callback(pinger.close)

            # Sockets that are opened on demand, and questions about own addresses, belong in there too.
            def within(call: Callable[..., Any]) -> Callable[..., Any]:
                def entered(*arguments: Any) -> Any:
                    with namespace.entered():
                        return call(*arguments)

                return entered

            pinger.send, pinger.collect = within(pinger.send), within(pinger.collect)
            return pinger  # type: ignore[no-any-return]

        yield open_in


@needs_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_answers_and_its_time_does_not_depend_on_collecting(
    opened: Callable[..., Pinger], address: str
) -> None:
    with namespaces(1) as (namespace,):
        pinger = opened(namespace)
        samples = []
        # The first packets after switching stamps on may be stamped when they are read: one to warm up.
        for _ in range(4):
            pinger.send(target(address), Flag.EXTRA)
            time.sleep(0.3)
            samples += pinger.collect()
        assert [sample.outcome for sample in samples] == [Outcome.OK] * 4
        assert all(
            sample.rtt_ns is not None and 0 <= sample.rtt_ns < 5 * MILLISECOND for sample in samples[1:]
        )
        assert all(sample.flags == Flag.EXTRA for sample in samples[1:])
        assert all(
            sample.sent_ns % 100_000 == 0 and abs(sample.sent_ns - time.time_ns()) < 10 * SECOND
            for sample in samples
        )
        assert pinger.collect() == []


@needs_namespaces
def test_all_targets_share_a_socket(opened: Callable[..., Pinger]) -> None:
    with namespaces(1) as (namespace,):
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        pinger = opened(namespace)
        targets = [target(f"127.0.0.{number}") for number in range(1, 51)]
        for one in targets:
            pinger.send(one)
        samples = gather(pinger, some(50))
        assert {sample.target for sample in samples} == set(targets)
        assert {sample.outcome for sample in samples} == {Outcome.OK}
        assert len(os.listdir("/proc/self/fd")) == before + 1  # noqa: PTH208


@needs_namespaces
def test_no_route_is_not_loss(opened: Callable[..., Pinger]) -> None:
    with namespaces(1, loopback=False) as (namespace,):
        pinger = opened(namespace)
        pinger.send(target(FAR))
        pinger.send(target(FAR6))
        pinger.send(target("not an address"))
        samples = pinger.collect()
        assert [(sample.outcome, sample.detail, sample.rtt_ns) for sample in samples] == [
            (Outcome.SEND_ERROR, "ENETUNREACH", None),
            (Outcome.SEND_ERROR, "EADDRNOTAVAIL", None),
            (Outcome.SEND_ERROR, "EINVAL", None),
        ]


@needs_namespaces
def test_a_machine_without_ipv6_says_so(
    opened: Callable[..., Pinger], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket

    def without_ipv6(family: int, *more: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "no IPv6")
        return real(family, *more)

    with namespaces(1) as (namespace,):
        pinger = opened(namespace)
        monkeypatch.setattr(socket, "socket", without_ipv6)
        pinger.send(target("::1"))
        monkeypatch.undo()
        (sample,) = pinger.collect()
        assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "EAFNOSUPPORT")


@needs_namespaces
def test_the_sequence_goes_round_and_times_stay_distinct(opened: Callable[..., Pinger]) -> None:
    with namespaces(1) as (namespace,):
        pinger = opened(namespace, first_number=65533)
        for _ in range(6):
            pinger.send(target("127.0.0.1"))
        samples = gather(pinger, some(6))
        assert [sample.outcome for sample in samples] == [Outcome.OK] * 6
        assert len({sample.sent_ns for sample in samples}) == 6


@needs_namespaces
@pytest.mark.parametrize("step_s", [3600, -3600, 0.002])
def test_a_wall_clock_that_is_set_meanwhile_does_not_spoil_the_time(
    opened: Callable[..., Pinger], step_s: float
) -> None:
    clock = SteppedClock()
    with namespaces(1) as (namespace,):
        pinger = opened(namespace, clock=clock)
        pinger.send(target("127.0.0.1"))
        started = time.monotonic()
        time.sleep(0.05)
        clock.step_ns = int(step_s * SECOND)
        (sample,) = pinger.collect()
        elapsed_ns = (time.monotonic() - started) * SECOND
        assert (sample.outcome, sample.flags) == (Outcome.OK, Flag.COARSE_CLOCK)
        assert sample.rtt_ns is not None
        assert 50 * MILLISECOND <= sample.rtt_ns <= elapsed_ns + 5 * MILLISECOND


def answering(packet: bytes) -> list[tuple[float, bytes]]:
    return [(0, echo_reply(packet))]


@needs_tun
@pytest.mark.parametrize("address", [FAR, FAR6])
def test_lost_is_told_from_late(opened: Callable[..., Pinger], address: str) -> None:
    with tun_internet(lambda _: []) as (namespace, internet):
        pinger = opened(namespace, timeout_ns=100 * MILLISECOND)
        started = time.monotonic()
        pinger.send(target(address))
        (lost,) = gather(pinger, some(1))
        assert (lost.outcome, lost.rtt_ns) == (Outcome.LOST, None)
        internet.inject(echo_reply(internet.seen[0]))
        (late,) = gather(pinger, some(1))
        assert late.outcome is Outcome.LATE
        assert late.rtt_ns is not None
        assert 100 * MILLISECOND < late.rtt_ns < (time.monotonic() - started) * SECOND
        assert (late.target, late.sent_ns, late.mono_ns) == (lost.target, lost.sent_ns, lost.mono_ns)


@needs_tun
def test_what_never_answers_is_lost_once(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda _: []) as (namespace, _):
        pinger = opened(namespace, timeout_ns=50 * MILLISECOND, late_ns=200 * MILLISECOND)
        pinger.send(target(FAR))
        samples = gather(pinger, some(1))
        deadline = time.monotonic() + 0.4
        while time.monotonic() < deadline:
            samples += pinger.collect()
            time.sleep(0.01)
        assert [sample.outcome for sample in samples] == [Outcome.LOST]


@needs_tun
def test_what_is_under_way_at_the_end_is_not_counted(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda packet: answering(packet) if addresses_of(packet)[1] == FAR else []) as (
        namespace,
        _,
    ):
        pinger = opened(namespace)
        pinger.send(target(OTHER))
        pinger.send(target(FAR))
        wait_readable(pinger)  # type: ignore[arg-type]
        assert [sample.target.address for sample in pinger.drain()] == [FAR]


@needs_tun
@pytest.mark.parametrize("address", [FAR, FAR6])
def test_only_the_targets_own_first_answer_counts(opened: Callable[..., Pinger], address: str) -> None:
    elsewhere = OTHER if address == FAR else "2001:db8::2"

    def forger(packet: bytes) -> list[tuple[float, bytes]]:
        def other_cookie(message: bytes) -> bytes:
            return message[:8] + bytes(letter ^ 1 for letter in message[8:16]) + message[16:]

        def other_sequence(message: bytes) -> bytes:
            return message[:6] + bytes((message[6], message[7] ^ 1)) + message[8:]

        def other_number(message: bytes) -> bytes:
            return message[:23] + bytes((message[23] ^ 1,)) + message[24:]

        return [
            (0, echo_reply(packet, source=elsewhere)),
            (0, echo_reply(packet, change=other_cookie)),
            (0, echo_reply(packet, change=other_sequence)),
            (0, echo_reply(packet, change=other_number)),
            (0, echo_reply(packet, change=lambda message: message[:8])),
            (0, echo_reply(packet, change=lambda message: message[:15])),
            (0, echo_reply(packet, change=lambda message: message[:8] + b"\xff" * 48)),
            (0.1, echo_reply(packet)),
            (0.15, echo_reply(packet)),
            (0.15, echo_reply(packet)),
        ]

    with tun_internet(forger) as (namespace, _):
        pinger = opened(namespace)
        pinger.send(target(address))
        (sample,) = gather(pinger, some(1))
        assert sample.outcome is Outcome.OK
        assert sample.rtt_ns is not None
        assert sample.rtt_ns > 95 * MILLISECOND
        gather(pinger, lambda _: pinger._book.duplicates == 2)  # type: ignore[attr-defined]
        assert pinger.collect() == []


@needs_tun
def test_an_answer_shortened_behind_the_number_is_an_answer(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda packet: [(0, echo_reply(packet, change=lambda message: message[:24]))]) as (
        namespace,
        _,
    ):
        pinger = opened(namespace)
        pinger.send(target(FAR))
        assert [sample.outcome for sample in gather(pinger, some(1))] == [Outcome.OK]


@needs_tun
def test_two_pingers_do_not_take_each_others_answers(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda packet: answering(packet) if body_of(packet)[7] == 1 else []) as (namespace, _):
        first, second = opened(namespace), opened(namespace, first_number=2, timeout_ns=300 * MILLISECOND)
        second._identifier = first._identifier  # type: ignore[attr-defined]
        second.send(target(FAR))
        for _ in range(3):
            first.send(target(FAR))
        assert gather(first, some(1))[0].outcome is Outcome.OK
        assert [sample.outcome for sample in gather(second, some(1))] == [Outcome.LOST]


@needs_tun
@pytest.mark.parametrize("quote", [28, 512])
def test_a_routers_error_is_unreachable(opened: Callable[..., Pinger], quote: int) -> None:
    def refuse(packet: bytes) -> list[tuple[float, bytes]]:
        return [(0, icmp_error(packet, "10.77.0.1", 3, 0, quote))]

    with tun_internet(refuse) as (namespace, _):
        pinger = opened(namespace)
        pinger.send(target(FAR))
        (sample,) = gather(pinger, some(1))
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.77.0.1 net-unreachable")
        assert sample.rtt_ns is None


@needs_tun
def test_a_routers_error_after_the_time_limit_replaces_the_loss(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda _: []) as (namespace, internet):
        pinger = opened(namespace, timeout_ns=50 * MILLISECOND)
        pinger.send(target(FAR))
        (lost,) = gather(pinger, some(1))
        internet.inject(icmp_error(internet.seen[0], "10.77.0.1", 3, 1))
        (unreachable,) = gather(pinger, some(1))
        assert [lost.outcome, unreachable.outcome] == [Outcome.LOST, Outcome.UNREACHABLE]
        assert lost.sent_ns == unreachable.sent_ns


@needs_tun
def test_a_routers_ipv6_error_is_unreachable(opened: Callable[..., Pinger]) -> None:
    with tun_internet(lambda packet: [(0, icmp_error(packet, "fd77::1", 1, 3))]) as (namespace, _):
        pinger = opened(namespace)
        pinger.send(target(FAR6))
        (sample,) = gather(pinger, some(1))
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "fd77::1 host-unreachable")


@needs_tun
def test_a_forged_error_is_not_believed(opened: Callable[..., Pinger]) -> None:
    def forger(packet: bytes) -> list[tuple[float, bytes]]:
        about_another = packet[:16] + socket.inet_aton(OTHER) + packet[20:]
        another_cookie = packet[:28] + b"\0" * 8 + packet[36:]
        another_sequence = packet[:26] + b"\x7f\xff" + packet[28:]
        errors = [icmp_error(p, "10.77.0.1", 3, 1) for p in (about_another, another_cookie, another_sequence)]
        # Too short a quote to hold the cookie: the identifier has to tell.
        another_identifier = packet[:24] + bytes((packet[24] ^ 1, packet[25])) + packet[26:]
        errors.append(icmp_error(another_identifier, "10.77.0.1", 3, 1, 28))
        return [(0, error) for error in errors] + [(0.1, echo_reply(packet))]

    with tun_internet(forger) as (namespace, _):
        pinger = opened(namespace)
        pinger.send(target(FAR))
        assert [sample.outcome for sample in gather(pinger, some(1))] == [Outcome.OK]


@needs_tun
def test_queued_errors_do_not_hit_other_targets(opened: Callable[..., Pinger], method: str) -> None:
    def behaviour(packet: bytes) -> list[tuple[float, bytes]]:
        if addresses_of(packet)[1] == FAR:
            return answering(packet)
        return [(0, icmp_error(packet, "10.77.0.1", 3, 1))]

    with tun_internet(behaviour) as (namespace, internet):
        pinger = opened(namespace)
        for number in range(2, 8):
            pinger.send(target(f"198.18.0.{number}"))
        deadline = time.monotonic() + 5
        while len(internet.seen) < 6 and time.monotonic() < deadline:
            time.sleep(0.002)
        wait_readable(pinger)  # type: ignore[arg-type]
        pinger.send(target(FAR))
        samples = gather(pinger, some(7))
        assert {sample.target.address: sample.outcome for sample in samples} == {
            FAR: Outcome.OK,
            **{f"198.18.0.{number}": Outcome.UNREACHABLE for number in range(2, 8)},
        }


@needs_tun
def test_a_flood_of_errors_does_not_stop_sending(opened: Callable[..., Pinger]) -> None:
    def behaviour(packet: bytes) -> list[tuple[float, bytes]]:
        if addresses_of(packet)[1] == FAR:
            return answering(packet)
        return [(0, icmp_error(packet, "10.77.0.1", 3, 1))] * 40

    with tun_internet(behaviour) as (namespace, _):
        pinger = opened(namespace)
        for _ in range(5):
            pinger.send(target(OTHER))
            wait_readable(pinger)  # type: ignore[arg-type]
            pinger.send(target(FAR))
        samples = gather(pinger, some(10))
        assert [s.outcome for s in samples if s.target.address == FAR] == [Outcome.OK] * 5
        assert {s.outcome for s in samples if s.target.address == OTHER} == {Outcome.UNREACHABLE}


@needs_namespaces
def test_no_answer_to_arp_is_our_own_error(opened: Callable[..., Pinger]) -> None:
    with namespaces(2) as (here, there):
        name, _ = connect(here, "10.9.0.1/24", there, "10.9.0.2/24")
        here.sysctl(f"net/ipv4/neigh/{name}/retrans_time_ms", "50")
        here.sysctl(f"net/ipv4/neigh/{name}/mcast_solicit", "1")
        pinger = opened(here)
        pinger.send(target("10.9.0.77"))
        pinger.send(target("10.9.0.2"))
        expected = {"10.9.0.77": (Outcome.SEND_ERROR, "EHOSTUNREACH"), "10.9.0.2": (Outcome.OK, "")}

        def last(samples: list[Sample]) -> dict[str, tuple[Outcome, str]]:
            return {sample.target.address: (sample.outcome, sample.detail) for sample in samples}

        assert last(gather(pinger, lambda samples: last(samples) == expected)) == expected


@needs_namespaces
def test_a_router_without_a_route_says_so(opened: Callable[..., Pinger]) -> None:
    with namespaces(2) as (here, box):
        connect(here, "10.9.0.2/24", box, "10.9.0.1/24")
        here.ip("route add default via 10.9.0.1")
        box.sysctl("net/ipv4/ip_forward", "1")
        pinger = opened(here)
        for _ in range(3):  # a link that has just come up may lose the first
            pinger.send(target(FAR))
            (sample,) = gather(pinger, some(1))
            if sample.outcome is not Outcome.LOST:
                break
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.9.0.1 net-unreachable")


@needs_tun
def test_raw_sockets_wake_up_for_nothing_else() -> None:
    def noisy(packet: bytes) -> list[tuple[float, bytes]]:
        def timestamp_reply(message: bytes) -> bytes:
            return b"\x0e" + message[1:]

        return [(0, echo_reply(packet, change=timestamp_reply))] * 5

    with tun_internet(noisy) as (namespace, internet), namespace.entered():  # noqa: SIM117
        with contextlib.closing(RawPinger(SystemClock(), SECOND, 10 * SECOND)) as pinger:
            pinger.send(target(FAR))
            deadline = time.monotonic() + 5
            while internet.answered < 5:
                assert time.monotonic() < deadline
            poll = select.poll()
            poll.register(pinger._sockets[4, ""], select.POLLIN)
            assert poll.poll(50) == []
            pinger.send(target("127.0.0.1"))
            assert [sample.target.address for sample in gather(pinger, some(1))] == ["127.0.0.1"]


@needs_namespaces
@pytest.mark.parametrize(
    ("groups", "user", "expected"),
    [
        ("0 2147483647", True, "icmp-datagram"),
        ("0 2147483647", False, "icmp-datagram"),
        ("1 0", False, "icmp-raw"),
        ("1 0", True, "tcp"),
    ],
)
def test_the_best_method_that_is_allowed_is_taken(groups: str, user: bool, expected: str) -> None:
    imports = (
        "from diagnostics.probes.ping import open_pinger; from diagnostics.clock import SystemClock; "
        "import diagnostics.probes.ping_linux, diagnostics.probes.ping_tcp, os"
    )
    code = (
        "os.environ.pop('JALERTE_PING_METHOD', None); pinger = open_pinger(SystemClock()); "
        "print(pinger.method); pinger.close()"
    )
    with namespaces(1, ping_groups=groups) as (namespace,):
        assert namespace.run_python(imports, code, user=user) == expected


@needs_namespaces
def test_a_method_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        for method in (*METHODS, "tcp"):
            pinger = open_pinger(SystemClock(), method=method)
            assert pinger.method == method
            pinger.close()
        monkeypatch.setenv("JALERTE_PING_METHOD", "tcp")
        pinger = open_pinger(SystemClock())
        assert pinger.method == "tcp"
        pinger.close()
        monkeypatch.setenv("JALERTE_PING_METHOD", "telepathy")
        with pytest.raises(BadInput, match="ping_method_unknown"):
            open_pinger(SystemClock())
        with pytest.raises(MachineCannot, match="ping_impossible"):
            open_pinger(SystemClock(), method="icmp-api")


def test_where_no_socket_can_be_made_ping_is_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(MachineCannot, match="ping_impossible") as caught:
        open_pinger(SystemClock())
    assert caught.value.exit_code == 3
