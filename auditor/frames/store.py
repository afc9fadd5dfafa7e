"""One format for a shard's frames: a folder of Parquet files and a manifest with their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.disk.scratch import MORE_ROOM
from auditor.errors import OutputRefused
from auditor.frames.build import Frames, declared
from auditor.model.dataset import FRAMES

MANIFEST = "manifest.json"
MOST_ROWS = 20_000_000
"""A frame has no more: a file that says so would fill the memory before anything else is looked at."""
_PLAIN = re.compile(r"[a-z_]+\.parquet")


class FramesRefused(ValueError):
    """A folder does not hold frames as they are written."""


def write_frames(folder: Path, frames: Frames) -> None:
    """Write each frame, and last the manifest: a folder without one is not finished.

    Raises OutputRefused where the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        hashes = {}
        for name, frame in frames.items():
            path = folder / f"{name}.parquet"
            frame.to_parquet(path, index=False)
            hashes[path.name] = _digest(path)
        (folder / MANIFEST).write_text(json.dumps({"frames": hashes}, indent=1, sort_keys=True), encoding="utf-8")
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else str(error)  # Arrow's own words quote C++
        raise OutputRefused(
            f"Nothing was reported: the night's own frames were not written to {folder} ({why}). {MORE_ROOM}"
        ) from error


def read_frames(folder: Path, *, without: Collection[str] = ()) -> Frames:
    """The frames of a finished folder but those named in ``without``.

    Raises FileNotFoundError for an unfinished folder, ValueError for one that does not hold what was written.
    """
    left = {f"{name}.parquet" for name in without}
    return {Path(file).stem: _read(folder, file, told) for file, told in _told(folder).items() if file not in left}


class StoredFrames(Mapping[str, pd.DataFrame]):
    """What was collected into a finished folder and what was judged of it into another, as this version declares it.

    A frame is read when it is first asked for, and stays as long as this does: few of those who go through all shards
    want more than one or two frames of each. Reading raises as :func:`read_frames` does.
    """

    def __init__(self, collected: Path, judged: Path) -> None:
        self._collected, self._judged = collected, judged
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = self._stored(name)
        return self._read[name]

    def _stored(self, name: str) -> pd.DataFrame:
        if name in self._of_judged:
            return read_frame(self._judged, name)
        kept = f"{name}.parquet" in _told(self._collected)
        stored = {name: read_frame(self._collected, name)} if kept else {}
        return declared(stored, without=FRAMES.keys() - {name})[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*FRAMES, *self._of_judged)))

    def __len__(self) -> int:
        return len({*FRAMES, *self._of_judged})

    @cached_property
    def _of_judged(self) -> frozenset[str]:
        return frozenset(Path(file).stem for file in _told(self._judged))


def read_collected(folder: Path) -> Frames:
    """What was collected into a finished folder, by whatever version, as this one declares it. Raises FramesRefused."""
    try:
        return declared(read_frames(folder))
    except (OSError, ValueError, TypeError) as error:  # what reading and typing odd files raises
        raise FramesRefused(f"{folder.name}: {error}") from error


def read_frame(folder: Path, name: str) -> pd.DataFrame:
    """One frame of a finished folder. Raises as :func:`read_frames` does, and KeyError where there is no such frame."""
    file = f"{name}.parquet"
    return _read(folder, file, _told(folder)[file])


def _told(folder: Path) -> dict[str, str]:
    """The hash of each file, as the manifest tells it."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    told = manifest.get("frames") if isinstance(manifest, dict) else None
    if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
        raise ValueError(f"{MANIFEST} in {folder} names no frames.")
    return told


def _read(folder: Path, file: str, told: str) -> pd.DataFrame:
    if not _PLAIN.fullmatch(file):
        raise ValueError(f"{file!r} in {folder} is not the name of a frame.")
    path = folder / file
    if _digest(path) != told:
        raise ValueError(f"{file} in {folder} is not the file that was written: its hash differs.")
    try:
        with pq.ParquetFile(path) as stored:  # pandas would read by pyarrow.dataset, which is ten megabytes more
            if (rows := stored.metadata.num_rows) > MOST_ROWS:
                raise ValueError(
                    f"{file} in {folder} says that it has {rows:,} rows; no frame has more than {MOST_ROWS:,}."
                )
            frame: pd.DataFrame = stored.read(use_threads=False, use_pandas_metadata=True).to_pandas(use_threads=False)
    except pa.ArrowException as error:
        raise ValueError(f"{file} in {folder} is no table that can be read: {error}.") from error
    return frame


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
