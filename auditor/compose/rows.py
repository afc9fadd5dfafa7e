"""Some rows of a rule's view, read column by column: a night has many verdicts and few different values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditor.compose.wording import Wording
from auditor.model.dataset import VIEWS, Column, Kind
from auditor.model.reading import version_scope
from auditor.model.scopes import Cut, Subject, subject_of

Told = tuple[object, str]
"""A value for machines, JSON-able, and as people read it."""

Made = TypeVar("Made")

Numbers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]


class Coded(NamedTuple):
    """A column: its different values, and for each row the number of its own among them."""

    codes: Numbers
    values: Sequence[Any]

    def at(self, rows: Numbers) -> list[Any]:
        """The values of some rows."""
        return [self.values[code] for code in self.codes[rows].tolist()]

    def told(self, tell: Callable[[Any], Any]) -> Coded:
        """What ``tell`` makes of each value."""
        return Coded(self.codes, list(map(tell, self.values)))


class View:
    """A rule's view called ``name`` in one shard: each column is read once, and its different values are looked at."""

    def __init__(self, frame: pd.DataFrame, name: str) -> None:
        self.name = name
        self._frame = frame
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made of the view's columns under this key, made at the first call."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def rows(self, positions: Sequence[int] | Numbers | None = None) -> Rows:
        """The rows at ``positions``, in that order; all of them where none are named."""
        return Rows(self, np.arange(len(self._frame)) if positions is None else np.asarray(positions, dtype=np.int64))

    def column(self, stored: str) -> Coded:
        """The stored column as Python values; a column that the view does not have is missing everywhere."""
        return self.once(stored, lambda: self._read(stored))

    def _read(self, stored: str) -> Coded:
        kind = _kinds(self.name).get(stored)
        if kind is None:
            return Coded(np.zeros(len(self._frame), dtype=np.int32), [None])
        codes, values = pd.factorize(self._frame[stored], use_na_sentinel=False)
        return Coded(codes.astype(np.int32), python(pd.Series(values), kind))

    def combined(self, columns: Sequence[Coded], make: Callable[[Rows], Sequence[Any]]) -> Coded:
        """A column that depends on others: ``make`` is given one row of each that are alike in these."""
        codes = np.zeros(len(self._frame), dtype=np.int64)
        for column in columns:
            codes, _found = pd.factorize(codes * len(column.values) + column.codes)
        _numbers, first = np.unique(codes, return_index=True)
        return Coded(codes.astype(np.int32), make(self.rows(first)))

    @property
    def subjects(self) -> Coded:
        """What each row is about."""
        names = ("kind", "on", "follows_model")

        def told(rows: Rows) -> list[Subject | None]:
            each = zip(*map(rows.values, names), strict=True)
            return [subject_of(dict(zip(names, words, strict=True))) for words in each]

        return self.once(Subject, lambda: self.combined([self.column(name) for name in names], told))

    def scopes(self, cut: Cut) -> Coded:
        """What :func:`auditor.model.scopes.scopes_of` makes of each row, for one cut."""
        match cut:
            case Cut.TENANT:
                return self.combined([], lambda rows: [str(Cut.TENANT)] * len(rows))
            case Cut.SUBSCRIPTION:
                return _lower(self.column("subscription_id"))
            case Cut.MACHINE:
                return _lower(self.column("machine_id" if self.name == "extensions" else "id"))
            case Cut.SCALE_SET:
                parts = [self.subjects, self.scopes(Cut.MACHINE), _lower(self.column("scale_set_id"))]
                return self.combined(
                    parts, lambda rows: list(map(_set_of, *(part.at(rows.positions) for part in parts)))
                )
            case Cut.OFFER:
                parts = [self.column(name) for name in ("location", "publisher", "type")]
                return self.combined(parts, lambda rows: list(map(_offer_of, *_told(parts, rows))))


