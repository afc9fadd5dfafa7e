"""Which version each agent reported, and when, from Log Analytics workspaces, as stays.

A stay is a version reported without interruption by another: A, B, A is the rollback to look for. The query brings one
line for each version of a machine, its first and its last heartbeat within the window: a line a day would exceed what
one answer holds in a large estate. https://learn.microsoft.com/azure/azure-monitor/reference/tables/heartbeat
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

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


class _Table(NamedTuple):
    columns: list[str]
    rows: list[list[Any]]


def read_heartbeats(session: Session, workspace: str, window: Window) -> Harvest:
    """Rows of the frame ``heartbeats``; a partial answer keeps its rows and is an incomplete reading."""
    harvest = Harvest()
    try:
        lines, fault = _read(session, workspace, window)
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
        tables, fault = _ask(session, workspace, queries.HEARTBEATS_GLANCE.text, window, _GLANCE_S)
        rows = 0 if fault else sum(len(table.rows) for table in tables)
    except Fault as caught:
        fault = caught
    return Harvest(readings=[ended(session, SOURCE, workspace, rows, fault, window, Service.LOG_ANALYTICS)])


def _read(session: Session, workspace: str, window: Window) -> tuple[list[Line], Fault | None]:
    """The lines, and why they are not all there, if so. Raises Fault."""
    query = queries.HEARTBEATS.text.format(start=_written(window.start), end=_written(window.end))
    tables, fault = _ask(session, workspace, query, window, LOG_QUERY_S)
    read = [_line(dict(zip(table.columns, row, strict=True))) for table in tables for row in table.rows]
    lines = [line for line in read if line is not None]
    if fault is None and len(lines) < len(read):
        return lines, faults.partial(SOURCE, f"rows without a machine, a version or a time: {len(read) - len(lines)}")
    if fault is None and len(read) >= MOST_ROWS:
        return lines, faults.partial(SOURCE, f"{MOST_ROWS:,} rows, the most that one answer holds", _SHORTER)
    return lines, fault


def _ask(
    session: Session, workspace: str, query: str, window: Window, timeout_s: int
) -> tuple[list[_Table], Fault | None]:
    """The tables, and what is said of them where they are but a part. Raises Fault."""
    span = f"{_written(window.start)}/{_written(window.end + timedelta(seconds=1))}"
    answer = values.mapping(session.query_logs(workspace, {"query": query, "timespan": span}, timeout_s))
    told = answer.get("tables")
    tables = [_table(each) for each in told] if isinstance(told, list) else []
    if error := answer.get("error"):
        return tables, faults.partial(SOURCE, from_json(error).message or "the service does not say why")
    if not any("_ResourceId" in table.columns for table in tables):
        raise faults.unreadable(SOURCE, "no table with the columns that were asked for")
    return tables, None


def _table(told: object) -> _Table:
    """Raises Fault, also where a column has no name of its own: what stands in it would be taken for another's."""
    columns, rows = values.mapping(told).get("columns"), values.mapping(told).get("rows")
    names = [name for column in values.entries(columns) if (name := values.text(column.get("name")))]
    named = isinstance(columns, list) and len(columns) == len(set(names))
    if not named or not isinstance(rows, list) or not all(_fits(row, names) for row in rows):
        raise faults.unreadable(SOURCE, "no tables with the rows that were asked for")
    return _Table(names, rows)


def _fits(row: object, names: list[str]) -> bool:
    return isinstance(row, list) and len(row) == len(names)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(row: dict[str, Any]) -> Line | None:
    machine, version = values.text(row.get("_ResourceId")), values.text(row.get("Version"))
    began, ended_at = values.time(row.get("Began")), values.time(row.get("Ended"))
    if machine is None or version is None or began is None or ended_at is None:
        return None
    return machine.lower(), (values.text(row.get("VMUUID")) or "").lower(), version, began, ended_at


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
