"""Every machine of the night: how it is, what its agent runs, and how many verdicts of each kind it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, NamedTuple, cast

import pandas as pd

from auditor.compose.desk import owner_of
from auditor.compose.ledger import Frames, Ledger
from auditor.compose.rows import python
from auditor.compose.tables import Rows, cell, counted, table
from auditor.compose.wording import Wording
from auditor.model.agent import is_monitor_agent
from auditor.model.dataset import MACHINES, Kind
from auditor.model.quoting import url_path
from auditor.model.table import CellKind, Link, Table
from auditor.model.verdict import Status

_KINDS = {stored: column.kind for column in MACHINES for stored in column.stored()}


class Agent(NamedTuple):
    """A machine's Azure Monitor Agent; of several each cell has a line for each."""

    type: str | None = None
    installed_version: str | None = None
    latest_version: str | None = None
    releases_behind: int | None = None
    auto_upgrade: str | None = None


_NO_AGENT = Agent()
_READ = ("name", "kind", "subscription_id", "tags")
"""Columns of the frame that the table tells in other words."""
_BEFORE_COUNTS = (
    (cell("machine", width=28), "name"),
    (cell("kind", width=20), "said_kind"),
    (cell("availability", width=14), "availability"),
    (cell("subscription", width=26), "subscription"),
    (cell("resource_group", width=24), "resource_group"),
    (cell("region"), "location"),
    (cell("os", width=10), "os"),
    (cell("type", width=26), "type"),
    (cell("version", CellKind.VERSION, 14), "installed_version"),
    (cell("latest", CellKind.VERSION, 14), "latest_version"),
    (cell("behind", CellKind.NUMBER, 11), "releases_behind"),
    (cell("auto_upgrade", width=14), "auto_upgrade"),
    (cell("last_ran_from", CellKind.TIME, 18), "last_ran.low"),
    (cell("last_ran_to", CellKind.TIME, 18), "last_ran.high"),
    (cell("last_heartbeat", CellKind.TIME, 18), "last_heartbeat"),
)
"""Headings, each with what stands below it: a column of the frame, a field of the agent, or one of ``_told``."""
_AFTER_COUNTS = (
    (cell("portal", CellKind.LINK, 10), "portal"),
    (cell("owner", width=20), "owner"),
    (cell("power_state", width=16), "power_state"),
    (cell("agent_state", width=16), "agent_state"),
    (cell("monitor_agents", CellKind.NUMBER, 12), "monitor_agents"),
    (cell("data_collection_rules", CellKind.NUMBER, 12), "data_collection_rules"),
    (cell("identity_kind", width=18), "identity_kind"),
    (cell("managed_by", width=16), "managed_by"),
    (cell("scale_set", width=24), "scale_set"),
    (cell("follows_model", width=14), "follows_model"),
    (cell("extensions_read", width=14), "extensions_read"),
    (cell("created_at", CellKind.TIME, 18), "created_at"),
    (cell("read_at", CellKind.TIME, 18), "read_at"),
    (cell("subscription_id", width=38), "subscription_id"),
    (cell("machine_id", width=60), "id"),
)
_BELOW = (*(told for _, told in _BEFORE_COUNTS), *Status, *(told for _, told in _AFTER_COUNTS))
_FROM_FRAME = tuple(dict.fromkeys((*_READ, "scale_set_id", *(told for told in _BELOW if told in _KINDS))))


@dataclass(frozen=True)
class MachineTable:
    """Its rows are read out of the shards each time they are told: by subscription, name and id, in any cut alike."""

    ledger: Ledger
    wording: Wording
    portal: str

    def table(self) -> Table:
        headings = [heading for heading, _ in (*_BEFORE_COUNTS, *_AFTER_COUNTS)]
        made, at = table(self.wording, "machines", headings, self._rows), len(_BEFORE_COUNTS)
        return replace(made, columns=(*made.columns[:at], *counted(self.wording, width=12), *made.columns[at:]))

    def _rows(self) -> Rows:
        for shard in self.ledger.shards():
            yield from self._of_shard(shard.frames)

    def _of_shard(self, frames: Frames) -> Rows:
        machines, agents, counts = frames["machines"], _agents(frames["extensions"]), _verdicts(frames["verdicts"])
        columns = (python(machines[name], _KINDS[name]) for name in _FROM_FRAME)
        rows = (dict(zip(_FROM_FRAME, cells, strict=True)) for cells in zip(*columns, strict=True))
        take = itemgetter(*_BELOW)
        for row in sorted(rows, key=_in_order):
            machine = row["id"].lower()
            agent, counted = agents.get(machine, _NO_AGENT), counts.get(machine, {})
            yield take({**dict.fromkeys(Status, 0), **counted, **row, **agent._asdict(), **self._told(row)})

    def _told(self, row: Mapping[str, Any]) -> dict[str, object]:
        subscription, scale_set = row["subscription_id"], row["scale_set_id"]
        return {
            "said_kind": self.wording.say("kinds", row["kind"]),
            "subscription": self.ledger.subscription_name(subscription) or subscription,
            "scale_set": scale_set and scale_set.rsplit("/", 1)[-1],
            "owner": owner_of(row["tags"]),
            "portal": Link(self.wording.say("labels", "portal"), f"{self.portal}/#@/resource{url_path(row['id'])}"),
        }


def _in_order(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["subscription_id"].lower(), (row["name"] or "").lower(), row["id"].lower()


def _agents(extensions: pd.DataFrame) -> dict[str, Agent]:
    """The monitor agents by their machine's id in lower case."""
    names = ("machine_id", "on", "publisher", *Agent._fields)
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
