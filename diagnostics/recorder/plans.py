"""Which checks a recording makes beside its pings, and how often each."""

from __future__ import annotations

from diagnostics.clock import Clock
from diagnostics.config import Config
from diagnostics.model import Protocol, Role, Target
from diagnostics.probes.answers import AnswerMemory
from diagnostics.probes.binding import Binding
from diagnostics.probes.dns import DirectDns, SystemDns
from diagnostics.probes.large import LargeCheck
from diagnostics.probes.tcp_check import TcpCheck
from diagnostics.probes.web import WebCheck
from diagnostics.recorder.checks import ALARM_S, Plan

SYSTEM_DNS_S = 5.0
DIRECT_DNS_S = 10.0
WEB_S = 30.0
TCP_S = 60.0
LARGE_S = 300.0
TCP_ALARM_S = (*(1.0,) * 60, 5.0)
"""The second kind of probe: every second for a minute, since a short cut's cause hangs on it."""
LARGE_RETRY_S = (5.0, 10.0, 20.0, 60.0)


def make_plans(config: Config, clock: Clock, binding: Binding) -> list[Plan]:
    """The checks of this configuration. All but the system's resolver leave by the interface of ``binding``."""
    memory = AnswerMemory()
    plans = [
        Plan(
            SystemDns(system_target(), config.names, clock, memory=memory, canaries=config.canaries),
            SYSTEM_DNS_S,
        ),
        *(
            Plan(
                DirectDns(target, config.names, clock, binding=binding, memory=memory),
                DIRECT_DNS_S,
                alarm_s=ALARM_S,
            )
            for target in config.resolvers
        ),
        Plan(WebCheck(config.web_target, clock, binding=binding), WEB_S, alarm_s=ALARM_S),
    ]
    for anchors in (config.anchors, config.anchors6):
        if anchors:
            # All are tried once soon: the silence of one that never took a connection says nothing later.
            check = TcpCheck(anchors, clock, binding=binding)
            plans.append(Plan(check, TCP_S, alarm_s=TCP_ALARM_S, opening=len(anchors)))
    if config.large_check:
        large = LargeCheck(large_target(config.large_check), clock, binding=binding)
        plans.append(Plan(large, LARGE_S, retry_s=LARGE_RETRY_S))
    return plans


def system_target() -> Target:
    return Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")


def large_target(address: str) -> Target:
    return Target(Role.LARGE, Protocol.HTTP, address)
