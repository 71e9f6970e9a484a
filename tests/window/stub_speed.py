"""A stand-in for the program on the speed page: what is measured is played from a script, the rest is told or real.

In the home: ``script`` holds the lines that ``speed --stdin --progress`` prints, one a line, and between them orders:
``{"wait": "stop"}`` (until standard input is closed), ``{"wait": "go"}`` (until the file ``go`` is there),
``{"stderr": "words"}``, ``{"raw": "text"}``, ``{"exit": 1}``. ``answers.json`` maps a command line to what it prints.
Everything else is the real program's, which measures nothing without ``speed``.
"""

import json
import runpy
import sys
import time
from pathlib import Path

assert sys.argv[1] == "--home"
home = Path(sys.argv[2])
arguments = sys.argv[3:]
with (home / "calls").open("a", encoding="utf-8") as file:
    file.write(" ".join(arguments) + "\n")


def wait(what: str) -> None:
    if what == "stop":
        sys.stdin.buffer.read()
        return
    until = time.monotonic() + 30
    while not (home / what).exists() and time.monotonic() < until:
        time.sleep(0.02)


def play() -> None:
    for line in (home / "script").read_text("utf-8").splitlines():
        order = json.loads(line)
        if "wait" in order:
            wait(order["wait"])
        elif "stderr" in order:
            sys.stderr.write(order["stderr"] + "\n")
        elif "raw" in order:
            sys.stdout.write(order["raw"] + "\n")
        elif "exit" in order:
            sys.exit(order["exit"])
        else:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()


known = home / "answers.json"
answer = json.loads(known.read_text("utf-8")).get(" ".join(arguments)) if known.exists() else None
if arguments[:3] == ["speed", "--stdin", "--progress"]:
    play()
elif answer is not None:
    sys.stdout.write(json.dumps(answer))
else:
    if arguments[0] == "speed" and not {"--terms", "--choose", "--results", "--compare"} & {*arguments}:
        sys.exit("this would measure")
    sys.argv = ["jalerte", "--home", str(home), *arguments]
    runpy.run_module("jalerte_desktop", run_name="__main__", alter_sys=True)
