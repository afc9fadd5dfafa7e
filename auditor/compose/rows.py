"""Some rows of a rule's view, read column by column: a night has many verdicts and few different values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from functools import cache, cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from auditor.compose.wording import Wording
from auditor.model.dataset import VIEWS, Column, Kind
from auditor.model.reading import version_scope
from auditor.model.scopes import Cut, Subject, subject_of

Told = tuple[object, str]
"""A value for machines, JSON-able, and as people read it."""


class Rows:
    """The rows of ``frame`` (a rule's view called ``view``) at ``positions``, in that order.

    A column is read at first use and given as Python values, a missing one as None.
    """

    def __init__(self, frame: pd.DataFrame, view: str, positions: np.ndarray[Any, Any]) -> None:
        self.view = view
        self._frame, self._positions = frame, positions
        self._values: dict[str, list[Any]] = {}
        self._told: dict[str, list[Told]] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def only(self, at: int) -> Rows:
        """One of the rows by itself."""
        return self.some([at])

    def some(self, wanted: Sequence[int]) -> Rows:
        """Some of the rows, in the order wanted; all of them in their order are these themselves."""
        if len(wanted) == len(self) and list(wanted) == list(range(len(self))):
            return self
        return Rows(self._frame, self.view, self._positions[list(wanted)])

    def values(self, stored: str) -> list[Any]:
        """The stored column as Python values; a column that the view does not have is missing everywhere."""
        found = self._values.get(stored)
        if found is None:
            kind = _kinds(self.view).get(stored)
            found = [None] * len(self) if kind is None else python(self._frame[stored].iloc[self._positions], kind)
            self._values[stored] = found
        return found

    def raw(self, column: Column) -> Sequence[Any]:
        """What a column tells, row by row: one value, both bounds, or the JSON text of all tags for one tag."""
        if column.name.startswith("tags."):
            return self.values("tags")
        if column.bounds:
            low, high = column.stored()
            return list(zip(self.values(low), self.values(high), strict=True))
        return self.values(column.name)

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
        names = ("kind", "on", "follows_model")
        told = list(zip(*(self.values(name) for name in names), strict=True))
        alike = {each: subject_of(dict(zip(names, each, strict=True))) for each in set(told)}
        return [alike[each] for each in told]

    @cached_property
    def _scopes(self) -> dict[Cut, list[str | None]]:
        return {}

    def scopes(self, cut: Cut) -> list[str | None]:
        """What :func:`auditor.model.scopes.scopes_of` makes of each row, for one cut."""
        if cut not in self._scopes:
            self._scopes[cut] = self._cut(cut)
        return self._scopes[cut]

    def _cut(self, cut: Cut) -> list[str | None]:
        match cut:
            case Cut.TENANT:
                return [str(Cut.TENANT)] * len(self)
            case Cut.SUBSCRIPTION:
                return _lower(self.values("subscription_id"))
            case Cut.MACHINE:
                return _lower(self.values("machine_id" if self.view == "extensions" else "id"))
            case Cut.SCALE_SET:
                both = zip(self.subjects, self.scopes(Cut.MACHINE), _lower(self.values("scale_set_id")), strict=True)
                return [
                    own if subject is Subject.SCALE_SET else None if of == "none" else of for subject, own, of in both
                ]
            case Cut.OFFER:
                told = list(zip(*(self.values(name) for name in ("location", "publisher", "type")), strict=True))
                alike = {each: version_scope(*each) if all(each) else None for each in set(told)}
                return [alike[each] for each in told]


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


def _lower(texts: list[str | None]) -> list[str | None]:
    alike = {text: text.lower() if text else None for text in set(texts)}
    return [alike[text] for text in texts]
