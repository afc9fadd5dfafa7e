"""What the report settles as a whole."""

from __future__ import annotations

from auditor.catalogue import Catalogue
from auditor.compose.report import shares
from auditor.model.verdict import Status
from tests.unit.compose import parts


def test_small_groups_are_shown_wholly_and_the_others_alike() -> None:
    totals = {("A", Status.FAIL): 1_000, ("B", Status.FAIL): 3, ("C", Status.FAIL): 70, ("D", Status.PENDING): 0}
    assert list(shares(totals, 100).values()) == [0, 3, 48, 49]
    assert shares(totals, 10_000) == totals


def test_the_catalogue_has_no_heading_meaning_or_table_for_nothing() -> None:
    report, sections = parts.report_of(), Catalogue("en").sections
    columns = {"findings": report.finding_columns, **{name: table.columns for name, table in report.tables.items()}}
    keys = {column.key for told in columns.values() for column in told}
    of_tables = {f"{name}.{column.key}" for name, told in columns.items() for column in told}

    assert set(sections["labels"]) <= keys
    assert set(sections["meanings"]) <= keys | of_tables | {"verdicts"}, "verdicts: a column for each of them"
    assert set(sections["tables"]) == set(report.tables)
