"""The first worksheet: the verdict in words, what is new, what is missing, and the night in numbers and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.table import Table
from auditor.model.verdict import Status
from auditor.render.cells import Styled
from auditor.render.desk import Desk, stacked, widths
from auditor.render.styles import ADOPTION_COLOURS, TONE_STATUS, colours_of, status_style, tone_style
from auditor.render.workbook_charts import Cells, Frame, bars, lines
from auditor.render.worksheet import Design, Pages

FIRST_WIDTH = 26
"""Width of the first column: the names of the verdicts stand there."""
CHARTED = (Status.FAIL, Status.UNANSWERED, Status.PENDING, Status.EXEMPT)
"""Verdicts that the charts show: the others are many, and would make these small."""
INKS = tuple(colours_of(status)[0] for status in CHARTED)
NIGHTS_CHARTED = 90
AROUND, LEAST, MOST = 6, 13, 30
"""Rows that a chart takes around its bars, of which each takes one, and that it has at least and at most."""
SECOND_CHART = 3
"""The column (from 0) over which the second of two charts begins."""


@dataclass
class SummarySheet:
    """Writes itself at once; ``nights`` are the cells of the trend on their own worksheet."""

    desk: Desk
    title: str
    nights: Cells

    def write(self) -> None:
        by_rule, adoption = (self.desk.report.tables[name] for name in ("by_rule", "adoption"))
        columns = (widths(self.desk.slots(table.columns)) for table in (by_rule, adoption))
        pages = self.desk.pages(Design(self.title, stacked([FIRST_WIDTH], *columns)))
        self._say(pages)
        self._count(pages)
        bars_in_one = max(sum(1 for _row in table.rows()) for table in (by_rule, adoption))
        beside = pages.space(min(max(AROUND + bars_in_one, LEAST), MOST))
        pages.line()
        pages.turn_page()
        trend = pages.space(LEAST if self._has_trend else 0)
        told = [self._table(pages, table) for table in (by_rule, adoption)]
        if pages.count == 1:
            self._charts(pages, told, beside)
            self._trend(pages, trend)
        pages.close()

    @property
    def _has_trend(self) -> bool:
        return len(self.desk.report.nights) > 1

    def _say(self, pages: Pages) -> None:
        """Everything that is said in sentences."""
        report, words = self.desk.report, self.desk.report.words
        pages.line(report.title, "title")
        pages.line(report.headline, tone_style(report.tone))
        if report.changed:
            pages.paragraph(report.changed.sentence)
        pages.paragraph(report.summary)
        zone = words["times_in"].format(zone=self.desk.clock.name(report.as_of))
        pages.line(f"{words['as_of']} {self.desk.clock.text(report.as_of)} · {zone}")
        if report.banner:
            pages.line()
            pages.line(report.banner.sentence, "section")
            for line in report.banner.lines:
                pages.paragraph(line)

    def _count(self, pages: Pages) -> None:
        report = self.desk.report
        pages.line()
        pages.line(report.words["verdicts"], "section")
        for card in report.cards:
            status = Status(card.key) if card.key in tuple(Status) else TONE_STATUS[card.tone]
            cells = [Styled(card.label, status_style(status)), Styled(card.value), Styled(card.note or None, "line")]
            pages.append(cells)
        if report.left_out:
            pages.line()
            pages.paragraph(report.left_out)
        pages.line()

    def _table(self, pages: Pages, table: Table) -> tuple[int, int]:
        """Write a table under its title and its note; gives the rows of its header and of its end."""
        pages.line()
        pages.line(table.title, "section")
        if table.note:
            pages.line(table.note)
        slots = self.desk.slots(table.columns)
        self.desk.begin(pages, slots, title=table.title)
        header = pages.row
        if not self.desk.write(pages, slots, table):
            pages.line(table.empty)
            return header, header
        return header, pages.row

    def _charts(self, pages: Pages, told: Sequence[tuple[int, int]], rows: tuple[int, int]) -> None:
        words, tables = self.desk.report.words, self.desk.report.tables
        (rules, last_rule), (regions, last_region) = told
        statuses = _positions(tables["by_rule"], [str(status) for status in CHARTED])
        if last_rule > rules and statuses:
            cells = Cells(pages.title, rules, rules + 1, last_rule, 0, statuses)
            frame = Frame(words["chart_by_rule"], words["chart_verdicts"], INKS)
            pages.chart(bars(cells, frame), (0, SECOND_CHART), rows)
        if last_region > regions:
            numbers = range(1, len(tables["adoption"].columns))
            cells = Cells(pages.title, regions, regions + 1, last_region, 0, numbers)
            frame = Frame(words["chart_adoption"], words["chart_machines"], ADOPTION_COLOURS)
            pages.chart(bars(cells, frame), (SECOND_CHART, pages.columns), rows)

    def _trend(self, pages: Pages, rows: tuple[int, int]) -> None:
        words = self.desk.report.words
        if self._has_trend:
            frame = Frame(words["chart_trend"], words["chart_verdicts"], INKS)
            pages.chart(lines(self.nights, frame), (0, pages.columns), rows)


def _positions(table: Table, keys: Sequence[str]) -> list[int]:
    keyed = [column.key for column in table.columns]
    return [keyed.index(key) for key in keys if key in keyed]
