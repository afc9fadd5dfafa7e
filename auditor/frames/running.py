"""For how long a machine has been running: an agent whose machine was just started may still come up.

A power state carries no time; the activity log does, and the status of an Arc-enabled server tells when it changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from auditor.frames.build import DURATION
from auditor.frames.cells import cells, lower, moment, present
from auditor.frames.coverage import Coverage, Subjects
from auditor.frames.power import PowerEvents
from auditor.model.reading import Source
from auditor.model.scopes import Subject

Bounds = tuple[timedelta | None, timedelta | None]
"""The least and the most; None is open."""
NOT_KNOWN: Bounds = (None, None)
_NONE = timedelta(0)


def with_running_for(
    machines: pd.DataFrame, subjects: Subjects, events: PowerEvents, coverage: Coverage, as_of: datetime
) -> pd.DataFrame:
    """``machines`` with ``running_for``; missing where the activity log that would tell was not completely read."""
    logged = coverage.over((Source.ACTIVITY_LOG,), subjects)
    keys = (lower(machines[name]).tolist() for name in ("id", "scale_set_id", "subscription_id"))
    names = ("availability", "status_changed_at", "created_at")
    rows = zip(subjects.about.tolist(), logged.tolist(), *keys, *cells(machines, names), strict=True)
    told: list[Bounds] = []
    for about, read, machine, scale_set, subscription, availability, changed, created in rows:
        if present(availability) is None or not (read or about == Subject.ARC):
            told.append(NOT_KNOWN)
        elif availability != "running":
            told.append((_NONE, _NONE))
        elif about == Subject.ARC:
            told.append(_since(moment(changed), as_of))
        else:
            start = coverage.windows.get(subscription)
            told.append(_by_log(events, machine, present(scale_set), start, moment(created), as_of))
    bounds = {"running_for.low": [low for low, _high in told], "running_for.high": [high for _low, high in told]}
    return machines.assign(
        **{name: pd.Series(found, index=machines.index, dtype=DURATION) for name, found in bounds.items()}
    )


def _since(began: datetime | None, as_of: datetime) -> Bounds:
    return NOT_KNOWN if began is None else (as_of - began, as_of - began)


def _by_log(
    events: PowerEvents,
    machine: str,
    scale_set: str | None,
    window_start: datetime | None,
    created: datetime | None,
    as_of: datetime,
) -> Bounds:
    """Of a running machine, by a log that was completely read since ``window_start``.

    What was done to its scale set was meant for it or not.
    """
    if window_start is None or scale_set is None:
        return NOT_KNOWN
    started = max(events.starts.get(machine, ()), default=None)
    stopped = max(events.stops.get(machine, ()), default=None)
    of_set = [as_of - at for at in (*events.starts.get(scale_set, ()), *events.stops.get(scale_set, ()))]
    if stopped is not None and (started is None or stopped > started):
        return _NONE, as_of - stopped  # whose start is not logged yet
    if started is not None:  # perhaps another one of its id, where nobody tells when this one was made
        return min([as_of - started, *of_set]) if created else _NONE, as_of - started
    if created is None:
        return NOT_KNOWN  # it may have been made within the window
    return min([as_of - max(window_start, created), *of_set]), None
