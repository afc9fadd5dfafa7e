"""A table that is settled to the last word and can be streamed: the page, the workbook and the console dress it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

Cell = object
"""str, int, bool, aware datetime, date, Link, Status text, or None for an empty cell."""


class CellKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    STATUS = "status"
    SEVERITY = "severity"
    LINK = "link"
    LONG = "long"
    """Text that may take several lines."""


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads somewhere; ``target`` is always https."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class TableColumn:
    """``key`` for machines, ``label`` for people, ``width`` in characters of a worksheet."""

    key: str
    label: str
    kind: CellKind = CellKind.TEXT
    width: int = 16


@dataclass(frozen=True)
class Table:
    """Columns, and a function that gives the rows anew each time (a generator may feed it).

    ``note`` is a sentence below the title; ``empty`` is what to say where there are no rows.
    """

    name: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: Callable[[], Iterable[tuple[Cell, ...]]]
    note: str = ""
    empty: str = ""
