"""``check`` as a person and a script see it, on looks made by hand: rooms kept and compared, words for every code."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.incidents import check_advice, check_heard, check_layers, check_partial, checkup, rooms
from diagnostics.incidents.rooms import Reach, Room
from diagnostics.links.route import RouteState
from diagnostics.model import MILLISECOND, SECOND, Problem, Role
from diagnostics.recorder.bystanders import BoxSaid
from diagnostics.recorder.survey import Survey
from diagnostics.witnesses import BoxAccount, Wifi, WifiState
from jalerte_desktop.__main__ import main
from jalerte_desktop.commands import check
from jalerte_desktop.commands._rooms import MOST_BYTES, keep_room, read_rooms
from jalerte_desktop.words import language, remarks
from tests.made import EVERYTHING, GOOD, LOST, World, between, samples

ROUTE = RouteState("wlan0", "192.168.1.1", "02:00:00:00:00:01", "", True, "wifi")
WELL = between(0, 0, ())
Check = Callable[..., tuple[int, str, str]]


class NoRoutes:
    def __init__(self, route: RouteState) -> None:
        self.route = route

    def read(self) -> RouteState:
        return self.route

    def close(self) -> None:
        pass


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs ``check`` on a world, with this signal and box; nothing is sent."""
    monkeypatch.setenv("JALERTE_LANG", "en")
    language.use("en")

    def command(
        *words: str,
        world: World = WELL,
        route: RouteState = ROUTE,
        signal: int | None = -50,
        box: BoxAccount | None = None,
        tunnel: str = "",
        home: Path = tmp_path / "chez moi",
    ) -> tuple[int, str, str]:
        wifi = Wifi(WifiState.CONNECTED, "wlan0", signal_dbm=signal, tx_bps=130_000_000, frequency_mhz=2437)
        survey = Survey(route, route.gateway, None, tuple(samples(world, 12)), "icmp-datagram", tunnel)
        monkeypatch.setattr(check, "open_pinger", lambda _clock, **_more: NoRoutes(route))
        monkeypatch.setattr(check, "open_route_reader", lambda: NoRoutes(route))
        monkeypatch.setattr(check, "look", lambda *_arguments: survey)
        monkeypatch.setattr(check, "ask_adapter", lambda _route: wifi)
        monkeypatch.setattr(check, "ask_box", lambda *_arguments: BoxSaid(box) if box is not None else None)
        try:
            code = main(["--home", str(home), "check", *words])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def bad_room(target: Any, at: float) -> Any:
    return LOST if target.role in EVERYTHING and int(at) % 3 == 0 else GOOD


