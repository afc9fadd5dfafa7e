"""The subscriptions that the identity can see, what it may do there, and their resource groups."""

from __future__ import annotations

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.containers import resource_group_body, subscription_body
from auditor.simulator.exchange import Answer, Call, Route, pattern
from auditor.simulator.listing import listed
from auditor.simulator.permissions import granted, may, shown
from auditor.simulator.specs import ResourceGroupSpec, SubscriptionSpec

_READ = "Microsoft.Resources/subscriptions/read"
_READ_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups/read"


def _list(call: Call) -> Answer:
    """A list of the tenant: what may not be read is left out of it, and nobody is refused."""
    rows = [subscription_body(each, call.estate.tenant_id) for each in call.estate.subscriptions() if shown(each)]
    return Answer({"value": rows, "count": {"type": "Total", "value": len(rows)}})


def _asked(call: Call) -> SubscriptionSpec:
    wanted = call.parts["subscription"].lower()
    return next(each for each in call.estate.subscriptions() if each.id.lower() == wanted)


def _get(call: Call) -> Answer:
    subscription = _asked(call)
    if not shown(subscription):
        return _refused(call, _READ, subscription)
    return Answer(subscription_body(subscription, call.estate.tenant_id))


def _permissions(call: Call) -> Answer:
    return Answer({"value": granted(_asked(call)), "nextLink": None})


def _refused(call: Call, action: str, subscription: SubscriptionSpec) -> Answer:
    body = errors.refused(call.estate.identity_id, action, f"/subscriptions/{subscription.id}")
    return Answer(body, 403, {"x-ms-failure-cause": "gateway"})


def _groups(call: Call) -> Answer:
    """Of who may read some groups alone, these: this list is filtered, where the providers' lists are refused."""
    subscription = _asked(call)
    groups = call.estate.resource_groups(subscription.id)
    readable = [each for each in groups if may(subscription, _READ_GROUPS, each.name)]
    if not (readable or may(subscription, _READ_GROUPS)):
        return _refused(call, _READ_GROUPS, subscription)

    def row(group: ResourceGroupSpec) -> dict[str, object]:
        return resource_group_body(group, subscription.id)

    return listed(call, readable, call.pages.resource_groups, row)


_ONE = "/subscriptions/{subscription}"
_PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
_OF_GROUP = "/resourceGroups/{group}" + _PERMISSIONS
_READ_PERMISSIONS = "Microsoft.Authorization/permissions/read"

ROUTES = (
    Route("subscriptions", "GET", pattern("/subscriptions"), _list),
    Route("subscription", "GET", pattern(_ONE), _get),
    Route("permissions", "GET", pattern(_ONE + _PERMISSIONS), _permissions, _READ_PERMISSIONS, collection=True),
    Route("permissions_of_group", "GET", pattern(_ONE + _OF_GROUP), _permissions, _READ_PERMISSIONS, collection=True),
    Route("resource_groups", "GET", pattern(_ONE + "/resourceGroups"), _groups),
)
