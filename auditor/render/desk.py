"""What every worksheet of the workbook is written with: styles by kind of column, and the words of the report."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl import Workbook

from auditor.model.report import Report
from auditor.model.table import Cell, CellKind
from auditor.model.verdict import Severity, Status
from auditor.render.styles import status_style
from auditor.render.text import Clock
from auditor.render.worksheet import Design, Limits, Pages, Styled


@dataclass(frozen=True)
class Desk:
    """What every worksheet is written with."""

    report: Report
    book: Workbook
    clock: Clock
    limits: Limits

    def pages(self, design: Design) -> Pages:
        return Pages(self.book, design, self.clock, self.report.words["cell_cut"], self.limits)

    def styled(self, value: Cell, kind: CellKind) -> Styled:
        """``value`` in the words and the style of its column."""
        if kind is CellKind.STATUS and value in tuple(Status):
            status = Status(str(value))
            return Styled(self.report.status_words[status], status_style(status))
        if kind is CellKind.SEVERITY and value in tuple(Severity):
            return Styled(self.report.severity_words[Severity(str(value))])
        if isinstance(value, bool):
            return Styled(self.report.words["yes" if value else "no"])
        return Styled(value, "long" if kind is CellKind.LONG else "text")

    def label(self, label: str, kind: CellKind) -> Styled:
        """A cell of a header. Excel has no time zones: the header names the zone."""
        if kind is CellKind.TIME:
            return Styled(f"{label} ({self.report.time_zone})", "header")
        return Styled(label, "header right" if kind is CellKind.NUMBER else "header")
