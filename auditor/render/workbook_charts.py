"""The charts of the summary: native ones, which Excel draws from the cells that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.chart import BarChart, LineChart, Reference, Series
from openpyxl.chart._chart import ChartBase
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.legend import Legend
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils import get_column_letter, quote_sheetname

_TITLE, _SMALL = 1200, 900
"""Sizes of letters, in hundredths of a point."""
_GRID = "E3E7EC"


@dataclass(frozen=True, slots=True)
class Cells:
    """Where a chart's numbers are: the header's row and the last row, the column of the names, those of the numbers.

    Columns count from 0, rows from 1; ``first`` is the first row of numbers.
    """

    sheet: str
    header: int
    first: int
    last: int
    names: int
    numbers: Sequence[int]

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def place(self, column: int, first: int, last: int) -> Reference:
        letter = get_column_letter(column + 1)
        return Reference(range_string=f"{quote_sheetname(self.sheet)}!${letter}${first}:${letter}${last}")


@dataclass(frozen=True, slots=True)
class Frame:
    """A chart's title, the title of its axis of numbers, and the colour of each series."""

    title: str
    axis: str
    colours: Sequence[str]


def bars(cells: Cells, frame: Frame) -> ChartBase:
    """Lying bars, one for each name from above to below, made of all numbers of its row."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 45
    _fill(chart, cells, frame)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"  # with the names from above to below the numbers would stand above the bars
    for series, colour in zip(chart.series, frame.colours, strict=True):
        series.graphicalProperties = GraphicalProperties(solidFill=colour)
    return chart


def lines(cells: Cells, frame: Frame) -> ChartBase:
    """A line for each number over the nights."""
    chart = LineChart()
    _fill(chart, cells, frame)
    chart.x_axis.number_format, chart.x_axis.majorTickMark = "yyyy-mm-dd", "out"
    for series, colour in zip(chart.series, frame.colours, strict=True):
        series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=24_000))
        series.smooth = False
    return chart


def _fill(chart: BarChart | LineChart, cells: Cells, frame: Frame) -> None:
    chart.title, chart.y_axis.title = _heading(frame.title, _TITLE), _heading(frame.axis, _SMALL)
    chart.legend = Legend(legendPos="b")
    chart.y_axis.number_format, chart.y_axis.scaling.min = "#,##0", 0
    chart.y_axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=_GRID)))
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False  # openpyxl leaves both out otherwise
        letters = ParagraphProperties(defRPr=CharacterProperties(sz=_SMALL))
        axis.txPr = RichText(p=[Paragraph(pPr=letters, endParaRPr=CharacterProperties())])
    for column in cells.numbers:
        title = cells.place(column, cells.header, cells.header)
        series = Series(cells.place(column, cells.first, cells.last))
        series.tx = _named(title)
        chart.series.append(series)
    chart.set_categories(cells.place(cells.names, cells.first, cells.last))


def _named(place: Reference) -> SeriesLabel:
    return SeriesLabel(strRef=StrRef(str(place)))


def _heading(text: str, size: int) -> Title:
    letters = CharacterProperties(sz=size, b=size > _SMALL)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[RegularTextRun(rPr=letters, t=text)])
    return Title(tx=Text(rich=RichText(p=[paragraph])), overlay=False)
