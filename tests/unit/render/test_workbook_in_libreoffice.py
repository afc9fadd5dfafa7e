"""The workbook opened by LibreOffice: it takes the file, and evaluates nothing in it."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from auditor.render.workbook import workbook
from tests.real_parts import require
from tests.unit.render import sample

# Comma, double quote, UTF-8, every worksheet a file of its own.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each worksheet as LibreOffice sees it."""
    program, folder = require("soffice"), tmp_path_factory.mktemp("libreoffice")
    sample.write(workbook, sample.report(), folder / "report.xlsx")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    places = [str(folder), str(folder / "report.xlsx")]
    command = [str(program), profile, "--headless", "--convert-to", AS_CSV, "--outdir", *places]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder


def rows_of(folder: Path, sheet: str) -> list[list[str]]:
    with (folder / f"report-{sheet}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_texts_that_look_like_formulas_are_shown_as_they_are(sheets: Path) -> None:
    at = sample.position_of("machine_name")
    names = {row[at].replace("\r", "\n") for row in rows_of(sheets, "Findings")[1:]}
    assert set(sample.fitting_names()) <= names


def test_every_verdict_has_its_row(sheets: Path) -> None:
    assert len(rows_of(sheets, "Findings")) == 1 + len(sample.findings())


def test_times_are_shown_as_dates(sheets: Path) -> None:
    at = sample.position_of("installed_version_at")
    assert "2026-03-03 02:26" in {row[at][:16] for row in rows_of(sheets, "Findings")}
