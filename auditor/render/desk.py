"""What every worksheet of the workbook is written with: styles by kind of column, and the words of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule

from auditor.model.report import Report
from auditor.model.table import Cell, CellKind, Table, TableColumn
from auditor.model.verdict import Severity, Status
from auditor.model.version import Version
from auditor.render.cells import Cooked, Styled
from auditor.render.styles import status_style, tint_of
from auditor.render.text import Clock
from auditor.render.worksheet import Design, Limits, Pages

AT_ONCE = 1_000
"""Rows that are cooked together: what is alike in a column is cooked once."""
KEY_WIDTH = 24


class Slot(NamedTuple):
    """A column of a worksheet: one of a table, ``at`` its position, or the key that a version sorts by."""

    at: int
    column: TableColumn
    is_key: bool = False


@dataclass(frozen=True)
class Desk:
    """What every worksheet is written with; ``described`` are the columns that were written, by worksheet."""

    report: Report
    book: Workbook
    clock: Clock
    limits: Limits
    described: list[tuple[str, str, TableColumn]] = field(default_factory=list)

    def pages(self, design: Design) -> Pages:
        footed = replace(design, footer=self.report.title)
        return Pages(self.book, footed, self.clock, self.report.words["cell_cut"], self.limits)

    def slots(self, columns: Sequence[TableColumn]) -> list[Slot]:
        """The columns with a key beside each version: a program that sorts texts would put 1.9 behind 1.10."""
        slots = []
        for at, column in enumerate(columns):
            slots.append(Slot(at, column))
            if column.kind is CellKind.VERSION:
                slots.append(Slot(at, self._key(column), is_key=True))
        return slots

    def _key(self, column: TableColumn) -> TableColumn:
        words = self.report.words
        label, meaning = words["sort_key"].format(column=column.label), words["sort_key_meaning"]
        return TableColumn(f"{column.key}_key", label, CellKind.TEXT, KEY_WIDTH, meaning, column.unit, column.source)

    def begin(self, pages: Pages, slots: Sequence[Slot], name: str = "", title: str = "") -> None:
        """Write the header of a table, as a real one where it has a ``name``, and note its columns."""
        header = [self._label(slot.column) for slot in slots]
        pages.header(header, name, self._tints(slots))
        where = f"{pages.title}: {title}" if title else pages.title
        self.described.extend((where, str(label.value), slot.column) for label, slot in zip(header, slots, strict=True))

    def _tints(self, slots: Sequence[Slot]) -> Mapping[int, Rule]:
        tints = ((at, tint_of(slot.column.key, self.report.words)) for at, slot in enumerate(slots) if not slot.is_key)
        return {at: tint for at, tint in tints if tint}

    def _label(self, column: TableColumn) -> Styled:
        """A cell of a header. Excel has no time zones: the header names the zone."""
        if column.kind is CellKind.TIME:
            return Styled(f"{column.label} ({self.report.time_zone})", "header")
        return Styled(column.label, "header right" if column.kind is CellKind.NUMBER else "header")

    def write(self, pages: Pages, slots: Sequence[Slot], table: Table) -> bool:
        """Write the rows of a table whose header stands; False where there are none."""
        found = False
        for some in _some(table.rows()):
            found = True
            self.put(pages, slots, list(zip(*some, strict=True)))
        return found

    def put(self, pages: Pages, slots: Sequence[Slot], columns: Sequence[Sequence[Any]]) -> None:
        """Write some rows, given column by column; ``slots`` say which of them stands where."""
        cooked = [self._cooked(pages, at, slot, columns[slot.at]) for at, slot in enumerate(slots)]
        for row in zip(*cooked, strict=True):
            pages.put(row)

    def _cooked(self, pages: Pages, at: int, slot: Slot, values: Sequence[Any]) -> list[Cooked]:
        kind = slot.column.kind
        styled = _key_of if slot.is_key else (lambda value: self.styled(value, kind))
        alike = {value: pages.cook(at, styled(value)) for value in set(values)}
        return [alike[value] for value in values]

    def styled(self, value: Cell, kind: CellKind) -> Styled:
        """``value`` in the words and the style of its column."""
        if isinstance(value, Styled):
            return value
        if kind is CellKind.STATUS and value in tuple(Status):
            status = Status(str(value))
            return Styled(self.report.status_words[status], status_style(status))
        if kind is CellKind.SEVERITY and value in tuple(Severity):
            return Styled(self.report.severity_words[Severity(str(value))])
        if isinstance(value, bool):
            return Styled(self.report.words["yes" if value else "no"])
        return Styled(value, "long" if kind is CellKind.LONG else "text")


def folded(slots: Sequence[Slot]) -> frozenset[int]:
    """The positions of the keys: they are there for who sorts, and out of sight for who reads."""
    return frozenset(at for at, slot in enumerate(slots) if slot.is_key)


def widths(slots: Sequence[Slot]) -> list[int]:
    return [slot.column.width for slot in slots]


def stacked(*wishes: Sequence[int]) -> list[int]:
    """The widths of tables below one another: each column as wide as the widest wish for it."""
    return list(map(max, zip_longest(*wishes, fillvalue=0)))


def _some(rows: Iterable[tuple[Cell, ...]]) -> Iterator[list[tuple[Cell, ...]]]:
    rest = iter(rows)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _key_of(value: Cell) -> Styled:
    """The key of a version; of several below one another that of the first."""
    version = Version.read(str(value).partition("\n")[0])
    return Styled(version.sort_key if version else None, "key")
