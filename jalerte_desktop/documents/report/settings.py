"""Of the honesty page: by which programs, servers and thresholds the figures came about, each in words."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.config import load_thresholds
from diagnostics.model import Role
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.letter import Paragraph, Table
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.paper import Block, Settings
from jalerte_desktop.documents.report.sayings import put
from jalerte_desktop.findings.model import total_s
from jalerte_desktop.words import figures
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.shape import capital
from jalerte_desktop.words.thresholds import (
    THRESHOLDS,
    setting_name,
    threshold_name,
    threshold_value,
    thresholds_told,
)

_TRIED = {
    Role.GATEWAY: N_("the box"),
    Role.FIRST_HOP: N_("the operator’s first router"),
    Role.SYSTEM_RESOLVER: N_("name servers of the system"),
    Role.ANCHOR: N_("reference servers"),
    Role.TCP_CHECK: N_("connections to port 443"),
    Role.RESOLVER: N_("name servers"),
    Role.WEB: N_("web page"),
    Role.LARGE: N_("large page"),
    Role.VPN: N_("through the VPN"),
}
"""In this order: what is of the home and its line, which bears no address here, comes first."""


def versions(facts: ReportFacts) -> Table:
    """Programs, systems, servers tried, and what the holder changed of the configuration."""
    honesty, findings = facts.honesty, facts.account.findings
    none = _("not known")
    rows = [
        (_("Recorded by jalerte"), ", ".join(map(clean, honesty.versions)) or none),
        (_("This report by jalerte"), clean(facts.version)),
        (_("Method at the recording"), ", ".join(map(clean, honesty.methods)) or none),
        (_("Method of this report"), clean(findings.method)),
        (_("Systems"), ", ".join(map(clean, honesty.systems)) or none),
        *(_tried(honesty.targets) or [(_("Servers tried"), none)]),
        (
            _("Settings changed by the holder"),
            ", ".join(setting_name(clean(key)) for key in findings.own_settings) or _("none"),
        ),
    ]
    return Table((), tuple(rows), (38, 62))


def _tried(targets: Iterable[str]) -> list[tuple[str, str]]:
    """What was tried, by its part in the diagnosis; a target that says no part stands as it is."""
    unnamed: list[str] = []
    by_role: dict[Role, list[str]] = {}
    for target in map(clean, targets):
        role, _slash, rest = target.partition("/")
        if not rest or role not in tuple(Role):
            unnamed.append(target)
            continue
        _protocol, _slash, address = rest.partition("/")
        by_role.setdefault(Role(role), []).append(address)
    nameless = [role for role in _TRIED if role in by_role and not any(by_role[role])]
    rows = []
    if nameless:
        rows.append((_("Tried at home and on the line"), ", ".join(_(_TRIED[role]) for role in nameless)))
    rows += [
        (put(_("Tried: {what}"), what=_(_TRIED[role])), ", ".join(filter(None, by_role[role])))
        for role in _TRIED
        if role in by_role and role not in nameless
    ]
    if unnamed:
        rows.append((_("Servers tried"), ", ".join(unnamed)))
    return rows


def thresholds(facts: ReportFacts) -> Settings | None:
    """Every threshold in force with its unit, in the method's own order; None where none is known."""
    found = dict(facts.honesty.thresholds)
    keys = [key for key in THRESHOLDS if key in found] + [key for key in found if key not in THRESHOLDS]
    if not keys:
        return None
    rows = tuple((threshold_name(key), threshold_value(key, found[key]), key) for key in keys)
    return Settings((_("Threshold"), _("Value"), _("Its key in the method")), rows)


def own_thresholds(facts: ReportFacts) -> tuple[Block, ...]:
    """What the holder's own thresholds would have found; nothing without any."""
    findings = facts.account.findings
    if findings.own is None:
        return ()
    own = findings.own.outages_of(findings.line.id)
    told = put(
        _(
            "With the holder’s own thresholds, the method would have found {own:cut|cuts} ({own_time}), against"
            " {n:cut|cuts} ({time}) with the default ones, whatever the cause. Every other figure of this"
            " report goes by the default ones."
        ),
        own=len(own),
        own_time=figures.duration(total_s(own)),
        n=len(findings.outages),
        time=figures.duration(findings.outage_s),
    )
    changed = capital(thresholds_told(findings.own.thresholds, load_thresholds()))
    return (Paragraph(told), Paragraph(changed, small=True))
