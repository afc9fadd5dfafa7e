"""A shard's folder: what was written comes back, and nothing else passes for it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from auditor.frames import Frames, read_frames, write_frames
from tests.unit.frames.parts import Estate, ago, operation, stay


@pytest.fixture
def frames() -> Frames:
    operations = (operation(ago(days=2), "failed"), operation(ago(days=1), "running"))
    return Estate(operations=operations, heartbeats=(stay("1.36.1", ago(days=9)),)).frames()


def test_what_was_written_is_read_again_with_types_and_missing_values(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path / "shard", frames)

    again = read_frames(tmp_path / "shard")

    assert set(again) == set(frames)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(again[name], frame)


def test_the_same_frames_give_the_same_bytes(frames: Frames, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_frames(tmp_path / name, frames)

    assert (tmp_path / "one/manifest.json").read_bytes() == (tmp_path / "two/manifest.json").read_bytes()


def test_an_unfinished_folder_is_not_read(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path, frames)
    (tmp_path / "manifest.json").unlink()

    with pytest.raises(FileNotFoundError):
        read_frames(tmp_path)


def test_a_file_that_was_changed_since_is_not_read(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path, frames)
    frames["machines"].assign(name="another").to_parquet(tmp_path / "machines.parquet", index=False)

    with pytest.raises(ValueError, match=r"machines\.parquet .* is not the file that was written"):
        read_frames(tmp_path)


def test_the_manifest_holds_a_hash_of_each_file(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path, frames)

    manifest = json.loads((tmp_path / "manifest.json").read_bytes())

    assert set(manifest["frames"]) == {path.name for path in tmp_path.glob("*.parquet")}
    assert all(len(told) == 64 for told in manifest["frames"].values())
