"""The zone whose days and hours a report prints: the system's, with its changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from jalerte_desktop.commands._campaign_zone import system_zone


def local_zone() -> tzinfo:
    """The system's zone by its name where the system tells it, else as the system itself reckons."""
    name = system_zone()
    return ZoneInfo(name) if name else SystemZone()


class SystemZone(tzinfo):
    """Local time as the operating system reckons it, for systems that do not tell their zone's name."""

    def __str__(self) -> str:
        return "system"

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """The offset at a local time; ``fold`` tells the two hours apart that one reading of the clock may mean."""
        if moment is None:
            return timedelta()
        return moment.replace(tzinfo=None).astimezone().utcoffset() or timedelta()

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 - not told
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        here = moment.replace(tzinfo=UTC).astimezone()
        told = here.replace(tzinfo=self)
        return told if told.utcoffset() == here.utcoffset() else told.replace(fold=1)
