"""What the application says before anything runs, and where its single instance listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.config import load
from diagnostics.recorder.identity import IdentityWatch
from diagnostics.recorder.run import _identity
from jalerte_desktop.window.contacts import configured
from jalerte_desktop.window.single import LONGEST_SOCKET_PATH, SingleInstance, socket_name
from jalerte_desktop.window.theme import icon_path


def test_everybody_whom_the_defaults_contact_is_named(tmp_path: Path):
    said = "\n".join(configured(tmp_path / "config.toml").contacts)
    assert "Cloudflare (1.1.1.1, 2606:4700:4700::1111)" in said
    for who in (
        "port 443", "k.root-servers.net", "http://www.google.com/robots.txt", "http://cp.cloudflare.com/generate_204",
        "Quad9 (9.9.9.9)", "Cisco OpenDNS (208.67.222.222)", "stun.cloudflare.com", "UPnP", "premier routeur",
    ):  # fmt: skip
        assert who in said, who
    assert "AS13335" not in said


def test_own_addresses_are_named_as_they_are_and_others_no_more(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text(
        '[targets]\nanchors = ["192.0.2.1", "198.51.100.1", "203.0.113.1"]\nresolvers = []\n'
        'web_check = "http://192.0.2.80/"\n[home]\nworking_hours = ["Mon 09:00-12:00"]\n',
        "utf-8",
    )
    known = configured(config)
    said = "\n".join(known.contacts)
    assert "192.0.2.1, 198.51.100.1, 203.0.113.1" in said
    for absent in ("OpenDNS", "stun", "google", "2606:", "9.9.9.9"):
        assert absent not in said, absent
    assert known.working_hours == ("Mon 09:00-12:00",)


@pytest.mark.parametrize(
    "text",
    ["", "resolvers = []", 'resolvers = ["9.9.9.9"]', 'anchors = ["192.0.2.1"]', 'web_check = "http://192.0.2.80/"',
     'anchors6 = ["2001:db8::1"]'],
)  # fmt: skip
def test_the_page_says_of_the_lines_network_what_the_recorder_does(tmp_path: Path, text: str):
    config = tmp_path / "config.toml"
    config.write_text(f"[targets]\n{text}\n", "utf-8")
    asks = isinstance(_identity(load(config), None), IdentityWatch)
    assert any("stun.cloudflare.com" in one for one in configured(config).contacts) is asks


def test_a_configuration_that_cannot_be_read_is_said(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text("[targets", "utf-8")
    (said,) = configured(config).contacts
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
