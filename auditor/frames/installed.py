"""Which version a machine runs: the freshest that can be trusted, of what Azure, Arc and heartbeats tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from auditor.frames.cells import looked_up, lower
from auditor.frames.machines import are_monitor_agents
from auditor.frames.stays import Stays
from auditor.model.agent import FRESH
from auditor.model.reading import Source
from auditor.model.version import Version

_TOLD_OF_MACHINES = ("kind", "availability", "status_changed_at", "monitor_agents")
_INSTALLED = ("installed_version", "installed_version_source", "installed_version_at")
_OTHER = ("other_version", "other_version_source", "other_version_at")


def with_installed_versions(
    extensions: pd.DataFrame, machines: pd.DataFrame, stays: Stays, as_of: datetime
) -> pd.DataFrame:
    """The extensions with the version that counts as installed, and what another source tells instead."""
    of_machines = machines[list(_TOLD_OF_MACHINES)].set_axis(pd.Index(lower(machines["id"])))
    state = looked_up(of_machines, lower(extensions["machine_id"]))
    return _with_heartbeats(_without_stale(extensions, state, as_of), state, stays, as_of)


def _without_stale(extensions: pd.DataFrame, state: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """What an Arc-enabled server told before it fell silent is what it last had, unless that was within a day."""
    told_by_arc = extensions["installed_version_source"].eq("arc") | state["kind"].eq("arc")
    lately = state["availability"].eq("disconnected") & (as_of - state["status_changed_at"] <= FRESH)
    stale = told_by_arc & ~state["availability"].eq("running") & ~lately
    last_known = {"last_known_version": "installed_version", "last_known_at": "installed_version_at"}
    moved = stale & extensions["installed_version"].notna()
    kept = {name: extensions[name].mask(moved, extensions[told]) for name, told in last_known.items()}
    return extensions.assign(**kept, **{name: extensions[name].mask(stale) for name in _INSTALLED})


def _with_heartbeats(extensions: pd.DataFrame, state: pd.DataFrame, stays: Stays, as_of: datetime) -> pd.DataFrame:
    """Where a running machine does not show freshly what its agent's version is, a fresh heartbeat does.

    A stopped one that shows nothing runs, when it runs again, what its last heartbeat told. Never with two agents:
    nobody could say which of them sent it.
    """
    told, at = (extensions[name] for name in ("installed_version", "installed_version_at"))
    heard = looked_up(stays.last, lower(extensions["machine_id"]))
    usable = are_monitor_agents(extensions) & state["monitor_agents"].eq(1).fillna(False).astype(bool)
    usable &= heard["version"].notna()
    fresh = told.notna() & (as_of - at <= FRESH)
    running = state["availability"].eq("running") & (as_of - heard["at"] <= FRESH)
    stopped = state["availability"].eq("stopped") & told.isna()
    taken = usable & ~fresh & (running | stopped)
    differs = _differ(told.where(usable), heard["version"])
    source = pd.Series(str(Source.HEARTBEATS), index=heard.index, dtype="str")
    # An old heartbeat is no contradiction: the machine was upgraded since, or reports elsewhere.
    contradicted = differs & ~taken & ~(heard["at"] < at - FRESH)
    filled = extensions.copy()
    for name, other, beat in zip(_INSTALLED, _OTHER, (heard["version"], source, heard["at"]), strict=True):
        filled[other] = extensions[other].mask(taken & differs, extensions[name]).mask(contradicted, beat)
        filled[name] = extensions[name].mask(taken, beat)
    return filled


def _differ(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[bool]:
    """Where both tell a version and it is not the same: ``1.35.1`` is ``1.35.1.0``."""
    spelled = one.notna() & other.notna() & one.ne(other)
    pairs = list(zip(one[spelled], other[spelled], strict=True))
    known = {pair: Version.read(pair[0]) != Version.read(pair[1]) for pair in set(pairs)}
    differ = np.zeros(len(one), dtype=bool)
    differ[spelled] = [known[pair] for pair in pairs]
    return pd.Series(differ, index=one.index, dtype=bool)
