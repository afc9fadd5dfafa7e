"""report.xlsx: the worksheets of the layout in their order, every longer table a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from io import RawIOBase
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from auditor.model.report import Report
from auditor.model.table import Cell, CellKind, Table, TableColumn
from auditor.render.batch import Take
from auditor.render.desk import Desk, Slot, folded, stacked, widths
from auditor.render.findings_sheet import FindingsSheet
from auditor.render.layout import SheetLayout, layout
from auditor.render.nights_sheet import charted, night_table
from auditor.render.rowsheet import save
from auditor.render.styles import add_styles
from auditor.render.summary_sheet import CHARTED, NIGHTS_CHARTED, SummarySheet
from auditor.render.text import Clock, printable
from auditor.render.worksheet import Design, Limits, Pages

_EXCEL = Limits()


@contextmanager
def workbook(report: Report, path: Path, limits: Limits = _EXCEL) -> Iterator[Take]:
    """Write the findings as they come, and save the workbook to ``path`` after them. Raises OSError.

    Above ``LISTED_WHOLE`` verdicts those that pass or do not apply are left to verdicts.parquet; the summary says so.
    """
    desk = Desk(report, Workbook(write_only=True), Clock(report.time_zone, report.language), limits)
    summary, findings_layout, *rest = layout().sheets
    try:
        _describe(desk)
        nights = charted(report, NIGHTS_CHARTED, CHARTED)
        SummarySheet(desk, report.words[summary.name], nights).write()
        findings = FindingsSheet(desk, findings_layout)
        yield lambda batch: findings.take(batch if report.listed_whole else batch.listed)
        findings.close()
        for sheet in rest:
            _sheet(desk, sheet)
    except BaseException:
        # openpyxl closes its half-written worksheets and removes their temporary files by saving only. On a full disk
        # it cannot do even that, and trips over its own half-written parts: what went wrong first is what counts.
        with suppress(OSError, AttributeError, ValueError), ZipFile(_Nowhere(), "w") as nowhere:
            ExcelWriter(desk.book, nowhere).save()
        raise
    save(desk.book, path)


class _Nowhere(RawIOBase):
    """Takes everything, keeps nothing: no disk is needed to throw a workbook away."""

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        return len(content)


def _describe(desk: Desk) -> None:
    """What the file says of itself."""
    add_styles(desk.book, desk.report.language)
    told, report = desk.book.properties, desk.report
    told.title, told.subject = printable(report.title), printable(report.headline)
    told.creator, told.created = str(report.run.get("tool", "")), report.as_of.astimezone(UTC).replace(tzinfo=None)
    told.language = report.language


def _sheet(desk: Desk, sheet: SheetLayout) -> None:
    title = desk.report.words[sheet.name]
    if sheet.stack:
        _stack(desk, title, [desk.report.tables[name] for name in sheet.stack])
    elif sheet.special:
        _single(desk, sheet, night_table(desk.report) if sheet.special == "nights" else _dictionary(desk))
    else:
        _single(desk, sheet, desk.report.tables[sheet.table])


def _single(desk: Desk, sheet: SheetLayout, table: Table) -> None:
    """A worksheet with one table: its header frozen, its rows to be filtered."""
    slots = desk.slots(table.columns)
    pages = desk.pages(
        Design(
            desk.report.words[sheet.name],
            widths(slots),
            headed=True,
            still=sheet.still,
            printed=sum(slot.at < sheet.printed for slot in slots),
            folded=folded(slots),
        )
    )
    _table(desk, pages, slots, table, table.name)
    pages.close()


def _stack(desk: Desk, title: str, tables: Sequence[Table]) -> None:
    """Tables below one another, each under its title and its note."""
    laid = [desk.slots(table.columns) for table in tables]
    pages = desk.pages(Design(title, stacked(*map(widths, laid))))
    for slots, table in zip(laid, tables, strict=True):
        pages.line()
        pages.line(table.title, "section")
        if table.note:
            pages.paragraph(table.note)
        _table(desk, pages, slots, table, title=table.title)
    pages.close()


def _table(desk: Desk, pages: Pages, slots: Sequence[Slot], table: Table, name: str = "", title: str = "") -> None:
    desk.begin(pages, slots, name, title)
    if not desk.write(pages, slots, table):
        pages.line(table.empty)


def _dictionary(desk: Desk) -> Table:
    """Every column of every worksheet that was written, with its key for machines, what it means and who told it."""
    words, written = desk.report.words, tuple(desk.described)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for place, label, column in written:
            yield (place, label, column.key, column.meaning or None, column.unit or None, column.source or None)

    names = {"sheet": 30, "title": 30, "key": 26, "meaning": 60, "unit": 24, "source": 60}
    columns = tuple(
        TableColumn(name, words[f"dictionary_{name}"], CellKind.LONG if width == 60 else CellKind.TEXT, width)
        for name, width in names.items()
    )
    return Table("dictionary", words["sheet_dictionary"], columns, rows)
