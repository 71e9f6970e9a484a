"""What the application says before anything runs, and where its single instance listens."""

from __future__ import annotations

from pathlib import Path

from jalerte_desktop.window.application import contacted
from jalerte_desktop.window.single import LONGEST_SOCKET_PATH, SingleInstance, socket_name
from jalerte_desktop.window.theme import icon_path


def test_each_network_is_named_once_with_its_addresses(tmp_path: Path):
    named = contacted(tmp_path / "config.toml")
    assert "Cloudflare (1.1.1.1, 2606:4700:4700::1111)" in named
    assert not [one for one in named if one.startswith("AS")]
    assert named[-1].startswith("http://")


def test_own_addresses_are_named_as_they_are(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text(
        '[targets]\nanchors = ["192.0.2.1", "198.51.100.1", "203.0.113.1"]\nresolvers = []\n', "utf-8"
    )
    assert contacted(config)[:3] == ["192.0.2.1", "198.51.100.1", "203.0.113.1"]


def test_a_configuration_that_cannot_be_read_is_said(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text("[targets", "utf-8")
    (said,) = contacted(config)
    assert "config.toml" in said


def test_the_socket_lies_in_the_home_where_its_path_is_short_enough(tmp_path: Path):
    assert (
        socket_name(Path("/home/camille/.local/share/jalerte"))
        == "/home/camille/.local/share/jalerte/window.sock"
    )
    far = tmp_path / ("x" * 120)
    assert len(socket_name(far)) <= LONGEST_SOCKET_PATH
    assert socket_name(far) != socket_name(far / "y")


def test_the_first_is_told_of_the_second(qtbot, home: Path):
    first, second = SingleInstance(home), SingleInstance(home)
    assert first.claim()
    with qtbot.waitSignal(first.called):
        assert not second.claim()
    first.release()
    assert second.claim()
    second.release()


def test_the_pictures_are_there():
    for name in ("jalerte.svg", "check-light.svg", "check-dark.svg"):
        assert icon_path(name).read_text("utf-8").startswith("<svg")
