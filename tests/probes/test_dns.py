from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from namespaces import _ROOT, icmp_error, namespaces, needs_namespaces, needs_tun, tun_internet
from stub_dns import A_RECORD, Answers, reply, stub_dns, with_address

from diagnostics.clock import SystemClock
from diagnostics.config import load_defaults
from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes import dns
from diagnostics.probes.answers import LATELY_NS, MOST_ADDRESSES, MOST_NAMES, AnswerMemory, is_public
from diagnostics.probes.dns import DirectDns, SystemDns
from diagnostics.probes.lookup import BoundedLookup, Found

RESOLVER = Target(Role.RESOLVER, Protocol.DNS, "127.0.0.1")
SYSTEM = Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")
NAMES = ("example.net", "Example.org")
QUESTION = dns.encode_question("example.net")


def ask(answers: Answers, timeout_s: float = 0.3) -> Sample:
    with stub_dns(answers) as server:
        return DirectDns(RESOLVER, NAMES, SystemClock(), timeout_s, port=server.port).run()


def answer(**changes: object) -> Answers:
    return lambda query: [reply(query, **changes)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "outcome", "detail"),
    [
        (with_address, Outcome.OK, ""),
        (lambda query: [reply(query, records=A_RECORD * 3, count=3)], Outcome.OK, ""),
        (answer(), Outcome.OK, "nodata"),
        (answer(rcode=3), Outcome.OK, "nxdomain"),
        (answer(flags=0x8380), Outcome.OK, ""),
        (answer(rcode=2), Outcome.REFUSED, "servfail"),
        (answer(rcode=5), Outcome.REFUSED, "refused"),
        (answer(rcode=4), Outcome.REFUSED, "notimp"),
        (answer(rcode=11), Outcome.REFUSED, "rcode-11"),
        (lambda query: [query[:2] + b"\x80\x01" + bytes(8)], Outcome.REFUSED, "formerr"),
        (answer(count=1, records=b"\xc0"), Outcome.REFUSED, "bad-answer"),
        (answer(count=2, records=A_RECORD), Outcome.REFUSED, "bad-answer"),
        (answer(question=dns.encode_question("EXAMPLE.NET"), records=A_RECORD, count=1), Outcome.OK, ""),
        (lambda query: [b"", b"x", os.urandom(3), reply(query)], Outcome.OK, "nodata"),
    ],
)
def test_what_a_resolver_says_is_told_apart(answers: Answers, outcome: Outcome, detail: str) -> None:
    sample = ask(answers)
    assert (sample.outcome, sample.detail, sample.target) == (outcome, detail, RESOLVER)
    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 250 * MILLISECOND
    assert sample.sent_ns % 100_000 == sample.mono_ns % 100_000 == 0


@pytest.mark.parametrize(
    "answers",
    [
        lambda _: [],
        lambda query: [reply(query, identifier=bytes((query[0] ^ 1, query[1])))],
        answer(question=dns.encode_question("example.com"), records=A_RECORD, count=1),
        lambda query: [query],
        lambda _: [b"\xff" * 100],
    ],
)
def test_silence_and_answers_to_other_questions_are_loss_in_time(answers: Answers) -> None:
    started = time.monotonic()
    sample = ask(answers, 0.2)
    assert (sample.outcome, sample.rtt_ns, sample.detail) == (Outcome.LOST, None, "")
    assert 0.2 <= time.monotonic() - started < 0.6


def test_names_are_asked_in_turn() -> None:
    with stub_dns(with_address) as server:
        check = DirectDns(RESOLVER, NAMES, SystemClock(), port=server.port)
        for _ in range(3):
            check.run()
        assert [query[12:] for query in server.queries] == [
            dns.encode_question(name) for name in ("example.net", "Example.org", "example.net")
        ]
        assert all(query[2:12] == bytes.fromhex("01000001000000000000") for query in server.queries)


def test_the_question_is_asked_again_after_a_second_and_the_time_counts_from_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dns, "RESEND_S", 0.15)
    asked: list[bytes] = []

    def second(query: bytes) -> list[bytes]:
        asked.append(query)
        return with_address(query) if len(asked) == 2 else []

    sample = ask(second, 1)
    assert asked[0] == asked[1]
    assert sample.outcome is Outcome.OK
    assert sample.rtt_ns is not None
    assert sample.rtt_ns >= 150 * MILLISECOND


