"""The rows of what stands in a subscription, as Resource Graph shows it: with its lag, and in its own form.

Bodies are Resource Manager's; Resource Graph adds ``extended`` to virtual machines and leaves instance views out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from auditor.simulator.bodies.arc import arc_extension_body, arc_machine_body
from auditor.simulator.bodies.data_collection import association_body, rule_body
from auditor.simulator.bodies.extension import extension_resource
from auditor.simulator.bodies.instance import instance_body
from auditor.simulator.bodies.machine import Place, full_machine
from auditor.simulator.bodies.scale_set import as_machine, scale_set_body
from auditor.simulator.bodies.view import computer_name
from auditor.simulator.estate import Estate, machines
from auditor.simulator.forms import arc_machine_id, machine_id, scale_set_id
from auditor.simulator.graph.rows import Row, graph_row
from auditor.simulator.lag import in_graph
from auditor.simulator.parts import AssociationSpec, Lag
from auditor.simulator.permissions import may
from auditor.simulator.specs import ArcMachineSpec, MachineSpec, ScaleSetSpec, SubscriptionSpec

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the identity is shown of one subscription."""

    estate: Estate
    subscription: SubscriptionSpec

    def resources(self) -> Iterator[Row]:
        """The rows of ``resources``."""
        for group, body in self._bodies():
            yield from self._row(group, body)

    def compute_resources(self) -> Iterator[Row]:
        """The rows of ``computeresources``: instances of uniform scale sets, and not their extensions."""
        for scale_set in in_graph(self.estate.scale_sets(self.subscription.id)):
            for instance in in_graph(self.estate.instances(self.subscription.id, scale_set)):
                body = instance_body(instance, scale_set, self._place, with_view=False)
                yield from self._row(scale_set.resource_group, _extended(body, as_machine(instance, scale_set)))

    def insights_resources(self) -> Iterator[Row]:
        """The rows of ``insightsresources``: associations with data collection rules and endpoints."""
        for group, holder, associations in self._holders():
            for each in in_graph(associations):
                yield from self._row(group, association_body(each, holder, self.subscription.id, self.estate.now))

    def _holders(self) -> Iterator[tuple[str, str, tuple[AssociationSpec, ...]]]:
        """What can be associated: resource group, id, and with what it is."""
        here = self.subscription.id
        for machine in in_graph(machines(self.estate, here)):
            group = machine.resource_group
            yield group, machine_id(here, group, machine.name), machine.associations
        for scale_set in in_graph(self.estate.scale_sets(here)):
            group = scale_set.resource_group
            yield group, scale_set_id(here, group, scale_set.name), scale_set.associations
        for server in in_graph(self.estate.arc_machines(here)):
            group = server.resource_group
            yield group, arc_machine_id(here, group, server.name), server.associations

    @property
    def _place(self) -> Place:
        return Place(self.subscription.id, self.estate.now)

    def _bodies(self) -> Iterator[tuple[str, Body]]:
        for machine in in_graph(machines(self.estate, self.subscription.id)):
            yield from ((machine.resource_group, body) for body in _of_machine(machine, self._place))
        for scale_set in in_graph(self.estate.scale_sets(self.subscription.id)):
            yield scale_set.resource_group, _of_scale_set(scale_set, self._place)
        for server in in_graph(self.estate.arc_machines(self.subscription.id)):
            yield from ((server.resource_group, body) for body in _of_server(server, self._place))
        for rule in self.estate.data_collection_rules(self.subscription.id):
            yield rule.resource_group, rule_body(rule, self.subscription.id, self.estate)

    def _row(self, group: str, body: Body) -> Iterator[Row]:
        if may(self.subscription, f"{body['type']}/read", group):
            tenant = self.subscription.tenant or self.estate.tenant_id
            yield graph_row(body, tenant=tenant, subscription=self.subscription.id, group=group)


def _of_machine(machine: MachineSpec, place: Place) -> Iterator[Body]:
    body = full_machine(replace(machine, extensions=()), place, with_view=False)
    yield _extended(body, machine)
    for each in in_graph(machine.extensions):
        yield extension_resource(each, body["id"], machine.location)


def _extended(body: Body, machine: MachineSpec) -> Body:
    """The body with what Resource Graph adds: the power state, and some of the instance view."""
    view: Body = {"computerName": computer_name(machine), "hyperVGeneration": "V2"}
    if machine.power is not None:
        code = f"PowerState/{machine.power}"
        view["powerState"] = {"code": code, "level": "Info", "displayStatus": f"VM {machine.power}"}
    return body | {"properties": {"extended": {"instanceView": view}} | body["properties"]}


def _of_scale_set(scale_set: ScaleSetSpec, place: Place) -> Body:
    """The scale set with the model that Resource Graph shows."""
    shown = tuple(replace(each, in_graph=Lag.NONE) for each in in_graph(scale_set.extensions))
    return scale_set_body(replace(scale_set, extensions=shown), place)


def _of_server(server: ArcMachineSpec, place: Place) -> Iterator[Body]:
    yield arc_machine_body(server, place)
    for each in in_graph(server.extensions):
        yield arc_extension_body(each, server, place)
