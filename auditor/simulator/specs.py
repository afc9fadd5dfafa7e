"""What an estate consists of: small frozen descriptions, from which the bodies are made when they are asked for.

They describe the state and the history of things, in Azure's own words. Every field has a default that is common in
a real fleet, so that a test names only what it is about. Times are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, Final

MONITOR_PUBLISHER: Final = "Microsoft.Azure.Monitor"


class Removed(Enum):
    """Stands in an override for a key that the answer shall not have."""

    TOKEN = "removed"  # noqa: S105 - a marker, not a secret


REMOVED: Final = Removed.TOKEN


class AgentView(StrEnum):
    """What an instance view shows of the machine's guest agent."""

    READY = "ready"
    UNKNOWN = "unknown"
    """``vmAgentVersion: Unknown``, not ready, no handlers; extensions are then shown by their name alone."""
    ABSENT = "absent"
    """No ``vmAgent`` and no ``extensions``, as on most deallocated machines."""


class CallerKind(StrEnum):
    PERSON = "person"
    SERVICE = "service"
    """A service principal or managed identity: the caller is its object id, the claims name an application."""
    NOBODY = "nobody"
    """An event without the key ``caller``."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who began an operation: ``name`` is a user principal name for persons, an object id for services."""

    kind: CallerKind = CallerKind.PERSON
    name: str = "operator@contoso.example"
    application: str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass(frozen=True, slots=True)
class StatusSpec:
    """One status in an instance view; ``at`` is left out of most."""

    code: str = "ProvisioningState/succeeded"
    display: str = "Provisioning succeeded"
    message: str | None = "Enable succeeded"
    level: str = "Info"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExtensionSpec:
    """An extension on a machine.

    ``requested`` is the resource's ``typeHandlerVersion``; ``installed`` what the instance view shows, None for a view
    that has the name alone. ``auto_upgrade`` and ``auto_upgrade_minor`` of None leave the key out.
    """

    name: str
    publisher: str
    type: str
    requested: str = "1.0"
    installed: str | None = None
    auto_upgrade: bool | None = None
    auto_upgrade_minor: bool | None = True
    provisioning_state: str = "Succeeded"
    statuses: tuple[StatusSpec, ...] = (StatusSpec(),)
    substatuses: tuple[StatusSpec, ...] = ()
    handler_status: StatusSpec = StatusSpec(display="Ready", message="Plugin enabled")
    settings: Mapping[str, Any] | None = None
    tags: Mapping[str, str] | None = None


def azure_monitor_agent(os: str, installed: str | None, **changes: Any) -> ExtensionSpec:
    """The Azure Monitor Agent for ``Windows`` or ``Linux``, automatic upgrade on, under its plain name."""
    kind = f"AzureMonitor{os}Agent"
    defaults: dict[str, Any] = {"name": kind, "auto_upgrade": True}
    return ExtensionSpec(publisher=MONITOR_PUBLISHER, type=kind, installed=installed, **(defaults | changes))


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """One operation on a machine, or on the extension that ``extension`` names, as the activity log tells it.

    ``action`` is ``write``, ``delete``, ``start/action``, ``deallocate/action``, ``powerOff/action``,
    ``restart/action``. ``outcome`` of None means that no end was logged. ``shared_end`` gives the last event the
    operation id of the first one. Two operations with one ``correlation`` are two tries under it.
    """

    started: datetime
    extension: str | None = None
    action: str = "write"
    outcome: str | None = "Succeeded"
    lasts: timedelta = timedelta(minutes=3)
    caller: Caller = Caller()
    error_code: str = ""
    error_message: str = ""
    sub_status: str = ""
    correlation: str | None = None
    accepted: int = 1
    audited: bool = False
    shared_end: bool = False
    begin_logged: bool = True
    upper_cased: bool = False
    submitted_after: timedelta = timedelta(seconds=75)


@dataclass(frozen=True, slots=True)
class StaySpec:
    """A time over which an agent reported one version once a minute; ``until`` of None is until now."""

    version: str
    since: datetime
    until: datetime | None = None
    category: str = "Azure Monitor Agent"
    workspace: str | None = None
    """Customer id of the workspace; None for the estate's first one."""


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A virtual machine. ``power`` is the end of its power state's code, None for a view without one.

    ``override`` is merged into the machine's whole body (mappings key by key, all else replaced, ``REMOVED`` takes
    a key away). A machine that ``vanishes`` is deleted as soon as a list has named it.
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

    def agent_view(self) -> AgentView:
        return self.agent or (AgentView.ABSENT if self.power == "deallocated" else AgentView.READY)


@dataclass(frozen=True, slots=True)
class SubscriptionSpec:
    """A subscription; ``refused`` ones are listed and answer everything else with 403.

    ``events`` are raw events of the activity log, each a body with at least ``eventTimestamp`` and ``resourceId``.
    """

    id: str
    name: str
    state: str = "Enabled"
    refused: bool = False
    machines: tuple[MachineSpec, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceSpec:
    """A Log Analytics workspace, known by its customer id."""

    id: str
    name: str = "log-central"
