"""Every call asks for the action that Azure documents for it, and a custom role's file is read as ``az`` reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from auditor.simulator import (
    ArcMachineSpec,
    HandMadeEstate,
    InstanceSpec,
    MachineSpec,
    Role,
    ScaleSetSpec,
    SeededEstate,
    Simulator,
    SubscriptionSpec,
    WorkspaceSpec,
    arc_monitor_agent,
    azure_monitor_agent,
    read_role,
)
from tests.unit.simulator.parts import FIRST, MONITOR, NOW, WORKSPACE

Ask = Callable[..., requests.Response]

_SUB = f"/subscriptions/{FIRST}"
_GROUP = f"{_SUB}/resourceGroups/rg-main/providers"
_COMPUTE, _HYBRID, _INSIGHTS = "Microsoft.Compute", "Microsoft.HybridCompute", "Microsoft.Insights"
_ASSOCIATIONS = f"{_INSIGHTS}/dataCollectionRuleAssociations"
_SET = f"{_GROUP}/{_COMPUTE}/virtualMachineScaleSets/s"
_IMAGES = f"{_SUB}/providers/{_COMPUTE}/locations/japaneast/publishers/{MONITOR}/artifacttypes/vmextension/types"
_LINUX = "AzureMonitorLinuxAgent"
_LOG = (
    f"{_SUB}/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp ge '2026-11-21T00:00:00Z'"
)
CALLS = {
    _SUB: "Microsoft.Resources/subscriptions/read",
    f"{_SUB}/resourcegroups": "Microsoft.Resources/subscriptions/resourceGroups/read",
    f"{_SUB}/providers/Microsoft.Authorization/permissions": "Microsoft.Authorization/permissions/read",
    "/providers/Microsoft.Management/managementGroups/corp/descendants": (
        "Microsoft.Management/managementGroups/descendants/read"
    ),
    f"{_SUB}/providers/{_COMPUTE}/virtualMachines": f"{_COMPUTE}/virtualMachines/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines": f"{_COMPUTE}/virtualMachines/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines/m": f"{_COMPUTE}/virtualMachines/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines/m?$expand=instanceView": f"{_COMPUTE}/virtualMachines/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines/m/instanceView": f"{_COMPUTE}/virtualMachines/instanceView/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines/m/extensions": f"{_COMPUTE}/virtualMachines/extensions/read",
    f"{_GROUP}/{_COMPUTE}/virtualMachines/m/extensions/{_LINUX}": f"{_COMPUTE}/virtualMachines/extensions/read",
    f"{_SUB}/providers/{_COMPUTE}/virtualMachineScaleSets": f"{_COMPUTE}/virtualMachineScaleSets/read",
    _SET: f"{_COMPUTE}/virtualMachineScaleSets/read",
    f"{_SET}/extensions": f"{_COMPUTE}/virtualMachineScaleSets/extensions/read",
    f"{_SET}/virtualMachines": f"{_COMPUTE}/virtualMachineScaleSets/virtualMachines/read",
    f"{_SET}/virtualMachines/0": f"{_COMPUTE}/virtualMachineScaleSets/virtualMachines/read",
    f"{_SET}/virtualMachines/0/instanceView": (f"{_COMPUTE}/virtualMachineScaleSets/virtualMachines/instanceView/read"),
    f"{_SET}/virtualMachines/0/extensions": f"{_COMPUTE}/virtualMachineScaleSets/virtualMachines/extensions/read",
    f"{_SUB}/providers/{_HYBRID}/machines": f"{_HYBRID}/machines/read",
    f"{_GROUP}/{_HYBRID}/machines/a": f"{_HYBRID}/machines/read",
    f"{_GROUP}/{_HYBRID}/machines/a/extensions": f"{_HYBRID}/machines/extensions/read",
    f"{_SUB}/providers/{_HYBRID}/locations/japaneast/publishers/{MONITOR}/extensionTypes/{_LINUX}/versions": (
        f"{_HYBRID}/locations/publishers/extensionTypes/versions/read"
    ),
    _IMAGES: f"{_COMPUTE}/locations/publishers/artifacttypes/types/read",
    f"{_IMAGES}/{_LINUX}/versions": f"{_COMPUTE}/locations/publishers/artifacttypes/types/versions/read",
    _LOG: "microsoft.insights/eventtypes/values/read",
    f"{_SUB}/providers/{_INSIGHTS}/dataCollectionRules": f"{_INSIGHTS}/dataCollectionRules/read",
    **{
        f"{each}/providers/{_ASSOCIATIONS}": f"{_ASSOCIATIONS}/read"
        for each in (f"{_GROUP}/{_COMPUTE}/virtualMachines/m", _SET, f"{_GROUP}/{_HYBRID}/machines/a")
    },
}
"""The action of each call (https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations)."""
TYPES = {
    "microsoft.compute/virtualmachines": "m",
    "microsoft.compute/virtualmachines/extensions": _LINUX,
    "microsoft.compute/virtualmachinescalesets": "s",
    "microsoft.hybridcompute/machines": "a",
    "microsoft.hybridcompute/machines/extensions": "AzureMonitorWindowsAgent",
    "microsoft.insights/datacollectionrules": "dcr-central",
}


def estate(*, without: str = "", only: str = "", data: str = "") -> HandMadeEstate:
    """One of each, and Reader without one action; or ``only`` that action; ``data`` is a data action."""
    linux = (azure_monitor_agent("Linux", "1.38.1"),)
    one = SubscriptionSpec(
        FIRST,
        "First",
        machines=(MachineSpec("m", extensions=linux),),
        scale_sets=(ScaleSetSpec("s", extensions=linux, instances=(InstanceSpec("0", extensions=linux),)),),
        arc_machines=(ArcMachineSpec("a", extensions=(arc_monitor_agent("Windows", "1.38.1"),)),),
        management_groups=(("corp", "Corp"),),
        actions=(only,) if only or data else ("*/read",),
        not_actions=(without,) if without else (),
        data_actions=(data,) if data else (),
    )
    workspace = WorkspaceSpec(WORKSPACE, actions=one.actions, not_actions=one.not_actions)
    offers = {"*": {(MONITOR, _LINUX): ("1.38.1",)}}
    return HandMadeEstate((one,), now=NOW, offers=offers, workspaces=(workspace,))


def answers(ask: Ask, simulator: Simulator) -> dict[str, requests.Response]:
    return {path: ask(simulator, path + ("&" if "?" in path else "?") + "api-version=2024-07-01") for path in CALLS}


@pytest.mark.parametrize("action", sorted(set(CALLS.values())))
def test_an_action_that_is_taken_away_refuses_its_calls_and_no_other(ask: Ask, action: str) -> None:
    with Simulator(estate(without=action)) as simulator:
        told = answers(ask, simulator)
    statuses = {path: 403 if CALLS[path] == action else 200 for path in CALLS}
    assert {path: answer.status_code for path, answer in told.items()} == statuses
    for path in (each for each in CALLS if CALLS[each] == action):
        error = told[path].json()["error"]
        assert error["code"] == "AuthorizationFailed"
        assert f"perform action '{action}' over scope '/" in error["message"]


@pytest.mark.parametrize("action", sorted(set(CALLS.values())))
def test_an_action_by_itself_is_enough_for_its_calls(ask: Ask, action: str) -> None:
    with Simulator(estate(only=action)) as simulator:
        told = answers(ask, simulator)
    assert {path for path, answer in told.items() if answer.status_code == 200} == {
        path for path in CALLS if CALLS[path] == action
    }


def test_a_data_action_lets_its_call_pass(ask: Ask) -> None:
    action = f"{_HYBRID}/locations/publishers/extensionTypes/versions/read"
    with Simulator(estate(data=action)) as simulator:
        told = answers(ask, simulator)
    assert [CALLS[path] for path, answer in told.items() if answer.status_code == 200] == [action]


def test_the_list_of_subscriptions_leaves_out_what_may_not_be_read(ask: Ask) -> None:
    with Simulator(estate(without="Microsoft.Resources/subscriptions/read")) as simulator:
        answer = ask(simulator, "/subscriptions?api-version=2022-12-01")
    assert (answer.status_code, answer.json()["value"]) == (200, [])


@pytest.mark.parametrize("kind", TYPES)
def test_the_resource_graph_leaves_a_type_out_without_a_word(ask: Ask, kind: str) -> None:
    with Simulator(estate(without=f"{kind}/read")) as simulator:
        body = {"query": "resources | project type, name", "subscriptions": [FIRST]}
        path = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
        answer = ask(simulator, path, "POST", json=body)
    assert answer.status_code == 200
    assert {row["type"]: row["name"] for row in answer.json()["data"]} == {k: v for k, v in TYPES.items() if k != kind}


@pytest.mark.parametrize("action", ["query/read", "query/Heartbeat/read"])
def test_a_workspace_wants_the_right_to_query_and_the_right_to_the_table(ask: Ask, action: str) -> None:
    def query(of: HandMadeEstate) -> requests.Response:
        with Simulator(of) as simulator:
            return ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json={"query": "Heartbeat | count"})

    assert query(estate()).status_code == 200
    refused = query(estate(without=f"Microsoft.OperationalInsights/workspaces/{action}"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "InsufficientAccessError")


def written(folder: Path, told: Any) -> Path:
    file = folder / "role.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


def test_a_roles_file_is_read_and_stands_for_who_signs_in(tmp_path: Path) -> None:
    told = {"Name": "x", "Actions": ["A/read"], "notActions": ["B/read"], "DataActions": ["C/read"]}
    role = read_role(written(tmp_path, told))
    assert role == Role(("A/read",), ("B/read",), ("C/read",), ())
    seeded = SeededEstate(4, now=NOW, role=role)
    assert {(each.actions, each.not_actions, each.data_actions) for each in seeded.subscriptions()} == {
        (("A/read",), ("B/read",), ("C/read",))
    }
    assert {each.actions for each in seeded.workspaces()} == {("A/read",)}


@pytest.mark.parametrize(
    ("told", "why"),
    [([], "one object"), ({"Name": "x"}, "no Actions"), ({"Actions": "*/read"}, "Actions is no list of texts")],
)
def test_a_file_that_holds_no_role_is_refused_in_a_sentence(tmp_path: Path, told: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_role(written(tmp_path, told))
