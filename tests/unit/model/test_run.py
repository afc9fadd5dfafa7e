"""A machine whose clock is put back in the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.model.narration import Silent
from auditor.model.rule import RuleBook
from auditor.model.run import Order, Watch
from auditor.model.settings import Settings

LATER = datetime.now(UTC) + timedelta(hours=3)
"""When the night began, by the clock of then."""


def test_no_night_ends_before_it_began() -> None:
    watch = Watch(Silent(), started=LATER)

    assert LATER <= watch.ended < LATER + timedelta(hours=1)


def test_no_answer_was_read_before_the_night() -> None:
    order = Order(Settings(), RuleBook(()), "0" * 64, Path("report"), ("json",), as_of=LATER)

    assert order.clock() == LATER
