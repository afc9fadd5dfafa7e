"""Which version each agent reported, and when, from Log Analytics workspaces, as stays.

A stay is a version reported without interruption by another: A, B, A is the rollback to look for. The query keeps a
line a day for each version of a machine (first and last heartbeat), which is exact about the order of versions and
thirty times shorter than the heartbeats themselves.
https://learn.microsoft.com/azure/azure-monitor/reference/tables/heartbeat
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from azure.core.exceptions import AzureError
from azure.monitor.query import LogsQueryPartialResult

from auditor.collect import faults, values
from auditor.collect.faults import Fault
from auditor.collect.interface import Window, answered, gap
from auditor.collect.session import Session
from auditor.model.reading import Harvest, Row, Source

SOURCE = Source.HEARTBEATS
MOST_ROWS = 500_000
"""Log Analytics cuts an answer here (https://learn.microsoft.com/azure/azure-monitor/service-limits)."""
_SERVER_TIMEOUT_S = 600

QUERY = """Heartbeat
| where TimeGenerated between (datetime({start}) .. datetime({end}))
| where Category == "Azure Monitor Agent"
| where isnotempty(_ResourceId)
| summarize Began = min(TimeGenerated), Ended = max(TimeGenerated) by _ResourceId, Version, Day = bin(TimeGenerated, 1d)
| project _ResourceId, Version, Began, Ended
"""

Line = tuple[str, str, datetime, datetime]
"""Machine id in lower case, version, first and last heartbeat of it within a day."""


def read_heartbeats(session: Session, workspace: str, window: Window) -> Harvest:
    """Rows of the frame ``heartbeats``; a partial answer keeps its rows and is an incomplete reading."""
    harvest = Harvest()
    try:
        lines, fault = _ask(session, workspace, window)
    except Fault as caught:
        lines, fault = [], caught
    stays = fold_stays(lines, workspace)
    for stay in stays:
        harvest.add("heartbeats", stay)
    if fault is None:
        harvest.readings.append(answered(session, SOURCE, workspace, len(stays), window))
    else:
        harvest.readings.append(gap(session, SOURCE, workspace, fault, len(stays), window))
    return harvest


def _ask(session: Session, workspace: str, window: Window) -> tuple[list[Line], Fault | None]:
    query = QUERY.format(start=_written(window.start), end=_written(window.end))
    span = (window.start, window.end + timedelta(seconds=1))
    try:
        result = session.logs.query_workspace(workspace, query, timespan=span, server_timeout=_SERVER_TIMEOUT_S)
    except (AzureError, ValueError) as error:
        raise faults.from_exception(SOURCE, error) from error
    partial = isinstance(result, LogsQueryPartialResult)
    tables = result.partial_data if isinstance(result, LogsQueryPartialResult) else result.tables
    lines = [line for table in tables for line in map(_line, table.rows) if line is not None]
    if partial:
        return lines, faults.partial(SOURCE, str(getattr(result, "partial_error", "")))
    if sum(len(table.rows) for table in tables) >= MOST_ROWS:
        return lines, faults.partial(SOURCE, f"{MOST_ROWS:,} rows, the most that one answer holds")
    return lines, None


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(row: Any) -> Line | None:
    machine, version, first, last = row[0], row[1], _moment(row[2]), _moment(row[3])
    if not machine or not version or first is None or last is None:
        return None
    return str(machine).lower(), str(version), first, last


def _moment(value: object) -> datetime | None:
    """The SDK gives a datetime with a time zone object of its own; text where it could not read it."""
    return values.time(value.isoformat()) if isinstance(value, datetime) else values.time(value)


def fold_stays(lines: Iterable[Line], workspace: str) -> list[Row]:
    """Stays in order of machine and time; the result does not depend on the order of ``lines``.

    Each line gives two moments at which the machine ran a version; moments of one version that follow each other are
    one stay. Within a day, A before and after B is told apart because A's last heartbeat is later than B's first.
    """
    moments = sorted({(line[0], at, line[1]) for line in lines for at in (line[2], line[3])})
    return [
        {
            "machine_id": machine,
            "version": version,
            "from": run[0][1],
            "to": run[-1][1],
            "workspace": workspace,
        }
        for machine, of_machine in groupby(moments, key=lambda moment: moment[0])
        for version, grouped in groupby(of_machine, key=lambda moment: moment[2])
        for run in [list(grouped)]
    ]
