"""Cells of a worksheet as finished XML: data can fill a cell, never become a formula.

Limits: https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from auditor.model.table import Cell, Link
from auditor.render.styles import TALL, WRAPPED
from auditor.render.text import Clock, looks_like_formula, printable

CELL_UNITS = 32_767
"""Length of a cell's text in UTF-16 units."""
TARGET_CHARACTERS = 2_079
"""Length of a hyperlink's target."""
FIRST_YEAR = 1900

# In a cell's text Excel reads _x0041_ as the letter A (ECMA-376, ST_Xstring).
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class Styled(NamedTuple):
    """A cell's value and the name of its style; ``text`` gives way to number, date, time or link as the value asks."""

    value: Cell
    style: str = "text"


class Cooked(NamedTuple):
    """A cell ready to be written into any row of its column: its XML, with ``ROW`` for the row's number; its lines.

    ``target`` is where it leads, or empty. Equal values of a column are cooked once.
    """

    xml: str
    lines: int = 1
    target: str = ""


EMPTY = Cooked("")
ROW = "\0"
"""No XML holds this character, so it can stand for something else until a row is written."""


@dataclass(frozen=True)
class Kitchen:
    """Cooks the cells of worksheets of one design: ``sheet`` is the first of them, ``widths`` are its columns' widths.

    ``cut`` is appended to a text that a cell cannot hold whole; of a text of more than ``lines`` lines no more are
    counted.
    """

    sheet: Any
    widths: Sequence[int]
    lines: int
    clock: Clock
    cut: str
    _styles: dict[tuple[str, bool], int] = field(default_factory=dict)

    @cached_property
    def _begins(self) -> Sequence[str]:
        """How a cell of each column begins."""
        return [f'<c r="{get_column_letter(at)}{ROW}"' for at in range(1, len(self.widths) + 1)]

    def cook(self, column: int, styled: Styled) -> Cooked:
        """A cell of ``column`` (from 0), ready for any row."""
        value = styled.value
        if value is None:
            return EMPTY
        if isinstance(value, Link):
            return self._link(column, value)
        if isinstance(value, datetime):
            return self._moment(column, value)
        if isinstance(value, date):
            return self._number(column, "date", _serial(value))
        if isinstance(value, int):
            return self._number(column, "number" if styled.style == "text" else styled.style, value)
        return self.text(column, str(value), styled.style)

    def text(self, column: int, text: str, style: str) -> Cooked:
        """A cell of type text whatever its text begins with; the quote prefix keeps it so when a person edits it."""
        fitted = escaped(self.fitted(text))
        number = self._style(style, quoted=looks_like_formula(fitted))
        space = ' xml:space="preserve"' if fitted != fitted.strip() else ""
        xml = f'{self._begins[column]} s="{number}" t="inlineStr"><is><t{space}>{_markup(fitted)}</t></is></c>'
        return Cooked(xml, self._lines(column, fitted, style))

    def fitted(self, text: str) -> str:
        """What a cell can hold of ``text``, and says so where it is not all; without what no file can hold."""
        shown = printable(text)
        if len(shown) * 2 <= CELL_UNITS:
            return shown
        units = shown.encode("utf-16-le")
        if len(units) // 2 <= CELL_UNITS:
            return shown
        return units[: 2 * (CELL_UNITS - len(self.cut))].decode("utf-16-le", "ignore") + self.cut

    def _link(self, column: int, link: Link) -> Cooked:
        """A hyperlink where it leads to a page over https that Excel can take, else text."""
        if not link.target.startswith("https://"):
            return self.text(column, link.text, "text")
        if len(link.target) > TARGET_CHARACTERS:
            return self.text(column, link.target, "text")
        return self.text(column, link.text, "link")._replace(target=printable(link.target))

    def _number(self, column: int, style: str, value: float) -> Cooked:
        return Cooked(f'{self._begins[column]} s="{self._style(style)}" t="n"><v>{value}</v></c>')

    def _moment(self, column: int, moment: datetime) -> Cooked:
        """Excel has neither time zones nor years before 1900."""
        local = self.clock.local(moment).replace(tzinfo=None, microsecond=0)
        if local.year < FIRST_YEAR:
            return self.text(column, local.isoformat(" "), "text")
        return self._number(column, "time", _serial(local))

    def _lines(self, column: int, text: str, style: str) -> int:
        """How many lines a text that wraps will take, about: a character that is not ASCII counts as a wide one."""
        if style in TALL:
            return 2
        if style not in WRAPPED:
            return 1
        width = sum(self.widths) if style == "paragraph" else self.widths[column]
        parts = text.split("\n", self.lines)
        return sum([1 + len(part) * (1 if part.isascii() else 2) // width for part in parts])

    def _style(self, name: str, *, quoted: bool = False) -> int:
        """The number of a named style in this workbook."""
        found = self._styles.get((name, quoted))
        if found is None:
            pen = WriteOnlyCell(self.sheet)
            pen.style = name
            pen.quotePrefix = quoted
            found = self._styles[name, quoted] = pen.style_id
        return found


def escaped(text: str) -> str:
    """``text`` so that Excel reads none of it as an escape."""
    return _ESCAPE_LIKE.sub("_x005F_", text) if "_x" in text else text


def _markup(text: str) -> str:
    """For XML; a carriage return would be read as a line feed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _serial(moment: date) -> float:
    """A date or a time as the number that Excel keeps."""
    number: float = to_excel(moment)  # type: ignore[no-untyped-call]  # its stubs lack it
    return number
