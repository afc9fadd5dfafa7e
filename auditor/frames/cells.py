"""Reading single cells out of frames: a missing text is NaN, which is *true* in an ``if``, so cells go through here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd


def lower(column: pd.Series[Any]) -> pd.Series[Any]:
    """Ids are joined in lower case and shown as Azure gave them."""
    return column.str.lower()


def region(location: str) -> str:
    """A region's name as it is compared: ``Japan East`` and ``japaneast`` are one."""
    return "".join(location.split()).lower()


def present(value: Any) -> Any:
    """The value, or None for any of pandas' ways to say missing."""
    return None if pd.isna(value) else value


def moment(value: Any) -> datetime | None:
    """A time as Python's own, or None where it is missing."""
    return None if pd.isna(value) else value.to_pydatetime()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
