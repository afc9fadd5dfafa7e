"""A night as it lies in the archive: Parquet files, its report, and a manifest with their hashes that is written last.

A folder without a manifest is no night. Every night keeps all that the next one must know, so that any of them can go.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from auditor.model.files import KEPT
from auditor.model.places import MANIFEST
from auditor.model.report import Night
from auditor.model.verdict import Status

VERDICTS, FAILURES, DEPARTED = "verdicts.parquet", "failures.parquet", "departed.parquet"
OPERATIONS, VERSIONS = "operations.parquet", "versions.parquet"
FILES = (MANIFEST, VERDICTS, FAILURES, DEPARTED, OPERATIONS, VERSIONS, *KEPT)
"""All that a night's folder may hold; nothing else in it is ever touched."""

KIND = "azure-extension-auditor night"
FORMAT = 1
"""Raised where an older version would misread what a newer one writes; every format up to this one is read."""

Content = bytes | Path
T = TypeVar("T")


class NightRefused(ValueError):
    """A folder of ``nights/`` is not a night that was written whole; the text goes on behind its name."""


class NightTooNew(ValueError):
    """A night was written by a newer version; the text goes on behind its name."""


@dataclass(frozen=True, slots=True)
class File:
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """``collected`` is False where nothing could be listed: nothing is ever compared with such a night.

    ``since`` is the night that it was compared with. A field that a later version adds has a default.
    """

    kind: str
    format: int
    tool: str
    run_id: str
    as_of: datetime
    collected: bool
    complete: bool
    counts: Mapping[Status, int]
    since: datetime | None
    changes: Mapping[str, int]
    files: Mapping[str, File]
    narrow: bool = False

    @property
    def night(self) -> Night:
        shown = tuple(name for name in KEPT if name in self.files)
        return Night(self.as_of, self.run_id, self.counts, self.complete, self.changes, shown, self.narrow)

    def encoded(self) -> bytes:
        return _MANIFEST.dump_json(self, indent=1) + b"\n"


@dataclass(frozen=True)
class _Head:
    kind: str
    format: int
    tool: str


_HEAD, _MANIFEST = TypeAdapter(_Head), TypeAdapter(Manifest)


def manifest_of(content: bytes | None, run_id: str) -> Manifest:
    """Raises NightRefused, and NightTooNew, for what is no manifest of that night."""
    if content is None:
        raise NightRefused(f"has no {MANIFEST}: it was not finished")
    head = _parsed(_HEAD, content)
    if head.kind != KIND:
        raise NightRefused("is something else")
    if head.format > FORMAT:
        raise NightTooNew(
            f"was written by a newer auditor ({head.tool}, format {head.format}; this one reads {FORMAT})"
        )
    told = _parsed(_MANIFEST, content)
    if told.run_id != run_id:
        raise NightRefused(f"says that it is {told.run_id[:40]!r}")
    return replace(told, as_of=told.as_of.astimezone(UTC))


def _parsed(adapter: TypeAdapter[T], content: bytes) -> T:
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        raise NightRefused(f"has a {MANIFEST} that cannot be read") from error


def described(content: Content) -> File:
    """Raises OSError where it is a file of this machine that cannot be read."""
    if isinstance(content, bytes):
        return File(hashlib.sha256(content).hexdigest(), len(content))
    with content.open("rb") as file:
        return File(hashlib.file_digest(file, "sha256").hexdigest(), content.stat().st_size)


def checked(manifest: Manifest, name: str, content: bytes | None) -> bytes:
    """``content`` where it is what was written; raises NightRefused."""
    if content is None or name not in manifest.files:
        raise NightRefused(f"has lost {name}")
    if described(content) != manifest.files[name]:
        raise NightRefused(f"has another {name} than was written: its hash differs")
    return content


def packed(frames: Iterable[pd.DataFrame], columns: Mapping[str, str]) -> bytes:
    """Frames one after another as one Parquet file with ``columns``, by name and type of Arrow."""
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, schema, compression="zstd") as writer:
        for frame in frames:
            writer.write_table(pa.Table.from_pandas(frame[list(columns)], schema=schema, preserve_index=False))
    return buffer.getvalue()


def packed_rows(rows: Iterable[tuple[object, ...]], columns: Mapping[str, str]) -> bytes:
    """The same of single rows, whose values stand in the order of ``columns``."""
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def unpacked(content: bytes, columns: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """The rows of a Parquet file in the order of ``columns``, with None for one that it does not have.

    Raises NightRefused.
    """
    try:
        table = pq.ParquetFile(io.BytesIO(content)).read(use_threads=False)
        values = [
            _plain(table[name].to_pylist()) if name in table.column_names else [None] * table.num_rows
            for name in columns
        ]
    except (pa.ArrowException, OSError) as error:
        raise NightRefused(f"has a table that cannot be read ({error})") from error
    return list(zip(*values, strict=True))


def _plain(values: list[Any]) -> list[Any]:
    """What is alike is kept once; times in UTC itself."""
    alike = {each: each.astimezone(UTC) if isinstance(each, datetime) else each for each in set(values)}
    return [alike[each] for each in values]


def columns_of(of: type[Any]) -> dict[str, str]:
    """The columns of a dataclass whose fields are texts, times, numbers and flags."""
    hints = get_type_hints(of)
    return {each.name: _kind(hints[each.name]) for each in fields(of)}


def _kind(hint: Any) -> str:
    kinds = ((datetime, "time"), (int, "number"), (bool, "flag"))
    return next((kind for told, kind in kinds if told in (hint, *_args(hint))), "text")


def _args(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__args__", ())


_TYPES = {"text": pa.string(), "time": pa.timestamp("us", tz="UTC"), "number": pa.int64(), "flag": pa.bool_()}
