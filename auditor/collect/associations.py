"""A shard's associations with data collection rules: in bulk, and one by one where that does not tell the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from auditor.collect.interface import told_one_by_one
from auditor.collect.pool import Job
from auditor.collect.registry import Sort, is_uniform, sort_of
from auditor.collect.session import Session
from auditor.collect.sources.data_collection_rule_associations import FRAME, find_associations, list_associations
from auditor.model.parcel import Survey
from auditor.model.reading import Harvest, Row, Source

_LISTS = frozenset({Source.VIRTUAL_MACHINES, Source.ARC_MACHINES, Source.SCALE_SETS})
"""The lists that say together what in a subscription a rule can be associated with."""


@dataclass(frozen=True)
class Associations:
    """What is asked for ``subscriptions``; Resource Graph told the machines of those ``by_graph`` (in lower case)."""

    session: Session
    survey: Survey
    subscriptions: Sequence[str]
    by_graph: Collection[str]

    def first(self) -> list[Job]:
        """One question for all that Resource Graph tells of, and one for each machine of the others."""
        graph = [each for each in self.subscriptions if each.lower() in self.by_graph]
        refusals = self.survey.of("refusals", graph)
        bulk = [Job("", partial(find_associations, self.session, graph, refusals))] if graph else []
        return [*bulk, *self._one_by_one(row for row in self._holders if _subscription(row) not in self.by_graph)]

    def left_open(self, told: Harvest) -> list[Job]:
        """Everything of the subscriptions that did not come whole, by itself."""
        broken = self._broken(told)
        return self._one_by_one(row for row in self._holders if _subscription(row) in broken)

    def joined(self, told: Harvest, again: Harvest) -> Harvest:
        """Both: what answered by itself is told by its own answer, and a gap of which nothing is left is closed."""
        answered = {each.scope.lower() for each in again.readings if each.complete}
        kept = [row for row in told.rows.get(FRAME, []) if str(row["machine_id"]).lower() not in answered]
        rows = [*kept, *again.rows.get(FRAME, [])]
        closed = self._broken(told) - self._open(answered)
        readings = [told_one_by_one(each) if each.scope.lower() in closed else each for each in told.readings]
        return Harvest({FRAME: rows} if rows else {}, [*readings, *again.readings])

    @cached_property
    def _holders(self) -> list[Row]:
        """What rules are associated with: machines, flexible instances among them, and whole uniform scale sets."""
        machines, sets = (self.survey.of(name, self.subscriptions) for name in ("machines", "scale_sets"))
        return [*machines, *filter(is_uniform, sets)]

    def _broken(self, told: Harvest) -> set[str]:
        return {each.scope.lower() for each in told.readings if not each.complete} & set(self.by_graph)

    def _open(self, answered: Collection[str]) -> set[str]:
        """The subscriptions of which something did not answer by itself, or may not even be listed."""
        silent = {_subscription(row) for row in self._holders if str(row["id"]).lower() not in answered}
        listed = (each for each in self.survey.readings if each.source in _LISTS and not each.complete)
        return silent | {each.scope.lower() for each in listed}

    def _one_by_one(self, rows: Iterable[Row]) -> list[Job]:
        return [Job(str(row["subscription_id"]), partial(list_associations, self.session, row)) for row in rows]


def associations_again(session: Session, machines: Iterable[Row]) -> list[Job]:
    """Those of ``machines``, straight from Resource Manager: of an instance of a uniform scale set those of its set."""
    holders = {str(row["id"]).lower(): row for row in map(_holder, machines) if row.get("id")}
    return [Job(str(row["subscription_id"]), partial(list_associations, session, row)) for row in holders.values()]


def _holder(machine: Row) -> Row:
    if sort_of(machine) is not Sort.INSTANCE:
        return machine
    return {"id": machine.get("scale_set_id"), "subscription_id": machine["subscription_id"]}


def _subscription(row: Row) -> str:
    return str(row["subscription_id"]).lower()
