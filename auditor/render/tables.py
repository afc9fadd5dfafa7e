"""findings.json, findings.csv, verdicts.parquet and run.json: the tables that other programs read.

All are streamed: each opens its file, takes batch after batch, and closes it. Times are UTC; the keys and their order
are those of the contract (``FINDING_KEYS``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.model.report import FINDING_KEYS, Report
from auditor.render.batch import Batch, Take, json_bytes
from auditor.render.text import looks_like_formula, printable, utc_text

_TYPES = {
    "auto_upgrade_minor": pa.bool_(),
    "releases_behind": pa.int32(),
    "installed_version_at": pa.timestamp("us", tz="UTC"),
    "first_seen": pa.timestamp("us", tz="UTC"),
}
_CSV_SPECIAL = re.compile('[",\r\n]')
_CSV_END = "\r\n"
_REQUIRED = frozenset({"rule_id", "status", "severity", "reason_code", "reason", "resource_id", "evidence"})

SCHEMA = pa.schema([pa.field(key, _TYPES.get(key, pa.string()), nullable=key not in _REQUIRED) for key in FINDING_KEYS])
"""Of verdicts.parquet; ``evidence`` is JSON text."""


@contextmanager
def findings_json(report: Report, path: Path) -> Iterator[Take]:
    """A JSON list of objects with the keys of ``FINDING_KEYS``, always all present.

    Above ``LISTED_WHOLE`` verdicts those that pass or do not apply are left to verdicts.parquet.
    """
    with path.open("wb") as file:
        separator = b"[\n"

        def take(batch: Batch) -> None:
            nonlocal separator
            for record in _records(batch if report.listed_whole else batch.listed):
                file.write(separator + orjson.dumps(record, option=orjson.OPT_UTC_Z))
                separator = b",\n"

        yield take
        file.write(b"\n]\n" if separator == b",\n" else b"[]\n")


def _records(batch: Batch) -> Iterator[dict[str, object]]:
    columns = {**batch.columns, "evidence": map(orjson.Fragment, batch.columns["evidence"])}
    return (dict(zip(FINDING_KEYS, row, strict=True)) for row in zip(*columns.values(), strict=True))


@contextmanager
def findings_csv(report: Report, path: Path) -> Iterator[Take]:
    """RFC 4180 in UTF-8 with the byte order mark that Excel asks for; every verdict, ``evidence`` as JSON text.

    A text that begins with ``=``, ``+``, ``-``, ``@``, tab, return or line feed gets an apostrophe before it, so that
    no spreadsheet runs it, and characters that cannot be shown become U+FFFD: a program should read the JSON or the
    Parquet file, which hold the texts as they are. Unknown values are empty.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(",".join(FINDING_KEYS) + _CSV_END)

        def take(batch: Batch) -> None:
            rows = map(",".join, zip(*map(_csv_column, batch.columns.values()), strict=True))
            file.writelines(f"{row}{_CSV_END}" for row in rows)

        yield take


def _csv_column(values: list[object]) -> list[str]:
    """Equal values are written once; csv.writer looks at every character, which took a quarter of a large night."""
    texts = {value: _csv_quoted(_csv_text(value)) for value in set(values)}
    return [texts[value] for value in values]


def _csv_quoted(text: str) -> str:
    if _CSV_SPECIAL.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


@contextmanager
def verdicts_parquet(report: Report, path: Path) -> Iterator[Take]:
    """Every verdict, in typed columns (``SCHEMA``), written batch by batch."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        yield lambda batch: writer.write_table(pa.Table.from_pydict(batch.columns, schema=SCHEMA))


def write_run_json(report: Report, path: Path) -> None:
    """The run as composed, indented, in the order given."""
    path.write_bytes(run_bytes(report.run))


def run_bytes(run: Mapping[str, object]) -> bytes:
    """run.json."""
    return json_bytes(run, orjson.OPT_INDENT_2) + b"\n"


def _csv_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if looks_like_formula(text) else text
    return str(value)
