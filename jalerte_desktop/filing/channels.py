"""The ways an alert can leave by, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import BadInput
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.words.language import N_, _


@dataclass(frozen=True, slots=True)
class Channel:
    """One way. ``label`` is English, for ``_()``.

    ``by_machine``: the program sends it itself, after the person's yes; the others the person sends. ``repeatable``:
    the other side knows a second try by its key, so that a try that was cut off may be made again.
    """

    name: str
    label: str
    by_machine: bool = False
    repeatable: bool = False

    @property
    def words(self) -> str:
        """What it is called, in the active language."""
        return _(self.label)


CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel("jalerte", N_("J’alerte l’Arcep")),
        Channel("signalconso", N_("SignalConso")),
        Channel("mediator", N_("mediator’s form")),
        Channel("email", N_("e-mail"), by_machine=True),
        Channel("desk", N_("alert desk"), by_machine=True, repeatable=True),
        Channel("registered", N_("registered letter")),
    )
}
"""By their names in ``Envelope.channel``."""


def channel(name: str) -> Channel:
    """The channel of that name.

    :raises BadInput: ``channel_unknown``.
    """
    found = CHANNELS.get(name)
    if found is None:
        raise BadInput("channel_unknown", value=clean(name)[:40], known=" ".join(CHANNELS))
    return found


def repeatable(name: str) -> bool:
    """Whether a try by that channel that was cut off may be made again."""
    return name in CHANNELS and CHANNELS[name].repeatable
