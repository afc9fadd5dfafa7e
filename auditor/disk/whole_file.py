"""A file that is there whole or not at all, and on the disk by then."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def write_whole(target: Path, content: bytes | Path) -> None:
    """Put a file at ``target``, in the place of an earlier one; it is on the disk when this returns. Raises OSError.

    Through a file beside it that takes its name at the end.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = sibling(target)
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
        _sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def remove_whole(target: Path, root: Path | None = None) -> None:
    """Take the file at ``target`` away, with what runs that were killed left beside it. Raises OSError.

    Its folder goes with its last file, unless it is the ``root``.
    """
    target.unlink(missing_ok=True)
    for draft in target.parent.glob(f".{target.name}.*.partial"):
        draft.unlink(missing_ok=True)
    if target.parent != root:
        with suppress(OSError):  # it holds other files yet
            target.parent.rmdir()


def _sync(folder: Path) -> None:
    """A new name is on the disk only when its folder is, where folders can be told so."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every disk knows it
            os.fsync(opened)
    finally:
        os.close(opened)


def sibling(place: Path) -> Path:
    """A new name beside ``place``: on the same disk, so that a rename is enough."""
    return place.with_name(f".{place.name}.{uuid4().hex[:8]}.partial")
