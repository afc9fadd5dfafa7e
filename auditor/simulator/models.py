"""The scale sets of a seeded estate: which kinds there are, and how their instances come to follow the model or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.life import days
from auditor.simulator.parts import MONITOR_PUBLISHER, ExtensionSpec, OperationSpec, azure_monitor_agent
from auditor.simulator.plan import SetPlan
from auditor.simulator.specs import InstanceSpec, MachineSpec, ScaleSetSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scale set: what its model says of the agent, and which of its instances do not follow the model.

    ``behind`` of 2 is every second instance, of None no one.
    """

    stem: str
    orchestration: str | None
    upgrade_mode: str
    auto_upgrade: bool | None
    behind: int | None = None
    managed: bool = False
    with_agent: bool = True


_KINDS = (
    Kind("vmss-web", "Uniform", "Manual", True, behind=2),
    Kind("vmss-flex", "Flexible", "Manual", True),
    Kind("aks-nodepool1", "Uniform", "Manual", True, managed=True),
    Kind("vmss-api", "Uniform", "Automatic", False),
    Kind("vmss-batch", "Uniform", "Rolling", True, behind=20),
    Kind("vmss-grid", "Flexible", "Manual", None),
    # Made before there were two kinds: the model names no orchestration.
    Kind("vmss-old", None, "Automatic", None),
    Kind("vmss-bare", "Uniform", "Manual", None, with_agent=False),
)
"""By the scale set's number; every fourth is flexible."""

_AKS_TAGS = {
    "aks-managed-orchestrator": "Kubernetes:1.31.8",
    "aks-managed-poolName": "nodepool1",
    "aks-managed-creationSource": "vmssclient-aks-nodepool1",
}


def kind_of(plan: SetPlan) -> Kind:
    return _KINDS[plan.number % len(_KINDS)]


def follows(plan: SetPlan, number: int) -> bool:
    """Whether the model was applied to the instance of that number."""
    behind = kind_of(plan).behind
    return behind is None or number % behind != 1


def name_of(plan: SetPlan) -> str:
    kind = kind_of(plan)
    return f"{kind.stem}-{plan.number:05d}" + ("-vmss" if kind.managed else "")


def group_of(plan: SetPlan) -> str:
    """AKS makes a group of its own for its nodes."""
    return f"MC_rg-kubernetes_aks-{plan.number:05d}" if kind_of(plan).managed else "rg-scale-sets"


def manager_of(plan: SetPlan, subscription_id: str) -> str | None:
    """The ``managedBy`` of the set's resource group."""
    if not kind_of(plan).managed:
        return None
    place = f"/subscriptions/{subscription_id}/resourcegroups/rg-kubernetes"
    return f"{place}/providers/Microsoft.ContainerService/managedClusters/aks-{plan.number:05d}"


def model(plan: SetPlan, location: str, os: str, now: datetime) -> ScaleSetSpec:
    """The scale set; somebody wrote the agent into its model some days ago."""
    kind = kind_of(plan)
    agent = azure_monitor_agent(os, None, auto_upgrade=kind.auto_upgrade)
    written: dict[str, Any] = {}
    if kind.with_agent:
        caller = catalogue.PLATFORM if kind.managed else catalogue.PIPELINE
        written = {
            "extensions": (agent,),
            "operations": (OperationSpec(now - days(5.4), agent.name, caller=caller),),
        }
    return ScaleSetSpec(
        name_of(plan),
        group_of(plan),
        location,
        os,
        orchestration=kind.orchestration,
        upgrade_mode=kind.upgrade_mode,
        capacity=plan.size,
        tags=_AKS_TAGS if kind.managed else {"env": "prod", "owner": "platform-team@contoso.example"},
        created=now - timedelta(days=300 + plan.number % 90),
        **written,
    )


def as_instance(machine: MachineSpec, number: int, scale_set: ScaleSetSpec, *, applied: bool) -> InstanceSpec:
    """The instance with the life that was told of ``machine``, and what it took over from the model."""
    agent = next((each for each in scale_set.extensions if each.publisher == MONITOR_PUBLISHER), None)
    names: dict[str | None, str] = {
        each.name: _taken_over(each, agent, applied=applied).name for each in machine.extensions
    }
    return InstanceSpec(
        str(number),
        latest_model_applied=applied,
        power=machine.power,
        extensions=tuple(_taken_over(each, agent, applied=applied) for each in machine.extensions),
        operations=tuple(
            replace(each, extension=names.get(each.extension, each.extension)) for each in machine.operations
        ),
        stays=machine.stays,
        created=machine.created,
        provisioning_state=machine.provisioning_state,
        agent=machine.agent,
        agent_at=machine.agent_at,
        handlers_listed=machine.handlers_listed,
    )


def _taken_over(extension: ExtensionSpec, agent: ExtensionSpec | None, *, applied: bool) -> ExtensionSpec:
    """An agent has its model's name; its flag too, once the model was applied that has it."""
    if agent is None or extension.publisher != MONITOR_PUBLISHER:
        return extension
    return replace(extension, name=agent.name, auto_upgrade=agent.auto_upgrade if applied else None)
