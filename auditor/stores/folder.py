"""An archive in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.disk.locks import try_lock
from auditor.disk.whole_file import remove_whole, write_whole
from auditor.errors import FULL, ArchiveRefused, why
from auditor.model.places import NIGHTS
from auditor.stores.interface import LOCK, busy

_ACCESS = "Check that the folder, and the disk that it lies on, can be read and written by whoever runs the audit"


class FolderStore:
    """The files lie in ``folder``, which is made where it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = str(folder)
        self._lock: os.stat_result | None = None

    def nights(self) -> list[str]:
        with self._told("read"):
            place = self._folder / NIGHTS
            entries = sorted(place.iterdir()) if place.is_dir() else []
            return [each.name for each in entries if each.is_dir() and not each.is_symlink()]

    def files(self, folder: str) -> list[str]:
        with self._told("read"):
            found = (self._folder / folder).rglob("*")
            return sorted(each.relative_to(self._folder).as_posix() for each in found if not each.is_dir())

    def read(self, name: str) -> bytes | None:
        with self._told("read"):
            try:
                return (self._folder / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, content: bytes | Path) -> None:
        self.check_locked()
        with self._told("written"):
            write_whole(self._folder / name, content)

    def remove(self, name: str) -> None:
        with self._told("written"):
            remove_whole(self._folder / name, root=self._folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The system lets go of the lock when the process ends, however it ends."""
        with self._told("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / LOCK).open("ab")
        with file:
            with self._told("locked"):
                free = try_lock(file)
            if not free:
                raise busy(self.where)
            self._lock = os.fstat(file.fileno())
            try:
                yield
            finally:
                self._lock = None

    def check_locked(self) -> None:
        """A lock of the system is not lost; but what was locked may have been moved away, or its disk taken off.

        Then whatever lies at its place is another folder, and an archive that is begun there would look like the first.
        """
        if self._lock is None:
            return
        try:
            there = os.path.samestat((self._folder / LOCK).stat(), self._lock)
        except OSError:
            there = False
        if not there:
            raise ArchiveRefused(
                f"The archive {self.where} could not be written: it was there when the night began, and is not any "
                "more. Bring the folder, or the disk that it lies on, back to its place, and run again."
            )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = "Free some space on the disk that it lies on" if error.errno in FULL else _ACCESS
            sentence = f"The archive {self.where} could not be {what}: {why(error)}"
            raise ArchiveRefused(f"{sentence}. {remedy}, or name another under archive.url.") from error
