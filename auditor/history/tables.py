"""The tables of a night: their columns, and which operations it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from operator import attrgetter
from typing import Any, cast

import pandas as pd

from auditor.history.night import columns_of
from auditor.history.seen import Frames
from auditor.model.memory import KeptOperation, Memory, OpenFailure
from auditor.model.past import Past
from auditor.model.verdict import Status

VERDICTS = dict.fromkeys(("rule_id", "status", "reason_code", "resource_id", "machine_id"), "text")
FAILURES = columns_of(OpenFailure)
DEPARTURES = {"change": "text", **FAILURES}
OPERATIONS = {**columns_of(KeptOperation), "open": "flag"}
"""``open``: what it led to is not known to be over, so every later night must know it."""

LATE = timedelta(days=1)
"""Events reach the activity log late: those of the day before the last night may not have been there for it."""
_ON_EXTENSIONS = ("write", "delete", "upgrade", "scale_set_write")


_failure, _operation = attrgetter(*FAILURES), attrgetter(*columns_of(KeptOperation))


def failures_of(past: Past) -> Iterator[tuple[object, ...]]:
    """The rows of ``FAILURES``."""
    return map(_failure, past.open)


def departed_of(past: Past) -> Iterator[tuple[object, ...]]:
    """The rows of ``DEPARTURES``."""
    return ((each.change, *_failure(each.failure)) for each in past.departed)


def operations_of(
    shards: Iterable[Frames], past: Past, by_operation: frozenset[str], memory: Memory
) -> Iterator[tuple[object, ...]]:
    """What was done to extensions since the last night, and all that a later night must know, however long ago.

    Azure keeps operations for 90 days; one that stands in no night's look-back any more stands in an earlier night.
    Those of a machine are kept until the rules that ask for them pass: an exemption that expires, or a machine that
    runs again, must find the failure where it was. What could not be read tonight stays remembered.
    """
    waiting = {each.machine_id.lower() for each in past.open if each.rule_id in by_operation}
    settled = {each.failure.machine_id.lower() for each in past.departed if each.change == "gone"}
    for frames in shards:
        verdicts = frames["verdicts"][frames["verdicts"]["rule_id"].isin(by_operation)]
        machines = verdicts["machine_id"].str.lower()
        settled.update(machines)
        waits = waiting | set(machines[verdicts["status"].ne(Status.PASS)])
        operations = frames["operations"]
        operations = operations[operations["action"].isin(_ON_EXTENSIONS)]
        is_open = operations["machine_id"].str.lower().isin(waits)
        last = operations["ended"].fillna(operations["started"])
        new = last.isna() | last.ge(pd.Timestamp(memory.since - LATE)) if memory.since else last.notna() | last.isna()
        wanted = is_open | new
        chosen = operations[wanted].assign(open=is_open[wanted])  # to a frame without rows pandas would add some
        yield from zip(*(_values(chosen[name]) for name in OPERATIONS), strict=True)
    yield from ((*_operation(each), True) for each in memory.operations if each.machine_id.lower() not in settled)


def _values(column: pd.Series[Any]) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [None if pd.isna(each) else each.to_pydatetime() for each in column]
    cells: list[Any] = column.to_numpy(object, na_value=cast("Any", None)).tolist()
    return cells
