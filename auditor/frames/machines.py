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
    machines = frames["machines"].copy()
    names = dict(zip(lower(frames["subscriptions"]["id"]), frames["subscriptions"]["name"], strict=True))
    keys = lower(machines["id"])
    machines["subscription_name"] = lower(machines["subscription_id"]).map(names).astype("str")
    machines["monitor_agents"] = _agents(frames["extensions"], keys, machines["extensions_read"])
    beats_complete = coverage.covers_all(Source.HEARTBEATS)
    heard = [max((stay.until for stay in stays.get(key, ())), default=None) if beats_complete else None for key in keys]
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


def _agents(extensions: pd.DataFrame, keys: pd.Series[Any], read: pd.Series[Any]) -> pd.Series[Any]:
    """How many monitor agents each machine has; missing where its extensions, or what one of them is, are not known."""
    count: dict[str, int] = defaultdict(int)
    unclear: set[str] = set()
    rows = zip(lower(extensions["machine_id"]), extensions["publisher"], extensions["type"], strict=True)
    for machine, publisher, kind in rows:
        count[machine] += is_monitor_agent(publisher, kind)
        if pd.isna(publisher) or pd.isna(kind):
            unclear.add(machine)
    clear = [was_read == "yes" and key not in unclear for key, was_read in zip(keys, read, strict=True)]
    told = [count[key] if known else None for key, known in zip(keys, clear, strict=True)]
    return pd.Series(told, dtype="Int64")


def _spans(
    machines: pd.DataFrame, frames: Frames, coverage: Coverage, heard: list[datetime | None], as_of: datetime
) -> list[Span]:
    logs = _power_logs(frames["operations"])
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
        starts, stops = logs.get(machine, ([], []))
        return PowerLog(start, starts, stops)

    columns = (machines[name] for name in ("id", "subscription_id", "availability", "power_state", "read_at"))
    return [
        UNKNOWN
        if pd.isna(availability)
        else last_ran(
            str(availability),
            present(power),
            moment(read_at) or as_of,
            log_of(str(machine).lower(), str(subscription).lower()),
            beat,
        )
        for (machine, subscription, availability, power, read_at), beat in zip(
            zip(*columns, strict=True), heard, strict=True
        )
    ]


def _power_logs(operations: pd.DataFrame) -> dict[str, tuple[list[datetime], list[datetime]]]:
    """Starts and stops that succeeded, by machine id in lower case."""
    logs: dict[str, tuple[list[datetime], list[datetime]]] = defaultdict(lambda: ([], []))
    done = operations[operations["outcome"].eq("succeeded") & ~operations["action"].isin(["write", "delete"])]
    for machine, action, ended in zip(lower(done["machine_id"]), done["action"], done["ended"], strict=True):
        logs[machine][0 if action == "start" else 1].append(ended.to_pydatetime())
    return logs
