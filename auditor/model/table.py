"""A table that is settled to the last word and can be streamed: the page, the workbook and the console dress it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

Cell = object
"""str, int, bool, aware datetime, date, Link, Status text, or None for an empty cell.

A column does not mix bool with int: 1 and True would be one value to whoever remembers what is alike."""


class CellKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    DATE = "date"
    STATUS = "status"
    SEVERITY = "severity"
    LINK = "link"
    LONG = "long"
    """Text that may take several lines."""
    VERSION = "version"
    """A version as Azure wrote it. Text order is not version order: what sorts texts needs a key beside it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads somewhere; ``target`` is always https."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class TableColumn:
    """``key`` for machines, ``label`` for people, ``width`` in characters of a worksheet.

    ``meaning``, ``unit`` and ``source`` (who told it, and which Azure property it is) are for a data dictionary.
    """

    key: str
    label: str
    kind: CellKind = CellKind.TEXT
    width: int = 16
    meaning: str = ""
    unit: str = ""
    source: str = ""


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
