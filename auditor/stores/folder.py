"""An archive in a folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from auditor.errors import ArchiveRefused, why
from auditor.model.places import NIGHTS
from auditor.stores.interface import busy

LOCK = ".lock"


class FolderStore:
    """The files lie in ``folder``, which is made where it is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.where = str(folder)

    def nights(self) -> list[str]:
        with self._told("read"):
            place = self._folder / NIGHTS
            entries = sorted(place.iterdir()) if place.is_dir() else []
            return [each.name for each in entries if each.is_dir() and not each.is_symlink()]

    def read(self, name: str) -> bytes | None:
        with self._told("read"):
            try:
                return (self._folder / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, content: bytes | Path) -> None:
        """Through a file beside it that takes its name at the end, and is on the disk by then."""
        with self._told("written"):
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")
            try:
                with draft.open("wb") as file:
                    if isinstance(content, Path):
                        with content.open("rb") as source:
                            shutil.copyfileobj(source, file)
                    else:
                        file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        with self._told("written"):
            target = self._folder / name
            target.unlink(missing_ok=True)
            for draft in target.parent.glob(f".{target.name}.*.partial"):  # of a run that was killed
                draft.unlink()
            with suppress(OSError):  # its folder holds other files yet
                target.parent.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The system lets go of the lock when the process ends, however it ends."""
        with self._told("written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / LOCK).open("ab")
        with file:
            with self._told("locked"):
                free = _lock(file)
            if not free:
                raise busy(self.where)
            yield

    def check_locked(self) -> None:
        """A lock of the system is not lost."""

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveRefused(
                f"The archive {self.where} could not be {what}: {why(error)}. Check that the folder, and the disk that "
                "it lies on, can be read and written by whoever runs the audit, or name another under archive.url."
            ) from error


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> bool:
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: IO[bytes]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
