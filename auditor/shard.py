"""One shard of the night: collect, frames, judge; and once more for what should be looked at again.

Runs anywhere, on threads here or on a cluster's worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from auditor import collect, frames, judge
from auditor.collect.session import Session
from auditor.frames.derive import Context
from auditor.model.memory import Memory
from auditor.model.parcel import Confirmation, ShardResult, ShardScope, Survey
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
    session = workshop.open_session()
    try:
        harvest = collect.collect(session, scope, survey, settings, rulebook, as_of)
    finally:
        session.close()
    rows = {**harvest.rows, **_surveyed(scope, survey, harvest.rows)}
    built = frames.build(rows, [*survey.readings, *harvest.readings])
    derived = frames.derive(built, _context(memory, rulebook, settings, as_of))
    verdicts = judge.judge(rulebook, derived, configured_sources(settings), as_of)
    folder = workshop.folder / scope.name
    frames.write_frames(folder, {**derived, "verdicts": verdicts})
    return ShardResult(folder, len(derived["machines"]), session.traffic)


def confirm(
    shard: ShardResult,
    again: Sequence[str],
    memory: Memory,
    rulebook: RuleBook,
    settings: Settings,
    as_of: datetime,
    workshop: Workshop,
) -> ShardResult:
    """Judge ``again`` (ids of machines and scale sets) anew on what Resource Manager itself says of them now.

    The shard's folder then holds the new verdicts, and the frames that they rest on.
    """
    before = frames.read_frames(shard.folder)
    session = workshop.open_session()
    try:
        harvest = collect.reread(session, *frames.rows_again(before, again))
    finally:
        session.close()
    narrow = frames.narrowed(before, again, harvest.rows, harvest.readings)
    derived = frames.derive(narrow, _context(memory, rulebook, settings, as_of))
    after = frames.merged(before, derived, again)
    verdicts = judge.judge(rulebook, after, configured_sources(settings), as_of)
    frames.write_frames(shard.folder, {**after, "verdicts": verdicts})
    told, told_again = (frames.verdicts_on(each, again) for each in (before["verdicts"], verdicts))
    silent = len(judge.did_not_answer(told, told_again))
    confirmed = Confirmation(len(again), len(told_again), judge.changed(told, told_again), silent=silent)
    traffic = {source: shard.traffic[source] + session.traffic[source] for source in Source}
    return replace(shard, machines=len(after["machines"]), traffic=traffic, confirmed=confirmed)


def doubts_of(shard: ShardResult, rulebook: RuleBook, memory: Memory, as_of: datetime) -> list[judge.Doubt]:
    """The machines and scale sets of the shard that should be read again from Resource Manager itself."""
    return judge.doubtful(frames.read_frames(shard.folder), rulebook, memory, as_of)


def configured_sources(settings: Settings) -> frozenset[Source]:
    """The sources that tonight's configuration asks at all."""
    without = frozenset() if settings.sources.heartbeats.workspaces else frozenset({Source.HEARTBEATS})
    return frozenset(Source) - without


def _surveyed(scope: ShardScope, survey: Survey, rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """What the survey knows of the shard: of its subscriptions, of what its regions offer, of its machines' agents.

    ``rows`` are the shard's own, which may tell of offers that the survey did not ask for.
    """
    heard = [stay for row in rows.get("machines", []) for stay in survey.heartbeats.get(str(row["id"]).lower(), [])]
    wanted = {each.lower() for each in scope.subscriptions}
    return {
        "subscriptions": [row for row in survey.rows.get("subscriptions", []) if str(row["id"]).lower() in wanted],
        "resource_groups": survey.of("resource_groups", scope.subscriptions),
        "versions": [*survey.rows.get("versions", []), *rows.get("versions", [])],
        "heartbeats": heard,
    }


def _context(memory: Memory, rulebook: RuleBook, settings: Settings, as_of: datetime) -> Context:
    return Context(rulebook.releases, memory, _rollout(settings), as_of, rulebook.upgradable)


def _rollout(settings: Settings) -> dict[str, timedelta]:
    return {"vm": settings.sources.rollout.vm, "arc": settings.sources.rollout.arc}
