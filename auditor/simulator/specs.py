"""What an estate consists of: small frozen descriptions, from which the bodies are made when they are asked for.

Every field has a default that is common in a real fleet, so that a test names only what it is about. Times are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from auditor.simulator.parts import (
    AgentView,
    ArcExtensionSpec,
    AssociationSpec,
    ExtensionSpec,
    Lag,
    OperationSpec,
    StaySpec,
)

_WITH_ONE_RULE = (AssociationSpec(),)


def _agent_view(agent: AgentView | None, power: str | None) -> AgentView:
    return agent or (AgentView.ABSENT if power == "deallocated" else AgentView.READY)


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A virtual machine. ``power`` is the end of its power state's code, None for a view without one.

    ``override`` is merged into the machine's whole body (mappings key by key, all else replaced, ``REMOVED`` takes
    a key away). A machine that ``vanishes`` is deleted as soon as a list of Resource Manager's has named it; one that
    Resource Graph alone still names is ``Lag.DELETED``. ``scale_set`` names the flexible scale set that it is an
    instance of, in the machine's own resource group. ``in_graph`` as for extensions.
    """

    name: str
    resource_group: str = "rg-main"
    location: str = "japaneast"
    os: str = "Linux"
    power: str | None = "running"
    extensions: tuple[ExtensionSpec, ...] = ()
    operations: tuple[OperationSpec, ...] = ()
    stays: tuple[StaySpec, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    identity: str | None = "SystemAssigned"
    size: str = "Standard_D2s_v5"
    provisioning_state: str = "Succeeded"
    agent: AgentView | None = None
    """None for what the power state suggests: absent where deallocated, else ready."""
    agent_at: datetime | None = None
    handlers_listed: bool = True
    override: Mapping[str, Any] = field(default_factory=dict)
    vanishes: bool = False
    scale_set: str | None = None
    associations: tuple[AssociationSpec, ...] = _WITH_ONE_RULE
    in_graph: MachineSpec | Lag = Lag.NONE

    def agent_view(self) -> AgentView:
        return _agent_view(self.agent, self.power)


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """An instance of a uniform scale set, with the extensions that it has itself.

    ``latest_model_applied`` of None leaves the key out. What is not said here (location, operating system, tags,
    identity, size) is the scale set's.
    """

    instance_id: str
    latest_model_applied: bool | None = True
    power: str | None = "running"
    extensions: tuple[ExtensionSpec, ...] = ()
    operations: tuple[OperationSpec, ...] = ()
    stays: tuple[StaySpec, ...] = ()
    created: datetime | None = None
    provisioning_state: str = "Succeeded"
    agent: AgentView | None = None
    agent_at: datetime | None = None
    handlers_listed: bool = True
    override: Mapping[str, Any] = field(default_factory=dict)
    vanishes: bool = False
    in_graph: InstanceSpec | Lag = Lag.NONE


@dataclass(frozen=True, slots=True)
class ScaleSetSpec:
    """A scale set: its model, and, where it is uniform, its instances.

    ``extensions`` are those of the model. ``orchestration`` of None leaves the key out, as old uniform sets do;
    ``upgrade_mode`` of None is a set without an upgrade policy. ``capacity`` of None is the number of instances.
    Flexible instances are machines that name the set.
    """

    name: str
    resource_group: str = "rg-main"
    location: str = "japaneast"
    os: str = "Linux"
    orchestration: str | None = "Uniform"
    upgrade_mode: str | None = "Manual"
    capacity: int | None = None
    extensions: tuple[ExtensionSpec, ...] = ()
    instances: tuple[InstanceSpec, ...] = ()
    operations: tuple[OperationSpec, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    identity: str | None = "SystemAssigned"
    size: str = "Standard_D2s_v5"
    provisioning_state: str = "Succeeded"
    override: Mapping[str, Any] = field(default_factory=dict)
    associations: tuple[AssociationSpec, ...] = _WITH_ONE_RULE
    in_graph: ScaleSetSpec | Lag = Lag.NONE

    @property
    def uniform(self) -> bool:
        return self.orchestration != "Flexible"


@dataclass(frozen=True, slots=True)
class ArcMachineSpec:
    """An Arc-enabled server.

    ``status`` is ``Connected``, ``Disconnected``, ``Expired`` or ``Error``; None for one that has no such key, as was
    recorded of servers that never connected. A ``bare`` one has empty ``properties``, as one that was just made. No
    answer tells when it was ``created``; a heartbeat from before then is another server's of its name.
    """

    name: str
    resource_group: str = "rg-main"
    location: str = "japaneast"
    os: str = "Windows"
    created: datetime | None = None
    status: str | None = "Connected"
    last_status_change: datetime | None = None
    extensions: tuple[ArcExtensionSpec, ...] = ()
    operations: tuple[OperationSpec, ...] = ()
    stays: tuple[StaySpec, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    identity: str | None = "SystemAssigned"
    provisioning_state: str = "Succeeded"
    bare: bool = False
    override: Mapping[str, Any] = field(default_factory=dict)
    vanishes: bool = False
    associations: tuple[AssociationSpec, ...] = _WITH_ONE_RULE
    in_graph: ArcMachineSpec | Lag = Lag.NONE


@dataclass(frozen=True, slots=True)
class ResourceGroupSpec:
    """A resource group; ``managed_by`` is the id of the resource that made it for itself."""

    name: str
    location: str = "japaneast"
    managed_by: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataCollectionRuleSpec:
    """A data collection rule; ``workspaces`` are the customer ids that it sends to, None for the estate's first one.

    One that sends to no workspace sends to metrics. ``override`` as for machines.
    """

    name: str = "dcr-central"
    resource_group: str = "rg-main"
    location: str = "japaneast"
    workspaces: tuple[str, ...] | None = None
    override: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubscriptionSpec:
    """A subscription; ``refused`` ones are listed and answer everything else with 403.

    One that is not ``listed`` either is known to its management group alone.

    ``events`` are raw events of the activity log, each a body with at least ``eventTimestamp`` and ``resourceId``.
    ``resource_groups`` need name only those that have something to say; the others come from what stands in them.
    ``management_groups`` are (id, display name), nearest first. ``tenant`` of None is the estate's own: another one,
    with the estate's among ``managed_by_tenants``, is a delegated subscription.

    What the identity may read is ``actions`` without ``not_actions`` (wildcards), and the same of data actions, on the
    subscription, or on ``only_groups`` alone: then lists over the whole subscription are refused.
    """

    id: str
    name: str
    state: str = "Enabled"
    refused: bool = False
    listed: bool = True
    machines: tuple[MachineSpec, ...] = ()
    scale_sets: tuple[ScaleSetSpec, ...] = ()
    arc_machines: tuple[ArcMachineSpec, ...] = ()
    resource_groups: tuple[ResourceGroupSpec, ...] = ()
    data_collection_rules: tuple[DataCollectionRuleSpec, ...] = (DataCollectionRuleSpec(),)
    events: tuple[Mapping[str, Any], ...] = ()
    management_groups: tuple[tuple[str, str], ...] = ()
    tenant: str | None = None
    managed_by_tenants: tuple[str, ...] = ()
    actions: tuple[str, ...] = ("*/read",)
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    only_groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceSpec:
    """A Log Analytics workspace, known by its customer id; what the identity may do there is as in a subscription."""

    id: str
    name: str = "log-central"
    actions: tuple[str, ...] = ("*/read",)
    not_actions: tuple[str, ...] = ()
