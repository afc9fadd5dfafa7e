"""Pieces of a night that the temporary files have no room for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.errors import ArchiveRefused
from auditor.history import Checkpoints
from auditor.model.underway import Begun
from auditor.stores.folder import FolderStore

AS_OF = datetime(2026, 11, 22, 3, tzinfo=UTC)
BEGUN = Begun("20261122T030000Z-00000000", AS_OF, (AS_OF,), {})


def test_a_piece_that_cannot_be_packed_says_where_and_what_helps(tmp_path: Path) -> None:
    away, store = tmp_path / "away", FolderStore(tmp_path / "archive")

    with pytest.raises(ArchiveRefused) as refused:
        Checkpoints(store, away).put(BEGUN, "survey", "survey", 1.0, {"survey.json": b"{}"})

    assert str(refused.value) == (
        "The night's own piece survey could not be packed for the archive, or unpacked from it, "
        f"in {away}: no such file or directory. Free some space there, or name a folder on a larger disk with the "
        "environment variable TMPDIR."
    )
    assert store.files("under-way") == [], "nothing says that it is done"
