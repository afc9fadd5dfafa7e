"""Runs the sources: what spans the estate once, then a shard's subscriptions and machines, on 32 threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from itertools import chain, zip_longest

from auditor.collect import registry, values
from auditor.collect.interface import Window
from auditor.collect.session import THREADS, Session
from auditor.model.parcel import ShardScope, Survey
from auditor.model.reading import GONE, Harvest, Reading, Row, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings

Job = Callable[[], Harvest]


def survey(session: Session, settings: Settings, rulebook: RuleBook, as_of: datetime) -> Survey:
    """Subscriptions, the machines' lists, regional versions for the rules' publishers and types, heartbeats."""
    harvest = registry.survey_subscriptions(session, settings.scope)
    readable = _readable(harvest)
    harvest.join(_run(session, "machine lists", [_list_job(session, each) for each in readable]))
    offers = _offer_jobs(session, harvest.rows.get("machines", []), rulebook, readable)
    beats = _heartbeat_jobs(session, settings, as_of)
    harvest.join(_run(session, "regional versions and heartbeats", [*offers, *beats]))
    return Survey(harvest.rows, tuple(harvest.readings), readable)


def collect(
    session: Session, scope: ShardScope, machines: Sequence[Row], settings: Settings, as_of: datetime
) -> Harvest:
    """Operations of the scope's subscriptions, and each of ``machines`` by itself.

    Machines that answered 404 and are no longer listed were deleted during the run: they leave the result, and
    their reading says so.
    """
    window = Window(as_of - settings.sources.lookback, as_of)
    logs = [
        _subscription_job(session, source, subscription_id, window)
        for source in registry.PER_SUBSCRIPTION
        for subscription_id in scope.subscriptions
    ]
    views = [_machine_job(session, source, row) for source in registry.PER_MACHINE for row in _interleaved(machines)]
    harvest = _run(session, "machines", [*logs, *views])
    return _without_gone(session, harvest)


def _readable(harvest: Harvest) -> tuple[str, ...]:
    """The subscriptions in scope that are there and not disabled, as Azure wrote their ids."""
    answered = {
        reading.scope.lower()
        for reading in harvest.readings
        if reading.source is Source.SUBSCRIPTIONS and reading.complete
    }
    rows = harvest.rows.get("subscriptions", [])
    return tuple(sorted(str(row["id"]) for row in rows if str(row["id"]).lower() in answered))


def _interleaved(machines: Sequence[Row]) -> list[Row]:
    """Machines in turn of their subscriptions: each subscription has a quota of its own."""
    by_subscription: dict[str, list[Row]] = {}
    for row in machines:
        by_subscription.setdefault(str(row["subscription_id"]), []).append(row)
    turns = zip_longest(*by_subscription.values())
    return [row for row in chain.from_iterable(turns) if row is not None]


def _list_job(session: Session, subscription_id: str) -> Job:
    return lambda: registry.list_machines(session, subscription_id)


def _subscription_job(
    session: Session, source: Callable[[Session, str, Window], Harvest], subscription_id: str, window: Window
) -> Job:
    return lambda: source(session, subscription_id, window)


def _machine_job(session: Session, source: Callable[[Session, Row], Harvest], machine: Row) -> Job:
    return lambda: source(session, machine)


def _offer_jobs(session: Session, machines: Iterable[Row], rulebook: RuleBook, readable: Sequence[str]) -> list[Job]:
    """Once for each location, publisher and type; asked by a subscription that has machines there, if it may."""
    askers: dict[str, list[str]] = {}
    for row in machines:
        where = values.location(row.get("location"))
        if where is not None and row["subscription_id"] not in askers.setdefault(where, []):
            askers[where].append(str(row["subscription_id"]))

    def job(where: str, publisher: str, kind: str) -> Job:
        asking = [*askers[where], *(each for each in readable if each not in askers[where])]
        return lambda: registry.read_versions(session, where, publisher, kind, asking)

    return [job(where, publisher, kind) for where in sorted(askers) for publisher, kind in rulebook.agents()]


def _heartbeat_jobs(session: Session, settings: Settings, as_of: datetime) -> list[Job]:
    beats = settings.sources.heartbeats
    window = Window(as_of - beats.window, as_of)

    def job(workspace: str) -> Job:
        return lambda: registry.read_heartbeats(session, workspace, window)

    return [job(str(workspace).lower()) for workspace in beats.workspaces]


def _run(session: Session, what: str, jobs: Sequence[Job]) -> Harvest:
    """All jobs on the pool; the result is in the order of ``jobs``, whatever the order of the answers."""
    harvest = Harvest()
    with ThreadPoolExecutor(THREADS) as pool:
        futures: list[Future[Harvest]] = [pool.submit(job) for job in jobs]
        for done, _finished in enumerate(as_completed(futures), start=1):
            session.narrator.progress(what, done, len(futures))
        for future in futures:
            harvest.join(future.result())
    return harvest


def _without_gone(session: Session, harvest: Harvest) -> Harvest:
    """Read the lists again where machines answered 404, and let go of those that are no longer listed."""
    missing = {
        reading.scope.lower()
        for reading in harvest.readings
        if reading.source is Source.INSTANCE_VIEW and not reading.complete and reading.status == 404
    }
    if not missing:
        return harvest
    machines = harvest.rows.get("machines", [])
    asked = sorted({str(row["subscription_id"]) for row in machines if str(row["id"]).lower() in missing})
    again = [registry.list_machines(session, subscription_id) for subscription_id in asked]
    trusted = {each.readings[0].scope for each in again if each.readings[0].complete}
    listed = {str(row["id"]).lower() for each in again for row in each.rows.get("machines", [])}
    gone = {
        str(row["id"]).lower()
        for row in machines
        if str(row["id"]).lower() in missing - listed and row["subscription_id"] in trusted
    }
    harvest.rows["machines"] = [row for row in machines if str(row["id"]).lower() not in gone]
    harvest.readings[:] = [
        _told_gone(reading) if reading.scope.lower() in gone else reading for reading in harvest.readings
    ]
    return harvest


def _told_gone(reading: Reading) -> Reading:
    return replace(reading, complete=True, rows=0, reason=GONE, close=None)
