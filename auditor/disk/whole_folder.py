"""A folder that appears whole or not at all, never in the place of something that is not ours, by one run at a time."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from auditor.disk.locks import locked_file
from auditor.disk.whole_file import sibling
from auditor.errors import FULL, OutputRefused, why


@dataclass(frozen=True)
class WholeFolder:
    """One kind of folder that a command leaves behind.

    ``what`` begins the sentences ("The report"), ``earlier`` names one of its kind ("an earlier report"); ``is_ours``
    tells such a one from its path and the names in it.
    """

    what: str
    earlier: str
    is_ours: Callable[[Path, Collection[str]], bool]

    def check(self, folder: Path) -> None:
        """Raise OutputRefused where nothing could be put at ``folder``; makes the folders above it.

        Meant to be asked before anything is fetched. Whether a place can be written is found out by writing there: the
        permission bits do not tell of a read-only disk.
        """
        place = folder.resolve()
        self._check_place(place, folder)
        probe = sibling(place)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            reason = f"the folder above it cannot be written ({why(error)})"
            self._refuse(folder, reason, "Choose another with --output")

    @contextmanager
    def draft(self, folder: Path) -> Iterator[Path]:
        """A new folder to fill, which is put at ``folder`` in one move at the end.

        An earlier one of ours gives way at the very end. Raises OutputRefused where the folder holds something else or
        the disk refuses; whatever is raised, nothing half-written stays.
        """
        self.check(folder)
        place = folder.resolve()
        draft = sibling(place)
        try:
            draft.mkdir()
            yield draft
            self._check_place(place, folder)
            _put(draft, place)
        except OSError as error:
            self._refuse(folder, why(error), _remedy(error))
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def claimed(self, folder: Path) -> Iterator[None]:
        """Keep other runs from ``folder`` until the end. Raises OutputRefused at once where one is at work on it.

        The system lets go of the lock when a process ends, however it ends. The empty file that it is on, beside the
        folder, goes too; behind a process that was killed it stays, and holds nobody up.
        """
        place = folder.resolve()
        lock = place.with_name(f".{place.name}.lock")
        try:
            file = locked_file(lock)
        except OSError as error:  # somebody else's, of a run that was killed
            reason = f"the lock {lock.name} beside it cannot be opened ({why(error)})"
            self._refuse(folder, reason, "Remove it where no run is at work, or choose another folder with --output")
        if file is None:
            reason = "another run is at work on it, and one would replace the other's"
            self._refuse(folder, reason, "Wait until it has ended, or choose another with --output")
        with file:
            try:
                yield
            finally:
                if sys.platform != "win32":  # where nobody can remove what somebody has open
                    lock.unlink(missing_ok=True)

    def _check_place(self, place: Path, folder: Path) -> None:
        try:
            if not place.exists():
                return
            if not place.is_dir():
                self._refuse(folder, "a file of that name is in the way", "Move it, or choose another with --output")
            if place.is_mount():
                reason = "it is a mount point, which cannot be replaced in one move"
                self._refuse(folder, reason, "Choose a folder inside it")
            names = {entry.name for entry in place.iterdir()}
        except OSError as error:
            self._refuse(folder, f"it cannot be read ({why(error)})", "Choose another with --output")
        if names and not self.is_ours(place, names):
            reason = f"it holds what is not {self.earlier}"
            self._refuse(folder, reason, "Choose a new or an empty folder with --output")

    def _refuse(self, folder: Path, reason: str, remedy: str) -> NoReturn:
        raise OutputRefused(f"{self.what} was not written to {folder}: {reason}. {remedy}.")


def _remedy(error: OSError) -> str:
    """A full disk may be another than the folder's: what is written passes through temporary files, a workbook above
    all."""
    disks = f" there and in {tempfile.gettempdir()}" if error.errno in FULL else ""
    return f"Free some space{disks} or choose another folder with --output, and run again"


def _put(draft: Path, place: Path) -> None:
    """Two renames, as no system replaces a filled folder in one; the earlier one is back if the second one fails."""
    if not place.exists():
        draft.rename(place)
        return
    earlier = sibling(place)
    place.rename(earlier)
    try:
        draft.rename(place)
    except OSError:
        earlier.rename(place)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
