"""Worksheets written row by row within Excel's limits, each table on them a real one, to be sorted and filtered.

Limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from openpyxl import Workbook
from openpyxl.chart._chart import ChartBase
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.formatting.rule import Rule
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import Table, TableColumn

from auditor.render.cells import ROW, Cooked, Kitchen, Styled, escaped
from auditor.render.rowsheet import RowSheet
from auditor.render.text import Clock

HEADING_CHARACTERS = 255
"""Length of a table's column name."""
FOOTER_CHARACTERS = 200
"""Of the title in a footer, which takes 255 characters with its codes."""
A4 = 9
LINE_POINTS, AIR_POINTS = 15, 3
"""Height of a line of text, and of the air in a row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worksheet holds (Excel's own numbers; smaller ones in tests)."""

    rows: int = 1_048_576
    links: int = 65_530


@dataclass(frozen=True, slots=True)
class Design:
    """A worksheet's name, and the widths of its columns in characters.

    A row is at most ``lines`` lines high, so that no long text pushes the next row out of sight. With ``headed`` the
    first row is a header that stays, and so do the first ``still`` columns. The first ``printed`` columns go on paper
    (0: all); ``folded`` ones (by position) are hidden until they are unfolded. ``footer`` stands on every printed page.
    """

    title: str
    widths: Sequence[int]
    headed: bool = False
    still: int = 0
    lines: int = 12
    printed: int = 0
    folded: frozenset[int] = frozenset()
    footer: str = ""


@dataclass(slots=True)
class _Open:
    """The table that is being written: its header, the row where that stands, and what is made of it at its end."""

    header: Sequence[Styled]
    name: str
    tints: Mapping[int, Rule]
    row: int = 0


