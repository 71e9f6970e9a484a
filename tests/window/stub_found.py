"""The real program over made-up findings: everything but the journal is real. What it was asked stands in ``calls``."""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from jalerte_desktop.commands.context import Context
from tests import examples

assert sys.argv[1] == "--home"
with (Path(sys.argv[2]) / "calls").open("a", encoding="utf-8") as file:
    file.write(" ".join(sys.argv[3:]) + "\n")
Context.findings = lambda self, since=None, until=None: examples.ordinary()  # type: ignore[method-assign]
runpy.run_module("jalerte_desktop", run_name="__main__", alter_sys=True)
