"""What is derived for machines: agents counted, heartbeats, and when the machine last ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from auditor.frames.build import Frames
from auditor.frames.cells import lower, moment, present
from auditor.frames.coverage import Coverage
from auditor.frames.failures import Stay
from auditor.frames.presence import UNKNOWN, PowerLog, Span, last_ran
from auditor.model.agent import is_monitor_agent
from auditor.model.reading import Source


def with_machine_columns(
    frames: Frames, coverage: Coverage, stays: Mapping[str, list[Stay]], as_of: datetime
) -> pd.DataFrame:
    """The machines with their derived columns; ``stays`` are by machine id in lower case."""
    machines = frames["machines"].copy()
    names = dict(zip(lower(frames["subscriptions"]["id"]), frames["subscriptions"]["name"], strict=True))
    keys = lower(machines["id"])
    machines["subscription_name"] = lower(machines["subscription_id"]).map(names).astype("str")
    machines["monitor_agents"] = _agents(frames["extensions"], machines, coverage)
    heard = [max((stay.until for stay in stays.get(key, ())), default=None) for key in keys]
    machines["last_heartbeat"] = pd.Series(heard, dtype="datetime64[us, UTC]")
    machines["silent_for"] = (pd.Timestamp(as_of) - machines["last_heartbeat"]).astype("timedelta64[us]")
    spans = _spans(machines, frames, coverage, heard, as_of)
    machines["last_ran.low"] = pd.Series([span.low for span in spans], dtype="datetime64[us, UTC]")
    machines["last_ran.high"] = pd.Series([span.high for span in spans], dtype="datetime64[us, UTC]")
    machines["last_ran_source"] = pd.Series([span.source and str(span.source) for span in spans], dtype="str")
    running = machines["availability"].eq("running")
    for low, high in (("low", "high"), ("high", "low")):
        stopped = pd.Timestamp(as_of) - machines[f"last_ran.{high}"]
        none = running | stopped.lt(pd.Timedelta(0))
        machines[f"days_stopped.{low}"] = stopped.mask(none, pd.Timedelta(0)).astype("timedelta64[us]")
    return machines


def _agents(extensions: pd.DataFrame, machines: pd.DataFrame, coverage: Coverage) -> pd.Series[Any]:
    """How many monitor agents each machine has; missing where its extensions, or what one of them is, are not known."""
    count: dict[str, int] = defaultdict(int)
    unclear: set[str] = set()
    rows = zip(lower(extensions["machine_id"]), extensions["publisher"], extensions["type"], strict=True)
    for machine, publisher, kind in rows:
        count[machine] += is_monitor_agent(publisher, kind)
        if pd.isna(publisher) or pd.isna(kind):
            unclear.add(machine)

    def told(machine: str, read: Any) -> int | None:
        clear = read == "yes" and coverage.covers(Source.INSTANCE_VIEW, machine) and machine not in unclear
        return count[machine] if clear else None

    columns = (lower(machines["id"]), machines["extensions_read"])
    return pd.Series([told(*row) for row in zip(*columns, strict=True)], dtype="Int64")


def _spans(
    machines: pd.DataFrame, frames: Frames, coverage: Coverage, heard: list[datetime | None], as_of: datetime
) -> list[Span]:
    stops, ran_on = _power_events(frames["operations"])
    windows = {
        scope: moment(start)
        for source, scope, start in zip(
            frames["readings"]["source"], frames["readings"]["scope"], frames["readings"]["window_start"], strict=True
        )
        if source == Source.ACTIVITY_LOG
    }

    def log_of(machine: str, subscription: str) -> PowerLog | None:
        start = windows.get(subscription)
        if start is None or not coverage.covers(Source.ACTIVITY_LOG, subscription):
            return None
        return PowerLog(start, stops.get(machine, ()), ran_on.get(machine, ()))

    columns = (
        machines[name]
        for name in ("id", "subscription_id", "availability", "power_state", "read_at", "created_at", "provisioned_at")
    )
    return [
        UNKNOWN
        if pd.isna(availability)
        else last_ran(
            str(availability),
            present(power),
            moment(read_at) or as_of,
            log_of(str(machine).lower(), str(subscription).lower()),
            beat,
            max(filter(None, (moment(created), moment(provisioned))), default=None),
        )
        for (machine, subscription, availability, power, read_at, created, provisioned), beat in zip(
            zip(*columns, strict=True), heard, strict=True
        )
    ]


def _power_events(operations: pd.DataFrame) -> tuple[dict[str, list[datetime]], dict[str, list[datetime]]]:
    """By machine id in lower case: when it was stopped, and moments at which it ran with no end of it logged.

    The log often has no end of an operation: such a start may have succeeded, and such a stop as well, at a time that
    nobody knows. A start that failed says nothing.
    """
    stops: dict[str, list[datetime]] = defaultdict(list)
    ran_on: dict[str, list[datetime]] = defaultdict(list)
    power = operations[operations["action"].isin(["start", "power_off", "deallocate"])]
    columns = (lower(power["machine_id"]), power["action"], power["outcome"], power["ended"].fillna(power["started"]))
    for machine, action, outcome, at in zip(*columns, strict=True):
        if pd.isna(at) or (action == "start" and outcome == "failed"):
            continue
        stopped = action != "start" and outcome == "succeeded"
        (stops if stopped else ran_on)[machine].append(at.to_pydatetime())
    return stops, ran_on
