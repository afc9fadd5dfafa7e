"""The tables of machines, rules and failed operations: below each heading stands what it names."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.report import Report
from auditor.model.table import Link
from tests.unit.compose import parts


@pytest.fixture(scope="module")
def report() -> Report:
    return parts.report_of()


def rows(report: Report, name: str) -> list[dict[str, Any]]:
    table = report.tables[name]
    return [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows()]


def machine(report: Report, identifier: str) -> dict[str, Any]:
    (found,) = [row for row in rows(report, "machines") if row["machine_id"] == identifier]
    return found


def test_a_machine_stands_with_its_place_its_agent_and_its_counts(report: Report) -> None:
    told = machine(report, parts.VM)
    place = ("machine", "kind", "availability", "subscription", "resource_group", "region", "os", "owner")
    expected = ("web-1", "Virtual machine", "running", "Shop", "RG-Web", "japaneast", "linux", "web-team")
    assert tuple(told[key] for key in place) == expected
    agent = parts.agent(parts.machine(parts.VM), auto_upgrade="disabled")
    versions = (agent["type"], agent["installed_version"], agent["latest_version"])
    assert (told["type"], told["version"], told["latest"]) == versions
    assert (told["auto_upgrade"], told["last_heartbeat"]) == ("disabled", parts.NOW)
    assert (told["fail"], told["pass"], told["unanswered"]) == (2, 1, 0), "AMA-001 and AMA-003 fail, AMA-004 passes"
    assert isinstance(told["portal"], Link)
    assert told["portal"].target.endswith(f"/#@/resource{parts.VM}")


def test_what_was_not_read_of_a_machine_is_empty_and_its_verdicts_are_unanswered(report: Report) -> None:
    told = machine(report, parts.UNREAD_VM)
    assert [told[key] for key in ("availability", "power_state", "version", "behind", "monitor_agents")] == [None] * 5
    assert (told["extensions_read"], told["unanswered"], told["pass"]) == ("no", 2, 0)


def test_an_instance_names_its_scale_set_and_whether_it_follows_the_model(report: Report) -> None:
    told = machine(report, parts.INSTANCE)
    assert (told["scale_set"], told["follows_model"]) == ("pool", "no")


def test_every_machine_has_one_row_by_subscription_and_name(report: Report) -> None:
    told = [(row["subscription_id"], row["machine"]) for row in rows(report, "machines")]
    assert told == sorted(told)
    assert len(told) == sum(report.run["machines"].values())


def test_of_several_agents_each_has_a_line_and_the_oldest_counts() -> None:
    shard = parts.shop()
    shard.extensions += [
        parts.agent(shard.machines[0], id=f"{parts.VM}/extensions/Second", installed_version="1.2", releases_behind=30),
        parts.agent(shard.machines[4], releases_behind=None),
        parts.agent(shard.machines[4], id=f"{parts.BARE_VM}/extensions/Second", releases_behind=4),
    ]
    report = parts.report_of(shard)
    assert machine(report, parts.VM)["version"].splitlines()[0] == "1.2"
    assert machine(report, parts.VM)["behind"] == 30
    assert machine(report, parts.BARE_VM)["behind"] is None, "of one nobody knows it"


def test_a_rule_stands_with_what_it_expects_and_how_its_verdicts_came_out(report: Report) -> None:
    told = {row["rule"]: row for row in rows(report, "rules")}
    for note in report.rules:
        row = told[note.id]
        assert (row["title"], row["expectation"], row["purpose"]) == (note.title, note.expectation, note.why)
        assert {status: row[status] for status in note.counts} == dict(note.counts)
    assert set(told) == {note.id for note in report.rules}


def test_a_failed_operation_names_its_machine_though_it_matches_no_extension(report: Report) -> None:
    told = {row["machine_id"]: row for row in rows(report, "failed_operations")}
    bare = told[parts.BARE_VM]
    assert (bare["machine"], bare["kind"], bare["subscription"]) == ("web-3", "Virtual machine", "Shop")
    assert bare["became"] == "no extension that was read"
