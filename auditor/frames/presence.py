"""When a machine last ran, as far as it can be told.

A power state carries no time; heartbeats and the activity log do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The truth lies between ``low`` and ``high``; an end that is None is open. ``source`` told it."""

    low: datetime | None
    high: datetime | None
    source: str | None = None


UNKNOWN = Span(None, None)


@dataclass(frozen=True, slots=True)
class PowerLog:
    """A machine's power events within a window that was completely read.

    ``stops``: when it was stopped or deallocated, successfully. ``ran_on``: moments at which it ran, with no end of it
    logged: starts, and stops of which no success was seen. ``of_set``: events of its scale set, which may have been
    meant for it or not: for each when it ran at the latest by it, None where no end of it was logged.
    """

    window_start: datetime
    stops: Sequence[datetime] = ()
    ran_on: Sequence[datetime] = ()
    of_set: Sequence[datetime | None] = ()


def last_ran(
    power_state: str | None,
    read_at: datetime,
    log: PowerLog | None,
    last_heartbeat: datetime | None,
    last_changed: datetime | None = None,
) -> Span:
    """Bounds of the time at which a stopped machine last ran: the latest of what is known of it counts.

    ``log`` is None where the activity log was not completely read, ``last_heartbeat`` None where none was seen or a
    workspace was not completely read. ``last_changed`` is when Azure last changed the machine (made, provisioned): a
    deallocation leaves its mark there even where its event is late.
    """
    known: list[tuple[datetime, datetime, str]] = []
    if last_heartbeat is not None:
        # Without the log, a later start that sent no heartbeat is not ruled out.
        known.append((last_heartbeat, last_heartbeat if log else read_at, "heartbeats"))
    if log is not None:
        known += [(at, at, "activity_log") for at in log.stops]
        # A machine that was shut down from within left no event of its end.
        known += [(at, read_at, "activity_log") for at in log.ran_on]
    of_set = [at or read_at for at in log.of_set] if log else []
    if known:
        low, high, source = max(known)
        return Span(low, max(high, *of_set), source) if of_set else Span(low, high, source)
    if log is not None and (power_state or "").lower() == "deallocated":
        # Somebody deallocates a machine: no event in the window, so it was before it, or before the last change.
        return Span(None, max(log.window_start, last_changed or log.window_start, *of_set), "activity_log")
    return UNKNOWN
