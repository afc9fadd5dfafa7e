"""findings.json, findings.csv, verdicts.parquet and run.json: the tables that other programs read.

All are streamed: each opens its file, takes batch after batch, and closes it. Times are UTC; the keys and their order
are those of the contract (``FINDING_KEYS``). Texts are made column by column: each different value is looked at once.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from auditor.model.contract import SCHEMA, json_bytes
from auditor.model.report import FINDING_KEYS, Report
from auditor.render.batch import Batch, Take
from auditor.render.text import FORMULA_STARTS, REPLACEMENT, UNFIT

ROW_GROUP = 1_000
"""Rows of verdicts.parquet that stand together; what is told of each group takes 6 KB at the file's end."""
_JSON_BETWEEN = "},\n{"
_CSV_END = "\r\n"
_CSV_SPECIAL = '[",\r\n]'
_FORMULA = f"^[{''.join(map(re.escape, FORMULA_STARTS))}]"
_UNSHOWN = f"[{UNFIT}]"


@contextmanager
def findings_json(report: Report, path: Path) -> Iterator[Take]:
    """A JSON list of objects with the keys of ``FINDING_KEYS``, always all present.

    Above ``LISTED_WHOLE`` verdicts those that pass or do not apply are left to verdicts.parquet.
    """
    with path.open("wb") as file:
        file.write(b"[")
        begun = False

        def take(batch: Batch) -> None:
            nonlocal begun
            columns = (batch if report.listed_whole else batch.listed).columns
            if len(columns):
                rows = _rows(_JSON_BETWEEN, map(_json_members, FINDING_KEYS, columns.columns))
                file.write(rows if begun else rows.slice(len("},")))
                begun = True

        yield take
        file.write(b"}\n]\n" if begun else b"]\n")


def _json_members(key: str, values: pa.Array) -> pa.Array:
    if key == "evidence":
        return pc.binary_join_element_wise('"evidence":', values, "")
    coded = values.dictionary_encode(null_encoding="encode")
    texts = (orjson.dumps(value, option=orjson.OPT_UTC_Z).decode() for value in coded.dictionary.to_pylist())
    return pa.array([f'"{key}":{text}' for text in texts]).take(coded.indices)


@contextmanager
def findings_csv(report: Report, path: Path) -> Iterator[Take]:
    """RFC 4180 in UTF-8 with the byte order mark that Excel asks for; every verdict, ``evidence`` as JSON text.

    A text that begins with ``=``, ``+``, ``-``, ``@``, tab, return or line feed gets an apostrophe before it, so that
    no spreadsheet runs it, and characters that cannot be shown become U+FFFD: a program should read the JSON or the
    Parquet file, which hold the texts as they are. Unknown values are empty.
    """
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8 + ",".join(FINDING_KEYS).encode())

        def take(batch: Batch) -> None:
            file.write(_rows(_CSV_END, map(_csv_column, batch.columns.columns)))

        yield take
        file.write(_CSV_END.encode())


def _csv_column(values: pa.Array) -> pa.Array:
    coded = values.dictionary_encode()
    return _csv_texts(coded.dictionary).take(coded.indices)


def _csv_texts(values: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        return _utc_texts(values)
    if not pa.types.is_string(values.type):
        return values.cast(pa.string())
    if not pc.any(pc.match_substring_regex(values, f"{_CSV_SPECIAL}|{_FORMULA}|{_UNSHOWN}")).as_py():
        return values
    shown = pc.replace_substring_regex(values, _UNSHOWN, REPLACEMENT)
    safe = pc.replace_substring_regex(shown, _FORMULA, r"'\0")
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(safe, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(safe, _CSV_SPECIAL), quoted, safe)


def _utc_texts(moments: pa.Array) -> pa.Array:
    """ISO 8601 in UTC with Z, with microseconds where there are any."""
    plain = moments.cast(pa.timestamp("us")).cast(pa.string())
    return pc.replace_substring_regex(plain, r"^(\S+) ([\d:]+)(?:\.0+$)?(.*)", r"\1T\2\3Z")


def _rows(begin: str, columns: Iterable[pa.Array]) -> pa.Buffer:
    """All rows as one text in UTF-8, with ``begin`` before each; what is missing is empty."""
    first, *others = columns
    first = pc.binary_join_element_wise(begin, first, "", null_handling="replace")
    rows = pc.binary_join_element_wise(first, *others, ",", null_handling="replace")
    _valid, _offsets, text = rows.buffers()
    return text if len(rows) else pa.py_buffer(b"")  # Arrow fills the buffer of no texts with something


@contextmanager
def verdicts_parquet(report: Report, path: Path) -> Iterator[Take]:
    """Every verdict, in typed columns (``SCHEMA``); in groups of so many rows, however the estate was cut."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []

        def take(batch: Batch) -> None:
            waiting.append(batch.columns)
            if sum(map(len, waiting)) >= ROW_GROUP:
                table = pa.Table.from_batches(waiting)
                whole = len(table) // ROW_GROUP * ROW_GROUP
                writer.write_table(table.slice(0, whole).combine_chunks(), ROW_GROUP)
                waiting[:] = filter(len, table.slice(whole).to_batches())

        yield take
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting).combine_chunks())


def write_run_json(report: Report, path: Path) -> None:
    """The run as composed, indented, in the order given."""
    path.write_bytes(run_bytes(report.run))


def run_bytes(run: Mapping[str, object]) -> bytes:
    """run.json."""
    return json_bytes(run, orjson.OPT_INDENT_2) + b"\n"
