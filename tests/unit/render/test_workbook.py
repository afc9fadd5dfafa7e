"""The workbook, read back with openpyxl and with calamine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from auditor.model.report import FINDING_KEYS, LISTED_WHOLE, OF_WORKBOOK, Changed, Night, Report
from auditor.model.verdict import Status
from auditor.render.cells import CELL_UNITS
from auditor.render.workbook import workbook
from auditor.render.worksheet import Limits
from tests.unit.render import sample

STACKED = ("Summary", "Coverage", "Gaps", "Exemptions to look at")
SHEETS = ["Summary", "Findings", "Machines", "Versions by region", "Operations", "Exemptions", "Exemptions to look at",
          "Coverage", "Gaps", "By subscription", "Readings", "Nights", "No longer failing", "Rules", "About",
          "Data dictionary"]  # fmt: skip


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
    return sample.position_of(key)


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
    assert sheet.freeze_panes == {"Findings": "E2", "Machines": "B2"}.get(name, "A2")
    (table,) = sheet.tables.values()
    assert table.ref.startswith("A1:")
    assert table.autoFilter.ref == table.ref
    assert sheet.auto_filter.ref is None, "a second filter over a table makes Excel repair the file"
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
    tables = [place for page in pages for place in book[page].tables.items()]  # type: ignore[union-attr]  # no chart sheet
    assert tables == [("findings", "A1:AK4"), ("findings_2", "A1:AK4"), ("findings_3", "A1:AK2")]


def test_beyond_the_limit_of_links_the_address_is_text(tmp_path: Path) -> None:
    verdicts = [sample.finding(number) for number in range(4)]
    book = openpyxl.load_workbook(written(sample.report(verdicts=verdicts), tmp_path, Limits(links=2)))
    cells = [row[column("portal")] for row in book["Findings"].iter_rows(min_row=2)]
    assert [bool(cell.hyperlink) for cell in cells] == [True, True, False, False]
    assert cells[3].value == verdicts[3].portal


def test_a_link_leads_to_its_address_whatever_stands_in_it(tmp_path: Path) -> None:
    address = "https://portal.azure.com/#resource/a&b<c>\"d'/日本"
    verdict = sample.finding()._replace(portal=address)
    book = openpyxl.load_workbook(written(sample.report(verdicts=[verdict]), tmp_path))
    link = book["Findings"][2][column("portal")].hyperlink
    assert link is not None and link.target == address


def test_an_address_too_long_for_a_link_is_text(tmp_path: Path) -> None:
    verdict = sample.finding()._replace(portal="https://portal.azure.com/#" + "a" * 2_079)
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
    assert {table.empty for name, table in report.tables.items() if name != "operations"} <= texts


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
    verdict = sample.finding()._replace(first_seen=datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC))
    path = written(sample.report(verdicts=[verdict]), tmp_path)
    assert column_of(path, "first_seen") == [datetime(2026, 1, 2, 8, 59, 59)]  # noqa: DTZ001 - Excel has no zones


def test_each_version_has_a_key_beside_it_that_sorts_as_versions_do_and_is_folded_away(
    path: Path, book: openpyxl.Workbook
) -> None:
    _head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Machines").to_python()
    told = sorted({(str(row[3]), str(row[2])) for row in rows if row[2]})
    assert [version for _key, version in told] == ["1.9.0", "1.10.0.1", "1.30.2"]
    assert {row[3] for row in rows if not row[2]} == {""}, "what is not known has no key"
    folded = book["Machines"].column_dimensions["D"]  # type: ignore[union-attr]  # no chart sheet
    assert (folded.hidden, folded.outlineLevel) == (True, 1)


def test_the_dictionary_tells_every_column_of_every_worksheet(path: Path) -> None:
    """Its titles are those of the headers, whatever the language; the keys are those of the contract."""
    read = CalamineWorkbook.from_path(path)
    rows = read.get_sheet_by_name("Data dictionary").to_python()[1:]
    for name in (name for name in SHEETS if name not in (*STACKED, "Data dictionary")):
        header = read.get_sheet_by_name(name).to_python()[0]
        assert [row[1] for row in rows if row[0] == name] == header
    findings = {row[2]: row for row in rows if row[0] == "Findings"}
    assert {*FINDING_KEYS, *OF_WORKBOOK} <= findings.keys()
    assert all(row[3] and row[4] and row[5] for row in findings.values()), "meaning, unit and source"
    assert findings["auto_upgrade"][5].startswith("properties.enableAutomaticUpgrade")


NIGHTS = tuple(
    Night(sample.AS_OF - timedelta(days=ago), f"run-{ago}", {Status.FAIL: 10 - ago, Status.PASS: 3}, complete=ago != 1)
    for ago in (2, 1, 0)
)


def remembered() -> Report:
    """The second night of an archive."""
    new = sample.finding(0, change="new", first_seen=sample.AS_OF, nights=1)
    still = sample.finding(1, change="still", first_seen=sample.AS_OF - timedelta(days=2), nights=3)
    changed = Changed(sample.AS_OF - timedelta(days=1), {"new": 1, "still": 1}, "1 new failure, 1 still.")
    return replace(sample.report(verdicts=[new, still]), changed=changed, nights=NIGHTS)


def test_where_nights_are_remembered_the_summary_says_what_is_new_and_draws_their_trend(tmp_path: Path) -> None:
    path = written(remembered(), tmp_path)
    read = CalamineWorkbook.from_path(path)
    assert "1 new failure, 1 still." in {cell for row in read.get_sheet_by_name("Summary").to_python() for cell in row}
    nights = read.get_sheet_by_name("Nights").to_python()[1:]
    assert [(row[1], row[6], row[7]) for row in nights] == [(8, 3, "yes"), (9, 3, "no"), (10, 3, "yes")]
    assert column_of(path, "change") == ["new", "still"]
    assert column_of(path, "nights") == [1, 3]
    summary = openpyxl.load_workbook(path)["Summary"]
    assert [type(chart).__name__ for chart in summary._charts] == ["BarChart", "BarChart", "LineChart"]
    corner = summary._charts[2].anchor._from.row
    assert [each.id for each in summary.row_breaks.brk] == [corner], "on paper no chart is cut in two"
    (first, *_others) = summary._charts[2].series
    assert first.val.numRef.f == "'Nights'!$B$2:$B$4"


def test_without_an_archive_the_columns_are_there_and_empty(path: Path, book: openpyxl.Workbook) -> None:
    for key in ("change", "first_seen", "nights"):
        assert set(column_of(path, key)) == {""}
    assert len(book["Summary"]._charts) == 2  # type: ignore[union-attr]  # no chart sheet
    assert book["Nights"]["A3"].value == sample.words()["no_nights"]


def test_charts_name_the_cells_that_hold_their_numbers(book: openpyxl.Workbook) -> None:
    summary = book["Summary"]
    assert isinstance(summary, Worksheet)
    adoption = summary._charts[1]
    told = {}
    for series in adoption.series:
        sheet, _mark, place = series.val.numRef.f.partition("!")
        assert sheet == "'Summary'"
        title = summary[series.tx.strRef.f.partition("!")[2].replace("$", "")].value
        told[title] = [row[0].value for row in summary[place.replace("$", "")]]
    assert told == {"Latest": [21, 4], "1 behind": [9, 0], "2 behind": [0, 0], "3 or more behind": [6, 0],
                    "Not known": [0, 2]}  # fmt: skip


def test_numbers_take_their_colour_by_what_they_are(tmp_path: Path) -> None:
    """A zero stays plain; the rule is Excel's own, so that it follows when somebody filters or adds."""
    rules = openpyxl.load_workbook(written(remembered(), tmp_path))["Findings"].conditional_formatting
    kinds = {(str(each.sqref), rule.type) for each in rules for rule in each.rules}
    behind, change = (get_column_letter(column(key) + 1) for key in ("releases_behind", "change"))
    assert kinds == {(f"{behind}2:{behind}3", "colorScale"), (f"{change}2:{change}3", "cellIs")}


def test_headings_are_distinct_in_any_letter_case(tmp_path: Path) -> None:
    """A table with two columns of one name is repaired by Excel."""
    twice = sample.table("readings", "Readings", ["Same/text/10", "same/text/10", " Same\n/text/10"], [("a", "b", "c")])
    report = sample.report(verdicts=[])
    path = written(replace(report, tables={**report.tables, "readings": twice}), tmp_path)
    header = CalamineWorkbook.from_path(path).get_sheet_by_name("Readings").to_python()[0]
    assert header == ["Same", "same (2)", "Same (3)"]
