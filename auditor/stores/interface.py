"""What every place that keeps an archive's files can do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from auditor.errors import ArchiveBusy
from auditor.model.shelf import Shelf

LOCK = ".lock"
"""The file that whoever is at work in an archive holds."""


class Store(Shelf, Protocol):
    """A shelf for nights, at which one run is at work at a time; ``where`` is its URL, or its folder.

    Every method raises ArchiveRefused, with a sentence, where the place cannot be reached or refuses; ``write`` also
    where the lock was lost, for another run may be at work by then.
    """

    def nights(self) -> list[str]:
        """What lies in ``nights/``: the names of folders, sorted."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else is at work in the archive; raises ArchiveBusy at once where somebody is."""


def busy(where: str) -> ArchiveBusy:
    return ArchiveBusy(
        f"Nothing was done: another run is at work in the archive {where}, and two would spoil each other's nights. "
        "Wait until it has ended; a run that was killed lets go of the archive within a minute."
    )
