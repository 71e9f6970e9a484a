"""What the journal says of a recording at its start."""

from __future__ import annotations

import os

from diagnostics.config import Config
from diagnostics.model import Event, EventKind
from diagnostics.recorder.parts import Identity


def started(identity: Identity, ping_method: str, now_ns: int) -> Event:
    return Event(
        EventKind.STARTED,
        now_ns,
        {
            "version": identity.version,
            "method": identity.method,
            "system": identity.system,
            "ping": ping_method,
            "pid": os.getpid(),
        },
    )


def configured(config: Config, now_ns: int) -> Event:
    """What is tried, and which keys the person set."""
    return Event(
        EventKind.CONFIGURATION,
        now_ns,
        {
            "gateway": config.gateway,
            "anchors": [target.address for target in (*config.anchors, *config.anchors6)],
            "resolvers": [target.address for target in config.resolvers],
            "web_check": config.web_check,
            "large_check": config.large_check,
            "own": list(config.given),
        },
    )
