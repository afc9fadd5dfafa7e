"""The seeded estate has every kind of machine, in its shares, following its models or not, and managed by somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from auditor.simulator import (
    AgentView,
    ExtensionSpec,
    InstanceSpec,
    MachineSpec,
    OperationSpec,
    ScaleSetSpec,
    SeededEstate,
    Simulator,
    StaySpec,
)
from auditor.simulator.carriers import ARC_MACHINE, INSTANCE, MACHINE, SCALE_SET, carriers
from auditor.simulator.estate import machines
from auditor.simulator.lag import in_graph
from auditor.simulator.parts import MONITOR_PUBLISHER
from tests.unit.simulator.parts import FIRST, NOW, WORKSPACE, estate_of, hours

MANAGED = "databricks-rg-analytics-0x5f2k"


@pytest.fixture(scope="module")
def small() -> SeededEstate:
    """What the demonstration shows."""
    return SeededEstate(60, now=NOW)


@pytest.fixture(scope="module")
def large() -> SeededEstate:
    return SeededEstate(4_000, now=NOW, subscriptions=10, refused=0)


def everything(estate: SeededEstate) -> list[MachineSpec]:
    return [machine for each in estate.subscriptions() for machine in machines(estate, each.id)]


def kinds(estate: SeededEstate) -> Counter[str]:
    return Counter(one.kind for each in estate.subscriptions() for one in carriers(estate, each.id))


def in_sets(estate: SeededEstate, *, uniform: bool) -> list[tuple[ScaleSetSpec, Sequence[InstanceSpec]]]:
    """The scale sets of one kind with their instances."""
    found = [(each.id, one) for each in estate.subscriptions() for one in estate.scale_sets(each.id)]
    return [(one, estate.instances(of, one)) for of, one in found if one.uniform is uniform]


def agents(instances: Sequence[InstanceSpec]) -> Iterator[tuple[InstanceSpec, ExtensionSpec]]:
    return ((one, each) for one in instances for each in one.extensions if each.publisher == MONITOR_PUBLISHER)


def test_the_same_seed_gives_the_same_sets_and_servers(small: SeededEstate) -> None:
    again, other = SeededEstate(60, now=NOW), SeededEstate(60, now=NOW, seed=2)
    told, told_again, told_otherwise = (
        [one for each in estate.subscriptions() for one in carriers(estate, each.id)]
        for estate in (small, again, other)
    )
    assert told == told_again
    assert told != told_otherwise


def test_the_demonstration_shows_every_kind(small: SeededEstate) -> None:
    """Sixty machines: forty-two by themselves, twelve instances in three sets, six servers in several states."""
    assert kinds(small) == {MACHINE: 42 + 4, INSTANCE: 8, SCALE_SET: 3, ARC_MACHINE: 6}
    servers = [one for each in small.subscriptions() for one in small.arc_machines(each.id)]
    assert {each.status for each in servers} == {"Connected", "Disconnected", "Expired", None}
    assert {each.provisioning_state for one in servers for each in one.extensions} == {"Succeeded", "Failed"}
    alone = [each for each in everything(small) if each.scale_set is None]
    assert {operation.outcome for each in alone for operation in each.operations} == {"Succeeded", "Failed", None}
    assert any(each.agent is AgentView.UNKNOWN for each in alone)
    followed = [
        one.latest_model_applied for _, instances in in_sets(small, uniform=True) for one, _ in agents(instances)
    ]
    assert set(followed) == {True, False}


def test_the_demonstration_has_flags_that_resource_graph_shows_as_they_were(small: SeededEstate) -> None:
    """In both directions."""
    changed = [
        (each.auto_upgrade, earlier.auto_upgrade)
        for machine in everything(small)
        for each in machine.extensions
        for earlier in in_graph([each])
        if earlier is not each
    ]
    assert sorted(changed) == [(False, True), (True, False)]


@pytest.mark.parametrize("size", [1, 2, 11, 400])
def test_what_stands_in_the_estate_can_be_found_whatever_the_letter_case(size: int) -> None:
    estate = SeededEstate(size, now=NOW, subscriptions=4)
    for subscription in (each.id for each in estate.subscriptions()):
        for one in estate.scale_sets(subscription):
            assert estate.find_scale_set(subscription.upper(), one.resource_group.upper(), one.name.upper()) == one
            assert estate.find_scale_set(subscription, "rg-other", one.name) is None
        for server in estate.arc_machines(subscription):
            assert estate.find_arc_machine(subscription, server.resource_group.upper(), server.name) == server
        for machine in machines(estate, subscription):
            assert estate.find(subscription, machine.resource_group, machine.name.upper()) == machine
        assert estate.find_scale_set(subscription, "rg-scale-sets", "vmss-web-99999") is None
        assert estate.find_arc_machine(subscription, "rg-arc-servers", "edge_linux-99999") is None
    assert sum(kinds(estate).values()) - kinds(estate)[SCALE_SET] == size


def test_shares_kinds_and_regions_of_a_large_estate(large: SeededEstate) -> None:
    """Seven in ten machines by themselves, two in scale sets of twenty, one on Arc, in fifteen regions."""
    uniform, flexible = in_sets(large, uniform=True), in_sets(large, uniform=False)
    members = Counter(each.scale_set for each in everything(large) if each.scale_set)
    assert kinds(large) == {MACHINE: 2_800 + 200, INSTANCE: 600, SCALE_SET: 40, ARC_MACHINE: 400}
    assert {len(instances) for _, instances in uniform} == {20}
    assert members == {each.name: 20 for each, _ in flexible}
    assert {each.capacity for each, _ in (*uniform, *flexible)} == {20}
    assert len({each.location for each in everything(large)}) == 15
    assert all(large.offers(each.location) for each in everything(large))


def test_instances_follow_their_model_or_not(large: SeededEstate) -> None:
    """Who follows has the model's flag, who does not has none; there are sets in every mode and with every flag."""
    sets, seen = in_sets(large, uniform=True), set()
    assert {(each.upgrade_mode, each.orchestration) for each, _ in sets} == {
        ("Manual", "Uniform"), ("Automatic", "Uniform"), ("Rolling", "Uniform"), ("Automatic", None),
    }  # fmt: skip
    assert {agent.auto_upgrade for each, _ in sets for agent in each.extensions} == {True, False, None}
    for owner, instances in sets:
        for instance, agent in agents(instances) if owner.extensions else ():
            flag = owner.extensions[0].auto_upgrade if instance.latest_model_applied else None
            assert (agent.name, agent.auto_upgrade) == (owner.extensions[0].name, flag)
            seen.add((owner.upgrade_mode, instance.latest_model_applied))
    assert seen == {("Manual", True), ("Manual", False), ("Automatic", True), ("Rolling", True), ("Rolling", False)}