def test_it_is_asked_twice_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "RESEND_S", 0.02)
    with stub_dns(lambda _: []) as server:
        DirectDns(RESOLVER, NAMES, SystemClock(), 0.2, port=server.port).run()
        assert len(server.queries) == 2


def test_nobody_listening_is_unreachable() -> None:
    with stub_dns(with_address) as server:
        port = server.port
    sample = DirectDns(RESOLVER, NAMES, SystemClock(), 0.5, port=port).run()
    assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "127.0.0.1 port-unreachable")


def test_ipv6_resolvers_are_asked_too() -> None:
    with stub_dns(with_address, "::1") as server:
        target = Target(Role.RESOLVER, Protocol.DNS, "::1")
        assert DirectDns(target, NAMES, SystemClock(), port=server.port).run().outcome is Outcome.OK


@needs_namespaces
def test_no_route_is_not_loss() -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        sample = DirectDns(Target(Role.RESOLVER, Protocol.DNS, "198.18.0.53"), NAMES, SystemClock()).run()
        assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "ENETUNREACH")


@needs_tun
def test_a_routers_error_is_unreachable() -> None:
    with tun_internet(lambda packet: [(0, icmp_error(packet, "10.77.0.1", 3, 1))]) as (namespace, _):
        with namespace.entered():
            sample = DirectDns(Target(Role.RESOLVER, Protocol.DNS, "198.18.0.53"), NAMES, SystemClock()).run()
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.77.0.1 host-unreachable")


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64, "é.fr", ".".join(["abcdefgh"] * 30)])
def test_what_is_no_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 UnicodeEncodeError is one
        DirectDns(RESOLVER, [name], SystemClock())


@given(st.binary(max_size=100), st.integers(0, 0xFFFF), st.integers(0, 20))
def test_garbage_never_raises(data: bytes, flags: int, records: int) -> None:
    dns.read_answer(data, 1, QUESTION)
    head = b"\0\1" + (flags | 0x8000).to_bytes(2, "big") + b"\0\1" + records.to_bytes(2, "big") + bytes(4)
    read = dns.read_answer(head + QUESTION + data, 1, QUESTION)
    assert read is not None
    assert 0 <= read.addresses <= records
    dns.judge(read)


@given(st.integers(0, 60))
def test_an_answer_cut_short_is_broken_not_empty(cut: int) -> None:
    query = dns.encode_query(1, QUESTION)
    whole = reply(query, records=A_RECORD, count=1)
    read = dns.read_answer(whole[:cut], 1, QUESTION)
    if cut < len(query):
        assert read is None
    else:
        assert read is not None
        assert read.broken == (cut < len(whole))


# --- the system's resolver ------------------------------------------------------------------------------------------


def system(resolve: Callable[[str, int], tuple[tuple[str, ...], str]], timeout_s: float = 0.1) -> SystemDns:
    clock = SystemClock()
    return SystemDns(
        SYSTEM, NAMES, clock, timeout_s, lookup=BoundedLookup(clock, resolve), noname_is_answer=lambda: True
    )


@pytest.mark.parametrize(
    ("found", "outcome", "detail"),
    [
        ((("192.0.2.1",), ""), Outcome.OK, ""),
        (((), "EAI_NODATA"), Outcome.OK, "nodata"),
        (((), "EAI_NONAME"), Outcome.OK, "nxdomain"),
        (((), "EMFILE"), Outcome.SEND_ERROR, "EMFILE"),
    ],
)
def test_what_the_system_says_is_told_apart(
    found: tuple[tuple[str, ...], str], outcome: Outcome, detail: str
) -> None:
    asked = []

    def resolve(name: str, family: int) -> tuple[tuple[str, ...], str]:
        asked.append((name, family))
        return found

    sample = system(resolve).run()
    assert (sample.outcome, sample.detail) == (outcome, detail)
    assert (sample.rtt_ns is None) == (outcome is Outcome.SEND_ERROR)
    assert asked == [("example.net.", 4)]


