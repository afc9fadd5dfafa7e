"""The output folder appears whole or not at all, and never in the place of something else."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ExitCode, OutputRefused
from auditor.model.report import Finding, Portion
from auditor.render.folder import FORMATS, check_output, write_folder
from tests.unit.render import sample

ALL = ("html", "xlsx", "json", "csv", "parquet")
SMALL = ("json",)


class Interrupted(Exception):
    """Something that ends a report half-way."""


def failing(error: Exception) -> Iterator[Portion]:
    yield Portion((sample.finding(),))
    raise error


def test_every_format_and_the_run_are_there(tmp_path: Path) -> None:
    place = write_folder(sample.report(8), tmp_path / "deep" / "report", ALL)
    names = {entry.name for entry in place.iterdir()}
    assert names == {"report.html", "report.xlsx", "findings.json", "findings.csv", "verdicts.parquet", "run.json"}
    assert set(FORMATS) == set(ALL)
    assert [entry.name for entry in place.parent.iterdir()] == ["report"]


def test_every_finding_is_made_once_for_all_formats(tmp_path: Path) -> None:
    made: list[Finding] = []

    def telling() -> Iterator[Portion]:
        for one in sample.findings(8):
            made.append(one)
            yield Portion((one,))

    write_folder(replace(sample.report(8), verdicts=telling), tmp_path / "report", ALL)
    assert len(made) == len(sample.findings(8))


def test_what_a_format_needs_is_imported_where_it_is_asked_for() -> None:
    """The workbook's and the page's libraries take a third of a second."""
    program = "import sys, auditor.render; print(sorted({'openpyxl', 'jinja2'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    place = write_folder(sample.report(2), tmp_path / "report", SMALL)
    assert {entry.name for entry in place.iterdir()} == {"findings.json", "run.json"}


@pytest.mark.parametrize("formats", [(name,) for name in ALL if name != "html"])
def test_a_report_that_fails_half_way_leaves_nothing(tmp_path: Path, formats: tuple[str, ...]) -> None:
    report = replace(sample.report(2), verdicts=lambda: failing(Interrupted()))
    with pytest.raises(Interrupted):
        write_folder(report, tmp_path / "report", formats)
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    place = write_folder(sample.report(2), tmp_path / "report", SMALL)
    before = (place / "findings.json").read_bytes()
    with pytest.raises(Interrupted):
        write_folder(replace(sample.report(2), verdicts=lambda: failing(Interrupted())), place, SMALL)
    assert (place / "findings.json").read_bytes() == before
    assert list(tmp_path.iterdir()) == [place]


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    report = replace(sample.report(2), verdicts=lambda: failing(full))
    with pytest.raises(
        OutputRefused, match=r"was not written to .*: no space left on device\. Free some space"
    ) as caught:
        write_folder(report, tmp_path / "report", SMALL)
    assert caught.value.exit_code is ExitCode.SETTINGS_REFUSED
    assert list(tmp_path.iterdir()) == []


ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from auditor.errors import OutputRefused
from auditor.render.folder import write_folder
from tests.unit.render import sample

resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    write_folder(sample.report(400), Path(sys.argv[1]) / "report", ("xlsx",))
except OutputRefused as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_disk_that_fills_up_under_the_workbook_is_told_and_not_what_the_workbook_makes_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "was not written to" in told.stdout and "file too large. Free some space" in told.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_report_gives_way_whole(tmp_path: Path) -> None:
    place = write_folder(sample.report(2), tmp_path / "report", ALL)
    write_folder(replace(sample.report(2), run={"tool": "x", "run_id": "second", "as_of": None}), place, SMALL)
    assert {entry.name for entry in place.iterdir()} == {"findings.json", "run.json"}
    assert json.loads((place / "run.json").read_bytes())["run_id"] == "second"
    assert list(tmp_path.iterdir()) == [place]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    assert (write_folder(sample.report(2), tmp_path / "report", SMALL) / "run.json").is_file()


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_folder(sample.report(2), tmp_path / "link", SMALL)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "run.json").is_file()


@pytest.mark.parametrize(
    "files",
    [
        {"thesis.docx": "ten years of work"},
        {"run.json": '{"scripts": {}}'},
        {"run.json": "not json"},
        {"report.html": "somebody else's"},
        {"run.json": '{"tool": "x", "run_id": "1", "as_of": null}', "notes.txt": "mine"},
    ],
    ids=["a document", "another run.json", "a broken run.json", "no run.json", "a report with a note beside it"],
)
def test_a_folder_that_holds_something_else_is_never_touched(tmp_path: Path, files: dict[str, str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for attempt in (lambda: check_output(folder), lambda: write_folder(sample.report(2), folder, SMALL)):
        with pytest.raises(OutputRefused, match="it holds what is not an earlier report"):
            attempt()
    assert {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir()} == files


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputRefused, match="a file of that name is in the way"):
        check_output(tmp_path / "report")


def test_a_file_among_the_parents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputRefused, match="the folder above it cannot be written"):
        check_output(tmp_path / "file" / "report")


def test_a_place_where_nobody_can_write_is_refused() -> None:
    """/proc refuses new folders, even to root."""
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc here: run on Linux to test a place that refuses writing")
    with pytest.raises(OutputRefused, match="the folder above it cannot be written"):
        check_output(Path("/proc/report"))


def test_a_mount_point_is_refused_as_it_cannot_be_replaced() -> None:
    with pytest.raises(OutputRefused, match="mount point"):
        check_output(Path("/"))


def test_a_missing_parent_is_made_and_no_trace_of_the_check_stays(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b" / "report")
    assert list((tmp_path / "a" / "b").iterdir()) == []
