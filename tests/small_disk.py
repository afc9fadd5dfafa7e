"""A disk of a few kilobytes or megabytes: a real one, which fills."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def with_disk(place: Path, size: int) -> list[str]:
    """What begins a command line that has a disk of ``size`` bytes mounted at the folder ``place``.

    The disk is there for that process alone, and gone with it. Skips where this machine lets nobody mount one.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("a disk can be filled for one process alone only where unshare (util-linux) is")
    mount = 'mount -t tmpfs -o "size=$0" none "$1" && shift && exec "$@"'
    command = [unshare, "--map-root-user", "--mount", "sh", "-c", mount, str(size), str(place)]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"this user may mount no disk of his own: {tried.stderr.strip()}")
    return command
