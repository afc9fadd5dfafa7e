"""What became of failures since an earlier night: each is exactly one of new, still, changed, fixed, gone,
no_longer_visible, or carried.

A failure is *fixed* where a verdict of tonight has seen that it is over: it passes. It is *gone* where what it was on
is no longer there, and the lists that would show it were completely read. What could not be read, is pending, or was
not asked tonight is neither: it is carried, and is an open failure still. One that is exempt fails still, and somebody
accepted it: it stays open, without being told as unseen; when that is over, it has *changed*. It is *no longer visible*
where it left with neither: what it was on is there, and no rule speaks of it any more, or none that applies (a machine
that was stopped has not been mended); or it was an operation of which nothing is seen any more, without evidence that
it was healed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from auditor.history.seen import Frames, Seen
from auditor.model.memory import Failure, Memory, OpenFailure
from auditor.model.past import Past, Standing, Transition
from auditor.model.reading import Reading
from auditor.model.rule import Rule
from auditor.model.verdict import Status

_STAYS_OPEN = frozenset({Status.UNANSWERED, Status.PENDING, Status.EXEMPT})


def changes(
    memory: Memory, shards: Iterable[Frames], survey: Iterable[Reading], rules: Iterable[Rule], as_of: datetime
) -> Past:
    """Compare tonight's verdicts with the failures that were open. ``rules`` are those that were asked tonight."""
    known = (*memory.failures, *memory.found_today)
    seen = Seen({rule.id: rule for rule in rules}, {each.key: each for each in known})
    seen.add_survey(survey)
    for frames in shards:
        seen.add(frames)
    return _past(memory, seen, as_of)


def _past(memory: Memory, seen: Seen, as_of: datetime) -> Past:
    first_night = memory.since is None
    compared, ended = {each.key for each in memory.failures}, dict(memory.ended_today)
    standings, departed, still_open, carried = {}, [], [], []
    for key, row in seen.failing.items():
        before = seen.were_open.get(key)
        failure = _failure(key[0], row, before, as_of, another=key in compared)
        still_open.append(failure)
        if not first_night:
            word = change_of(before if key in compared else None, failure)
            standings[key] = Standing(word, failure.first_seen, failure.nights)
    for key, failure in seen.were_open.items():
        if key in seen.failing:
            continue
        change = what_became(failure, seen)
        if key in seen.verdicts and not first_night:
            standings[key] = Standing(change, failure.first_seen, failure.nights)
        if change is None and not seen.is_pending(key):
            change = ended.get(key)  # this run cannot see it; an earlier one of the day has
        if change is None:
            carried.append(replace(failure, excused=True) if _is_exempt(failure, seen) else failure)
        elif not first_night:
            departed.append(Transition(failure, change))
    return Past(
        since=memory.since,
        standings=standings,
        departed=tuple(sorted(departed, key=lambda each: each.failure.key)),
        open=tuple(sorted((*still_open, *carried), key=lambda each: each.key)),
        carried=tuple(each for each in carried if each.rule_id in seen.rules and not _is_exempt(each, seen)),
    )


def _is_exempt(failure: OpenFailure, seen: Seen) -> bool:
    verdict = seen.verdicts.get(failure.key)
    return verdict is not None and verdict.status is Status.EXEMPT


def change_of(before: OpenFailure | None, now: OpenFailure) -> str:
    """Of a failure that is seen ``now``, and was open ``before`` where that is not None: new, still or changed.

    One that was exempt before is not what it was, though its reason is: by now nobody accepts it.
    """
    if before is None:
        return "new"
    return "still" if before.reason_code == now.reason_code and not before.excused else "changed"


def what_became(failure: OpenFailure, seen: Seen) -> str | None:
    """Of an open failure that does not fail tonight: fixed, gone, no_longer_visible, or None where it stays open."""
    verdict = seen.verdicts.get(failure.key)
    if verdict is not None:
        if verdict.status in _STAYS_OPEN:
            return None
        return "fixed" if verdict.status is Status.PASS and not verdict.forgotten else "no_longer_visible"
    if failure.rule_id not in seen.rules:
        return None
    if seen.shows_gone(failure):
        return "gone"
    return "no_longer_visible" if seen.shows(failure) else None


def _failure(rule_id: str, row: Any, before: OpenFailure | None, as_of: datetime, *, another: bool) -> OpenFailure:
    """Tonight's failure; its sentence is told while the report is written. ``another`` night than ``before`` it is."""
    return OpenFailure(
        rule_id=rule_id,
        **row,
        reason=before.reason if before and before.reason_code == row["reason_code"] else "",
        first_seen=before.first_seen if before else as_of,
        last_seen=as_of,
        nights=before.nights + another if before else 1,
    )


def with_reasons(past: Past, reasons: Mapping[Failure, str]) -> Past:
    """The open failures with the sentences that the report told of them, by failure."""
    told = ((each, reasons.get(each.key, each.reason)) for each in past.open)
    return replace(past, open=tuple(each if each.reason == said else replace(each, reason=said) for each, said in told))
