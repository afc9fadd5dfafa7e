"""What the identity can see: management groups, delegation, permissions, single groups; and resource groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from azure.mgmt.resource.subscriptions import SubscriptionClient

from auditor.simulator import (
    ArcMachineSpec,
    HandMadeEstate,
    MachineSpec,
    PageSizes,
    ResourceGroupSpec,
    ScaleSetSpec,
    Simulator,
    SubscriptionSpec,
)
from auditor.simulator.permissions import may
from tests.unit.simulator.conftest import Clients
from tests.unit.simulator.parts import FIRST, NOW, SECOND, recorded
from tests.unit.simulator.shapes import Shape

Ask = Callable[..., requests.Response]

THIRD = "33333333-3333-4333-a333-333333333333"
CUSTOMER = "77777777-7777-4777-a777-777777777777"
ROOT, TOP = ("root", "Tenant Root Group"), ("mg-top", "Top")
PRODUCTION = ("mg-production", "Production")
ONE = SubscriptionSpec(
    FIRST,
    "First",
    machines=(MachineSpec("a", "RG-A"), MachineSpec("b", "rg-b")),
    scale_sets=(ScaleSetSpec("s", "mc_nodes"),),
    arc_machines=(ArcMachineSpec("x", "rg-a"),),
    resource_groups=(ResourceGroupSpec("MC_nodes", managed_by="/x/aks"), ResourceGroupSpec("rg-empty")),
    management_groups=(PRODUCTION, TOP, ROOT),
)
TWO = SubscriptionSpec(SECOND, "Second", refused=True, management_groups=(TOP, ROOT))
VM = "Microsoft.Compute/virtualMachines"


def estate(*subscriptions: SubscriptionSpec) -> HandMadeEstate:
    return HandMadeEstate(subscriptions, now=NOW)


def below(ask: Ask, simulator: Simulator, group: str) -> Any:
    path = f"/providers/Microsoft.Management/managementGroups/{group}/descendants?api-version=2023-04-01"
    return ask(simulator, path)


def test_descendants_at_any_depth_groups_first(ask: Ask) -> None:
    hidden = SubscriptionSpec(THIRD, "Third", listed=False, management_groups=(PRODUCTION, TOP, ROOT))
    with Simulator(estate(ONE, TWO, hidden)) as simulator:
        found = {name: below(ask, simulator, name).json()["value"] for name in ("ROOT", "mg-top", "mg-production")}
    assert [each["name"] for each in found["ROOT"]] == ["mg-production", "mg-top", FIRST, SECOND, THIRD]
    assert [each["name"] for each in found["mg-top"]] == ["mg-production", FIRST, SECOND, THIRD]
    assert [each["name"] for each in found["mg-production"]] == [FIRST, THIRD]
    parents = {each["name"]: each["properties"]["parent"]["id"].rpartition("/")[2] for each in found["ROOT"]}
    assert parents == {"mg-production": "mg-top", "mg-top": "root", FIRST: "mg-production", SECOND: "mg-top",
                       THIRD: "mg-production"}  # fmt: skip


def test_descendants_look_as_documented(ask: Ask) -> None:
    documented = next(
        recorded("documentation-examples/management-group-descendants-2023-04-01.json", kind="documentation-example")
    )
    theirs = documented["response"]["body"]
    with Simulator(estate(ONE, TWO)) as simulator:
        ours = below(ask, simulator, "mg-top").json()
    assert list(ours) == list(theirs)
    assert ours["nextLink"] is None
    assert Shape([theirs]).strange(ours) == []
    assert {each["type"] for each in ours["value"]} == {each["type"] for each in theirs["value"]}


def test_descendants_come_in_pages(ask: Ask) -> None:
    with Simulator(estate(ONE, TWO), pages=PageSizes(descendants=2)) as simulator:
        first = below(ask, simulator, "root").json()
        second = ask(simulator, first["nextLink"].removeprefix(simulator.url)).json()
    assert [len(first["value"]), len(second["value"]), second["nextLink"]] == [2, 2, None]


def test_a_management_group_that_is_unknown_is_refused(ask: Ask) -> None:
    with Simulator(estate(ONE)) as simulator:
        answer = below(ask, simulator, "mg-other")
    assert answer.status_code == 403
    assert (
        "managementGroups/descendants/read' over scope '/providers/Microsoft.Management/managementGroups/mg-other'"
        in (answer.json()["error"]["message"])
    )


def test_delegated_subscriptions_name_their_tenant_and_who_manages_them(sdk: Clients) -> None:
    made = estate(ONE, replace(TWO, tenant=CUSTOMER, managed_by_tenants=("us", "them")))
    with Simulator(made) as simulator:
        listed = list(sdk(simulator, SubscriptionClient).subscriptions.list())
    assert [each.tenant_id for each in listed] == [made.tenant_id, CUSTOMER]
    assert [[by.tenant_id for by in each.managed_by_tenants] for each in listed] == [[], ["us", "them"]]


def test_a_subscription_that_is_not_listed_is_not_found(ask: Ask) -> None:
    with Simulator(estate(ONE, replace(TWO, listed=False))) as simulator:
        listed = ask(simulator, "/subscriptions?api-version=1").json()
        assert [each["subscriptionId"] for each in listed["value"]] == [FIRST]
        assert listed["count"]["value"] == 1
        assert ask(simulator, f"/subscriptions/{SECOND}?api-version=1").status_code == 404
        assert ask(simulator, f"/subscriptions/{SECOND}/providers/{VM}?api-version=1").status_code == 403


@pytest.mark.parametrize("spelling", ["resourceGroups", "resourcegroups"])
def test_resource_groups_are_those_declared_and_those_that_things_stand_in(spelling: str, ask: Ask) -> None:
    with Simulator(estate(ONE)) as simulator:
        rows = ask(simulator, f"/subscriptions/{FIRST}/{spelling}?api-version=2021-04-01").json()["value"]
    assert [(each["name"], each.get("managedBy")) for each in rows] == [
        ("MC_nodes", "/x/aks"), ("rg-empty", None), ("RG-A", None), ("rg-b", None),
    ]  # fmt: skip
    assert {each["type"] for each in rows} == {"Microsoft.Resources/resourceGroups"}


def permissions(ask: Ask, simulator: Simulator, scope: str) -> Any:
    return ask(simulator, f"{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01").json()


def test_permissions_tell_what_is_allowed_and_are_refused_where_nothing_is(ask: Ask) -> None:
    rights = {"actions": ["*/read"], "notActions": [f"{VM}/extensions/read"], "dataActions": [], "notDataActions": []}
    with Simulator(estate(replace(ONE, not_actions=(f"{VM}/extensions/read",)), TWO)) as simulator:
        assert permissions(ask, simulator, f"/subscriptions/{FIRST}") == {"value": [rights], "nextLink": None}
        refused = permissions(ask, simulator, f"/subscriptions/{SECOND}")["error"]["message"]
    assert "perform action 'Microsoft.Authorization/permissions/read' over scope" in refused
    assert f"'/subscriptions/{SECOND}/providers/Microsoft.Authorization'" in refused


def test_who_may_read_one_group_is_refused_the_lists_of_the_subscription(ask: Ask) -> None:
    with Simulator(estate(replace(ONE, only_groups=("rg-a",)))) as simulator:
        base = f"/subscriptions/{FIRST}"
        assert permissions(ask, simulator, base)["error"]["code"] == "AuthorizationFailed"
        assert len(permissions(ask, simulator, f"{base}/resourceGroups/RG-A")["value"]) == 1
        assert ask(simulator, f"{base}/providers/{VM}?api-version=1").status_code == 403
        assert ask(simulator, f"{base}/providers/Microsoft.HybridCompute/machines?api-version=1").status_code == 403
        assert ask(simulator, f"{base}/resourceGroups/rg-b/providers/{VM}/b?api-version=1").status_code == 403
        machines = ask(simulator, f"{base}/resourceGroups/RG-A/providers/{VM}?api-version=1").json()["value"]
        assert [each["name"] for each in machines] == ["a"]
        groups = ask(simulator, f"{base}/resourcegroups?api-version=1").json()["value"]
        assert [each["name"] for each in groups] == ["RG-A"]


def test_an_action_that_is_taken_away_is_refused_and_the_others_are_not(ask: Ask) -> None:
    with Simulator(estate(replace(ONE, not_actions=("microsoft.compute/virtualmachines/EXTENSIONS/*",)))) as simulator:
        base = f"/subscriptions/{FIRST}/resourceGroups/rg-a/providers/{VM}/a"
        assert ask(simulator, f"{base}?api-version=1").status_code == 200
        refused = ask(simulator, f"{base}/extensions?api-version=1")
        assert refused.status_code == 403
        assert f"'{VM}/extensions/read'" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "group", "allowed"),
    [
        ({}, None, True),
        ({"refused": True}, "rg-a", False),
        ({"listed": False}, None, False),
        ({"only_groups": ("RG-A",)}, None, False),
        ({"only_groups": ("RG-A",)}, "rg-a", True),
        ({"only_groups": ()}, "rg-a", False),
        ({"actions": ("Microsoft.Compute/*/read",)}, None, True),
        ({"actions": ("Microsoft.Storage/*/read",)}, None, False),
        ({"not_actions": ("*/virtualMachines/read",)}, None, False),
    ],
)
def test_what_may_be_read(changes: dict[str, Any], group: str | None, allowed: bool) -> None:
    assert may(replace(ONE, **changes), f"{VM}/read", group) is allowed
