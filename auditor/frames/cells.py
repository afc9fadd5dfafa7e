"""Reading single cells out of frames: a missing text is NaN, which is *true* in an ``if``, so cells go through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
"""One flag for each row."""
Table = TypeVar("Table", pd.DataFrame, "pd.Series[Any]")


def lower(column: pd.Series[Any]) -> pd.Series[Any]:
    """Ids are joined in lower case and shown as Azure gave them."""
    return column.str.lower()


def region(column: pd.Series[Any]) -> pd.Series[Any]:
    """Regions' names as they are compared: ``Japan East`` and ``japaneast`` are one."""
    return lower(column).str.replace(r"\s+", "", regex=True)


def looked_up(table: Table, keys: pd.Series[Any]) -> Table:
    """The entry of ``table`` for each of ``keys``, missing where there is none; types stay as they are."""
    return table.reindex(keys).set_axis(keys.index)


def among(column: pd.Series[Any], texts: Iterable[str]) -> Mask:
    """Where a text is one of ``texts``; what is missing is none of them.

    pandas' own ``isin`` makes a scalar of each of ``texts``: where they are thousands, it takes fifty times as long.
    """
    wanted = pa.array(list(texts), pa.large_string(), from_pandas=True)
    return np.asarray(pc.is_in(pa.array(column, pa.large_string()), value_set=wanted, skip_nulls=True), dtype=bool)


def present(value: Any) -> Any:
    """The value, or None for any of pandas' ways to say missing."""
    return None if pd.isna(value) else value


def moment(value: Any) -> datetime | None:
    """A time as Python's own, or None where it is missing."""
    return None if pd.isna(value) else value.to_pydatetime()


def values(column: pd.Series[Any]) -> list[Any]:
    """The cells of a column that holds no times, None for what is missing."""
    return [None if gone else value for value, gone in zip(column.tolist(), column.isna().tolist(), strict=True)]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings by column name."""
    names = [str(name) for name in frame]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells(frame, names), strict=True)]


def cells(frame: pd.DataFrame, names: Iterable[str]) -> Iterator[list[Any]]:
    """The cells of each of those columns; going through a column of texts one by one takes ten times as long."""
    return (frame[name].tolist() for name in names)
