"""The small questions of a checkup, one for each source: whether it answers at all, and not what it has to tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from auditor.collect import graph, queries, registry, values
from auditor.collect.faults import Fault
from auditor.collect.interface import Window, answered, gap
from auditor.collect.pool import Job, run_all
from auditor.collect.queries import Query
from auditor.collect.session import Session
from auditor.collect.sources.arc_machines import arc_machine_row
from auditor.collect.sources.data_collection_rule_associations import list_associations
from auditor.collect.sources.extension_versions import VERSION_LISTS, read_versions
from auditor.collect.sources.heartbeats import glance_at_heartbeats
from auditor.collect.sources.scale_sets import scale_set_row
from auditor.collect.sources.virtual_machines import machine_row
from auditor.collect.survey import COLLECTION_RULES, MOST_LOG_QUERIES, TABLES
from auditor.model.checkup import EVERYWHERE
from auditor.model.reading import Harvest, Reading, Row, Service, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings

_LOG_OF = timedelta(hours=1)
_BEATS_OF = timedelta(days=1)
IN_BULK: Mapping[Source, Query] = {
    Source.RESOURCE_GROUPS: queries.RESOURCE_GROUPS,
    Source.VIRTUAL_MACHINES: queries.VIRTUAL_MACHINES,
    Source.SCALE_SETS: queries.SCALE_SETS,
    Source.ARC_MACHINES: queries.ARC_MACHINES,
    Source.EXTENSIONS: queries.EXTENSIONS,
    Source.ARC_EXTENSIONS: queries.ARC_EXTENSIONS,
    Source.DATA_COLLECTION_RULES: queries.DATA_COLLECTION_RULES,
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS: queries.DATA_COLLECTION_RULE_ASSOCIATIONS,
}
"""What the Resource Graph is asked, of all subscriptions at once."""
_ALL_REFUSED = (
    "Assign the role Reader on the subscriptions; where it is assigned already, ask what keeps the identity from the "
    "Resource Graph. With sources.inventory: auto the lists of Resource Manager stand in for it."
)
_ROWS: Mapping[Source, tuple[str, Callable[..., Row | None]]] = {
    Source.VIRTUAL_MACHINES: ("machines", machine_row),
    Source.SCALE_SETS: ("scale_sets", scale_set_row),
    Source.ARC_MACHINES: ("machines", arc_machine_row),
}
"""The frames of what is asked further, and how a row is read."""


@dataclass(frozen=True)
class Look:
    """What is asked with: the subscriptions that stand for all, and a few of the machines that were seen."""

    session: Session
    settings: Settings
    rulebook: RuleBook
    as_of: datetime
    sampled: tuple[str, ...]
    rows: Mapping[str, Sequence[Row]]
    barred: Collection[tuple[Source, str]] = ()
    """What is known to be refused, by source and subscription (in lower case): it is not asked once more."""
    by_itself: Collection[Source] = ()
    """What is asked of each machine tonight, because no table tells it."""

    def may(self, source: Source, subscription_id: str) -> bool:
        return (source, subscription_id.lower()) not in self.barred


def look_in_bulk(session: Session, asked: Collection[Source], subscriptions: Sequence[str]) -> Harvest:
    """A reading over all ``subscriptions`` for each table of the Resource Graph; few rows, by source's frame."""
    bulk = [source for source in IN_BULK if source in asked]
    [harvest] = run_all(
        session, "tables", [Job("", partial(_look_at_table, session, each, subscriptions)) for each in bulk]
    )
    return Harvest(harvest.rows, _alike(harvest.readings))


def _alike(readings: list[Reading]) -> list[Reading]:
    """Where every table is refused for one reason, it is not for the right to this one or that."""
    refused = all(not each.complete for each in readings) and len({each.reason for each in readings}) == 1
    return [replace(each, close=_ALL_REFUSED) for each in readings] if refused and len(readings) > 1 else readings


def _look_at_table(session: Session, source: Source, subscriptions: Sequence[str]) -> Harvest:
    try:
        total, entries = graph.glance(session, source, IN_BULK[source], subscriptions)
    except Fault as fault:
        return Harvest(readings=[gap(session, source, EVERYWHERE, fault, by=Service.RESOURCE_GRAPH)])
    harvest = Harvest(readings=[answered(session, source, EVERYWHERE, total, by=Service.RESOURCE_GRAPH)])
    if source in _ROWS:
        _frame, read = _ROWS[source]
        rows = [read(entry, str(entry.get("subscriptionId"))) for entry in entries]
        harvest.rows[source] = [row for row in rows if row is not None]
    return harvest


def look_at_lists(session: Session, asked: Collection[Source], subscriptions: Sequence[str]) -> Harvest:
    """A reading for each list of Resource Manager in each of ``subscriptions``, and the rows of their first pages."""
    tables = [table for table in (*TABLES, COLLECTION_RULES) if table.source in asked]
    jobs = [[Job(each, partial(table.list, session, each)) for each in subscriptions] for table in tables]
    harvest = Harvest()
    for table, told in zip(tables, run_all(session, "lists", *jobs), strict=True):
        frame, _read = _ROWS.get(table.source, ("", None))
        harvest.join(Harvest({table.source: told.rows.get(frame, [])}, told.readings))
    return harvest


