"""A release table that is old is one line of the coverage, however many agents are newer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from auditor.compose.counted import Agents
from auditor.compose.table_end import TableEnd, stale_end
from auditor.model.rule import ReleaseRow, RuleBook
from tests.unit.compose import parts

PUBLISHER, LINUX, WINDOWS = "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent"
TABLE = (
    ReleaseRow(PUBLISHER, LINUX, date(2025, 9, 1), ("1.37.x",)),
    ReleaseRow(PUBLISHER, LINUX, date(2025, 10, 1), ("1.38.1", "1.38.0")),
    ReleaseRow(PUBLISHER, WINDOWS, date(2025, 11, 1), ("1.39.0",)),
    ReleaseRow(PUBLISHER, LINUX, None, ("1.99.0",), withdrawn=True),
    ReleaseRow("Contoso", "Thing", date(2024, 1, 1), ("9.0",)),
)
AGED = parts.rule("AMA-005", "version_age")
BOOK = RuleBook((*parts.RULES, AGED), parts.STANDING, TABLE)
AGENTS = Counter(
    {
        Agents("japaneast", LINUX, "1.38.9", None, None): 5,
        Agents("japaneast", LINUX.upper(), "1.39.0", None, None): 3,
        Agents("japaneast", WINDOWS, "1.39.0", None, None): 2,
        Agents("westus", WINDOWS, "1.40.0", None, None): 1,
        Agents("westus", WINDOWS, "", None, None): 7,
    }
)


def test_the_type_that_ends_first_ends_the_table_and_each_agent_is_held_against_its_own_type() -> None:
    assert stale_end(BOOK, AGENTS, date(2026, 1, 31)) == TableEnd(date(2025, 10, 1), 92, newer=4, known=11)


@pytest.mark.parametrize(("today", "stale"), [(date(2025, 12, 30), False), (date(2025, 12, 31), True)])
def test_sixty_days_after_its_last_month_it_is_old(today: date, stale: bool) -> None:
    assert (stale_end(BOOK, AGENTS, today) is not None) is stale


@pytest.mark.parametrize(
    "book",
    [
        replace(BOOK, releases=()),
        replace(BOOK, rules=parts.RULES),
        replace(BOOK, rules=(*parts.RULES, replace(AGED, enabled=False))),
    ],
    ids=["no table", "no rule over ages", "one that is switched off"],
)
def test_without_a_table_or_a_rule_that_asks_for_ages_there_is_nothing_to_tell(book: RuleBook) -> None:
    assert stale_end(book, AGENTS, date(2027, 1, 1)) is None


def outside(**changes: Any) -> list[tuple[Any, ...]]:
    return list(parts.report_of(**changes).tables["outside"].rows())


def test_it_is_one_row_of_what_stands_outside() -> None:
    before, after = outside(), outside(book=BOOK)

    assert after[: len(before)] == before
    [(what, newer, known)] = after[len(before) :]
    assert "2025-10" in what and "sources.release_table" in what
    assert 0 <= newer <= known
