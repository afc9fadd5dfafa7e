"""Asks a little of everything that tonight asks: which subscriptions there are, what may be read, what answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from auditor.collect.checkup.questions import Look, look_at_lists, look_at_the_rest, look_in_bulk
from auditor.collect.checkup.rights import NOTHING, missing_rights
from auditor.collect.pool import Job, run_all
from auditor.collect.session import Session
from auditor.collect.sources.subscriptions import readable, survey_subscriptions
from auditor.model.reading import Harvest, Reading, Row, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings

MOST_RIGHTS = 1_000
"""Of so many subscriptions the rights are asked; of more, as many spread over all of them."""
SAMPLED = 5
"""So many subscriptions are asked for what each of them answers for itself, such as its activity log."""


@dataclass
class Probed:
    """What was heard so far.

    Of the subscriptions, by ids as Azure wrote them, ``readable`` are there and enabled, ``chosen`` were asked for the
    rights, in ``refused`` (lower case) nothing may be read, and the ``sampled`` stand for all others.
    """

    subscriptions: Harvest
    readable: Sequence[str]
    chosen: list[str] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    sampled: list[str] = field(default_factory=list)
    rights: Harvest = field(default_factory=Harvest)
    bulk: Harvest = field(default_factory=Harvest)
    lists: Harvest = field(default_factory=Harvest)
    rest: Harvest = field(default_factory=Harvest)

    @property
    def left(self) -> list[str]:
        """Those in which something may be read."""
        return [each for each in self.readable if each.lower() not in self.refused]

    @property
    def readings(self) -> list[Reading]:
        parts = (self.subscriptions, self.rights, self.bulk, self.lists, self.rest)
        return [reading for part in parts for reading in part.readings]

    @property
    def rows(self) -> dict[str, list[Row]]:
        """The few rows that tables and lists told, by source."""
        both = {**self.bulk.rows, **self.lists.rows}
        return {key: [*self.bulk.rows.get(key, []), *self.lists.rows.get(key, [])] for key in both}


def probe(
    whole: Session, brief: Session, settings: Settings, rulebook: RuleBook, as_of: datetime, asked: Collection[Source]
) -> Probed:
    """Ask for the sources ``asked``: the list of subscriptions through ``whole``, to its end, all else ``brief``ly."""
    seen = survey_subscriptions(whole, settings.scope)
    probed = Probed(seen, readable(seen))
    _ask_rights(brief, probed, asked)
    if probed.left:
        _ask_tables(brief, probed, settings.sources.inventory, asked)
        barred = {(reading.source, reading.scope.lower()) for reading in probed.rights.readings}
        by_itself = _not_in_bulk(probed, settings.sources.inventory, asked)
        look = Look(brief, settings, rulebook, as_of, tuple(probed.sampled), probed.rows, barred, by_itself)
        probed.rest = look_at_the_rest(look, asked)
    return probed


def spread(names: Sequence[str], most: int) -> list[str]:
    """At most ``most`` of ``names``, evenly spread over them, in their order."""
    return list(names) if len(names) <= most else [names[at * len(names) // most] for at in range(most)]


def _ask_rights(session: Session, probed: Probed, asked: Collection[Source]) -> None:
    probed.chosen = spread(probed.readable, MOST_RIGHTS)
    jobs = [Job(each, partial(missing_rights, session, each, asked)) for each in probed.chosen]
    [probed.rights] = run_all(session, "rights", jobs)
    told = (reading for reading in probed.rights.readings if reading.reason == NOTHING)
    probed.refused = frozenset(reading.scope.lower() for reading in told)
    probed.sampled = spread([each for each in probed.chosen if each.lower() not in probed.refused], SAMPLED)


def _ask_tables(session: Session, probed: Probed, inventory: str, asked: Collection[Source]) -> None:
    """What the Resource Graph tells of the tables, and what the lists do where they are asked tonight."""
    if inventory != "compute":
        probed.bulk = look_in_bulk(session, asked, probed.left)
    probed.lists = look_at_lists(session, _not_in_bulk(probed, inventory, asked), probed.sampled)


def _not_in_bulk(probed: Probed, inventory: str, asked: Collection[Source]) -> Collection[Source]:
    """What Resource Manager is asked tonight, because the Resource Graph does not tell it or is not asked."""
    failed = {reading.source for reading in probed.bulk.readings if not reading.complete}
    return {"compute": asked, "auto": failed}.get(inventory, ())
