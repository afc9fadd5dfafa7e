"""What machines carry: extensions, what was done to them, what they reported; and the words for it.

They describe the state and the history of things, in Azure's own words. Every field has a default that is common in
a real fleet, so that a test names only what it is about. Times are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, Final

MONITOR_PUBLISHER: Final = "Microsoft.Azure.Monitor"


class Removed(Enum):
    """Stands in an override for a key that the answer shall not have."""

    TOKEN = "removed"  # noqa: S105 - a marker, not a secret


REMOVED: Final = Removed.TOKEN


class Lag(Enum):
    """How Resource Graph lags behind with a thing whose ``in_graph`` is no earlier state of it."""

    NONE = "none"
    """It shows the thing as it is."""
    UNSEEN = "unseen"
    """The thing is newer than its rows: not shown yet."""
    DELETED = "deleted"
    """The thing is gone, and Resource Manager knows nothing of it any more; Resource Graph shows it still."""


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
    """An extension on a machine or an instance, or in a scale set's model, which installs nothing itself.

    ``requested`` is the resource's ``typeHandlerVersion``; ``installed`` what the instance view shows, None for a view
    that has the name alone. ``auto_upgrade`` and ``auto_upgrade_minor`` of None leave the key out. ``in_graph`` is
    what Resource Graph shows instead: an earlier state, or how it lags.
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
    in_graph: ExtensionSpec | Lag = Lag.NONE


@dataclass(frozen=True, slots=True)
class ArcExtensionSpec:
    """An extension on an Arc-enabled server.

    ``version`` is the resource's ``typeHandlerVersion``, which on Arc is what runs; ``installed`` that of its instance
    view, None for an extension without one. ``auto_upgrade`` of None leaves the key out. ``code`` is the status code
    of the instance view: a number as text, or a word.
    """

    name: str
    publisher: str
    type: str
    version: str | None = None
    installed: str | None = None
    auto_upgrade: bool | None = None
    auto_upgrade_minor: bool | None = False
    provisioning_state: str = "Succeeded"
    code: str = "0"
    message: str = "Extension Message: Enable succeeded"
    settings: Mapping[str, Any] | None = None
    in_graph: ArcExtensionSpec | Lag = Lag.NONE


def azure_monitor_agent(os: str, installed: str | None, **changes: Any) -> ExtensionSpec:
    """The Azure Monitor Agent for ``Windows`` or ``Linux``, automatic upgrade on, under its plain name."""
    kind = f"AzureMonitor{os}Agent"
    defaults: dict[str, Any] = {"name": kind, "auto_upgrade": True}
    return ExtensionSpec(publisher=MONITOR_PUBLISHER, type=kind, installed=installed, **(defaults | changes))


def arc_monitor_agent(os: str, installed: str | None, **changes: Any) -> ArcExtensionSpec:
    """The same on an Arc-enabled server; whether it is upgraded automatically is left unsaid, as by default there."""
    kind = f"AzureMonitor{os}Agent"
    defaults: dict[str, Any] = {"name": kind, "version": installed}
    return ArcExtensionSpec(publisher=MONITOR_PUBLISHER, type=kind, installed=installed, **(defaults | changes))


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """One operation on a machine, or on the extension that ``extension`` names, as the activity log tells it.

    The machine is whoever carries the operation: a virtual machine, a scale set, an instance, an Arc-enabled server.
    ``action`` is ``write``, ``delete``, ``start/action``, ``deallocate/action``, ``powerOff/action``,
    ``restart/action``; on Arc ``upgradeExtensions/action`` too. ``outcome`` of None means that no end was logged.
    ``shared_end`` gives the last event the operation id of the first one. Two operations with one ``correlation`` are
    two tries under it.
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
class AssociationSpec:
    """An association of a machine or scale set with a data collection rule, or with an endpoint alone.

    ``rule`` is a name in the same subscription's group ``rg-main``, or a whole id; with None it is an endpoint that is
    associated. ``in_graph`` as for extensions.
    """

    name: str = "AMP-RulesAssociation"
    rule: str | None = "dcr-central"
    in_graph: AssociationSpec | Lag = Lag.NONE


ENDPOINT_ONLY: Final = AssociationSpec("configurationAccessEndpoint", None)
"""With a data collection endpoint, under the one name that such an association may have (documented)."""


@dataclass(frozen=True, slots=True)
class StaySpec:
    """A time over which an agent reported one version once a minute; ``until`` of None is until now."""

    version: str
    since: datetime
    until: datetime | None = None
    category: str = "Azure Monitor Agent"
    workspace: str | None = None
    """Customer id of the workspace; None for the estate's first one."""
