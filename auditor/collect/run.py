"""Collects a shard: the extensions on its machines, the instances of its scale sets, its operations.

Bulk answers come first, and what they leave open is asked of Resource Manager, machine by machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from auditor.collect import registry, values
from auditor.collect.associations import Associations, associations_again
from auditor.collect.gone import without_gone
from auditor.collect.interface import Window
from auditor.collect.merge import closed_one_by_one, extensions_by_machine, merged
from auditor.collect.pool import Job, run_all
from auditor.collect.session import Session
from auditor.collect.sources.extension_types import wanted_types
from auditor.collect.sources.extension_versions import offer_of, read_versions
from auditor.model.agent import FRESH, is_monitor_agent
from auditor.model.asked import asked_tonight
from auditor.model.parcel import ShardScope, Survey
from auditor.model.reading import Harvest, Row, Service, Source
from auditor.model.rule import RuleBook
from auditor.model.settings import Settings
from auditor.model.vm_id import same_vm
from auditor.model.wanted import Wanted

_ASSOCIATED = Source.DATA_COLLECTION_RULE_ASSOCIATIONS


def collect(
    session: Session, scope: ShardScope, survey: Survey, settings: Settings, rulebook: RuleBook, as_of: datetime
) -> Harvest:
    """Machines of all kinds, scale sets, extensions (those of the models too) and operations of the scope.

    Where a rule needs them, associations with data collection rules too. Machines that answered 404 and are no longer
    listed were deleted during the run: they leave the result, and their reading says so.
    """
    subscriptions, wanted = scope.subscriptions, Wanted.of(rulebook)
    machines = survey.of("machines", subscriptions)
    asked = asked_tonight(settings, rulebook)
    by_graph = _by_graph(survey, subscriptions)
    associations = Associations(session, survey, subscriptions, by_graph) if _ASSOCIATED in asked else None
    bulk, instances, operations, views, told = run_all(
        session,
        "extensions and operations",
        _bulk_jobs(session, survey, [each for each in subscriptions if each.lower() in by_graph]),
        _instance_jobs(session, survey.of("scale_sets", subscriptions)),
        _log_jobs(session, subscriptions, machines, Window(as_of - settings.sources.lookback, as_of), asked),
        _machine_jobs(session, (row for row in machines if str(row["subscription_id"]).lower() not in by_graph)),
        associations.first() if associations else [],
    )
    fallback = settings.sources.inventory == "auto"
    left = [row for row in machines if str(row["subscription_id"]).lower() in by_graph]
    more, again = run_all(
        session,
        "machines",
        _machine_jobs(session, _left_open(left, bulk, _Heard(survey, as_of), wanted, fallback)),
        associations.left_open(told) if associations and fallback else [],
    )
    views.join(more)
    harvest = merged(machines, bulk, views)
    harvest.join(_with_models(survey, subscriptions, instances))
    harvest.join(operations)
    if associations:
        harvest.join(associations.joined(told, again))
    harvest = without_gone(session, harvest)
    [offers] = run_all(session, "regional versions", _offer_jobs(session, harvest, survey, wanted))
    harvest.join(offers)
    return closed_one_by_one(harvest, survey) if fallback else harvest


def reread(
    session: Session, machines: Sequence[Row], scale_sets: Sequence[Row], asked: Collection[Source] = ()
) -> Harvest:
    """The named machines and scale sets' models, straight from Resource Manager: no row is older than its reading.

    ``asked`` are the sources that tonight's rules need: associations with data collection rules are read again if they
    are among them.
    What answers 404 and is no longer listed is gone: no rows, and its reading says so.
    """
    jobs = [
        Job(str(row["subscription_id"]), partial(registry.AGAIN[registry.sort_of(row)], session, row))
        for row in (*machines, *scale_sets)
    ]
    associations = associations_again(session, machines) if _ASSOCIATED in asked else []
    [harvest] = run_all(session, "machines read again", [*jobs, *associations])
    return without_gone(session, harvest)


def _by_graph(survey: Survey, subscriptions: Iterable[str]) -> frozenset[str]:
    """The subscriptions (in lower case) whose machines Resource Graph told: it is asked for their extensions too."""
    told = {
        reading.scope.lower()
        for reading in survey.readings
        if reading.source is Source.VIRTUAL_MACHINES and reading.by is Service.RESOURCE_GRAPH
    }
    return frozenset(each.lower() for each in subscriptions) & told


def _bulk_jobs(session: Session, survey: Survey, subscriptions: Sequence[str]) -> list[Job]:
    """One question, which Resource Graph answers for many subscriptions; ``refusals`` are what a witness said."""
    refusals = survey.of("refusals", subscriptions)
    return [Job("", partial(registry.read_extensions, session, subscriptions, refusals))] if subscriptions else []


def _instance_jobs(session: Session, scale_sets: Iterable[Row]) -> list[Job]:
    return [
        Job(str(row["subscription_id"]), partial(registry.read_instances, session, row))
        for row in scale_sets
        if registry.is_uniform(row)
    ]


def _log_jobs(
    session: Session, subscriptions: Sequence[str], machines: Iterable[Row], window: Window, asked: Collection[Source]
) -> list[Job]:
    """The log of each subscription, and that of Arc-enabled servers where there are any."""
    with_arc = {str(row["subscription_id"]).lower() for row in machines if row.get("kind") == "arc"}
    own = subscriptions if Source.ACTIVITY_LOG in asked else ()
    arc = [each for each in subscriptions if each.lower() in with_arc] if Source.ARC_ACTIVITY_LOG in asked else ()
    return [
        *(Job(each, partial(registry.read_operations, session, each, window)) for each in own),
        *(Job(each, partial(registry.read_arc_operations, session, each, window)) for each in arc),
    ]


def _machine_jobs(session: Session, machines: Iterable[Row]) -> list[Job]:
    return [
        Job(str(row["subscription_id"]), partial(registry.BY_ITSELF[registry.sort_of(row)], session, row))
        for row in machines
    ]


@dataclass(frozen=True)
class _Heard:
    """What heartbeats told before the machines were read."""

    survey: Survey
    as_of: datetime

    def of(self, machine: Row) -> bool:
        """Whether they tell what the machine runs: lately, unless it is known not to run.

        What was heard before the machine was made was another one of the same id; so it may be where that is not known,
        unless it gave the machine's own unique id.
        """
        told = self.survey.heartbeats.get(str(machine["id"]).lower(), [])
        stays = [each for each in told if _is_of(each, machine)]
        since = self.as_of - FRESH
        return bool(stays) and (
            machine.get("availability") == "stopped" or any(_until(each) >= since for each in stays)
        )


def _is_of(stay: Row, machine: Row) -> bool:
    created = machine.get("created_at")
    if isinstance(created, datetime):
        return _until(stay) >= created
    return same_vm(values.text(machine.get("vm_id")), values.text(stay.get("vm_id")))


def _until(stay: Row) -> datetime:
    until = stay["to"]
    assert isinstance(until, datetime), "a stay has its end"  # noqa: S101 - declared so
    return until


def _left_open(machines: Iterable[Row], bulk: Harvest, heard: _Heard, wanted: Wanted, fallback: bool) -> list[Row]:
    """The machines of which the bulk answers do not tell all that the rules need.

    That is a virtual machine of which nobody tells what is installed of an extension that is judged by that, and, with
    ``fallback``, every machine of a subscription whose extensions did not come whole.
    """
    extensions = extensions_by_machine(bulk)
    unread = {(each.source, each.scope.lower()) for each in bulk.readings if fallback and not each.complete}

    def open_still(row: Row) -> bool:
        source = Source.ARC_EXTENSIONS if row["kind"] == "arc" else Source.EXTENSIONS
        if (source, str(row["subscription_id"]).lower()) in unread:
            return True
        found = [each for each in extensions.get(str(row["id"]).lower(), []) if _is_wanted(wanted, each)]
        return row["kind"] != "arc" and bool(found) and not (heard.of(row) and _told_by_heartbeats(found))

    return [row for row in machines if open_still(row)]


def _is_wanted(wanted: Wanted, extension: Row) -> bool:
    return wanted.includes("vm", extension.get("publisher"), extension.get("type"), extension.get("auto_upgrade"))


def _told_by_heartbeats(extensions: Sequence[Row]) -> bool:
    """Heartbeats speak of the Azure Monitor Agent alone, and do not say of which where a machine has two."""
    return len(extensions) == 1 and is_monitor_agent(extensions[0].get("publisher"), extensions[0].get("type"))


def _offer_jobs(session: Session, harvest: Harvest, survey: Survey, wanted: Wanted) -> list[Job]:
    """Versions that a rule needs of what the survey did not know to be there; what it asked is not asked again."""
    if not wanted.is_wide:
        return []
    held = {str(row["id"]).lower(): row for row in harvest.rows.get("machines", [])}
    on_machines = (
        {**row, "kind": machine.get("kind"), "location": machine.get("location")}
        for row in harvest.rows.get("extensions", [])
        if (machine := held.get(str(row["machine_id"]).lower()))
    )
    asked = {(each.source, each.scope) for each in survey.readings}
    left = (each for each in sorted(wanted_types(wanted, on_machines)) if offer_of(*each) not in asked)
    asking = list(survey.readable)
    return [Job(asking[0], partial(read_versions, session, *each, asking)) for each in left]


def _with_models(survey: Survey, subscriptions: Sequence[str], instances: Harvest) -> Harvest:
    """All scale sets with the extensions of their models, and the instances of the uniform ones."""
    read = {str(row["id"]).lower(): row for row in instances.rows.pop("scale_sets", [])}
    listed = survey.of("scale_sets", subscriptions)
    harvest = Harvest()
    for row in listed:
        harvest.add("scale_sets", read.get(str(row["id"]).lower(), row))
    for row in survey.of("extensions", subscriptions):
        harvest.add("extensions", row)
    harvest.join(instances)
    return harvest
