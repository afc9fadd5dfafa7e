"""The image of deploy/container without an engine: in a folder, its file's copies are made and its commands are run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
_IN_IMAGE = "/opt/auditor"


def steps() -> list[tuple[str, str]]:
    """Each instruction of the file with what follows it, in one line."""
    lines = [line for line in CONTAINERFILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line]


def first_stage() -> list[tuple[str, str]]:
    """The instructions that make the environment, which the second stage copies."""
    found = steps()
    begins, ends = (at for at, (word, _rest) in enumerate(found) if word == "FROM")
    return found[begins + 1 : ends]


def build(folder: Path) -> Path:
    """Makes in ``folder`` what the image has in /opt/auditor, from a copy of what the file copies; returns where.

    Raises CalledProcessError, with what pip said as its ``stderr``.
    """
    base, context, made = folder / "base", folder / "build", folder / "environment"
    venv.create(base, with_pip=True)
    context.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ = {**clean, "PATH": f"{base / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for word, rest in first_stage():
        if word == "COPY":
            _copy(rest.split(), context)
        elif word == "RUN":
            script = f"set -e; {rest.replace(_IN_IMAGE, shlex.quote(str(made)))}"
            subprocess.run(["sh", "-c", script], cwd=context, env=environ, capture_output=True, text=True, check=True)
    return made


def _copy(names: list[str], context: Path) -> None:
    """A folder's content goes to the destination; a file goes into it. What .dockerignore keeps out is kept out."""
    *sources, destination = names
    for source in sources:
        place = ROOT / source
        if place.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(place, context / destination, ignore=ignored, dirs_exist_ok=True)
        else:
            (context / destination).mkdir(parents=True, exist_ok=True)
            shutil.copy(place, context / destination)
