"""The tables of an estate in DuckDB, and what one request sees of them.

Built once, when the first query arrives; each query is executed once for each scope, and its pages are cut from what
came out. Once imported, this module has DuckDB loaded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from secrets import token_hex
from threading import Lock

import duckdb_kql

from auditor.simulator.estate import Estate
from auditor.simulator.graph import kql
from auditor.simulator.graph.containers import containers, management_groups
from auditor.simulator.graph.paging import Result
from auditor.simulator.graph.resources import Shown
from auditor.simulator.graph.rows import COLUMNS, DYNAMICS, Row
from auditor.simulator.graph.scope import Scope
from auditor.simulator.specs import SubscriptionSpec

_TABLES = ("resources", "resourcecontainers", "computeresources", "insightsresources")
_KEPT = 32
_BATCH = 5_000


class Tables:
    """The tables, and the results that were asked for lately."""

    def __init__(self, estate: Estate) -> None:
        self._connection = duckdb_kql.connect(config={"enable_external_access": "false"})
        self._lock = Lock()
        self._results: OrderedDict[tuple[str, Scope, bool], Result] = OrderedDict()
        # Behind a name that no query can guess: it shall see only the views that its scope leaves it.
        self._held = f"held_{token_hex()}"
        self._connection.execute(f"CREATE SCHEMA {self._held}")
        kinds = ", ".join(f'"{name}" {"JSON" if name in DYNAMICS else "VARCHAR"}' for name in COLUMNS)
        for table in _TABLES:
            self._connection.execute(f"CREATE TABLE {self._held}.{table} ({kinds})")
        readable = [each for each in estate.subscriptions() if not each.refused]
        self._fill("resources", (row for each in readable for row in Shown(estate, each).resources()))
        self._fill("computeresources", (row for each in readable for row in Shown(estate, each).compute_resources()))
        self._fill("insightsresources", (row for each in readable for row in Shown(estate, each).insights_resources()))
        self._fill("resourcecontainers", _containers(estate, readable))

    def run(self, query: str, scope: Scope, *, as_table: bool, now: datetime) -> Result:
        """The query's whole result over the scope. Raises QueryRefused."""
        key = (query, scope, as_table)
        with self._lock:
            if key not in self._results:
                self._results[key] = self._execute(query, scope, as_table=as_table, now=now)
            self._results.move_to_end(key)
            while len(self._results) > _KEPT:
                self._results.popitem(last=False)
            return self._results[key]

    def _execute(self, query: str, scope: Scope, *, as_table: bool, now: datetime) -> Result:
        with self._connection.cursor() as connection:
            connection.execute("SET TimeZone='UTC'")
            connection.execute("SET python_enable_replacements=false")
            for table in _TABLES:
                seen = f"FROM {self._held}.{table} WHERE {_within(scope)}"
                connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS {seen}")
            return kql.run(connection, query, as_table=as_table, now=now)

    def _fill(self, table: str, rows: Iterable[Row]) -> None:
        unnested = ", ".join("unnest(?::VARCHAR[])" for _ in COLUMNS)
        coming = iter(rows)
        while batch := list(islice(coming, _BATCH)):
            columns = [list(column) for column in zip(*batch, strict=True)]
            self._connection.execute(f"INSERT INTO {self._held}.{table} SELECT {unnested}", columns)


def _containers(estate: Estate, readable: list[SubscriptionSpec]) -> Iterator[Row]:
    for each in readable:
        yield from containers(estate, each)
    yield from management_groups(estate, readable)


def _within(scope: Scope) -> str:
    named = f"""lower("name") IN ({_listed(scope.management_groups)})"""
    group = f"""("type" = 'microsoft.management/managementgroups' AND {named})"""
    return f"""lower("subscriptionId") IN ({_listed(scope.subscriptions)}) OR {group}"""


def _listed(ids: frozenset[str]) -> str:
    return ", ".join("'" + each.replace("'", "''") + "'" for each in sorted(ids)) or "NULL"
