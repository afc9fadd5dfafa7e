"""An archive in a folder: one run at a time, files whole or not at all, and sentences where the disk refuses."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.errors import ArchiveRefused
from auditor.stores.folder import FolderStore

HOLDER = """
import sys, time
from pathlib import Path
from auditor.stores.folder import FolderStore
with FolderStore(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    time.sleep(600)
"""


def test_a_second_run_says_so_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "locked\n"
        with pytest.raises(ArchiveRefused, match="another run is at work"), FolderStore(tmp_path).locked():
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with FolderStore(tmp_path).locked():
        pass


def test_the_lock_is_free_again_after_a_run(tmp_path: Path) -> None:
    for _run in range(2):
        with FolderStore(tmp_path).locked():
            pass


def test_a_file_that_could_not_be_written_leaves_the_former_one(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.write("nights/one/night.json", b"former")

    with pytest.raises(ArchiveRefused, match=r"could not be written: no such file"):
        store.write("nights/one/night.json", tmp_path / "nowhere")

    assert store.read("nights/one/night.json") == b"former"
    assert [each.name for each in (tmp_path / "nights" / "one").iterdir()] == ["night.json"]


def test_a_folder_that_is_a_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_text("")

    with (
        pytest.raises(ArchiveRefused, match=r"could not be written: file exists\. Check that the folder"),
        FolderStore(path).locked(),
    ):
        pass


def test_links_are_no_nights(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "archive" / "nights").mkdir(parents=True)
    (tmp_path / "archive" / "nights" / "20261122T030000Z-00000000").symlink_to(tmp_path / "elsewhere")

    assert FolderStore(tmp_path / "archive").nights() == []


@pytest.mark.skipif(sys.platform == "win32", reason="locks are another call there")
def test_a_disk_that_knows_no_locks_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As network shares are, some of them."""

    def refused(*_told: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refused)
    with (
        pytest.raises(ArchiveRefused, match=r"could not be locked: no locks available\. Check that the folder"),
        FolderStore(tmp_path).locked(),
    ):
        pass


@pytest.mark.parametrize("another", [False, True])
def test_an_archive_that_was_moved_away_is_not_begun_anew(tmp_path: Path, another: bool) -> None:
    """Whatever lies in its place by then is none of this night's business: an empty mount point, perhaps."""
    place, store = tmp_path / "archive", FolderStore(tmp_path / "archive")
    with store.locked():
        store.check_locked()
        place.rename(tmp_path / "away")
        if another:
            place.mkdir()
            (place / ".lock").touch()
        with pytest.raises(
            ArchiveRefused, match=r"was there when the night began, and is not any more\. Bring the folder"
        ):
            store.check_locked()
    assert place.exists() is another
