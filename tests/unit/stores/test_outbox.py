"""Whether letters wait, by what lies in the archive and beside the output folder."""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.model.rule import RuleBook
from auditor.model.run import Order
from auditor.model.settings import Settings
from auditor.stores import letters_wait
from auditor.stores.folder import FolderStore

SMTP = {"host": "127.0.0.1", "security": "none", "from": "a@example.com", "to": "b@example.com"}


class Away(FolderStore):
    """Its disk answers nothing."""

    def files(self, folder: str) -> list[str]:
        with self._told("read"):
            raise OSError(errno.EIO, f"{folder}: Input/output error")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    told = Settings.model_validate({"deliver": [{"smtp": SMTP}]}, strict=False)
    return Order(told, RuleBook(()), "", tmp_path / "report", (), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("lies", "waits"),
    [
        ("archive/outbox/20261121T180000Z-00000000-0.zip", True),
        ("report.outbox/20261121T180000Z-00000000-0.zip", True),
        ("archive/outbox/20261121T180000Z-00000000-0.json", False),  # a note of one that was sent
        ("archive/nights/20261121T180000Z-00000000/night.json", False),
    ],
)
def test_letters_wait_in_the_archive_or_beside_the_output_folder(
    order: Order, tmp_path: Path, lies: str, waits: bool
) -> None:
    place, store = tmp_path / lies, FolderStore(tmp_path / "archive")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")

    assert letters_wait(order, store) is waits
    assert not letters_wait(replace(order, deliver=False), store), "--no-deliver sends nothing"
    assert not letters_wait(replace(order, settings=Settings()), store), "nobody is named"


def test_an_archive_that_nobody_can_look_into_may_hold_some(order: Order, tmp_path: Path) -> None:
    """Whoever empties the outbox then tells why it could not be done."""
    assert letters_wait(order, Away(tmp_path / "archive"))