def look_at_the_rest(look: Look, asked: Collection[Source]) -> Harvest:
    """The readings of everything else that tonight asks, and that there is something to ask with."""
    sources = [source for source in PROBES if source in asked]
    told = run_all(look.session, "sources", *(list(PROBES[source](look)) for source in sources))
    return Harvest(readings=[each for harvest in told for each in harvest.readings if each.source in sources])


def _first(look: Look, source: Source, table: Source, suits: Callable[[Row], bool] = lambda _row: True) -> list[Row]:
    """One row of ``table`` that ``source`` can be asked with, if there is one."""
    return [row for row in look.rows.get(table, ()) if suits(row) and look.may(source, _subscription(row))][:1]


def _subscription(row: Row) -> str:
    return str(row["subscription_id"])


def _views(look: Look) -> Iterable[Job]:
    read = registry.BY_ITSELF[registry.Sort.VIRTUAL_MACHINE]
    for row in _first(look, Source.INSTANCE_VIEW, Source.VIRTUAL_MACHINES):
        yield Job(_subscription(row), partial(read, look.session, row))


def _instances(look: Look) -> Iterable[Job]:
    for row in _first(look, Source.SCALE_SET_INSTANCES, Source.SCALE_SETS, registry.is_uniform):
        yield Job(_subscription(row), partial(registry.read_instances, look.session, row))


def _arc_extensions(look: Look) -> Iterable[Job]:
    """Of one server; in bulk they are a table."""
    read = registry.BY_ITSELF[registry.Sort.SERVER]
    if Source.ARC_EXTENSIONS in look.by_itself:
        for row in _first(look, Source.ARC_EXTENSIONS, Source.ARC_MACHINES):
            yield Job(_subscription(row), partial(read, look.session, row))


def _associations(look: Look) -> Iterable[Job]:
    """Of one machine, of either kind; in bulk they are a table."""
    source = Source.DATA_COLLECTION_RULE_ASSOCIATIONS
    if source in look.by_itself:
        tables = (Source.VIRTUAL_MACHINES, Source.ARC_MACHINES)
        for row in [row for table in tables for row in _first(look, source, table)][:1]:
            yield Job(_subscription(row), partial(list_associations, look.session, row))


def _versions(kind: str, tables: tuple[Source, ...], look: Look) -> Iterable[Job]:
    """One list: of a region that was seen, for the first type that the rules ask for.

    Rules over whatever extension there is name none: of those the table of automatic upgrade does.
    """
    source = VERSION_LISTS[kind]
    found = (row for table in tables for row in _first(look, source, table, _is_located))
    book = look.rulebook
    listed = ((each.publisher, each.type) for each in book.upgradable if kind in each.kinds)
    for row, (publisher, extension) in zip(found, (*book.agents(), *listed), strict=False):
        where, asker = str(values.location(row["location"])), _subscription(row)
        yield Job(asker, partial(read_versions, look.session, kind, where, publisher, extension, [asker]))
        return


def _is_located(row: Row) -> bool:
    return values.location(row.get("location")) is not None


def _log(look: Look) -> Iterable[Job]:
    window = Window(look.as_of - _LOG_OF, look.as_of)
    for each in look.sampled:
        if look.may(Source.ACTIVITY_LOG, each):
            yield Job(each, partial(registry.read_operations, look.session, each, window))


def _arc_log(look: Look) -> Iterable[Job]:
    window = Window(look.as_of - _LOG_OF, look.as_of)
    for row in _first(look, Source.ARC_ACTIVITY_LOG, Source.ARC_MACHINES):
        asked = _subscription(row)
        yield Job(asked, partial(registry.read_arc_operations, look.session, asked, window))


def _heartbeats(look: Look) -> Iterable[Job]:
    """Each workspace, no more at once than Log Analytics answers."""
    workspaces = look.settings.sources.heartbeats.workspaces
    lanes = (workspaces[at::MOST_LOG_QUERIES] for at in range(MOST_LOG_QUERIES))
    return (Job("", partial(_one_by_one, look, lane)) for lane in lanes if lane)


def _one_by_one(look: Look, workspaces: Sequence[str]) -> Harvest:
    window, harvest = Window(look.as_of - _BEATS_OF, look.as_of), Harvest()
    for each in workspaces:
        harvest.join(glance_at_heartbeats(look.session, each, window))
    return harvest


PROBES: Mapping[Source, Callable[[Look], Iterable[Job]]] = {
    Source.SCALE_SET_INSTANCES: _instances,
    Source.ARC_EXTENSIONS: _arc_extensions,
    Source.INSTANCE_VIEW: _views,
    Source.EXTENSION_VERSIONS: partial(_versions, "vm", (Source.VIRTUAL_MACHINES, Source.SCALE_SETS)),
    Source.ARC_EXTENSION_VERSIONS: partial(_versions, "arc", (Source.ARC_MACHINES,)),
    Source.ACTIVITY_LOG: _log,
    Source.ARC_ACTIVITY_LOG: _arc_log,
    Source.DATA_COLLECTION_RULE_ASSOCIATIONS: _associations,
    Source.HEARTBEATS: _heartbeats,
}
"""The small question of each source that is not a table; of a source without one the rights alone are looked at."""