def test_no_such_name_is_no_answer_where_the_system_says_it_without_a_network() -> None:
    check = system(lambda *_: ((), "EAI_NONAME"))
    check._noname_is_answer = lambda: False
    assert check.run().outcome in (Outcome.LOST, Outcome.SEND_ERROR)


def test_a_hanging_resolver_is_loss_in_time_and_never_two_threads() -> None:
    release, asked = threading.Event(), []

    def hang(name: str, _: int) -> tuple[tuple[str, ...], str]:
        asked.append(name)
        release.wait(20)
        return (f"192.0.2.{len(asked)}",), ""

    before = threading.active_count()
    check = system(hang, 0.1)
    for detail in ("", "earlier-query-hangs", "earlier-query-hangs"):
        started = time.monotonic()
        sample = check.run()
        assert (sample.outcome, sample.detail, sample.rtt_ns) == (Outcome.LOST, detail, None)
        assert 0.09 <= time.monotonic() - started < 0.5
        assert threading.active_count() == before + 1
    release.set()
    sample = check.run()
    assert sample.outcome is Outcome.OK
    assert sample.rtt_ns is not None
    assert sample.rtt_ns < 100 * MILLISECOND
    # The query that hung was for the first name; its answer was thrown away, the later ones were never asked.
    assert asked == ["example.net.", "Example.org."]
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline


def test_an_old_answer_is_never_given_to_a_new_question() -> None:
    release = threading.Event()

    def resolve(name: str, _: int) -> tuple[tuple[str, ...], str]:
        if name == "slow":
            release.wait(20)
            return ("192.0.2.66",), ""
        return ("192.0.2.1",), ""

    lookup = BoundedLookup(ManualClock(), resolve)
    assert lookup.ask("slow", 4, 0.05).error == "timeout"
    threading.Timer(0.1, release.set).start()
    assert lookup.ask("quick", 4, 5).addresses == ("192.0.2.1",)


def test_a_resolver_that_breaks_is_an_error_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def broken(_name: str, _family: int) -> tuple[tuple[str, ...], str]:
        raise MemoryError

    assert BoundedLookup(ManualClock(), broken).ask("x", 4, 5) == Found(
        (), "EAI_FAIL", ManualClock().mono_ns()
    )


def test_no_thread_to_be_had_is_our_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    check = system(lambda *_: (("192.0.2.1",), ""))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        sample = check.run()
        assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "EAGAIN")
    assert check.run().outcome is Outcome.OK


def test_name_servers_are_read_from_resolv_conf() -> None:
    text = "# nameserver 1.1.1.1\nnameserver 192.0.2.1\n nameserver fe80::1%eth0 \nnameserver\noptions x\n"
    assert dns.name_servers(text) == ["192.0.2.1", "fe80::1%eth0"]
    assert dns.no_route_to([]) == ""
    assert dns.no_route_to(["127.0.0.1"]) == ""
    assert dns.no_route_to(["nonsense", "127.0.0.1"]) == ""
    assert dns.no_route_to(["nonsense"]) == "EINVAL"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("", True),
        ("passwd: files\nhosts: files dns # resolve\n", True),
        ("hosts: mymachines resolve [!UNAVAIL=return] files dns\n", False),
        ("hosts: files\n", False),
    ],
)
def test_who_looks_names_up_is_read_from_nsswitch(text: str, own: bool) -> None:
    assert dns.asks_servers_itself(text) == own


@given(st.text(max_size=200))
def test_foreign_files_never_raise(text: str) -> None:
    dns.name_servers(text)
    dns.asks_servers_itself("hosts:" + text)


# --- changed answers ------------------------------------------------------------------------------------------------

CANARIES = {"example.net": ("192.0.2.1", "192.0.2.2")}


def told(answer: tuple[str, ...], directly: tuple[str, ...] = (), *, asked_s_ago: float = 60) -> Sample:
    """What the system's answer for a canary is taken for, after a resolver asked directly gave another."""
    clock, memory = ManualClock(), AnswerMemory()
    if directly:
        memory.keep("example.net", directly, clock.mono)
        clock.advance(round(asked_s_ago * 1000) * MILLISECOND)
    lookup = BoundedLookup(clock, lambda name, family: (answer, "" if answer else "EAI_NODATA"))
    return SystemDns(SYSTEM, NAMES, clock, 5, lookup=lookup, memory=memory, canaries=CANARIES).run()


