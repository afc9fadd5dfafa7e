"""One machine's life as a story tells it: its agent, what was done to it, and what it reported."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.parts import Caller, ExtensionSpec, OperationSpec, StaySpec, azure_monitor_agent
from auditor.simulator.releases import Offered, releases
from auditor.simulator.specs import MachineSpec

HEARTBEATS_KEPT = timedelta(days=45)
UPGRADE = timedelta(minutes=4)
"""For how long an agent is silent while it is upgraded."""


def days(number: float) -> timedelta:
    return timedelta(days=number)


@dataclass(slots=True)
class Life:
    """One machine's life as it is being told."""

    machine: MachineSpec
    now: datetime
    chance: Random
    workspace: str | None
    extensions: list[ExtensionSpec] = field(default_factory=list)
    operations: list[OperationSpec] = field(default_factory=list)
    stays: list[StaySpec] = field(default_factory=list)

    @property
    def line(self) -> tuple[Offered, ...]:
        return releases(self.machine.location, self.machine.os, self.now)

    def version(self, behind: int) -> str:
        """The version so many releases behind the region's newest."""
        return self.line[max(-len(self.line), -1 - behind)].version

    def agent(self, installed: str | None, **changes: Any) -> ExtensionSpec:
        """Give the machine its monitor agent."""
        kind = f"AzureMonitor{self.machine.os}Agent"
        name = self.chance.choice(catalogue.AGENT_NAMES).format(type=kind)
        requested = self.chance.choice(("1.0", "1.0", "1.0", "1.10", "1.33"))
        spec = azure_monitor_agent(self.machine.os, installed, **({"name": name, "requested": requested} | changes))
        self.extensions.append(spec)
        return spec

    def ran(self, version: str, since: datetime, until: datetime | None = None) -> None:
        """The agent reported ``version``, as far back as heartbeats are kept."""
        start = max(since, self.now - HEARTBEATS_KEPT)
        if self.workspace is not None and (until is None or start < until):
            self.stays.append(StaySpec(version, start, until, workspace=self.workspace))

    def wrote(self, extension: ExtensionSpec, at: datetime, caller: Caller = catalogue.PLATFORM, **more: Any) -> None:
        """Somebody created or updated the extension."""
        extra: dict[str, Any] = {"audited": self.chance.random() < 0.2, "upper_cased": self.chance.random() < 0.25}
        self.operations.append(OperationSpec(at, extension.name, caller=caller, **(extra | more)))

    def failed(self, extension: ExtensionSpec, at: datetime, caller: Caller = catalogue.PLATFORM, **more: Any) -> None:
        code, message = catalogue.handler_failed(extension, self.machine.os)
        defaults = {"outcome": "Failed", "error_code": code, "error_message": message, "lasts": timedelta(minutes=9)}
        self.wrote(extension, at, caller, **(defaults | more))

    def power(self, at: datetime, action: str, caller: Caller | None = None) -> None:
        person = caller or self.chance.choice(catalogue.PEOPLE)
        self.operations.append(OperationSpec(at, action=f"{action}/action", caller=person, accepted=1))

    def upgraded(self, extension: ExtensionSpec, old: str, new: str, at: datetime, **more: Any) -> None:
        """The usual: reported the old version, was upgraded, has reported the new one since."""
        self.ran(old, at - days(60), at)
        self.wrote(extension, at, **more)
        self.ran(new, at + UPGRADE)

    def told(self, **changes: Any) -> MachineSpec:
        return replace(
            self.machine,
            extensions=tuple(self.extensions),
            operations=tuple(self.operations),
            stays=tuple(self.stays),
            **changes,
        )
