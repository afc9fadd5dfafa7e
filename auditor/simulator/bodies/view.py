"""The instance view of a virtual machine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from auditor.simulator.bodies.extension import extension_view, handler, status
from auditor.simulator.forms import guid
from auditor.simulator.lag import present
from auditor.simulator.parts import AgentView, StatusSpec
from auditor.simulator.specs import MachineSpec

Body = dict[str, Any]

_SYSTEMS = {"Windows": ("Windows Server 2022 Datacenter", "10.0.20348.2655"), "Linux": ("ubuntu", "22.04")}
_AGENTS = {
    "Windows": ("2.7.41491.1131", "GuestAgent is running and processing the extensions."),
    "Linux": ("2.11.1.12", "Guest Agent is running"),
}
_SUCCEEDED = "ProvisioningState/succeeded"


def instance_view(machine: MachineSpec, now: datetime) -> Body:
    """What ``$expand=instanceView`` brings; without agent and extensions where the agent's view is absent."""
    shown = machine.agent_view()
    body: Body = {}
    if shown is AgentView.READY:
        name, version = _SYSTEMS[machine.os]
        body |= {"computerName": computer_name(machine), "osName": name, "osVersion": version}
    if shown is not AgentView.ABSENT:
        body["vmAgent"] = _agent(machine, now)
    changed = machine.created or now - timedelta(days=400)
    body["disks"] = [{"name": os_disk_name(machine), "statuses": [_provisioned(changed)]}]
    extensions = list(present(machine.extensions))
    if extensions and shown is not AgentView.ABSENT:
        body["extensions"] = [extension_view(each, machine) for each in extensions]
    return body | {"hyperVGeneration": "V2", "statuses": _statuses(machine, changed)}


def computer_name(machine: MachineSpec) -> str:
    """The name inside the guest, which is cut to 15 characters."""
    return machine.name[:15].rstrip("-._")


def os_disk_name(machine: MachineSpec) -> str:
    return f"{machine.name}_OsDisk_1_{guid('disk', machine.resource_group, machine.name).replace('-', '')}"


def _agent(machine: MachineSpec, now: datetime) -> Body:
    if machine.agent_view() is AgentView.UNKNOWN:
        # An agent that does not report is stamped with the time of the question.
        return {"vmAgentVersion": "Unknown", "statuses": [status(_unavailable(machine.agent_at or now))]}
    version, message = _AGENTS[machine.os]
    ready = StatusSpec(_SUCCEEDED, "Ready", message, at=machine.agent_at or now - timedelta(seconds=38))
    body: Body = {"vmAgentVersion": version, "statuses": [status(ready)]}
    if machine.handlers_listed:
        body["extensionHandlers"] = [handler(each) for each in present(machine.extensions) if each.installed]
    return body


def _unavailable(at: datetime) -> StatusSpec:
    message = "VM status blob is found but not yet populated."
    return StatusSpec("ProvisioningState/Unavailable", "Not Ready", message, "Warning", at)


def _provisioned(at: datetime) -> Body:
    return status(StatusSpec(_SUCCEEDED, "Provisioning succeeded", None, at=at))


def _statuses(machine: MachineSpec, changed: datetime) -> list[Body]:
    if machine.provisioning_state == "Succeeded":
        statuses = [_provisioned(changed)]
    else:
        word = machine.provisioning_state
        statuses = [status(StatusSpec(f"ProvisioningState/{word.lower()}", word, None))]
    if machine.power is not None:
        statuses.append(status(StatusSpec(f"PowerState/{machine.power}", f"VM {machine.power}", None)))
    return statuses
