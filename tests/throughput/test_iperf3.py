"""The iperf3 provider: with the real program and server on loopback, and with stand-ins for both that misbehave."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_web import StubWeb, dripping, resetting

from diagnostics.model import SECOND, BadInput, MachineCannot
from diagnostics.throughput.model import (
    Counted,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    Place,
    Server,
    SpeedFailed,
    Tick,
    Way,
)
from diagnostics.throughput.providers.iperf3 import Iperf3Provider, parse_server
from diagnostics.throughput.providers.iperf3_report import Report
from diagnostics.throughput.providers.iperf3_run import failure_of, plan, way_out
from diagnostics.throughput.rules import default_rules

DOWN, UP = Direction.DOWN, Direction.UP
RULES = default_rules()
HASTY = replace(RULES, stall_s=0.5)

needs_iperf3 = pytest.mark.skipif(shutil.which("iperf3") is None, reason="iperf3 is not installed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a POSIX script")


@contextlib.contextmanager
def real_server() -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port), "--forceflush"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        while b"Server listening" not in process.stdout.readline():
            assert process.poll() is None
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            yield Server(f"iperf3://127.0.0.1:{port}")
        finally:
            process.kill()


def measured(
    provider: Iperf3Provider,
    server: Server,
    order: FlowOrder,
    stop: threading.Event | None = None,
) -> tuple[Flow, list[Tick]]:
    ticks: list[Tick] = []
    flow = provider.flow(server, order, ticks.append, stop or threading.Event())
    return flow, ticks


def program(folder: Path, body: str, version: str = "iperf 3.18 (cJSON 1.7.15)") -> str:
    """A stand-in for iperf3: says its version, or does what ``body`` says."""
    script = folder / "iperf3"
    lines = [
        f"#!{sys.executable} -SE",
        "import json, signal, sys, time",
        f"if '--version' in sys.argv: print({version!r}); sys.exit()",
        "def say(event, data): print(json.dumps({'event': event, 'data': data}), flush=True)",
        body,
    ]
    script.write_text("\n".join(lines), "utf-8")
    script.chmod(0o755)
    return str(script)


STEADY = """
def over(*_):
    say('error', 'interrupt - the client has terminated by signal Interrupt(2)')
    say('end', {'sum_received': {'seconds': 1, 'bytes': 0}})
    sys.exit(0)
signal.signal(signal.SIGINT, over)
say('start', {})
for _ in range(100):
    time.sleep(0.1)
    say('interval', {'sum': {'seconds': 0.1, 'bytes': 1250000, 'omitted': False}})
