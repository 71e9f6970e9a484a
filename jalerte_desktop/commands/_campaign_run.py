"""A series' measurements made in the foreground, by the recorder's own speed desk, without a recorder."""

from __future__ import annotations

import sys

from diagnostics.campaigns.model import Due, Zone
from diagnostics.campaigns.standing import campaigns, standing
from diagnostics.journal.reader import Reader
from diagnostics.model import Event, EventKind
from diagnostics.recorder import notes
from diagnostics.recorder.speed_desk import DeskParts, SpeedDesk
from diagnostics.recorder.speed_plan import Due as DeskDue
from diagnostics.throughput.held import read_holds
from jalerte_desktop.commands import _campaign_words as words
from jalerte_desktop.commands.context import Context


def run_here(context: Context) -> None:
    """Have the newest series' measurements made when they are due, until it is over. Raises Problem."""
    watched = _Watched(context)

    def keep(event: Event) -> None:
        notes.add(context.home.folder, context.home.journal, event.kind, event.data, event.at_ns)

    desk = SpeedDesk(
        DeskParts(
            clock=context.clock,
            journal=context.home.journal,
            config=context.config,
            command=speed_command(context),
            say=keep,
            campaign_due=watched.due,
        )
    )
    try:
        desk.run_until(lambda: watched.over, look_s=1.0)
    finally:
        desk.close()


def speed_command(context: Context) -> tuple[str, ...]:
    """What makes one scheduled measurement, as for the recorder."""
    program = (sys.executable, "-m", "jalerte_desktop", "--home", str(context.home.folder))
    return (*program, "speed", "--scheduled", "--stdin")


class _Watched:
    """Tells the desk what is due, and the person what changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._following = ""
        self._held_ns = context.now_ns
        self.over = False

    def due(self, reader: Reader, now_ns: int, zone: Zone) -> DeskDue | None:
        """The running series' next measurement, None when none runs any more: then it is ``over``."""
        found = standing(reader, campaigns(reader)[-1], now_ns, zone)
        self._tell_holds(reader, found.campaign.id)
        following = words.next_words(found, now_ns, here=True)
        if following != self._following:
            self._following = following
            self._tell(following)
        if isinstance(found.next, Due):
            return DeskDue(found.next.at_ns, found.campaign.id)
        self.over = True
        return None

    def _tell_holds(self, reader: Reader, campaign: str) -> None:
        """Why a measurement that was due was not made."""
        for held in read_holds(reader.events(EventKind.SPEED_HELD)):
            if held.campaign == campaign and held.at_ns > self._held_ns:
                self._held_ns = held.at_ns
                self._tell(words.held_words(held))

    def _tell(self, said: str) -> None:
        if not self._context.json:
            self._context.say(said)
            self._context.out.flush()
