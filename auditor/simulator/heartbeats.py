"""The table ``Heartbeat`` of the workspaces, and the running of KQL over it.

Only the stays are held; the heartbeats between are a view. Once imported, this module has DuckDB loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import duckdb_kql

from auditor.simulator.carriers import ARC_MACHINE, Carrier, carriers
from auditor.simulator.estate import Estate
from auditor.simulator.forms import guid, utc_time
from auditor.simulator.parts import StaySpec
from auditor.simulator.timespan import TimespanError, window

# The columns with their types in the recorded order (2024-09).
_COLUMNS = """
    '{tenant}' AS "TenantId", 'Direct' AS "SourceSystem", beat AS "TimeGenerated", '' AS "MG",
    '' AS "ManagementGroupName", vm_id AS "SourceComputerId", '192.0.2.40' AS "ComputerIP", computer AS "Computer",
    category AS "Category", os AS "OSType", os_name AS "OSName", os_major AS "OSMajorVersion", '' AS "OSMinorVersion",
    version AS "Version", channel AS "SCAgentChannel", false AS "IsGatewayInstalled",
    0.0::DOUBLE AS "RemoteIPLongitude", 0.0::DOUBLE AS "RemoteIPLatitude",
    '' AS "RemoteIPCountry", subscription AS "SubscriptionId",
    resource_group AS "ResourceGroup", provider AS "ResourceProvider", name AS "Resource",
    resource_id AS "ResourceId", resource_type AS "ResourceType", environment AS "ComputerEnvironment",
    '"updates"' AS "Solutions", vm_id AS "VMUUID", '["10.0.0.4"]'::JSON AS "ComputerPrivateIPs",
    'Heartbeat' AS "Type", lower(resource_id) AS "_ResourceId"
"""
_FIELDS = (
    "workspace", "version", "since", "until", "category", "channel", "vm_id", "computer", "os", "os_name", "os_major",
    "subscription", "resource_group", "name", "resource_id", "provider", "resource_type", "environment",
)  # fmt: skip
_TIMES = ("since", "until")
_KUSTO_TYPES = {
    "VARCHAR": "string", "TIMESTAMP": "datetime", "TIMESTAMP WITH TIME ZONE": "datetime", "BOOLEAN": "bool",
    "TINYINT": "int", "SMALLINT": "int", "INTEGER": "int", "BIGINT": "long", "UBIGINT": "long", "HUGEINT": "long",
    "DOUBLE": "real", "FLOAT": "real", "JSON": "dynamic", "UUID": "guid", "INTERVAL": "timespan",
}  # fmt: skip
_SYSTEMS = {"Windows": ("Windows Server 2022 Datacenter", "10"), "Linux": ("Ubuntu", "22")}


class QueryError(Exception):
    """The query is answered with 400; ``inner`` is the inner error."""

    def __init__(self, code: str, message: str, inner: dict[str, Any]) -> None:
        self.inner = {"code": code, "message": message, "innererror": inner}
        super().__init__(message)


class Heartbeats:
    """The tables of all workspaces of an estate."""

    def __init__(self, estate: Estate) -> None:
        self._connection = duckdb_kql.connect(config={"enable_external_access": "false"})
        self._tenant = estate.tenant_id
        self._every_s = int(estate.heartbeat_every.total_seconds())
        columns = ", ".join(f"{field} {'TIMESTAMP' if field in _TIMES else 'VARCHAR'}" for field in _FIELDS)
        self._connection.execute(f"CREATE TABLE stays ({columns})")
        rows = list(_stays(estate))
        if rows:
            values = ", ".join("unnest(?)" for _ in _FIELDS)
            self._connection.execute(
                f"INSERT INTO stays SELECT {values}",
                [list(column) for column in zip(*rows, strict=True)],
            )

    def run(self, workspace: str, query: str, timespan: str | None, now: datetime) -> dict[str, Any]:
        """The primary table of the answer; raises QueryError."""
        try:
            since, until = window(timespan, now)
        except TimespanError as refused:
            raise QueryError(
                "InvalidTimespan", str(refused), {"code": "InvalidTimespan", "message": str(refused)}
            ) from None
        with self._connection.cursor() as connection:
            connection.execute("SET TimeZone='UTC'")
            connection.execute("SET python_enable_replacements=false")
            connection.execute(self._view(workspace, since, until))
            try:
                relation = duckdb_kql.kql(connection, query, allow_write=False, query_now=now.astimezone(UTC))
                columns = [{"name": name, "type": _kusto_type(str(kind))} for name, kind, *_ in relation.description]
                rows = [
                    [_value(value, column) for value, column in zip(row, columns, strict=True)]
                    for row in relation.fetchall()
                ]
            except (duckdb_kql.KqlError, duckdb.Error) as error:
                raise _translated(error, query) from error
        name = "getschema" if query.rstrip(" ;\n").endswith("getschema") else "PrimaryResult"
        return {"name": name, "columns": columns, "rows": rows}

    def _view(self, workspace: str, since: datetime | None, until: datetime | None) -> str:
        """The table as this one query sees it: one workspace, and of the time what the request's timespan leaves."""
        beats = f"generate_series(since, until, INTERVAL {self._every_s} SECOND)"
        if self._every_s > 60:
            # Where beats are thinned out, the last one of a stay is still there.
            beats = f"list_distinct(list_append({beats}, until))"
        within = "".join(
            f" AND beat {sign} TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None)}'"
            for sign, moment in ((">=", since), ("<=", until))
            if moment is not None
        )
        of_workspace = f"workspace = '{workspace.replace(chr(39), '')}'"
        # Both texts hold only what this class made itself: numbers, column names and quoted workspace ids.
        rows = f"(SELECT *, unnest({beats}) AS beat FROM main.stays WHERE {of_workspace})"  # noqa: S608
        columns = _COLUMNS.format(tenant=self._tenant)
        return f'CREATE OR REPLACE TEMP VIEW "Heartbeat" AS SELECT {columns} FROM {rows} WHERE true{within}'  # noqa: S608


