"""Asks many questions at once, in turn of the subscriptions: each subscription has a quota of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import chain, zip_longest
from typing import NamedTuple

from auditor.collect.session import Session
from auditor.model.reading import Harvest


class Job(NamedTuple):
    """A question, and the subscription whose quota it draws on (empty for one that draws on none)."""

    subscription: str
    ask: Callable[[], Harvest]


def run_all(session: Session, what: str, *groups: Sequence[Job]) -> list[Harvest]:
    """All jobs on the pool; one harvest for each group, in the order of its jobs, whatever the order of the answers.

    ``what`` is what the narrator calls them.
    """
    with ThreadPoolExecutor(session.threads) as pool:
        futures = {at: pool.submit(job.ask) for at, job in in_turn(groups)}
        for done, _finished in enumerate(as_completed(futures.values()), start=1):
            session.narrator.progress(what, done, len(futures))
    harvests = []
    for group, jobs in enumerate(groups):
        harvests.append(harvest := Harvest())
        for nth in range(len(jobs)):
            harvest.join(futures[group, nth].result())
    return harvests


Place = tuple[int, int]
"""The number of a job's group, and of the job within it."""


def in_turn(groups: Iterable[Sequence[Job]]) -> Iterable[tuple[Place, Job]]:
    """Each job with its place (group, nth), one subscription after the other in turn; one of none waits for nobody."""
    by_subscription: dict[str, list[tuple[Place, Job]]] = {}
    for group, jobs in enumerate(groups):
        for nth, job in enumerate(jobs):
            turn = job.subscription.lower() or f"{group}/{nth}"
            by_subscription.setdefault(turn, []).append(((group, nth), job))
    turns = zip_longest(*by_subscription.values())
    return (each for each in chain.from_iterable(turns) if each is not None)