@pytest.mark.parametrize(
    ("answer", "directly", "shown"),
    [
        (("192.0.2.1",), (), ""),
        (("192.0.2.1",), ("192.0.2.2",), ""),
        (("203.0.113.9",), ("203.0.113.9", "192.0.2.1"), ""),
        (("203.0.113.9", "192.0.2.2"), ("192.0.2.1",), ""),
        (("203.0.113.9",), (), ""),
        (("203.0.113.9",), ("192.0.2.1",), "203.0.113.9"),
        (("203.0.113.9",), ("203.0.113.8",), "203.0.113.9"),
        ((), ("192.0.2.1",), ""),
        (("192.168.1.1",), (), "192.168.1.1"),
        (("10.1.2.3", "172.16.0.9"), (), "10.1.2.3"),
        (("127.0.0.1",), ("127.0.0.1",), "127.0.0.1"),
        (("0.0.0.0",), (), "0.0.0.0"),
        (("169.254.3.4",), (), "169.254.3.4"),
        (("192.168.1.1", "192.0.2.1"), (), ""),
        (("100.64.7.1",), (), ""),
        (("172.32.0.1",), (), ""),
        (("2001:db8::1",), (), ""),
        (("nonsense",), (), ""),
    ],
)
def test_a_changed_answer_is_kept_with_its_name(
    answer: tuple[str, ...], directly: tuple[str, ...], shown: str
) -> None:
    sample = told(answer, directly)
    if shown:
        assert (sample.outcome, sample.detail) == (Outcome.PORTAL, f"example.net {shown}")
        assert sample.rtt_ns is not None
    else:
        assert sample.outcome is Outcome.OK


def test_what_was_asked_long_ago_proves_nothing() -> None:
    assert told(("203.0.113.9",), ("192.0.2.1",), asked_s_ago=599).outcome is Outcome.PORTAL
    assert told(("203.0.113.9",), ("192.0.2.1",), asked_s_ago=601).outcome is Outcome.OK


def test_a_name_with_other_addresses_for_each_who_asks_is_no_lie() -> None:
    clock, memory = ManualClock(), AnswerMemory()
    memory.keep("cdn.example", ("198.51.100.1",), clock.mono)
    lookup = BoundedLookup(clock, lambda name, family: (("203.0.113.7",), ""))
    check = SystemDns(SYSTEM, ["cdn.example"], clock, lookup=lookup, memory=memory, canaries=CANARIES)
    assert check.run().outcome is Outcome.OK


def test_where_all_names_have_one_address_by_both_ways_nobody_lies() -> None:
    clock, memory = SystemClock(), AnswerMemory()
    with stub_dns(with_address) as server:
        DirectDns(RESOLVER, ["k.root-servers.net"], clock, port=server.port, memory=memory).run()
    assert memory.lately("k.root-servers.net", clock.mono_ns()) == {"192.0.2.1"}
    lookup = BoundedLookup(clock, lambda name, family: (("192.0.2.1",), ""))
    canaries = {"k.root-servers.net": ("193.0.14.129",)}
    check = SystemDns(SYSTEM, ["k.root-servers.net."], clock, lookup=lookup, memory=memory, canaries=canaries)
    assert check.run().outcome is Outcome.OK
    lookup = BoundedLookup(clock, lambda name, family: (("203.0.113.66",), ""))
    check = SystemDns(SYSTEM, ["k.root-servers.net"], clock, lookup=lookup, memory=memory, canaries=canaries)
    assert check.run().detail == "k.root-servers.net 203.0.113.66"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 80), st.integers(0, 400)), max_size=120))
