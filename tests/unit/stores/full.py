"""An archive that takes only so many files more, as on a disk that fills."""

from __future__ import annotations

import errno
from pathlib import Path

from auditor.stores.folder import FolderStore


class FullStore(FolderStore):
    """``room`` is how many files it still takes; what it says of the next one is what any archive says."""

    def __init__(self, folder: Path, room: int) -> None:
        super().__init__(folder)
        self.room = room

    def write(self, name: str, content: bytes | Path) -> None:
        self.room -= 1
        if self.room < 0:
            with self._told("written"):
                raise OSError(errno.ENOSPC, "No space left on device")
        super().write(name, content)
