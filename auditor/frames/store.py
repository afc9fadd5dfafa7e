"""One format for a shard's frames: a folder of Parquet files and a manifest with their hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from auditor.frames.build import Frames

MANIFEST = "manifest.json"


def write_frames(folder: Path, frames: Frames) -> None:
    """Write each frame, and last the manifest: a folder without one is not finished. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps({"frames": hashes}, indent=1, sort_keys=True), encoding="utf-8")


def read_frames(folder: Path) -> Frames:
    """The frames of a finished folder. Raises FileNotFoundError for an unfinished one, ValueError for a changed one."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    frames = {}
    for file, told in manifest["frames"].items():
        path = folder / file
        if hashlib.sha256(path.read_bytes()).hexdigest() != told:
            raise ValueError(f"{file} in {folder} is not the file that was written: its hash differs.")
        frames[path.stem] = pd.read_parquet(path)
    return frames
