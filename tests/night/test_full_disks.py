"""A disk that fills: for the report, for the frames of the night, and for the archive.

The disk is a real one of a few megabytes. It is full for the second of three nights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ExitCode
from tests.night.full_disk import Seen, nights_on
from tests.night.parts import FIRST, IN_BULK, LATEST, Bench, agent, estate, machine, subscription

NIGHTS = [f"2026-11-2{day}T03:00:00Z" for day in (2, 3, 4)]


def three_nights(bench: Bench, disk: str, *, left: int = 0, formats: tuple[str, ...] = ("json",)) -> list[Seen]:
    """``disk`` is what lies on the disk that fills: report, archive or temporary."""
    azure = bench.simulate(estate(subscription(FIRST, machine("web-1", agent("Linux", LATEST, auto_upgrade=False)))))
    place = bench.folder / "disk"
    folders = {name: place if name == disk else bench.folder for name in ("report", "archive")}
    config = bench.config(azure, {"archive": {"url": f"file:{folders['archive']}/archive"}, **IN_BULK})
    command = ["run", "--config", str(config), "--output", str(folders["report"] / "report")]
    wanted = [part for each in formats for part in ("--format", each)]
    environ = {"TMPDIR": str(place)} if disk == "temporary" else {}
    nights = [[*command, *wanted, "--as-of", at] for at in NIGHTS]
    return nights_on(place, nights, left=left, AUDITOR_ACCESS_TOKEN="any", **environ)


def run_in(folder: Path) -> Mapping[str, Any]:
    return dict(json.loads((folder / "report/run.json").read_bytes()))


def files_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_a_full_disk_leaves_the_former_report_and_the_next_night_has_its_own(bench: Bench) -> None:
    first, full, after = three_nights(bench, "report", left=20_000)

    assert [each.code for each in (first, full, after)] == [ExitCode.DELIVERED, ExitCode.SETTINGS_REFUSED, 0]
    sentence = full.err.splitlines()[-1]
    assert sentence.startswith("The report was not written to ") and "no space left on device" in sentence
    assert "Free some space there and in " in sentence and "Traceback" not in full.err
    assert files_in(full.disk) == files_in(first.disk), "nothing half-written"
    assert run_in(full.disk) == run_in(first.disk)
    assert run_in(after.disk)["as_of"] == NIGHTS[2]
    assert run_in(after.disk)["changes"]["since"] == NIGHTS[0], "the night without a report was not kept either"


@pytest.mark.parametrize(
    ("left", "formats", "said"),
    [
        (0, ("json",), "Nothing was reported: the night's own frames were not written to"),
        (200_000, ("xlsx",), "The report was not written to"),
    ],
)
def test_a_full_disk_for_temporary_files_is_named(bench: Bench, left: int, formats: tuple[str, ...], said: str) -> None:
    """A workbook is put together in temporary files: the folder of the report may have all the room in the world."""
    _first, full, after = three_nights(bench, "temporary", left=left, formats=formats)

    assert (full.code, after.code) == (ExitCode.SETTINGS_REFUSED, ExitCode.DELIVERED)
    sentence = full.err.splitlines()[-1]
    assert sentence.startswith(said) and "no space left on device" in sentence
    assert str(bench.folder / "disk") in sentence and "Traceback" not in full.err
    assert run_in(bench.folder)["as_of"] == NIGHTS[2]
    # What openpyxl could not even close it removes when the process ends.
    assert [each for each in files_in(after.disk) if not each.startswith("openpyxl.")] == []


def test_a_full_disk_for_the_archive_costs_the_keeping_and_not_the_report(bench: Bench) -> None:
    first, full, after = three_nights(bench, "archive", left=12_000)

    assert (full.code, after.code) == (ExitCode.NOT_DELIVERED, ExitCode.DELIVERED)
    told = " ".join(full.out.split())
    assert "could not be written: no space left on device. Free some space on the disk that it lies on" in told
    assert files_in(full.disk) == files_in(first.disk), "half a night takes no room"
    assert "passed over" not in after.err
    assert len([each for each in files_in(after.disk) if each.endswith("night.json")]) == 2
    assert run_in(bench.folder)["changes"]["counts"]["still"] == 1
