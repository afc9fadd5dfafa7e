"""Rows of a small estate, as the sources bring them, and the frames that become of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from auditor.frames import Context, Frames, build, derive
from auditor.model.dataset import Column
from auditor.model.memory import EMPTY, Memory
from auditor.model.reading import Reading, Row, Service, Source, version_scope
from auditor.model.rule import ReleaseRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WINDOW_START = NOW - timedelta(days=14)
SUBSCRIPTION = "11111111-1111-4111-a111-111111111111"
WORKSPACE = "99999999-9999-4999-a999-999999999999"
PUBLISHER = "Microsoft.Azure.Monitor"
LINUX = "AzureMonitorLinuxAgent"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-Main"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web-1"
EXTENSION = f"{MACHINE}/extensions/AMA"
SCALE_SET = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/pool"
INSTANCE = f"{SCALE_SET}/virtualMachines/0"
SERVER = f"{GROUP}/providers/Microsoft.HybridCompute/machines/plant-1"
OFFER_SCOPE = version_scope("japaneast", PUBLISHER, LINUX)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def machine(**changes: Any) -> Row:
    """A running machine with one agent, completely read."""
    row: Row = {
        "id": MACHINE,
        "kind": "vm",
        "name": "web-1",
        "subscription_id": SUBSCRIPTION,
        "resource_group": "RG-Main",
        "location": "japaneast",
        "os": "linux",
        "availability": "running",
        "power_state": "running",
        "created_at": ago(days=400),
        "tags": "{}",
        "scale_set_id": "none",
        "follows_model": "none",
        "identity_kind": "SystemAssigned",
        "agent_state": "Ready",
        "agent_at": NOW,
        "extensions_read": "yes",
        "read_at": NOW,
    }
    return row | changes


def instance(**changes: Any) -> Row:
    """A running instance of the uniform scale set, as its scale set's list of instances tells it."""
    own = {"id": INSTANCE, "kind": "scale_set_instance", "name": "pool_0", "scale_set_id": SCALE_SET}
    return machine(**own, follows_model="yes") | changes


def flexible(**changes: Any) -> Row:
    """A running instance of a flexible scale set: a virtual machine of its own."""
    return machine(kind="scale_set_instance", scale_set_id=SCALE_SET) | changes


def server(**changes: Any) -> Row:
    """A connected Arc-enabled server; Azure does not tell when it was made."""
    own = {"id": SERVER, "kind": "arc", "name": "plant-1", "power_state": "Connected", "created_at": None}
    return machine(**own, agent_state=None, agent_at=None, status_changed_at=ago(days=30)) | changes


def scale_set(**changes: Any) -> Row:
    row: Row = {
        "id": SCALE_SET,
        "name": "pool",
        "subscription_id": SUBSCRIPTION,
        "resource_group": "RG-Main",
        "location": "japaneast",
        "os": "linux",
        "tags": "{}",
        "identity_kind": "SystemAssigned",
        "orchestration_mode": "uniform",
        "upgrade_mode": "manual",
        "capacity": 1,
        "created_at": ago(days=400),
        "instances_read": "yes",
        "read_at": NOW,
    }
    return row | changes


def extension(**changes: Any) -> Row:
    """The monitor agent, installed and told by the instance view just now."""
    row: Row = {
        "id": EXTENSION,
        "machine_id": MACHINE,
        "on": "machine",
        "publisher": PUBLISHER,
        "type": LINUX,
        "name": "AMA",
        "auto_upgrade": "enabled",
        "auto_upgrade_minor": True,
        "requested_version": "1.0",
        "installed_version": "1.36.1",
        "installed_version_source": "instance_view",
        "installed_version_at": NOW,
        "provisioning_state": "Succeeded",
        "instance_status": "succeeded",
    }
    return row | changes


def in_model(**changes: Any) -> Row:
    """The monitor agent in the scale set's model."""
    kept = ("publisher", "type", "name", "auto_upgrade", "auto_upgrade_minor", "requested_version")
    own = {name: value for name, value in extension().items() if name in kept}
    return {**own, "id": f"{SCALE_SET}/extensions/AMA", "machine_id": SCALE_SET, "on": "model", **changes}


