"""The rights that reading takes: the actions of each source, and the built-in role that brings them.

One line for each source; the README's table, what a gap asks for, the least role and the checkup all come from here.
https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.reading import Source


class Place(StrEnum):
    """What a role must be assigned on, for its actions to count; above it will do too."""

    SUBSCRIPTION = "subscription"
    MANAGEMENT_GROUP = "management_group"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Right:
    """All of ``actions`` and ``data_actions`` are needed; ``role`` is the built-in role that has them."""

    actions: tuple[str, ...]
    role: str
    place: Place = Place.SUBSCRIPTION
    data_actions: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The actions of both kinds."""
        return (*self.actions, *self.data_actions)


_READER = "Reader"
_LOG = Right(("Microsoft.Insights/eventtypes/values/read",), "Monitoring Reader (or Reader)")

RIGHTS: Mapping[Source, Right] = {
    Source.SUBSCRIPTIONS: Right(
        ("Microsoft.Resources/subscriptions/read", "Microsoft.Authorization/permissions/read"), _READER
    ),
    Source.MANAGEMENT_GROUPS: Right(
        ("Microsoft.Management/managementGroups/descendants/read",), "Management Group Reader", Place.MANAGEMENT_GROUP
    ),
    Source.RESOURCE_GROUPS: Right(("Microsoft.Resources/subscriptions/resourceGroups/read",), _READER),
    Source.VIRTUAL_MACHINES: Right(("Microsoft.Compute/virtualMachines/read",), _READER),
    Source.SCALE_SETS: Right(("Microsoft.Compute/virtualMachineScaleSets/read",), _READER),
    Source.SCALE_SET_INSTANCES: Right(("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",), _READER),
    Source.ARC_MACHINES: Right(("Microsoft.HybridCompute/machines/read",), _READER),
    Source.EXTENSIONS: Right(("Microsoft.Compute/virtualMachines/extensions/read",), _READER),
    Source.ARC_EXTENSIONS: Right(("Microsoft.HybridCompute/machines/extensions/read",), _READER),
    Source.INSTANCE_VIEW: Right(("Microsoft.Compute/virtualMachines/read",), _READER),
    Source.EXTENSION_VERSIONS: Right(
        ("Microsoft.Compute/locations/publishers/artifacttypes/types/versions/read",), _READER
    ),
    Source.ARC_EXTENSION_VERSIONS: Right(
        (),
        "Reader, or one of your own: Microsoft lists it among the data actions",
        data_actions=("Microsoft.HybridCompute/locations/publishers/extensionTypes/versions/read",),
    ),
    Source.ACTIVITY_LOG: _LOG,
    Source.ARC_ACTIVITY_LOG: _LOG,
    Source.DATA_COLLECTION_RULES: Right(
        ("Microsoft.Insights/dataCollectionRules/read",), "Monitoring Reader (or Reader)"
    ),
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS: Right(
        ("Microsoft.Insights/dataCollectionRuleAssociations/read",), "Monitoring Reader (or Reader)"
    ),
    Source.HEARTBEATS: Right(
        (
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.OperationalInsights/workspaces/query/Heartbeat/read",
        ),
        "Log Analytics Reader",
        Place.WORKSPACE,
    ),
}
