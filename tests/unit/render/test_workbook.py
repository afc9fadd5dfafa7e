"""The workbook, read back with openpyxl and with calamine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from auditor.model.report import LISTED_WHOLE, Report
from auditor.model.verdict import Status
from auditor.render.findings_sheet import FINDING_COLUMNS
from auditor.render.workbook import workbook
from auditor.render.worksheet import CELL_UNITS, Limits
from tests.unit.render import sample

STACKED = ("Summary", "Coverage", "Gaps", "Exemptions to look at")
SHEETS = ["Summary", "Findings", "Coverage", "Gaps", "Exemptions to look at", "Rules", "By subscription", "Readings",
          "Versions", "Operations", "Exemptions", "About"]  # fmt: skip


def written(report: Report, folder: Path, limits: Limits | None = None) -> Path:
    path = folder / "report.xlsx"
    sample.write(partial(workbook, limits=limits) if limits else workbook, report, path)
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(sample.report(), tmp_path_factory.mktemp("workbook"))


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def column(key: str) -> int:
    return list(FINDING_COLUMNS).index(key)


def column_of(path: Path, key: str, sheet: str = "Findings") -> list[object]:
    """A column of the findings below its header, as calamine reads it."""
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return [row[column(key)] for row in rows[1:]]


def test_the_worksheets_are_those_of_the_catalogue(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == SHEETS
    assert all(len(name) <= 31 for name in book.sheetnames)


@pytest.mark.parametrize("name", [name for name in SHEETS if name not in STACKED])
def test_headers_are_frozen_and_rows_can_be_filtered(book: openpyxl.Workbook, name: str) -> None:
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert all(sheet.column_dimensions[get_column_letter(index)].width > 5 for index in range(1, sheet.max_column + 1))


def test_every_verdict_has_its_row(path: Path) -> None:
    made = sample.findings()
    assert column_of(path, "status") == [sample.STATUS_WORDS[one.status] for one in made]
    assert column_of(path, "rule_id") == [one.rule_id for one in made]


def test_texts_come_back_as_they_were(path: Path) -> None:
    """Hostile ones too; calamine reads no Excel dialect of ours, and decodes _x0041_ as Excel does."""
    names = {str(name).replace("\r", "\n") for name in column_of(path, "machine_name")}
    assert set(sample.fitting_names()) <= names


def test_no_cell_is_a_formula_or_an_error(book: openpyxl.Workbook) -> None:
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d", "inlineStr"}


def test_the_file_itself_holds_no_formula(path: Path) -> None:
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in archive.read(name)
                assert b"<f " not in archive.read(name)


def test_a_text_that_looks_like_a_formula_keeps_its_quote_prefix(book: openpyxl.Workbook) -> None:
    """Otherwise it would become one when a person edits the cell."""
    cells = [row[column("machine_name")] for row in book["Findings"].iter_rows(min_row=2)]
    hostile = [cell for cell in cells if str(cell.value).startswith(("=", "+", "-", "@", "\t", "\n"))]
    assert len(hostile) >= 6
    assert all(cell.quotePrefix for cell in hostile)
    assert not any(cell.quotePrefix for cell in cells if str(cell.value).startswith("vm-app"))


def test_a_text_that_no_cell_can_hold_is_cut_and_says_so(path: Path) -> None:
    """The limit counts UTF-16 units: 17,000 towers are 34,000 of them."""
    cut = sample.words()["cell_cut"]
    long = [str(name) for name in column_of(path, "machine_name") if str(name).endswith(cut)]
    assert sorted(name[0] for name in long) == ["a", "🗼"]
    assert all(CELL_UNITS - 1 <= len(name.encode("utf-16-le")) // 2 <= CELL_UNITS for name in long)


def test_times_are_dates_in_the_zone_that_the_header_names(path: Path, book: openpyxl.Workbook) -> None:
    header = book["Findings"][1][column("installed_version_at")].value
    assert header == "Installed version as of (Asia/Tokyo)"
    assert datetime(2026, 3, 3, 2, 26) in column_of(path, "installed_version_at")  # noqa: DTZ001 - Excel has no zones


def test_a_year_before_excel_stays_text(book: openpyxl.Workbook) -> None:
    values = [row[0].value for row in book["Operations"].iter_rows(min_row=2)]
    assert values[1] == "0001-01-01 09:18:59"


def test_numbers_are_numbers_and_versions_are_texts(book: openpyxl.Workbook) -> None:
    row = next(book["Findings"].iter_rows(min_row=2, values_only=True))
    assert row[column("releases_behind")] == 8
    assert row[column("requested_version")] == "1.0"


def test_verdicts_have_their_colours(book: openpyxl.Workbook) -> None:
    colours = {row[0].value: row[0].fill.start_color.rgb for row in book["Findings"].iter_rows(min_row=2)}
    assert set(colours) == set(sample.STATUS_WORDS.values())
    assert len(set(colours.values())) == len(Status)


def test_machines_are_told_by_kind_and_a_model_is_marked_as_one(path: Path) -> None:
    kinds = set(column_of(path, "machine_kind"))
    assert kinds == {"Virtual machine", "Scale-set instance", "Arc-enabled server", "Scale set model"}
    assert {"Arc agent", "Heartbeats"} <= set(column_of(path, "installed_version_source"))


def test_what_needs_nobody_is_left_to_parquet_where_there_is_too_much_and_the_summary_says_so(tmp_path: Path) -> None:
    passed = sample.finding(0, status=Status.PASS)
    report = sample.report(verdicts=[sample.finding(), *[passed] * LISTED_WHOLE])
    path = written(report, tmp_path)
    assert column_of(path, "status") == [sample.STATUS_WORDS[Status.FAIL]]
    summary = CalamineWorkbook.from_path(path).get_sheet_by_name("Summary").to_python()
    assert report.left_out in {str(value) for row in summary for value in row}


def test_rows_of_several_lines_are_told_their_height(book: openpyxl.Workbook) -> None:
    sheet = book["Findings"]
    assert isinstance(sheet, Worksheet)
    heights = {sheet.row_dimensions[at].height for at in range(2, sheet.max_row + 1)}
    assert max(height for height in heights if height) == 15 * 6 + 3


def test_portal_links_are_links_over_https(book: openpyxl.Workbook) -> None:
    """Where there is something to do; a pass needs no link."""
    rows = list(book["Findings"].iter_rows(min_row=2))
    linked = [row[column("portal")].hyperlink for row in rows]
    passed = [row[0].value in ("Passes", "Not applicable") for row in rows]
    assert [link is None for link in linked] == passed
    targets = [link.target or "" for link in linked if link]
    assert all(target.startswith("https://portal.azure.com/") for target in targets)
    assert [cell.hyperlink for row in book["Operations"].iter_rows(min_row=3) for cell in row if cell.hyperlink] == []


def test_a_full_worksheet_goes_on_in_the_next(tmp_path: Path) -> None:
    verdicts = [sample.finding(number) for number in range(7)]
    path = written(sample.report(verdicts=verdicts), tmp_path, Limits(rows=4, links=2))
    book = openpyxl.load_workbook(path)
    pages = [name for name in book.sheetnames if name.startswith("Findings")]
    assert pages == ["Findings", "Findings 2", "Findings 3"]
    names = [name for page in pages for name in column_of(path, "machine_name", page)]
    assert names == [one.machine_name for one in verdicts]
    assert {book[page]["A1"].value for page in pages} == {"Verdict"}
    assert [book[page].auto_filter.ref for page in pages] == ["A1:AG4", "A1:AG4", "A1:AG2"]


def test_beyond_the_limit_of_links_the_address_is_text(tmp_path: Path) -> None:
    verdicts = [sample.finding(number) for number in range(4)]
    book = openpyxl.load_workbook(written(sample.report(verdicts=verdicts), tmp_path, Limits(links=2)))
    cells = [row[column("portal")] for row in book["Findings"].iter_rows(min_row=2)]
    assert [bool(cell.hyperlink) for cell in cells] == [True, True, False, False]
    assert cells[3].value == verdicts[3].portal


def test_an_address_too_long_for_a_link_is_text(tmp_path: Path) -> None:
    verdict = replace(sample.finding(), portal="https://portal.azure.com/#" + "a" * 2_079)
    book = openpyxl.load_workbook(written(sample.report(verdicts=[verdict]), tmp_path))
    cell = book["Findings"][2][column("portal")]
    assert cell.hyperlink is None
    assert cell.value == verdict.portal


def test_an_empty_night_says_so_on_every_sheet(tmp_path: Path) -> None:
    report = sample.empty_report()
    path = written(report, tmp_path)
    book = CalamineWorkbook.from_path(path)
    texts = {
        str(value) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for value in row
    }
    assert {table.empty for table in report.tables.values()} <= texts


def test_the_summary_says_what_the_page_says(path: Path) -> None:
    report = sample.report()
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Summary").to_python()
    texts = {str(value) for row in rows for value in row}
    assert report.banner
    assert {report.headline, report.summary, report.banner.sentence, *report.banner.lines} <= texts
    assert {(card.label, float(card.value)) for card in report.cards} <= {tuple(row[:2]) for row in rows}
    assert any("Asia/Tokyo (UTC+09:00)" in text for text in texts)


def test_a_date_is_a_date_in_every_zone(tmp_path: Path) -> None:
    report = sample.report(verdicts=[])
    exemptions = sample.table("exemptions", "Exemptions", ["Expires/text/12"], [(date(2026, 6, 30),)])
    path = written(replace(report, tables={**report.tables, "exemptions": exemptions}), tmp_path)
    assert CalamineWorkbook.from_path(path).get_sheet_by_name("Exemptions").to_python()[1] == [date(2026, 6, 30)]


def test_times_of_any_zone_are_converted(tmp_path: Path) -> None:
    verdict = replace(sample.finding(), first_seen=datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC))
    path = written(sample.report(verdicts=[verdict]), tmp_path)
    assert column_of(path, "first_seen") == [datetime(2026, 1, 2, 8, 59, 59)]  # noqa: DTZ001 - Excel has no zones
