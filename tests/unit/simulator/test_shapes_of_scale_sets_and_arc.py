"""Scale sets, their instances and Arc-enabled servers have the keys, the absences and the cases that were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
import requests

from auditor.simulator import (
    ArcMachineSpec,
    InstanceSpec,
    MachineSpec,
    ScaleSetSpec,
    Simulator,
    arc_monitor_agent,
    azure_monitor_agent,
)
from tests.unit.simulator.parts import FIRST, estate_of, group_path, machine_path, recorded
from tests.unit.simulator.shapes import Shape, mappings, spellings

Ask = Callable[..., requests.Response]
Body = dict[str, Any]

SETS = "Microsoft.Compute/virtualMachineScaleSets"
INSTANCES = f"{SETS}/virtualMachines"
ARC = "Microsoft.HybridCompute/machines"
AGENT = azure_monitor_agent("Linux", "1.38.1")
MODEL = replace(AGENT, installed=None)
UNIFORM = ScaleSetSpec(
    "vmss1",
    extensions=(MODEL,),
    instances=(InstanceSpec("0", extensions=(AGENT,)), InstanceSpec("12", False, power="stopped")),
)
FLEXIBLE = replace(UNIFORM, name="flex", orchestration="Flexible", instances=())
SIMPLE = ScaleSetSpec("simple", orchestration="Flexible", upgrade_mode=None, identity=None)
ROLLING = replace(UNIFORM, name="rolling", upgrade_mode="Rolling", os="Windows", extensions=())
OLD = replace(UNIFORM, name="old", orchestration=None)


def rows(body: Any) -> Iterable[Body]:
    return body["value"] if isinstance(body, dict) and isinstance(body.get("value"), list) else [body]


def recorded_rows(kind: str, *folders: str) -> list[Body]:
    """Every recorded resource of a type, listed or by itself."""
    answers = (each["response"]["body"] for each in recorded(*folders) if each["response"]["status"] == 200)
    return [row for body in answers for row in rows(body) if isinstance(row, dict) and row.get("type") == kind]


def newest(kind: str, *folders: str) -> list[Body]:
    """Recorded resources with an etag, or with the keys that came with it: those of the last years' API versions."""
    return [row for row in recorded_rows(kind, *folders) if "etag" in row or "timeCreated" in row["properties"]]


@pytest.fixture(scope="module")
def standing() -> Iterable[Simulator]:
    servers = (
        ArcMachineSpec("one", extensions=(arc_monitor_agent("Windows", "1.39.0"),), os="Windows"),
        ArcMachineSpec("two", status="Disconnected", os="Linux"),
        ArcMachineSpec("three", status=None),
    )
    with Simulator(
        estate_of(
            MachineSpec("flex_1", scale_set="flex"),
            scale_sets=(UNIFORM, FLEXIBLE, SIMPLE, ROLLING, OLD),
            arc_machines=servers,
        )
    ) as simulator:
        yield simulator


