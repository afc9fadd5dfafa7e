"""What the identity may do on a subscription or a workspace, and the answer to who asks."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from auditor.simulator.specs import SubscriptionSpec, WorkspaceSpec

_READ_SUBSCRIPTION = "Microsoft.Resources/subscriptions/read"
_QUERY = "Microsoft.OperationalInsights/workspaces/query"


def may(subscription: SubscriptionSpec, action: str, group: str | None = None) -> bool:
    """Whether the identity may do ``action`` on one of the subscription's groups, or on the whole of it."""
    return inherits(subscription, action) and _covered(subscription, group)


def inherits(subscription: SubscriptionSpec, action: str) -> bool:
    """Whether the role that the identity has there brings ``action``, wherever it is assigned.

    Data actions count alike: Microsoft lists some that Resource Manager is asked for, the versions that Arc-enabled
    servers are offered among them, and does not say which of the two lists of a role lets them pass
    (https://learn.microsoft.com/azure/role-based-access-control/permissions/hybrid-multicloud#microsofthybridcompute).
    """
    by_action = _fits(action, subscription.actions) and not _fits(action, subscription.not_actions)
    by_data = _fits(action, subscription.data_actions) and not _fits(action, subscription.not_data_actions)
    return by_action or by_data


def shown(subscription: SubscriptionSpec) -> bool:
    """Whether the list of subscriptions has it: a role on one of its groups is enough, if it brings the action."""
    return subscription.listed and inherits(subscription, _READ_SUBSCRIPTION)


def may_query(workspace: WorkspaceSpec, table: str) -> bool:
    """Whether the identity may query ``table``: the right to query, and the right to the table.

    https://learn.microsoft.com/azure/azure-monitor/logs/manage-access
    """
    wanted = (f"{_QUERY}/read", f"{_QUERY}/{table}/read")
    return all(_fits(each, workspace.actions) and not _fits(each, workspace.not_actions) for each in wanted)


def granted(subscription: SubscriptionSpec) -> list[dict[str, Any]]:
    """The rows of the list of permissions."""
    actions = {"actions": list(subscription.actions), "notActions": list(subscription.not_actions)}
    data = {"dataActions": list(subscription.data_actions), "notDataActions": list(subscription.not_data_actions)}
    return [actions | data]


def _covered(subscription: SubscriptionSpec, group: str | None) -> bool:
    if subscription.refused or not subscription.listed:
        return False
    if subscription.only_groups is None:
        return True
    return group is not None and group.lower() in {each.lower() for each in subscription.only_groups}


def _fits(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), each.lower()) for each in patterns)
