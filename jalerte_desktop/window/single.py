"""One window per home: a second launch raises the first one's window and ends."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

LONGEST_SOCKET_PATH = 100


def socket_name(home: Path) -> str:
    """A socket in the home itself; where its path is too long for the system, in the runtime or temporary folder."""
    here = str(home.absolute() / "window.sock")
    if len(os.fsencode(here)) <= LONGEST_SOCKET_PATH:
        return here
    mark = hashlib.sha256(os.fsencode(here)).hexdigest()[:16]
    return str(Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"jalerte-{mark}")


class SingleInstance(QObject):
    """``called`` when somebody launched the program again."""

    called = Signal()

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._name = socket_name(home)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def claim(self) -> bool:
        """True when this is the first; False when the first was told to show itself."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(500):
            socket.disconnectFromServer()
            return False
        QLocalServer.removeServer(self._name)
        # A folder that cannot take a socket costs only this comfort.
        self._server.listen(self._name)
        return True

    def release(self) -> None:
        self._server.close()

    def _answer(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.disconnected.connect(connection.deleteLater)
            connection.disconnectFromServer()
            self.called.emit()