def test_every_operation_of_an_instance_names_an_extension_that_it_has(large: SeededEstate) -> None:
    named = 0
    for _, instances in in_sets(large, uniform=True):
        for one in instances:
            operations = {each.extension for each in one.operations if each.extension is not None}
            assert operations <= {each.name for each in one.extensions}
            named += len(operations)
    assert named > 100


def test_managed_groups_name_their_manager(small: SeededEstate) -> None:
    groups = [group for each in small.subscriptions() for group in small.resource_groups(each.id) if group.managed_by]
    owners = {group.name: (group.managed_by or "").rpartition("/providers/")[2].rpartition("/")[0] for group in groups}
    assert owners == {
        "MC_rg-kubernetes_aks-00002": "Microsoft.ContainerService/managedClusters",
        MANAGED: "Microsoft.Databricks/workspaces",
    }
    workers = [each for each in everything(small) if each.tags.get("Vendor") == "Databricks"]
    assert [each.resource_group for each in workers] == [MANAGED] * 2
    [(nodes, instances)] = [each for each in in_sets(small, uniform=True) if each[0].resource_group in owners]
    assert nodes.tags["aks-managed-orchestrator"].startswith("Kubernetes")
    assert len(instances) == nodes.capacity


def test_every_resource_group_that_something_stands_in_is_listed(large: SeededEstate) -> None:
    for each in large.subscriptions():
        listed = {group.name for group in large.resource_groups(each.id)}
        assert {one.resource_group for one in carriers(large, each.id)} <= listed


def test_management_groups_are_nested_below_the_tenants_root(small: SeededEstate) -> None:
    assert {len(each.management_groups) for each in small.subscriptions()} == {2, 3}
    assert {each.management_groups[-1] for each in small.subscriptions()} == {(small.tenant_id, "Tenant Root Group")}


def test_heartbeats_of_a_large_estate_are_thin() -> None:
    assert SeededEstate(20, now=NOW).heartbeat_every == timedelta(minutes=1)
    every = SeededEstate(20_000, now=NOW, subscriptions=50).heartbeat_every
    assert 20_000 * (timedelta(days=45) / every) <= 2_000_000


def test_warming_opens_what_the_first_questions_would_wait_for(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once warm, nobody looks at the estate's machines any more."""
    machine = MachineSpec("a", stays=(StaySpec("1.38.1", NOW - hours(3)),), operations=(OperationSpec(NOW - hours(2)),))
    estate = estate_of(machine)
    since = quote(f"eventTimestamp ge '{(NOW - timedelta(days=1)).isoformat()}'")
    log = "providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
    with Simulator(estate).warm() as simulator:
        monkeypatch.delattr(type(estate), "size")
        query = {"query": "Heartbeat | count"}
        beats = ask(simulator, f"/v1/workspaces/{WORKSPACE}/query", "POST", json=query).json()
        events = ask(simulator, f"/subscriptions/{FIRST}/{log}&$filter={since}").json()["value"]
    assert beats["tables"][0]["rows"] == [[181]]
    assert len(events) == 3
