"""A night with exactly the role that ``doctor --role`` prints has no gap; with one action less it names that action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from auditor.model.role import least_role
from auditor.settle import settle
from auditor.simulator import (
    ArcMachineSpec,
    HandMadeEstate,
    InstanceSpec,
    ScaleSetSpec,
    WorkspaceSpec,
    arc_monitor_agent,
)
from tests.night.parts import (
    FIRST,
    LATEST,
    NOW,
    SHIPPED,
    WORKSPACE,
    Audited,
    Bench,
    agent,
    machine,
    offers,
    subscription,
)

GROUP = "corp"
CONFIG: dict[str, Any] = {
    "scope": {"management_groups": [GROUP]},
    "sources": {"inventory": "resource_graph", "heartbeats": {"workspaces": [WORKSPACE]}},
}
SETTING_ONLY = {"rules": {name: {"enabled": False} for name in SHIPPED if name != "AMA-001"}}


def role_for(config: Mapping[str, Any], folder: Any) -> dict[str, Any]:
    path = folder / "for-the-role.yaml"
    path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    settled = settle(path, environ={})
    return least_role(settled.settings, settled.rulebook)


def everything(actions: tuple[str, ...], data_actions: tuple[str, ...]) -> HandMadeEstate:
    """One of each: a virtual machine, an instance, an Arc-enabled server, a workspace, a management group."""
    linux = (agent("Linux", LATEST),)
    of = subscription(
        FIRST,
        machine("vm-1"),
        scale_sets=(ScaleSetSpec("set", extensions=linux, instances=(InstanceSpec("0", extensions=linux),)),),
        arc_machines=(ArcMachineSpec("arc-1", extensions=(arc_monitor_agent("Windows", LATEST),)),),
        management_groups=((GROUP, "Corp"),),
        actions=actions,
        data_actions=data_actions,
    )
    return HandMadeEstate([of], now=NOW, offers=offers(), workspaces=(WorkspaceSpec(WORKSPACE, actions=actions),))


def audit(bench: Bench, role: Mapping[str, Any], config: Mapping[str, Any], without: str = "") -> Audited:
    actions, data = (tuple(each for each in role[kind] if each != without) for kind in ("Actions", "DataActions"))
    return bench.audit(everything(actions, data), config=config)


def actions_of(role: Mapping[str, Any]) -> list[str]:
    return [*role["Actions"], *role["DataActions"]]


def test_the_least_role_is_enough(bench: Bench) -> None:
    audited = audit(bench, role_for(CONFIG, bench.folder), CONFIG)
    assert audited.gaps() == []
    assert audited.statuses("AMA-002")["unanswered"] == 0 and len(audited.verdicts("AMA-004")) == 3


@pytest.mark.parametrize("inventory", ["auto", "compute"])
def test_the_least_role_is_enough_however_the_estate_is_read(bench: Bench, inventory: str) -> None:
    config = {"sources": {"inventory": inventory, "heartbeats": {"workspaces": []}}, **SETTING_ONLY}
    audited = audit(bench, role_for(config, bench.folder), config)
    assert audited.gaps() == []
    assert "extension_versions" not in audited.requests
    assert ("activity_log" in audited.requests) is (inventory == "auto")
    operations = audited.report.tables["operations"]
    assert ("No activity log was read" in operations.empty) is (inventory == "compute")
    assert any("operation" in str(row[0]) for row in audited.table("outside")) is (inventory == "auto")


EVERY_OTHER = {f"EXT-00{number}": {"enabled": True} for number in (1, 2, 3)}


@pytest.mark.parametrize("inventory", ["auto", "compute", "resource_graph"])
@pytest.mark.parametrize("shipped", [True, False])
def test_the_least_role_is_enough_for_every_other_extension_too(bench: Bench, inventory: str, shipped: bool) -> None:
    rules = {**{name: {"enabled": shipped} for name in SHIPPED}, **EVERY_OTHER}
    config = {"sources": {"inventory": inventory, "heartbeats": {"workspaces": [WORKSPACE]}}, "rules": rules}
    audited = audit(bench, role_for(config, bench.folder), config)
    assert audited.gaps() == []
    assert {"EXT-001", "EXT-002", "EXT-003"} <= {*audited.run["counts"]}
    assert "extension_versions" in audited.requests


ACTIONS = [
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Compute/locations/publishers/artifacttypes/types/versions/read",
    "Microsoft.Compute/virtualMachines/extensions/read",
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
    "Microsoft.HybridCompute/machines/extensions/read",
    "Microsoft.HybridCompute/machines/read",
    "Microsoft.Insights/dataCollectionRuleAssociations/read",
    "Microsoft.Insights/dataCollectionRules/read",
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.Management/managementGroups/descendants/read",
    "Microsoft.OperationalInsights/workspaces/query/Heartbeat/read",
    "Microsoft.OperationalInsights/workspaces/query/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.HybridCompute/locations/publishers/extensionTypes/versions/read",
]


def test_every_action_of_the_role_is_tried_below(bench: Bench) -> None:
    assert actions_of(role_for(CONFIG, bench.folder)) == ACTIONS


@pytest.mark.parametrize("action", ACTIONS)
def test_a_role_with_an_action_too_few_leaves_a_gap_that_names_it(bench: Bench, action: str) -> None:
    audited = audit(bench, role_for(CONFIG, bench.folder), CONFIG, without=action)
    assert [gap for gap in audited.gaps() if action.lower() in gap["close"].lower()]
