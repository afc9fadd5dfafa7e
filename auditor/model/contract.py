"""What the tables promise other programs of a verdict: typed columns, times in UTC, and texts that can be written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson
import pyarrow as pa

from auditor.model.report import FINDING_KEYS

_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPES = {
    "auto_upgrade_minor": pa.bool_(),
    "releases_behind": pa.int32(),
    "installed_version_at": pa.timestamp("us", tz="UTC"),
    "first_seen": pa.timestamp("us", tz="UTC"),
}
_REQUIRED = frozenset({"rule_id", "status", "severity", "reason_code", "reason", "resource_id", "evidence"})

SCHEMA = pa.schema([pa.field(key, _TYPES.get(key, pa.string()), nullable=key not in _REQUIRED) for key in FINDING_KEYS])
"""Of verdicts.parquet, and of verdicts on their way into it; ``evidence`` is JSON text."""


def column(key: str, values: Sequence[object]) -> pa.Array:
    """Values of the column ``key`` of ``SCHEMA``."""
    kind = SCHEMA.field(key).type
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array(list(map(writable, values)), kind)


def piece_json(name: str, value: object, source: str, read_at: datetime | None) -> str:
    """A piece of evidence as it stands in the column ``evidence``."""
    return json_bytes({"name": name, "value": value, "source": source, "read_at": read_at}).decode()


def json_bytes(value: object, option: int = 0) -> bytes:
    """``value`` as JSON, made writable first."""
    return orjson.dumps(writable(value), option=option | orjson.OPT_UTC_Z)


def writable(value: object) -> object:
    """``value`` in JSON's own types, times in UTC; a half of a surrogate pair, which no file can hold, is U+FFFD."""
    if isinstance(value, str):
        return encodable(str(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {encodable(str(key)): writable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [writable(part) for part in value]
    return value


def encodable(text: str) -> str:
    """``text`` as it is, but for halves of surrogate pairs, which no encoding can write."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
