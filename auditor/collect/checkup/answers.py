"""What the answers of a checkup mean: how each subscription stands, how each source answered, what stands in for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from auditor.collect.checkup.probe import Probed
from auditor.collect.sources.subscriptions import LIST
from auditor.model.checkup import EVERYWHERE, Access, Gap, State, Subscription, Tried, gaps_of
from auditor.model.reading import Reading, Service, Source
from auditor.model.settings import Scope


def subscriptions_of(probed: Probed, scope: Scope) -> tuple[Subscription, ...]:
    """Each subscription in scope, expected or excluded."""
    rows = {str(row["id"]).lower(): row for row in probed.subscriptions.rows.get("subscriptions", [])}
    found = []
    for reading in probed.subscriptions.readings:
        if reading.source is Source.SUBSCRIPTIONS and reading.scope != LIST:
            row = rows.get(reading.scope.lower(), {})
            access = Access.REFUSED if reading.scope.lower() in probed.refused else _access(reading, known=bool(row))
            name = row.get("name")
            found.append(
                Subscription(reading.scope, str(name) if name else None, access, row.get("delegated") == "yes")
            )
    return (*found, *(Subscription(each, None, Access.EXCLUDED) for each in scope.exclude_subscriptions))


def _access(reading: Reading, *, known: bool) -> Access:
    if reading.complete:
        return Access.READABLE
    return Access.DISABLED if known else Access.MISSING


def tried_of(probed: Probed, asked: Collection[Source], inventory: str) -> tuple[Tried, ...]:
    """How each of the sources ``asked`` answered, in the order in which they are declared."""
    instead = _standing_in(probed, inventory)
    return tuple(_tried(source, probed, instead) for source in Source if source in asked)


def told_gaps(probed: Probed, scope: Scope, inventory: str, today: date) -> tuple[Gap, ...]:
    """Whatever did not answer, as few gaps as there are ways to close them."""
    silent = (each for each in probed.readings if not _answers(each))
    ordered = sorted(silent, key=lambda each: list(Source).index(each.source))
    return gaps_of(ordered, scope.accepted_gaps, today, _standing_in(probed, inventory))


def _answers(reading: Reading) -> bool:
    """A part is an answer too: what is missing in it, the night will say."""
    return reading.complete or reading.rows > 0


def _standing_in(probed: Probed, inventory: str) -> frozenset[Source]:
    """The tables that Resource Manager tells where the Resource Graph does not: by lists, or machine by machine.

    Extensions come with each virtual machine then; where there is no server, there is nothing to tell of servers.
    """
    if inventory != "auto":
        return frozenset()
    failed = {each.source for each in probed.lists.readings if not each.complete}
    told = {each.source for each in probed.lists.readings} - failed
    if Source.VIRTUAL_MACHINES not in failed:
        told.add(Source.EXTENSIONS)
    if Source.ARC_MACHINES in told and not probed.rows.get(Source.ARC_MACHINES):
        told.add(Source.ARC_EXTENSIONS)
    by_itself = {each.source for each in probed.rest.readings if each.complete}
    return frozenset(told | (by_itself & {Source.ARC_EXTENSIONS, Source.DATA_COLLECTION_RULE_ASSOCIATIONS}))


def _tried(source: Source, probed: Probed, instead: Collection[Source]) -> Tried:
    readings = list(_readings_of(source, probed))
    answering = [each for each in readings if _answers(each)]
    silent = [each for each in readings if not _answers(each)]
    if not readings:
        return Tried(source, State.UNTRIED)
    shown = answering or silent
    scopes, rows = tuple(each.scope for each in shown), sum(each.rows for each in answering)
    asked, heard = _counted(answering, silent, len(probed.left))
    if silent and source in instead and all(each.by is Service.RESOURCE_GRAPH for each in silent):
        return Tried(source, State.INSTEAD, Service.RESOURCE_MANAGER, scopes, asked, heard, rows)
    state = State.ANSWERS if not silent else State.PARTLY if heard else State.SILENT
    return Tried(source, state, shown[0].by, scopes, asked, heard, rows)


def _readings_of(source: Source, probed: Probed) -> Iterable[Reading]:
    """Of the subscriptions the list itself: how each of them stands is told apart."""
    for each in probed.readings:
        if each.source is source and (source is not Source.SUBSCRIPTIONS or each.scope == LIST):
            yield each


def _counted(answering: Collection[Reading], silent: Collection[Reading], subscriptions: int) -> tuple[int, int]:
    """How many were asked and answered; a right that is missing counts against all that one table spans."""
    if silent and any(each.scope == EVERYWHERE for each in answering):
        return subscriptions, subscriptions - len(silent)
    return len(answering) + len(silent), len(answering)
