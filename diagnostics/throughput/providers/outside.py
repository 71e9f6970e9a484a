"""Running another program: bounded in time, output and memory, and ended with all its children.

On POSIX the program gets a session of its own, so that its children can be found; it is asked to end with SIGINT
(iperf3 then still reports what it had), and killed a moment later. On Windows it is killed at once. It sees no standard
input, and never a shell.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from diagnostics.model import MachineCannot

STEP_S = 0.05
GENTLE_S = 1.0
"""How long a program may take to end after it was asked to."""
_CLOSING_S = 0.5
_PIECE = 64 * 1024
_COMPLAINT_BYTES = 8 * 1024
_POSIX = os.name == "posix"


class Cut(StrEnum):
    """Why a program was ended before it ended by itself."""

    NONE = ""
    ASKED = "asked"
    TIME = "time"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` for the whole run; ``memory_bytes`` of data (Linux only; 0: as the system allows)."""

    seconds: float
    output_bytes: int = 8 * 1024 * 1024
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program did. ``code`` is negative for a signal; ``complaint`` is the end of its standard error."""

    code: int
    output: bytes
    complaint: str
    cut: Cut


Watch = Callable[[int], bool]
"""Gets the program's process id about twenty times a second; True ends the program."""


def find_program(name: str) -> str:
    """Where an installed program lies. Raises MachineCannot("speed_program_missing")."""
    found = shutil.which(name)
    if found is None:
        raise MachineCannot("speed_program_missing", program=name)
    return found


def run(
    command: Sequence[str],
    limits: Limits,
    watch: Watch = lambda _pid: False,
    hear_line: Callable[[bytes], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run a program to its end. ``hear_line`` gets each complete line of its output, in the calling thread.

    Raises MachineCannot("speed_program_start") where it cannot be started; what ``watch`` and ``hear_line`` raise comes
    through, and the program is gone by then.
    """
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment) if environment is not None else None,
            start_new_session=_POSIX,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError) as error:
        raise MachineCannot("speed_program_start", program=command[0], why=str(error)[:120]) from error
    with _Running(process, limits) as running:
        return running.follow(watch, hear_line)


class _Running:
    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._pieces: queue.Queue[bytes] = queue.Queue(64)
        self._complaint = bytearray()
        self._output = bytearray()
        self._heard = 0
        self._closed = self._abandoned = False
        if limits.memory_bytes and sys.platform == "linux":
            import resource

            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (limits.memory_bytes,) * 2)
        assert process.stdout is not None
        assert process.stderr is not None
        for target, stream in ((self._read, process.stdout), (self._read_complaint, process.stderr)):
            threading.Thread(target=target, args=(stream,), name="outside", daemon=True).start()

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._abandoned = True
        self._kill()
        self._process.wait()
        with contextlib.suppress(queue.Empty):
            while True:
                self._pieces.get_nowait()  # the reader may be waiting for room

    def follow(self, watch: Watch, hear_line: Callable[[bytes], None] | None) -> Ran:
        cut = Cut.NONE
        kill_at = float("inf")
        deadline = time.monotonic() + self._limits.seconds
        closing_at = float("inf")
        while not self._closed and time.monotonic() < closing_at:
            self._take(hear_line)
            now = time.monotonic()
            if self._ended():
                closing_at = min(closing_at, now + _CLOSING_S)  # a child of it may hold the output open
            elif len(self._output) >= self._limits.output_bytes:
                cut = Cut.OUTPUT
                self._kill()
            elif cut is Cut.NONE and (now >= deadline or watch(self._process.pid)):
                cut = Cut.TIME if now >= deadline else Cut.ASKED
                self._ask()
                kill_at = time.monotonic() + GENTLE_S
            elif now >= kill_at:
                self._kill()
        while not self._ended():  # it closed its output and goes on
            now = time.monotonic()
            if now >= min(deadline, kill_at) or watch(self._process.pid):
                cut = cut or (Cut.TIME if now >= deadline else Cut.ASKED)
                break
            time.sleep(STEP_S)
        self._kill()
        code = self._process.wait()
        return Ran(code, bytes(self._output), self._complaint.decode("utf-8", "replace"), cut)

    def _take(self, hear_line: Callable[[bytes], None] | None) -> None:
        """Wait one step for output, and pass on the lines that it completes."""
        try:
            piece = self._pieces.get(timeout=STEP_S)
        except queue.Empty:
            return
        if not piece:
            self._closed = True
            return
        self._output += piece[: self._limits.output_bytes - len(self._output)]
        if hear_line is None:
            return
        while (end := self._output.find(b"\n", self._heard)) >= 0:
            line = bytes(self._output[self._heard : end])
            self._heard = end + 1
            hear_line(line)

    def _read(self, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(OSError, ValueError):
            while not self._abandoned and (piece := os.read(stream.fileno(), _PIECE)):
                self._pieces.put(piece)
        with contextlib.suppress(queue.Full):
            self._pieces.put(b"", timeout=GENTLE_S)

    def _read_complaint(self, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(OSError, ValueError):
            while piece := os.read(stream.fileno(), _PIECE):
                self._complaint += piece
                del self._complaint[:-_COMPLAINT_BYTES]

    def _ended(self) -> bool:
        """Whether the program has ended; on POSIX it is not reaped yet, so that its number cannot be another's."""
        if not _POSIX or not hasattr(os, "waitid") or self._process.returncode is not None:
            return self._process.poll() is not None
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return self._process.poll() is not None

    def _ask(self) -> None:
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGINT)
        else:
            self._process.kill()

    def _kill(self) -> None:
        """Kill it and its children, once; nothing after it was reaped."""
        if self._process.returncode is not None:
            return
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
