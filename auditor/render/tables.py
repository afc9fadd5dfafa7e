"""findings.json, findings.csv, verdicts.parquet and run.json: the tables that other programs read.

All are streamed. Times are UTC; the keys and their order are those of the contract (``FINDING_KEYS``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.model.report import FINDING_KEYS, JSON_ROWS, LEFT_TO_PARQUET, Evidence, Finding, Report
from auditor.render.text import encodable, looks_like_formula, printable, utc_text

Record = dict[str, object]

_BATCH = 10_000
_TYPES = {
    "auto_upgrade_minor": pa.bool_(),
    "releases_behind": pa.int32(),
    "installed_version_at": pa.timestamp("us", tz="UTC"),
    "first_seen": pa.timestamp("us", tz="UTC"),
}
_REQUIRED = frozenset({"rule_id", "status", "severity", "reason_code", "reason", "resource_id", "evidence"})

SCHEMA = pa.schema([pa.field(key, _TYPES.get(key, pa.string()), nullable=key not in _REQUIRED) for key in FINDING_KEYS])
"""Of verdicts.parquet; ``evidence`` is JSON text."""


def write_findings_json(report: Report, path: Path) -> int:
    """A JSON list of objects with the keys of ``FINDING_KEYS``, always all present.

    Above ``JSON_ROWS`` verdicts those that pass or do not apply are left to verdicts.parquet. Returns how many were
    left out: 0 says that the list is whole.
    """
    whole = report.findings_total <= JSON_ROWS
    left_out = 0
    separator = b"[\n"
    with path.open("wb") as file:
        for finding in report.findings():
            if not whole and finding.status in LEFT_TO_PARQUET:
                left_out += 1
                continue
            file.write(separator + _json(_record(finding)))
            separator = b",\n"
        file.write(b"\n]\n" if separator == b",\n" else b"[]\n")
    return left_out


def write_findings_csv(report: Report, path: Path) -> None:
    """RFC 4180 in UTF-8 with the byte order mark that Excel asks for; every verdict, ``evidence`` as JSON text.

    A text that begins with ``=``, ``+``, ``-``, ``@``, tab, return or line feed gets an apostrophe before it, so that
    no spreadsheet runs it, and characters that cannot be shown become U+FFFD: a program should read the JSON or the
    Parquet file, which hold the texts as they are. Unknown values are empty.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FINDING_KEYS)
        writer.writerows([_csv_text(value) for value in _flat(finding).values()] for finding in report.findings())


def write_verdicts_parquet(report: Report, path: Path) -> None:
    """Every verdict, in typed columns (``SCHEMA``), written batch by batch."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for batch in _batches(report.findings()):
            writer.write_table(pa.Table.from_pylist(batch, schema=SCHEMA))


def write_run_json(report: Report, path: Path) -> None:
    """The run as composed, indented, in the order given."""
    path.write_bytes(_json(report.run, orjson.OPT_INDENT_2) + b"\n")


def _record(finding: Finding) -> Record:
    """A finding under its contract keys, with UTC times and evidence as objects."""
    record: Record = {key: _plain(getattr(finding, key)) for key in FINDING_KEYS}
    record["evidence"] = [_evidence(item) for item in finding.evidence]
    return record


def _flat(finding: Finding) -> Record:
    """The same for a table: the evidence is one JSON text."""
    record = _record(finding)
    record["evidence"] = _json(record["evidence"]).decode()
    return record


def _evidence(item: Evidence) -> Record:
    return {
        "name": item.name,
        "value": _plain(item.value),
        "source": item.source,
        "read_at": _plain(item.read_at),
    }


def _plain(value: object) -> object:
    """``value`` in JSON's own types, times in UTC, texts that can be encoded."""
    if isinstance(value, str):
        return encodable(str(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {encodable(str(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _json(value: object, option: int = 0) -> bytes:
    return orjson.dumps(_plain(value), option=option | orjson.OPT_UTC_Z)


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


def _batches(findings: Iterable[Finding]) -> Iterator[list[Record]]:
    flat = map(_flat, findings)
    while batch := list(islice(flat, _BATCH)):
        yield batch
