"""What the routes ask an estate for, and the estate that is made by hand.

An estate is asked by index, page by page; it need not hold its machines.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from auditor.simulator.forms import guid
from auditor.simulator.specs import MachineSpec, SubscriptionSpec, WorkspaceSpec

Offers = Mapping[tuple[str, str], tuple[str, ...]]
"""The versions that a region offers of each (publisher, type)."""

Event = Mapping[str, Any]


class Estate(Hashable, Protocol):
    """An estate as it is at ``now``."""

    now: datetime
    tenant_id: str
    identity_id: str
    """Object id of whoever signs in."""
    heartbeat_every: timedelta

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        """All subscriptions, without their machines and events."""

    def size(self, subscription_id: str) -> int:
        """How many machines the subscription has."""

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        """The machine at ``index`` of the subscription's list."""

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        """The machine of that name, whatever the letter case."""

    def offers(self, location: str) -> Offers:
        """What the region offers; empty for a region that nobody uses."""

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        """The workspaces that may be queried."""

    def other_events(self, subscription_id: str) -> Sequence[Event]:
        """Raw events of the activity log that belong to no machine."""


def machines(estate: Estate, subscription_id: str) -> Iterator[MachineSpec]:
    """The machines of a subscription, in the list's order, one at a time."""
    return (estate.machine(subscription_id, index) for index in range(estate.size(subscription_id)))


class HandMadeEstate:
    """An estate of given parts, for tests.

    ``offers`` gives versions by location (``"*"`` for all others) and (publisher, type).
    """

    def __init__(
        self,
        subscriptions: Sequence[SubscriptionSpec] = (),
        *,
        now: datetime,
        offers: Mapping[str, Offers] | None = None,
        workspaces: Sequence[WorkspaceSpec] = (),
        heartbeat_every: timedelta = timedelta(minutes=1),
    ) -> None:
        self.now = now
        self.tenant_id = guid("tenant")
        self.identity_id = guid("identity")
        self.heartbeat_every = heartbeat_every
        self._listed = tuple(replace(each, machines=(), events=()) for each in subscriptions)
        self._parts = {each.id.lower(): each for each in subscriptions}
        self._by_name = {
            (each.id.lower(), machine.resource_group.lower(), machine.name.lower()): machine
            for each in subscriptions
            for machine in each.machines
        }
        self._offers = {_plain(location): offered for location, offered in (offers or {}).items()}
        self._workspaces = tuple(workspaces)

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        return self._listed

    def size(self, subscription_id: str) -> int:
        return len(self._parts[subscription_id.lower()].machines)

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        return self._parts[subscription_id.lower()].machines[index]

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        return self._by_name.get((subscription_id.lower(), resource_group.lower(), name.lower()))

    def offers(self, location: str) -> Offers:
        return self._offers.get(_plain(location)) or self._offers.get("*") or {}

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        return self._workspaces

    def other_events(self, subscription_id: str) -> Sequence[Event]:
        return self._parts[subscription_id.lower()].events


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()
