"""When a machine last ran and last sent a heartbeat, as far as it can be told.

A power state carries no time; heartbeats and the activity log do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.model.reading import Source


@dataclass(frozen=True, slots=True)
class Span:
    """The truth lies between ``low`` and ``high``; an end that is None is open. ``source`` told it."""

    low: datetime | None
    high: datetime | None
    source: Source | None = None


UNKNOWN = Span(None, None)


@dataclass(frozen=True, slots=True)
class PowerLog:
    """A machine's starts and stops within a window that was completely read."""

    window_start: datetime
    starts: Sequence[datetime]
    stops: Sequence[datetime]


def last_ran(
    availability: str | None,
    power_state: str | None,
    read_at: datetime,
    log: PowerLog | None,
    last_heartbeat: datetime | None,
) -> Span:
    """Bounds of the time at which the machine last ran.

    ``log`` is None where the activity log was not completely read, ``last_heartbeat`` None where none was seen or a
    workspace was not completely read.
    """
    if availability == "running":
        return Span(read_at, read_at, Source.INSTANCE_VIEW)
    if availability != "stopped":
        return UNKNOWN
    started = max(log.starts, default=None) if log else None
    stopped = max(log.stops, default=None) if log else None
    heard = last_heartbeat
    if started is not None and (stopped is None or started > stopped):
        return Span(
            max(started, heard or started), read_at, Source.ACTIVITY_LOG
        )  # shut down from within: its end left no event
    if stopped is not None and (heard is None or heard <= stopped):
        return Span(stopped, stopped, Source.ACTIVITY_LOG)
    if heard is not None:
        return Span(heard, heard, Source.HEARTBEATS)
    if log is not None and (power_state or "").lower().startswith("deallocated"):
        # Somebody deallocates a machine: no event in the window, so it was before it.
        return Span(None, log.window_start, Source.ACTIVITY_LOG)
    return UNKNOWN
