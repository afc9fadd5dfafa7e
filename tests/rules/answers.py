"""From simulated answers to verdicts: machines with a history, read by the real clients, derived and judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from auditor import collect
from auditor.cloud import Cloud
from auditor.collect.session import Session
from auditor.model.memory import EMPTY, Memory
from auditor.model.narration import Silent
from auditor.model.parcel import ShardScope
from auditor.settle import settle
from auditor.shard import Workshop, audit, load
from auditor.simulator import (
    ArcMachineSpec,
    DataCollectionRuleSpec,
    Fault,
    HandMadeEstate,
    InstanceSpec,
    MachineSpec,
    OperationSpec,
    ResourceGroupSpec,
    ScaleSetSpec,
    Simulator,
    StaySpec,
    SubscriptionSpec,
    WorkspaceSpec,
    arc_monitor_agent,
    azure_monitor_agent,
)

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SUBSCRIPTION = "11111111-1111-4111-a111-111111111111"
WORKSPACE = "99999999-9999-4999-a999-999999999999"
PUBLISHER = "Microsoft.Azure.Monitor"
LINUX, WINDOWS = "AzureMonitorLinuxAgent", "AzureMonitorWindowsAgent"
LATEST, ONE_BEHIND, TWO_BEHIND, THREE_BEHIND = "1.38.1", "1.37.0", "1.36.1", "1.35.9"
OFFERED = ("1.30.3", "1.33.4", "1.34.5", THREE_BEHIND, TWO_BEHIND, ONE_BEHIND, "1.38.0", LATEST)

WAYS = ("auto", "compute")
"""How the estate is read: by Resource Graph as far as it tells, or by Resource Manager alone. Verdicts are the same."""

Verdict = tuple[str, str]
"""The verdict and its reason code."""


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def agent(installed: str | None = LATEST, os: str = "Linux", **changes: Any) -> Any:
    """The monitor agent; automatic upgrade is on unless told otherwise."""
    return azure_monitor_agent(os, installed, **changes)


def arc_agent(installed: str | None = LATEST, os: str = "Linux", **changes: Any) -> Any:
    """The same on an Arc-enabled server, with automatic upgrade on."""
    return arc_monitor_agent(os, installed, **{"auto_upgrade": True, **changes})


@dataclass(frozen=True)
class Case:
    """A machine with a history, and the verdicts that a rule must give to it, by extension name: often just one.

    Of a scale set the verdicts on its model come first, then those on its instances, in their order.
    """

    machine: MachineSpec | ScaleSetSpec | ArcMachineSpec
    expected: tuple[Verdict, ...]

    def __str__(self) -> str:
        return self.machine.name


def case(name: str, expected: Verdict | tuple[Verdict, ...] | None, *extensions: Any, **machine: Any) -> Case:
    """``name`` says what happened; None where the rule says nothing of the machine."""
    return Case(MachineSpec(_dashed(name), extensions=extensions, **machine), _several(expected))


def arc(name: str, expected: Verdict | tuple[Verdict, ...] | None, *extensions: Any, **machine: Any) -> Case:
    """The same for an Arc-enabled server."""
    given = {"os": "Linux", "last_status_change": ago(days=90), **machine}
    return Case(ArcMachineSpec(_dashed(name), extensions=extensions, **given), _several(expected))


def scale_set(
    name: str, expected: Verdict | tuple[Verdict, ...] | None, model: Any, *instances: Any, **more: Any
) -> Case:
    """The same for a scale set: the agent in its model (None: not in it), and instances that :func:`instance` made."""
    numbered = tuple(replace(each, instance_id=str(at)) for at, each in enumerate(instances))
    given = {"extensions": () if model is None else (model,), "instances": numbered, **more}
    return Case(ScaleSetSpec(_dashed(name), **given), _several(expected))


def instance(*extensions: Any, follows: bool | None = True, **more: Any) -> InstanceSpec:
    return InstanceSpec("", latest_model_applied=follows, extensions=extensions, **more)


def _dashed(name: str) -> str:
    return name.replace(" ", "-")


def _several(expected: Any) -> tuple[Verdict, ...]:
    return () if expected is None else expected if isinstance(expected[0], tuple) else (expected,)


def wrote(at: datetime, **changes: Any) -> OperationSpec:
    """A create-or-update operation on the agent that ``agent()`` makes."""
    return OperationSpec(at, changes.pop("extension", LINUX), **changes)


def failed(at: datetime, **changes: Any) -> OperationSpec:
    told = {
        "outcome": "Failed",
        "error_code": "VMExtensionProvisioningError",
        "error_message": "Enable failed with exit code 51",
    }
    return wrote(at, **{**told, **changes})


def power(at: datetime, action: str, **changes: Any) -> OperationSpec:
    """``start``, ``deallocate`` or ``powerOff``."""
    return OperationSpec(at, action=f"{action}/action", **changes)


def ran(version: str, since: datetime, until: datetime | None = None) -> StaySpec:
    return StaySpec(version, since, until)


def everywhere(
    linux: Iterable[str] = OFFERED, windows: Iterable[str] = OFFERED
) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(PUBLISHER, LINUX): tuple(linux), (PUBLISHER, WINDOWS): tuple(windows)}


@dataclass(frozen=True)
class Judged:
    """The frames of one audited estate, with its verdicts."""

    frames: Mapping[str, pd.DataFrame]

    def verdicts(self, rule: str, of: Case) -> tuple[Verdict, ...]:
        """What ``rule`` says of the machine and of what stands on it, in order of the machines and the extensions."""
        name = re.escape(of.machine.name.lower())
        found = self.frames["verdicts"]
        machines = found["machine_id"].str.lower()
        ours = found[found["rule_id"].eq(rule) & machines.str.contains(f"/{name}(?:/virtualmachines/[^/]*)?$")]
        keys = (ours[column].str.lower() for column in ("machine_id", "resource_id"))
        told = sorted(zip(*keys, ours["status"], ours["reason_code"], strict=True))
        return tuple((status, code) for _machine, _resource, status, code in told)

    def extension(self, of: Case) -> dict[str, Any]:
        """The row of the machine's one extension, None for what is missing."""
        rows = self.frames["extensions"]
        [row] = rows[rows["machine_name"].eq(of.machine.name)].to_dict("records")
        return {str(name): None if pd.isna(value) else value for name, value in row.items()}


