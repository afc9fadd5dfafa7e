"""Worksheets written row by row within Excel's limits; data can fill a cell, never become a formula.

Limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from auditor.model.table import Cell, Link
from auditor.render.rowsheet import RowSheet
from auditor.render.styles import TALL, WRAPPED
from auditor.render.text import Clock, looks_like_formula, printable

CELL_UNITS = 32_767
"""Length of a cell's text in UTF-16 units."""
TARGET_CHARACTERS = 2_079
"""Length of a hyperlink's target."""
FIRST_YEAR = 1900
A4 = 9
LINE_POINTS, AIR_POINTS = 15, 3
"""Height of a line of text, and of the air in a row."""

# In a cell's text Excel reads _x0041_ as the letter A (ECMA-376, ST_Xstring).
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worksheet holds (Excel's own numbers; smaller ones in tests)."""

    rows: int = 1_048_576
    links: int = 65_530


class Styled(NamedTuple):
    """A cell's value and the name of its style; ``text`` gives way to number, date, time or link as the value asks."""

    value: Cell
    style: str = "text"


class Cooked(NamedTuple):
    """A cell ready to be written into any row of its column: its XML behind the reference, its height in lines.

    ``target`` is where it leads, or empty. Equal values of a column are cooked once.
    """

    xml: str
    lines: int = 1
    target: str = ""


_EMPTY = Cooked("")


@dataclass(frozen=True, slots=True)
class Design:
    """A worksheet's name, the widths of its columns in characters, and whether its first row is a header that stays.

    A row is at most ``lines`` lines high, so that no long text pushes the next row out of sight; the first ``printed``
    columns go on paper (0: all).
    """

    title: str
    widths: Sequence[int]
    frozen: bool = False
    lines: int = 12
    printed: int = 0


class Pages:
    """One worksheet, and a further one of the same design each time it is full.

    The header that was written last is repeated on each further worksheet. ``cut`` is appended to a text that a cell
    cannot hold whole. Close it when all is written.
    """

    def __init__(self, book: Workbook, design: Design, clock: Clock, cut: str, limits: Limits) -> None:
        self._book, self._design, self._clock, self._cut, self._limits = book, design, clock, cut, limits
        self._header: list[Styled] = []
        self._count = 0
        self._styles: dict[tuple[str, bool], int] = {}
        self._starts = [f'<c r="{get_column_letter(index)}' for index, _width in enumerate(design.widths, 1)]
        self._turn()

    def append(self, cells: Sequence[Styled]) -> None:
        """Write one row; a value of None leaves its cell empty."""
        self.put([self.cook(column, cell) for column, cell in enumerate(cells)])

    def put(self, cells: Sequence[Cooked]) -> None:
        """The same with cells that are cooked already."""
        if self._rows == self._limits.rows:
            self.close()
            self._turn()
            if self._header:
                self._write([self.cook(column, cell) for column, cell in enumerate(self._header)])
        self._write(cells)

    def header(self, cells: Sequence[Styled]) -> None:
        self._header = list(cells)
        self.append(self._header)

    def line(self, text: str = "", style: str = "line") -> None:
        """A text that stands by itself: it ends the table above it."""
        self._header = []
        self.append([Styled(text, style)])

    def paragraph(self, text: str) -> None:
        """A longer text by itself: it wraps within the width of the whole table instead of running out of sight."""
        self.line(text, "paragraph")
        last = get_column_letter(len(self._design.widths))
        self._sheet.merged_cells.add(f"A{self._rows}:{last}{self._rows}")

    def close(self) -> None:
        """Set the filter over what was written, where the header is frozen, and what goes on paper."""
        design, last = self._design, max(self._rows, 1)
        if design.frozen:
            self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(design.widths))}{last}"
        if design.printed:
            self._sheet.print_area = f"A1:{get_column_letter(design.printed)}{last}"

    def _turn(self) -> None:
        """Open the next worksheet; its widths and panes have to be set before its first row."""
        self._count += 1
        self._rows = self._links = 0
        design = self._design
        title = design.title + (f" {self._count}" if self._count > 1 else "")
        sheet = self._sheet = RowSheet.added_to(self._book, title)
        for index, width in enumerate(design.widths, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.sheet_view.showGridLines = False
        sheet.sheet_format.defaultRowHeight = LINE_POINTS + AIR_POINTS
        sheet.sheet_format.customHeight = True
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        if design.frozen:
            sheet.freeze_panes = "A2"
            sheet.print_title_rows = "1:1"

    def _write(self, cells: Sequence[Cooked]) -> None:
        """A row that needs several lines is told its height: not every program works it out when it opens a file."""
        self._rows += 1
        row = str(self._rows)
        fitting = [self._fit_link(column, cell) if cell.target else cell for column, cell in enumerate(cells)]
        xml = "".join([start + row + cell.xml for start, cell in zip(self._starts, fitting, strict=False) if cell.xml])
        lines = min(max([cell.lines for cell in fitting], default=1), self._design.lines)
        height = f' ht="{LINE_POINTS * lines + AIR_POINTS}" customHeight="1"' if lines > 1 else ""
        self._sheet.put(f'<row r="{row}"{height}>{xml}</row>')
        for column, cell in enumerate(fitting):
            if cell.target:
                self._sheet.link(f"{get_column_letter(column + 1)}{row}", cell.target)

    def _fit_link(self, column: int, cell: Cooked) -> Cooked:
        """A hyperlink while the worksheet can take one, then the address as text."""
        if self._links == self._limits.links:
            return self._text(column, cell.target, "text")
        self._links += 1
        return cell

    def cook(self, column: int, styled: Styled) -> Cooked:
        """A cell of ``column`` (from 0), ready for any row."""
        value = styled.value
        if value is None:
            return _EMPTY
        if isinstance(value, Link):
            return self._link(column, value)
        if isinstance(value, datetime):
            return self._moment(column, value)
        if isinstance(value, date):
            return self._number("date", _serial(value))
        if isinstance(value, int):
            return self._number("number" if styled.style == "text" else styled.style, value)
        return self._text(column, str(value), styled.style)

    def _lines(self, column: int, text: str, style: str) -> int:
        """How many lines a text that wraps will take, about: a character that is not ASCII counts as a wide one."""
        if style in TALL:
            return 2
        if style not in WRAPPED:
            return 1
        width = sum(self._design.widths) if style == "paragraph" else self._design.widths[column]
        parts = text.split("\n", self._design.lines)
        return sum(1 + len(part) * (1 if part.isascii() else 2) // width for part in parts)

    def _style(self, name: str, *, quoted: bool = False) -> int:
        """The number of a named style in this workbook."""
        found = self._styles.get((name, quoted))
        if found is None:
            pen = WriteOnlyCell(self._sheet)
            pen.style = name
            pen.quotePrefix = quoted
            found = self._styles[name, quoted] = pen.style_id
        return found

    def _number(self, style: str, value: float) -> Cooked:
        return Cooked(f'" s="{self._style(style)}" t="n"><v>{value}</v></c>')

    def _moment(self, column: int, moment: datetime) -> Cooked:
        """Excel has neither time zones nor years before 1900."""
        local = self._clock.local(moment).replace(tzinfo=None, microsecond=0)
        if local.year < FIRST_YEAR:
            return self._text(column, local.isoformat(" "), "text")
        return self._number("time", _serial(local))

    def _text(self, column: int, text: str, style: str) -> Cooked:
        """A cell of type text whatever its text begins with; the quote prefix keeps it so when a person edits it."""
        fitted = self._fit(_ESCAPE_LIKE.sub("_x005F_", printable(text)))
        number = self._style(style, quoted=looks_like_formula(fitted))
        space = ' xml:space="preserve"' if fitted != fitted.strip() else ""
        xml = f'" s="{number}" t="inlineStr"><is><t{space}>{_escaped(fitted)}</t></is></c>'
        return Cooked(xml, self._lines(column, fitted, style))

    def _link(self, column: int, link: Link) -> Cooked:
        """A hyperlink where it leads to a page over https that Excel can take, else text."""
        if not link.target.startswith("https://"):
            return self._text(column, link.text, "text")
        if len(link.target) > TARGET_CHARACTERS:
            return self._text(column, link.target, "text")
        return self._text(column, link.text, "link")._replace(target=printable(link.target))

    def _fit(self, text: str) -> str:
        if len(text) * 2 <= CELL_UNITS:
            return text
        units = text.encode("utf-16-le")
        if len(units) // 2 <= CELL_UNITS:
            return text
        return units[: 2 * (CELL_UNITS - len(self._cut))].decode("utf-16-le", "ignore") + self._cut


def _escaped(text: str) -> str:
    """For XML; a carriage return would be read as a line feed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _serial(moment: date) -> float:
    """A date or a time as the number that Excel keeps."""
    number: float = to_excel(moment)  # type: ignore[no-untyped-call]  # its stubs lack it
    return number
