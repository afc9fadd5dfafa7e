"""The whole workbook of a small fixed night as text, beside the one that somebody has looked at.

Where a change is meant, write the file anew: ``python -m tests.unit.render.test_workbook_golden``; and read what git
says of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from python_calamine import CalamineWorkbook

from auditor.model.report import Report
from auditor.render.workbook import workbook
from tests.unit.compose import parts
from tests.unit.render import sample

GOLDEN = Path(__file__).parents[2] / "golden" / "workbook.txt"


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


def written(folder: Path) -> str:
    sample.write(workbook, night(), folder / "report.xlsx")
    return as_text(folder / "report.xlsx")


def test_the_workbook_is_the_one_that_somebody_has_looked_at(tmp_path: Path) -> None:
    assert written(tmp_path) == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(written(Path(place)), encoding="utf-8")
