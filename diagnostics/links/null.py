"""For systems that nothing is known of."""

from __future__ import annotations

import socket

from diagnostics.links.route import RouteState


class NullRouteReader:
    """Sees nothing, and says so."""

    def read(self) -> RouteState:
        return RouteState()

    def events(self) -> socket.socket | None:
        return None

    def changed(self) -> bool:
        return False

    def close(self) -> None:
        pass