def test_the_memory_keeps_what_is_new_and_stays_small(rows: list[tuple[str, int, int]]) -> None:
    memory, now, newest = AnswerMemory(), 0, dict[tuple[str, str], int]()
    for name, host, wait_s in rows:
        now += wait_s * SECOND
        memory.keep(name, [f"192.0.2.{host}"], now)
        newest[(name, f"192.0.2.{host}")] = now
    for name in "abc":
        lately = memory.lately(name, now)
        assert len(lately) <= MOST_ADDRESSES
        known = {one for (other, one), at in newest.items() if other == name and at >= now - LATELY_NS}
        assert lately <= known
        assert len(known) > MOST_ADDRESSES or lately == known


def test_strangers_names_do_not_fill_the_memory() -> None:
    memory = AnswerMemory()
    for number in range(500):
        memory.keep(f"{number}.example", ["192.0.2.1"] * 1000, 1)
    assert sum(bool(memory.lately(f"{number}.example", 1)) for number in range(500)) == MOST_NAMES


def test_the_shipped_canaries_are_asked_and_public() -> None:
    defaults = load_defaults()
    assert set(defaults.canaries) < set(defaults.names)
    assert len(defaults.canaries) >= 3
    assert all(is_public(address) for addresses in defaults.canaries.values() for address in addresses)
    dns.encode_question(next(iter(defaults.canaries)))


REAL = """
import sys, json
sys.path[:0] = [{root!r}, {root!r} + "/tests/servers"]
from diagnostics.clock import SystemClock
from diagnostics.model import *
from diagnostics.probes.dns import SystemDns
from stub_dns import *
mode = sys.argv[1]
check = SystemDns(Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system"), ["example.net"], SystemClock(), 0.8)
answers = {{
    "ok": with_address, "nodata": lambda q: [reply(q)], "nxdomain": lambda q: [reply(q, rcode=3)],
    "servfail": lambda q: [reply(q, rcode=2)], "refused": lambda q: [reply(q, rcode=5)], "silent": lambda q: [],
    "garbage": lambda q: [b"x" * 50],
}}
if mode in answers:
    with stub_dns(answers[mode], port=53):
        sample = check.run()
else:
    sample = check.run()
print(sample.outcome.name, sample.detail)
"""


@needs_namespaces
@pytest.mark.parametrize(
    ("mode", "resolv_conf", "expected"),
    [
        ("ok", "nameserver 127.0.0.1", "OK"),
        ("nodata", "nameserver 127.0.0.1", "OK nodata"),
        ("nxdomain", "nameserver 127.0.0.1", "OK nxdomain"),
        ("nxdomain", "nameserver 127.0.0.1\nsearch lan example.com", "OK nxdomain"),
        ("servfail", "nameserver 127.0.0.1", "LOST EAI_AGAIN"),
        ("refused", "nameserver 127.0.0.1", "LOST EAI_AGAIN"),
        ("silent", "nameserver 127.0.0.1", "LOST"),
        ("garbage", "nameserver 127.0.0.1", "LOST"),
        ("nobody", "nameserver 127.0.0.1", "LOST EAI_AGAIN"),
        ("nobody", "", "LOST EAI_AGAIN"),
        ("nobody", "nameserver 198.18.0.53", "SEND_ERROR ENETUNREACH"),
        ("nobody", "nameserver 198.18.0.53\nnameserver 2001:db8::53", "SEND_ERROR ENETUNREACH"),
    ],
)
def test_what_the_c_library_really_says(tmp_path: Path, mode: str, resolv_conf: str, expected: str) -> None:
    """The tables in SystemDns's docstring, tried on this machine's C library in a network of its own."""
    conf, nss, code = tmp_path / "resolv.conf", tmp_path / "nsswitch.conf", tmp_path / "code.py"
    conf.write_text(resolv_conf + "\n", "ascii")
    nss.write_text("hosts: files dns\n", "ascii")
    code.write_text(REAL.format(root=str(_ROOT)), "utf-8")
    script = (
        "mount --make-rprivate / && mount --bind $1 $(realpath /etc/resolv.conf)"
        " && mount --bind $2 /etc/nsswitch.conf && ip link set lo up && exec $3 -W error $4 $5"
    )
    words = ["sh", "-c", script, "sh", str(conf), str(nss), sys.executable, str(code), mode]
    done = subprocess.run(
        ["unshare", "--net", "--mount", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == expected
