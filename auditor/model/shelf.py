"""A place where files are kept for a later start: rooms that may not know each other share one by this."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Shelf(Protocol):
    """Files by name, with ``/`` between; what is written is there whole or not at all, and on the disk by then.

    Every method raises ShelfRefused, with a sentence, where the place cannot be reached or refuses.
    """

    where: str
    """What a person calls it."""

    def files(self, folder: str) -> list[str]:
        """The names of all files below ``folder``, sorted; what killed runs left half-written may be among them."""

    def read(self, name: str) -> bytes | None:
        """A whole file; None where there is none."""

    def write(self, name: str, content: bytes | Path) -> None:
        """Put a file there, in the place of an earlier one; a Path is a file of this machine."""

    def remove(self, name: str) -> None:
        """Take a file away; where there is none nothing happens."""

    def check_locked(self) -> None:
        """Raise ShelfRefused where somebody else may be at work in it by now; ArchiveBusy where somebody is."""
