"""The least role: a custom role with the actions that a night performs, and no other.

In the form that ``az role definition create --role-definition @FILE`` takes:
https://learn.microsoft.com/azure/role-based-access-control/custom-roles-cli
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.asked import asked_tonight
from auditor.model.reading import Source
from auditor.model.rights import RIGHTS
from auditor.model.rule import RuleBook
from auditor.model.settings import Scope, Settings

NAME = "Azure extension auditor"
PLACEHOLDER = "/subscriptions/<put here the id of a subscription to be audited; one line for each>"
"""No scope that exists, and none that could: Azure refuses it, and nobody gets the role anywhere by mistake."""


def least_role(settings: Settings, rulebook: RuleBook) -> dict[str, object]:
    """The role, ready to be written as JSON; actions are sorted, each once."""
    asked = asked_tonight(settings, rulebook)
    rules = ", ".join(rule.id for rule in rulebook.rules if rule.enabled)
    return {
        "Name": NAME,
        "IsCustom": True,
        "Description": f"Reads what the audit of virtual machine extensions takes, and writes nothing ({rules}).",
        "Actions": _sorted(action for source in asked for action in RIGHTS[source].actions),
        "NotActions": [],
        "DataActions": _sorted(action for source in asked for action in RIGHTS[source].data_actions),
        "NotDataActions": [],
        "AssignableScopes": assignable_scopes(settings.scope) or [PLACEHOLDER],
    }


def assignable_scopes(scope: Scope) -> list[str]:
    """The subscriptions and management groups that the settings name; empty where they name none."""
    subscriptions = [each for each in scope.subscriptions if each not in scope.exclude_subscriptions]
    return [
        *(f"/subscriptions/{each}" for each in subscriptions),
        *(f"/providers/Microsoft.Management/managementGroups/{each}" for each in scope.management_groups),
    ]


def remarks(settings: Settings, rulebook: RuleBook) -> list[str]:
    """The keys of what is to be said beside the role, in order (``role`` in the message catalogue)."""
    groups, asked = settings.scope.management_groups, asked_tonight(settings, rulebook)
    data = any(RIGHTS[source].data_actions for source in asked)
    told = {
        "fill_in": not assignable_scopes(settings.scope),
        "one_group": len(groups) > 1,
        "data_actions": data,
        "data_actions_on_groups": data and bool(groups),
        "workspaces": Source.HEARTBEATS in asked,
    }
    return ["create", *(key for key, holds in told.items() if holds), "assign"]


def _sorted(actions: Iterable[str]) -> list[str]:
    return sorted(set(actions), key=str.lower)
