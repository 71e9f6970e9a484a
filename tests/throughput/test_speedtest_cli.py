"""The speedtest-cli provider: the real package as a child, against a stand-in of Ookla's side on loopback."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_ookla import Manners, StubOokla, certificate, stub_ookla

from diagnostics.model import BadInput, MachineCannot
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
from diagnostics.throughput.providers import speedtest_cli
from diagnostics.throughput.providers.speedtest_cli import (
    OOKLA,
    SpeedtestCliProvider,
    failure_of,
    read_result,
)

DOWN, UP = Direction.DOWN, Direction.UP
pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed"
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("ookla"))


def provider_for(ookla: StubOokla, trusted: Path | None) -> SpeedtestCliProvider:
    return SpeedtestCliProvider(
        ookla.environment(trusted), counters=lambda: {"lo": (ookla.given, ookla.taken)}
    )


def measured(
    pair: tuple[Path, Path],
    manners: Manners,
    direction: Direction = DOWN,
    server: Callable[[StubOokla], str] = lambda ookla: ookla.mini,
    most_bytes: int | None = None,
    hear: Callable[[Tick], None] = lambda _tick: None,
    stop: threading.Event | None = None,
) -> tuple[Flow, Place, StubOokla]:
    with stub_ookla(*pair, manners) as ookla:
        provider = provider_for(ookla, pair[1])
        target = provider.servers([server(ookla)], Way())[0]
        order = FlowOrder(direction, Way(), most_bytes=most_bytes)
        flow = provider.flow(target, order, hear, stop or threading.Event())
        return flow, provider.place(target), ookla


@pytest.mark.parametrize("direction", [DOWN, UP])
@pytest.mark.parametrize("given_server", ["mini", "1234", OOKLA])
def test_one_direction_is_measured_and_taken_over(
    pair: tuple[Path, Path], direction: Direction, given_server: str
) -> None:
    ticks: list[Tick] = []
    flow, place, ookla = measured(
        pair,
        Manners(image_bytes=2_000_000, pause_s=0.02),
        direction,
        lambda ookla: ookla.mini if given_server == "mini" else given_server,
        hear=ticks.append,
    )
    assert flow.failure is None
    assert flow.counted is Counted.REPORTED
    moved, other = (ookla.given, ookla.taken) if direction is DOWN else (ookla.taken, ookla.given)
    assert 0 < flow.bytes <= moved + 1_000_000
    assert flow.bps == pytest.approx(flow.bytes * 8e9 / flow.duration_ns, rel=0.001)
    assert other == 0
    assert ticks
    assert place == Place("127.0.0.1", ookla.server_port)
    assert "CONNECT www.speedtest.net:443" in ookla.asked, "the configuration is fetched over TLS"


def test_where_the_server_is_stays_unknown_until_it_is_chosen() -> None:
    provider = SpeedtestCliProvider({})
    server = provider.servers([], Way())[0]
    assert server.url == OOKLA
    assert provider.place(server) == Place("", 0)


@pytest.mark.parametrize(
    "text",
    ["--share", "12345678", "ftp://host/", "speedtest://x/..", "file:///etc/passwd", "http://a b/", "-1"],
)
def test_what_is_no_server_is_refused_or_harmless(text: str) -> None:
    """A bare word may be a host's name; then it goes behind ``--mini=``, as a whole address."""
    try:
        server = SpeedtestCliProvider({}).servers([text], Way())[0]
    except BadInput:
        return
    assert server.url.startswith("http://")
    assert speedtest_cli._server_options(server)[0].startswith("--mini=http://")


