"""What is handed from those who gather to those who report: a night as gathered, and all that compose is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from auditor import __version__, compose, history, judge
from auditor.cloud import Cloud
from auditor.errors import ClockRefused
from auditor.model.asked import configured_sources
from auditor.model.gathered import Gathered
from auditor.model.grounds import Again
from auditor.model.memory import EMPTY, Memory
from auditor.model.parcel import NOTHING_CONFIRMED, Confirmation, ShardResult, Survey, subscriptions_asked
from auditor.model.reading import Reading, Requests, Source, Traffic
from auditor.model.run import Order, RunFacts, Watch
from auditor.model.scopes import Cut
from auditor.shard import load

TOOL = f"azure-extension-auditor {__version__}"


def gathered_by(
    order: Order,
    cloud: Cloud,
    survey: Survey,
    asked: Requests,
    memory: Memory,
    confirmation: Confirmation,
    shards: Sequence[ShardResult],
) -> Gathered:
    """All that the shards and the survey have brought home; ``asked`` is what the survey asked for that.

    Signs in, where nobody has yet, to tell who asked.
    """
    return Gathered(
        tool=TOOL,
        as_of=order.as_of,
        fixed_clock=order.fixed_clock,
        shards=tuple(shard.folder for shard in shards),
        survey=survey.readings,
        subscriptions=tuple(survey.rows.get("subscriptions", [])),
        memory=memory,
        traffic=_traffic([asked, *(shard.traffic for shard in shards)]),
        identity=cloud.identity(),
        portal=cloud.endpoints.portal,
        confirmed=confirmation,
        again=tuple(each for shard in shards for each in shard.again),
    )


def nothing_gathered(order: Order, cloud: Cloud, refused: ClockRefused) -> Gathered:
    """A night that was refused for its clock: one question that was not answered, and it lies over everything."""
    told = Reading(
        Source.SUBSCRIPTIONS, str(Cut.TENANT), False, 0, order.clock(), reason=refused.reason, close=refused.close
    )
    return gathered_by(order, cloud, Survey({}, (told,), ()), {}, EMPTY, NOTHING_CONFIRMED, ())


def composer_of(
    order: Order, watch: Watch, gathered: Gathered, shards: Sequence[ShardResult], again: Again | None = None
) -> compose.Composer:
    """Who settles the report's words, told of all that was gathered, and of what became of earlier failures."""
    not_run = judge.not_run(order.rulebook, configured_sources(order.settings))
    ledger, memory = _ledger(gathered, shards), gathered.memory
    asked = {rule.id for rule in order.rulebook.rules if rule.enabled} - {entry.rule_id for entry in not_run}
    rules = [rule for rule in order.rulebook.rules if rule.id in asked]
    frames_of_shards = (shard.frames for shard in ledger.shards())
    facts = RunFacts(
        tool=TOOL,
        watch=watch,
        traffic=gathered.traffic,
        identity=gathered.identity,
        portal=gathered.portal,
        not_run={entry.rule_id: entry.columns for entry in not_run},
        confirmed=gathered.confirmed,
        again=again,
        reach=judge.reach(order.rulebook, subscriptions_asked(gathered.subscriptions, gathered.survey)),
        past=history.changes(memory, frames_of_shards, gathered.survey, rules, order.as_of),
        nights=memory.nights,
        passed_over=memory.passed_over,
    )
    return compose.Composer(ledger, order, facts)


def _ledger(gathered: Gathered, shards: Sequence[ShardResult]) -> compose.Ledger:
    loaders = [partial(load, shard) for shard in shards]
    return compose.Ledger(loaders, gathered.survey, gathered.subscriptions)


def _traffic(parts: Iterable[Requests]) -> Requests:
    told = list(parts)
    return {source: sum((part.get(source, Traffic()) for part in told), Traffic()) for source in Source}
