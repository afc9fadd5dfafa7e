"""Every machine of the night: how it is, what its agent runs, and how many verdicts of each kind it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import pandas as pd

from auditor.compose.findings import owners
from auditor.compose.ledger import Frames, Ledger
from auditor.compose.rows import python
from auditor.compose.tables import Rows, cell, counted, table
from auditor.compose.wording import Wording
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import MACHINES, Kind
from auditor.model.quoting import url_path
from auditor.model.table import CellKind, Link, Table
from auditor.model.verdict import Status

_AGENT = ("type", "installed_version", "latest_version", "releases_behind", "auto_upgrade")
_SHOWN = (
    *("subscription_id", "resource_group", "location", "os", "availability", "power_state"),
    *("last_ran.low", "last_ran.high", "last_heartbeat", "agent_state", "monitor_agents", "data_collection_rules"),
    *("identity_kind", "managed_by", "scale_set_id", "follows_model", "extensions_read", "created_at", "read_at", "id"),
)
"""Columns of the frame that are shown as they are, in the order in which ``_row`` takes them."""
_KINDS = {stored: column.kind for column in MACHINES for stored in column.stored()}


class Agent(NamedTuple):
    """A machine's Azure Monitor Agent; of several each cell has a line for each."""

    type: str | None = None
    installed_version: str | None = None
    latest_version: str | None = None
    releases_behind: int | None = None
    auto_upgrade: str | None = None


_NO_AGENT = Agent()


@dataclass(frozen=True)
class MachineTable:
    """Its rows are read out of the shards each time they are told: by subscription, name and id, in any cut alike."""

    ledger: Ledger
    wording: Wording
    portal: str

    def table(self) -> Table:
        columns = (
            cell("machine", width=28),
            cell("kind", width=20),
            cell("availability", width=14),
            cell("subscription", width=26),
            cell("resource_group", width=24),
            cell("region"),
            cell("os", width=10),
            cell("type", width=26),
            cell("version", CellKind.VERSION, 14),
            cell("latest", CellKind.VERSION, 14),
            cell("behind", CellKind.NUMBER, 11),
            cell("auto_upgrade", width=14),
            cell("last_ran_from", CellKind.TIME, 18),
            cell("last_ran_to", CellKind.TIME, 18),
            cell("last_heartbeat", CellKind.TIME, 18),
        )
        rest = (
            cell("portal", CellKind.LINK, 10),
            cell("owner", width=20),
            cell("power_state", width=16),
            cell("agent_state", width=16),
            cell("monitor_agents", CellKind.NUMBER, 12),
            cell("data_collection_rules", CellKind.NUMBER, 12),
            cell("identity_kind", width=18),
            cell("managed_by", width=16),
            cell("scale_set", width=24),
            cell("follows_model", width=14),
            cell("extensions_read", width=14),
            cell("created_at", CellKind.TIME, 18),
            cell("read_at", CellKind.TIME, 18),
            cell("subscription_id", width=38),
            cell("machine_id", width=60),
        )
        told = table(self.wording, "machines", (*columns, *rest), self._rows)
        at = len(columns)
        widened = (*told.columns[:at], *counted(self.wording, width=12), *told.columns[at:])
        return Table(told.name, told.title, widened, told.rows, told.note, told.empty)

    def _rows(self) -> Rows:
        for shard in self.ledger.shards():
            yield from self._of_shard(shard.frames)

    def _of_shard(self, frames: Frames) -> Rows:
        machines, agents, counts = frames["machines"], _agents(frames["extensions"]), _verdicts(frames["verdicts"])
        names = python(machines["name"], Kind.TEXT)
        kinds, tags = python(machines["kind"], Kind.TEXT), python(machines["tags"], Kind.TAGS)
        shown = list(zip(*(python(machines[name], _KINDS[name]) for name in _SHOWN), strict=True))
        rows = list(zip(names, kinds, owners(tags), shown, strict=True))
        for name, kind, owner, cells in sorted(rows, key=_in_order):
            machine = str(cells[-1]).lower()
            found = agents.get(machine, _NO_AGENT)
            yield self._row(name, kind, owner, cells, found, counts.get(machine, {}))

    def _row(
        self,
        name: str | None,
        kind: str,
        owner: str | None,
        cells: Sequence[Any],
        agent: Agent,
        counts: Mapping[str, int],
    ) -> tuple[object, ...]:
        subscription, group, region, system, availability, power, low, high, beat, *rest = cells
        state, agents, associated, identity, managed, scale_set, follows, read, created, read_at, machine = rest
        return (
            *(name, self.wording.say("kinds", kind), availability),
            *(self.ledger.subscription_name(subscription) or subscription, group, region, system),
            *agent,
            *(low, high, beat),
            *(counts.get(status, 0) for status in Status),
            Link(self.wording.say("labels", "portal"), f"{self.portal}/#@/resource{url_path(machine)}"),
            *(owner, power, state, agents, associated, identity, managed, scale_set and scale_set.rsplit("/", 1)[-1]),
            *(follows, read, created, read_at, subscription, machine),
        )


def _in_order(row: tuple[Any, ...]) -> tuple[str, str, str]:
    name, _kind, _owner, cells = row
    return str(cells[0]).lower(), (name or "").lower(), str(cells[-1]).lower()


def _agents(extensions: pd.DataFrame) -> dict[str, Agent]:
    """The monitor agents by their machine's id in lower case."""
    names = ("machine_id", "on", "publisher", *_AGENT)
    kinds = {"releases_behind": Kind.NUMBER}
    columns = (python(extensions[name], kinds.get(name, Kind.TEXT)) for name in names)
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for machine, on, publisher, *told in zip(*columns, strict=True):
        if on == "machine" and is_monitor_agent(publisher, told[0]):
            found[machine.lower()].append(tuple(told))
    return {machine: Agent(*_together(several)) for machine, several in found.items()}


def _together(several: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    """What one agent tells, or all of a machine's: texts below one another, the most releases behind."""
    if len(several) == 1:
        return several[0]
    *texts, behind, setting = zip(*sorted(several, key=repr), strict=True)
    lines = ["\n".join(text or "?" for text in column) for column in (*texts, setting)]
    known = [count for count in behind if count is not None]
    return (*lines[:-1], max(known) if len(known) == len(behind) else None, lines[-1])


def _verdicts(verdicts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """How many verdicts of each kind a machine has, by its id in lower case."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    sizes = verdicts.groupby(["machine_id", "status"], sort=False).size()
    for (machine, status), count in cast("Mapping[tuple[str, str], int]", sizes.to_dict()).items():
        told = found[machine.lower()]
        told[status] = told.get(status, 0) + count
    return found
