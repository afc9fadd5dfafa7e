"""Instances of uniform scale sets as the compute provider writes them (recorded with 2023-09-01 and 2024-07-01)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from auditor.simulator.bodies.extension import extension_resource
from auditor.simulator.bodies.machine import Place, overridden, storage_profile
from auditor.simulator.bodies.scale_set import as_machine, network_profile, scale_set_identity, system_profile
from auditor.simulator.bodies.view import instance_view
from auditor.simulator.forms import compute_time, group_id, guid, instance_id, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.parts import ExtensionSpec
from auditor.simulator.specs import InstanceSpec, ScaleSetSpec

Body = dict[str, Any]

_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def instance_body(instance: InstanceSpec, scale_set: ScaleSetSpec, place: Place, *, with_view: bool = False) -> Body:
    """The instance, in lists and by itself, with its extensions as full resources."""
    machine, group = as_machine(instance, scale_set), group_id(place.subscription_id, scale_set.resource_group)
    owner = scale_set_id(place.subscription_id, scale_set.resource_group, scale_set.name)
    body: Body = {
        "name": machine.name,
        "id": instance_id(owner, instance.instance_id),
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": scale_set.location,
        "tags": dict(scale_set.tags),
    }
    if scale_set.identity:
        body["identity"] = scale_set_identity(scale_set, place)
    body |= {"instanceId": instance.instance_id, "sku": {"name": scale_set.size, "tier": "Standard"}}
    body["properties"] = _properties(instance, scale_set, place, body["id"], with_view=with_view)
    body["etag"] = '"3"'
    if extensions := list(present(instance.extensions)):
        # As recorded: under a virtual machine that does not exist, not under the scale set.
        parent = f"{group}/providers/Microsoft.Compute/virtualMachines/{machine.name}"
        body["resources"] = [extension_resource(each, parent, scale_set.location) for each in extensions]
    return overridden(body, instance.override, view=with_view)


def selected(body: Body) -> Body:
    """What ``$select=instanceView`` leaves (recorded): neither name, nor location, nor extensions."""
    kept = ("latestModelApplied", "instanceView", "provisioningState")
    properties = {key: body["properties"][key] for key in kept if key in body["properties"]}
    return {"id": body["id"], "instanceId": body["instanceId"], "properties": properties | {"hardwareProfile": {}}}


def instance_extension(extension: ExtensionSpec, scale_set: ScaleSetSpec, owner: str) -> Body:
    """An extension of the instance by itself; ``owner`` is the instance's id (documented, not recorded)."""
    body = extension_resource(extension, owner, scale_set.location)
    del body["location"]
    return body | {"type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions"}


def view_of_instance(instance: InstanceSpec, scale_set: ScaleSetSpec, now: datetime) -> Body:
    """What ``$expand=instanceView`` brings of an instance."""
    view = instance_view(as_machine(instance, scale_set), now)
    if "computerName" in view:
        view["computerName"] = _computer_name(instance, scale_set)
    for disk in view["disks"]:
        disk["name"] = f"{scale_set.name}_{disk['name']}"
    number = int(instance.instance_id) if instance.instance_id.isdecimal() else 0
    place = {"placementGroupId": guid("placement", scale_set.resource_group, scale_set.name)}
    return place | {"platformUpdateDomain": number % 5, "platformFaultDomain": number % 5} | view


def _properties(
    instance: InstanceSpec, scale_set: ScaleSetSpec, place: Place, identifier: str, *, with_view: bool
) -> Body:
    machine = as_machine(instance, scale_set)
    applied = instance.latest_model_applied
    properties: Body = {} if applied is None else {"latestModelApplied": applied}
    properties["modelDefinitionApplied"] = "VirtualMachineScaleSet"
    if with_view:
        properties["instanceView"] = view_of_instance(instance, scale_set, place.now)
    return properties | {
        "networkProfileConfiguration": network_profile(scale_set, place),
        "provisioningState": instance.provisioning_state,
        "hardwareProfile": {"vmSize": scale_set.size},
        "vmId": guid("vm", identifier),
        "storageProfile": _storage(instance, scale_set, place),
        "osProfile": system_profile(machine) | {"computerName": _computer_name(instance, scale_set)},
        "networkProfile": {"networkInterfaces": [{"id": f"{identifier}/networkInterfaces/{scale_set.name}Nic"}]},
        "timeCreated": compute_time(machine.created or place.now - timedelta(days=400)),
    }


def _storage(instance: InstanceSpec, scale_set: ScaleSetSpec, place: Place) -> Body:
    group = group_id(place.subscription_id, scale_set.resource_group)
    storage = storage_profile(as_machine(instance, scale_set), group)
    disk = storage["osDisk"]
    disk["name"] = f"{scale_set.name}_{disk['name']}"
    disk["managedDisk"]["id"] = f"{group}/providers/Microsoft.Compute/disks/{disk['name']}"
    del disk["deleteOption"]
    return storage | {"diskControllerType": "SCSI"}


def _computer_name(instance: InstanceSpec, scale_set: ScaleSetSpec) -> str:
    """The prefix and six digits to the base 36."""
    number, digits = int(instance.instance_id) if instance.instance_id.isdecimal() else 0, ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = _BASE_36[digit] + digits
    return f"{scale_set.name[:9]}{digits}"
