"""The subscriptions that the identity can see."""

from __future__ import annotations

from typing import Any

from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.specs import SubscriptionSpec

_POLICIES = {"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01"}


def _body(subscription: SubscriptionSpec, tenant_id: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": _POLICIES | {"spendingLimit": "Off"},
    }


def _list(call: Call) -> Answer:
    rows = [_body(each, call.estate.tenant_id) for each in call.estate.subscriptions()]
    return Answer({"value": rows, "count": {"type": "Total", "value": len(rows)}})


def _get(call: Call) -> Answer:
    wanted = call.parts["subscription"].lower()
    found = next(each for each in call.estate.subscriptions() if each.id.lower() == wanted)
    return Answer(_body(found, call.estate.tenant_id))


ROUTES = (
    Route("subscriptions", "GET", pattern("/subscriptions"), _list),
    Route("subscription", "GET", pattern("/subscriptions/{subscription}"), _get),
)
