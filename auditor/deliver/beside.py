"""The outbox beside the output folder, which the next night replaces: a folder that is there while it holds letters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from auditor.disk.locks import try_lock
from auditor.disk.whole_file import remove_whole, write_whole
from auditor.errors import ShelfRefused, why


@dataclass(frozen=True)
class Beside:
    """Its files lie in ``folder`` itself, whatever folder their names say."""

    folder: Path

    @property
    def where(self) -> str:
        return str(self.folder)

    def place(self, name: str) -> Path:
        return self.folder / name.rpartition("/")[2]

    def files(self, folder: str) -> list[str]:
        with self._told("read"):
            entries = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
            return [f"{folder}/{each.name}" for each in entries if each.is_file()]

    def read(self, name: str) -> bytes | None:
        with self._told("read"):
            try:
                return self.place(name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, name: str, content: bytes | Path) -> None:
        with self._told("written"):
            write_whole(self.place(name), content)

    def remove(self, name: str) -> None:
        with self._told("written"):
            remove_whole(self.place(name))

    def check_locked(self) -> None:
        """Each letter is claimed by itself."""

    @contextmanager
    def claimed(self, name: str) -> Iterator[bool]:
        """Whether nobody else is sending the letter, who is kept from it until the end.

        Two runs over one output folder would send it twice. The system lets go of the claim when a process ends.
        """
        if sys.platform == "win32":  # a file that is locked there could not be removed: nobody is kept out
            yield self.place(name).exists()
            return
        with self._told("read"):
            try:
                letter = self.place(name).open("rb")
            except FileNotFoundError:  # another run has sent it since
                letter = None
        if letter is None:
            yield False
            return
        with letter:
            yield _is_free(letter) and self.place(name).exists()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ShelfRefused(f"{self.folder} could not be {what}: {why(error)}.") from error


def _is_free(letter: IO[bytes]) -> bool:
    try:
        return try_lock(letter)
    except OSError:  # a disk that knows no locks: letters go out all the same
        return True
