"""Helpers for tables: a column knows its heading and its meaning from the catalogue and the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from auditor.compose.meanings import meaning_of
from auditor.compose.wording import Wording
from auditor.model.table import Cell, CellKind, Table, TableColumn
from auditor.model.verdict import Status

Rows = Iterator[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column whose label the catalogue holds."""

    key: str
    kind: CellKind
    width: int


def cell(key: str, kind: CellKind = CellKind.TEXT, width: int = 16) -> Heading:
    return Heading(key, kind, width)


def table(
    wording: Wording, name: str, columns: Iterable[Heading], rows: Callable[[], Iterable[tuple[Cell, ...]]]
) -> Table:
    """The table ``name`` with its words; ``rows`` is called anew for each reader."""
    headed = tuple(
        TableColumn(
            column.key,
            wording.say("labels", column.key),
            column.kind,
            column.width,
            *meaning_of(wording, name, column.key, column.kind),
        )
        for column in columns
    )
    title, note, empty = (wording.table(name, part) for part in ("title", "note", "empty"))
    return Table(name, title, headed, rows, note, empty)


def counted(wording: Wording, *, width: int = 14) -> tuple[TableColumn, ...]:
    """A column for the number of verdicts of each kind."""
    return tuple(
        TableColumn(
            str(status),
            word := wording.say("statuses", status),
            CellKind.NUMBER,
            width,
            wording.say("meanings", "verdicts", status=word),
            *meaning_of(wording, "", "verdicts", CellKind.NUMBER)[1:],
        )
        for status in Status
    )
