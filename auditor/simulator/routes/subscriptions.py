"""The subscriptions that the identity can see, what it may do there, and their resource groups."""

from __future__ import annotations

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.containers import resource_group_body, subscription_body
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.listing import listed
from auditor.simulator.permissions import granted, may
from auditor.simulator.specs import ResourceGroupSpec, SubscriptionSpec

_READ_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"


def _list(call: Call) -> Answer:
    rows = [subscription_body(each, call.estate.tenant_id) for each in call.estate.subscriptions() if each.listed]
    return Answer({"value": rows, "count": {"type": "Total", "value": len(rows)}})


def _asked(call: Call) -> SubscriptionSpec:
    wanted = call.parts["subscription"].lower()
    return next(each for each in call.estate.subscriptions() if each.id.lower() == wanted)


def _get(call: Call) -> Answer:
    return Answer(subscription_body(_asked(call), call.estate.tenant_id))


def _permissions(call: Call) -> Answer:
    """Everybody may ask for his own permissions; who has none gets an empty list."""
    return Answer({"value": granted(_asked(call), call.parts.get("group")), "nextLink": None})


def _groups(call: Call) -> Answer:
    """Of who may read some groups alone, these: this list is filtered, where the providers' lists are refused."""
    subscription = _asked(call)
    groups = call.estate.resource_groups(subscription.id)
    readable = [each for each in groups if may(subscription, _READ_GROUPS, each.name)]
    if not (readable or may(subscription, _READ_GROUPS)):
        scope = f"/subscriptions/{subscription.id}"
        body = errors.refused(call.estate.identity_id, _READ_GROUPS, scope)
        return Answer(body, 403, {"x-ms-failure-cause": "gateway"})

    def row(group: ResourceGroupSpec) -> dict[str, object]:
        return resource_group_body(group, subscription.id)

    return listed(call, readable, call.pages.resource_groups, row)


_ONE = "/subscriptions/{subscription}"
_PERMISSIONS = "/providers/Microsoft.Authorization/permissions"

ROUTES = (
    Route("subscriptions", "GET", pattern("/subscriptions"), _list),
    Route("subscription", "GET", pattern(_ONE), _get),
    Route("permissions", "GET", pattern(_ONE + _PERMISSIONS), _permissions),
    Route("permissions_of_group", "GET", pattern(_ONE + "/resourceGroups/{group}" + _PERMISSIONS), _permissions),
    Route("resource_groups", "GET", pattern(_ONE + "/resourceGroups"), _groups),
)