@pytest.mark.parametrize("name", ["vmss1", "flex", "simple", "rolling"])
def test_a_scale_set(name: str, standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows(SETS, "compute-vmss")
    instances = [each for each in recorded_rows(INSTANCES, "compute-vmss") if "identity" in each]
    body = ask(standing, group_path(f"{SETS}/{name}?api-version=2024-07-01")).json()
    identity = body.pop("identity", None)
    assert Shape(theirs).strange(body) == []
    assert spellings(body) <= set().union(*map(spellings, theirs))
    # No set with an identity of its own was recorded, but instances of one were, which show that identity.
    assert identity is None or Shape(each["identity"] for each in instances).strange(identity) == []


def test_a_scale_set_without_a_model_has_neither_sku_nor_profile_nor_policy(standing: Simulator, ask: Ask) -> None:
    theirs = next(each for each in recorded_rows(SETS, "compute-vmss") if "sku" not in each)
    body = ask(standing, group_path(f"{SETS}/simple?api-version=2024-07-01")).json()
    assert set(body) <= set(theirs)
    assert set(body["properties"]) <= set(theirs["properties"])


def test_a_scale_set_of_the_time_before_orchestration(standing: Simulator, ask: Ask) -> None:
    body = ask(standing, group_path(f"{SETS}/old?api-version=2024-07-01")).json()
    assert "orchestrationMode" not in body["properties"]


def test_the_order_of_a_models_keys(standing: Simulator, ask: Ask) -> None:
    theirs = next(
        each for each in recorded_rows(SETS, "compute-vmss/list-all-cli-2022-11-with-ama.json")
        if "AzureMonitorLinuxAgent" in str(each)
    )  # fmt: skip
    ours = ask(standing, group_path(f"{SETS}/vmss1?api-version=2022-11-01")).json()
    places = dict(mappings(theirs))
    for place, row in mappings(ours):
        if place in places and not place.endswith("settings"):
            shared = [key for key in row if key in places[place]]
            assert shared == [key for key in places[place] if key in row], place


def test_the_extensions_of_a_model_by_themselves(standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows(f"{SETS}/extensions", "compute-vmss/extensions-endpoint.json")
    shape = Shape([*theirs, *recorded_rows("Microsoft.Compute/virtualMachines/extensions", "compute-vm-extensions")])
    for path in ("extensions", "extensions/AzureMonitorLinuxAgent"):
        for row in rows(ask(standing, group_path(f"{SETS}/vmss1/{path}?api-version=2024-07-01")).json()):
            assert shape.strange(row | {"location": ""}) == []
            assert row["type"] == theirs[0]["type"]


@pytest.mark.parametrize("expand", ["", "$expand=instanceView&"])
def test_instances_in_their_list(expand: str, standing: Simulator, ask: Ask) -> None:
    theirs = [
        *newest(INSTANCES, "compute-vmss/vms-list-with-inlined-extensions.json"),
        *newest("Microsoft.Compute/virtualMachines", "compute-vm-instanceview"),
    ]
    every = recorded_rows(INSTANCES, "compute-vmss")
    ever = Shape([*every, *theirs])
    views = Shape([each for each in every if "instanceView" in each["properties"]] + theirs)
    for row in rows(ask(standing, group_path(f"{INSTANCES_OF}?{expand}api-version=2024-07-01")).json()):
        assert (views if expand else ever).strange(row) == []
        assert ("instanceView" in row["properties"]) is bool(expand)


INSTANCES_OF = f"{SETS}/vmss1/virtualMachines"


def test_the_extension_of_an_instance_stands_under_a_machine_that_is_not_there(standing: Simulator, ask: Ask) -> None:
    """Recorded so: the id of the inlined extension names neither the scale set nor the instance's number."""
    theirs = next(
        each for each in recorded_rows(INSTANCES, "compute-vmss/vms-list-with-inlined-extensions.json")
        if each["name"] == "vmss000007_0"
    )  # fmt: skip
    ours = ask(standing, group_path(f"{INSTANCES_OF}/0?api-version=2023-09-01")).json()
    ends = [each["resources"][0]["id"].partition("/providers/")[2].split("/") for each in (theirs, ours)]
    assert ends[0][:2] == ends[1][:2] == ["Microsoft.Compute", "virtualMachines"]
    assert (ends[0][2], ends[1][2]) == (theirs["name"], ours["name"]) == ("vmss000007_0", "vmss1_0")
    assert theirs["resources"][0]["type"] == ours["resources"][0]["type"]
    assert list(ours) == list(theirs)
    interface = ".properties.networkProfileConfiguration.networkInterfaceConfigurations[].properties"
    # The recorded instance was a trusted one behind rules of its own.
    assert Shape([theirs]).strange(ours) == [
        f"{interface}.networkSecurityGroup: always recorded",
        ".properties.securityProfile: always recorded",
    ]


def test_select_leaves_no_extensions(standing: Simulator, ask: Ask) -> None:
    theirs = next(
        body["value"][0] for body in (
            each["response"]["body"] for each in recorded("compute-vmss/vms-list-with-inlined-extensions.json")
            if "$select=instanceView" in each["request"]["url"]
        )
    )  # fmt: skip
    query = "$select=instanceView&$expand=instanceView&api-version=2024-07-01"
    ours = ask(standing, group_path(f"{INSTANCES_OF}?{query}")).json()["value"][0]
    assert list(ours) == list(theirs)
    assert list(ours["properties"]) == list(theirs["properties"])


def test_the_view_of_an_instance_by_itself(standing: Simulator, ask: Ask) -> None:
    views = [
        each["response"]["body"] for each in recorded("compute-vmss/vm-get-and-instanceview.json")
        if "/instanceView?" in each["request"]["url"]
    ]  # fmt: skip
    shape = Shape(views)
    body = ask(standing, group_path(f"{INSTANCES_OF}/0/instanceView?api-version=2019-12-01")).json()
    assert shape.strange(body) == []


def test_a_flexible_instance_is_a_machine_that_names_its_set_and_no_model(standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows("Microsoft.Compute/virtualMachines", "compute-vmss/flexible-simple-orchestration.json")
    others = recorded_rows("Microsoft.Compute/virtualMachines", "compute-vm-instanceview")
    body = ask(standing, machine_path(MachineSpec("flex_1"), "?$expand=instanceView&api-version=2024-07-01")).json()
    assert Shape([*theirs, *others]).strange(body) == []
    assert body["properties"]["virtualMachineScaleSet"]["id"].endswith(f"/{SETS}/flex")
    assert not [place for place, row in mappings(body) if "latestModelApplied" in row]


def test_arc_enabled_servers(standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows(ARC, "hybridcompute/cli-2020-list-rg-7-pages.json")
    kinds = {each["properties"].get("status"): Shape([each]) for each in theirs}
    ours = ask(standing, f"/subscriptions/{FIRST}/providers/{ARC}?api-version=2024-07-10").json()["value"]
    assert [each["properties"].get("status") for each in ours] == ["Connected", "Disconnected", None]
    for row in ours:
        recorded_one = kinds[row["properties"].get("status")]
        # Of a server that never connected the system is all that is known: the shape has nothing else.
        assert recorded_one.strange(row) == []
        assert list(row) == list(theirs[0])


def test_only_connected_servers_tell_the_offset_of_their_change(standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows(ARC, "hybridcompute/cli-2020-list-rg-7-pages.json")
    told = {(each["properties"]["status"], each["properties"]["lastStatusChange"].endswith("Z")) for each in theirs
            if "status" in each["properties"]}  # fmt: skip
    assert told == {("Connected", True), ("Disconnected", False), ("Expired", False)}
    ours = ask(standing, f"/subscriptions/{FIRST}/providers/{ARC}?api-version=2024-07-10").json()["value"]
    assert [each["properties"]["lastStatusChange"].endswith("Z") for each in ours[:2]] == [True, False]


@pytest.mark.parametrize("path", ["extensions", "extensions/AzureMonitorWindowsAgent"])
def test_the_extensions_of_a_server(path: str, standing: Simulator, ask: Ask) -> None:
    theirs = recorded_rows(f"{ARC}/extensions", "hybridcompute/cli-2020-extensions.json")
    for row in rows(ask(standing, group_path(f"{ARC}/one/{path}?api-version=2024-07-10")).json()):
        assert Shape(theirs).strange(row) == []
        assert spellings(row) <= set().union(*map(spellings, theirs))


def test_a_server_that_is_not_there(standing: Simulator, ask: Ask) -> None:
    theirs = next(each["response"] for each in recorded("hybridcompute") if each["response"]["status"] == 404)
    ours = ask(standing, group_path(f"{ARC}/nobody?api-version=2019-08-02-preview"))
    assert ours.status_code == 404
    assert Shape([theirs["body"]]).strange(ours.json()) == []
    assert ours.json()["error"]["code"] == theirs["body"]["error"]["code"]


def test_the_policies_of_scale_sets_are_the_recorded_ones(standing: Simulator, ask: Ask) -> None:
    name = "x-ms-ratelimit-remaining-resource"
    exchanges = list(recorded("compute-vmss"))
    theirs = {policy for each in exchanges for policy in _policies(each["response"]["headers"].get(name, ""))}
    for path in (f"{SETS}/vmss1", INSTANCES_OF, f"{INSTANCES_OF}/0", f"{INSTANCES_OF}/0/instanceView"):
        ours = _policies(ask(standing, group_path(f"{path}?api-version=2024-07-01")).headers[name])
        assert ours
        assert ours <= theirs


def _policies(header: str) -> set[str]:
    return {part.partition(";")[0].strip() for part in header.split(",") if part.strip()}