def judge_estate(
    folder: Path,
    cases: Iterable[Case],
    *faults: Fault,
    offers: Mapping[str, Any] | None = None,
    arc_offers: Mapping[str, Any] | None = None,
    beats: bool = False,
    config: Mapping[str, Any] | None = None,
    memory: Memory = EMPTY,
    way: str = "auto",
    groups: tuple[ResourceGroupSpec, ...] = (),
    rules: tuple[DataCollectionRuleSpec, ...] = (DataCollectionRuleSpec(),),
) -> Judged:
    """Survey and audit one subscription with the machines of ``cases``, by the shipped rules.

    ``way`` is the configuration's ``sources.inventory``.
    """
    things = [each.machine for each in cases]
    subscription = SubscriptionSpec(
        SUBSCRIPTION,
        "First",
        machines=tuple(each for each in things if isinstance(each, MachineSpec)),
        scale_sets=tuple(each for each in things if isinstance(each, ScaleSetSpec)),
        arc_machines=tuple(each for each in things if isinstance(each, ArcMachineSpec)),
        resource_groups=groups,
        data_collection_rules=rules,
    )
    workspaces = (WorkspaceSpec(WORKSPACE),) if beats else ()
    hour = timedelta(hours=1)
    given = {"*": everywhere(), **(offers or {})}
    estate = HandMadeEstate(
        [subscription],
        now=NOW,
        offers=given,
        arc_offers=arc_offers or given,
        workspaces=workspaces,
        heartbeat_every=hour,
    )
    with Simulator(estate, weather=faults) as azure:
        path = azure.write_config(folder / "config.yaml")
        written = {**yaml.safe_load(path.read_text("utf-8")), **(config or {})}
        written["sources"] = {**written.get("sources", {}), "inventory": way}
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        settled = settle(path, environ={"AUDITOR_ACCESS_TOKEN": "anything"})
        open_session = partial(Session, Cloud(settled.settings.azure), Silent(), clock=lambda: NOW)
        session = open_session()
        survey = collect.survey(session, settled.settings, settled.rulebook, NOW)
        session.close()
        scope, shop = ShardScope("all", survey.readable), Workshop(open_session, folder)
        result = audit(scope, survey, memory, settled.rulebook, settled.settings, NOW, shop)
    return Judged(load(result))
