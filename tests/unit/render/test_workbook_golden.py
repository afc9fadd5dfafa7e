"""The whole workbook of a small night as text, as it stands in ``tests/golden/workbook.txt``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from python_calamine import CalamineWorkbook

from auditor.model.report import Report
from auditor.render.workbook import workbook
from tests.golden import golden
from tests.unit.compose import parts
from tests.unit.render import sample


def night() -> Report:
    """As compose settles it, over one machine of each kind; Tokyo, so that a time that was not converted would show."""
    settings = parts.composer().settings
    chosen = settings.model_copy(update={"report": settings.report.model_copy(update={"time_zone": "Asia/Tokyo"})})
    told = parts.report_of(settings=chosen)
    lasting = [row for row in told.tables["about"].rows() if row[0] != "Seconds by stage"]
    return replace(told, tables={**told.tables, "about": replace(told.tables["about"], rows=lambda: lasting)})


def as_text(path: Path) -> str:
    return "\n".join(_lines(CalamineWorkbook.from_path(path))) + "\n"


def _lines(book: CalamineWorkbook) -> Iterator[str]:
    for name in book.sheet_names:
        yield f"# {name}"
        for row in book.get_sheet_by_name(name).to_python():
            cells = [_cell(value) for value in row]
            yield " | ".join(cells).rstrip(" |")
        yield ""


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(" ") if isinstance(value, datetime) else str(value).replace("\n", "⏎")


def test_the_workbook_is_the_golden_one(tmp_path: Path) -> None:
    sample.write(workbook, night(), tmp_path / "report.xlsx")
    now = as_text(tmp_path / "report.xlsx")
    assert now == golden("workbook.txt", now)
