"""What was written since the simulator started, laid over an estate that itself never changes.

Resource Manager shows it at once. Resource Graph, the activity log and Log Analytics go on showing the estate as it
was: their rows come later than any test waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import TypeVar
from uuid import uuid4

from auditor.simulator.estate import Estate, Event, MadeWhenAsked, Offers, Release
from auditor.simulator.forms import arc_machine_id, instance_id, machine_id, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.parts import ArcExtensionSpec, ExtensionSpec, Lag
from auditor.simulator.specs import (
    ArcMachineSpec,
    DataCollectionRuleSpec,
    InstanceSpec,
    MachineSpec,
    ResourceGroupSpec,
    ScaleSetSpec,
    SubscriptionSpec,
    WorkspaceSpec,
)

AnyExtension = TypeVar("AnyExtension", ExtensionSpec, ArcExtensionSpec)


class Changes:
    """The writes: extensions by the id of what holds them, instances by whether they have their model's latest state.

    Ids and names are in lower case. Safe to change while the simulator serves.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._extensions: dict[str, dict[str, ExtensionSpec]] = {}
        self._arc: dict[str, dict[str, ArcExtensionSpec]] = {}
        self._applied: dict[str, bool] = {}
        self._operations: set[str] = set()

    def put(self, holder: str, extension: ExtensionSpec) -> None:
        """``holder`` is the id of a machine, an instance, or a scale set for its model."""
        with self._lock:
            held = self._extensions.get(holder.lower(), {})
            self._extensions[holder.lower()] = {**held, extension.name.lower(): extension}

    def put_on_arc(self, server: str, extension: ArcExtensionSpec) -> None:
        with self._lock:
            held = self._arc.get(server.lower(), {})
            self._arc[server.lower()] = {**held, extension.name.lower(): extension}

    def apply_model(self, instance: str, *, latest: bool) -> None:
        """Whether the instance of that id has the latest state of its model now."""
        with self._lock:
            self._applied[instance.lower()] = latest

    def begin(self) -> str:
        """The id of a new operation, which is over as soon as somebody asks."""
        operation = str(uuid4())
        with self._lock:
            self._operations.add(operation)
        return operation

    def knows(self, operation: str) -> bool:
        return operation.lower() in self._operations

    def extensions(self, holder: str, given: tuple[ExtensionSpec, ...]) -> tuple[ExtensionSpec, ...]:
        written = self._extensions.get(holder.lower())
        return _laid_over(given, written) if written else given

    def arc_extensions(self, server: str, given: tuple[ArcExtensionSpec, ...]) -> tuple[ArcExtensionSpec, ...]:
        written = self._arc.get(server.lower())
        return _laid_over(given, written) if written else given

    def applied(self, instance: str, given: bool | None) -> bool | None:
        return self._applied.get(instance.lower(), given)


def _laid_over(given: tuple[AnyExtension, ...], written: Mapping[str, AnyExtension]) -> tuple[AnyExtension, ...]:
    """Those that are there keep their place; new ones follow."""
    there = {each.name.lower() for each in present(given)}
    kept = tuple(each if each.in_graph is Lag.DELETED else written.get(each.name.lower(), each) for each in given)
    return kept + tuple(each for name, each in written.items() if name not in there)


class ChangedEstate:
    """An estate with what was written to it since."""

    def __init__(self, estate: Estate, changes: Changes) -> None:
        self._estate, self._changes = estate, changes
        self.now = estate.now
        self.tenant_id = estate.tenant_id
        self.identity_id = estate.identity_id
        self.heartbeat_every: timedelta = estate.heartbeat_every

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        return self._estate.subscriptions()

    def size(self, subscription_id: str) -> int:
        return self._estate.size(subscription_id)

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        return self._machine(subscription_id, self._estate.machine(subscription_id, index))

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        found = self._estate.find(subscription_id, resource_group, name)
        return found and self._machine(subscription_id, found)

    def scale_sets(self, subscription_id: str) -> Sequence[ScaleSetSpec]:
        given = self._estate.scale_sets(subscription_id)
        return MadeWhenAsked(len(given), lambda index: self._scale_set(subscription_id, given[index]))

    def find_scale_set(self, subscription_id: str, resource_group: str, name: str) -> ScaleSetSpec | None:
        found = self._estate.find_scale_set(subscription_id, resource_group, name)
        return found and self._scale_set(subscription_id, found)

    def instances(self, subscription_id: str, scale_set: ScaleSetSpec) -> Sequence[InstanceSpec]:
        given = self._estate.instances(subscription_id, scale_set)
        owner = scale_set_id(subscription_id, scale_set.resource_group, scale_set.name)
        return MadeWhenAsked(len(given), lambda index: self._instance(owner, given[index]))

    def arc_machines(self, subscription_id: str) -> Sequence[ArcMachineSpec]:
        given = self._estate.arc_machines(subscription_id)
        return MadeWhenAsked(len(given), lambda index: self._server(subscription_id, given[index]))

    def find_arc_machine(self, subscription_id: str, resource_group: str, name: str) -> ArcMachineSpec | None:
        found = self._estate.find_arc_machine(subscription_id, resource_group, name)
        return found and self._server(subscription_id, found)

    def resource_groups(self, subscription_id: str) -> Sequence[ResourceGroupSpec]:
        return self._estate.resource_groups(subscription_id)

    def data_collection_rules(self, subscription_id: str) -> Sequence[DataCollectionRuleSpec]:
        return self._estate.data_collection_rules(subscription_id)

    def offers(self, location: str) -> Offers:
        return self._estate.offers(location)

    def arc_offers(self, location: str) -> Offers:
        return self._estate.arc_offers(location)

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        return self._estate.workspaces()

    def other_events(self, subscription_id: str) -> Sequence[Event]:
        return self._estate.other_events(subscription_id)

    def release_notes(self) -> Sequence[Release]:
        return self._estate.release_notes()

    def _machine(self, subscription_id: str, given: MachineSpec) -> MachineSpec:
        identifier = machine_id(subscription_id, given.resource_group, given.name)
        extensions = self._changes.extensions(identifier, given.extensions)
        return given if extensions is given.extensions else replace(given, extensions=extensions)

    def _scale_set(self, subscription_id: str, given: ScaleSetSpec) -> ScaleSetSpec:
        identifier = scale_set_id(subscription_id, given.resource_group, given.name)
        extensions = self._changes.extensions(identifier, given.extensions)
        return given if extensions is given.extensions else replace(given, extensions=extensions)

    def _instance(self, owner: str, given: InstanceSpec) -> InstanceSpec:
        identifier = instance_id(owner, given.instance_id)
        extensions = self._changes.extensions(identifier, given.extensions)
        applied = self._changes.applied(identifier, given.latest_model_applied)
        if extensions is given.extensions and applied == given.latest_model_applied:
            return given
        return replace(given, extensions=extensions, latest_model_applied=applied)

    def _server(self, subscription_id: str, given: ArcMachineSpec) -> ArcMachineSpec:
        identifier = arc_machine_id(subscription_id, given.resource_group, given.name)
        extensions = self._changes.arc_extensions(identifier, given.extensions)
        return given if extensions is given.extensions else replace(given, extensions=extensions)


def with_model(extensions: Iterable[ExtensionSpec], model: Iterable[ExtensionSpec]) -> list[ExtensionSpec]:
    """What an instance's update makes of its extensions: those of the model as the model has them, its version kept."""
    given = {each.name.lower(): each for each in present(extensions)}
    return [
        replace(each, installed=given[each.name.lower()].installed if each.name.lower() in given else None)
        for each in present(model)
    ]
