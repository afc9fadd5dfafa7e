"""Virtual machines as the compute provider writes them (recorded with API versions 2024-07-01 and 2026-03-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auditor.simulator.bodies.extension import extension_resource
from auditor.simulator.bodies.view import computer_name, instance_view, os_disk_name
from auditor.simulator.forms import compute_time, guid, machine_id, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.parts import REMOVED
from auditor.simulator.specs import MachineSpec

Body = dict[str, Any]

_IMAGES = {
    "Windows": ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition", "20348.2655.240810", 127),
    "Linux": ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "22.04.202408160", 30),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands: its subscription, and the moment at which it is looked at."""

    subscription_id: str
    now: datetime

    def id_of(self, machine: MachineSpec) -> str:
        return machine_id(self.subscription_id, machine.resource_group, machine.name)


def listed_machine(machine: MachineSpec, place: Place) -> Body:
    """The machine in a list: of its extensions the ids only, and no key for them where it has none."""
    body = _machine(machine, place)
    if extensions := list(present(machine.extensions)):
        body["resources"] = [{"id": f"{body['id']}/extensions/{each.name}"} for each in extensions]
    return overridden(body, {key: value for key, value in machine.override.items() if key != "resources"}, view=False)


def full_machine(machine: MachineSpec, place: Place, *, with_view: bool) -> Body:
    """One machine with its extensions as full resources, and with its instance view where that was asked for."""
    body = _machine(machine, place)
    if with_view:
        created = body["properties"].pop("timeCreated")
        body["properties"] |= {"instanceView": instance_view(machine, place.now), "timeCreated": created}
    if extensions := list(present(machine.extensions)):
        body["resources"] = [extension_resource(each, body["id"], machine.location) for each in extensions]
    return overridden(body, machine.override, view=with_view)


def machine_status(machine: MachineSpec, place: Place) -> Body:
    """The machine in a list with ``statusOnly=true``: neither operating system, nor tags, nor extensions."""
    statuses = instance_view(machine, place.now)["statuses"]
    identifier = place.id_of(machine)
    return {
        "name": machine.name,
        "id": identifier,
        "type": "Microsoft.Compute/virtualMachines",
        "location": machine.location,
        "properties": {
            "hardwareProfile": {},
            "provisioningState": machine.provisioning_state,
            "vmId": guid("vm", identifier),
            "instanceView": {"platformFaultDomain": 0, "statuses": statuses},
        },
    }


def _machine(machine: MachineSpec, place: Place) -> Body:
    identifier = place.id_of(machine)
    group = identifier.rpartition("/providers/")[0]
    body: Body = {
        "name": machine.name,
        "id": identifier,
        "type": "Microsoft.Compute/virtualMachines",
        "location": machine.location,
        "tags": dict(machine.tags),
    }
    if machine.identity:
        body["identity"] = {
            "type": machine.identity,
            "principalId": guid("principal", identifier),
            "tenantId": guid("tenant"),
        }
    body["properties"] = {
        "hardwareProfile": {"vmSize": machine.size},
        "provisioningState": machine.provisioning_state,
        "vmId": guid("vm", identifier),
        **_membership(machine, place),
        "storageProfile": storage_profile(machine, group),
        "osProfile": os_profile(machine),
        "networkProfile": {
            "networkInterfaces": [{"id": f"{group}/providers/Microsoft.Network/networkInterfaces/{machine.name}VMNic"}]
        },
        "timeCreated": compute_time(machine.created or place.now - timedelta(days=400)),
    }
    body["etag"] = '"2"'
    return body


def _membership(machine: MachineSpec, place: Place) -> Body:
    """Of a flexible instance its scale set; there is no word of the model (recorded 2024-07-01)."""
    if machine.scale_set is None:
        return {}
    owner = scale_set_id(place.subscription_id, machine.resource_group, machine.scale_set)
    return {"virtualMachineScaleSet": {"id": owner}, "platformFaultDomain": 0}


def storage_profile(machine: MachineSpec, group: str) -> Body:
    publisher, offer, sku, version, gigabytes = _IMAGES[machine.os]
    disk = os_disk_name(machine)
    os_disk: Body = {
        "osType": machine.os,
        "name": disk,
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"id": f"{group}/providers/Microsoft.Compute/disks/{disk}"},
        "deleteOption": "Detach",
    }
    # A deallocated machine shows neither the size nor the kind of its disk.
    if machine.power != "deallocated":
        os_disk["managedDisk"] = {"storageAccountType": "Premium_LRS"} | os_disk["managedDisk"]
        os_disk["diskSizeGB"] = gigabytes
    image = {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest", "exactVersion": version}
    return {"imageReference": image, "osDisk": os_disk, "dataDisks": []}


def os_profile(machine: MachineSpec) -> Body:
    profile: Body = {"computerName": computer_name(machine), "adminUsername": "azureadmin"}
    patching = {"patchMode": "AutomaticByOS" if machine.os == "Windows" else "ImageDefault"}
    patching["assessmentMode"] = "ImageDefault"
    if machine.os == "Windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True,
            "enableAutomaticUpdates": True,
            "patchSettings": patching,
        }
    else:
        profile["linuxConfiguration"] = {
            "disablePasswordAuthentication": True,
            "provisionVMAgent": True,
            "patchSettings": patching,
        }
    return profile | {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}


def overridden(body: Body, override: Mapping[str, Any], *, view: bool) -> Body:
    """``body`` with a spec's override laid over it; ``view`` says whether the answer has an instance view."""
    if not override:
        return body
    merged = merge(body, override)
    if not view:
        # What an override says of the instance view is not for answers that have none.
        merged["properties"].pop("instanceView", None)
    return merged


def merge(body: Mapping[str, Any], override: Mapping[str, Any]) -> Body:
    """``body`` with ``override`` laid over it: mappings key by key, everything else replaced, ``REMOVED`` left out."""
    merged = dict(body)
    for key, value in override.items():
        if value is REMOVED:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged
