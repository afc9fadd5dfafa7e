"""An archive in a folder, and nights made by hand: what was listed, what failed, and what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.frames import build
from auditor.history import Archive, Tonight, changes
from auditor.judge.verdicts import VERDICT_COLUMNS
from auditor.model.memory import Memory
from auditor.model.past import Past
from auditor.model.reading import Reading, Row, Source
from auditor.model.report import Night
from auditor.model.rule import Comparison, Rule
from auditor.model.verdict import Status
from auditor.stores.folder import FolderStore
from tests.unit.judge.parts import rule

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = "11111111-1111-4111-a111-111111111111"
OFFER = "japaneast/microsoft.azure.monitor/azuremonitorlinuxagent"
LISTS = (Source.SUBSCRIPTIONS, Source.VIRTUAL_MACHINES, Source.SCALE_SETS, Source.ARC_MACHINES, Source.EXTENSIONS)
"""What must be completely read before anything of a subscription is gone."""


def machine_id(name: str) -> str:
    return f"/subscriptions/{FIRST}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}"


def agent_id(name: str) -> str:
    return f"{machine_id(name)}/extensions/AMA"


def reading(source: Source, scope: str = FIRST, *, complete: bool = True) -> Reading:
    return Reading(source, scope, complete, 1, NOW)


@dataclass(frozen=True)
class Machine:
    """A virtual machine; ``verdict`` is that of the one rule on its agent, ``agent`` whether it has one."""

    name: str
    verdict: Status | None = Status.PASS
    code: str = "as_expected"
    agent: bool = True
    read: bool = True
    last_failure: str | None = None


def fails(name: str, code: str = "disabled") -> Machine:
    return Machine(name, Status.FAIL, code)


RULE = rule(Comparison("auto_upgrade", "equals", "enabled"), id="MY-001")
ON_OPERATIONS = rule(Comparison("last_failure", "equals", "none"), id="MY-001")


_VM = {"machine_kind": "vm"}


def frames_of(
    machines: Sequence[Machine],
    *,
    unread: Iterable[Source] = (),
    versions: Sequence[str] = (),
    operations: Sequence[Row] = (),
) -> dict[str, Any]:
    """One shard's frames as they are judged."""
    missing = frozenset(unread)
    rows: dict[str, list[Row]] = {
        "machines": [_machine(each) for each in machines],
        "extensions": [_agent(each) for each in machines if each.agent],
        "operations": [*operations],
        "versions": [
            {**dict(zip(("location", "publisher", "type"), OFFER.split("/"), strict=True)), "version": each, **_VM}
            for each in versions
        ],
    }
    readings = [reading(each, complete=each not in missing) for each in LISTS]
    offered = reading(Source.EXTENSION_VERSIONS, OFFER, complete=Source.EXTENSION_VERSIONS not in missing)
    frames = build(rows, [*readings, offered])
    view = frames["extensions"].assign(
        machine_name=[each.name for each in machines if each.agent],
        kind="vm",
        subscription_id=FIRST,
        scale_set_id="none",
        follows_model="none",
        last_failure=pd.Series([each.last_failure for each in machines if each.agent], dtype="str"),
    )
    return {**frames, "extensions": view, "verdicts": _verdicts(machines)}


def _machine(machine: Machine) -> Row:
    return {
        "id": machine_id(machine.name),
        "kind": "vm",
        "name": machine.name,
        "subscription_id": FIRST,
        "scale_set_id": "none",
        "follows_model": "none",
        "extensions_read": "yes" if machine.read else "no",
    }


def _agent(machine: Machine) -> Row:
    return {"id": agent_id(machine.name), "machine_id": machine_id(machine.name), "on": "machine", "name": "AMA"}


def _verdicts(machines: Sequence[Machine]) -> pd.DataFrame:
    with_agent = [each for each in machines if each.agent]
    rows = [
        {
            "rule_id": RULE.id,
            "status": str(each.verdict),
            "reason_code": each.code,
            "clause": 0,
            "resource_id": agent_id(each.name),
            "machine_id": machine_id(each.name),
            "row": at,
        }
        for at, each in enumerate(with_agent)
        if each.verdict
    ]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS)).astype(VERDICT_COLUMNS)


def became(past: Past) -> dict[str, str]:
    """What became of each failure, by machine."""
    told = {each.failure.machine_name or "": each.change for each in past.departed}
    told |= {_name(key[1]): each.change for key, each in past.standings.items() if each.change}
    return told


def _name(resource: str) -> str:
    return resource.split("/")[8]


@dataclass
class Nights:
    """Nights one after another in the archive of ``folder``."""

    folder: Path
    retention: timedelta = 400 * DAY
    zone: str = "UTC"

    def place(self, as_of: datetime) -> Path:
        """Where a night lies, or would."""
        return self.folder / "nights" / run_at(as_of)

    def archive(self) -> Archive:
        return Archive(FolderStore(self.folder), self.retention, self.zone)

    def recall(self, as_of: datetime, run_id: str = "") -> Memory:
        return self.archive().recall(as_of, run_id or run_at(as_of))

    def keep(
        self,
        as_of: datetime,
        machines: Sequence[Machine],
        *,
        rules: Sequence[Rule] = (RULE,),
        collected: bool = True,
        run_id: str = "",
        reports: Mapping[str, Path] | None = None,
        **more: Any,
    ) -> Past:
        """Compare, keep, and tell what became of failures."""
        archive, run = self.archive(), run_id or run_at(as_of)
        memory = archive.recall(as_of, run)
        shards = [frames_of(machines, **more)] if collected else []
        past = changes(memory, shards, (), rules, as_of)
        counts = {Status.FAIL: sum(each.verdict is Status.FAIL for each in machines)}
        night = Night(as_of, run, counts, complete=True, changes=dict(past.counts))
        tonight = Tonight(
            night, "tool 1", collected, past, lambda: shards, frozenset({ON_OPERATIONS.id}), reports or {}
        )
        archive.remember(tonight, lambda nights: ",".join(each.run_id for each in nights).encode())
        return past


def run_at(as_of: datetime) -> str:
    return f"{as_of:%Y%m%dT%H%M%SZ}-00000000"


def failed_write(name: str, ended: datetime) -> Row:
    """A failed create-or-update of the machine's agent."""
    told = {
        "id": f"tie|{name}|write|{ended.isoformat()}",
        "machine_id": machine_id(name),
        "extension_id": agent_id(name),
    }
    return {**told, "subscription_id": FIRST, "action": "write", "ended": ended, "outcome": "failed"}
