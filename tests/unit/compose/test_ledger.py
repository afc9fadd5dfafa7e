"""Shards are loaded seldom, and memory is bounded by what one full shard holds."""

from __future__ import annotations

from collections import Counter

import pytest

from auditor.compose import Ledger, ledger
from auditor.compose.findings import Bench, findings_of
from auditor.compose.wording import Wording
from tests.unit.compose import parts

BENCH = Bench(parts.BOOK, Wording("en", "UTC"), "https://portal.azure.com")


class Disk:
    """Two shards, and how often each was loaded."""

    def __init__(self) -> None:
        self.loaded: Counter[str] = Counter()
        self._frames = {"shop": parts.shop().frames(parts.survey()), "plant": parts.plant().frames(parts.survey())}

    def ledger(self) -> Ledger:
        return Ledger([lambda: self._load("shop"), lambda: self._load("plant")], tuple(parts.survey()), ())

    def _load(self, name: str) -> ledger.Frames:
        self.loaded[name] += 1
        return self._frames[name]


def test_shards_that_fit_into_memory_are_loaded_once() -> None:
    disk = Disk()
    held = disk.ledger()
    assert len(list(findings_of(held, BENCH))) == 15
    assert len(list(findings_of(held, BENCH))) == 15
    assert disk.loaded == {"shop": 1, "plant": 1}


def test_what_does_not_fit_is_loaded_only_for_verdicts_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MACHINES_HELD", 5)
    disk = Disk()
    assert len(list(findings_of(disk.ledger(), BENCH))) == 15
    present = {(each["rule_id"], each["status"]) for each in parts.plant().verdicts}
    assert disk.loaded == {"shop": 1, "plant": 1 + len(present)}
