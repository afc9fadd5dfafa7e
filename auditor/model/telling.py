"""What stages tell when they have ended: sentences, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditor.model.narration import Told, counted
from auditor.model.parcel import Confirmation, ShardResult, Survey
from auditor.model.posted import Posted
from auditor.model.reading import Requests, Traffic


def tell_surveyed(told: Told, survey: Survey, asked: Requests) -> None:
    """What spans the estate, and what was asked for it."""
    subscriptions, machines = len(survey.readable), len(survey.rows.get("machines", []))
    sentence = f"{counted(subscriptions, 'subscription')}, {counted(machines, 'machine')}"
    _tell_asked(told, sentence, [asked], subscriptions=subscriptions, machines=machines)


def tell_shards(told: Told, shards: Sequence[ShardResult]) -> None:
    """What all shards hold."""
    machines = sum(shard.machines for shard in shards)
    told.tell(_in_shards(machines, len(shards)), machines=machines, shards=len(shards))


def tell_audited(told: Told, shards: Sequence[ShardResult]) -> None:
    """The same, and what was asked for it."""
    machines = sum(shard.machines for shard in shards)
    sentence, asked = _in_shards(machines, len(shards)), (shard.traffic for shard in shards)
    _tell_asked(told, sentence, asked, machines=machines, shards=len(shards))


def tell_confirmed(
    told: Told, confirmation: Confirmation, shards: Sequence[ShardResult], before: Iterable[Requests]
) -> None:
    """What was read again, and what was asked for it: by the ``shards`` without what they had asked ``before``."""
    again, changed = confirmation.machines, confirmation.changed
    sentence = f"{counted(again, 'machine')} read again, {counted(changed, 'verdict')} changed"
    _tell_asked(told, sentence, (shard.traffic for shard in shards), before, machines=again, changed=changed)


def tell_posted(told: Told, posted: Posted) -> None:
    """Who has a letter now."""
    accepted, recipients = sum(each.accepted for each in posted.receipts), len(posted.receipts)
    sentence = f"{accepted:,} of {counted(recipients, 'recipient')}"
    told.tell(sentence, recipients=recipients, accepted=accepted)


def _in_shards(machines: int, shards: int) -> str:
    return f"{counted(machines, 'machine')} in {counted(shards, 'shard')}"


def _tell_asked(
    told: Told, sentence: str, asked: Iterable[Requests], before: Iterable[Requests] = (), **counts: int
) -> None:
    now, then = _sum(asked), _sum(before)
    sent, retried, throttled = now.sent - then.sent, now.retried - then.retried, now.throttled - then.throttled
    held = f" ({throttled:,} of them throttled)" if throttled else ""
    told.tell(f"{sentence}; {counted(sent, 'request')}{held}", **counts)
    told.counts.update(requests=sent, retried=retried, throttled=throttled)


def _sum(asked: Iterable[Requests]) -> Traffic:
    return sum((traffic for part in asked for traffic in part.values()), Traffic())
