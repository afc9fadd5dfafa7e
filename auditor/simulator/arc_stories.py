"""The natural histories of Arc-enabled servers, whose agents the platform upgrades by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from auditor.simulator import catalogue
from auditor.simulator.life import HEARTBEATS_KEPT, UPGRADE, days
from auditor.simulator.parts import OperationSpec, StaySpec, arc_monitor_agent
from auditor.simulator.releases import releases
from auditor.simulator.specs import ArcMachineSpec

_UPGRADE_ACTION = "upgradeExtensions/action"


@dataclass(frozen=True, slots=True)
class ArcLife:
    """A server before its story is told, and what its story draws from."""

    machine: ArcMachineSpec
    now: datetime
    chance: Random
    workspace: str | None

    def version(self, behind: int) -> str:
        line = releases(self.machine.location, self.machine.os, self.now)
        return line[max(-len(line), -1 - behind)].version

    def told(self, installed: str, **changes: Any) -> ArcMachineSpec:
        """The server with its agent; ``agent`` are changes of the agent, the rest of the server."""
        agent = arc_monitor_agent(self.machine.os, installed, **changes.pop("agent", {}))
        return replace(self.machine, **({"extensions": (agent,)} | changes))

    def reported(self, version: str, since: datetime, until: datetime | None = None) -> tuple[StaySpec, ...]:
        start = max(since, self.now - HEARTBEATS_KEPT)
        if self.workspace is None or start >= (until or self.now):
            return ()
        return (StaySpec(version, start, until, workspace=self.workspace),)

    def upgrade(self, at: datetime, **more: Any) -> OperationSpec:
        return OperationSpec(at, action=_UPGRADE_ACTION, caller=catalogue.REGIONAL_SERVICE_MANAGER, **more)


ArcStory = Callable[[ArcLife], ArcMachineSpec]


def upgraded(life: ArcLife) -> ArcMachineSpec:
    behind, at = life.chance.choice((0, 1, 1)), life.now - days(life.chance.uniform(3, 30))
    before = life.reported(life.version(behind + 1), at - days(60), at)
    stays = before + life.reported(life.version(behind), at + UPGRADE)
    return life.told(life.version(behind), stays=stays, operations=(life.upgrade(at),))


def disconnected_for_weeks(life: ArcLife) -> ArcMachineSpec:
    at = life.now - days(life.chance.uniform(12, 35))
    stays = life.reported(life.version(3), at - days(60), at)
    return life.told(life.version(3), status="Disconnected", last_status_change=at, stays=stays)


def expired(life: ArcLife) -> ArcMachineSpec:
    return life.told(life.version(9), status="Expired", last_status_change=life.now - days(92))


def switched_off(life: ArcLife) -> ArcMachineSpec:
    version = life.version(life.chance.randint(4, 8))
    return life.told(version, agent={"auto_upgrade": False}, stays=life.reported(version, life.now - days(200)))


def upgrade_failed(life: ArcLife) -> ArcMachineSpec:
    at, kind = life.now - days(2.3), f"AzureMonitor{life.machine.os}Agent"
    message = f"Extension '{kind}': Enable failed with exit code 51."
    agent = {"auto_upgrade": True, "provisioning_state": "Failed", "code": "51", "message": message}
    failed = life.upgrade(at, outcome="Failed", error_code="HCRP500", error_message=message)
    stays = life.reported(life.version(2), at - days(60), at)
    return life.told(life.version(2), agent=agent, operations=(failed,), stays=stays)


def never_connected(life: ArcLife) -> ArcMachineSpec:
    return replace(life.machine, status=None, bare=life.chance.random() < 0.3)


def disconnected_this_night(life: ArcLife) -> ArcMachineSpec:
    at = life.now - timedelta(hours=7)
    stays = life.reported(life.version(1), at - days(60), at)
    return life.told(life.version(1), status="Disconnected", last_status_change=at, stays=stays)


def in_error(life: ArcLife) -> ArcMachineSpec:
    return life.told(life.version(4), status="Error", last_status_change=life.now - days(4))


def without_agent(life: ArcLife) -> ArcMachineSpec:
    return life.machine


ARC_STORIES: tuple[tuple[int, ArcStory], ...] = (
    (10, upgraded),
    (2, disconnected_for_weeks),
    (1, expired),
    (2, switched_off),
    (1, upgrade_failed),
    (1, never_connected),
    (1, disconnected_this_night),
    (1, in_error),
    (1, without_agent),
)
"""Each story with how many servers in twenty have it."""
