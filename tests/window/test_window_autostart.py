"""The autostart entry: quoting as the Desktop Entry Specification has it, and the truth about the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalerte_desktop.window import autostart

anything = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=0, max_size=30
)


def parsed(value: str) -> list[str]:
    """How a desktop reads an Exec value: string escapes, then quoting, then field codes."""
    text, position = "", 0
    while position < len(value):
        if value[position] == "\\":
            text += {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[value[position + 1]]
            position += 2
        else:
            text += value[position]
            position += 1
    arguments: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        argument = ""
        if text[position] == '"':
            position += 1
            while text[position] != '"':
                if text[position] == "\\":
                    position += 1
                    assert text[position] in '"`$\\'
                else:
                    assert text[position] not in "`$"
                argument += text[position]
                position += 1
            position += 1
            assert position == len(text) or text[position] == " "
        else:
            while position < len(text) and text[position] != " ":
                assert text[position] not in "\t\n\"'\\><~|&;$*?#()`"
                argument += text[position]
                position += 1
        assert "%" not in argument.replace("%%", "")
        arguments.append(argument.replace("%%", "%"))
    return arguments


@given(st.lists(anything, min_size=1, max_size=5))
def test_any_argument_survives_the_desktop(arguments):
    value = autostart.exec_value(arguments)
    assert "\n" not in value
    assert parsed(value) == arguments


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("/usr/bin/jalerte", "/usr/bin/jalerte"),
        ("/home/a b", '"/home/a b"'),
        ("100%", '"100%%"'),
        ("$HOME", '"\\\\$HOME"'),
        ('say "x"', '"say \\\\"x\\\\""'),
        ("back\\slash", '"back\\\\\\\\slash"'),
        ("", '""'),
    ],
)
def test_quoting_by_example(argument, value):
    assert autostart.exec_value([argument]) == value


def test_off_until_agreed_and_reversible(home: Path):
    entry = autostart.entry_for(home)
    assert not entry.on
    assert not entry.path.parent.exists()
    entry.switch(True)
    assert entry.on
    text = entry.path.read_text("utf-8")
    exec_line = next(line for line in text.splitlines() if line.startswith("Exec="))
    assert parsed(exec_line.removeprefix("Exec="))[-3:] == ["--home", str(home), "record"]
    entry.switch(False)
    assert not entry.on
    assert list(entry.path.parent.iterdir()) == []
    entry.switch(False)


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktop_switched_off_is_off(home: Path, line: str):
    entry = autostart.entry_for(home)
    entry.switch(True)
    key = line.partition("=")[0]
    lines = [one for one in entry.path.read_text("utf-8").splitlines() if not one.startswith(key)]
    entry.path.write_text("\n".join([*lines, line, ""]), "utf-8")
    assert not entry.on
    entry.switch(True)
    assert entry.on


def test_each_home_has_its_own_entry(tmp_path: Path):
    assert autostart.entry_for(tmp_path / "a").path != autostart.entry_for(tmp_path / "b").path


def test_a_config_home_that_is_not_absolute_is_ignored(tmp_path: Path):
    entry = autostart.entry_for(tmp_path, {"XDG_CONFIG_HOME": "relative", "HOME": "/home/somebody"})
    assert entry.path.parent == Path("/home/somebody/.config/autostart")


def test_garbage_in_the_file_is_off(home: Path):
    entry = autostart.entry_for(home)
    entry.path.parent.mkdir(parents=True)
    entry.path.write_bytes(b"\xff\xfe\0")
    assert not entry.on
