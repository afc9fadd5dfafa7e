"""What the identity may do on a subscription, and the answer to who asks."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from auditor.simulator.specs import SubscriptionSpec


def may(subscription: SubscriptionSpec, action: str, group: str | None = None) -> bool:
    """Whether the identity may do ``action`` on one of the subscription's groups, or on the whole of it."""
    allowed = _fits(action, subscription.actions) and not _fits(action, subscription.not_actions)
    return allowed and _covered(subscription, group)


def granted(subscription: SubscriptionSpec, group: str | None = None) -> list[dict[str, Any]]:
    """The rows of the list of permissions on a group or on the whole subscription; none where nothing is assigned."""
    if not _covered(subscription, group):
        return []
    rights = {"actions": list(subscription.actions), "notActions": list(subscription.not_actions)}
    return [rights | {"dataActions": [], "notDataActions": []}]


def _covered(subscription: SubscriptionSpec, group: str | None) -> bool:
    if subscription.refused or not subscription.listed:
        return False
    if subscription.only_groups is None:
        return True
    return group is not None and group.lower() in {each.lower() for each in subscription.only_groups}


def _fits(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(action.lower(), each.lower()) for each in patterns)