def _stays(estate: Estate) -> Iterator[tuple[Any, ...]]:
    known = [each.id.lower() for each in estate.workspaces()]
    for subscription in estate.subscriptions():
        for carrier in carriers(estate, subscription.id):
            for stay in carrier.stays:
                workspace = (stay.workspace or (known[0] if known else "")).lower()
                if workspace in known:
                    yield _row(estate, subscription.id, carrier, stay, workspace)


def _row(estate: Estate, subscription: str, carrier: Carrier, stay: StaySpec, workspace: str) -> tuple[Any, ...]:
    times = (stay.since, min(stay.until or estate.now, estate.now))
    since, until = (moment.astimezone(UTC).replace(tzinfo=None) for moment in times)
    system = (carrier.os, *_SYSTEMS[carrier.os])
    provider, resource_type = carrier.kind.split("/")[:2]
    environment = "Non-Azure" if carrier.kind == ARC_MACHINE else "Azure"
    place = (subscription, carrier.resource_group, carrier.name, carrier.id, provider, resource_type, environment)
    channel = "" if stay.category == "Azure Monitor Agent" else "Direct"
    # A machine that was made anew has its forerunner's resource id, and a unique id of its own.
    forerunner = carrier.created is not None and stay.since < carrier.created
    agent = (guid("forerunner" if forerunner else "vm", carrier.id), carrier.name[:15])
    return (workspace, stay.version, since, until, stay.category, channel, *agent, *system, *place)


def _kusto_type(kind: str) -> str:
    return "decimal" if kind.startswith("DECIMAL") else _KUSTO_TYPES.get(kind, "dynamic")


def _value(value: Any, column: dict[str, str]) -> Any:
    match value:
        case datetime():
            return utc_time(value if value.tzinfo else value.replace(tzinfo=UTC))
        case timedelta():
            return _timespan(value)
        case None if column["type"] == "string":
            return ""
        case None | bool() | int() | float() | str() | list() | dict():
            return value
        case _:
            return str(value)


def _timespan(value: timedelta) -> str:
    """``d.hh:mm:ss.fffffff`` with the days only where there are some."""
    seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}" + (f".{micros:06d}0" if micros else "")
    return ("-" if value < timedelta() else "") + (f"{days}." if days else "") + clock


_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
_NO_COLUMN = re.compile(r'Referenced column "([^"]+)" not found')
_PARSED_AT = re.compile(r"at (\d+):(\d+)")


def _translated(error: Exception, query: str) -> QueryError:
    """The error as the service words it; what only this stand-in cannot do says so."""
    text = str(error)
    if isinstance(error, duckdb_kql.KqlSyntaxError):
        at = _PARSED_AT.search(text)
        line, position = (int(at[1]), int(at[2])) if at else (1, 0)
        message = f"Query could not be parsed at line [{line},{position}]"
        inner = {"code": "SYN0002", "message": message, "line": line, "pos": position}
        return QueryError("SyntaxError", "A recognition error occurred in the query.", inner)
    if found := _NO_TABLE.search(text):
        operator = re.search(r"\|\s*(\w+)", query)
        place = f"'{operator[1]}' operator: " if operator else ""
        message = f"{place}Failed to resolve table or column expression named '{found[1]}'"
        return _semantic(message)
    if found := _NO_COLUMN.search(text):
        return _semantic(f"Failed to resolve scalar expression named '{found[1]}'")
    message = f"The simulated workspace cannot run this query: {text.splitlines()[0]}"
    return QueryError("SimulatedWorkspaceError", message, {"code": "SIM0001", "message": message})


def _semantic(message: str) -> QueryError:
    return QueryError("SemanticError", "A semantic error occurred.", {"code": "SEM0100", "message": message})
