"""How long from the start of the process until the window is on the screen, beside a bare Qt window.

Needs no display: without one Qt draws off-screen (set QT_QPA_PLATFORM=xcb under Xvfb for a real one).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 7

SHOWN = """
def shown(application, window):
    while window.windowHandle() is None or not window.windowHandle().isExposed():
        application.processEvents()
    application.processEvents()
    print("shown", flush=True)
    import os
    os._exit(0)
"""
BARE = f"""
from PySide6.QtWidgets import QApplication, QWidget
{SHOWN}
application = QApplication([])
window = QWidget()
window.resize(1280, 800)
window.show()
shown(application, window)
"""
OURS = f"""
import sys
from PySide6.QtWidgets import QApplication
{SHOWN}
def instead(*_ignored):
    application = QApplication.instance()
    shown(application, next(one for one in application.topLevelWidgets() if one.isVisible()))
QApplication.exec = instead
from jalerte_desktop.__main__ import main
main(["--home", sys.argv[1]])
"""


def seconds(code: str, home: str) -> float:
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code, home], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        elapsed = time.perf_counter() - started
    assert line.strip() == b"shown", line
    return elapsed


def main() -> None:
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as home:
        for code in (BARE, OURS):
            seconds(code, home)  # warms the disk's cache
        for _round in range(ROUNDS):
            bare.append(seconds(BARE, home))
            ours.append(seconds(OURS, home))
    reference, own = statistics.median(bare), statistics.median(ours)
    platform = os.environ.get("QT_QPA_PLATFORM", "the display")
    print(f"start to shown window on {platform}, warm, median of {ROUNDS}")
    print(f"  bare QWidget  {reference * 1000:6.0f} ms")
    print(f"  jalerte       {own * 1000:6.0f} ms   {own / reference:.2f} times the bare one (limit: 1000 ms)")


if __name__ == "__main__":
    main()
