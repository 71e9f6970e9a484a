"""A stand-in for the program on the alert page. In the home: ``answers.json`` maps a command line to what it prints,
``failures.json`` one to the sentence that it fails with. ``alert open`` lasts until the file ``go`` is there or it is
asked to end; ``alert queue run`` prints the file ``watch`` and lasts until its standard input closes. What each did
stands in ``calls``. Everything else is the real program's; nothing of it sends.
"""

import json
import os
import runpy
import signal
import sys
import time
from pathlib import Path

assert sys.argv[1] == "--home"
home = Path(sys.argv[2])
arguments = sys.argv[3:]
line = " ".join(arguments)


def note(words: str) -> None:
    with (home / "calls").open("a", encoding="utf-8") as file:
        file.write(words + "\n")


def known(name: str) -> dict[str, object]:
    path = home / name
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


note(line)
failures, answers = known("failures.json"), known("answers.json")
if line in failures:
    sys.stderr.write(f"jalerte: {failures[line]}\n")
    sys.exit(2)
if arguments[:2] == ["alert", "open"]:
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
    until = time.monotonic() + 60
    while not (home / "go").exists() and not stopped and time.monotonic() < until:
        time.sleep(0.02)
    note("form ended" if not stopped else "form stopped")
    sys.stdout.write(json.dumps(answers.get("alert open", {})))
elif arguments[:3] == ["alert", "queue", "run"]:
    note(f"watch began {os.getpid()}")
    watch = home / "watch"
    sys.stdout.write(watch.read_text("utf-8") if watch.exists() else "")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    note("watch ended")
elif line in answers:
    sys.stdout.write(json.dumps(answers[line]))
else:
    if arguments[:2] == ["alert", "send"]:
        sys.exit("this would send")
    sys.argv = ["jalerte", "--home", str(home), *arguments]
    runpy.run_module("jalerte_desktop", run_name="__main__", alter_sys=True)
