"""Stays: versions that a machine's agent reported without interruption by another, in order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from auditor.frames.cells import lower
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

    Empty unless every workspace was completely read: what the others say may be overtaken by what that one would say.
    """

    by_machine: Mapping[str, list[Stay]] = field(default_factory=dict)

    @classmethod
    def of(cls, heartbeats: pd.DataFrame, coverage: Coverage) -> Stays:
        if not coverage.covers_all(Source.HEARTBEATS):
            return cls()
        heard: dict[str, list[Stay]] = defaultdict(list)
        rows = heartbeats.sort_values(["from", "to", "version"])
        times = (pd.DatetimeIndex(rows[name]).to_pydatetime() for name in ("from", "to"))
        for machine, *told in zip(lower(rows["machine_id"]), rows["version"], *times, strict=True):
            stays, stay = heard[machine], Stay(*told)
            if stays and stays[-1].version == stay.version:
                before = stays.pop()
                stay = Stay(stay.version, before.since, max(before.until, stay.until))
            stays.append(stay)
        return cls(dict(heard))

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
