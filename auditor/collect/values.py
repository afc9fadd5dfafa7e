"""Reads single values out of answers: what is not there or not of the promised type is None, "not known"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def entries(value: object) -> Iterator[dict[str, Any]]:
    """The mappings in a list; whatever else is in it is passed over."""
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))


def text(value: object) -> str | None:
    """A text with something in it."""
    return value if isinstance(value, str) and value.strip() else None


def time(value: object) -> datetime | None:
    """An ISO 8601 time as aware UTC; Azure writes up to seven digits of a second, and year 1 where it knows none."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    if read.year in (MINYEAR, MAXYEAR):
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def location(value: object) -> str | None:
    """A region's name for comparing: ``Japan East`` and ``japaneast`` are one."""
    named = text(value)
    return "".join(named.split()).lower() if named else None
