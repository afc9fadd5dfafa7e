"""Extensions of virtual machines: the resource, and its instance view."""

from __future__ import annotations

from typing import Any

from auditor.simulator.forms import compute_time
from auditor.simulator.parts import AgentView, ExtensionSpec, StatusSpec
from auditor.simulator.specs import MachineSpec

Body = dict[str, Any]


def extension_resource(extension: ExtensionSpec, machine: str, location: str, view: Body | None = None) -> Body:
    """The resource as its own GET, the list of a machine's extensions and the machine's GET show it.

    ``machine`` is the machine's id; ``view`` the instance view, where it was asked for.
    """
    body: Body = {
        "name": extension.name,
        "id": f"{machine}/extensions/{extension.name}",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "location": location,
    }
    if extension.tags is not None:
        body["tags"] = dict(extension.tags)
    state: Body = {"provisioningState": extension.provisioning_state}
    body["properties"] = extension_properties(extension, state if view is None else state | {"instanceView": view})
    return body


def extension_properties(extension: ExtensionSpec, state: Body) -> Body:
    """What was asked for, with what became of it (``state``) in between; a model knows nothing of that."""
    properties: Body = {}
    if extension.auto_upgrade_minor is not None:
        properties["autoUpgradeMinorVersion"] = extension.auto_upgrade_minor
    properties |= state
    if extension.auto_upgrade is not None:
        properties["enableAutomaticUpgrade"] = extension.auto_upgrade
    properties["publisher"] = extension.publisher
    properties["type"] = extension.type
    properties["typeHandlerVersion"] = extension.requested
    if extension.settings is not None:
        properties["settings"] = dict(extension.settings)
    return properties


def extension_view(extension: ExtensionSpec, machine: MachineSpec) -> Body:
    """What the machine reports of the extension; the name alone where it reports nothing."""
    if extension.installed is None or machine.agent_view() is not AgentView.READY:
        return {"name": extension.name}
    body: Body = {
        "name": extension.name,
        "type": f"{extension.publisher}.{extension.type}",
        "typeHandlerVersion": extension.installed,
    }
    if extension.substatuses:
        body["substatuses"] = [status(each) for each in extension.substatuses]
    if extension.statuses:
        body["statuses"] = [status(each) for each in extension.statuses]
    return body


def handler(extension: ExtensionSpec) -> Body:
    """The extension among the guest agent's handlers."""
    return {
        "type": f"{extension.publisher}.{extension.type}",
        "typeHandlerVersion": extension.installed,
        "status": status(extension.handler_status),
    }


def status(spec: StatusSpec) -> Body:
    body: Body = {"code": spec.code, "level": spec.level, "displayStatus": spec.display}
    if spec.message is not None:
        body["message"] = spec.message
    if spec.at is not None:
        body["time"] = compute_time(spec.at)
    return body
