"""What was seen and what was not: a denominator, names beside ids, and no gap that looks like nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from auditor.compose.coverage import STATES
from auditor.model.parcel import Confirmation
from auditor.model.reading import GONE, Source
from auditor.model.report import Report
from auditor.model.rule import Comparison, Operator
from auditor.model.settings import Settings
from tests.unit.compose import parts


@pytest.fixture(scope="module")
def report() -> Report:
    return parts.report_of()


def rows(report: Report, name: str) -> list[dict[str, Any]]:
    table = report.tables[name]
    return [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows()]


def test_every_subscription_in_scope_stands_in_exactly_one_state(report: Report) -> None:
    numbers = {row["subscriptions"]: row["number"] for row in rows(report, "states")}
    assert numbers == {
        "Expected by name": 2,
        "Seen": 5,
        "Read": 1,
        "Read, and no machine in it": 1,
        "Partly read": 1,
        "Not read": 0,
        "Refused": 1,
        "Disabled": 1,
        "Not seen": 1,
    }
    assert sum(numbers.values()) - 2 - 5 == len(rows(report, "subscriptions")) == len(STATES) - 1


def test_subscriptions_have_their_names_management_groups_and_whether_they_are_delegated(report: Report) -> None:
    told = {row["subscription_id"]: row for row in rows(report, "subscriptions")}
    plant = told[parts.PLANT]
    assert (plant["subscription"], plant["management_group"], plant["delegated"]) == (
        "Plant",
        "Factories < Root",
        "yes",
    )
    assert (told[parts.SHOP]["management_group"], told[parts.SHOP]["delegated"]) == (None, None)
    assert told[parts.MISSING]["subscription"] is None
    assert (told[parts.EMPTY]["listed"], told[parts.REFUSED]["listed"]) == (0, None), "nothing there, and not known"


def test_run_json_lists_the_subscriptions_by_what_became_of_them(report: Report) -> None:
    assert report.run["subscriptions"] == {
        "expected": [parts.SHOP, parts.MISSING],
        "seen": [parts.SHOP, parts.PLANT, parts.EMPTY, parts.REFUSED, parts.DISABLED],
        "refused": [parts.REFUSED],
        "disabled": [parts.DISABLED],
        "missing": [parts.MISSING],
    }


def test_machines_are_counted_by_kind_and_models_are_none(report: Report) -> None:
    assert report.run["machines"] == {"arc": 3, "scale_set_instance": 1, "vm": 4}
    told = {row["kind"]: row for row in rows(report, "kinds")}
    assert {kind: row["machines"] for kind, row in told.items()} == {
        "Virtual machine": 4,
        "Scale-set instance": 1,
        "Arc-enabled server": 3,
        "Scale sets, not counted as machines": 2,
    }
    arc = told["Arc-enabled server"]
    assert [arc[name] for name in ("running", "disconnected", "expired", "unknown")] == [1, 1, 1, 0]
    assert [told["Virtual machine"][name] for name in ("managed", "unread", "without_agent", "unknown")] == [1, 1, 1, 1]
    assert told["Scale sets, not counted as machines"]["unread"] == 1


def test_each_source_is_told_with_its_denominator(report: Report) -> None:
    told = {(row["kind"], row["source"]): row for row in rows(report, "coverage")}
    counts = {key: (row["machines"], row["answered"], row["unanswered"], row["not_asked"]) for key, row in told.items()}
    assert counts["Virtual machine", "Machine list"] == (4, 4, 0, 0)
    assert counts["Virtual machine", "Instance view"] == (4, 0, 1, 3)
    assert counts["Virtual machine", "Heartbeats"] == (4, 1, 3, 0)
    assert counts["Scale-set instance", "Scale set's instances"] == (1, 1, 0, 0)
    assert counts["Arc-enabled server", "Arc servers' extensions"] == (3, 3, 0, 0)
    assert all(machines == sum(rest) for machines, *rest in counts.values())
    assert ("Arc-enabled server", "Machine list") not in counts


def test_what_stands_outside_is_told_with_of_how_many(report: Report) -> None:
    assert {row["what"]: (row["number"], row["of"]) for row in rows(report, "outside")} == {
        "Machines that a service manages": (1, 8),
        "Arc-enabled servers that have expired": (1, 3),
        "Scale sets whose instances were not read": (1, 2),
        "Failed operations that match no extension": (1, 3),
        "Operations of which no end was seen": (0, 3),
    }


def test_managed_machines_and_expired_servers_are_listed(report: Report) -> None:
    told = [(row["why"], row["machine"], row["kind"], row["subscription"]) for row in rows(report, "set_aside")]
    assert told == [
        ("Managed by AKS", "aks-node-0", "Virtual machine", "Shop"),
        ("Expired", "plant-3", "Arc-enabled server", "Plant"),
    ]


def test_machines_of_concern_are_told_apart(report: Report) -> None:
    told = [(row["what"], row["machine"], row["kind"], row["reason"]) for row in rows(report, "unseen")]
    assert told[:5] == [
        ("Scale set listed, and its instances could not be read", "dark", "Scale set", "not allowed."),
        ("Listed, and its extensions could not be read", "web-2", "Virtual machine", "not allowed."),
        ("Read, and without the agent", "web-3", "Virtual machine", None),
        ("Disconnected", "plant-2", "Arc-enabled server", "since 2026-11-13 03:00 UTC"),
        ("Behind the model of its scale set", "pool_0", "Scale-set instance", None),
    ]
    assert [row["subscription"] for row in rows(report, "unseen")[5:]] == [
        f"Disabled ({parts.DISABLED})",
        parts.MISSING,
        f"Refused ({parts.REFUSED})",
    ]


def test_gaps_name_what_they_are_about(report: Report) -> None:
    scopes = {row["source"]: row["scope"] for row in rows(report, "gaps")}
    assert scopes["Machine list"] == f"Refused\n{parts.REFUSED}"
    assert scopes["Scale set's instances"] == f"dark\nScale set in Shop\n{parts.UNREAD_SET.lower()}"
    assert scopes["Instance view"] == f"web-2\nVirtual machine in Shop\n{parts.UNREAD_VM.lower()}"


def test_the_banner_has_a_line_for_each_scope_with_its_name(report: Report) -> None:
    assert report.banner
    lines = "\n".join(report.banner.lines)
    assert report.banner.sentence == "This audit is incomplete: 7 questions were not fully answered."
    assert len(report.banner.lines) == 5
    assert (
        f"Refused ({parts.REFUSED}), 3 questions (Machine list, Scale set list, Arc server list), such as: not allowed"
        in lines
    )
    assert "Instance view web-2 (Virtual machine in Shop): not allowed." in lines


def test_many_machines_with_one_fault_are_one_line() -> None:
    shard = parts.shop()
    ids = [f"{parts.COMPUTE}/virtualMachines/web-{number}".lower() for number in range(10, 15)]
    alike = {"complete": False, "status": 500, "reason": "It broke.", "close": "Wait."}
    shard.readings += [parts.reading(Source.INSTANCE_VIEW, each, **alike) for each in ids]
    banner = parts.report_of(shard).banner
    assert banner
    assert "Instance view, 5 of them (web-10, web-11, web-12 …): It broke. Wait." in banner.lines


def test_a_right_that_is_missing_in_every_resource_group_is_one_line() -> None:
    shard = parts.shop()
    groups = [f"/subscriptions/{parts.SHOP}/resourcegroups/rg-{number}" for number in range(4)]
    alike = {"complete": False, "status": 403, "reason": "Refused."}
    view = Source.INSTANCE_VIEW
    shard.readings += [
        parts.reading(view, f"{group}/providers/x/y/{name}", close=f"Grant it on {group}.", **alike)
        for group in groups
        for name in ("a", "b")
    ]
    banner = parts.report_of(shard).banner
    assert banner
    told = "Instance view, 8 of them in Shop (a, b, a …): Refused. For the first of them: Grant it on " + groups[0]
    assert [line for line in banner.lines if "Refused." in line] == [f"{told}."]


def test_an_accepted_gap_is_told_and_makes_no_banner() -> None:
    accepted = tuple(
        {"scope": each, "source": "any", "owner": "ann", "reason": "known", "until": "2026-11-22"}
        for each in (parts.REFUSED, parts.DISABLED, parts.MISSING, parts.SHOP)
    )
    report = parts.report_of(settings=Settings.model_validate({"scope": {"accepted_gaps": accepted}}))
    assert report.banner is None
    assert {row["accepted"] for row in rows(report, "gaps")} == {f"ann, {date(2026, 11, 22)}: known"}
    assert all(gap["accepted"] for gap in report.run["gaps"])  # type: ignore[attr-defined]
    assert "which ann accepted until 2026-11-22 (known)." in report.summary, "accepted is not unsaid"


def test_accepted_gaps_say_how_they_stand() -> None:
    entries = [(parts.REFUSED, "2026-12-31"), (parts.DISABLED, "2026-11-01"), (parts.EMPTY, "2026-12-31")]
    accepted = tuple(
        {"scope": scope, "source": "any", "owner": "ann", "reason": "known", "until": until} for scope, until in entries
    )
    report = parts.report_of(settings=Settings.model_validate({"scope": {"accepted_gaps": accepted}}))
    assert [(row["accepts"], row["standing"]) for row in rows(report, "accepted_gaps")] == [
        (3, "in force"),
        (0, "expired; the gap is open again"),
        (0, "matches no gap tonight: remove it, or correct its scope"),
    ]


def test_a_rule_that_speaks_of_no_row_is_named() -> None:
    silent = parts.rule("ORG-001", "tags.environment")
    report = parts.report_of(book=replace(parts.BOOK, rules=(*parts.RULES, silent)))
    assert "Rules that speak of no row tonight: ORG-001." in report.summary
    assert "speak of no row" not in parts.report_of().summary


def test_a_shipped_rule_that_speaks_of_no_row_is_named_only_where_the_configuration_narrowed_it() -> None:
    """An estate without scale sets has no instance to judge, and nothing is wrong with the rule."""
    shipped = parts.rule("AMA-009", "tags.environment")
    narrowed = replace(shipped, only=Comparison("tags.environment", Operator.EQUALS, "prod"))
    for rule, named in ((shipped, False), (narrowed, True)):
        report = parts.report_of(book=replace(parts.BOOK, rules=(*parts.RULES, rule)))
        assert ("speak of no row tonight: AMA-009." in report.summary) is named


def test_every_subscription_in_scope_has_its_row(report: Report) -> None:
    told = {row["subscription"]: (row["read"], row["machines"]) for row in rows(report, "by_subscription")}
    assert told["Refused"] == ("Refused", None)
    assert told["Shop"] == ("Partly read", 5)
    assert len(told) == 6


def test_a_machine_that_was_deleted_during_the_run_is_no_gap() -> None:
    shard = parts.plant()
    gone = f"{parts.COMPUTE}/virtualMachines/gone-1".lower()
    shard.readings.append(parts.reading(Source.INSTANCE_VIEW, gone, rows=0, status=404, reason=GONE))
    report = parts.report_of(shard)
    told = [(row["what"], row["machine"], row["subscription"]) for row in rows(report, "unseen")]
    assert ("Deleted during the run", "gone-1", "Shop") in told
    assert gone not in {gap["scope"] for gap in report.run["gaps"]}  # type: ignore[attr-defined]


def test_readings_that_span_shards_count_once(report: Report) -> None:
    asked = {row["source"]: row["questions"] for row in rows(report, "readings")}
    assert asked["Heartbeats"] == 1
    assert asked["Subscription list"] == 7
    assert sum(asked.values()) == len(parts.survey()) + len(parts.shop().readings) + len(parts.plant().readings)


@pytest.mark.parametrize("name", sorted(parts.report_of().tables))
def test_no_table_depends_on_how_the_estate_was_cut_into_shards(report: Report, name: str) -> None:
    assert rows(parts.report_of(parts.whole()), name) == rows(report, name)


def test_the_summary_says_how_many_verdicts_were_judged_again() -> None:
    confirmed = Confirmation(3, 1_234, 2, 4)
    report = parts.report_of(confirmed=confirmed)
    assert "read again from Resource Manager itself: 3; of their 1,234 verdicts, 2 changed." in report.summary
    assert "2 changed. 4 more were doubtful and not read again." in report.summary
    assert report.run["confirmed"] == {"machines": 3, "verdicts": 1_234, "changed": 2, "left": 4, "silent": 0}
    assert "read again" not in parts.report_of().summary


def test_the_first_sentence_counts_machines_by_kind(report: Report) -> None:
    assert report.headline == (
        "2 of the 8 machines that were listed fail a rule; 4 of 6 subscriptions could not be listed, or not wholly"
    )
    assert report.summary.startswith(
        "15 verdicts in 3 of 6 subscriptions (4 virtual machines, 1 scale-set instance, 3 Arc-enabled servers): 4 fail"
    )


def test_the_headline_counts_apart_what_was_listed_in_part() -> None:
    shard = parts.shop()
    shard.readings = [each for each in shard.readings if each.source is not Source.SCALE_SET_INSTANCES]
    headline = "2 of the 8 machines that were listed fail a rule; 3 of 6 subscriptions could not be listed"
    assert parts.report_of(shard, parts.plant()).headline == headline


def test_a_model_that_fails_while_no_machine_does_is_still_the_headline() -> None:
    shard = parts.shop()
    shard.verdicts = [each for each in shard.verdicts if each["machine_id"] == parts.SCALE_SET]
    report = parts.report_of(shard)
    assert (report.headline, report.tone) == ("No machine fails a rule, and the model of a scale set does", "bad")


def test_operations_of_all_subscriptions_stand_together_the_latest_first() -> None:
    shop, plant = parts.shop(), parts.plant()
    running = parts.operation(parts.BARE_VM, ended=None, started=parts.NOW, outcome="running")
    shop.operations = [parts.operation(parts.VM), running]
    later = parts.NOW - timedelta(days=1)
    plant.operations = [parts.operation(parts.SERVER, started=later, ended=later)]
    report = parts.report_of(shop, plant)

    expected = [parts.NOW, later, parts.operation(parts.VM)["ended"]]
    assert [row["ended"] for row in rows(report, "operations")] == expected
    assert [row["ended"] or row["started"] for row in rows(report, "failed_operations")] == expected


def test_an_operation_says_where_it_was_and_what_became_of_the_extension(report: Report) -> None:
    told = {row["where"]: (row["by"], row["became"]) for row in rows(report, "operations")}
    assert told == {
        "pool (Scale set)\nUpdate of the scale set\nShop": ("ann@contoso.com (a person)", "unresolved"),
        "web-1 (Virtual machine)\nAMA\nShop": ("Azure Policy", "rolled back"),
        "web-3 (Virtual machine)\nAMA\nShop": ("Azure Policy", "no extension that was read"),
        "plant-1 (Arc-enabled server)\nAutomatic upgrade\nPlant": (
            "Azure Regional Service Manager (the platform)",
            "none",
        ),
    }
    assert report.run["operations"] == {"succeeded": 0, "failed": 3, "running": 0}


def test_groups_counts_and_findings_tell_the_same_numbers(report: Report) -> None:
    found = Counter((each.rule_id, str(each.status)) for each in parts.findings_of(report))
    counts = report.run["counts"]
    assert {(rule, status): n for rule, by in counts.items() for status, n in by.items() if n} == found  # type: ignore[attr-defined]
    assert {(group.rule_id, str(group.status)): group.total for group in report.groups} == {
        key: number for key, number in found.items() if key[1] in ("fail", "unanswered", "pending", "exempt")
    }
    assert sum(card.value for card in report.cards) == report.findings_total == found.total()


def test_data_age_counts_from_the_oldest_answer() -> None:
    shard = parts.plant()
    shard.readings.append(parts.reading(Source.ACTIVITY_LOG, parts.PLANT, read_at=parts.NOW - timedelta(days=1)))
    age = [each.run["data_age"] for each in (parts.report_of(shard), parts.report_of())]
    assert age[0] - age[1] == pytest.approx(86_400, abs=60)  # type: ignore[operator]
