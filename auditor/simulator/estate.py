"""What the routes ask an estate for, and the estate that is made by hand.

An estate is asked by index, page by page; it need not hold its machines.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, overload

from auditor.simulator.forms import guid
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

Offers = Mapping[tuple[str, str], tuple[str, ...]]
"""The versions that a region offers of each (publisher, type)."""

Event = Mapping[str, Any]
Release = tuple[str, str, tuple[str, ...]]
"""Month (2026-01), type of the agent, versions."""

Made = TypeVar("Made")
Named = TypeVar("Named", MachineSpec, ScaleSetSpec, ArcMachineSpec)


class Estate(Hashable, Protocol):
    """An estate as it is at ``now``."""

    now: datetime
    tenant_id: str
    identity_id: str
    """Object id of whoever signs in."""
    heartbeat_every: timedelta

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        """All subscriptions, without what stands in them."""

    def size(self, subscription_id: str) -> int:
        """How many virtual machines the subscription has, flexible instances among them."""

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        """The machine at ``index`` of the subscription's list."""

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        """The machine of that name, whatever the letter case."""

    def scale_sets(self, subscription_id: str) -> Sequence[ScaleSetSpec]:
        """The scale sets with their capacity, but without their instances; made one by one."""

    def find_scale_set(self, subscription_id: str, resource_group: str, name: str) -> ScaleSetSpec | None:
        """The scale set of that name, whatever the letter case, without its instances."""

    def instances(self, subscription_id: str, scale_set: ScaleSetSpec) -> Sequence[InstanceSpec]:
        """The instances of a uniform scale set; none of a flexible one, whose instances are machines."""

    def arc_machines(self, subscription_id: str) -> Sequence[ArcMachineSpec]:
        """The Arc-enabled servers; made one by one."""

    def find_arc_machine(self, subscription_id: str, resource_group: str, name: str) -> ArcMachineSpec | None:
        """The Arc-enabled server of that name, whatever the letter case."""

    def resource_groups(self, subscription_id: str) -> Sequence[ResourceGroupSpec]:
        """The resource groups, empty ones too."""

    def data_collection_rules(self, subscription_id: str) -> Sequence[DataCollectionRuleSpec]:
        """The data collection rules; those of an empty subscription are left out."""

    def offers(self, location: str) -> Offers:
        """What the region offers to virtual machines; empty for a region that nobody uses."""

    def arc_offers(self, location: str) -> Offers:
        """What the region offers to Arc-enabled servers."""

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        """The workspaces that may be queried."""

    def other_events(self, subscription_id: str) -> Sequence[Event]:
        """Raw events of the activity log that belong to no machine."""

    def release_notes(self) -> Sequence[Release]:
        """What this cloud's maker tells of the monitor agent's releases since the months that are published."""


def machines(estate: Estate, subscription_id: str) -> Iterator[MachineSpec]:
    """The virtual machines of a subscription, in the list's order, one at a time."""
    return (estate.machine(subscription_id, index) for index in range(estate.size(subscription_id)))


class MadeWhenAsked(Sequence[Made]):
    """A sequence of ``size`` things that ``make`` makes from their index, each time they are asked for."""

    def __init__(self, size: int, make: Callable[[int], Made]) -> None:
        self._indices = range(size)
        self._make = make

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Made: ...

    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...

    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        if isinstance(index, slice):
            return [self._make(number) for number in self._indices[index]]
        return self._make(self._indices[index])


