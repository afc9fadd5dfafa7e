"""Nights that run while a disk is full."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.small_disk import with_disk

SIZE = 4 * 1024 * 1024
_DRIVER = """
import contextlib, io, json, os, shutil, sys
from pathlib import Path
from auditor.cli import main

order = json.loads(sys.argv[1])
disk, filler = Path(order["disk"]), Path(order["disk"]) / "filler"
os.environ.update(order["environ"])


def fill():
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)) == 4096:
            pass
    os.truncate(filler, max(0, filler.stat().st_size - order["left"]))


told = []
for number, arguments in enumerate(order["nights"]):
    if number == 1:
        fill()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    if filler.exists():
        filler.unlink()
    shutil.copytree(disk, Path(order["seen"]) / str(number))
    told.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Seen:
    """How a night ended, what it said, and a copy of the disk after it."""

    code: int
    out: str
    err: str
    disk: Path


def nights_on(disk: Path, nights: Sequence[Sequence[str]], *, left: int = 0, **environ: str) -> list[Seen]:
    """Run the command lines one after another, with a disk mounted at ``disk``; for the second it has ``left`` bytes.

    Skips where this machine lets nobody mount one.
    """
    seen = disk.with_name("seen")
    for each in (disk, seen):
        each.mkdir()
    order = {"disk": str(disk), "seen": str(seen), "nights": nights, "left": left, "environ": environ}
    done = subprocess.run(
        [*with_disk(disk, SIZE), sys.executable, "-c", _DRIVER, json.dumps(order)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return [Seen(*each, seen / str(number)) for number, each in enumerate(told)]
