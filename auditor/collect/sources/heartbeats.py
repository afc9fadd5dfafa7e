"""Which version each agent reported, and when, from Log Analytics workspaces, as stays.

A stay is a version reported without interruption by another: A, B, A is the rollback to look for. The query brings one
line for each version of a machine, its first and its last heartbeat within the window: a line a day would exceed what
one answer holds in a large estate. https://learn.microsoft.com/azure/azure-monitor/reference/tables/heartbeat
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from azure.core.exceptions import AzureError
from azure.monitor.query import LogsQueryPartialResult, LogsQueryResult, LogsTable

from auditor.collect import faults, queries, values
from auditor.collect.error_body import from_json
from auditor.collect.faults import Fault
from auditor.collect.interface import Window, by_this_clock, ended
from auditor.collect.session import LOG_QUERY_S, Session
from auditor.model.reading import Harvest, Row, Service, Source

SOURCE = Source.HEARTBEATS
MOST_ROWS = 500_000
"""Log Analytics cuts an answer here (https://learn.microsoft.com/azure/azure-monitor/service-limits)."""
_GLANCE_S = 30
_SHORTER = "Shorten sources.heartbeats.window."

Line = tuple[str, str, str, datetime, datetime]
"""Machine id in lower case, the machine's unique id (empty where none is told), version, first and last heartbeat with
it within the window."""


def read_heartbeats(session: Session, workspace: str, window: Window) -> Harvest:
    """Rows of the frame ``heartbeats``; a partial answer keeps its rows and is an incomplete reading."""
    harvest = Harvest()
    try:
        lines, fault = _ask(session, workspace, window)
    except Fault as caught:
        lines, fault = [], caught
    fault = fault or by_this_clock(session, SOURCE)
    stays = fold_stays(lines, workspace)
    for stay in stays:
        harvest.add("heartbeats", stay)
    harvest.readings.append(ended(session, SOURCE, workspace, len(stays), fault, window, Service.LOG_ANALYTICS))
    return harvest


def glance_at_heartbeats(session: Session, workspace: str, window: Window) -> Harvest:
    """No rows; the reading says whether the workspace answers, and with how many rows: one or none."""
    rows, fault = 0, None
    try:
        result = _sent(session, workspace, queries.HEARTBEATS_GLANCE.text, window, _GLANCE_S)
    except Fault as caught:
        fault = caught
    else:
        if isinstance(result, LogsQueryPartialResult):
            fault = faults.partial(SOURCE, _told(result.partial_error))
        elif not result.tables:
            fault = faults.unreadable(SOURCE, "no table with the columns that were asked for")
        else:
            rows = sum(len(table.rows) for table in result.tables)
    return Harvest(readings=[ended(session, SOURCE, workspace, rows, fault, window, Service.LOG_ANALYTICS)])


def _sent(
    session: Session, workspace: str, query: str, window: Window, timeout_s: int
) -> LogsQueryResult | LogsQueryPartialResult:
    """What comes back. Raises Fault."""
    span = (window.start, window.end + timedelta(seconds=1))
    try:
        return session.logs.query_workspace(workspace, query, timespan=span, server_timeout=timeout_s)
    except AzureError as error:
        raise faults.from_exception(SOURCE, error, session.cloud.veil) from error
    except (TypeError, AttributeError, ValueError, KeyError, IndexError) as error:
        # What the SDK raises on an answer that holds no tables, or cells that are not of their column's type.
        raise faults.unreadable(SOURCE, "no tables with the rows that were asked for") from error


def _ask(session: Session, workspace: str, window: Window) -> tuple[list[Line], Fault | None]:
    query = queries.HEARTBEATS.text.format(start=_written(window.start), end=_written(window.end))
    result = _sent(session, workspace, query, window, LOG_QUERY_S)
    if isinstance(result, LogsQueryPartialResult):
        lines, _odd = _lines(result.partial_data or [])
        return lines, faults.partial(SOURCE, _told(result.partial_error))
    if not any("_ResourceId" in table.columns for table in result.tables):
        raise faults.unreadable(SOURCE, "no table with the columns that were asked for")
    lines, odd = _lines(result.tables)
    if odd:
        return lines, faults.partial(SOURCE, f"rows without a machine, a version or a time: {odd}")
    if sum(len(table.rows) for table in result.tables) >= MOST_ROWS:
        return lines, faults.partial(SOURCE, f"{MOST_ROWS:,} rows, the most that one answer holds", _SHORTER)
    return lines, None


def _told(error: object) -> str:
    """The innermost message of a partial error; the SDK keeps what lies below the first as plain objects."""
    named = ("code", "message", "details", "innererror")
    return from_json({name: getattr(error, name, None) for name in named}).message or "the service does not say why"


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(tables: Iterable[LogsTable]) -> tuple[list[Line], int]:
    """The lines of all tables, and how many rows are none."""
    read = [_line(dict(zip(table.columns, row, strict=False))) for table in tables for row in table.rows]
    lines = [line for line in read if line is not None]
    return lines, len(read) - len(lines)


def _line(row: dict[str, Any]) -> Line | None:
    machine, version = values.text(row.get("_ResourceId")), values.text(row.get("Version"))
    began, ended_at = _moment(row.get("Began")), _moment(row.get("Ended"))
    if machine is None or version is None or began is None or ended_at is None:
        return None
    return machine.lower(), (values.text(row.get("VMUUID")) or "").lower(), version, began, ended_at


def _moment(value: object) -> datetime | None:
    """The SDK gives a datetime with a time zone object of its own; text where it could not read it."""
    return values.time(value.isoformat()) if isinstance(value, datetime) else values.time(value)


def fold_stays(lines: Iterable[Line], workspace: str) -> list[Row]:
    """Stays in order of machine and time; the result does not depend on the order of ``lines``.

    Each line gives two moments at which the machine ran a version; moments of one version that follow each other are
    one stay, unless another machine of its id told them. ``from`` and ``to`` are moments that were seen: where A's last
    heartbeat is later than all of B's, the machine went A, B, A, and of the first A only its first heartbeat is known,
    of the second only its last.
    """
    moments = sorted({(line[0], at, line[2], line[1]) for line in lines for at in line[3:]})
    return [
        {
            "machine_id": machine,
            "vm_id": vm or None,
            "version": version,
            "from": run[0][1],
            "to": run[-1][1],
            "workspace": workspace,
        }
        for machine, of_machine in groupby(moments, key=lambda moment: moment[0])
        for (version, vm), grouped in groupby(of_machine, key=lambda moment: moment[2:])
        for run in [list(grouped)]
    ]
