"""One shard of the night: collect, frames, judge. Runs anywhere, on threads here or on a cluster's worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from auditor import collect, frames, judge
from auditor.collect.session import Session
from auditor.frames.derive import Context
from auditor.model.memory import Memory
from auditor.model.parcel import ShardResult, ShardScope, Survey
from auditor.model.reading import Row, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings


@dataclass(frozen=True)
class Workshop:
    """Where a shard works: how it opens a session with Azure, and the folder that takes its result."""

    open_session: Callable[[], Session]
    folder: Path


def audit(
    scope: ShardScope,
    survey: Survey,
    memory: Memory,
    rulebook: RuleBook,
    settings: Settings,
    as_of: datetime,
    workshop: Workshop,
) -> ShardResult:
    """Read the scope's machines and operations, judge them, and leave all of it in the shard's folder."""
    listed = [row for each in scope.subscriptions for row in survey.machines_of(each)]
    session = workshop.open_session()
    try:
        harvest = collect.collect(session, scope, listed, settings, as_of)
    finally:
        session.close()
    rows = {**_spanning(survey), **harvest.rows}
    context = Context(rulebook.releases, memory, _rollout(settings), as_of)
    derived = frames.derive(frames.build(rows, [*survey.readings, *harvest.readings]), context)
    verdicts = judge.judge(rulebook, derived, configured_sources(settings), as_of)
    folder = workshop.folder / scope.name
    frames.write_frames(folder, {**derived, "verdicts": verdicts})
    return ShardResult(folder, len(derived["machines"]), session.traffic)


def configured_sources(settings: Settings) -> frozenset[Source]:
    """The sources that tonight's configuration asks at all."""
    without = frozenset() if settings.sources.heartbeats.workspaces else frozenset({Source.HEARTBEATS})
    return frozenset(Source) - without


def _spanning(survey: Survey) -> dict[str, list[Row]]:
    return {name: survey.rows.get(name, []) for name in ("subscriptions", "versions", "heartbeats")}


def _rollout(settings: Settings) -> dict[str, timedelta]:
    return {"vm": settings.sources.rollout.vm, "arc": settings.sources.rollout.arc}