class Rows:
    """The rows of ``view`` at ``positions``, in that order; what is missing is None."""

    def __init__(self, view: View, positions: Numbers) -> None:
        self.view, self.positions = view, positions
        self._values: dict[str, list[Any]] = {}
        self._scopes: dict[Cut, list[str | None]] = {}
        self._told: dict[str, list[Told]] = {}

    def __len__(self) -> int:
        return len(self.positions)

    def only(self, at: int) -> Rows:
        """One of the rows by itself."""
        return self.some([at])

    def some(self, wanted: Sequence[int] | Numbers) -> Rows:
        """Some of the rows, in the order wanted."""
        return self.view.rows(self.positions[wanted])

    def values(self, stored: str) -> list[Any]:
        """The stored column as Python values; a column that the view does not have is missing everywhere."""
        if stored not in self._values:
            self._values[stored] = self.view.column(stored).at(self.positions)
        return self._values[stored]

    def written(self, key: Hashable, column: Coded, write: Callable[[Sequence[Any]], pa.Array]) -> pa.Array:
        """A column of the view in Arrow: what ``write`` makes of its different values is made once under this key."""
        codes, values = self.view.once(key, lambda: Coded(column.codes, write(column.values)))
        return pc.take(values, pa.array(codes[self.positions]))

    def raw(self, column: Column) -> Sequence[Any]:
        """What a column tells, row by row: one value, both bounds, or the JSON text of all tags for one tag."""
        stored = stored_of(column)
        return list(zip(*map(self.values, stored), strict=True)) if column.bounds else self.values(*stored)

    def told(self, column: Column, wording: Wording) -> list[Told]:
        """The column for machines and for people; what is alike is written once."""
        found = self._told.get(column.name)
        if found is None:
            raw = self.raw(column)
            written = {value: wording.told(column, value) for value in set(raw)}
            found = self._told[column.name] = [written[value] for value in raw]
        return found

    def is_missing(self, column: Column, at: int) -> bool:
        return all(self.values(name)[at] is None for name in column.stored())

    @cached_property
    def subjects(self) -> list[Subject | None]:
        """What each row is about."""
        return self.view.subjects.at(self.positions)

    def scopes(self, cut: Cut) -> list[str | None]:
        """What :func:`auditor.model.scopes.scopes_of` makes of each row, for one cut."""
        if cut not in self._scopes:
            self._scopes[cut] = self.view.scopes(cut).at(self.positions)
        return self._scopes[cut]


def stored_of(column: Column) -> tuple[str, ...]:
    """The stored columns that a column is read from; one tag is read from the text of all tags."""
    return ("tags",) if column.name.startswith("tags.") else tuple(column.stored())


def python(column: pd.Series[Any], kind: Kind) -> list[Any]:
    """The cells as Python values: times aware UTC, what is missing None."""
    match kind:
        case Kind.TIME:
            moments: list[Any] = column.to_numpy("datetime64[us]").tolist()
            alike = {each: each.replace(tzinfo=UTC) for each in set(moments) if each is not None}
            return [alike.get(each) for each in moments]
        case Kind.DURATION:
            spans: list[Any] = column.to_numpy("timedelta64[us]").tolist()
            return spans
        case _:
            cells: list[Any] = column.to_numpy(object, na_value=cast("Any", None)).tolist()
            return cells


@cache
def _kinds(view: str) -> dict[str, Kind]:
    return {stored: column.kind for column in VIEWS[view] for stored in column.stored()}


def _told(columns: Iterable[Coded], rows: Rows) -> Iterator[list[Any]]:
    return (column.at(rows.positions) for column in columns)


def _lower(column: Coded) -> Coded:
    return Coded(column.codes, [text.lower() if text else None for text in column.values])


def _set_of(subject: Subject | None, own: str | None, scale_set: str | None) -> str | None:
    if subject is Subject.SCALE_SET:
        return own
    return None if scale_set == "none" else scale_set


def _offer_of(location: str | None, publisher: str | None, type_: str | None) -> str | None:
    return version_scope(location, publisher, type_) if location and publisher and type_ else None
