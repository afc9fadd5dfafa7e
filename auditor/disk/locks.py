"""Locks of the system on files, of which it lets go when a process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO


def locked_file(path: Path) -> IO[bytes] | None:
    """The file at ``path``, made and locked; None where another process has it. Raises OSError.

    Who had it last removes it: a lock on a file that is no longer there would keep nobody away.
    """
    while True:
        file = path.open("ab")
        try:
            free = try_lock(file)
        except OSError:  # a disk that knows no locks, such as some shares: as if there were no other run
            return file
        if not free:
            file.close()
            return None
        if _is_at(path, file):
            return file
        file.close()


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def try_lock(file: IO[bytes]) -> bool:
        """Whether the file could be locked; it is until it is closed, or its process ends. Raises OSError."""
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def try_lock(file: IO[bytes]) -> bool:
        """Whether the file could be locked; it is until it is closed, or its process ends. Raises OSError."""
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
