"""KQL to rows of JSON text, by duckdb-kql and DuckDB. Once imported, this module has DuckDB loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import duckdb
import duckdb_kql

from auditor.simulator.graph import refusals
from auditor.simulator.graph.paging import Result

_TYPES: Final = {
    "VARCHAR": "string", "JSON": "object", "BOOLEAN": "boolean", "TINYINT": "integer", "SMALLINT": "integer",
    "INTEGER": "integer", "BIGINT": "integer", "UBIGINT": "integer", "HUGEINT": "integer", "DOUBLE": "number",
    "FLOAT": "number",
}  # fmt: skip
_WITHOUT_TABLE = re.compile(
    r"\s*(where|project(-\w+)?|extend|distinct|summarize|order|sort|top|limit|take|count|sample|join|mv-?expand|parse)\b"
)
_IMPLIED = "resources | "
_TEXTS = re.compile(r"//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_CUT_SHORT = re.compile(r"\|\s*(limit|take|sample)\b")


def run(connection: duckdb.DuckDBPyConnection, query: str, *, as_table: bool, now: datetime) -> Result:
    """Execute ``query`` over the tables that the connection sees. Raises QueryRefused."""
    # The oldest queries name no table: they mean ``resources``.
    implied = _IMPLIED if _WITHOUT_TABLE.match(query) else ""
    text = implied + query
    try:
        relation = duckdb_kql.kql(connection, text, allow_write=False, query_now=now.astimezone(UTC))
        kinds = [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
        rows = [text for (text,) in relation.project(_as_json(kinds, as_table=as_table)).fetchall()]
    except (duckdb_kql.KqlError, duckdb.Error) as error:
        raise _translated(error, len(implied)) from error
    columns = tuple((name, _TYPES.get(kind, "string")) for name, kind in kinds)
    cut_short = _CUT_SHORT.search(_TEXTS.sub("''", text)) is not None
    pageable = not cut_short and any(kind != "object" for _, kind in columns)
    return Result(columns, rows, pageable, as_table)


def _as_json(kinds: list[tuple[str, str]], *, as_table: bool) -> str:
    """An SQL expression for one row as JSON, because DuckDB writes it several times faster than Python."""
    function = "json_array" if as_table else "json_object"
    parts = list(_parts(kinds, named=not as_table))
    return f"{function}({', '.join(parts)})::VARCHAR"


def _parts(kinds: list[tuple[str, str]], *, named: bool) -> Iterator[str]:
    for name, kind in kinds:
        column = '"' + name.replace('"', '""') + '"'
        if named:
            yield "'" + name.replace("'", "''") + "'"
        if kind == "VARCHAR":
            yield f"coalesce({column}, '')"
        elif kind.startswith("TIMESTAMP"):
            yield f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%f0Z')"
        else:
            yield column if kind in _TYPES else f"{column}::VARCHAR"


_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
_NO_COLUMN = re.compile(r'(?:Referenced column|Column) "([^"]+)"')
_TOKEN = re.compile(r"input '(.*?)'(?: expecting (.*))?$", re.DOTALL)


def _translated(error: Exception, implied: int) -> refusals.QueryRefused:
    """The error as the service would put it; what only this stand-in cannot do says so."""
    text = str(error)
    if isinstance(error, duckdb_kql.KqlSyntaxError):
        return _no_kql(error, implied)
    if isinstance(error, duckdb_kql.KqlSchemaError) and "unknown table" in text:
        return refusals.unknown_table(error.name)
    if found := _NO_TABLE.search(text):
        return refusals.unknown_table(found[1])
    if isinstance(error, duckdb.BinderException) and (found := _NO_COLUMN.search(text)):
        return refusals.unknown_column(found[1])
    return refusals.beyond_the_simulator(text.splitlines()[0])


def _no_kql(error: Any, implied: int) -> refusals.QueryRefused:
    """``implied`` is how much was put before the text that was sent."""
    place = error.diagnostics[0]
    found = _TOKEN.search(place.message)
    token, expected = (found[1], found[2] or "") if found else ("<EOF>", "")
    position = place.span.column + 1 - (implied if place.span.line == 1 else 0)
    return refusals.parser_failure(place.span.line, max(1, position), token, expected)
