"""The output folder: it appears whole or not at all, and never in the place of something that is not ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import orjson

from auditor.disk.whole_folder import WholeFolder
from auditor.errors import OutputRefused, why
from auditor.model.files import FILES, KEPT, LETTER_HTML, LETTER_TEXT, RUN_FILE
from auditor.model.report import Report
from auditor.render.batch import Take, batches
from auditor.render.drawing import Artist
from auditor.render.letter import letter
from auditor.render.remediation import FOLDER, remediation
from auditor.render.tables import run_bytes, write_run_json

Format = Callable[[Report, Path], AbstractContextManager[Take]]
"""Opens a file, takes batches of findings, and closes it; nothing is finished where the night ends with an error."""

FORMATS: Mapping[str, tuple[str, str]] = {
    "html": ("page", "page"),
    "xlsx": ("workbook", "workbook"),
    "json": ("tables", "findings_json"),
    "csv": ("tables", "findings_csv"),
    "parquet": ("tables", "verdicts_parquet"),
}
"""The module and function that write each format: imported where the format is asked for."""

_OURS = frozenset({RUN_FILE, FOLDER, LETTER_HTML, LETTER_TEXT, *FILES.values()})
_RUN_KEYS = frozenset({"tool", "run_id", "as_of"})


def check_output(folder: Path) -> None:
    """Raise OutputRefused where a report could not be put at ``folder``; makes the folders above it."""
    _REPORT.check(folder)


def claimed(folder: Path) -> AbstractContextManager[None]:
    """Keep other runs from ``folder`` until the end. Raises OutputRefused at once where one is at work on it."""
    return _REPORT.claimed(folder)


def write_folder(report: Report, folder: Path, formats: Iterable[str]) -> Path:
    """Write ``formats`` (keys of ``FORMATS``), scripts and run.json, then put them at ``folder`` in one move.

    Returns the folder's path.

    An earlier report of ours gives way at the very end. Raises OutputRefused where the folder holds something else or
    the disk refuses; whatever is raised, nothing half-written stays.
    """
    with _REPORT.draft(folder) as draft:
        _write(report, draft, formats)
        write_run_json(report, draft / RUN_FILE)
    return folder.resolve()


def rewrite_run(run: Mapping[str, object], folder: Path) -> None:
    """Put ``run`` in the place of the folder's run.json in one move. Raises OutputRefused where the disk refuses.

    What is half-written lies beside the folder, never in it.
    """
    draft = folder.with_name(f".{folder.name}.{RUN_FILE}.partial")
    try:
        draft.write_bytes(run_bytes(run))
        draft.replace(folder / RUN_FILE)
    except OSError as error:
        draft.unlink(missing_ok=True)
        sentence = f"What was delivered was not written to {folder / RUN_FILE}: {why(error)}."
        raise OutputRefused(f"{sentence} The report is there; free some space before the next night.") from error


def kept_files(folder: Path) -> dict[str, Path]:
    """The files of a report that an archive keeps, by name: those that were made of what people look at."""
    return {name: folder / name for name in KEPT if (folder / name).is_file()}


def former_run(folder: Path) -> Mapping[str, Any]:
    """The run.json of the report that lies in ``folder``; empty where none does."""
    run = _run(folder / RUN_FILE)
    return run if run.keys() >= _RUN_KEYS else {}


def _write(report: Report, draft: Path, formats: Iterable[str]) -> None:
    """The verdicts are made once, and told to every file as they come."""
    with Artist(report.findings_total) as artist, ExitStack() as files:
        takers = [files.enter_context(_format(key, artist)(report, draft / FILES[key])) for key in formats]
        takers.append(files.enter_context(remediation(report, draft / FOLDER)))
        takers.append(files.enter_context(letter(report, draft, artist)))
        artist.begin()
        for batch in batches(report.verdicts()):
            for take in takers:
                take(batch)
            del batch  # before the next is made


def _format(key: str, artist: Artist) -> Format:
    module, function = FORMATS[key]
    opened = getattr(import_module(f"auditor.render.{module}"), function)
    return cast("Format", partial(opened, artist=artist) if key == "html" else opened)


def _is_ours(place: Path, names: Collection[str]) -> bool:
    return _OURS.issuperset(names) and _is_our_run(place / RUN_FILE)


def _is_our_run(path: Path) -> bool:
    return _run(path).keys() >= _RUN_KEYS


def _run(path: Path) -> dict[str, Any]:
    """Empty where there is none."""
    try:
        run = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


_REPORT = WholeFolder("The report", "an earlier report", _is_ours)
