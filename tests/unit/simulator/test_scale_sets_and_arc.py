"""Scale sets and Arc-enabled servers through the real SDK clients, each route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient

from auditor.simulator import (
    AgentView,
    ArcMachineSpec,
    InstanceSpec,
    MachineSpec,
    PageSizes,
    ScaleSetSpec,
    Simulator,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.unit.simulator.conftest import Clients
from tests.unit.simulator.parts import FIRST, MONITOR, NOW, SECOND, estate_of, group_path

Ask = Callable[..., requests.Response]

OLD = azure_monitor_agent("Linux", "1.33.4", name="AMA", auto_upgrade=None)
AGENT = azure_monitor_agent("Linux", "1.38.1", name="AMA")
BEHIND = InstanceSpec("7", latest_model_applied=False, extensions=(OLD,))
UNIFORM = ScaleSetSpec(
    "web",
    "RG-Sets",
    extensions=(replace(AGENT, installed=None),),
    instances=(InstanceSpec("0", extensions=(AGENT,)), BEHIND, InstanceSpec("9", None, agent=AgentView.UNKNOWN)),
    tags={"部署": "<b>"},
)
FLEXIBLE = ScaleSetSpec("flex", "RG-Sets", orchestration="Flexible")
MEMBERS = tuple(MachineSpec(f"flex_{letter}", "RG-Sets", scale_set="flex") for letter in "abc")
SERVERS = (
    ArcMachineSpec("hq", extensions=(arc_monitor_agent("Windows", "1.39.0", auto_upgrade=True),)),
    ArcMachineSpec("branch", "rg-Other", status="Disconnected", last_status_change=NOW - timedelta(days=12)),
    ArcMachineSpec("late", status="Expired"),
    ArcMachineSpec("never", status=None),
    ArcMachineSpec("new", bare=True),
    ArcMachineSpec("odd", status="Error"),
)


@pytest.fixture(scope="module")
def standing() -> Iterator[Simulator]:
    offers = {"japaneast": {(MONITOR, "AzureMonitorWindowsAgent"): ("1.9.0", "1.39.0", "1.10.0.0", "1.38.1")}}
    estate = estate_of(*MEMBERS, scale_sets=(UNIFORM, FLEXIBLE), arc_machines=SERVERS, offers=offers)
    with Simulator(estate, pages=PageSizes(scale_sets=1, instances=2, arc_machines=4)) as simulator:
        yield simulator


@pytest.fixture
def compute(standing: Simulator, sdk: Clients) -> Any:
    return sdk(standing, ComputeManagementClient, FIRST)


@pytest.fixture
def arc(standing: Simulator, sdk: Clients) -> Any:
    return sdk(standing, HybridComputeManagementClient, FIRST)


def test_scale_sets_over_all_pages_with_their_models(compute: Any) -> None:
    uniform, flexible = compute.virtual_machine_scale_sets.list_all()
    [extension] = uniform.properties.virtual_machine_profile.extension_profile.extensions
    assert extension.properties.enable_automatic_upgrade is True
    assert extension.properties.provisioning_state is None
    assert uniform.properties.upgrade_policy.mode == "Manual"
    assert (uniform.sku.capacity, flexible.sku.capacity) == (3, 3)
    assert uniform.tags == UNIFORM.tags
    assert (uniform.properties.orchestration_mode, flexible.properties.orchestration_mode) == ("Uniform", "Flexible")


def test_scale_sets_of_a_group_and_by_name(compute: Any) -> None:
    sets = compute.virtual_machine_scale_sets
    assert [each.name for each in sets.list("rg-sets")] == ["web", "flex"]
    assert list(sets.list("rg-none")) == []
    assert sets.get("rg-sets", "WEB").name == "web"
    with pytest.raises(ResourceNotFoundError, match="virtualMachineScaleSets/nobody"):
        sets.get("rg-sets", "nobody")


def test_the_extensions_of_a_model(compute: Any) -> None:
    extensions = compute.virtual_machine_scale_set_extensions
    assert [each.name for each in extensions.list("rg-sets", "web")] == ["AMA"]
    assert extensions.get("rg-sets", "web", "ama").properties.enable_automatic_upgrade is True
    with pytest.raises(ResourceNotFoundError, match="extensions/other"):
        extensions.get("rg-sets", "web", "other")


def test_instances_over_all_pages_with_their_view_only_where_it_is_asked_for(standing: Simulator, compute: Any) -> None:
    instances = compute.virtual_machine_scale_set_vms
    plain = list(instances.list("rg-sets", "web"))
    assert [each.instance_id for each in plain] == ["0", "7", "9"]
    assert [each.properties.latest_model_applied for each in plain] == [True, False, None]
    assert [each.properties.instance_view for each in plain] == [None] * 3
    seen = list(instances.list("rg-sets", "web", expand="instanceView"))
    views = [each.properties.instance_view.extensions or () for each in seen]
    assert [[each.type_handler_version for each in view] for view in views] == [["1.38.1"], ["1.33.4"], []]
    flags = [each.resources[0].properties.enable_automatic_upgrade for each in seen if each.resources]
    assert flags == [True, None]
    assert standing.requests["instances"] == 4


def test_one_instance(compute: Any) -> None:
    instances = compute.virtual_machine_scale_set_vms
    assert instances.get("rg-sets", "web", "7").properties.instance_view is None
    whole = instances.get("rg-sets", "web", "7", expand="instanceView")
    assert whole.properties.instance_view.statuses[-1].code == "PowerState/running"
    assert instances.get_instance_view("rg-sets", "web", "9").vm_agent.vm_agent_version == "Unknown"
    with pytest.raises(ResourceNotFoundError, match="not found in this Azure location"):
        instances.get("rg-sets", "web", "8")


def test_the_extensions_of_one_instance(compute: Any) -> None:
    extensions = compute.virtual_machine_scale_set_vm_extensions
    [listed] = extensions.list("rg-sets", "web", "7").value
    assert listed.id.endswith("/virtualMachineScaleSets/web/virtualMachines/7/extensions/AMA")
    found = extensions.get("rg-sets", "web", "7", "ama", expand="instanceView")
    assert found.properties.instance_view.type_handler_version == "1.33.4"


def test_flexible_instances_are_machines_and_the_set_lists_none(compute: Any) -> None:
    assert list(compute.virtual_machine_scale_set_vms.list("rg-sets", "flex")) == []
    with pytest.raises(HttpResponseError, match="not allowed on Virtual Machine Scale Set 'flex'") as refused:
        list(compute.virtual_machine_scale_set_vms.list("rg-sets", "flex", expand="instanceView"))
    assert refused.value.status_code == 400
    owners = {each.name: each.properties.virtual_machine_scale_set.id for each in compute.virtual_machines.list_all()}
    assert set(owners) == {"flex_a", "flex_b", "flex_c"}
    assert {each.rpartition("/")[2] for each in owners.values()} == {"flex"}


def test_an_instance_that_vanishes_is_listed_once(sdk: Clients) -> None:
    instances = (InstanceSpec("0"), InstanceSpec("1", vanishes=True))
    with Simulator(estate_of(scale_sets=(replace(UNIFORM, instances=instances),))) as simulator:
        found = sdk(simulator, ComputeManagementClient, FIRST).virtual_machine_scale_set_vms
        assert [[each.instance_id for each in found.list("rg-sets", "web")] for _ in range(2)] == [["0", "1"], ["0"]]


def test_servers_over_all_pages(standing: Simulator, arc: Any) -> None:
    listed = {each.name: each.properties for each in arc.machines.list_by_subscription()}
    assert {name: each.status if each else None for name, each in listed.items()} == {
        "hq": "Connected", "branch": "Disconnected", "late": "Expired", "never": None, "new": None, "odd": "Error",
    }  # fmt: skip
    assert listed["branch"].last_status_change.isoformat().startswith("2026-11-10T03:00:17")
    assert [each.name for each in arc.machines.list_by_resource_group("RG-OTHER")] == ["branch"]
    assert standing.requests["arc_machines"] == 2


def test_a_server_that_was_just_made_has_empty_properties(standing: Simulator, ask: Ask) -> None:
    path = "Microsoft.HybridCompute/machines/{}?api-version=2024-07-10"
    assert ask(standing, group_path(path.format("new"))).json()["properties"] == {}
    assert "status" not in ask(standing, group_path(path.format("never"))).json()["properties"]


def test_one_server_and_its_extensions(arc: Any) -> None:
    assert arc.machines.get("rg-main", "HQ").properties.status == "Connected"
    [agent] = arc.machine_extensions.list("rg-main", "hq")
    assert agent.properties.enable_automatic_upgrade is True
    assert agent.properties.type_handler_version == agent.properties.instance_view.type_handler_version == "1.39.0"
    assert agent.properties.instance_view.status.code == "0"
    found = arc.machine_extensions.get("rg-main", "hq", "azuremonitorwindowsagent")
    assert found.name == "AzureMonitorWindowsAgent"
    with pytest.raises(ResourceNotFoundError, match="HybridCompute/machines/hq/extensions/other"):
        arc.machine_extensions.get("rg-main", "hq", "other")
    with pytest.raises(ResourceNotFoundError, match="HybridCompute/machines/nobody"):
        arc.machine_extensions.list("rg-main", "nobody").next()


def test_versions_for_servers_newest_first_in_lower_case(arc: Any) -> None:
    versions = list(arc.extension_metadata.list("japaneast", MONITOR, "AzureMonitorWindowsAgent"))
    assert [each.properties.version for each in versions] == ["1.39.0", "1.38.1", "1.10.0.0", "1.9.0"]
    assert {(each.properties.publisher, each.properties.extension_type) for each in versions} == {
        (MONITOR.lower(), "azuremonitorwindowsagent")
    }
    assert list(arc.extension_metadata.list("japaneast", MONITOR, "Other")) == []


@pytest.mark.parametrize(
    ("kind", "lists", "action"),
    [
        (ComputeManagementClient, lambda it: it.virtual_machine_scale_sets.list_all(), "virtualMachineScaleSets/read"),
        (HybridComputeManagementClient, lambda it: it.machines.list_by_subscription(), "HybridCompute/machines/read"),
    ],
)
def test_a_subscription_that_refuses(kind: Any, lists: Any, action: str, standing: Simulator, sdk: Clients) -> None:
    with pytest.raises(HttpResponseError, match=rf"'Microsoft\.[\w/.]*{action}' over scope") as refused:
        list(lists(sdk(standing, kind, SECOND)))
    assert refused.value.status_code == 403


def test_lists_of_scale_sets_have_a_bucket_of_their_own(ask: Ask) -> None:
    """Thirty lists of one set's instances, then 429 under the policy's name; the other policy is left alone."""
    path = group_path("Microsoft.Compute/virtualMachineScaleSets/web", "rg-sets")
    with Simulator(estate_of(scale_sets=(UNIFORM,)), quotas=True) as simulator:
        answers = [ask(simulator, f"{path}/virtualMachines?api-version=1") for _ in range(31)]
        assert [each.status_code for each in answers] == [200] * 30 + [429]
        assert answers[-1].json()["error"]["details"][0]["target"] == "HighCostGetVMScaleSetResource"
        assert answers[0].headers["x-ms-ratelimit-remaining-resource"].split(",")[0] == (
            "Microsoft.Compute/HighCostGetVMScaleSetSubscriptionMaximum;1079"
        )
        assert ask(simulator, f"{path}?api-version=1").status_code == 200
