"""What every place that keeps an archive's files can do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from auditor.errors import ArchiveBusy

LOCK = ".lock"
"""The file that whoever is at work in an archive holds."""


class Store(Protocol):
    """Files by name, with ``/`` between; what is written is there whole or not at all.

    Every method raises ArchiveRefused, with a sentence, where the place cannot be reached or refuses.
    """

    where: str
    """What a person calls it: the URL."""

    def nights(self) -> list[str]:
        """What lies in ``nights/``: the names of folders, sorted."""

    def files(self, folder: str) -> list[str]:
        """The names of all files below ``folder``, sorted; what killed runs left half-written may be among them."""

    def read(self, name: str) -> bytes | None:
        """A whole file; None where there is none."""

    def write(self, name: str, content: bytes | Path) -> None:
        """Put a file there, in the place of an earlier one; a Path is a file of this machine.

        Raises as :meth:`check_locked` does, too: whoever has lost the lock writes nothing.
        """

    def remove(self, name: str) -> None:
        """Take a file away; where there is none nothing happens."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else is at work in the archive; raises ArchiveBusy at once where somebody is."""

    def check_locked(self) -> None:
        """Raise ArchiveRefused where the lock was lost since; ArchiveBusy where another run has it."""


def busy(where: str) -> ArchiveBusy:
    return ArchiveBusy(
        f"Nothing was done: another run is at work in the archive {where}, and two would spoil each other's nights. "
        "Wait until it has ended; a run that was killed lets go of the archive within a minute."
    )