@dataclass
class Pages:
    """One worksheet, and a further one of the same design each time it is full.

    The header that was written last is repeated on each further worksheet. ``cut`` is appended to a text that a cell
    cannot hold whole. Close it when all is written.
    """

    book: Workbook
    design: Design
    clock: Clock
    cut: str
    limits: Limits
    count: int = field(default=0, init=False)
    row: int = field(default=0, init=False)
    """The row that was written last, from 1."""

    def __post_init__(self) -> None:
        self._table: _Open | None = None
        self._letters = [get_column_letter(index) for index in range(1, len(self.design.widths) + 1)]
        self._turn()
        self._kitchen = Kitchen(self._sheet, self.design.widths, self.design.lines, self.clock, self.cut)
        self.cook = self._kitchen.cook

    @property
    def columns(self) -> int:
        return len(self.design.widths)

    @property
    def title(self) -> str:
        """The name of the worksheet that is being written."""
        return self._sheet.title

    def append(self, cells: Sequence[Styled]) -> None:
        """Write one row; a value of None leaves its cell empty."""
        self.put([self.cook(column, cell) for column, cell in enumerate(cells)])

    def put(self, cells: Sequence[Cooked]) -> None:
        """The same with cells that are cooked already."""
        if self.row == self.limits.rows:
            table = self._table
            self.close()
            self._turn()
            if table:
                self.header(table.header, table.name, table.tints)
        self._write(cells)

    def header(self, cells: Sequence[Styled], name: str = "", tints: Mapping[int, Rule] | None = None) -> None:
        """Begin a table: with a ``name``, which no other in the workbook has, a real one.

        ``tints`` colour columns (by position) by what is in them.
        """
        self._end_table()
        distinct = _distinct(cells)
        self.append(distinct)
        self._table = _Open(distinct, name, tints or {}, self.row)

    def line(self, text: str = "", style: str = "line") -> None:
        """A text that stands by itself: it ends the table above it."""
        self._end_table()
        self.append([Styled(text, style)])

    def paragraph(self, text: str) -> None:
        """A longer text by itself: it wraps within the width of the whole table instead of running out of sight."""
        self.line(text, "paragraph")
        self._sheet.merged_cells.add(f"A{self.row}:{self._letters[-1]}{self.row}")

    def space(self, count: int) -> tuple[int, int]:
        """Leave so many rows empty; gives the first of them, and the one behind them."""
        first = self.row + 1
        for _row in range(count):
            self.line()
        return first, self.row + 1

    def chart(self, chart: ChartBase, columns: tuple[int, int], rows: tuple[int, int]) -> None:
        """Lay a chart over columns (from 0) and rows, the second of each left out; it grows and shrinks with them."""
        corners = [AnchorMarker(col=column, row=row - 1) for column, row in zip(columns, rows, strict=True)]
        chart.anchor = TwoCellAnchor(editAs="twoCell", _from=corners[0], to=corners[1])  # type: ignore[assignment]  # its stubs know the name of a cell only
        self._sheet.add_chart(chart)

    def turn_page(self) -> None:
        """On paper the next row begins a page."""
        self._end_table()
        self._sheet.row_breaks.append(Break(id=self.row))

    def close(self) -> None:
        """End the table, and set what goes on paper."""
        self._end_table()
        if self.design.printed:
            self._sheet.print_area = f"A1:{self._letters[self.design.printed - 1]}{max(self.row, 1)}"

    def _end_table(self) -> None:
        """A real table has a row below its header, though there be nothing to put into it."""
        table, self._table = self._table, None
        if table is None:
            return
        if table.name and self.row == table.row:
            self._write([])
        for column, rule in table.tints.items():
            if self.row > table.row:
                place = f"{self._letters[column]}{table.row + 1}:{self._letters[column]}{self.row}"
                self._sheet.conditional_formatting.add(place, rule)
        if table.name:
            self._sheet.tables.add(self._real(table))

    def _real(self, table: _Open) -> Table:
        """Its columns must be named as their header cells are, or Excel calls the file broken."""
        name = table.name + (f"_{self.count}" if self.count > 1 else "")
        place = f"A{table.row}:{self._letters[len(table.header) - 1]}{self.row}"
        columns = [TableColumn(id=at, name=escaped(str(cell.value))) for at, cell in enumerate(table.header, 1)]
        filters = AutoFilter(ref=place)
        return Table(id=1, displayName=name, name=name, ref=place, tableColumns=columns, autoFilter=filters)

    def _turn(self) -> None:
        """Open the next worksheet; its widths and panes have to be set before its first row."""
        self.count += 1
        self.row = self._links = 0
        design = self.design
        title = design.title + (f" {self.count}" if self.count > 1 else "")
        sheet = self._sheet = RowSheet.added_to(self.book, title)
        for index, (letter, width) in enumerate(zip(self._letters, design.widths, strict=True)):
            column = sheet.column_dimensions[letter]
            column.width = width
            if index in design.folded:
                column.outlineLevel, column.hidden = 1, True
        sheet.sheet_properties.outlinePr.summaryRight = False
        sheet.sheet_view.showGridLines = False
        sheet.sheet_format.defaultRowHeight = LINE_POINTS + AIR_POINTS
        sheet.sheet_format.customHeight = True
        self._set_print()
        if design.headed:
            sheet.freeze_panes = f"{get_column_letter(design.still + 1)}2"
            sheet.print_title_rows = "1:1"

    def _set_print(self) -> None:
        """Landscape, as wide as one page; below it what this is, and which page of how many."""
        sheet = self._sheet
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        footer = sheet.HeaderFooter.oddFooter
        footer.left.text, footer.center.text, footer.right.text = _plain(self.design.footer), "&A", "&P / &N"

    def _write(self, cells: Sequence[Cooked]) -> None:
        """A row that needs several lines is told its height: not every program works it out when it opens a file."""
        self.row += 1
        row = str(self.row)
        told = [self._linked(column, cell) if cell.target else cell for column, cell in enumerate(cells)]
        xml = "".join([cell.xml for cell in told]).replace(ROW, row)
        lines = min(max([cell.lines for cell in told], default=1), self.design.lines)
        height = f' ht="{LINE_POINTS * lines + AIR_POINTS}" customHeight="1"' if lines > 1 else ""
        self._sheet.put(f'<row r="{row}"{height}>{xml}</row>')

    def _linked(self, column: int, cell: Cooked) -> Cooked:
        """A hyperlink while the worksheet can take one, then the address as text."""
        if self._links == self.limits.links:
            return self._kitchen.text(column, cell.target, "text")
        self._links += 1
        self._sheet.link(f"{self._letters[column]}{self.row}", cell.target)
        return cell


def _distinct(cells: Iterable[Styled]) -> list[Styled]:
    """Headings on one line, none twice (in any letter case): a table refuses it."""
    seen: set[str] = set()
    told = []
    for cell in cells:
        text = base = " ".join(str(cell.value).split())[: HEADING_CHARACTERS - 5]
        further = (f"{base} ({number})" for number in range(2, 1_000))
        while text.casefold() in seen:
            text = next(further)
        seen.add(text.casefold())
        told.append(Styled(text, cell.style))
    return told


def _plain(text: str) -> str:
    """A text for a footer, where & begins a code."""
    return "".join(islice(text, FOOTER_CHARACTERS // 2)).replace("&", "&&")
