"""What the configuration says, for the pages: everybody whom measuring contacts, and the working hours."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from diagnostics.config import Config, load
from diagnostics.model import Problem, Target
from diagnostics.shipped import read_shipped
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import _

OWN_TARGETS = frozenset({"targets.anchors", "targets.anchors6", "targets.resolvers"})
"""Who sets any of these has nobody asked which network the line belongs to: ``recorder.run`` decides so too."""


@dataclass(frozen=True, slots=True)
class Configured:
    """``contacts`` holds a sentence for each kind of test, or the one that says what is wrong with the file."""

    path: Path
    contacts: tuple[str, ...]
    working_hours: tuple[str, ...] = ()


def configured(path: Path) -> Configured:
    """Read the configuration, in the language of the moment."""
    try:
        settings = load(path)
    except Problem as problem:
        return Configured(path, (say_problem(problem),))
    return Configured(path, tuple(contacts(settings)), settings.working_hours)


def contacts(settings: Config) -> list[str]:
    """One sentence for each kind of test, with its addresses."""
    resolvers = [target.address for target in settings.resolvers]
    anchors = addresses((*settings.anchors, *settings.anchors6))
    said = [
        _("Ping, each second: your box, the first router beyond it, and {list}.").format(
            list=", ".join(anchors)
        ),
        _("Connection to port 443 of one of these, each minute; more often during an outage."),
        _("Names, each five or ten seconds: {names}. They are asked of {resolvers}.").format(
            names=", ".join(settings.names),
            resolvers=", ".join((_("this computer’s resolver"), *addresses(settings.resolvers))),
        ),
        _("Web page, each half minute: {page}.").format(page=settings.web_check),
    ]
    if settings.large_check:
        said.append(_("Larger web page, each five minutes: {page}.").format(page=settings.large_check))
    if resolvers and not OWN_TARGETS & {*settings.given}:
        said.append(
            _(
                "Which network the line belongs to, every six hours: {servers}, until one answers; then {resolver}"
                " for its name."
            ).format(servers=", ".join(_identity_servers()), resolver=resolvers[0])
        )
    said.append(
        _("At home: the box says how its line is doing, by UPnP or its local page, without a password.")
    )
    return said


def contacts_words(contacts: Iterable[str]) -> str:
    """One under the other."""
    return "\n".join(f"–\u00a0{one}" for one in contacts)


def addresses(targets: Iterable[Target]) -> list[str]:
    """Each network once, with its addresses in brackets; then the addresses of no known network."""
    by_network: dict[str, list[str]] = {}
    for target in targets:
        known = by_network.setdefault(_name(target.network), [])
        if target.address not in known:
            known.append(target.address)
    unknown = by_network.pop("", [])
    return [*(f"{network} ({', '.join(known)})" for network, known in by_network.items()), *unknown]


def _name(network: str) -> str:
    return re.sub(r"^AS\d+ ", "", network)


def _identity_servers() -> list[str]:
    servers = tomllib.loads(read_shipped("networks.toml"))["servers"]
    return [f"{_name(entry['network'])} ({entry['value']})" for entry in servers]
