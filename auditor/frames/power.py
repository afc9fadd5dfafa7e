"""The power events of machines and scale sets, as the activity log tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from auditor.frames.cells import cells, lower


@dataclass(frozen=True)
class PowerEvents:
    """By id of machine or scale set in lower case: when it was stopped, and moments at which it ran with no end logged.

    The log often has no end of an operation: such a start may have succeeded, and such a stop as well, at a time that
    nobody knows. A start that failed says nothing.
    """

    stops: Mapping[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    ran_on: Mapping[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    starts: Mapping[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """Those among ``ran_on`` at which it was started."""

    @classmethod
    def of(cls, operations: pd.DataFrame, machines: pd.DataFrame) -> PowerEvents:
        """What was done before a machine was made (``machines`` tell) was done to another one of its id.

        Where that is not told, what was stopped may have been another one, and this one have run since.
        """
        events, made = cls(), dict(zip(lower(machines["id"]).tolist(), machines["created_at"].tolist(), strict=True))
        power = operations[operations["action"].isin(["start", "power_off", "deallocate"])]
        times = power["ended"].fillna(power["started"])
        for machine, action, outcome, at in zip(
            lower(power["machine_id"]).tolist(), *cells(power, ("action", "outcome")), times.tolist(), strict=True
        ):
            if pd.isna(at) or at < made.get(machine, pd.NaT) or (action == "start" and outcome == "failed"):
                continue
            stopped = action != "start" and outcome == "succeeded" and not pd.isna(made.get(machine, at))
            (events.stops if stopped else events.ran_on)[machine].append(at.to_pydatetime())
            if action == "start":
                events.starts[machine].append(at.to_pydatetime())
        return events

    def upper_bounds(self, scale_set: str) -> list[datetime | None]:
        """When an instance ran at the latest by each event of its scale set; None: it may run still."""
        return [*self.stops.get(scale_set, ()), *(None for _start in self.ran_on.get(scale_set, ()))]