class HandMadeEstate:
    """An estate of given parts, for tests.

    ``offers`` gives versions by location (``"*"`` for all others) and (publisher, type); ``arc_offers`` those for Arc,
    the same by default.
    """

    def __init__(
        self,
        subscriptions: Sequence[SubscriptionSpec] = (),
        *,
        now: datetime,
        offers: Mapping[str, Offers] | None = None,
        arc_offers: Mapping[str, Offers] | None = None,
        workspaces: Sequence[WorkspaceSpec] = (),
        heartbeat_every: timedelta = timedelta(minutes=1),
    ) -> None:
        self.now = now
        self.tenant_id = guid("tenant")
        self.identity_id = guid("identity")
        self.heartbeat_every = heartbeat_every
        self._listed = tuple(_emptied(each) for each in subscriptions)
        self._parts = {each.id.lower(): each for each in subscriptions}
        self._machines = _by_name((each, each.machines) for each in subscriptions)
        self._scale_sets = _by_name((each, each.scale_sets) for each in subscriptions)
        self._arc_machines = _by_name((each, each.arc_machines) for each in subscriptions)
        self._offers = {_plain(location): offered for location, offered in (offers or {}).items()}
        self._arc_offers = {_plain(location): offered for location, offered in (arc_offers or offers or {}).items()}
        self._workspaces = tuple(workspaces)

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        return self._listed

    def size(self, subscription_id: str) -> int:
        return len(self._parts[subscription_id.lower()].machines)

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        return self._parts[subscription_id.lower()].machines[index]

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        return self._machines.get((subscription_id.lower(), resource_group.lower(), name.lower()))

    def scale_sets(self, subscription_id: str) -> Sequence[ScaleSetSpec]:
        return [self._with_capacity(each, subscription_id) for each in self._parts[subscription_id.lower()].scale_sets]

    def find_scale_set(self, subscription_id: str, resource_group: str, name: str) -> ScaleSetSpec | None:
        found = self._scale_sets.get((subscription_id.lower(), resource_group.lower(), name.lower()))
        return None if found is None else self._with_capacity(found, subscription_id)

    def instances(self, subscription_id: str, scale_set: ScaleSetSpec) -> Sequence[InstanceSpec]:
        key = (subscription_id.lower(), scale_set.resource_group.lower(), scale_set.name.lower())
        return self._scale_sets[key].instances

    def arc_machines(self, subscription_id: str) -> Sequence[ArcMachineSpec]:
        return self._parts[subscription_id.lower()].arc_machines

    def find_arc_machine(self, subscription_id: str, resource_group: str, name: str) -> ArcMachineSpec | None:
        return self._arc_machines.get((subscription_id.lower(), resource_group.lower(), name.lower()))

    def resource_groups(self, subscription_id: str) -> Sequence[ResourceGroupSpec]:
        parts = self._parts[subscription_id.lower()]
        groups = {each.name.lower(): each for each in parts.resource_groups}
        standing: Iterable[MachineSpec | ScaleSetSpec | ArcMachineSpec]
        standing = (*parts.machines, *parts.scale_sets, *parts.arc_machines)
        for each in standing:
            groups.setdefault(each.resource_group.lower(), ResourceGroupSpec(each.resource_group, each.location))
        return tuple(groups.values())

    def data_collection_rules(self, subscription_id: str) -> Sequence[DataCollectionRuleSpec]:
        parts = self._parts[subscription_id.lower()]
        return parts.data_collection_rules if parts.machines or parts.scale_sets or parts.arc_machines else ()

    def offers(self, location: str) -> Offers:
        return self._offers.get(_plain(location)) or self._offers.get("*") or {}

    def arc_offers(self, location: str) -> Offers:
        return self._arc_offers.get(_plain(location)) or self._arc_offers.get("*") or {}

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        return self._workspaces

    def other_events(self, subscription_id: str) -> Sequence[Event]:
        return self._parts[subscription_id.lower()].events

    def release_notes(self) -> Sequence[Release]:
        return ()

    def _with_capacity(self, scale_set: ScaleSetSpec, subscription_id: str) -> ScaleSetSpec:
        if scale_set.capacity is not None:
            return replace(scale_set, instances=())
        flexible = (each.scale_set or "" for each in self._parts[subscription_id.lower()].machines)
        members = sum(each.lower() == scale_set.name.lower() for each in flexible)
        return replace(scale_set, instances=(), capacity=len(scale_set.instances) + members)


def _emptied(subscription: SubscriptionSpec) -> SubscriptionSpec:
    return replace(subscription, machines=(), scale_sets=(), arc_machines=(), resource_groups=(), events=())


def _by_name(
    standing: Iterator[tuple[SubscriptionSpec, tuple[Named, ...]]],
) -> dict[tuple[str, str, str], Named]:
    return {
        (subscription.id.lower(), each.resource_group.lower(), each.name.lower()): each
        for subscription, things in standing
        for each in things
    }


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()
