"""Each source refused in turn: what rests on it is missing; its verdicts are there and unanswered, none a pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.errors import ExitCode
from auditor.model.dataset import VIEWS, Column, Kind
from auditor.model.reading import Source
from auditor.simulator import Fault, HandMadeEstate, OperationSpec, StaySpec
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    OLD,
    ON_AGE,
    RULES,
    SECOND,
    VERSIONS,
    WORKSPACE,
    Audited,
    Bench,
    agent,
    bare,
    estate,
    machine,
    machine_id,
    offers,
    refusal,
    subscription,
)

DAY = timedelta(days=1)
LINUX = "AzureMonitorLinuxAgent"


def fleet(beats: bool = False) -> HandMadeEstate:
    """Six machines in two subscriptions: a stopped one, one without the agent, one that is behind, one that failed."""
    reporting = (StaySpec(LATEST, NOW - 20 * DAY),)
    failed = OperationSpec(NOW - 3 * DAY, LINUX, outcome="Failed", sub_status="Conflict", error_code="Boom")
    return estate(
        subscription(
            FIRST,
            machine("web-1", stays=reporting, operations=(OperationSpec(NOW - 4 * DAY, LINUX),)),
            bare("web-2"),
            machine("web-3", agent("Linux", OLD, auto_upgrade=False), stays=(StaySpec(OLD, NOW - 20 * DAY),)),
            machine("web-4", stays=reporting, operations=(failed,)),
        ),
        subscription(
            SECOND,
            machine("sql-1", agent("Windows", LATEST), os="Windows", location="westeurope", stays=reporting),
            machine("sql-2", power="deallocated", stays=(StaySpec(LATEST, NOW - 20 * DAY, NOW - 10 * DAY),)),
        ),
        beats=beats,
        offers=offers(linux=(*VERSIONS, "2.0.1"), windows=(*VERSIONS, "2.0.1")),
    )


AGENTS = {"web-1", "web-3", "web-4", "sql-1", "sql-2"}
MACHINES = AGENTS | {"web-2"}

REFUSED = {
    Source.VIRTUAL_MACHINES: Fault(r"/virtualMachines\?", **refusal()),
    Source.INSTANCE_VIEW: Fault(r"expand=instanceView", **refusal()),
    Source.EXTENSION_VERSIONS: Fault(r"/vmextension/types/", **refusal()),
    Source.ACTIVITY_LOG: Fault(r"/eventtypes/management/", **refusal()),
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS: Fault(r"/dataCollectionRuleAssociations\?", **refusal()),
    Source.HEARTBEATS: Fault(r"/v1/workspaces/", **refusal("InsufficientAccessError")),
}
"""The list of subscriptions has tests of its own: without it nothing is asked at all."""


def needs(column: Column, source: Source) -> bool:
    """Whether a virtual machine that was read by itself has no other source of the column than this one."""
    others = {Source.VIRTUAL_MACHINES, Source.INSTANCE_VIEW, Source.EXTENSION_VERSIONS, Source.ACTIVITY_LOG}
    return any(source in need and not (set(need) & others) - {source} for need in column.rests_on)


def judged(audited: Audited, rule: str) -> dict[str, str]:
    """Verdict by machine."""
    found = audited.verdicts(rule)
    assert len({name for name, _status, _code in found}) == len(found), "one verdict each"
    return {name: status for name, status, _code in found}


def test_when_all_is_answered_each_agent_has_a_verdict_of_each_rule(bench: Bench) -> None:
    audited = bench.audit(fleet())

    assert audited.code == ExitCode.DELIVERED
    assert {rule: set(judged(audited, rule)) for rule in RULES} == dict.fromkeys(RULES, AGENTS)
    assert judged(audited, "AMA-002")["sql-2"] == "not_applicable"
    assert judged(audited, "AMA-003")["web-4"] == "fail"
    assert "unanswered" not in {each["status"] for each in audited.findings if each["rule_id"] != ON_AGE}
    assert set(judged(audited, ON_AGE)) == AGENTS


# --- the list of subscriptions ---


def test_without_the_list_of_subscriptions_nothing_is_collected(bench: Bench) -> None:
    audited = bench.audit(fleet(), Fault(r"^/subscriptions\?", **refusal()))

    assert audited.code == ExitCode.NOTHING_COLLECTED
    gap = audited.gap("subscriptions", "tenant")
    assert gap["status"] == 403 and "Microsoft.Resources/subscriptions/read" in gap["close"]
    assert audited.findings == []
    assert set(audited.requests) == {"subscriptions"}


def test_a_list_of_subscriptions_that_is_cut_short_keeps_its_beginning(bench: Bench) -> None:
    azure = bench.simulate(fleet())
    following = f"{azure.url}/subscriptions?api-version=2022-12-01&$skiptoken=more"
    azure.weather.add(
        Fault(r"^/subscriptions\?.*skiptoken", **refusal()),
        Fault(r"^/subscriptions\?", amend={"nextLink": following}),
    )

    audited = bench.audit(azure)

    assert audited.code == ExitCode.INCOMPLETE
    assert [gap["scope"] for gap in audited.gaps()] == ["tenant"]
    assert set(judged(audited, "AMA-001")) == AGENTS


# --- the list of machines ---


def test_without_its_list_of_machines_a_subscription_has_no_verdict_and_is_not_taken_for_empty(bench: Bench) -> None:
    refused = Fault(rf"/subscriptions/{FIRST}/providers/Microsoft.Compute/virtualMachines\?", **refusal())

    audited = bench.audit(fleet(), refused)

    assert audited.code == ExitCode.INCOMPLETE
    assert {rule: set(judged(audited, rule)) for rule in RULES} == {rule: {"sql-1", "sql-2"} for rule in RULES}
    assert audited.run["machines"] == {"vm": 2}
    [row] = [row for row in audited.table("subscriptions") if row[1] == FIRST]
    assert row[5] == "Partly read", "its scale sets and servers were listed"
    assert audited.requests["virtual_machine"] == 2
    assert audited.gap("virtual_machines", FIRST)["status"] == 403


# --- the instance views ---


def test_without_any_instance_view_every_machine_is_unanswered_for_every_rule(bench: Bench) -> None:
    audited = bench.audit(fleet(), REFUSED[Source.INSTANCE_VIEW])

    assert audited.code == ExitCode.INCOMPLETE
    for rule in RULES:
        assert judged(audited, rule) == dict.fromkeys(MACHINES, "unanswered")
    over_extensions = [each for each in audited.findings if each["rule_id"] in RULES]
    assert {each["reason_code"] for each in over_extensions} == {"extensions_not_read"}
    assert {gap["scope"].rsplit("/", 1)[-1] for gap in audited.gaps("instance_view")} == MACHINES
    assert all(each["remediation"] and "virtualMachines/read" in each["remediation"] for each in audited.findings)
    assert all(each["resource_id"] == each["machine_id"] for each in audited.findings), "the verdict is on the machine"


def test_one_machine_that_is_refused_has_one_unanswered_verdict_of_each_rule(bench: Bench) -> None:
    audited = bench.audit(fleet(), Fault(r"/web-1\?.*expand=instanceView", **refusal()))

    assert audited.code == ExitCode.INCOMPLETE
    for rule in RULES:
        assert set(judged(audited, rule)) == AGENTS
        assert judged(audited, rule)["web-1"] == "unanswered"
    assert [gap["scope"] for gap in audited.gaps()] == [machine_id("web-1")]


def test_a_machine_without_the_agent_that_is_refused_gains_a_verdict(bench: Bench) -> None:
    """Nobody knows that it has none."""
    audited = bench.audit(fleet(), Fault(r"/web-2\?.*expand=instanceView", **refusal()))

    for rule in RULES:
        assert set(judged(audited, rule)) == MACHINES
        assert judged(audited, rule)["web-2"] == "unanswered"


# --- regional versions ---


def test_without_regional_versions_no_installed_version_is_judged(bench: Bench) -> None:
    audited = bench.audit(fleet(), REFUSED[Source.EXTENSION_VERSIONS])

    assert audited.code == ExitCode.INCOMPLETE
    expected = dict.fromkeys(AGENTS, "unanswered") | {"sql-2": "not_applicable"}
    assert judged(audited, "AMA-002") == expected
    about = [each for each in audited.findings if each["rule_id"] == "AMA-002"]
    assert {(each["latest_version"], each["releases_behind"]) for each in about} == {(None, None)}
    assert {each["installed_version"] for each in about} >= {LATEST, OLD}, "what the machine shows is still told"
    assert {gap["scope"] for gap in audited.gaps()} == {
        f"{where}/microsoft.azure.monitor/azuremonitor{os}agent"
        for where in ("japaneast", "westeurope")
        for os in ("linux", "windows")
    }
    assert judged(audited, "AMA-001") == dict.fromkeys(AGENTS, "pass") | {"web-3": "fail"}


def test_one_region_without_versions_leaves_the_other_judged(bench: Bench) -> None:
    audited = bench.audit(fleet(), Fault(r"/locations/westeurope/", **refusal()))

    assert judged(audited, "AMA-002") == {
        "web-1": "pass",
        "web-3": "fail",
        "web-4": "pass",
        "sql-1": "unanswered",
        "sql-2": "not_applicable",
    }


def test_where_one_subscription_may_not_ask_for_versions_another_one_asks(bench: Bench) -> None:
    """The answer is the same whichever asks."""
    audited = bench.audit(fleet(), Fault(rf"/subscriptions/{FIRST}/.*/vmextension/types/", **refusal()))

    assert audited.code == ExitCode.DELIVERED
    assert audited.gaps() == []


# --- the activity log ---


def test_without_the_activity_log_no_operation_is_judged(bench: Bench) -> None:
    audited = bench.audit(fleet(), REFUSED[Source.ACTIVITY_LOG])

    assert audited.code == ExitCode.INCOMPLETE
    assert judged(audited, "AMA-003") == dict.fromkeys(AGENTS, "unanswered")
    assert {gap["scope"] for gap in audited.gaps("activity_log")} == {FIRST, SECOND}
    unanswered = [each for each in audited.findings if each["rule_id"] == "AMA-003"]
    assert all("eventtypes/values/read" in each["remediation"] for each in unanswered)
    assert audited.run["operations"] == {"succeeded": 0, "failed": 0, "running": 0}


def test_the_log_of_one_subscription_refused_leaves_the_other_judged(bench: Bench) -> None:
    audited = bench.audit(fleet(), Fault(rf"/{FIRST}/providers/microsoft.insights/", **refusal()))

    assert judged(audited, "AMA-003") == {
        "web-1": "unanswered",
        "web-3": "unanswered",
        "web-4": "unanswered",
        "sql-1": "pass",
        "sql-2": "pass",
    }
    assert [gap["scope"] for gap in audited.gaps()] == [FIRST]


def test_without_log_and_heartbeats_a_stopped_machine_is_not_excused(bench: Bench) -> None:
    """Nobody knows since when it has been stopped."""
    audited = bench.audit(fleet(beats=True), REFUSED[Source.ACTIVITY_LOG], REFUSED[Source.HEARTBEATS])

    assert judged(audited, "AMA-002")["sql-2"] == "unanswered"


# --- heartbeats ---


def test_without_heartbeats_the_workspace_is_a_gap(bench: Bench) -> None:
    audited = bench.audit(fleet(beats=True), REFUSED[Source.HEARTBEATS])

    assert audited.code == ExitCode.INCOMPLETE
    assert "Log Analytics Reader" in audited.gap("heartbeats", WORKSPACE)["close"]
    assert {rule: set(judged(audited, rule)) for rule in RULES} == dict.fromkeys(RULES, AGENTS)


# --- every derived column ---

_HOLDS: dict[Kind, Any] = {
    Kind.TEXT: {"matches": "*"},
    Kind.VERSION: {"at_least": "0.0"},
    Kind.NUMBER: {"at_least": 0},
    Kind.DURATION: {"at_least": "0d"},
}


def derived() -> list[Column]:
    """The derived columns that a rule can ask for."""
    return [column for column in VIEWS["extensions"] if column.derived and column.kind is not Kind.TIME]


def rule_about(column: Column) -> dict[str, Any]:
    """A rule that is answered wherever ``column`` is known."""
    return {
        "id": f"COL-{derived().index(column) + 100}",
        "title": {"en": column.name},
        "severity": "info",
        "frame": "extensions",
        "applies_to": {"publisher": {"equals": "Microsoft.Azure.Monitor"}},
        "expect": {column.name: {"in": list(column.words)} if column.kind is Kind.WORD else _HOLDS[column.kind]},
        "reasons": [{"code": "other", "text": {"en": "It is something else."}}],
        "why": {"en": "It is a column."},
    }


@pytest.fixture
def column_rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for column in derived():
        rule = rule_about(column)
        (folder / f"{rule['id']}.yaml").write_text(yaml.safe_dump(rule))
    return folder


def known(audited: Audited, machines: Iterable[str]) -> set[str]:
    """The derived columns that are known of every one of ``machines``."""
    return {
        column.name
        for column in derived()
        if all(judged(audited, rule_about(column)["id"]).get(each) == "pass" for each in machines)
    }


def test_every_derived_column_is_known_when_all_is_answered(bench: Bench, column_rules: Path) -> None:
    audited = bench.audit(fleet(beats=True), rules=[column_rules])

    assert known(audited, AGENTS - {"sql-2"}) == {column.name for column in derived()}


@pytest.mark.parametrize(
    ("source", "beside", "looked_at"),
    [
        (Source.INSTANCE_VIEW, (), "web-1"),
        (Source.EXTENSION_VERSIONS, (), "web-1"),
        # A running machine runs now, whatever the log says; and heartbeats tell when a stopped one last ran.
        (Source.ACTIVITY_LOG, (Source.HEARTBEATS,), "sql-2"),
        (Source.DATA_COLLECTION_RULE_ASSOCIATIONS, (), "web-1"),
        (Source.HEARTBEATS, (), "web-1"),
    ],
)
def test_every_derived_column_that_rests_on_a_refused_source_is_missing_and_no_other(
    bench: Bench, column_rules: Path, source: Source, beside: tuple[Source, ...], looked_at: str
) -> None:
    audited = bench.audit(fleet(beats=True), *(REFUSED[each] for each in (source, *beside)), rules=[column_rules])

    resting = [column for column in derived() if needs(column, source)]
    assert resting
    assert {judged(audited, rule_about(column)["id"])[looked_at] for column in resting} == {"unanswered"}
    if source is Source.INSTANCE_VIEW:
        return  # without the machine there is no extension whose other columns could be looked at
    lost = {column.name for column in derived() if any(needs(column, each) for each in (source, *beside))}
    assert known(audited, ["web-1"]) >= {column.name for column in derived()} - lost
