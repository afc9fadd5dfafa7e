"""The output folder: it appears whole or not at all, and never in the place of something that is not ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from pathlib import Path
from typing import NoReturn, cast
from uuid import uuid4

import orjson

from auditor.errors import OutputRefused
from auditor.model.report import Report
from auditor.render.batch import Take, batches
from auditor.render.remediation import FOLDER, remediation
from auditor.render.tables import write_run_json

Format = Callable[[Report, Path], AbstractContextManager[Take]]
"""Opens a file, takes batches of findings, and closes it; nothing is finished where the night ends with an error."""

RUN_FILE = "run.json"

FORMATS: Mapping[str, tuple[str, str, str]] = {
    "html": ("report.html", "page", "page"),
    "xlsx": ("report.xlsx", "workbook", "workbook"),
    "json": ("findings.json", "tables", "findings_json"),
    "csv": ("findings.csv", "tables", "findings_csv"),
    "parquet": ("verdicts.parquet", "tables", "verdicts_parquet"),
}
"""The file of each format, and the module and function that write it: imported where the format is asked for."""

_OURS = frozenset(
    {RUN_FILE, FOLDER, "letter.html", "letter.txt", *(name for name, _module, _function in FORMATS.values())}
)
_RUN_KEYS = frozenset({"tool", "run_id", "as_of"})


def check_output(folder: Path) -> None:
    """Raise OutputRefused where a report could not be put at ``folder``; makes the folders above it.

    Meant to be asked before anything is fetched. Whether a place can be written is found out by writing there: the
    permission bits do not tell of a read-only disk.
    """
    place = folder.resolve()
    _check_place(place, folder)
    probe = _sibling(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        _refuse(folder, f"the folder above it cannot be written ({_told(error)})", "Choose another with --output")


def write_folder(report: Report, folder: Path, formats: Iterable[str]) -> Path:
    """Write ``formats`` (keys of ``FORMATS``), scripts and run.json, then put them at ``folder`` in one move.

    Returns the folder's path.

    An earlier report of ours gives way at the very end. Raises OutputRefused where the folder holds something else or
    the disk refuses; whatever is raised, nothing half-written stays.
    """
    check_output(folder)
    place = folder.resolve()
    draft = _sibling(place)
    try:
        draft.mkdir()
        _write(report, draft, formats)
        write_run_json(report, draft / RUN_FILE)
        _check_place(place, folder)
        _put(draft, place)
    except OSError as error:
        _refuse(folder, _told(error), "Free some space or choose another folder with --output, and run again")
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def _write(report: Report, draft: Path, formats: Iterable[str]) -> None:
    """The findings are made once, and told to every file as they come."""
    with ExitStack() as files:
        takers = [files.enter_context(_format(key)(report, draft / FORMATS[key][0])) for key in formats]
        takers.append(files.enter_context(remediation(report, draft / FOLDER)))
        for batch in batches(report.findings()):
            for take in takers:
                take(batch)


def _format(key: str) -> Format:
    _file, module, function = FORMATS[key]
    return cast("Format", getattr(import_module(f"auditor.render.{module}"), function))


def _put(draft: Path, place: Path) -> None:
    """Two renames, as no system replaces a filled folder in one; the earlier report is back if the second one fails."""
    if not place.exists():
        draft.rename(place)
        return
    earlier = _sibling(place)
    place.rename(earlier)
    try:
        draft.rename(place)
    except OSError:
        earlier.rename(place)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _check_place(place: Path, folder: Path) -> None:
    try:
        if not place.exists():
            return
        if not place.is_dir():
            _refuse(folder, "a file of that name is in the way", "Move it, or choose another with --output")
        if place.is_mount():
            _refuse(folder, "it is a mount point, which cannot be replaced in one move", "Choose a folder inside it")
        names = {entry.name for entry in place.iterdir()}
    except OSError as error:
        _refuse(folder, f"it cannot be read ({_told(error)})", "Choose another with --output")
    if names and not (names <= _OURS and _is_our_run(place / RUN_FILE)):
        _refuse(folder, "it holds what is not an earlier report", "Choose a new or an empty folder with --output")


def _is_our_run(path: Path) -> bool:
    try:
        run = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(run, dict) and run.keys() >= _RUN_KEYS


def _sibling(place: Path) -> Path:
    """A new name beside ``place``: on the same disk, so that a rename is enough."""
    return place.with_name(f".{place.name}.{uuid4().hex[:8]}.partial")


def _told(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _refuse(folder: Path, why: str, remedy: str) -> NoReturn:
    raise OutputRefused(f"The report was not written to {folder}: {why}. {remedy}.")
