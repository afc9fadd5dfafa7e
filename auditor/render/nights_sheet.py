"""The nights of the trend as a table, and where the summary's chart finds them."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.report import Report
from auditor.model.table import Cell, CellKind, Table, TableColumn
from auditor.model.verdict import Status
from auditor.render.workbook_charts import Cells


def night_table(report: Report) -> Table:
    """One row for each night that is remembered, the oldest first; none where there is no archive."""
    words = report.words
    described = {column.key: column.meaning for column in report.tables["by_rule"].columns}

    def rows() -> Iterator[tuple[Cell, ...]]:
        for night in report.nights:
            counts = (None if night.unread else night.counts.get(status, 0) for status in Status)
            yield (night.as_of, *counts, words["yes" if night.complete and not night.narrow else "no"], night.run_id)

    statuses = (
        TableColumn(str(status), report.status_words[status], CellKind.NUMBER, 14, described.get(str(status), ""))
        for status in Status
    )
    columns = (
        TableColumn("as_of", words["nights_as_of"], CellKind.TIME, 22, words["nights_as_of_meaning"]),
        *statuses,
        TableColumn("complete", words["nights_complete"], CellKind.TEXT, 12, words["nights_complete_meaning"]),
        TableColumn("run_id", words["nights_run_id"], CellKind.TEXT, 34, words["nights_run_id_meaning"]),
    )
    return Table("nights", words["sheet_nights"], columns, rows, empty=words["no_nights"])


def charted(report: Report, most: int, statuses: tuple[Status, ...]) -> Cells:
    """The last nights, ``most`` at most, with their verdicts of these kinds, on their worksheet."""
    last = 1 + len(report.nights)
    numbers = [1 + list(Status).index(status) for status in statuses]
    return Cells(report.words["sheet_nights"], 1, max(2, last - most + 1), last, 0, numbers)
