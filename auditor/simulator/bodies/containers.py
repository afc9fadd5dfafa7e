"""Subscriptions, resource groups and management groups as Resource Manager writes them."""

from __future__ import annotations

from typing import Any

from auditor.simulator.forms import group_id
from auditor.simulator.specs import ResourceGroupSpec, SubscriptionSpec

Body = dict[str, Any]

_POLICIES = {"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01"}
_MANAGEMENT = "Microsoft.Management/managementGroups"


def subscription_body(subscription: SubscriptionSpec, tenant_id: str) -> Body:
    """``tenant_id`` is the estate's own, which the subscription may not be of."""
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [{"tenantId": each} for each in subscription.managed_by_tenants],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant or tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": _POLICIES | {"spendingLimit": "Off"},
    }


def resource_group_body(group: ResourceGroupSpec, subscription_id: str) -> Body:
    """The group; ``managedBy`` only where somebody manages it, ``tags`` only where there are some."""
    body: Body = {
        "id": group_id(subscription_id, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
    }
    if group.tags:
        body["tags"] = dict(group.tags)
    if group.managed_by is not None:
        body["managedBy"] = group.managed_by
    return body | {"properties": {"provisioningState": "Succeeded"}}


def descendant_body(kind: str, name: str, display: str, parent: str) -> Body:
    """A management group or a subscription below ``parent``, whose name it is (documented, not recorded)."""
    is_group = kind == "group"
    return {
        "id": f"/providers/{_MANAGEMENT}/{name}" if is_group else f"/subscriptions/{name}",
        "type": _MANAGEMENT if is_group else f"{_MANAGEMENT}/subscriptions",
        "name": name,
        "properties": {"displayName": display, "parent": {"id": f"/providers/{_MANAGEMENT}/{parent}"}},
    }
