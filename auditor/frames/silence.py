"""For how long an agent has been silent, as far as it can be told.

A machine can report to a workspace that is not queried: silence is known only where the machine was heard of in a
queried workspace within the window, or where all its data collection rules send to queried ones: there its heartbeats
would have arrived (https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-data-collection).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from auditor.frames.build import DURATION
from auditor.frames.cells import Mask, among
from auditor.frames.collection_rules import CollectionRules
from auditor.frames.coverage import Coverage, Subjects
from auditor.frames.stays import Stays, there_since
from auditor.model.reading import Source
from auditor.model.scopes import Cut, Subject


def with_silence(
    machines: pd.DataFrame,
    subjects: Subjects,
    rules: CollectionRules,
    stays: Stays,
    coverage: Coverage,
    as_of: datetime,
) -> pd.DataFrame:
    """``machines`` with ``heard`` and ``silent_for``.

    That is since the last heartbeat, or at least for as long as one would have been heard: the window, or the time
    since the machine was made, or is known to have been there. A machine whose id was heard of, perhaps while another
    one had it, is neither known to be heard nor known to be silent.
    """
    now, heard = pd.Timestamp(as_of), machines["last_heartbeat"]
    exact = (now - heard).astype(DURATION)
    at_least = (now - _begun(machines, coverage)).astype(DURATION)
    unheard = heard.isna() & _would_be_heard(subjects, rules, stays, coverage)
    word = pd.Series(None, index=machines.index, dtype="str").mask(heard.notna(), "yes").mask(unheard, "no")
    bounds = {"silent_for.low": exact.mask(unheard, at_least), "silent_for.high": exact}
    return machines.assign(heard=word, **bounds)


def _begun(machines: pd.DataFrame, coverage: Coverage) -> pd.Series[Any]:
    window = pd.Series(coverage.heard_since, index=machines.index, dtype="datetime64[us, UTC]")
    since = there_since(machines)
    return window.where(~since.gt(window), since).where(since.notna())


def _would_be_heard(subjects: Subjects, rules: CollectionRules, stays: Stays, coverage: Coverage) -> Mask:
    """Heartbeats of instances that stand under the id of their uniform scale set may be of any of them, and those of
    a doubtful id of another machine."""
    if not coverage.covers_all(Source.HEARTBEATS):
        return rules.all_among(frozenset())
    as_one = subjects.about.eq(Subject.UNIFORM) & among(subjects.scope(Cut.SCALE_SET), stays.by_machine)
    doubtful = among(subjects.scope(Cut.MACHINE), stays.doubtful)
    return rules.all_among(coverage.complete[Source.HEARTBEATS]) & ~(as_one.to_numpy(dtype=bool) | doubtful)
