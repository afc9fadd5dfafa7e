"""Whether a night is due, by what lies in the archive."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import ArchiveRefused, SettingsRefused
from auditor.model.settings import Settings
from auditor.model.underway import Begun
from auditor.schedule import Due, due
from auditor.stores import open_store
from auditor.stores.folder import FolderStore

OPEN, CLOSED, BEFORE = "2026-11-21T18:30", "2026-11-22T01:00", "2026-11-21T16:00"
"""In UTC: of Tokyo 03:30 and 10:00 on the 22nd, and 01:00, when the window of the 21st was the last."""


def settings(folder: Path, **changes: object) -> Settings:
    told = {
        "schedule": {"from": "02:00", "until": "06:00"},
        "archive": {"url": f"file:{folder}"},
        "report": {"time_zone": "Asia/Tokyo"},
    }
    return Settings.model_validate_json(json.dumps({**told, **changes}))


def at(folder: Path, now: str, *, late: bool = False) -> Due:
    told = settings(folder)
    return due(told, open_store(told), datetime.fromisoformat(now).replace(tzinfo=UTC), late=late)


def keep(folder: Path, name: str, file: str = "night.json", content: bytes = b"{}") -> None:
    FolderStore(folder).write(f"nights/{name}/{file}", content)


def test_a_night_is_due_in_its_window_and_only_once(tmp_path: Path) -> None:
    assert at(tmp_path, BEFORE) == Due(
        False, "nothing is due: nights begin from 02:00 until 06:00 (Asia/Tokyo); the next one from 2026-11-22 02:00"
    )
    assert at(tmp_path, OPEN) == Due(True, "a night is due: no whole one since 2026-11-22 02:00")

    keep(tmp_path, "20261121T180000Z-00000000")

    assert at(tmp_path, OPEN) == Due(
        False, "nothing is due: the night 20261121T180000Z-00000000 is kept; the next one from 2026-11-23 02:00"
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("20261120T180000Z-00000000", "night.json"),  # last night
        ("20261121T165959Z-00000000", "night.json"),  # a minute before this window: it is last night's, too
        ("20261121T180000Z-00000000", "verdicts.parquet"),  # it was not finished
        ("20261121T180000Z", "night.json"),  # not the name of a night
        ("20261331T180000Z-00000000", "night.json"),
    ],
)
def test_what_is_not_this_windows_night_leaves_it_due(tmp_path: Path, name: str, file: str) -> None:
    keep(tmp_path, name, file)

    assert at(tmp_path, OPEN).night


@pytest.mark.parametrize(
    ("minutes", "late", "again"), [(59, False, False), (61, False, True), (61, True, True), (300, True, False)]
)
def test_a_night_that_could_read_nothing_is_tried_again_while_its_window_is_open(
    tmp_path: Path, minutes: int, late: bool, again: bool
) -> None:
    """Each such try sends a letter, so it is not one a tick."""
    keep(tmp_path, "20261121T173000Z-00000000", content=b'{"collected": false}')
    now = datetime(2026, 11, 21, 17, 30, tzinfo=UTC) + timedelta(minutes=minutes)

    assert at(tmp_path, now.isoformat(), late=late).night is again

    keep(tmp_path, f"{now - timedelta(minutes=1):%Y%m%dT%H%M%SZ}-00000000", content=b'{"collected": true}')
    assert not at(tmp_path, now.isoformat(), late=late).night


def test_a_night_of_some_subscriptions_takes_the_place_of_no_whole_one(tmp_path: Path) -> None:
    keep(tmp_path, "20261121T180000Z-00000000", content=b'{"narrow": true}')
    told, store, now = settings(tmp_path), FolderStore(tmp_path), datetime.fromisoformat(OPEN).replace(tzinfo=UTC)

    assert due(told, store, now).night
    assert not due(told, store, now, narrow=True).night

    keep(tmp_path, "20261121T181000Z-00000000", content=b'{"narrow": false}')
    assert not due(told, store, now).night


def test_a_manifest_that_is_none_is_no_night(tmp_path: Path) -> None:
    keep(tmp_path, "20261121T180000Z-00000000", content=b"{ half")

    assert at(tmp_path, OPEN).night


def test_a_missed_night_is_made_up_for_once_by_a_late_tick(tmp_path: Path) -> None:
    assert not at(tmp_path, CLOSED).night
    assert at(tmp_path, CLOSED, late=True) == Due(True, "a night is made up for: no whole one since 2026-11-22 02:00")

    keep(tmp_path, "20261122T005000Z-00000000")

    assert not at(tmp_path, CLOSED, late=True).night


def test_a_late_tick_before_the_window_makes_up_for_the_day_before(tmp_path: Path) -> None:
    keep(tmp_path, "20261120T180000Z-00000000")
    assert not at(tmp_path, BEFORE, late=True).night

    FolderStore(tmp_path).remove("nights/20261120T180000Z-00000000/night.json")

    assert at(tmp_path, BEFORE, late=True).night


@pytest.mark.parametrize("now", [BEFORE, OPEN, CLOSED])
def test_an_unfinished_night_is_gone_on_with_at_any_hour(tmp_path: Path, now: str) -> None:
    keep(tmp_path, "20261121T180000Z-00000000")
    FolderStore(tmp_path).write("under-way/begun.json", b"{}")

    assert at(tmp_path, now) == Due(True, "a night was begun and has not ended: it is gone on with")


@pytest.mark.parametrize(("hours", "night"), [(19, True), (23, False)])
def test_an_unfinished_night_that_is_too_old_makes_none_due_outside_its_window(
    tmp_path: Path, hours: int, night: bool
) -> None:
    """Nobody goes on with it, and what begins anew begins in the window."""
    now = datetime.fromisoformat(CLOSED).replace(tzinfo=UTC)
    first = now - timedelta(hours=hours)
    begun = Begun("20261121T180000Z-00000000", first, (first, now), {})
    FolderStore(tmp_path).write("under-way/begun.json", begun.encoded())

    assert at(tmp_path, CLOSED).night is night


@pytest.mark.parametrize("missing", ["schedule", "archive"])
def test_it_needs_to_know_when_and_where_to_look(tmp_path: Path, missing: str) -> None:
    told = settings(tmp_path, **{missing: None})
    with pytest.raises(SettingsRefused, match=rf"config\.yaml: {missing}: is missing: --if-due "):
        due(told, open_store(told), datetime(2026, 11, 22, tzinfo=UTC))


def test_an_archive_that_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    """Nothing due, and nothing known, must not look alike."""
    (tmp_path / "nights").write_text("a file")
    (tmp_path / "under-way").mkdir()
    (tmp_path / "under-way" / "begun.json").mkdir()

    with pytest.raises(ArchiveRefused, match="could not be read"):
        at(tmp_path, OPEN)
