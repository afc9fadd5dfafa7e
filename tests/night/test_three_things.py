"""A machine without the agent, one whose extensions were not read, one that was never listed: three things."""

from __future__ import annotations

import pytest

from auditor.simulator import Fault
from tests.night.parts import (
    ALL,
    DATED,
    FIRST,
    RULES,
    SECOND,
    YOUNG,
    Audited,
    Bench,
    agent,
    bare,
    estate,
    machine,
    machine_id,
    refusal,
    subscription,
)


@pytest.fixture(scope="module")
def audited(shared_bench: Bench) -> Audited:
    of = estate(
        subscription(FIRST, bare("without-agent"), machine("unread"), machine("whole", agent("Linux", YOUNG))),
        subscription(SECOND, machine("never-seen"), name="The refusing one", refused=True),
    )
    return shared_bench.audit(of, Fault(r"/unread\?.*expand=instanceView", **refusal()), formats=ALL, config=DATED)


def test_the_table_has_a_row_of_its_own_kind_for_each(audited: Audited) -> None:
    rows = [(row[0], row[1], row[3]) for row in audited.table("unseen")]

    assert rows == [
        ("Listed, and its extensions could not be read", "unread", "Subscription 1"),
        ("Read, and without the agent", "without-agent", "Subscription 1"),
        ("Not (all) listed", None, f"The refusing one ({SECOND})"),
    ]


def test_only_the_unread_machine_has_verdicts_without_an_answer(audited: Audited) -> None:
    """Nobody knows the machines that were never listed."""
    by_machine = {name: {status for each, status, _code in audited.verdicts() if each == name} for name in (
        "without-agent", "unread", "whole", "never-seen",
    )}  # fmt: skip

    assert by_machine == {
        "without-agent": {"fail", "not_applicable"},
        "unread": {"unanswered"},
        "whole": {"pass"},
        "never-seen": set(),
    }


def test_run_json_tells_them_apart(audited: Audited) -> None:
    assert audited.run["machines"] == {"vm": 3}
    assert audited.run["subscriptions"]["refused"] == [SECOND]
    assert [gap["scope"] for gap in audited.gaps("instance_view")] == [machine_id("unread")]
    assert [gap["scope"] for gap in audited.gaps("virtual_machines")] == [SECOND]
    assert {rule: sum(audited.run["counts"][rule].values()) for rule in RULES} == dict.fromkeys(RULES, 2)


def test_the_page_and_the_workbook_show_all_three(audited: Audited) -> None:
    workbook = "\n".join(str(row) for name in audited.workbook.sheet_names for row in audited.sheet(name))
    for text in (audited.page_text, workbook):
        assert "Listed, and its extensions could not be read" in text
        assert "Read, and without the agent" in text
        assert "Not (all) listed" in text
        assert "The refusing one" in text


def test_the_subscriptions_table_counts_them(audited: Audited) -> None:
    """Listed, extensions not read, without the agent; of the refusing one no number is known."""
    rows = {row[1]: row[5:] for row in audited.table("subscriptions")}

    assert rows[FIRST][:2] == ("Partly read", 3) and rows[FIRST][-2:] == (1, 1)
    assert rows[SECOND] == ("Refused", *[None] * (len(rows[SECOND]) - 1))
