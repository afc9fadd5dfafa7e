"""Writes, as the real SDK clients make them and wait for them; and what goes on showing the estate as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient

from auditor.simulator import (
    ArcMachineSpec,
    HandMadeEstate,
    InstanceSpec,
    MachineSpec,
    ScaleSetSpec,
    Simulator,
    SubscriptionSpec,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.unit.simulator.parts import FIRST, NOW, group_path, machine_path

SETTINGS = {"authentication": {"managedIdentity": {"identifier-name": "mi_res_id"}}}
TAGS = {"team": "ops"}
ON = {"properties": {"enableAutomaticUpgrade": True}}
AGENT = azure_monitor_agent("Linux", "1.30.3", name="AMA", auto_upgrade=False, settings=SETTINGS, tags=TAGS)
WEB = MachineSpec("web-1", extensions=(AGENT,))
STOPPED = MachineSpec("off-1", power="deallocated", extensions=(AGENT,))
POOL = ScaleSetSpec(
    "pool", extensions=(AGENT,), instances=tuple(InstanceSpec(each, extensions=(AGENT,)) for each in "01")
)
ROLLING = ScaleSetSpec("rolling", upgrade_mode="Rolling", extensions=(AGENT,), instances=POOL.instances)
SERVER = ArcMachineSpec(
    "plant-1",
    extensions=(arc_monitor_agent("Windows", "1.30.3", name="AMA", auto_upgrade=False, settings=SETTINGS),),
)
OFFERS = {"*": {(AGENT.publisher, AGENT.type): ("1.30.3", "1.38.0", "1.38.1", "1.40.0", "2.0.0")}}
ADDRESS = machine_path(WEB, "/extensions/AMA?api-version=2024-07-01")

Sdk = Callable[..., Any]
Ask = Callable[..., requests.Response]


@pytest.fixture
def azure() -> Iterator[Simulator]:
    yield from serving()


def serving(*actions: str) -> Iterator[Simulator]:
    one = SubscriptionSpec(
        FIRST, "First", machines=(WEB, STOPPED), scale_sets=(POOL, ROLLING), arc_machines=(SERVER,),
        actions=actions or ("*",),
    )  # fmt: skip
    with Simulator(HandMadeEstate((one,), now=NOW, offers=OFFERS)) as simulator:
        yield simulator


@pytest.fixture
def compute(sdk: Sdk, azure: Simulator) -> Any:
    return sdk(azure, ComputeManagementClient, FIRST)


@pytest.fixture
def hybrid(sdk: Sdk, azure: Simulator) -> Any:
    return sdk(azure, HybridComputeManagementClient, FIRST)


def test_a_patch_changes_what_was_sent_and_nothing_else(compute: Any, azure: Simulator, ask: Ask) -> None:
    before = ask(azure, ADDRESS).json()
    done = compute.virtual_machine_extensions.begin_update("rg-main", "WEB-1", "ama", ON, polling_interval=0).result()
    assert done.properties.enable_automatic_upgrade is True
    after = ask(azure, ADDRESS).json()
    assert after == before | {"properties": before["properties"] | {"enableAutomaticUpgrade": True}}
    assert azure.requests["operation"] >= 1


def test_a_put_leaves_only_what_was_sent_and_installs_what_it_may(compute: Any, azure: Simulator, ask: Ask) -> None:
    told = {"publisher": AGENT.publisher, "type": AGENT.type, "typeHandlerVersion": "1.38"}
    for newest, installed in ((False, "1.38.1"), (True, "1.40.0")):
        body = {"location": "japaneast", "properties": told | {"autoUpgradeMinorVersion": newest}}
        compute.virtual_machine_extensions.begin_create_or_update(
            "rg-main", "web-1", "AMA", body, polling_interval=0
        ).result()
        shown = ask(azure, machine_path(WEB, "/extensions/AMA?$expand=instanceView&api-version=2024-07-01")).json()
        assert "tags" not in shown and not {"settings", "enableAutomaticUpgrade"} & set(shown["properties"])
        assert shown["properties"]["instanceView"]["typeHandlerVersion"] == installed


def test_an_extension_that_is_new_is_there_afterwards(azure: Simulator, ask: Ask) -> None:
    body = {"location": "japaneast", "properties": {"publisher": "P", "type": "T", "typeHandlerVersion": "1.0"}}
    answer = ask(azure, machine_path(WEB, "/extensions/New?api-version=2024-07-01"), "PUT", json=body)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    names = [
        each["name"] for each in ask(azure, machine_path(WEB, "/extensions?api-version=2024-07-01")).json()["value"]
    ]
    assert names == ["AMA", "New"]


def test_a_model_leaves_its_instances_behind_until_they_are_updated(compute: Any, azure: Simulator, ask: Ask) -> None:
    """The mode is Manual. The answer repeats what was sent, as recorded; a read shows that the rest is there."""
    compute.virtual_machine_scale_set_extensions.begin_update("rg-main", "pool", "AMA", ON, polling_interval=0).result()
    path = group_path("Microsoft.Compute/virtualMachineScaleSets/pool")
    model = ask(azure, f"{path}/extensions/AMA?api-version=2024-07-01").json()["properties"]
    assert (model["enableAutomaticUpgrade"], model["settings"], model["publisher"]) == (True, SETTINGS, AGENT.publisher)

    def instances() -> list[tuple[bool, bool]]:
        told = ask(azure, f"{path}/virtualMachines?api-version=2024-07-01").json()["value"]
        return [
            (each["properties"]["latestModelApplied"], each["resources"][0]["properties"]["enableAutomaticUpgrade"])
            for each in told
        ]

    assert instances() == [(False, False), (False, False)]
    compute.virtual_machine_scale_sets.begin_update_instances(
        "rg-main", "pool", {"instanceIds": ["1"]}, polling_interval=0
    ).result()
    assert instances() == [(False, False), (True, True)]
    compute.virtual_machine_scale_sets.begin_update_instances(
        "rg-main", "pool", {"instanceIds": ["*"]}, polling_interval=0
    ).result()
    assert instances() == [(True, True), (True, True)]


def test_a_rolling_scale_set_carries_its_model_to_the_instances(azure: Simulator, ask: Ask) -> None:
    path = group_path("Microsoft.Compute/virtualMachineScaleSets/rolling")
    answer = ask(azure, f"{path}/extensions/AMA?api-version=2024-07-01", "PATCH", json=ON)
    assert answer.status_code == 201 and answer.headers["Azure-AsyncOperation"]
    assert answer.json()["properties"] == {"provisioningState": "Succeeded", "enableAutomaticUpgrade": True}
    shown = ask(azure, f"{path}/virtualMachines/0/extensions/AMA?api-version=2024-07-01").json()["properties"]
    assert (shown["enableAutomaticUpgrade"], shown["settings"]) == (True, SETTINGS)


def test_an_instances_own_extension_can_be_patched(compute: Any, azure: Simulator, ask: Ask) -> None:
    compute.virtual_machine_scale_set_vm_extensions.begin_update(
        "rg-main", "pool", "0", "AMA", ON, polling_interval=0
    ).result()
    path = group_path("Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines")
    told = [ask(azure, f"{path}/{each}/extensions/AMA?api-version=2024-07-01").json() for each in "01"]
    assert [each["properties"]["enableAutomaticUpgrade"] for each in told] == [True, False]


def test_arc_takes_a_patch_and_an_upgrade_that_changes_the_version_alone(
    hybrid: Any, azure: Simulator, ask: Ask
) -> None:
    address = group_path("Microsoft.HybridCompute/machines/plant-1/extensions/AMA?api-version=2024-07-10")
    before = ask(azure, address).json()["properties"]
    hybrid.machine_extensions.begin_update("rg-main", "plant-1", "AMA", ON, polling_interval=0).result()
    patched = ask(azure, address).json()["properties"]
    assert patched == before | {"enableAutomaticUpgrade": True}

    target = {"extensionTargets": {"microsoft.azure.monitor.azuremonitorwindowsagent": {"targetVersion": "1.38.1"}}}
    hybrid.begin_upgrade_extensions("rg-main", "plant-1", target, polling_interval=0).result()
    upgraded = ask(azure, address).json()["properties"]
    assert upgraded.pop("typeHandlerVersion") == upgraded["instanceView"].pop("typeHandlerVersion") == "1.38.1"
    del patched["typeHandlerVersion"], patched["instanceView"]["typeHandlerVersion"]
    assert upgraded == patched


def test_resource_graph_lags_behind_every_write(azure: Simulator, ask: Ask) -> None:
    ask(azure, ADDRESS, "PATCH", json=ON)
    query = "resources | where type =~ 'microsoft.compute/virtualmachines/extensions' and id contains 'web-1'"
    asked = {"query": f"{query} | project properties", "subscriptions": [FIRST]}
    graph = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    [row] = ask(azure, graph, "POST", json=asked).json()["data"]
    assert row["properties"]["enableAutomaticUpgrade"] is False


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "code"),
    [
        (machine_path(STOPPED, "/extensions/AMA"), "PATCH", ON, 409, "OperationNotAllowed"),
        (machine_path(STOPPED, "/extensions/AMA"), "PUT", ON, 409, "OperationNotAllowed"),
        (machine_path(WEB, "/extensions/none"), "PATCH", ON, 404, "ResourceNotFound"),
        (machine_path(WEB, "/extensions/AMA"), "PUT", ON, 400, "LocationRequired"),
        (machine_path(WEB, "/extensions/AMA"), "PATCH", None, 400, "InvalidRequestContent"),
        (group_path("Microsoft.Compute/virtualMachineScaleSets/pool/manualupgrade"), "POST", {"instanceIds": ["9"]},
         400, "InvalidParameter"),
        (group_path("Microsoft.Compute/virtualMachineScaleSets/none/manualupgrade"), "POST", {}, 404,
         "ResourceNotFound"),
        (group_path("Microsoft.HybridCompute/machines/plant-1/extensions/none"), "PATCH", ON, 404, "ResourceNotFound"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    path: str, method: str, body: Any, status: int, code: str, azure: Simulator, ask: Ask
) -> None:
    before = ask(azure, ADDRESS).json()
    answer = ask(azure, f"{path}?api-version=2024-07-01", method, data=b"{" if body is None else None, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ask(azure, ADDRESS).json() == before


def test_who_may_only_read_is_refused_with_the_action_that_is_missing(ask: Ask) -> None:
    for reading in serving("*/read"):
        for path, method, action in (
            (machine_path(WEB, "/extensions/AMA"), "PATCH", "Microsoft.Compute/virtualMachines/extensions/write"),
            (machine_path(WEB, "/extensions/AMA"), "PUT", "Microsoft.Compute/virtualMachines/extensions/write"),
            (group_path("Microsoft.Compute/virtualMachineScaleSets/pool/manualupgrade"), "POST",
             "Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action"),
        ):  # fmt: skip
            answer = ask(reading, f"{path}?api-version=2024-07-01", method, json=ON)
            assert answer.status_code == 403 and action in answer.json()["error"]["message"]


def test_an_operation_that_nobody_began_is_not_known(azure: Simulator, ask: Ask, compute: Any) -> None:
    place = f"/subscriptions/{FIRST}/providers"
    for path in (
        "Microsoft.Compute/locations/japaneast/operations",
        "Microsoft.HybridCompute/locations/x/operationstatus",
    ):
        assert ask(azure, f"{place}/{path}/{FIRST}?api-version=2024-07-01").status_code == 404
    with pytest.raises(HttpResponseError, match="LocationRequired"):
        compute.virtual_machine_extensions.begin_create_or_update("rg-main", "web-1", "AMA", {"properties": {}})
