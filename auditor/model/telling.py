"""Sentences that several stages tell alike, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from auditor.model.narration import Told, counted
from auditor.model.parcel import ShardResult
from auditor.model.posted import Posted
from auditor.model.reading import Source, Traffic

Asked = Iterable[Mapping[Source, Traffic]]
"""What was asked of Azure, by source, in each of some parts of the night."""


def tell_asked(told: Told, sentence: str, asked: Asked, before: Asked = (), **counts: int) -> None:
    """``sentence`` with its ``counts``, and how much was asked for it: ``asked`` without what had been ``before``."""
    now, then = _sum(asked), _sum(before)
    sent, retried, throttled = now.sent - then.sent, now.retried - then.retried, now.throttled - then.throttled
    held = f" ({throttled:,} of them throttled)" if throttled else ""
    told.tell(f"{sentence}; {counted(sent, 'request')}{held}", **counts)
    told.counts.update(requests=sent, retried=retried, throttled=throttled)


def tell_shards(told: Told, shards: Sequence[ShardResult]) -> None:
    """What all shards hold."""
    machines = sum(shard.machines for shard in shards)
    told.tell(_in_shards(machines, len(shards)), machines=machines, shards=len(shards))


def tell_audited(told: Told, shards: Sequence[ShardResult]) -> None:
    """The same, and what was asked for it."""
    machines = sum(shard.machines for shard in shards)
    sentence, asked = _in_shards(machines, len(shards)), (shard.traffic for shard in shards)
    tell_asked(told, sentence, asked, machines=machines, shards=len(shards))


def tell_posted(told: Told, posted: Posted) -> None:
    """Who has a letter now."""
    accepted, recipients = sum(each.accepted for each in posted.receipts), len(posted.receipts)
    sentence = f"{accepted:,} of {counted(recipients, 'recipient')}" if recipients else "nobody waits for a letter"
    told.tell(sentence, recipients=recipients, accepted=accepted)


def _in_shards(machines: int, shards: int) -> str:
    return f"{counted(machines, 'machine')} in {counted(shards, 'shard')}"


def _sum(asked: Asked) -> Traffic:
    return sum((traffic for part in asked for traffic in part.values()), Traffic())
