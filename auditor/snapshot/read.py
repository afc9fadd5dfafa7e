"""A snapshot's folder -> what was gathered, and what it was judged by; nothing of it is believed unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.model.gathered import Gathered
from auditor.model.grounds import Kept, Role, Text
from auditor.snapshot.letter import CONFIG, NIGHT, SHARDS, Letter, decoded, gathered_in
from auditor.snapshot.manifest import Manifest, check_files, read_manifest, refused

MOST_BYTES = 512 * 2**20
"""Of night.json: the readings of some hundred thousand subscriptions."""


@dataclass(frozen=True)
class Opened:
    """A snapshot whose every file is as it was written. ``digest`` is the sha256 of its manifest."""

    folder: Path
    digest: str
    gathered: Gathered
    kept: Kept


def open_snapshot(folder: Path) -> Opened:
    """Check every hash, and read what is not a frame. Raises SnapshotRefused with a sentence that names the file."""
    manifest, digest = read_manifest(folder)
    check_files(folder, manifest)
    letter = _letter(folder, manifest)
    for name in _named(letter):
        if name not in manifest.files:
            raise refused(folder, f"{name} is missing", "Collect it anew")
    return Opened(folder, digest, gathered_in(folder, letter), _kept(folder, manifest, letter))


def _letter(folder: Path, manifest: Manifest) -> Letter:
    told = manifest.files.get(NIGHT)
    if told is None or told.bytes > MOST_BYTES:
        raise refused(folder, f"{NIGHT} is {'larger than can be read' if told else 'missing'}", "Collect it anew")
    try:
        return decoded((folder / NIGHT).read_bytes())
    except ValueError as error:
        why = f"{NIGHT} is not what this version writes ({manifest.tool} has written it)"
        raise refused(folder, why, f"Judge it with {manifest.tool}") from error


def _named(letter: Letter) -> Iterator[str]:
    yield CONFIG
    yield from (f"{SHARDS}/{name}/manifest.json" for name in letter.shards)
    yield from (f"{file.role}/{file.name}" for file in letter.files)


def _kept(folder: Path, manifest: Manifest, letter: Letter) -> Kept:
    texts = [
        Text(each.role, each.name, manifest.files[f"{each.role}/{each.name}"].sha256, each.shipped)
        for each in letter.files
    ]
    files = {role: tuple(folder / role / text.name for text in texts if text.role is role) for role in Role}
    return Kept(folder / CONFIG, letter.config_hash, files, tuple(texts), letter.marks)
