"""Whether an extension works: what Azure says of the resource, and what the machine says of itself.

A provisioning state of Succeeded says how the last operation ended, not how the extension is since: the machine itself
has to say so too, by a status in its instance view or, where nobody asked for that, by the agent's own heartbeat. What
a machine showed is as old as its last report: it counts where it is of the last day, or of its last day before a stop.
https://learn.microsoft.com/azure/virtual-machines/extensions/troubleshoot
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pandas as pd

from auditor.frames.coverage import Coverage, Subjects
from auditor.frames.machines import are_monitor_agents
from auditor.model.agent import FRESH
from auditor.model.reading import Source
from auditor.model.scopes import Subject

HEALTHY, CHANGING, FAILED = "healthy", "changing", "failed"
_OWN_VIEWS: Final = (Source.INSTANCE_VIEW, Source.SCALE_SET_INSTANCES)
_WITH_VIEWS: Final = (Subject.VM, Subject.UNIFORM)
_WORDS: Final = {
    **dict.fromkeys(("succeeded", "success", "ready", "0"), HEALTHY),
    **dict.fromkeys(("creating", "updating", "deleting", "migrating", "transitioning"), CHANGING),
    **dict.fromkeys(("failed", "canceled", "error", "notready", "unresponsive", "unavailable"), FAILED),
}
"""By the first part of a state or status, in lower case; more parts say more of the same (``failed/1``)."""


def word_of(told: str) -> str | None:
    """What a provisioning state, or status codes with commas between, say: the gravest; None for an unknown word.

    On Arc a status is a number, an exit code, or a word.
    """
    heads = [code.strip().lower().partition("/")[0] for code in told.split(",")]
    words = {FAILED if head.isdecimal() and int(head) else _WORDS.get(head) for head in heads}
    if FAILED in words:
        return FAILED
    return None if None in words else CHANGING if CHANGING in words else HEALTHY


def with_health(view: pd.DataFrame, subjects: Subjects, coverage: Coverage, as_of: datetime) -> pd.DataFrame:
    """The extensions with ``extension_health``; what a model asks for is neither healthy nor not."""
    resource, status = (_words(view[name]) for name in ("provisioning_state", "instance_status"))
    read = coverage.over((*_OWN_VIEWS, Source.ARC_EXTENSIONS), subjects)
    status = status.where(read)
    lately = _told_lately(view, subjects, as_of)
    shown = status.where(lately | status.eq(FAILED))
    heard = _heard(view, as_of) & subjects.about.isin(_WITH_VIEWS) & ~coverage.asked(_OWN_VIEWS, subjects)
    itself = shown.mask(heard, HEALTHY)
    health = resource.mask(resource.eq(HEALTHY), itself).where(view["on"].eq("machine"))
    return view.assign(extension_health=health)


def _words(column: pd.Series[Any]) -> pd.Series[Any]:
    alike = {text: word_of(text) for text in column.dropna().unique()}
    return column.map(alike).astype("str")


def _told_lately(view: pd.DataFrame, subjects: Subjects, as_of: datetime) -> pd.Series[bool]:
    """Where what the machine shows of itself is not older than a day, or than a day before it stopped."""
    since_changed = as_of - view["status_changed_at"]
    away = view["availability"].eq("disconnected") & (since_changed <= FRESH)
    on_arc = subjects.about.eq(Subject.ARC) & (view["availability"].eq("running") | away)
    ready = view["agent_state"].str.lower().eq("ready") & (view["agent_at"] >= _ran(view, as_of) - FRESH)
    return on_arc | (subjects.about.isin(_WITH_VIEWS) & ready)


def _heard(view: pd.DataFrame, as_of: datetime) -> pd.Series[bool]:
    """Where the machine's one agent was heard of lately, or within a day of its stop."""
    alone = are_monitor_agents(view) & view["monitor_agents"].eq(1).fillna(False).astype(bool)
    return alone & (view["last_heartbeat"] >= _ran(view, as_of) - FRESH)


def _ran(view: pd.DataFrame, as_of: datetime) -> pd.Series[Any]:
    """When the machine ran at the latest: now, or until it stopped; missing where that is not known."""
    stopped = view["last_ran.high"].where(view["availability"].eq("stopped"))
    return stopped.mask(view["availability"].eq("running"), pd.Timestamp(as_of))