over()
"""


# Addresses


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("iperf.example", "iperf.example", 5201),
        ("iperf.example:5209", "iperf.example", 5209),
        ("iperf3://iperf.example:9200/", "iperf.example", 9200),
        (" 192.0.2.1:1 ", "192.0.2.1", 1),
        ("[2001:db8::1]:5202", "2001:db8::1", 5202),
        ("iperf3://[2001:db8::1]", "2001:db8::1", 5201),
    ],
)
def test_addresses_are_read_in_all_their_forms(text: str, host: str, port: int) -> None:
    assert parse_server(text) == Place(host, port)
    server = Iperf3Provider().servers([text], Way())[0]
    assert parse_server(server.url) == Place(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-s",
        "--logfile=/tmp/x",
        "-R:5201",
        "host;reboot",
        "host name",
        "host\nname",
        "$(reboot)",
        "host:0",
        "host:65536",
        "host:99999999999",
        "host:-1",
        "http://host/",
        "2001:db8::1",
        "[::1",
        "[-R]",
        "[host]:5201",
        "user@host",
        "host/path",
        "host\u0000",
        "x" * 300,
        "☃.example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_server(text)
    assert refused.value.remark.code == "speed_iperf3_server_bad"


@given(st.text(max_size=80))
def test_no_address_is_ever_taken_for_an_option(text: str) -> None:
    with contextlib.suppress(BadInput):
        place = parse_server(text)
        assert place.host[0] not in "-/"
        assert " " not in place.host
        assert 1 <= place.port <= 65535


def test_without_a_server_the_person_is_asked_for_one() -> None:
    with pytest.raises(BadInput) as refused:
        Iperf3Provider().servers([], Way())
    assert refused.value.remark.code == "speed_iperf3_server_missing"


def test_nobody_is_told_to_knock_at_the_servers_port() -> None:
    assert Iperf3Provider().place(Server("iperf3://192.0.2.1:5201")).port == 0


# The real program


@needs_iperf3
def test_a_download_is_counted_as_received_and_told_while_it_runs() -> None:
    with real_server() as server:
        order = FlowOrder(DOWN, Way(), most_ns=2 * SECOND)
        flow, ticks = measured(Iperf3Provider(), server, order)
    assert flow.failure is None
    assert flow.counted is Counted.RECEIVED
    assert flow.bps is not None
    assert flow.bps > 100_000_000
    assert sum(flow.curve) == pytest.approx(flow.bytes, rel=0.05)
    assert flow.error is not None
    counted = sum(flow.curve[flow.ramp_ns // (SECOND // 10) :])
    plain_mean = counted * 8 * SECOND / (flow.duration_ns - flow.ramp_ns)
    # On a busy machine the rate swings: then the plain mean is away from it by no more than the error that is told.
    assert abs(flow.bps - plain_mean) <= max(0.1, flow.error + 0.02) * flow.bps
    assert 1.5 * SECOND < flow.duration_ns < 3 * SECOND
    assert len(ticks) > 5
    assert ticks[-1].bytes <= flow.bytes * 1.05


@needs_iperf3
def test_an_upload_is_what_the_server_received_after_its_first_second() -> None:
    with real_server() as server:
        flow, ticks = measured(Iperf3Provider(), server, FlowOrder(UP, Way(), most_ns=3 * SECOND, streams=2))
    assert flow.failure is None
    assert flow.counted is Counted.SERVER
    assert flow.ramp_ns == SECOND
    assert flow.duration_ns == pytest.approx(3 * SECOND, rel=0.1)
    assert flow.streams == 2
    assert flow.bps is not None
    assert flow.bps * 2 / 8 == pytest.approx(flow.bytes * 2 / 3, rel=0.4)
    assert ticks


@needs_iperf3
@pytest.mark.parametrize("direction", [DOWN, UP])
def test_a_data_limit_ends_it_soon_after(direction: Direction) -> None:
    with real_server() as server:
        order = FlowOrder(direction, Way(), most_bytes=50_000_000)
        begun = time.monotonic()
        flow, _ = measured(Iperf3Provider(), server, order)
    assert flow.ended is Ended.CAP
    assert flow.bytes >= 50_000_000
    assert time.monotonic() - begun < 8
    assert flow.counted is (Counted.RECEIVED if direction is DOWN else Counted.SENT)


@needs_iperf3
@pytest.mark.parametrize("direction", [DOWN, UP])
def test_cancelled_it_ends_at_once_and_keeps_what_it_had(direction: Direction) -> None:
    stop = threading.Event()
    with real_server() as server:
        ticks: list[Tick] = []

        def hear(tick: Tick) -> None:
            ticks.append(tick)
            if len(ticks) == 22:
                stop.set()

        begun = time.monotonic()
        flow = Iperf3Provider().flow(server, FlowOrder(direction, Way()), hear, stop)
    assert flow.ended is Ended.CANCELLED
    assert flow.failure is None
    assert flow.bytes > 0
    assert flow.bps is not None
    assert time.monotonic() - begun < 9


@needs_iperf3
def test_a_busy_server_is_said_to_be_busy() -> None:
    with real_server() as server:
        place = parse_server(server.url)
        command = ["iperf3", "-c", place.host, "-p", str(place.port), "-t", "20", "-b", "1M", "--forceflush"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            while b"connected to" not in other.stdout.readline():
                assert other.poll() is None
            flow, _ = measured(Iperf3Provider(), server, FlowOrder(DOWN, Way()))
            other.kill()
    assert flow.ended is Ended.FAILED
    assert flow.failure is not None
    assert flow.failure.code == "speed_server_busy"


@needs_iperf3
def test_nobody_at_the_port_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        flow, _ = measured(
            Iperf3Provider(),
            Server(f"iperf3://127.0.0.1:{bound.getsockname()[1]}"),
            FlowOrder(DOWN, Way(), most_ns=SECOND),
        )
    assert flow.failure is not None
    assert flow.failure.code == "speed_unreachable"
    assert flow.failure["why"] == "Connection refused"


@needs_iperf3
@pytest.mark.parametrize(
    ("handler", "codes"),
    [
        (lambda _socket, end: end.wait(20), {"speed_server_silent"}),
        (resetting, {"speed_server_broke_off"}),
        (lambda socket, _end: socket.recv(37), {"speed_server_broke_off"}),
        (
            dripping(b"\x00\xffHTTP/1.0 400 Bad Request\r\n"),
            {"speed_server_broke_off", "speed_server_silent"},
        ),
        (dripping(b"\x09"), {"speed_server_broke_off", "speed_server_silent"}),
    ],
    ids=["silent", "reset", "closed", "garbage", "wrong order"],
)
def test_a_strange_server_fails_clearly_and_in_time(handler: object, codes: set[str]) -> None:
    with contextlib.closing(StubWeb(handler)) as stub:  # type: ignore[arg-type]
        begun = time.monotonic()
        flow, _ = measured(
            Iperf3Provider(rules=HASTY), Server(f"iperf3://127.0.0.1:{stub.port}"), FlowOrder(DOWN, Way())
        )
    assert flow.ended is Ended.FAILED
    assert flow.failure is not None
    assert flow.failure.code in codes
    assert flow.bps is None
    assert time.monotonic() - begun < 15


# Stand-ins for the program


def test_without_the_program_the_mend_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineCannot) as refused:
        measured(Iperf3Provider(), Server("iperf3://127.0.0.1"), FlowOrder(DOWN, Way()))
    assert refused.value.remark.code == "speed_program_missing"
    assert refused.value.remark["program"] == "iperf3"


@posix
@pytest.mark.parametrize("version", ["iperf version 2.1.8", "iperf 3.1.3", "", "iperf 99.0", "\x1b[2J"])
def test_another_program_of_that_name_is_not_used(version: str, tmp_path: Path) -> None:
    provider = Iperf3Provider(program(tmp_path, "raise SystemExit", version))
    with pytest.raises(MachineCannot) as refused:
        measured(provider, Server("iperf3://127.0.0.1"), FlowOrder(DOWN, Way()))
    assert refused.value.remark.code == "speed_program_version"


@posix
def test_a_streaming_program_is_ended_once_the_rate_is_steady(tmp_path: Path) -> None:
    provider = Iperf3Provider(program(tmp_path, STEADY))
    flow, ticks = measured(provider, Server("iperf3://127.0.0.1"), FlowOrder(DOWN, Way()))
    assert flow.ended is Ended.STEADY
    assert flow.bps == pytest.approx(100_000_000, rel=0.001)
    assert flow.duration_ns < 4 * SECOND
    assert flow.bytes == sum(flow.curve) == 1_250_000 * len(ticks)
    assert {tick.bps for tick in ticks} == {100_000_000}


@posix
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("print('not json', flush=True); time.sleep(60)", "speed_program_nonsense"),
        ("print('[' * 100000, flush=True)", "speed_program_nonsense"),
        ("say('interval', {'sum': {'seconds': -1, 'bytes': 5}})", "speed_program_nonsense"),
        (
            "say('start', {}); say('interval', {'sum': {'seconds': 1, 'bytes': 1e400}})",
            "speed_program_nonsense",
        ),
        ("while True: print('{}' * 8000, flush=True)", "speed_program_nonsense"),
        ("while True: sys.stdout.write('x' * 65536)", "speed_program_nonsense"),
        ("say('start', {}); say('end', {})", "speed_program_nonsense"),
        ("sys.exit('iperf3: unrecognised option')", "speed_program_failed"),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)", "speed_server_silent"),
        ("say('error', 'error - test authorization failed')", "speed_server_login"),
        ("say('start', {}); time.sleep(60)", "speed_stalled"),
    ],
)
def test_a_strange_program_fails_clearly_and_in_time(body: str, code: str, tmp_path: Path) -> None:
    provider = Iperf3Provider(program(tmp_path, body), HASTY)
    begun = time.monotonic()
    flow, _ = measured(provider, Server("iperf3://127.0.0.1"), FlowOrder(DOWN, Way()))
    assert flow.ended is Ended.FAILED
    assert flow.failure is not None
    assert flow.failure.code == code
    assert time.monotonic() - begun < 15


@posix
def test_its_children_end_with_it(tmp_path: Path) -> None:
    born = tmp_path / "born"
    body = f"""
