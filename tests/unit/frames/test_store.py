"""A shard's folder: what was written comes back, and nothing else passes for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from auditor.frames import (
    Frames,
    FramesRefused,
    StoredFrames,
    collected,
    declared,
    read_collected,
    read_frames,
    store,
    write_frames,
)
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


def test_some_frames_can_be_left_out(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path, frames)

    assert set(read_frames(tmp_path, without=("machines", "readings"))) == set(frames) - {"machines", "readings"}


def test_reading_brings_nothing_that_is_for_tables_of_many_files(frames: Frames, tmp_path: Path) -> None:
    """It would hold ten megabytes for the rest of the night."""
    write_frames(tmp_path, frames)
    code = (
        "import pathlib, sys; from auditor.frames import read_frames\n"
        f"print(len(read_frames(pathlib.Path({str(tmp_path)!r}))), 'pyarrow.dataset' in sys.modules)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert told.stdout.split() == [str(len(frames)), "False"]


# --- folders that come from elsewhere ---


def sealed(folder: Path, **more: str) -> None:
    """A manifest with the hashes of whatever is there."""
    hashes = {each.name: store._digest(each) for each in folder.glob("*.parquet")}
    (folder / "manifest.json").write_text(json.dumps({"frames": {**hashes, **more}}), encoding="utf-8")


@pytest.mark.parametrize("name", ["../machines.parquet", "/etc/passwd", "Machines.parquet", "a/b.parquet", ""])
def test_a_name_that_is_none_of_a_frame_is_refused(frames: Frames, tmp_path: Path, name: str) -> None:
    write_frames(tmp_path, frames)
    sealed(tmp_path, **{name: "0" * 64})

    with pytest.raises(FramesRefused, match="is not the name of a frame"):
        read_collected(tmp_path)


@pytest.mark.parametrize("manifest", ["[]", "{}", '{"frames": []}', '{"frames": {"machines.parquet": 1}}', "no json"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")

    with pytest.raises(FramesRefused):
        read_collected(tmp_path)


def test_a_file_that_is_no_table_is_named(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path, frames)
    (tmp_path / "machines.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    sealed(tmp_path)

    with pytest.raises(FramesRefused, match=r"machines\.parquet"):
        read_collected(tmp_path)


def test_a_table_that_says_it_is_huge_is_not_read(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of one value takes a few bytes for any number of rows."""
    monkeypatch.setattr(store, "MOST_ROWS", 20)
    write_frames(tmp_path, {**frames, "subscriptions": pd.concat([frames["subscriptions"]] * 30)})

    with pytest.raises(FramesRefused, match=r"subscriptions\.parquet .* 30 rows; no frame has more than 20"):
        read_collected(tmp_path)


def test_stored_frames_are_read_when_they_are_asked_for_and_judged_ones_win(frames: Frames, tmp_path: Path) -> None:
    gathered, judged = tmp_path / "gathered", tmp_path / "judged"
    write_frames(gathered, collected(frames))
    write_frames(judged, {"machines": frames["machines"].iloc[:1], "verdicts": frames["readings"]})
    (gathered / "versions.parquet").write_bytes(b"broken")
    stored = StoredFrames(gathered, judged)

    assert set(stored) == {*frames, "verdicts"} and len(stored) == len(frames) + 1
    pd.testing.assert_frame_equal(stored["machines"], frames["machines"].iloc[:1])
    pd.testing.assert_frame_equal(stored["extensions"], declared(collected(frames))["extensions"])
    assert stored["extensions"] is stored["extensions"]
    with pytest.raises(ValueError, match=r"versions\.parquet"):
        stored["versions"]
    with pytest.raises(KeyError):
        stored["nothing"]


def test_a_frame_that_an_older_version_did_not_store_is_empty(frames: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path / "gathered", {"machines": collected(frames)["machines"]})
    write_frames(tmp_path / "judged", {})
    stored = StoredFrames(tmp_path / "gathered", tmp_path / "judged")
    assert list(stored["associations"].columns) == list(frames["associations"].columns)
    assert stored["associations"].empty