def on(machine_id: str, **changes: Any) -> Row:
    """The monitor agent on another machine than the usual one; Arc's versions are its own property."""
    told_by = "arc" if machine_id == SERVER else "instance_view"
    own = {"id": f"{machine_id}/extensions/AMA", "machine_id": machine_id, "installed_version_source": told_by}
    return extension(**own) | changes


def versions(*names: str, location: str = "japaneast", machine_kind: str = "vm") -> list[Row]:
    offer = {"machine_kind": machine_kind, "location": location, "publisher": PUBLISHER, "type": LINUX}
    return [{**offer, "version": name} for name in names]


def operation(at: datetime, outcome: str = "succeeded", action: str = "write", **changes: Any) -> Row:
    """Began five minutes before ``at`` and ended then; a running one began at ``at``."""
    running = outcome == "running"
    row: Row = {
        "id": f"{action}|{at.isoformat()}|{outcome}",
        "subscription_id": SUBSCRIPTION,
        "machine_id": MACHINE,
        "extension_id": EXTENSION if action in ("write", "delete") else None,
        "action": action,
        "started": at if running else at - timedelta(minutes=5),
        "ended": None if running else at,
        "outcome": outcome,
        "initiator": "unknown",
        "caller": "unknown",
        "error_code": "VMExtensionProvisioningError" if outcome == "failed" else None,
        "error_message": "it did not start" if outcome == "failed" else None,
        "sub_status": None,
    }
    return row | changes


def stay(version: str, since: datetime, until: datetime = NOW, **changes: Any) -> Row:
    row: Row = {"machine_id": MACHINE.lower(), "version": version, "from": since, "to": until, "workspace": WORKSPACE}
    return row | changes


def association(rule: str | None = "/rules/central", holder: str = MACHINE, **changes: Any) -> Row:
    """With a data collection rule; ``none`` for one with an endpoint alone."""
    return {"id": f"{holder}/associations/{rule}", "machine_id": holder, "rule_id": rule, "read_at": NOW} | changes


def collection_rule(identifier: str = "/rules/central", workspaces: str | None = WORKSPACE) -> Row:
    return {"id": identifier, "subscription_id": SUBSCRIPTION, "workspaces": workspaces, "read_at": NOW}


def reading(
    source: Source, scope: str, *, complete: bool = True, by: Service = Service.RESOURCE_MANAGER, start: Any = None
) -> Reading:
    logs = (Source.ACTIVITY_LOG, Source.ARC_ACTIVITY_LOG, Source.HEARTBEATS)
    start, end = (start or WINDOW_START, NOW) if source in logs else (None, None)
    reason = None if complete else "refused"
    return Reading(source, scope, complete, 1, NOW, start, end, 200 if complete else 403, reason, reason, by)


SPANNING = (
    *(Source.SUBSCRIPTIONS, Source.RESOURCE_GROUPS, Source.SCALE_SETS),
    *(Source.DATA_COLLECTION_RULES, Source.DATA_COLLECTION_RULE_ASSOCIATIONS),
)
DIRECT = (
    *SPANNING,
    *(Source.VIRTUAL_MACHINES, Source.INSTANCE_VIEW, Source.EXTENSION_VERSIONS, Source.ACTIVITY_LOG),
)
"""What is asked where every virtual machine is asked by itself."""
BULK = (*SPANNING, Source.VIRTUAL_MACHINES, Source.EXTENSIONS, Source.EXTENSION_VERSIONS, Source.ACTIVITY_LOG)
"""What is asked where Resource Graph tells machines and extensions."""
UNIFORM = (*SPANNING, Source.SCALE_SET_INSTANCES, Source.EXTENSION_VERSIONS, Source.ACTIVITY_LOG)
ARC = (
    *SPANNING,
    *(Source.ARC_MACHINES, Source.ARC_EXTENSIONS, Source.ARC_EXTENSION_VERSIONS, Source.ARC_ACTIVITY_LOG),
)
SCOPES = {
    Source.INSTANCE_VIEW: MACHINE,
    Source.SCALE_SET_INSTANCES: SCALE_SET,
    Source.EXTENSION_VERSIONS: OFFER_SCOPE,
    Source.ARC_EXTENSION_VERSIONS: OFFER_SCOPE,
}
"""What the readings cover that do not cover the subscription."""


