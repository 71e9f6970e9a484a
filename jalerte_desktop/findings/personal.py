"""What a person's configuration adds to the view of a recording: working hours, and thresholds of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnostics.incidents.telework import NO_SECONDS, CallSeconds, default_call_limits
from diagnostics.model import Exclusion, Incident, Kind, Span
from diagnostics.working_hours import WorkingHours, parse_working_hours

if TYPE_CHECKING:
    from datetime import tzinfo

    from diagnostics.config import Config


@dataclass(frozen=True, slots=True)
class Personal:
    """``hours`` is None where no working hours are set. ``thresholds`` are named as in ``resources/method.toml``."""

    hours: WorkingHours | None = None
    thresholds: tuple[tuple[str, float], ...] = ()


def personal_of(config: Config) -> Personal:
    hours = parse_working_hours(config.working_hours) if config.working_hours else None
    return Personal(hours, config.own_thresholds)


@dataclass(frozen=True, slots=True)
class OwnThresholds:
    """What the person's own thresholds would have found; shown beside the default ones, never counted."""

    thresholds: tuple[tuple[str, float], ...]
    incidents: tuple[Incident, ...]

    def since(self, start_ns: int) -> OwnThresholds:
        """The same for a period that begins later."""
        return OwnThresholds(self.thresholds, tuple(i for i in self.incidents if i.span.end_ns > start_ns))

    def outages_of(self, line_id: str) -> tuple[Incident, ...]:
        """The line's outages that no exclusion takes out."""
        return tuple(
            i for i in self.incidents if i.line.id == line_id and i.kind is Kind.OUTAGE and i.excluded is None
        )


@dataclass(frozen=True, slots=True)
class Telework:
    """Call-breaking seconds of a line in a period, whoever's fault; excluded times are left out.

    ``lost`` and ``working_lost`` are the starts (UTC ns) of lost minutes, the latter within the working hours, None
    where none are set.
    """

    seconds: CallSeconds = NO_SECONDS
    lost: tuple[int, ...] = ()
    hours: WorkingHours | None = None
    working_lost: tuple[int, ...] | None = None

    @property
    def call_breaking_s(self) -> int:
        return self.seconds.total_s

    def since(self, span: Span) -> Telework:
        """The same for a period that begins later."""
        kept = None if self.working_lost is None else _from(self.working_lost, span)
        return Telework(self.seconds.within(span), _from(self.lost, span), self.hours, kept)


NO_TELEWORK = Telework()


def _from(minutes: tuple[int, ...], span: Span) -> tuple[int, ...]:
    return tuple(at for at in minutes if at >= span.start_ns)


def telework_of(
    calls: CallSeconds,
    incidents: Iterable[Incident],
    exclusions: Iterable[Exclusion],
    span: Span,
    hours: WorkingHours | None,
    zone: tzinfo | None = None,
    own_tests: Iterable[Span] = (),
) -> Telework:
    """The view of one line: its call-breaking seconds, and those of its outages, less what is excluded.

    While one of ``own_tests`` filled the line, only outages count: the delay was of this program's making.
    ``incidents`` are the line's alone. ``zone`` is the working hours' (None: this system's).
    """
    found = list(incidents)
    outages = [one.span for one in found if one.kind is Kind.OUTAGE and one.excluded is None]
    excluded = [one.span for one in found if one.excluded is not None]
    excluded += [exclusion.span for exclusion in exclusions]
    seconds = calls.without(own_tests).and_all_of(outages).without(excluded).within(span)
    lost = seconds.lost_minutes(default_call_limits().lost_minute_s)
    working = None if hours is None else tuple(at for at in lost if hours.contain(at, zone))
    return Telework(seconds, lost, hours, working)
