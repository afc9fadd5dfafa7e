"""The tables for other programs, read back as those programs would."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditor.model.contract import encodable
from auditor.model.report import FINDING_KEYS, LISTED_WHOLE, Finding, Portion
from auditor.model.verdict import Status
from auditor.render import tables
from auditor.render.batch import Batch, Pieces
from auditor.render.folder import Format
from auditor.render.tables import findings_csv, findings_json, verdicts_parquet, write_run_json
from auditor.render.text import FORMULA_STARTS, looks_like_formula, printable, utc_text
from tests.unit.render import sample


def test_json_holds_every_verdict_with_every_key_in_order(tmp_path: Path) -> None:
    made = sample.findings()
    sample.write(findings_json, sample.report(), tmp_path / "findings.json")
    rows = json.loads((tmp_path / "findings.json").read_bytes())
    assert [row["rule_id"] for row in rows] == [one.rule_id for one in made]
    assert all(tuple(row) == FINDING_KEYS for row in rows)
    assert [row["machine_name"] for row in rows] == [encodable(str(one.machine_name)) for one in made]


def test_json_writes_times_in_utc_and_evidence_as_objects(tmp_path: Path) -> None:
    tokyo = timezone(timedelta(hours=9))
    verdict = sample.finding()._replace(first_seen=datetime(2026, 1, 2, 9, 0, tzinfo=tokyo))
    sample.write(findings_json, sample.report(verdicts=[verdict]), tmp_path / "findings.json")
    (row,) = json.loads((tmp_path / "findings.json").read_bytes())
    assert row["first_seen"] == "2026-01-02T00:00:00Z"
    assert row["auto_upgrade_minor"] is True
    assert row["change"] is None
    assert row["evidence"][0] == {
        "name": "installed_version",
        "value": "1.30.2",
        "source": "instance_view",
        "read_at": "2026-03-02T17:26:00Z",
    }
    assert row["evidence"][3]["value"]["outcome"] == "failed"


@pytest.mark.parametrize(("count", "whole"), [(LISTED_WHOLE, True), (LISTED_WHOLE + 1, False)])
def test_a_large_json_leaves_what_needs_nobody_to_parquet(tmp_path: Path, count: int, whole: bool) -> None:
    fail, passed, stopped = (sample.finding(0, status=one) for one in (Status.FAIL, Status.PASS, Status.NOT_APPLICABLE))
    report = sample.report(verdicts=[fail, stopped, *[passed] * (count - 2)])
    sample.write(findings_json, report, tmp_path / "findings.json")
    counts = Counter(row["status"] for row in json.loads((tmp_path / "findings.json").read_bytes()))
    assert counts == ({"fail": 1, "not_applicable": 1, "pass": count - 2} if whole else {"fail": 1})


def test_csv_and_parquet_hold_every_verdict_however_many(tmp_path: Path) -> None:
    report = sample.report(verdicts=[sample.finding(0, status=Status.PASS)] * (LISTED_WHOLE + 1))
    sample.write(verdicts_parquet, report, tmp_path / "verdicts.parquet")
    sample.write(findings_csv, report, tmp_path / "findings.csv")
    assert pq.read_metadata(tmp_path / "verdicts.parquet").num_rows == LISTED_WHOLE + 1
    assert len(read_csv(tmp_path / "findings.csv")) == LISTED_WHOLE + 1


def test_findings_that_share_their_evidence_each_have_it_whole(tmp_path: Path) -> None:
    shared = sample.evidence(name="os", value="linux")
    own = [sample.evidence(name="version", value=f"1.{number}") for number in range(2)]
    verdicts = [sample.finding(number, evidence=(shared, own[number])) for number in range(2)]
    sample.write(findings_json, sample.report(verdicts=verdicts), tmp_path / "findings.json")
    told = [
        [item["value"] for item in row["evidence"]] for row in json.loads((tmp_path / "findings.json").read_bytes())
    ]
    assert told == [["linux", "1.0"], ["linux", "1.1"]]


def test_csv_quotes_what_would_break_a_row(tmp_path: Path) -> None:
    names = ['say "no"', "a,b", "two\nlines", "cr\rhere", "plain"]
    verdicts = [sample.finding(number, machine_name=name) for number, name in enumerate(names)]
    sample.write(findings_csv, sample.report(verdicts=verdicts), tmp_path / "findings.csv")
    assert [row["machine_name"] for row in read_csv(tmp_path / "findings.csv")] == names
    assert (tmp_path / "findings.csv").read_bytes().endswith(b"\r\n")


def test_an_empty_json_is_an_empty_list(tmp_path: Path) -> None:
    sample.write(findings_json, sample.empty_report(), tmp_path / "findings.json")
    assert json.loads((tmp_path / "findings.json").read_bytes()) == []


def test_csv_is_rfc_4180_with_a_byte_order_mark(tmp_path: Path) -> None:
    sample.write(findings_csv, sample.report(), tmp_path / "findings.csv")
    content = (tmp_path / "findings.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrule_id,status,")
    assert content.endswith(b"\r\n")
    rows = read_csv(tmp_path / "findings.csv")
    assert len(rows) == len(sample.findings())
    assert all(tuple(row) == FINDING_KEYS for row in rows)


def test_no_cell_of_the_csv_begins_like_a_formula(tmp_path: Path) -> None:
    sample.write(findings_csv, sample.report(), tmp_path / "findings.csv")
    rows = read_csv(tmp_path / "findings.csv")
    assert [value for row in rows for value in row.values() if value.startswith(FORMULA_STARTS)] == []
    names = {row["machine_name"] for row in rows}
    assert {"'+1+1", "'-2+3", "'@SUM(1,2)", "'\t=1+1"} <= names


def test_csv_writes_unknown_flags_times_and_evidence(tmp_path: Path) -> None:
    verdicts = [sample.finding(), sample.finding(1, status=Status.UNANSWERED)]
    sample.write(findings_csv, sample.report(verdicts=verdicts), tmp_path / "findings.csv")
    known, unread = read_csv(tmp_path / "findings.csv")
    assert (known["auto_upgrade_minor"], known["installed_version_at"]) == ("true", "2026-03-02T17:26:00Z")
    assert (unread["auto_upgrade_minor"], unread["installed_version"]) == ("", "")
    assert json.loads(known["evidence"])[0]["value"] == "1.30.2"


def test_parquet_holds_every_verdict_in_typed_columns(tmp_path: Path) -> None:
    made = sample.findings()
    sample.write(verdicts_parquet, sample.report(), tmp_path / "verdicts.parquet")
    table = pq.read_table(tmp_path / "verdicts.parquet")
    assert tuple(table.column_names) == FINDING_KEYS
    assert table.schema.field("first_seen").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("releases_behind").type == pa.int32()
    assert table.schema.field("auto_upgrade_minor").type == pa.bool_()
    assert table["machine_name"].to_pylist() == [encodable(str(one.machine_name)) for one in made]
    assert table["releases_behind"].to_pylist() == [one.releases_behind for one in made]
    assert table["installed_version_at"].to_pylist() == [one.installed_version_at for one in made]
    assert json.loads(table["evidence"][0].as_py())[0]["name"] == "installed_version"


def test_an_empty_parquet_keeps_its_columns(tmp_path: Path) -> None:
    sample.write(verdicts_parquet, sample.empty_report(), tmp_path / "verdicts.parquet")
    table = pq.read_table(tmp_path / "verdicts.parquet")
    assert table.num_rows == 0
    assert tuple(table.column_names) == FINDING_KEYS


def test_run_json_keeps_the_order_given(tmp_path: Path) -> None:
    run = {
        "tool": "x",
        "as_of": datetime(2026, 1, 1, tzinfo=UTC),
        "counts": {"AMA-001": {"fail": 1}},
        "gaps": ["half \ud83d"],
    }
    write_run_json(replace(sample.report(), run=run), tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["tool", "as_of", "counts", "gaps"]
    assert '  "as_of": "2026-01-01T00:00:00Z",\n' in text


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_is_what_another_writer_makes_of_the_same_texts(tmp_path: Path) -> None:
    texts = [*sample.HOSTILE, *(f"{start}, {text}" for start in FORMULA_STARTS for text in ('"', "x", "\n")), "", None]
    seen = [sample.AS_OF.replace(microsecond=at % 2 * (at + 1)) for at in range(len(texts))]
    verdicts = [
        sample.finding(at, machine_name=text, owner=text, resource_id=str(text), installed_version_at=moment)
        for at, (text, moment) in enumerate(zip(texts, seen, strict=True))
    ]
    sample.write(findings_csv, sample.report(verdicts=verdicts), tmp_path / "findings.csv")
    told = io.StringIO(newline="")
    csv.writer(told).writerows([FINDING_KEYS, *(map(text_of, row) for row in rows_of(verdicts))])
    assert (tmp_path / "findings.csv").read_bytes().decode("utf-8-sig") == told.getvalue()


@pytest.mark.parametrize("form", [findings_json, findings_csv, verdicts_parquet])
def test_what_holds_no_verdict_adds_none(tmp_path: Path, form: Format) -> None:
    whole = Batch(sample.findings(1), Pieces()).columns
    told = [Portion((), part) for part in (whole.slice(0, 0), whole, whole.slice(1, 0))]
    for name, portions in (("all", told), ("some", told[1:2])):
        sample.write(form, replace(sample.report(1), verdicts=lambda portions=portions: portions), tmp_path / name)
    assert (tmp_path / "all").read_bytes() == (tmp_path / "some").read_bytes()


def rows_of(verdicts: list[Finding]) -> Iterator[tuple[object, ...]]:
    return zip(*Batch(verdicts, Pieces()).columns.to_pydict().values(), strict=True)


def text_of(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return utc_text(value)
        case str() if looks_like_formula(printable(value)):
            return f"'{printable(value)}"
        case str():
            return printable(value)
    return "" if value is None else str(value)


@pytest.mark.parametrize("count", [1, 7])
def test_the_rows_of_a_parquet_stand_together_alike_however_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP", 10)
    whole = Batch(sample.findings(8), Pieces()).columns
    rows, contents = whole.num_rows, []
    for size in (count, rows):
        parts = [Portion((), whole.slice(at, size)) for at in range(0, rows, size)]
        sample.write(verdicts_parquet, replace(sample.report(1), verdicts=lambda parts=parts: parts), tmp_path / "x")
        contents.append((tmp_path / "x").read_bytes())
    told = pq.ParquetFile(tmp_path / "x").metadata
    assert contents[0] == contents[1]
    assert [told.row_group(at).num_rows for at in range(told.num_row_groups)] == [*[10] * (rows // 10), rows % 10]


def test_what_is_left_to_the_tables_stands_in_no_list(tmp_path: Path) -> None:
    """Even where it is told as a finding too: people are told of it elsewhere."""
    fail, fixed = sample.finding(), sample.finding(1, status=Status.PASS, change="fixed")
    left = Portion((fixed,), Batch([fixed, sample.finding(2, status=Status.PASS)], Pieces()).columns)
    report = replace(sample.report(1), verdicts=lambda: [Portion((fail,)), left], findings_total=LISTED_WHOLE + 1)
    for form, name in ((findings_json, "json"), (findings_csv, "csv"), (verdicts_parquet, "parquet")):
        sample.write(form, report, tmp_path / name)
    assert [row["status"] for row in json.loads((tmp_path / "json").read_bytes())] == ["fail"]
    assert [row["status"] for row in read_csv(tmp_path / "csv")] == ["fail", "pass", "pass"]
    assert pq.read_table(tmp_path / "parquet")["change"].to_pylist() == [None, "fixed", None]
