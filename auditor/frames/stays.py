"""Stays: versions that a machine's agent reported without interruption by another, in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import pandas as pd

from auditor.frames.cells import cells, lower, moment, present
from auditor.frames.coverage import Coverage
from auditor.model.reading import Source
from auditor.model.vm_id import same_vm


@dataclass(frozen=True, slots=True)
class Stay:
    """A version reported without interruption by another, from first to last heartbeat."""

    version: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class _Machine:
    """The machine that has an id tonight: since when it is known to be there, None for never, and its unique id.

    ``is_told``: whether the answers tell when it was made, so that there is no doubt about what was before.
    """

    since: datetime | None
    is_told: bool
    vm: str | None

    def sent(self, at: datetime, vm: str | None) -> bool:
        """Whether a heartbeat of its id is known to be its own."""
        return (self.since is not None and at >= self.since) or (not self.is_told and same_vm(self.vm, vm))


_ANYBODY = _Machine(datetime.min.replace(tzinfo=UTC), is_told=True, vm=None)


def there_since(machines: pd.DataFrame) -> pd.Series[Any]:
    """When each was made, or else the first moment at which it is known to have been there; missing for never."""
    seen = machines[["provisioned_at", "status_changed_at"]].min(axis="columns")
    return machines["created_at"].fillna(seen)


def _known(machines: pd.DataFrame) -> dict[str, _Machine]:
    since, told = map(moment, there_since(machines).tolist()), machines["created_at"].notna().tolist()
    ids, vms = lower(machines["id"]).tolist(), map(present, machines["vm_id"].tolist())
    return {name: _Machine(*row) for name, *row in zip(ids, since, told, vms, strict=True)}


@dataclass(frozen=True)
class Stays:
    """By machine id in lower case; what several workspaces heard of one stay is one stay.

    A machine that was deleted and made anew under its name has the id of the former, whose agent is none of its own.
    So what was heard of an id counts for the machine that has it tonight

    - since that machine was made; or, where the answers do not tell when (Arc's never do), since the first moment at
      which it is known to have been there: Azure's last change to it, or the last change of an Arc-enabled server's
      status (https://learn.microsoft.com/rest/api/hybridcompute/machines/get). An id is one resource's at a time.
    - whenever it came with the machine's own unique id (:func:`auditor.model.vm_id.same_vm`).

    Where neither tells, nobody knows whose heartbeat it was: the id is among ``doubtful``, and the machine was neither
    heard nor silent.

    Empty unless every workspace was completely read: what the others say may be overtaken by what that one would say.
    """

    by_machine: Mapping[str, list[Stay]] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def of(cls, heartbeats: pd.DataFrame, machines: pd.DataFrame, coverage: Coverage) -> Stays:
        """``machines`` tell whose each heartbeat can be; one of an id that none of them has is that id's."""
        if not coverage.covers_all(Source.HEARTBEATS):
            return cls()
        known = _known(machines)
        heard: dict[str, set[tuple[datetime, str]]] = defaultdict(set)
        doubtful = set()
        vms, versions = cells(heartbeats, ("vm_id", "version"))
        told = (lower(heartbeats["machine_id"]).tolist(), map(present, vms), versions)
        times = (pd.DatetimeIndex(heartbeats[name]).to_pydatetime() for name in ("from", "to"))
        for machine, vm, version, *moments in zip(*told, *times, strict=True):
            own = known.get(machine, _ANYBODY)
            kept = [at for at in moments if own.sent(at, vm)]
            heard[machine].update((at, version) for at in kept)
            if len(kept) < len(moments) and not own.is_told:
                doubtful.add(machine)
        return cls({machine: _folded(moments) for machine, moments in heard.items() if moments}, frozenset(doubtful))

    def of_machine(self, identifier: str) -> tuple[Stay, ...]:
        return tuple(self.by_machine.get(identifier.lower(), ()))

    @cached_property
    def last_heard(self) -> pd.Series[Any]:
        """The last heartbeat of each machine."""
        told = {machine: max(stay.until for stay in stays) for machine, stays in self.by_machine.items()}
        return pd.Series(told, dtype="datetime64[us, UTC]")

    @cached_property
    def last(self) -> pd.DataFrame:
        """``version`` and ``at``, its last heartbeat, of each machine's last stay."""
        last = {machine: stays[-1] for machine, stays in self.by_machine.items()}
        columns = {
            "version": pd.Series({machine: stay.version for machine, stay in last.items()}, dtype="str"),
            "at": pd.Series({machine: stay.until for machine, stay in last.items()}, dtype="datetime64[us, UTC]"),
        }
        return pd.DataFrame(columns)


def _folded(moments: Iterable[tuple[datetime, str]]) -> list[Stay]:
    """Moments at which a version was seen, in order: those of one version that follow each other are one stay."""
    runs = (list(run) for _version, run in groupby(sorted(moments), key=lambda moment: moment[1]))
    return [Stay(run[0][1], run[0][0], run[-1][0]) for run in runs]
