"""Arc-enabled servers and their extensions as the HybridCompute provider writes them (recorded with 2020-08-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from auditor.simulator.bodies.machine import Place, merge
from auditor.simulator.forms import arc_machine_id, arc_time, guid
from auditor.simulator.parts import ArcExtensionSpec
from auditor.simulator.specs import ArcMachineSpec

Body = dict[str, Any]

_SYSTEMS = {
    "Windows": ("10.0.20348.2655", "Windows Server 2022 Datacenter", "WORKGROUP"),
    "Linux": ("5.15.0-119-generic", "Ubuntu 22.04.4 LTS", "n/a"),
}
_AGENT_VERSION = "1.52.02818.2068"


def arc_machine_body(machine: ArcMachineSpec, place: Place) -> Body:
    """The server, in lists and by itself; one that never connected lacks most of its properties."""
    identifier = arc_machine_id(place.subscription_id, machine.resource_group, machine.name)
    body: Body = {
        "id": identifier,
        "name": machine.name,
        "location": machine.location,
        "tags": dict(machine.tags),
    }
    if machine.identity:
        principal = guid("principal", identifier)
        body["identity"] = {"type": machine.identity, "principalId": principal, "tenantId": guid("tenant")}
    body |= {"type": "Microsoft.HybridCompute/machines", "properties": _properties(machine, place, identifier)}
    return merge(body, machine.override)


def _properties(machine: ArcMachineSpec, place: Place, identifier: str) -> Body:
    if machine.bare:
        return {}
    state, vm_id = {"provisioningState": machine.provisioning_state}, guid("vm", identifier)
    system = machine.os.lower()
    if machine.status is None:
        return state | {"osName": system, "osProfile": {}, "vmId": vm_id, "clientPublicKey": "REDACTED"}
    version, sku, domain = _SYSTEMS[machine.os]
    # Cut as NetBIOS cuts it.
    computer = machine.name[:15]
    changed = machine.last_status_change or place.now - timedelta(days=2)
    return state | {
        "agentVersion": _AGENT_VERSION,
        "status": machine.status,
        "lastStatusChange": arc_time(changed, connected=machine.status == "Connected"),
        "errorDetails": [],
        "displayName": computer,
        "machineFqdn": computer,
        "osName": system,
        "osVersion": version,
        "osProfile": {"computerName": computer},
        "vmId": vm_id,
        "vmUuid": guid("uuid", identifier).upper(),
        "clientPublicKey": "REDACTED",
        "osSku": sku,
        "domainName": domain,
        "adFqdn": computer,
        "dnsFqdn": computer,
    }


def arc_extension_body(extension: ArcExtensionSpec, machine: ArcMachineSpec, place: Place) -> Body:
    """The extension, in lists and by itself; its instance view always comes along."""
    owner = arc_machine_id(place.subscription_id, machine.resource_group, machine.name)
    return {
        "id": f"{owner}/extensions/{extension.name}",
        "name": extension.name,
        "location": machine.location,
        "type": "Microsoft.HybridCompute/machines/extensions",
        "properties": _extension_properties(extension),
    }


def _extension_properties(extension: ArcExtensionSpec) -> Body:
    properties: Body = {"publisher": extension.publisher, "type": extension.type}
    if extension.version is not None:
        properties["typeHandlerVersion"] = extension.version
    if extension.auto_upgrade is not None:
        properties["enableAutomaticUpgrade"] = extension.auto_upgrade
    if extension.auto_upgrade_minor is not None:
        properties["autoUpgradeMinorVersion"] = extension.auto_upgrade_minor
    if extension.settings is not None:
        properties["settings"] = dict(extension.settings)
    properties["provisioningState"] = extension.provisioning_state
    if extension.installed is not None:
        failed = extension.provisioning_state == "Failed"
        properties["instanceView"] = {
            "name": extension.name,
            "type": extension.type,
            "typeHandlerVersion": extension.installed,
            "status": {
                "code": extension.code,
                "level": "Error" if failed else "Information",
                "message": extension.message,
            },
        }
    return properties
