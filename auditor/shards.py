"""All shards of a night, on whatever executor there is: :mod:`auditor.shard` tells one of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import as_completed
from itertools import accumulate
from pathlib import Path

from auditor import frames, workers
from auditor.errors import SnapshotRefused
from auditor.model.gathered import Gathered
from auditor.model.memory import Memory
from auditor.model.parcel import Confirmation, ShardResult, ShardScope, Survey
from auditor.model.run import Order
from auditor.shard import Workshop, audit, confirm, doubts_of, judged

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
    scopes: Sequence[ShardScope], survey: Survey, memory: Memory, order: Order, shop: Workshop
) -> list[ShardResult]:
    """Every shard, on whatever executor there is; the results keep the order of the scopes."""
    with workers.local_executor() as executor:
        futures = [
            executor.submit(audit, scope, survey, memory, order.rulebook, order.settings, order.as_of, shop)
            for scope in scopes
        ]
        for future in as_completed(futures):
            future.result()
    return [future.result() for future in futures]


def confirm_all(
    shards: Sequence[ShardResult], memory: Memory, order: Order, shop: Workshop
) -> tuple[Confirmation, list[ShardResult]]:
    """Read again what is doubtful: the gravest first and so many at the most, however the estate was cut."""
    doubts = [
        (doubt, at)
        for at, shard in enumerate(shards)
        for doubt in doubts_of(shard, order.rulebook, memory, order.as_of)
    ]
    chosen = sorted(doubts)[:MOST_CONFIRMED]
    again = {at: [doubt.id for doubt, where in chosen if where == at] for at in range(len(shards))}
    context = (memory, order.rulebook, order.settings, order.as_of, shop)
    with workers.local_executor() as executor:
        futures = [
            executor.submit(confirm, shard, again[at], *context) if again[at] else None
            for at, shard in enumerate(shards)
        ]
    results = [future.result() if future else shard for future, shard in zip(futures, shards, strict=True)]
    left = Confirmation(left=len(doubts) - len(chosen))
    return sum((shard.confirmed for shard in results), left), results


def judge_all(order: Order, gathered: Gathered, scratch: Path) -> list[ShardResult]:
    """Every shard of a snapshot, one at a time as on the night itself."""
    context = (gathered.memory, order.rulebook, order.settings, order.as_of, scratch)
    with workers.local_executor() as executor:
        futures = [executor.submit(judged, folder, *context) for folder in gathered.shards]
        try:
            return [future.result() for future in futures]
        except frames.FramesRefused as error:
            raise SnapshotRefused(f"The snapshot was not judged: {error} Collect it anew.") from error
