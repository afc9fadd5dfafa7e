"""Rows -> pandas frames, exactly as :mod:`auditor.model.dataset` declares them; empty frames keep their columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pandas as pd

from auditor.model.dataset import FRAMES, JUDGED, Column, Frame, Kind
from auditor.model.reading import Reading, Row

Frames = dict[str, pd.DataFrame]

DURATION: Final = "timedelta64[us]"
DTYPES: dict[Kind, str] = {
    Kind.TEXT: "str",
    Kind.WORD: "str",
    Kind.VERSION: "str",
    Kind.TAGS: "str",
    Kind.NUMBER: "Int64",
    Kind.FLAG: "boolean",
    Kind.TIME: "datetime64[us, UTC]",
    Kind.DURATION: DURATION,
}
"""pandas' type by kind of column; every one of them has a missing value of its own."""


def build(rows: Mapping[str, Iterable[Row]], readings: Iterable[Reading]) -> Frames:
    """All frames of the data set, derived columns still missing. Raises ValueError for a word that is not declared."""
    told: dict[str, Iterable[Row]] = {**rows, "readings": [reading.as_row() for reading in readings]}
    told |= {name: _each_once(told.get(name, ()), FRAMES[name].key) for name in (*JUDGED, "scale_sets")}
    return {name: _frame(declared, list(told.get(name, ()))) for name, declared in FRAMES.items()}


def collected(frames: Frames) -> Frames:
    """What was collected alone: columns that are derived are left out, for they are derived again from the rest."""
    return {
        name: frames[name][[stored for column in frame if not column.derived for stored in column.stored()]]
        for name, frame in FRAMES.items()
    }


def declared(stored: Mapping[str, pd.DataFrame], *, without: Collection[str] = ()) -> Frames:
    """Frames that were stored, by whatever version, as this one declares them; those in ``without`` are left out.

    What was not stored is not known: a column is missing, a frame is empty. Raises ValueError for a value that is not
    of its column's type, and for a word that is not declared.
    """
    wanted = (frame for frame in FRAMES.values() if frame.name not in without)
    return {frame.name: _as_declared(frame, stored.get(frame.name, pd.DataFrame())) for frame in wanted}


def _as_declared(frame: Frame, stored: pd.DataFrame) -> pd.DataFrame:
    columns = {name: _as_column(stored, name, column) for column in frame for name in column.stored()}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(stored)))


def _as_column(stored: pd.DataFrame, name: str, column: Column) -> pd.Series[Any]:
    if name not in stored:
        return typed([None] * len(stored), column)
    told: pd.Series[Any] = stored[name].astype(pd.api.types.pandas_dtype(DTYPES[column.kind]))
    _check_words(set(told.dropna().unique()) if column.words else set(), column)
    return told


def _each_once(rows: Iterable[Row], key: tuple[str, ...]) -> list[Row]:
    """A list whose pages shift while they are read names a thing twice: it is one thing, and gets one verdict."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first.setdefault(tuple(str(row.get(name)).lower() for name in key), row)
    return list(first.values())


def _frame(declared: Frame, rows: list[Row]) -> pd.DataFrame:
    columns = {
        stored: typed([row.get(stored) for row in rows], column) for column in declared for stored in column.stored()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def typed(values: list[Any], column: Column) -> pd.Series[Any]:
    """The values as the column's type; None is missing. Raises ValueError for a word outside the declared list."""
    _check_words({value for value in values if value is not None} if column.words else set(), column)
    return pd.Series(values, dtype=DTYPES[column.kind])


def _check_words(words: set[Any], column: Column) -> None:
    strangers = words - set(column.words)
    if strangers:
        raise ValueError(f"{column.name}: {sorted(map(str, strangers))} is not among {list(column.words)}")