def document(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_promised_keys(run: Check) -> None:
    found = document(run("--json"))
    assert set(found["verdict"]) >= {"cause", "ok", "confidence", "reasons", "counter_evidence", "advice"}
    assert all(set(layer) == {"name", "state", "detail"} for layer in found["layers"])
    assert (found["rooms"], found["comparison"]) == ([], None)


def test_two_rooms_are_compared(run: Check) -> None:
    first = document(run("--json", "--room", "salon"))
    assert [room["name"] for room in first["rooms"]] == ["salon"]
    assert first["comparison"] is None
    second = document(run("--json", "--room", " chambre ", world=bad_room, signal=-82))
    assert [room["name"] for room in second["rooms"]] == ["salon", "chambre"]
    comparison = second["comparison"]
    assert (comparison["cause"], comparison["room"]) == ("wifi", "chambre")
    assert comparison["reasons"]
    assert comparison["counter_evidence"]
    assert comparison["advice"]
    assert second["rooms"][1]["box_loss"] == pytest.approx(1 / 3, abs=0.01)
    assert second["rooms"][1]["signal_dbm"] == -82
    assert [room["name"] for room in document(run("--json"))["rooms"]] == ["salon", "chambre"]


def test_the_words_of_a_comparison(run: Check) -> None:
    code, out, _ = run("--room", "salon")
    assert code == 0
    assert "Run the check in another room" in out
    _, out, _ = run("--room", "chambre", world=bad_room, signal=-82)
    assert (
        "In “chambre” 33.3% of the packets to the box are lost, in “salon” 0.0%: that points to the Wi-Fi of"
        " “chambre” (confidence 0.90)." in out
    )
    assert "Wi-Fi −82 dBm" in out


def test_in_french(run: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--room", "salon")
    monkeypatch.setenv("JALERTE_LANG", "fr")
    language.use("fr")
    _, out, _ = run("--room", "chambre", world=bad_room, signal=-82)
    assert "cela désigne le Wi-Fi de «\u00a0chambre\u00a0» (confiance 0,90)." in out
    assert "“" not in out


def test_a_room_looked_at_again_takes_its_own_place(run: Check) -> None:
    for world in (bad_room, WELL):
        document(run("--json", "--room", "salon", world=world))
    (room,) = document(run("--json"))["rooms"]
    assert room["box_loss"] == 0


def test_another_homes_box_is_left_out(run: Check) -> None:
    run("--room", "salon")
    elsewhere = replace(ROUTE, gateway_mac="02:00:00:00:00:99")
    found = document(run("--json", "--room", "chambre", route=elsewhere, world=bad_room))
    assert [room["name"] for room in found["rooms"]] == ["chambre"]
    assert found["comparison"] is None


def test_the_cable_that_was_tried_is_not_advised_again(run: Check) -> None:
    lossy = document(run("--json", world=bad_room))
    assert any("by cable" in step for step in lossy["verdict"]["advice"])
    document(run("--json", "--room", "salon", route=replace(ROUTE, interface="eth0", medium="ethernet")))
    lossy = document(run("--json", world=bad_room))
    assert not any("by cable" in step for step in lossy["verdict"]["advice"])


def test_the_box_is_heard(run: Check) -> None:
    beyond = (Role.ANCHOR, Role.FIRST_HOP, Role.RESOLVER, Role.SYSTEM_RESOLVER, Role.WEB)
    found = document(run("--json", world=between(0, 99, beyond), box=BoxAccount("upnp", False)))
    assert found["verdict"]["cause"] == "access"
    assert {"name": "box_line", "state": "failed"}.items() <= {**found["layers"][3]}.items()


def test_through_a_tunnel_nobody_is_blamed(run: Check) -> None:
    beyond = (Role.ANCHOR, Role.FIRST_HOP, Role.RESOLVER, Role.SYSTEM_RESOLVER, Role.WEB)
    blamed = document(run("--json", world=between(0, 99, beyond)))["verdict"]
    assert blamed["cause"] == "access"
    spared = document(run("--json", world=between(0, 99, beyond), tunnel="wg0"))["verdict"]
    assert (spared["cause"], spared["ok"]) == ("unknown", False)
    assert spared["confidence"] <= 0.4
    well = document(run("--json", tunnel="wg0"))["verdict"]
    assert well["ok"]
    for verdict in (spared, well):
        assert any("wg0" in words for words in verdict["counter_evidence"])
        assert any("VPN" in words for words in verdict["advice"])


def test_without_a_room_nothing_is_written(run: Check, tmp_path: Path) -> None:
    document(run("--json"))
    assert not (tmp_path / "chez moi").exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "\x1b[2J"])
def test_a_name_that_is_none(run: Check, name: str) -> None:
    code, out, err = run("--room", name)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


HOSTILE = [
    b"",
    b"\xff\xfe\x00",
    b"[" * 50_000,
    b'{"format": 1}',
    b'{"format": 1, "rooms": 5}',
    b'{"format": 2, "rooms": []}',
    b"x" * (MOST_BYTES + 1),
    b"null",
]


@pytest.mark.parametrize("content", HOSTILE)
def test_a_file_that_is_none_of_ours_is_one_line(run: Check, tmp_path: Path, content: bytes) -> None:
    home = tmp_path / "chez moi"
    home.mkdir()
    (home / "rooms.json").write_bytes(content)
    assert document(run("--json"))["rooms"] == []
    code, out, err = run("--room", "salon")
    assert code == 1
    assert "All is well" in out
    assert len(err.strip().splitlines()) == 1
    assert (home / "rooms.json").read_bytes() == content