@dataclass(frozen=True)
class Estate:
    """One machine with one agent, and complete readings of all that was asked; heartbeats only with stays."""

    machines: Iterable[Row] = (machine(),)
    extensions: Iterable[Row] = (extension(),)
    scale_sets: Iterable[Row] = ()
    resource_groups: Iterable[Row] = ()
    versions: Iterable[Row] = tuple(versions("1.35.9", "1.36.1"))
    operations: Iterable[Row] = ()
    heartbeats: Iterable[Row] | None = None
    data_collection_rules: Iterable[Row] = ()
    associations: Iterable[Row] = ()
    asked: tuple[Source, ...] = DIRECT
    incomplete: frozenset[Source] = frozenset()
    releases: tuple[ReleaseRow, ...] = ()
    memory: Memory = EMPTY
    rollout: dict[str, timedelta] = field(default_factory=lambda: {"vm": timedelta(days=60), "arc": timedelta(days=56)})

    def readings(self) -> list[Reading]:
        scopes = [(source, SCOPES.get(source, SUBSCRIPTION)) for source in self.asked]
        if self.heartbeats is not None:
            scopes.append((Source.HEARTBEATS, WORKSPACE))
        graph = Service.RESOURCE_GRAPH if Source.EXTENSIONS in self.asked else Service.RESOURCE_MANAGER
        return [reading(source, scope, complete=source not in self.incomplete, by=graph) for source, scope in scopes]

    def frames(self, *more: Reading) -> Frames:
        return derive(self.built(*more), Context(self.releases, self.memory, self.rollout, NOW))

    def built(self, *more: Reading) -> Frames:
        """The same with nothing derived yet."""
        rows: dict[str, Iterable[Row]] = {
            "subscriptions": [{"id": SUBSCRIPTION.upper(), "name": "First", "tenant": "t", "state": "Enabled"}],
            "resource_groups": self.resource_groups,
            "machines": self.machines,
            "scale_sets": self.scale_sets,
            "extensions": self.extensions,
            "versions": self.versions,
            "operations": self.operations,
            "heartbeats": self.heartbeats or (),
            "data_collection_rules": self.data_collection_rules,
            "associations": self.associations,
        }
        return build(rows, [*self.readings(), *more])

    def without(self, *sources: Source) -> Estate:
        """The same, with incomplete readings of ``sources``."""
        return replace(self, incomplete=self.incomplete | frozenset(sources))


def in_bulk(**changes: Any) -> Estate:
    """The same machine and agent as Resource Graph tells them: without an instance view, and so without a version."""
    unseen = {"provisioned_at": None, "agent_state": None, "agent_at": None}
    shown = {"installed_version": None, "installed_version_source": None, "installed_version_at": None}
    rows = {"machines": (machine(**unseen),), "extensions": (extension(**shown, instance_status=None),)}
    return Estate(**{**rows, "asked": BULK, **changes})


def with_uniform(**changes: Any) -> Estate:
    """An instance of a uniform scale set, whose model has the agent too; the model's row comes last."""
    rows = {"machines": (instance(),), "extensions": (on(INSTANCE), in_model()), "scale_sets": (scale_set(),)}
    return Estate(**{**rows, "asked": UNIFORM, **changes})


def with_flexible(**changes: Any) -> Estate:
    """An instance of a flexible scale set, whose model has the agent too; the model's row comes last."""
    sets = (scale_set(orchestration_mode="flexible", instances_read="none"),)
    return Estate(**{"machines": (flexible(),), "extensions": (extension(), in_model()), "scale_sets": sets, **changes})


def with_arc(**changes: Any) -> Estate:
    """A connected Arc-enabled server with its agent."""
    offered = tuple(versions("1.35.9", "1.36.1", machine_kind="arc"))
    rows = {"machines": (server(),), "extensions": (on(SERVER),), "versions": offered}
    return Estate(**{**rows, "asked": ARC, **changes})


def only(frame: pd.DataFrame, row: int = 0) -> dict[str, Any]:
    """A row by column name, None for what is missing."""
    return {str(name): None if pd.isna(value) else value for name, value in frame.iloc[row].items()}


def the_machine(estate: Estate, *more: Reading) -> dict[str, Any]:
    return only(estate.frames(*more)["machines"])


def the_extension(estate: Estate, *more: Reading) -> dict[str, Any]:
    return only(estate.frames(*more)["extensions"])


def known(row: dict[str, Any], column: Column) -> bool:
    return any(row[name] is not None for name in column.stored())