@pytest.mark.parametrize(
    ("manners", "server", "code"),
    [
        (Manners(answers={"/speedtest-config": (403, b"")}), "1234", "speed_ookla_refused"),
        (Manners(answers={"/speedtest-config": (429, b"")}), "1234", "speed_ookla_too_often"),
        (Manners(answers={"/speedtest-config": (503, b"")}), "1234", "speed_ookla_status"),
        (Manners(answers={"/speedtest-config": (200, b"<html>no")}), "1234", "speed_ookla_nonsense"),
        (Manners(answers={"/speedtest-config": (200, b"<a/>")}), "1234", "speed_ookla_nonsense"),
        (Manners(answers={"/speedtest-config": (200, b"")}), "1234", "speed_ookla_nonsense"),
        (Manners(), "99", "speed_ookla_server_unknown"),
        (Manners(answers={"/mini": (200, b"<html>my blog</html>")}), "mini", "speed_mini_bad"),
        (Manners(answers={"/mini": (404, b"")}), "mini", "speed_unreachable"),
        (Manners(answers={"/mini/speedtest/random": (404, b"")}), "mini", "speed_stalled"),
        (Manners(moved="http://192.0.2.1/config"), "1234", None),
        (Manners(mini_moved="http://192.0.2.1/"), "mini", None),
        (Manners(hang="/speedtest-config"), "1234", "speed_ookla_unreachable"),
        (Manners(hang="/mini/speedtest/latency"), "mini", "speed_server_silent"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_fails_is_said_clearly_and_in_time(
    pair: tuple[Path, Path], manners: Manners, server: str, code: str | None
) -> None:
    begun = time.monotonic()
    flow, _, _ = measured(pair, manners, server=lambda ookla: ookla.mini if server == "mini" else server)
    assert flow.ended is Ended.FAILED
    assert flow.bps is None
    assert flow.failure is not None
    if code is not None:
        assert flow.failure.code == code
    assert time.monotonic() - begun < 15


def test_a_redirect_to_a_stranger_ends_it(pair: tuple[Path, Path]) -> None:
    with stub_ookla(*pair) as other:
        strange = f"http://localhost:{other.server_port}/mini/"
        flow, _, _ = measured(pair, Manners(mini_moved=strange))
        assert not any("random" in asked for asked in other.asked)
    assert flow.failure is not None
    assert flow.failure.code == "speed_redirected"
    assert flow.failure["to"] == "localhost"


def test_an_untrusted_certificate_ends_it(pair: tuple[Path, Path]) -> None:
    with stub_ookla(*pair) as ookla:
        provider = provider_for(ookla, None)
        server = provider.servers([], Way())[0]
        flow = provider.flow(server, FlowOrder(DOWN, Way()), lambda _tick: None, threading.Event())
        assert ookla.asked == ["CONNECT www.speedtest.net:443"]
    assert flow.failure is not None
    assert flow.failure.code == "speed_certificate"
    assert flow.failure["host"] == "www.speedtest.net"


def test_cancelled_it_ends_at_once(pair: tuple[Path, Path]) -> None:
    stop = threading.Event()

    def hear(tick: Tick) -> None:
        if tick.bytes > 2_000_000:
            stop.set()

    begun = time.monotonic()
    flow, _, _ = measured(pair, Manners(seconds=20, pause_s=0.05), hear=hear, stop=stop)
    assert flow.ended is Ended.CANCELLED
    assert flow.bytes > 2_000_000
    assert time.monotonic() - begun < 8


def test_a_data_limit_ends_it_without_a_figure(pair: tuple[Path, Path]) -> None:
    flow, _, ookla = measured(pair, Manners(seconds=20, pause_s=0.05), most_bytes=3_000_000)
    assert flow.ended is Ended.CAP
    assert flow.bps is None
    assert flow.failure is None
    assert 3_000_000 <= flow.bytes <= ookla.given


def test_without_the_package_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speedtest_cli.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MachineCannot) as refused:
        SpeedtestCliProvider({}).flow(
            Server(OOKLA), FlowOrder(DOWN, Way()), lambda _tick: None, threading.Event()
        )
    assert refused.value.remark.code == "speed_package_missing"


def test_proxies_do_not_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:1")
    monkeypatch.setenv("all_proxy", "http://192.0.2.1:1")
    environment: Mapping[str, str] = SpeedtestCliProvider()._environment
    assert not [name for name in environment if "proxy" in name.lower()]


GOOD = {
    "download": 93_000_000.4,
    "upload": 0,
    "bytes_received": 116_000_000,
    "bytes_sent": 0,
    "server": {"url": "http://speed.example:8080/speedtest/upload.php"},
}


def test_its_result_is_read() -> None:
    raw = json.dumps(GOOD).encode()
    assert read_result(raw, DOWN) == (93_000_000, 116_000_000, Place("speed.example", 8080))


@pytest.mark.parametrize(
    "wrong",
    [
        {"download": "fast"},
        {"download": -1},
        {"download": float("nan")},
        {"download": float("inf")},
        {"download": True},
        {"bytes_received": None},
        {"bytes_received": float("nan")},
        {"server": []},
    ],
)
def test_a_result_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpeedFailed) as refused:
        read_result(json.dumps(GOOD | wrong).encode(), DOWN)
    assert refused.value.remark.code == "speed_program_nonsense"


@given(st.binary(max_size=200), st.text(max_size=200))
def test_whatever_it_says_is_read_or_refused(raw: bytes, complaint: str) -> None:
    with contextlib.suppress(SpeedFailed):
        read_result(raw, UP)
    why = failure_of(complaint, Server(OOKLA)).remark
    assert all(str(value).isprintable() or "\u2028" not in str(value) for _, value in why.values)
