"""A series' measurements made in the foreground, by the recorder's own speed desk, without a recorder."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from diagnostics.campaigns.model import Due, Zone
from diagnostics.campaigns.standing import Standing, campaigns, standing
from diagnostics.journal.reader import Reader
from diagnostics.model import Event, EventKind
from diagnostics.recorder import notes
from diagnostics.recorder.speed_desk import DeskParts, SpeedDesk
from diagnostics.recorder.speed_plan import Due as DeskDue
from diagnostics.standard_input import when_closed
from diagnostics.throughput.held import read_holds
from jalerte_desktop.commands import _campaign_words as words
from jalerte_desktop.commands._speed_child import speed_command
from jalerte_desktop.commands._speed_words import held_json, held_sentence
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _


def run_here(context: Context, *, stdin: bool = False, lines: bool = False) -> bool:
    """Have the newest series' measurements made when they are due, until it is over. Raises Problem.

    A signal to end, and with ``stdin`` the end of standard input, stop it: what runs is ended and what it measured
    kept. True when it was stopped so. ``lines``: what happens is told as lines of JSON.
    """
    watched = _Watched(context, lines=lines)
    stop = _Stop()

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
    if stdin:
        when_closed(stop.set)
    with stop.on_signals():
        try:
            desk.run_until(lambda: watched.over or stop.asked, look_s=1.0)
        finally:
            desk.close()
    if stop.asked and not watched.over:
        watched.stopped()
        return True
    return False


class _Stop:
    """Somebody asked for the end. No lock is held for it, since a signal may come at any moment."""

    def __init__(self) -> None:
        self.asked = False

    def set(self) -> None:
        self.asked = True

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ctrl+C and a signal to end ask for the end; a second one ends the program at once."""

        def told(number: int, _frame: FrameType | None) -> None:
            if self.asked:
                signal.signal(number, signal.SIG_DFL)
            self.set()

        names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
        before = [(name, signal.signal(getattr(signal, name), told)) for name in names]
        try:
            yield
        finally:
            for name, handler in before:
                signal.signal(getattr(signal, name), handler)


class _Watched:
    """Tells the desk what is due, and the person or another program what changed."""

    def __init__(self, context: Context, *, lines: bool) -> None:
        self._context = context
        self._lines = lines
        self._following = ""
        self._held_ns = context.now_ns
        self._seen: frozenset[str] | None = None
        self.over = False

    def due(self, reader: Reader, now_ns: int, zone: Zone) -> DeskDue | None:
        """The running series' next measurement, None when none runs any more: then it is ``over``."""
        found = standing(reader, campaigns(reader)[-1], now_ns, zone)
        self._tell_measured(found)
        self._tell_holds(reader, found.campaign.id)
        following = words.next_words(found, now_ns, here=True)
        self.over = not isinstance(found.next, Due)
        if following != self._following:
            self._following = following
            told = words.standing_json(found)
            self._tell(following, "done" if self.over else "due", **told)
        return DeskDue(found.next.at_ns, found.campaign.id) if isinstance(found.next, Due) else None

    def stopped(self) -> None:
        """Say that it was stopped, and how it goes on."""
        said = _("Stopped: what was measured stays. “jalerte campaign run” goes on with the series.")
        self._tell(said, "stopped")

    def _tell_measured(self, found: Standing) -> None:
        """The measurements since the last look; those of before the first one are no news."""
        measured = found.review.measured
        seen = frozenset(one.result.id for one in measured) if self._seen is None else self._seen
        for one in measured:
            if one.result.id not in seen:
                self._line("measured", **words.measured_json(one))
        self._seen = frozenset(one.result.id for one in measured)

    def _tell_holds(self, reader: Reader, campaign: str) -> None:
        """Why a measurement that was due was not made."""
        for held in read_holds(reader.events(EventKind.SPEED_HELD)):
            if held.campaign == campaign and held.at_ns > self._held_ns:
                self._held_ns = held.at_ns
                self._tell(held_sentence(held), "held", **held_json(held))

    def _tell(self, said: str, event: str, **values: Any) -> None:
        self._line(event, **values)
        if not (self._lines or self._context.json):
            self._context.say(said)
            self._context.out.flush()

    def _line(self, event: str, **values: Any) -> None:
        # Whoever listened may be gone: the series goes on all the same.
        if self._lines:
            with suppress(OSError, ValueError):
                print(
                    json.dumps({"event": event, **values}, ensure_ascii=False),
                    file=self._context.out,
                    flush=True,
                )
