"""Gathered and judged by -> a snapshot's folder."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path

from auditor.disk.whole_folder import WholeFolder
from auditor.errors import SnapshotRefused
from auditor.model.gathered import Gathered
from auditor.model.grounds import Grounds
from auditor.snapshot.letter import CONFIG, NIGHT, SHARDS, encoded
from auditor.snapshot.manifest import MANIFEST, read_manifest, write_manifest


def check_output(folder: Path) -> None:
    """Raise OutputRefused where a snapshot could not be put at ``folder``; makes the folders above it."""
    _SNAPSHOT.check(folder)


def claimed(folder: Path) -> AbstractContextManager[None]:
    """Keep other runs from ``folder`` until the end. Raises OutputRefused at once where one is at work on it."""
    return _SNAPSHOT.claimed(folder)


def write_snapshot(gathered: Gathered, grounds: Grounds, folder: Path) -> str:
    """Put a snapshot at ``folder`` in one move, its manifest written last; returns the manifest's sha256.

    An earlier snapshot gives way at the very end. Raises OutputRefused where the folder holds something else or the
    disk refuses; whatever is raised, nothing half-written stays.
    """
    with _SNAPSHOT.draft(folder) as draft:
        for shard in gathered.shards:
            for file in sorted(shard.iterdir()):
                _place(draft, SHARDS, shard.name, file.name, copied=file)
        for text in grounds.texts:
            _place(draft, text.role, text.name).write_bytes(text.content)
        _place(draft, CONFIG).write_text(grounds.config, encoding="utf-8")
        _place(draft, NIGHT).write_bytes(encoded(gathered, grounds))
        return write_manifest(draft, gathered.tool)


def _place(draft: Path, *parts: str, copied: Path | None = None) -> Path:
    place = draft.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    if copied:
        shutil.copyfile(copied, place)
    return place


def _is_ours(place: Path, _names: Collection[str]) -> bool:
    """Whether all that lies there belongs to a snapshot: nothing else is lost with it."""
    try:
        manifest, _digest = read_manifest(place)
    except SnapshotRefused:
        return False
    files = (each.relative_to(place).as_posix() for each in place.rglob("*") if not each.is_dir())
    return {*files} <= {*manifest.files, MANIFEST}


_SNAPSHOT = WholeFolder("The snapshot", "an earlier snapshot", _is_ours)
