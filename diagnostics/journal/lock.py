"""One writer at a time: a lock on ``recorder.lock`` that the system lets go of when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

from diagnostics.model import MachineCannot


class Held(Exception):
    """Another process holds the lock; ``pid`` is its process id, where it could be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


class Lock:
    """Taken on creation, or Held is raised. Raises MachineCannot where the folder cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise MachineCannot(
                "home_not_writable", path=str(path.parent), why=error.strerror or ""
            ) from error
        if not _try_lock(self._fd):
            pid = holder(path)
            os.close(self._fd)
            raise Held(pid)
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0) if hasattr(os, "pwrite") else None
        except OSError:
            # The number is for people only; a full disk must not forbid recording.
            pass

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(fd: int) -> bool:
        # The locked byte lies far beyond the process id, which others must be able to read.
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def holder(path: Path) -> int | None:
    """The process id written by the lock's last holder, alive or not."""
    try:
        return int(path.read_text("ascii") or 0) or None
    except (OSError, ValueError):
        return None


def is_held(path: Path) -> bool:
    """True while some process holds the lock. Changes nothing."""
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(fd)
    finally:
        os.close(fd)
