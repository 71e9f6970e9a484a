"""A stand-in for the program: same arguments, no network. ``fail`` in the home makes it fail with that text."""

import json
import os
import signal
import sys
from pathlib import Path

assert sys.argv[1] == "--home"
home = Path(sys.argv[2])
arguments = sys.argv[3:]
pid_file = home / "recorder.pid"

with (home / "calls").open("a", encoding="utf-8") as file:
    file.write(" ".join(arguments) + "\n")


def alive() -> int | None:
    try:
        pid = int(pid_file.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def end(*_ignored: object) -> None:
    pid_file.unlink(missing_ok=True)
    sys.exit(0)


if arguments[0] != "status" and (home / "fail").exists():
    sys.stderr.write((home / "fail").read_text("utf-8"))
    sys.exit(2)

if arguments[0] == "record":
    signal.signal(signal.SIGTERM, end)
    partial = pid_file.with_suffix(".partial")
    partial.write_text(str(os.getpid()))
    partial.replace(pid_file)
    if "--stdin" in arguments:
        sys.stdin.read()
        end()
    while True:
        signal.pause()
elif arguments[0] == "status":
    pid = alive()
    sys.stdout.write(json.dumps({"recorder": {"running": pid is not None, "pid": pid}}))
elif arguments[:2] == ["alert", "preview"]:
    sys.stdout.write(
        json.dumps(
            {
                "fields": [
                    {"name": "operateur", "value": "Exemple Télécom", "source": "dossier"},
                    {"name": "<b>nom</b>", "value": None, "source": ""},
                ],
                "missing": ["person.postcode"],
                "description": "Huit coupures en sept jours.",
                "attachments": ["rapport.pdf"],
            }
        )
    )
elif arguments[:2] == ["letter", "complaint"]:
    Path(arguments[arguments.index("--out") + 1]).write_bytes(b"%PDF-")
    sys.stdout.write(
        json.dumps(
            {"blanks": ["nom", "adresse"], "warnings": [{"code": "x", "text": "Ligne non confirmée."}]}
        )
    )
