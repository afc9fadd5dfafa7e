"""Whether a night is due: what is asked at every tick of a clock that ticks more often than nights are wanted.

It is answered out of the names in the archive, without pandas, without what sends letters, and without a question to
the audited estate: a tick with nothing due is over within a second.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from auditor.errors import Problem, SettingsRefused
from auditor.model.places import BEGUN, MANIFEST, NIGHTS, time_of
from auditor.model.schedule import Schedule, Window, last_window
from auditor.model.settings import Settings
from auditor.model.underway import KEPT_FOR, begun_in
from auditor.stores import Store

AGAIN_AFTER = timedelta(hours=1)
"""A directory or a network that was away at two is back at three, mostly; each such try sends a letter."""


@dataclass(frozen=True, slots=True)
class Due:
    """Whether a night is to be begun or gone on with, and a sentence that says why, or why not."""

    night: bool
    why: str


def due(
    settings: Settings,
    store: Store | None,
    now: datetime,
    *,
    late: bool = False,
    narrow: bool = False,
    config: str = "config.yaml",
) -> Due:
    """Whether a night is due at ``now``, which is aware, by what lies in ``store``, the configured archive.

    A night that was begun and has not ended is gone on with at any time, until it is too old. A new one is due while
    the window is open, and no night of this window is kept; with ``late``, for a host that was down, after it has
    closed as well. A night of some subscriptions takes the place of no whole one, unless only such a one is asked for
    (``narrow``). One that could read nothing is tried again in its window, :data:`AGAIN_AFTER` later.

    Raises SettingsRefused where ``config`` names no schedule or no archive, and ArchiveRefused where that cannot be
    read.
    """
    schedule = settings.schedule
    if schedule is None or store is None:
        raise SettingsRefused(_missing(settings, config))
    if _is_under_way(store.read(BEGUN), now):
        return Due(True, "a night was begun and has not ended: it is gone on with")
    zone = settings.report.time_zone
    window = last_window(schedule, zone, now)
    kept = _night_of(window, store, narrow, now) if late or window.is_open(now) else None
    return _due_in(window, kept, _Times(schedule, zone), now, late)


def _due_in(window: Window, kept: str | None, times: _Times, now: datetime, late: bool) -> Due:
    if not window.is_open(now) and not late:
        return Due(False, f"nothing is due: nights begin {times}; the next one from {times.at(window.next_opens)}")
    if kept:
        return Due(False, f"nothing is due: the night {kept} is kept; the next one from {times.at(window.next_opens)}")
    if window.is_open(now):
        return Due(True, f"a night is due: no whole one since {times.at(window.opened)}")
    return Due(True, f"a night is made up for: no whole one since {times.at(window.opened)}")


def _is_under_way(begun: bytes | None, now: datetime) -> bool:
    """Of what cannot be read, and may be a night, too: whoever goes on tells why not."""
    if begun is None:
        return False
    try:
        told = begun_in(begun)
    except ValueError:
        return True
    return any(abs(now - each) <= KEPT_FOR for each in (told.as_of, told.starts[0]))


def _night_of(window: Window, store: Store, narrow: bool, now: datetime) -> str | None:
    """The newest night of ``window`` that need not be made once more."""
    nights = sorted(((as_of, each) for each in store.nights() if (as_of := time_of(each))), reverse=True)
    for as_of, name in nights:
        told = _manifest(store, name) if window.owns(as_of) else None
        if told is not None and (narrow or not told.get("narrow")):
            again = not told.get("collected", True) and window.is_open(now) and now - as_of >= AGAIN_AFTER
            return None if again else name
    return None


def _manifest(store: Store, name: str) -> dict[str, object] | None:
    """None where the night was not kept to its end."""
    try:
        told = json.loads(store.read(f"{NIGHTS}/{name}/{MANIFEST}") or b"")
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


@dataclass(frozen=True, slots=True)
class _Times:
    """How times are told: by the clocks that the schedule means."""

    schedule: Schedule
    zone: str

    def __str__(self) -> str:
        return f"from {self.schedule.opens:%H:%M} until {self.schedule.until:%H:%M} ({self.zone})"

    def at(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"


def _missing(settings: Settings, config: str) -> list[Problem]:
    problems = []
    if settings.schedule is None:
        sentence = 'is missing: --if-due asks when nights are due; write schedule: {from: "02:00", until: "06:00"}'
        problems.append(Problem(config, 0, "schedule", sentence))
    if settings.archive is None:
        sentence = "is missing: --if-due looks there whether tonight has been; write archive: {url: file:./archive}"
        problems.append(Problem(config, 0, "archive", sentence))
    return problems
