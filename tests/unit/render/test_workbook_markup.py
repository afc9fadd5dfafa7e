"""The workbook's own markup, judged by what is known to make Excel "repair" a file, for Excel is not here.

The rules are those of ECMA-376 and of the limits of Excel:
https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest
from lxml import etree
from openpyxl.utils.cell import range_boundaries

from auditor.render.workbook import workbook
from auditor.render.worksheet import Limits
from tests.unit.render import sample

Parts = Mapping[str, etree._Element]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
ORDER = (
    *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "mergeCells"),
    *("conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup"),
    *("headerFooter", "rowBreaks", "colBreaks", "drawing", "legacyDrawing", "tableParts"),
)
"""Of the elements of a worksheet (CT_Worksheet); another order is a broken file."""


@pytest.fixture(scope="module", params=[None, Limits(rows=40, links=20)], ids=["whole", "split"])
def parts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """Every part of a workbook full of hostile names, parsed: a character that XML forbids would stop here."""
    path = tmp_path_factory.mktemp("markup") / "report.xlsx"
    sample.write(partial(workbook, limits=request.param) if request.param else workbook, sample.report(), path)
    with ZipFile(path) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names)), "no part stands there twice"
        return {name: etree.fromstring(archive.read(name)) for name in names}


def worksheets(parts: Parts) -> Iterator[tuple[str, etree._Element]]:
    return ((name, part) for name, part in parts.items() if name.startswith("xl/worksheets/sheet"))


def tables(parts: Parts) -> Iterator[etree._Element]:
    return (part for name, part in parts.items() if name.startswith("xl/tables/"))


def related(parts: Parts, name: str) -> Mapping[str, str]:
    """The targets of a part's relationships, by id."""
    place = PurePosixPath(name)
    found = parts.get(f"{place.parent}/_rels/{place.name}.rels")
    return {} if found is None else {str(each.get("Id")): str(each.get("Target")) for each in found}


def text_of(cell: etree._Element) -> str:
    return "".join(cell.itertext())


def test_the_elements_of_a_worksheet_stand_in_their_order(parts: Parts) -> None:
    for name, sheet in worksheets(parts):
        told = [ORDER.index(str(child.tag).removeprefix(MAIN)) for child in sheet]
        assert told == sorted(told), name


def test_rows_and_cells_stand_in_their_order_and_have_a_style_that_is_there(parts: Parts) -> None:
    styles = parts["xl/styles.xml"].find(f"{MAIN}cellXfs")
    assert styles is not None
    for name, sheet in worksheets(parts):
        rows = [int(str(row.get("r"))) for row in sheet.iter(f"{MAIN}row")]
        assert rows == list(range(1, len(rows) + 1)), name
        for row in sheet.iter(f"{MAIN}row"):
            places = [range_boundaries(str(cell.get("r"))) for cell in row]
            assert places == sorted(places)
            assert {place[1] for place in places} <= {int(str(row.get("r")))}
            assert all(int(cell.get("s", "0")) < len(styles) for cell in row)


def test_a_cell_is_a_text_or_a_number_and_no_formula(parts: Parts) -> None:
    for _name, sheet in worksheets(parts):
        for cell in sheet.iter(f"{MAIN}c"):
            assert cell.get("t") in ("inlineStr", "n")
            (content,) = cell
            assert content.tag == f"{MAIN}{'is' if cell.get('t') == 'inlineStr' else 'v'}"
            assert cell.get("t") == "inlineStr" or float(text_of(cell)) >= 0


def test_the_header_of_a_table_is_its_columns_names_letter_by_letter(parts: Parts) -> None:
    checked = 0
    for name, sheet in worksheets(parts):
        for part in sheet.iter(f"{MAIN}tablePart"):
            table = parts[related(parts, name)[str(part.get(f"{RELATION}id"))].removeprefix("/")]
            left, top, right, bottom = range_boundaries(str(table.get("ref")))
            (header,) = [row for row in sheet.iter(f"{MAIN}row") if row.get("r") == str(top)]
            columns = table.findall(f"{MAIN}tableColumns/{MAIN}tableColumn")
            names = [str(column.get("name")) for column in columns]
            assert [text_of(cell) for cell in header] == names
            assert {cell.get("t") for cell in header} == {"inlineStr"}
            assert len({each.casefold() for each in names}) == len(names) == right - left + 1
            assert [column.get("id") for column in columns] == [str(at) for at in range(1, len(names) + 1)]
            assert bottom > top, "a table has a row at least"
            checked += 1
    assert checked == len(list(tables(parts))) >= 11


def test_tables_have_names_of_their_own_that_are_no_cells(parts: Parts) -> None:
    names = [str(table.get("displayName")) for table in tables(parts)]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z_]\w{2,250}", name) for name in names)
    assert not any(re.fullmatch(r"[A-Za-z]{1,3}[0-9]+|[rc][0-9]*", name, re.IGNORECASE) for name in names)
    assert len({table.get("id") for table in tables(parts)}) == len(names)


def test_a_worksheet_with_a_table_has_no_filter_beside_it_and_its_tables_do_not_touch_merged_cells(
    parts: Parts,
) -> None:
    for name, sheet in worksheets(parts):
        merged = [range_boundaries(str(each.get("ref"))) for each in sheet.iter(f"{MAIN}mergeCell")]
        rows = [row for _left, top, _right, bottom in merged for row in range(top, bottom + 1)]
        assert len(rows) == len(set(rows)), "merged cells do not overlap"
        if sheet.find(f"{MAIN}tableParts") is not None:
            assert sheet.find(f"{MAIN}autoFilter") is None, name
            assert not merged, name


def test_worksheets_have_names_that_excel_takes(parts: Parts) -> None:
    names = [str(sheet.get("name")) for sheet in parts["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)


def test_defined_names_are_those_of_printing_and_name_worksheets_that_are_there(parts: Parts) -> None:
    names = {str(sheet.get("name")) for sheet in parts["xl/workbook.xml"].iter(f"{MAIN}sheet")}
    defined = list(parts["xl/workbook.xml"].iter(f"{MAIN}definedName"))
    assert {each.get("name") for each in defined} == {"_xlnm.Print_Titles", "_xlnm.Print_Area"}
    assert {text_of(each).rpartition("!")[0].strip("'") for each in defined} <= names


def test_every_relationship_leads_to_a_part_or_over_https(parts: Parts) -> None:
    for name, part in parts.items():
        if not name.endswith(".rels"):
            continue
        for each in part:
            target = str(each.get("Target"))
            if each.get("TargetMode") == "External":
                assert re.fullmatch(r"https://[!-~]{1,2071}", target), target
            else:
                folder = PurePosixPath(name).parent.parent
                assert (target.removeprefix("/") if target.startswith("/") else str(folder / target)) in parts


def test_links_are_no_more_than_a_worksheet_takes_and_each_has_its_cell(parts: Parts) -> None:
    for name, sheet in worksheets(parts):
        links = list(sheet.iter(f"{MAIN}hyperlink"))
        assert len({link.get("ref") for link in links}) == len(links) <= Limits().links
        assert {str(link.get(f"{RELATION}id")) for link in links} <= related(parts, name).keys()


def test_no_part_holds_a_text_longer_than_a_cell_takes(parts: Parts) -> None:
    for _name, sheet in worksheets(parts):
        for cell in sheet.iter(f"{MAIN}is"):
            assert len(re.sub("_x005F_", "_", text_of(cell)).encode("utf-16-le")) // 2 <= 32_767
