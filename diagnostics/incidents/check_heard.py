"""What the witnesses say of one look, as the ladder takes it: counters read at its start and at its end."""

from __future__ import annotations

from diagnostics.incidents.check_delay import CROWDED_NS, SLOW_NS
from diagnostics.incidents.look import Look
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import traffic_remark
from diagnostics.incidents.testimony import Heard, Load
from diagnostics.model import Remark
from diagnostics.witnesses import Step, WifiState


def heard_of(look: Look, method: Method) -> Heard:
    """How old the box or its connection is does not tell that it began anew in these few seconds: no weight."""
    wan = look.box.wan_up if look.box is not None else None
    wifi = look.link.wifi
    return Heard(
        machine=_load(look.machine, look.habits.most_machine, method),
        home=_load(look.home, look.habits.most_home, method),
        box_says_down=int(wan is False),
        box_says_up=int(wan is True),
        wifi=wifi,
        wifi_left=look.link.by_wifi and wifi is not None and wifi.state is WifiState.NOT_CONNECTED,
    )


def _load(now: Step | None, most: Step | None, method: Method) -> Load | None:
    """Without a recording nobody knows what the line can carry: any traffic worth naming may fill it then."""
    if now is None:
        return None
    best_down = max(now.down_bps, most.down_bps if most is not None else 0)
    best_up = max(now.up_bps, most.up_bps if most is not None else 0)
    least, ratio = method.traffic_busy_bps, method.traffic_busy_ratio
    busy_down = _much(now.down_bps, best_down, least, ratio)
    busy_up = _much(now.up_bps, best_up, least, ratio)
    least, ratio = method.traffic_quiet_bps, method.traffic_quiet_ratio
    stirs = _much(now.down_bps, best_down, least, ratio) or _much(now.up_bps, best_up, least, ratio)
    return Load(
        covered=1.0,
        busy=float(busy_down or busy_up),
        quiet=float(not stirs),
        rose=False,
        down_bps=now.down_bps,
        up_bps=now.up_bps,
        best_down_bps=best_down,
        best_up_bps=best_up,
        inside_down_bps=now.down_bps,
        direction="up" if (busy_up, now.up_bps) > (busy_down, now.down_bps) else "down",
    )


def _much(rate_bps: int, best_bps: int, least_bps: int, ratio: float) -> bool:
    return rate_bps >= max(least_bps, best_bps * ratio)


def slow_mark_ns(look: Look, method: Method) -> int:
    """From where on answers are slow that nobody knows the usual time of."""
    return SLOW_NS if heavy_traffic(look, heard_of(look, method), method) is None else CROWDED_NS


def heavy_traffic(
    look: Look, heard: Heard, method: Method
) -> tuple[Remark, float, tuple[Remark, ...]] | None:
    """Traffic that may fill the line: its figures, how far it may be blamed, and what speaks against. None otherwise.

    The box's counters speak for the whole home; this machine's only where the box has none.
    """
    by_box = heard.home is not None
    load = heard.home if by_box else heard.machine
    if load is None or not load.busy:
        return None
    counter = () if by_box else (Remark.of("traffic_may_stay_at_home"),)
    if (look.habits.most_home if by_box else look.habits.most_machine) is not None:
        return traffic_remark(load, by_box=by_box), method.household, counter
    remark = Remark.of(
        "traffic_now_home" if by_box else "traffic_now_machine",
        direction=load.direction,
        rate_bps=load.up_bps if load.direction == "up" else load.down_bps,
    )
    return remark, min(0.5, method.household), (Remark.of("line_rate_unknown"), *counter)
