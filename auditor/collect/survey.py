"""Reads once what spans the estate: who is there, what the regions offer, what the agents reported.

The Resource Graph answers for many subscriptions at once; where it cannot, or may not be asked, the lists of Resource
Manager do, subscription by subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from auditor.collect import values
from auditor.collect.interface import Window
from auditor.collect.pool import Job, run_all
from auditor.collect.session import Session
from auditor.collect.sources.arc_machines import find_arc_machines, list_arc_machines
from auditor.collect.sources.data_collection_rules import find_rules, list_rules
from auditor.collect.sources.extension_types import Kind, find_types, machine_kind, wanted_types
from auditor.collect.sources.extension_versions import VERSION_LISTS, read_versions
from auditor.collect.sources.heartbeats import read_heartbeats
from auditor.collect.sources.permissions import Refused, by_subject, read_refusals, without_refused
from auditor.collect.sources.resource_groups import find_groups, list_groups
from auditor.collect.sources.scale_sets import find_scale_sets, list_scale_sets
from auditor.collect.sources.subscriptions import find_groups_above, readable, survey_subscriptions
from auditor.collect.sources.virtual_machines import find_machines, list_machines
from auditor.model.asked import asked_tonight
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Reading, Row, Service, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.model.wanted import Wanted

MOST_LOG_QUERIES = 5
"""How many Log Analytics answers at once for one identity."""


@dataclass(frozen=True, slots=True)
class Table:
    """A subject that either service can tell: in bulk, or by a list of each subscription."""

    source: Source
    find: Callable[[Session, Sequence[str]], Harvest]
    list: Callable[[Session, str], Harvest]


TABLES = (
    Table(Source.RESOURCE_GROUPS, find_groups, list_groups),
    Table(Source.VIRTUAL_MACHINES, find_machines, list_machines),
    Table(Source.SCALE_SETS, find_scale_sets, list_scale_sets),
    Table(Source.ARC_MACHINES, find_arc_machines, list_arc_machines),
)
COLLECTION_RULES = Table(Source.DATA_COLLECTION_RULES, find_rules, list_rules)
"""Asked for only where a rule of the audit needs it; what it holds are no machines."""
_LISTED_IN_PART = frozenset({Source.RESOURCE_GROUPS})
"""Resource Manager refuses a list as a whole; of this one it leaves out what the identity may not read."""


def survey(session: Session, settings: Settings, rulebook: RuleBook, as_of: datetime) -> Survey:
    """Subscriptions, machines, scale sets with their models, regional versions for the rules' types, heartbeats.

    Raises ClockRefused where this machine's clock is too far from Azure's to judge by it.

    Where a rule needs them, data collection rules too. Beside the frames there are ``refusals``: what the identity may
    not read in the whole of a subscription.
    """
    beats = settings.sources.heartbeats
    window = Window(as_of - beats.window, as_of)
    with ThreadPoolExecutor(MOST_LOG_QUERIES) as aside:  # the slowest answers, and they need nothing of the others
        heard = [aside.submit(read_heartbeats, session, each, window) for each in beats.workspaces]
        harvest = survey_subscriptions(session, settings.scope)
        audited = readable(harvest)
        asked = asked_tonight(settings, rulebook)
        tables = (*TABLES, COLLECTION_RULES) if COLLECTION_RULES.source in asked else TABLES
        harvest.join(_inventory(session, audited, settings.sources.inventory, tables))
        if session.clocks:  # many have answered by now, and the long questions are still to come
            session.clocks.check()
        _name_groups(harvest)
        wanted = Wanted.of(rulebook)
        occurring = _occurring(session, harvest, wanted, audited if settings.sources.inventory != "compute" else ())
        jobs = _offer_jobs(session, harvest, [*_named(harvest, rulebook, asked), *sorted(occurring)], audited)
        [offers] = run_all(session, "regional versions", jobs)
        harvest.join(offers)
        for each in heard:
            harvest.join(each.result())
    return Survey(harvest.rows, tuple(harvest.readings), audited)


def _inventory(session: Session, subscriptions: Sequence[str], how: str, tables: Sequence[Table]) -> Harvest:
    """Every table of every subscription, by the services that ``how`` (``sources.inventory``) names."""
    witnesses = [Job(each, partial(read_refusals, session, each)) for each in subscriptions]
    finds = (find_groups_above, *(table.find for table in tables)) if how != "compute" and subscriptions else ()
    bulk = ([Job("", partial(find, session, subscriptions))] for find in finds)
    *found, harvest = run_all(session, "inventory", *bulk, witnesses)
    refused = by_subject(harvest.rows.get("refusals", []))
    above, *told = found or [Harvest()] * (len(tables) + 1)
    shown = {_subscription(row) for each in found for rows in each.rows.values() for row in rows}
    asked = [_left_open(each, shown, subscriptions) if how != "resource_graph" else [] for each in told]
    lists = run_all(session, "lists", *(_list_jobs(session, *each) for each in zip(tables, asked, strict=True)))
    harvest.join(above)
    for each, listed in zip(told, lists, strict=True):
        harvest.join(_joined(each, listed, shown, refused))
    return harvest


def _left_open(told: Harvest, shown: Collection[str], subscriptions: Iterable[str]) -> list[str]:
    """The subscriptions of which the Resource Graph did not tell the whole table, or shows nothing at all."""
    whole = {reading.scope.lower() for reading in told.readings if reading.complete}
    return [each for each in subscriptions if each.lower() not in whole or each.lower() not in shown]


def _list_jobs(session: Session, table: Table, subscriptions: Iterable[str]) -> list[Job]:
    return [Job(each, partial(table.list, session, each)) for each in subscriptions]


def _joined(told: Harvest, listed: Harvest, shown: Collection[str], refused: Refused) -> Harvest:
    """One table out of what both services told of it.

    What a whole list tells counts alone; of one that broke off, the rows that the other service told stay beside it.
    """
    again = {reading.scope.lower(): reading for reading in listed.readings}
    rows = {
        frame: [*_beside(told.rows.get(frame, []), listed.rows.get(frame, []), again), *listed.rows.get(frame, [])]
        for frame in {**told.rows, **listed.rows}
    }
    kept = [_seen(reading, shown) for reading in told.readings if reading.scope.lower() not in again]
    readings = sorted([*kept, *again.values()], key=lambda reading: reading.scope.lower())
    return Harvest(rows, [_witnessed(reading, refused) for reading in readings])


def _beside(told: Iterable[Row], listed: Iterable[Row], again: Mapping[str, Reading]) -> list[Row]:
    """The rows of the Resource Graph that no list took the place of."""
    known = {str(row["id"]).lower() for row in listed}
    broken = {subscription for subscription, reading in again.items() if not reading.complete}
    return [
        row
        for row in told
        if _subscription(row) not in again or (_subscription(row) in broken and str(row["id"]).lower() not in known)
    ]


def _seen(reading: Reading, shown: Collection[str]) -> Reading:
    """An empty answer proves nothing where the Resource Graph does not show the subscription itself."""
    if not reading.complete or reading.scope.lower() in shown:
        return reading
    return replace(
        reading,
        complete=False,
        reason="The Resource Graph shows nothing of the subscription, not even the subscription itself",
        close=f"Give the identity the role Reader on /subscriptions/{reading.scope}, or set sources.inventory to auto.",
    )


def _witnessed(reading: Reading, refused: Refused) -> Reading:
    told_in_part = reading.by is Service.RESOURCE_GRAPH or reading.source in _LISTED_IN_PART
    return without_refused(reading, refused) if told_in_part else reading


def _subscription(row: Row) -> str:
    return str(row["subscription_id"]).lower()


def _name_groups(harvest: Harvest) -> None:
    """Give each subscription's row the management groups above it, where they are known."""
    above = {_subscription(row): row["management_group"] for row in harvest.rows.pop("groups_above", [])}
    harvest.rows["subscriptions"] = [
        {**row, "management_group": above.get(_subscription(row))} for row in harvest.rows.get("subscriptions", [])
    ]


