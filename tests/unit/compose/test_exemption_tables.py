"""How exemptions stand: what they excuse, the lists of those to look at, and what could not be tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auditor.model.report import EXEMPTION_LISTS, Report
from auditor.model.rule import Comparison, Exemption, Operator
from auditor.model.verdict import Status
from tests.unit.compose import parts
from tests.unit.compose.parts import NOW, PLANT, REFUSED, SHOP, VM, Shard, agent_of

TODAY = NOW.date()
LATER = TODAY + timedelta(days=90)
SELECTOR = Comparison("resource_group", Operator.EQUALS, "rg-web")


def exemption(**changes: Any) -> Exemption:
    given: dict[str, Any] = {"resource": VM, "expires": LATER, **changes}
    if "selector" in changes:
        given["resource"] = None
    return Exemption(**{"rule": "AMA-001", "owner": "Ann", "reason": "Certified by hand", "ticket": "CHG-1", **given})


def report(*exemptions: Exemption, shards: tuple[Shard, ...] = (), **facts: Any) -> Report:
    return parts.report_of(*shards, book=replace(parts.BOOK, exemptions=exemptions), **facts)


def rows(of: Report, name: str = "exemptions") -> list[dict[str, Any]]:
    table = of.tables[name]
    return [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows()]


def lists(of: Report) -> set[str]:
    """The lists that are not empty."""
    return {name for name in EXEMPTION_LISTS if rows(of, f"exemptions_{name}")}


def plant(*verdicts: tuple[str, Status, str, dict[str, Any]]) -> Shard:
    """Arc-enabled servers, all read, with other verdicts than usual."""
    shard = replace(parts.plant(), verdicts=[])
    for rule, status, resource, told in verdicts:
        shard.judge(rule, status, resource, **told)
    return shard


SERVER, AWAY = agent_of(parts.SERVER), agent_of(parts.AWAY)
FIRST: dict[str, Any] = {"named_by": "0"}
ONLY_PLANT: dict[str, Any] = {"reach": (frozenset({PLANT}),)}
"""What it names can only be in a subscription that was read whole."""


def test_an_exemption_is_told_with_who_accepted_what_until_when_and_how_many_it_excuses() -> None:
    shard = plant(("AMA-001", Status.EXEMPT, SERVER, {**FIRST, "exemption": "CHG-1"}))

    [row] = rows(report(exemption(resource=SERVER), shards=(shard,)))

    assert row == {
        "rule": "AMA-001",
        "resource": f"AMA\nPlant\n{SERVER}",
        "owner": "Ann",
        "reason": "Certified by hand",
        "ticket": "CHG-1",
        "expires": LATER,
        "standing": "In force.",
        "matches": 1,
    }


def test_findings_are_counted_over_shards_by_the_exemption_that_comes_first() -> None:
    """The one that has expired is passed over; the one that stands behind another excuses nothing."""
    both = {"named_by": "0,1,2", "exemption": "CHG-1"}
    shop = parts.shop()
    shop.judge("AMA-002", Status.EXEMPT, agent_of(VM), **both)
    other = plant(("AMA-002", Status.EXEMPT, SERVER, both), ("AMA-002", Status.EXEMPT, AWAY, {"named_by": "2"}))
    found = (
        exemption(rule="AMA-002", selector=SELECTOR, expires=TODAY - timedelta(days=1)),
        exemption(rule="AMA-002", selector=SELECTOR),
        exemption(rule="AMA-002", selector=SELECTOR),
        exemption(rule="AMA-002", selector=SELECTOR),
    )
    other.judge("AMA-002", Status.EXEMPT, agent_of(parts.EXPIRED), named_by="1,3")

    told = rows(report(*found, shards=(shop, other)))

    assert [row["matches"] for row in told] == [0, 3, 1, 0]
    assert told[0]["standing"] == "Expired. What it names fails: 2 tonight."
    assert told[3]["standing"].startswith("In force, and not needed beside another exemption")


@pytest.mark.parametrize(
    ("days", "listed", "standing"),
    [
        (-1, {"expired"}, "Expired. What it names fails: 1 tonight."),
        (0, {"expiring"}, "In force. It expires at the end of today."),
        (1, {"expiring"}, "In force. It expires tomorrow."),
        (14, {"expiring"}, "In force. It expires in 14 days."),
        (15, set(), "In force."),
    ],
)
def test_an_exemption_ends_with_its_last_day_and_is_told_a_fortnight_before(
    days: int, listed: set[str], standing: str
) -> None:
    status = Status.FAIL if days < 0 else Status.EXEMPT
    found = exemption(resource=SERVER, expires=TODAY + timedelta(days=days))

    of = report(found, shards=(plant(("AMA-001", status, SERVER, FIRST)),))

    assert lists(of) == listed
    assert [row["standing"] for row in rows(of)] == [standing]


def test_an_exemption_is_no_longer_needed_where_all_that_it_names_passes() -> None:
    shard = plant(("AMA-001", Status.PASS, SERVER, FIRST), ("AMA-001", Status.PASS, AWAY, FIRST))

    of = report(exemption(selector=SELECTOR), shards=(shard,), **ONLY_PLANT)

    assert lists(of) == {"unneeded"}
    assert rows(of)[0]["standing"] == "All that it names complies; passing tonight: 2."


@pytest.mark.parametrize("status", [Status.UNANSWERED, Status.PENDING, Status.NOT_APPLICABLE])
def test_an_exemption_stays_where_something_that_it_names_is_not_seen_to_pass(status: Status) -> None:
    shard = plant(("AMA-001", Status.PASS, SERVER, FIRST), ("AMA-001", status, AWAY, FIRST))

    of = report(exemption(selector=SELECTOR), shards=(shard,), **ONLY_PLANT)

    assert lists(of) == set()
    assert rows(of)[0]["standing"] == "In force. Nothing that it names fails tonight, as far as was read."


@pytest.mark.parametrize(
    ("perhaps", "within"),
    [({"perhaps_by": "0"}, {PLANT}), ({}, {PLANT, REFUSED})],
    ids=["perhaps one more", "a subscription that was not read"],
)
def test_an_exemption_stays_where_it_may_name_what_was_not_seen(perhaps: dict[str, str], within: set[str]) -> None:
    shard = plant(("AMA-001", Status.PASS, SERVER, FIRST), ("AMA-001", Status.UNANSWERED, AWAY, perhaps))

    assert lists(report(exemption(selector=SELECTOR), shards=(shard,), reach=(frozenset(within),))) == set()


def test_nothing_depends_on_how_the_estate_was_cut_into_shards() -> None:
    def named(shard: Shard) -> Shard:
        for each in shard.verdicts:
            each["named_by"] = "1" if each["machine_id"] == VM else "0,1"
            each["status"] = "exempt" if each["status"] == "fail" else each["status"]
        return shard

    found = (exemption(selector=SELECTOR), exemption(selector=SELECTOR))

    cut, one = (
        report(*found, shards=(named(parts.shop()), named(parts.plant()))),
        report(*found, shards=(named(parts.whole()),)),
    )

    assert [row["matches"] for row in rows(cut)] == [2, 2]
    assert rows(one) == rows(cut)


# --- matching nothing, and not tried ---


@pytest.mark.parametrize(
    ("what", "facts", "listed", "standing"),
    [
        ({"resource": f"{parts.ARC}/gone"}, ONLY_PLANT, "unmatched", "It names nothing that its rule speaks of."),
        ({"selector": SELECTOR}, ONLY_PLANT, "unmatched", "It names nothing that its rule speaks of."),
        (
            {"resource": f"/subscriptions/{PLANT}/resourceGroups/rg-plant"},
            ONLY_PLANT,
            "unmatched",
            "It can never name a row: its rule has none with an id of this form.",
        ),
        (
            {"resource": VM.replace(SHOP, REFUSED)},
            {"reach": (frozenset({REFUSED}),)},
            "untried",
            "Could not be tried: not all machines were listed in Refused.",
        ),
        (
            {"selector": SELECTOR},
            {"reach": (frozenset({PLANT, REFUSED}),)},
            "untried",
            "Could not be tried: not all machines were listed in Refused.",
        ),
        (
            {"resource": VM},
            {"reach": (frozenset(),)},
            "untried",
            "Could not be tried: it names nothing in the subscriptions of tonight.",
        ),
        (
            {"rule": "AMA-009"},
            {"reach": (frozenset({SHOP}),)},
            "untried",
            "Could not be tried: its rule is disabled.",
        ),
        (
            {},
            {"reach": (frozenset({SHOP}),), "not_run": {"AMA-001": ("silent_for",)}},
            "untried",
            "Could not be tried: its rule was not run.",
        ),
    ],
)
def test_what_was_not_read_is_not_told_as_nothing(
    what: dict[str, Any], facts: dict[str, Any], listed: str, standing: str
) -> None:
    of = report(exemption(**what), shards=(plant(("AMA-001", Status.PASS, SERVER, {})),), **facts)

    assert lists(of) == {listed}
    assert [row["standing"] for row in rows(of)] == [standing]


def test_an_exemption_of_which_a_verdict_cannot_tell_could_not_be_tried() -> None:
    shard = plant(("AMA-001", Status.UNANSWERED, SERVER, {"perhaps_by": "0"}))

    of = report(exemption(selector=SELECTOR), shards=(shard,), **ONLY_PLANT)

    assert lists(of) == {"untried"}
    assert rows(of)[0]["standing"] == "Could not be tried: it is not known whether it names what was judged (1)."


def test_one_that_expires_soon_and_names_nothing_stands_in_both_lists() -> None:
    soon = exemption(resource=f"{parts.ARC}/gone", expires=TODAY + timedelta(days=3))

    of = report(soon, shards=(plant(),), **ONLY_PLANT)

    assert lists(of) == {"expiring", "unmatched"}
    assert rows(of)[0]["standing"] == "It names nothing that its rule speaks of. It expires in 3 days."


# --- the sentence ---


def test_the_lists_are_counted_in_one_sentence_for_page_and_console() -> None:
    expired = exemption(resource=SERVER, expires=TODAY - timedelta(days=1))
    found = (expired, expired, exemption(resource=f"{parts.ARC}/gone"), exemption(rule="AMA-009"))

    of = report(*found, shards=(plant(),), reach=(frozenset({PLANT}),) * 4)

    assert of.exemptions_to_see == ("Exemptions to look at: 2 expired, 1 matching nothing, 1 that could not be tried.")
    assert of.summary.endswith(of.exemptions_to_see)


def test_there_is_nothing_to_look_at_where_every_exemption_is_needed() -> None:
    shard = plant(("AMA-001", Status.EXEMPT, SERVER, FIRST))

    assert report(exemption(resource=SERVER), shards=(shard,)).exemptions_to_see == ""
    assert report().exemptions_to_see == ""
