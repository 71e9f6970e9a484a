"""The published description of the open alert interface, made from its schema in ``alert_desk/``.

tools/alert_api.py write    writes docs/alert-api/openapi.json and alert.schema.json
tools/alert_api.py check    are they what the schema says?
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from alert_desk import example, openapi, schema
from alert_desk.writing import as_json

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "alert-api"


def documents() -> dict[str, str]:
    """Each file's name and its whole text."""
    examples = (as_json(one()) for one in (example.alert, example.receipt, example.problem))
    made = {"openapi.json": openapi.document(*examples), "alert.schema.json": schema.json_schema()}
    return {name: json.dumps(value, ensure_ascii=False, indent=2) + "\n" for name, value in made.items()}


def stale(folder: Path) -> list[str]:
    """Names of the files that are missing or say something else."""
    return [name for name, text in documents().items() if _text(folder / name) != text]


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="another folder than docs/alert-api")
    arguments = parser.parse_args()
    if arguments.action == "write":
        for name, text in documents().items():
            (arguments.folder / name).write_text(text, "utf-8")
        return 0
    found = stale(arguments.folder)
    for name in found:
        print(
            f"{arguments.folder / name} is not what alert_desk says: run tools/alert_api.py write",
            file=sys.stderr,
        )
    if not found:
        print("alert interface: the published description is up to date")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
