"""One shard of the night: collect, frames, judge; and once more for what should be looked at again.

What is collected is stored before anything is derived from it, and judged from there: so a snapshot is judged by the
same steps, whatever the rules, the release table and the columns that they need have become since.

Runs anywhere, on threads here or on a cluster's worker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from auditor import collect, frames, judge
from auditor.collect.session import Session
from auditor.frames.derive import Context
from auditor.model.asked import asked_tonight, configured_sources
from auditor.model.memory import Memory
from auditor.model.parcel import Confirmation, ShardResult, ShardScope, Survey
from auditor.model.reading import Row, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings


@dataclass(frozen=True)
class Workshop:
    """Where a shard works: how it opens a session with Azure, and the folder that takes its folders."""

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
    """Read the scope's machines and operations, judge them, and leave all of it in the shard's folders."""
    session = workshop.open_session()
    try:
        harvest = collect.collect(session, scope, survey, settings, rulebook, as_of)
    finally:
        session.close()
    rows = {**harvest.rows, **_surveyed(scope, survey, harvest.rows)}
    folder = workshop.folder / scope.name
    frames.write_frames(folder, frames.collected(frames.build(rows, [*survey.readings, *harvest.readings])))
    shard = judged(folder, memory, rulebook, settings, as_of, workshop.folder)
    return replace(shard, traffic=session.traffic)


def judged(
    folder: Path, memory: Memory, rulebook: RuleBook, settings: Settings, as_of: datetime, scratch: Path
) -> ShardResult:
    """Judge what was collected into ``folder``, tonight or long ago, and leave the verdicts in a folder in ``scratch``.

    Raises FramesRefused where the folder does not hold what was collected.
    """
    collected = frames.read_collected(folder)
    context = Context(rulebook.releases, memory, _rollout(settings), as_of, rulebook.upgradable)
    derived = frames.derive(collected, context)
    verdicts = judge.judge(rulebook, derived, configured_sources(settings), as_of)
    changed = {name: frame for name, frame in derived.items() if frame is not collected[name]}
    place = scratch / f"{folder.name}-judged"
    frames.write_frames(place, {**changed, "verdicts": verdicts})
    return ShardResult(folder, place, len(derived["machines"]))


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

    The shard's folders then hold the new verdicts, and the frames that they rest on.
    """
    before, told = frames.read_collected(shard.folder), _verdicts_on(shard, again)
    session = workshop.open_session()
    try:
        harvest = collect.reread(session, *frames.rows_again(before, again), asked_tonight(settings, rulebook))
    finally:
        session.close()
    after = frames.renewed(before, again, harvest.rows, harvest.readings)
    frames.write_frames(shard.folder, frames.collected(after))
    del before, after, harvest  # judging reads what it needs, and that takes as much memory once more
    anew = judged(shard.folder, memory, rulebook, settings, as_of, workshop.folder)
    told_again = _verdicts_on(anew, again)
    silent = len(judge.did_not_answer(told, told_again))
    confirmed = Confirmation(len(again), len(told_again), judge.changed(told, told_again), silent=silent)
    traffic = {source: shard.traffic[source] + session.traffic[source] for source in Source}
    return replace(anew, traffic=traffic, confirmed=confirmed, again=tuple(again))


def load(shard: ShardResult) -> frames.StoredFrames:
    """All frames of the shard as they were judged, and its verdicts, each read when it is asked for."""
    return frames.StoredFrames(shard.folder, shard.judged)


def doubts_of(shard: ShardResult, rulebook: RuleBook, memory: Memory, as_of: datetime) -> list[judge.Doubt]:
    """The machines and scale sets of the shard that should be read again from Resource Manager itself."""
    return judge.doubtful(load(shard), rulebook, memory, as_of)


def _verdicts_on(shard: ShardResult, ids: Collection[str]) -> pd.DataFrame:
    return frames.verdicts_on(frames.read_frame(shard.judged, "verdicts"), ids)


def _surveyed(scope: ShardScope, survey: Survey, rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """What the survey knows of the shard: of its subscriptions, of what its regions offer, of its machines' agents.

    Data collection rules may stand in any subscription. ``rows`` are the shard's own, which may tell of offers that the
    survey did not ask for.
    """
    heard = [stay for row in rows.get("machines", []) for stay in survey.heartbeats.get(str(row["id"]).lower(), [])]
    wanted = {each.lower() for each in scope.subscriptions}
    return {
        "subscriptions": [row for row in survey.rows.get("subscriptions", []) if str(row["id"]).lower() in wanted],
        "resource_groups": survey.of("resource_groups", scope.subscriptions),
        "versions": [*survey.rows.get("versions", []), *rows.get("versions", [])],
        "data_collection_rules": survey.rows.get("data_collection_rules", []),
        "heartbeats": heard,
    }


def _rollout(settings: Settings) -> dict[str, timedelta]:
    return {"vm": settings.sources.rollout.vm, "arc": settings.sources.rollout.arc}