def test_a_folder_that_takes_nothing_is_one_line_after_the_verdict(run: Check) -> None:
    code, out, err = run("--room", "salon", home=Path("/proc/no-such-folder"))
    assert code != 0
    assert "All is well" in out
    assert len(err.strip().splitlines()) == 1


KEPT = Room(
    "salon", 5 * SECOND, "b0x", "wifi", Reach(20, 1, 2 * MILLISECOND), Reach(80, 2, None), None, True, -50
)
NOW = 10 * SECOND


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "rooms.json"
    keep_room(path, (), KEPT)
    other = replace(
        KEPT, name="été “x”", at_ns=6 * SECOND, signal_dbm=None, band_ghz=2.4, cause="wifi", ok=False
    )
    keep_room(path, read_rooms(path, NOW), other)
    assert read_rooms(path, NOW) == (KEPT, other)
    assert read_rooms(path, NOW + 31 * 24 * 3600 * SECOND) == ()
    assert read_rooms(path, 3 * SECOND) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*Room.__slots__, "more"]), json_values, max_size=4))
def test_entries_that_are_not_as_we_write_them_are_passed_over(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    path = tmp_path / "rooms.json"
    keep_room(path, (), KEPT)
    raw = json.loads(path.read_text("utf-8"))
    raw["rooms"].append(raw["rooms"][0] | {"name": "chambre"} | changes)
    path.write_text(json.dumps(raw), "utf-8")
    try:
        found = read_rooms(path, NOW)
    except Problem:
        return
    for room in found:
        assert room.name.isprintable()
        assert 0 <= room.box.share_missed <= 1
        rooms.compare(found, room.name, check.default_method())


def test_a_slow_witness_holds_nobody_up() -> None:
    start, said = time.monotonic(), BoxSaid(BoxAccount("upnp", True))
    bystanders = check.Bystanders(lambda: time.sleep(30), lambda _ended: said, limit_s=0.2)
    assert bystanders.wifi() is None
    assert bystanders.box() == said
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_code_has_words(lang: str) -> None:
    language.use(lang)
    used: set[str] = set()
    for module in (check_advice, check_heard, check_layers, check_partial, checkup, rooms):
        text = Path(str(module.__file__)).read_text("utf-8")
        used |= set(re.findall(r'"((?:advise|layer|rooms?|wifi)_\w+)"', text))
        used |= set(re.findall(r'Remark\.of\(\s*"(\w+)"', text))
    assert len(used) > 80
    assert used <= remarks.known_codes()


def test_the_kind_is_said_and_a_doubtful_cause_is_only_possible(run: Check) -> None:
    cut = between(0, 99, (Role.ANCHOR, Role.FIRST_HOP, Role.RESOLVER, Role.SYSTEM_RESOLVER, Role.WEB))
    assert document(run("--json", world=cut))["verdict"]["kind"] == "outage"
    assert document(run("--json"))["verdict"]["kind"] is None
    _, out, _ = run(world=cut, box=BoxAccount("upnp", True, boot_s=60))
    assert "Outage. Possible cause: the operator’s access line (confidence 0.60)." in out
    _, out, _ = run(world=bad_room)
    assert "Trouble with the Wi-Fi. Cause: your Wi-Fi (confidence 0." in out
    everything = between(0, 99, EVERYTHING)
    _, out, _ = run(world=everything)
    assert "Outage. Cause: not determined (confidence 0.40)." in out


def test_the_recording_is_left_on_only_where_one_runs(run: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    _, out, _ = run()
    assert "Start the recording" in out
    monkeypatch.setattr(check, "is_held", lambda _path: True)
    _, out, _ = run()
    assert "Leave the recording on" in out


def test_bad_working_hours_keep_nobody_from_a_diagnosis(run: Check, tmp_path: Path) -> None:
    home = tmp_path / "chez moi"
    home.mkdir()
    (home / "config.toml").write_text('[home]\nworking_hours = ["whenever"]\n', "utf-8")
    assert document(run("--json"))["verdict"]["ok"]
    (home / "config.toml").write_text('[home]\nworking_hour = ["whenever"]\n', "utf-8")
    assert run("--json")[0] == 2
