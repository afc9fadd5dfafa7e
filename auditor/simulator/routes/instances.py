"""Instances of uniform scale sets, as the compute provider answers for them."""

from __future__ import annotations

from typing import Any

from auditor.simulator.bodies import errors
from auditor.simulator.bodies.extension import extension_view
from auditor.simulator.bodies.instance import instance_body, instance_extension, selected, view_of_instance
from auditor.simulator.bodies.machine import Place
from auditor.simulator.bodies.scale_set import as_machine
from auditor.simulator.exchange import Answer, Call, Refused, Route, pattern
from auditor.simulator.forms import instance_id, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.listing import listed
from auditor.simulator.parts import Lag
from auditor.simulator.routes.scale_sets import ONE_SCALE_SET, find_scale_set
from auditor.simulator.specs import InstanceSpec, ScaleSetSpec

Body = dict[str, Any]

_ABSENT = Answer(errors.resource_manager("NotFound", "The entity was not found in this Azure location."), 404)
"""The provider's own words, not the gateway's: it knows the instances, Resource Manager does not."""


def _list(call: Call) -> Answer:
    """A page of the set's instances.

    Of a flexible set there are none, as its instances are virtual machines, and whoever asks for their views is told
    that this is not allowed: https://github.com/microsoft/OMS-Agent-for-Linux/pull/1475
    """
    scale_set = find_scale_set(call)
    if _with_view(call) and not scale_set.uniform:
        operation = "VirtualMachineScaleSets.virtualMachines.GET"
        message = f"Operation '{operation}' is not allowed on Virtual Machine Scale Set '{scale_set.name}'."
        return Answer(errors.resource_manager("BadRequest", message), 400)
    instances = call.estate.instances(call.parts["subscription"], scale_set)
    return listed(call, instances, call.pages.instances, lambda instance: _row(call, scale_set, instance))


def _row(call: Call, scale_set: ScaleSetSpec, instance: InstanceSpec) -> Body | None:
    body = instance_body(instance, scale_set, _place(call), with_view=_with_view(call))
    identifier = body["id"].lower()
    if instance.in_graph is Lag.DELETED or identifier in call.gone:
        return None
    if instance.vanishes:
        call.gone.add(identifier)
    return selected(body) if call.query.get("select", "").lower() == "instanceview" else body


def find_instance(call: Call) -> tuple[ScaleSetSpec, InstanceSpec]:
    """The instance that the path names with its scale set. Raises Refused with the 404 where it is not there."""
    scale_set = find_scale_set(call)
    owner = scale_set_id(call.parts["subscription"], scale_set.resource_group, scale_set.name)
    for each in present(call.estate.instances(call.parts["subscription"], scale_set)):
        gone = instance_id(owner, each.instance_id).lower() in call.gone
        if each.instance_id == call.parts["instance"] and not gone:
            return scale_set, each
    raise Refused(_ABSENT)


def _get(call: Call) -> Answer:
    scale_set, instance = find_instance(call)
    return Answer(instance_body(instance, scale_set, _place(call), with_view=_with_view(call)))


def _view(call: Call) -> Answer:
    scale_set, instance = find_instance(call)
    body = instance_body(instance, scale_set, _place(call), with_view=True)
    return Answer(body["properties"].get("instanceView") or view_of_instance(instance, scale_set, call.estate.now))


def _extensions(call: Call) -> Answer:
    found = find_instance(call)
    return Answer({"value": _extension_bodies(call, *found)})


def _extension(call: Call) -> Answer:
    found = find_instance(call)
    wanted = call.parts["extension"].lower()
    return next((Answer(body) for body in _extension_bodies(call, *found) if body["name"].lower() == wanted), _ABSENT)


def _extension_bodies(call: Call, scale_set: ScaleSetSpec, instance: InstanceSpec) -> list[Body]:
    owner = scale_set_id(call.parts["subscription"], scale_set.resource_group, scale_set.name)
    bodies = []
    for each in present(instance.extensions):
        body = instance_extension(each, scale_set, instance_id(owner, instance.instance_id))
        if _with_view(call):
            body["properties"]["instanceView"] = extension_view(each, as_machine(instance, scale_set))
        bodies.append(body)
    return bodies


def _with_view(call: Call) -> bool:
    return call.query.get("expand", "").lower() == "instanceview"


def _place(call: Call) -> Place:
    return Place(call.parts["subscription"], call.estate.now)


_READ = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
_ALL = ONE_SCALE_SET + "/virtualMachines"
_ONE = _ALL + "/{instance}"
_VIEWS = "VMScaleSetVMViewsSubscriptionMaximum"
_LIST_QUOTA = ("HighCostGetVMScaleSetSubscriptionMaximum", "HighCostGetVMScaleSetResource", _VIEWS)
_ONE_QUOTA = ("GetVMScaleSetVMSubscriptionMaximum", "GetVMScaleSetVMResource", _VIEWS)

ROUTES = (
    Route("instances", "GET", pattern(_ALL), _list, f"{_READ}/read", collection=True, quota=_LIST_QUOTA),
    Route("instance", "GET", pattern(_ONE), _get, f"{_READ}/read", quota=_ONE_QUOTA),
    Route(
        "instance_view_of_instance",
        "GET",
        pattern(_ONE + "/instanceView"),
        _view,
        f"{_READ}/instanceView/read",
        quota=_ONE_QUOTA,
    ),
    Route(
        "instance_extensions",
        "GET",
        pattern(_ONE + "/extensions"),
        _extensions,
        f"{_READ}/extensions/read",
        collection=True,
        quota=_ONE_QUOTA,
    ),
    Route(
        "instance_extension",
        "GET",
        pattern(_ONE + "/extensions/{extension}"),
        _extension,
        f"{_READ}/extensions/read",
        quota=_ONE_QUOTA,
    ),
)
