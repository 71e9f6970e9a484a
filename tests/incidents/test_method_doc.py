"""The tables of ``docs/method.md`` say what the program goes by: thresholds of the file, constants of the code."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import diagnostics.incidents
from diagnostics.incidents.method import default_method
from diagnostics.model import SECOND

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "method.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| (-?[\d.]+) \|", TEXT, re.MULTILINE))
CONSTANTS = {key: value for key, value in ROWS.items() if key.startswith("diagnostics.")}


def thresholds() -> dict[str, float]:
    raw = tomllib.loads((ROOT / "resources" / "method.toml").read_text("utf-8"))
    return {
        f"{section}.{key}": value
        for section, content in raw.items()
        if isinstance(content, dict)
        for key, value in content.items()
        if not isinstance(value, str)
    }


def test_the_table_is_the_file() -> None:
    documented = {key: float(value) for key, value in ROWS.items() if key not in CONSTANTS}
    assert documented == thresholds()


def test_the_version_is_named() -> None:
    assert f"Version `{default_method().version}`" in TEXT


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_a_constant_has_the_documented_value(name: str) -> None:
    module, _, constant = name.rpartition(".")
    value = getattr(import_module(module), constant)
    value = value / SECOND if constant.endswith("_NS") else value
    assert value == pytest.approx(float(CONSTANTS[name]), rel=1e-4)


def numbers_of_the_room() -> set[str]:
    """Every figure that stands in the code of the incident room, by its module and name."""
    found = set()
    for module in pkgutil.iter_modules(diagnostics.incidents.__path__):
        whole = import_module(f"diagnostics.incidents.{module.name}")
        source = Path(str(whole.__file__)).read_text("utf-8")
        for name in re.findall(r"^([A-Z][A-Z_0-9]+)(?:: \w+)? = ", source, re.MULTILINE):
            if isinstance(getattr(whole, name), int | float):
                found.add(f"{whole.__name__}.{name}")
    return found


def test_no_figure_of_the_room_is_left_out() -> None:
    assert numbers_of_the_room() <= set(CONSTANTS)
