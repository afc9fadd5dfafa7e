"""The manifest: which files a snapshot is made of, and the hash of each. It is written last."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISLNK, S_ISREG
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from auditor.errors import SnapshotRefused, why

T = TypeVar("T")

MANIFEST = "manifest.json"
KIND = "azure-extension-auditor snapshot"
FORMAT = 1
"""Raised where an older version would misread what a newer one writes; every format up to this one is read."""
MOST_BYTES = 64 * 2**20
"""A manifest of a million files is smaller."""
_FORBIDDEN = re.compile(r"[\\:\x00-\x1f]")


@dataclass(frozen=True)
class File:
    """What a file must be, to be the one that was written."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """``tool`` is what wrote it, with its version. ``files`` by path within the folder, with ``/`` between."""

    kind: str
    format: int
    tool: str
    files: Mapping[str, File]


@dataclass(frozen=True)
class _Head:
    """What every format has and will have."""

    kind: str
    format: int
    tool: str


def write_manifest(folder: Path, tool: str) -> str:
    """Write the manifest of all that lies in ``folder``; returns its own sha256. Raises OSError."""
    files = {name: File(digest_of(folder / name), (folder / name).stat().st_size) for name in sorted(_names(folder))}
    content = json.dumps(asdict(Manifest(KIND, FORMAT, tool, files)), indent=1).encode() + b"\n"
    (folder / MANIFEST).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest of ``folder``, and its sha256; no other file is looked at. Raises SnapshotRefused."""
    content = _content(folder)
    head = _parsed(_HEAD, content, folder)
    if head.kind != KIND:
        raise refused(folder, f"its {MANIFEST} is of something else", _NAME_ONE)
    if head.format > FORMAT:
        raise refused(
            folder,
            f"it was made by a newer auditor ({head.tool}, format {head.format}; this one reads up to {FORMAT})",
            f"Install {head.tool} or newer",
        )
    manifest = _parsed(_MANIFEST, content, folder)
    for name in manifest.files:
        if not _is_inside(name):
            raise refused(folder, f"its manifest names {name!r}, which does not lie in it", _FROM_WHOM)
    return manifest, hashlib.sha256(content).hexdigest()


def check_files(folder: Path, manifest: Manifest) -> None:
    """See that the folder holds what the manifest names, byte for byte, and nothing else. Raises SnapshotRefused."""
    try:
        found = set()
        for name in _names(folder):
            if name not in manifest.files:
                raise refused(folder, f"it holds {name}, which its manifest does not name", "Take that file away")
            found.add(name)
        for name, told in manifest.files.items():
            if name not in found:
                raise refused(folder, f"{name} is missing", _COPY)
            if (folder / name).stat().st_size != told.bytes or digest_of(folder / name) != told.sha256:
                raise refused(folder, f"{name} is not what was written: its hash differs", _COPY)
    except OSError as error:
        raise refused(folder, f"it cannot be read ({why(error)})", _COPY) from error


def refused(folder: Path, reason: str, remedy: str) -> SnapshotRefused:
    """The error of a snapshot that is not what it should be, to be raised."""
    return SnapshotRefused(f"The snapshot {folder} was not judged: {reason}. {remedy}.")


_NAME_ONE = "Name a folder that auditor collect has written"
_COPY = "Copy the snapshot anew from where it was collected"
_FROM_WHOM = "Judge only snapshots whose origin you know"
_HEAD, _MANIFEST = TypeAdapter(_Head), TypeAdapter(Manifest)


def _content(folder: Path) -> bytes:
    path = folder / MANIFEST
    try:
        about = path.lstat()
        if not S_ISREG(about.st_mode):
            raise refused(folder, f"{MANIFEST} is no plain file", _FROM_WHOM)
        if about.st_size > MOST_BYTES:
            raise refused(folder, f"{MANIFEST} is larger than {MOST_BYTES // 2**20} MiB", _FROM_WHOM)
        return path.read_bytes()
    except FileNotFoundError as error:
        unfinished = f"there is no {MANIFEST} in it, so it is no snapshot, or one that was not finished"
        raise refused(folder, unfinished if folder.is_dir() else "there is no such folder", _NAME_ONE) from error
    except OSError as error:
        raise refused(folder, f"it cannot be read ({why(error)})", _NAME_ONE) from error


def _parsed(adapter: TypeAdapter[T], content: bytes, folder: Path) -> T:
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        raise refused(folder, f"its {MANIFEST} is none of a snapshot", _NAME_ONE) from error


def _is_inside(name: str) -> bool:
    """A relative path in its plainest form, on every system."""
    path = PurePosixPath(name)
    return (
        str(path) == name and not path.is_absolute() and not {".", ".."} & {*path.parts} and not _FORBIDDEN.search(name)
    )


def _names(folder: Path) -> Iterator[str]:
    """The path of each file but the manifest. Raises OSError, and SnapshotRefused for what is no plain file."""
    for place, _folders, _files in os.walk(folder, onerror=_raise):
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            mode = entry.stat(follow_symlinks=False).st_mode
            name = Path(entry.path).relative_to(folder).as_posix()
            if S_ISLNK(mode) or not (S_ISREG(mode) or entry.is_dir(follow_symlinks=False)):
                raise refused(folder, f"{name} is a link or no plain file", _FROM_WHOM)
            if S_ISREG(mode) and name != MANIFEST:
                yield name


def _raise(error: OSError) -> None:
    raise error


def digest_of(path: Path) -> str:
    """The sha256 of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
