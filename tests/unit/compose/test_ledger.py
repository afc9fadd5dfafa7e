"""Shards are loaded seldom, and memory is bounded by what one full shard holds."""

from __future__ import annotations

import errno
import tempfile
from collections import Counter
from typing import NoReturn

import pytest

from auditor.compose import Ledger, ledger
from auditor.compose.desk import Bench
from auditor.compose.findings import verdicts_of
from auditor.compose.wording import Wording
from auditor.errors import OutputRefused
from auditor.model.report import Finding
from tests.unit.compose import parts

BENCH = Bench(parts.BOOK, Wording("en", "UTC"), "https://portal.azure.com")


class Disk:
    """Two shards, and how often each was loaded."""

    def __init__(self) -> None:
        self.loaded: Counter[str] = Counter()
        self.frames = {"shop": parts.shop().frames(parts.survey()), "plant": parts.plant().frames(parts.survey())}

    def ledger(self) -> Ledger:
        return Ledger([lambda: self._load("shop"), lambda: self._load("plant")], tuple(parts.survey()), ())

    def _load(self, name: str) -> ledger.Frames:
        self.loaded[name] += 1
        return self.frames[name]


def told(held: Ledger) -> list[Finding]:
    return [finding for portion in verdicts_of(held, BENCH) for finding in portion.findings]


def test_shards_that_fit_into_memory_are_loaded_once() -> None:
    disk = Disk()
    held = disk.ledger()
    assert len(told(held)) == 15
    assert len(told(held)) == 15
    assert disk.loaded == {"shop": 1, "plant": 1}


def test_what_does_not_fit_is_gone_through_once_and_told_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(Disk().ledger())
    monkeypatch.setattr(ledger, "MACHINES_HELD", 5)
    disk = Disk()
    cut = disk.ledger()
    assert told(cut) == whole
    assert disk.loaded == {"shop": 2, "plant": 2}, "once to count, once to make the findings"


def test_a_disk_that_refuses_ends_the_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MACHINES_HELD", 5)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OutputRefused, match="no space left"):
        told(Disk().ledger())


def full(**_options: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_shards_that_were_looked_at_last_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    machines = {name: len(each["machines"]) for name, each in disk.frames.items()}
    monkeypatch.setattr(ledger, "MACHINES_HELD", max(machines.values()))
    held = disk.ledger()
    list(held.shards())
    *_others, last = held.shards()
    assert disk.loaded == {"shop": 2, "plant": 2}
    assert last.frames is disk.frames["plant"]
    held.let_go()
    list(held.shards())
    assert disk.loaded == {"shop": 3, "plant": 3}
