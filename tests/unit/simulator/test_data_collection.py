"""Data collection rules and associations, as Microsoft's examples show them: by Resource Manager and by the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from auditor.simulator import (
    ENDPOINT_ONLY,
    ArcMachineSpec,
    AssociationSpec,
    DataCollectionRuleSpec,
    HandMadeEstate,
    InstanceSpec,
    Lag,
    MachineSpec,
    PageSizes,
    ScaleSetSpec,
    SeededEstate,
    Simulator,
    SubscriptionSpec,
    WorkspaceSpec,
)
from tests.unit.simulator.parts import FIRST, NOW, WORKSPACE

Ask = Callable[..., requests.Response]
GROUP = f"/subscriptions/{FIRST}/resourceGroups/rg-main/providers"
INSIGHTS = "Microsoft.Insights"
RULES = f"/subscriptions/{FIRST}/providers/{INSIGHTS}/dataCollectionRules?api-version=2022-06-01"
GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
READ_ASSOCIATIONS = f"{INSIGHTS}/dataCollectionRuleAssociations/read"


def associations(of: str) -> str:
    return f"{GROUP}/{of}/providers/{INSIGHTS}/dataCollectionRuleAssociations?api-version=2022-06-01"


def first(**more: Any) -> SubscriptionSpec:
    given: dict[str, Any] = {
        "machines": (
            MachineSpec("web"),
            MachineSpec("bare", associations=()),
            MachineSpec("endpoint", associations=(ENDPOINT_ONLY,)),
            MachineSpec("new", associations=(AssociationSpec(in_graph=Lag.UNSEEN),)),
            MachineSpec("old", associations=(AssociationSpec(in_graph=Lag.DELETED),)),
        ),
        "scale_sets": (ScaleSetSpec("pool", instances=(InstanceSpec("0"),)),),
        "arc_machines": (ArcMachineSpec("plant", associations=(AssociationSpec("one"), AssociationSpec("two", "b"))),),
        "data_collection_rules": (
            DataCollectionRuleSpec(),
            DataCollectionRuleSpec("b", workspaces=("one", "two")),
            DataCollectionRuleSpec("metrics", workspaces=()),
        ),
        **more,
    }
    return SubscriptionSpec(FIRST, "First", **given)


def serve(subscription: SubscriptionSpec, **more: Any) -> Simulator:
    workspaces = (WorkspaceSpec(WORKSPACE, "log"),)
    return Simulator(HandMadeEstate([subscription], now=NOW, workspaces=workspaces), **more)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with serve(first()) as served:
        yield served


def rows(ask: Ask, simulator: Simulator, query: str) -> list[dict[str, Any]]:
    answer = ask(simulator, GRAPH, "POST", json={"subscriptions": [FIRST], "query": query})
    return list(answer.json()["data"])


def test_an_association_has_the_keys_of_microsofts_example(simulator: Simulator, ask: Ask) -> None:
    answer = ask(simulator, associations("Microsoft.Compute/virtualMachines/WEB")).json()

    [association] = answer["value"]
    assert answer["nextLink"] is None
    assert list(association) == ["properties", "id", "name", "type", "systemData", "etag"]
    machine = f"{GROUP}/Microsoft.Compute/virtualMachines/web"
    assert association["id"] == f"{machine}/providers/{INSIGHTS}/dataCollectionRuleAssociations/AMP-RulesAssociation"
    assert association["type"] == f"{INSIGHTS}/dataCollectionRuleAssociations"
    assert association["properties"] == {
        "description": None,
        "dataCollectionRuleId": f"{GROUP}/{INSIGHTS}/dataCollectionRules/dcr-central",
        "provisioningState": "Succeeded",
    }


def test_one_with_an_endpoint_alone_names_no_rule(simulator: Simulator, ask: Ask) -> None:
    [association] = ask(simulator, associations("Microsoft.Compute/virtualMachines/endpoint")).json()["value"]

    assert association["name"] == "configurationAccessEndpoint"
    assert set(association["properties"]) == {"dataCollectionEndpointId", "provisioningState"}


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ("Microsoft.Compute/virtualMachines/bare", []),
        ("Microsoft.Compute/virtualMachines/new", ["AMP-RulesAssociation"]),
        ("Microsoft.Compute/virtualMachines/old", []),
        ("Microsoft.Compute/virtualMachineScaleSets/pool", ["AMP-RulesAssociation"]),
        ("Microsoft.HybridCompute/machines/plant", ["one", "two"]),
    ],
)
def test_each_kind_of_holder_lists_its_own(of: str, names: list[str], simulator: Simulator, ask: Ask) -> None:
    assert [each["name"] for each in ask(simulator, associations(of)).json()["value"]] == names


@pytest.mark.parametrize("kind", ["virtualMachines", "virtualMachineScaleSets"])
def test_what_is_not_there_has_none(kind: str, simulator: Simulator, ask: Ask) -> None:
    assert ask(simulator, associations(f"Microsoft.Compute/{kind}/nobody")).status_code == 404


def test_long_lists_have_pages(ask: Ask) -> None:
    with serve(first(), pages=PageSizes(rules=1)) as simulator:
        page = ask(simulator, associations("Microsoft.HybridCompute/machines/plant")).json()
        following = ask(simulator, page["nextLink"].removeprefix(simulator.url)).json()

    assert [each["name"] for each in (*page["value"], *following["value"])] == ["one", "two"]
    assert following["nextLink"] is None


def test_a_rule_tells_the_workspaces_that_it_sends_to(simulator: Simulator, ask: Ask) -> None:
    found = {each["name"]: each["properties"]["destinations"] for each in ask(simulator, RULES).json()["value"]}

    place = f"{GROUP}/Microsoft.OperationalInsights/workspaces"
    assert found["dcr-central"] == {
        "logAnalytics": [{"workspaceResourceId": f"{place}/log", "workspaceId": WORKSPACE, "name": "la-0"}]
    }
    assert [each["workspaceId"] for each in found["b"]["logAnalytics"]] == ["one", "two"]
    assert found["metrics"] == {"azureMonitorMetrics": {"name": "azureMonitorMetrics-default"}}


def test_a_rule_by_itself_is_as_in_the_list(simulator: Simulator, ask: Ask) -> None:
    listed = {each["name"]: each for each in ask(simulator, RULES).json()["value"]}
    path = f"{GROUP}/{INSIGHTS}/dataCollectionRules"

    assert ask(simulator, f"{path}/B?api-version=2022-06-01").json() == listed["b"]
    assert ask(simulator, f"{path}/nobody?api-version=2022-06-01").status_code == 404


def test_the_graph_has_rules_and_associations_in_tables_of_their_own(simulator: Simulator, ask: Ask) -> None:
    rules = rows(ask, simulator, "resources | where type == 'microsoft.insights/datacollectionrules' | project name")
    told = rows(ask, simulator, "insightsresources | project id, type, resourceGroup, properties.dataCollectionRuleId")

    assert {each["name"] for each in rules} == {"dcr-central", "b", "metrics"}
    assert {each["type"] for each in told} == {"microsoft.insights/datacollectionruleassociations"}
    holders = [each["id"].partition(f"/providers/{INSIGHTS}/")[0].rpartition("/")[2] for each in told]
    assert sorted(holders) == ["endpoint", "old", "plant", "plant", "pool", "web"], "it lags behind"
    assert [each["properties_dataCollectionRuleId"] is None for each in told].count(True) == 1


def test_who_may_not_read_them_is_refused_and_shown_none(ask: Ask) -> None:
    with serve(first(not_actions=(READ_ASSOCIATIONS,))) as simulator:
        refused = ask(simulator, associations("Microsoft.Compute/virtualMachines/web"))
        assert refused.status_code == 403 and READ_ASSOCIATIONS in refused.json()["error"]["message"]
        assert rows(ask, simulator, "insightsresources") == []
        assert ask(simulator, RULES).status_code == 200
    with serve(first(not_actions=(f"{INSIGHTS}/dataCollectionRules/read",))) as simulator:
        assert ask(simulator, RULES).status_code == 403
        assert len(rows(ask, simulator, "insightsresources")) == 6


def test_most_machines_of_a_seeded_estate_have_a_rule_some_none_and_some_an_endpoint_alone() -> None:
    estate = SeededEstate(300, now=NOW, subscriptions=1, refused=0)
    [subscription] = estate.subscriptions()
    machines = [estate.machine(subscription.id, at) for at in range(estate.size(subscription.id))]
    rules = {each.name for each in estate.data_collection_rules(subscription.id)}
    with_rule = [each for each in machines if any(one.rule for one in each.associations)]

    assert {one.rule for each in with_rule for one in each.associations if one.rule} == rules
    assert len(machines) * 0.8 < len(with_rule) < len(machines)
    assert any(each.associations == () for each in machines)
    assert any(each.associations == (ENDPOINT_ONLY,) for each in machines)
    assert not any(each.stays for each in machines if each not in with_rule and each.scale_set is None), "it is silent"
