"""Starts the engine, listens to it, and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any

from diagnostics.model import MachineCannot, Remark
from diagnostics.throughput.model import Counted, Ended, Flow, FlowOrder, Tick
from diagnostics.throughput.providers import Hear

COMMAND = (sys.executable, "-P", "-m", "diagnostics.throughput.engine")
"""``-P``: what lies in the current folder is not to be imported."""
SILENT_S = 8.0
"""The engine speaks ten times a second once it is connected, and connects within a few seconds."""
STOPPED_S = 3.0


def run(task: Mapping[str, Any], order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
    """One direction in an engine of its own. ``task`` says what to move with: see ``engine.make_mover``.

    Never raises for the network; a broken engine ends FAILED("speed_engine").
    Raises MachineCannot when no process can be started.
    """
    whole = {
        "direction": str(order.direction),
        "interface": order.way.interface,
        "family": order.way.family,
        "streams": order.streams,
        "most_ns": order.most_ns,
        "most_bytes": order.most_bytes,
        **task,
    }
    try:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    except OSError as error:
        raise MachineCannot("speed_engine_start", why=error.strerror or str(error)) from error
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(process, lines), daemon=True).start()
    try:
        return _converse(process, whole, order, hear, stop, lines)
    finally:
        _end(process)


def _listen(process: subprocess.Popen[bytes], lines: SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(b"")


def _converse(
    process: subprocess.Popen[bytes],
    task: Mapping[str, Any],
    order: FlowOrder,
    hear: Hear,
    stop: threading.Event,
    lines: SimpleQueue[bytes],
) -> Flow:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(task).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        return failed(order, Remark.of("speed_engine"))
    silent_s, told_to_stop, bytes_so_far, start_ns, now_ns = 0.0, False, 0, 0, 0
    while True:
        if stop.is_set() and not told_to_stop:
            told_to_stop = True
            process.stdin.close()
        try:
            line = lines.get(timeout=0.1)
        except Empty:
            silent_s += 0.1
            if silent_s < (STOPPED_S if told_to_stop else SILENT_S):
                continue
            line = b""
        silent_s = 0.0
        said = _understood(line)
        if "at" in said:
            bytes_so_far, now_ns = said["bytes"], said["at"]
            hear(Tick(order.direction, now_ns, bytes_so_far, said["bps"]))
        elif "start" in said:
            start_ns = now_ns = said["start"]
        elif "end" in said:
            return _flow(order, said["end"])
        elif "failed" in said:
            return failed(order, Remark.of(said["failed"]["code"], **said["failed"]["values"]))
        else:
            remark = None if told_to_stop else Remark.of("speed_engine")
            return failed(order, remark, bytes_so_far, start_ns, now_ns - start_ns)


def _understood(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line or b"{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _flow(order: FlowOrder, end: Mapping[str, Any]) -> Flow:
    failure = end["failure"]
    return Flow(
        direction=order.direction,
        bps=end["bps"],
        counted=Counted(end["counted"]),
        bytes=end["bytes"],
        start_mono_ns=end["start_mono_ns"],
        duration_ns=end["duration_ns"],
        ramp_ns=end["ramp_ns"],
        ended=Ended(end["ended"]),
        streams=end["streams"],
        error=end["error"],
        curve=tuple(end["curve"]),
        resent=end["resent"],
        engine_share=end["engine_share"],
        failure=None if failure is None else Remark.of(failure["code"], **failure["values"]),
    )


def failed(
    order: FlowOrder, why: Remark | None, count: int = 0, start_ns: int = 0, duration_ns: int = 0
) -> Flow:
    """A flow of which nothing is known but that it failed; without a reason, that it was cancelled."""
    ended = Ended.CANCELLED if why is None else Ended.FAILED
    return Flow(
        order.direction, None, Counted.RECEIVED, count, start_ns, duration_ns, duration_ns, ended, failure=why
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()
    try:
        process.wait(STOPPED_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
