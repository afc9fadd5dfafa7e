"""When nights are due: the section ``schedule`` of the configuration, and its windows on the time line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from auditor.model.strict import Strict

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock(value: object) -> time:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError('is not a time of the day: write hours and minutes, such as "02:00" or "22:30"')
    return time.fromisoformat(value)


Clock = Annotated[time, BeforeValidator(_clock)]


class Schedule(Strict):
    """From when until when a night may begin, by the clocks of ``report.time_zone``; it may pass midnight."""

    opens: Clock = Field(alias="from")
    until: Clock


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which one night may begin: from ``opened``, and before ``closes``; aware UTC.

    All that is before ``next_opens`` belongs to it, too: a night that comes late is still its night.
    """

    opened: datetime
    closes: datetime
    next_opens: datetime

    def is_open(self, now: datetime) -> bool:
        return self.opened <= now < self.closes

    def owns(self, as_of: datetime) -> bool:
        """Whether a night of that time is its night."""
        return self.opened <= as_of < self.next_opens


def last_window(schedule: Schedule, zone: str, now: datetime) -> Window:
    """The window that was opened last, be it open still or closed."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [today + timedelta(days=days) for days in (-2, -1, 0, 1, 2)]
    opened = [_moments(day, schedule.opens, zone)[0] for day in days]
    last = max(at for at, moment in enumerate(opened) if moment <= now)
    ends_on = days[last] + timedelta(days=schedule.until < schedule.opens)
    return Window(opened[last], _moments(ends_on, schedule.until, zone)[1], opened[last + 1])


def _moments(day: date, clock: time, zone: str) -> tuple[datetime, datetime]:
    """The earliest and the latest moment, in UTC, at which clocks show this, or would.

    They differ where summer time begins or ends just then: clocks never show it, or show it twice. A window that opens
    at the first and closes at the second is never empty, and never opens twice.
    """
    local = datetime.combine(day, clock, ZoneInfo(zone))
    first, second = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
