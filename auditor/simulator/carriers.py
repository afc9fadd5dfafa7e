"""Whoever has a history: operations in the activity log, heartbeats in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from auditor.simulator.estate import Estate, machines
from auditor.simulator.forms import arc_machine_id, instance_id, machine_id, scale_set_id
from auditor.simulator.parts import OperationSpec, StaySpec

MACHINE = "Microsoft.Compute/virtualMachines"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
INSTANCE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
ARC_MACHINE = "Microsoft.HybridCompute/machines"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A virtual machine, a scale set, an instance of a uniform one, or an Arc-enabled server; ``kind`` is its type."""

    id: str
    kind: str
    name: str
    resource_group: str
    os: str
    operations: tuple[OperationSpec, ...] = ()
    stays: tuple[StaySpec, ...] = ()
    created: datetime | None = None


def carriers(estate: Estate, subscription_id: str) -> Iterator[Carrier]:
    """All of a subscription, one at a time; those that are gone by now have left their history."""
    for machine in machines(estate, subscription_id):
        group = machine.resource_group
        identifier = machine_id(subscription_id, group, machine.name)
        yield Carrier(
            identifier, MACHINE, machine.name, group, machine.os, machine.operations, machine.stays, machine.created
        )
    yield from _of_scale_sets(estate, subscription_id)
    for server in estate.arc_machines(subscription_id):
        group = server.resource_group
        identifier = arc_machine_id(subscription_id, group, server.name)
        yield Carrier(
            identifier, ARC_MACHINE, server.name, group, server.os, server.operations, server.stays, server.created
        )


def _of_scale_sets(estate: Estate, subscription_id: str) -> Iterator[Carrier]:
    for each in estate.scale_sets(subscription_id):
        group, owner = each.resource_group, scale_set_id(subscription_id, each.resource_group, each.name)
        yield Carrier(owner, SCALE_SET, each.name, group, each.os, each.operations)
        for one in estate.instances(subscription_id, each):
            identifier, name = instance_id(owner, one.instance_id), f"{each.name}_{one.instance_id}"
            yield Carrier(identifier, INSTANCE, name, group, each.os, one.operations, one.stays, one.created)
