"""All shards of a night, on whatever executor there is: :mod:`auditor.shard` tells one of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path

from auditor import frames, workers
from auditor.errors import SnapshotRefused
from auditor.model.gathered import Gathered
from auditor.model.memory import Memory
from auditor.model.parcel import Chosen, Confirmation, ShardResult, ShardScope, Survey
from auditor.model.run import Order
from auditor.pieces import choice_piece, confirmed_piece, shard_piece
from auditor.shard import Workshop, audit, confirm, doubts_of, judged
from auditor.underway import UnderWay

MOST_CONFIRMED = 500
"""Machines that one night reads again one by one; where more are doubtful, the gravest. The report says how many were
left: without the memory of last night every failure is a new one."""


def plan(survey: Survey, most: int) -> list[ShardScope]:
    """Batches of whole subscriptions, in the order in which findings are told, of about ``most`` machines each."""
    ordered = sorted(survey.readable, key=str.lower)
    sizes = [survey.size(each) for each in ordered]
    batches: dict[int, list[str]] = {}
    for subscription, size, until in zip(ordered, sizes, accumulate(sizes), strict=True):
        batches.setdefault((until - size) // most, []).append(subscription)
    return [ShardScope(f"shard-{at:05}", tuple(each)) for at, each in enumerate(batches.values())]


def audit_all(
    scopes: Sequence[ShardScope], survey: Survey, memory: Memory, under_way: UnderWay, shop: Workshop
) -> list[ShardResult]:
    """Every shard, one after the other on whatever executor there is; the results keep the order of the scopes.

    None is begun that the time budget does not last for. Raises OutOfTime.
    """
    order = under_way.order
    under_way.planned["shard"] = len(scopes)
    with workers.local_executor() as executor:

        def audited(scope: ShardScope) -> ShardResult:
            context = (survey, memory, order.rulebook, order.settings, order.as_of, shop)
            return executor.submit(audit, scope, *context).result()

        return [under_way.once(shard_piece(scope), partial(audited, scope)) for scope in scopes]


def confirm_all(
    scopes: Sequence[ShardScope],
    shards: Sequence[ShardResult],
    memory: Memory,
    under_way: UnderWay,
    shop: Workshop,
) -> tuple[Confirmation, list[ShardResult]]:
    """Read again what is doubtful: the gravest first and so many at the most, however the estate was cut.

    Raises OutOfTime as :func:`audit_all` does.
    """
    order = under_way.order
    context = (memory, order.rulebook, order.settings, order.as_of, shop)
    chosen = under_way.once(choice_piece(), partial(_choose, shards, memory, order))
    under_way.planned["confirm"] = sum(map(bool, chosen.again))
    with workers.local_executor() as executor:

        def confirmed(shard: ShardResult, again: Sequence[str]) -> ShardResult:
            return executor.submit(confirm, shard, again, *context).result()

        results = [
            under_way.once(confirmed_piece(scope), partial(confirmed, shard, again)) if again else shard
            for scope, shard, again in zip(scopes, shards, chosen.again, strict=True)
        ]
    return sum((shard.confirmed for shard in results), Confirmation(left=chosen.left)), results


def _choose(shards: Sequence[ShardResult], memory: Memory, order: Order) -> Chosen:
    doubts = [
        (doubt, at)
        for at, shard in enumerate(shards)
        for doubt in doubts_of(shard, order.rulebook, memory, order.as_of)
    ]
    chosen = sorted(doubts)[:MOST_CONFIRMED]
    again = (tuple(doubt.id for doubt, where in chosen if where == at) for at in range(len(shards)))
    return Chosen(tuple(again), len(doubts) - len(chosen))


def judge_all(order: Order, gathered: Gathered, scratch: Path) -> list[ShardResult]:
    """Every shard of a snapshot, one at a time as on the night itself."""
    context = (gathered.memory, order.rulebook, order.settings, order.as_of, scratch)
    with workers.local_executor() as executor:
        futures = [executor.submit(judged, folder, *context) for folder in gathered.shards]
        try:
            return [future.result() for future in futures]
        except frames.FramesRefused as error:
            raise SnapshotRefused(f"The snapshot was not judged: {error} Collect it anew.") from error
