"""What is derived for machines and scale sets: agents counted, heartbeats, who manages them, when they last ran."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from auditor.frames.build import DURATION, Frames
from auditor.frames.cells import Mask, among, cells, looked_up, lower, moment, present
from auditor.frames.collection_rules import CollectionRules
from auditor.frames.coverage import EXTENSIONS, LOGS, Coverage, Subjects
from auditor.frames.managed import inherited, managed_by
from auditor.frames.operations import orphaned_failures
from auditor.frames.power import PowerEvents
from auditor.frames.presence import PowerLog, Span, last_ran
from auditor.frames.running import with_running_for
from auditor.frames.silence import with_silence
from auditor.frames.stays import Stays
from auditor.model.agent import MONITOR_PUBLISHER, MONITOR_TYPES
from auditor.model.reading import Source
from auditor.model.scopes import Subject


def with_scale_set_columns(frames: Frames, coverage: Coverage) -> pd.DataFrame:
    """The scale sets with their derived columns."""
    scale_sets = frames["scale_sets"].copy()
    scale_sets["subscription_name"] = _subscription_names(scale_sets, frames)
    scale_sets["managed_by"] = managed_by(scale_sets, frames["resource_groups"], coverage)
    return scale_sets


def with_machine_columns(
    frames: Frames, scale_sets: pd.DataFrame, coverage: Coverage, stays: Stays, as_of: datetime
) -> pd.DataFrame:
    """The machines with their derived columns; ``scale_sets`` have theirs."""
    machines, subjects, now = frames["machines"].copy(), Subjects(frames["machines"]), pd.Timestamp(as_of)
    machines["subscription_name"] = _subscription_names(machines, frames)
    machines["age"] = (now - machines["created_at"]).astype(DURATION)
    machines["managed_by"] = managed_by(machines, frames["resource_groups"], coverage)
    machines["managed_by"] = inherited(machines, scale_sets)
    read = coverage.over(EXTENSIONS, subjects) & machines["extensions_read"].eq("yes").to_numpy(dtype=bool)
    machines["monitor_agents"] = _agents(frames["extensions"], lower(machines["id"]), read)
    known = read & coverage.over(LOGS, subjects)
    machines["orphaned_failure"] = orphaned_failures(machines, frames["extensions"], frames["operations"], known)
    rules = CollectionRules.of(frames["associations"], frames["data_collection_rules"], subjects, coverage)
    machines["data_collection_rules"] = rules.number
    machines["last_heartbeat"] = looked_up(stays.last_heard, lower(machines["id"]))
    machines = with_silence(machines, subjects, rules, stays, coverage, as_of)
    events = PowerEvents.of(frames["operations"], machines)
    machines = with_running_for(machines, subjects, events, coverage, as_of)
    return _with_last_ran(machines, subjects, events, coverage, as_of)


def _subscription_names(rows: pd.DataFrame, frames: Frames) -> pd.Series[Any]:
    told = frames["subscriptions"]
    names = told["name"].set_axis(pd.Index(lower(told["id"])))
    return looked_up(names[~names.index.duplicated()], lower(rows["subscription_id"]))


def are_monitor_agents(extensions: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are the Azure Monitor Agent, by publisher and type in any letter case."""
    return lower(extensions["publisher"]).eq(MONITOR_PUBLISHER) & lower(extensions["type"]).isin(MONITOR_TYPES)


def _agents(extensions: pd.DataFrame, machines: pd.Series[Any], read: Mask) -> pd.Series[Any]:
    """How many monitor agents each machine has; missing where its extensions, or what one of them is, are not known."""
    owners = lower(extensions["machine_id"])
    count = owners[are_monitor_agents(extensions)].value_counts()
    unclear = set(owners[extensions["publisher"].isna() | extensions["type"].isna()])
    told = looked_up(count.astype("Int64"), machines).fillna(0)
    return told.mask(~read | among(machines, unclear))


# --- when machines last ran ---


def _with_last_ran(
    machines: pd.DataFrame, subjects: Subjects, events: PowerEvents, coverage: Coverage, as_of: datetime
) -> pd.DataFrame:
    """``last_ran``, who told it, and ``days_stopped``.

    A running machine runs now. A disconnected Arc-enabled server ran until its status changed, and may run still.
    """
    read_at = machines["read_at"].fillna(pd.Timestamp(as_of))
    running = machines["availability"].eq("running")
    gone = machines["availability"].eq("disconnected") & machines["status_changed_at"].notna()
    since = machines["status_changed_at"].clip(upper=read_at)
    machines["last_ran.low"] = since.where(gone).mask(running, read_at)
    machines["last_ran.high"] = read_at.where(running | gone)
    machines["last_ran_source"] = _state_sources(machines, subjects, coverage).where(running | gone)
    stopped = np.flatnonzero(machines["availability"].eq("stopped"))
    spans = _spans(machines.iloc[stopped].assign(read_at=read_at.iloc[stopped]), events, coverage)
    for name, told in (
        ("last_ran.low", [span.low for span in spans]),
        ("last_ran.high", [span.high for span in spans]),
        ("last_ran_source", [span.source for span in spans]),
    ):
        machines.loc[stopped, name] = pd.Series(told, index=stopped, dtype=machines[name].dtype)
    return _with_days_stopped(machines, as_of)


def _with_days_stopped(machines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    running = machines["availability"].eq("running")
    for low, high in (("low", "high"), ("high", "low")):
        stopped = pd.Timestamp(as_of) - machines[f"last_ran.{high}"]
        none = running | stopped.lt(pd.Timedelta(0))
        machines[f"days_stopped.{low}"] = stopped.mask(none, pd.Timedelta(0)).astype(DURATION)
    return machines


def _state_sources(machines: pd.DataFrame, subjects: Subjects, coverage: Coverage) -> pd.Series[Any]:
    """Who told the state of each machine: Arc, the machine itself, or Resource Graph's list."""
    itself = coverage.over((Source.INSTANCE_VIEW,), subjects)
    listed = subjects.about.eq(Subject.VM) & lower(machines["subscription_id"]).isin(coverage.by_graph)
    told = np.where(listed & ~itself, "resource_graph", "instance_view")
    return pd.Series(np.where(subjects.about.eq(Subject.ARC), "arc", told), index=machines.index, dtype="str")


def _spans(stopped: pd.DataFrame, events: PowerEvents, coverage: Coverage) -> list[Span]:
    def log_of(machine: str, scale_set: Any, subscription: Any) -> PowerLog | None:
        start = coverage.windows.get(str(subscription))
        if start is None or present(scale_set) is None or not coverage.covers(Source.ACTIVITY_LOG, str(subscription)):
            return None
        of_set = events.upper_bounds(str(scale_set))
        return PowerLog(start, events.stops.get(machine, ()), events.ran_on.get(machine, ()), of_set)

    keys = (lower(stopped[name]).tolist() for name in ("id", "scale_set_id", "subscription_id"))
    names = ("power_state", "read_at", "last_heartbeat", "created_at", "provisioned_at")
    rows = zip(*keys, *cells(stopped, names), strict=True)
    return [
        last_ran(
            present(power),
            read_at.to_pydatetime(),
            log_of(machine, scale_set, subscription),
            moment(heard),
            max(filter(None, (moment(created), moment(provisioned))), default=None),
        )
        for machine, scale_set, subscription, power, read_at, heard, created, provisioned in rows
    ]
