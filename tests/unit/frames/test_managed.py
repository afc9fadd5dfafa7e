"""Who manages a machine: told by its resource group, or by tags."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.frames.managed import manager_of, tagged_manager
from auditor.model.reading import Row, Source
from tests.unit.frames.parts import (
    SUBSCRIPTION,
    Estate,
    instance,
    machine,
    only,
    scale_set,
    server,
    the_extension,
    the_machine,
    with_arc,
    with_uniform,
)

CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/apps/providers/Microsoft.ContainerService/managedClusters/c1"
AKS_TAGS = '{"aks-managed-poolName":"nodes"}'


def group(managed_by: str | None = CLUSTER, **changes: Any) -> Row:
    return {"subscription_id": SUBSCRIPTION, "name": "RG-Main", "managed_by": managed_by} | changes


def manager(*groups: Row, unread: bool = False, **state: Any) -> str | None:
    estate = Estate(machines=(machine(**state),), resource_groups=groups)
    found: str | None = the_machine(estate.without(Source.RESOURCE_GROUPS) if unread else estate)["managed_by"]
    return found


@pytest.mark.parametrize(
    ("identifier", "told"),
    [
        (CLUSTER, "AKS"),
        (CLUSTER.upper(), "AKS"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w", "Databricks"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Solutions/applications/a", "managed application"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.DesktopVirtualization/hostPools/h", "hostPools"),
        ("/subscriptions/s/resourceGroups/g/providers/Contoso.Fleet/fleets/f/members/m/", "members"),
        ("/subscriptions/s/resourceGroups/g", "resourceGroups"),
        ("somebody", "somebody"),
        ("", None),
        (None, None),
    ],
)
def test_a_manager_is_named_by_the_type_of_its_id(identifier: str | None, told: str | None) -> None:
    assert manager_of(identifier) == told


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (AKS_TAGS, "AKS"),
        ('{"AKS-Managed-CreateOperationID":null}', "AKS"),
        ('{"Vendor":"Databricks"}', "Databricks"),
        ('{"vendor":"DATABRICKS","env":"prod"}', "Databricks"),
        ('{"vendor":"Contoso"}', None),
        ('{"not-aks-managed-x":"1"}', None),
        ("{}", None),
    ],
)
def test_tags_tell_a_manager_in_any_letter_case(tags: str, told: str | None) -> None:
    assert tagged_manager(tags) == told


def test_a_machine_is_managed_by_what_manages_its_resource_group() -> None:
    assert manager(group()) == "AKS"
    assert manager(group(name="rg-MAIN", subscription_id=SUBSCRIPTION.upper())) == "AKS"


def test_another_group_or_the_same_of_another_subscription_says_nothing() -> None:
    elsewhere = group(subscription_id=SUBSCRIPTION.replace("1", "2"))

    assert manager(group(name="RG-Main-2"), elsewhere) == "none"


def test_tags_tell_it_where_groups_were_not_read() -> None:
    assert manager(unread=True, tags=AKS_TAGS) == "AKS"


def test_nobody_manages_it_only_where_the_groups_were_read() -> None:
    assert manager() == "none"
    assert manager(unread=True) is None


def test_a_group_that_was_told_of_counts_though_others_were_not() -> None:
    assert manager(group(), unread=True) == "AKS"


@pytest.mark.parametrize("gone", ["tags", "resource_group", "subscription_id"])
def test_nobody_manages_it_only_where_tags_and_group_are_known(gone: str) -> None:
    assert manager(**{gone: None}) is None


def test_a_group_of_which_nobody_knows_who_manages_it_leaves_it_open() -> None:
    assert manager(group(managed_by=None)) is None
    assert manager(group(managed_by=None), tags=AKS_TAGS) == "AKS"


def test_the_groups_manager_counts_before_the_tags() -> None:
    databricks = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"

    assert manager(group(managed_by=databricks), tags=AKS_TAGS) == "Databricks"


def test_scale_sets_are_managed_as_machines_are() -> None:
    frames = with_uniform(resource_groups=(group(),)).frames()

    assert only(frames["scale_sets"])["managed_by"] == "AKS"
    assert frames["extensions"]["managed_by"].tolist() == ["AKS", "AKS"]


def test_an_instance_is_managed_as_its_scale_set_is() -> None:
    """The instances do not always carry the tags of their set."""
    tagged = with_uniform(scale_sets=(scale_set(tags=AKS_TAGS),))

    assert the_machine(tagged)["managed_by"] == "AKS"
    assert the_machine(tagged.without(Source.RESOURCE_GROUPS))["managed_by"] == "AKS"
    assert the_machine(with_uniform(machines=(instance(tags=AKS_TAGS),)))["managed_by"] == "AKS"
    assert the_machine(with_uniform())["managed_by"] == "none"


def test_arc_enabled_servers_lie_in_resource_groups_too() -> None:
    assert the_machine(with_arc(resource_groups=(group(CLUSTER),)))["managed_by"] == "AKS"
    assert the_machine(with_arc(machines=(server(),)))["managed_by"] == "none"
    assert the_extension(with_arc())["managed_by"] == "none"
