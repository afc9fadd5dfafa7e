"""Stays: versions that a machine's agent reported without interruption by another, in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import pandas as pd

from auditor.frames.cells import lower, moment
from auditor.frames.coverage import Coverage
from auditor.model.reading import Source


@dataclass(frozen=True, slots=True)
class Stay:
    """A version reported without interruption by another, from first to last heartbeat."""

    version: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Stays:
    """By machine id in lower case; what several workspaces heard of one stay is one stay.

    A machine that was deleted and made anew under its name has the id of the former, whose agent is none of its own.

    Empty unless every workspace was completely read: what the others say may be overtaken by what that one would say.
    """

    by_machine: Mapping[str, list[Stay]] = field(default_factory=dict)

    @classmethod
    def of(cls, heartbeats: pd.DataFrame, machines: pd.DataFrame, coverage: Coverage) -> Stays:
        """``machines`` tell since when each has been there: what was heard before was another one of its id."""
        if not coverage.covers_all(Source.HEARTBEATS):
            return cls()
        created = dict(zip(lower(machines["id"]), map(moment, machines["created_at"]), strict=True))
        heard: dict[str, set[tuple[datetime, str]]] = defaultdict(set)
        ids, versions = lower(heartbeats["machine_id"]), heartbeats["version"]
        times = (pd.DatetimeIndex(heartbeats[name]).to_pydatetime() for name in ("from", "to"))
        for machine, version, *moments in zip(ids, versions, *times, strict=True):
            made = created.get(machine)
            heard[machine].update((at, version) for at in moments if made is None or at >= made)
        return cls({machine: _folded(moments) for machine, moments in heard.items() if moments})

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
