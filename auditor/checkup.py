"""One checkup, from beginning to end: read :func:`checkup`. It asks small questions only, and judges nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from auditor.cloud import Cloud
from auditor.collect.pacing import Pace
from auditor.collect.pool import Job, run_all
from auditor.collect.probe import EVERYWHERE, Look, look_at_lists, look_at_the_rest, look_in_bulk
from auditor.collect.reach import reach
from auditor.collect.rights import NOTHING, missing_rights
from auditor.collect.session import BRIEF, Session
from auditor.collect.sign_in import SignedIn, sign_in
from auditor.collect.sources.subscriptions import LIST, survey_subscriptions
from auditor.model.asked import asked_tonight
from auditor.model.checkup import Access, Checkup, Endpoint, Gap, State, Subscription, Tried, gaps_of
from auditor.model.narration import Narrator
from auditor.model.reading import Harvest, Reading, Service, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings

MOST_RIGHTS = 200
"""Of so many subscriptions the rights are asked; of more, as many spread over all of them."""
SAMPLED = 5
"""So many subscriptions are asked for what each of them answers for itself, such as its activity log."""


def checkup(
    settings: Settings,
    rulebook: RuleBook,
    narrator: Narrator,
    as_of: datetime,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Checkup:
    """Reach the cloud, sign in, see the subscriptions, ask each source a little; raises SettingsRefused alone."""
    cloud = Cloud(settings.azure)
    endpoints = reach(cloud, settings)
    found = Checkup(_rules(rulebook), cloud.unsigned(), endpoints, gaps=tuple(_unreached(endpoints)))
    narrator.stage("reach", f"{sum(each.reason is None for each in endpoints)} of {len(endpoints)} endpoints")
    if any(each.reason for each in endpoints if each.name != "log_analytics"):
        return found
    signed = sign_in(cloud, settings.azure)
    found = replace(found, identity=signed.identity, gaps=(*found.gaps, *_unsigned(signed)))
    narrator.stage("sign in", "nobody" if signed.fault else f"by {settings.azure.credential}")
    if signed.fault:
        return found
    out_of_reach = {Source.HEARTBEATS} if any(each.reason for each in endpoints) else set()
    open_session = partial(Session, cloud, narrator, pause=pause, pace=Pace(pause=pause), retries=BRIEF)
    sessions = open_session(), open_session(first_page_only=True)
    try:
        return _ask(found, settings, rulebook, as_of, asked_tonight(settings, rulebook) - out_of_reach, *sessions)
    finally:
        for session in sessions:
            session.close()


def _ask(
    found: Checkup,
    settings: Settings,
    rulebook: RuleBook,
    as_of: datetime,
    asked: frozenset[Source],
    whole: Session,
    brief: Session,
) -> Checkup:
    """Which subscriptions there are, what may be read there, and what answers."""
    seen = survey_subscriptions(whole, settings.scope)
    readable = _answering(seen)
    whole.narrator.stage("see", f"{len(readable)} subscriptions to be read")
    chosen = spread(readable, MOST_RIGHTS)
    [rights] = run_all(brief, "rights", [Job(each, partial(missing_rights, brief, each, asked)) for each in chosen])
    refused = {reading.scope.lower() for reading in rights.readings if reading.reason == NOTHING}
    left = [each for each in readable if each.lower() not in refused]
    sampled = spread([each for each in chosen if each.lower() not in refused], SAMPLED)
    bulk, lists = _tables(brief, settings.sources.inventory, asked, left, sampled)
    rows = {key: [*bulk.rows.get(key, []), *lists.rows.get(key, [])] for key in {**bulk.rows, **lists.rows}}
    barred = {(reading.source, reading.scope.lower()) for reading in rights.readings}
    look = Look(brief, settings, rulebook, as_of, tuple(sampled), rows, barred)
    rest = look_at_the_rest(look, asked) if left else Harvest()
    whole.narrator.stage("ask", f"{len(asked)} sources")
    told = [*seen.readings, *rights.readings, *bulk.readings, *lists.readings, *rest.readings]
    instead = _told_instead(settings.sources.inventory, bulk, lists)
    today = as_of.astimezone(ZoneInfo(settings.report.time_zone)).date()
    silent = sorted((each for each in told if not _answers(each)), key=lambda each: list(Source).index(each.source))
    return replace(
        found,
        subscriptions=tuple(_subscriptions(seen, settings, refused)),
        tried=tuple(_tried(source, told, instead, len(left)) for source in Source if source in asked),
        gaps=(*found.gaps, *gaps_of(silent, settings.scope.accepted_gaps, today, instead)),
        rights_asked=len(chosen),
        sampled=len(sampled),
    )


def spread(names: Sequence[str], most: int) -> list[str]:
    """At most ``most`` of ``names``, evenly spread over them, in their order."""
    return list(names) if len(names) <= most else [names[at * len(names) // most] for at in range(most)]


def _tables(
    session: Session, inventory: str, asked: frozenset[Source], subscriptions: Sequence[str], sampled: Sequence[str]
) -> tuple[Harvest, Harvest]:
    """What the Resource Graph tells of the tables, and what the lists do where they are asked tonight."""
    if not subscriptions:
        return Harvest(), Harvest()
    bulk = look_in_bulk(session, asked, subscriptions) if inventory != "compute" else Harvest()
    failed = {reading.source for reading in bulk.readings if not reading.complete}
    listed = {"compute": asked, "auto": failed, "resource_graph": frozenset[Source]()}[inventory]
    return bulk, look_at_lists(session, listed, sampled)


def _told_instead(inventory: str, bulk: Harvest, lists: Harvest) -> frozenset[Source]:
    """The tables that the lists tell where the Resource Graph does not; extensions come with each machine then."""
    if inventory != "auto":
        return frozenset()
    failed = {each.source for each in lists.readings if not each.complete}
    answered = {each.source for each in lists.readings} - failed
    each_by_itself = {Source.EXTENSIONS} if Source.VIRTUAL_MACHINES not in failed else set()
    servers = {Source.ARC_EXTENSIONS} if Source.ARC_MACHINES in answered else set()
    told = {each.source for each in bulk.readings if each.source in (Source.EXTENSIONS, Source.ARC_EXTENSIONS)}
    return frozenset(answered | each_by_itself | (servers & told))


def _answering(seen: Harvest) -> list[str]:
    """The subscriptions to be read, as Azure wrote their ids, sorted."""
    complete = {each.scope.lower() for each in seen.readings if each.source is Source.SUBSCRIPTIONS and each.complete}
    ids = (str(row["id"]) for row in seen.rows.get("subscriptions", []))
    return sorted(each for each in ids if each.lower() in complete)


def _subscriptions(seen: Harvest, settings: Settings, refused: Collection[str]) -> Iterable[Subscription]:
    rows = {str(row["id"]).lower(): row for row in seen.rows.get("subscriptions", [])}
    for reading in seen.readings:
        if reading.source is Source.SUBSCRIPTIONS and reading.scope != LIST:
            row = rows.get(reading.scope.lower(), {})
            name = row.get("name")
            access = _access(reading, known=bool(row), refused=reading.scope.lower() in refused)
            delegated = row.get("delegated") == "yes"
            yield Subscription(reading.scope, str(name) if name else None, access, delegated)
    for each in settings.scope.exclude_subscriptions:
        yield Subscription(each, None, Access.EXCLUDED)


def _access(reading: Reading, *, known: bool, refused: bool) -> Access:
    if refused:
        return Access.REFUSED
    if reading.complete:
        return Access.READABLE
    return Access.DISABLED if known else Access.MISSING


def _answers(reading: Reading) -> bool:
    """A part is an answer too: what is missing in it, the night will say."""
    return reading.complete or reading.rows > 0


def _tried(source: Source, told: Iterable[Reading], instead: Collection[Source], subscriptions: int) -> Tried:
    """How ``source`` answered; a right that is missing is counted against all ``subscriptions``."""
    readings = [each for each in told if each.source is source]
    if source is Source.SUBSCRIPTIONS:
        readings = [each for each in readings if each.scope == LIST]
    if not readings:
        return Tried(source, State.UNTRIED)
    answering = [each for each in readings if _answers(each)]
    silent = [each for each in readings if not _answers(each)]
    shown = answering or silent
    by, scopes, rows = shown[0].by, tuple(each.scope for each in shown), sum(each.rows for each in answering)
    if not silent:
        return Tried(source, State.ANSWERS, by, scopes, len(readings), len(answering), rows)
    if source in instead and all(each.by is Service.RESOURCE_GRAPH for each in silent):
        return Tried(source, State.INSTEAD, Service.RESOURCE_MANAGER, scopes, len(readings), len(answering), rows)
    whole = any(each.scope == EVERYWHERE for each in answering)
    asked, heard = (subscriptions, subscriptions - len(silent)) if whole else (len(readings), len(answering))
    return Tried(source, State.PARTLY if heard else State.SILENT, by, scopes, asked, heard, rows)


def _rules(rulebook: RuleBook) -> tuple[str, ...]:
    return tuple(rule.id for rule in rulebook.rules if rule.enabled)


def _unreached(endpoints: Iterable[Endpoint]) -> Iterable[Gap]:
    alike: dict[tuple[str, str], dict[str, None]] = {}
    for each in endpoints:
        if each.reason:
            alike.setdefault((each.reason, each.close or ""), {})[each.url] = None
    for (reason, close), urls in alike.items():
        yield Gap(("endpoints",), tuple(urls), reason, close)


def _unsigned(signed: SignedIn) -> Iterable[Gap]:
    if signed.fault:
        yield Gap(("identity",), (), signed.fault.reason, signed.fault.close, attempts=signed.attempts)
