"""AMA-004, the agent is installed: from Azure's answers to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.simulator import ExtensionSpec, Fault
from tests.rules.answers import (
    LINUX,
    PUBLISHER,
    WAYS,
    Case,
    Judged,
    agent,
    ago,
    arc,
    arc_agent,
    case,
    failed,
    instance,
    judge_estate,
    scale_set,
    wrote,
)

RULE = "AMA-004"
PASS, MISSING, NEW = ("pass", "as_expected"), ("fail", "not_installed"), ("pending", "new_machine")
NOT_KNOWN, NOT_READ = ("unanswered", "not_known"), ("unanswered", "instances_not_read")
MANAGED, EXPIRED = ("not_applicable", "managed"), ("not_applicable", "expired")
OTHER = ExtensionSpec("Script", "Microsoft.Azure.Extensions", "CustomScript")

CASES = (
    case("with it", PASS, agent()),
    case("with it off", PASS, agent(auto_upgrade=False)),
    case("with it of another name", PASS, agent(name="ama_prod.1")),
    case("with it of another case", PASS, ExtensionSpec("ama", PUBLISHER.upper(), LINUX.lower())),
    case("with two of them", PASS, agent(), agent(name="b")),
    case("with it in failure", PASS, agent(None, provisioning_state="Failed")),
    case("with it and new", PASS, agent(), created=ago(hours=2)),
    case("without extensions", MISSING),
    case("without it", MISSING, OTHER),
    case("with the old agent", MISSING, ExtensionSpec("M", "Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux")),
    case("without it and stopped", MISSING, power="deallocated"),
    case("without it and new", NEW, created=ago(hours=23)),
    case("without it and no longer new", MISSING, created=ago(hours=25)),
    case("without it after a failed install", MISSING, operations=(failed(ago(days=2)),)),
    case("without it after its removal", MISSING, operations=(wrote(ago(days=2), action="delete"),)),
    # Every instance has it or has not, whatever the model says.
    scale_set("set", (PASS, PASS), agent(), instance(agent()), instance(agent())),
    scale_set("set and one without it", (PASS, MISSING), agent(), instance(agent()), instance(follows=False)),
    scale_set("set and a new one without it", (PASS, NEW), agent(), instance(agent()), instance(created=ago(hours=1))),
    scale_set("set without it", MISSING, None, instance()),
    scale_set("set of nobody", None, None),
    scale_set("set flexible", None, agent(), orchestration="Flexible"),
    case("flexible without it", MISSING, scale_set="set-flexible"),
    # Nothing tells when an Arc-enabled server was made.
    arc("arc", PASS, arc_agent()),
    arc("arc without it", MISSING),
    arc("arc without it for days", MISSING, status="Disconnected", last_status_change=ago(days=9)),
    arc("arc expired", EXPIRED, status="Expired"),
    arc("arc of which nobody knows whether it expired", NOT_KNOWN, status=None),
    case("node", MANAGED, tags={"aks-managed-poolName": "p"}),
)


@pytest.fixture(scope="module", params=WAYS)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge_estate(tmp_path_factory.mktemp(RULE), CASES, way=request.param)


@pytest.mark.parametrize("of", CASES, ids=str)
def test_the_verdict_on(judged: Judged, of: Case) -> None:
    assert judged.verdicts(RULE, of) == of.expected


def test_there_is_one_verdict_for_each_machine(judged: Judged) -> None:
    verdicts = judged.frames["verdicts"]

    assert len(verdicts[verdicts["rule_id"].eq(RULE)]) == len(judged.frames["machines"])


def machine(judged: Judged, name: str) -> dict[str, Any]:
    rows = judged.frames["machines"]
    [row] = rows[rows["name"].eq(name.replace(" ", "-"))].to_dict("records")
    return {str(key): value for key, value in row.items()}


def test_a_failed_install_that_left_nothing_behind_is_told(judged: Judged) -> None:
    assert LINUX in machine(judged, "without it after a failed install")["orphaned_failure"]
    assert machine(judged, "without it")["orphaned_failure"] == "none"


def test_how_long_a_machine_may_be_without_it_can_be_changed(tmp_path: Path) -> None:
    [of] = cases = (case("without it for two days", NEW, created=ago(days=2)),)

    judged = judge_estate(tmp_path, cases, config={"rules": {RULE: {"params": {"grace": "3d"}}}})

    assert judged.verdicts(RULE, of) == of.expected


def test_what_was_not_read_is_unanswered(tmp_path: Path) -> None:
    cases = (case("refused", NOT_KNOWN, agent()), scale_set("set refused", NOT_READ, agent(), instance(agent())))
    refused = {"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}
    faults = (Fault(r"/refused\?.*expand=instanceView", **refused), Fault(r"/set-refused/virtualMachines\?", **refused))

    judged = judge_estate(tmp_path, cases, *faults, way="compute")

    assert [judged.verdicts(RULE, each) for each in cases] == [each.expected for each in cases]


def test_without_the_activity_log_a_missing_agent_is_missing_all_the_same(tmp_path: Path) -> None:
    refused = Fault(r"/eventtypes/management/", status=403, body={"error": {"code": "AuthorizationFailed"}})
    [of] = cases = (case("without it", MISSING, operations=(failed(ago(days=2)),)),)

    assert judge_estate(tmp_path, cases, refused).verdicts(RULE, of) == of.expected