import subprocess
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
open({str(born)!r}, 'w').write(str(child.pid))
say('start', {{}})
time.sleep(60)
"""
    flow, _ = measured(
        Iperf3Provider(program(tmp_path, body), HASTY), Server("iperf3://127.0.0.1"), FlowOrder(DOWN, Way())
    )
    assert flow.ended is Ended.FAILED
    child = Path(f"/proc/{born.read_text()}/stat")
    deadline = time.monotonic() + 5
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)


# Decisions


def test_how_long_it_takes_depends_on_what_the_program_tells() -> None:
    down, up = FlowOrder(DOWN, Way()), FlowOrder(UP, Way())
    assert plan((3, 18), down, RULES, watched=False).whole == RULES.longest_s
    assert plan((3, 12), down, RULES, watched=True).whole == RULES.longest_s
    assert plan((3, 12), down, RULES, watched=False).whole == 5
    assert plan((3, 18), up, RULES, watched=False).whole == 5
    assert plan((3, 18), up, RULES, watched=False).omit == 1
    short = plan((3, 18), replace(up, most_ns=2 * SECOND), RULES, watched=False)
    assert (short.whole, short.omit) == (2, 0)


def test_the_way_out_is_bound_where_the_program_can_be_bound() -> None:
    assert way_out((3, 12), "", "192.0.2.1") == []
    assert way_out((3, 12), "eth0", "192.0.2.1", "linux") == ["--bind-dev=eth0"]
    assert way_out((3, 21), "en0", "192.0.2.1", "darwin") == ["--bind-dev=en0"]
    with pytest.raises(MachineCannot) as refused:
        way_out((3, 9), "no-such0", "192.0.2.1", "linux")
    assert refused.value.remark.code == "speed_program_bind"


@pytest.mark.skipif(sys.platform != "linux", reason="lo is Linux's name of the loopback")
def test_an_old_program_gets_a_source_address_where_the_system_takes_that_interface_anyway() -> None:
    assert way_out((3, 9), "lo", "127.0.0.1", "linux") == ["-B", "127.0.0.1"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("the server is busy running a test. try again later", "speed_server_busy"),
        ("unable to connect to server: Connection refused", "speed_unreachable"),
        ("unable to receive control message: Connection reset by peer", "speed_server_broke_off"),
        ("control socket has closed unexpectedly", "speed_server_broke_off"),
        ("the server has terminated", "speed_server_broke_off"),
        ("unable to set TCP/SCTP MSS: Invalid argument", "speed_program_failed"),
    ],
)
def test_its_sentences_are_understood(said: str, code: str) -> None:
    assert failure_of(said, Place("host.example", 5201)).remark.code == code


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "data",
                    "sum",
                    "seconds",
                    "bytes",
                    "intervals",
                    "end",
                    "sum_received",
                    "sum_sent",
                    "error",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_any_json_is_understood_or_refused(value: object) -> None:
    for event in ("start", "interval", "end", "error"):
        with contextlib.suppress(SpeedFailed):
            Report().take_line(json.dumps({"event": event, "data": value}).encode())
    with contextlib.suppress(SpeedFailed):
        report = Report()
        report.take_document(json.dumps(value).encode())
        assert all(interval.bytes >= 0 and interval.seconds >= 0 for interval in report.intervals)


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    for take in (Report().take_line, Report().take_document):
        with contextlib.suppress(SpeedFailed):
            take(raw)
