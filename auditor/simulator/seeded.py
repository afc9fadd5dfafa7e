"""An estate of any size, made from a seed: every machine is made anew from its number when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from math import ceil
from random import Random
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.bodies.event import LoggedEvent, event_body
from auditor.simulator.estate import MadeWhenAsked, Offers, Release
from auditor.simulator.forms import guid
from auditor.simulator.life import HEARTBEATS_KEPT
from auditor.simulator.making import Maker
from auditor.simulator.models import group_of, manager_of, name_of
from auditor.simulator.parts import MONITOR_PUBLISHER
from auditor.simulator.plan import Mix, SetPlan, SubscriptionPlan, plans
from auditor.simulator.releases import COMMON_LOCATIONS, LOCATIONS, notes, offered
from auditor.simulator.role import READER, Role
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

_EVENT_DAYS = 89
_NUMBER = re.compile(r"_([0-9a-f]{8})$|(\d+)$")
_SET_NUMBER = re.compile(r"-(\d{5,})(-vmss)?$")
_LARGE = 1000
"""Estates of so many machines stand in all regions."""
_MOST_HEARTBEATS = 2_000_000
_STATES = ("Enabled", "Enabled", "Warned")
_DATABRICKS_GROUP = "databricks-rg-analytics-0x5f2k"
_DATABRICKS_WORKERS = 2


class SeededEstate:
    """``machines`` of all kinds in ``subscriptions`` that can be read, and ``refused`` ones that cannot.

    ``mix`` says which shares are scale-set instances and Arc-enabled servers. ``role`` is what the identity has on
    each subscription that can be read, and on the workspaces. Two estates of the same arguments are
    the same. All times are relative to ``now``.
    """

    def __init__(
        self,
        machines: int = 60,
        *,
        now: datetime,
        subscriptions: int = 3,
        refused: int = 1,
        seed: int = 1,
        mix: Mix = Mix(),  # noqa: B008 - it is frozen
        role: Role = READER,
    ) -> None:
        self.now = now
        self.tenant_id = guid("tenant", seed)
        self.identity_id = guid("identity", seed)
        self.heartbeat_every = _heartbeat_every(machines)
        self._seed = seed
        self._role = role
        self._plans = {
            guid("subscription", seed, plan.number): plan for plan in plans(machines, subscriptions, refused, mix)
        }
        self._subscriptions = tuple(
            self._subscription(identifier, plan.number, refused=plan.number >= subscriptions)
            for identifier, plan in self._plans.items()
        )
        self._workspaces = tuple(
            WorkspaceSpec(guid("workspace", seed, name), name, role.actions, role.not_actions)
            for name in ("log-central", "log-japan")
        )
        self._make = Maker(seed, now, self._workspaces, LOCATIONS if machines >= _LARGE else COMMON_LOCATIONS)

    def subscriptions(self) -> Sequence[SubscriptionSpec]:
        return self._subscriptions

    def size(self, subscription_id: str) -> int:
        return self._plan(subscription_id).virtual_machines

    def machine(self, subscription_id: str, index: int) -> MachineSpec:
        plan = self._plan(subscription_id)
        if not 0 <= index < plan.virtual_machines:
            raise IndexError(index)
        owner, number = plan.set_of(index), plan.first_machine + index
        if owner is not None:
            return self._make.flexible_instance(number, owner)
        if _has_databricks(plan) and 0 < plan.machines_alone - index <= _DATABRICKS_WORKERS:
            return self._make.databricks_worker(number, _DATABRICKS_GROUP)
        return self._make.machine(number)

    def find(self, subscription_id: str, resource_group: str, name: str) -> MachineSpec | None:
        plan, found = self._plan(subscription_id), _NUMBER.search(name.lower())
        if found is None:
            return None
        index = (int(found[1], 16) if found[1] else int(found[2])) - plan.first_machine
        if not 0 <= index < plan.virtual_machines:
            return None
        machine = self.machine(subscription_id, index)
        return machine if _is_called(machine, resource_group, name) else None

    def scale_sets(self, subscription_id: str) -> Sequence[ScaleSetSpec]:
        sets = self._plan(subscription_id).scale_sets
        return MadeWhenAsked(len(sets), lambda index: self._make.scale_set(sets[index]))

    def find_scale_set(self, subscription_id: str, resource_group: str, name: str) -> ScaleSetSpec | None:
        plan = self._set_called(subscription_id, name)
        if plan is None or group_of(plan).lower() != resource_group.lower():
            return None
        return self._make.scale_set(plan)

    def instances(self, subscription_id: str, scale_set: ScaleSetSpec) -> Sequence[InstanceSpec]:
        plan = self._set_called(subscription_id, scale_set.name)
        if plan is None or plan.flexible:
            return ()
        return MadeWhenAsked(plan.size, lambda number: self._make.instance(plan, number))

    def arc_machines(self, subscription_id: str) -> Sequence[ArcMachineSpec]:
        plan = self._plan(subscription_id)
        first = plan.first_arc_machine
        return MadeWhenAsked(plan.arc_machines, lambda index: self._make.arc_machine(first + index))

    def find_arc_machine(self, subscription_id: str, resource_group: str, name: str) -> ArcMachineSpec | None:
        plan, found = self._plan(subscription_id), _NUMBER.search(name)
        index = int(found[2]) - plan.first_arc_machine if found and found[2] else -1
        if not 0 <= index < plan.arc_machines:
            return None
        machine = self._make.arc_machine(plan.first_arc_machine + index)
        return machine if _is_called(machine, resource_group, name) else None

    def resource_groups(self, subscription_id: str) -> Sequence[ResourceGroupSpec]:
        plan = self._plan(subscription_id)
        names = (*catalogue.GROUPS, "rg-main", *(["rg-arc-servers"] if plan.arc_machines else []))
        groups = {name: ResourceGroupSpec(name) for name in names if plan.virtual_machines}
        for each in plan.scale_sets:
            groups[group_of(each)] = ResourceGroupSpec(group_of(each), managed_by=manager_of(each, subscription_id))
        if _has_databricks(plan):
            workspace = f"/subscriptions/{subscription_id}/resourceGroups/rg-analytics/providers"
            owner = f"{workspace}/Microsoft.Databricks/workspaces/analytics"
            groups[_DATABRICKS_GROUP] = ResourceGroupSpec(_DATABRICKS_GROUP, managed_by=owner)
        return tuple(groups.values())

    def data_collection_rules(self, subscription_id: str) -> Sequence[DataCollectionRuleSpec]:
        """One for each workspace, and one that sends to a workspace of somebody else."""
        if not sum(self._counts(subscription_id)):
            return ()
        targets = [(each.name, each.id) for each in self._workspaces]
        return [DataCollectionRuleSpec(f"dcr-{name}", workspaces=(each,)) for name, each in (*targets, self._elsewhere)]

    @property
    def _elsewhere(self) -> tuple[str, str]:
        return "elsewhere", guid("workspace", self._seed, "elsewhere")

    def offers(self, location: str) -> Offers:
        place = location.replace(" ", "").lower()
        if place not in LOCATIONS:
            return {}
        agents = {
            (MONITOR_PUBLISHER, f"AzureMonitor{os}Agent"): tuple(each.version for each in offered(place, os, self.now))
            for os in ("Windows", "Linux")
        }
        products = (*catalogue.PRODUCTS, catalogue.OLD_AGENT)
        return agents | {(each.publisher, each.type): (*each.older, each.installed) for each in products}

    def arc_offers(self, location: str) -> Offers:
        """The monitor agent in the same versions, and what else servers have."""
        offers = self.offers(location)
        agents = {key: versions for key, versions in offers.items() if key[0] == MONITOR_PUBLISHER}
        others = {(each.publisher, each.type): (*each.older, each.installed) for each in catalogue.ARC_PRODUCTS}
        return agents | others if offers else {}

    def workspaces(self) -> Sequence[WorkspaceSpec]:
        return self._workspaces

    def other_events(self, subscription_id: str) -> Sequence[dict[str, Any]]:
        """What else goes on in a subscription: deployments, keys, network rules, roles."""
        subscription, count = subscription_id.lower(), sum(self._counts(subscription_id))
        chance = Random(f"{self._seed}:events:{subscription}")  # noqa: S311 - play, not secrets
        return [self._other_event(subscription, number, chance) for number in range(min(20 + 2 * count, 2000))]

    def release_notes(self) -> Sequence[Release]:
        """Month, type of the agent, versions."""
        return [
            (month, f"AzureMonitor{system}Agent", tuple(versions))
            for system in ("Linux", "Windows")
            for month, versions in notes(system, self.now)
        ]

    def _counts(self, subscription_id: str) -> tuple[int, int, int]:
        plan = self._plan(subscription_id)
        return plan.machines_alone, plan.instances, plan.arc_machines

    def _plan(self, subscription_id: str) -> SubscriptionPlan:
        return self._plans[subscription_id.lower()]

    def _set_called(self, subscription_id: str, name: str) -> SetPlan | None:
        plan, found = self._plan(subscription_id), _SET_NUMBER.search(name.lower())
        index = int(found[1]) - plan.first_set if found else -1
        if not 0 <= index < plan.sets or name_of(plan.scale_sets[index]).lower() != name.lower():
            return None
        return plan.scale_sets[index]

    def _subscription(self, identifier: str, number: int, *, refused: bool) -> SubscriptionSpec:
        names, groups = catalogue.SUBSCRIPTION_NAMES, catalogue.MANAGEMENT_GROUPS
        name = names[number % len(names)] + (f" {number // len(names) + 1}" if number >= len(names) else "")
        state = "Enabled" if refused else _STATES[number % len(_STATES)]
        above = (*groups[number % len(groups)], (self.tenant_id, "Tenant Root Group"))
        rights = {key.name: getattr(self._role, key.name) for key in fields(self._role)}
        return SubscriptionSpec(identifier, name, state, refused, management_groups=above, **rights)

    def _other_event(self, subscription_id: str, number: int, chance: Random) -> dict[str, Any]:
        kind, name, action, localized = _OTHERS[number % len(_OTHERS)]
        group = chance.choice(catalogue.GROUPS)
        resource = f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/{kind}/{name}{number % 7}"
        # The last ticks of the window stay free, so that every event was submitted by now.
        at = self.now - timedelta(days=chance.uniform(0.1, _EVENT_DAYS))
        correlation = guid("other", subscription_id, number)
        event = LoggedEvent(
            at=at,
            submitted=at + timedelta(seconds=chance.randint(14, 140)),
            resource=resource,
            scope=resource,
            resource_type=kind,
            operation=f"{kind}/{action}",
            localized=localized,
            begins=False,
            status="Failed" if number % 17 == 3 else "Succeeded",
            operation_id=correlation,
            # The service does not always use an id for what belongs together.
            correlation=resource if number % 13 == 5 else correlation,
            caller=chance.choice((*catalogue.PEOPLE, catalogue.PIPELINE)),
            sub_status="Conflict" if number % 17 == 3 else "OK",
        )
        return event_body(event, subscription_id, self.tenant_id)


_OTHERS = (
    ("Microsoft.Storage/storageAccounts", "stlogs", "listKeys/action", "List Storage Account Keys"),
    ("Microsoft.Network/networkSecurityGroups", "nsg-web", "write", "Create or Update Network Security Group"),
    ("Microsoft.Resources/deployments", "deploy", "write", "Create Deployment"),
    ("Microsoft.Authorization/roleAssignments", "role", "write", "Create role assignment"),
    ("Microsoft.Compute/disks", "datadisk", "write", "Create or Update Disk"),
)


def _heartbeat_every(machines: int) -> timedelta:
    """Once a minute, as the service has it; in larger estates so seldom that queries over them stay quick."""
    minutes = HEARTBEATS_KEPT * machines / timedelta(minutes=_MOST_HEARTBEATS)
    return timedelta(minutes=max(1, ceil(minutes)))


def _has_databricks(plan: SubscriptionPlan) -> bool:
    return plan.number % 3 == 1 and plan.machines_alone >= 10


def _is_called(machine: MachineSpec | ArcMachineSpec, resource_group: str, name: str) -> bool:
    return (machine.name.lower(), machine.resource_group.lower()) == (name.lower(), resource_group.lower())