def _occurring(session: Session, harvest: Harvest, wanted: Wanted, bulk: Sequence[str]) -> set[Kind]:
    """What no rule names and some rule needs versions of, as far as it is known before the machines are read.

    That is what the Resource Graph tells of the subscriptions ``bulk``, and what stands in the models of scale sets.
    """
    if not wanted.is_wide:
        return set()
    where = {str(row["id"]).lower(): row.get("location") for row in harvest.rows.get("scale_sets", [])}
    in_models = (
        {**row, "location": where.get(str(row["machine_id"]).lower())} for row in harvest.rows.get("extensions", [])
    )
    found = wanted_types(wanted, (*in_models, *(find_types(session, bulk) if bulk else ())))
    return {each for each in found if each[2:] not in wanted.named}


def _named(harvest: Harvest, rulebook: RuleBook, asked: Collection[Source]) -> list[Kind]:
    """What the rules name, for each kind of machine and region; nothing where no rule needs versions."""
    places = (place for place in sorted(_askers(harvest)) if VERSION_LISTS[place[0]] in asked)
    return [(*place, *agent) for place in places for agent in rulebook.agents()]


def _askers(harvest: Harvest) -> dict[tuple[str, str], dict[str, None]]:
    """The subscriptions with machines of a kind in a region: they ask what is offered there."""
    askers: dict[tuple[str, str], dict[str, None]] = {}
    for row in (*harvest.rows.get("machines", []), *harvest.rows.get("scale_sets", [])):
        where = values.location(row.get("location"))
        if where is not None:
            askers.setdefault((machine_kind(row), where), {})[str(row["subscription_id"])] = None
    return askers


def _offer_jobs(session: Session, harvest: Harvest, kinds: Sequence[Kind], audited: Sequence[str]) -> list[Job]:
    """Once for each kind of machine, region, publisher and type; asked by a subscription that has machines there."""
    askers = _askers(harvest)

    def job(kind: str, where: str, publisher: str, extension: str) -> Job:
        asking = list(dict.fromkeys([*askers.get((kind, where), ()), *audited]))
        return Job(asking[0], partial(read_versions, session, kind, where, publisher, extension, asking))

    return [job(*each) for each in kinds]
