"""What the report settles as a whole."""

from __future__ import annotations

from auditor.compose.report import shares
from auditor.model.verdict import Status


def test_small_groups_are_shown_wholly_and_the_others_alike() -> None:
    totals = {("A", Status.FAIL): 1_000, ("B", Status.FAIL): 3, ("C", Status.FAIL): 70, ("D", Status.PENDING): 0}
    assert list(shares(totals, 100).values()) == [0, 3, 48, 49]
    assert shares(totals, 10_000) == totals
