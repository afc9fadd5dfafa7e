"""A folder for what need not stay. What a run that was killed has left goes with a later one: it may be much."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from auditor.disk.locks import try_lock

PREFIX = "auditor-night-"
LOCK = ".lock"
MORE_ROOM = "Free some space there, or name a folder on a larger disk with the environment variable TMPDIR."
"""What helps where such a folder, or the files beside it, take no more."""
LEFT_AFTER_S = 600
"""A folder that is younger may belong to a run that is about to lock it."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder where the system has temporary files; it goes at the end.

    Those of killed runs go at once: nobody holds their locks. Raises OSError where none can be made.
    """
    for each in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or a disk that knows no locks: it stays
            if _is_left(each):
                shutil.rmtree(each, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=PREFIX) as made, (Path(made) / LOCK).open("ab") as lock:
        with suppress(OSError):
            try_lock(lock)
        yield Path(made)


def _is_left(folder: Path) -> bool:
    """Whether it is one of ours that nobody is at work in. Raises OSError."""
    about = folder.lstat()
    ours = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    if folder.is_symlink() or not ours or abs(time.time() - about.st_mtime) < LEFT_AFTER_S:
        return False
    with (folder / LOCK).open("r+b") as lock:
        return try_lock(lock)
