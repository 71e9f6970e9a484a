"""What happened to the Wi-Fi between two readings. Pure: knows only what witnesses say."""

from __future__ import annotations

from enum import StrEnum

from diagnostics.witnesses import Wifi, WifiState


class WifiChange(StrEnum):
    """What two readings tell. They miss what came and went in between, unless counters betray it."""

    ASSOCIATED = "associated"
    """Connected now, and not before."""
    DISASSOCIATED = "disassociated"
    """Connected before, and in no network now."""
    ADAPTER_GONE = "adapter_gone"
    """There was an adapter."""
    ROAMED = "roamed"
    """Another access point of the same network."""
    REASSOCIATED = "reassociated"
    """The connection is a new one: it was lost in between and came back."""
    OTHER_NETWORK = "other_network"
    """Another network's name."""


def wifi_change(before: Wifi, after: Wifi) -> WifiChange | None:
    """What happened between two readings; None where nothing did, or nothing can be said.

    Readings of two adapters, and readings that were refused or failed, tell nothing.
    """
    unknown = (WifiState.REFUSED, WifiState.UNKNOWN)
    if before.interface != after.interface or before.state in unknown or after.state in unknown:
        return None
    if after.state is WifiState.NO_ADAPTER:
        return WifiChange.ADAPTER_GONE if before.state is not WifiState.NO_ADAPTER else None
    if after.state is WifiState.NOT_CONNECTED:
        return WifiChange.DISASSOCIATED if before.state is WifiState.CONNECTED else None
    if before.state is not WifiState.CONNECTED:
        return WifiChange.ASSOCIATED
    return _moved(before, after)


def _moved(before: Wifi, after: Wifi) -> WifiChange | None:
    """The same for two readings of a connection."""
    if _differ(before.ssid, after.ssid):
        return WifiChange.OTHER_NETWORK
    if _differ(before.bssid, after.bssid):
        # Without the name this may be another network as well: what is sure is that the connection is a new one.
        return (
            WifiChange.ROAMED
            if before.ssid is not None and after.ssid is not None
            else WifiChange.REASSOCIATED
        )
    return WifiChange.REASSOCIATED if _began_again(before, after) else None


def _differ(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after


def _began_again(before: Wifi, after: Wifi) -> bool:
    """True when what counts from the association on went back."""
    if before.connected_s is not None and after.connected_s is not None:
        return after.connected_s < before.connected_s
    pairs = ((before.retries, after.retries), (before.failed, after.failed))
    return any(old is not None and new is not None and new < old for old, new in pairs)
