"""What need not stay goes: at the end of a run, and behind one that was killed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from auditor.disk.locks import try_lock
from auditor.disk.scratch import LEFT_AFTER_S, LOCK, PREFIX, scratch_folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(folder: Path, *, age_s: float = 2 * LEFT_AFTER_S) -> Path:
    """A killed run's, with what it read."""
    folder.mkdir()
    (folder / LOCK).touch()
    (folder / "shard-00000").mkdir()
    (folder / "shard-00000" / "machines.parquet").write_bytes(b"rows")
    then = folder.stat().st_mtime - age_s
    os.utime(folder, (then, then))
    return folder


def test_it_is_there_for_a_run_and_goes_with_it(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "rows").write_text("x")
        assert list(place.iterdir()) == [folder]

    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(place: Path) -> None:
    killed = left(place / f"{PREFIX}0")

    with scratch_folder():
        assert not killed.exists()


def test_that_of_a_run_at_work_stays(place: Path) -> None:
    busy = left(place / f"{PREFIX}0")

    with (busy / LOCK).open("ab") as lock:
        assert try_lock(lock)
        with scratch_folder():
            assert (busy / "shard-00000" / "machines.parquet").exists()


def test_that_of_a_run_that_has_not_locked_it_yet_stays(place: Path) -> None:
    begun = left(place / f"{PREFIX}0", age_s=0)

    with scratch_folder():
        assert begun.exists()


def test_what_is_not_ours_stays(place: Path) -> None:
    elsewhere = left(place / "elsewhere")
    unlocked = place / f"{PREFIX}1"
    unlocked.mkdir()
    os.utime(unlocked, (0, 0))
    link = place / f"{PREFIX}2"
    link.symlink_to(elsewhere)

    with scratch_folder():
        assert (elsewhere / LOCK).exists() and unlocked.exists() and link.is_symlink()
