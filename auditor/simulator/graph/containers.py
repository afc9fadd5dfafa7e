"""The rows of ``resourcecontainers``: subscriptions, resource groups, management groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.simulator.bodies.containers import resource_group_body
from auditor.simulator.estate import Estate
from auditor.simulator.graph.rows import Row, graph_row
from auditor.simulator.permissions import may, shown
from auditor.simulator.specs import SubscriptionSpec

Body = dict[str, Any]

_READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read"
_QUOTA = "EnterpriseAgreement_2014-09-01"


def containers(estate: Estate, subscription: SubscriptionSpec) -> Iterator[Row]:
    """The subscription's own row, which a role anywhere in it shows if it brings the action, and its groups."""
    place = {"tenant": subscription.tenant or estate.tenant_id, "subscription": subscription.id}
    if shown(subscription):
        yield graph_row(_subscription(subscription), **place)
    for group in estate.resource_groups(subscription.id):
        if may(subscription, _READ_GROUP, group.name):
            body = resource_group_body(group, subscription.id)
            body["type"] = "microsoft.resources/subscriptions/resourcegroups"
            yield graph_row(body, group=group.name, **place)


def management_groups(estate: Estate, subscriptions: list[SubscriptionSpec]) -> Iterator[Row]:
    """The management groups above these subscriptions, each once."""
    chains = {each.management_groups for each in subscriptions}
    found = {chain[depth][0]: chain[depth:] for chain in sorted(chains) for depth in range(len(chain))}
    for chain in found.values():
        yield graph_row(_management_group(chain), tenant=estate.tenant_id)


def _subscription(subscription: SubscriptionSpec) -> Body:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "name": subscription.name,
        "type": "microsoft.resources/subscriptions",
        "properties": {
            "managedByTenants": [{"tenantId": each} for each in subscription.managed_by_tenants],
            "managementGroupAncestorsChain": _ancestors(subscription.management_groups),
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": _QUOTA,
                "spendingLimit": "Off",
            },
            "state": subscription.state,
        },
    }


def _management_group(chain: tuple[tuple[str, str], ...]) -> Body:
    (name, display), above = chain[0], chain[1:]
    details: Body = {"managementGroupAncestorsChain": _ancestors(above)}
    if above:
        details["parent"] = {"id": _group_id(above[0][0]), "name": above[0][0], "displayName": above[0][1]}
    return {
        "id": _group_id(name),
        "name": name,
        "type": "microsoft.management/managementgroups",
        "properties": {"displayName": display, "details": details},
    }


def _ancestors(chain: tuple[tuple[str, str], ...]) -> list[Body]:
    """Nearest first, the tenant's root last."""
    return [{"displayName": display, "name": name} for name, display in chain]


def _group_id(name: str) -> str:
    return f"/providers/Microsoft.Management/managementGroups/{name}"
