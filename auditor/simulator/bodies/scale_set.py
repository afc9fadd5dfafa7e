"""Scale sets with their models as the compute provider writes them (recorded with 2022-11-01 and 2024-07-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from auditor.simulator.bodies.extension import extension_properties
from auditor.simulator.bodies.machine import Place, merge, os_profile, storage_profile
from auditor.simulator.forms import compute_time, group_id, guid, scale_set_id
from auditor.simulator.lag import present
from auditor.simulator.parts import ExtensionSpec
from auditor.simulator.specs import InstanceSpec, MachineSpec, ScaleSetSpec

Body = dict[str, Any]

_ROLLING = {
    "maxBatchInstancePercent": 20,
    "maxUnhealthyInstancePercent": 20,
    "maxUnhealthyUpgradedInstancePercent": 20,
    "pauseTimeBetweenBatches": "PT0S",
    "maxSurge": False,
    "rollbackFailedInstancesOnPolicyBreach": False,
}


def scale_set_body(scale_set: ScaleSetSpec, place: Place) -> Body:
    """The scale set, in lists and by itself; one without upgrade mode is a flexible set without a model."""
    identifier = scale_set_id(place.subscription_id, scale_set.resource_group, scale_set.name)
    body: Body = {
        "name": scale_set.name,
        "id": identifier,
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": scale_set.location,
        "tags": dict(scale_set.tags),
    }
    if scale_set.identity:
        body["identity"] = scale_set_identity(scale_set, place)
    if scale_set.upgrade_mode is not None:
        body["sku"] = {"name": scale_set.size, "tier": "Standard", "capacity": scale_set.capacity or 0}
    body["etag"] = '"2"'
    body["properties"] = _properties(scale_set, place, identifier)
    return merge(body, scale_set.override)


def scale_set_identity(scale_set: ScaleSetSpec, place: Place) -> Body:
    """The identity, which the instances share."""
    owner = guid("principal", place.subscription_id, scale_set.resource_group, scale_set.name)
    return {"type": scale_set.identity, "principalId": owner, "tenantId": guid("tenant")}


def _properties(scale_set: ScaleSetSpec, place: Place, identifier: str) -> Body:
    properties: Body = {"singlePlacementGroup": False}
    if scale_set.orchestration is not None:
        properties["orchestrationMode"] = scale_set.orchestration
    created = compute_time(scale_set.created or place.now - timedelta(days=400))
    if scale_set.upgrade_mode is not None:
        properties["upgradePolicy"] = {"mode": scale_set.upgrade_mode}
        if scale_set.upgrade_mode == "Rolling":
            properties["upgradePolicy"]["rollingUpgradePolicy"] = dict(_ROLLING)
        properties["virtualMachineProfile"] = _profile(scale_set, place, created)
    properties["provisioningState"] = scale_set.provisioning_state
    if scale_set.uniform:
        properties |= {"overprovision": False, "doNotRunExtensionsOnOverprovisionedVMs": False}
    properties |= {"uniqueId": guid("scale set", identifier), "platformFaultDomainCount": 1}
    if not scale_set.uniform:
        properties["constrainedMaximumCapacity"] = False
    return properties | ({"timeCreated": created} if scale_set.upgrade_mode is not None else {})


def _profile(scale_set: ScaleSetSpec, place: Place, created: str) -> Body:
    """The model."""
    one = MachineSpec(scale_set.name, scale_set.resource_group, scale_set.location, scale_set.os)
    profile = system_profile(one)
    profile.pop("computerName")
    storage = storage_profile(one, "")
    disk = {key: storage["osDisk"][key] for key in ("osType", "createOption", "caching")}
    disk |= {"managedDisk": {"storageAccountType": "Premium_LRS"}, "diskSizeGB": storage["osDisk"]["diskSizeGB"]}
    image = {key: value for key, value in storage["imageReference"].items() if key != "exactVersion"}
    body: Body = {
        "osProfile": {"computerNamePrefix": scale_set.name[:9]} | profile,
        "storageProfile": {"osDisk": disk, "imageReference": image, "diskControllerType": "SCSI"},
        "networkProfile": network_profile(scale_set, place),
    }
    if extensions := list(present(scale_set.extensions)):
        body["extensionProfile"] = {"extensions": [model_extension(each) for each in extensions]}
    return body if scale_set.uniform else body | {"timeCreated": created}


def system_profile(machine: MachineSpec) -> Body:
    """The operating system's profile as models and instances have it."""
    profile = os_profile(machine)
    settings = profile[f"{machine.os.lower()}Configuration"]
    del settings["patchSettings"]
    if machine.os == "Linux":
        key = {"path": f"/home/{profile['adminUsername']}/.ssh/authorized_keys", "keyData": "REDACTED"}
        settings |= {"ssh": {"publicKeys": [key]}, "provisionVMAgent": settings.pop("provisionVMAgent")}
    return profile


def network_profile(scale_set: ScaleSetSpec, place: Place) -> Body:
    """The model's interfaces, which an instance repeats."""
    network = f"{group_id(place.subscription_id, scale_set.resource_group)}/providers/Microsoft.Network"
    properties = {
        "subnet": {"id": f"{network}/virtualNetworks/{scale_set.name}VNET/subnets/{scale_set.name}Subnet"},
        "privateIPAddressVersion": "IPv4",
        "loadBalancerBackendAddressPools": [
            {"id": f"{network}/loadBalancers/{scale_set.name}LB/backendAddressPools/{scale_set.name}LBBEPool"}
        ],
    }
    address = {"name": f"{scale_set.name}IPConfig", "properties": properties}
    interface = {
        "primary": True,
        "disableTcpStateTracking": False,
        "dnsSettings": {"dnsServers": []},
        "enableIPForwarding": False,
        "ipConfigurations": [address],
    }
    return {"networkInterfaceConfigurations": [{"name": f"{scale_set.name}Nic", "properties": interface}]}


def model_extension(extension: ExtensionSpec) -> Body:
    """An extension as the model holds it: what was asked for, and nothing of its state."""
    return {"name": extension.name, "properties": extension_properties(extension, {})}


def scale_set_extension(extension: ExtensionSpec, scale_set: str) -> Body:
    """An extension of the model by itself; ``scale_set`` is the scale set's id."""
    return {
        "name": extension.name,
        "id": f"{scale_set}/extensions/{extension.name}",
        "type": "Microsoft.Compute/virtualMachineScaleSets/extensions",
        "properties": {"provisioningState": extension.provisioning_state} | extension_properties(extension, {}),
    }


def as_machine(instance: InstanceSpec, scale_set: ScaleSetSpec) -> MachineSpec:
    """The instance as a machine of its own, which much of its body is alike to."""
    return MachineSpec(
        name=f"{scale_set.name}_{instance.instance_id}",
        resource_group=scale_set.resource_group,
        location=scale_set.location,
        os=scale_set.os,
        power=instance.power,
        extensions=instance.extensions,
        operations=instance.operations,
        stays=instance.stays,
        tags=scale_set.tags,
        created=instance.created or scale_set.created,
        identity=scale_set.identity,
        size=scale_set.size,
        provisioning_state=instance.provisioning_state,
        agent=instance.agent,
        agent_at=instance.agent_at,
        handlers_listed=instance.handlers_listed,
    )
