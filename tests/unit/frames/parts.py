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
from auditor.model.reading import Reading, Row, Source
from auditor.model.rule import ReleaseRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WINDOW_START = NOW - timedelta(days=14)
SUBSCRIPTION = "11111111-1111-4111-a111-111111111111"
WORKSPACE = "99999999-9999-4999-a999-999999999999"
PUBLISHER = "Microsoft.Azure.Monitor"
LINUX = "AzureMonitorLinuxAgent"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-Main/providers/Microsoft.Compute/virtualMachines/web-1"
EXTENSION = f"{MACHINE}/extensions/AMA"
OFFER_SCOPE = f"japaneast/{PUBLISHER}/{LINUX}".lower()


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
        "identity_kind": "SystemAssigned",
        "agent_state": "Ready",
        "agent_at": NOW,
        "extensions_read": "yes",
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
        "model_auto_upgrade": "none",
        "auto_upgrade_minor": True,
        "requested_version": "1.0",
        "installed_version": "1.36.1",
        "installed_version_source": "instance_view",
        "installed_version_at": NOW,
        "provisioning_state": "Succeeded",
        "instance_status": "succeeded",
    }
    return row | changes


def versions(*names: str, location: str = "japaneast") -> list[Row]:
    return [{"location": location, "publisher": PUBLISHER, "type": LINUX, "version": name} for name in names]


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


def reading(source: Source, scope: str, *, complete: bool = True) -> Reading:
    start, end = (WINDOW_START, NOW) if source in (Source.ACTIVITY_LOG, Source.HEARTBEATS) else (None, None)
    reason = None if complete else "refused"
    return Reading(source, scope, complete, 1, NOW, start, end, 200 if complete else 403, reason, reason)


@dataclass(frozen=True)
class Estate:
    """One machine with one agent, and complete readings of all sources; heartbeats only where there are stays."""

    machines: Iterable[Row] = (machine(),)
    extensions: Iterable[Row] = (extension(),)
    versions: Iterable[Row] = tuple(versions("1.35.9", "1.36.1"))
    operations: Iterable[Row] = ()
    heartbeats: Iterable[Row] | None = None
    incomplete: frozenset[Source] = frozenset()
    releases: tuple[ReleaseRow, ...] = ()
    memory: Memory = EMPTY
    rollout: dict[str, timedelta] = field(default_factory=lambda: {"vm": timedelta(days=60), "arc": timedelta(days=56)})

    def readings(self) -> list[Reading]:
        scopes = [
            (Source.SUBSCRIPTIONS, SUBSCRIPTION),
            (Source.VIRTUAL_MACHINES, SUBSCRIPTION),
            (Source.INSTANCE_VIEW, MACHINE),
            (Source.EXTENSION_VERSIONS, OFFER_SCOPE),
            (Source.ACTIVITY_LOG, SUBSCRIPTION),
        ]
        if self.heartbeats is not None:
            scopes.append((Source.HEARTBEATS, WORKSPACE))
        return [reading(source, scope, complete=source not in self.incomplete) for source, scope in scopes]

    def frames(self, *more: Reading) -> Frames:
        rows: dict[str, Iterable[Row]] = {
            "subscriptions": [{"id": SUBSCRIPTION.upper(), "name": "First", "tenant": "t", "state": "Enabled"}],
            "machines": self.machines,
            "extensions": self.extensions,
            "versions": self.versions,
            "operations": self.operations,
            "heartbeats": self.heartbeats or (),
        }
        context = Context(self.releases, self.memory, self.rollout, NOW)
        return derive(build(rows, [*self.readings(), *more]), context)

    def without(self, *sources: Source) -> Estate:
        """The same, with incomplete readings of ``sources``."""
        return replace(self, incomplete=frozenset(sources))


def only(frame: pd.DataFrame, row: int = 0) -> dict[str, Any]:
    """A row by column name, None for what is missing."""
    return {str(name): None if pd.isna(value) else value for name, value in frame.iloc[row].items()}


def the_machine(estate: Estate, *more: Reading) -> dict[str, Any]:
    return only(estate.frames(*more)["machines"])


def the_extension(estate: Estate, *more: Reading) -> dict[str, Any]:
    return only(estate.frames(*more)["extensions"])


def known(row: dict[str, Any], column: Column) -> bool:
    return any(row[name] is not None for name in column.stored())
